//! XB01. Far from other bodies.

use super::prelude::*;
use crate::outside::PeerFigures;

pub(super) const RULE: Rule = Rule {
    id: "XB01",
    severity: RuleSeverity::Query,
    dimension: Dimension::Accuracy,
    title: "Far from other bodies",
    source: "Spiegelhalter 2005, funnel plots",
    why: "One in five hundred bodies would lie outside by chance. The others record differently, or something is different there.",
    mend: "Explain, with what the body knows of its own recording",
    bad: r#"outside.peers = [{"body": "E23000099", "measure": "group share", "count": 90, "of": 1000}, {"body": "E23000098", "measure": "group share", "count": 36, "of": 1000}, {"body": "E23000097", "measure": "group share", "count": 31, "of": 1000}]"#,
    good: r#"outside.peers = [{"body": "E23000099", "measure": "group share", "count": 40, "of": 1000}, {"body": "E23000098", "measure": "group share", "count": 36, "of": 1000}, {"body": "E23000097", "measure": "group share", "count": 31, "of": 1000}]"#,
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let Some(peers) = &c.outside.peers else { return out.not_run("the same figures of other bodies") };
    let Some(body) = &c.returned.header().body else { return out.not_applicable("the body is not known") };
    for own in peers.iter().filter(|figure| figure.body == *body) {
        let others = peers.iter().filter(|figure| figure.measure == own.measure && figure.body != *body);
        let (count, of) = others.fold((0, 0), |(count, of), figure| (count + figure.count, of + figure.of));
        if of == 0 || own.of == 0 {
            continue;
        }
        out.tested(1);
        let pooled = count as f64 / of as f64;
        if outside_funnel(own.count as f64, own.of as f64, pooled) {
            let (lower, upper) = funnel_limits(own.of as f64, pooled);
            let share = own.count as f64 / own.of as f64;
            let said =
                [Say::Word(&own.measure), Say::Percent(share), Say::Percent(lower), Say::Percent(upper)];
            out.whole(
                None,
                Some(&own.measure),
                Some(share),
                "{} is {}; 99.8 % of bodies of this size would lie between {} and {}",
                &said,
            );
        }
    }
}

/// What a police return can be compared with others by, of itself: the shares of its offences that are flagged as exploitation and
/// marked as group-based.
pub(crate) fn figures(c: &Check<'_>) -> Vec<PeerFigures> {
    let header = c.returned.header();
    let (Some(body), Some(BodyType::Police)) = (&header.body, header.body_type) else { return Vec::new() };
    let measures = [("share flagged as exploitation", "flag_cse"), ("group share", "group_flag")];
    let figure = |(measure, column): (&str, &str)| {
        let flag = c.col("offence", column)?;
        let yes = flag.code("Y");
        let count = (0..flag.len()).filter(|row| flag.is(*row, yes)).count() as u64;
        let (measure, body, of) = (measure.to_owned(), body.clone(), flag.len() as u64);
        (of > 0).then_some(PeerFigures { body, measure, count, of })
    };
    measures.into_iter().filter_map(figure).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bad_example_is_found_and_the_good_one_is_not() {
        crate::rules::testing::examples(&super::RULE);
    }
}
