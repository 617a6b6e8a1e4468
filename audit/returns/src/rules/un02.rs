//! UN02. How many records repeat another, by linkage.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "UN02",
    severity: RuleSeverity::Indicator,
    dimension: Dimension::Uniqueness,
    title: "How many records repeat another, by linkage",
    source: "Practice of linkage",
    why: "Duplicates inflate every count, and only linkage can estimate them.",
    mend: "Nothing: the estimate is published with its interval",
    bad: "",
    good: "",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let Some(duplicates) = c.outside.duplicates else {
        return out.not_run("an estimate of duplicates from linkage");
    };
    out.tested(1);
    let said =
        [Say::Percent(duplicates.rate), Say::Percent(duplicates.lower), Say::Percent(duplicates.upper)];
    out.note("{} of records repeat another ({} to {})", &said);
}
