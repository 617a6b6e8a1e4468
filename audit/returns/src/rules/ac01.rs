//! AC01. Too few files read to know how accurate the return is.

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    id: "AC01",
    severity: RuleSeverity::Error,
    dimension: Dimension::Accuracy,
    title: "Too few files read to know how accurate the return is",
    source: "HMICFRS, crime data integrity",
    why: "384 files of a stratum, each read twice, give the share that agrees to within about three points where it is near 90 %.",
    mend: "Read more files, every one of them by two readers",
    bad: r#"outside.sample = [{"stratum": "marked as exploitation", "read": 200, "read_twice": 200, "agreed": 180}]"#,
    good: r#"outside.sample = [{"stratum": "marked as exploitation", "read": 400, "read_twice": 400, "agreed": 360}]"#,
    run,
};

fn run(c: &Check<'_>, out: &mut Out<'_>) {
    let Some(sample) = &c.outside.sample else {
        return out.not_run("a sample of files read against the return");
    };
    for stratum in sample {
        out.tested(1);
        if stratum.read < c.thresholds().sample_files {
            let said = [
                Say::Int(stratum.read as i64),
                Say::Word(&stratum.stratum),
                Say::Int(c.thresholds().sample_files as i64),
            ];
            out.whole(None, None, None, "{} files of {} were read; {} are needed", &said);
        } else if stratum.read_twice < stratum.read {
            let said = [Say::Int((stratum.read - stratum.read_twice) as i64), Say::Word(&stratum.stratum)];
            out.whole(None, None, None, "{} files of {} were read once only", &said);
        }
        let share = wilson(stratum.agreed as f64, stratum.read as f64);
        let said = [
            Say::Word(&stratum.stratum),
            Say::Percent(share.share),
            Say::Percent(share.lower),
            Say::Percent(share.upper),
        ];
        out.note("{}: {} of files agree ({} to {})", &said);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bad_example_is_found_and_the_good_one_is_not() {
        crate::rules::testing::examples(&super::RULE);
    }
}
