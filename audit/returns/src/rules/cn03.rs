//! CN03. More suspects linked to an offence than perpetrators noted.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CN03",
    severity: RuleSeverity::Error,
    dimension: Dimension::Consistency,
    title: "More suspects linked to an offence than perpetrators noted",
    source: "IICSA 2022",
    why: "The number noted includes those not identified, so it cannot be smaller than those linked.",
    mend: "Correct the number noted, or the links",
    bad: "offence.1.perp_count_noted = 1\noffence.1.perp_count_is_min = Y",
    good: "offence.1.perp_count_noted = 5",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let Some(noted) = c.col("offence", "perp_count_noted") else {
        return out.not_applicable("no offences were sent");
    };
    if c.col("link", "kind").is_none() {
        return out.not_applicable("no links were sent");
    }
    let mut links = c.suspects_of.clone();
    links.sort_unstable();
    links.dedup();
    out.tested(noted.len());
    for group in links.chunk_by(|a, b| a.0 == b.0) {
        let row = group[0].0 as usize;
        if let Some(count) = noted.low(row).filter(|count| (*count as usize) < group.len()) {
            let said = [Say::Int(i64::from(count)), Say::Int(group.len() as i64)];
            out.cell(row, &[noted], "{} perpetrators are noted and {} suspects are linked", &said);
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
