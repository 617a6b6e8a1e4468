//! What a proposal becomes when somebody accepts it.

use candour_ledger::Entry;
use candour_record::{
    Basis, Body, BodyId, BodyKind, DateOrUnknown, Instrument, InstrumentId, InstrumentKind, NameInTime,
    PartialDate,
};
use candour_register::{
    Addressee, CommitmentId, CommitmentMade, Deadline, Draft, Fact, FigureReported, Happening, Item,
    ItemKind, Judgement, Proposal, Reasons, Recommendation, RecommendationId, Recorded, Register, Response,
    ResponseGiven, Verdict, Wording,
};

use super::forms::Form;

/// What is wrong with a form: the field, and what to do about it.
pub(super) type Problems = Vec<(&'static str, String)>;

/// The facts that acceptance makes, with the judgement after them.
pub(super) fn accept(
    register: &Register,
    waiting: &Recorded<Proposal>,
    form: &Form,
) -> Result<Vec<Draft>, Problems> {
    let read = &waiting.fact.item;
    let kind = form.one("kind").and_then(kind_from).unwrap_or(read.kind);
    let text = form.text("text");
    let mut problems: Problems = Vec::new();
    if text.is_empty() {
        problems.push(("text", "Give the words, or reject the proposal.".to_owned()));
    }
    // The document's own words stay its own; changed words are the reviewer's paraphrase.
    let verbatim = same_words(&text, &read.text);
    let wording =
        if verbatim { Wording::Verbatim(read.text.clone()) } else { Wording::Paraphrase(text.clone()) };
    let follows = last_reopening(register, &[waiting.index]);
    let again = follows.map_or(String::new(), |n| format!("Accepted again after entry {n} reopened it."));
    let accepted = Accepted { register, waiting, read, form, wording, text, again };
    let made = match kind {
        ItemKind::Recommendation => accepted.recommendation(&mut problems),
        ItemKind::Response => accepted.response(&mut problems),
        ItemKind::Commitment => accepted.commitment(&mut problems),
        ItemKind::Finding => accepted.finding(),
        ItemKind::Conclusion | ItemKind::Notice | ItemKind::Claim => accepted.happening(kind),
    };
    if !problems.is_empty() {
        return Err(problems);
    }
    let amended = !verbatim || kind != read.kind || accepted.amends();
    let mut drafts = made;
    drafts.push(Draft {
        fact: Fact::Judgement(Judgement {
            proposals: vec![waiting.index],
            verdict: Verdict::Accepted,
            reason: accepted.form.text("reason"),
            amended,
            retracts: Vec::new(),
            follows,
        }),
        effective: None,
        citations: Vec::new(),
    });
    Ok(drafts)
}

struct Accepted<'a> {
    register: &'a Register,
    waiting: &'a Recorded<Proposal>,
    read: &'a Item,
    form: &'a Form,
    wording: Wording,
    text: String,
    again: String,
}

impl Accepted<'_> {
    fn draft(&self, fact: Fact) -> Draft {
        Draft {
            fact,
            effective: self.waiting.effective.or(Some(DateOrUnknown::Unknown)),
            citations: self.waiting.citations.clone(),
        }
    }

    /// Whether the person changed anything but the words.
    fn amends(&self) -> bool {
        let position = self.read.response.as_ref().map_or("", |r| r.position.code());
        (self.form.one("number").is_some()
            && self.form.text("number") != self.read.number.clone().unwrap_or_default())
            || (self.form.one("addressees").is_some()
                && self.form.lines("addressees") != self.read.addressees)
            || self.form.one("position").is_some_and(|p| p != position)
    }

    /// The instrument a recommendation belongs to: one that is listed, or a new one by its title.
    fn instrument(&self, drafts: &mut Vec<Draft>, problems: &mut Problems) -> Option<InstrumentId> {
        let chosen = self.form.text("instrument");
        if let Ok(id) = InstrumentId::new(&chosen)
            && self.register.instruments.contains_key(&id)
        {
            return Some(id);
        }
        let title = self.form.text("instrument_title");
        if title.is_empty() {
            problems.push((
                "instrument",
                "Choose the report that makes it, or give the title of a new one.".to_owned(),
            ));
            return None;
        }
        let Some(id) = free_id(&title, |id| {
            InstrumentId::new(id).is_ok_and(|id| self.register.instruments.contains_key(&id))
        })
        .and_then(|id| InstrumentId::new(id).ok()) else {
            problems.push(("instrument_title", "A title needs letters or digits.".to_owned()));
            return None;
        };
        drafts.push(self.draft(Fact::Instrument(Instrument {
            id: id.clone(),
            kind: InstrumentKind::Report,
            title,
            parent: None,
            led_by: String::new(),
            territory: String::new(),
            legal_basis: String::new(),
            established: None,
            published: self.waiting.effective,
            response_due: None,
            stated_count: None,
            note: String::new(),
        })));
        Some(id)
    }

    fn recommendation(&self, problems: &mut Problems) -> Vec<Draft> {
        let mut drafts = Vec::new();
        let number = self.form.text("number");
        let Some(instrument) = self.instrument(&mut drafts, problems) else { return drafts };
        let tail = if number.is_empty() { format!("at-{}", self.read.start) } else { slug(&padded(&number)) };
        let id = match RecommendationId::new(format!("{instrument}-{tail}")) {
            Ok(id) => id,
            Err(error) => {
                problems
                    .push(("number", format!("This number cannot be part of a permanent name: {error}.")));
                return drafts;
            }
        };
        let title = match self.form.text("title") {
            title if !title.is_empty() => title,
            _ if number.is_empty() => "Recommendation without a number".to_owned(),
            _ => format!("Recommendation {number}"),
        };
        drafts.push(self.draft(Fact::Recommendation(Recommendation {
            id,
            instrument,
            number_confirmed: !number.is_empty(),
            number,
            title,
            wording: self.wording.clone(),
            addressees: self.addressees(),
            deadlines: self.deadlines(),
            response_due: None,
            restates: Vec::new(),
            basis: Basis::Read,
            note: self.again.clone(),
        })));
        drafts
    }

    fn addressees(&self) -> Vec<Addressee> {
        self.form
            .lines("addressees")
            .into_iter()
            .map(|name| Addressee { body: self.register.body_named(&name).cloned(), as_written: name })
            .collect()
    }

    /// The time limits whose boxes were left ticked.
    fn deadlines(&self) -> Vec<Deadline> {
        self.read
            .deadlines
            .iter()
            .enumerate()
            .filter(|(at, _)| self.form.one(&format!("deadline{at}")).is_some())
            .map(|(_, deadline)| deadline.clone())
            .collect()
    }

    fn response(&self, problems: &mut Problems) -> Vec<Draft> {
        let mut drafts = Vec::new();
        let answered = self.form.text("recommendation");
        let recommendation =
            RecommendationId::new(&answered).ok().filter(|id| self.register.recommendations.contains_key(id));
        if recommendation.is_none() {
            problems.push((
                "recommendation",
                "Choose the recommendation that is answered. Where it is not in the list, accept the report it comes from first.".to_owned(),
            ));
        }
        let Some(position) = self.form.one("position").and_then(Response::from_code) else {
            problems.push((
                "position",
                "Choose the position that the words take; “not known” is one.".to_owned(),
            ));
            return drafts;
        };
        let responder = self.body("responder", &mut drafts, problems);
        let (Some(recommendation), Some(responder)) = (recommendation, responder) else { return drafts };
        drafts.push(self.draft(Fact::Response(ResponseGiven {
            recommendation,
            responder,
            position,
            stated_as: self.form.text("phrase"),
            wording: self.wording.clone(),
            reasons: Reasons::Unknown,
            basis: Basis::Read,
            note: self.again.clone(),
        })));
        drafts
    }

    /// A body by its name: the one the register knows, or a new one.
    fn body(&self, field: &'static str, drafts: &mut Vec<Draft>, problems: &mut Problems) -> Option<BodyId> {
        let name = self.form.text(field);
        if name.is_empty() {
            problems.push((field, "Give the name of the body.".to_owned()));
            return None;
        }
        if let Some(known) = self.register.body_named(&name).cloned() {
            return Some(known);
        }
        let taken = |id: &str| BodyId::new(id).is_ok_and(|id| self.register.bodies.contains_key(&id));
        let Some(id) = free_id(&name, taken).and_then(|id| BodyId::new(id).ok()) else {
            problems.push((field, "A name needs letters or digits.".to_owned()));
            return None;
        };
        drafts.push(self.draft(Fact::Body(Body {
            id: id.clone(),
            kind: BodyKind::Other,
            names: vec![NameInTime::always(name)],
            codes: Vec::new(),
            territory: String::new(),
            area: None,
            part_of: None,
            successors: Vec::new(),
            role: String::new(),
        })));
        Some(id)
    }

    fn commitment(&self, problems: &mut Problems) -> Vec<Draft> {
        let holder = self.form.text("holder");
        if holder.is_empty() {
            problems.push(("holder", "Give who promises, as the document writes it.".to_owned()));
        }
        let due = self.deadlines().into_iter().next();
        // A day counted from a start that nobody stated is no first date; only what the words fix is.
        let first_due = due
            .as_ref()
            .filter(|d| d.unresolved.is_none())
            .and_then(|d| d.date.or(d.latest))
            .map(PartialDate::from);
        let Ok(id) = CommitmentId::new(format!("read-{}", self.waiting.index)) else {
            problems.push(("top", "This promise cannot be given a permanent name.".to_owned()));
            return Vec::new();
        };
        vec![self.draft(Fact::Commitment(CommitmentMade {
            id,
            about: self.form.text("about"),
            made_by: vec![Addressee { body: self.register.body_named(&holder).cloned(), as_written: holder }],
            what: self.text.clone(),
            first_due,
            due_words: due.map(|d| d.phrase).unwrap_or_default(),
            basis: Basis::Read,
            note: self.again.clone(),
        }))]
    }

    fn finding(&self) -> Vec<Draft> {
        let by = self.form.text("attributed_to");
        let what = if by.is_empty() { self.text.clone() } else { format!("{by}: {}", self.text) };
        vec![self.draft(Fact::Figure(FigureReported {
            id: format!("read-{}", self.waiting.index),
            what,
            value: String::new(),
            period: String::new(),
            area: String::new(),
            basis: Basis::Read,
            note: self.again.clone(),
        }))]
    }

    /// A conclusion, a notice or a claim: something dated that was said, by whom it was said.
    fn happening(&self, kind: ItemKind) -> Vec<Draft> {
        let sort = match kind {
            ItemKind::Notice => "notice",
            ItemKind::Claim => "claim",
            _ => "conclusion",
        };
        let by = self.form.text(if kind == ItemKind::Notice { "holder" } else { "attributed_to" });
        let mut what = if by.is_empty() { self.text.clone() } else { format!("{by}: {}", self.text) };
        let conditions = self.form.lines("conditions");
        if kind == ItemKind::Notice && !conditions.is_empty() {
            what = format!("{what}\n\nConditions: {}.", conditions.join("; "));
        }
        let threat = self.form.text("threat");
        if kind == ItemKind::Notice && !threat.is_empty() {
            what = format!("{what} Otherwise: {threat}.");
        }
        vec![self.draft(Fact::Happening(Happening {
            id: format!("read-{}", self.waiting.index),
            sort: sort.to_owned(),
            about: self.form.text("about"),
            what,
            basis: Basis::Read,
            note: self.again.clone(),
        }))]
    }
}

pub(super) fn kind_from(code: &str) -> Option<ItemKind> {
    serde_json::from_value(serde_json::Value::String(code.to_owned())).ok()
}

/// A kind as forms and addresses write it.
pub(super) fn kind_code(kind: ItemKind) -> String {
    serde_json::to_value(kind).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The entries that were appended together with a judgement: same person, same moment, just before it.
pub(super) fn made_with(entries: &[(u64, Entry)], judgement: u64) -> Vec<u64> {
    let Some(at) = entries.iter().position(|(index, _)| *index == judgement) else { return Vec::new() };
    let (moment, who) = (entries[at].1.recorded_at, &entries[at].1.recorded_by);
    entries[..at]
        .iter()
        .rev()
        .take_while(|(_, e)| e.recorded_at == moment && e.recorded_by == *who && e.kind != "proposal.judged")
        // A report or a body listed on the way stays listed: others may use it by now.
        .filter(|(_, e)| !matches!(e.kind.as_str(), "instrument.listed" | "body.listed"))
        .map(|(index, _)| *index)
        .collect()
}

/// The reopening that any of these proposals waits after, which makes the next judgement of it another fact.
pub(super) fn last_reopening(register: &Register, proposals: &[u64]) -> Option<u64> {
    proposals.iter().filter_map(|p| register.reopened.get(p).copied()).max()
}

fn same_words(a: &str, b: &str) -> bool {
    a.split_whitespace().eq(b.split_whitespace())
}

fn padded(number: &str) -> String {
    if number.len() == 1 { format!("0{number}") } else { number.to_owned() }
}

/// Words as a permanent name writes them.
fn slug(words: &str) -> String {
    let plain: String = words
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' })
        .collect();
    plain.split('-').filter(|s| !s.is_empty()).collect::<Vec<_>>().join("-")
}

/// A permanent name made of the first words of a title, that nothing else has.
fn free_id(title: &str, taken: impl Fn(&str) -> bool) -> Option<String> {
    const LONGEST: usize = 60;
    let mut base = String::new();
    for word in slug(title).split('-').filter(|w| !matches!(*w, "the" | "of" | "and" | "a" | "to")) {
        if base.len() + word.len() >= LONGEST {
            break;
        }
        if !base.is_empty() {
            base.push('-');
        }
        base.push_str(word);
    }
    // More reports of one title than this are a mistake, and the newest then takes the name of an older one.
    let numbered = (2..1_000).map(|n| format!("{base}-{n}"));
    let free = std::iter::once(base.clone()).chain(numbered).find(|id| !taken(id));
    (!base.is_empty()).then(|| free.unwrap_or_else(|| base.clone()))
}
