//! Reports in the formats that people and programs read. Each function gives the whole text; the program writes it.

use std::{collections::BTreeMap, fmt::Write};

use serde_json::{Value, json};

use crate::{
    check::Checker,
    error::LanguageError,
    finding::{Finding, Location, Report, category_meaning, citation, reason_name},
    note::Note,
    pack::{Kind, Severity},
};

/// JSON Lines: one finding a line.
pub fn json_lines(report: &Report) -> String {
    report.findings.iter().map(|f| serde_json::to_string(f).unwrap_or_default() + "\n").collect()
}

fn place(l: &Location) -> Value {
    let message = json!({"text": l.quote.clone().unwrap_or_else(|| l.what.clone())});
    let Some(anchor) = &l.anchor else {
        return json!({
            "physicalLocation": {
                "artifactLocation": {"uri": l.note},
                "region": {"startLine": l.line, "startColumn": l.column, "charOffset": l.start, "charLength": l.end - l.start},
            },
            "message": message,
        });
    };
    // Offsets are of the text that was read, not of the file's bytes, so they are no region of it.
    let mut physical = json!({"artifactLocation": {"uri": uri(&anchor.file)}});
    if let Some(line) = anchor.line {
        physical["region"] = json!({"startLine": line});
    }
    json!({
        "physicalLocation": physical,
        "logicalLocations": [{"name": l.note, "fullyQualifiedName": anchor.to_string()}],
        "message": message,
        "properties": {"note": l.note, "start": l.start, "end": l.end},
    })
}

/// A path as a relative reference (RFC 3986): what a URI cannot hold is written as its bytes.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// SARIF 2.1.0 (OASIS, 2020): suppressions with their justification, and the evidence of a contradiction as a code flow.
pub fn sarif(checker: &Checker, report: &Report) -> String {
    let level = |s: Severity| match s {
        Severity::Suggestion => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let mut rules: Vec<Value> = checker
        .rules()
        .iter()
        .filter(|r| r.kind == Kind::Wording)
        .map(|r| {
            json!({"id": r.id, "shortDescription": {"text": category_meaning(&r.category)},
                "help": {"text": format!("{}\n{}", r.suggestion, citation(checker, r))},
                "defaultConfiguration": {"level": level(r.severity)}, "properties": {"category": r.category}})
        })
        .collect();
    for flag in ["C1", "C2", "C3"] {
        rules.push(json!({"id": flag, "shortDescription": {"text": category_meaning(flag)}, "defaultConfiguration": {"level": "error"}}));
    }
    let results: Vec<Value> = report
        .findings
        .iter()
        .map(|f| {
            let mut result = json!({
                "ruleId": f.rule, "level": level(f.severity),
                "message": {"text": format!("{}. {}", f.message, f.suggestion)},
                "locations": [place(&f.location)],
            });
            if !f.hash.is_empty() {
                result["partialFingerprints"] = json!({"candourKeyedHash/v1": f.hash});
            }
            if let Some(reason) = &f.suppressed {
                let kind = if f.in_text { "inSource" } else { "external" };
                result["suppressions"] = json!([{"kind": kind, "justification": reason}]);
            }
            if !f.evidence.is_empty() {
                let steps: Vec<Value> = std::iter::once(&f.location)
                    .chain(&f.evidence)
                    .map(|l| json!({"location": place(l)}))
                    .collect();
                result["codeFlows"] = json!([{"threadFlows": [{"locations": steps}]}]);
                result["relatedLocations"] = Value::Array(f.evidence.iter().map(place).collect());
            }
            result
        })
        .collect();
    let packs: Vec<Value> = report
        .packs
        .iter()
        .map(|[name, version, reviewed, sha256]| json!({"name": name, "version": version, "properties": {"reviewed": reviewed, "sha256": sha256}}))
        .collect();
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "candour language", "version": env!("CARGO_PKG_VERSION"), "rules": rules}, "extensions": packs},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&log).unwrap_or_default() + "\n"
}

/// CSV with a header, one finding a row.
///
/// # Errors
/// When the writer fails, which on memory it does not.
pub fn csv(report: &Report) -> Result<String, LanguageError> {
    let fail = |e: String| LanguageError::Figure { what: "CSV", reason: e };
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record([
            "note",
            "line",
            "column",
            "start",
            "end",
            "rule",
            "category",
            "severity",
            "message",
            "suggestion",
            "source",
            "quote",
            "evidence",
            "hash",
            "suppressed",
            "file",
            "page",
            "paragraph",
            "row",
            "cell",
        ])
        .map_err(|e| fail(e.to_string()))?;
    for f in &report.findings {
        let l = &f.location;
        let evidence: Vec<String> =
            f.evidence.iter().map(|e| format!("{} {}:{}-{}", e.what, e.note, e.start, e.end)).collect();
        let anchor = l.anchor.clone().unwrap_or_default();
        let number = |n: Option<u64>| n.map_or_else(String::new, |n| n.to_string());
        let numbers = [l.line, l.column, l.start, l.end].map(|n| n.to_string());
        let severity = severity_name(f.severity);
        let quote = guard(l.quote.as_deref().unwrap_or_default());
        let suppressed = guard(f.suppressed.as_deref().unwrap_or_default());
        writer
            .write_record([
                guard(&l.note).as_str(),
                &numbers[0],
                &numbers[1],
                &numbers[2],
                &numbers[3],
                &f.rule,
                &f.category,
                severity,
                &f.message,
                &f.suggestion,
                &f.source,
                &quote,
                &evidence.join("; "),
                &f.hash,
                &suppressed,
                &guard(&anchor.file),
                &number(anchor.page.map(u64::from)),
                &number(anchor.paragraph.map(u64::from)),
                &number(anchor.row),
                anchor.cell.as_deref().unwrap_or_default(),
            ])
            .map_err(|e| fail(e.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|e| fail(e.to_string()))?;
    String::from_utf8(bytes).map_err(|e| fail(e.to_string()))
}

/// A cell that a spreadsheet would run as a formula is quoted.
fn guard(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell.to_owned() }
}

fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Suggestion => "suggestion",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// `JUnit` XML: a test case for each note, failed by what stands in it.
pub fn junit(report: &Report, notes: &[&str]) -> String {
    let mut by_note: BTreeMap<usize, Vec<&Finding>> = BTreeMap::new();
    for finding in report.standing() {
        by_note.entry(finding.location.nth).or_default().push(finding);
    }
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"candour language\" tests=\"{}\" failures=\"{}\">\n",
        notes.len(),
        by_note.len()
    );
    for (nth, note) in notes.iter().enumerate() {
        let of = by_note.remove(&nth).unwrap_or_default();
        let _ = write!(out, "  <testcase name=\"{}\"", escape(note));
        if of.is_empty() {
            out.push_str("/>\n");
            continue;
        }
        out.push_str(">\n");
        let lines: Vec<String> = of
            .iter()
            .map(|f| match &f.location.anchor {
                Some(anchor) => format!("{anchor}: {} {}", f.rule, f.message),
                None => format!("{}:{} {} {}", f.location.line, f.location.column, f.rule, f.message),
            })
            .collect();
        let _ = writeln!(
            out,
            "    <failure message=\"{} alarms\">{}</failure>\n  </testcase>",
            of.len(),
            escape(&lines.join("\n"))
        );
    }
    out + "</testsuite>\n"
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Not allowed in XML 1.0 even when escaped.
            c if c.is_control() && !matches!(c, '\n' | '\t' | '\r') => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}

/// Text for a terminal: each line that holds an alarm, its span underlined, the reason and the neutral wording below. Lines of the
/// notes are shown where the findings carry quotes, and otherwise not.
pub fn text(report: &Report, notes: &[&Note]) -> String {
    let mut out = String::new();
    for f in report.standing() {
        let l = &f.location;
        let _ = writeln!(out, "{l}: {} {} [{}]", severity_name(f.severity), f.message, f.rule);
        if l.quote.is_some()
            && let Some(line) = notes.get(l.nth).and_then(|n| n.text.lines().nth(l.line - 1))
        {
            // A long line is cut around the span.
            let from = (l.column - 1).saturating_sub(50);
            let shown: String =
                line.chars().skip(from).take(110).map(|c| if c == '\t' { ' ' } else { c }).collect();
            let width = (l.end - l.start).clamp(1, 110 - (l.column - 1 - from).min(109));
            let _ =
                writeln!(out, "    {shown}\n    {}{}", " ".repeat(l.column - 1 - from), "^".repeat(width));
        }
        for e in &f.evidence {
            let quote = e.quote.as_ref().map_or(String::new(), |q| format!(" \"{q}\""));
            let _ = writeln!(out, "    against it: {} at {e}{quote}", e.what);
        }
        for w in &f.why {
            let _ = writeln!(out, "    because: {w}");
        }
        if !f.suggestion.is_empty() {
            let _ = writeln!(out, "    instead: {}", f.suggestion);
        }
        if !f.source.is_empty() {
            let _ = writeln!(out, "    source: {}", f.source);
        }
        if !f.hash.is_empty() {
            let _ = writeln!(out, "    hash: {}", f.hash);
        }
        out.push('\n');
    }
    for p in &report.passed_over {
        let quote = p.location.quote.as_ref().map_or(String::new(), |q| format!(" \"{q}\""));
        let why = if p.why.is_empty() { String::new() } else { format!(" ({})", p.why.join(", ")) };
        let _ =
            writeln!(out, "{}: not counted, {}: [{}]{quote}{why}", p.location, reason_name(p.reason), p.rule);
    }
    for f in &report.findings {
        if let Some(reason) = &f.suppressed {
            let _ = writeln!(out, "{}: suppressed, {reason}: [{}]", f.location, f.rule);
        }
    }
    let standing = report.standing().count();
    let _ = writeln!(
        out,
        "{standing} alarms in {} notes, {} words; {}",
        report.notes,
        report.words,
        report.not_counted_line()
    );
    for complaint in &report.complaints {
        let _ = writeln!(out, "warning: {complaint}");
    }
    for [name, version, reviewed, sha256] in &report.packs {
        let _ = writeln!(out, "pack {name} {version}, reviewed {reviewed}, sha256 {sha256}");
    }
    out
}

/// A page that stands alone, without scripts.
pub fn html(report: &Report) -> String {
    let mut rows = String::new();
    for f in report.standing() {
        let l = &f.location;
        let mut words = l.quote.as_ref().map_or(String::new(), |q| format!("<mark>{}</mark>", escape(q)));
        for e in &f.evidence {
            let quote = e.quote.as_ref().map_or(String::new(), |q| format!(" <mark>{}</mark>", escape(q)));
            let _ = write!(words, "<br>{} at {}{quote}", escape(&e.what), escape(&e.to_string()));
        }
        let _ = writeln!(
            rows,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{words}</td><td>{}<br><small>{}</small></td></tr>",
            escape(&l.to_string()),
            severity_name(f.severity),
            escape(&f.rule),
            escape(&f.message),
            escape(&f.suggestion),
            escape(&f.source)
        );
    }
    let mut packs = String::new();
    for [name, version, reviewed, sha256] in &report.packs {
        let (name, version, reviewed, sha256) =
            (escape(name), escape(version), escape(reviewed), escape(sha256));
        let _ =
            writeln!(packs, "<li>{name} {version}, reviewed {reviewed}, SHA-256 <code>{sha256}</code></li>");
    }
    let complaints: String =
        report.complaints.iter().fold(String::new(), |list, c| list + "<li>" + &escape(c) + "</li>\n");
    let listed = |title: &str, items: Vec<String>| {
        if items.is_empty() {
            return String::new();
        }
        let items = items.iter().fold(String::new(), |list, i| list + "<li>" + &escape(i) + "</li>\n");
        format!("<h2>{title}</h2>\n<ul>\n{items}</ul>\n")
    };
    let personal = report.findings.iter().any(|f| f.location.quote.is_some());
    let personal = if personal {
        "<p><strong>This page holds words of records.</strong> Keep it where the records are kept.</p>\n"
    } else {
        ""
    };
    let suppressed = listed(
        "Suppressed, with the reason given",
        report
            .findings
            .iter()
            .filter_map(|f| {
                Some(format!("{}: {} {}: {}", f.location, f.rule, f.message, f.suppressed.as_ref()?))
            })
            .collect(),
    );
    let passed_over = listed(
        "Phrases not counted, with the reason",
        report
            .passed_over
            .iter()
            .map(|p| {
                let quote = p.location.quote.as_ref().map_or(String::new(), |q| format!(" “{q}”"));
                format!("{}: {}{quote}: {}", p.location, p.rule, reason_name(p.reason))
            })
            .collect(),
    );
    let complaints = if complaints.is_empty() {
        complaints
    } else {
        format!("<h2>Suppressions to put right</h2>\n<ul>\n{complaints}</ul>\n")
    };
    format!(
        "<!doctype html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>Language audit</title>\n<style>body{{font:1rem/1.5 sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}}\
         table{{border-collapse:collapse;width:100%}}th,td{{border:1px solid #767676;padding:.4rem;text-align:left;vertical-align:top}}\
         mark{{background:#fff3b0;color:#1a1a1a}}</style>\n</head>\n<body>\n<main>\n<h1>Language audit</h1>\n{personal}\
         <p>{} alarms in {} notes, {} words; {}.</p>\n\
         <p>An alarm is a prompt for a person to read the record. It is no proof of harm or of bad practice, and silence is no proof of safety: \
         thin notes score clean.</p>\n<table>\n<thead><tr><th scope=\"col\">Place</th><th scope=\"col\">Severity</th><th scope=\"col\">Rule</th>\
         <th scope=\"col\">What it says</th><th scope=\"col\">Words</th><th scope=\"col\">Instead, and source</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n\
         {suppressed}{passed_over}{complaints}<h2>Rule packs</h2>\n<ul>\n{packs}</ul>\n</main>\n</body>\n</html>\n",
        report.standing().count(),
        report.notes,
        report.words,
        report.not_counted_line()
    )
}
