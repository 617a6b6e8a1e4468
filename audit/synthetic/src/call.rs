//! What the audit knows of a body beside its return: the terms of the call, the figure that the body has published, the areas it
//! answers for, counts of earlier years, and the same figure of its peers. It is handed over in the form in which the data call's rules take it.

use std::collections::BTreeSet;

use candour_returns::{BodyType, Thresholds, outside_funnel, unusual_change};
use serde_json::{Value, json};

use crate::dates::push_iso;
use crate::plan::Sabotaged;
use crate::press::Press;
use crate::random::{Kind, Stream};

/// The name of the call.
pub(crate) const CALL: &str = "SYNTHETIC-1";
/// Years before the period whose counts are known.
const EARLIER: i32 = 4;
/// What peers are compared by.
const MEASURE: &str = "share flagged as exploitation";

/// What one body sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sent {
    pub(crate) body: usize,
    pub(crate) victims: u64,
    pub(crate) offences: u64,
    /// Offences with the flag of exploitation.
    pub(crate) flagged: u64,
    /// Authorities that its rows name.
    pub(crate) met: BTreeSet<u16>,
    pub(crate) nil: bool,
}

/// A rule that a return breaks beside what is known of the body: rule, table, column, cause.
pub(crate) type Broken = (&'static str, &'static str, &'static str, &'static str);

/// What is known of each body, and which rules its return breaks beside it.
pub(crate) fn knowledge(press: &Press, sent: &[Sent]) -> Vec<(Value, Vec<Broken>)> {
    sent.iter().map(|own| of_body(press, own, sent)).collect()
}

fn of_body(press: &Press, own: &Sent, sent: &[Sent]) -> (Value, Vec<Broken>) {
    let plan = &press.plans.bodies[own.body];
    let contents = &press.plans.contents[own.body];
    let day = |number: i32| {
        let mut text = Vec::new();
        push_iso(&mut text, number);
        String::from_utf8(text).unwrap_or_default()
    };
    let mut broken: Vec<Broken> = Vec::new();
    let mut known = json!({
        "call": {
            "call": CALL,
            "definitions": press.specification.version,
            "period": [day(press.truth.period.0), day(press.truth.period.1)],
        }
    });
    if own.nil {
        known["nil_signed"] = json!(true);
    }

    let police = plan.body_type == BodyType::Police;
    let (table, held, rows) = if police {
        ("offence", contents.held.1, own.offences)
    } else {
        ("victim", contents.held.0, own.victims)
    };
    let mut r = Stream::new(press.knobs.seed, Kind::Body, own.body as u64 | 1 << 30);
    let other_definition = r.chance(0.04);
    let factor = 1.0 + 0.03 * r.normal().clamp(-3.0, 3.0) + if other_definition { 0.4 } else { 0.0 };
    let published = (held as f64 * factor).round() as u64;
    known["published"] =
        json!([{ "table": table, "count": published, "source": "Invented annual statement" }]);
    let difference = (rows as f64 - published as f64).abs() / (published as f64).max(1.0);
    if difference > Thresholds::default().published_difference {
        broken.push(("CO08", table, "", if plan.sabotage.is_some() { "sabotage" } else { "arising" }));
    }

    // Counts of earlier calls, which changed little; what is twice as much or nothing at all stands out.
    let mut r = Stream::new(press.knobs.seed, Kind::Body, own.body as u64 | 1 << 31);
    let history: Vec<u64> = (0..EARLIER)
        .map(|_| (held as f64 * (1.0 + 0.02 * r.normal().clamp(-3.0, 3.0))).round() as u64)
        .collect();
    let years = (press.knobs.first_year - EARLIER)..press.knobs.first_year;
    let counted = years.zip(&history).map(|(year, count)| json!({ "year": year, "count": count }));
    known["history"] = counted.collect();
    if unusual_change(&history, rows).is_some_and(|far| far > Thresholds::default().change_deviations) {
        broken.push(("XB02", table, "", if plan.sabotage.is_some() { "sabotage" } else { "arising" }));
    }

    if police {
        let areas = press.map.forces[own.body].authorities.clone();
        let codes: Vec<&str> =
            areas.clone().map(|a| press.map.authorities[usize::from(a)].code.as_str()).collect();
        known["areas"] = json!(codes);
        if areas.clone().any(|a| !own.met.contains(&a)) {
            broken.push(("CO10", "offence", "place_lad", "arising"));
        }
        let peers: Vec<Value> = sent
            .iter()
            .filter(|s| press.plans.bodies[s.body].body_type == BodyType::Police)
            .map(|s| {
                json!({
                    "body": press.map.bodies[s.body].code,
                    "measure": MEASURE,
                    "count": s.flagged,
                    "of": s.offences,
                })
            })
            .collect();
        known["peers"] = json!(peers);
        let others = sent.iter().filter(|s| s.body != own.body && s.offences > 0);
        let (count, of) = others.fold((0, 0), |(count, of), s| (count + s.flagged, of + s.offences));
        if of > 0 && outside_funnel(own.flagged as f64, own.offences as f64, count as f64 / of as f64) {
            let reversed = plan.sabotage == Some(Sabotaged::ReversedFlag);
            broken.push(("XB01", "", MEASURE, if reversed { "sabotage" } else { "arising" }));
        }
    }
    (known, broken)
}
