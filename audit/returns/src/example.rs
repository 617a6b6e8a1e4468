//! An invented return of an invented force: what rules show their examples on, and a return to try the program with.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{ReturnsError, cut};
use crate::fact::{day_number, day_of};
use crate::outside::Outside;
use crate::returned::{FileFacts, Return, ReturnReader};
use crate::specification::Specification;

/// People and offences of the example.
const PEOPLE: usize = 60;

/// A small return as text, which can be changed one cell at a time.
///
/// ```
/// use candour_returns::{CheckOptions, Example, Outside, Specification, check};
/// let specification = Specification::aud_1()?;
/// let mut example = Example::new(&specification);
/// example.change("offence.3.perp_count_noted = 3\noffence.3.group_flag = N")?;
/// let report = check(&example.read(&specification)?, &Outside::default(), &CheckOptions::new(b"key of the call"));
/// let finding = &report.outcome("CN04").unwrap().findings[0];
/// assert_eq!((finding.row, finding.column.as_deref()), (Some(4), Some("group_flag")));
/// # Ok::<(), candour_returns::ReturnsError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Example {
    tables: Vec<ExampleTable>,
    /// What is known beside the return.
    pub outside: Outside,
    /// Rows that were changed, by table, as numbers of the source.
    pub(crate) changed: BTreeSet<(String, u32)>,
    recount: bool,
}

#[derive(Debug, Clone)]
struct ExampleTable {
    name: String,
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
    facts: FileFacts,
    sent: bool,
}

/// Names of columns beside their text.
type Cells<'a> = Vec<(&'a str, String)>;

impl Example {
    /// The return as it should be: no rule finds anything in it.
    pub fn new(specification: &Specification) -> Self {
        let mut rows: BTreeMap<&str, Vec<Cells<'_>>> = BTreeMap::new();
        rows.insert("header", vec![header()]);
        rows.insert("victim", victims());
        rows.insert("offence", (0..PEOPLE).map(offence).collect());
        rows.insert("suspect", (0..PEOPLE).map(suspect).collect());
        rows.insert("link", links());
        rows.insert("missing", (0..24).map(missing).collect());
        rows.insert("assessment", (0..24).map(assessment).collect());
        rows.insert("note", (0..12).map(note).collect());
        let mut tables: Vec<ExampleTable> = Vec::new();
        for table in &specification.tables {
            let heading: Vec<String> = table.columns.iter().map(|c| c.name.clone()).collect();
            let made = rows.remove(table.name.as_str()).unwrap_or_default();
            let row = |cells: Cells<'_>| -> Vec<String> {
                let cell = |name: &String| {
                    cells.iter().find(|(n, _)| n == name).map_or("NA".to_owned(), |(_, t)| t.clone())
                };
                heading.iter().map(cell).collect()
            };
            let made = made.into_iter().map(row).collect();
            let facts =
                FileFacts { sha256: Some(format!("{:064x}", tables.len() + 1)), ..FileFacts::default() };
            tables.push(ExampleTable { name: table.name.clone(), heading, rows: made, facts, sent: true });
        }
        Self { tables, outside: Outside::default(), changed: BTreeSet::new(), recount: true }
    }

    /// Changes the return, one statement to a line: `table.row.column = value`, where a row is counted from 1, or is `2-9` or
    /// `*`; `table.+column = value`, `table.-column`, `table.copy = row`, `table.delete = rows`, `table.drop = yes`;
    /// `sheet.table.hidden = 2` for what is known of a file; and `outside.name = JSON` for what is known beside the return.
    pub fn change(&mut self, statements: &str) -> Result<(), ReturnsError> {
        for line in statements.lines().map(str::trim).filter(|l| !l.is_empty()) {
            let fault = |reason: &str| ReturnsError::Mapping {
                place: format!("example `{}`", cut(line)),
                reason: reason.to_owned(),
            };
            let (place, value) = line.split_once('=').ok_or_else(|| fault("write it as place = value"))?;
            let (place, value) = (place.trim(), value.trim());
            if let Some(name) = place.strip_prefix("outside.") {
                self.set_outside(name, value).map_err(|reason| fault(&reason))?;
                continue;
            }
            let parts: Vec<&str> = place.splitn(3, '.').collect();
            let (is_sheet, table) =
                if parts[0] == "sheet" { (true, parts.get(1)) } else { (false, parts.first()) };
            let table = table.copied().unwrap_or_default();
            if table == "file" && !is_sheet && self.recount {
                // The list of files is made of the tables until a statement is about the list itself.
                let files = self.tables.iter().find(|t| t.name == "file").map(|t| self.files(t));
                let list = self.tables.iter_mut().find(|t| t.name == "file");
                list.into_iter().zip(files).for_each(|(list, files)| list.rows = files);
                self.recount = false;
            }
            let found = self.tables.iter_mut().find(|t| t.name == table);
            let Some(found) = found else { return Err(fault("there is no such table")) };
            match (is_sheet, parts.get(1).copied().unwrap_or_default(), parts.get(2).copied()) {
                (true, _, Some(what)) => {
                    let number = value.parse().unwrap_or(0);
                    match what {
                        "hidden" => found.facts.hidden = number,
                        "merged" => found.facts.merged = number,
                        "formulas" => found.facts.formulas = number,
                        "sha256" => found.facts.sha256 = Some(value.to_owned()),
                        _ => return Err(fault("a sheet has hidden, merged, formulas and sha256")),
                    }
                }
                (false, "drop", None) => found.sent = false,
                (false, "copy", None) => {
                    let row = value
                        .parse::<usize>()
                        .ok()
                        .and_then(|at| found.rows.get(at.wrapping_sub(1)).cloned());
                    found.rows.push(row.ok_or_else(|| fault("there is no such row"))?);
                    self.changed.insert((table.to_owned(), found.rows.len() as u32 + 1));
                }
                (false, "delete", None) => {
                    let range = span(value, found.rows.len()).ok_or_else(|| fault("rows are 3, 2-9 or *"))?;
                    found.rows.drain(range);
                }
                (false, name, None) if name.starts_with('+') => {
                    found.heading.push(name[1..].to_owned());
                    found.rows.iter_mut().for_each(|row| row.push(value.to_owned()));
                }
                (false, name, None) if name.starts_with('-') => {
                    let at = found
                        .heading
                        .iter()
                        .position(|h| *h == name[1..])
                        .ok_or_else(|| fault("no such column"))?;
                    found.heading.remove(at);
                    found.rows.iter_mut().for_each(|row| {
                        row.remove(at);
                    });
                }
                (false, rows, Some(column)) => {
                    let range = span(rows, found.rows.len()).ok_or_else(|| fault("rows are 3, 2-9 or *"))?;
                    let at = found
                        .heading
                        .iter()
                        .position(|h| h == column)
                        .ok_or_else(|| fault("no such column"))?;
                    for row in range {
                        value.clone_into(&mut found.rows[row][at]);
                        self.changed.insert((table.to_owned(), row as u32 + 2));
                    }
                }
                _ => return Err(fault("write it as table.row.column = value")),
            }
        }
        Ok(())
    }

    /// Reads it by a specification.
    pub fn read(&self, specification: &Specification) -> Result<Return, ReturnsError> {
        self.read_with(ReturnReader::new(specification, None))
    }

    pub(crate) fn read_with(&self, mut reader: ReturnReader) -> Result<Return, ReturnsError> {
        for (name, heading, rows, facts) in self.tables() {
            let mut sheet = reader.sheet(name, &heading)?;
            sheet.file(facts.clone());
            for (row, number) in rows.iter().zip(2..) {
                sheet.row(number, row)?;
            }
        }
        Ok(reader.finish())
    }

    /// Its tables: name, heading, rows, and what is known of the file.
    pub fn tables(&self) -> impl Iterator<Item = (&str, Vec<String>, Vec<Vec<String>>, &FileFacts)> {
        self.tables.iter().filter(|t| t.sent).map(|table| {
            let rows =
                if table.name == "file" && self.recount { self.files(table) } else { table.rows.clone() };
            (table.name.as_str(), table.heading.clone(), rows, &table.facts)
        })
    }

    fn files(&self, file: &ExampleTable) -> Vec<Vec<String>> {
        let listed = self.tables.iter().filter(|t| t.sent && t.name != "file" && t.name != "header");
        let row = |table: &ExampleTable| {
            let cell = |name: &String| match name.as_str() {
                "table" => table.name.clone(),
                "rows" => table.rows.len().to_string(),
                "sha256" => {
                    // The header says what the file was when it was sent; a statement about the sheet changes what arrived.
                    let at = self.tables.iter().position(|t| t.name == table.name).unwrap_or(0);
                    format!("{:064x}", at + 1)
                }
                _ => "NA".to_owned(),
            };
            file.heading.iter().map(cell).collect()
        };
        listed.map(row).collect()
    }

    fn set_outside(&mut self, name: &str, value: &str) -> Result<(), String> {
        let mut all = serde_json::to_value(&self.outside).map_err(|e| e.to_string())?;
        let value = serde_json::from_str(value).map_err(|e| e.to_string())?;
        if let Some(object) = all.as_object_mut() {
            object.insert(name.to_owned(), value);
        }
        self.outside = serde_json::from_value(all).map_err(|e| e.to_string())?;
        Ok(())
    }
}

fn span(text: &str, rows: usize) -> Option<std::ops::Range<usize>> {
    let range = match text.split_once('-') {
        _ if text == "*" => 0..rows,
        Some((first, last)) => first.parse::<usize>().ok()?.checked_sub(1)?..last.parse().ok()?,
        None => {
            let row: usize = text.parse().ok()?;
            row.checked_sub(1)?..row
        }
    };
    (range.start <= range.end && range.end <= rows).then_some(range)
}

const FORENAMES: [&str; 12] =
    ["Ida", "Omar", "Lena", "Cara", "Niamh", "Tomas", "Zara", "Ewan", "Priya", "Joel", "Mei", "Ruth"];
const SURNAMES: [&str; 10] =
    ["Vance", "Brook", "Holt", "Dale", "Marsh", "Okafor", "Quinn", "Silva", "Reed", "Yates"];
const OTHER_SURNAMES: [&str; 7] = ["Ashby", "Crane", "Dunne", "Farr", "Hale", "Iqbal", "Lowe"];
const ETHNICITY: [&str; 10] = ["W1", "A2", "B2", "W9", "M1", "A3", "W1", "O9", "B1", "W2"];

fn s(text: &str) -> String {
    text.to_owned()
}

fn pick<'a>(values: &[&'a str], at: usize) -> &'a str {
    values[at % values.len()]
}

fn header() -> Cells<'static> {
    vec![
        ("body_code", s("E23000099")),
        ("body_type", s("POLICE")),
        ("call_id", s("CALL-2026-1")),
        ("return_version", s("1")),
        ("definition_version", s("1.0.0")),
        ("period_start", s("2025-01-01")),
        ("period_end", s("2025-12-31")),
        ("extract_at", s("2026-02-15T09:30Z")),
        ("source_system", s("NICHE")),
        ("system_since", s("2016-04-01")),
        ("nil_return", s("N")),
    ]
}

/// A number that passes the check of an NHS number.
fn nhs_number(seed: usize) -> String {
    (0..)
        .map(|step| 400_000_000 + seed as u64 * 1009 + step)
        .find_map(|nine| {
            let digits: Vec<u64> = format!("{nine:09}").bytes().map(|b| u64::from(b - b'0')).collect();
            let sum: u64 = digits.iter().zip((2..=10).rev()).map(|(digit, weight)| digit * weight).sum();
            let check = (11 - sum % 11) % 11;
            (check < 10).then(|| format!("{nine:09}{check}"))
        })
        .unwrap_or_default()
}

fn birth(at: usize) -> String {
    let day = day_number(jiff::civil::date(2009, 2, 3)) + (at as i32 * 31) % 1_900;
    day_of(day).to_string()
}

fn victims() -> Vec<Cells<'static>> {
    let mut rows = Vec::new();
    for list in ["CRIME", "CSE"] {
        for at in (0..PEOPLE).filter(|at| list == "CRIME" || at % 3 == 0) {
            let dob = birth(at);
            rows.push(vec![
                ("person_id", format!("P{:03}", at + 1)),
                ("list_id", s(list)),
                ("first_known", happened(at, 0)),
                ("forename", s(pick(&FORENAMES, at))),
                ("surname", s(pick(&SURNAMES, at / 3 + at))),
                ("dob", dob.clone()),
                ("postcode", format!("ZZ{} {}AB", 1 + at % 9, at % 10)),
                ("nhs_no", nhs_number(at)),
                ("local_id", format!("V-{:05}", 10_000 + at)),
                ("sex", s(if at % 5 == 4 { "M" } else { "F" })),
                ("birth_year_month", dob[..7].to_owned()),
                ("home_lad", format!("E0600000{}", 1 + at % 4)),
                ("ethnicity", s(if at == 7 { "NS" } else { pick(&ETHNICITY, at) })),
                ("ethnicity_source", s(pick(&["SELF", "SELF", "OBSERVED"], at))),
                ("disability", s(if at % 6 == 0 { "Y" } else { "N" })),
                ("looked_after", s(if at % 4 == 0 { "Y" } else { "N" })),
                ("care_experienced", s(if at % 3 == 0 { "Y" } else { "N" })),
                ("neurodiverse", s(if at % 7 == 0 { "Y" } else { "NK" })),
                (
                    "known_as",
                    s(pick(&["VICTIM_RECORDED", "VICTIM_DISCLOSED", "VICTIM_RECORDED", "CONCERN"], at)),
                ),
            ]);
        }
    }
    rows
}

/// Five offences a month through 2025; `later` days after the first.
fn happened(at: usize, later: i32) -> String {
    let (month, day) = ((at / 5 % 12) as i8 + 1, (at % 5) as i8 * 5 + 3);
    day_of(day_number(jiff::civil::date(2025, month, day)) + later).to_string()
}

fn offence(at: usize) -> Cells<'static> {
    let group = at.is_multiple_of(4);
    let outcome = pick(&["1", "14", "16", "OPEN", "18"], at);
    let cse = at.is_multiple_of(3);
    vec![
        ("offence_id", format!("O{:03}", at + 1)),
        ("ho_class", s(pick(&["19D", "22B", "71", "88A", "20B", "17A"], at))),
        ("ho_code", format!("0{:02}/0{}", 19 + at % 6, at % 7)),
        ("committed_from", happened(at, 0)),
        ("committed_to", happened(at, 0)),
        ("reported_on", happened(at, 1)),
        ("recorded_on", happened(at, 2)),
        ("crimed_on", happened(at, 2)),
        ("flag_cse", s(if cse { "Y" } else { "N" })),
        ("flag_cce", s(if at.is_multiple_of(12) { "Y" } else { "N" })),
        ("flag_csa", s(if cse { "N" } else { "Y" })),
        ("flag_online", s(if at % 6 == 3 { "Y" } else { "N" })),
        ("flag_source", s("MANUAL")),
        ("perp_count_noted", s(if group { "2" } else { "1" })),
        ("perp_count_is_min", s("N")),
        ("group_flag", s(if group { "Y" } else { "N" })),
        ("group_type", s(if group { pick(&["CSE", "FAMILIAL", "OTHER"], at / 4) } else { "NA" })),
        ("relationship", s(pick(&["ACQUAINTANCE", "FAMILY", "STRANGER", "PEER"], at))),
        ("setting", s(pick(&["HOME", "PUBLIC", "VEHICLE", "ONLINE"], at))),
        ("inducement", s(pick(&["NONE", "GIFTS", "SUBSTANCES"], at))),
        ("outcome_code", s(outcome)),
        ("outcome_on", if outcome == "OPEN" { s("NA") } else { happened(at, 30) }),
        ("victim_account_taken", s("Y")),
        ("suspect_interviewed", s("Y")),
        ("place_lad", format!("E0600000{}", 1 + at % 4)),
        ("place_type", s(pick(&["RESIDENCE", "OUTDOORS", "HOTEL", "ONLINE"], at))),
        ("transferred", s("NONE")),
    ]
}

fn suspect(at: usize) -> Cells<'static> {
    let identified = pick(&["NAMED", "NAMED", "DESCRIBED", "NAMED", "UNKNOWN"], at);
    let mut cells = vec![
        ("suspect_id", format!("S{:03}", at + 1)),
        ("identified", s(identified)),
        ("sex", s(if at.is_multiple_of(6) { "F" } else { "M" })),
        ("age_band", s(pick(&["10-17", "18-24", "25-34", "10-17", "35-49"], at))),
        ("status", s(pick(&["SUSPECT", "ARRESTED", "CHARGED", "NFA"], at))),
        ("ethnicity", s(if identified == "NAMED" { pick(&ETHNICITY, at + 3) } else { "NK" })),
        ("ethnicity_source", s(if identified == "NAMED" { "SELF" } else { "NA" })),
        (
            "nationality",
            s(if identified == "NAMED" { pick(&["GBR", "GBR", "IRL", "POL"], at) } else { "NK" }),
        ),
    ];
    if identified == "NAMED" {
        cells.extend([
            ("forename", s(pick(&FORENAMES, at + 5))),
            ("surname", s(pick(&OTHER_SURNAMES, at))),
            ("dob", day_of(day_number(jiff::civil::date(1985, 3, 9)) + at as i32 * 113).to_string()),
            ("local_id", format!("N-{:05}", 20_000 + at)),
        ]);
    }
    cells
}

fn links() -> Vec<Cells<'static>> {
    let link = |kind: &str, from: String, to: String, basis: &str, at: usize| {
        let (from_type, to_type) = match kind {
            "OFF_VIC" => ("OFF", "VIC"),
            "OFF_SUS" => ("OFF", "SUS"),
            _ => ("SUS", "SUS"),
        };
        vec![
            ("from_type", s(from_type)),
            ("from_id", from),
            ("to_type", s(to_type)),
            ("to_id", to),
            ("kind", s(kind)),
            ("basis", s(basis)),
            ("strength", s(if at.is_multiple_of(3) { "SUSPECTED" } else { "CONFIRMED" })),
            ("first_on", happened(at, 2)),
        ]
    };
    let mut rows = Vec::new();
    for at in 0..PEOPLE {
        rows.push(link(
            "OFF_VIC",
            format!("O{:03}", at + 1),
            format!("P{:03}", at + 1),
            "VICTIM_ACCOUNT",
            at,
        ));
        rows.push(link("OFF_SUS", format!("O{:03}", at + 1), format!("S{:03}", at + 1), "CO_OFFENCE", at));
        if at % 4 == 0 {
            rows.push(link(
                "OFF_SUS",
                format!("O{:03}", at + 1),
                format!("S{:03}", at + 2),
                "CO_OFFENCE",
                at,
            ));
            rows.push(link("SUS_SUS", format!("S{:03}", at + 1), format!("S{:03}", at + 2), "PHONE", at));
        }
    }
    rows
}

fn missing(at: usize) -> Cells<'static> {
    let person = at * 2;
    vec![
        ("episode_id", format!("M{:03}", at + 1)),
        ("person_id", format!("P{:03}", person + 1)),
        ("start", format!("{}T18:30Z", happened(person, 10))),
        ("end", format!("{}T02:15Z", happened(person, 12))),
        ("kind", s(pick(&["M", "M", "A"], at))),
        ("reported_to_police", s("Y")),
        ("rhi_offered", s("Y")),
        ("rhi_accepted", s(if at.is_multiple_of(3) { "N" } else { "Y" })),
        ("rhi_done_on", if at.is_multiple_of(3) { s("NA") } else { happened(person, 13) }),
        ("exploit_noted", s(if at.is_multiple_of(2) { "Y" } else { "N" })),
    ]
}

fn assessment(at: usize) -> Cells<'static> {
    vec![
        ("assessment_id", format!("A{:03}", at + 1)),
        ("person_id", format!("P{:03}", at + 1)),
        ("kind", s(pick(&["CIN", "S47", "RISK_TOOL", "STRATEGY"], at))),
        ("start", happened(at, 5)),
        ("end", happened(at, 25)),
        ("authorised", happened(at, 26)),
        ("factors", s(pick(&["11A 10A", "19B 4A", "11A 13A 1A", "16A"], at))),
        ("risk_grade", s(pick(&["LOW", "MED", "HIGH"], at))),
        ("tool_name", s(pick(&["Local tool 2", "NA"], at))),
        ("harm_status", s(pick(&["ACTUAL_HARM", "LIKELY_HARM", "NOT_STATED"], at))),
        ("outcome", s(pick(&["SUPPORT", "CP_PLAN", "REFERRED"], at))),
        ("referred_police_on", happened(at, 6)),
    ]
}

fn note(at: usize) -> Cells<'static> {
    const TEXT: &str = "[NAME] was seen at school and said that she had been given a telephone. A referral was made the same day.";
    vec![
        ("note_id", format!("T{:03}", at + 1)),
        ("person_id", format!("P{:03}", at + 1)),
        ("written_on", happened(at, 3)),
        ("author_role", s(pick(&["SOCIAL_WORKER", "POLICE_OFFICER", "EDUCATION"], at))),
        ("doc_type", s(pick(&["CASE_NOTE", "REFERRAL"], at))),
        ("text_redacted", s(TEXT)),
        ("redaction_tool", s("local 1.2")),
        ("chars", TEXT.chars().count().to_string()),
    ]
}
