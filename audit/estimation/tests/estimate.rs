//! The whole call on small invented tables: refusals, the contract's fields, the same bytes at any number of threads.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use candour_estimation::{
    AgeBand, Estimation, EstimationError, IntervalKind, LatentPlan, ListSet, ListTable, Method, Plan,
    StrataFloor, Stratum, estimate, estimate_linked, estimate_strata,
};
use proptest::prelude::*;

const FOUR: &str = "police,health,schools,charity,count\n1,0,0,0,220\n0,1,0,0,180\n0,0,1,0,160\n0,0,0,1,90\n\
    1,1,0,0,52\n1,0,1,0,30\n1,0,0,1,14\n0,1,1,0,25\n0,1,0,1,12\n0,0,1,1,11\n\
    1,1,1,0,9\n1,1,0,1,4\n1,0,1,1,3\n0,1,1,1,2\n1,1,1,1,1\n";

fn table(text: &str) -> ListTable {
    ListTable::from_csv(text).unwrap().0
}

fn quick(method: Method) -> Plan {
    let latent = LatentPlan {
        burn_in: 500,
        updates: 4_000,
        extensions: 0,
        largest_r_hat: 1.2,
        smallest_effective: 50.0,
        ..LatentPlan::default()
    };
    Plan { method, replicates: 200, averaging_replicates: 100, latent, ..Plan::default() }
}

fn run(text: &str, method: Method) -> Estimation {
    estimate(&table(text), &quick(method)).unwrap().0
}

#[test]
fn every_method_answers_within_its_interval() {
    for method in Method::ALL {
        let found = run(FOUR, method);
        assert!(found.interval.covers(found.estimate), "{method}: {} {:?}", found.estimate, found.interval);
        assert!((found.hidden - (found.estimate - 813.0)).abs() < 1e-9);
        assert_eq!((found.observed, found.seed), (813, 1));
        assert!(found.floor.unwrap().lower < found.estimate);
        assert!(found.diagnostics.iter().any(|d| d.code == "heterogeneity_not_excluded"), "{method}");
        assert_eq!(found.models.len(), 64, "all two-list models of four lists have a fit here");
        assert!((found.models.iter().map(|m| m.weight).sum::<f64>() - 1.0).abs() < 1e-9);
        assert_eq!(
            (found.left_out.len(), found.merged.len(), found.consistency.len(), found.sweep.len()),
            (4, 6, 4, 7)
        );
    }
}

#[test]
fn the_contract_s_fields_are_in_the_json() {
    let found = serde_json::to_value(run(FOUR, Method::Auto)).unwrap();
    for field in [
        "method",
        "estimate",
        "interval",
        "observed",
        "hidden",
        "model",
        "diagnostics",
        "models",
        "replicates",
        "seed",
    ] {
        assert!(found.get(field).is_some(), "{field}");
    }
    assert_eq!(found["method"], "auto");
    for field in ["level", "lower", "upper", "kind"] {
        assert!(found["interval"].get(field).is_some(), "{field}");
    }
    for field in ["name", "estimate", "aic", "bic", "weight"] {
        assert!(found["models"][0].get(field).is_some(), "{field}");
    }
    let again: Estimation = serde_json::from_value(found).unwrap();
    assert_eq!(again.table_sha256, table(FOUR).sha256());
}

#[test]
fn tables_that_allow_no_estimate_are_refused() {
    let refused = |text: &str, word: &str| {
        let error = estimate(&table(text), &quick(Method::Auto)).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    };
    refused("a,b,count\n1,0,5\n0,1,6\n1,1,2\n", "3 or more");
    refused("a,b,c,count\n1,0,0,5\n0,1,0,6\n0,0,1,7\n", "no two lists share anybody");
    let plan = Plan { replicates: 0, ..quick(Method::Auto) };
    assert!(matches!(estimate(&table(FOUR), &plan), Err(EstimationError::Plan(_))));
    let plan = Plan { level: 1.0, ..quick(Method::Auto) };
    assert!(matches!(estimate(&table(FOUR), &plan), Err(EstimationError::Plan(_))));
    let mut latent = quick(Method::Lcm);
    latent.latent.largest_r_hat = 0.5;
    let error = estimate(&table(FOUR), &latent).unwrap_err().to_string();
    assert!(error.contains("do not agree") && error.contains("No figure"), "{error}");
}

#[test]
fn impossible_pairs_are_kept_out_and_said() {
    let text = FOUR
        .replace("1,0,0,1,14\n", "")
        .replace("1,1,0,1,4\n", "")
        .replace("1,0,1,1,3\n", "")
        .replace("1,1,1,1,1\n", "");
    let empty = estimate(&table(&text), &quick(Method::Loglinear)).unwrap().0;
    assert!(
        empty.diagnostics.iter().any(|d| d.code == "empty_pairs" && d.message.contains("police:charity"))
    );
    let mut declared = table(&text);
    declared.declare_impossible(ListSet::of(&[0, 3])).unwrap();
    let declared = estimate(&declared, &quick(Method::Loglinear)).unwrap().0;
    assert!(declared.diagnostics.iter().all(|d| d.code != "empty_pairs"));
    assert!((declared.estimate / empty.estimate - 1.0).abs() < 0.2);
}

#[test]
fn methods_that_disagree_make_a_range_the_headline() {
    // Pairs that hardly share anybody: whether that is repulsion or chance decides the answer.
    let text = "a,b,c,d,count\n1,0,0,0,100\n0,1,0,0,150\n0,0,1,0,130\n0,0,0,1,90\n1,1,0,0,3\n0,1,1,0,20\n0,0,1,1,1\n1,0,0,1,16\n";
    let found = estimate(&table(text), &quick(Method::Auto)).unwrap().0;
    let range = found.range.unwrap();
    assert!(range.upper > 1.5 * range.lower);
    assert!(found.headline.starts_with("Between"), "{}", found.headline);
    assert!(found.diagnostics.iter().any(|d| d.code == "methods_disagree"));
}

#[test]
fn draws_of_the_linkage_are_pooled_and_the_certain_figure_named() {
    let missed = table(&FOUR.replace("1,1,0,0,52", "1,1,0,0,40").replace("1,0,0,0,220", "1,0,0,0,232"));
    let found =
        estimate_linked(&table(FOUR), &[table(FOUR), missed.clone()], &quick(Method::Auto)).unwrap().0;
    let pooled = found.linkage.as_ref().unwrap();
    assert_eq!((found.estimate, found.interval.kind), (pooled.estimate, IntervalKind::Pooled));
    assert!(pooled.between > 0.0 && found.methods[0].name.contains("certain"));
    assert!(found.estimate > found.methods[0].estimate, "missed links raise the figure");
    assert!(found.diagnostics.iter().any(|d| d.code == "few_draws"));
    assert!(found.diagnostics.iter().all(|d| d.code != "links_taken_as_certain"));
    assert!(found.floor.unwrap().lower <= found.interval.lower);
    let beside = estimate_linked(&table(FOUR), &[table(FOUR)], &quick(Method::Sparse)).unwrap().0;
    assert_ne!(beside.estimate, beside.linkage.as_ref().unwrap().estimate);
    assert!(beside.diagnostics.iter().any(|d| d.code == "linkage_beside"));
    assert!(beside.diagnostics.iter().any(|d| d.code == "links_taken_as_certain"));
    let other = missed.without(3).unwrap().0;
    assert!(estimate_linked(&table(FOUR), &[other], &quick(Method::Auto)).is_err());
}

/// Seven lists that are independent: all figures agree, and Chao's bound for lists that differ lies near them.
#[test]
fn a_floor_never_stands_above_the_interval_beside_it() {
    let mut text = "a,b,c,d,e,f,g,count\n".to_owned();
    for history in 1..128_u32 {
        let on = |list: u32| history >> list & 1;
        let expected: f64 = (0..7)
            .map(|l| if on(l) == 1 { 0.2 + 0.02 * f64::from(l) } else { 0.8 - 0.02 * f64::from(l) })
            .product();
        let row: Vec<String> = (0..7).map(|list| on(list).to_string()).collect();
        text.extend([row.join(","), format!(",{}\n", (10_000.0 * expected).round())]);
    }
    for method in [Method::Auto, Method::Sparse, Method::Chao] {
        let found = estimate(&table(&text), &quick(method)).unwrap().0;
        assert!(found.floor.unwrap().lower <= found.interval.lower, "{method}");
    }
}

#[test]
fn the_same_bytes_at_any_number_of_threads() {
    let json = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| serde_json::to_string(&run(FOUR, Method::Auto)).unwrap())
    };
    let one = json(1);
    assert_eq!(one, json(3));
    let other = estimate(&table(FOUR), &Plan { seed: 2, ..quick(Method::Auto) }).unwrap().0;
    assert_ne!(one, serde_json::to_string(&other).unwrap());
}

#[test]
fn strata_below_the_floor_borrow_nothing() {
    let stratum =
        |year| Stratum { year: Some(year), age: Some(AgeBand { from: 10, to: 17 }), ..Stratum::default() };
    let small = FOUR.replace("220", "22").replace("180", "18").replace("160", "16").replace("90", "9");
    let strata = vec![(stratum(2023), table(FOUR)), (stratum(2024), table(FOUR))];
    let plan = quick(Method::Loglinear);
    let both = estimate_strata(&strata, &plan, StrataFloor::default()).unwrap();
    let (sum, interval) = both.sum.unwrap();
    let (one, parts) = (both.rows[0].estimation.as_ref().unwrap(), both.together.unwrap());
    assert!((sum - 2.0 * one.estimate).abs() < 1e-6 && interval.kind == IntervalKind::Normal);
    assert!(interval.ratio() < one.interval.ratio(), "two independent halves are surer together");
    assert!((sum / parts.0 - 1.0).abs() < 0.2, "{sum} {parts:?}");
    let with_small = vec![(stratum(2023), table(FOUR)), (stratum(2024), table(&small))];
    let floor = StrataFloor { people: 500, ..StrataFloor::default() };
    let found = estimate_strata(&with_small, &plan, floor).unwrap();
    assert!(found.sum.is_none() && found.rows[1].estimation.is_none());
    assert!(found.rows[1].refused.as_ref().unwrap().contains("below the floor"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Any small table is answered or refused, and what is answered is in order.
    #[test]
    fn any_table_is_answered_or_refused(counts in proptest::collection::vec(prop_oneof![2 => Just(0_u64), 3 => 1_u64..40], 7)) {
        let mut table = ListTable::new(&["a", "b", "c"]).unwrap();
        for (&count, history) in counts.iter().zip(1_u16..) {
            table.add(ListSet(history), count).unwrap();
        }
        for method in [Method::Auto, Method::Loglinear, Method::Sparse, Method::Chao, Method::Dga] {
            let plan = Plan { replicates: 20, averaging_replicates: 20, latent: LatentPlan { burn_in: 1, updates: 40, extensions: 0, ..LatentPlan::default() }, ..quick(method) };
            if let Ok((found, _)) = estimate(&table, &plan) {
                prop_assert!(found.estimate.is_finite() && found.estimate >= table.people() as f64);
                prop_assert!(found.interval.upper.is_none_or(|upper| upper >= found.interval.lower));
            }
        }
    }

    /// A model has a fit where the tests say so: the fit settles exactly then, and gives back the margins of its terms.
    #[test]
    fn fits_reproduce_the_margins_of_their_terms(
        counts in proptest::collection::vec(prop_oneof![1 => Just(0_u64), 2 => 1_u64..30], 15),
        pairs in 0_u8..64,
    ) {
        let mut table = ListTable::new(&["a", "b", "c", "d"]).unwrap();
        for (&count, history) in counts.iter().zip(1_u16..) {
            table.add(ListSet(history), count).unwrap();
        }
        let all = [3_u16, 5, 6, 9, 10, 12];
        let terms: Vec<ListSet> = all.iter().zip(0..).filter(|(_, bit)| pairs >> bit & 1 == 1).map(|(t, _)| ListSet(*t)).collect();
        let model = candour_estimation::Model::with(&terms);
        if let Ok(fit) = candour_estimation::fit(&table, &model) {
            let margin = |set: ListSet| -> f64 {
                fit.fitted.iter().zip(0_u16..).filter(|&(_, h)| ListSet(h).contains(set)).map(|(m, _)| m).sum()
            };
            for term in terms {
                prop_assert!((margin(term) - table.on_all(term) as f64).abs() < 1e-5, "{term:?}");
            }
            prop_assert!((margin(ListSet(0)) - table.people() as f64).abs() < 1e-5);
        }
    }

    /// No text makes the reader panic.
    #[test]
    fn any_text_is_read_or_refused(text in "[ab01,count\\n\"-9]{0,80}") {
        let _ = ListTable::from_csv(&text);
        let _ = ListTable::from_csv(&format!("a,b,c,count\n{text}"));
    }
}
