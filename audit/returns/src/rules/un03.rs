//! UN03. One offence in the returns of two bodies, and not marked as transferred.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "UN03",
    severity: RuleSeverity::Query,
    dimension: Dimension::Uniqueness,
    title: "One offence in the returns of two bodies, and not marked as transferred",
    source: "National Crime Recording Standard",
    why: "An offence handed over and kept by both is counted twice.",
    mend: "Mark the transfer at both ends",
    bad: "",
    good: "",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let Some(others) = &c.outside.others else { return out.not_run("the digests of other bodies") };
    let (Some(ids), own) = (c.col("offence", "offence_id"), c.returned.header().body.clone()) else {
        return out.not_applicable("no offences were sent");
    };
    let (prints, rows) = prints(c);
    out.tested(rows);
    let mut found: Vec<(usize, &str)> = Vec::new();
    for other in others.iter().filter(|other| Some(&other.body) != own.as_ref()) {
        let same = prints.iter().filter(|(print, _)| other.offences.contains(print));
        found.extend(same.map(|(_, row)| (*row, other.body.as_str())));
    }
    found.sort_unstable();
    for (row, body) in found {
        out.cell(row, &[ids], "the same offence is in the return of {}", &[Say::Word(body)]);
    }
}

/// A hash of what makes an offence the same at two bodies: class, dates, place, and the sex and birth month of its victims. An offence
/// without a day, a class or a victim is like too many others, and has none.
pub(crate) fn prints(c: &Check<'_>) -> (Vec<(RecordKey, usize)>, usize) {
    let names = ["ho_class", "committed_from", "committed_to", "place_lad"];
    let columns: Vec<Col<'_>> = names.iter().filter_map(|name| c.col("offence", name)).collect();
    let (Some(sex), Some(births), Some(transferred), 4) = (
        c.col("victim", "sex"),
        c.col("victim", "birth_year_month"),
        c.col("offence", "transferred"),
        columns.len(),
    ) else {
        return (Vec::new(), 0);
    };
    let moved = [transferred.code("IN"), transferred.code("OUT")];
    let mut links = c.victims_of.clone();
    links.sort_unstable();
    let mut prints = Vec::new();
    for group in links.chunk_by(|a, b| a.0 == b.0) {
        let row = group[0].0 as usize;
        let exact = columns[1].range(row).is_some_and(|(low, high)| low == high);
        if transferred.value(row).is_some_and(|code| moved.contains(&code))
            || !exact
            || columns[0].value(row).is_none()
        {
            continue;
        }
        let mut victims: Vec<[&[u8]; 2]> = Vec::new();
        for (_, person) in group {
            let victim = row_of(&c.victim_row, *person);
            if victim != NONE && births.value(victim as usize).is_some() {
                victims.push([c.bytes(&sex, victim as usize), c.bytes(&births, victim as usize)]);
            }
        }
        if victims.len() < group.len() {
            continue;
        }
        victims.sort_unstable();
        let parts =
            columns.iter().map(|column| c.bytes(column, row)).chain(victims.iter().flatten().copied());
        prints.push((c.options.key.hash(parts), row));
    }
    (prints, transferred.len())
}
