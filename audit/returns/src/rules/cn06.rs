//! CN06. County lines only: criminal exploitation with sexual harm, and no mark of sexual exploitation.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CN06",
    severity: RuleSeverity::Query,
    dimension: Dimension::Consistency,
    title: "County lines only: criminal exploitation with sexual harm, and no mark of sexual exploitation",
    source: "IICSA 2022, on county lines",
    why: "The inquiry found that the harm was believed to be falling while it was counted only under other crime.",
    mend: "Add the mark of sexual exploitation, or explain why it does not apply",
    bad: "offence.2.flag_cce = Y\nassessment.2.factors = 13A 4A",
    good: "offence.1.flag_cce = Y\nassessment.2.factors = 13A 11A",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let class = c.col("offence", "ho_class");
    let sexual_class = class.map_or(Vec::new(), |class| class.marked("sexual"));
    let marked = c.col("offence", "flag_cse");
    let is_marked = |row: usize| marked.is_some_and(|flag| flag.is(row, flag.code("Y")));
    if let (Some(class), Some(cce)) = (class, c.col("offence", "flag_cce")) {
        out.tested(cce.len());
        let yes = cce.code("Y");
        for row in 0..cce.len() {
            if cce.is(row, yes) && class.among(row, &sexual_class) && !is_marked(row) {
                let columns: Vec<Col<'_>> = marked.into_iter().chain([cce, class]).collect();
                out.cell(
                    row,
                    &columns,
                    "a sexual offence marked as criminal exploitation and not as sexual exploitation",
                    &[],
                );
            }
        }
    }
    let (Some(people), Some(factors)) = (c.col("assessment", "person_id"), c.col("assessment", "factors"))
    else {
        return;
    };
    out.tested(factors.len());
    // Victims of a sexual offence, and of them those for whom one was marked as exploitation.
    let mut harmed = vec![false; people.dictionary.len()];
    let mut seen = vec![false; people.dictionary.len()];
    for (offence, person) in &c.victims_of {
        let row = *offence as usize;
        if class.is_some_and(|class| class.among(row, &sexual_class)) {
            harmed[*person as usize] = true;
            seen[*person as usize] |= is_marked(row);
        }
    }
    let (criminal, sexual, exploitation) =
        (factors.marked_bits("criminal"), factors.marked_bits("sexual"), factors.marked_bits("exploitation"));
    for row in 0..factors.len() {
        let (Some(bits), Some(person)) = (factors.wide(row), people.value(row)) else { continue };
        if bits & criminal == 0 || bits & exploitation != 0 {
            continue;
        }
        let at = person as usize;
        let in_text =
            c.outside.harm_in_text.as_ref().is_some_and(|keys| keys.contains(&c.person_key(person)));
        if bits & sexual != 0 || (harmed[at] && !seen[at]) || in_text {
            out.cell(row, &[factors, people], "gangs or criminal exploitation among the factors, sexual harm in the record, and no factor or mark of sexual exploitation", &[]);
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
