//! Spans of language and rates by body.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::{Share, f1};

/// A span of wording; offsets count Unicode characters, the end not included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The category, such as `B1`.
    pub category: String,
    /// First character.
    pub start: u32,
    /// One past the last.
    pub end: u32,
}

/// The labels of one note, as far as they are scored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteTruth {
    /// The note.
    pub id: String,
    /// The body that wrote it.
    pub body: String,
    /// Spans that must be reported.
    pub language: Vec<Span>,
    /// The same words used so that they must not be.
    #[serde(default)]
    pub must_not_flag: Vec<Span>,
    /// Flags of the whole record.
    #[serde(default)]
    pub record_flags: Vec<String>,
}

/// What a language audit said of one note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predicted {
    /// The note.
    pub id: String,
    /// Spans reported.
    #[serde(default)]
    pub language: Vec<Span>,
    /// Flags raised.
    #[serde(default)]
    pub record_flags: Vec<String>,
}

/// Matches and misses of spans or flags.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Default)]
struct Tally {
    matched: u64,
    extra: u64,
    missed: u64,
}

/// How one category did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SpanScore {
    /// Reported rightly over reported.
    pub precision: Share,
    /// Reported rightly over true.
    pub recall: Share,
    /// Of the two.
    pub f1: Option<f64>,
}

/// How far a body's rate is from the truth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RateError {
    /// The body.
    pub body: String,
    /// Notes.
    pub notes: u64,
    /// Share of its notes that have such wording.
    pub truth: f64,
    /// Share in which some was reported.
    pub reported: f64,
    /// The second less the first.
    pub error: f64,
}

/// How a language audit did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LanguageScore {
    /// Notes with a prediction, of all notes.
    pub notes: Share,
    /// All categories.
    pub spans: SpanScore,
    /// By category.
    pub by_category: BTreeMap<String, SpanScore>,
    /// Traps that were reported, of all traps.
    pub traps: Share,
    /// By flag of the whole record.
    pub flags: BTreeMap<String, SpanScore>,
    /// By body, in the order of their codes.
    pub rates: Vec<RateError>,
    /// Mean over bodies of the error without its sign.
    pub mean_rate_error: Option<f64>,
}

/// Scores predictions against labels. Spans match where the category is the same and they overlap; each is matched once. A note without
/// a prediction counts as one in which nothing was reported.
pub fn score_language(truth: &[NoteTruth], predicted: &[Predicted]) -> LanguageScore {
    let said: HashMap<&str, &Predicted> = predicted.iter().map(|p| (p.id.as_str(), p)).collect();
    let mut by_category: BTreeMap<String, Tally> = BTreeMap::new();
    let mut flags: BTreeMap<String, Tally> = BTreeMap::new();
    let mut bodies: BTreeMap<&str, (u64, u64, u64)> = BTreeMap::new();
    let (mut traps, mut hit, mut answered) = (0, 0, 0);
    for note in truth {
        let own = said.get(note.id.as_str());
        answered += u64::from(own.is_some());
        let spans: &[Span] = own.map_or(&[], |p| &p.language);
        let mut used = vec![false; spans.len()];
        for gold in &note.language {
            let found = spans.iter().enumerate().position(|(n, s)| !used[n] && overlap(gold, s));
            let tally = by_category.entry(gold.category.clone()).or_default();
            match found {
                Some(n) => {
                    used[n] = true;
                    tally.matched += 1;
                }
                None => tally.missed += 1,
            }
        }
        for (span, _) in spans.iter().zip(&used).filter(|(_, used)| !**used) {
            by_category.entry(span.category.clone()).or_default().extra += 1;
        }
        traps += note.must_not_flag.len() as u64;
        hit += note.must_not_flag.iter().filter(|t| spans.iter().any(|s| overlap(t, s))).count() as u64;
        let raised: &[String] = own.map_or(&[], |p| &p.record_flags);
        for flag in &note.record_flags {
            let tally = flags.entry(flag.clone()).or_default();
            if raised.contains(flag) { tally.matched += 1 } else { tally.missed += 1 }
        }
        for flag in raised.iter().filter(|f| !note.record_flags.contains(f)) {
            flags.entry(flag.clone()).or_default().extra += 1;
        }
        let counts = bodies.entry(&note.body).or_default();
        counts.0 += 1;
        counts.1 += u64::from(!note.language.is_empty());
        counts.2 += u64::from(!spans.is_empty());
    }
    let rates: Vec<RateError> = bodies
        .into_iter()
        .map(|(body, (notes, own, reported))| {
            let (truth, reported) = (own as f64 / notes as f64, reported as f64 / notes as f64);
            RateError { body: body.to_owned(), notes, truth, reported, error: reported - truth }
        })
        .collect();
    let mut all = Tally::default();
    for tally in by_category.values() {
        all.matched += tally.matched;
        all.extra += tally.extra;
        all.missed += tally.missed;
    }
    LanguageScore {
        notes: Share::of(answered, truth.len() as u64),
        spans: score(all),
        by_category: by_category.into_iter().map(|(c, t)| (c, score(t))).collect(),
        traps: Share::of(hit, traps),
        flags: flags.into_iter().map(|(f, t)| (f, score(t))).collect(),
        mean_rate_error: (!rates.is_empty())
            .then(|| rates.iter().map(|r| r.error.abs()).sum::<f64>() / rates.len() as f64),
        rates,
    }
}

fn overlap(a: &Span, b: &Span) -> bool {
    a.category == b.category && a.start < b.end && b.start < a.end
}

fn score(t: Tally) -> SpanScore {
    SpanScore {
        precision: Share::of(t.matched, t.matched + t.extra),
        recall: Share::of(t.matched, t.matched + t.missed),
        f1: f1(t.matched, t.matched + t.extra, t.matched + t.missed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(category: &str, start: u32, end: u32) -> Span {
        Span { category: category.into(), start, end }
    }

    #[test]
    fn spans_match_once_and_rates_are_compared_by_body() {
        let truth = [
            NoteTruth {
                id: "1".into(),
                body: "X".into(),
                language: vec![span("B1", 0, 10), span("B1", 20, 30)],
                must_not_flag: vec![],
                record_flags: vec!["C1".into()],
            },
            NoteTruth {
                id: "2".into(),
                body: "X".into(),
                language: vec![],
                must_not_flag: vec![span("B5", 5, 9)],
                record_flags: vec![],
            },
            NoteTruth {
                id: "3".into(),
                body: "Y".into(),
                language: vec![span("M1", 1, 2)],
                must_not_flag: vec![],
                record_flags: vec![],
            },
        ];
        let predicted = [
            Predicted {
                id: "1".into(),
                language: vec![span("B1", 5, 25)],
                record_flags: vec!["C1".into(), "C2".into()],
            },
            Predicted { id: "2".into(), language: vec![span("B5", 0, 6)], record_flags: vec![] },
        ];
        let score = score_language(&truth, &predicted);
        assert_eq!((score.spans.precision.part, score.spans.precision.whole), (1, 2));
        assert_eq!((score.spans.recall.part, score.spans.recall.whole), (1, 3));
        assert_eq!((score.traps.part, score.traps.whole), (1, 1));
        assert_eq!((score.flags["C1"].f1, score.flags["C2"].f1), (Some(1.0), Some(0.0)));
        assert_eq!(score.rates[0].error, 0.5);
        assert_eq!(score.rates[1].error, -1.0);
        assert_eq!(score.mean_rate_error, Some(0.75));
    }
}
