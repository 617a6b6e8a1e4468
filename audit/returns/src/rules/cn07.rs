//! CN07. Called at risk, and recorded as harmed.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "CN07",
    severity: RuleSeverity::Query,
    dimension: Dimension::Consistency,
    title: "Called at risk, and recorded as harmed",
    source: r#"IICSA 2022, on "at risk" language"#,
    why: "A child who is the victim of a recorded contact offence is not at risk only. The inquiry found children written about as though harm lay in the future.",
    mend: "Correct the status, or explain; look whether support was given for risk or for harm",
    bad: "assessment.1.harm_status = RISK_ONLY\nvictim.2.known_as = AT_RISK_ONLY",
    good: "assessment.4.harm_status = RISK_ONLY",
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let harmed = harmed(c);
    let elsewhere = c.outside.harmed_elsewhere.as_ref();
    let text = c.outside.harm_in_text.as_ref();
    let why = |person: u32| {
        let key = || c.person_key(person);
        if harmed.binary_search(&person).is_ok() {
            Some("a recorded contact offence")
        } else if elsewhere.is_some_and(|keys| keys.contains(&key())) {
            Some("a contact offence recorded by another body")
        } else {
            text.is_some_and(|keys| keys.contains(&key())).then_some("harm stated in a note")
        }
    };
    for (table, name, code) in
        [("victim", "known_as", "AT_RISK_ONLY"), ("assessment", "harm_status", "RISK_ONLY")]
    {
        let (Some(people), Some(status)) = (c.col(table, "person_id"), c.col(table, name)) else { continue };
        let only = status.code(code);
        out.tested(status.len());
        for row in (0..status.len()).filter(|row| status.is(*row, only)) {
            if let Some(evidence) = people.value(row).and_then(why) {
                out.cell(row, &[status, people], "at risk only, beside {}", &[Say::Word(evidence)]);
            }
        }
    }
    if elsewhere.is_none() {
        out.note("offences recorded by other bodies were not looked at: that needs linkage", &[]);
    }
}

/// The numbers of people who are victims of a recorded contact offence, in order.
pub(crate) fn harmed(c: &Check<'_>) -> Vec<u32> {
    let Some(class) = c.col("offence", "ho_class") else { return Vec::new() };
    let contact = class.marked("contact");
    let of_contact = c.victims_of.iter().filter(|(offence, _)| class.among(*offence as usize, &contact));
    let mut people: Vec<u32> = of_contact.map(|(_, person)| *person).collect();
    people.sort_unstable();
    people.dedup();
    people
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bad_example_is_found_and_the_good_one_is_not() {
        crate::rules::testing::examples(&super::RULE);
    }
}
