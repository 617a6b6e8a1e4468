//! From files and settings to what the page shows.

use std::path::{Path, PathBuf};

use candour_returns::files::{self, CheckedReturn, Fault, Files, Source};
use candour_returns::{
    AUD_1, BodyType, CheckOptions, Dimension, Mapping, MissingCounts, Outside, Partition, QualityWeights,
    Ran, RuleOutcome, RuleSeverity, Share, Specification, check, find_rule, quality,
};
use serde::{Deserialize, Serialize};

/// What `candour returns check` takes as options. Files are given as their text.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Whose return it should be.
    pub body_type: Option<BodyType>,
    /// A dialect that comes with the rules.
    pub dialect: Option<String>,
    /// A mapping, in place of those that lie beside the returns.
    pub mapping: Option<String>,
    /// What the audit knows beside the return, as JSON.
    pub outside: Option<String>,
    /// A specification, in place of AUD-1.
    pub specification: Option<String>,
}

/// Returns that were checked, and by what.
#[derive(Debug)]
pub struct DryRun {
    /// The returns.
    pub checked: Vec<CheckedReturn>,
    specification: Named,
}

#[derive(Debug, Serialize)]
struct Named {
    name: String,
    version: String,
    sha256: String,
}

/// What the page shows to begin with.
#[derive(Serialize)]
struct Overview<'a> {
    specification: &'a Named,
    version: &'static str,
    returns: Vec<One<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    place: &'a str,
    body: &'a str,
    body_type: Option<BodyType>,
    version: Option<u32>,
    records: u64,
    rows: &'a [(String, u64)],
    /// Stops, errors, queries and indicators.
    counts: [u64; 4],
    faults: &'a [Fault],
    rules: Vec<Found<'a>>,
    not_run: Vec<NotRun<'a>>,
    dimensions: Vec<Passed<'a>>,
    fields: Vec<Field<'a>>,
}

/// What one rule found.
#[derive(Serialize)]
struct Found<'a> {
    id: &'a str,
    title: &'a str,
    severity: RuleSeverity,
    why: &'a str,
    mend: &'a str,
    tested: u64,
    failed: u64,
    listed: usize,
    notes: &'a [String],
}

#[derive(Serialize)]
struct NotRun<'a> {
    id: &'a str,
    title: &'a str,
    needs: &'a str,
}

#[derive(Serialize)]
struct Passed<'a> {
    dimension: Dimension,
    pass: &'a Option<Share>,
    tested: u64,
    failed: u64,
    not_run: usize,
}

#[derive(Serialize)]
struct Field<'a> {
    table: &'a str,
    column: &'a str,
    part: Partition,
    counts: &'a MissingCounts,
    complete: &'a Share,
}

/// One finding in a list.
#[derive(Serialize)]
struct Listed<'a> {
    table: Option<&'a str>,
    row: Option<u32>,
    column: Option<&'a str>,
    shape: &'a str,
    message: &'a str,
    mend: &'a str,
}

impl DryRun {
    /// Checks the returns among files, given by their names: `ours/victim.csv` where a folder was dropped, `victim.csv` where
    /// files were. The error is what to tell the person, who then changes the settings or the files.
    pub fn new(
        names: &[PathBuf],
        opener: &dyn Files,
        settings: &Settings,
        key: &[u8],
        stage: &dyn Fn(&str),
    ) -> Result<Self, String> {
        let text = settings.specification.as_deref();
        let specification = text
            .map_or_else(Specification::aud_1, Specification::from_toml)
            .map_err(|error| error.to_string())?;
        let mapping = match (&settings.mapping, &settings.dialect) {
            (Some(text), _) => Some(Mapping::from_toml(text, &specification)),
            (None, Some(name)) => Some(Mapping::dialect(name, &specification)),
            (None, None) => None,
        };
        let mapping = mapping.transpose().map_err(|error| error.to_string())?;
        let outside: Outside = match &settings.outside {
            Some(text) => serde_json::from_str(text)
                .map_err(|error| format!("this is not what is known beside a return: {error}"))?,
            None => Outside::default(),
        };
        let mut options = CheckOptions::new(key);
        options.listed = usize::MAX;
        let mut checked = Vec::new();
        for (source, before) in sources(names)? {
            stage(&source.place.display().to_string());
            let (returned, faults) = files::read(&source, opener, &specification, mapping.clone());
            stage("");
            let report = check(&returned, &outside, &options);
            let found = quality(&returned, &report, &options, QualityWeights::default());
            let mut one = CheckedReturn {
                place: source.place.display().to_string(),
                faults: faults.into_iter().chain(before).collect(),
                kind: returned.header().body_type,
                report,
                quality: Some(found),
            };
            one.expect(settings.body_type);
            checked.push(one);
        }
        let sha256 = files::sha256(text.unwrap_or(AUD_1).as_bytes());
        let specification = Named { name: specification.name, version: specification.version, sha256 };
        Ok(Self { checked, specification })
    }

    /// What the page shows to begin with, as JSON.
    pub fn overview(&self) -> Result<String, serde_json::Error> {
        let overview = Overview {
            specification: &self.specification,
            version: env!("CARGO_PKG_VERSION"),
            returns: self.checked.iter().map(one).collect(),
        };
        serde_json::to_string(&overview)
    }

    /// Some findings of a rule in one of the returns, as a JSON list.
    pub fn findings(
        &self,
        of: usize,
        rule: &str,
        from: usize,
        most: usize,
    ) -> Result<String, serde_json::Error> {
        let outcome = self.checked.get(of).and_then(|one| one.report.outcome(rule));
        let findings = outcome.map_or(&[][..], |outcome| &outcome.findings);
        let listed: Vec<Listed<'_>> = findings
            .iter()
            .skip(from)
            .take(most)
            .map(|f| Listed {
                table: f.table.as_deref(),
                row: f.row,
                column: f.column.as_deref(),
                shape: &f.shape,
                message: &f.message,
                mend: &f.mend,
            })
            .collect();
        serde_json::to_string(&listed)
    }
}

/// The returns among some files, in the order in which the program would take them, each with what is to be said of files beside it.
fn sources(names: &[PathBuf]) -> Result<Vec<(Source, Vec<Fault>)>, String> {
    let is_loose = |name: &&PathBuf| name.parent().is_none_or(|parent| parent.as_os_str().is_empty());
    let (loose, inside): (Vec<&PathBuf>, Vec<&PathBuf>) = names.iter().partition(is_loose);
    let mut found: Vec<(Source, Vec<Fault>)> =
        files::sources(Path::new(""), inside.into_iter().cloned().collect())
            .into_iter()
            .map(|source| (source, Vec::new()))
            .collect();
    let mut own = Source::default();
    let mut other = Vec::new();
    for name in loose {
        if files::is_table(name) {
            own.files.push(name.clone());
        } else if name.as_os_str() == files::MAPPING {
            own.mapping = Some(name.clone());
        } else {
            let mend = "Leave it out, or send it as CSV or XLSX";
            other.push(Fault::warning(name, "is no kind of file that a return has; it was not read", mend));
        }
    }
    own.files.sort();
    if let Some(first) = own.files.first() {
        own.place.clone_from(first);
        found.push((own, other));
    }
    if found.is_empty() {
        return Err("No file of a return was among what you chose. A return is CSV files or a workbook, \
            such as victim.csv and offence.csv."
            .to_owned());
    }
    Ok(found)
}

fn one(checked: &CheckedReturn) -> One<'_> {
    use RuleSeverity::{Error, Indicator, Query};
    let report = &checked.report;
    let counts = [checked.stops(), report.count(Error), report.count(Query), report.count(Indicator)];
    let found = |outcome: &&RuleOutcome| outcome.failed > 0 || !outcome.notes.is_empty();
    let rules = report.outcomes.iter().filter(found).filter_map(|outcome| {
        let rule = find_rule(&outcome.rule)?;
        Some(Found {
            id: rule.id,
            title: rule.title,
            // A rule that found nothing and has something to say is for information, whatever its findings would be.
            severity: if outcome.failed == 0 { RuleSeverity::Indicator } else { rule.severity },
            why: rule.why,
            mend: rule.mend,
            tested: outcome.tested.max(outcome.failed),
            failed: outcome.failed,
            listed: outcome.findings.len(),
            notes: &outcome.notes,
        })
    });
    let mut rules: Vec<Found<'_>> = rules.collect();
    rules.sort_by_key(|rule| rule.severity);
    let not_run = report.outcomes.iter().filter_map(|outcome| match &outcome.ran {
        Ran::NotRun(needs) => find_rule(&outcome.rule).map(|r| NotRun { id: r.id, title: r.title, needs }),
        _ => None,
    });
    let quality = checked.quality.as_ref();
    let dimensions = quality.into_iter().flat_map(|q| &q.dimensions).map(|d| Passed {
        dimension: d.dimension,
        pass: &d.pass,
        tested: d.rules.iter().map(|r| r.tested).sum(),
        failed: d.rules.iter().map(|r| r.failed).sum(),
        not_run: d.not_run.len(),
    });
    let fields = quality.into_iter().flat_map(|q| &q.fields).map(|f| Field {
        table: &f.table,
        column: &f.column,
        part: f.part,
        counts: &f.counts,
        complete: &f.complete,
    });
    One {
        place: &checked.place,
        body: checked.body(),
        body_type: checked.kind,
        version: report.version,
        records: checked.records(),
        rows: &report.rows,
        counts,
        faults: &checked.faults,
        rules,
        not_run: not_run.collect(),
        dimensions: dimensions.collect(),
        fields: fields.collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::{self, Cursor, Read};

    use super::*;

    /// Files by name, in memory.
    struct Memory(BTreeMap<PathBuf, Vec<u8>>);

    impl Files for Memory {
        fn open(&self, path: &Path) -> io::Result<Box<dyn Read + '_>> {
            let bytes = self.0.get(path).ok_or(io::ErrorKind::NotFound)?;
            Ok(Box::new(Cursor::new(bytes)))
        }
    }

    fn run(files: &[(&str, &str)], settings: &Settings) -> Result<DryRun, String> {
        let memory = Memory(files.iter().map(|(n, t)| (n.into(), t.as_bytes().to_vec())).collect());
        let names: Vec<PathBuf> = files.iter().map(|(name, _)| name.into()).collect();
        DryRun::new(&names, &memory, settings, b"key", &|_| {})
    }

    #[test]
    fn loose_files_are_one_return_and_folders_are_one_each() {
        let files = [
            ("a/X1/v1/victim.csv", "person_id\nP1\n"),
            ("a/X1/v2/victim.csv", "person_id\nP1\nP2\n"),
            ("victim.csv", "Ref\nP1\nP2\nP3\n"),
            ("mapping.toml", "name = 'ours'\ncolumns.victim = { Ref = 'person_id' }"),
            ("read me.docx", ""),
        ];
        let done = run(&files, &Settings::default()).unwrap();
        let places: Vec<&str> = done.checked.iter().map(|c| c.place.as_str()).collect();
        assert_eq!(places, ["a/X1/v2", "victim.csv"]);
        let rows: Vec<u64> = done.checked.iter().map(CheckedReturn::records).collect();
        assert_eq!(rows, [2, 3], "the newest version, and the files that lay by themselves");
        assert_eq!(done.checked[1].faults.len(), 1, "{:?}", done.checked[1].faults);
        assert!(!done.checked[1].faults[0].stops);
        let shown: serde_json::Value = serde_json::from_str(&done.overview().unwrap()).unwrap();
        assert_eq!(shown["specification"]["name"], "AUD-1");
        assert_eq!(shown["specification"]["sha256"].as_str().unwrap().len(), 64);
        assert_eq!(shown["returns"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn settings_that_cannot_be_used_are_said_and_not_passed_over() {
        let files = [("victim.csv", "person_id\nP1\n")];
        let refused = |settings: Settings| run(&files, &settings).unwrap_err();
        let dialect = Settings { dialect: Some("mosiac".into()), ..Settings::default() };
        assert!(refused(dialect).contains("did you mean `mosaic`?"));
        let mapping = Settings { mapping: Some("kolumns = 1".into()), ..Settings::default() };
        assert!(refused(mapping).contains("kolumns"));
        let outside = Settings { outside: Some("[".into()), ..Settings::default() };
        assert!(refused(outside).contains("known beside a return"));
        let specification = Settings { specification: Some("name = 1".into()), ..Settings::default() };
        assert!(refused(specification).contains("specification"));
        assert!(
            run(&[("letter.docx", "")], &Settings::default()).unwrap_err().contains("No file of a return")
        );
    }

    #[test]
    fn a_return_of_another_type_and_a_file_that_is_not_read_here_are_faults() {
        let header = "call_id,body_code,body_type\nC,X23000001,POLICE\n";
        let files = [("header.csv", header), ("victim.parquet", "PAR1")];
        let settings = Settings { body_type: Some(BodyType::Childrens), ..Settings::default() };
        let done = run(&files, &settings).unwrap();
        let said: Vec<&str> = done.checked[0].faults.iter().map(|f| f.message.as_str()).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].contains("Parquet") && said[1].contains("CHILDRENS was expected"), "{said:?}");
    }

    #[test]
    fn findings_are_listed_a_stretch_at_a_time() {
        let text = format!("person_id,list_id\n{}", "P 1,\n".repeat(30));
        let done = run(&[("victim.csv", &text)], &Settings::default()).unwrap();
        let rule = done.checked[0].report.outcomes.iter().find(|o| o.findings.len() >= 30).unwrap();
        let list = |from, most| -> Vec<serde_json::Value> {
            serde_json::from_str(&done.findings(0, &rule.rule, from, most).unwrap()).unwrap()
        };
        assert_eq!((list(0, 10).len(), list(25, 10).len()), (10, (rule.findings.len() - 25).min(10)));
        assert_eq!(list(0, 26)[25], list(25, 1)[0]);
        assert_eq!(done.findings(9, "ST01", 0, 1).unwrap(), "[]");
    }
}
