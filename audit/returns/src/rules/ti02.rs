//! TI02. How much changed since the last version.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "TI02",
    severity: RuleSeverity::Indicator,
    dimension: Dimension::Timeliness,
    title: "How much changed since the last version",
    source: "Home Office practice of quarterly revision",
    why: "Figures that keep moving were not ready.",
    mend: "Nothing: the share is published with the return",
    bad: "",
    good: "",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let Some(previous) = &c.outside.previous else { return out.not_run("the version before this one") };
    let now = c.returned.row_digest(c.options);
    let (mut changed, mut added) = (0i64, 0i64);
    for (record, hash) in &now.rows {
        match previous.rows.get(record) {
            Some(before) if before == hash => {}
            Some(_) => changed += 1,
            None => added += 1,
        }
    }
    let removed = previous.rows.keys().filter(|record| !now.rows.contains_key(record)).count() as i64;
    out.tested(1);
    let share = changed as f64 / previous.rows.len().max(1) as f64;
    let said = [
        Say::Int(changed),
        Say::Percent(share),
        Say::Int(added),
        Say::Int(removed),
        Say::Int(i64::from(previous.version)),
    ];
    out.note("{} records changed ({}), {} are new and {} are gone since version {}", &said);
}
