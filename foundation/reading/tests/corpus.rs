//! Real documents, which the project does not carry: these tests run only where `CANDOUR_CORPUS` names the folder that holds them.
#![expect(clippy::disallowed_methods, reason = "a test of real files opens them")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candour_reading::{Block, BlockKind, Limits, Reading, read};
use candour_record::Severity;

fn corpus() -> Option<PathBuf> {
    std::env::var("CANDOUR_CORPUS").ok().map(|folder| Path::new(&folder).join("documents"))
}

fn open(path: &Path) -> Reading {
    let bytes = std::fs::read(path).expect("the corpus is whole");
    read(&bytes, &path.display().to_string(), &Limits::default()).expect("it can be read")
}

/// Words in lower case, letters and digits only; numbers alone are left out, because note numbers are marked up otherwise.
fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .replace(['’', '‘'], "'")
        .split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '\'' | '£')))
        .filter(|w| w.chars().any(|c| c.is_ascii_alphanumeric()) && !w.bytes().all(|b| b.is_ascii_digit()))
        .map(str::to_owned)
        .collect()
}

/// The transcription without its markup (`reStructuredText`): underlines, directives, roles and link targets.
fn transcription(folder: &Path) -> String {
    let mut text = String::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the corpus is whole").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|n| n != "index.rst") {
                for line in std::fs::read_to_string(&path).expect("the corpus is whole").lines() {
                    text.push_str(&without_markup(line));
                    text.push('\n');
                }
            }
        }
    }
    text
}

fn without_markup(line: &str) -> String {
    let trimmed = line.trim();
    if trimmed.starts_with(".. ") && trimmed.contains("::")
        || trimmed.starts_with(':') && !trimmed.contains('`')
    {
        return String::new();
    }
    // `words <target>` keeps its words, :role:`words` loses its role, [12]_ goes.
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('`') {
        let before = &rest[..at];
        let role = before.strip_suffix(':').and_then(|b| b.rfind(':').map(|r| &b[..r]));
        out.push_str(role.unwrap_or(before));
        let inside = &rest[at + 1..];
        let end = inside.find('`').unwrap_or(inside.len());
        out.push_str(inside[..end].split('<').next().unwrap_or(""));
        rest = inside.get(end + 1..).unwrap_or("").trim_start_matches('_');
    }
    out.push_str(rest);
    out.replace(['*', '\\'], "")
}

fn counts(words: &[String]) -> HashMap<&str, usize> {
    words.iter().fold(HashMap::new(), |mut counts, word| {
        *counts.entry(word.as_str()).or_default() += 1;
        counts
    })
}

/// Precision, recall and F1 of a bag of words.
fn overlap(found: &[String], truth: &[String]) -> (f64, f64, f64) {
    let (a, b) = (counts(found), counts(truth));
    let common: usize = a.iter().map(|(word, n)| n.min(b.get(word).unwrap_or(&0))).sum();
    let (p, r) = (common as f64 / found.len() as f64, common as f64 / truth.len() as f64);
    (p, r, 2.0 * p * r / (p + r))
}

fn body_and_notes(reading: &Reading) -> String {
    let kept = |b: &&Block| b.kind.is_body() || b.kind == BlockKind::Footnote;
    reading.blocks.iter().filter(kept).map(|b| reading.slice(b.span)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_report_reads_as_its_transcription_does() {
    let Some(corpus) = corpus() else { return };
    let reading = open(&corpus.join("uk/post-office-horizon-vol1-report.pdf"));
    let truth = words(&transcription(&corpus.join("uk/post-office-horizon-vol1-rst/volume-1")));
    let (p, r, f1) = overlap(&words(&body_and_notes(&reading)), &truth);
    // Measured 24 November 2026: see the README. The transcription leaves out the title page and the list of contents.
    assert!(f1 >= MEASURED_F1 - 0.005, "precision {p:.4} recall {r:.4} F1 {f1:.4}");
    assert!(r >= 0.9985, "recall {r:.4}");
}

const MEASURED_F1: f64 = 0.9981;

#[test]
fn every_recommendation_is_one_block_word_for_word() {
    let Some(corpus) = corpus() else { return };
    let reading = open(&corpus.join("uk/post-office-horizon-vol1-report.pdf"));
    let truth = std::fs::read_to_string(
        corpus.join("uk/post-office-horizon-vol1-rst/volume-1/2-recommendations.rst"),
    )
    .unwrap();
    let truth: Vec<&str> = truth.lines().filter_map(|l| l.strip_prefix("#. ")).collect();
    assert_eq!(truth.len(), 19);
    let blocks: Vec<(String, Vec<String>)> = reading
        .blocks
        .iter()
        .filter_map(|b| match &b.kind {
            BlockKind::ListItem { label, .. } => Some((label.clone(), words(reading.slice(b.span)))),
            _ => None,
        })
        .collect();
    for (index, recommendation) in truth.iter().enumerate() {
        let wanted = (format!("{}.", index + 1), words(recommendation));
        assert!(blocks.contains(&wanted), "recommendation {} is not one clean block", index + 1);
    }
}

#[test]
fn a_recommendation_printed_twice_reads_the_same_twice() {
    let Some(corpus) = corpus() else { return };
    let reading = open(&corpus.join("uk/covid19-module1-report.pdf"));
    let is_heading = |b: &Block| matches!(b.kind, BlockKind::Heading(_));
    // The appendix sets two of its paragraphs without the space between them, so only the words are compared; after the
    // last of them stand the numbers of the back cover.
    let under = |number: usize| -> Vec<String> {
        let start = format!("Recommendation {number}: ");
        let at = reading
            .blocks
            .iter()
            .enumerate()
            .filter(|(_, b)| is_heading(b) && reading.slice(b.span).starts_with(&start));
        at.map(|(i, _)| {
            // In its chapter a recommendation is followed by the next numbered paragraph.
            let own = |b: &&Block| match &b.kind {
                BlockKind::ListItem { label, .. } => label == "•",
                kind => !matches!(kind, BlockKind::Heading(_)) && kind.is_body(),
            };
            reading.blocks[i + 1..]
                .iter()
                .take_while(own)
                .map(|b| reading.slice(b.span))
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect()
    };
    for number in 1..=10 {
        let printed = under(number);
        assert_eq!(printed.len(), 2, "recommendation {number}");
        assert!(
            !printed[0].is_empty() && printed[1].starts_with(&printed[0]),
            "recommendation {number}: {printed:#?}"
        );
    }
}

#[test]
fn pictures_of_text_are_not_passed_over() {
    let Some(corpus) = corpus() else { return };
    let reading = open(&corpus.join("uk/post-office-horizon-vol1-response.pdf"));
    let finding = reading.findings.iter().find(|f| f.code == "no_text_layer").expect("it is said");
    assert_eq!((finding.severity, finding.page), (Severity::Error, Some(1)));
    assert!(finding.message.contains("pages 1–16"), "{}", finding.message);
}

#[test]
fn italics_tell_recommendations_from_conclusions() {
    let Some(corpus) = corpus() else { return };
    let reading = open(&corpus.join("uk/lords-space-economy-report.pdf"));
    let set = |words: &str| {
        let block = reading
            .blocks
            .iter()
            .find(|b| b.page > 100 && reading.slice(b.span).contains(words))
            .expect(words);
        let italic: usize = block.runs.iter().filter(|r| r.face.italic).map(|r| r.span.len()).sum();
        italic as f64 / block.span.len() as f64
    };
    assert!(set("is underappreciated") < 0.2);
    assert!(set("should focus on improving the implementation") > 0.5);
}
