//! The only module that knows SQL. It keeps the ledger's events, the text of documents and the search index, and writes
//! the log's public files beside them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use candour_ledger::{Actor, Checkpoint, Entry, Hash, MerkleLog, SigningKey, VerifierKey};
use candour_record::{ContentHash, Finding, Severity};
use candour_register::Draft;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use rusqlite_migration::{M, Migrations};

use crate::files;

/// Events written in one transaction: small enough that a kill loses little work, large enough that the disk is not
/// asked to settle for each one.
pub(crate) const BATCH: usize = 64;

pub(crate) struct Store {
    db: Connection,
    log_dir: PathBuf,
    origin: String,
    log: MerkleLog,
}

/// Entries with their indices, in order.
pub(crate) type Indexed = Vec<(u64, Entry)>;

/// What one batch added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Appended {
    /// Number of events added.
    pub(crate) added: u64,
    /// Number of facts that the ledger already held.
    pub(crate) known: u64,
    /// Size of the ledger afterwards.
    pub(crate) size: u64,
}

/// A search hit.
pub(crate) struct Hit {
    pub(crate) address: String,
    pub(crate) kind: String,
    pub(crate) title: String,
    /// HTML-free excerpt; matched words stand between U+0002 and U+0003.
    pub(crate) excerpt: String,
}

/// One line of the search index.
pub(crate) struct Searchable {
    pub(crate) address: String,
    pub(crate) kind: &'static str,
    pub(crate) title: String,
    pub(crate) body: String,
}

impl Store {
    /// Opens the public vault of a workspace, makes it where there is none, and finishes what a kill left half done.
    pub(crate) fn open(database: &Path, log_dir: &Path, origin: &str) -> Result<Self> {
        let mut db =
            Connection::open(database).with_context(|| format!("cannot open {}", database.display()))?;
        db.busy_timeout(std::time::Duration::from_secs(10))?;
        // FULL makes an acknowledged event survive a power cut, not only a kill.
        db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
            .with_context(|| format!("{} is not a register database, or is damaged", database.display()))?;
        migrations()
            .to_latest(&mut db)
            .with_context(|| format!("cannot bring {} to this version", database.display()))?;
        let mut store =
            Self { db, log_dir: log_dir.to_owned(), origin: origin.to_owned(), log: MerkleLog::default() };
        store.log = MerkleLog::from_leaf_hashes(store.leaf_hashes()?);
        Ok(store)
    }

    /// Takes up what another process has added since; whether there was anything.
    pub(crate) fn reload_if_grown(&mut self) -> Result<bool> {
        let count: i64 = self.db.query_row("SELECT count(*) FROM event", [], |row| row.get(0))?;
        let grown = count.cast_unsigned() != self.log.size();
        if grown {
            self.log = MerkleLog::from_leaf_hashes(self.leaf_hashes()?);
        }
        Ok(grown)
    }

    pub(crate) fn size(&self) -> u64 {
        self.log.size()
    }

    pub(crate) fn root(&self) -> Hash {
        self.log.root()
    }

    /// Adds what the ledger does not hold yet, in one transaction with the checkpoint that covers it. When this returns,
    /// the events are on disk.
    pub(crate) fn append(
        &mut self,
        drafts: &[Draft],
        who: &Actor,
        now: Timestamp,
        key: &SigningKey,
    ) -> Result<Appended> {
        let entries: Vec<Entry> = drafts.iter().map(|draft| entry(draft, who, now)).collect::<Result<_>>()?;
        self.append_entries(&entries, key)
    }

    /// The same for entries that are ready.
    pub(crate) fn append_entries(&mut self, entries: &[Entry], key: &SigningKey) -> Result<Appended> {
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let before: u64 = tx
            .query_row("SELECT count(*) FROM event", [], |row| row.get::<_, i64>(0))
            .map(i64::cast_unsigned)?;
        if before != self.log.size() {
            bail!("another process added to this register while it was open; run the command again");
        }
        let mut log = self.log.clone();
        let mut known = 0;
        {
            let mut insert = tx.prepare_cached(
                "INSERT OR IGNORE INTO event (idx, fact, leaf, bytes) VALUES (?1, ?2, ?3, ?4)",
            )?;
            for entry in entries {
                let bytes = entry
                    .to_canonical()
                    .with_context(|| format!("cannot record {} about {}", entry.kind, entry.subject))?;
                let leaf = MerkleLog::leaf_hash(&bytes);
                let fact = entry.fact_key()?;
                let index = log.size().cast_signed();
                if insert.execute(params![index, &fact[..], &leaf[..], bytes])? == 1 {
                    log.append_leaf_hash(leaf);
                } else {
                    known += 1;
                }
            }
        }
        let added = log.size() - before;
        if added > 0 {
            let checkpoint = Checkpoint { origin: self.origin.clone(), size: log.size(), root: log.root() };
            let note = candour_ledger::sign(&checkpoint, key)?;
            tx.execute("INSERT OR REPLACE INTO checkpoint (one, note) VALUES (1, ?1)", [note])?;
        }
        tx.commit()?;
        self.log = log;
        Ok(Appended { added, known, size: self.log.size() })
    }

    /// Every entry of the ledger, in order. An entry whose bytes no longer parse is left out and named in a finding.
    pub(crate) fn entries(&self) -> Result<(Indexed, Vec<Finding>)> {
        let mut entries = Vec::new();
        let mut findings = Vec::new();
        for (index, bytes) in self.raw_entries()? {
            match Entry::from_canonical(&bytes) {
                Ok(entry) => entries.push((index, entry)),
                Err(error) => {
                    let message =
                        format!("entry index {index} cannot be read: {error}; run `candour log verify`");
                    findings.push(Finding::new(Severity::Error, "entry_damaged", message));
                }
            }
        }
        Ok((entries, findings))
    }

    pub(crate) fn raw_entries(&self) -> Result<Vec<(u64, Vec<u8>)>> {
        self.raw_entries_from(0)
    }

    fn raw_entries_from(&self, first: u64) -> Result<Vec<(u64, Vec<u8>)>> {
        let mut query = self.db.prepare("SELECT idx, bytes FROM event WHERE idx >= ?1 ORDER BY idx")?;
        let rows = query.query_map([first.cast_signed()], |row| {
            Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?))
        })?;
        rows.collect::<Result<_, _>>().context("the events cannot be read: the database is damaged")
    }

    pub(crate) fn leaf_hashes(&self) -> Result<Vec<Hash>> {
        let mut query = self.db.prepare("SELECT leaf FROM event ORDER BY idx")?;
        let rows = query.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
        rows.enumerate()
            .map(|(index, leaf)| {
                Hash::try_from(leaf?.as_slice())
                    .ok()
                    .with_context(|| format!("the hash kept for entry index {index} is damaged"))
            })
            .collect()
    }

    /// The newest signed checkpoint.
    pub(crate) fn checkpoint(&self) -> Result<Option<String>> {
        Ok(self.db.query_row("SELECT note FROM checkpoint", [], |row| row.get(0)).optional()?)
    }

    /// What the database itself says of its health; empty when it is well.
    pub(crate) fn integrity(&self) -> Result<Vec<String>> {
        let mut query = self.db.prepare("PRAGMA integrity_check")?;
        let rows = query.query_map([], |row| row.get::<_, String>(0))?;
        let lines: Vec<String> = rows.collect::<Result<_, _>>()?;
        Ok(lines.into_iter().filter(|line| line != "ok").collect())
    }

    /// Brings the log's public files up to the ledger. They follow the commit, so a kill between the two leaves them
    /// behind, never ahead, and the next call mends it.
    pub(crate) fn write_log(&self, verifier: &VerifierKey) -> Result<()> {
        let Some(note) = self.checkpoint()? else { return Ok(()) };
        let path = self.log_dir.join("checkpoint");
        let public = match std::fs::read_to_string(&path) {
            Ok(text) => candour_ledger::open(&text, verifier).map_or(0, |c| c.size),
            Err(_) => 0,
        };
        if public >= self.size() && path.exists() {
            return Ok(());
        }
        // A tile that is not full is written again as it grows, so its first entry is where writing starts.
        let first = public / candour_ledger::TILE_WIDTH * candour_ledger::TILE_WIDTH;
        let recent: Vec<Vec<u8>> =
            self.raw_entries_from(first)?.into_iter().map(|(_, bytes)| bytes).collect();
        for (name, bytes) in candour_ledger::tiles_after(&self.log, &recent, public)? {
            files::write_atomically(&self.log_dir.join(name), &bytes)?;
        }
        files::write_atomically(&self.log_dir.join("verifier-key"), format!("{verifier}\n").as_bytes())?;
        // The checkpoint comes last: what it covers is then already there.
        files::write_atomically(&path, note.as_bytes())
    }

    pub(crate) fn put_text(&mut self, document: &ContentHash, text: &str) -> Result<()> {
        self.db.execute(
            "INSERT OR REPLACE INTO document_text (sha256, text) VALUES (?1, ?2)",
            params![document.to_string(), text],
        )?;
        Ok(())
    }

    /// The text extracted from a document when it was read.
    pub(crate) fn text(&self, document: &ContentHash) -> Result<Option<String>> {
        let mut query = self.db.prepare_cached("SELECT text FROM document_text WHERE sha256 = ?1")?;
        Ok(query.query_row([document.to_string()], |row| row.get(0)).optional()?)
    }

    /// Makes the search index again where it covers fewer events than the ledger holds.
    pub(crate) fn refresh_search(&mut self, lines: impl FnOnce() -> Vec<Searchable>) -> Result<()> {
        let covered: Option<i64> = self
            .db
            .query_row("SELECT events FROM projection WHERE name = 'search'", [], |row| row.get(0))
            .optional()?;
        if covered == Some(self.size().cast_signed()) {
            return Ok(());
        }
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute("DELETE FROM search", [])?;
        {
            let mut insert =
                tx.prepare("INSERT INTO search (address, kind, title, body) VALUES (?1, ?2, ?3, ?4)")?;
            for line in lines() {
                insert.execute(params![line.address, line.kind, line.title, line.body])?;
            }
        }
        tx.execute(
            "INSERT OR REPLACE INTO projection (name, events) VALUES ('search', ?1)",
            [self.log.size().cast_signed()],
        )?;
        tx.commit()?;
        Ok(())
    }

    /// Stemmed search, best first. Words are joined by AND; a phrase in double quotes stays a phrase; OR and NOT work
    /// between words. Nothing a reader types is an error.
    pub(crate) fn search(&self, query: &str, most: usize) -> Result<Vec<Hit>> {
        let Some(query) = fts_query(query) else { return Ok(Vec::new()) };
        let mut statement = self.db.prepare_cached(
            "SELECT address, kind, title, snippet(search, 3, char(2), char(3), ' … ', 24)
             FROM search WHERE search MATCH ?1 ORDER BY bm25(search, 0, 0, 5.0, 1.0) LIMIT ?2",
        )?;
        let rows = statement.query_map(params![query, most as i64], |row| {
            Ok(Hit { address: row.get(0)?, kind: row.get(1)?, title: row.get(2)?, excerpt: row.get(3)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn migrations() -> Migrations<'static> {
    Migrations::new(vec![M::up(include_str!("schema.sql"))])
}

fn entry(draft: &Draft, who: &Actor, now: Timestamp) -> Result<Entry> {
    Ok(Entry {
        version: 1,
        kind: draft.fact.kind().to_owned(),
        subject: draft.fact.subject(),
        recorded_at: now,
        recorded_by: who.clone(),
        effective: draft.effective,
        citations: draft.citations.clone(),
        payload: draft.fact.payload()?,
    })
}

/// Turns what a reader typed into an FTS5 query that cannot fail: every word and phrase quoted, operators kept only
/// between two of them.
fn fts_query(typed: &str) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    let operators: BTreeSet<&str> = ["AND", "OR", "NOT"].into();
    for (index, piece) in typed.split('"').enumerate() {
        if index % 2 == 1 {
            let phrase: Vec<&str> =
                piece.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
            if !phrase.is_empty() {
                parts.push(format!("\"{}\"", phrase.join(" ")));
            }
            continue;
        }
        for word in piece.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
            let after_term = parts.last().is_some_and(|p| !operators.contains(p.as_str()));
            if operators.contains(word) {
                if after_term {
                    parts.push(word.to_owned());
                }
            } else {
                parts.push(format!("\"{word}\""));
            }
        }
    }
    while parts.last().is_some_and(|p| operators.contains(p.as_str())) {
        parts.pop();
    }
    (!parts.is_empty()).then(|| parts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_sound() {
        migrations().validate().unwrap();
    }

    #[test]
    fn nothing_typed_is_an_error() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE VIRTUAL TABLE search USING fts5(a, tokenize='porter unicode61')").unwrap();
        for typed in [
            "",
            "\"",
            "AND",
            "a AND",
            "NOT x",
            "a OR OR b",
            "(((",
            "a* -b ^c",
            "x:y",
            "\"a b\" NOT c",
            "é'; DROP",
            "OR \"a\"",
        ] {
            let Some(query) = fts_query(typed) else { continue };
            let found: Result<i64, _> =
                db.query_row("SELECT count(*) FROM search WHERE search MATCH ?1", [&query], |r| r.get(0));
            assert!(found.is_ok(), "{typed:?} became {query:?}: {found:?}");
        }
        assert_eq!(fts_query("child protection").unwrap(), "\"child\" \"protection\"");
        assert_eq!(fts_query("\"child protection\" OR duty").unwrap(), "\"child protection\" OR \"duty\"");
    }
}
