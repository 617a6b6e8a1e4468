//! Vale's rules read and run, and ours written as a Vale style.
//!
//! Read are the kinds existence, substitution, occurrence, conditional and sequence, of the latter the patterns without part-of-speech
//! tags. Expressions run on a linear-time engine: look-around is refused by name, never dropped.

use std::str::FromStr;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::{
    error::LanguageError,
    pack::{Kind, Pack, Severity},
    pattern, yaml,
};

/// An imported rule.
#[derive(Debug, Clone)]
pub struct ValeRule {
    /// Its name: `Style.Rule`.
    pub name: String,
    /// How much it matters.
    pub severity: Severity,
    message: String,
    check: Check,
}

/// One match of an imported rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValeAlert {
    /// Offset of its first byte.
    pub start: usize,
    /// Offset after its last byte.
    pub end: usize,
    /// The rule's message, filled in.
    pub message: String,
    /// What to write instead, for substitutions.
    pub instead: Option<String>,
}

#[derive(Debug, Clone)]
enum Check {
    Existence(Vec<Regex>, Vec<Regex>),
    Substitution(Vec<(Regex, String)>, Vec<Regex>),
    Occurrence { token: Regex, most: Option<usize>, least: Option<usize> },
    Conditional { first: Regex, second: Regex, exceptions: Vec<Regex> },
    Sequence(Vec<Step>),
}

#[derive(Debug, Clone)]
struct Step {
    pattern: Regex,
    negate: bool,
    skip: usize,
}

#[derive(Deserialize)]
struct File {
    extends: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    level: String,
    #[serde(default, deserialize_with = "scalar")]
    ignorecase: bool,
    #[serde(default, deserialize_with = "scalar")]
    nonword: bool,
    #[serde(default)]
    tokens: Vec<TokenItem>,
    #[serde(default)]
    raw: Vec<String>,
    #[serde(default)]
    swap: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    exceptions: Vec<String>,
    #[serde(default)]
    token: String,
    #[serde(default, deserialize_with = "some_scalar")]
    max: Option<usize>,
    #[serde(default, deserialize_with = "some_scalar")]
    min: Option<usize>,
    #[serde(default)]
    first: String,
    #[serde(default)]
    second: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum TokenItem {
    Text(String),
    Step {
        #[serde(default)]
        pattern: String,
        #[serde(default)]
        tag: String,
        #[serde(default, deserialize_with = "scalar")]
        negate: bool,
        #[serde(default, deserialize_with = "scalar")]
        skip: usize,
    },
}

/// A yes, a no or a number from its text.
fn scalar<'de, D: Deserializer<'de>, T: FromStr>(from: D) -> Result<T, D::Error> {
    let text = String::deserialize(from)?;
    text.to_ascii_lowercase().parse().map_err(|_| {
        D::Error::custom(format!("`{text}` is neither true, false nor a number, as needed here"))
    })
}

fn some_scalar<'de, D: Deserializer<'de>, T: FromStr>(from: D) -> Result<Option<T>, D::Error> {
    scalar(from).map(Some)
}

impl ValeRule {
    /// Reads a rule file. `name` is what reports call it.
    ///
    /// # Errors
    /// When it is not YAML, extends another kind, needs part-of-speech tags, or has an expression that cannot be run here.
    pub fn read(name: &str, yaml: &str) -> Result<Self, LanguageError> {
        let fail = |reason: String| LanguageError::Vale { rule: name.to_owned(), reason };
        let document = yaml::document(yaml).map_err(&fail)?;
        let file: File = serde_json::from_value(document).map_err(|e| fail(e.to_string()))?;
        let compile = |source: &str, ignore: bool| {
            RegexBuilder::new(source).case_insensitive(ignore).size_limit(1 << 22).build().map_err(|e| {
                fail(format!(
                    "`{source}` cannot be run here: {}",
                    e.to_string().lines().last().unwrap_or_default()
                ))
            })
        };
        let word = |source: &str| if file.nonword { source.to_owned() } else { format!(r"\b(?:{source})\b") };
        let exceptions = || {
            file.exceptions
                .iter()
                .map(|e| compile(&format!("^(?:{e})$"), false))
                .collect::<Result<Vec<_>, _>>()
        };
        let texts = || {
            let text = |t: &TokenItem| match t {
                TokenItem::Text(t) => Ok(t.clone()),
                TokenItem::Step { .. } => Err(fail("tokens of this kind are plain expressions".to_owned())),
            };
            file.tokens.iter().map(text).collect::<Result<Vec<_>, _>>()
        };
        let check = match file.extends.as_str() {
            "existence" => {
                let mut parts: Vec<String> = texts()?.iter().map(|t| word(t)).collect();
                if !file.raw.is_empty() {
                    parts.push(file.raw.concat());
                }
                if parts.is_empty() {
                    return Err(fail("it has neither tokens nor raw".to_owned()));
                }
                // One expression each: all in one would pass the limit of size.
                let expressions =
                    parts.iter().map(|p| compile(p, file.ignorecase)).collect::<Result<Vec<_>, _>>()?;
                Check::Existence(expressions, exceptions()?)
            }
            "substitution" => {
                let mut swaps = Vec::new();
                for (from, to) in &file.swap {
                    swaps.push((compile(&word(from), file.ignorecase)?, to.clone()));
                }
                Check::Substitution(swaps, exceptions()?)
            }
            "occurrence" => {
                if file.token.is_empty() || file.max.is_none() && file.min.is_none() {
                    return Err(fail("it needs a token and max or min".to_owned()));
                }
                Check::Occurrence {
                    token: compile(&file.token, file.ignorecase)?,
                    most: file.max,
                    least: file.min,
                }
            }
            "conditional" => Check::Conditional {
                first: compile(&file.first, file.ignorecase)?,
                second: compile(&file.second, file.ignorecase)?,
                exceptions: exceptions()?,
            },
            "sequence" => {
                let mut steps = Vec::new();
                for token in &file.tokens {
                    let (pattern, tag, negate, skip) = match token {
                        TokenItem::Text(t) => (t, "", false, 0),
                        TokenItem::Step { pattern, tag, negate, skip } => {
                            (pattern, tag.as_str(), *negate, *skip)
                        }
                    };
                    if !tag.is_empty() || pattern.is_empty() {
                        return Err(fail(
                            "part-of-speech tags are not known here; give a pattern for each token"
                                .to_owned(),
                        ));
                    }
                    steps.push(Step {
                        pattern: compile(&format!("^(?:{pattern})$"), file.ignorecase)?,
                        negate,
                        skip,
                    });
                }
                if steps.iter().all(|s| s.negate) {
                    return Err(fail("a sequence needs a token that is not negated".to_owned()));
                }
                Check::Sequence(steps)
            }
            other => {
                return Err(fail(format!(
                    "it extends {other}; read are existence, substitution, occurrence, conditional and sequence"
                )));
            }
        };
        let severity = match file.level.as_str() {
            "error" => Severity::Error,
            "suggestion" => Severity::Suggestion,
            _ => Severity::Warning,
        };
        Ok(Self { name: name.to_owned(), severity, message: file.message, check })
    }

    /// Runs the rule over a text.
    pub fn check(&self, text: &str) -> Vec<ValeAlert> {
        let excepted = |list: &[Regex], found: &str| list.iter().any(|e| e.is_match(found));
        let alert = |start: usize, end: usize, instead: Option<&str>| {
            let found = &text[start..end];
            let message = match instead {
                Some(to) => self.message.replacen("%s", to, 1).replacen("%s", found, 1),
                None => self.message.replace("%s", found),
            };
            ValeAlert { start, end, message, instead: instead.map(str::to_owned) }
        };
        let mut alerts = match &self.check {
            Check::Existence(expressions, exceptions) => {
                let mut found: Vec<(usize, usize)> = expressions
                    .iter()
                    .flat_map(|e| e.find_iter(text))
                    .filter(|m| !excepted(exceptions, m.as_str()))
                    .map(|m| (m.start(), m.end()))
                    .collect();
                found.sort_by_key(|(start, end)| (*start, std::cmp::Reverse(*end)));
                let mut after = 0;
                found.retain(|(start, end)| {
                    let free = *start >= after;
                    after = if free { *end } else { after };
                    free
                });
                found.into_iter().map(|(start, end)| alert(start, end, None)).collect()
            }
            Check::Substitution(swaps, exceptions) => swaps
                .iter()
                .flat_map(|(from, to)| from.find_iter(text).map(move |m| (m, to)))
                .filter(|(m, to)| m.as_str() != to.as_str() && !excepted(exceptions, m.as_str()))
                .map(|(m, to)| alert(m.start(), m.end(), Some(to)))
                .collect(),
            Check::Occurrence { token, most, least } => {
                let found: Vec<_> = token.find_iter(text).collect();
                let many = most.is_some_and(|most| found.len() > most);
                let few = least.is_some_and(|least| found.len() < least);
                match (many, few, found.first(), found.last()) {
                    (true, _, Some(a), Some(b)) => vec![alert(a.start(), b.end(), None)],
                    (_, true, _, _) => vec![alert(0, text.len(), None)],
                    _ => Vec::new(),
                }
            }
            Check::Conditional { first, second, exceptions } => {
                // Each word that `first` captures needs a word that `second` captures somewhere in the text.
                let group =
                    |c: &regex::Captures<'_>| c.get(1).or_else(|| c.get(0)).map(|m| m.as_str().to_owned());
                let known: Vec<String> = second.captures_iter(text).filter_map(|c| group(&c)).collect();
                first
                    .captures_iter(text)
                    .filter_map(|c| c.get(1).or_else(|| c.get(0)))
                    .filter(|m| !known.iter().any(|k| k == m.as_str()) && !excepted(exceptions, m.as_str()))
                    .map(|m| alert(m.start(), m.end(), None))
                    .collect()
            }
            Check::Sequence(steps) => {
                sequences(text, steps).into_iter().map(|(a, b)| alert(a, b, None)).collect()
            }
        };
        alerts.sort_by_key(|a| (a.start, a.end));
        alerts
    }
}

/// Runs of words that meet the steps in turn, each after at most `skip` others.
fn sequences(text: &str, steps: &[Step]) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut start = None;
    for (i, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if c.is_alphanumeric() || c == '\'' || c == '-' {
            start.get_or_insert(i);
        } else if let Some(from) = start.take() {
            words.push((from, i));
        }
    }
    let mut found = Vec::new();
    'start: for first in 0..words.len() {
        let mut at = first;
        let mut end = words[first].1;
        for (n, step) in steps.iter().enumerate() {
            let reach = if n == 0 { 0 } else { step.skip };
            let last = at.saturating_add(reach).saturating_add(1).min(words.len());
            let met = (at..last).find(|i| step.pattern.is_match(&text[words[*i].0..words[*i].1]));
            match (met, step.negate) {
                (Some(i), false) => {
                    end = words[i].1;
                    at = i + 1;
                }
                (None, true) => at += 1,
                _ => continue 'start,
            }
        }
        found.push((words[first].0, end));
    }
    found
}

/// Our wording as a Vale style: a file name and its YAML for each rule that needs nothing but the words. Conditions on age, document,
/// subject and status do not cross over, so the style reports more than the audit does, and each file says so.
///
/// # Errors
/// When a pattern cannot be read.
pub fn export(packs: &[Pack]) -> Result<Vec<(String, String)>, LanguageError> {
    let mut files = Vec::new();
    for pack in packs {
        for rule in pack
            .rules
            .iter()
            .filter(|r| r.kind == Kind::Wording && r.require.is_empty() && r.subject != crate::Subject::Child)
        {
            let mut tokens = Vec::new();
            for written in &rule.pattern {
                let expressions =
                    pattern::expressions(written, packs).map_err(|reason| LanguageError::Pattern {
                        pack: pack.pack.name.clone(),
                        rule: rule.id.clone(),
                        pattern: written.clone(),
                        reason,
                    })?;
                tokens.extend(expressions);
            }
            if tokens.is_empty() {
                continue;
            }
            let level = match rule.severity {
                Severity::Suggestion => "suggestion",
                Severity::Warning => "warning",
                Severity::Error => "error",
            };
            let quote = |s: &str| serde_json::to_string(s).unwrap_or_default();
            let mut yaml = format!(
                "# From the rule pack {} {}, rule {}. The words alone: who says them of whom is not looked at.\nextends: existence\nmessage: {}\nlevel: {level}\nignorecase: true\ntokens:\n",
                pack.pack.name,
                pack.pack.version,
                rule.id,
                quote(&format!("'%s': {}", rule.suggestion))
            );
            for token in &tokens {
                yaml.push_str("  - ");
                yaml.push_str(&quote(token));
                yaml.push('\n');
            }
            files.push((format!("{}.yml", rule.id), yaml));
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(yaml: &str, text: &str, expect: &[&str]) {
        let rule = ValeRule::read("Test.Rule", yaml).unwrap();
        let found: Vec<&str> = rule.check(text).iter().map(|a| &text[a.start..a.end]).collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn existence_with_exceptions() {
        let yaml = "extends: existence\nmessage: \"Avoid '%s'\"\nlevel: error\nignorecase: true\ntokens:\n  - streetwise\n  - hard to reach\nexceptions:\n  - Streetwise\n";
        check(
            yaml,
            "He is hard to  reach and hard to reach; Streetwise is a club, not streetwise.",
            &["hard to reach", "streetwise"],
        );
        check("extends: existence\nmessage: m\nraw:\n  - 'a+'\n  - 'b'\n", "xaab", &["aab"]);
    }

    #[test]
    fn substitution_fills_its_message() {
        let yaml = "extends: substitution\nmessage: \"Use '%s' instead of '%s'\"\nlevel: warning\nswap:\n  child pornography: child sexual abuse material\n";
        let rule = ValeRule::read("Test.Swap", yaml).unwrap();
        let alerts = rule.check("It held child pornography.");
        assert_eq!(alerts[0].message, "Use 'child sexual abuse material' instead of 'child pornography'");
        assert_eq!(alerts[0].instead.as_deref(), Some("child sexual abuse material"));
    }

    #[test]
    fn occurrence_conditional_and_sequence() {
        check("extends: occurrence\nmessage: m\nmax: 1\ntoken: '\\bno\\b'\n", "no and no", &["no and no"]);
        check("extends: occurrence\nmessage: m\nmax: 2\ntoken: '\\bno\\b'\n", "no and no", &[]);
        let yaml = "extends: conditional\nmessage: m\nfirst: '\\b([A-Z]{3,5})\\b'\nsecond: '\\(([A-Z]{3,5})\\)'\nexceptions:\n  - CSE\n";
        check(yaml, "The MASH met. A panel (MACE) and MACE. CSE.", &["MASH"]);
        check(
            "extends: sequence\nmessage: m\ntokens:\n  - pattern: at\n  - pattern: risk\n    skip: 2\n",
            "at very high risk",
            &["at very high risk"],
        );
    }

    #[test]
    fn what_cannot_be_taken_over_is_refused_by_name() {
        let refuse = |yaml: &str, part: &str| {
            let error = ValeRule::read("Test.Bad", yaml).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        };
        refuse("extends: spelling\nmessage: m\n", "spelling");
        refuse("extends: existence\nmessage: m\ntokens:\n  - 'a(?=b)'\n", "a(?=b)");
        refuse("extends: sequence\nmessage: m\ntokens:\n  - tag: NN\n", "tags");
    }

    #[test]
    fn our_style_is_read_back_and_finds_the_words() {
        let packs = Pack::bundled().unwrap();
        let files = export(&packs).unwrap();
        assert!(files.len() >= 8, "{}", files.len());
        let found = |name: &str, text: &str| {
            let yaml = &files.iter().find(|f| f.0 == name).unwrap().1;
            !ValeRule::read(name, yaml).unwrap().check(text).is_empty()
        };
        for (name, yaml) in files.iter().step_by(3) {
            ValeRule::read(name, yaml).unwrap();
        }
        assert!(found("B1-at-risk.yml", "She puts herself at serious risk."));
        assert!(found("B4-label.yml", "He is attention-seeking."));
        assert!(!found("B4-label.yml", "He is kind."));
    }
}
