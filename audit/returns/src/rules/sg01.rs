//! SG01. A quality-only column on its way to linkage, estimation or group code.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "SG01",
    severity: RuleSeverity::Stop,
    dimension: Dimension::Validity,
    title: "A quality-only column on its way to linkage, estimation or group code",
    source: "Candour's safeguards",
    why: "A protected characteristic that reaches a score decides about people. The types refuse it when the program is compiled, and this refuses it when columns are named in settings.",
    mend: "Take the column out of the step",
    bad: r#"outside.uses = [{"step": "linkage", "table": "victim", "column": "ethnicity"}]"#,
    good: r#"outside.uses = [{"step": "linkage", "table": "victim", "column": "surname"}, {"step": "quality", "table": "victim", "column": "ethnicity"}]"#,
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let Some(uses) = &c.outside.uses else { return out.not_run("the columns that later steps ask for") };
    for use_of in uses {
        out.tested(1);
        let column = c.returned.specification().table(&use_of.table).and_then(|t| t.column(&use_of.column));
        let (guarded, step) = match use_of.step {
            Step::Linkage => (true, "linkage"),
            Step::Estimation => (true, "estimation"),
            Step::Groups => (true, "group code"),
            Step::Quality | Step::Disclosure => (false, ""),
        };
        let refused = match column {
            Ok(column) => column.part == Partition::Quality,
            // A column that the specification does not know is refused by its name.
            Err(_) => is_protected(&use_of.column),
        };
        if guarded && refused {
            let said = [Say::Word(&use_of.table), Say::Word(&use_of.column), Say::Word(step)];
            out.whole(
                Some(&use_of.table),
                Some(&use_of.column),
                None,
                "{}.{} is quality-only and was asked for by {}",
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
