//! What is true in the invented country, before anybody writes any of it down.
//!
//! Persons stand in the order of their authorities, so that the persons of an area are a range of numbers and their parts add up.
//! What a person is called, where they live and what is protected about them is worked out from the seed and the person's number
//! whenever it is needed, and held nowhere.

use rayon::prelude::*;

use crate::dates::{number, year_of};
use crate::geography::{Geography, apportion};
use crate::random::{Kind, Stream, expit, logit, mix};
use crate::{Knobs, SyntheticError};

/// No group, no offender, no second victim.
pub(crate) const NONE: u32 = u32::MAX;

/// A list that a person may be on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum List {
    /// Victims of offences that police recorded.
    Police,
    /// Children known to children's services.
    Childrens,
    /// Health.
    Health,
    /// Voluntary sector.
    Voluntary,
    /// National referral mechanism.
    Nrm,
}

impl List {
    /// All, in the order of the columns of the truth's tables.
    pub const ALL: [Self; 5] = [Self::Police, Self::Childrens, Self::Health, Self::Voluntary, Self::Nrm];

    /// The name of its column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Police => "police",
            Self::Childrens => "childrens",
            Self::Health => "health",
            Self::Voluntary => "voluntary",
            Self::Nrm => "nrm",
        }
    }

    pub(crate) fn bit(self) -> u8 {
        1 << (self as u8)
    }
}

/// How two neighbouring persons belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tie {
    None,
    Twins,
    Siblings,
    Address,
}

/// A true victim.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Person {
    pub(crate) authority: u16,
    pub(crate) tie: Tie,
    pub(crate) female: bool,
    pub(crate) looked_after: bool,
    /// Exploited, by a group or not.
    pub(crate) cse: bool,
    /// Exploited to commit crime.
    pub(crate) cce: bool,
    pub(crate) moved: bool,
    /// Bits of [`List`].
    pub(crate) lists: u8,
    pub(crate) severity: f32,
    /// Days.
    pub(crate) born: i32,
    /// Day of the first event.
    pub(crate) first_event: i32,
    /// Where the person's events begin in [`Truth::events`].
    pub(crate) events: u32,
}

impl Person {
    pub(crate) fn on(self, list: List) -> bool {
        self.lists & list.bit() != 0
    }
}

/// Kinds of groups, as the police collection has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum GroupKind {
    Familial,
    Cse,
    Institutional,
    Other,
}

impl GroupKind {
    pub(crate) const ALL: [Self; 4] = [Self::Familial, Self::Cse, Self::Institutional, Self::Other];

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Familial => "FAMILIAL",
            Self::Cse => "CSE",
            Self::Institutional => "INSTITUTIONAL",
            Self::Other => "OTHER",
        }
    }
}

/// A true group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Group {
    pub(crate) kind: GroupKind,
    pub(crate) force: u8,
    pub(crate) size: u8,
    /// The number of its first own member.
    pub(crate) first_member: u32,
    /// Whether its first member is the second member of the group before it.
    pub(crate) shares: bool,
}

/// A true offence against one victim, at times two.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    pub(crate) person: u32,
    pub(crate) second: u32,
    pub(crate) group: u32,
    /// The offender where there is no group.
    pub(crate) offender: u32,
    pub(crate) day: i32,
    /// Where it was, and with that which force records it.
    pub(crate) place: u16,
    pub(crate) force: u8,
    pub(crate) cse: bool,
    pub(crate) online: bool,
    pub(crate) recorded: bool,
}

/// What is peculiar to a force.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ForceTraits {
    pub(crate) effect: f64,
    pub(crate) cse_sensitivity: f64,
    /// Share of perpetrator counts and relationships not known.
    pub(crate) count_unknown: f64,
    pub(crate) low: bool,
}

/// Everything true.
#[derive(Debug)]
pub(crate) struct Truth {
    pub(crate) seed: u64,
    pub(crate) persons: Vec<Person>,
    /// First person of each authority, and one past the last.
    pub(crate) authority_start: Vec<u32>,
    pub(crate) groups: Vec<Group>,
    /// By person.
    pub(crate) events: Vec<Event>,
    pub(crate) forces: Vec<ForceTraits>,
    /// First and last day of the period.
    pub(crate) period: (i32, i32),
    /// Offenders in groups, numbered before those who act alone.
    pub(crate) group_members: u32,
    /// All offenders.
    pub(crate) offenders: u32,
    /// Day of each offender's first event; the latest there is for those who have none.
    offender_first: Vec<i32>,
}

/// Ages at the first event, most of them 12 to 15.
const AGES: [(i32, f64); 18] = [
    (0, 1.0),
    (1, 1.0),
    (2, 1.5),
    (3, 2.5),
    (4, 3.0),
    (5, 3.0),
    (6, 3.0),
    (7, 3.5),
    (8, 4.0),
    (9, 4.5),
    (10, 6.0),
    (11, 8.0),
    (12, 11.0),
    (13, 13.0),
    (14, 13.0),
    (15, 11.0),
    (16, 6.0),
    (17, 4.0),
];

/// Groups by kind and force, and offenders who act alone by force: where an event finds its offenders.
struct Pools {
    /// For each kind, for each force, where its groups begin; groups stand by kind, then force.
    by_kind: [Vec<u32>; 4],
    /// Where the solo offenders of each force begin.
    solo: Vec<u32>,
}

impl Truth {
    pub(crate) fn new(knobs: &Knobs, map: &Geography) -> Result<Self, SyntheticError> {
        knobs.check()?;
        let seed = knobs.seed;
        let count = knobs.true_victims();
        let period = (number(knobs.first_year, 1, 1), number(knobs.last_year, 12, 31));
        let weights: Vec<f64> = map.authorities.iter().map(|a| f64::from(a.children)).collect();
        let mut authority_start = vec![0u32];
        for part in apportion(count, &weights) {
            authority_start.push(authority_start[authority_start.len() - 1] + part as u32);
        }
        let forces = force_traits(knobs, map);
        let (groups, pools, group_members, offenders) = offenders_of(knobs, map, count);

        let mut truth = Self {
            seed,
            persons: Vec::new(),
            authority_start,
            groups,
            events: Vec::new(),
            forces,
            period,
            group_members,
            offenders,
            offender_first: Vec::new(),
        };
        truth.persons = (0..count as u32).into_par_iter().map(|p| truth.person(knobs, map, p)).collect();
        // Two passes: the lists a person is on decide which of the person's events are recorded.
        let chunks: Vec<Vec<Event>> = truth
            .persons
            .par_chunks(4096)
            .enumerate()
            .map(|(c, persons)| {
                let mut events = Vec::with_capacity(persons.len() * 3 / 2);
                for (i, person) in persons.iter().enumerate() {
                    truth.events_of(knobs, map, &pools, (c * 4096 + i) as u32, *person, &mut events);
                }
                events
            })
            .collect();
        let mut events = Vec::with_capacity(chunks.iter().map(Vec::len).sum());
        for chunk in chunks {
            events.extend_from_slice(&chunk);
        }
        let mut next = 0u32;
        for (p, person) in truth.persons.iter_mut().enumerate() {
            person.events = next;
            while events.get(next as usize).is_some_and(|e| e.person == p as u32) {
                next += 1;
            }
        }
        truth.events = events;
        let mut first = vec![i32::MAX; offenders as usize];
        for n in 0..truth.events.len() {
            let day = truth.events[n].day;
            for offender in truth.perpetrators(n as u32) {
                let own = &mut first[offender as usize];
                *own = day.min(*own);
            }
        }
        truth.offender_first = first;
        Ok(truth)
    }

    /// The events of a person.
    pub(crate) fn events_range(&self, person: u32) -> std::ops::Range<usize> {
        let start = self.persons[person as usize].events as usize;
        let end = self.persons.get(person as usize + 1).map_or(self.events.len(), |p| p.events as usize);
        start..end
    }

    pub(crate) fn persons_of_force(&self, map: &Geography, force: u8) -> std::ops::Range<u32> {
        let areas = &map.forces[usize::from(force)].authorities;
        self.authority_start[usize::from(areas.start)]..self.authority_start[usize::from(areas.end)]
    }

    /// The member of a group at a place in it.
    pub(crate) fn member(&self, group: u32, place: u8) -> u32 {
        let g = &self.groups[group as usize];
        if place == 0 && g.shares {
            self.groups[group as usize - 1].first_member + 1
        } else {
            g.first_member + u32::from(place)
        }
    }

    /// Who took part in an event.
    pub(crate) fn perpetrators(&self, event: u32) -> Vec<u32> {
        let e = &self.events[event as usize];
        if e.group == NONE {
            return vec![e.offender];
        }
        let size = self.groups[e.group as usize].size;
        let mut r = Stream::of_two(self.seed, Kind::Event, u64::from(event), 2);
        let mut there: Vec<u8> = (0..size).filter(|_| r.chance(0.6)).collect();
        for place in 0..size {
            if there.len() >= 2 {
                break;
            }
            if !there.contains(&place) {
                there.push(place);
            }
        }
        there.into_iter().map(|place| self.member(e.group, place)).collect()
    }

    fn authority_of(&self, person: u32) -> u16 {
        (self.authority_start.partition_point(|&start| start <= person) - 1) as u16
    }

    /// How a person and the neighbour in the pair belong together.
    fn tie(&self, knobs: &Knobs, person: u32) -> Tie {
        let first = person & !1;
        if self.authority_of(first) != self.authority_of(first + 1)
            || first + 1 >= *self.authority_start.last().unwrap_or(&0)
        {
            return Tie::None;
        }
        let v = &knobs.victim;
        let u = Stream::new(self.seed, Kind::Home, u64::from(first / 2)).unit();
        if u < v.twins {
            Tie::Twins
        } else if u < v.twins + v.siblings {
            Tie::Siblings
        } else if u < v.twins + v.siblings + v.shared_address {
            Tie::Address
        } else {
            Tie::None
        }
    }

    /// Birth and first event as the person's own numbers have them.
    fn history(&self, person: u32) -> (i32, i32) {
        let mut r = Stream::new(self.seed, Kind::History, u64::from(person));
        let (start, end) = self.period;
        let first = r.between(start, end);
        let age = r.weighted(&AGES);
        // A year of age less a few days, so that no leap year makes a child older than was drawn.
        let born = first - (f64::from(age) * 365.2425) as i32 - 1 - r.between(0, 360);
        (born, first)
    }

    fn person(&self, knobs: &Knobs, map: &Geography, p: u32) -> Person {
        let mut r = Stream::new(self.seed, Kind::Person, u64::from(p));
        let authority = self.authority_of(p);
        let tie = self.tie(knobs, p);
        let (mut born, mut first_event) = self.history(p);
        if tie == Tie::Twins && p & 1 == 1 {
            let (twin_born, twin_first) = self.history(p - 1);
            let age = first_event - born;
            born = twin_born;
            let own = born + age;
            first_event = if (self.period.0..=self.period.1).contains(&own) { own } else { twin_first };
        }
        let severity = r.normal();
        let female = r.chance(knobs.victim.female);
        let looked_after = r.chance(expit(logit_of(knobs.victim.looked_after) + 0.35 * severity - 0.06));
        let cse = r.chance(knobs.flags.cse_share);
        let cce = r.chance(if cse { 0.25 } else { 0.04 });
        let moved = r.chance(knobs.distortion.moved);
        let mut person = Person {
            authority,
            tie,
            female,
            looked_after,
            cse,
            cce,
            moved,
            lists: 0,
            severity: severity as f32,
            born,
            first_event,
            events: 0,
        };
        person.lists = self.lists_of(knobs, map, p, person);
        person
    }

    /// Capture: one draw for each list, police first, since the others hear of a child through them.
    fn lists_of(&self, knobs: &Knobs, map: &Geography, p: u32, person: Person) -> u8 {
        let k = &knobs.recording;
        let mut r = Stream::new(self.seed, Kind::Capture, u64::from(p));
        let slope = k.severity_slope * f64::from(person.severity);
        let force = map.authorities[usize::from(person.authority)].force;
        let effect =
            |body: u16| k.body_deviation * Stream::new(self.seed, Kind::Body, u64::from(body)).normal();
        let mut on = 0u8;
        let mut draw = |list: List, base: f64, add: f64| {
            let on_list = r.unit() < expit(logit_of(base) + add);
            if on_list {
                on |= list.bit();
            }
            on_list
        };
        let police = draw(List::Police, k.police, slope + self.forces[usize::from(force)].effect);
        let referred = if police { k.referral } else { 0.0 };
        let childrens = draw(
            List::Childrens,
            k.childrens,
            slope
                + referred
                + effect(map.childrens_body(person.authority))
                + if person.looked_after { 0.8 } else { -0.1 },
        );
        let passed_on = if childrens { k.referral } else { 0.0 };
        draw(List::Health, k.health, 0.6 * slope + passed_on + effect(map.health_body(person.authority)));
        draw(
            List::Voluntary,
            k.voluntary,
            0.4 * slope + passed_on + effect(map.voluntary_body(person.authority)),
        );
        let exploited = if person.cse || person.cce { 1.6 } else { -0.6 };
        draw(List::Nrm, k.nrm, 0.5 * slope + 0.5 * referred + exploited);
        on
    }

    fn events_of(
        &self,
        knobs: &Knobs,
        map: &Geography,
        pools: &Pools,
        p: u32,
        person: Person,
        into: &mut Vec<Event>,
    ) {
        let mut r = Stream::new(self.seed, Kind::Event, u64::from(p) | 1 << 40);
        let count = 1 + r.run(knobs.victim.repeat, 40);
        let certain = r.below(u64::from(count)) as u32;
        let police = person.on(List::Police);
        let adult = person.born + 6570;
        for n in 0..count {
            let day = if n == 0 {
                person.first_event
            } else {
                r.between(
                    person.first_event,
                    self.period.1.min(person.first_event + 900).min(adult.max(person.first_event)),
                )
            };
            let home_force = map.authorities[usize::from(person.authority)].force;
            let mut cse = person.cse;
            let mut group = NONE;
            let mut offender = NONE;
            let online = r.chance(knobs.flags.online);
            let mut place = person.authority;
            if r.chance(knobs.groups.share) {
                group = pools.group(knobs, &mut r, home_force, self.groups.len());
            }
            let mut second = NONE;
            if group == NONE {
                offender = pools.solo_offender(&mut r, home_force, self.group_members);
                let x = r.unit();
                let areas = &map.forces[usize::from(home_force)].authorities;
                if x < 0.08 {
                    place = areas.start + r.below(areas.len() as u64) as u16;
                } else if x < 0.10 {
                    place = r.below(map.authorities.len() as u64) as u16;
                }
            } else {
                let g = self.groups[group as usize];
                cse = g.kind == GroupKind::Cse;
                if g.force != home_force {
                    let areas = &map.forces[usize::from(g.force)].authorities;
                    place = areas.start + r.below(areas.len() as u64) as u16;
                }
                if r.chance(0.25) {
                    let range = self.persons_of_force(map, home_force);
                    let other = if g.kind == GroupKind::Familial {
                        p ^ 1
                    } else {
                        range.start + r.below(u64::from(range.end - range.start).max(1)) as u32
                    };
                    second = other;
                }
            }
            // The second victim must be a child on that day.
            if second != NONE {
                let fits = second != p
                    && self
                        .persons
                        .get(second as usize)
                        .is_some_and(|s| s.born < day - 365 && day - s.born < 6570);
                if !fits {
                    second = NONE;
                }
            }
            let recorded = police && (n == certain || r.chance(knobs.recording.further_offences));
            let force = map.authorities[usize::from(place)].force;
            into.push(Event {
                person: p,
                second,
                group,
                offender,
                day,
                place,
                force,
                cse,
                online: online && group == NONE,
                recorded,
            });
        }
    }
}

impl Pools {
    fn group(&self, knobs: &Knobs, r: &mut Stream, force: u8, groups: usize) -> u32 {
        if groups == 0 {
            return NONE;
        }
        let k = &knobs.groups;
        let kind = r.weighted(&[
            (0usize, k.familial),
            (1, k.cse),
            (2, k.institutional),
            (3, (1.0 - k.familial - k.cse - k.institutional).max(1e-12)),
        ]);
        let starts = &self.by_kind[kind];
        let (mut from, mut to) = (starts[usize::from(force)], starts[usize::from(force) + 1]);
        // A force without a group of the kind, or a group from elsewhere: any group of the kind in the country.
        if from == to || r.chance(k.cross_border) {
            (from, to) = (starts[0], starts[starts.len() - 1]);
        }
        if from == to { NONE } else { from + r.below(u64::from(to - from)) as u32 }
    }

    fn solo_offender(&self, r: &mut Stream, force: u8, group_members: u32) -> u32 {
        if group_members > 0 && r.chance(0.01) {
            return r.below(u64::from(group_members)) as u32;
        }
        let force = usize::from(force);
        let (mut from, mut to) = (self.solo[force], self.solo[force + 1]);
        if from == to || r.chance(0.04) {
            (from, to) = (self.solo[0], self.solo[self.solo.len() - 1]);
        }
        from + r.below(u64::from(to - from).max(1)) as u32
    }
}

fn force_traits(knobs: &Knobs, map: &Geography) -> Vec<ForceTraits> {
    let count = map.forces.len();
    // The low forces: those whose order number is smallest, so that exactly so many are low.
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&f| mix(knobs.seed ^ 0xF0_4CE5, f as u64));
    let low = &order[..(knobs.recording.low_forces as usize).min(count)];
    let k = &knobs.flags;
    (0..count)
        .map(|f| {
            let mut r = Stream::new(knobs.seed, Kind::Force, f as u64);
            let is_low = low.contains(&f);
            let effect = knobs.recording.force_deviation * r.normal()
                + if is_low { knobs.recording.low_shift } else { 0.0 };
            // Evenly on each side of the mean, by as much as the bounds allow.
            let mean = k.cse_sensitivity.clamp(k.cse_lowest, k.cse_highest);
            let cse_sensitivity = if r.chance(0.5) {
                k.cse_lowest + r.unit() * (mean - k.cse_lowest)
            } else {
                mean + r.unit() * (k.cse_highest - mean)
            };
            let count_unknown = if r.chance(0.2) { 0.25 + 0.12 * r.unit() } else { 0.04 + 0.10 * r.unit() };
            ForceTraits { effect, cse_sensitivity, count_unknown, low: is_low }
        })
        .collect()
}

fn offenders_of(knobs: &Knobs, map: &Geography, victims: u64) -> (Vec<Group>, Pools, u32, u32) {
    let k = &knobs.groups;
    let weights: Vec<f64> = map
        .forces
        .iter()
        .map(|f| {
            map.authorities[usize::from(f.authorities.start)..usize::from(f.authorities.end)]
                .iter()
                .map(|a| f64::from(a.children))
                .sum()
        })
        .collect();
    let events = victims as f64 / (1.0 - knobs.victim.repeat.min(0.95));
    let wanted = (events * k.share / k.offences).round() as u64;
    let kinds = apportion(
        wanted,
        &[k.familial, k.cse, k.institutional, (1.0 - k.familial - k.cse - k.institutional).max(0.0)],
    );
    let mut groups = Vec::new();
    let mut by_kind: [Vec<u32>; 4] = Default::default();
    let mut next_member = 0u32;
    for (kind, &of_kind) in kinds.iter().enumerate() {
        for (force, of_force) in apportion(of_kind, &weights).into_iter().enumerate() {
            by_kind[kind].push(groups.len() as u32);
            for n in 0..of_force {
                let mut r = Stream::new(knobs.seed, Kind::Group, groups.len() as u64);
                let size = 2 + r.run(k.size_tail, 60) as u8;
                groups.push(Group {
                    kind: GroupKind::ALL[kind],
                    force: force as u8,
                    size,
                    first_member: next_member,
                    shares: n > 0 && r.chance(k.overlap),
                });
                next_member += u32::from(size);
            }
        }
        by_kind[kind].push(groups.len() as u32);
    }
    let mut solo = vec![next_member];
    for part in apportion(((events * 0.8) as u64).max(1), &weights) {
        solo.push(solo[solo.len() - 1] + part as u32);
    }
    let offenders = solo[solo.len() - 1];
    (groups, Pools { by_kind, solo }, next_member, offenders)
}

/// Log odds of a knob, which may be 0 or 1.
fn logit_of(share: f64) -> f64 {
    logit(share.clamp(1e-9, 1.0 - 1e-9))
}

impl Truth {
    /// The day of an offender's first event; that of the period's beginning for one without any.
    pub(crate) fn offender_first(&self, offender: u32) -> i32 {
        match self.offender_first.get(offender as usize) {
            Some(&day) if day != i32::MAX => day,
            _ => self.period.0,
        }
    }

    /// The group that an offender was counted into first, for members of groups.
    pub(crate) fn group_of(&self, offender: u32) -> Option<u32> {
        (offender < self.group_members)
            .then(|| self.groups.partition_point(|g| g.first_member <= offender) as u32 - 1)
    }

    /// Whether two offenders are members of one group.
    pub(crate) fn same_group(&self, a: u32, b: u32) -> bool {
        matches!((self.group_of(a), self.group_of(b)), (Some(x), Some(y)) if x == y)
    }

    /// The year of a person's first event.
    pub(crate) fn year(&self, person: u32) -> i32 {
        year_of(self.persons[person as usize].first_event)
    }
}
