//! The data call as the ledger has it: its events to entries and back.
//!
//! The public table of who returned what is made of these entries and of nothing else. An entry holds no record and no key of a
//! person; the types of its events have no place for one.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use candour_ledger::{Actor, ActorRole, Entry, SigningKey};
use candour_returns::workflow::{By, Call, CallEvent, Deadlines, Recorded, ReturnEvent, ReturnFile, Said};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::Store;
use crate::workspace::Workspace;

/// Before the id of a call, and before the code of a body, in the subjects of entries.
const CALL: &str = "call-";
const RETURN: &str = "return-";
/// How this program is called where nobody is named.
pub(crate) const PROGRAM: &str = "candour returns";

/// What the ledger says of the call and of every body's return.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) call: Option<Call>,
    pub(crate) returns: BTreeMap<String, ReturnFile>,
}

impl Told {
    /// Reads it off the entries, up to the end of a day where one is named. An event that does not follow from those before it is
    /// an error that names its entry.
    pub(crate) fn read<'a>(
        entries: impl IntoIterator<Item = (u64, &'a Entry)>,
        until: Option<Date>,
    ) -> Result<Self> {
        let mut told = Self::default();
        // What followed on a day that is left out is left out as well.
        let mut ended: BTreeSet<&str> = BTreeSet::new();
        for (index, entry) in entries {
            let subject = entry.subject.as_str();
            let is_of_call = entry.kind.starts_with("call.");
            if !is_of_call && !entry.kind.starts_with("return.") {
                continue;
            }
            let place = || format!("entry index {index} ({} of {subject})", entry.kind);
            let on = day_of(entry).with_context(place)?;
            if ended.contains(subject) || until.is_some_and(|until| on > until) {
                ended.insert(subject);
                continue;
            }
            let by = |reason| By { actor: &entry.recorded_by.name, at: entry.recorded_at, on, reason };
            if is_of_call {
                let said: Said<CallEvent> = said(entry).with_context(place)?;
                ensure!(said.event.kind() == entry.kind, "{}: its kind is not that of its event", place());
                let id = subject.strip_prefix(CALL).with_context(place)?;
                let call = told.call.get_or_insert_with(|| Call::draft(id));
                ensure!(call.id == id, "{}: a workspace holds one call, and has {}", place(), call.id);
                let reason = said.reason.clone();
                call.replay(said, &by(&reason)).with_context(place)?;
            } else {
                let said: Said<ReturnEvent> = said(entry).with_context(place)?;
                ensure!(said.event.kind() == entry.kind, "{}: its kind is not that of its event", place());
                let body = subject.strip_prefix(RETURN).with_context(place)?;
                let file = told.returns.entry(body.to_owned()).or_insert_with(|| ReturnFile::new(body));
                let reason = said.reason.clone();
                file.replay(said, &by(&reason)).with_context(place)?;
            }
        }
        Ok(told)
    }

    /// The time limits of the call, where it was sent out.
    pub(crate) fn deadlines(&self) -> Option<&Deadlines> {
        self.call.as_ref().and_then(|call| call.terms.as_ref()).map(|terms| &terms.deadlines)
    }

    /// What is known of the return of a body: nothing yet, where the ledger does not name it.
    pub(crate) fn file(&self, body: &str) -> ReturnFile {
        self.returns.get(body).cloned().unwrap_or_else(|| ReturnFile::new(body))
    }
}

/// The data call of a workspace, open for writing.
pub(crate) struct DataCall {
    pub(crate) told: Told,
    store: Store,
    key: SigningKey,
}

impl DataCall {
    pub(crate) fn open(workspace: &Workspace) -> Result<Self> {
        let store = workspace.store()?;
        let told = read(&store, None)?;
        Ok(Self { told, store, key: workspace.signing_key()? })
    }

    /// The same as on a day.
    pub(crate) fn as_of(&self, day: Date) -> Result<Told> {
        read(&self.store, Some(day))
    }

    /// Records what was added to the history of a call.
    pub(crate) fn record_call(&mut self, call: Call) -> Result<()> {
        let before = self.told.call.as_ref().map_or(0, |c| c.history.len());
        let subject = format!("{CALL}{}", call.id);
        let entries = entries_of(&subject, &call.history, before, CallEvent::kind, Timestamp::now())?;
        self.append(&entries)?;
        self.told.call = Some(call);
        Ok(())
    }

    /// Records what was added to the histories of returns, all of it or nothing. `files` were taken from what is told and then
    /// moved; where one of them was moved by someone else since, nothing is recorded.
    pub(crate) fn record(&mut self, files: Vec<ReturnFile>) -> Result<()> {
        // Returns are moved side by side, and recorded one after the other: all at one time, which is when they are recorded.
        let now = Timestamp::now();
        let mut entries = Vec::new();
        for file in &files {
            let known = self.told.returns.get(&file.body).map_or(&[][..], |f| &f.history);
            ensure!(
                file.history.starts_with(known),
                "{}: its return was moved by something else meanwhile; run the command again",
                file.body
            );
            let subject = format!("{RETURN}{}", file.body);
            entries.extend(entries_of(&subject, &file.history, known.len(), ReturnEvent::kind, now)?);
        }
        self.append(&entries)?;
        self.told.returns.extend(files.into_iter().map(|file| (file.body.clone(), file)));
        Ok(())
    }

    fn append(&mut self, entries: &[Entry]) -> Result<()> {
        let done = self.store.append_entries(entries, &self.key)?;
        ensure!(done.known == 0, "the ledger held an event of this return already; run `candour log verify`");
        Ok(())
    }

    /// Brings the log's public files up to the ledger.
    pub(crate) fn publish(&self) -> Result<()> {
        self.store.write_log(&self.key.verifier())
    }
}

fn read(store: &Store, until: Option<Date>) -> Result<Told> {
    let (entries, _) = store.entries()?;
    Told::read(entries.iter().map(|(index, entry)| (*index, entry)), until)
}

fn day_of(entry: &Entry) -> Result<Date> {
    let day = entry.effective.as_ref().map(ToString::to_string);
    day.and_then(|day| day.parse().ok()).context("it has no day")
}

fn said<E: DeserializeOwned>(entry: &Entry) -> Result<Said<E>> {
    serde_json::from_value(entry.payload.clone()).context("it is no event of a data call")
}

fn entries_of<E: Serialize>(
    subject: &str,
    history: &[Recorded<E>],
    before: usize,
    kind: fn(&E) -> &'static str,
    now: Timestamp,
) -> Result<Vec<Entry>> {
    let entry = |recorded: &Recorded<E>| {
        let role = if recorded.actor == PROGRAM {
            ActorRole::Software { version: env!("CARGO_PKG_VERSION").to_owned() }
        } else {
            ActorRole::Person
        };
        Ok(Entry {
            version: 1,
            kind: kind(&recorded.said.event).to_owned(),
            subject: subject.to_owned(),
            recorded_at: now,
            recorded_by: Actor { name: recorded.actor.clone(), role },
            effective: Some(recorded.on.to_string().parse().context("a day is no date")?),
            citations: Vec::new(),
            payload: serde_json::to_value(&recorded.said)?,
        })
    };
    history.iter().skip(before).map(entry).collect()
}

#[cfg(test)]
mod tests {
    use candour_returns::workflow::ReturnState;

    use super::*;
    use crate::store::Indexed;

    #[test]
    fn what_is_recorded_reads_back_and_what_does_not_follow_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::create(&folder.path().join("audit"), "An audit", "").unwrap();
        let by = |day: &str| By {
            actor: "A. Officer",
            at: "2026-03-01T10:00:00Z".parse().unwrap(),
            on: day.parse().unwrap(),
            reason: "as it came",
        };
        let mut call = DataCall::open(&workspace).unwrap();
        let stale = call.told.file("X1");
        let mut file = stale.clone();
        file.apply(ReturnEvent::Acknowledge, &by("2026-03-01")).unwrap();
        file.apply(ReturnEvent::CannotSupply, &by("2026-03-05")).unwrap();
        call.record(vec![file]).unwrap();
        // Whoever looked before that and moves it now would move it from where it no longer is.
        let mut other = stale;
        other.apply(ReturnEvent::Prepare, &by("2026-03-06")).unwrap_err();
        other.apply(ReturnEvent::CannotSupply, &by("2026-03-06")).unwrap();
        let refusal = call.record(vec![other]).unwrap_err().to_string();
        assert!(refusal.contains("moved by something else meanwhile"), "{refusal}");

        let call = DataCall::open(&workspace).unwrap();
        assert_eq!(call.told.file("X1").state, ReturnState::CannotSupply);
        let earlier = call.as_of("2026-03-04".parse().unwrap()).unwrap();
        assert_eq!(earlier.file("X1").state, ReturnState::Acknowledged);

        let (mut entries, _) = call.store.entries().unwrap();
        assert_eq!(entries.len(), 2);
        entries[1].1.payload["state"] = "accepted".into();
        let read = |entries: &Indexed| Told::read(entries.iter().map(|(i, e)| (*i, e)), None);
        let problem = format!("{:#}", read(&entries).unwrap_err());
        assert!(problem.contains("entry index 1") && problem.contains("accepted"), "{problem}");
        // An entry that is gone leaves the next without what it follows.
        entries.remove(0);
        assert!(format!("{:#}", read(&entries).unwrap_err()).contains("the ledger says event 1"));
    }
}
