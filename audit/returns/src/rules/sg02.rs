//! SG02. An output about one person, a small cell, or two releases that give one away.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "SG02",
    severity: RuleSeverity::Stop,
    dimension: Dimension::Validity,
    title: "An output about one person, a small cell, or two releases that give one away",
    source: "Five Safes",
    why: "A cell of 1 to 9 is a handful of people whom others know. Zero and all tell something about everyone. A difference between two releases is a cell too.",
    mend: "Send the table through the disclosure step, which suppresses and rounds it",
    bad: r#"outside.outputs = [{"name": "by council", "cells": [{"label": "E06000001", "count": 4}, {"label": "E06000002", "count": 40, "of": 40, "sensitive": true}, {"label": "E06000003", "count": 31, "released": 28}]}]"#,
    good: r#"outside.outputs = [{"name": "by council", "cells": [{"label": "E06000001", "count": 40}, {"label": "E06000002", "count": 0}, {"label": "E06000003", "count": 31, "released": 31}]}]"#,
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let Some(outputs) = &c.outside.outputs else { return out.not_run("tables about to be released") };
    let least = c.thresholds().least_cell;
    for table in outputs {
        out.tested(1 + table.cells.len());
        if table.row_level {
            out.whole(
                Some(&table.name),
                None,
                None,
                "its rows are about one person or one offence each",
                &[],
            );
        }
        for cell in &table.cells {
            let all = cell.of == Some(cell.count);
            let difference = cell.released.map_or(0, |before| before.abs_diff(cell.count));
            let message = if cell.count > 0 && cell.count < least {
                "a cell is below {}"
            } else if cell.sensitive && (cell.count == 0 || all) {
                "a cell is nought or all, and sensitive"
            } else if difference > 0 && difference < least {
                "a cell differs from an earlier release by fewer than {}"
            } else {
                continue;
            };
            out.whole(Some(&table.name), Some(&cell.label), None, message, &[Say::Int(least as i64)]);
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
