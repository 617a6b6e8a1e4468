//! A folder of tables becomes drafts of facts: the way in for the bundled register and for anyone's own spreadsheets.
//!
//! The tables, their columns and their allowed values are described in `data/national-audit/README.md`. A wrong cell is
//! an error that names table, row and column; nothing is taken from a folder that holds one.

use std::collections::{BTreeMap, BTreeSet};

use candour_record::{
    Area, AreaId, AreaKind, Basis, Body, BodyId, BodyKind, Citation, Code, DateOrUnknown, Finding,
    Instrument, InstrumentId, InstrumentKind, NameInTime, PartialDate, Severity, Source, SourceId,
    SourceKind,
};
use serde::de::DeserializeOwned;

use crate::axes::{Claim, Evidence, Reasons, Response};
use crate::deadline::find_deadlines;
use crate::error::RegisterError;
use crate::fact::{
    Addressee, ClaimMade, CommitmentId, CommitmentMade, CommitmentState, CommitmentStateReported,
    CoverageStated, Draft, EvidenceFound, Fact, FigureReported, Happening, Recommendation, RecommendationId,
    ResponseGiven, Wording,
};

/// The register of real facts that ships with Candour: file name and content of each table.
pub const BUNDLED: &[(&str, &str)] = &[
    ("sources.csv", include_str!("../data/national-audit/sources.csv")),
    ("bodies.csv", include_str!("../data/national-audit/bodies.csv")),
    ("police_forces.csv", include_str!("../data/national-audit/police_forces.csv")),
    ("local_authorities.csv", include_str!("../data/national-audit/local_authorities.csv")),
    ("instruments.csv", include_str!("../data/national-audit/instruments.csv")),
    ("recommendations.csv", include_str!("../data/national-audit/recommendations.csv")),
    ("responses.csv", include_str!("../data/national-audit/responses.csv")),
    ("evidence.csv", include_str!("../data/national-audit/evidence.csv")),
    ("commitments.csv", include_str!("../data/national-audit/commitments.csv")),
    ("events.csv", include_str!("../data/national-audit/events.csv")),
    ("figures.csv", include_str!("../data/national-audit/figures.csv")),
    ("coverage.csv", include_str!("../data/national-audit/coverage.csv")),
];

/// What a folder of tables holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ImportedRegister {
    /// The facts, in an order in which each stands after what it is about.
    pub drafts: Vec<Draft>,
    /// How many rows each table gave.
    pub rows: Vec<(String, usize)>,
}

/// Reads a folder of tables, given as file name and content. Tables that are not there are passed over; a table whose
/// name is not known is named in a finding.
pub fn import_tables(
    tables: &BTreeMap<String, String>,
) -> Result<(ImportedRegister, Vec<Finding>), RegisterError> {
    let mut import =
        Import { tables, out: ImportedRegister::default(), names: BTreeMap::new(), sources: BTreeSet::new() };
    let mut findings = Vec::new();
    let mut known = BTreeSet::new();
    for (name, read) in READERS {
        known.insert(*name);
        if tables.contains_key(*name) {
            let rows = read(&mut import)?;
            import.out.rows.push(((*name).to_owned(), rows));
        }
    }
    for name in tables
        .keys()
        .filter(|name| name.to_ascii_lowercase().ends_with(".csv") && !known.contains(name.as_str()))
    {
        let message = format!(
            "{name} is not one of the register's tables and was not read; the tables are {}",
            known.iter().copied().collect::<Vec<_>>().join(", ")
        );
        findings.push(Finding::new(Severity::Warning, "unknown_table", message));
    }
    if import.out.drafts.is_empty() {
        return Err(RegisterError::Table {
            table: "the folder".to_owned(),
            problem: format!(
                "holds none of the register's tables; at least one of {} is needed",
                known.into_iter().collect::<Vec<_>>().join(", ")
            ),
        });
    }
    Ok((import.out, findings))
}

type Reader = fn(&mut Import<'_>) -> Result<usize, RegisterError>;

const READERS: &[(&str, Reader)] = &[
    ("sources.csv", |import| import.sources()),
    ("bodies.csv", |import| import.bodies()),
    ("police_forces.csv", |import| import.police_forces()),
    ("local_authorities.csv", |import| import.local_authorities()),
    ("instruments.csv", |import| import.instruments()),
    ("recommendations.csv", |import| import.recommendations()),
    ("responses.csv", |import| import.responses()),
    ("evidence.csv", |import| import.evidence()),
    ("commitments.csv", |import| import.commitments()),
    ("events.csv", |import| import.events()),
    ("figures.csv", |import| import.figures()),
    ("coverage.csv", |import| import.coverage()),
];

struct Import<'a> {
    tables: &'a BTreeMap<String, String>,
    out: ImportedRegister,
    names: BTreeMap<String, String>,
    sources: BTreeSet<String>,
}

/// One row, with where it stands.
struct Row<'a> {
    table: &'static str,
    line: u64,
    headings: &'a csv::StringRecord,
    cells: csv::StringRecord,
}

impl Row<'_> {
    /// A cell; an empty one where the table lacks the column.
    fn cell(&self, column: &str) -> &str {
        self.headings.iter().position(|h| h == column).and_then(|at| self.cells.get(at)).map_or("", str::trim)
    }

    fn wrong(&self, column: &str, problem: impl Into<String>) -> RegisterError {
        RegisterError::Cell {
            table: self.table.to_owned(),
            row: self.line,
            column: column.to_owned(),
            problem: problem.into(),
        }
    }

    fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(&self, column: &str) -> Result<T, RegisterError> {
        self.cell(column).parse().map_err(|e: T::Err| self.wrong(column, e.to_string()))
    }

    fn optional<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        column: &str,
    ) -> Result<Option<T>, RegisterError> {
        if self.cell(column).is_empty() { Ok(None) } else { self.parsed(column).map(Some) }
    }

    /// A cell that holds one of a closed list, read through the type's own names.
    fn one_of<T: DeserializeOwned>(&self, column: &str) -> Result<T, RegisterError> {
        let text = self.cell(column);
        serde_json::from_value(serde_json::Value::String(text.to_owned()))
            .map_err(|e| self.wrong(column, format!("{text:?} is not one of the values of this column: {e}")))
    }

    fn list<'b>(&'b self, column: &str) -> impl Iterator<Item = &'b str> + use<'b> {
        self.cell(column).split(';').map(str::trim).filter(|s| !s.is_empty())
    }

    /// A name of the row's own; the ledger takes no entry about nothing.
    fn own_name(&self) -> Result<String, RegisterError> {
        match self.cell("id") {
            "" => Err(self.wrong("id", "is empty; give the row a name of its own")),
            id => Ok(id.to_owned()),
        }
    }

    fn basis(&self) -> Result<Basis, RegisterError> {
        self.one_of("basis")
    }

    /// A date that may be empty (no date) or `unknown`.
    fn when(&self, column: &str) -> Result<Option<DateOrUnknown>, RegisterError> {
        self.optional(column)
    }

    fn wording(&self, column: &str) -> Wording {
        match self.cell(column) {
            "" | "unknown" => Wording::Unknown,
            text => Wording::Paraphrase(text.to_owned()),
        }
    }
}

impl Import<'_> {
    fn each(
        &mut self,
        table: &'static str,
        needed: &[&str],
        mut take: impl FnMut(&mut Self, &Row<'_>) -> Result<(), RegisterError>,
    ) -> Result<usize, RegisterError> {
        let tables = self.tables;
        let content = tables.get(table).map(String::as_str).unwrap_or_default();
        let trouble =
            |e: csv::Error| RegisterError::Table { table: table.to_owned(), problem: e.to_string() };
        let mut reader =
            csv::ReaderBuilder::new().from_reader(content.trim_start_matches('\u{feff}').as_bytes());
        let headings = reader.headers().map_err(trouble)?.clone();
        if let Some(missing) = needed.iter().find(|n| !headings.iter().any(|h| h == **n)) {
            let problem = format!(
                "the column {missing:?} is missing; its columns are {}",
                headings.iter().collect::<Vec<_>>().join(", ")
            );
            return Err(RegisterError::Table { table: table.to_owned(), problem });
        }
        let mut rows = 0;
        for cells in reader.records() {
            let cells = cells.map_err(trouble)?;
            // The position counts lines of the file; a spreadsheet counts rows, which differ where a cell holds a line break.
            rows += 1;
            let row = Row { table, line: rows as u64 + 1, headings: &headings, cells };
            take(self, &row)?;
        }
        Ok(rows)
    }

    fn push(
        &mut self,
        row: &Row<'_>,
        fact: Fact,
        effective: Option<DateOrUnknown>,
    ) -> Result<(), RegisterError> {
        let column = if row.headings.iter().any(|h| h == "sources") { "sources" } else { "source" };
        let mut citations = Vec::new();
        for id in row.list(column) {
            if !self.sources.contains(id) {
                return Err(row
                    .wrong(column, format!("{id:?} is not in sources.csv; add it there or correct the id")));
            }
            let citation = Citation::Source(SourceId::new(id)?);
            if !citations.contains(&citation) {
                citations.push(citation);
            }
        }
        self.out.drafts.push(Draft { fact, effective, citations });
        Ok(())
    }

    fn addressees(&self, row: &Row<'_>, column: &str) -> Result<Vec<Addressee>, RegisterError> {
        row.list(column)
            .filter(|id| *id != "unknown")
            .map(|id| match self.names.get(id) {
                Some(name) => Ok(Addressee { body: Some(BodyId::new(id)?), as_written: name.clone() }),
                // Words in brackets stand for someone the register has no body for.
                None if id.starts_with('(') => {
                    Ok(Addressee { body: None, as_written: id.trim_matches(['(', ')']).to_owned() })
                }
                None => Err(row.wrong(
                    column,
                    format!("{id:?} is not in bodies.csv; add it there, or write it in brackets"),
                )),
            })
            .collect()
    }

    fn sources(&mut self) -> Result<usize, RegisterError> {
        self.each("sources.csv", &["id", "publisher", "kind"], |import, row| {
            let id: SourceId = row.parsed("id")?;
            if !import.sources.insert(id.to_string()) {
                return Err(row.wrong("id", format!("{id} stands twice; ids are permanent and unique")));
            }
            let source = Source {
                id,
                url: row.cell("url").to_owned(),
                publisher: row.cell("publisher").to_owned(),
                kind: row.one_of::<SourceKind>("kind")?,
                date: match row.cell("date") {
                    "unknown" => None,
                    _ => row.optional::<PartialDate>("date")?,
                },
                how_much_was_read: row.cell("how_much_was_read").to_owned(),
            };
            import.out.drafts.push(Draft {
                fact: Fact::Source(source),
                effective: None,
                citations: Vec::new(),
            });
            Ok(())
        })
    }

    fn body(&mut self, row: &Row<'_>, body: Body) -> Result<(), RegisterError> {
        let name = body.name().to_owned();
        if self.names.insert(body.id.to_string(), name).is_some() {
            return Err(row.wrong("id", format!("{} stands twice; ids are permanent and unique", body.id)));
        }
        self.push(row, Fact::Body(body), None)
    }

    fn bodies(&mut self) -> Result<usize, RegisterError> {
        self.each("bodies.csv", &["id", "name", "kind"], |import, row| {
            let body = Body {
                id: row.parsed("id")?,
                kind: row.one_of::<BodyKind>("kind")?,
                names: vec![NameInTime::always(row.cell("name"))],
                codes: Vec::new(),
                territory: row.cell("territory").to_owned(),
                area: None,
                part_of: row.optional("part_of")?,
                successors: Vec::new(),
                role: row.cell("role").to_owned(),
            };
            import.body(row, body)
        })
    }

    fn area(
        &mut self,
        row: &Row<'_>,
        id: AreaId,
        kind: AreaKind,
        name: &str,
        code: Option<Code>,
        within: Vec<AreaId>,
    ) -> Result<(), RegisterError> {
        if self.names.insert(format!("area:{id}"), name.to_owned()).is_some() {
            return Ok(());
        }
        let area = Area { id, kind, name: name.to_owned(), codes: code.into_iter().collect(), within };
        self.push(row, Fact::Area(area), None)
    }

    fn police_forces(&mut self) -> Result<usize, RegisterError> {
        self.each("police_forces.csv", &["id", "name"], |import, row| {
            let code = row.cell("ons_pfa_code");
            let area = if code.is_empty() {
                None
            } else {
                let id = AreaId::new(code.to_lowercase())?;
                import.area(
                    row,
                    id.clone(),
                    AreaKind::PoliceForceArea,
                    row.cell("ons_pfa_name"),
                    Some(gss(code)),
                    Vec::new(),
                )?;
                Some(id)
            };
            let mut codes: Vec<Code> = (!code.is_empty()).then(|| gss(code)).into_iter().collect();
            if !row.cell("police_uk_slug").is_empty() {
                codes.push(Code {
                    scheme: "police-uk".to_owned(),
                    value: row.cell("police_uk_slug").to_owned(),
                    current: true,
                });
            }
            let body = Body {
                id: row.parsed("id")?,
                kind: BodyKind::PoliceForce,
                names: vec![NameInTime::always(row.cell("name"))],
                codes,
                territory: [row.cell("region"), row.cell("country")]
                    .into_iter()
                    .filter(|s| !s.is_empty())
                    .collect::<Vec<_>>()
                    .join(", "),
                area,
                part_of: None,
                successors: Vec::new(),
                role: if row.cell("kind") == "territorial" {
                    "Territorial police force"
                } else {
                    "Police force that is not territorial"
                }
                .to_owned(),
            };
            import.body(row, body)
        })
    }

    fn local_authorities(&mut self) -> Result<usize, RegisterError> {
        self.each("local_authorities.csv", &["id", "gss_code", "name"], |import, row| {
            let code = row.cell("gss_code");
            let mut within = Vec::new();
            for (column, kind, name) in
                [("region_code", AreaKind::Region, "region"), ("ons_pfa_code", AreaKind::PoliceForceArea, "")]
            {
                let outer = row.cell(column);
                if outer.is_empty() {
                    continue;
                }
                let id = AreaId::new(outer.to_lowercase())?;
                if kind == AreaKind::Region {
                    import.area(row, id.clone(), kind, row.cell(name), Some(gss(outer)), Vec::new())?;
                }
                within.push(id);
            }
            let area = AreaId::new(code.to_lowercase())?;
            import.area(
                row,
                area.clone(),
                AreaKind::LocalAuthority,
                row.cell("name"),
                Some(gss(code)),
                within,
            )?;
            let mut codes = vec![gss(code)];
            codes.extend(row.list("former_gss_code").map(|old| Code { current: false, ..gss(old) }));
            let body = Body {
                id: row.parsed("id")?,
                kind: BodyKind::LocalAuthority,
                names: vec![NameInTime::always(row.cell("official_name"))],
                codes,
                territory: [row.cell("region"), row.cell("country")]
                    .into_iter()
                    .filter(|s| !s.is_empty())
                    .collect::<Vec<_>>()
                    .join(", "),
                area: Some(area),
                part_of: None,
                successors: Vec::new(),
                role: row.cell("kind").to_owned(),
            };
            import.body(row, body)
        })
    }

    fn instruments(&mut self) -> Result<usize, RegisterError> {
        self.each("instruments.csv", &["id", "title", "kind"], |import, row| {
            let stated = row.cell("recommendation_count");
            let instrument = Instrument {
                id: row.parsed("id")?,
                kind: row.one_of::<InstrumentKind>("kind")?,
                title: row.cell("title").to_owned(),
                parent: row.optional::<InstrumentId>("parent")?,
                led_by: row.cell("author_or_chair").to_owned(),
                territory: row.cell("territory").to_owned(),
                legal_basis: row.cell("legal_basis").to_owned(),
                established: row.when("established")?,
                published: row.when("published")?,
                response_due: row.optional("response_due")?,
                stated_count: if stated.is_empty() || stated == "unknown" {
                    None
                } else {
                    Some(row.parsed("recommendation_count")?)
                },
                note: row.cell("note").to_owned(),
            };
            let effective = instrument.established.or(instrument.published);
            import.names.insert(
                format!("instrument:{}", instrument.id),
                published_or_unknown(&instrument).to_string(),
            );
            import.push(row, Fact::Instrument(instrument), effective)
        })
    }

    fn recommendations(&mut self) -> Result<usize, RegisterError> {
        self.each(
            "recommendations.csv",
            &["id", "instrument_id", "number", "summary", "basis"],
            |import, row| {
                let instrument: InstrumentId = row.parsed("instrument_id")?;
                let Some(published) = import.names.get(&format!("instrument:{instrument}")).cloned() else {
                    return Err(row.wrong("instrument_id", format!("{instrument} is not in instruments.csv")));
                };
                let effective: DateOrUnknown = published.parse()?;
                let limit = row.cell("time_limit");
                let limit_date: Option<PartialDate> = row.optional("time_limit_date")?;
                let answers_only = limit.starts_with("response");
                let deadlines = if answers_only {
                    Vec::new()
                } else {
                    let published = effective.known().and_then(PartialDate::day);
                    find_deadlines(limit, published).into_iter().map(|(_, d)| d).collect()
                };
                let number = match row.cell("number") {
                    "unknown" => String::new(),
                    number => number.to_owned(),
                };
                let title = match row.cell("short_title") {
                    "" | "unknown" if number.is_empty() => {
                        "A recommendation whose text was not seen".to_owned()
                    }
                    "" | "unknown" => format!("Recommendation {number}: not seen in any source"),
                    title => title.to_owned(),
                };
                let recommendation = Recommendation {
                    id: row.parsed("id")?,
                    instrument,
                    number_confirmed: row.cell("number_confirmed") == "yes",
                    number,
                    title,
                    wording: row.wording("summary"),
                    addressees: import.addressees(row, "addressees")?,
                    deadlines,
                    response_due: limit_date.filter(|_| answers_only),
                    restates: row.list("restates").map(RecommendationId::new).collect::<Result<_, _>>()?,
                    basis: row.basis()?,
                    note: [row.cell("note"), row.cell("outcome_known")]
                        .into_iter()
                        .filter(|n| !n.is_empty() && *n != "unknown")
                        .collect::<Vec<_>>()
                        .join(" Outcome as reported: "),
                };
                import
                    .names
                    .insert(format!("recommendation:{}", recommendation.id), recommendation.title.clone());
                import.push(row, Fact::Recommendation(recommendation), Some(effective))
            },
        )
    }

    fn recommendation(&self, row: &Row<'_>) -> Result<RecommendationId, RegisterError> {
        let id: RecommendationId = row.parsed("recommendation_id")?;
        if self.names.contains_key(&format!("recommendation:{id}")) {
            Ok(id)
        } else {
            Err(row.wrong("recommendation_id", format!("{id} is not in recommendations.csv")))
        }
    }

    /// What a row is about, where it names anything, must stand in a table read before it.
    fn check_subject(&self, row: &Row<'_>, column: &str) -> Result<(), RegisterError> {
        let id = row.cell(column);
        let known = ["recommendation", "instrument", "commitment"]
            .iter()
            .any(|kind| self.names.contains_key(&format!("{kind}:{id}")));
        if id.is_empty() || known {
            return Ok(());
        }
        Err(row.wrong(column, format!("{id:?} is no recommendation, instrument or commitment of these tables; correct it or leave it empty")))
    }

    fn known_body(&self, row: &Row<'_>, column: &str) -> Result<BodyId, RegisterError> {
        let id: BodyId = row.parsed(column)?;
        if self.names.contains_key(id.as_str()) {
            Ok(id)
        } else {
            Err(row.wrong(column, format!("{id} is not in bodies.csv")))
        }
    }

    fn responses(&mut self) -> Result<usize, RegisterError> {
        self.each(
            "responses.csv",
            &["recommendation_id", "responder", "position", "date", "basis"],
            |import, row| {
                let recommendation = import.recommendation(row)?;
                let responder = import.known_body(row, "responder")?;
                let effective = Some(row.when("date")?.unwrap_or(DateOrUnknown::Unknown));
                let wording = row.wording("summary");
                let claim: Claim = row.one_of("claim")?;
                let basis = row.basis()?;
                let response = ResponseGiven {
                    recommendation: recommendation.clone(),
                    responder: responder.clone(),
                    position: row.one_of::<Response>("position")?,
                    stated_as: row.cell("position_stated").replace('-', " "),
                    wording: wording.clone(),
                    reasons: row.one_of::<Reasons>("reasons_given")?,
                    basis,
                    note: row.cell("note").to_owned(),
                };
                import.push(row, Fact::Response(response), effective)?;
                // An unknown claim is the absence of one: nothing was said, so nothing is recorded as said.
                if claim == Claim::Unknown {
                    return Ok(());
                }
                let what = wording.text().unwrap_or_default().to_owned();
                import.push(
                    row,
                    Fact::Claim(ClaimMade {
                        recommendation,
                        claimant: responder,
                        status: claim,
                        what,
                        basis,
                    }),
                    effective,
                )
            },
        )
    }

    fn evidence(&mut self) -> Result<usize, RegisterError> {
        self.each("evidence.csv", &["recommendation_id", "grade", "as_of", "what", "basis"], |import, row| {
            let evidence = EvidenceFound {
                recommendation: import.recommendation(row)?,
                grade: row.one_of::<Evidence>("grade")?,
                what: row.cell("what").to_owned(),
                basis: row.basis()?,
                note: row.cell("note").to_owned(),
            };
            let effective = row.when("as_of")?;
            import.push(row, Fact::Evidence(evidence), effective)
        })
    }

    fn commitments(&mut self) -> Result<usize, RegisterError> {
        self.each(
            "commitments.csv",
            &["id", "made_on", "made_by", "commitment", "due", "state", "as_at", "basis"],
            |import, row| {
                let id: CommitmentId = row.parsed("id")?;
                import.check_subject(row, "recommendation_id")?;
                import.names.insert(format!("commitment:{id}"), String::new());
                let made = CommitmentMade {
                    id: id.clone(),
                    about: row.cell("recommendation_id").to_owned(),
                    made_by: import.addressees(row, "made_by")?,
                    what: row.cell("commitment").to_owned(),
                    first_due: row.optional("due")?,
                    due_words: row.cell("due_precision").to_owned(),
                    basis: row.basis()?,
                    note: row.cell("note").to_owned(),
                };
                let made_on = row.when("made_on")?;
                import.push(row, Fact::Commitment(made), made_on)?;
                let state: CommitmentState =
                    serde_json::from_value(serde_json::Value::String(row.cell("state").replace('-', "_")))
                        .map_err(|_| {
                            row.wrong(
                                "state",
                                format!(
                                    "{:?} is not met, partly-met, missed, open, changed or unknown",
                                    row.cell("state")
                                ),
                            )
                        })?;
                if state == CommitmentState::Unknown {
                    return Ok(());
                }
                let as_at = row.when("as_at")?;
                import.push(
                    row,
                    Fact::CommitmentState(CommitmentStateReported { commitment: id, state }),
                    as_at,
                )
            },
        )
    }

    fn events(&mut self) -> Result<usize, RegisterError> {
        self.each("events.csv", &["id", "date", "kind", "what", "basis"], |import, row| {
            import.check_subject(row, "subject_id")?;
            let happening = Happening {
                id: row.own_name()?,
                sort: row.cell("kind").to_owned(),
                about: row.cell("subject_id").to_owned(),
                what: row.cell("what").to_owned(),
                basis: row.basis()?,
                note: row.cell("note").to_owned(),
            };
            let effective = row.when("date")?;
            import.push(row, Fact::Happening(happening), effective)
        })
    }

    fn figures(&mut self) -> Result<usize, RegisterError> {
        self.each("figures.csv", &["id", "what", "value", "basis"], |import, row| {
            let figure = FigureReported {
                id: row.own_name()?,
                what: row.cell("what").to_owned(),
                value: row.cell("value").to_owned(),
                period: row.cell("period").to_owned(),
                area: row.cell("area").to_owned(),
                basis: row.basis()?,
                note: row.cell("note").to_owned(),
            };
            import.push(row, Fact::Figure(figure), None)
        })
    }

    fn coverage(&mut self) -> Result<usize, RegisterError> {
        self.each("coverage.csv", &["through", "how"], |import, row| {
            let coverage =
                CoverageStated { through: row.parsed("through")?, how: row.cell("how").to_owned() };
            import.push(row, Fact::Coverage(coverage), None)
        })
    }
}

fn gss(code: &str) -> Code {
    Code { scheme: "gss".to_owned(), value: code.to_owned(), current: true }
}

fn published_or_unknown(instrument: &Instrument) -> DateOrUnknown {
    instrument.published.unwrap_or(DateOrUnknown::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundled() -> BTreeMap<String, String> {
        BUNDLED.iter().map(|(name, content)| ((*name).to_owned(), (*content).to_owned())).collect()
    }

    /// Imports the bundled tables with one change, which must be refused with a message that holds some words.
    fn refused(table: &str, from: &str, to: &str, words: &[&str]) {
        let mut tables = bundled();
        let content = tables.get_mut(table).unwrap();
        assert!(content.contains(from), "{from} is not in {table}");
        *content = content.replacen(from, to, 1);
        let error = import_tables(&tables).unwrap_err().to_string();
        for word in words {
            assert!(error.contains(word), "{word:?} is not in {error:?}");
        }
    }

    #[test]
    fn the_bundled_tables_are_whole() {
        let (imported, findings) = import_tables(&bundled()).unwrap();
        assert_eq!(findings, []);
        let rows: BTreeMap<&str, usize> =
            imported.rows.iter().map(|(name, rows)| (name.as_str(), *rows)).collect();
        assert_eq!(rows["local_authorities.csv"], 175);
        let territorial =
            |d: &&Draft| matches!(&d.fact, Fact::Body(b) if b.role == "Territorial police force");
        assert_eq!(imported.drafts.iter().filter(territorial).count(), 43);
        for draft in &imported.drafts {
            let needs_source = !matches!(draft.fact, Fact::Source(_) | Fact::Coverage(_) | Fact::Area(_));
            assert!(!needs_source || !draft.citations.is_empty(), "{:?} has no source", draft.fact);
        }
    }

    #[test]
    fn nothing_unchecked_ships() {
        let (imported, _) = import_tables(&bundled()).unwrap();
        for draft in imported.drafts {
            if let Fact::Recommendation(r) = draft.fact
                && r.basis == Basis::Background
            {
                assert_eq!(r.wording, Wording::Unknown, "{}", r.id);
                assert!(r.addressees.is_empty() && r.title.contains("not seen"), "{}", r.id);
            }
        }
    }

    #[test]
    fn a_wrong_cell_is_named_by_table_row_and_column() {
        refused(
            "responses.csv",
            "accepted_in_principle",
            "accepted in principle",
            &["responses.csv", "row 2", "position"],
        );
        refused(
            "events.csv",
            "2014-07-07,announced",
            "2014-13-07,announced",
            &["events.csv", "row 2", "date", "YYYY-MM-DD"],
        );
        refused(
            "events.csv",
            ",iicsa,Home",
            ",iicsaa,Home",
            &["events.csv", "row 2", "subject_id", "iicsaa"],
        );
        refused(
            "recommendations.csv",
            "uk-government",
            "uk-goverment",
            &["recommendations.csv", "addressees", "uk-goverment"],
        );
        refused("sources.csv", "id,url", "identity,url", &["sources.csv", "\"id\""]);
        refused("figures.csv", "fig-recorded-2023,", ",", &["figures.csv", "row 2", "id", "empty"]);
        refused("events.csv", "ev-2014-07-07,", ",", &["events.csv", "row 2", "id", "empty"]);
    }

    #[test]
    fn a_folder_without_tables_and_a_table_nobody_knows() {
        assert!(import_tables(&BTreeMap::new()).is_err());
        let mut tables = bundled();
        tables.insert("respones.csv".to_owned(), "a,b\n".to_owned());
        let (_, findings) = import_tables(&tables).unwrap();
        assert_eq!(findings[0].code, "unknown_table");
    }
}
