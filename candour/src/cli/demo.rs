use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};
use candour_register::{DocumentKind, Request};
use candour_returns::BodyType;
use candour_returns::workflow::ReturnState;
use candour_synthetic::{Knobs, Nation};
use clap::Parser as _;
use jiff::civil::{Date, date};

use crate::data_call::DataCall;
use crate::report::thousands;
use crate::site::Site;
use crate::workspace::Workspace;

use super::{language_rates, log, publish, read, register, serve, synthesise};

/// The main job on example documents, the real register and an invented nation: read, import, call, link, estimate, check, publish, serve
#[derive(clap::Args)]
pub(super) struct Demo {
    /// Where the example workspace is made; one that is there already is used again
    #[arg(long, value_name = "DIR", default_value = "candour-demo")]
    dir: PathBuf,
    /// Do everything but serve
    #[arg(long)]
    no_serve: bool,
    /// Port on this machine; 0 takes any that is free
    #[arg(long, default_value_t = 8650)]
    port: u16,
}

/// The documents of the invented inquiry, made for this project.
const EXAMPLES: [(&str, &[u8], DocumentKind, Date); 4] = [
    (
        "inquiry-report.pdf",
        include_bytes!("../../../examples/harbour-inquiry/documents/inquiry-report.pdf"),
        DocumentKind::Report,
        date(2025, 3, 3),
    ),
    (
        "government-response.html",
        include_bytes!("../../../examples/harbour-inquiry/documents/government-response.html"),
        DocumentKind::Response,
        date(2025, 9, 8),
    ),
    (
        "ministerial-statement.md",
        include_bytes!("../../../examples/harbour-inquiry/documents/ministerial-statement.md"),
        DocumentKind::Statement,
        date(2025, 10, 14),
    ),
    (
        "news-article.txt",
        include_bytes!("../../../examples/harbour-inquiry/documents/news-article.txt"),
        DocumentKind::News,
        date(2026, 1, 20),
    ),
];

/// Records of the invented nation.
const NATION: u64 = 100_000;
/// Bodies that sign before the table is made.
const SIGNED: usize = 3;
/// Who runs the invented call.
const OFFICE: &str = "Audit office of the example";
const BODIES: &str = "The bodies, their returns and everyone in them are invented. They show what the table of an audit looks like.";

/// Said on every release of the example.
const INVENTED: &str =
    "The children and their records are invented. They show what a release of the audit looks like.";

impl Demo {
    /// Puts those whom the returns name together, holds the links against the truth, and passes the counts through the door.
    fn link_example(&self, out: &mut impl Write, truth: &Path) -> Result<()> {
        self.step(out, &["lists", "--from", "loaded"], &[], "")?;
        let lists = self.dir.join("vault/lists");
        let mut tables: Vec<PathBuf> =
            std::fs::read_dir(&lists)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        tables.retain(|path| path.extension().is_some_and(|e| e == "csv"));
        tables.sort();
        let mut arguments = vec![OsString::from("link")];
        arguments.extend(tables.into_iter().map(PathBuf::into_os_string));
        arguments.extend(["--settings".into(), lists.join("model.toml").into_os_string()]);
        arguments.extend(["--draws", "100", "--out"].map(OsString::from));
        let linked = self.dir.join("vault/example-linkage");
        arguments.push(linked.clone().into_os_string());
        self.release(
            out,
            arguments,
            "example-linkage",
            "How many children five sorts of bodies name",
            &[INVENTED],
        )?;
        let mut score: Vec<OsString> = ["audit", "score", "--truth"].map(OsString::from).into();
        score.push(truth.as_os_str().to_owned());
        score.extend(["--clusters".into(), linked.join("clusters.csv").into_os_string()]);
        Self::verb(out, score)
    }

    /// Estimates how many children no body names, with the errors of the linkage.
    fn estimate_example(&self, out: &mut impl Write, truth: u64) -> Result<()> {
        let mut arguments: Vec<OsString> = ["estimate", "--linkage"].map(OsString::from).into();
        arguments.push(self.dir.join("vault/example-linkage/histories.csv").into_os_string());
        arguments.push("--report".into());
        arguments.push(self.dir.join("vault/example-estimate.html").into_os_string());
        let truth = format!(
            "{} children were invented, so that the figure can be held against the truth. In a real audit nobody knows it.",
            thousands(&truth.to_string())
        );
        let title = "How many children no body names";
        self.release(out, arguments, "example-estimate", title, &[INVENTED, &truth])
    }

    /// Makes a nation that nobody lives in, takes the returns of its bodies and links and counts those whom they name. The nation
    /// goes at the end; with its seed it can be made again.
    fn nation_example(&self, out: &mut impl Write) -> Result<()> {
        if self.dir.join("releases/example-estimate/release.json").exists() {
            writeln!(out, "   done before")?;
            return Ok(());
        }
        let nation = self.dir.join(".nation");
        if nation.exists() {
            std::fs::remove_dir_all(&nation)?;
        }
        let done = self.nation_steps(out, &nation);
        std::fs::remove_dir_all(&nation)?;
        done
    }

    fn nation_steps(&self, out: &mut impl Write, folder: &Path) -> Result<()> {
        let knobs = Knobs { records: NATION, seed: 2026, ..Knobs::default() };
        let again = Knobs { version: 2, ..knobs.corrected() };
        let (made, _) = Nation::new(knobs)?;
        let (first, second) = (folder.join("first"), folder.join("again"));
        let summary = synthesise::write(&made, &first)?;
        synthesise::write(&Nation::new(again)?.0, &second)?;
        writeln!(
            out,
            "   {} invented records of {} bodies, {} MB with their truth",
            thousands(&summary.records().to_string()),
            summary.bodies,
            summary.bytes / 1_000_000
        )?;
        self.call_example(out, &made, &first, &second)?;
        writeln!(out, "5. Linking the children whom its returns name")?;
        out.flush()?;
        self.link_example(out, &second.join("truth"))?;
        writeln!(out, "6. Estimating how many children no body names")?;
        out.flush()?;
        self.estimate_example(out, summary.victims)
    }

    /// A call from its issue to the table of who returned what.
    fn call_example(&self, out: &mut impl Write, made: &Nation, nation: &Path, again: &Path) -> Result<()> {
        let clear = ["call", "clear", "SYNTHETIC-1", "--power", "An invented Act, section 1"];
        let more = ["--dpia", "DPIA 1", "--burden-hours", "40"];
        self.step(out, &[&clear[..], &more].concat(), &[], "2025-12-01")?;
        self.step(out, &["call", "pilot", "--reason", "tried with three bodies"], &[], "2025-12-15")?;
        let issue = ["call", "issue", "--due", "2026-03-31"];
        let more = ["--answer-by", "2026-05-01", "--sign-by", "2026-06-01", "--bodies"];
        let bodies = nation.join("truth").join("bodies.csv");
        self.step(out, &[&issue[..], &more].concat(), &[&bodies], "2026-01-05")?;
        // Of those whose return is sound one refuses, one cannot, and one says nothing at all.
        let sound = |kind| {
            let bodies = made.bodies();
            bodies.into_iter().find(|b| b.body_type == kind && b.sabotage.is_none()).map(|b| b.code)
        };
        let left = [sound(BodyType::Childrens), sound(BodyType::Health), sound(BodyType::Vol)];
        let [Some(refuses), Some(cannot), Some(silent)] = left else {
            bail!("the nation has too few bodies")
        };
        let why = "It sees no power to share records without consent";
        let answer = "Section 1 of the invented Act gives it";
        self.step(out, &["refuse", &refuses, "--reason", why, "--legal-answer", answer], &[], "2026-01-20")?;
        let why = "Its records before 2024 are on paper and cannot be drawn in time";
        self.step(out, &["cannot-supply", &cannot, "--reason", why], &[], "2026-01-28")?;
        for (sent, day) in [(nation, "2026-03-28"), (again, "2026-04-08")] {
            let returns = sent.join("returns");
            for body in [&refuses, &cannot, &silent] {
                std::fs::remove_dir_all(returns.join(body))?;
            }
            self.step(out, &["load"], &[&returns, Path::new("--outside"), &sent.join("call")], day)?;
        }
        let call = DataCall::open(&Workspace::open(&self.dir)?)?;
        let ready = call.told.returns.values().filter(|file| file.state == ReturnState::Validated);
        let ready: Vec<String> = ready.take(SIGNED).map(|file| file.body.clone()).collect();
        drop(call);
        for body in &ready {
            self.step(
                out,
                &["sign-off", body, "--office", "Head of the body", "--accept"],
                &[],
                "2026-04-10",
            )?;
        }
        for day in ["2026-04-02", "2026-04-16"] {
            self.step(&mut std::io::sink(), &["chase"], &[], day)?;
        }
        self.step(out, &["status", "--note", BODIES], &[], "2026-04-20")
    }

    /// A step of the call, on a day.
    fn step(&self, out: &mut impl Write, words: &[&str], paths: &[&Path], day: &str) -> Result<()> {
        let mut verb: Vec<OsString> = std::iter::once(&"returns").chain(words).map(OsString::from).collect();
        verb.extend(paths.iter().map(|path| path.as_os_str().to_owned()));
        let dated: &[&str] = match words[0] {
            "lists" => &[],
            "chase" | "status" => &["--as-of", day],
            _ => &["--on", day],
        };
        verb.extend(dated.iter().map(OsString::from));
        verb.extend(["--workspace".into(), self.dir.clone().into_os_string()]);
        if !["status", "lists"].contains(&words[0]) {
            verb.extend(["--actor", OFFICE].map(OsString::from));
        }
        Self::verb(out, verb)
    }

    /// Runs a verb as from a command line, with its release.
    fn release(
        &self,
        out: &mut impl Write,
        verb: Vec<OsString>,
        id: &str,
        title: &str,
        notes: &[&str],
    ) -> Result<()> {
        let mut arguments = verb;
        arguments.extend(["--release".into(), self.dir.join("releases").join(id).into_os_string()]);
        arguments.extend(["--title", title].map(OsString::from));
        arguments.extend(notes.iter().flat_map(|note| ["--note", note]).map(OsString::from));
        Self::verb(out, arguments)
    }

    /// Runs a verb as from a command line.
    fn verb(out: &mut impl Write, verb: Vec<OsString>) -> Result<()> {
        let arguments = std::iter::once(OsString::from("candour")).chain(verb);
        match super::Arguments::try_parse_from(arguments)?.verb {
            super::Verb::Link(verb) => verb.run(out)?,
            super::Verb::Estimate(verb) => verb.run(out)?,
            super::Verb::Returns(verb) => verb.run(out)?,
            super::Verb::Audit(verb) => verb.run(out)?,
            _ => bail!("the demonstration has no such step"),
        };
        Ok(())
    }

    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let start = Instant::now();
        let workspace = if self.dir.join("candour.toml").exists() {
            writeln!(out, "1. Using the example workspace in {}", self.dir.display())?;
            Workspace::open(&self.dir)?
        } else {
            writeln!(out, "1. Making an example workspace in {}", self.dir.display())?;
            let scope = "The inquiry into child sexual abuse in England and Wales, the national audit of 2025 and the inspection of 2023: \
                         what each recommended, what was answered, what is claimed, and what the public record shows.";
            Workspace::create(&self.dir, "Candour register", scope)?
        };
        writeln!(out, "2. Importing the register of real facts")?;
        register::import(out, &workspace, &register::bundled(), "Candour bundled register")?;
        writeln!(out, "3. Reading the documents of an invented inquiry")?;
        for (name, bytes, kind, published) in EXAMPLES {
            let request = Request { published: Some(published), kind: Some(kind) };
            let read = read::read_bytes(bytes, name, request)?;
            let added = read::keep(&workspace, bytes, &read)?;
            let deadlines: usize = read.extraction.items.iter().map(|i| i.deadlines.len()).sum();
            writeln!(
                out,
                "   {name}: {} pages, {} items, {deadlines} time limits, {added} new entries",
                read.document.pages,
                read.extraction.items.len()
            )?;
        }
        writeln!(out, "4. Running a data call in a nation that nobody lives in")?;
        out.flush()?;
        self.nation_example(out)?;
        writeln!(out, "7. Reading the notes of invented bodies for wording that plays harm down")?;
        out.flush()?;
        language_rates::example(out, &self.dir)?;
        writeln!(out, "8. Checking the log")?;
        let checked = log::check(&workspace, None)?;
        super::report(&checked.findings);
        writeln!(out, "   {} entries, every one as it was recorded", checked.size)?;
        writeln!(out, "9. Publishing the static site")?;
        let site = Site::load(Workspace::open(&self.dir)?)?;
        out.flush()?;
        publish::publish(out, &site, &workspace, &self.dir.join("site"))?;
        writeln!(out, "Done in {:.1} s.", start.elapsed().as_secs_f32())?;
        if self.no_serve {
            return Ok(super::code_for(&checked.findings));
        }
        serve::serve(out, site, crate::site::review::Desk::new(None)?, self.port)
    }
}
