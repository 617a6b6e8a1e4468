//! CO07. Nothing sent, and nobody who says that there is nothing.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CO07",
    severity: RuleSeverity::Error,
    dimension: Dimension::Completeness,
    title: "Nothing sent, and nobody who says that there is nothing",
    source: "COLLECT",
    why: "Zero and refusal are answers. Silence is not.",
    mend: "Send the records, or a nil return with its reason, signed by a named office",
    bad: "header.1.nil_return = Y\nheader.1.nil_reason = NA\nvictim.delete = *\noffence.delete = *\nsuspect.delete = *\nlink.delete = *\nmissing.delete = *\nassessment.delete = *\nnote.delete = *",
    good: "header.1.nil_return = N",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let header = c.returned.header();
    let Some(body) = header.body_type else { return out.not_applicable("the type of body is not known") };
    let due: Vec<&str> = c.returned.specification().due(body).map(|t| t.name.as_str()).collect();
    let tables: Vec<&str> = due.into_iter().filter(|name| !matches!(*name, "header" | "file")).collect();
    out.tested(1);
    let rows: usize = tables.iter().filter_map(|name| c.returned.rows(name)).sum();
    if header.nil {
        if header.nil_reason.is_none() {
            out.whole(Some("header"), Some("nil_reason"), None, "a nil return without a reason", &[]);
        }
        if c.outside.nil_signed.is_none() {
            out.note("whether a named office has signed the nil return is not known", &[]);
        }
        if c.outside.nil_signed == Some(false) {
            out.whole(
                Some("header"),
                Some("nil_return"),
                None,
                "a nil return that no named office has signed",
                &[],
            );
        }
        if rows > 0 {
            out.whole(
                Some("header"),
                Some("nil_return"),
                None,
                "a nil return with {} rows",
                &[Say::Int(rows as i64)],
            );
        }
    } else if rows == 0 && !tables.is_empty() {
        out.whole(Some("header"), Some("nil_return"), None, "no rows at all, and no nil return", &[]);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bad_example_is_found_and_the_good_one_is_not() {
        crate::rules::testing::examples(&super::RULE);
    }
}
