//! ST07. A code that is not in its list on the day of the event.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "ST07",
    severity: RuleSeverity::Error,
    dimension: Dimension::Validity,
    title: "A code that is not in its list on the day of the event",
    source: "CIN 4220, 8650",
    why: "A code that was not yet in use was put in later, and one that is not in the list means something only to the sender.",
    mend: "Use a code of the list, or name the source's code in the mapping",
    bad: "offence.4.setting = PARK\nassessment.2.factors = 19A",
    good: "assessment.2.factors = 19C",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    for column in c.columns() {
        // Sex has a rule of its own.
        if column.spec.list.as_deref() == Some("sex")
            || (column.list.is_none() && column.spec.kind != ColumnType::Country)
        {
            continue;
        }
        out.tested(column.len());
        let not_listed = |f: &Fact| f.damage == Damage::None && f.state == State::Bad(Fault::NotListed);
        for row in column.rows_where(not_listed) {
            out.cell(
                row,
                &[column],
                "is not in the list {}",
                &[Say::Word(column.spec.list.as_deref().unwrap_or("ISO 3166-1"))],
            );
        }
        let (Some(list), Some(on)) = (column.list, &column.spec.on) else { continue };
        let table = &c.returned.specification().tables[column.table];
        let Some(days) = table.column_index(on).ok().and_then(|at| c.at(column.table, at)) else { continue };
        let limits: Vec<(i32, i32)> = list
            .codes
            .iter()
            .map(|code| (code.from.map_or(i32::MIN, day_number), code.until.map_or(i32::MAX, day_number)))
            .collect();
        if limits.iter().all(|(from, until)| *from == i32::MIN && *until == i32::MAX) {
            continue;
        }
        for row in 0..column.len() {
            let Some((first, last)) = days.range(row) else { continue };
            let used = |at: usize| match column.spec.kind {
                ColumnType::EnumList => column.wide(row).is_some_and(|bits| at < 64 && bits & 1 << at != 0),
                _ => column.is(row, at as u32),
            };
            for (at, (from, until)) in limits.iter().enumerate() {
                if (last < *from || first > *until) && used(at) {
                    let day = Say::Day(if last < *from { last } else { first });
                    let code = if may_show(column.spec) { list.codes[at].code.as_str() } else { "a code" };
                    out.cell(row, &[column, days], "{} could not be used on {}", &[Say::Word(code), day]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bad_example_is_found_and_the_good_one_is_not() {
        crate::rules::testing::examples(&super::RULE);
    }
}
