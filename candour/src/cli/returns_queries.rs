use std::io::Write;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use candour_returns::workflow::{
    Answer, By, Clock, Queries, QueryEvent, QueryState, ReturnEvent, ReturnFile, clock,
};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::data_call::{DataCall, Told};

use super::returns_load::Desk;
use super::{Format, In};

/// The file of a body of which something is known.
pub(super) fn must(told: &Told, body: &str) -> Result<ReturnFile> {
    let file = told.file(body);
    ensure!(!file.history.is_empty(), "nothing is known of {body}; see `candour returns status`");
    Ok(file)
}

/// The state of a query in a word.
fn word(state: &QueryState) -> &'static str {
    match state {
        QueryState::Open => "open",
        QueryState::Answered(_) => "answered",
        QueryState::Accepted(_) => "accepted",
        QueryState::Rejected(_) => "rejected",
        QueryState::Escalated => "escalated",
    }
}

/// Lists the queries of a return
///
/// They are about records and stay in the vault; what is printed names places and never values.
#[derive(clap::Args)]
#[command(after_help = "Example: candour returns query X23000001 -w audit --waiting")]
pub(super) struct Listing {
    #[command(flatten)]
    at: In,
    /// The body
    #[arg(value_name = "BODY")]
    body: String,
    /// Only those of this rule
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    /// Only those that wait for the body
    #[arg(long)]
    waiting: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Listing {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let workspace = self.at.open()?;
        let call = DataCall::open(&workspace)?;
        let file = must(&call.told, &self.body)?;
        let queries = Desk::new(&workspace).queries(&self.body)?;
        let waits = |state: &QueryState| {
            matches!(state, QueryState::Open | QueryState::Rejected(_) | QueryState::Escalated)
        };
        let meant = queries.iter().filter(|(key, query)| {
            query.present
                && self.rule.as_ref().is_none_or(|r| r.eq_ignore_ascii_case(&key.rule))
                && (!self.waiting || waits(&query.state))
        });
        if self.format == Format::Json {
            let rows: Vec<serde_json::Value> = meant
                .map(|(key, query)| {
                    serde_json::json!({
                        "rule": key.rule, "field": key.field, "row": query.finding.row,
                        "state": word(&query.state), "severity": query.severity,
                        "message": query.finding.message, "mend": query.finding.mend,
                    })
                })
                .collect();
            writeln!(out, "{}", serde_json::json!(rows))?;
            return Ok(ExitCode::SUCCESS);
        }
        let when = told_when(&call.told, &file, workspace.today()?);
        writeln!(out, "{}: version {}, {}{when}", file.body, file.version, file.state)?;
        for (key, query) in meant {
            let row = query.finding.row.map_or(String::new(), |row| format!(" row {row}"));
            let state = word(&query.state);
            writeln!(out, "  {state:<9} {} {}{row}: {}", key.rule, key.field, query.finding.message)?;
        }
        writeln!(out, "{} wait for the body.", queries.counts().waiting())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// How long a body has, in words that follow its state.
fn told_when(told: &Told, file: &ReturnFile, today: Date) -> String {
    match told.deadlines().map(|deadlines| clock(file, deadlines, today)) {
        None | Some(Clock::Stopped) => String::new(),
        Some(Clock::Running(days)) => format!(", {days} days left"),
        Some(Clock::Overdue { days, level }) => format!(", {days} days over (rung {level})"),
    }
}

/// What is said to a query.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Saying {
    /// The record was or will be corrected
    #[arg(long)]
    amended: bool,
    /// The record is right, and why
    #[arg(long, value_name = "WORDS")]
    explain: Option<String>,
    /// Take the answer
    #[arg(long)]
    accept: bool,
    /// Do not take the answer
    #[arg(long)]
    reject: bool,
    /// Take the query up with the head of the body
    #[arg(long)]
    escalate: bool,
}

#[derive(clap::Args)]
#[command(
    after_help = "Example: candour returns answer X23000001 --rule CN04 --explain \"One man under three names\" --actor \"A data lead\""
)]
pub(super) struct Answering {
    #[command(flatten)]
    at: In,
    /// The body
    #[arg(value_name = "BODY")]
    body: String,
    /// The rule whose queries are meant
    #[arg(long, value_name = "RULE")]
    rule: String,
    /// Only those about this table.column
    #[arg(long, value_name = "FIELD")]
    field: Option<String>,
    /// Only that about this row of the newest version
    #[arg(long, value_name = "N")]
    row: Option<u32>,
    #[command(flatten)]
    saying: Saying,
    /// A short code of the reason, by which explanations are counted
    #[arg(long, value_name = "CODE", default_value = "OTHER")]
    code: String,
    /// The explanation may be published
    #[arg(long)]
    publishable: bool,
    /// Who says so
    #[arg(long, value_name = "NAME")]
    actor: String,
    /// The day on which it was said [default: today]
    #[arg(long, value_name = "DATE")]
    on: Option<Date>,
}

impl Answering {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let workspace = self.at.open()?;
        let desk = Desk::new(&workspace);
        let mut call = DataCall::open(&workspace)?;
        let mut file = must(&call.told, &self.body)?;
        let mut queries = desk.queries(&self.body)?;
        let event = match &self.saying {
            Saying { amended: true, .. } => QueryEvent::Answer(Answer::Amended),
            Saying { explain: Some(text), .. } => QueryEvent::Answer(Answer::Explained {
                code: self.code.clone(),
                text: text.clone(),
                publishable: self.publishable,
            }),
            Saying { accept: true, .. } => QueryEvent::Accept,
            Saying { reject: true, .. } => QueryEvent::Reject,
            _ => QueryEvent::Escalate,
        };
        let chosen = |queries: &Queries| -> Vec<_> {
            let meant = queries.iter().filter(|(key, query)| {
                query.present
                    && key.rule.eq_ignore_ascii_case(&self.rule)
                    && self.field.as_ref().is_none_or(|f| *f == key.field)
                    && self.row.is_none_or(|row| query.finding.row == Some(row))
                    && takes(&query.state, &event)
            });
            meant.map(|(key, _)| key.clone()).collect()
        };
        let keys = chosen(&queries);
        ensure!(
            !keys.is_empty(),
            "{} has no such query that takes this; see `candour returns query {}`",
            self.body,
            self.body
        );
        // What was said is about records and stays in the vault; the ledger has how many queries now stand in which state.
        let (reason, public) = ("said on the command line", reason(&event));
        let (at, on) = (Timestamp::now(), self.on.map_or_else(|| workspace.today(), Ok)?);
        for key in &keys {
            queries.apply(key, event.clone(), &By { actor: &self.actor, at, on, reason })?;
        }
        let event = ReturnEvent::Answer { queries: queries.counts() };
        file.apply(event, &By { actor: &self.actor, at, on, reason: public })?;
        desk.save(&self.body, &queries)?;
        let state = file.state.clone();
        call.record(vec![file])?;
        call.publish()?;
        writeln!(
            out,
            "{}: {} queries; {} still wait. The return is {state}.",
            self.body,
            keys.len(),
            queries.counts().waiting()
        )?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What the ledger says was done, without what was said.
fn reason(event: &QueryEvent) -> &'static str {
    match event {
        QueryEvent::Accept => "answers were taken",
        QueryEvent::Reject => "answers were not taken",
        QueryEvent::Escalate => "queries were taken up with the head of the body",
        _ => "queries were answered",
    }
}

fn takes(state: &QueryState, event: &QueryEvent) -> bool {
    use QueryState as S;
    match event {
        QueryEvent::Answer(_) => matches!(state, S::Open | S::Rejected(_) | S::Escalated),
        QueryEvent::Escalate => matches!(state, S::Open | S::Rejected(_)),
        _ => matches!(state, S::Answered(_)),
    }
}
