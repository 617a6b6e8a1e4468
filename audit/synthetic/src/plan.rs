//! What each body sends: which records and events are in its return, from which system, and what goes wrong with it.

use std::collections::BTreeMap;

use candour_returns::BodyType;
use rayon::prelude::*;

use crate::Knobs;
use crate::dates::civil;
use crate::geography::Geography;
use crate::particulars;
use crate::press::{OFFENCE, VICTIM, has_fault, police_victim};
use crate::random::{Kind, Stream, logit, mix};
use crate::record::{Offence, Precision};
use crate::truth::{List, NONE, Truth};

/// The file format a body sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Text separated by commas.
    Csv,
    /// A workbook. What is handed over is CSV; whoever writes the files makes the workbook.
    Xlsx,
    /// Parquet with columns of text. What is handed over is CSV; whoever writes the files makes the Parquet file.
    Parquet,
}

impl Format {
    /// The ending of file names.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Parquet => "parquet",
        }
    }
}

/// How a whole return goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotaged {
    /// Returned after the date asked for.
    Late,
    /// Nothing to send, and signed as that.
    NilSigned,
    /// Nothing sent, and no word why.
    NilUnsigned,
    /// The call of another year answered.
    WrongYear,
    /// Opened and saved in a spreadsheet.
    Spreadsheet,
    /// The flag of exploitation the wrong way round.
    ReversedFlag,
    /// Every victim twice.
    DoubleReturn,
    /// A new record system, and a hundred days lost with the old one.
    SystemChange,
    /// A column that nobody asked for.
    UnknownColumn,
    /// Fewer rows than the sender lists.
    LostRows,
    /// One outcome in every assessment.
    DefaultCategory,
    /// Many dates of birth on 1 January.
    PlaceholderBirths,
    /// All missing episodes of one kind.
    OneKind,
}

impl Sabotaged {
    /// A word for it in the truth's table of bodies.
    pub fn name(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::NilSigned => "nil-signed",
            Self::NilUnsigned => "nil-unsigned",
            Self::WrongYear => "wrong-year",
            Self::Spreadsheet => "spreadsheet",
            Self::ReversedFlag => "reversed-flag",
            Self::DoubleReturn => "double-return",
            Self::SystemChange => "system-change",
            Self::UnknownColumn => "unknown-column",
            Self::LostRows => "lost-rows",
            Self::DefaultCategory => "default-category",
            Self::PlaceholderBirths => "placeholder-births",
            Self::OneKind => "one-kind",
        }
    }

    /// Whether the return has no rows.
    pub(crate) fn is_nil(self) -> bool {
        matches!(self, Self::NilSigned | Self::NilUnsigned)
    }
}

/// A body as it will send.
#[derive(Debug, Clone)]
pub(crate) struct BodyPlan {
    pub(crate) number: u16,
    pub(crate) body_type: BodyType,
    pub(crate) system: &'static str,
    /// The name of the mapping by which the data call reads it.
    pub(crate) mapping: &'static str,
    pub(crate) format: Format,
    pub(crate) sabotage: Option<Sabotaged>,
    /// First day of the hundred that a change of system lost.
    pub(crate) changed_on: Option<i32>,
    /// First and last day that the return says it covers.
    pub(crate) period: (i32, i32),
    /// Day on which the data were drawn.
    pub(crate) extract: i32,
    /// Log odds of a note with wording that guidance asks not to use, in the middle year, and the change a year.
    pub(crate) misuse: (f64, f64),
    /// Share of missing and away swapped.
    pub(crate) missing_swap: f64,
    /// Whether offences are recorded days late as a rule.
    pub(crate) slow: bool,
}

/// How many days a change of system loses.
pub(crate) const DAYS_LOST: i32 = 100;
/// Days after the period by which returns are due.
pub(crate) const DAYS_TO_RETURN: i32 = 90;

impl BodyPlan {
    /// Whether something dated so was lost with an old system.
    pub(crate) fn lost(&self, day: i32) -> bool {
        self.changed_on.is_some_and(|from| (from..from + DAYS_LOST).contains(&day))
    }
}

/// What stands in the tables of one body. Order says nothing of who is who.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// Persons, with the highest bit for a second record of one.
    pub(crate) records: Vec<u32>,
    /// Offences recorded.
    pub(crate) events: Vec<u32>,
    /// Named suspects: the offender, shifted by one, and whether it is the second record of one.
    pub(crate) suspects: Vec<u64>,
    /// The same by number.
    pub(crate) suspects_sorted: Vec<u64>,
    /// Records and offences that the body holds, whatever it sends of them.
    pub(crate) held: (u64, u64),
}

/// The bit that says that a record is the second of its person.
pub(crate) const SECOND: u32 = 1 << 31;

/// What is sent by whom.
#[derive(Debug)]
pub(crate) struct Plans {
    pub(crate) bodies: Vec<BodyPlan>,
    pub(crate) contents: Vec<Contents>,
    /// Events that a person is the second victim of, by person.
    pub(crate) second_events: Vec<(u32, u32)>,
    /// Offences that a second force keeps as well, neither marking the transfer, and the number of that force.
    pub(crate) kept_twice: BTreeMap<u32, u16>,
    /// Of records outside police, the share whose person police have.
    pub(crate) beside_share: f64,
}

impl Plans {
    pub(crate) fn new(knobs: &Knobs, map: &Geography, truth: &Truth) -> Self {
        let bodies = body_plans(knobs, map, truth);
        let kept_twice: BTreeMap<u32, u16> = (0..truth.events.len() as u32)
            .into_par_iter()
            .filter_map(|event| Some((event, kept_by(knobs, map, truth, &bodies, event)?)))
            .collect();
        let mut second_events: Vec<(u32, u32)> = truth
            .events
            .par_iter()
            .enumerate()
            .filter(|(_, e)| {
                e.recorded && e.second != NONE && truth.persons[e.second as usize].on(List::Police)
            })
            .map(|(n, e)| (e.second, n as u32))
            .collect();
        second_events.par_sort_unstable();

        // One entry for each body and person; police entries come once for each event and are made one below.
        let mut entries: Vec<u64> = truth
            .persons
            .par_chunks(8192)
            .enumerate()
            .flat_map_iter(|(c, chunk)| {
                let mut found = Vec::with_capacity(chunk.len());
                for i in 0..chunk.len() {
                    bodies_of(map, truth, (c * 8192 + i) as u32, &mut found);
                }
                found
            })
            .collect();
        entries.extend(second_events.iter().map(|&(person, event)| {
            entry(Geography::police_body(truth.events[event as usize].force), person)
        }));
        entries.extend(
            kept_twice.iter().map(|(event, other)| entry(*other, truth.events[*event as usize].person)),
        );
        entries.par_sort_unstable();
        entries.dedup();

        let outside = |e: &&u64| (**e >> 32) >= map.forces.len() as u64;
        let (mut beside, mut all) = (0u64, 0u64);
        for e in entries.iter().filter(outside) {
            all += 1;
            beside += u64::from(truth.persons[(*e & 0xFFFF_FFFF) as usize].on(List::Police));
        }

        let mut contents: Vec<Contents> = bodies.iter().map(|_| Contents::default()).collect();
        for e in entries {
            let (body, person) = ((e >> 32) as usize, (e & 0xFFFF_FFFF) as u32);
            contents[body].records.push(person);
            if twice(knobs, body as u16, person) {
                contents[body].records.push(person | SECOND);
            }
        }
        for (n, event) in truth.events.iter().enumerate() {
            if event.recorded {
                contents[usize::from(event.force)].events.push(n as u32);
            }
        }
        for (event, other) in &kept_twice {
            contents[usize::from(*other)].events.push(*event);
        }
        contents.par_iter_mut().zip(&bodies).for_each(|(c, plan)| {
            let held = (c.records.len() as u64, c.events.len() as u64);
            c.held = held;
            if plan.sabotage.is_some_and(Sabotaged::is_nil) {
                *c = Contents { held, ..Contents::default() };
                return;
            }
            if plan.changed_on.is_some() {
                c.events.retain(|&e| !plan.lost(Offence::of(knobs, map, truth, plan, e).recorded_on));
            }
            let key = order_key(knobs, plan);
            c.records.sort_by_cached_key(|&r| mix(key, u64::from(r)));
            for &event in &c.events {
                for (slot, offender) in truth.perpetrators(event).into_iter().enumerate() {
                    if named(knobs, event, slot) {
                        c.suspects_sorted.push(suspect_key(knobs, plan.number, event, offender));
                    }
                }
            }
            c.events.sort_by_cached_key(|&e| mix(key ^ 1, u64::from(e)));
            c.suspects_sorted.sort_unstable();
            c.suspects_sorted.dedup();
            c.suspects.clone_from(&c.suspects_sorted);
            c.suspects.sort_by_cached_key(|&s| mix(key ^ 2, s));
        });
        Self { bodies, contents, second_events, kept_twice, beside_share: beside as f64 / all.max(1) as f64 }
    }

    /// Whether a record stands after the other record of its person in the body's table.
    pub(crate) fn comes_later(knobs: &Knobs, plan: &BodyPlan, record: u32) -> bool {
        let key = order_key(knobs, plan);
        mix(key, u64::from(record)) > mix(key, u64::from(record ^ SECOND))
    }

    /// The offences that one record of a person is linked to in the return of a force, those lost with an old system left out.
    pub(crate) fn events_of_record(
        &self,
        knobs: &Knobs,
        map: &Geography,
        truth: &Truth,
        plan: &BodyPlan,
        record: u32,
    ) -> Vec<u32> {
        let person = record & !SECOND;
        let from = self.second_events.partition_point(|(p, _)| *p < person);
        let seconds = self.second_events[from..].iter().take_while(|(p, _)| *p == person).map(|(_, e)| *e);
        truth
            .events_range(person)
            .map(|e| e as u32)
            .filter(|&e| truth.events[e as usize].recorded)
            .chain(seconds)
            .filter(|&e| {
                Geography::police_body(truth.events[e as usize].force) == plan.number
                    || self.kept_twice.get(&e) == Some(&plan.number)
            })
            .filter(|&e| record_for_event(knobs, plan.number, person, e) == record)
            .filter(|&e| {
                plan.changed_on.is_none() || !plan.lost(Offence::of(knobs, map, truth, plan, e).recorded_on)
            })
            .collect()
    }
}

/// A second force that keeps an offence as though it were its own, where one does: only an offence that both write down alike, so that
/// whoever sees both returns can tell.
fn kept_by(knobs: &Knobs, map: &Geography, truth: &Truth, bodies: &[BodyPlan], event: u32) -> Option<u16> {
    let e = truth.events[event as usize];
    let alone = e.recorded && e.second == NONE && truth.persons[e.person as usize].on(List::Police);
    let mut r = Stream::new(knobs.seed, Kind::Fault, u64::from(event) | 1 << 41);
    if !alone || !r.chance(knobs.faults.rate) {
        return None;
    }
    let own = &bodies[usize::from(Geography::police_body(e.force))];
    let first = r.below(map.forces.len() as u64) as usize;
    let mut others = (0..map.forces.len()).map(|n| (first + n) % map.forces.len());
    let other = others.find_map(|n| {
        bodies.get(n).filter(|b| b.number != own.number && b.slow == own.slow && b.sabotage.is_none())
    })?;
    let offence = Offence::of(knobs, map, truth, own, event);
    let sound = own.sabotage.is_none()
        && offence.fault.is_none()
        && offence.precision == Precision::Day
        && offence.transferred == "NONE";
    let written = [own, other].map(|plan| {
        let record = record_for_event(knobs, plan.number, e.person, event);
        let spoilt = has_fault(knobs, plan, OFFENCE, u64::from(event))
            || has_fault(knobs, plan, VICTIM, u64::from(record));
        let written = police_victim(knobs, truth, map, plan, record).1;
        let month = written.dob.map(|day| (civil(day).year, civil(day).month));
        (!spoilt).then_some((month?, written.female))
    });
    (sound && written[0].is_some() && written[0] == written[1]).then_some(other.number)
}

/// What the order of a body's rows is drawn from.
fn order_key(knobs: &Knobs, plan: &BodyPlan) -> u64 {
    mix(mix(knobs.seed, Kind::Order as u64), u64::from(plan.number))
}

/// Whether a person stands twice in the return of a body.
pub(crate) fn twice(knobs: &Knobs, body: u16, person: u32) -> bool {
    Stream::of_two(knobs.seed, Kind::Record, u64::from(body) | 1 << 20, u64::from(person))
        .chance(knobs.distortion.duplicates)
}

/// Which record of a person an offence is linked to.
pub(crate) fn record_for_event(knobs: &Knobs, body: u16, person: u32, event: u32) -> u32 {
    let second = twice(knobs, body, person)
        && Stream::of_two(knobs.seed, Kind::Record, u64::from(event) | 1 << 40, u64::from(person))
            .chance(0.5);
    if second { person | SECOND } else { person }
}

/// Whether the perpetrator at a place in an event is named in its record.
pub(crate) fn named(knobs: &Knobs, event: u32, slot: usize) -> bool {
    !Stream::of_two(knobs.seed, Kind::Suspect, u64::from(event), slot as u64)
        .chance(knobs.suspects.unidentified)
}

/// The record that a force has of a named offender for an event: the first or the second of two.
pub(crate) fn suspect_key(knobs: &Knobs, body: u16, event: u32, offender: u32) -> u64 {
    let twice = Stream::of_two(knobs.seed, Kind::Suspect, 1 << 40 | u64::from(body), u64::from(offender))
        .chance(knobs.suspects.duplicates * 2.0);
    let second = twice
        && Stream::of_two(knobs.seed, Kind::Suspect, 1 << 41 | u64::from(event), u64::from(offender))
            .chance(0.5);
    u64::from(offender) << 1 | u64::from(second)
}

fn entry(body: u16, person: u32) -> u64 {
    u64::from(body) << 32 | u64::from(person)
}

fn bodies_of(map: &Geography, truth: &Truth, p: u32, into: &mut Vec<u64>) {
    let person = truth.persons[p as usize];
    if person.on(List::Police) {
        for event in &truth.events[truth.events_range(p)] {
            if event.recorded {
                into.push(entry(Geography::police_body(event.force), p));
            }
        }
    }
    // A child who moved is known to health and the voluntary sector at either address, and may be to both authorities.
    let second_authority = if person.moved && person.lists > 1 {
        particulars::of_victim(truth, map, p).homes[1].0
    } else {
        person.authority
    };
    let mut r = Stream::new(truth.seed, Kind::Record, u64::from(p) | 1 << 50);
    let mut one_of = |share: f64| if r.chance(share) { second_authority } else { person.authority };
    let (health, voluntary, childrens) = (one_of(0.5), one_of(0.5), one_of(0.3));
    let both = r.chance(0.3);
    if person.on(List::Childrens) {
        into.push(entry(map.childrens_body(childrens), p));
        if both && second_authority != person.authority {
            let other = if childrens == second_authority { person.authority } else { second_authority };
            into.push(entry(map.childrens_body(other), p));
        }
    }
    if person.on(List::Health) {
        into.push(entry(map.health_body(health), p));
    }
    if person.on(List::Voluntary) {
        into.push(entry(map.voluntary_body(voluntary), p));
    }
    if person.on(List::Nrm) {
        into.push(entry(map.nrm_body(), p));
    }
}

fn body_plans(knobs: &Knobs, map: &Geography, truth: &Truth) -> Vec<BodyPlan> {
    let count = map.bodies.len();
    let mut sabotage: Vec<Option<Sabotaged>> = vec![None; count];
    let k = &knobs.sabotage;
    let wanted = [
        (Sabotaged::ReversedFlag, k.reversed_flag),
        (Sabotaged::SystemChange, k.system_change),
        (Sabotaged::Late, k.late),
        (Sabotaged::NilSigned, k.nil_signed),
        (Sabotaged::NilUnsigned, k.nil_unsigned),
        (Sabotaged::WrongYear, k.wrong_year),
        (Sabotaged::Spreadsheet, k.spreadsheet),
        (Sabotaged::DoubleReturn, k.double_return),
        (Sabotaged::UnknownColumn, k.unknown_column),
        (Sabotaged::LostRows, k.lost_rows),
        (Sabotaged::DefaultCategory, k.default_category),
        (Sabotaged::PlaceholderBirths, k.placeholder_births),
        (Sabotaged::OneKind, k.one_kind),
    ];
    for (kind, number) in wanted {
        let may = |body: usize| {
            let t = map.bodies[body].body_type;
            match kind {
                // Only police have the flag and dates that a lost stretch shows in.
                Sabotaged::ReversedFlag | Sabotaged::SystemChange => t == BodyType::Police,
                Sabotaged::Late => true,
                Sabotaged::DefaultCategory | Sabotaged::OneKind | Sabotaged::PlaceholderBirths => {
                    t == BodyType::Childrens
                }
                // A force that sends nothing leaves a hole in every table; that is for the knobs of recording.
                _ => t == BodyType::Childrens || t == BodyType::Health,
            }
        };
        let mut free: Vec<usize> = (0..count).filter(|&b| sabotage[b].is_none() && may(b)).collect();
        free.sort_by_key(|&b| mix(mix(knobs.seed, Kind::Sabotage as u64 ^ (kind as u64) << 8), b as u64));
        for &body in free.iter().take(number as usize) {
            sabotage[body] = Some(kind);
        }
    }
    (0..count)
        .map(|b| {
            let body_type = map.bodies[b].body_type;
            let mut r = Stream::new(knobs.seed, Kind::Sabotage, b as u64 | 1 << 20);
            let (system, mapping, format) = match body_type {
                BodyType::Police => r.pick(&[
                    ("NICHE", "niche", Format::Csv),
                    ("NICHE", "niche", Format::Csv),
                    ("ATHENA", "athena", Format::Parquet),
                    ("CONNECT", "connect", Format::Csv),
                ]),
                BodyType::Childrens => r.pick(&[
                    ("MOSAIC", "mosaic", Format::Csv),
                    ("LIQUIDLOGIC", "liquidlogic", Format::Csv),
                    ("ECLIPSE", "plain", Format::Parquet),
                ]),
                BodyType::Vol => ("OTHER", "plain", Format::Xlsx),
                _ => ("OTHER", "plain", Format::Csv),
            };
            let mut extract = truth.period.1 + r.between(55, 85);
            if sabotage[b] == Some(Sabotaged::Late) {
                extract += r.between(25, 90);
            }
            let back = if sabotage[b] == Some(Sabotaged::WrongYear) { 365 } else { 0 };
            let changed_on = (sabotage[b] == Some(Sabotaged::SystemChange))
                .then(|| r.between(truth.period.0 + 400, truth.period.1 - 400));
            let l = &knobs.language;
            // Evenly in log odds between the best and the worst, so that most bodies are neither.
            let (low, high) = (logit(l.lowest.clamp(1e-6, 0.999)), logit(l.highest.clamp(1e-6, 0.999)));
            let base = low + r.unit() * (high - low);
            let drift = l.drift * r.normal();
            let swap = &knobs.childrens;
            BodyPlan {
                number: b as u16,
                body_type,
                system,
                mapping: if knobs.dialects { mapping } else { "plain" },
                format,
                sabotage: sabotage[b],
                changed_on,
                period: (truth.period.0 - back, truth.period.1 - back),
                extract,
                misuse: (base, drift),
                missing_swap: swap.missing_swap_lowest
                    + r.unit() * (swap.missing_swap_highest - swap.missing_swap_lowest),
                slow: body_type == BodyType::Police && r.chance(0.1),
            }
        })
        .collect()
}
