use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use candour_returns::workflow::{ReturnFile, ReturnState};
use candour_returns::{Analysis, BodyType, Linkage, Missing};
use clap::ValueEnum;

use crate::data_call::DataCall;
use crate::files;
use crate::report::thousands;

use super::In;
use super::returns_load::{Desk, is_body};

/// Bytes that the victims of one return may take.
const LIMIT: u64 = 4 << 30;
/// A model of linkage for the columns of the call.
const MODEL: &str = include_str!("../../../examples/linkage/returns.toml");
/// What identifies a record over all bodies: its body and its key there, parted by this.
const PARTED: char = '/';

/// Write those whom the returns name, a table for each sort of body or each list, for `candour link`
///
/// Tables hold the columns of the linkage partition and nothing else, so that no characteristic of a person can become a feature of
/// linkage. They stay in the vault.
///
/// The lists of one body are drawn from one another: those on a child protection plan are among the children in need. Estimation
/// takes its lists for drawn apart, so the tables are of sorts of bodies unless asked otherwise.
#[derive(clap::Args)]
#[command(
    after_help = "Example: candour returns lists -w audit && candour link audit/vault/lists/*.csv --settings audit/vault/lists/model.toml --out audit/vault/linked"
)]
pub(super) struct Lists {
    #[command(flatten)]
    at: In,
    /// What becomes a table
    #[arg(long, value_enum, default_value_t)]
    by: By,
    /// Returns that came at least this far
    #[arg(long, value_enum, default_value_t)]
    from: From,
}

/// What records stand in one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum By {
    /// Those that police forces, children's services, health bodies and so on sent
    #[default]
    BodyType,
    /// Those of one list of the call, whoever sent it
    List,
}

/// How far a return must have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum From {
    /// Taken by the audit
    #[default]
    Accepted,
    /// Checked, with no question open
    Checked,
    /// Loaded, whatever is still asked
    Loaded,
}

impl From {
    fn reached(self, state: &ReturnState) -> bool {
        use ReturnState as S;
        match state {
            S::Accepted | S::AcceptedWithCaveats(_) | S::Frozen | S::Linked | S::Used(_) => true,
            S::Validated | S::LocallyApproved | S::SignedOff { .. } => self != Self::Accepted,
            S::QueriesOpen | S::Uploaded(_) | S::Resubmitted(_) | S::Partial { .. } => self == Self::Loaded,
            _ => false,
        }
    }
}

/// The body and its record of an id of these tables; nothing where it is an id of another kind.
pub(super) fn body_and_record(id: &str) -> Option<(&str, &str)> {
    id.split_once(PARTED).filter(|(body, _)| is_body(body))
}

impl Lists {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let workspace = self.at.open()?;
        let desk = Desk::new(&workspace);
        let told = DataCall::open(&workspace)?.told;
        let taken: Vec<&ReturnFile> = told
            .returns
            .values()
            .filter(|file| file.version > 0 && is_body(&file.body) && self.from.reached(&file.state))
            .collect();
        ensure!(
            !taken.is_empty(),
            "no return has come so far; see `candour returns status`, or ask for less with --from"
        );
        let mut lists = Tables::default();
        let mut without = 0;
        for file in &taken {
            without += usize::from(!self.victims(&desk, file, &mut lists)?);
        }
        ensure!(!lists.tables.is_empty(), "none of the {} returns has a table of victims", taken.len());
        let folder = workspace.root.join("vault").join("lists");
        for (name, table) in &lists.tables {
            files::write_atomically(
                &folder.join(format!("{}.csv", name.to_lowercase())),
                &lists.csv(table)?,
            )?;
            writeln!(
                out,
                "{name}: {} records of {} bodies",
                thousands(&table.rows.len().to_string()),
                table.bodies
            )?;
        }
        let model = folder.join("model.toml");
        if !model.exists() {
            files::write_atomically(&model, MODEL.as_bytes())?;
        }
        if without > 0 {
            writeln!(out, "{without} returns name nobody.")?;
        }
        writeln!(
            out,
            "Written to {}, with a model to link them by. They hold names and stay there.",
            folder.display()
        )?;
        Ok(ExitCode::SUCCESS)
    }

    /// Adds the victims of a return to their lists; whether it has any.
    fn victims(&self, desk: &Desk, file: &ReturnFile, lists: &mut Tables) -> Result<bool> {
        let path = desk.partition::<Linkage>(file, "victim");
        if !path.exists() {
            return Ok(false);
        }
        let (heading, people) = rows(&path)?;
        let (key, list) = (place(&path, &heading, "person_id")?, place(&path, &heading, "list_id")?);
        let of_body = match self.by {
            By::List => None,
            By::BodyType => Some(body_type(&desk.partition::<Analysis>(file, "header"))?),
        };
        let mut counted: Vec<&str> = Vec::new();
        for person in &people {
            let name = of_body.as_deref().or(person.get(list)).unwrap_or_default();
            if !is_body(name) {
                // A record of no list that the call knows: a finding of the check.
                continue;
            }
            let mut cells = Vec::new();
            for (at, (column, text)) in heading.iter().zip(person).enumerate() {
                // Why a value is missing is no value: two records agree on nothing by it.
                if at != key && at != list && !text.is_empty() && Missing::of(text).is_none() {
                    cells.push((lists.column(column), text.to_owned()));
                }
            }
            let id = person.get(key).unwrap_or_default();
            let table = lists.tables.entry(name.to_owned()).or_default();
            if !counted.contains(&name) {
                counted.push(name);
                table.bodies += 1;
            }
            table.rows.push(Row { id: format!("{}{PARTED}{id}", file.body), body: file.body.clone(), cells });
        }
        Ok(!people.is_empty())
    }
}

/// The tables by their names. Bodies need not have sent the same columns; each table has all.
#[derive(Default)]
struct Tables {
    columns: Vec<String>,
    tables: BTreeMap<String, Table>,
}

#[derive(Default)]
struct Table {
    rows: Vec<Row>,
    bodies: usize,
}

/// A record: its id, its body, and what it holds, by column.
struct Row {
    id: String,
    body: String,
    cells: Vec<(usize, String)>,
}

impl Tables {
    fn column(&mut self, name: &str) -> usize {
        let at = self.columns.iter().position(|column| column == name);
        at.unwrap_or_else(|| {
            self.columns.push(name.to_owned());
            self.columns.len() - 1
        })
    }

    fn csv(&self, table: &Table) -> Result<Vec<u8>> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer
            .write_record(["unique_id", "body"].into_iter().chain(self.columns.iter().map(String::as_str)))?;
        for Row { id, body, cells } in &table.rows {
            let mut row = vec![""; self.columns.len()];
            for (at, text) in cells {
                row[*at] = text;
            }
            writer.write_record([id.as_str(), body].into_iter().chain(row))?;
        }
        Ok(writer.into_inner().map_err(csv::IntoInnerError::into_error)?)
    }
}

/// What sort of body a return says that it is of.
fn body_type(header: &Path) -> Result<String> {
    let (heading, rows) = rows(header)?;
    let at = place(header, &heading, "body_type")?;
    let written = rows.first().and_then(|row| row.get(at)).filter(|code| is_body(code));
    let name = |code: &str| {
        let plain = match BodyType::of(code) {
            Some(BodyType::Police) => "police",
            Some(BodyType::Childrens) => "childrens-services",
            Some(BodyType::Health) => "health",
            Some(BodyType::Vol) => "voluntary",
            Some(BodyType::Nrm) => "national-referral",
            Some(BodyType::Cps) => "prosecution",
            None => code,
        };
        plain.to_owned()
    };
    written.map(name).with_context(|| format!("{}: does not say of what sort the body is", header.display()))
}

fn place(path: &Path, heading: &csv::StringRecord, name: &str) -> Result<usize> {
    let at = heading.iter().position(|h| h == name);
    at.with_context(|| format!("{}: has no column {name}; load the return again", path.display()))
}

fn rows(path: &Path) -> Result<(csv::StringRecord, Vec<csv::StringRecord>)> {
    let bytes = files::read_limited(path, LIMIT)?;
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let unread = || format!("{}: cannot be read; load the return again", path.display());
    let heading = reader.headers().with_context(unread)?.clone();
    let rows = reader.records().collect::<csv::Result<_>>().with_context(unread)?;
    Ok((heading, rows))
}
