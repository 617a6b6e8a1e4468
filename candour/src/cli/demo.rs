use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use candour_register::{DocumentKind, Request};
use jiff::civil::{Date, date};

use crate::site::Site;
use crate::workspace::Workspace;

use super::{language_rates, log, publish, read, register, serve};

/// The main job on example documents and the real register: read, import, check, publish, serve
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

impl Demo {
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
        writeln!(out, "4. Reading the notes of invented bodies for wording that plays harm down")?;
        out.flush()?;
        language_rates::example(out, &self.dir)?;
        writeln!(out, "5. Checking the log")?;
        let checked = log::check(&workspace, None)?;
        super::report(&checked.findings);
        writeln!(out, "   {} entries, every one as it was recorded", checked.size)?;
        writeln!(out, "6. Publishing the static site")?;
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
