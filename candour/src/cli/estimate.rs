use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use candour_disclosure::Profile;
use candour_estimation::{
    AgeBand, Estimation, EstimationError, Interval, LatentPlan, ListTable, Method, Plan, StrataEstimation,
    StrataFloor, Stratum, estimate, estimate_linked, estimate_strata,
};
use candour_record::{Finding, Severity};

use crate::estimation_report::{self, interval_words, kind_words, loudest_first, people};
use crate::files;
use crate::releases::{Bar, Release, about, count_table, id_of};

use super::{Format, code_for, progress, report};

/// Bytes that a table, or the histories of many draws, may hold.
const LIMIT: u64 = 256 << 20;
/// Warnings shown under the figure; all of them go to standard error.
const LOUDEST: usize = 5;

/// Estimate how many people are on none of the lists
///
/// Reads how many people are on which of the lists (a column of 0 and 1 for each list, then count), and estimates how many are
/// on none, with the floor, the range across methods and what the table cannot tell. Fewer than three lists, lists that share
/// nobody and chains that do not agree get no figure.
#[derive(clap::Args)]
#[command(
    after_help = "Example: candour estimate lists.csv --report vault/estimate.html\n         candour estimate --linkage vault/links/histories.csv\n\nThe table:\n  police,health,schools,count\n  1,0,0,210\n  1,1,0,45\n  1,1,1,9\nand so on. Write `impossible` for count where two lists can never share a person. See docs/estimate.md."
)]
pub(super) struct Estimate {
    /// The table: a column of 0 and 1 for each list, then count; or the histories.csv of `candour link --draws`
    #[arg(value_name = "TABLE", required_unless_present = "linkage")]
    table: Option<PathBuf>,
    /// The method whose figure is the estimate: auto, loglinear, sparse, chao, dga or lcm
    #[arg(long, value_name = "METHOD", default_value_t = Method::Auto)]
    method: Method,
    /// Seed of what is drawn
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Bootstrap replicates; averages over models take at most 2,000 of them, and each draw of a linkage 200
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    replicates: u32,
    /// Updates of each chain of latent classes, a fifth more before they count
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    updates: u32,
    /// Level of the intervals
    #[arg(long, value_name = "P", default_value_t = 0.95)]
    level: f64,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The histories.csv of `candour link --draws`: draw 0 is the table, the others carry the errors of the linkage
    #[arg(long, value_name = "HISTORIES")]
    linkage: Option<PathBuf>,
    /// Write a page with charts, for the analyst
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write what may be shown to others to this folder: figures of the model, and no overlap of lists
    #[arg(long, value_name = "DIR")]
    release: Option<PathBuf>,
    /// Title of the release
    #[arg(long, value_name = "WORDS", requires = "release")]
    title: Option<String>,
    /// What a reader of the release must know
    #[arg(long, value_name = "WORDS", requires = "release")]
    note: Vec<String>,
    /// Estimate each area, year or age band by itself, from a column of that name; ages are bands such as 10-15
    #[arg(long, value_name = "COLUMN", value_enum, value_delimiter = ',', conflicts_with_all = ["linkage", "report", "release"])]
    by: Vec<By>,
    /// People seen below whom a part gets no estimate; nothing is borrowed from its neighbours
    #[arg(long, value_name = "N", requires = "by", default_value_t = StrataFloor::default().people)]
    fewest_people: u64,
    /// People on two lists or more below whom a part gets no estimate
    #[arg(long, value_name = "N", requires = "by", default_value_t = StrataFloor::default().overlapping)]
    fewest_overlapping: u64,
    /// Threads [default: all]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

impl Estimate {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        super::use_threads(self.threads)?;
        // A release that could not be written should not cost an estimate first.
        let id = self.release.as_deref().map(id_of).transpose()?;
        if !self.by.is_empty() {
            return self.strata(out);
        }
        let (input, mut findings) = Input::read(self.table.as_deref(), self.linkage.as_deref())?;
        let plan = self.plan();
        let message = match input.draws.len() {
            0 => "Estimating".to_owned(),
            draws => format!("Estimating, with {draws} draws of the linkage"),
        };
        let bar = progress(1, &message);
        bar.enable_steady_tick(Duration::from_millis(200));
        let made = if input.draws.is_empty() {
            estimate(&input.table, &plan)
        } else {
            estimate_linked(&input.table, &input.draws, &plan)
        };
        bar.finish_and_clear();
        let shown = || {
            let path = self.linkage.as_ref().or(self.table.as_ref());
            path.map_or_else(String::new, |p| p.display().to_string())
        };
        let (found, more) = made.with_context(shown)?;
        findings.extend(more);
        if let Some(path) = &self.report {
            let page = estimation_report::page(&found)?;
            files::write_atomically(path, page.as_bytes())?;
        }
        if let (Some(folder), Some(id)) = (&self.release, &id) {
            self.write_release(folder, id, &found)?;
        }
        match self.format {
            Format::Json => writeln!(out, "{}", serde_json::to_string(&found)?)?,
            Format::Text => {
                print(out, &found)?;
                let written = [("Report", &self.report), ("Release", &self.release)];
                for (what, path) in written {
                    if let Some(path) = path {
                        writeln!(out, "{what}: {}", path.display())?;
                    }
                }
            }
        }
        report(&findings);
        Ok(code_for(&findings))
    }

    fn plan(&self) -> Plan {
        Plan {
            method: self.method,
            level: self.level,
            seed: self.seed,
            replicates: self.replicates,
            averaging_replicates: self.replicates.min(Plan::default().averaging_replicates),
            latent: LatentPlan { burn_in: self.updates / 5, updates: self.updates, ..LatentPlan::default() },
            ..Plan::default()
        }
    }

    /// Estimates each area, year and age band by itself.
    fn strata(&self, out: &mut impl Write) -> Result<ExitCode> {
        let path = self.table.as_deref().context("name a table")?;
        let shown = path.display().to_string();
        let columns: Vec<&str> = self.by.iter().map(|by| by.column()).collect();
        let (_, parts) = by_columns(&shown, &text_of(path)?, &columns)?;
        let (mut strata, mut findings) = (Vec::new(), Vec::new());
        for (key, part) in parts {
            let mut stratum = Stratum::default();
            for (by, value) in self.by.iter().zip(&key) {
                let row = part.lines.first().copied().unwrap_or(1);
                by.read(value, &mut stratum).with_context(|| format!("{shown}: row {row}"))?;
            }
            let (table, more) = part.table(&shown, &stratum_words(&stratum))?;
            findings.extend(more);
            strata.push((stratum, table));
        }
        let floor = StrataFloor { people: self.fewest_people, overlapping: self.fewest_overlapping };
        let bar = progress(1, &format!("Estimating {} parts", strata.len()));
        bar.enable_steady_tick(Duration::from_millis(200));
        let made = estimate_strata(&strata, &self.plan(), floor);
        bar.finish_and_clear();
        let found = made.with_context(|| shown.clone())?;
        match self.format {
            Format::Json => writeln!(out, "{}", serde_json::to_string(&found)?)?,
            Format::Text => print_strata(out, &found)?,
        }
        report(&findings);
        Ok(code_for(&findings))
    }

    /// Writes figures of the model, rounded outwards, and the number seen as it passed the door. Overlaps stay in the house.
    fn write_release(&self, folder: &Path, id: &str, found: &Estimation) -> Result<()> {
        let everybody = "people on at least one list";
        let seen = vec![("seen by an agency".to_owned(), found.observed)];
        let seen = count_table("people seen", "people", everybody, &seen)?;
        let passed = candour_disclosure::Release::new(id, Profile::built_in("ons-10-5")?)?
            .table(seen.of_population("people"))
            .pass()?;
        let [seen] = passed.tables.as_slice() else {
            bail!("the door did not pass the number of people seen")
        };
        let spread = found.range.as_ref().map_or_else(|| found.interval.ratio(), |r| r.upper / r.lower);
        // Of a figure that chance alone moves by half a third digit would say nothing.
        let digits = if spread > 1.5 { 2 } else { 3 };
        let round = |number: f64, way: Way| rounded(number, digits, way);
        let between = |interval: &Interval| match interval.upper {
            Some(upper) => {
                format!("about {} to {}", round(interval.lower, Way::Down), round(upper, Way::Up))
            }
            None => format!("about {} or more", round(interval.lower, Way::Down)),
        };
        let level = 100.0 * found.interval.level;
        let figure = match &found.range {
            Some(range) => format!(
                "Between about {} and {} people, depending on the method",
                round(range.lower, Way::Down),
                round(range.upper, Way::Up)
            ),
            None => format!(
                "About {} people ({level:.0} % interval {})",
                round(found.estimate, Way::Nearest),
                between(&found.interval)
            ),
        };
        let floor = found
            .floor
            .map_or_else(String::new, |f| format!(" At least about {}.", round(f.lower, Way::Down)));
        let lead = if seen.get(&[everybody]).is_some_and(|shown| shown.number().is_some()) {
            format!("{figure}; {} were seen by an agency.{floor}", about(seen, &[everybody]))
        } else {
            format!("{figure}; those seen by an agency are too few to be counted here.{floor}")
        };
        let mut notes = found.limits.clone();
        notes.extend(self.note.iter().cloned());
        let title = self.title.clone().unwrap_or_else(|| "How many people no agency has seen".to_owned());
        let mut release = Release::new(id, &title, lead, notes);
        let mut figures = vec![vec![
            "estimate".to_owned(),
            format!("about {}", round(found.estimate, Way::Nearest)),
            between(&found.interval),
        ]];
        if let Some(floor) = found.floor {
            let words = format!("about {} or more", round(floor.lower, Way::Down));
            figures.push(vec!["floor".to_owned(), words, String::new()]);
        }
        if let Some(range) = &found.range {
            let words = format!("about {} to {}", round(range.lower, Way::Down), round(range.upper, Way::Up));
            figures.push(vec!["range across methods".to_owned(), words, String::new()]);
        }
        release.figure(
            "The estimate",
            "People seen and unseen. Figures of a model, rounded outwards; they count nobody.",
            Vec::new(),
            &["figure", "people", &format!("{level:.0} % interval")],
            figures,
        );
        // Closed formulas of the overlaps are left out: from several of them the overlaps could be worked out.
        let methods: Vec<_> = found.methods.iter().filter(|row| row.in_range).collect();
        let bars = methods.iter().map(|row| Bar {
            words: row.name.clone(),
            value: round_number(row.estimate, digits, Way::Nearest),
            label: format!("about {}", round(row.estimate, Way::Nearest)),
            interval: row.interval.and_then(|interval| {
                let ends = (interval.lower, interval.upper?);
                Some((round_number(ends.0, digits, Way::Down), round_number(ends.1, digits, Way::Up)))
            }),
        });
        let rows = methods.iter().map(|row| {
            let interval = row.interval.as_ref().map(between).unwrap_or_default();
            let estimate = format!("about {}", round(row.estimate, Way::Nearest));
            vec![row.name.clone(), estimate, interval, row.assumes.clone()]
        });
        release.figure(
            "What each method says",
            "Each bar is one method's estimate, and the line at its end the interval. Where they differ, the choice of a method matters more than chance, and no single figure should be quoted.",
            bars.collect(),
            &["method", "people", &format!("{level:.0} % interval"), "it assumes that"],
            rows.collect(),
        );
        let file = release.table(
            seen,
            "People seen by an agency",
            "People on at least one list, each counted once.",
            &[everybody],
        );
        release.write(folder, &[file])
    }
}

/// Which way a figure is rounded.
#[derive(Clone, Copy)]
enum Way {
    Down,
    Nearest,
    Up,
}

/// A number to so many significant figures, never finer than ten.
fn round_number(number: f64, digits: i32, way: Way) -> f64 {
    let size = number.abs().max(1.0).log10().floor() as i32;
    let unit = 10.0_f64.powi((size + 1 - digits).max(1));
    let units = number / unit;
    unit * match way {
        Way::Down => units.floor(),
        Way::Nearest => units.round(),
        Way::Up => units.ceil(),
    }
}

fn rounded(number: f64, digits: i32, way: Way) -> String {
    people(round_number(number, digits, way))
}

/// A table, and tables from draws of the linkage where there are some.
struct Input {
    table: ListTable,
    draws: Vec<ListTable>,
}

impl Input {
    fn read(table: Option<&Path>, linkage: Option<&Path>) -> Result<(Self, Vec<Finding>)> {
        let given = table.map(|path| Ok::<_, anyhow::Error>((path, text_of(path)?))).transpose()?;
        let histories = match (linkage, &given) {
            (Some(path), Some((table, text))) if has_draws(text) => {
                bail!("{} and {} both hold draws; give one of them", table.display(), path.display())
            }
            (Some(path), _) => Some((path, text_of(path)?)),
            (None, Some((path, text))) if has_draws(text) => Some((*path, text.clone())),
            (None, _) => None,
        };
        let plain = given.as_ref().filter(|(_, text)| !has_draws(text));
        let mut findings = Vec::new();
        let read = match plain {
            Some((path, text)) => {
                let (table, more) = ListTable::from_csv(text).with_context(|| path.display().to_string())?;
                findings.extend(more);
                Some((*path, table))
            }
            None => None,
        };
        let Some((path, text)) = histories else {
            let (_, table) = read.context("name a table")?;
            return Ok((Self { table, draws: Vec::new() }, findings));
        };
        let mut tables = read_histories(path, &text, read.as_ref().map(|(_, table)| table))?;
        let first = tables.remove(0);
        if let Some((name, table)) = &read {
            ensure!(
                table.counts() == first.counts(),
                "{}: does not have the counts of draw 0 of {}; give the table of that linkage, or the histories alone",
                name.display(),
                path.display()
            );
        }
        let table = read.map_or(first, |(_, table)| table);
        Ok((Self { table, draws: tables }, findings))
    }
}

fn text_of(path: &Path) -> Result<String> {
    let bytes = files::read_limited(path, LIMIT)?;
    String::from_utf8(bytes)
        .ok()
        .with_context(|| format!("{}: is not text in UTF-8; save the table as CSV in UTF-8", path.display()))
}

/// Whether the first column is `draw`.
fn has_draws(text: &str) -> bool {
    let header = text.trim_start_matches('\u{feff}').lines().next().unwrap_or_default();
    header.split(',').next().is_some_and(|name| name.trim().trim_matches('"') == "draw")
}

/// The tables of a file of histories by draw, 0 first. Where a table is given it must be of the same lists, and what it declares
/// impossible holds in every draw.
fn read_histories(path: &Path, text: &str, given: Option<&ListTable>) -> Result<Vec<ListTable>> {
    let shown = path.display();
    ensure!(
        has_draws(text),
        "{shown}: row 1: the first column is not `draw`; give the histories.csv that `candour link --draws` writes"
    );
    let (names, parts) = by_columns(&shown.to_string(), text, &["draw"])?;
    if let Some(table) = given {
        ensure!(
            table.lists() == names,
            "{shown}: row 1: its lists are {} and the table's are {}; both must be of the same lists in the same order",
            names.join(", "),
            table.lists().join(", ")
        );
    }
    let mut draws: BTreeMap<usize, Part> = BTreeMap::new();
    for (key, part) in parts {
        let draw = key[0].parse().ok().with_context(|| {
            format!(
                "{shown}: row {}: the draw is `{}`; it must be a whole number, 0 or more",
                part.lines.first().copied().unwrap_or(1),
                &key[0]
            )
        })?;
        ensure!(
            draws.insert(draw, part).is_none(),
            "{shown}: draw {draw} is written in two ways, as with a nought before it"
        );
    }
    ensure!(
        draws.contains_key(&0),
        "{shown}: has no draw 0, the clusters as they were written; give the file as `candour link --draws` wrote it"
    );
    ensure!(draws.len() > 1, "{shown}: has draw 0 only; link again with `--draws 100`");
    let mut tables = Vec::new();
    for (place, (draw, mut part)) in draws.into_iter().enumerate() {
        ensure!(
            place == draw,
            "{shown}: has no rows for draw {place}; give the file as `candour link --draws` wrote it"
        );
        let impossible = given.map(ListTable::impossible).unwrap_or_default();
        for history in impossible {
            let fields = (0..names.len()).map(|list| if history.0 >> list & 1 == 1 { "1" } else { "0" });
            part.rows.write_record(fields.chain(["impossible"]))?;
        }
        tables.push(part.table(&shown.to_string(), &format!("draw {draw}"))?.0);
    }
    Ok(tables)
}

/// Rows of a table that belong together, with a header of their own and the rows of the file they came from.
struct Part {
    lines: Vec<u64>,
    rows: csv::Writer<Vec<u8>>,
}

impl Part {
    fn table(self, shown: &str, name: &str) -> Result<(ListTable, Vec<Finding>)> {
        let text = String::from_utf8(self.rows.into_inner().context("cannot sort the rows")?)?;
        ListTable::from_csv(&text).map_err(|error| match error {
            EstimationError::Row { line, reason } => {
                let row = self.lines.get(line.saturating_sub(2) as usize).copied().unwrap_or(1);
                anyhow::anyhow!("{shown}: row {row}: {reason}")
            }
            other => anyhow::Error::new(other).context(format!("{shown}: {name}")),
        })
    }
}

/// The rows of a table by what stands in some of its columns, and the names of the lists in the others.
type Parts = BTreeMap<Vec<String>, Part>;

fn by_columns(shown: &str, text: &str, columns: &[&str]) -> Result<(Vec<String>, Parts)> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let header = reader.headers().with_context(|| format!("{shown}: row 1"))?.clone();
    let places = columns.iter().map(|column| {
        header.iter().position(|name| name == *column).with_context(|| {
            let have = header.iter().collect::<Vec<_>>().join(", ");
            format!("{shown}: row 1: has no column `{column}`; it has {have}")
        })
    });
    let places: Vec<usize> = places.collect::<Result<_>>()?;
    let others: Vec<usize> = (0..header.len()).filter(|place| !places.contains(place)).collect();
    let mut parts = Parts::new();
    for record in reader.records() {
        let record = record.with_context(|| shown.to_owned())?;
        let row = record.position().map_or(0, csv::Position::line);
        ensure!(
            record.len() == header.len(),
            "{shown}: row {row}: {} fields where the header has {}; every row must be of the same lists",
            record.len(),
            header.len()
        );
        let key: Vec<String> = places.iter().map(|&place| record[place].to_owned()).collect();
        let part = match parts.entry(key) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                ensure!(others.len() <= 64, "{shown}: {} columns; a table has at most 64", others.len());
                let mut rows = csv::Writer::from_writer(Vec::new());
                rows.write_record(others.iter().map(|&place| &header[place]))?;
                entry.insert(Part { lines: Vec::new(), rows })
            }
        };
        part.lines.push(row);
        part.rows.write_record(others.iter().map(|&place| &record[place]))?;
    }
    let lists = others.len().saturating_sub(1);
    Ok((others[..lists].iter().map(|&place| header[place].to_owned()).collect(), parts))
}

/// What parts strata, by the name of its column.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum By {
    Area,
    Year,
    Age,
}

impl By {
    fn column(self) -> &'static str {
        match self {
            Self::Area => "area",
            Self::Year => "year",
            Self::Age => "age",
        }
    }

    fn read(self, value: &str, stratum: &mut Stratum) -> Result<()> {
        match self {
            Self::Area => stratum.area = Some(value.to_owned()),
            Self::Year => {
                let year = value.parse().ok();
                stratum.year =
                    Some(year.with_context(|| format!("the year is `{value}`; write it as in 2024"))?);
            }
            Self::Age => {
                let ends = value.split_once('-').and_then(|(from, to)| {
                    Some(AgeBand { from: from.trim().parse().ok()?, to: to.trim().parse().ok()? })
                });
                let band = ends.filter(|band| band.from <= band.to);
                stratum.age =
                    Some(band.with_context(|| format!("the age is `{value}`; write a band as in 10-15"))?);
            }
        }
        Ok(())
    }
}

fn stratum_words(stratum: &Stratum) -> String {
    let year = stratum.year.map(|year| year.to_string());
    let age = stratum.age.map(|band| format!("{} to {}", band.from, band.to));
    stratum
        .area
        .iter()
        .cloned()
        .chain(year)
        .chain(age.map(|age| format!("aged {age}")))
        .collect::<Vec<_>>()
        .join(", ")
}

fn print(out: &mut impl Write, found: &Estimation) -> Result<()> {
    writeln!(out, "{}\n", found.headline)?;
    let level = 100.0 * found.interval.level;
    writeln!(
        out,
        "Estimate   {} ({level:.0} % interval {}, {})",
        people(found.estimate),
        interval_words(&found.interval),
        kind_words(&found.interval)
    )?;
    if let Some(floor) = found.floor {
        writeln!(out, "Floor      at least {}", people(floor.lower))?;
    }
    if let Some(range) = &found.range {
        writeln!(
            out,
            "Range      {} ({}) to {} ({})",
            people(range.lower),
            range.lowest,
            people(range.upper),
            range.highest
        )?;
    }
    writeln!(out, "Unseen     {}, beside {} seen", people(found.hidden), people(found.observed as f64))?;
    writeln!(out, "Model      {}: {}", found.method, found.model)?;
    if let Some(pooled) = &found.linkage {
        let total = pooled.within + pooled.between;
        writeln!(
            out,
            "Linkage    {} draws, {} ({}); {:.0} % of the variance lies between draws",
            pooled.draws,
            people(pooled.estimate),
            interval_words(&pooled.interval),
            if total > 0.0 { 100.0 * pooled.between / total } else { 0.0 }
        )?;
    }
    writeln!(out, "\nMethods")?;
    let name_width = found.methods.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
    let interval = |row: &candour_estimation::MethodRow| {
        row.interval.as_ref().map_or_else(|| "no interval".to_owned(), interval_words)
    };
    let interval_width = found.methods.iter().map(|row| interval(row).chars().count()).max().unwrap_or(0);
    for row in &found.methods {
        writeln!(
            out,
            "  {:name_width$}  {:>9}  {:interval_width$}  {}",
            row.name,
            people(row.estimate),
            interval(row),
            row.assumes
        )?;
    }
    let mut loud = loudest_first(found);
    loud.retain(|d| d.severity > Severity::Note);
    if !loud.is_empty() {
        writeln!(out, "\nBefore you use it")?;
        for finding in loud.iter().take(LOUDEST) {
            writeln!(out, "  - {}", finding.message)?;
        }
        if loud.len() > LOUDEST {
            writeln!(out, "  and {} more on standard error and in the report", loud.len() - LOUDEST)?;
        }
    }
    writeln!(out, "\nWhat it cannot tell")?;
    for limit in &found.limits {
        writeln!(out, "  - {limit}")?;
    }
    writeln!(
        out,
        "\nSeed {}, {} bootstrap replicates, {}, table {}",
        found.seed, found.replicates, found.version, found.table_sha256
    )?;
    Ok(())
}

fn print_strata(out: &mut impl Write, found: &StrataEstimation) -> Result<()> {
    let words: Vec<String> = found.rows.iter().map(|row| stratum_words(&row.stratum)).collect();
    let width = words.iter().map(|words| words.chars().count()).max().unwrap_or(0).max(8);
    writeln!(out, "{:width$}  {:>9}  {:>9}  interval", "part", "seen", "estimate")?;
    for (row, words) in found.rows.iter().zip(&words) {
        let seen = people(row.observed as f64);
        match (&row.estimation, &row.refused) {
            (Some(one), _) => {
                let interval = interval_words(&one.interval);
                write!(out, "{words:width$}  {seen:>9}  {:>9}  {interval}", people(one.estimate))?;
                match &one.range {
                    Some(range) => writeln!(
                        out,
                        "; between {} and {} depending on the method",
                        people(range.lower),
                        people(range.upper)
                    )?,
                    None => writeln!(out)?,
                }
            }
            (None, refused) => {
                writeln!(
                    out,
                    "{words:width$}  {seen:>9}  {:>9}  {}",
                    "none",
                    refused.as_deref().unwrap_or("no fit")
                )?;
            }
        }
    }
    let mut total = |name: &str, figure: &Option<(f64, Interval)>, without: &str| match figure {
        Some((estimate, interval)) => {
            writeln!(out, "{name}: {} ({})", people(*estimate), interval_words(interval))
        }
        None => writeln!(out, "{name}: {without}"),
    };
    total(
        "\nSum of the parts",
        &found.sum,
        "none, for a part has no estimate and a sum with a hole is no total",
    )?;
    total("All as one table", &found.together, "no model has a fit")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_figures_are_rounded_outwards() {
        assert_eq!(rounded(11_312.0, 2, Way::Down), "11,000");
        assert_eq!(rounded(11_312.0, 2, Way::Up), "12,000");
        assert_eq!(rounded(11_312.0, 3, Way::Nearest), "11,300");
        assert_eq!([rounded(96.4, 3, Way::Down), rounded(96.4, 3, Way::Up)], ["90", "100"]);
    }

    #[test]
    fn draws_are_known_by_their_first_column() {
        assert!(has_draws("\u{feff}\"draw\",a,b,count\n"));
        assert!(!has_draws("drawings,a,b,count\n"));
        assert!(!has_draws(""));
    }
}
