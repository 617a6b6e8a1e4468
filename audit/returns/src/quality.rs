//! How good a return is: six dimensions, each with its counts and its interval, and no single grade.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::check::{Check, CheckOptions, CheckReport, Dimension, MissingCounts, Ran, RuleSeverity};
use crate::outside::Outside;
use crate::returned::Return;
use crate::rules;
use crate::specification::{ColumnOf, Missing, Partition, Quality};
use crate::statistics::{Share, identification_bounds, wilson};

/// How much a rule counts within its dimension, by severity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QualityWeights {
    /// Rules that stop a file.
    pub stop: f64,
    /// Rules that must be corrected.
    pub error: f64,
    /// Rules that may be explained.
    pub query: f64,
}

impl Default for QualityWeights {
    fn default() -> Self {
        Self { stop: 3.0, error: 2.0, query: 1.0 }
    }
}

/// The quality of a return.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QualityReport {
    /// The body.
    pub body: Option<String>,
    /// The version of the return.
    pub version: Option<u32>,
    /// The six dimensions, in order.
    pub dimensions: Vec<DimensionQuality>,
    /// Every column that was sent, in order.
    pub fields: Vec<FieldQuality>,
}

/// One dimension.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DimensionQuality {
    /// Which.
    pub dimension: Dimension,
    /// The weighted share that passes, with its interval; `None` where no rule of it was run.
    pub pass: Option<Share>,
    /// The counts behind it.
    pub rules: Vec<RuleCounts>,
    /// Rules that were not run, and why.
    pub not_run: Vec<(String, String)>,
}

/// The counts of one rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleCounts {
    /// The rule.
    pub rule: String,
    /// Looked at.
    pub tested: u64,
    /// At fault.
    pub failed: u64,
    /// Its weight in the dimension; 0 for an indicator.
    pub weight: f64,
}

/// How complete one column is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldQuality {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// Its partition.
    pub part: Partition,
    /// Values, the four missing codes, blanks and cells of the wrong type, each by itself.
    pub counts: MissingCounts,
    /// Share with a value, of the rows to which the column can apply.
    pub complete: Share,
    /// What any share of this column is uncertain by for what is missing: the width of its no-assumption bounds.
    pub open: f64,
}

/// What the share of one group can be among all rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupBounds {
    /// The group, as wide as the specification compares at.
    pub group: String,
    /// The bounds; `None` where the count is too small to show, or would show another's by subtraction.
    pub bounds: Option<(f64, f64)>,
}

/// The quality of a return, from the report of its rules.
pub fn quality(
    returned: &Return,
    report: &CheckReport,
    options: &CheckOptions,
    weights: QualityWeights,
) -> QualityReport {
    let outside = Outside::default();
    let check = Check::new(returned, &outside, options);
    let dimensions = [
        Dimension::Completeness,
        Dimension::Uniqueness,
        Dimension::Consistency,
        Dimension::Timeliness,
        Dimension::Validity,
        Dimension::Accuracy,
    ];
    let fields = check
        .columns()
        .map(|column| {
            let counts = MissingCounts::of(&column);
            let apply = counts.rows - counts.missing[Missing::NotApplicable as usize];
            let (lower, upper) = identification_bounds(0.0, counts.value as f64, apply as f64);
            FieldQuality {
                table: check.table_name(&column).to_owned(),
                column: column.spec.name.clone(),
                part: column.spec.part,
                counts,
                complete: wilson(counts.value as f64, apply as f64),
                open: if apply == 0 { 0.0 } else { upper - lower },
            }
        })
        .collect();
    QualityReport {
        body: report.body.clone(),
        version: report.version,
        dimensions: dimensions.into_iter().map(|d| dimension_of(report, d, weights)).collect(),
        fields,
    }
}

/// The weighted pass fraction of a dimension. Its interval is Wilson's at the effective number of tests of a weighted mean,
/// `1 / Σ wᵢ² / nᵢ` (Kish 1965, Survey Sampling, section 11.7), so one rule with few tests cannot look surer than it is.
fn dimension_of(report: &CheckReport, dimension: Dimension, weights: QualityWeights) -> DimensionQuality {
    let mut quality = DimensionQuality { dimension, pass: None, rules: Vec::new(), not_run: Vec::new() };
    for outcome in &report.outcomes {
        let Some(rule) = rules::find(&outcome.rule).filter(|rule| rule.dimension == dimension) else {
            continue;
        };
        if let Ran::NotRun(why) | Ran::NotApplicable(why) = &outcome.ran {
            quality.not_run.push((outcome.rule.clone(), why.clone()));
            continue;
        }
        let weight = match rule.severity {
            RuleSeverity::Stop => weights.stop,
            RuleSeverity::Error => weights.error,
            RuleSeverity::Query => weights.query,
            RuleSeverity::Indicator => 0.0,
        };
        quality.rules.push(RuleCounts {
            rule: outcome.rule.clone(),
            tested: outcome.tested,
            failed: outcome.failed.min(outcome.tested),
            weight,
        });
    }
    let counted: Vec<&RuleCounts> = quality.rules.iter().filter(|r| r.weight > 0.0 && r.tested > 0).collect();
    let total: f64 = counted.iter().map(|r| r.weight).sum();
    if total > 0.0 {
        let fail: f64 = counted.iter().map(|r| r.weight / total * (r.failed as f64 / r.tested as f64)).sum();
        let spread: f64 = counted.iter().map(|r| (r.weight / total).powi(2) / r.tested as f64).sum();
        quality.pass = Some(wilson((1.0 - fail).max(0.0) / spread, 1.0 / spread));
    }
    quality
}

/// No-assumption bounds of the groups of a quality-only column, at the groups that the specification compares at. A group with fewer
/// than `least` is withheld, and with it the next smallest, so that it cannot be had by subtraction.
pub fn group_bounds(returned: &Return, column: ColumnOf<Quality>, least: u64) -> Vec<GroupBounds> {
    let spec = &returned.specification().tables[column.table].columns[column.column];
    let sent = returned.tables[column.table].as_ref().and_then(|t| t.columns[column.column].as_ref());
    let (Some(list), Some(sent)) = (returned.specification().list_of(spec), sent) else { return Vec::new() };
    let facts = &returned.dictionaries[sent.dictionary].facts;
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for code in &list.codes {
        if let Some(group) = &code.group {
            counts.entry(group).or_default();
        }
    }
    let mut known = 0u64;
    for code in &sent.codes {
        let fact = &facts[*code as usize];
        let group = list.codes.get(fact.code as usize).and_then(|c| c.group.as_deref());
        if let (true, Some(group)) = (fact.is_value(), group) {
            *counts.entry(group).or_default() += 1;
            known += 1;
        }
    }
    let all = sent.codes.len() as f64;
    let mut shown: Vec<(&str, u64)> = counts.iter().map(|(group, count)| (*group, *count)).collect();
    shown.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let small = shown.iter().filter(|(_, count)| *count < least).count();
    let withheld = if small == 0 { 0 } else { small.max(2) };
    let keep: Vec<&str> =
        shown[..shown.len() - withheld.min(shown.len())].iter().map(|(group, _)| *group).collect();
    counts
        .iter()
        .map(|(group, count)| GroupBounds {
            group: (*group).to_owned(),
            bounds: keep.contains(group).then(|| identification_bounds(*count as f64, known as f64, all)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check;
    use crate::example::Example;
    use crate::specification::Specification;

    fn example(statements: &str) -> (Specification, Return) {
        let specification = Specification::aud_1().unwrap();
        let mut example = Example::new(&specification);
        example.change(statements).unwrap();
        let returned = example.read(&specification).unwrap();
        (specification, returned)
    }

    fn of(statements: &str) -> QualityReport {
        let (_, returned) = example(statements);
        let options = CheckOptions::new(b"key");
        let report = check(&returned, &Outside::default(), &options);
        quality(&returned, &report, &options, QualityWeights::default())
    }

    #[test]
    fn six_dimensions_have_counts_and_intervals_and_there_is_no_grade() {
        let good = of("");
        assert_eq!(good.dimensions.len(), 6);
        let accuracy = &good.dimensions[5];
        assert_eq!(
            (accuracy.pass, accuracy.rules.len()),
            (None, 0),
            "nothing outside was given, so nothing is claimed"
        );
        assert_eq!(accuracy.not_run.len(), 4);
        let consistency = good.dimensions[2].pass.unwrap();
        assert_eq!(consistency.share, 1.0);
        assert!(
            consistency.lower > 0.7 && consistency.lower < 1.0,
            "a perfect record of few tests is not certain"
        );
        let bad =
            of("offence.1-60.group_flag = N\noffence.1-60.perp_count_noted = 3").dimensions[2].pass.unwrap();
        assert!(bad.share < consistency.share && bad.upper < 1.0);
    }

    #[test]
    fn missing_codes_stay_apart_and_set_the_bounds() {
        let report = of("victim.1-20.ethnicity = NR\nvictim.21-36.ethnicity = NC\nvictim.37.ethnicity = NA");
        let field = report.fields.iter().find(|f| f.table == "victim" && f.column == "ethnicity").unwrap();
        // NS stands in row 8, which NR has replaced.
        assert_eq!(field.counts.missing, [1, 0, 20, 16]);
        assert_eq!(field.complete.of, 79.0);
        assert!((field.open - 36.0 / 79.0).abs() < 1e-12);
    }

    #[test]
    fn small_groups_are_withheld_in_pairs() {
        let (specification, returned) = example(
            "victim.*.ethnicity = W1\nvictim.1-12.ethnicity = A2\nvictim.13-15.ethnicity = B1\nvictim.16-35.ethnicity = M1\nvictim.36-60.ethnicity = O9",
        );
        let column = specification.column_of::<Quality>("victim", "ethnicity").unwrap();
        let bounds = group_bounds(&returned, column, 10);
        let withheld: Vec<&str> =
            bounds.iter().filter(|b| b.bounds.is_none()).map(|b| b.group.as_str()).collect();
        assert_eq!(withheld, ["asian", "black"], "three, and the twelve that would give the three away");
    }
}
