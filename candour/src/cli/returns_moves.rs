use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use candour_returns::workflow::{
    By, Call, CallEvent, Deadlines, Effect, RUNGS, ReturnEvent, ReturnFile, ReturnState, Terms, chase,
};
use candour_returns::{BodyType, Specification};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::data_call::DataCall;
use crate::workspace::Workspace;

use super::In;
use super::returns_load::{Desk, is_body};
use super::returns_queries::must;

/// Who acts, in which workspace, and on which day.
#[derive(clap::Args)]
struct Act {
    #[command(flatten)]
    at: In,
    /// Who records it
    #[arg(long, value_name = "NAME")]
    actor: String,
    /// The day on which it happened [default: today]
    #[arg(long, value_name = "DATE")]
    on: Option<Date>,
}

/// The data call of a workspace, and the day on which something happens to it.
struct Open<'a> {
    call: DataCall,
    workspace: Workspace,
    actor: &'a str,
    on: Date,
}

impl Act {
    fn open(&self) -> Result<Open<'_>> {
        let workspace = self.at.open()?;
        let on = self.on.map_or_else(|| workspace.today(), Ok)?;
        Ok(Open { call: DataCall::open(&workspace)?, workspace, actor: &self.actor, on })
    }

    /// Moves the return of a body, and says where it now stands.
    fn step(&self, out: &mut impl Write, body: &str, events: Vec<(ReturnEvent, &str)>) -> Result<ExitCode> {
        let mut open = self.open()?;
        ensure!(is_body(body), "{body:?} is no code of a body");
        let mut file = open.call.told.file(body);
        if let Some(call) = &open.call.told.call {
            let id = &call.id;
            ensure!(!file.history.is_empty(), "{body} was not called by {id}; see `candour returns status`");
        }
        for (event, reason) in events {
            file.apply(event, &open.by(reason)).with_context(|| body.to_owned())?;
        }
        let (state, version) = (file.state.clone(), file.version);
        open.call.record(vec![file])?;
        open.call.publish()?;
        match version {
            0 => writeln!(out, "{body} is {state}.")?,
            version => writeln!(out, "{body}: version {version} is {state}.")?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Open<'_> {
    fn by<'b>(&'b self, reason: &'b str) -> By<'b> {
        By { actor: self.actor, at: Timestamp::now(), on: self.on, reason }
    }
}

/// A step for which nothing more is to be said.
#[derive(clap::Args)]
#[command(
    after_help = "Example: candour returns acknowledge X23000001 -w audit --actor \"A. Officer, audit office\""
)]
pub(super) struct Plain {
    #[command(flatten)]
    act: Act,
    /// The body
    #[arg(value_name = "BODY")]
    body: String,
    /// Why, or in which letter; it is public
    #[arg(long, value_name = "WORDS")]
    reason: Option<String>,
}

impl Plain {
    pub(super) fn run(self, out: &mut impl Write, event: ReturnEvent, usual: &str) -> Result<ExitCode> {
        let reason = self.reason.as_deref().unwrap_or(usual);
        self.act.step(out, &self.body, vec![(event, reason)])
    }
}

/// A step that needs its reason.
#[derive(clap::Args)]
#[command(
    after_help = "Example: candour returns cannot-supply X23000001 -w audit --reason \"Records before 2020 were lost\" --actor \"A. Officer, audit office\""
)]
pub(super) struct Reasoned {
    #[command(flatten)]
    act: Act,
    /// The body
    #[arg(value_name = "BODY")]
    body: String,
    /// Why; it is public
    #[arg(long, value_name = "WORDS")]
    reason: String,
}

impl Reasoned {
    pub(super) fn run(self, out: &mut impl Write, event: ReturnEvent) -> Result<ExitCode> {
        self.act.step(out, &self.body, vec![(event, &self.reason)])
    }
}

#[derive(clap::Args)]
#[command(
    after_help = "Example: candour returns nil X23000001 -w audit --office \"Chief constable\" --actor \"A. Officer, audit office\""
)]
pub(super) struct Nil {
    #[command(flatten)]
    act: Act,
    /// The body
    #[arg(value_name = "BODY")]
    body: String,
    /// The office that signs, such as chief constable
    #[arg(long, value_name = "OFFICE")]
    office: String,
    /// Why there is nothing; it is public
    #[arg(long, value_name = "WORDS", default_value = "no record falls within the call")]
    reason: String,
}

impl Nil {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let event = ReturnEvent::ConfirmNil { office: self.office };
        self.act.step(out, &self.body, vec![(event, &self.reason)])
    }
}

#[derive(clap::Args)]
#[command(
    after_help = "Example: candour returns partial X23000001 -w audit --without missing --reason \"Kept by the council\" --actor \"A. Officer, audit office\""
)]
pub(super) struct Partial {
    #[command(flatten)]
    act: Act,
    /// The body
    #[arg(value_name = "BODY")]
    body: String,
    /// A table that will not come
    #[arg(long, value_name = "TABLE", required = true)]
    without: Vec<String>,
    /// Why; it is public
    #[arg(long, value_name = "WORDS")]
    reason: String,
}

impl Partial {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let event = ReturnEvent::SendPartial { without: self.without };
        self.act.step(out, &self.body, vec![(event, &self.reason)])
    }
}

#[derive(clap::Args)]
#[command(
    after_help = "Example: candour returns refuse X23000001 -w audit --reason \"No power to share, it says\" --legal-answer \"Section 44 of the Act\" --actor \"A. Officer, audit office\""
)]
pub(super) struct Refuse {
    #[command(flatten)]
    act: Act,
    /// The body
    #[arg(value_name = "BODY")]
    body: String,
    /// Why, as the body says; it is public
    #[arg(long, value_name = "WORDS")]
    reason: String,
    /// What the call's lawyers answer; it is public
    #[arg(long, value_name = "WORDS", default_value = "")]
    legal_answer: String,
}

impl Refuse {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let event = ReturnEvent::Refuse { legal_answer: self.legal_answer };
        self.act.step(out, &self.body, vec![(event, &self.reason)])
    }
}

#[derive(clap::Args)]
#[command(
    after_help = "Example: candour returns sign-off X23000001 --office \"Chief constable\" --actor \"A data lead\""
)]
pub(super) struct SignOff {
    #[command(flatten)]
    act: Act,
    /// The body
    #[arg(value_name = "BODY")]
    body: String,
    /// The office that signs, such as chief constable
    #[arg(long, value_name = "OFFICE")]
    office: String,
    /// Take the return as well
    #[arg(long)]
    accept: bool,
    /// Take it with what must be said beside its figures
    #[arg(long, value_name = "WORDS", conflicts_with = "accept")]
    caveat: Vec<String>,
}

impl SignOff {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let open = self.act.open()?;
        let file = must(&open.call.told, &self.body)?;
        let mut events = Vec::new();
        if matches!(file.state, ReturnState::Validated | ReturnState::QueriesOpen) {
            let queries = Desk::new(&open.workspace).queries(&self.body)?.counts();
            if queries != file.queries {
                // An answer that was kept when the program was stopped before the ledger had it.
                events.push((ReturnEvent::Answer { queries }, "queries were answered"));
            }
            events.push((ReturnEvent::Approve, "approved with the sign-off"));
        }
        events.push((ReturnEvent::SignOff { office: self.office, on: open.on }, "signed off"));
        if self.accept {
            events.push((ReturnEvent::Accept, "taken"));
        } else if !self.caveat.is_empty() {
            events.push((ReturnEvent::AcceptWithCaveats(self.caveat), "taken with caveats"));
        }
        drop(open);
        self.act.step(out, &self.body, events)
    }
}

#[derive(clap::Args)]
#[command(
    after_help = "Example: candour returns accept X23000001 -w audit --caveat \"One record system of two\" --actor \"A. Officer, audit office\""
)]
pub(super) struct Accept {
    #[command(flatten)]
    act: Act,
    /// The body
    #[arg(value_name = "BODY")]
    body: String,
    /// What must be said beside its figures
    #[arg(long, value_name = "WORDS")]
    caveat: Vec<String>,
}

impl Accept {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let event = if self.caveat.is_empty() {
            (ReturnEvent::Accept, "taken")
        } else {
            (ReturnEvent::AcceptWithCaveats(self.caveat), "taken with caveats")
        };
        self.act.step(out, &self.body, vec![event])
    }
}

/// Chases bodies
///
/// For a day, every body whose time is over is reminded, or taken to the rung of the ladder that its days over come to: its head of
/// data at 7 days, its head at 14, the owner of the call at 28. A rung is recorded once.
#[derive(clap::Args)]
#[command(
    after_help = "Example: candour returns chase -w audit --as-of 2026-05-01 --actor \"A. Officer, audit office\""
)]
pub(super) struct Chase {
    #[command(flatten)]
    at: In,
    /// The day [default: today]
    #[arg(long, value_name = "DATE")]
    as_of: Option<Date>,
    /// Who chases
    #[arg(long, value_name = "NAME")]
    actor: String,
    /// Say who would be chased, and record nothing
    #[arg(long)]
    dry_run: bool,
}

impl Chase {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let act = Act { at: self.at, actor: self.actor, on: self.as_of };
        let mut open = act.open()?;
        let Some(deadlines) = open.call.told.deadlines().copied() else {
            bail!("no call was issued, so nothing is due; issue one with `candour returns call issue`")
        };
        let mut chased = Vec::new();
        for mut file in open.call.told.returns.values().cloned() {
            let Some(event) = chase(&file, &deadlines, open.on) else { continue };
            let (due, level) = match &event {
                ReturnEvent::Escalate { due, level } => (*due, *level),
                ReturnEvent::Overdue { due } => (*due, 0),
                _ => continue,
            };
            let rung = RUNGS.get(usize::from(level)).copied().unwrap_or_default();
            let what = file.awaited().map_or_else(String::new, |a| a.to_string());
            writeln!(out, "{}: {what} was due on {due}; rung {level}, {rung}", file.body)?;
            file.apply(event, &open.by(&format!("{what} was due on {due}")))?;
            chased.push(file);
        }
        let count = chased.len();
        if self.dry_run {
            writeln!(out, "{count} bodies would be chased on {}; nothing was recorded.", open.on)?;
            return Ok(ExitCode::SUCCESS);
        }
        open.call.record(chased)?;
        open.call.publish()?;
        writeln!(out, "{count} bodies chased on {}.", open.on)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The call
///
/// It is cleared by law, piloted, issued to the bodies with its time limits, and later amended, closed, frozen, published and destroyed.
/// Each step is an entry of the ledger.
#[derive(clap::Args)]
pub(super) struct CallVerb {
    #[command(subcommand)]
    step: Step,
}

#[derive(clap::Subcommand)]
enum Step {
    /// The power to ask, the data protection assessment and the burden are settled; the call has a name from then on
    #[command(
        after_help = "Example: candour returns call clear CALL-2026-1 -w audit --power \"Inquiries Act 2005, section 21\" --dpia \"DPIA 7\" --burden-hours 40 --actor \"A. Officer, audit office\""
    )]
    Clear {
        #[command(flatten)]
        act: Act,
        /// The name of the call
        #[arg(value_name = "CALL")]
        id: String,
        /// The power by which it asks
        #[arg(long, value_name = "WORDS")]
        power: String,
        /// Reference of the data protection impact assessment
        #[arg(long, value_name = "WORDS")]
        dpia: String,
        /// Hours that it costs a body, as assessed
        #[arg(long, value_name = "N")]
        burden_hours: u32,
    },
    /// It was tried with a few bodies
    Pilot(Because),
    /// Send it to bodies, with its time limits
    #[command(
        after_help = "Example: candour returns call issue -w audit --bodies bodies.csv --due 2026-04-01 --answer-by 2026-05-01 --sign-by 2026-06-01 --actor \"A. Officer, audit office\"\n\nThe file of bodies is CSV with the column body, and name and type where they are known (POLICE, CHILDRENS, HEALTH, VOL, NRM, CPS)."
    )]
    Issue(Box<Issue>),
    /// Change its terms or its time limits, or call more bodies
    Amend(Box<Issue>),
    /// Take no more returns
    Close(Because),
    /// Freeze it and every return that was taken; the key of the call is destroyed
    Freeze(Because),
    /// Say in which release its returns are used
    Publish {
        #[command(flatten)]
        act: Act,
        /// The release
        #[arg(value_name = "RELEASE")]
        release: String,
    },
    /// Record-level data were destroyed
    Destroy {
        #[command(flatten)]
        act: Act,
        /// Reference of the certificate
        #[arg(value_name = "CERTIFICATE")]
        certificate: String,
    },
}

#[derive(clap::Args)]
struct Because {
    #[command(flatten)]
    act: Act,
    /// Why; it is public
    #[arg(long, value_name = "WORDS")]
    reason: String,
}

/// What is asked, of whom, and by when.
#[derive(clap::Args)]
struct Issue {
    #[command(flatten)]
    act: Act,
    /// The bodies, as CSV: body, name, type [default: returns/bodies.csv in the workspace]
    #[arg(long, value_name = "FILE")]
    bodies: Option<PathBuf>,
    /// The version of the definitions [default: as before, or that of the specification]
    #[arg(long, value_name = "VERSION")]
    definitions: Option<String>,
    /// First day asked for
    #[arg(long, value_name = "DATE", requires = "period_end")]
    period_start: Option<Date>,
    /// Last day asked for
    #[arg(long, value_name = "DATE", requires = "period_start")]
    period_end: Option<Date>,
    /// The day by which a body is to say that it has the call
    #[arg(long, value_name = "DATE")]
    acknowledge_by: Option<Date>,
    /// The day by which a body is to send its return
    #[arg(long, value_name = "DATE")]
    due: Option<Date>,
    /// The day by which queries are to be answered
    #[arg(long, value_name = "DATE")]
    answer_by: Option<Date>,
    /// The day by which the return is to be signed
    #[arg(long, value_name = "DATE")]
    sign_by: Option<Date>,
    /// Why; it is public
    #[arg(long, value_name = "WORDS", default_value = "sent out")]
    reason: String,
}

impl Issue {
    /// The terms, with those before where nothing else is said.
    fn terms(&self, before: Option<&Terms>) -> Result<Terms> {
        let definitions = match (&self.definitions, before) {
            (Some(definitions), _) => definitions.clone(),
            (None, Some(before)) => before.definitions.clone(),
            (None, None) => Specification::aud_1()?.version,
        };
        let due = self.due.or(before.map(|b| b.deadlines.upload));
        let earlier = before.map(|b| &b.deadlines);
        let deadlines = Deadlines {
            acknowledge: self.acknowledge_by.or(earlier.and_then(|d| d.acknowledge)),
            upload: due.context("say by when a body is to send its return, with --due DATE")?,
            answer: self.answer_by.or(earlier.and_then(|d| d.answer)),
            sign: self.sign_by.or(earlier.and_then(|d| d.sign)),
        };
        let period = self.period_start.zip(self.period_end).or(before.and_then(|b| b.period));
        Ok(Terms { definitions, period, deadlines })
    }

    /// The bodies that are not called yet, with the event that calls each.
    fn bodies(&self, open: &Open<'_>) -> Result<Vec<ReturnFile>> {
        let usual = open.workspace.root.join("returns").join("bodies.csv");
        let path = match &self.bodies {
            Some(path) => path,
            // To amend the terms is not to call more bodies.
            None if !usual.exists() && !open.call.told.returns.is_empty() => return Ok(Vec::new()),
            None => &usual,
        };
        let shown = path.display();
        let mut reader = csv::Reader::from_path(path).with_context(|| {
            format!("{shown}: cannot be read; give the bodies as CSV with --bodies FILE: body, name, type")
        })?;
        let heading = reader.headers()?.clone();
        let place = |name: &str| heading.iter().position(|h| h.trim() == name);
        let body = place("body").with_context(|| format!("{shown}: has no column `body`"))?;
        let (name, kind) = (place("name"), place("type"));
        let (mut files, mut seen) = (Vec::new(), BTreeSet::new());
        for (row, number) in reader.records().zip(2..) {
            let row = row.with_context(|| format!("{shown}: row {number} cannot be read"))?;
            let cell = |at: Option<usize>| at.and_then(|at| row.get(at)).unwrap_or_default().trim();
            let code = cell(Some(body));
            ensure!(
                is_body(code),
                "{shown}, row {number}: {code:?} is no code of a body: letters, digits, hyphens, at most 40"
            );
            ensure!(seen.insert(code.to_owned()), "{shown}, row {number}: {code} stands twice");
            let sort = cell(kind);
            let sort: Option<BodyType> = match sort {
                "" => None,
                sort => Some(serde_json::from_value(sort.to_uppercase().into()).map_err(|_| {
                    anyhow::anyhow!(
                        "{shown}, row {number}: {sort:?} is no type of body; write POLICE, CHILDRENS, HEALTH, VOL, NRM or CPS"
                    )
                })?),
            };
            let mut file = open.call.told.file(code);
            if file.history.is_empty() {
                let event = ReturnEvent::Call { name: cell(name).to_owned(), kind: sort };
                file.apply(event, &open.by(&self.reason))?;
                files.push(file);
            }
        }
        ensure!(!seen.is_empty(), "{shown}: names no body");
        Ok(files)
    }
}

impl CallVerb {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        match &self.step {
            Step::Clear { act, id, power, dpia, burden_hours } => {
                let open = act.open()?;
                ensure!(is_body(id), "{id:?} is no name of a call: letters, digits, hyphens, at most 40");
                if let Some(call) = &open.call.told.call {
                    bail!(
                        "this workspace holds {} already; make another workspace for another call",
                        call.id
                    );
                }
                let (power, dpia, burden_hours) = (power.clone(), dpia.clone(), *burden_hours);
                let event = CallEvent::Clear { power, dpia, burden_hours };
                go(out, open, Some(Call::draft(id)), event, "cleared", &[])
            }
            Step::Pilot(because) => because.go(out, CallEvent::Pilot),
            Step::Issue(issue) => issue.go(out, CallEvent::Issue),
            Step::Amend(issue) => issue.go(out, CallEvent::Amend),
            Step::Close(because) => because.go(out, CallEvent::Close),
            Step::Freeze(because) => {
                let open = because.act.open()?;
                let taken = |file: &&ReturnFile| {
                    matches!(file.state, ReturnState::Accepted | ReturnState::AcceptedWithCaveats(_))
                };
                let files = moved(&open, taken, &ReturnEvent::Freeze, &because.reason)?;
                go(out, open, None, CallEvent::Freeze, &because.reason, &files)
            }
            Step::Publish { act, release } => {
                let open = act.open()?;
                let usable = |file: &&ReturnFile| {
                    matches!(file.state, ReturnState::Frozen | ReturnState::Linked | ReturnState::Used(_))
                };
                let event = ReturnEvent::Use { release: release.clone() };
                let reason = "used in a release";
                let files = moved(&open, usable, &event, reason)?;
                go(out, open, None, CallEvent::Publish { release: release.clone() }, reason, &files)
            }
            Step::Destroy { act, certificate } => {
                let event = CallEvent::Destroy { certificate: certificate.clone() };
                go(out, act.open()?, None, event, "record-level data were destroyed", &[])
            }
        }
    }
}

impl Because {
    fn go(&self, out: &mut impl Write, event: CallEvent) -> Result<ExitCode> {
        go(out, self.act.open()?, None, event, &self.reason, &[])
    }
}

impl Issue {
    fn go(&self, out: &mut impl Write, event: fn(Terms) -> CallEvent) -> Result<ExitCode> {
        let open = self.act.open()?;
        let before = open.call.told.call.as_ref().and_then(|call| call.terms.as_ref());
        let event = event(self.terms(before)?);
        let files = self.bodies(&open)?;
        go(out, open, None, event, &self.reason, &files)
    }
}

/// The returns that are so, each moved by an event.
fn moved(
    open: &Open<'_>,
    so: impl FnMut(&&ReturnFile) -> bool,
    event: &ReturnEvent,
    reason: &str,
) -> Result<Vec<ReturnFile>> {
    let files = open.call.told.returns.values().filter(so).cloned();
    files
        .map(|mut file| {
            file.apply(event.clone(), &open.by(reason))?;
            Ok(file)
        })
        .collect()
}

/// Moves the call, with the returns that move with it, and does what must be done because of it.
fn go(
    out: &mut impl Write,
    mut open: Open<'_>,
    new: Option<Call>,
    event: CallEvent,
    reason: &str,
    files: &[ReturnFile],
) -> Result<ExitCode> {
    let Some(mut call) = new.or_else(|| open.call.told.call.clone()) else {
        bail!("this workspace holds no call; begin one with `candour returns call clear CALL`")
    };
    let effects = call.apply(event, &open.by(reason))?;
    let (id, state) = (call.id.clone(), call.state);
    let count = files.len();
    open.call.record_call(call)?;
    for files in files.chunks(64) {
        open.call.record(files.to_vec())?;
    }
    open.call.publish()?;
    let with = if count > 0 { format!(", with {count} bodies") } else { String::new() };
    writeln!(out, "{id} is {state}{with}.")?;
    for effect in effects {
        match effect {
            Effect::SendPreservationNotice => {
                writeln!(out, "Send every body the call, and the notice not to destroy its records.")?;
            }
            Effect::SendAmendment(version) => {
                writeln!(out, "Send every body version {version} of the call.")?;
            }
            Effect::DestroyKeys => {
                let key = Desk::new(&open.workspace).key();
                if key.exists() {
                    std::fs::remove_file(&key)
                        .with_context(|| format!("{}: cannot be destroyed", key.display()))?;
                }
                writeln!(out, "The key of the call is destroyed: no record can be told again by its hash.")?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
