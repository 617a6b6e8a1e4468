use proptest::prelude::*;

use super::*;

fn scored(count: u32, seed: u64) -> Vec<ScoredPair> {
    let mut stream = Stream::new(seed, 0);
    (0..count).map(|at| ScoredPair { left: at, right: at + 1, weight: stream.unit() * 30.0 - 10.0 }).collect()
}

fn decision(pair: &QueuedPair, reviewer: &str, verdict: Verdict, second: i64) -> Decision {
    let at = Timestamp::from_second(1_700_000_000 + second).unwrap();
    Decision { left: pair.pair.left, right: pair.pair.right, reviewer: reviewer.to_owned(), verdict, at }
}

#[test]
fn thirteen_buckets_are_sampled_alike_from_any_order_and_number_of_threads() {
    let pairs = scored(300_000, 1);
    let plan = ReviewPlan { per_bucket: 50, ..ReviewPlan::default() };
    let run = |pairs: &[ScoredPair], threads: usize| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
            .install(|| sample_for_review(pairs, &plan))
    };
    let (queue, findings) = run(&pairs, 1);
    assert!(findings.is_empty());
    assert_eq!(queue.buckets.len(), 13);
    assert_eq!(queue.buckets.iter().map(|b| b.pairs).sum::<u64>(), 300_000);
    assert!(queue.buckets.iter().all(|b| b.sampled == 50));
    assert!(queue.pairs.iter().all(|q| {
        let bucket = queue.buckets[q.bucket];
        bucket.lower <= q.pair.weight && q.pair.weight < bucket.upper
    }));
    let reversed: Vec<ScoredPair> = pairs.iter().rev().copied().collect();
    assert_eq!(queue, run(&pairs, 2).0);
    assert_eq!(queue, run(&reversed, 2).0);
    let other = sample_for_review(&pairs, &ReviewPlan { seed: 2, ..plan.clone() }).0;
    assert_ne!(queue, other);
    // The order of reading says nothing of the score: both halves hold every bucket.
    for half in queue.pairs.chunks(325) {
        assert!((0..13).all(|bucket| half.iter().any(|q| q.bucket == bucket)));
    }
}

#[test]
fn a_sample_favours_no_part_of_a_bucket() {
    let pairs = scored(8_000, 3);
    let mut early = 0;
    for seed in 0..200 {
        let plan = ReviewPlan { edges: vec![], per_bucket: 100, seed };
        early += sample_for_review(&pairs, &plan).0.pairs.iter().filter(|q| q.pair.left < 2000).count();
    }
    // 20,000 drawn, a quarter from the first quarter; four standard deviations are 245.
    assert!(early.abs_diff(5000) < 245, "{early}");
}

#[test]
fn edges_out_of_order_are_put_right_and_named() {
    let plan = ReviewPlan { edges: vec![4.0, 0.0, f64::NAN, 4.0], ..ReviewPlan::default() };
    let (queue, findings) = sample_for_review(&scored(10, 1), &plan);
    assert_eq!(queue.buckets.len(), 3);
    assert_eq!(findings[0].code, "edges_unsorted");
}

#[test]
fn every_pair_has_two_readers_and_all_have_equally_much_to_read() {
    let queue = sample_for_review(&scored(120, 1), &ReviewPlan::default()).0;
    let (readings, _) = queue.readings(4);
    assert_eq!(readings.len(), 240);
    for two in readings.chunks(2) {
        assert_eq!(two[0].pair, two[1].pair);
        assert_ne!(two[0].reviewer, two[1].reviewer);
    }
    let load = |reviewer: usize| readings.iter().filter(|r| r.reviewer == reviewer).count();
    assert_eq!([load(0), load(1), load(2), load(3)], [60; 4]);
    assert_eq!(queue.readings(1).1[0].code, "too_few_reviewers");
}

#[test]
fn two_agree_or_a_third_decides() {
    use Verdict::{CannotTell, Match, NonMatch};
    let queue = sample_for_review(&scored(6, 1), &ReviewPlan::default()).0;
    let p = &queue.pairs;
    let mut decisions = vec![
        decision(&p[1], "Asha", Match, 1),
        decision(&p[2], "Asha", Match, 2),
        decision(&p[2], "Ben", NonMatch, 3),
        decision(&p[3], "Carys", NonMatch, 9),
        decision(&p[3], "Asha", Match, 4),
        decision(&p[3], "Ben", NonMatch, 5),
        decision(&p[4], "Asha", Match, 6),
        decision(&p[4], "Ben", NonMatch, 7),
        decision(&p[4], "Carys", CannotTell, 8),
        decision(&p[5], "Ben", NonMatch, 1),
        decision(&p[5], "Asha", Match, 2),
        decision(&p[5], "Ben", Match, 3),
    ];
    decisions.push(Decision { left: 900, right: 901, ..decisions[0].clone() });
    let (state, findings) = queue.resolve(&decisions);
    assert_eq!(
        state.outcomes,
        [
            Outcome::Unread,
            Outcome::ReadOnce,
            Outcome::ThirdReading,
            Outcome::Settled(NonMatch),
            Outcome::Open,
            Outcome::Settled(Match),
        ]
    );
    assert_eq!(state.agreement.counts, [[1, 3, 0], [0, 0, 0], [0, 0, 0]]);
    let codes: Vec<&str> = findings.iter().map(|f| f.code.as_str()).collect();
    assert_eq!(codes, ["not_in_queue", "decision_replaced"]);
    let (labelled, findings) = queue.labelled(&state);
    assert_eq!(labelled.len(), 2);
    assert!(findings.iter().any(|f| f.code == "pairs_unsettled"));
    assert!(findings.iter().any(|f| f.code == "bucket_unread"));
}

#[test]
fn agreement_as_in_published_examples() {
    let near = |a: Option<f64>, b: f64| (a.unwrap() - b).abs() < 5e-4;
    // Cohen 1960: 200 subjects, three categories, agreement 0.70 and 0.41 by chance.
    let cohen = Agreement { counts: [[88, 14, 18], [10, 40, 10], [2, 6, 12]] };
    assert!(near(cohen.observed(), 0.70) && near(cohen.kappa(), 0.492), "{:?}", cohen.kappa());
    // Two readers who nearly always say the same: kappa below 0, AC1 near the agreement (Gwet 2002, 125 subjects).
    let gwet = Agreement { counts: [[118, 5, 0], [2, 0, 0], [0, 0, 0]] };
    assert!(near(gwet.kappa(), -0.0234) && near(gwet.ac1(), 0.9408), "{:?} {:?}", gwet.kappa(), gwet.ac1());
    assert_eq!(Agreement::default().kappa(), None);
    assert_eq!(Agreement { counts: [[5, 0, 0], [0; 3], [0; 3]] }.kappa(), None);
}

#[test]
fn decisions_are_written_and_read_back_and_bad_rows_named_by_line() {
    let decisions = [
        Decision {
            left: 3,
            right: 8,
            reviewer: "Ó Dálaigh, Niamh".to_owned(),
            verdict: Verdict::CannotTell,
            at: "2026-03-02T09:30:00Z".parse().unwrap(),
        },
        Decision {
            left: 0,
            right: 1,
            reviewer: "B".to_owned(),
            verdict: Verdict::NonMatch,
            at: "2026-03-02T09:31:00.5Z".parse().unwrap(),
        },
    ];
    let mut bytes = Vec::new();
    write_decisions("decisions.csv", &mut bytes, &decisions, &|r| format!("school/{r}")).unwrap();
    let record = |key: &str| key.strip_prefix("school/")?.parse().ok();
    let (read, findings) = read_decisions("decisions.csv", bytes.as_slice(), &record).unwrap();
    assert_eq!(read, decisions);
    assert!(findings.is_empty());

    let mut table = b"\xEF\xBB\xBFdecided_at,Decision,reviewer,right,left\n\
        2026-03-02T09:30:00Z,MATCH,A,school/1,school/2\n\
        2026-03-02T09:30:00Z,maybe,A,school/1,school/2\n\
        yesterday,match,A,school/1,school/2\n\
        2026-03-02T09:30:00Z,match,,school/1,school/2\n\
        2026-03-02T09:30:00Z,match,A,police/1,school/2\n\
        2026-03-02T09:30:00Z,match,A,school/2,school/2\n\
        2026-03-02T09:30:00Z,match,A\n"
        .to_vec();
    table.extend_from_slice(b"2026-03-02T09:30:00Z,match,\xFF,school/1,school/2\n");
    let (read, findings) = read_decisions("decisions.csv", table.as_slice(), &record).unwrap();
    assert_eq!(read.len(), 1);
    assert_eq!((read[0].left, read[0].right, read[0].verdict), (1, 2, Verdict::Match));
    let reasons =
        ["maybe", "yesterday", "reviewer is empty", "police/1", "itself", "no cell for", "not UTF-8"];
    assert_eq!(findings.len(), reasons.len());
    for (at, (finding, reason)) in findings.iter().zip(reasons).enumerate() {
        assert!(finding.message.contains(reason), "{}", finding.message);
        assert!(finding.message.contains(&format!("line {}", at + 3)), "{}", finding.message);
    }
    let missing = read_decisions("decisions.csv", "left,right\n".as_bytes(), &record).unwrap_err();
    assert!(missing.to_string().contains("no column reviewer"), "{missing}");
    let many = format!("left,right,reviewer,decision,decided_at\n{}", "a,b,c,d,e\n".repeat(150));
    let (_, findings) = read_decisions("decisions.csv", many.as_bytes(), &record).unwrap();
    assert_eq!(findings.len(), ROW_FINDINGS + 1);
}

/// A queue in which the truth follows the weight, read by two who are always right.
fn reviewed(
    pairs: &[ScoredPair],
    seed: u64,
    truth: &dyn Fn(&ScoredPair) -> bool,
) -> (ReviewQueue, Vec<LabelledPair>) {
    let plan = ReviewPlan { per_bucket: 150, seed, ..ReviewPlan::default() };
    let queue = sample_for_review(pairs, &plan).0;
    let verdict = |q: &QueuedPair| if truth(&q.pair) { Verdict::Match } else { Verdict::NonMatch };
    let decisions: Vec<Decision> = queue
        .pairs
        .iter()
        .flat_map(|q| [decision(q, "A", verdict(q), 1), decision(q, "B", verdict(q), 2)])
        .collect();
    let state = queue.resolve(&decisions).0;
    let (labelled, findings) = queue.labelled(&state);
    assert!(findings.is_empty());
    (queue, labelled)
}

#[test]
fn estimated_accuracy_covers_the_truth_about_as_often_as_it_says() {
    let pairs = scored(20_000, 9);
    // True with the stated probability halved in odds, by a hash of the pair.
    let truth = |p: &ScoredPair| {
        mix(77, u64::from(p.left)) as f64 / u64::MAX as f64 <= probability_of(p.weight - 1.0)
    };
    let count = |of: &dyn Fn(&ScoredPair) -> bool| pairs.iter().filter(|p| of(p)).count() as f64;
    let both = count(&|p| truth(p) && p.weight >= 1.0);
    let (precision, recall) = (both / count(&|p| p.weight >= 1.0), both / count(&truth));
    let mut covered = [0; 4];
    for seed in 0..60 {
        let (queue, labelled) = reviewed(&pairs, seed, &truth);
        let accuracy = queue.accuracy(&labelled, 1.0, seed);
        let (p, r) = (accuracy.precision.unwrap(), accuracy.recall.unwrap());
        let within =
            |interval: (f64, f64), value: f64| usize::from(interval.0 <= value && value <= interval.1);
        covered[0] += within(p.interval, precision);
        covered[1] += within(r.interval, recall);
        covered[2] += within(p.cautious, precision);
        covered[3] += within(r.cautious, recall);
        assert!((accuracy.matches / count(&truth) - 1.0).abs() < 0.05);
        assert!((accuracy.links / count(&|p| p.weight >= 1.0) - 1.0).abs() < 0.05);
    }
    // 95 % of 60 is 57; four standard deviations below are 50.
    assert!(covered.iter().all(|&c| c >= 50), "{covered:?}");
}

#[test]
fn no_match_among_the_low_scores_read_does_not_make_recall_certain() {
    let pairs = scored(20_000, 4);
    let (queue, labelled) = reviewed(&pairs, 1, &|p| p.weight >= 4.0);
    let recall = queue.accuracy(&labelled, 4.0, 1).recall.unwrap();
    assert_eq!(recall.value, 1.0);
    assert!(recall.cautious.0 < recall.interval.0, "{recall:?}");
    assert_eq!(queue.accuracy(&[], 4.0, 1).precision, None);
}

fn labelled(weight: f64, is_match: bool, stands_for: f64) -> LabelledPair {
    LabelledPair { pair: ScoredPair { left: 0, right: 1, weight }, bucket: 0, is_match, stands_for }
}

#[test]
fn pooling_by_hand() {
    // 1 of 1 at 0 violates 0 of 3 at 2; pooled to 1/4. Then 1 of 2 at 4 by weight 1 to 1.
    let points = [
        labelled(0.0, true, 1.0),
        labelled(2.0, false, 3.0),
        labelled(4.0, true, 1.0),
        labelled(4.0, false, 1.0),
    ];
    let step = WeightCalibration::fit(&points, CalibrationShape::Step).unwrap();
    assert_eq!(step.blocks().len(), 2);
    assert_eq!((step.probability(-9.0), step.probability(1.9), step.probability(3.1)), (0.25, 0.25, 0.5));
    let linear = WeightCalibration::fit(&points, CalibrationShape::Linear).unwrap();
    // Centres 1.5 and 4.
    assert!((linear.probability(2.75) - 0.375).abs() < 1e-12);
    let pair = linear.apply(ScoredPair { left: 4, right: 5, weight: 99.0 });
    assert_eq!((pair.left, pair.weight), (4, 0.0));
    assert_eq!(WeightCalibration::fit(&[], CalibrationShape::Step), None);
}

proptest! {
    #[test]
    fn calibration_rises_keeps_totals_and_never_says_certain(
        points in prop::collection::vec((-20i32..20, any::<bool>(), 1u32..50), 1..60), linear in any::<bool>(),
    ) {
        let shape = if linear { CalibrationShape::Linear } else { CalibrationShape::Step };
        let points: Vec<LabelledPair> =
            points.into_iter().map(|(w, m, s)| labelled(f64::from(w) / 2.0, m, f64::from(s))).collect();
        let map = WeightCalibration::fit(&points, shape).unwrap();
        let mut last = 0.0;
        for step in -60..60 {
            let probability = map.probability(f64::from(step) / 4.0);
            prop_assert!(probability >= last && probability > 0.0 && probability < 1.0);
            last = probability;
        }
        prop_assert_eq!(map.blocks().iter().map(|b| b.pairs).sum::<u64>(), points.len() as u64);
        prop_assert!(map.blocks().windows(2).all(|two| two[0].upper < two[1].lower));
        // Within every block the mean is that of its labels, but for the two ends of the scale.
        for block in map.blocks() {
            let inside = || points.iter().filter(|p| (block.lower..=block.upper).contains(&p.pair.weight));
            let share = inside().filter(|p| p.is_match).map(|p| p.stands_for).sum::<f64>()
                / inside().map(|p| p.stands_for).sum::<f64>();
            let least = 0.5 / (points.len() as f64 + 1.0);
            prop_assert!((block.probability - share.clamp(least, 1.0 - least)).abs() < 1e-9);
        }
    }
}
