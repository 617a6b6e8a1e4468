//! ST03. A return made by other definitions than those issued.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "ST03",
    severity: RuleSeverity::Stop,
    dimension: Dimension::Validity,
    title: "A return made by other definitions than those issued",
    source: "HMICFRS 2023, recommendation 1",
    why: "Figures made by two definitions cannot be added up.",
    mend: "Draw the data again by the definitions of the call",
    bad: r#"outside.call = {"call": "CALL-2026-1", "definitions": "1.1.0"}"#,
    good: r#"outside.call = {"call": "CALL-2026-1", "definitions": "1.0.0", "period": ["2025-01-01", "2025-12-31"]}"#,
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let Some(call) = &c.outside.call else { return out.not_run("the terms of the call") };
    let header = c.returned.header();
    out.tested(3);
    if header.definitions.as_deref() != Some(call.definitions.as_str()) {
        let said = header.definitions.as_deref().unwrap_or("none");
        out.whole(
            Some("header"),
            Some("definition_version"),
            None,
            "definitions {} were used; the call issued {}",
            &[Say::Word(said), Say::Word(&call.definitions)],
        );
    }
    if header.call.as_deref() != Some(call.call.as_str()) {
        out.whole(
            Some("header"),
            Some("call_id"),
            None,
            "the return is for another call than {}",
            &[Say::Word(&call.call)],
        );
    }
    if let Some(period) = call.period.filter(|p| header.period != Some(*p)) {
        let days = [Say::Day(day_number(period.0)), Say::Day(day_number(period.1))];
        out.whole(Some("header"), Some("period_start"), None, "the call asks for {} to {}", &days);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bad_example_is_found_and_the_good_one_is_not() {
        crate::rules::testing::examples(&super::RULE);
    }
}
