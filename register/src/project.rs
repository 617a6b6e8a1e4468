//! The projection: a fold over the ledger's entries that can stop at any date, be thrown away and be made again.

use std::collections::{BTreeMap, BTreeSet};

use candour_ledger::{Actor, Entry};
use candour_record::{
    Area, AreaId, Body, BodyId, Citation, ContentHash, DateOrUnknown, Document, Finding, Instrument,
    InstrumentId, PartialDate, Severity, Source, SourceId,
};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::fact::{
    AdequacyAssessed, ClaimMade, CommitmentId, CommitmentMade, CommitmentRebased, CommitmentState,
    CoverageStated, EvidenceFound, Fact, FigureReported, Happening, Judgement, NoAnswerFound, Proposal,
    Recommendation, RecommendationId, ResponseGiven, Verdict,
};

/// How far a fold goes. Both clocks count: what had happened by a day, and what had been recorded by a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AsAt {
    /// Only what is known to have happened by the end of this day.
    pub effective: Option<Date>,
    /// Only what was in the record by this moment.
    pub recorded: Option<Timestamp>,
}

impl AsAt {
    /// Whether an entry belongs to the view. A date known only to the month or year counts once its last day has come,
    /// and a date that is not known cannot be placed before any day, so it shows only in the view without one.
    fn includes(self, entry: &Entry, timeless: bool) -> bool {
        if self.recorded.is_some_and(|moment| entry.recorded_at > moment) {
            return false;
        }
        match (self.effective, entry.effective) {
            (None, _) => true,
            (Some(day), Some(DateOrUnknown::Known(date))) => date.latest() <= day,
            (Some(_), Some(DateOrUnknown::Unknown)) => false,
            (Some(_), None) => timeless,
        }
    }
}

/// A fact as it stands in the record.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded<T> {
    /// The ledger entry's index, from 0.
    pub index: u64,
    /// The fact.
    pub fact: T,
    /// When it happened in the world.
    pub effective: Option<DateOrUnknown>,
    /// What it rests on.
    pub citations: Vec<Citation>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Who recorded it.
    pub recorded_by: Actor,
}

impl<T> Recorded<T> {
    /// The date it happened, where known.
    pub fn date(&self) -> Option<PartialDate> {
        self.effective.and_then(DateOrUnknown::known)
    }
}

/// An inquiry, audit or report, and what hangs on it.
#[derive(Debug, Clone, PartialEq)]
pub struct InstrumentRecord {
    /// The instrument as last described.
    pub listed: Recorded<Instrument>,
    /// Its recommendations, in the order of their numbers.
    pub recommendations: Vec<RecommendationId>,
    /// Reports and local inquiries under it.
    pub children: Vec<InstrumentId>,
    /// What happened to it as a whole.
    pub happenings: Vec<Recorded<Happening>>,
    /// Promises about it as a whole.
    pub commitments: Vec<CommitmentId>,
    /// Entries about it.
    pub history: Vec<u64>,
}

/// A recommendation, and everything recorded about it in the order it was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct RecommendationRecord {
    /// The recommendation as made.
    pub made: Recorded<Recommendation>,
    /// Answers.
    pub responses: Vec<Recorded<ResponseGiven>>,
    /// Answers looked for and not found.
    pub no_answers: Vec<Recorded<NoAnswerFound>>,
    /// What bodies say they have done.
    pub claims: Vec<Recorded<ClaimMade>>,
    /// What public records show.
    pub evidence: Vec<Recorded<EvidenceFound>>,
    /// Promises.
    pub commitments: Vec<CommitmentId>,
    /// Judgements.
    pub adequacy: Vec<Recorded<AdequacyAssessed>>,
    /// What happened.
    pub happenings: Vec<Recorded<Happening>>,
    /// Later recommendations that repeat it.
    pub restated_by: Vec<RecommendationId>,
    /// Entries about it.
    pub history: Vec<u64>,
}

/// A promise: its first date, every later one, and what was reported of it.
#[derive(Debug, Clone, PartialEq)]
pub struct CommitmentRecord {
    /// As first made.
    pub made: Recorded<CommitmentMade>,
    /// Every moving of the date, oldest first.
    pub rebasings: Vec<Recorded<CommitmentRebased>>,
    /// Reports of how it stands, oldest first.
    pub states: Vec<Recorded<CommitmentState>>,
    /// What happened to it.
    pub happenings: Vec<Recorded<Happening>>,
}

impl CommitmentRecord {
    /// The newest report of how it stands.
    pub fn state(&self) -> CommitmentState {
        self.states.last().map_or(CommitmentState::Unknown, |s| s.fact)
    }

    /// The date now said, after every re-basing; the first date where it was never moved.
    pub fn due_now(&self) -> Option<PartialDate> {
        self.rebasings.last().map_or(self.made.fact.first_due, |r| r.fact.new_due)
    }

    /// How often the date was moved, and by how many days in all, counted between the latest days each date can mean.
    pub fn rebased(&self) -> (usize, Option<i32>) {
        let total = match (self.made.fact.first_due, self.due_now()) {
            (Some(first), Some(now)) => Some(crate::status::days_between(first.latest(), now.latest())),
            _ => None,
        };
        (self.rebasings.len(), total)
    }
}

/// A proposal that a named person has judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// What the machine read.
    pub proposal: Recorded<Proposal>,
    /// What was decided.
    pub verdict: Verdict,
    /// The entry of the judgement.
    pub judgement: u64,
    /// Who decided.
    pub by: Actor,
}

/// The register as it stood at some date: a value, computed from the ledger and from nothing else.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Register {
    /// How far the fold went.
    pub as_at: AsAt,
    /// Published things that claims rest on.
    pub sources: BTreeMap<SourceId, Source>,
    /// Bodies.
    pub bodies: BTreeMap<BodyId, Recorded<Body>>,
    /// Areas.
    pub areas: BTreeMap<AreaId, Area>,
    /// Inquiries, audits and reports.
    pub instruments: BTreeMap<InstrumentId, InstrumentRecord>,
    /// Recommendations.
    pub recommendations: BTreeMap<RecommendationId, RecommendationRecord>,
    /// Promises.
    pub commitments: BTreeMap<CommitmentId, CommitmentRecord>,
    /// Happenings that concern no one record.
    pub happenings: Vec<Recorded<Happening>>,
    /// Figures and findings reported by sources.
    pub figures: Vec<Recorded<FigureReported>>,
    /// Documents held.
    pub documents: BTreeMap<ContentHash, Recorded<Document>>,
    /// What machines read and nobody has yet judged, by document.
    pub proposals: BTreeMap<ContentHash, Vec<Recorded<Proposal>>>,
    /// What was judged, by the entry of the proposal.
    pub judged: BTreeMap<u64, Judged>,
    /// Proposals that wait again, with the entry that reopened them.
    pub reopened: BTreeMap<u64, u64>,
    /// How far the register has looked.
    pub coverage: Option<Recorded<CoverageStated>>,
    /// Number of entries folded in.
    pub entries: u64,
    /// Days on which something happened, with how many things did.
    pub days: BTreeMap<Date, u32>,
}

impl Register {
    /// Folds entries, in order of their index, into the register as at a date.
    ///
    /// An entry that cannot be understood, or is about something never listed, is named in a finding and skipped: one
    /// bad entry never costs the rest.
    pub fn project<'a>(
        entries: impl IntoIterator<Item = (u64, &'a Entry)>,
        as_at: AsAt,
    ) -> (Self, Vec<Finding>) {
        let mut register = Self { as_at, ..Self::default() };
        let mut findings = Vec::new();
        let entries: Vec<(u64, &Entry)> = entries.into_iter().collect();
        let retracted = retracted(&entries, as_at);
        for (index, entry) in entries {
            if retracted.contains(&index) {
                continue;
            }
            let fact = match Fact::from_entry(entry) {
                None => continue,
                Some(Ok(fact)) => fact,
                Some(Err(error)) => {
                    findings.push(Finding::new(
                        Severity::Error,
                        "entry_not_understood",
                        format!("entry index {index}: {error}"),
                    ));
                    continue;
                }
            };
            let timeless = matches!(
                fact,
                Fact::Source(_)
                    | Fact::Body(_)
                    | Fact::Area(_)
                    | Fact::Figure(_)
                    | Fact::Coverage(_)
                    | Fact::Instrument(_)
                    | Fact::Judgement(_)
            );
            if as_at.includes(entry, timeless) {
                let subject = entry.subject.clone();
                if !register.apply(index, entry, fact) {
                    let message = format!(
                        "entry index {index} ({}) is about {subject:?}, which is not in the record at that point",
                        entry.kind
                    );
                    findings.push(Finding::new(Severity::Warning, "subject_not_listed", message));
                }
            }
        }
        register.link();
        (register, findings)
    }

    /// The body that answers for another: itself, or the one it is part of, upwards.
    pub fn answers_for<'a>(&'a self, body: &'a BodyId) -> impl Iterator<Item = &'a BodyId> {
        // A chain of parts deeper than this is a loop in the record.
        std::iter::successors(Some(body), |b| self.bodies.get(*b).and_then(|b| b.fact.part_of.as_ref()))
            .take(8)
    }

    /// The body whose name, old or new, is what a document writes.
    pub fn body_named(&self, written: &str) -> Option<&BodyId> {
        let plain = |s: &str| s.trim_start_matches("The ").trim_start_matches("the ").to_lowercase();
        let wanted = plain(written);
        self.bodies
            .values()
            .find(|b| b.fact.names.iter().any(|n| plain(&n.name) == wanted))
            .map(|b| &b.fact.id)
    }

    /// The name to show for a body, its id where the record does not know it.
    pub fn body_name<'a>(&'a self, id: &'a BodyId) -> &'a str {
        self.bodies.get(id).map_or(id.as_str(), |body| body.fact.name())
    }

    /// Instruments that are part of no other, newest publication first.
    pub fn roots(&self) -> Vec<&InstrumentRecord> {
        let mut roots: Vec<_> =
            self.instruments.values().filter(|i| i.listed.fact.parent.is_none()).collect();
        roots.sort_by_key(|i| std::cmp::Reverse(i.listed.fact.published.and_then(DateOrUnknown::known)));
        roots
    }

    fn apply(&mut self, index: u64, entry: &Entry, fact: Fact) -> bool {
        self.entries += 1;
        if let Some(DateOrUnknown::Known(date)) = entry.effective
            && let Some(day) = date.day()
        {
            *self.days.entry(day).or_default() += 1;
        }
        let stamp = Stamp { index, entry };
        match fact {
            Fact::Source(source) => {
                self.sources.insert(source.id.clone(), source);
            }
            Fact::Body(body) => {
                self.bodies.insert(body.id.clone(), stamp.record(body));
            }
            Fact::Area(area) => {
                self.areas.insert(area.id.clone(), area);
            }
            Fact::Instrument(instrument) => self.list_instrument(&stamp, instrument),
            Fact::Document(document) => {
                self.documents.insert(document.sha256, stamp.record(document));
            }
            Fact::Recommendation(made) => self.make_recommendation(&stamp, made),
            Fact::Accepted(accepted) => {
                self.judge(&stamp, &[accepted.proposal], Verdict::Accepted);
                self.make_recommendation(&stamp, accepted.recommendation);
            }
            Fact::Judgement(Judgement { proposals, verdict, .. }) => self.judge(&stamp, &proposals, verdict),
            Fact::Response(fact) => {
                return self
                    .on(&fact.recommendation.clone(), index, |r| r.responses.push(stamp.record(fact)));
            }
            Fact::NoAnswer(fact) => {
                return self
                    .on(&fact.recommendation.clone(), index, |r| r.no_answers.push(stamp.record(fact)));
            }
            Fact::Claim(fact) => {
                return self.on(&fact.recommendation.clone(), index, |r| r.claims.push(stamp.record(fact)));
            }
            Fact::Evidence(fact) => {
                return self.on(&fact.recommendation.clone(), index, |r| r.evidence.push(stamp.record(fact)));
            }
            Fact::Adequacy(fact) => {
                return self.on(&fact.recommendation.clone(), index, |r| r.adequacy.push(stamp.record(fact)));
            }
            Fact::Commitment(fact) => self.make_commitment(&stamp, fact),
            Fact::Rebased(fact) => match self.commitments.get_mut(&fact.commitment) {
                Some(commitment) => commitment.rebasings.push(stamp.record(fact)),
                None => return false,
            },
            Fact::CommitmentState(fact) => match self.commitments.get_mut(&fact.commitment) {
                Some(commitment) => commitment.states.push(stamp.record(fact.state)),
                None => return false,
            },
            Fact::Happening(fact) => self.happen(&stamp, fact),
            Fact::Figure(fact) => self.figures.push(stamp.record(fact)),
            Fact::Coverage(fact) => self.coverage = Some(stamp.record(fact)),
            Fact::Proposal(fact) => {
                let waiting = self.proposals.entry(fact.document).or_default();
                waiting.push(stamp.record(fact));
                // What a person split or merged stands where its words do.
                waiting.sort_by_key(|p| (p.fact.item.start, p.index));
            }
        }
        true
    }

    /// Moves proposals between those that wait and those that are judged.
    fn judge(&mut self, stamp: &Stamp<'_>, proposals: &[u64], verdict: Verdict) {
        for index in proposals {
            let waiting = self
                .proposals
                .values_mut()
                .find_map(|w| w.iter().position(|p| p.index == *index).map(|at| w.remove(at)));
            let Some(proposal) = waiting.or_else(|| self.judged.remove(index).map(|j| j.proposal)) else {
                continue;
            };
            if verdict == Verdict::Reopened {
                self.reopened.insert(*index, stamp.index);
                let waiting = self.proposals.entry(proposal.fact.document).or_default();
                waiting.push(proposal);
                waiting.sort_by_key(|p| (p.fact.item.start, p.index));
            } else {
                let by = stamp.entry.recorded_by.clone();
                self.judged.insert(*index, Judged { proposal, verdict, judgement: stamp.index, by });
            }
        }
    }

    fn on(&mut self, id: &RecommendationId, index: u64, add: impl FnOnce(&mut RecommendationRecord)) -> bool {
        let Some(record) = self.recommendations.get_mut(id) else { return false };
        add(record);
        record.history.push(index);
        true
    }

    fn list_instrument(&mut self, stamp: &Stamp<'_>, instrument: Instrument) {
        let listed = stamp.record(instrument);
        if let Some(known) = self.instruments.get_mut(&listed.fact.id) {
            known.history.push(stamp.index);
            known.listed = listed;
        } else {
            let record = InstrumentRecord {
                recommendations: Vec::new(),
                children: Vec::new(),
                happenings: Vec::new(),
                commitments: Vec::new(),
                history: vec![stamp.index],
                listed,
            };
            self.instruments.insert(record.listed.fact.id.clone(), record);
        }
    }

    fn make_recommendation(&mut self, stamp: &Stamp<'_>, made: Recommendation) {
        let id = made.id.clone();
        let made = stamp.record(made);
        if let Some(known) = self.recommendations.get_mut(&id) {
            known.history.push(stamp.index);
            known.made = made;
            return;
        }
        let record = RecommendationRecord {
            made,
            responses: Vec::new(),
            no_answers: Vec::new(),
            claims: Vec::new(),
            evidence: Vec::new(),
            commitments: Vec::new(),
            adequacy: Vec::new(),
            happenings: Vec::new(),
            restated_by: Vec::new(),
            history: vec![stamp.index],
        };
        self.recommendations.insert(id, record);
    }

    fn make_commitment(&mut self, stamp: &Stamp<'_>, fact: CommitmentMade) {
        let id = fact.id.clone();
        if let Some(recommendation) = self.recommendations.get_mut(fact.about.as_str()) {
            recommendation.commitments.push(id.clone());
            recommendation.history.push(stamp.index);
        } else if let Some(instrument) = self.instruments.get_mut(fact.about.as_str()) {
            instrument.commitments.push(id.clone());
            instrument.history.push(stamp.index);
        }
        let record = CommitmentRecord {
            made: stamp.record(fact),
            rebasings: Vec::new(),
            states: Vec::new(),
            happenings: Vec::new(),
        };
        self.commitments.insert(id, record);
    }

    fn happen(&mut self, stamp: &Stamp<'_>, fact: Happening) {
        let about = fact.about.clone();
        let recorded = stamp.record(fact);
        if let Some(recommendation) = self.recommendations.get_mut(about.as_str()) {
            recommendation.history.push(stamp.index);
            recommendation.happenings.push(recorded);
        } else if let Some(instrument) = self.instruments.get_mut(about.as_str()) {
            instrument.history.push(stamp.index);
            instrument.happenings.push(recorded);
        } else if let Some(commitment) = self.commitments.get_mut(about.as_str()) {
            commitment.happenings.push(recorded);
        } else {
            self.happenings.push(recorded);
        }
    }

    /// Joins what points at each other, once everything is in.
    fn link(&mut self) {
        let mut in_instrument: BTreeMap<InstrumentId, Vec<(u32, String, RecommendationId)>> = BTreeMap::new();
        let mut restated: Vec<(RecommendationId, RecommendationId)> = Vec::new();
        for (id, record) in &self.recommendations {
            let made = &record.made.fact;
            // Numbers such as 4a and 10 sort by their leading digits first, then as written.
            let digits: String = made.number.chars().take_while(char::is_ascii_digit).collect();
            let leading = digits.parse().unwrap_or(u32::MAX);
            in_instrument.entry(made.instrument.clone()).or_default().push((
                leading,
                made.number.clone(),
                id.clone(),
            ));
            restated.extend(made.restates.iter().map(|earlier| (earlier.clone(), id.clone())));
        }
        for (instrument, mut recommendations) in in_instrument {
            if let Some(record) = self.instruments.get_mut(&instrument) {
                recommendations.sort();
                record.recommendations = recommendations.into_iter().map(|(_, _, id)| id).collect();
            }
        }
        for (earlier, later) in restated {
            if let Some(record) = self.recommendations.get_mut(&earlier) {
                record.restated_by.push(later);
            }
        }
        let children: Vec<_> = self
            .instruments
            .iter()
            .filter_map(|(id, record)| record.listed.fact.parent.clone().map(|parent| (parent, id.clone())))
            .collect();
        for (parent, child) in children {
            if let Some(record) = self.instruments.get_mut(&parent) {
                record.children.push(child);
            }
        }
    }
}

/// The entries that reopened judgements took back, as far as the record then knew.
fn retracted(entries: &[(u64, &Entry)], as_at: AsAt) -> BTreeSet<u64> {
    entries
        .iter()
        .filter(|(_, entry)| entry.kind == "proposal.judged")
        .filter(|(_, entry)| as_at.recorded.is_none_or(|moment| entry.recorded_at <= moment))
        .filter_map(|(_, entry)| match Fact::from_entry(entry) {
            Some(Ok(Fact::Judgement(judgement))) => Some(judgement.retracts),
            _ => None,
        })
        .flatten()
        .collect()
}

struct Stamp<'a> {
    index: u64,
    entry: &'a Entry,
}

impl Stamp<'_> {
    fn record<T>(&self, fact: T) -> Recorded<T> {
        Recorded {
            index: self.index,
            fact,
            effective: self.entry.effective,
            citations: self.entry.citations.clone(),
            recorded_at: self.entry.recorded_at,
            recorded_by: self.entry.recorded_by.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::{DocumentKind, Request, extract};
    use crate::fact::{Draft, Wording};
    use candour_ledger::ActorRole;
    use candour_record::{Basis, MediaKind};

    fn entries(drafts: Vec<Draft>) -> Vec<(u64, Entry)> {
        drafts
            .into_iter()
            .enumerate()
            .map(|(index, draft)| {
                let entry = Entry {
                    version: 1,
                    kind: draft.fact.kind().to_owned(),
                    subject: draft.fact.subject(),
                    recorded_at: Timestamp::from_second(1_700_000_000 + index as i64).unwrap(),
                    recorded_by: Actor { name: "Robin".to_owned(), role: ActorRole::Person },
                    effective: draft.effective,
                    citations: draft.citations,
                    payload: draft.fact.payload().unwrap(),
                };
                (index as u64, entry)
            })
            .collect()
    }

    fn undated(fact: Fact) -> Draft {
        Draft { fact, effective: Some(DateOrUnknown::Unknown), citations: Vec::new() }
    }

    fn judged(verdict: Verdict, retracts: Vec<u64>) -> Draft {
        let fact = Fact::Judgement(Judgement {
            proposals: vec![2],
            verdict,
            reason: String::new(),
            amended: false,
            retracts,
            follows: None,
        });
        Draft { fact, effective: None, citations: Vec::new() }
    }

    #[test]
    fn what_was_accepted_can_be_taken_back_and_stays_in_the_ledger() {
        let source = "# Recommendations\n\n1. The Board should publish.\n2. The Council should meet.\n";
        let reading =
            candour_reading::read(source.as_bytes(), "report.md", &candour_reading::Limits::default())
                .unwrap();
        let request = Request { published: None, kind: Some(DocumentKind::Report) };
        let item = extract(&reading, request).0.items.remove(0);
        let hash = ContentHash::from_bytes([7; 32]);
        let document = Document {
            sha256: hash,
            title: "Report".to_owned(),
            media: MediaKind::Markdown,
            bytes: 1,
            pages: 1,
            published: DateOrUnknown::Unknown,
            producer: None,
        };
        let instrument = Instrument {
            id: InstrumentId::new("report").unwrap(),
            kind: candour_record::InstrumentKind::Report,
            title: "Report".to_owned(),
            parent: None,
            led_by: String::new(),
            territory: String::new(),
            legal_basis: String::new(),
            established: None,
            published: None,
            response_due: None,
            stated_count: None,
            note: String::new(),
        };
        let recommendation = Recommendation {
            id: RecommendationId::new("report-01").unwrap(),
            instrument: instrument.id.clone(),
            number: "1".to_owned(),
            number_confirmed: true,
            title: "Returns".to_owned(),
            wording: Wording::Verbatim(item.text.clone()),
            addressees: Vec::new(),
            deadlines: Vec::new(),
            response_due: None,
            restates: Vec::new(),
            basis: Basis::Read,
            note: String::new(),
        };
        let proposal = Proposal { document: hash, item, reader: "0".to_owned() };
        let all = entries(vec![
            undated(Fact::Document(document)),
            undated(Fact::Instrument(instrument)),
            undated(Fact::Proposal(proposal)),
            undated(Fact::Recommendation(recommendation)),
            judged(Verdict::Accepted, Vec::new()),
            judged(Verdict::Reopened, vec![3]),
        ]);
        let project =
            |count: usize| Register::project(all[..count].iter().map(|(i, e)| (*i, e)), AsAt::default()).0;

        let accepted = project(5);
        assert_eq!(accepted.judged[&2].verdict, Verdict::Accepted);
        assert_eq!(accepted.judged[&2].by.name, "Robin");
        assert!(accepted.proposals[&hash].is_empty());
        assert!(accepted.recommendations.contains_key("report-01"));

        let reopened = project(6);
        assert_eq!(reopened.proposals[&hash].len(), 1);
        assert_eq!(reopened.reopened[&2], 5);
        assert!(reopened.recommendations.is_empty() && reopened.judged.is_empty());

        // As the record stood before it was taken back, it was accepted.
        let before = AsAt { effective: None, recorded: Some(all[4].1.recorded_at) };
        let then = Register::project(all.iter().map(|(i, e)| (*i, e)), before).0;
        assert!(then.recommendations.contains_key("report-01"));
    }
}
