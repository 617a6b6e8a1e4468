//! AC02. How often two bodies agree on one person.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "AC02",
    severity: RuleSeverity::Indicator,
    dimension: Dimension::Accuracy,
    title: "How often two bodies agree on one person",
    source: "Practice of linkage",
    why: "Where two bodies know one child under two dates of birth, one of them is wrong.",
    mend: "Nothing: the share is published with its interval",
    bad: "",
    good: "",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let Some(agreement) = &c.outside.agreement else { return out.not_run("linked people of several bodies") };
    for field in agreement {
        out.tested(1);
        let share = wilson(field.agreed as f64, field.pairs as f64);
        let said = [
            Say::Word(&field.field),
            Say::Percent(share.share),
            Say::Percent(share.lower),
            Say::Percent(share.upper),
            Say::Int(field.pairs as i64),
        ];
        out.note("{}: {} agree ({} to {}) of {} pairs", &said);
    }
}
