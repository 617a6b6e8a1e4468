//! CO08. A total far from the figure that the body has published itself.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CO08",
    severity: RuleSeverity::Query,
    dimension: Dimension::Completeness,
    title: "A total far from the figure that the body has published itself",
    source: "Home Office open tables; children in need release",
    why: "Two figures of one body for one thing: one of them is read by the public.",
    mend: "Say which is right and why they differ",
    bad: r#"outside.published = [{"table": "offence", "count": 90, "source": "Open data tables, 2025"}]"#,
    good: r#"outside.published = [{"table": "offence", "count": 66, "source": "Open data tables, 2025"}]"#,
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let Some(published) = &c.outside.published else {
        return out.not_run("figures that the body has published");
    };
    for figure in published {
        let Some((at, _)) = c.table(&figure.table) else { continue };
        let count = match (&figure.list, c.col(&figure.table, "list_id")) {
            (Some(list), Some(lists)) => {
                let code = lists.code(list);
                (0..lists.len()).filter(|row| lists.is(*row, code)).count()
            }
            _ => c.rows(at),
        };
        out.tested(1);
        let difference = (count as f64 - figure.count as f64).abs() / (figure.count as f64).max(1.0);
        if difference > c.thresholds().published_difference {
            let said = [Say::Int(count as i64), Say::Int(figure.count as i64), Say::Word(&figure.source)];
            out.whole(
                Some(&figure.table),
                None,
                Some(difference),
                "{} rows against {} published ({})",
                &said,
            );
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
