//! The register as open data: one row or object per recommendation, answer and promise, and the log itself.

use std::path::Path;

use anyhow::Result;
use candour_record::Citation;
use candour_register::{RecommendationRecord, Register, Status};
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::files;
use crate::store::Store;

/// A table's file name, headings and rows.
type Table = (&'static str, &'static [&'static str], Vec<Vec<String>>);

/// Writes the tables and returns their names.
pub(crate) fn export(folder: &Path, record: &Register, store: &Store, day: Date) -> Result<Vec<String>> {
    let mut recommendations = Vec::new();
    let mut responses = Vec::new();
    let mut compiled_all = Vec::new();
    for recommendation in record.recommendations.values() {
        let made = &recommendation.made.fact;
        let status = Status::of(record, recommendation, day);
        let positions: Vec<String> =
            status.answers.iter().map(|a| format!("{}: {}", a.as_written, a.position.code())).collect();
        let addressees: Vec<&str> = made.addressees.iter().map(|a| a.as_written.as_str()).collect();
        let schedule = status.schedule();
        recommendations.push(vec![
            made.id.to_string(),
            made.instrument.to_string(),
            made.number.clone(),
            made.title.clone(),
            made.wording.text().unwrap_or("unknown").to_owned(),
            addressees.join("; "),
            positions.join("; "),
            status.claim().code().to_owned(),
            status.evidence_grade().code().to_owned(),
            schedule.code().to_owned(),
            schedule.days().map_or(String::new(), |d| d.to_string()),
            status.adequacy().code().to_owned(),
            status.headline.code.code().to_owned(),
            status.headline.rule.to_owned(),
            status.known_to.to_string(),
            sources(&recommendation.made.citations),
        ]);
        for given in &recommendation.responses {
            responses.push(vec![
                made.id.to_string(),
                given.fact.responder.to_string(),
                given.effective.map_or("unknown".to_owned(), |d| d.to_string()),
                given.fact.position.code().to_owned(),
                given.fact.stated_as.clone(),
                given.fact.reasons.code().to_owned(),
                given.fact.wording.text().unwrap_or("unknown").to_owned(),
                sources(&given.citations),
            ]);
        }
        compiled_all.push(compiled(record, recommendation, day));
    }
    let commitments = record
        .commitments
        .values()
        .map(|c| {
            let made = &c.made.fact;
            let by: Vec<&str> = made.made_by.iter().map(|a| a.as_written.as_str()).collect();
            vec![
                made.id.to_string(),
                made.about.clone(),
                by.join("; "),
                made.what.clone(),
                made.first_due.map_or(String::new(), |d| d.to_string()),
                c.due_now().map_or(String::new(), |d| d.to_string()),
                c.rebasings.len().to_string(),
                serde_json::to_value(c.state())
                    .ok()
                    .and_then(|v| v.as_str().map(str::to_owned))
                    .unwrap_or_default(),
                sources(&c.made.citations),
            ]
        })
        .collect();
    let tables: [Table; 3] = [
        (
            "recommendations.csv",
            &[
                "id",
                "instrument",
                "number",
                "title",
                "text",
                "addressees",
                "responses",
                "claim",
                "evidence",
                "schedule",
                "schedule_days",
                "adequacy",
                "headline",
                "headline_rule",
                "known_to",
                "sources",
            ],
            recommendations,
        ),
        (
            "responses.csv",
            &[
                "recommendation",
                "responder",
                "date",
                "position",
                "stated_as",
                "reasons_given",
                "text",
                "sources",
            ],
            responses,
        ),
        (
            "commitments.csv",
            &["id", "about", "made_by", "what", "first_due", "due_now", "times_moved", "state", "sources"],
            commitments,
        ),
    ];
    let mut written = Vec::new();
    for (name, headings, rows) in tables {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(headings)?;
        for row in rows {
            writer.write_record(row.iter().map(|cell| harmless(cell)))?;
        }
        let bytes = writer.into_inner().map_err(|e| anyhow::anyhow!("{name}: {e}"))?;
        files::write_atomically(&folder.join(name), &bytes)?;
        written.push(name.to_owned());
    }
    let record_json = json!({"as_at": day, "recommendations": compiled_all});
    files::write_atomically(
        &folder.join("record.json"),
        serde_json::to_string_pretty(&record_json)?.as_bytes(),
    )?;
    let mut lines = Vec::new();
    for (_, bytes) in store.raw_entries()? {
        lines.extend(bytes);
        lines.push(b'\n');
    }
    files::write_atomically(&folder.join("history.jsonl"), &lines)?;
    written.extend(["record.json", "history.jsonl"].map(str::to_owned));
    Ok(written)
}

/// One recommendation with its axes, each value beside its sources.
pub(super) fn compiled(record: &Register, recommendation: &RecommendationRecord, day: Date) -> Value {
    let made = &recommendation.made.fact;
    let status = Status::of(record, recommendation, day);
    json!({
        "id": made.id.as_str(),
        "recommendation": made,
        "sources": recommendation.made.citations,
        "headline": status.headline,
        "known_to": status.known_to,
        "answers": status.answers.iter().map(|a| json!({
            "addressee": a.addressee, "as_written": a.as_written, "position": a.position, "clock": a.clock.words(),
            "given": a.given.iter().map(|g| json!({"date": g.effective, "response": g.fact, "sources": g.citations})).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "claims": status.claims.iter().map(|c| json!({"date": c.effective, "claim": c.fact, "sources": c.citations})).collect::<Vec<_>>(),
        "evidence": status.evidence.iter().map(|e| json!({"date": e.effective, "evidence": e.fact, "sources": e.citations})).collect::<Vec<_>>(),
        "schedule": status.due.iter().map(|d| json!({"what": d.what, "first_due": d.first_due, "words": d.words, "schedule": d.schedule})).collect::<Vec<_>>(),
        "adequacy": status.adequacy.iter().map(|a| json!({"assessment": a.fact, "sources": a.citations})).collect::<Vec<_>>(),
        "entries": recommendation.history,
    })
}

fn sources(citations: &[Citation]) -> String {
    let names: Vec<String> = citations
        .iter()
        .map(|c| match c {
            Citation::Source(id) => id.to_string(),
            Citation::Passage(p) => format!("{}#page={}", p.document, p.page.unwrap_or(1)),
        })
        .collect();
    names.join("; ")
}

/// A cell that no spreadsheet takes for a formula.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(harmless("=1+1"), "'=1+1");
        assert_eq!(harmless("@SUM(A1)"), "'@SUM(A1)");
        assert_eq!(harmless("plain - text"), "plain - text");
    }
}
