use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use candour_returns::workflow::{By, Queries, Resubmission, ReturnEvent, ReturnFile, ReturnState};
use candour_returns::{
    Analysis, BodyDigest, CallTerms, CheckOptions, CheckReport, Linkage, Outside, Partition, PeerFigures,
    QualityWeights, Readable, RecordKey, Return, RowDigest, RuleSeverity, Specification, check,
    harmed_elsewhere, offences_in_common, quality,
};
use jiff::Timestamp;
use jiff::civil::Date;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::data_call::{DataCall, PROGRAM, Told};
use crate::files;
use crate::report::thousands;
use crate::return_files::{self, Source, sha256_of};
use crate::returns_release::Kept;
use crate::workspace::Workspace;

use super::returns::{Input, Read, read, specification};
use super::returns_lists::body_and_record;
use super::{Format, In, progress};

/// Bytes that the queries of a return, or the hashes of its rows, may hold.
const LIMIT: u64 = 1 << 30;
/// Returns whose events are recorded together.
const BATCH: usize = 64;

/// What of a data call lies in a workspace beside the ledger. Versions lie in `returns/`; everything about people's records in
/// `vault/`.
pub(super) struct Desk {
    returns: PathBuf,
    vault: PathBuf,
}

/// How a return was read, so that it can be read again in the same way.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct How {
    /// A dialect by its name. A mapping in a file lies beside the return.
    dialect: Option<String>,
    outside: Outside,
}

impl Desk {
    pub(super) fn new(workspace: &Workspace) -> Self {
        let root = &workspace.root;
        Self { returns: root.join("returns"), vault: root.join("vault").join("returns") }
    }

    /// The key under which records are hashed, made once and kept as long as the call.
    pub(super) fn options(&self) -> Result<CheckOptions> {
        let path = self.key();
        if !path.exists() {
            let mut key = [0; 32];
            getrandom::fill(&mut key).map_err(|e| anyhow::anyhow!("no random numbers: {e}"))?;
            files::write_atomically(&path, &key)?;
        }
        let key = files::read_limited(&path, 4096)?;
        ensure!(key.len() == 32, "{}: is no key of a call; put back the one that was made", path.display());
        // Every finding is asked about, so every one is listed.
        Ok(CheckOptions { listed: usize::MAX, ..CheckOptions::new(&key) })
    }

    /// Where the key of the call lies.
    pub(super) fn key(&self) -> PathBuf {
        self.vault.join("call.key")
    }

    fn version(&self, body: &str, version: u32) -> PathBuf {
        self.returns.join(body).join(format!("v{version}"))
    }

    fn own(&self, body: &str) -> PathBuf {
        self.vault.join(body)
    }

    /// A table of the newest version: its key and the columns of one partition.
    pub(super) fn partition<P: Readable>(&self, file: &ReturnFile, table: &str) -> PathBuf {
        partition::<P>(&self.own(&file.body).join(format!("v{}", file.version)), table)
    }

    fn receipt(&self, body: &str, version: u32) -> PathBuf {
        self.own(body).join(format!("v{version}")).join("receipt.txt")
    }

    fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Option<T>> {
        if !path.exists() {
            return Ok(None);
        }
        let bytes = files::read_limited(path, LIMIT)?;
        let read = serde_json::from_slice(&bytes);
        read.map(Some).map_err(|e| {
            anyhow::anyhow!("{}: is damaged at line {}; put back a copy of it", path.display(), e.line())
        })
    }

    /// The queries of a body; none where nothing was asked yet.
    pub(super) fn queries(&self, body: &str) -> Result<Queries> {
        let path = self.own(body).join("queries.json");
        let queries = Self::read::<Queries>(&path)?.unwrap_or_default();
        ensure!(
            queries.are_intact(),
            "{}: an event of it was changed after it was recorded; put back a copy of it",
            path.display()
        );
        Ok(queries)
    }

    pub(super) fn save(&self, body: &str, queries: &Queries) -> Result<()> {
        files::write_atomically(&self.own(body).join("queries.json"), &serde_json::to_vec(queries)?)
    }

    /// How good the newest version of a body's return is.
    pub(super) fn kept(&self, body: &str) -> Result<Option<Kept>> {
        Self::read(&self.own(body).join("quality.json"))
    }

    /// What the bodies whose returns were loaded say of one another.
    pub(super) fn loaded(&self) -> Result<Loaded> {
        let mut digests = BTreeMap::new();
        for entry in std::fs::read_dir(&self.vault).into_iter().flatten() {
            let path = entry?.path().join("digest.json");
            if let Some(digest) = Self::read::<BodyDigest>(&path)? {
                digests.insert(digest.body.clone(), digest);
            }
        }
        Ok(Loaded::new(digests, self.clusters()?))
    }

    /// What linkage says: the person that a record of a body belongs to. It lies in the vault once it was given.
    fn clusters(&self) -> Result<Option<Vec<[String; 3]>>> {
        let path = self.vault.join("clusters.csv");
        if path.exists() { clusters(&path).map(Some) } else { Ok(None) }
    }

    /// Whether the files of a version are those that were received: those of its receipt, whose hash the ledger has.
    fn still_as_received(&self, file: &ReturnFile) -> Result<()> {
        let folder = self.version(&file.body, file.version);
        let path = self.receipt(&file.body, file.version);
        let receipt = files::read_limited(&path, LIMIT)?;
        let hash = file.history.iter().rev().find_map(|r| match &r.said.event {
            ReturnEvent::Upload { sha256 } | ReturnEvent::Resubmit { sha256 } => Some(sha256),
            _ => None,
        });
        ensure!(
            hash == Some(&hexadecimal(&receipt)),
            "{}: is not the receipt whose hash the ledger has; put back a copy of it",
            path.display()
        );
        for (hash, name) in String::from_utf8_lossy(&receipt).lines().filter_map(|l| l.split_once("  ")) {
            let path = folder.join(name);
            ensure!(
                sha256_of(&path)? == hash,
                "{}: was changed after it was received; put back a copy of it",
                path.display()
            );
        }
        Ok(())
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether a code can be the name of a folder.
pub(super) fn is_body(code: &str) -> bool {
    !code.is_empty()
        && code.len() <= 40
        && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// A table of clusters: body, record, cluster; or as `candour link` writes it, with the body as the name of the data set or before
/// the record's key.
fn clusters(path: &Path) -> Result<Vec<[String; 3]>> {
    let shown = path.display();
    let mut reader =
        csv::Reader::from_path(path).with_context(|| format!("{shown}: cannot be read as a table"))?;
    let heading = reader.headers()?.clone();
    let place = |names: [&str; 2]| {
        let at = names.iter().find_map(|name| heading.iter().position(|h| h == *name));
        at.with_context(|| format!("{shown}: has no column {}", names.join(" or ")))
    };
    let [body, record, cluster] = [
        place(["body", "source_dataset"])?,
        place(["record", "unique_id"])?,
        place(["cluster", "cluster_id"])?,
    ];
    let row = |row: csv::Result<csv::StringRecord>| {
        let row = row.with_context(|| format!("{shown}: cannot be read"))?;
        let [body, record, cluster] = [body, record, cluster].map(|at| row.get(at).unwrap_or_default());
        let (body, record) = body_and_record(record).unwrap_or((body, record));
        Ok([body, record, cluster].map(str::to_owned))
    };
    reader.records().map(row).collect()
}

/// What the loaded returns say of one another: the rules that look across bodies need it.
pub(super) struct Loaded {
    digests: BTreeMap<String, BodyDigest>,
    clusters: Option<Vec<[String; 3]>>,
    common: BTreeMap<String, Vec<BodyDigest>>,
    harmed: Option<BTreeMap<String, BTreeSet<RecordKey>>>,
}

impl Loaded {
    fn new(digests: BTreeMap<String, BodyDigest>, clusters: Option<Vec<[String; 3]>>) -> Self {
        Self { common: offences_in_common(digests.values()), digests, clusters, harmed: None }
    }

    /// The same of returns that are only looked at.
    pub(super) fn of(digests: impl IntoIterator<Item = BodyDigest>) -> Self {
        Self::new(digests.into_iter().map(|digest| (digest.body.clone(), digest)).collect(), None)
    }

    /// What the other bodies need to know of a return; nothing of one that cannot be loaded.
    pub(super) fn digest(read: &Read, options: &CheckOptions) -> Option<BodyDigest> {
        let sound = read.faults.iter().all(|fault| !fault.stops);
        let body = read.body().filter(|_| sound)?.to_owned();
        Some(BodyDigest { body, ..read.returned.body_digest(options) })
    }

    /// Takes in the returns of more bodies, in place of those that they sent before.
    fn with(mut self, more: impl IntoIterator<Item = BodyDigest>, options: &CheckOptions) -> Self {
        self.digests.extend(more.into_iter().map(|digest| (digest.body.clone(), digest)));
        self.common = offences_in_common(self.digests.values());
        self.link(options);
        self
    }

    fn link(&mut self, options: &CheckOptions) {
        let Some(clusters) = &self.clusters else { return };
        let mut numbers: HashMap<&str, u64> = HashMap::new();
        let mut people = BTreeMap::new();
        for [body, record, cluster] in clusters {
            let next = numbers.len() as u64;
            let number = *numbers.entry(cluster).or_insert(next);
            people.insert((body.clone(), Return::person_key(options, record)), number);
        }
        let digests: Vec<BodyDigest> = self
            .digests
            .values()
            .map(|d| BodyDigest { body: d.body.clone(), harmed: d.harmed.clone(), ..BodyDigest::default() })
            .collect();
        self.harmed = Some(harmed_elsewhere(&digests, &people));
    }

    /// Adds to what is known beside a return what the others say; what was given by hand is left as it is.
    pub(super) fn tell(&self, read: &Read, options: &CheckOptions, outside: &mut Outside) {
        let Some(body) = read.body() else { return };
        let digest = BodyDigest { body: body.to_owned(), ..read.returned.body_digest(options) };
        if self.digests.get(body) == Some(&digest) {
            self.tell_known(body, outside);
            return;
        }
        // A return that is only looked at is held against the others in place of what its body sent before.
        let mut all: BTreeMap<&str, &BodyDigest> =
            self.digests.iter().map(|(b, d)| (b.as_str(), d)).collect();
        all.insert(body, &digest);
        let common = offences_in_common(all.values().copied());
        outside.others = outside.others.take().or_else(|| common.get(body).cloned());
        let figures = all.values().flat_map(|d| d.figures.clone());
        outside.peers = outside.peers.take().or_else(|| peers(figures.collect()));
    }

    fn tell_known(&self, body: &str, outside: &mut Outside) {
        outside.others = outside.others.take().or_else(|| self.common.get(body).cloned());
        let figures = self.digests.values().flat_map(|d| d.figures.clone());
        outside.peers = outside.peers.take().or_else(|| peers(figures.collect()));
        let harmed = self.harmed.as_ref().map(|all| all.get(body).cloned().unwrap_or_default());
        outside.harmed_elsewhere = outside.harmed_elsewhere.take().or(harmed);
    }
}

/// Figures to compare with, where more than one body has them.
fn peers(figures: Vec<PeerFigures>) -> Option<Vec<PeerFigures>> {
    let bodies: BTreeSet<&str> = figures.iter().map(|f| f.body.as_str()).collect();
    (bodies.len() > 1).then_some(figures)
}

#[derive(clap::Args)]
#[command(
    after_help = "Example: candour returns load -w audit incoming --outside call --actor \"A. Officer, audit office\""
)]
pub(super) struct Load {
    #[command(flatten)]
    at: In,
    #[command(flatten)]
    input: Input,
    /// Who takes the returns
    #[arg(long, value_name = "NAME", default_value = PROGRAM)]
    actor: String,
    /// The day on which they came [default: today]
    #[arg(long, value_name = "DATE")]
    on: Option<Date>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What became of one return.
#[derive(Debug, Serialize)]
struct Taken {
    body: String,
    version: u32,
    state: String,
    records: u64,
    stops: u64,
    queries: Resubmission,
    waiting: u64,
    /// SHA-256 of the receipt, as the ledger has it.
    receipt: String,
}

/// A return that was read, before it is known what the others say.
struct Arrived {
    read: Read,
    body: String,
    outside: Outside,
    /// What others need of it; nothing where it is stopped.
    digest: Option<BodyDigest>,
}

impl Load {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let workspace = self.at.open()?;
        let (desk, specification) = (Desk::new(&workspace), self.input.specification()?);
        let mut call = DataCall::open(&workspace)?;
        is_taking(&call.told)?;
        let options = desk.options()?;
        let sources = self.input.sources()?;
        let on = self.on.map_or_else(|| workspace.today(), Ok)?;
        let bar = progress(2 * sources.len() as u64, "Loading returns");
        let (mut taken, mut refused, mut touched) = (Vec::new(), Vec::new(), BTreeSet::new());
        let arrive = |source: Source| {
            let place = source.place.display().to_string();
            let done = self.arrive(source, &desk, &call.told, &specification, &options);
            bar.inc(1);
            done.with_context(|| place)
        };
        let arrived: Vec<Result<Arrived>> = sources.into_par_iter().map(arrive).collect();
        let mut here: Vec<Arrived> = Vec::new();
        for one in arrived {
            match one {
                Ok(one) if !touched.insert(one.body.clone()) => refused.push(anyhow::anyhow!(
                    "{}: another return of {} was loaded by the same command; load one after the other",
                    one.read.source.place.display(),
                    one.body
                )),
                Ok(one) => here.push(one),
                Err(error) => refused.push(error),
            }
        }
        // Every return is checked beside all others, in whatever order they came.
        let loaded = desk.loaded()?.with(here.iter().filter_map(|one| one.digest.clone()), &options);
        while !here.is_empty() {
            let batch: Vec<Arrived> = here.drain(..here.len().min(BATCH)).collect();
            let take = |one: Arrived| {
                let place = one.read.source.place.display().to_string();
                let by = |reason| By { actor: &self.actor, at: Timestamp::now(), on, reason };
                let done = self.take(one, &loaded, &desk, &call.told, &options, &by);
                bar.inc(1);
                done.with_context(|| place)
            };
            let done: Vec<Result<(ReturnFile, Taken)>> = batch.into_par_iter().map(take).collect();
            let mut files = Vec::new();
            for one in done {
                match one {
                    Ok((file, one)) => {
                        files.push(file);
                        taken.push(one);
                    }
                    Err(error) => refused.push(error),
                }
            }
            // The ledger comes last: a version that it does not name was not taken.
            call.record(files)?;
        }
        // What came now may make a question of what came before.
        let shares = |body: &String| {
            let mut others = loaded.common.get(body).into_iter().flatten();
            !touched.contains(body) && others.any(|other| touched.contains(&other.body))
        };
        let before: Vec<String> = call.told.returns.keys().filter(|body| shares(body)).cloned().collect();
        let again = recheck(&desk, &mut call, &loaded, &specification, &options, &before, (&self.actor, on))?;
        bar.finish_and_clear();
        call.publish()?;
        if taken.is_empty()
            && refused.len() == 1
            && let Some(error) = refused.pop()
        {
            return Err(error);
        }
        let refused: Vec<String> = refused.iter().map(|error| format!("{error:#}")).collect();
        self.print(out, &taken, &refused, &again)?;
        Ok(ExitCode::from(u8::from(!refused.is_empty() || taken.iter().any(|l| l.stops > 0))))
    }

    fn print(
        &self,
        out: &mut impl Write,
        taken: &[Taken],
        refused: &[String],
        again: &[Rechecked],
    ) -> Result<()> {
        if self.format == Format::Json {
            let value = serde_json::json!({ "loaded": taken, "refused": refused, "rechecked": again });
            writeln!(out, "{value}")?;
            return Ok(());
        }
        if taken.len() <= 20 {
            for one in taken {
                let q = &one.queries;
                writeln!(
                    out,
                    "{}: version {}, {} records, {}. Queries: {} new, {} kept ({} with their answers), {} open again, {} gone.",
                    one.body,
                    one.version,
                    thousands(&one.records.to_string()),
                    one.state,
                    q.opened,
                    q.kept,
                    q.answers_kept,
                    q.reopened,
                    q.gone
                )?;
            }
        }
        for line in refused {
            writeln!(out, "not loaded: {line}")?;
        }
        for one in again {
            one.print(out)?;
        }
        let records: u64 = taken.iter().map(|l| l.records).sum();
        let waiting: u64 = taken.iter().map(|l| l.waiting).sum();
        let stopped = taken.iter().filter(|l| l.stops > 0).count();
        writeln!(
            out,
            "{} returns with {} records taken, {stopped} of them stopped; {} queries wait for their bodies; {} refused.",
            taken.len(),
            thousands(&records.to_string()),
            thousands(&waiting.to_string()),
            refused.len()
        )?;
        Ok(())
    }

    /// Reads a return, and sees whose it is and whether its version is the one that is due.
    fn arrive(
        &self,
        source: Source,
        desk: &Desk,
        told: &Told,
        specification: &Specification,
        options: &CheckOptions,
    ) -> Result<Arrived> {
        let read = self.input.read(source, specification)?;
        let Some(body) = read.body().filter(|b| is_body(b)).map(str::to_owned) else {
            let first = read.faults.first();
            let more = first.map_or(String::new(), |f| format!(" ({}: {})", f.file, f.message));
            bail!("its header names no body, so nobody knows whose return it is{more}; correct the header");
        };
        let file = told.file(&body);
        if let Some(call) = &told.call {
            ensure!(
                !file.history.is_empty(),
                "{body} was not called by {}; call it with `candour returns call issue`, or correct the header",
                call.id
            );
        }
        let due = file.version + 1;
        if let Some(said) = read.returned.header().version.filter(|said| *said != due) {
            bail!(
                "{body}: the header says version {said}; version {due} is due, since {} was taken before",
                file.version
            );
        }
        let mut outside = self.input.outside(Some(&body))?;
        if let Some(call) = &told.call
            && let Some(terms) = &call.terms
        {
            let (id, definitions, period) = (call.id.clone(), terms.definitions.clone(), terms.period);
            outside.call = outside.call.take().or(Some(CallTerms { call: id, definitions, period }));
        }
        outside.previous = match outside.previous.take() {
            None => Desk::read::<RowDigest>(&desk.own(&body).join("rows.json"))?,
            given => given,
        };
        let is_read = read.faults.iter().all(|f| !f.stops);
        let stops = !is_read || check(&read.returned, &outside, options).stops();
        let digest =
            (!stops).then(|| BodyDigest { body: body.clone(), ..read.returned.body_digest(options) });
        Ok(Arrived { read, body, outside, digest })
    }

    /// Checks a return beside the others, and keeps it, with what is asked about it.
    fn take<'a>(
        &'a self,
        arrived: Arrived,
        loaded: &Loaded,
        desk: &Desk,
        told: &Told,
        options: &CheckOptions,
        by: &dyn Fn(&'a str) -> By<'a>,
    ) -> Result<(ReturnFile, Taken)> {
        let Arrived { read, body, mut outside, digest } = arrived;
        let given = outside.clone();
        if digest.is_some() {
            loaded.tell_known(&body, &mut outside);
        }
        let mut report = check(&read.returned, &outside, options);
        let Read { source, returned, faults } = read;
        let mut file = told.file(&body);
        let version = file.version + 1;
        let mapping = self.input.mapping_file(&source);
        let receipt = receipt(&body, version, &source, mapping.as_deref(), options)?;
        let sha256 = hexadecimal(receipt.as_bytes());
        file.apply(received(&file, sha256.clone()), &by("taken from its files"))?;
        report.version = Some(version);
        let bad = faults.iter().filter(|f| f.stops).count() as u64;
        let stops = report.count(RuleSeverity::Stop) + bad;
        let mut queries = desk.queries(&body)?;
        let taken = if bad == 0 {
            file.checked(&report, &mut queries, &by("checked by every rule"))?
        } else {
            file.apply(ReturnEvent::RejectStructure, &by("some of its files cannot be read"))?;
            Resubmission::default()
        };
        keep(desk, &body, version, &source, mapping.as_deref())?;
        files::write_atomically(&desk.receipt(&body, version), receipt.as_bytes())?;
        let own = desk.own(&body);
        if stops == 0 {
            keep_partitions(&own.join(format!("v{version}")), &report, &returned)?;
            let rows = serde_json::to_vec(&returned.row_digest(options))?;
            files::write_atomically(&own.join("rows.json"), &rows)?;
            files::write_atomically(&own.join("digest.json"), &serde_json::to_vec(&digest)?)?;
            let dialect = self.input.mapping_name().filter(|_| mapping.is_none());
            let how = How { dialect: dialect.map(|d| d.display().to_string()), outside: given };
            files::write_atomically(&own.join("how.json"), &serde_json::to_vec(&how)?)?;
        }
        let found = quality(&returned, &report, options, QualityWeights::default());
        let kept = Kept::new(returned.header().body_type, &report, &found, stops > 0);
        files::write_atomically(&own.join("quality.json"), &serde_json::to_vec(&kept)?)?;
        desk.save(&body, &queries)?;
        let taken = Taken {
            waiting: file.queries.waiting(),
            version,
            state: file.state.to_string(),
            records: kept.records,
            stops,
            queries: taken,
            receipt: sha256,
            body,
        };
        Ok((file, taken))
    }
}

/// Refuses where there is a call and it takes no returns.
pub(super) fn is_taking(told: &Told) -> Result<()> {
    let Some(call) = told.call.as_ref().filter(|call| !call.is_open()) else { return Ok(()) };
    bail!("{} is {}; a return is taken from when a call is issued until it is closed", call.id, call.state)
}

/// The event by which a version comes in.
fn received(file: &ReturnFile, sha256: String) -> ReturnEvent {
    use ReturnState as S;
    match &file.state {
        S::Validated | S::QueriesOpen | S::NotAccepted | S::ReopenedAfterRelease => {
            ReturnEvent::Resubmit { sha256 }
        }
        _ => ReturnEvent::Upload { sha256 },
    }
}

/// What the body is given as proof of what it sent: a line that only the holder of the call's key could have made, so that the hash
/// of it tells nothing of the records, then the hash and the name of each file.
fn receipt(
    body: &str,
    version: u32,
    source: &Source,
    mapping: Option<&Path>,
    options: &CheckOptions,
) -> Result<String> {
    let number = version.to_string();
    let seal = options.key.hash([&b"receipt"[..], body.as_bytes(), number.as_bytes()]);
    let mut text = format!("# {body}, version {version}, {seal}\n");
    let mut files: Vec<(String, &Path)> = Vec::new();
    for path in &source.files {
        let name = path.file_name().context("a file needs a name")?;
        files.push((name.to_string_lossy().into_owned(), path));
    }
    files.extend(mapping.map(|path| ("mapping.toml".to_owned(), path)));
    files.sort();
    for (name, path) in files {
        let _ = writeln!(text, "{}  {name}", sha256_of(path)?);
    }
    Ok(text)
}

/// Where a table's columns of one partition lie.
fn partition<P: Readable>(folder: &Path, table: &str) -> PathBuf {
    let part = if P::PARTITION == Partition::Linkage { "linkage" } else { "analysis" };
    folder.join(part).join(format!("{table}.csv"))
}

/// Writes the partitions that later steps may read, each by itself.
fn keep_partitions(folder: &Path, report: &CheckReport, returned: &Return) -> Result<()> {
    for (table, _) in &report.rows {
        let (linkage, analysis) = (partition::<Linkage>(folder, table), partition::<Analysis>(folder, table));
        files::write_atomically(&linkage, returned.csv::<Linkage>(table)?.as_bytes())?;
        files::write_atomically(&analysis, returned.csv::<Analysis>(table)?.as_bytes())?;
    }
    Ok(())
}

/// Keeps the files of a version: whole or not at all, and never over others.
fn keep(desk: &Desk, body: &str, version: u32, source: &Source, mapping: Option<&Path>) -> Result<()> {
    let folder = desk.version(body, version);
    let shown = folder.display();
    let named = |path: &Path| path.file_name().map(PathBuf::from).context("a file needs a name");
    let mut own: BTreeMap<PathBuf, &Path> = BTreeMap::new();
    for path in source.files.iter().map(PathBuf::as_path) {
        let twice = own.insert(named(path)?, path);
        ensure!(twice.is_none(), "{}: two files have this name; give each its own", path.display());
    }
    if let Some(path) = mapping {
        own.insert("mapping.toml".into(), path);
    }
    if folder.exists() {
        // What an unfinished load left is taken up where it holds the same files.
        for (name, path) in &own {
            let there = folder.join(name);
            let same = there.exists()
                && (there.canonicalize().ok() == path.canonicalize().ok()
                    || std::fs::read(&there)? == std::fs::read(path)?);
            ensure!(same, "{shown}: holds other files, and a version is never overwritten; move it away");
        }
        return Ok(());
    }
    let part = folder.with_file_name(format!(".v{version}.{}.part", std::process::id()));
    let unwritten = || format!("{shown}: cannot be written");
    std::fs::create_dir_all(&part).with_context(unwritten)?;
    let copied = own.iter().try_for_each(|(name, path)| std::fs::copy(path, part.join(name)).map(|_| ()));
    let done = copied.and_then(|()| std::fs::rename(&part, &folder)).with_context(unwritten);
    if done.is_err() {
        // What is half copied is no version.
        let _ = std::fs::remove_dir_all(&part);
    }
    done
}

/// Checks again
///
/// Rules that look across bodies say something new when another body's return comes, or when records were linked. Queries are opened,
/// kept or closed accordingly; answers stay as they do when a body sends again.
#[derive(clap::Args)]
#[command(
    after_help = "Example: candour returns recheck -w audit --clusters linked/clusters.csv --actor \"A. Officer, audit office\""
)]
pub(super) struct Recheck {
    #[command(flatten)]
    at: In,
    /// The bodies [default: all]
    #[arg(value_name = "BODY")]
    bodies: Vec<String>,
    /// Which records are of one person, as linkage found: body, record, cluster. It is kept in the vault for later checks
    #[arg(long, value_name = "FILE")]
    clusters: Option<PathBuf>,
    /// A specification of your own [default: AUD-1]
    #[arg(long, value_name = "FILE")]
    specification: Option<PathBuf>,
    /// Who checks
    #[arg(long, value_name = "NAME", default_value = PROGRAM)]
    actor: String,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What checking again came to.
#[derive(Debug, Serialize)]
struct Rechecked {
    body: String,
    queries: Resubmission,
    /// Why it was left as it is.
    left: Option<String>,
}

impl Rechecked {
    fn print(&self, out: &mut impl Write) -> Result<()> {
        let (body, q) = (&self.body, &self.queries);
        match &self.left {
            Some(why) => writeln!(out, "{body}: left as it is, because {why}")?,
            None if q.opened + q.reopened + q.gone == 0 => {}
            None => writeln!(
                out,
                "{body}: checked again beside the others: {} queries new, {} open again, {} gone.",
                q.opened, q.reopened, q.gone
            )?,
        }
        Ok(())
    }
}

impl Recheck {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let workspace = self.at.open()?;
        let desk = Desk::new(&workspace);
        let mut call = DataCall::open(&workspace)?;
        is_taking(&call.told)?;
        let options = desk.options()?;
        let specification = specification(self.specification.as_deref())?;
        if let Some(path) = &self.clusters {
            // Read before it is kept, so that what is kept can be read.
            clusters(path)?;
            let bytes = files::read_limited(path, LIMIT)?;
            files::write_atomically(&desk.vault.join("clusters.csv"), &bytes)?;
        }
        let mut loaded = desk.loaded()?;
        loaded.link(&options);
        let bodies: Vec<String> = if self.bodies.is_empty() {
            call.told.returns.keys().filter(|body| loaded.digests.contains_key(*body)).cloned().collect()
        } else {
            self.bodies.clone()
        };
        for body in &bodies {
            ensure!(loaded.digests.contains_key(body), "nothing of {body} was loaded, or it was stopped");
        }
        let by = (self.actor.as_str(), workspace.today()?);
        let again = recheck(&desk, &mut call, &loaded, &specification, &options, &bodies, by)?;
        call.publish()?;
        if self.format == Format::Json {
            writeln!(out, "{}", serde_json::to_string(&again)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        for one in &again {
            one.print(out)?;
        }
        let sum = |of: &dyn Fn(&Resubmission) -> u64| again.iter().map(|a| of(&a.queries)).sum::<u64>();
        writeln!(
            out,
            "{} returns checked again: {} queries new, {} open again, {} gone.",
            again.iter().filter(|a| a.left.is_none()).count(),
            sum(&|q| q.opened),
            sum(&|q| q.reopened),
            sum(&|q| q.gone)
        )?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Checks the newest versions of bodies again, beside what is loaded.
fn recheck(
    desk: &Desk,
    call: &mut DataCall,
    loaded: &Loaded,
    specification: &Specification,
    options: &CheckOptions,
    bodies: &[String],
    (actor, on): (&str, Date),
) -> Result<Vec<Rechecked>> {
    let told = &call.told;
    let one = |body: &String| -> Result<(ReturnFile, Rechecked)> {
        let mut file = told.file(body);
        let by = |reason| By { actor, at: Timestamp::now(), on, reason };
        let left = |file, why: &str| {
            let left = Some(why.to_owned());
            Ok((file, Rechecked { body: body.clone(), queries: Resubmission::default(), left }))
        };
        // Tried first: a return that is settled is not moved by what others say.
        let event = ReturnEvent::Recheck { queries: file.queries };
        if let Err(error) = file.clone().apply(event, &by("checked beside the others")) {
            return left(file, &error.to_string());
        }
        desk.still_as_received(&file)?;
        let how: How = Desk::read(&desk.own(body).join("how.json"))?.unwrap_or_default();
        let sources = return_files::find(&[desk.version(body, file.version)])?;
        let source = sources.into_iter().next().context("its files are gone")?;
        let read = read(source, how.dialect.as_deref().map(Path::new), specification)?;
        let mut outside = how.outside;
        loaded.tell_known(body, &mut outside);
        let mut report = check(&read.returned, &outside, options);
        report.version = Some(file.version);
        let mut queries = desk.queries(body)?;
        let found = queries.take(&report, &by("checked beside the others"))?;
        if found.opened + found.reopened + found.gone > 0 {
            let event = ReturnEvent::Recheck { queries: queries.counts() };
            file.apply(event, &by("checked beside the others"))?;
            desk.save(body, &queries)?;
        }
        Ok((file, Rechecked { body: body.clone(), queries: found, left: None }))
    };
    let done = bodies.par_iter().map(|body| one(body).with_context(|| body.clone()));
    let done: Vec<(ReturnFile, Rechecked)> = done.collect::<Result<_>>()?;
    let (files, again): (Vec<ReturnFile>, Vec<Rechecked>) = done.into_iter().unzip();
    for files in files.chunks(BATCH) {
        call.record(files.to_vec())?;
    }
    Ok(again)
}
