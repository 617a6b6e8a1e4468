//! Rows of returns and the lines of truth that go with them, in parts that any thread can make.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use candour_returns::{BodyType, DateOrder, Mapping, Specification};

use crate::dates::{age_on, civil, number, push_iso, push_padded, year_of};
use crate::dialect::{Layout, Row};
use crate::geography::Geography;
use crate::names;
use crate::notes::{Note, NoteKind};
use crate::particulars::{self, ProtectedTraits, Recorded, Whose};
use crate::plan::{BodyPlan, Plans, SECOND, Sabotaged, named, record_for_event, suspect_key, twice};
use crate::random::{Kind, Stream, expit, logit, mix};
use crate::record::{
    Assessment, CODES_CHANGED, CaseFile, Episode, Offence, age_band, earliest, list_of, push_partial,
};
use crate::truth::{List, Person, Truth};
use crate::{Knobs, SyntheticError};

/// The tables that a return may have, in the order in which they are written.
pub(crate) const TABLES: [&str; 7] =
    ["victim", "offence", "suspect", "link", "missing", "assessment", "note"];
pub(crate) const VICTIM: usize = 0;
pub(crate) const OFFENCE: usize = 1;
const SUSPECT: usize = 2;
const LINK: usize = 3;
const MISSING: usize = 4;
const ASSESSMENT: usize = 5;
const NOTE: usize = 6;

/// Tables of a type of body.
pub(crate) fn tables_of(body: BodyType, notes: bool) -> Vec<usize> {
    let mut tables = match body {
        BodyType::Police => vec![VICTIM, OFFENCE, SUSPECT, LINK],
        BodyType::Childrens => vec![VICTIM, MISSING, ASSESSMENT],
        _ => vec![VICTIM],
    };
    if notes && body != BodyType::Nrm {
        tables.push(NOTE);
    }
    tables
}

/// Why a fault is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Put into one row or cell.
    Injected,
    /// Follows from how the truth is recorded, such as a group that was not marked.
    Arising,
    /// Follows from a whole return that goes wrong.
    Sabotage,
}

impl Cause {
    /// Its word in the truth's table of errors.
    pub fn name(self) -> &'static str {
        match self {
            Self::Injected => "injected",
            Self::Arising => "arising",
            Self::Sabotage => "sabotage",
        }
    }
}

/// A fault that stands in a return, and the rule that should find it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartFault {
    pub(crate) rule: &'static str,
    pub(crate) table: usize,
    /// Counted from 1 after the heading, within the part until parts are put together.
    pub(crate) row: u64,
    pub(crate) column: &'static str,
    pub(crate) record: String,
    pub(crate) cause: Cause,
}

/// Rows of one body and what is true of them.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub(crate) tables: [Vec<u8>; TABLES.len()],
    pub(crate) rows: [u64; TABLES.len()],
    pub(crate) victim_map: Vec<u8>,
    pub(crate) suspect_map: Vec<u8>,
    pub(crate) offence_map: Vec<u8>,
    pub(crate) criminalised: Vec<u8>,
    pub(crate) labels: Vec<u8>,
    pub(crate) faults: Vec<PartFault>,
    pub(crate) counts: Counts,
    /// Offences by month recorded, episodes and assessments by month begun; months are counted from the year 0.
    pub(crate) months: [BTreeMap<i32, u64>; 3],
    /// Authorities that rows name.
    pub(crate) met: BTreeSet<u16>,
    /// By year: notes, and those with wording that guidance asks not to use.
    pub(crate) notes: BTreeMap<i32, (u64, u64)>,
}

/// What rules about a whole return go by.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) victims: u64,
    pub(crate) victim_ethnicity_missing: u64,
    pub(crate) victim_dob_missing: u64,
    pub(crate) offences: u64,
    pub(crate) flagged: u64,
    pub(crate) noted_unknown: u64,
    pub(crate) relationship_unknown: u64,
    pub(crate) victim_sex_missing: u64,
    /// Named suspects whose ethnicity was not refused, and those whose ethnicity is known.
    pub(crate) named_asked: u64,
    pub(crate) named_known: u64,
    /// Episodes whose kind can be read.
    pub(crate) episodes: u64,
    pub(crate) assessments: u64,
    /// Victims' dates of birth that can be read, and those on 1 January.
    pub(crate) births: u64,
    pub(crate) births_new_year: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Self) {
        self.victims += other.victims;
        self.victim_ethnicity_missing += other.victim_ethnicity_missing;
        self.victim_dob_missing += other.victim_dob_missing;
        self.offences += other.offences;
        self.flagged += other.flagged;
        self.noted_unknown += other.noted_unknown;
        self.relationship_unknown += other.relationship_unknown;
        self.victim_sex_missing += other.victim_sex_missing;
        self.named_asked += other.named_asked;
        self.named_known += other.named_known;
        self.episodes += other.episodes;
        self.assessments += other.assessments;
        self.births += other.births;
        self.births_new_year += other.births_new_year;
    }
}

/// Which rows to make.
#[derive(Debug, Clone)]
pub(crate) enum Job {
    Records(std::ops::Range<usize>),
    Events(std::ops::Range<usize>),
    Suspects(std::ops::Range<usize>),
}

/// All that is needed to make any part.
pub(crate) struct Press {
    pub(crate) knobs: Knobs,
    pub(crate) map: Geography,
    pub(crate) truth: Truth,
    pub(crate) plans: Plans,
    pub(crate) specification: Specification,
    /// By name of mapping: its layouts, one a table, and the order of its dates.
    layouts: Vec<(String, Vec<Layout>, DateOrder)>,
    /// Offence classes that imply contact.
    contact: Vec<String>,
    /// Of each ethnic group, how much oftener or more seldom it is missing, in log odds.
    missing_shift: [f64; 5],
}

impl Press {
    /// The folder of a body's return.
    pub(crate) fn folder(&self, body: usize) -> String {
        format!("returns/{}/v{}", self.map.bodies[body].code, self.knobs.version)
    }

    pub(crate) fn new(knobs: Knobs) -> Result<Self, SyntheticError> {
        let map = Geography::new();
        let truth = Truth::new(&knobs, &map)?;
        let plans = Plans::new(&knobs, &map, &truth);
        let specification = Specification::aud_1()?;
        let mut layouts = Vec::new();
        for (n, mapping) in Mapping::dialects(&specification)?.into_iter().enumerate() {
            let mut tables = Vec::new();
            for name in TABLES {
                // Systems put columns in different orders, too; the specification's own spelling keeps its order.
                tables.push(Layout::new(&specification, specification.table(name)?, &mapping, n % 4));
            }
            layouts.push((mapping.name.clone(), tables, mapping.dates));
        }
        let contact = specification
            .lists
            .get("ho_class")
            .into_iter()
            .flat_map(|list| &list.codes)
            .filter(|code| code.marks.iter().any(|m| m == "contact"))
            .map(|code| code.code.clone())
            .collect();
        // Which group is missing oftener is drawn, so that nobody reads a claim into it.
        let mut missing_shift = [0.0; 5];
        if knobs.suspects.ethnicity_missing_not_at_random {
            let mut r = Stream::new(knobs.seed, Kind::Protected, u64::MAX);
            for shift in &mut missing_shift {
                *shift = 0.8 * r.normal();
            }
        }
        Ok(Self { knobs, map, truth, plans, specification, layouts, contact, missing_shift })
    }

    pub(crate) fn layout(&self, plan: &BodyPlan, table: usize) -> &Layout {
        let found = self.layouts.iter().find(|(name, ..)| name == plan.mapping);
        &found.unwrap_or(&self.layouts[0]).1[table]
    }

    fn serial_dates(&self, plan: &BodyPlan) -> bool {
        self.layouts
            .iter()
            .any(|(name, _, dates)| name == plan.mapping && *dates == DateOrder::SpreadsheetSerial)
    }

    /// The jobs of a body, in the order in which their rows stand in its tables.
    pub(crate) fn jobs(&self, body: usize) -> Vec<Job> {
        let contents = &self.plans.contents[body];
        let cut = |n: usize, size: usize| (0..n).step_by(size).map(move |from| from..(from + size).min(n));
        let mut jobs: Vec<Job> = cut(contents.records.len(), 1024).map(Job::Records).collect();
        jobs.extend(cut(contents.events.len(), 4096).map(Job::Events));
        jobs.extend(cut(contents.suspects.len(), 4096).map(Job::Suspects));
        jobs
    }

    pub(crate) fn make(&self, body: usize, job: &Job) -> Part {
        let plan = &self.plans.bodies[body];
        let contents = &self.plans.contents[body];
        let mut scribe = Scribe {
            press: self,
            plan,
            code: &self.map.bodies[body].code,
            layouts: TABLES.iter().enumerate().map(|(t, _)| self.layout(plan, t)).collect(),
            part: Part::default(),
            row: Row::default(),
            note: Note::default(),
        };
        match job {
            Job::Records(range) => contents.records[range.clone()].iter().for_each(|&r| scribe.record(r)),
            Job::Events(range) => contents.events[range.clone()].iter().for_each(|&e| scribe.event(e)),
            Job::Suspects(range) => {
                contents.suspects[range.clone()]
                    .iter()
                    .for_each(|&s| scribe.suspect(s, &contents.suspects_sorted));
            }
        }
        scribe.part
    }
}

fn fault_of(knobs: &Knobs, plan: &BodyPlan, table: usize, key: u64) -> Option<Stream> {
    let mut r = Stream::of_two(knobs.seed, Kind::Fault, u64::from(plan.number) << 8 | table as u64, key);
    r.chance(knobs.faults.rate).then_some(r)
}

/// Whether a fault is put into a row of a body.
pub(crate) fn has_fault(knobs: &Knobs, plan: &BodyPlan, table: usize, key: u64) -> bool {
    fault_of(knobs, plan, table, key).is_some()
}

/// What a force writes down of who a victim is, and the numbers to go on drawing from.
pub(crate) fn police_victim(
    knobs: &Knobs,
    truth: &Truth,
    map: &Geography,
    plan: &BodyPlan,
    record: u32,
) -> (Stream, Recorded) {
    let mut r = Stream::of_two(knobs.seed, Kind::Clerk, u64::from(plan.number), u64::from(record));
    let number = record & !SECOND;
    let who = particulars::of_victim(truth, map, number);
    let at_second = truth.persons[number as usize].moved && r.chance(0.5);
    let written = particulars::write_down(knobs, &mut r, &who, at_second);
    (r, written)
}

/// One thread at work on one part.
struct Scribe<'a> {
    press: &'a Press,
    plan: &'a BodyPlan,
    code: &'a str,
    layouts: Vec<&'a Layout>,
    part: Part,
    row: Row,
    note: Note,
}

/// Ids of rows: a letter and twelve letters or digits that say nothing.
fn id(letter: u8, seed: u64, body: u16, first: u64, second: u64) -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut bits = mix(mix(mix(seed, u64::from(letter) << 32 | u64::from(body)), first), second);
    let mut id = String::with_capacity(13);
    id.push(char::from(letter));
    for _ in 0..12 {
        id.push(char::from(DIGITS[(bits & 31) as usize]));
        bits >>= 5;
    }
    id
}

fn yes_no(yes: bool) -> &'static str {
    if yes { "Y" } else { "N" }
}

/// Writes `YYYY-MM-DDThh:mmZ` of minutes from 1970.
fn push_time(into: &mut Vec<u8>, minutes: i64) {
    push_iso(into, minutes.div_euclid(1440) as i32);
    into.push(b'T');
    let of_day = minutes.rem_euclid(1440) as u32;
    push_padded(into, of_day / 60, 2);
    into.push(b':');
    push_padded(into, of_day % 60, 2);
    into.push(b'Z');
}

impl Scribe<'_> {
    fn seed(&self) -> u64 {
        self.press.knobs.seed
    }

    /// The numbers by which a record comes to differ from its person.
    fn clerk(&self, record: u32) -> Stream {
        Stream::of_two(self.seed(), Kind::Clerk, u64::from(self.plan.number), u64::from(record))
    }

    fn record_id(&self, record: u32) -> String {
        id(b'P', self.seed(), self.plan.number, u64::from(record), 0)
    }

    fn column(&self, table: usize, name: &'static str) -> usize {
        // Every name used here is asked for by the tests.
        self.press.specification.table(TABLES[table]).and_then(|t| t.column_index(name)).unwrap_or(0)
    }

    /// Puts a cell of the row that is being made into another state.
    fn damage(&mut self, table: usize, column: &'static str, cell: Vec<u8>) {
        self.row.damaged = Some((self.column(table, column), cell));
    }

    fn found(&mut self, rule: &'static str, table: usize, column: &'static str, record: &str, cause: Cause) {
        let row = self.part.rows[table] + 1;
        self.part.faults.push(PartFault { rule, table, row, column, record: record.to_owned(), cause });
    }

    /// Writes the row that has been made.
    fn finish(&mut self, table: usize) {
        let into = &mut self.part.tables[table];
        self.row.write(self.layouts[table], into);
        if table == VICTIM && self.plan.sabotage == Some(Sabotaged::UnknownColumn) {
            into.pop();
            into.extend_from_slice(b",x\n");
        }
        self.part.rows[table] += 1;
    }

    /// Whether a fault is to be put into a row, and if so the numbers to draw it from.
    fn fault(&self, table: usize, key: u64) -> Option<Stream> {
        fault_of(&self.press.knobs, self.plan, table, key)
    }

    fn record(&mut self, record: u32) {
        let press = self.press;
        let (knobs, truth, map, plan) = (&press.knobs, &press.truth, &press.map, self.plan);
        let number_in_truth = record & !SECOND;
        let person = truth.persons[number_in_truth as usize];
        let mut r = self.clerk(record);
        let record_id = self.record_id(record);

        let police = plan.body_type == BodyType::Police;
        let mut offences: Vec<Offence> = Vec::new();
        if police {
            offences.extend(
                press
                    .plans
                    .events_of_record(knobs, map, truth, plan, record)
                    .into_iter()
                    .map(|e| Offence::of(knobs, map, truth, plan, e)),
            );
        }
        let last = truth.period.1;
        let known = if police {
            offences.iter().map(|o| o.reported_on).min().unwrap_or(person.first_event)
        } else {
            (person.first_event + r.between(0, 420)).min(last)
        };
        let file = if plan.body_type == BodyType::Childrens {
            CaseFile::of(knobs, truth, plan, &mut r, person, known)
        } else {
            CaseFile { removed_reason: "NA", ..CaseFile::default() }
        };

        let mut written;
        if police {
            (r, written) = police_victim(knobs, truth, map, plan, record);
        } else {
            let who = particulars::of_victim(truth, map, number_in_truth);
            let at_second = match plan.body_type {
                // An authority has the address that lies in it.
                BodyType::Childrens => map.childrens_body(who.homes[0].0) != plan.number,
                _ => person.moved && r.chance(0.5),
            };
            written = particulars::write_down(knobs, &mut r, &who, at_second && person.moved);
        }
        if plan.sabotage == Some(Sabotaged::PlaceholderBirths) && mix(u64::from(record), 77).is_multiple_of(4)
        {
            // Nobody older than they are: an episode before the birth would be a fault of its own.
            written.dob = written.dob.map(|born| number(civil(born).year, 1, 1));
        }
        let episodes = self.episodes_of(record, &file);
        let assessments = self.assessments_of(record, &file);
        let born = self.victim(
            &mut r,
            record,
            &record_id,
            person,
            &written,
            &offences,
            &file,
            &episodes,
            &assessments,
            known,
        );

        // Writing to a Vec cannot fail.
        let _ = writeln!(self.part.victim_map, "{},{record_id},{number_in_truth}", self.code);
        let overlapping = overlapping(&episodes);
        for (n, episode) in episodes.iter().enumerate() {
            self.episode(&record_id, record, n, episode, overlapping[n], born);
        }
        let lowered = lowered(&assessments, &episodes);
        for (n, assessment) in assessments.iter().enumerate() {
            self.assessment(&record_id, record, n, assessment, lowered[n]);
        }
        if knobs.language.notes && plan.body_type != BodyType::Nrm {
            let beside = if police { !offences.is_empty() } else { person.on(List::Police) };
            self.notes(&record_id, record, person, known, beside);
        }
    }

    /// The NHS number that a record holds, where it holds one.
    fn nhs_of(&self, record: u32, known: i32) -> Option<String> {
        let k = &self.press.knobs.victim;
        let mut r = Stream::of_two(
            self.seed(),
            Kind::Record,
            u64::from(self.plan.number) | 1 << 60,
            u64::from(record),
        );
        let risen = k.nhs_yearly_rise * f64::from((year_of(known) - 2023).max(0));
        let share = match self.plan.body_type {
            BodyType::Police => k.nhs_police + risen,
            BodyType::Childrens => k.nhs_childrens + risen,
            BodyType::Health => 0.97,
            BodyType::Vol => 0.05,
            BodyType::Nrm | BodyType::Cps => 0.15,
        };
        r.chance(share).then(|| names::nhs_number(self.seed(), u64::from(record & !SECOND)))
    }

    fn upn_of(&self, record: u32, person: Person) -> Option<String> {
        let mut r = Stream::of_two(
            self.seed(),
            Kind::Record,
            u64::from(self.plan.number) | 1 << 61,
            u64::from(record),
        );
        (self.plan.body_type == BodyType::Childrens && r.chance(0.55))
            .then(|| names::upn(self.seed(), u64::from(record & !SECOND), person.authority))
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one row, each made before it")]
    fn victim(
        &mut self,
        r: &mut Stream,
        record: u32,
        record_id: &str,
        person: Person,
        written: &Recorded,
        offences: &[Offence],
        file: &CaseFile,
        episodes: &[WrittenEpisode],
        assessments: &[WrittenAssessment],
        known: i32,
    ) -> Option<i32> {
        let press = self.press;
        let (knobs, plan) = (&press.knobs, self.plan);
        let police = plan.body_type == BodyType::Police;
        let number_in_truth = record & !SECOND;
        let nhs = self.nhs_of(record, known);
        let upn = self.upn_of(record, person);
        let other = record ^ SECOND;
        let doubled = twice(knobs, plan.number, number_in_truth);
        let list = list_of(plan.body_type, person.looked_after, r);
        let contact = offences.iter().any(|o| press.contact.iter().any(|c| c == o.class));
        let mut known_as = match plan.body_type {
            BodyType::Police => r.weighted(&[
                ("VICTIM_RECORDED", 88.0),
                ("AT_RISK_ONLY", 5.0),
                ("CONCERN", 4.0),
                ("VICTIM_DISCLOSED", 3.0),
            ]),
            BodyType::Childrens => r.weighted(&[
                ("CONCERN", 4.0),
                ("AT_RISK_ONLY", 3.0),
                ("VICTIM_DISCLOSED", 2.0),
                ("VICTIM_RECORDED", 1.0),
            ]),
            _ => r.weighted(&[
                ("VICTIM_DISCLOSED", 4.0),
                ("CONCERN", 3.0),
                ("AT_RISK_ONLY", 2.0),
                ("VICTIM_RECORDED", 1.0),
            ]),
        };
        let protected = ProtectedTraits::of(knobs.seed, Whose::Victim, number_in_truth);
        let police_codes = plan.body_type != BodyType::Childrens;
        let missing = missing_code(r, knobs.victim.ethnicity_missing, police_codes);
        let (ethnicity, said_by) = match missing {
            Some(code) => (code, if code == "NC" { "NC" } else { "NK" }),
            None => (
                protected.ethnicity(police_codes),
                r.weighted(&[("SELF", 7.0), ("OBSERVED", 2.0), ("INFERRED", 1.0)]),
            ),
        };
        let mut dob = written.dob;
        let mut removed_on = file.removed_on;
        let mut doubled_row = plan.sabotage == Some(Sabotaged::DoubleReturn);

        // A fault of meaning changes what is written; a fault of form changes one cell after that.
        let mut fault = self.fault(VICTIM, u64::from(record));
        let mut damage: Option<Damage> = None;
        let mut rules: Vec<(&'static str, &'static str, Cause)> = Vec::new();
        let mut changed = false;
        if let Some(f) = &mut fault {
            let serial = self.serial_dates();
            match f.below(14) {
                0 if dob.is_some() => {
                    let text = if serial {
                        "31/02/2010".to_owned()
                    } else {
                        (dob.unwrap_or(0) + 25_569).to_string()
                    };
                    damage = Some(("ST04", "dob", text.into_bytes()));
                }
                1 if !doubled_row => {
                    doubled_row = true;
                }
                2 => damage = Some(("VA03", "sex", b"X".to_vec())),
                3 => damage = Some(("ST07", "known_as", b"VICTIM_UNKNOWN".to_vec())),
                4 => damage = Some(("ST08", "local_id", b"Alice Brown".to_vec())),
                5 if nhs.is_some() && !doubled => damage = Some(("ST09", "nhs_no", b"9.43E+09".to_vec())),
                6 => damage = Some(("ST10", "known_as", Vec::new())),
                7 if !doubled => {
                    if let Some(n) = &nhs {
                        let mut wrong = n.clone().into_bytes();
                        let place = wrong.len() - 1;
                        wrong[place] = b'0' + (wrong[place] - b'0' + 1 + f.below(8) as u8) % 10;
                        damage = Some(("VA01", "nhs_no", wrong));
                    }
                }
                8 if !doubled => {
                    if let Some(u) = &upn {
                        let mut wrong = u.clone().into_bytes();
                        wrong[0] = if wrong[0] == b'A' { b'B' } else { b'A' };
                        damage = Some(("VA02", "upn", wrong));
                    }
                }
                // A birth after an episode would be a fault of its own.
                9 if dob.is_some() && !police && episodes.is_empty() => {
                    dob = Some(press.truth.period.1 + f.between(30, 400));
                    changed = true;
                }
                10 if dob.is_some() && plan.body_type == BodyType::Childrens => {
                    dob = Some(person.born - 30 * 365);
                    changed = true;
                }
                11 => {
                    let last = last_activity(episodes, assessments);
                    let day = last.map(|day| known.max(day - f.between(3, 60)));
                    if day < last {
                        removed_on = day;
                        changed = true;
                    }
                }
                12 if contact => {
                    known_as = "AT_RISK_ONLY";
                    changed = true;
                }
                // A blank in a key is a key that is missing.
                13 => damage = Some(("ST05", "list_id", Vec::new())),
                _ => {}
            }
        }
        let cause = if changed { Cause::Injected } else { Cause::Arising };
        if contact && known_as == "AT_RISK_ONLY" {
            rules.push(("CN07", "known_as", cause));
        }
        if dob.is_some_and(|born| born > plan.period.1) {
            rules.push(("VA04", "dob", cause));
        }
        if removed_on < last_activity(episodes, assessments) && removed_on.is_some() {
            rules.push(("CN14", "removed_on", cause));
        }
        // Rules go by the month of birth, and ask only about those who were grown up whatever the day.
        let grown = dob.map(month_end).is_some_and(|born| {
            let adult = |o: &Offence| age_on(born, earliest(o.committed_from, o.precision)) >= 18;
            offences.iter().any(adult) || (plan.body_type == BodyType::Childrens && age_on(born, known) > 25)
        });
        if grown {
            rules.push(("VA05", "dob", cause));
        }
        // The second of two rows with one number is the one that is found.
        if doubled && Plans::comes_later(knobs, plan, record) {
            if nhs.is_some() && self.nhs_of(other, self.known_of(other)).is_some() {
                rules.push(("UN01", "nhs_no", Cause::Arising));
            }
            if upn.is_some() && self.upn_of(other, person).is_some() {
                rules.push(("UN01", "upn", Cause::Arising));
            }
        }

        let removed_reason = match (removed_on, file.removed_reason) {
            (None, _) => "NA",
            (Some(_), "" | "NA") => "STEP_DOWN",
            (Some(_), reason) => reason,
        };
        let not_held = if plan.body_type == BodyType::Childrens || plan.body_type == BodyType::Health {
            "NK"
        } else {
            "NC"
        };
        self.row.clear();
        let row = &mut self.row;
        row.text(record_id).text(list);
        row.with(|c| push_iso(c, known));
        row.text(written.forename.as_deref().unwrap_or("NK"));
        row.text(written.surname.as_deref().unwrap_or("NK"));
        push_date_or(row, dob, "NK");
        row.text(written.postcode.as_deref().unwrap_or("NK"));
        row.text(nhs.as_deref().unwrap_or(not_held));
        row.text(upn.as_deref().unwrap_or(if plan.body_type == BodyType::Childrens { "NK" } else { "NC" }));
        let local = id(b'L', knobs.seed, plan.number, u64::from(record), 3);
        row.text(&local[..8]);
        row.text(if written.female { "F" } else { "M" });
        match dob {
            Some(day) => row.with(|c| {
                let c_day = civil(day);
                push_padded(c, c_day.year as u32, 4);
                c.push(b'-');
                push_padded(c, c_day.month, 2);
            }),
            None => row.text("NK"),
        };
        row.text("NA");
        row.text(&press.map.authorities[usize::from(written.authority)].code);
        row.text(ethnicity).text(said_by);
        row.text(if r.chance(0.2) { "NK" } else { yes_no(protected.disability) });
        row.text(yes_no(person.looked_after));
        row.text(if police { "NC" } else { yes_no(person.looked_after || r.chance(0.05)) });
        row.text(if police || r.chance(0.3) { "NC" } else { yes_no(protected.neurodiverse) });
        row.text(known_as);
        push_date_or(row, removed_on, "NA");
        row.text(removed_reason);

        if plan.sabotage == Some(Sabotaged::Spreadsheet)
            && let Some(n) = &nhs
        {
            // What a spreadsheet shows of a long number, to three figures.
            let text = format!("{}.{}E+09", &n[..1], &n[1..3]);
            damage = Some(("ST09", "nhs_no", text.into_bytes()));
        }
        let sabotaged = plan.sabotage == Some(Sabotaged::Spreadsheet);
        let form_of_dob = damage.as_ref().is_some_and(|(_, column, _)| *column == "dob");
        if let Some((rule, column, cell)) = damage {
            let whole = sabotaged && rule == "ST09";
            rules.retain(|(other, at, _)| {
                (*at != column || *other == "VA05") && (column != "known_as" || *other != "CN07")
            });
            rules.push((rule, column, if whole { Cause::Sabotage } else { Cause::Injected }));
            self.damage(VICTIM, column, cell);
        }
        let rows = 1 + u64::from(doubled_row);
        self.part.counts.victims += rows;
        self.part.counts.victim_ethnicity_missing += rows * u64::from(missing.is_some());
        self.part.counts.victim_dob_missing += rows * u64::from(dob.is_none() || form_of_dob);
        if let Some(born) = dob.filter(|_| !form_of_dob) {
            self.part.counts.births += rows;
            self.part.counts.births_new_year +=
                rows * u64::from(civil(born).month == 1 && civil(born).day == 1);
        }
        self.part.met.insert(written.authority);
        self.part.counts.victim_sex_missing +=
            rows * u64::from(rules.iter().any(|(rule, ..)| *rule == "VA03"));
        for (rule, column, cause) in rules.clone() {
            self.found(rule, VICTIM, column, record_id, cause);
        }
        self.finish(VICTIM);
        if doubled_row {
            let cause = if plan.sabotage == Some(Sabotaged::DoubleReturn) {
                Cause::Sabotage
            } else {
                Cause::Injected
            };
            self.found("ST05", VICTIM, "person_id", record_id, cause);
            for (rule, column, cause) in rules {
                // A person's age is asked about once.
                if rule != "VA05" || plan.body_type == BodyType::Childrens {
                    self.found(rule, VICTIM, column, record_id, cause);
                }
            }
            self.finish(VICTIM);
        }
        if form_of_dob { None } else { dob }
    }

    fn serial_dates(&self) -> bool {
        self.press.serial_dates(self.plan)
    }

    /// The day from which the other record of a person is known, as [`record`](Self::record) draws it.
    fn known_of(&self, record: u32) -> i32 {
        let press = self.press;
        let person = press.truth.persons[(record & !SECOND) as usize];
        if self.plan.body_type == BodyType::Police {
            return press
                .plans
                .events_of_record(&press.knobs, &press.map, &press.truth, self.plan, record)
                .into_iter()
                .map(|e| Offence::of(&press.knobs, &press.map, &press.truth, self.plan, e).reported_on)
                .min()
                .unwrap_or(person.first_event);
        }
        let mut r =
            Stream::of_two(press.knobs.seed, Kind::Clerk, u64::from(self.plan.number), u64::from(record));
        (person.first_event + r.between(0, 420)).min(press.truth.period.1)
    }

    /// Missing episodes with the faults that are put into them.
    fn episodes_of(&self, record: u32, file: &CaseFile) -> Vec<WrittenEpisode> {
        let all = &file.episodes;
        let mut written = Vec::with_capacity(all.len());
        for (n, episode) in all.iter().enumerate() {
            let mut w = WrittenEpisode { episode: *episode, lost: false, damage: None };
            if self.plan.sabotage == Some(Sabotaged::OneKind) {
                w.episode.kind = "M";
            }
            if let Some(mut f) = self.fault(MISSING, u64::from(record) << 8 | n as u64) {
                match f.below(6) {
                    0 => w.episode.end = episode.start - i64::from(f.between(30, 600)),
                    1 if n > 0 => {
                        // Within the one before it, which lasts an hour or more.
                        w.episode.start = all[n - 1].start + 20;
                    }
                    2 => w.damage = Some(("ST10", "rhi_offered", Vec::new())),
                    3 => w.damage = Some(("ST07", "kind", b"Z".to_vec())),
                    4 => w.lost = true,
                    _ => w.damage = Some(("ST04", "start", b"2020-13-40T10:00Z".to_vec())),
                }
            }
            written.push(w);
        }
        written
    }

    fn episode(
        &mut self,
        record_id: &str,
        record: u32,
        n: usize,
        w: &WrittenEpisode,
        overlapping: bool,
        born: Option<i32>,
    ) {
        let episode_id = id(b'M', self.seed(), self.plan.number, u64::from(record), n as u64);
        let e = w.episode;
        let mut owner = record_id.to_owned();
        if w.lost {
            owner = id(b'P', self.seed(), self.plan.number, u64::from(record), 77);
            self.found("ST06", MISSING, "person_id", &episode_id, Cause::Injected);
        }
        if w.start().is_some() && e.end < e.start {
            self.found("CN01", MISSING, "end", &episode_id, Cause::Injected);
        }
        if overlapping {
            self.found("CN10", MISSING, "start", &episode_id, Cause::Injected);
        }
        let before_birth =
            born.zip(w.start()).is_some_and(|(born, start)| start.div_euclid(1440) < i64::from(born));
        if before_birth && !w.lost {
            self.found("CN10", MISSING, "start", &episode_id, Cause::Arising);
        }
        let kind_readable = w.damage.as_ref().is_none_or(|(_, column, _)| *column != "kind");
        self.part.counts.episodes += u64::from(kind_readable);
        if let Some(start) = w.start() {
            self.month(1, (start / 1440) as i32);
        }
        self.row.clear();
        let row = &mut self.row;
        row.text(&episode_id).text(&owner);
        row.with(|c| push_time(c, e.start)).with(|c| push_time(c, e.end));
        row.text(e.kind).text(yes_no(e.reported)).text(yes_no(e.offered));
        row.text(if e.offered { yes_no(e.accepted) } else { "NA" });
        push_date_or(row, e.accepted.then_some((e.end.max(e.start) / 1440) as i32 + 2), "NA");
        row.text(yes_no(e.exploitation));
        if let Some((rule, column, cell)) = &w.damage {
            self.found(rule, MISSING, column, &episode_id, Cause::Injected);
            self.damage(MISSING, column, cell.clone());
        }
        self.finish(MISSING);
    }

    /// Assessments with the faults that are put into them.
    fn assessments_of(&self, record: u32, file: &CaseFile) -> Vec<WrittenAssessment> {
        let (year, month, day) = CODES_CHANGED;
        let new_codes = number(year, month, day);
        let mut written = Vec::with_capacity(file.assessments.len());
        for (n, a) in file.assessments.iter().enumerate() {
            let mut w =
                WrittenAssessment { assessment: a.clone(), lost: false, damage: None, rules: Vec::new() };
            let own = &mut w.assessment;
            if self.plan.sabotage == Some(Sabotaged::DefaultCategory) {
                own.outcome = "OTHER";
            }
            if let Some(mut f) = self.fault(ASSESSMENT, u64::from(record) << 8 | n as u64) {
                match f.below(7) {
                    0 => {
                        own.end = a.start - f.between(1, 30);
                        // A code that came in between the two days would be a fault of its own.
                        if (own.end < new_codes) != (a.end < new_codes) {
                            own.factors.retain(|f| {
                                !matches!(*f, "18A" | "18B" | "18C" | "19A" | "19B" | "19C" | "24A")
                            });
                            if own.factors.is_empty() {
                                own.factors.push("20");
                            }
                        }
                        w.rules.push(("CN01", "end"));
                    }
                    1 => {
                        own.factors.push("21");
                        w.rules.push(("CN09", "factors"));
                    }
                    2 => {
                        own.factors.push(a.factors[0]);
                        w.rules.push(("CN09", "factors"));
                    }
                    3 if a.end < new_codes => {
                        // In the list, and not yet on that day.
                        own.factors.push("18C");
                        w.rules.push(("ST07", "factors"));
                    }
                    4 => w.damage = Some(("ST10", "risk_grade", Vec::new())),
                    5 => {
                        w.lost = true;
                        w.rules.push(("ST06", "person_id"));
                    }
                    _ => w.damage = Some(("ST07", "harm_status", b"MAYBE".to_vec())),
                }
            }
            written.push(w);
        }
        written
    }

    fn assessment(&mut self, record_id: &str, record: u32, n: usize, w: &WrittenAssessment, lowered: bool) {
        let assessment_id = id(b'A', self.seed(), self.plan.number, u64::from(record), n as u64);
        let a = &w.assessment;
        let owner = if w.lost {
            id(b'P', self.seed(), self.plan.number, u64::from(record), 78)
        } else {
            record_id.to_owned()
        };
        for (rule, column) in &w.rules {
            self.found(rule, ASSESSMENT, column, &assessment_id, Cause::Injected);
        }
        let criminal = a.factors.iter().any(|f| matches!(*f, "13A" | "24A"));
        let sexual = a.factors.iter().any(|f| f.starts_with("19"));
        if criminal && sexual && !a.factors.contains(&"11A") {
            self.found("CN06", ASSESSMENT, "factors", &assessment_id, Cause::Arising);
        }
        if lowered {
            self.found("CN08", ASSESSMENT, "risk_grade", &assessment_id, Cause::Arising);
        }
        self.part.counts.assessments += 1;
        self.month(2, a.start);
        self.row.clear();
        let row = &mut self.row;
        row.text(&assessment_id).text(&owner).text(a.kind);
        row.with(|c| push_iso(c, a.start))
            .with(|c| push_iso(c, a.end))
            .with(|c| push_iso(c, a.end.max(a.start)));
        row.with(|c| {
            for (n, factor) in a.factors.iter().enumerate() {
                if n > 0 {
                    c.push(b' ');
                }
                c.extend_from_slice(factor.as_bytes());
            }
        });
        row.text(a.grade).text(if a.kind == "RISK_TOOL" { "local exploitation tool" } else { "NA" });
        row.text(a.harm).text(a.outcome);
        push_date_or(row, a.referred_on, "NA");
        if let Some((rule, column, cell)) = &w.damage {
            self.found(rule, ASSESSMENT, column, &assessment_id, Cause::Injected);
            self.damage(ASSESSMENT, column, cell.clone());
        }
        self.finish(ASSESSMENT);
    }

    /// Counts a row of one of the three tables whose months are compared.
    fn month(&mut self, which: usize, day: i32) {
        let c = civil(day);
        *self.part.months[which].entry(c.year * 12 + c.month as i32 - 1).or_default() += 1;
    }

    fn notes(&mut self, record_id: &str, record: u32, person: Person, known: i32, beside: bool) {
        let press = self.press;
        let plan = self.plan;
        let k = &press.knobs.language;
        let mut r = Stream::of_two(press.knobs.seed, Kind::Note, u64::from(plan.number), u64::from(record));
        let more: f64 = match plan.body_type {
            BodyType::Police => 0.65,
            BodyType::Childrens => 0.865,
            _ => 0.74,
        };
        let count = 1 + r.run(more, 60);
        let span = (press.truth.period.1 - known).clamp(0, 900);
        let middle = f64::from(press.knobs.first_year + press.knobs.last_year) / 2.0;
        for n in 0..count {
            let written_on = known + r.between(0, span);
            let year = year_of(written_on);
            let rate = expit(plan.misuse.0 + plan.misuse.1 * (f64::from(year) - middle));
            let share = press.plans.beside_share.clamp(0.01, 0.99);
            let rate = if plan.body_type == BodyType::Police {
                rate
            } else if beside {
                (rate * k.beside_offence / share).min(0.95)
            } else {
                (rate * (1.0 - k.beside_offence) / (1.0 - share)).min(0.95)
            };
            let kind = NoteKind {
                female: person.female,
                misuse: r.chance(rate),
                cse: person.cse,
                cce: person.cce,
                mean_sentences: k.sentences,
            };
            let mut note = std::mem::take(&mut self.note);
            note.write(&mut r, kind);
            self.note_row(&mut r, record_id, record, n, &mut note, written_on);
            let note_id = id(b'N', press.knobs.seed, plan.number, u64::from(record), u64::from(n));
            note.push_labels(
                &mut self.part.labels,
                &note_id,
                self.code,
                record & !SECOND,
                written_on,
                beside,
            );
            let counts = self.part.notes.entry(year).or_default();
            counts.0 += 1;
            counts.1 += u64::from(note.misuses());
            self.note = note;
        }
    }

    fn note_row(
        &mut self,
        r: &mut Stream,
        record_id: &str,
        record: u32,
        n: u32,
        note: &mut Note,
        written_on: i32,
    ) {
        let plan = self.plan;
        let note_id = id(b'N', self.seed(), plan.number, u64::from(record), u64::from(n));
        let role = match plan.body_type {
            BodyType::Police => r.weighted(&[("POLICE_OFFICER", 9.0), ("SUPPORT", 1.0)]),
            BodyType::Childrens => r.weighted(&[
                ("SOCIAL_WORKER", 6.0),
                ("MANAGER", 1.5),
                ("SUPPORT", 1.5),
                ("EDUCATION", 0.7),
                ("OTHER", 0.3),
            ]),
            BodyType::Health => r.weighted(&[("HEALTH", 9.0), ("SUPPORT", 1.0)]),
            _ => r.weighted(&[("SUPPORT", 8.0), ("OTHER", 2.0)]),
        };
        let document = match plan.body_type {
            BodyType::Police => {
                r.weighted(&[("CRIME_REPORT", 5.0), ("INTELLIGENCE", 2.0), ("STRATEGY", 1.0), ("OTHER", 1.0)])
            }
            BodyType::Childrens => {
                r.weighted(&[("CASE_NOTE", 7.0), ("ASSESSMENT", 1.5), ("STRATEGY", 1.0), ("REFERRAL", 0.5)])
            }
            _ => r.weighted(&[("CASE_NOTE", 7.0), ("REFERRAL", 2.0), ("OTHER", 1.0)]),
        };
        let mut owner = record_id.to_owned();
        let mut damage: Option<Damage> = None;
        if let Some(mut f) = self.fault(NOTE, u64::from(record) << 8 | u64::from(n)) {
            match f.below(3) {
                0 => {
                    // Numbers of this block are kept for fiction.
                    let _ = write!(note.text, " The carer is on 07700 900{:03}.", f.below(1000));
                    self.found("ST11", NOTE, "text_redacted", &note_id, Cause::Injected);
                }
                1 => damage = Some(("ST10", "author_role", Vec::new())),
                _ => {
                    owner = id(b'P', self.seed(), plan.number, u64::from(record), 79);
                    self.found("ST06", NOTE, "person_id", &note_id, Cause::Injected);
                }
            }
        }
        self.row.clear();
        let row = &mut self.row;
        row.text(&note_id).text(&owner);
        row.with(|c| push_iso(c, written_on));
        row.text(role).text(document).push(&note.text).text("local-redactor-1");
        row.with(|c| {
            let _ = write!(c, "{}", note.text.len());
        });
        if let Some((rule, column, cell)) = damage {
            self.found(rule, NOTE, column, &note_id, Cause::Injected);
            self.damage(NOTE, column, cell);
        }
        self.finish(NOTE);
    }

    fn event(&mut self, event: u32) {
        let press = self.press;
        let (knobs, truth, map, plan) = (&press.knobs, &press.truth, &press.map, self.plan);
        let e = truth.events[event as usize];
        let o = Offence::of(knobs, map, truth, plan, event);
        let offence_id = id(b'O', knobs.seed, plan.number, u64::from(event), 0);
        let broken = o.broken();
        let mut doubled_row = false;
        let mut damage: Option<Damage> = None;
        if broken.is_empty()
            && let Some(mut f) = self.fault(OFFENCE, u64::from(event))
        {
            match f.below(6) {
                0 => damage = Some(("ST04", "recorded_on", b"2019-02-30".to_vec())),
                1 => doubled_row = true,
                2 => damage = Some(("ST07", "ho_class", b"99Z".to_vec())),
                3 if o.outcome_on.is_some_and(|d| d < number(2019, 4, 1)) => {
                    damage = Some(("ST07", "outcome_code", b"22".to_vec()));
                }
                4 => damage = Some(("ST08", "ho_code", b"Daniel Moore".to_vec())),
                _ => damage = Some(("ST10", "setting", Vec::new())),
            }
        }
        let unknown_flag = if plan.body_type == BodyType::Police { "NC" } else { "NK" };
        self.row.clear();
        let row = &mut self.row;
        row.text(&offence_id).text(o.class).text(unknown_flag);
        row.with(|c| push_partial(c, o.committed_from, o.precision))
            .with(|c| push_partial(c, o.committed_to, o.precision));
        row.with(|c| push_iso(c, o.reported_on))
            .with(|c| push_iso(c, o.recorded_on))
            .with(|c| push_iso(c, o.crimed_on));
        row.text(yes_no(o.flag_cse))
            .text(yes_no(o.flag_cce))
            .text("Y")
            .text(yes_no(o.flag_online))
            .text(o.flag_source);
        match o.noted {
            Some(n) => row.with(|c| {
                let _ = write!(c, "{n}");
            }),
            None => row.text("NK"),
        };
        row.text(if o.noted.is_some() { yes_no(o.noted_is_minimum) } else { "NK" });
        row.text(o.group_flag)
            .text(o.group_type)
            .text(o.relationship)
            .text(o.setting)
            .text(o.inducement)
            .text(o.outcome);
        push_date_or(row, o.outcome_on, "NA");
        row.text(yes_no(o.account_taken)).text(yes_no(o.interviewed));
        row.text(&map.authorities[usize::from(e.place)].code).text(o.place_type).text(o.transferred);
        for (rule, column) in broken {
            let cause = if o.fault.is_some() { Cause::Injected } else { Cause::Arising };
            self.found(rule, OFFENCE, column, &offence_id, cause);
        }
        if let Some((rule, column, cell)) = damage {
            self.found(rule, OFFENCE, column, &offence_id, Cause::Injected);
            self.damage(OFFENCE, column, cell);
        }
        if press.plans.kept_twice.contains_key(&event) {
            self.found("UN03", OFFENCE, "offence_id", &offence_id, Cause::Injected);
        }
        let readable =
            self.row.damaged.as_ref().is_none_or(|(at, _)| *at != self.column(OFFENCE, "recorded_on"));
        self.finish(OFFENCE);
        if doubled_row {
            self.found("ST05", OFFENCE, "offence_id", &offence_id, Cause::Injected);
            self.finish(OFFENCE);
        }
        let rows = 1 + u64::from(doubled_row);
        self.part.counts.offences += rows;
        (0..rows).for_each(|_| {
            if readable {
                self.month(0, o.recorded_on);
            }
        });
        self.part.counts.flagged += rows * u64::from(o.flag_cse);
        self.part.met.insert(e.place);
        self.part.counts.noted_unknown += rows * u64::from(o.noted.is_none());
        self.part.counts.relationship_unknown += rows * u64::from(o.relationship == "NK");
        let _ = writeln!(self.part.offence_map, "{},{offence_id},{event}", self.code);

        let mut victims = vec![e.person];
        if e.second != crate::truth::NONE && truth.persons[e.second as usize].on(List::Police) {
            victims.push(e.second);
        }
        for victim in victims {
            let to = self.record_id(record_for_event(knobs, plan.number, victim, event));
            self.link("OFF", &offence_id, "VIC", &to, "OFF_VIC", "NA", o.recorded_on);
        }
        for (slot, offender) in truth.perpetrators(event).into_iter().enumerate() {
            let suspect_id = if named(knobs, event, slot) {
                let key = suspect_key(knobs, plan.number, event, offender);
                id(b'S', knobs.seed, plan.number, key, 0)
            } else {
                self.unnamed(event, slot, offender)
            };
            let basis = match mix(u64::from(event), slot as u64) % 10 {
                0..5 => "VICTIM_ACCOUNT",
                5..7 => "CO_OFFENCE",
                7 => "INTEL",
                8 => "PHONE",
                _ => "CO_ARREST",
            };
            self.link("OFF", &offence_id, "SUS", &suspect_id, "OFF_SUS", basis, o.recorded_on);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the cells of one row")]
    fn link(&mut self, from: &str, from_id: &str, to: &str, to_id: &str, kind: &str, basis: &str, day: i32) {
        let key = from_id.bytes().chain(to_id.bytes()).fold(7, |k, b| mix(k, u64::from(b)));
        let mut damage: Option<Damage> = None;
        let record = format!("{from_id}-{to_id}");
        let mut lost = None;
        if let Some(mut f) = self.fault(LINK, key) {
            match f.below(3) {
                0 => lost = Some(id(b'O', self.seed(), self.plan.number, key, 76)),
                1 => damage = Some(("ST07", "strength", b"MAYBE".to_vec())),
                _ => damage = Some(("ST10", "strength", Vec::new())),
            }
        }
        let strength = if mix(key, 5) % 10 < 8 { "CONFIRMED" } else { "SUSPECTED" };
        self.row.clear();
        self.row.text(from).text(from_id).text(to).text(to_id).text(kind).text(basis).text(strength);
        self.row.with(|c| push_iso(c, day));
        if let Some((rule, column, cell)) = damage {
            self.found(rule, LINK, column, &record, Cause::Injected);
            self.damage(LINK, column, cell);
        }
        self.finish(LINK);
        // A link more, from an offence that was lost between two extracts.
        if let (Some(lost), true) = (lost, from == "OFF") {
            self.found("ST06", LINK, "from_id", &record, Cause::Injected);
            self.row.clear();
            self.row.text(from).text(&lost).text(to).text(to_id).text(kind).text(basis).text(strength);
            self.row.with(|c| push_iso(c, day));
            self.finish(LINK);
        }
    }

    /// A child who is a victim in the same return and stands in it as a suspect, in the place of a perpetrator whom nobody named:
    /// the record and what it says of the child. Only records that no fault was put into, so that the two agree.
    fn criminalised(&self, event: u32, slot: usize) -> Option<(u32, String, String, i32)> {
        let press = self.press;
        let (knobs, truth) = (&press.knobs, &press.truth);
        let mut r = Stream::of_two(knobs.seed, Kind::Suspect, u64::from(event) | 1 << 44, slot as u64);
        let records = &press.plans.contents[usize::from(self.plan.number)].records;
        if records.is_empty() || !r.chance(knobs.suspects.criminalised) {
            return None;
        }
        let record = r.pick(records);
        let person = record & !SECOND;
        let e = &truth.events[event as usize];
        if person == e.person || person == e.second || self.fault(VICTIM, u64::from(record)).is_some() {
            return None;
        }
        let who = particulars::of_victim(truth, &press.map, person);
        let mut clerk = self.clerk(record);
        let moved = truth.persons[person as usize].moved;
        let second_home = moved && clerk.chance(0.5);
        let written = particulars::write_down(knobs, &mut clerk, &who, second_home);
        let born = written.dob.filter(|born| (10..18).contains(&age_on(*born, e.day)))?;
        Some((person, written.forename?, written.surname?, born))
    }

    /// A perpetrator whom nobody named: a row of its own for each offence.
    fn unnamed(&mut self, event: u32, slot: usize, offender: u32) -> String {
        let knobs = &self.press.knobs;
        let suspect_id = id(b'U', knobs.seed, self.plan.number, u64::from(event), slot as u64);
        if let Some((person, forename, surname, born)) = self.criminalised(event, slot) {
            let female = self.press.truth.persons[person as usize].female;
            self.row.clear();
            let row = &mut self.row;
            row.text(&suspect_id).text("NAMED").text(&forename).text(&surname);
            push_date_or(row, Some(born), "NK");
            row.text("NK")
                .text(if female { "F" } else { "M" })
                .text("10-17")
                .text("SUSPECT")
                .text("NK")
                .text("NK")
                .text("NK");
            self.part.counts.named_asked += 1;
            self.found("CN12", SUSPECT, "suspect_id", &suspect_id, Cause::Arising);
            self.finish(SUSPECT);
            let _ = writeln!(self.part.suspect_map, "{},{suspect_id},{offender}", self.code);
            let _ = writeln!(self.part.criminalised, "{},{suspect_id},{person}", self.code);
            return suspect_id;
        }
        let mut r = Stream::of_two(knobs.seed, Kind::Suspect, u64::from(event) | 1 << 42, slot as u64);
        let described = r.chance(0.5);
        let (_, _, age, female) = particulars::of_offender(&self.press.truth, knobs, offender);
        self.row.clear();
        let row = &mut self.row;
        row.text(&suspect_id).text(if described { "DESCRIBED" } else { "UNKNOWN" });
        row.text("NA").text("NA").text("NA").text("NA");
        row.text(if described && r.chance(0.9) { if female { "F" } else { "M" } } else { "U" });
        row.text(if described && r.chance(0.6) { age_band(i32::from(age)) } else { "NK" });
        row.text("SUSPECT").text("NK").text("NK").text("NK");
        self.finish(SUSPECT);
        let _ = writeln!(self.part.suspect_map, "{},{suspect_id},{offender}", self.code);
        suspect_id
    }

    fn suspect(&mut self, key: u64, sorted: &[u64]) {
        let press = self.press;
        let (knobs, truth, plan) = (&press.knobs, &press.truth, self.plan);
        let offender = (key >> 1) as u32;
        let suspect_id = id(b'S', knobs.seed, plan.number, key, 0);
        let mut r = Stream::of_two(knobs.seed, Kind::Suspect, u64::from(plan.number) | 1 << 43, key);
        let (mut forename, mut surname, age, female) = particulars::of_offender(truth, knobs, offender);
        let first = truth.offender_first(offender);
        let born =
            first - (f64::from(age) * 365.2425) as i32 - 1 - (mix(9, u64::from(offender)) % 360) as i32;
        if r.chance(knobs.distortion.name_typo) {
            forename = names::slip(&mut r, &forename);
        }
        if r.chance(knobs.distortion.name_typo) {
            surname = names::slip(&mut r, &surname);
        }
        let dob = (!r.chance(knobs.distortion.dob_missing)).then_some(born);
        let protected = ProtectedTraits::of(knobs.seed, Whose::Offender, offender);
        let share = expit(
            logit(knobs.suspects.ethnicity_missing.clamp(1e-9, 1.0 - 1e-9))
                + press.missing_shift[protected.broad_group() as usize],
        );
        let (ethnicity, said_by, nationality) = match missing_code(&mut r, share, true) {
            Some(code) => (code, if code == "NC" { "NC" } else { "NK" }, "NK"),
            None => (
                protected.ethnicity(true),
                r.weighted(&[("SELF", 6.0), ("OBSERVED", 3.0), ("INFERRED", 1.0)]),
                if r.chance(0.8) { protected.nationality } else { "NK" },
            ),
        };
        self.part.counts.named_asked += u64::from(ethnicity != "NS");
        self.part.counts.named_known += u64::from(!matches!(ethnicity, "NS" | "NK" | "NC"));
        let mut damage: Option<Damage> = None;
        if let Some(mut f) = self.fault(SUSPECT, key) {
            damage = match f.below(5) {
                0 if dob.is_some() => Some(("ST04", "dob", b"1999-00-10".to_vec())),
                1 => Some(("ST07", "age_band", b"60-70".to_vec())),
                2 => Some(("ST10", "status", Vec::new())),
                3 => Some(("ST08", "local_id", b"Thomas Wood".to_vec())),
                _ => Some(("VA03", "sex", b"X".to_vec())),
            };
        }
        self.row.clear();
        let row = &mut self.row;
        row.text(&suspect_id).text("NAMED").text(&forename).text(&surname);
        push_date_or(row, dob, "NK");
        row.text(&id(b'L', knobs.seed, plan.number, key, 4)[..8]);
        row.text(if female { "F" } else { "M" });
        row.text(age_band(age_on(born, first)));
        row.text(r.weighted(&[
            ("SUSPECT", 4.0),
            ("ARRESTED", 2.0),
            ("CHARGED", 1.2),
            ("CONVICTED", 0.5),
            ("NFA", 3.0),
        ]));
        row.text(ethnicity).text(said_by).text(nationality);
        if let Some((rule, column, cell)) = damage {
            self.found(rule, SUSPECT, column, &suspect_id, Cause::Injected);
            self.damage(SUSPECT, column, cell);
        }
        self.finish(SUSPECT);
        let _ = writeln!(self.part.suspect_map, "{},{suspect_id},{offender}", self.code);

        // What joins members of a group beside their offences: telephones, vehicles, intelligence.
        let next = u64::from(offender + 1) << 1;
        if key & 1 == 0
            && truth.same_group(offender, offender + 1)
            && sorted.binary_search(&next).is_ok()
            && r.chance(0.4)
        {
            let other = id(b'S', knobs.seed, plan.number, next, 0);
            let basis = r.weighted(&[
                ("PHONE", 3.0),
                ("VEHICLE", 1.5),
                ("ADDRESS", 2.0),
                ("INTEL", 3.0),
                ("CO_ARREST", 1.0),
            ]);
            self.link("SUS", &suspect_id, "SUS", &other, "SUS_SUS", basis, first.max(truth.period.0));
        }
    }
}

/// A cell put into another state: the rule that should find it, its column, and what stands there instead.
type Damage = (&'static str, &'static str, Vec<u8>);

/// A missing episode as it is written.
struct WrittenEpisode {
    episode: Episode,
    /// Whether it names a person who is not in the return.
    lost: bool,
    damage: Option<Damage>,
}

impl WrittenEpisode {
    /// Its beginning in minutes, where that can be read.
    fn start(&self) -> Option<i64> {
        self.damage.as_ref().is_none_or(|(_, column, _)| *column != "start").then_some(self.episode.start)
    }
}

/// An assessment as it is written.
struct WrittenAssessment {
    assessment: Assessment,
    lost: bool,
    damage: Option<Damage>,
    rules: Vec<(&'static str, &'static str)>,
}

impl WrittenAssessment {
    /// The grade as a number, where there is one that can be read.
    fn grade(&self) -> Option<u8> {
        if self.damage.as_ref().is_some_and(|(_, column, _)| *column == "risk_grade") {
            return None;
        }
        match self.assessment.grade {
            "LOW" => Some(1),
            "MED" => Some(2),
            "HIGH" => Some(3),
            _ => None,
        }
    }
}

/// The last day on which an episode or assessment of a person began.
fn last_activity(episodes: &[WrittenEpisode], assessments: &[WrittenAssessment]) -> Option<i32> {
    let of_episodes = episodes
        .iter()
        .filter(|e| !e.lost)
        .filter_map(WrittenEpisode::start)
        .map(|s| s.div_euclid(1440) as i32);
    of_episodes.chain(assessments.iter().filter(|a| !a.lost).map(|a| a.assessment.start)).max()
}

/// Which episodes begin before an earlier one of the person has ended.
fn overlapping(episodes: &[WrittenEpisode]) -> Vec<bool> {
    let mut order: Vec<(i64, usize)> = episodes
        .iter()
        .enumerate()
        .filter(|(_, e)| !e.lost)
        .filter_map(|(n, e)| Some((e.start()?, n)))
        .collect();
    order.sort_unstable();
    let mut overlaps = vec![false; episodes.len()];
    let mut running = i64::MIN;
    for (start, n) in order {
        overlaps[n] = start < running;
        running = running.max(episodes[n].episode.end);
    }
    overlaps
}

/// At which assessments the grade is lower than at the one before, ninety days or less after a missing episode began.
fn lowered(assessments: &[WrittenAssessment], episodes: &[WrittenEpisode]) -> Vec<bool> {
    let mut order: Vec<(i32, usize, u8)> = assessments
        .iter()
        .enumerate()
        .filter(|(_, a)| !a.lost)
        .filter_map(|(n, a)| Some((a.assessment.end, n, a.grade()?)))
        .collect();
    order.sort_unstable();
    let mut falls = vec![false; assessments.len()];
    for pair in order.windows(2) {
        let ((_, _, before), (day, n, now)) = (pair[0], pair[1]);
        let recent = episodes
            .iter()
            .filter(|e| !e.lost)
            .filter_map(WrittenEpisode::start)
            .any(|start| (day - 90..=day).contains(&(start.div_euclid(1440) as i32)));
        falls[n] = now < before && recent;
    }
    falls
}

/// The last day of a day's month.
fn month_end(day: i32) -> i32 {
    let c = civil(day);
    if c.month == 12 { number(c.year + 1, 1, 1) - 1 } else { number(c.year, c.month + 1, 1) - 1 }
}

/// Why a protected characteristic is missing, where it is.
fn missing_code(r: &mut Stream, share: f64, police_codes: bool) -> Option<&'static str> {
    if !r.chance(share) {
        return None;
    }
    Some(if police_codes {
        r.weighted(&[("NS", 4.0), ("NK", 4.0), ("NC", 2.0)])
    } else {
        r.weighted(&[("REFU", 3.0), ("NOBT", 3.0), ("NK", 2.0), ("NC", 2.0)])
    })
}

fn push_date_or(row: &mut Row, day: Option<i32>, missing: &str) {
    match day {
        Some(day) => row.with(|c| push_iso(c, day)),
        None => row.text(missing),
    };
}
