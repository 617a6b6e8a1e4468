//! The forms of an English word: enough for rules, not a dictionary.

/// Verbs whose forms follow no rule: the forms after the first are past, participle and the rest.
const IRREGULAR: &[(&str, &[&str])] = &[
    ("be", &["am", "is", "are", "was", "were", "been", "being", "'s", "'re", "'m"]),
    ("have", &["has", "had", "having", "'ve", "'d"]),
    ("do", &["does", "did", "done", "doing"]),
    ("go", &["goes", "went", "gone", "going"]),
    ("say", &["says", "said", "saying"]),
    ("get", &["gets", "got", "getting", "gotten"]),
    ("make", &["makes", "made", "making"]),
    ("know", &["knows", "knew", "known", "knowing"]),
    ("take", &["takes", "took", "taken", "taking"]),
    ("see", &["sees", "saw", "seen", "seeing"]),
    ("come", &["comes", "came", "coming"]),
    ("give", &["gives", "gave", "given", "giving"]),
    ("find", &["finds", "found", "finding"]),
    ("think", &["thinks", "thought", "thinking"]),
    ("tell", &["tells", "told", "telling"]),
    ("feel", &["feels", "felt", "feeling"]),
    ("leave", &["leaves", "left", "leaving"]),
    ("put", &["puts", "putting"]),
    ("run", &["runs", "ran", "running"]),
    ("hold", &["holds", "held", "holding"]),
    ("bring", &["brings", "brought", "bringing"]),
    ("write", &["writes", "wrote", "written", "writing"]),
    ("sit", &["sits", "sat", "sitting"]),
    ("stand", &["stands", "stood", "standing"]),
    ("lose", &["loses", "lost", "losing"]),
    ("pay", &["pays", "paid", "paying"]),
    ("meet", &["meets", "met", "meeting"]),
    ("set", &["sets", "setting"]),
    ("speak", &["speaks", "spoke", "spoken", "speaking"]),
    ("choose", &["chooses", "chose", "chosen", "choosing"]),
    ("drive", &["drives", "drove", "driven", "driving"]),
    ("buy", &["buys", "bought", "buying"]),
    ("wear", &["wears", "wore", "worn", "wearing"]),
    ("steal", &["steals", "stole", "stolen", "stealing"]),
    ("sell", &["sells", "sold", "selling"]),
    ("send", &["sends", "sent", "sending"]),
    ("hang", &["hangs", "hung", "hanging"]),
    ("lie", &["lies", "lied", "lying"]),
    ("hit", &["hits", "hitting"]),
    ("hurt", &["hurts", "hurting"]),
    ("cut", &["cuts", "cutting"]),
    ("drink", &["drinks", "drank", "drunk", "drinking"]),
    ("sleep", &["sleeps", "slept", "sleeping"]),
    ("keep", &["keeps", "kept", "keeping"]),
    ("beat", &["beats", "beaten", "beating"]),
    ("break", &["breaks", "broke", "broken", "breaking"]),
    ("deal", &["deals", "dealt", "dealing"]),
    ("ring", &["rings", "rang", "rung", "ringing"]),
    ("shut", &["shuts", "shutting"]),
    ("withdraw", &["withdraws", "withdrew", "withdrawn", "withdrawing"]),
    ("seek", &["seeks", "sought", "seeking"]),
    ("spend", &["spends", "spent", "spending"]),
    ("understand", &["understands", "understood", "understanding"]),
    ("become", &["becomes", "became", "becoming"]),
    ("show", &["shows", "showed", "shown", "showing"]),
    ("grow", &["grows", "grew", "grown", "growing"]),
    ("begin", &["begins", "began", "begun", "beginning"]),
    ("let", &["lets", "letting"]),
    ("read", &["reads", "reading"]),
    ("lend", &["lends", "lent", "lending"]),
    ("burn", &["burns", "burnt", "burned", "burning"]),
    ("man", &["men"]),
    ("woman", &["women"]),
    ("child", &["children"]),
    ("person", &["people", "persons"]),
    ("wife", &["wives"]),
    ("life", &["lives"]),
    ("self", &["selves"]),
    ("foot", &["feet"]),
    ("beg", &["begs", "begged", "begging"]),
    ("can", &["could"]),
    ("may", &["might"]),
    ("quit", &["quits", "quitting"]),
    ("strike", &["strikes", "struck", "striking", "stricken"]),
];

/// The word and its forms as noun and verb: `[exploit]` gives exploits, exploited, exploiting. Over-generous on purpose;
/// a form that nobody writes matches nothing.
pub(crate) fn forms(lemma: &str) -> Vec<String> {
    let mut all = vec![lemma.to_owned()];
    if let Some((_, irregular)) = IRREGULAR.iter().find(|(l, _)| *l == lemma) {
        all.extend(irregular.iter().map(|f| (*f).to_owned()));
        return all;
    }
    // "self-harm" inflects its last part; the caller splits at the hyphen, so none arrives here.
    let ends = |tails: &[&str]| tails.iter().any(|t| lemma.ends_with(t));
    let vowel = |c: char| "aeiou".contains(c);
    let mut letters = lemma.chars().rev();
    let (last, second, third) =
        (letters.next().unwrap_or('a'), letters.next().unwrap_or('a'), letters.next().unwrap_or('a'));
    if last == 'y' && !vowel(second) {
        let stem = &lemma[..lemma.len() - 1];
        all.extend([format!("{stem}ies"), format!("{stem}ied"), format!("{lemma}ing")]);
    } else if last == 'e' {
        let stem = &lemma[..lemma.len() - 1];
        all.extend([format!("{lemma}s"), format!("{lemma}d"), format!("{stem}ing")]);
    } else {
        let plural = if ends(&["s", "x", "z", "ch", "sh"]) { "es" } else { "s" };
        all.push(format!("{lemma}{plural}"));
        all.extend([format!("{lemma}ed"), format!("{lemma}ing")]);
        let closed = !vowel(last) && !"wxy".contains(last) && vowel(second) && !vowel(third);
        if closed {
            all.extend([format!("{lemma}{last}ed"), format!("{lemma}{last}ing")]);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::forms;

    #[test]
    fn forms_follow_the_spelling() {
        let check =
            |lemma: &str, form: &str| assert!(forms(lemma).iter().any(|f| f == form), "{lemma}: {form}");
        check("exploit", "exploited");
        check("stop", "stopped");
        check("deny", "denied");
        check("place", "placing");
        check("refuse", "refusing");
        check("go", "went");
        check("travel", "travelling");
        check("boss", "bosses");
    }
}
