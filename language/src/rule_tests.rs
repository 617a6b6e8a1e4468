//! Runs the texts that stand inside the rules.

use serde::Serialize;

use crate::{
    check::{Checker, Scratch},
    note::Note,
    pack::Kind,
};

/// A text of a rule on which the rule does not do what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleFailure {
    /// The rule.
    pub rule: String,
    /// The text.
    pub text: String,
    /// Whether the rule should have reported it.
    pub should_match: bool,
    /// What the rules reported instead, as `category: words`.
    pub found: Vec<String>,
}

/// Runs every `match` and `no-match` text of every rule. A text is matched when a phrase of the rule's category stands.
pub fn test_rules(checker: &Checker) -> (usize, Vec<RuleFailure>) {
    let mut scratch = Scratch::default();
    let mut run = 0;
    let mut failures = Vec::new();
    for rule in checker.rules() {
        let texts = rule.matches.iter().map(|t| (t, true)).chain(rule.no_matches.iter().map(|t| (t, false)));
        for (text, should_match) in texts {
            run += 1;
            let note = Note { text: text.clone(), ..Note::default() };
            let reading = checker.read(&note, &mut scratch);
            let standing = |m: &&crate::Mention| match rule.kind {
                Kind::Wording => m.not_counted.is_none(),
                _ if rule.negated => m.not_counted.is_none(),
                _ => m.stands(),
            };
            let mine: Vec<&crate::Mention> = reading
                .mentions
                .iter()
                .filter(|m| checker.rule(m).category == rule.category)
                .filter(standing)
                .collect();
            // Wording of one category may be reported by any of its rules.
            let by_this = mine.iter().any(|m| checker.rule(m).id == rule.id || rule.kind == Kind::Wording);
            if by_this != should_match {
                let found = reading
                    .mentions
                    .iter()
                    .map(|m| {
                        let words = text.get(m.start as usize..m.end as usize).unwrap_or_default();
                        format!("{}: {words}", checker.rule(m).id)
                    })
                    .collect();
                failures.push(RuleFailure { rule: rule.id.clone(), text: text.clone(), should_match, found });
            }
        }
    }
    (run, failures)
}
