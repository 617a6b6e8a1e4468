use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use candour_ledger::{Checkpoint, Hash, MerkleLog, hashes_in_tile, tile_path, verify};
use candour_record::{Finding, Severity};

use crate::data_call::Told;
use crate::files;
use crate::store::Store;
use crate::workspace::Workspace;

use super::{Format, In, code_for, report};

/// The transparency log: verify, checkpoint, prove
#[derive(clap::Args)]
pub(super) struct Log {
    #[command(subcommand)]
    act: Act,
}

#[derive(clap::Subcommand)]
enum Act {
    /// Check that no entry was altered, removed or added, from the entries' own bytes
    #[command(after_help = "Example: candour log verify -w my-audit")]
    Verify {
        #[command(flatten)]
        workspace: In,
        /// Also check that the log still begins as this earlier checkpoint says
        #[arg(long, value_name = "FILE")]
        against: Option<std::path::PathBuf>,
        /// How to print
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Print the newest signed checkpoint
    Checkpoint {
        #[command(flatten)]
        workspace: In,
    },
    /// Print a proof that an entry is in the log, to be checked without the log
    Prove {
        /// The entry's index, from 0
        index: u64,
        #[command(flatten)]
        workspace: In,
    },
}

impl Log {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        match self.act {
            Act::Verify { workspace, against, format } => {
                let workspace = workspace.open()?;
                let against = against.map(|path| files::read_limited(&path, 1 << 20)).transpose()?;
                let against = against
                    .map(|bytes| String::from_utf8(bytes).context("the earlier checkpoint is not text"))
                    .transpose()?;
                let checked = check(&workspace, against.as_deref())?;
                match format {
                    Format::Text if checked.findings.is_empty() => {
                        writeln!(
                            out,
                            "The log holds: {} entries, root {}.",
                            checked.size,
                            hex(&checked.root)
                        )?;
                    }
                    Format::Text => {}
                    Format::Json => {
                        let value = serde_json::json!({"entries": checked.size, "root": hex(&checked.root), "findings": checked.findings});
                        writeln!(out, "{value}")?;
                    }
                }
                report(&checked.findings);
                Ok(code_for(&checked.findings))
            }
            Act::Checkpoint { workspace } => {
                let store = workspace.open()?.store()?;
                let Some(note) = store.checkpoint()? else {
                    bail!("the log is empty: nothing has been recorded yet")
                };
                write!(out, "{note}")?;
                Ok(ExitCode::SUCCESS)
            }
            Act::Prove { index, workspace } => {
                let store = workspace.open()?.store()?;
                let log = MerkleLog::from_leaf_hashes(store.leaf_hashes()?);
                let proof = log.inclusion_proof(index, log.size())?;
                let entry =
                    store.raw_entries()?.into_iter().find(|e| e.0 == index).map(|e| e.1).unwrap_or_default();
                let value = serde_json::json!({
                    "index": index,
                    "size": log.size(),
                    "root": hex(&log.root()),
                    "leaf": hex(&MerkleLog::leaf_hash(&entry)),
                    "proof": proof.iter().map(hex).collect::<Vec<_>>(),
                    "checkpoint": store.checkpoint()?,
                    "entry": String::from_utf8_lossy(&entry),
                });
                writeln!(out, "{value}")?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

/// What a check of a workspace's log found.
pub(super) struct Checked {
    pub(super) size: u64,
    pub(super) root: Hash,
    pub(super) findings: Vec<Finding>,
}

/// Checks the database's entries against the hashes kept beside them, against the public tiles, and against the signed
/// checkpoint of each.
pub(super) fn check(workspace: &Workspace, against: Option<&str>) -> Result<Checked> {
    let error = |code: &str, message: String| Finding::new(Severity::Error, code, message);
    let verifier = workspace.verifier_key()?;
    // A damaged database may refuse to open at all; that is a finding, not bad use.
    let opened = workspace.store().and_then(|store| {
        let damage = store.integrity()?;
        Ok((store, damage))
    });
    let (store, damage) = match opened {
        Ok(opened) => opened,
        Err(problem) => {
            let findings = vec![error("database_damaged", format!("register.db: {problem:#}"))];
            return Ok(Checked { size: 0, root: Hash::default(), findings });
        }
    };
    let mut findings: Vec<Finding> =
        damage.into_iter().map(|line| error("database_damaged", format!("register.db: {line}"))).collect();
    let Some(note) = store.checkpoint()? else {
        if store.size() > 0 {
            findings.push(error(
                "checkpoint_missing",
                format!("{} entries stand without a signed checkpoint", store.size()),
            ));
        }
        return Ok(Checked { size: store.size(), root: store.root(), findings });
    };
    let checkpoint = match candour_ledger::open(&note, &verifier) {
        Ok(checkpoint) => checkpoint,
        Err(problem) => {
            findings.push(error("checkpoint_invalid", format!("register.db: {problem}")));
            Checkpoint { origin: String::new(), size: store.size(), root: store.root() }
        }
    };
    let entries = store.raw_entries()?;
    let verified = verify(entries.clone(), &store.leaf_hashes()?, &checkpoint);
    findings.extend(verified.findings);
    if checkpoint.size < verified.size {
        findings.push(error(
            "entry_unsigned",
            format!(
                "{} entries stand after the last one the checkpoint covers",
                verified.size - checkpoint.size
            ),
        ));
    }
    findings.extend(check_public(workspace, &store, &entries, &verifier)?);
    // What is covered may still be wrong: an event of a data call must follow from those before it.
    if let Err(problem) = Told::read(store.entries()?.0.iter().map(|(index, entry)| (*index, entry)), None) {
        findings.push(error("event_does_not_follow", format!("{problem:#}")));
    }
    if let Some(earlier) = against {
        let earlier = candour_ledger::open(earlier, &verifier)?;
        let log = MerkleLog::from_leaf_hashes(entries.iter().map(|(_, bytes)| MerkleLog::leaf_hash(bytes)));
        if log.root_at(earlier.size) != Some(earlier.root) {
            findings.push(error(
                "history_rewritten",
                format!("the first {} entries are not those the earlier checkpoint signed", earlier.size),
            ));
        }
    }
    Ok(Checked { size: verified.size, root: verified.root, findings })
}

/// Checks the log's public files. They may stand behind the database after a kill, which the next write mends; what they
/// hold must agree with it.
fn check_public(
    workspace: &Workspace,
    store: &Store,
    entries: &[(u64, Vec<u8>)],
    verifier: &candour_ledger::VerifierKey,
) -> Result<Vec<Finding>> {
    let folder = workspace.root.join("log");
    let error = |code: &str, message: String| Finding::new(Severity::Error, code, message);
    let path = folder.join("checkpoint");
    if !path.exists() {
        let note = "log/checkpoint is not written yet; the next command that records something writes it";
        return Ok(vec![Finding::new(Severity::Note, "public_log_behind", note)]);
    }
    let note = String::from_utf8_lossy(&files::read_limited(&path, 1 << 20)?).into_owned();
    let public = match candour_ledger::open(&note, verifier) {
        Ok(public) => public,
        Err(problem) => return Ok(vec![error("checkpoint_invalid", format!("log/checkpoint: {problem}"))]),
    };
    let mut findings = Vec::new();
    if public.size > store.size() {
        findings.push(error(
            "entry_missing",
            format!("log/checkpoint covers {} entries and the database holds {}", public.size, store.size()),
        ));
    } else if public.size < store.size() {
        let message = format!(
            "log/ stands {} entries behind; the next command that records something brings it up",
            store.size() - public.size
        );
        findings.push(Finding::new(Severity::Note, "public_log_behind", message));
    }
    for tile in 0..public.size.div_ceil(candour_ledger::TILE_WIDTH) {
        let first = tile * candour_ledger::TILE_WIDTH;
        let width = (public.size - first).min(candour_ledger::TILE_WIDTH);
        let ours = entries.iter().skip(first as usize).take(width as usize);
        let hashes = tile_path("0", tile, width);
        match files::read_limited(&folder.join(&hashes), 1 << 20)
            .and_then(|bytes| Ok(hashes_in_tile(&hashes, &bytes)?))
        {
            Ok(kept) => {
                for ((index, bytes), kept) in ours.clone().zip(kept) {
                    if MerkleLog::leaf_hash(bytes) != kept {
                        findings.push(error(
                            "entry_altered",
                            format!("entry index {index} differs from its hash in log/{hashes}"),
                        ));
                    }
                }
            }
            Err(problem) => findings.push(error("tile_unreadable", format!("log/{hashes}: {problem:#}"))),
        }
        let bundle = tile_path("entries", tile, width);
        match files::read_limited(&folder.join(&bundle), 32 << 20)
            .and_then(|bytes| Ok(candour_ledger::entries_in_bundle(&bundle, &bytes)?))
        {
            Ok(kept) => {
                for ((index, bytes), kept) in ours.zip(&kept) {
                    if bytes != kept {
                        findings.push(error(
                            "entry_altered",
                            format!("entry index {index} differs from its copy in log/{bundle}"),
                        ));
                    }
                }
                if kept.len() as u64 != width {
                    findings.push(error(
                        "entry_missing",
                        format!("log/{bundle} holds {} entries of {width}", kept.len()),
                    ));
                }
            }
            Err(problem) => findings.push(error("tile_unreadable", format!("log/{bundle}: {problem:#}"))),
        }
    }
    Ok(findings)
}

fn hex(hash: &Hash) -> String {
    candour_record::ContentHash::from_bytes(*hash).to_string()
}
