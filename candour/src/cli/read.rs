use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use candour_reading::{Limits, Reading};
use candour_record::{ContentHash, DateOrUnknown, Document, Finding};
use candour_register::{AsAt, DocumentKind, Draft, Extraction, Fact, Register, Request, extract};
use clap::ValueEnum;
use jiff::civil::Date;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::files;
use crate::proposals;
use crate::workspace::Workspace;

use super::{Format, code_for, report};

/// Read documents: recommendations and answers, with addressees, time limits and passages
///
/// Inside a workspace, what is read is kept as proposals, which change nothing until a named person accepts them.
/// Elsewhere it is only printed.
#[derive(clap::Args)]
#[command(after_help = "Example: candour read report.pdf --published 2024-07-18 --format json")]
pub(super) struct Read {
    /// Documents: PDF, DOCX, ODT, HTML, Markdown, EML or plain text
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The documents' date, against which time limits are worked out
    #[arg(long, value_name = "YYYY-MM-DD")]
    published: Option<Date>,
    /// What the documents are [default: told from their text]
    #[arg(long)]
    kind: Option<Kind>,
    /// Write the extracted text here; one document only
    #[arg(long, value_name = "FILE")]
    text: Option<PathBuf>,
    /// Workspace to keep the proposals in [default: this folder, where it is one]
    #[arg(short, long, value_name = "DIR", env = "CANDOUR_WORKSPACE")]
    workspace: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Report,
    Response,
    Statement,
    News,
    Letter,
}

impl From<Kind> for DocumentKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Report => Self::Report,
            Kind::Response => Self::Response,
            Kind::Statement => Self::Statement,
            Kind::News => Self::News,
            Kind::Letter => Self::Letter,
        }
    }
}

/// A document read: its text, its items, and what was noticed.
pub(super) struct ReadDocument {
    pub(super) document: Document,
    pub(super) reading: Reading,
    pub(super) extraction: Extraction,
    pub(super) findings: Vec<Finding>,
}

impl Read {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let workspace = match &self.workspace {
            Some(dir) => Some(Workspace::open(dir)?),
            None if Path::new("candour.toml").exists() => Some(Workspace::open(Path::new("."))?),
            None => None,
        };
        anyhow::ensure!(self.text.is_none() || self.files.len() == 1, "--text takes one document at a time");
        let mut findings = Vec::new();
        let mut failed = false;
        for path in &self.files {
            let request = Request { published: self.published, kind: self.kind.map(DocumentKind::from) };
            let name = path.display().to_string();
            // One file that cannot be read costs the others nothing.
            let read = files::read_limited(path, Limits::default().bytes).and_then(|bytes| {
                let read = read_bytes(&bytes, &name, request)?;
                Ok((bytes, read))
            });
            let (bytes, read) = match read {
                Ok(read) => read,
                Err(error) if self.files.len() == 1 => return Err(error),
                Err(error) => {
                    writeln!(std::io::stderr(), "candour: {error:#}")?;
                    failed = true;
                    continue;
                }
            };
            if let Some(text) = &self.text {
                files::write_atomically(text, read.reading.text.as_bytes())?;
            }
            match self.format {
                Format::Json => writeln!(out, "{}", to_json(&read))?,
                Format::Text => print(out, &name, &read)?,
            }
            if let Some(workspace) = &workspace {
                let kept = keep(workspace, &bytes, &read)?;
                writeln!(std::io::stderr(), "{name}: {kept} new entries in the ledger")?;
            }
            report(&read.findings);
            findings.extend(read.findings);
        }
        Ok(if failed { ExitCode::from(2) } else { code_for(&findings) })
    }
}

/// Reads a document's bytes to items.
pub(super) fn read_bytes(bytes: &[u8], name: &str, request: Request) -> Result<ReadDocument> {
    let reading = candour_reading::read(bytes, name, &Limits::default())?;
    let (extraction, more) = extract(&reading, request);
    let mut findings = reading.findings.clone();
    findings.extend(more);
    let fallback =
        Path::new(name).file_name().map_or_else(|| name.to_owned(), |n| n.to_string_lossy().into_owned());
    let document = Document {
        sha256: ContentHash::from_bytes(Sha256::digest(bytes).into()),
        title: reading.about.title.clone().or_else(|| extraction.title.clone()).unwrap_or(fallback),
        media: reading.media,
        bytes: bytes.len() as u64,
        pages: reading.pages.len() as u32,
        published: extraction
            .published
            .map_or(DateOrUnknown::Unknown, |day| DateOrUnknown::Known(day.into())),
        producer: reading.about.producer.clone(),
    };
    Ok(ReadDocument { document, reading, extraction, findings })
}

/// Keeps a document, its text and its items as proposals; the number of new entries. Reading it again adds only what is
/// new.
pub(super) fn keep(workspace: &Workspace, bytes: &[u8], read: &ReadDocument) -> Result<u64> {
    let hash = read.document.sha256;
    let original = workspace.documents().join(hash.to_string());
    if !original.exists() {
        files::write_atomically(&original, bytes)?;
    }
    let mut store = workspace.store()?;
    store.put_text(&hash, &read.reading.text)?;
    let published = Some(read.document.published);
    let mut drafts = vec![Draft {
        fact: Fact::Document(read.document.clone()),
        effective: published,
        citations: Vec::new(),
    }];
    let (entries, _) = store.entries()?;
    let (register, _) = Register::project(entries.iter().map(|(i, e)| (*i, e)), AsAt::default());
    drafts.extend(proposals::new(&register, hash, read.document.published, &read.extraction.items));
    let key = workspace.signing_key()?;
    let mut added = 0;
    for batch in drafts.chunks(crate::store::BATCH) {
        added += store.append(batch, &super::reader(), jiff::Timestamp::now(), &key)?.added;
    }
    store.write_log(&key.verifier())?;
    Ok(added)
}

fn to_json(read: &ReadDocument) -> Value {
    let kind = serde_json::to_value(read.extraction.kind).unwrap_or_default();
    let items: Vec<Value> = read
        .extraction
        .items
        .iter()
        .map(|item| {
            let mut value = serde_json::to_value(item).unwrap_or_default();
            // The ledger keeps whole per cent, because its canonical form has no fractions; programs expect a share.
            value["confidence"] = json!(f64::from(item.confidence) / 100.0);
            value
        })
        .collect();
    let warnings: Vec<Value> = read
        .findings
        .iter()
        .map(|f| match f.page {
            Some(page) => json!({"code": f.code, "message": f.message, "page": page}),
            None => json!({"code": f.code, "message": f.message}),
        })
        .collect();
    let d = &read.document;
    json!({
        "document": {
            "sha256": d.sha256, "title": d.title, "kind": kind, "published": d.published.known(),
            "pages": d.pages, "producer": d.producer,
        },
        "items": items,
        "warnings": warnings,
    })
}

fn print(out: &mut impl Write, name: &str, read: &ReadDocument) -> Result<()> {
    let d = &read.document;
    writeln!(out, "{name}")?;
    writeln!(
        out,
        "  {} ({} {}, SHA-256 {})",
        d.title,
        d.pages,
        if d.pages == 1 { "page" } else { "pages" },
        d.sha256
    )?;
    for item in &read.extraction.items {
        let kind = item.kind.words();
        let title = item.title.as_deref().map(|t| format!(": {t}")).unwrap_or_default();
        writeln!(
            out,
            "\n{kind} {}{title} (page {})",
            item.number.as_deref().unwrap_or("without a number"),
            item.page
        )?;
        let text = item.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let short: String = text.chars().take(300).collect();
        writeln!(out, "  {short}{}", if text.chars().count() > 300 { " …" } else { "" })?;
        if !item.addressees.is_empty() {
            writeln!(out, "  To: {}", item.addressees.join("; "))?;
        }
        for deadline in &item.deadlines {
            let day = deadline
                .date
                .map_or_else(|| deadline.unresolved.clone().unwrap_or_default(), |d| d.to_string());
            writeln!(out, "  Time limit: {} [{day}]", deadline.phrase)?;
        }
        if let Some(response) = &item.response {
            writeln!(out, "  Position: {} (“{}”)", response.position.words(), response.phrase)?;
        }
        if !item.also_at.is_empty() {
            let pages: Vec<String> = item.also_at.iter().map(|p| p.page.to_string()).collect();
            writeln!(out, "  Printed again on page {}", pages.join(", "))?;
        }
    }
    writeln!(out, "\n{} items", read.extraction.items.len())?;
    Ok(())
}
