//! One offence, episode or assessment as a body records it, before it is spelt.

use candour_returns::BodyType;

use crate::Knobs;
use crate::dates::{age_on, civil, number, year_of};
use crate::geography::Geography;
use crate::plan::{BodyPlan, Sabotaged};
use crate::random::{Kind, Stream};
use crate::truth::{Event, NONE, Person, Truth};

/// How much of a date is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precision {
    Day,
    Month,
    Year,
}

/// A fault of meaning put into an offence, which the row then shows in several cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OffenceFault {
    /// Recorded before it was reported.
    Order,
    /// Fewer perpetrators noted than suspects linked.
    TooFewNoted,
    /// Two or more noted and marked as not of a group.
    GroupMissed,
    /// Marked as of a group with one perpetrator.
    GroupOfOne,
    /// Marked as criminal exploitation and nothing else.
    CriminalOnly,
    /// Closed without account or interview.
    Unheard,
}

/// A recorded offence.
#[derive(Debug, Clone)]
pub(crate) struct Offence {
    pub(crate) class: &'static str,
    pub(crate) committed_from: i32,
    pub(crate) committed_to: i32,
    pub(crate) precision: Precision,
    pub(crate) reported_on: i32,
    pub(crate) recorded_on: i32,
    pub(crate) crimed_on: i32,
    pub(crate) flag_cse: bool,
    pub(crate) flag_cce: bool,
    pub(crate) flag_online: bool,
    pub(crate) flag_source: &'static str,
    /// `None` where it is not known.
    pub(crate) noted: Option<u32>,
    pub(crate) noted_is_minimum: bool,
    /// `Y`, `N` or `NC`.
    pub(crate) group_flag: &'static str,
    pub(crate) group_type: &'static str,
    pub(crate) relationship: &'static str,
    pub(crate) setting: &'static str,
    pub(crate) inducement: &'static str,
    pub(crate) outcome: &'static str,
    pub(crate) outcome_on: Option<i32>,
    pub(crate) account_taken: bool,
    pub(crate) interviewed: bool,
    pub(crate) place_type: &'static str,
    pub(crate) transferred: &'static str,
    /// Suspects linked, named or not.
    pub(crate) linked: u32,
    pub(crate) fault: Option<OffenceFault>,
}

/// Outcomes that end a case without action.
const NO_ACTION: [&str; 5] = ["14", "15", "16", "18", "21"];

impl Offence {
    /// What the force of an event writes about it. It depends on the event alone, so that both the table of offences and that of
    /// victims can have it made.
    pub(crate) fn of(knobs: &Knobs, map: &Geography, truth: &Truth, plan: &BodyPlan, event: u32) -> Self {
        let e = &truth.events[event as usize];
        let mut r = Stream::new(knobs.seed, Kind::Offence, u64::from(event));
        let victim = truth.persons[e.person as usize];
        let force = &truth.forces[usize::from(e.force)];
        let linked = truth.perpetrators(event).len() as u32;

        let precision =
            r.weighted(&[(Precision::Day, 86.0), (Precision::Month, 9.0), (Precision::Year, 5.0)]);
        let lag = match r.weighted(&[(0u8, 0.55), (1, 0.30), (2, 0.15)]) {
            0 => r.between(0, 6),
            1 => r.between(7, 240),
            _ => r.between(241, 1800),
        };
        let reported_on = (e.day + lag).min((truth.period.1 - 12).max(e.day));
        let slow = if plan.slow {
            r.between(4, 9)
        } else {
            r.weighted(&[(0, 0.62), (1, 0.25), (2, 0.09), (3, 0.04)])
        };
        let recorded_on = (reported_on + slow).min(truth.period.1.max(reported_on));
        let crimed_on = (recorded_on + r.between(0, 3)).min(truth.period.1.max(recorded_on));
        let committed_to =
            if r.chance(0.15) { e.day + r.between(0, (reported_on - e.day).min(200)) } else { e.day };

        let age = age_on(victim.born, e.day);
        let class = class_of(&mut r, *e, victim.female, age);
        let seen = r.unit();
        let mut flag_cce = false;
        let flag_cse;
        if e.cse {
            flag_cse = seen < force.cse_sensitivity;
            let instead = r.chance(knobs.flags.cse_only_as_cce);
            if !flag_cse {
                // Of all offences of exploitation this share is marked as criminal only, as far as the unmarked ones reach.
                let share = (knobs.flags.cse_only_as_cce / (1.0 - force.cse_sensitivity).max(1e-9)).min(1.0);
                flag_cce = instead || r.chance((share - knobs.flags.cse_only_as_cce).max(0.0));
            } else if victim.cce {
                flag_cce = r.chance(0.4);
            }
        } else {
            flag_cse = seen < knobs.flags.cse_false;
            if victim.cce {
                flag_cce = r.chance(0.25);
            }
        }

        let count_unknown = r.chance(force.count_unknown);
        let noted_is_minimum = !count_unknown && r.chance(0.04);
        let noted = (!count_unknown).then_some(linked);
        let marked = r.unit();
        let (mut group_flag, mut group_type) = ("N", "NA");
        if linked >= 2 {
            if marked < knobs.groups.marked {
                group_flag = "Y";
                group_type = "UNKNOWN";
                if e.group != NONE && r.chance(0.8) {
                    group_type = truth.groups[e.group as usize].kind.code();
                }
            } else if marked > 1.0 - (1.0 - knobs.groups.marked) * 0.2 {
                group_flag = "NC";
                group_type = "NC";
            }
        }
        let unknown = r.chance(force.count_unknown);
        let relationship = if unknown {
            "NK"
        } else if e.group != NONE && group_type == "FAMILIAL" {
            "FAMILY"
        } else if e.online {
            r.weighted(&[("ONLINE", 6.0), ("PEER", 2.0), ("STRANGER", 2.0)])
        } else {
            r.weighted(&[
                ("FAMILY", 3.0),
                ("ACQUAINTANCE", 3.0),
                ("PEER", 2.5),
                ("PARTNER", 1.0),
                ("TRUST", 0.7),
                ("STRANGER", 1.0),
                ("OTHER", 0.5),
            ])
        };
        let setting = if e.online {
            "ONLINE"
        } else {
            r.weighted(&[
                ("HOME", 5.0),
                ("PUBLIC", 1.5),
                ("SCHOOL", 0.8),
                ("CARE", 0.4),
                ("VEHICLE", 0.5),
                ("BUSINESS", 0.5),
                ("INSTITUTION", 0.4),
                ("OTHER", 0.6),
                ("NK", 1.0),
            ])
        };
        let inducement = if e.cse {
            r.weighted(&[
                ("GIFTS", 3.0),
                ("SUBSTANCES", 2.5),
                ("AFFECTION", 2.0),
                ("THREAT", 1.0),
                ("DEBT", 0.7),
                ("NK", 1.5),
                ("NONE", 1.0),
            ])
        } else {
            r.weighted(&[("NONE", 6.0), ("NK", 2.0), ("AFFECTION", 0.8), ("GIFTS", 0.6), ("THREAT", 0.6)])
        };
        let place_type = if e.online {
            "ONLINE"
        } else {
            r.weighted(&[
                ("RESIDENCE", 6.0),
                ("OUTDOORS", 1.5),
                ("EDUCATION", 0.7),
                ("HOTEL", 0.5),
                ("CARE_HOME", 0.4),
                ("TRANSPORT", 0.4),
                ("FOOD_OUTLET", 0.3),
                ("OTHER", 1.0),
            ])
        };
        let took = recorded_on + r.between(30, 700);
        let (mut outcome, mut outcome_on) = ("OPEN", None);
        if took < plan.extract {
            outcome = r.weighted(&[
                ("1", 1.2),
                ("1A", 0.1),
                ("14", 1.6),
                ("15", 2.2),
                ("16", 2.4),
                ("18", 1.5),
                ("21", 0.4),
                ("8", 0.2),
                ("20", 0.3),
                ("3", 0.1),
            ]);
            outcome_on = Some(took);
        }
        let account_taken = r.chance(0.86);
        let interviewed = if outcome == "1" || outcome == "1A" { r.chance(0.98) } else { r.chance(0.55) };
        let transferred =
            if map.authorities[usize::from(victim.authority)].force == e.force { "NONE" } else { "IN" };
        let mut offence = Self {
            class,
            committed_from: e.day,
            committed_to,
            precision,
            reported_on,
            recorded_on,
            crimed_on,
            flag_cse,
            flag_cce,
            flag_online: e.online,
            flag_source: r.weighted(&[("MANUAL", 7.0), ("AUTO", 2.0), ("TEXT", 1.0)]),
            noted,
            noted_is_minimum,
            group_flag,
            group_type,
            relationship,
            setting,
            inducement,
            outcome,
            outcome_on,
            account_taken,
            interviewed,
            place_type,
            transferred,
            linked,
            fault: None,
        };
        if plan.sabotage == Some(Sabotaged::ReversedFlag) {
            offence.flag_cse = !offence.flag_cse;
        }
        if Stream::new(knobs.seed, Kind::Fault, u64::from(event) | 1 << 40).chance(knobs.faults.rate) {
            offence.go_wrong(&mut r, *e);
        }
        offence
    }

    fn go_wrong(&mut self, r: &mut Stream, event: Event) {
        let fault = r.pick(&[
            OffenceFault::Order,
            OffenceFault::TooFewNoted,
            OffenceFault::GroupMissed,
            OffenceFault::GroupOfOne,
            OffenceFault::CriminalOnly,
            OffenceFault::Unheard,
        ]);
        match fault {
            OffenceFault::Order => self.recorded_on = self.reported_on - r.between(2, 40),
            OffenceFault::TooFewNoted if self.linked >= 2 => {
                self.noted = Some(self.linked - 1);
                self.noted_is_minimum = false;
            }
            OffenceFault::TooFewNoted => {
                self.noted = Some(0);
                self.noted_is_minimum = false;
            }
            OffenceFault::GroupMissed => {
                self.noted = Some(self.linked.max(2) + r.below(2) as u32);
                self.group_flag = "N";
                self.group_type = "NA";
            }
            OffenceFault::GroupOfOne if self.linked == 1 => {
                self.noted = Some(1);
                self.noted_is_minimum = false;
                self.group_flag = "Y";
                self.group_type = "UNKNOWN";
            }
            OffenceFault::CriminalOnly => {
                self.flag_cce = true;
                self.flag_cse = false;
            }
            OffenceFault::Unheard if self.outcome_on.is_some() && event.group == NONE => {
                self.outcome = r.pick(&NO_ACTION);
                self.account_taken = false;
                self.interviewed = false;
            }
            OffenceFault::GroupOfOne | OffenceFault::Unheard => return,
        }
        self.fault = Some(fault);
    }

    /// Rules that the row breaks, whatever the reason, and the column each is seen in.
    pub(crate) fn broken(&self) -> Vec<(&'static str, &'static str)> {
        let mut broken = Vec::new();
        if self.recorded_on < self.reported_on {
            broken.push(("CN02", "recorded_on"));
        }
        if let Some(noted) = self.noted {
            if self.linked > noted {
                broken.push(("CN03", "perp_count_noted"));
            }
            if noted >= 2 && self.group_flag == "N" {
                broken.push(("CN04", "group_flag"));
            }
            if noted <= 1 && self.group_flag == "Y" && !self.noted_is_minimum {
                broken.push(("CN05", "group_flag"));
            }
        }
        if self.flag_cce && !self.flag_cse {
            broken.push(("CN06", "flag_cse"));
        }
        if NO_ACTION.contains(&self.outcome) && !self.account_taken && !self.interviewed {
            broken.push(("CN13", "outcome_code"));
        }
        broken
    }
}

fn class_of(r: &mut Stream, event: Event, female: bool, age: i32) -> &'static str {
    if event.online {
        return r.weighted(&[("86", 5.0), ("88A", 3.0), ("71", if event.cse { 3.0 } else { 0.1 })]);
    }
    if event.cse && r.chance(0.55) {
        return r.weighted(&[("71", 6.0), ("88A", 2.0), ("72", 1.0)]);
    }
    match (female, age) {
        (true, ..13) => r.weighted(&[("19E", 3.0), ("20B", 4.0), ("21", 3.0)]),
        (false, ..13) => r.weighted(&[("19H", 3.0), ("17B", 4.0), ("21", 3.0)]),
        (true, 13..16) => r.weighted(&[("19D", 3.0), ("20A", 4.0), ("22B", 4.0), ("73", 0.3)]),
        (false, 13..16) => r.weighted(&[("19G", 3.0), ("17A", 4.0), ("22B", 4.0), ("73", 0.3)]),
        (true, _) => r.weighted(&[("19C", 4.0), ("20A", 5.0), ("22A", 1.0), ("73", 0.5)]),
        (false, _) => r.weighted(&[("19F", 4.0), ("17A", 5.0), ("22A", 1.0), ("73", 0.5)]),
    }
}

/// A missing episode. Times are minutes from 1 January 1970.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Episode {
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) kind: &'static str,
    pub(crate) reported: bool,
    pub(crate) offered: bool,
    pub(crate) accepted: bool,
    pub(crate) exploitation: bool,
}

/// An assessment.
#[derive(Debug, Clone)]
pub(crate) struct Assessment {
    pub(crate) kind: &'static str,
    pub(crate) start: i32,
    pub(crate) end: i32,
    pub(crate) factors: Vec<&'static str>,
    pub(crate) grade: &'static str,
    pub(crate) harm: &'static str,
    pub(crate) outcome: &'static str,
    pub(crate) referred_on: Option<i32>,
}

/// What children's services have on one record of a child.
#[derive(Debug, Clone, Default)]
pub(crate) struct CaseFile {
    pub(crate) episodes: Vec<Episode>,
    pub(crate) assessments: Vec<Assessment>,
    pub(crate) removed_on: Option<i32>,
    pub(crate) removed_reason: &'static str,
}

/// Factors of which no more need be known than the days on which they may be used.
const OTHER_FACTORS: [&str; 18] = [
    "1A", "1B", "2A", "2B", "3A", "3B", "4A", "4B", "5A", "7A", "10A", "14A", "15A", "16A", "17A", "4C",
    "6A", "20",
];
/// Day on which the codes for criminal exploitation and for abuse by a child or an adult came in.
pub(crate) const CODES_CHANGED: (i32, u32, u32) = (2021, 4, 1);

impl CaseFile {
    pub(crate) fn of(
        knobs: &Knobs,
        truth: &Truth,
        plan: &BodyPlan,
        r: &mut Stream,
        person: Person,
        known: i32,
    ) -> Self {
        let last = truth.period.1;
        let k = &knobs.childrens;
        let mut file = Self::default();
        // Missing episodes, one after the other.
        let mean = k.missing_episodes * if person.looked_after { 2.0 } else { 0.85 };
        let many = r.run(mean / (1.0 + mean), 30);
        let mut next = i64::from(known) * 1440 + i64::from(r.between(0, 60 * 1440));
        for _ in 0..many {
            let start = next + i64::from(r.between(60, 90 * 1440));
            let hours = r.weighted(&[(6, 4.0), (14, 4.0), (30, 1.5), (72, 0.5)]);
            let end = start + i64::from(r.between(60, hours * 60));
            if end >= i64::from(last) * 1440 {
                break;
            }
            // Absent is a police word; of the two that are asked for, clerks take one for the other.
            let missing = r.chance(0.78);
            let swapped = r.chance(plan.missing_swap);
            let offered = r.chance(0.8);
            file.episodes.push(Episode {
                start,
                end,
                kind: if missing == swapped { "A" } else { "M" },
                reported: r.chance(0.85),
                offered,
                accepted: offered && r.chance(0.55),
                exploitation: r.chance(if person.cse { 0.4 } else { 0.15 }),
            });
            next = end + 60;
        }
        let count = 1 + r.run(0.38, 8);
        let mut start = known + r.between(0, 20);
        for _ in 0..count {
            if start > last {
                break;
            }
            let end = (start + r.between(10, 55)).min(last);
            file.assessments.push(assessment(knobs, truth, r, person, start, end));
            start = end + r.between(30, 420);
        }
        let active = file
            .assessments
            .iter()
            .map(|a| a.end)
            .chain(file.episodes.iter().map(|e| (e.end / 1440) as i32))
            .max()
            .unwrap_or(known);
        let removed = active + r.between(5, 200);
        if removed <= last && r.chance(0.4) {
            file.removed_on = Some(removed);
            file.removed_reason = r.weighted(&[
                ("STEP_DOWN", 4.0),
                ("PLAN_ENDED", 3.0),
                ("MOVED", 1.0),
                ("AGED_OUT", 1.0),
                ("OTHER", 1.0),
            ]);
        }
        file
    }
}

fn assessment(
    knobs: &Knobs,
    truth: &Truth,
    r: &mut Stream,
    person: Person,
    start: i32,
    end: i32,
) -> Assessment {
    let k = &knobs.childrens;
    let (c_year, c_month, c_day) = CODES_CHANGED;
    let new_codes = end >= number(c_year, c_month, c_day);
    let years = f64::from(knobs.last_year - knobs.first_year).max(1.0);
    let along = f64::from(year_of(end) - knobs.first_year).clamp(0.0, years) / years;
    let trend = 1.0 + k.cse_factor_trend * along;
    let mut factors: Vec<&'static str> = Vec::new();
    let cse_marked = r.chance(if person.cse { 0.62 * trend } else { 0.06 * trend });
    if cse_marked {
        factors.push("11A");
    }
    if person.cce && new_codes && r.chance(0.5) {
        factors.push("24A");
    }
    if person.cce && r.chance(0.3) {
        factors.push("13A");
    }
    if r.chance(0.3) {
        factors.push(match (new_codes, r.chance(0.3)) {
            (false, _) => "19A",
            (true, true) => "19B",
            (true, false) => "19C",
        });
    }
    // As many more as bring the mean to the knob's: a third of its value short of it at the least, half again at the most.
    let mean = if person.cse || cse_marked { k.factors } else { (k.factors * 0.5).max(1.0) };
    let wanted = (mean * (0.6 + 0.8 * r.unit())).round().max(1.0) as usize;
    while factors.len() < wanted && factors.len() < 16 {
        let factor = r.pick(&OTHER_FACTORS);
        if !factors.contains(&factor) {
            factors.push(factor);
        }
    }
    let grade = r.weighted(&[("LOW", 2.0), ("MED", 4.0), ("HIGH", 2.5), ("NONE", 1.5)]);
    let rest = 1.0 - k.risk_only;
    let harm = r.weighted(&[
        ("RISK_ONLY", k.risk_only),
        ("ACTUAL_HARM", 0.5 * rest),
        ("LIKELY_HARM", 0.2 * rest),
        ("NO_CONCERN", 0.1 * rest),
        ("NOT_STATED", 0.2 * rest),
    ]);
    let outcome = r.weighted(&[
        ("SUPPORT", 4.0),
        ("NO_ACTION", 2.0),
        ("CP_PLAN", 1.0),
        ("CARE", 0.4),
        ("REFERRED", 1.0),
        ("STEP_DOWN", 1.0),
        ("OTHER", 0.5),
    ]);
    Assessment {
        kind: r.weighted(&[("CIN", 4.0), ("S47", 2.5), ("RISK_TOOL", 2.0), ("STRATEGY", 1.5)]),
        start,
        end,
        factors,
        grade,
        harm,
        outcome,
        referred_on: (outcome == "REFERRED" || r.chance(0.15))
            .then(|| (end + r.between(0, 5)).min(truth.period.1)),
    }
}

/// The list of a body that a person's record is on.
pub(crate) fn list_of(body: BodyType, looked_after: bool, r: &mut Stream) -> &'static str {
    match body {
        BodyType::Police => "CRIME",
        BodyType::Childrens if looked_after => "LAC",
        BodyType::Childrens => r.weighted(&[("CIN", 8.0), ("CP", 2.0)]),
        BodyType::Health => "HEALTH",
        BodyType::Vol => "SUPPORT",
        BodyType::Nrm | BodyType::Cps => "REFERRAL",
    }
}

/// The band of an age in the specification's list.
pub(crate) fn age_band(age: i32) -> &'static str {
    match age {
        ..18 => "10-17",
        18..25 => "18-24",
        25..35 => "25-34",
        35..50 => "35-49",
        _ => "50+",
    }
}

/// Writes as much of a date as is known.
pub(crate) fn push_partial(into: &mut Vec<u8>, day: i32, precision: Precision) {
    crate::dates::push_iso(into, day);
    let cut = match precision {
        Precision::Day => 0,
        Precision::Month => 3,
        Precision::Year => 6,
    };
    into.truncate(into.len() - cut);
}

/// The first day that a date known so far can mean.
pub(crate) fn earliest(day: i32, precision: Precision) -> i32 {
    let c = civil(day);
    match precision {
        Precision::Day => day,
        Precision::Month => number(c.year, c.month, 1),
        Precision::Year => number(c.year, 1, 1),
    }
}
