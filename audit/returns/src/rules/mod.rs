//! The rules: one file each, with what it finds, why it matters, how to mend it, and an example of either kind.

mod ac01;
mod ac02;
mod cn01;
mod cn02;
mod cn03;
mod cn04;
mod cn05;
mod cn06;
pub(crate) mod cn07;
mod cn08;
mod cn09;
mod cn10;
mod cn11;
mod cn12;
mod cn13;
mod cn14;
mod co01;
mod co02;
mod co03;
mod co04;
mod co05;
mod co06;
mod co07;
mod co08;
mod co09;
mod co10;
mod sg01;
mod sg02;
mod st01;
mod st02;
mod st03;
mod st04;
mod st05;
mod st06;
mod st07;
mod st08;
mod st09;
mod st10;
mod st11;
mod ti01;
mod ti02;
mod un01;
mod un02;
pub(crate) mod un03;
mod va01;
mod va02;
mod va03;
mod va04;
mod va05;
mod va06;
mod va07;
pub(crate) mod xb01;
mod xb02;

use std::fmt::Write as _;

use crate::check::{Rule, RuleSeverity};

/// Every rule, in the order in which they are run and reported.
pub static ALL: [&Rule; 53] = [
    &st01::RULE,
    &st02::RULE,
    &st03::RULE,
    &st04::RULE,
    &st05::RULE,
    &st06::RULE,
    &st07::RULE,
    &st08::RULE,
    &st09::RULE,
    &st10::RULE,
    &st11::RULE,
    &va01::RULE,
    &va02::RULE,
    &va03::RULE,
    &va04::RULE,
    &va05::RULE,
    &va06::RULE,
    &va07::RULE,
    &co01::RULE,
    &co02::RULE,
    &co03::RULE,
    &co04::RULE,
    &co05::RULE,
    &co06::RULE,
    &co07::RULE,
    &co08::RULE,
    &co09::RULE,
    &co10::RULE,
    &cn01::RULE,
    &cn02::RULE,
    &cn03::RULE,
    &cn04::RULE,
    &cn05::RULE,
    &cn06::RULE,
    &cn07::RULE,
    &cn08::RULE,
    &cn09::RULE,
    &cn10::RULE,
    &cn11::RULE,
    &cn12::RULE,
    &cn13::RULE,
    &cn14::RULE,
    &un01::RULE,
    &un02::RULE,
    &un03::RULE,
    &ti01::RULE,
    &ti02::RULE,
    &ac01::RULE,
    &ac02::RULE,
    &xb01::RULE,
    &xb02::RULE,
    &sg01::RULE,
    &sg02::RULE,
];

/// A rule by its id.
pub fn find(id: &str) -> Option<&'static Rule> {
    ALL.iter().find(|rule| rule.id == id).copied()
}

/// The pages of all rules as one document in Markdown.
pub fn rules_markdown() -> String {
    let mut text = String::from(
        "# Rules\n\nExamples are changes to the example return: a line says which cell is set to what.\n",
    );
    for rule in ALL {
        let _ = write!(
            text,
            "\n## {} {}\n\n{}. Source: {}.\n\n{}\n\nMend: {}.\n",
            rule.id,
            rule.title,
            severity(rule.severity),
            rule.source,
            rule.why,
            rule.mend
        );
        for (what, example) in [("Found", rule.bad), ("Not found", rule.good)] {
            if !example.is_empty() {
                let _ = write!(text, "\n{what}:\n\n```text\n{example}\n```\n");
            }
        }
    }
    text
}

fn severity(severity: RuleSeverity) -> &'static str {
    match severity {
        RuleSeverity::Stop => "Stop: the file is not loaded",
        RuleSeverity::Error => "Error: must be corrected",
        RuleSeverity::Query => "Query: correct or explain",
        RuleSeverity::Indicator => "Indicator: for information",
    }
}

/// What nearly every rule uses.
mod prelude {
    pub(super) use hashbrown::{HashMap, HashSet};

    pub(super) use crate::check::{
        Check, Col, Dimension, MissingCounts, NONE, Out, Rule, RuleSeverity, Say, known_of, may_show, row_of,
    };
    pub(super) use crate::fact::{DUPLICATED, Damage, Fact, Fault, State, day_number, day_of};
    pub(super) use crate::generate::holds;
    pub(super) use crate::keyed::RecordKey;
    pub(super) use crate::mapping::is_protected;
    pub(super) use crate::outside::Step;
    pub(super) use crate::specification::{BodyType, ColumnType, Missing, Partition};
    pub(super) use crate::statistics::{funnel_limits, median, outside_funnel, unusual_change, wilson};
    pub(super) use crate::text::TextMark;
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use crate::check::{CheckOptions, CheckReport, Ran, check};
    use crate::example::Example;
    use crate::specification::Specification;

    /// The report of the example return after a change, and the rows changed.
    pub(crate) fn report(statements: &str) -> (CheckReport, Example) {
        let specification = Specification::aud_1().unwrap();
        let mut example = Example::new(&specification);
        example.change(statements).unwrap();
        let returned = example.read(&specification).unwrap();
        let report = check(&returned, &example.outside, &CheckOptions::new(b"key of the call"));
        (report, example)
    }

    /// A rule finds its bad example, at the rows that were changed and nowhere else, and not its good one.
    pub(crate) fn examples(rule: &Rule) {
        let (bad, example) = report(rule.bad);
        let outcome = bad.outcome(rule.id).unwrap();
        assert_eq!(outcome.ran, Ran::Yes);
        assert!(outcome.failed > 0, "{} did not find its bad example", rule.id);
        assert_eq!(outcome.failed, outcome.findings.len() as u64);
        for finding in &outcome.findings {
            assert!(!finding.message.contains("{}") && !finding.mend.is_empty());
            let changed =
                |row: u32| example.changed.contains(&(finding.table.clone().unwrap_or_default(), row));
            assert!(finding.row.is_none_or(changed), "{} found {finding:?}, which was not changed", rule.id);
        }
        let (good, _) = report(rule.good);
        let outcome = good.outcome(rule.id).unwrap();
        assert_eq!(outcome.ran, Ran::Yes, "{}", rule.id);
        assert_eq!(outcome.findings, [], "{} found something in its good example", rule.id);
    }

    #[test]
    fn the_example_return_has_no_fault() {
        let (report, _) = report("");
        let findings: Vec<_> = report.findings().collect();
        assert_eq!(findings, Vec::<&crate::check::Finding>::new());
        assert_eq!(report.outcomes.len(), 53);
    }

    #[test]
    fn ids_are_one_each_and_every_page_is_whole() {
        let mut ids: Vec<&str> = ALL.iter().map(|r| r.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 53);
        let text = rules_markdown();
        for rule in ALL {
            assert!(!rule.why.is_empty() && !rule.mend.is_empty() && !rule.source.is_empty());
            assert!(text.contains(&format!("## {} {}", rule.id, rule.title)));
        }
    }
}
