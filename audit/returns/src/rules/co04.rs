//! CO04. Why protected characteristics are missing, and what that leaves open.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CO04",
    severity: RuleSeverity::Indicator,
    dimension: Dimension::Completeness,
    title: "Why protected characteristics are missing, and what that leaves open",
    source: "Census 18+1 practice; Manski 1989",
    why: "With two thirds missing, a share of 7 % among those known is compatible with anything from 2 % to 68 %. The four reasons mean different things and are never added together.",
    mend: "Nothing: this is printed beside every share",
    bad: "",
    good: "",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    for column in c.columns().filter(|column| column.spec.part == Partition::Quality) {
        let counts = MissingCounts::of(&column);
        if counts.rows == 0 {
            continue;
        }
        out.tested(1);
        let known = counts.value as f64 / counts.rows as f64;
        let name = format!("{}.{}", c.table_name(&column), column.spec.name);
        let said = [
            Say::Word(&name),
            Say::Int(counts.rows as i64),
            Say::Int(counts.value as i64),
            Say::Int(counts.missing[0] as i64),
            Say::Int(counts.missing[1] as i64),
            Say::Int(counts.missing[2] as i64),
            Say::Int(counts.missing[3] as i64),
            Say::Int(counts.blank as i64),
            Say::Int(counts.invalid as i64),
            Say::Percent(known),
            Say::Percent(1.0 - known),
        ];
        out.note("{}: of {} rows {} have a value, {} NA, {} NK, {} NR, {} NC, {} blank, {} not of the list; a share of those known is {} as large among all at least, and up to {} more at most", &said);
    }
}
