//! VA04. A birth after the period, or after the death.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "VA04",
    severity: RuleSeverity::Error,
    dimension: Dimension::Validity,
    title: "A birth after the period, or after the death",
    source: "CIN 8520, 8535Q",
    why: "A date of birth in the future is a date of something else.",
    mend: "Correct the date, or write NK",
    bad: "victim.5.birth_year_month = 2031-02\nvictim.6.died_on = 2001-01-01",
    good: "victim.6.died_on = 2025-11-30",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let end = c.returned.header().period.map(|(_, end)| day_number(end));
    for (table, name) in [("victim", "dob"), ("victim", "birth_year_month"), ("suspect", "dob")] {
        let Some(births) = c.col(table, name) else { continue };
        let deaths = c.col(table, "died_on");
        out.tested(births.len());
        for row in 0..births.len() {
            let Some((first, _)) = births.range(row) else { continue };
            if end.is_some_and(|end| first > end) {
                out.cell(row, &[births], "the birth is after the end of the period", &[]);
            } else if let Some(deaths) = deaths.filter(|d| d.range(row).is_some_and(|(_, last)| last < first))
            {
                out.cell(row, &[deaths, births], "the death is before the birth", &[]);
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
