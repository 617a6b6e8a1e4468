//! The whole: a nation made once, written out piece by piece.

use std::collections::BTreeMap;
use std::io::Write;

use candour_record::{Finding, Severity};
use candour_returns::{BodyType, Mapping, Thresholds, wilson};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::call::{CALL, Sent, knowledge};
use crate::dates::{civil, push_iso, year_of};
use crate::dialect::{Layout, Row, push_quoted};
use crate::geography::Geography;
use crate::particulars::{self, ProtectedTraits, Whose};
use crate::plan::{DAYS_TO_RETURN, Format, Sabotaged};
use crate::press::{Counts, PartFault, Press, TABLES, tables_of};
use crate::truth::{List, NONE, Tie};
use crate::{Knobs, SyntheticError};

/// Parts made at one time. A part of records with notes is about 5 MB; the number changes no byte of what is written.
const WINDOW: usize = 24;
/// Lines of a table of the truth made by one thread.
const LINES: usize = 16_384;

/// A synthetic nation: its truth and who sends what. Rows are made only while they are written.
///
/// ```
/// use candour_synthetic::{Knobs, Nation};
/// let (nation, _) = Nation::new(Knobs { records: 2_000, ..Knobs::default() })?;
/// let mut bytes = 0;
/// let summary = nation.write(|piece| {
///     bytes += piece.bytes.len();
///     Ok::<(), std::io::Error>(())
/// })?;
/// assert_eq!(summary.bytes, bytes as u64);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Nation {
    press: Press,
}

/// Some bytes of one file. The pieces of a file come in order; those of different files may alternate.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    /// The file's path with `/` between its parts, below the folder that is written to: `returns/…`, `call/…` or `truth/…`.
    pub path: &'a str,
    /// The format a table of a return should have in the end; `Csv` for every other file, which stays as it is. The bytes are always
    /// those of a CSV file, TOML or JSON.
    pub format: Format,
    /// Bytes to add.
    pub bytes: &'a [u8],
    /// Whether the file is complete with them.
    pub end: bool,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// True victims.
    pub victims: u64,
    /// True victims on at least one list.
    pub observed: u64,
    /// Rows of returns by table.
    pub rows: BTreeMap<String, u64>,
    /// Bytes of returns by table, as CSV.
    pub table_bytes: BTreeMap<String, u64>,
    /// Bytes of all, the truth included.
    pub bytes: u64,
    /// Faults by rule.
    pub faults: BTreeMap<String, u64>,
    /// Bodies that send.
    pub bodies: u64,
}

impl Summary {
    /// Rows of returns over all tables.
    pub fn records(&self) -> u64 {
        self.rows.values().sum()
    }
}

/// One body as it sends, for lists of who is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodySummary {
    /// Its code, and the name of its folder below `returns/`.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its type.
    pub body_type: BodyType,
    /// Its record system.
    pub system: &'static str,
    /// The mapping that reads its return.
    pub mapping: &'static str,
    /// The format of its files.
    pub format: Format,
    /// What goes wrong with its return.
    pub sabotage: Option<Sabotaged>,
}

impl Nation {
    /// Makes the truth. Findings say what the knobs leave too small to mean anything.
    ///
    /// # Errors
    ///
    /// [`SyntheticError::OutOfRange`] for a knob that makes no sense.
    pub fn new(knobs: Knobs) -> Result<(Self, Vec<Finding>), SyntheticError> {
        let press = Press::new(knobs)?;
        let mut findings = Vec::new();
        if press.truth.groups.is_empty() && press.knobs.groups.share > 0.0 {
            findings.push(Finding::new(
                Severity::Note,
                "no_groups",
                format!(
                    "{} true victims are too few for a single group; ask for more records",
                    press.truth.persons.len()
                ),
            ));
        }
        Ok((Self { press }, findings))
    }

    /// The knobs.
    pub fn knobs(&self) -> &Knobs {
        &self.press.knobs
    }

    /// The map.
    pub fn geography(&self) -> &Geography {
        &self.press.map
    }

    /// All bodies, in the order in which they are written.
    pub fn bodies(&self) -> Vec<BodySummary> {
        let named = self.press.map.bodies.iter().zip(&self.press.plans.bodies);
        named
            .map(|(body, plan)| BodySummary {
                code: body.code.clone(),
                name: body.name.clone(),
                body_type: body.body_type,
                system: plan.system,
                mapping: plan.mapping,
                format: plan.format,
                sabotage: plan.sabotage,
            })
            .collect()
    }

    /// True victims on at least one list and all true victims, by which an estimate is judged.
    pub fn true_counts(&self) -> (u64, u64) {
        let persons = &self.press.truth.persons;
        (persons.iter().filter(|p| p.lists != 0).count() as u64, persons.len() as u64)
    }

    /// Hands over all files piece by piece: for each body its tables, then `header`, `file` and its mapping; the truth's tables
    /// beside them and last. The same knobs give the same bytes at any number of threads.
    ///
    /// # Errors
    ///
    /// Those of `sink`, at which it stops.
    pub fn write<E>(&self, mut sink: impl FnMut(Piece<'_>) -> Result<(), E>) -> Result<Summary, E> {
        let press = &self.press;
        let mut summary = Summary {
            victims: press.truth.persons.len() as u64,
            observed: self.true_counts().0,
            bodies: press.map.bodies.len() as u64,
            ..Summary::default()
        };
        let mut out = Out { sink: &mut sink, bytes: 0 };
        for (file, heading) in TRUTH_BESIDE {
            out.truth(file, heading.as_bytes(), false)?;
        }
        let jobs: Vec<(usize, Vec<crate::press::Job>)> =
            (0..press.map.bodies.len()).map(|b| (b, press.jobs(b))).collect();
        let flat: Vec<(usize, &crate::press::Job)> =
            jobs.iter().flat_map(|(b, jobs)| jobs.iter().map(move |j| (*b, j))).collect();
        let mut writing: Option<BodyWriter> = None;
        let mut sent: Vec<Sent> = Vec::new();
        let mut next_body = 0usize;
        for window in flat.chunks(WINDOW) {
            let parts: Vec<_> = window.par_iter().map(|(body, job)| press.make(*body, job)).collect();
            for ((body, _), part) in window.iter().zip(parts) {
                if writing.as_ref().is_some_and(|w| w.body != *body)
                    && let Some(done) = writing.take()
                {
                    next_body = done.body + 1;
                    done.close(press, &mut out, &mut summary, &mut sent)?;
                }
                // Bodies without a row send their headings.
                while writing.is_none() && next_body < *body {
                    BodyWriter::open(press, next_body, &mut out)?.close(
                        press,
                        &mut out,
                        &mut summary,
                        &mut sent,
                    )?;
                    next_body += 1;
                }
                if writing.is_none() {
                    writing = Some(BodyWriter::open(press, *body, &mut out)?);
                }
                if let Some(writer) = &mut writing {
                    writer.add(press, part, &mut out, &mut summary)?;
                }
            }
        }
        if let Some(done) = writing.take() {
            next_body = done.body + 1;
            done.close(press, &mut out, &mut summary, &mut sent)?;
        }
        for empty in next_body..press.map.bodies.len() {
            BodyWriter::open(press, empty, &mut out)?.close(press, &mut out, &mut summary, &mut sent)?;
        }
        let mut lines = Vec::new();
        for (own, (known, broken)) in sent.iter().zip(knowledge(press, &sent)) {
            let code = &press.map.bodies[own.body].code;
            out.put(&format!("call/{code}.json"), Format::Csv, known.to_string().as_bytes(), true)?;
            for (rule, table, column, cause) in broken {
                let _ = writeln!(lines, "{rule},{code},{table},,{column},,{cause}");
                *summary.faults.entry(rule.to_owned()).or_default() += 1;
            }
        }
        out.truth("errors.csv", &lines, false)?;
        for (file, _) in TRUTH_BESIDE {
            out.truth(file, b"", true)?;
        }
        self.write_truth(&mut out)?;
        summary.bytes = out.bytes;
        Ok(summary)
    }

    fn write_truth<E, S: FnMut(Piece<'_>) -> Result<(), E>>(&self, out: &mut Out<'_, S>) -> Result<(), E> {
        let press = &self.press;
        let (truth, map) = (&press.truth, &press.map);
        out.lines("persons.csv", PERSONS, truth.persons.len(), |into, p| self.person_line(into, p as u32))?;
        out.lines("events.csv", EVENTS, truth.events.len(), |into, n| {
            let e = &truth.events[n];
            let second = if e.second == NONE { String::new() } else { e.second.to_string() };
            let group = if e.group == NONE { String::new() } else { e.group.to_string() };
            let perpetrators: Vec<String> = truth.perpetrators(n as u32).iter().map(u32::to_string).collect();
            let _ = write!(into, "{n},{},{second},", e.person);
            push_iso(into, e.day);
            let _ = writeln!(
                into,
                ",{},{},{group},{},{},{},{}",
                map.forces[usize::from(e.force)].code,
                map.authorities[usize::from(e.place)].code,
                u8::from(e.cse),
                u8::from(e.online),
                u8::from(e.recorded),
                perpetrators.join(" ")
            );
        })?;
        let mut of_group = vec![(0u64, 0u64); truth.groups.len()];
        for e in &truth.events {
            if let Some(counts) = of_group.get_mut(e.group as usize) {
                counts.0 += 1;
                counts.1 += u64::from(e.recorded);
            }
        }
        out.lines(
            "groups.csv",
            "group,kind,force,size,offences,recorded\n",
            truth.groups.len(),
            |into, n| {
                let g = &truth.groups[n];
                let (offences, recorded) = of_group[n];
                let _ = writeln!(
                    into,
                    "{n},{},{},{},{offences},{recorded}",
                    g.kind.code(),
                    map.forces[usize::from(g.force)].code,
                    g.size
                );
            },
        )?;
        out.lines("membership.csv", "group,offender\n", truth.groups.len(), |into, n| {
            for place in 0..truth.groups[n].size {
                let _ = writeln!(into, "{n},{}", truth.member(n as u32, place));
            }
        })?;
        out.lines(
            "offenders.csv",
            "offender,sex,age,ethnicity,nationality\n",
            truth.offenders as usize,
            |into, n| {
                let (_, _, age, female) = particulars::of_offender(truth, &press.knobs, n as u32);
                let protected = ProtectedTraits::of(truth.seed, Whose::Offender, n as u32);
                let _ = writeln!(
                    into,
                    "{n},{},{age},{},{}",
                    if female { "F" } else { "M" },
                    protected.ethnicity(true),
                    protected.nationality
                );
            },
        )?;
        out.lines(
            "lists.csv",
            "person,police,childrens,health,voluntary,nrm\n",
            truth.persons.len(),
            |into, p| {
                let _ = write!(into, "{p}");
                for list in List::ALL {
                    let _ = write!(into, ",{}", u8::from(truth.persons[p].on(list)));
                }
                into.push(b'\n');
            },
        )?;
        let mut histories = [0u64; 32];
        let mut by_year: BTreeMap<(u8, i32), (u64, u64)> = BTreeMap::new();
        for (p, person) in truth.persons.iter().enumerate() {
            histories[usize::from(person.lists)] += 1;
            let force = map.authorities[usize::from(person.authority)].force;
            let counts = by_year.entry((force, truth.year(p as u32))).or_default();
            counts.0 += 1;
            counts.1 += u64::from(person.lists != 0);
        }
        let mut text = b"police,childrens,health,voluntary,nrm,count\n".to_vec();
        for (lists, count) in histories.iter().enumerate() {
            for list in List::ALL {
                let _ = write!(text, "{},", u8::from(lists as u8 & list.bit() != 0));
            }
            let _ = writeln!(text, "{count}");
        }
        out.truth("histories.csv", &text, true)?;
        text = b"force,year,true,observed,hidden\n".to_vec();
        for ((force, year), (all, observed)) in by_year {
            let code = &map.forces[usize::from(force)].code;
            let _ = writeln!(text, "{code},{year},{all},{observed},{}", all - observed);
        }
        out.truth("hidden.csv", &text, true)?;
        self.write_who(out)?;
        out.truth("knobs.toml", press.knobs.to_toml().unwrap_or_default().as_bytes(), true)
    }

    fn person_line(&self, into: &mut Vec<u8>, p: u32) {
        let truth = &self.press.truth;
        let person = &truth.persons[p as usize];
        let protected = ProtectedTraits::of(truth.seed, Whose::Victim, p);
        let area = &self.press.map.authorities[usize::from(person.authority)];
        let _ = write!(into, "{p},{},", if person.female { "F" } else { "M" });
        push_iso(into, person.born);
        let _ = write!(
            into,
            ",{},{},{:.3},{},{},{},{},{},",
            area.code,
            self.press.map.forces[usize::from(area.force)].code,
            person.severity,
            u8::from(person.looked_after),
            u8::from(person.cse),
            u8::from(person.cce),
            u8::from(person.moved),
            match person.tie {
                Tie::None => "none",
                Tie::Twins => "twins",
                Tie::Siblings => "siblings",
                Tie::Address => "address",
            }
        );
        push_iso(into, person.first_event);
        let _ = writeln!(
            into,
            ",{},{},{},{}",
            protected.ethnicity(true),
            u8::from(protected.disability),
            u8::from(protected.neurodiverse),
            truth.events_range(p).len()
        );
    }

    fn write_who<E, S: FnMut(Piece<'_>) -> Result<(), E>>(&self, out: &mut Out<'_, S>) -> Result<(), E> {
        let press = &self.press;
        let map = &press.map;
        let mut text = b"code,name,kind,force,children,column,row\n".to_vec();
        for f in &map.forces {
            let _ = writeln!(text, "{},{},force,,,{},{}", f.code, f.name, f.tile.0, f.tile.1);
        }
        for a in &map.authorities {
            let force = &map.forces[usize::from(a.force)].code;
            let _ = writeln!(
                text,
                "{},{},authority,{force},{},{},{}",
                a.code, a.name, a.children, a.tile.0, a.tile.1
            );
        }
        out.truth("areas.csv", &text, true)?;
        text = b"body,name,type,system,mapping,format,sabotage,extract_on,due_on,changed_on\n".to_vec();
        for (body, plan) in map.bodies.iter().zip(&press.plans.bodies) {
            let _ = write!(
                text,
                "{},{},{},{},{},{},{},",
                body.code,
                body.name,
                body.body_type.code(),
                plan.system,
                plan.mapping,
                plan.format.ending(),
                plan.sabotage.map_or("", Sabotaged::name)
            );
            push_iso(&mut text, plan.extract);
            text.push(b',');
            push_iso(&mut text, press.truth.period.1 + DAYS_TO_RETURN);
            text.push(b',');
            if let Some(day) = plan.changed_on {
                push_iso(&mut text, day);
            }
            text.push(b'\n');
        }
        out.truth("bodies.csv", &text, true)?;
        text = b"force,effect,low,cse_sensitivity,count_unknown,slow\n".to_vec();
        for (n, force) in press.truth.forces.iter().enumerate() {
            let _ = writeln!(
                text,
                "{},{:.4},{},{:.4},{:.4},{}",
                map.forces[n].code,
                force.effect,
                u8::from(force.low),
                force.cse_sensitivity,
                force.count_unknown,
                u8::from(press.plans.bodies[n].slow)
            );
        }
        out.truth("forces.csv", &text, true)
    }
}

const PERSONS: &str = "person,sex,born,authority,force,severity,looked_after,cse,cce,moved,tie,first_event,ethnicity,disability,neurodiverse,events\n";
const EVENTS: &str = "event,person,second,day,force,place,group,cse,online,recorded,perpetrators\n";
/// Tables of the truth that are made together with the returns.
const TRUTH_BESIDE: [(&str, &str); 7] = [
    ("record_map.csv", "body,record,person\n"),
    ("suspect_map.csv", "body,record,offender\n"),
    ("offence_map.csv", "body,record,event\n"),
    ("criminalised.csv", "body,record,person\n"),
    ("errors.csv", "rule,body,table,row,column,record,cause\n"),
    ("language_rates.csv", "body,year,notes,misuse\n"),
    ("note_labels.jsonl", ""),
];

/// Where pieces go, and how many bytes went.
struct Out<'a, S> {
    sink: &'a mut S,
    bytes: u64,
}

impl<E, S: FnMut(Piece<'_>) -> Result<(), E>> Out<'_, S> {
    fn put(&mut self, path: &str, format: Format, bytes: &[u8], end: bool) -> Result<(), E> {
        self.bytes += bytes.len() as u64;
        (self.sink)(Piece { path, format, bytes, end })
    }

    fn truth(&mut self, file: &str, bytes: &[u8], end: bool) -> Result<(), E> {
        if bytes.is_empty() && !end {
            return Ok(());
        }
        self.put(&format!("truth/{file}"), Format::Csv, bytes, end)
    }

    /// A table of the truth of `count` items, made in parts by all threads.
    fn lines(
        &mut self,
        file: &str,
        heading: &str,
        count: usize,
        line: impl Fn(&mut Vec<u8>, usize) + Sync,
    ) -> Result<(), E> {
        self.truth(file, heading.as_bytes(), false)?;
        let parts: Vec<std::ops::Range<usize>> =
            (0..count).step_by(LINES).map(|from| from..(from + LINES).min(count)).collect();
        for window in parts.chunks(WINDOW) {
            let made: Vec<Vec<u8>> = window
                .par_iter()
                .map(|range| {
                    let mut into = Vec::with_capacity(range.len() * 64);
                    range.clone().for_each(|n| line(&mut into, n));
                    into
                })
                .collect();
            for bytes in made {
                self.truth(file, &bytes, false)?;
            }
        }
        self.truth(file, b"", true)
    }
}

/// A body whose return is being written.
struct BodyWriter {
    body: usize,
    tables: Vec<usize>,
    paths: Vec<String>,
    rows: [u64; TABLES.len()],
    bytes: [u64; TABLES.len()],
    hashes: Vec<Sha256>,
    counts: Counts,
    months: [BTreeMap<i32, u64>; 3],
    met: std::collections::BTreeSet<u16>,
    notes: BTreeMap<i32, (u64, u64)>,
}

impl BodyWriter {
    fn open<E, S: FnMut(Piece<'_>) -> Result<(), E>>(
        press: &Press,
        body: usize,
        out: &mut Out<'_, S>,
    ) -> Result<Self, E> {
        let plan = &press.plans.bodies[body];
        let folder = press.folder(body);
        let tables = tables_of(plan.body_type, press.knobs.language.notes);
        let mut writer = Self {
            body,
            paths: TABLES.iter().map(|t| format!("{folder}/{t}.csv")).collect(),
            rows: [0; TABLES.len()],
            bytes: [0; TABLES.len()],
            hashes: TABLES.iter().map(|_| Sha256::new()).collect(),
            counts: Counts::default(),
            months: Default::default(),
            met: std::collections::BTreeSet::new(),
            notes: BTreeMap::new(),
            tables: tables.clone(),
        };
        for table in tables {
            let mut heading = press.layout(plan, table).heading.clone();
            if table == 0 && plan.sabotage == Some(Sabotaged::UnknownColumn) {
                heading.pop();
                heading.extend_from_slice(b",nickname\n");
            }
            writer.put(table, plan.format, &heading, false, out)?;
        }
        Ok(writer)
    }

    fn put<E, S: FnMut(Piece<'_>) -> Result<(), E>>(
        &mut self,
        table: usize,
        format: Format,
        bytes: &[u8],
        end: bool,
        out: &mut Out<'_, S>,
    ) -> Result<(), E> {
        self.hashes[table].update(bytes);
        self.bytes[table] += bytes.len() as u64;
        out.put(&self.paths[table], format, bytes, end)
    }

    fn add<E, S: FnMut(Piece<'_>) -> Result<(), E>>(
        &mut self,
        press: &Press,
        part: crate::press::Part,
        out: &mut Out<'_, S>,
        summary: &mut Summary,
    ) -> Result<(), E> {
        let format = press.plans.bodies[self.body].format;
        out.truth("record_map.csv", &part.victim_map, false)?;
        out.truth("suspect_map.csv", &part.suspect_map, false)?;
        out.truth("offence_map.csv", &part.offence_map, false)?;
        out.truth("criminalised.csv", &part.criminalised, false)?;
        out.truth("note_labels.jsonl", &part.labels, false)?;
        let mut lines = Vec::new();
        for fault in &part.faults {
            self.fault_line(press, fault, &mut lines);
            *summary.faults.entry(fault.rule.to_owned()).or_default() += 1;
        }
        out.truth("errors.csv", &lines, false)?;
        for table in self.tables.clone() {
            if !part.tables[table].is_empty() {
                self.put(table, format, &part.tables[table], false, out)?;
            }
            self.rows[table] += part.rows[table];
        }
        self.counts.add(part.counts);
        self.met.extend(part.met);
        for (own, other) in self.months.iter_mut().zip(part.months) {
            for (month, count) in other {
                *own.entry(month).or_default() += count;
            }
        }
        for (year, (notes, misuse)) in part.notes {
            let counts = self.notes.entry(year).or_default();
            counts.0 += notes;
            counts.1 += misuse;
        }
        Ok(())
    }

    fn fault_line(&self, press: &Press, fault: &PartFault, into: &mut Vec<u8>) {
        let _ = writeln!(
            into,
            "{},{},{},{},{},{},{}",
            fault.rule,
            press.map.bodies[self.body].code,
            TABLES[fault.table],
            self.rows[fault.table] + fault.row,
            fault.column,
            fault.record,
            fault.cause.name()
        );
    }

    fn close<E, S: FnMut(Piece<'_>) -> Result<(), E>>(
        mut self,
        press: &Press,
        out: &mut Out<'_, S>,
        summary: &mut Summary,
        sent: &mut Vec<Sent>,
    ) -> Result<(), E> {
        let plan = &press.plans.bodies[self.body];
        sent.push(Sent {
            body: self.body,
            victims: self.rows[0],
            offences: self.rows[1],
            flagged: self.counts.flagged,
            met: std::mem::take(&mut self.met),
            nil: says_nil(press, self.body),
        });
        let code = press.map.bodies[self.body].code.clone();
        for table in self.tables.clone() {
            self.put(table, plan.format, b"", true, out)?;
            *summary.rows.entry(TABLES[table].to_owned()).or_default() += self.rows[table];
            *summary.table_bytes.entry(TABLES[table].to_owned()).or_default() += self.bytes[table];
        }
        let folder = press.folder(self.body);
        out.put(&format!("{folder}/header.csv"), plan.format, &header(press, self.body), true)?;
        let mut files = Vec::new();
        for &table in &self.tables {
            let hash = std::mem::take(&mut self.hashes[table]).finalize();
            let lost = u64::from(table == 0 && plan.sabotage == Some(Sabotaged::LostRows)) * 7;
            files.push((
                TABLES[table],
                self.rows[table] + lost,
                hash.iter().fold(String::with_capacity(64), |mut text, byte| {
                    // Writing to a String cannot fail.
                    let _ = std::fmt::Write::write_fmt(&mut text, format_args!("{byte:02x}"));
                    text
                }),
            ));
        }
        out.put(&format!("{folder}/file.csv"), plan.format, file_table(&files).as_bytes(), true)?;
        if plan.mapping != "plain" {
            let text = Mapping::dialect(plan.mapping, &press.specification)
                .and_then(|m| m.to_toml())
                .unwrap_or_default();
            out.put(&format!("returns/{code}/mapping.toml"), Format::Csv, text.as_bytes(), true)?;
        }
        let mut rates = Vec::new();
        for (year, (notes, misuse)) in &self.notes {
            let _ = writeln!(rates, "{code},{year},{notes},{misuse}");
        }
        out.truth("language_rates.csv", &rates, false)?;
        let mut lines = Vec::new();
        for (rule, table, row, column, cause) in self.of_whole_return(press) {
            let _ = writeln!(lines, "{rule},{code},{table},{row},{column},,{cause}");
            *summary.faults.entry(rule.to_owned()).or_default() += 1;
        }
        out.truth("errors.csv", &lines, false)
    }

    /// Rules that a return as a whole breaks. No row stands beside them but the header's.
    fn of_whole_return(
        &self,
        press: &Press,
    ) -> Vec<(&'static str, &'static str, &'static str, &'static str, &'static str)> {
        let plan = &press.plans.bodies[self.body];
        let mut broken = Vec::new();
        match plan.sabotage {
            Some(Sabotaged::NilUnsigned) => broken.push(("CO07", "header", "", "nil_return", "sabotage")),
            Some(Sabotaged::WrongYear) => {
                broken.push(("ST03", "header", "", "definition_version", "sabotage"));
            }
            Some(Sabotaged::UnknownColumn) => broken.push(("ST01", "victim", "", "nickname", "sabotage")),
            Some(Sabotaged::LostRows) => broken.push(("ST02", "file", "1", "rows", "sabotage")),
            // Of few rows nearly all may be alike by chance, and the rule asks only where it is sure.
            Some(Sabotaged::DefaultCategory)
                if self.counts.assessments >= Thresholds::default().fewest
                    && wilson(self.counts.assessments as f64, self.counts.assessments as f64).lower
                        > Thresholds::default().default_share - 0.05 =>
            {
                broken.push(("VA07", "assessment", "", "outcome", "sabotage"));
            }
            Some(Sabotaged::OneKind) if self.counts.episodes >= Thresholds::default().fewest => {
                broken.push(("CN11", "missing", "", "kind", "sabotage"));
            }
            Some(Sabotaged::SystemChange) => broken.push(("XB02", "header", "", "system_since", "sabotage")),
            _ => {}
        }
        let c = &self.counts;
        let share = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
        // Below this rules do not judge a share.
        let fewest = Thresholds::default().fewest;
        if c.victims >= fewest && share(c.victim_ethnicity_missing, c.victims) > 0.10 {
            broken.push(("CO02", "victim", "", "ethnicity", "arising"));
        }
        if c.victims >= fewest && share(c.victim_sex_missing, c.victims) > 0.02 {
            broken.push(("CO01", "victim", "", "sex", "arising"));
        }
        let spike = c.births_new_year >= 5
            && wilson(c.births_new_year as f64, c.births as f64).lower
                > Thresholds::default().placeholder_times / 365.25;
        if c.births >= fewest && spike {
            let placed = plan.sabotage == Some(Sabotaged::PlaceholderBirths);
            broken.push(("VA06", "victim", "", "dob", if placed { "sabotage" } else { "arising" }));
        }
        if c.named_asked > 0 && share(c.named_known, c.named_asked) < 0.90 {
            broken.push(("CO03", "suspect", "", "ethnicity", "arising"));
        }
        if c.victims >= fewest && share(c.victim_dob_missing, c.victims) > 0.05 {
            broken.push(("CO05", "victim", "", "dob", "arising"));
        }
        if c.offences >= fewest {
            if share(c.noted_unknown, c.offences) > 0.20 {
                broken.push(("CO06", "offence", "", "perp_count_noted", "arising"));
            }
            if share(c.relationship_unknown, c.offences) > 0.20 {
                broken.push(("CO06", "offence", "", "relationship", "arising"));
            }
            if plan.slow {
                broken.push(("TI01", "offence", "", "recorded_on", "arising"));
            }
        }
        let lost = plan.changed_on.is_some();
        for (months, (table, column)) in self.months.iter().zip([
            ("offence", "recorded_on"),
            ("missing", "start"),
            ("assessment", "start"),
        ]) {
            if thin_month(months, plan.period, fewest) {
                broken.push(("CO09", table, "", column, if lost { "sabotage" } else { "arising" }));
            }
        }
        broken
    }
}

/// Whether a body says that it has nothing: one of which nobody is known does, unless it is one that says nothing at all.
fn says_nil(press: &Press, body: usize) -> bool {
    let contents = &press.plans.contents[body];
    let silent = press.plans.bodies[body].sabotage == Some(Sabotaged::NilUnsigned);
    contents.records.is_empty() && contents.events.is_empty() && !silent
}

/// Whether a month of the period has no row, or less than a third of the middling month's.
fn thin_month(months: &BTreeMap<i32, u64>, period: (i32, i32), fewest: u64) -> bool {
    let month = |day: i32| {
        let c = civil(day);
        c.year * 12 + c.month as i32 - 1
    };
    let mut counts: Vec<u64> =
        (month(period.0)..=month(period.1)).map(|m| months.get(&m).copied().unwrap_or(0)).collect();
    if counts.iter().sum::<u64>() < fewest {
        return false;
    }
    counts.sort_unstable();
    let half = counts.len() / 2;
    let middle = if counts.len() % 2 == 1 {
        counts[half] as f64
    } else {
        f64::midpoint(counts[half - 1] as f64, counts[half] as f64)
    };
    counts[0] == 0 || (counts[0] as f64) < middle / 3.0
}

/// The header of a return, in the specification's own spelling.
fn header(press: &Press, body: usize) -> Vec<u8> {
    let plan = &press.plans.bodies[body];
    let named = &press.map.bodies[body];
    let wrong_year = plan.sabotage == Some(Sabotaged::WrongYear);
    let nil = says_nil(press, body);
    let Ok(table) = press.specification.table("header") else { return Vec::new() };
    let layout = Layout::new(&press.specification, table, &Mapping::default(), 0);
    let mut row = Row::default();
    row.text(&named.code).text(named.body_type.code()).text(CALL).text(&press.knobs.version.to_string());
    row.text(if wrong_year { "0.9.0" } else { &press.specification.version });
    row.with(|c| push_iso(c, plan.period.0)).with(|c| push_iso(c, plan.period.1));
    row.with(|c| {
        push_iso(c, plan.extract);
        c.extend_from_slice(b"T03:00Z");
    });
    row.text(plan.system);
    row.with(|c| push_iso(c, plan.changed_on.unwrap_or(press.truth.period.0 - 900)));
    row.text(if nil { "Y" } else { "N" });
    row.text(if nil { "No child of this kind is known to this service" } else { "NA" });
    row.text(match named.body_type {
        BodyType::Police => "victim.upn victim.care_experienced victim.neurodiverse offence.ho_code",
        BodyType::Childrens => "NA",
        _ => "victim.upn",
    });
    let mut text = layout.heading.clone();
    row.write(&layout, &mut text);
    text
}

/// The table of files of a return: for each table its rows and the SHA-256 of its file. Whoever turns CSV into a workbook or
/// Parquet makes it again with the hashes of those files.
pub fn file_table(files: &[(&str, u64, String)]) -> String {
    let mut text = b"table,rows,sha256\n".to_vec();
    for (table, rows, hash) in files {
        push_quoted(table.as_bytes(), &mut text);
        let _ = writeln!(text, ",{rows},{hash}");
    }
    String::from_utf8(text).unwrap_or_default()
}

impl Nation {
    /// The years of the period.
    pub fn years(&self) -> std::ops::RangeInclusive<i32> {
        year_of(self.press.truth.period.0)..=year_of(self.press.truth.period.1)
    }
}
