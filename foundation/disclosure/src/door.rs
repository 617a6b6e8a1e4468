//! The door itself: what is at risk, what is left out, what the attack says, and only then a table that can be printed.

use std::fmt;

use candour_record::{Finding, Severity};
use serde::Serialize;

use crate::cell_key::NoiseTable;
use crate::earlier::Earlier;
use crate::guard::{Facts, Interval, Settled, settle};
use crate::lp::Bounds;
use crate::pattern::{Effort, Target};
use crate::public::{Audit, Shown};
use crate::rounding;
use crate::system::{Nested, System};
use crate::{CountTable, DisclosureError, KeepSmall, Levels, Profile, PublicTable, Zeros};

/// Tables one release may have, and as many released before.
pub const MOST_TABLES: usize = 200;
/// Effort for one release: some milliseconds of one core for small tables.
const EFFORT: Effort = Effort { rounds: 20_000, work: 4_000_000 };
/// Cells named in a refusal; more would be read by nobody.
const NAMED: usize = 10;

/// What must be decided before tables may leave: the rules, the tables, and what was released before.
///
/// Everything named here is attacked together: a total of one table is used against the parts of another.
#[derive(Debug)]
pub struct Release {
    id: String,
    profile: Profile,
    candidates: Vec<Candidate>,
    earlier: Vec<Earlier>,
    nested: Vec<Nested>,
    noise: Option<NoiseTable>,
    budget: Option<Budget>,
    asked_out: Vec<AskedOut>,
    log: Log,
}

#[derive(Debug)]
struct Candidate {
    table: CountTable,
    worth: f64,
}

#[derive(Debug)]
struct AskedOut {
    table: String,
    labels: Vec<String>,
    by: String,
    reason: String,
}

/// How much a release may leave out before a table is no longer worth printing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// The largest share of the cells above nothing that any one table may leave out, from 0 to 1.
    pub most_hidden: f64,
}

/// One thing that was decided, by whom or what, and why. The log says which cells are at risk, so it stays in the sensitive vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Its number in the log, from 1.
    pub number: usize,
    /// What was decided.
    pub action: Action,
    /// The table, and the cell if it is about one.
    pub subject: String,
    /// Why, in words.
    pub reason: String,
}

/// What can be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A cell is at risk by a rule of the profile.
    AtRisk,
    /// A cell is left out because a person asked for it.
    AskedOut,
    /// A cell is left out because it would give away another.
    LeftOut,
    /// A cell was published before, so it cannot be taken back.
    AlreadyPublic,
    /// A table is not released: the budget does not afford it.
    NotAfforded,
    /// The tables withstood the attack.
    Withstood,
    /// A table was released.
    Released,
}

#[derive(Debug, Default)]
struct Log(Vec<Decision>);

impl Log {
    fn add(&mut self, action: Action, subject: impl Into<String>, reason: impl Into<String>) {
        let number = self.0.len() + 1;
        self.0.push(Decision { number, action, subject: subject.into(), reason: reason.into() });
    }
}

/// How far someone with all that is published can pin down one cell at risk. For the releaser: it stays in the sensitive vault.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attacked {
    /// The table and the cell.
    pub cell: String,
    /// The lowest count that is possible for all they know.
    pub lower: f64,
    /// The highest; nothing where there is no end.
    pub upper: Option<f64>,
    /// Whether these are the exact limits. Otherwise, in very large releases, the true interval is at least this wide.
    pub exact: bool,
}

/// What passed.
#[derive(Debug)]
pub struct Passed {
    /// The tables, in the order they were given; those that the budget did not afford are missing.
    pub tables: Vec<PublicTable>,
    /// Every decision, with its reason.
    pub log: Vec<Decision>,
    /// The interval for each cell at risk.
    pub attack: Vec<Attacked>,
    /// What the releaser should know.
    pub findings: Vec<Finding>,
    /// How many cells were left out by a rule, and how many more because of them, over all tables; each cell counts once.
    pub primary: usize,
    /// Cells left out because they would give away others.
    pub secondary: usize,
    /// The sum of the counts left out: for the releaser, like the log.
    pub hidden_value: u64,
    /// Whether no pattern with fewer cells (or less value, as the profile says) exists.
    pub optimal: bool,
}

/// Why nothing was released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Cells about which too little doubt is left, by table and codes.
    pub exposed: Vec<String>,
    /// Every decision up to the refusal.
    pub log: Vec<Decision>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cells at risk could be worked out", self.exposed.len())?;
        for (place, cell) in self.exposed.iter().take(NAMED).enumerate() {
            write!(f, "{}{cell}", if place == 0 { ": " } else { ", " })?;
        }
        if self.exposed.len() > NAMED {
            write!(f, " and {} more", self.exposed.len() - NAMED)?;
        }
        f.write_str("; merge codes, leave out a table, or take a profile with rounding or noise")
    }
}

impl Release {
    /// A release with its permanent name and the rules it must pass.
    ///
    /// # Errors
    ///
    /// Where the profile's rules contradict each other or would protect nobody.
    pub fn new(id: impl Into<String>, profile: Profile) -> Result<Self, DisclosureError> {
        profile.check()?;
        let noise = profile.noise.map(NoiseTable::maximum_entropy);
        Ok(Self {
            id: id.into(),
            profile,
            candidates: Vec::new(),
            earlier: Vec::new(),
            nested: Vec::new(),
            noise,
            budget: None,
            asked_out: Vec::new(),
            log: Log::default(),
        })
    }

    /// Adds a table.
    pub fn table(self, table: CountTable) -> Self {
        self.table_worth(table, 1.0)
    }

    /// Adds a table and what it is worth: where a budget does not afford all, the most worthwhile come first.
    pub fn table_worth(mut self, table: CountTable, worth: f64) -> Self {
        self.candidates.push(Candidate { table, worth });
        self
    }

    /// Adds a table that was released before.
    pub fn earlier(mut self, earlier: Earlier) -> Self {
        self.earlier.push(earlier);
        self
    }

    /// Says that a code is made of others though no table's hierarchy does: `0-17` of `0-15` and `16-17`. What lies between two tables
    /// is then attacked too.
    pub fn nested(mut self, dimension: &str, whole: &str, parts: &[&str]) -> Self {
        let parts = parts.iter().map(|p| (*p).to_owned()).collect();
        self.nested.push(Nested { dimension: dimension.to_owned(), whole: whole.to_owned(), parts });
        self
    }

    /// A noise table in place of the profile's, for a profile with noise.
    pub fn noise_table(mut self, table: NoiseTable) -> Self {
        self.noise = Some(table);
        self
    }

    /// Sets how much may be left out.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Leaves out one more cell because a person asks for it.
    pub fn leave_out(mut self, table: &str, labels: &[&str], by: &str, reason: &str) -> Self {
        self.asked_out.push(AskedOut {
            table: table.to_owned(),
            labels: labels.iter().map(|l| (*l).to_owned()).collect(),
            by: by.to_owned(),
            reason: reason.to_owned(),
        });
        self
    }

    /// Decides what is left out, attacks the result, and makes tables that can be printed only if nothing at risk can be worked out.
    ///
    /// A release without tables only attacks what was released before: the check of two old tables against each other.
    ///
    /// # Errors
    ///
    /// [`DisclosureError::Refused`] where the attack succeeds; others where tables disagree, are too large or lack what the profile needs.
    pub fn pass(mut self) -> Result<Passed, DisclosureError> {
        let too_many = self.candidates.len().max(self.earlier.len());
        if too_many > MOST_TABLES {
            return Err(DisclosureError::TooLarge {
                table: self.id,
                what: "tables",
                found: too_many as u64,
                limit: MOST_TABLES as u64,
            });
        }
        for asked in &self.asked_out {
            if !self.candidates.iter().any(|c| find_cell(&c.table, asked).is_some()) {
                return Err(DisclosureError::Table {
                    table: asked.table.clone(),
                    line: 0,
                    reason: format!("there is no cell {} to leave out", asked.labels.join("|")),
                });
            }
        }
        let names: Vec<&str> = self.candidates.iter().map(|c| c.table.name()).collect();
        if let Some(twice) = (1..names.len()).find(|&n| names[..n].contains(&names[n])) {
            return Err(DisclosureError::Table {
                table: names[twice].to_owned(),
                line: 0,
                reason: "two tables of the release have this name; give each its own".to_owned(),
            });
        }
        let mut log = std::mem::take(&mut self.log);
        let chosen = match self.budget {
            None => (0..self.candidates.len()).collect(),
            Some(Budget { most_hidden }) if !(0.0..=1.0).contains(&most_hidden) => {
                return Err(DisclosureError::Profile(format!(
                    "a budget of {most_hidden}; give the largest share of cells to leave out, from 0 to 1"
                )));
            }
            Some(budget) => self.afford(budget, &mut log)?,
        };
        self.pass_chosen(&chosen, log)
    }

    /// Takes tables in order of worth as long as every table stays worth printing.
    fn afford(&self, budget: Budget, log: &mut Log) -> Result<Vec<usize>, DisclosureError> {
        let mut order: Vec<usize> = (0..self.candidates.len()).collect();
        order.sort_by(|&a, &b| self.candidates[b].worth.total_cmp(&self.candidates[a].worth).then(a.cmp(&b)));
        let mut chosen: Vec<usize> = Vec::new();
        for candidate in order {
            let mut with = chosen.clone();
            with.push(candidate);
            with.sort_unstable();
            let work = self.work(&with)?;
            let name = self.candidates[candidate].table.name();
            if !work.settled.exposed.is_empty() {
                log.add(
                    Action::NotAfforded,
                    name,
                    "with the tables already chosen, cells at risk could be worked out",
                );
                continue;
            }
            let shares = with
                .iter()
                .enumerate()
                .map(|(place, &c)| (c, work.hidden_share(place, &self.candidates[c].table)));
            match shares.filter(|(_, share)| *share > budget.most_hidden).max_by(|a, b| a.1.total_cmp(&b.1)) {
                Some((over, share)) => log.add(
                    Action::NotAfforded,
                    name,
                    format!(
                        "{:.0} % of the cells above nothing of {} would be left out; the budget is {:.0} %",
                        share * 100.0,
                        self.candidates[over].table.name(),
                        budget.most_hidden * 100.0
                    ),
                ),
                None => chosen = with,
            }
        }
        Ok(chosen)
    }

    fn pass_chosen(self, chosen: &[usize], mut log: Log) -> Result<Passed, DisclosureError> {
        let work = self.work(chosen)?;
        let tables: Vec<&CountTable> = chosen.iter().map(|&c| &self.candidates[c].table).collect();
        let Work { system, facts, settled, shown, why, earlier_public } = &work;
        let names = CellNames::new(
            system,
            tables.iter().copied().chain(self.earlier.iter().map(Earlier::counts)).collect(),
        );
        let name = |cell: u32| names.of(cell);
        for (cell, reason) in why {
            let by_person = matches!(reason, Why::Asked { .. });
            let action = if by_person { Action::AskedOut } else { Action::AtRisk };
            log.add(action, name(*cell), reason.to_string());
        }
        for &cell in earlier_public {
            log.add(
                Action::AlreadyPublic,
                name(cell),
                "at risk by the rules of this release, but an earlier release printed it as it is",
            );
        }
        let mut secondary = 0;
        let mut primary = 0;
        let mut hidden_value = 0u64;
        let printed = printed_cells(system, tables.len());
        for cell in (0..system.cells()).filter(|&c| settled.hidden[c] && printed[c]) {
            hidden_value += system.values[cell].unsigned_abs();
            if facts.forced[cell] {
                primary += 1;
            } else {
                secondary += 1;
                log.add(
                    Action::LeftOut,
                    name(cell as u32),
                    "printed, it would help to work out a cell at risk",
                );
            }
        }
        if !settled.exposed.is_empty() {
            let exposed = settled.exposed.iter().map(|&c| name(c)).collect();
            return Err(DisclosureError::Refused(Box::new(Refusal { exposed, log: log.0 })));
        }
        let attack: Vec<Attacked> = settled
            .intervals
            .iter()
            .map(|&Interval { cell, lower, upper, whole }| Attacked {
                cell: name(cell),
                lower,
                upper,
                exact: whole,
            })
            .collect();
        let narrowest = attack
            .iter()
            .filter_map(|a| a.upper.map(|upper| (upper - a.lower + 1e-6).floor().max(0.0) as u64))
            .min();
        let audit = Audit {
            tables: tables.len() + self.earlier.len(),
            attacked: attack.len(),
            exposed: 0,
            narrowest,
        };
        log.add(
            Action::Withstood,
            &self.id,
            format!(
                "{} cells at risk attacked over {} tables; none could be worked out",
                audit.attacked, audit.tables
            ),
        );
        let mut findings = Vec::new();
        if !earlier_public.is_empty() {
            findings.push(Finding::new(
                Severity::Warning,
                "already_public",
                format!(
                    "{} cells at risk by {} were printed by an earlier release and cannot be protected any more",
                    earlier_public.len(),
                    self.profile.name
                ),
            ));
        }
        let mut public = Vec::with_capacity(tables.len());
        for (place, table) in tables.iter().enumerate() {
            let members = &system.members[place];
            let cells = (0..table.cells())
                .map(|cell| {
                    if !table.applies(cell) {
                        Shown::NotApplicable
                    } else if settled.hidden[members[cell] as usize] {
                        Shown::Suppressed
                    } else {
                        shown[place][cell]
                    }
                })
                .collect();
            log.add(
                Action::Released,
                table.name(),
                format!("in release {} under {}", self.id, self.profile.name),
            );
            public.push(PublicTable::new(&self.id, table, &self.profile, cells, audit.clone()));
        }
        Ok(Passed {
            tables: public,
            log: log.0,
            attack,
            findings,
            primary,
            secondary,
            hidden_value,
            optimal: settled.optimal,
        })
    }

    /// Everything up to the attack, for some of the tables.
    fn work(&self, chosen: &[usize]) -> Result<Work, DisclosureError> {
        let tables: Vec<&CountTable> = chosen.iter().map(|&c| &self.candidates[c].table).collect();
        let before: Vec<&CountTable> = self.earlier.iter().map(Earlier::counts).collect();
        let system = System::new(&tables, &before, &self.nested)?;
        let shown = tables.iter().map(|t| self.show(t)).collect::<Result<Vec<_>, _>>()?;
        let (facts, why, earlier_public) = self.facts(&system, &tables, &shown);
        let all: Vec<&CountTable> = tables.iter().chain(&before).copied().collect();
        let settled = settle(&system, &all, &facts, EFFORT);
        Ok(Work { system, facts, settled, shown, why, earlier_public })
    }

    /// What each cell would show were it not left out.
    fn show(&self, table: &CountTable) -> Result<Vec<Shown>, DisclosureError> {
        if let Some(noise) = &self.noise
            && self.profile.noise.is_some()
        {
            let keys = table.record_keys().ok_or_else(|| DisclosureError::Table {
                table: table.name().to_owned(),
                line: 0,
                reason: format!("{} needs record keys; count the records with a key each", self.profile.name),
            })?;
            return Ok((0..table.cells())
                .map(|cell| {
                    let count = noise.perturb(table.count(cell), keys[cell]);
                    let (least, most) = noise.known(count);
                    Shown::Perturbed { count, least, most }
                })
                .collect());
        }
        let Some(rule) = self.profile.rounding else {
            return Ok((0..table.cells()).map(|cell| Shown::Count(table.count(cell))).collect());
        };
        let adding_up = if rule.controlled { Some(rounding::controlled(table, rule.base)?) } else { None };
        Ok((0..table.cells())
            .map(|cell| {
                let is_total = table.dimensions().first().is_some_and(|d| !d.is_leaf(table.code(cell, 0)));
                if rule.levels == Levels::Totals && !is_total {
                    return Shown::Count(table.count(cell));
                }
                let (count, (least, most)) = if let Some(rounded) = &adding_up {
                    (rounded[cell], rounding::known_controlled(rounded[cell], rule.base))
                } else {
                    let count = rounding::nearest(table.count(cell), rule.base);
                    (count, rounding::known_nearest(count, rule.base))
                };
                // Where what rounds to nothing has a symbol, readers can tell it from nobody.
                let told_apart = count == 0 && self.profile.symbols.rounds_to_zero.is_some();
                match table.count(cell) {
                    0 if told_apart => Shown::Count(0),
                    _ if told_apart => Shown::Rounded { count, least: least.max(1), most },
                    _ => Shown::Rounded { count, least, most },
                }
            })
            .collect())
    }

    fn facts(
        &self,
        system: &System,
        tables: &[&CountTable],
        shown: &[Vec<Shown>],
    ) -> (Facts, Vec<(u32, Why)>, Vec<u32>) {
        let cells = system.cells();
        let free = |cell: usize| (-(system.values[cell].max(0) as f64), f64::INFINITY);
        let mut known: Vec<(f64, f64)> = (0..cells).map(free).collect();
        let mut published = known.clone();
        let mut may_hide = vec![false; cells];
        let mut forced = vec![false; cells];
        let mut at_risk = vec![false; cells];
        let mut doubt: Vec<(f64, f64)> = vec![(0.0, 0.0); cells];
        let mut why: std::collections::BTreeMap<u32, Why> = std::collections::BTreeMap::new();
        let narrow = |interval: &mut (f64, f64), shown: Shown, value: i64| {
            let (least, most) = shown.known();
            interval.0 = interval.0.max((least as i64 - value).min(0) as f64);
            interval.1 = interval.1.min(most.map_or(f64::INFINITY, |m| (m as i64 - value).max(0) as f64));
        };
        for ((table, members), shown) in tables.iter().zip(&system.members).zip(shown) {
            for cell in 0..table.cells() {
                let here = members[cell] as usize;
                if !table.applies(cell) {
                    known[here] = (0.0, 0.0);
                    published[here] = (0.0, 0.0);
                    continue;
                }
                let count = table.count(cell);
                narrow(&mut published[here], shown[cell], system.values[here]);
                may_hide[here] = count > 0;
                let rounded = matches!(shown[cell], Shown::Rounded { .. });
                let protected_by_rounding =
                    rounded && self.profile.rounding.is_some_and(|r| r.levels == Levels::Totals);
                let too_small_after_noise = matches!(shown[cell],
                    Shown::Perturbed { count, .. } if self.profile.at_risk(count));
                if self.profile.at_risk(count) || too_small_after_noise {
                    at_risk[here] = self.profile.at_risk(count);
                    forced[here] |= !protected_by_rounding;
                    why.entry(here as u32).or_insert(Why::Small { threshold: self.profile.threshold });
                }
            }
            if self.profile.class_disclosure {
                for (parent, children) in table.sums() {
                    let Some(parent) = parent else { continue };
                    let count = |cell: u32| table.count(cell as usize);
                    let Some(&full) = children.iter().find(|&&c| count(c) == count(parent)) else { continue };
                    let empty: Vec<u32> = children
                        .iter()
                        .copied()
                        .filter(|&c| count(c) == 0 && table.applies(c as usize))
                        .collect();
                    if count(parent) == 0 || empty.is_empty() {
                        continue;
                    }
                    // Whoever reads the row must not be able to say that all are in one cell: another must be possibly above
                    // nothing. The one that needs the fewest printed zeros over it left out, and the first of equals.
                    let needed = empty
                        .into_iter()
                        .map(|c| (zeros_around(table, c as usize), c))
                        .min_by_key(|(zeros, c)| (zeros.len(), *c));
                    let Some((zeros, other)) = needed else { continue };
                    for cell in zeros.into_iter().chain([full as usize, other as usize]) {
                        let here = members[cell] as usize;
                        forced[here] = true;
                        why.entry(here as u32)
                            .or_insert_with(|| Why::Class { row: table.cell_name(parent as usize) });
                    }
                    let here = members[other as usize] as usize;
                    at_risk[here] = true;
                    doubt[here] = (1.0, 0.0);
                }
            }
            for asked in &self.asked_out {
                if let Some(cell) = find_cell(table, asked) {
                    let here = members[cell] as usize;
                    forced[here] = true;
                    why.insert(
                        here as u32,
                        Why::Asked { by: asked.by.clone(), reason: asked.reason.clone() },
                    );
                }
            }
        }
        let mut shown_before = vec![false; cells];
        for (earlier, members) in self.earlier.iter().zip(&system.members[tables.len()..]) {
            for (cell, shown) in earlier.shown().iter().enumerate() {
                let here = members[cell] as usize;
                narrow(&mut known[here], *shown, system.values[here]);
                shown_before[here] = true;
                let count = earlier.counts().count(cell);
                at_risk[here] |= self.profile.at_risk(count) && earlier.counts().applies(cell);
            }
        }
        if self.profile.rule_known {
            // Left out by the rule, now or before: known to be under the threshold, and above nothing where zeros are printed.
            let taken = self.noise.as_ref().map_or(0, NoiseTable::most_taken);
            let most = (self.profile.threshold + taken).saturating_sub(1) as i64;
            let least = i64::from(self.profile.zeros == Zeros::Publish);
            for here in 0..cells {
                let value = system.values[here];
                let by_rule = matches!(why.get(&(here as u32)), Some(Why::Small { .. })) && forced[here];
                if (by_rule || (shown_before[here] && at_risk[here])) && (least..=most).contains(&value) {
                    known[here].0 = known[here].0.max((least - value) as f64);
                    known[here].1 = known[here].1.min((most - value) as f64);
                }
            }
        }
        for &change in &system.changes {
            let here = change as usize;
            let size = system.values[here].unsigned_abs();
            known[here] = (f64::NEG_INFINITY, f64::INFINITY);
            published[here] = known[here];
            if size > 0 && size < self.profile.threshold {
                at_risk[here] = true;
                doubt[here] = (1.0, 1.0);
            }
        }
        for &cell in &system.between {
            let here = cell as usize;
            at_risk[here] = system.values[here] > 0 && self.profile.at_risk(system.values[here] as u64);
        }
        let mut targets = Vec::new();
        let mut earlier_public = Vec::new();
        for here in 0..cells {
            // What was printed before is known whatever is left out now.
            published[here].0 = published[here].0.max(known[here].0);
            published[here].1 = published[here].1.min(known[here].1);
            if !at_risk[here] {
                continue;
            }
            let value = system.values[here];
            let (mut up, mut down) =
                if doubt[here] == (0.0, 0.0) { self.profile.doubt(value.max(0) as u64) } else { doubt[here] };
            let may_be = if forced[here] || shown_before[here] { known[here] } else { published[here] };
            if shown_before[here] && may_be == (0.0, 0.0) {
                earlier_public.push(here as u32);
                continue;
            }
            // Rounding and the rule leave as much doubt as they leave; no more can be asked than one side of it.
            up = up.min(may_be.1);
            down = down.min(-may_be.0);
            if up > 0.0 || down > 0.0 {
                targets.push(Target { cell: here as u32, up, down });
            }
        }
        let cost = match self.profile.keep_small {
            KeepSmall::Cells => vec![1.0; cells],
            KeepSmall::Value => system.values.iter().map(|v| (*v).max(1) as f64).collect(),
        };
        let split = |pairs: &[(f64, f64)]| Bounds {
            lower: pairs.iter().map(|p| p.0).collect(),
            upper: pairs.iter().map(|p| p.1).collect(),
        };
        let facts = Facts {
            published: split(&published),
            hidden: split(&known),
            // A cell that was printed as it is cannot be hidden any more: it is shown again, as it was.
            eligible: (0..cells).map(|c| may_hide[c] && known[c] != (0.0, 0.0)).collect(),
            forced,
            cost,
            missed: levels(system, tables),
            targets,
        };
        (facts, why.into_iter().collect(), earlier_public)
    }
}

/// Where each cell stands, for the log: its first table and its place in it.
struct CellNames<'a> {
    system: &'a System,
    tables: Vec<&'a CountTable>,
    stands: Vec<Option<(u32, u32)>>,
}

impl<'a> CellNames<'a> {
    fn new(system: &'a System, tables: Vec<&'a CountTable>) -> Self {
        let mut stands = vec![None; system.cells()];
        for (number, members) in system.members.iter().enumerate() {
            for (place, &cell) in members.iter().enumerate() {
                stands[cell as usize].get_or_insert((number as u32, place as u32));
            }
        }
        Self { system, tables, stands }
    }

    fn of(&self, cell: u32) -> String {
        if let Some((number, place)) = self.stands[cell as usize] {
            let table = self.tables[number as usize];
            return format!("{} {}", table.name(), table.cell_name(place as usize));
        }
        let sum = self.system.sums.iter().find(|(_, children)| children.contains(&cell));
        let whole = sum.and_then(|(parent, _)| *parent).map(|p| self.of(p)).unwrap_or_default();
        if self.system.changes.contains(&cell) {
            format!("change since an earlier release in {whole}")
        } else {
            format!("what lies between {whole} and its other parts")
        }
    }
}

struct Work {
    system: System,
    facts: Facts,
    settled: Settled,
    shown: Vec<Vec<Shown>>,
    why: Vec<(u32, Why)>,
    earlier_public: Vec<u32>,
}

impl Work {
    fn hidden_share(&self, place: usize, table: &CountTable) -> f64 {
        let mut all = 0usize;
        let mut hidden = 0usize;
        for (cell, &here) in self.system.members[place].iter().enumerate() {
            if table.count(cell) > 0 {
                all += 1;
                hidden += usize::from(self.settled.hidden[here as usize]);
            }
        }
        if all == 0 { 0.0 } else { hidden as f64 / all as f64 }
    }
}

fn find_cell(table: &CountTable, asked: &AskedOut) -> Option<usize> {
    if table.name() != asked.table || asked.labels.len() != table.dimensions().len() {
        return None;
    }
    let mut cell = 0;
    for ((dimension, stride), label) in table.dimensions().iter().zip(table.strides()).zip(&asked.labels) {
        cell += dimension.code(label)? as usize * stride;
    }
    Some(cell)
}

/// How far up the totals a cell stands: readers miss the grand total most.
fn levels(system: &System, tables: &[&CountTable]) -> Vec<f64> {
    let mut level = vec![0.0f64; system.cells()];
    for (table, members) in tables.iter().zip(&system.members) {
        for (cell, &here) in members.iter().enumerate() {
            let own = table.dimensions().iter().enumerate().map(|(place, dimension)| {
                let code = table.code(cell, place);
                f64::from(u8::from(!dimension.is_leaf(code)) + u8::from(dimension.parent(code).is_none()))
            });
            level[here as usize] = level[here as usize].max(own.sum());
        }
    }
    level
}

/// Zeros that would show a cell to be empty were they printed: those of a way down to a lowest level, and all totals over that way.
fn zeros_around(table: &CountTable, cell: usize) -> Vec<usize> {
    let mut at = cell;
    let mut way = vec![cell];
    for (place, dimension) in table.dimensions().iter().enumerate() {
        while let Some(child) = dimension
            .children(table.code(at, place))
            .iter()
            .map(|&child| at + (child - table.code(at, place)) as usize * table.strides()[place])
            .filter(|&child| table.applies(child))
            .min_by_key(|&child| (zeros_over(table, child).len(), child))
        {
            at = child;
            way.push(at);
        }
    }
    for zero in way.clone() {
        way.extend(zeros_over(table, zero));
    }
    way.sort_unstable();
    way.dedup();
    way
}

/// Totals of nothing over an empty cell, in all its dimensions: while one is printed, the cell is known to be empty.
fn zeros_over(table: &CountTable, cell: usize) -> Vec<usize> {
    let mut zeros: Vec<usize> = Vec::new();
    let mut next = 0;
    let mut at = cell;
    loop {
        for (place, dimension) in table.dimensions().iter().enumerate() {
            let code = table.code(at, place);
            let Some(parent) = dimension.parent(code) else { continue };
            let over = at - (code - parent) as usize * table.strides()[place];
            if table.count(over) == 0 && !zeros.contains(&over) {
                zeros.push(over);
            }
        }
        let Some(&following) = zeros.get(next) else { return zeros };
        at = following;
        next += 1;
    }
}

fn printed_cells(system: &System, tables: usize) -> Vec<bool> {
    let mut printed = vec![false; system.cells()];
    for members in &system.members[..tables] {
        for &cell in members {
            printed[cell as usize] = true;
        }
    }
    printed
}

/// Why a cell is left out from the start.
enum Why {
    Small { threshold: u64 },
    Class { row: String },
    Asked { by: String, reason: String },
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Small { threshold } => write!(f, "the count is under {threshold}"),
            Self::Class { row } => write!(f, "everybody of {row} is in one cell"),
            Self::Asked { by, reason } => write!(f, "{by}: {reason}"),
        }
    }
}
