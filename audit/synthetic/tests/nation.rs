//! A small nation from end to end: what is written is what the truth says, and the rules of the data call find what was put in.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests; what a failing run found is printed"
)]

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write;

use candour_returns::{
    BodyDigest, CheckOptions, Mapping, Outside, Return, ReturnReader, Specification, check,
    offences_in_common,
};
use candour_synthetic::score::{
    RulePlace, align, group_counts, read_errors, read_events, read_hidden, read_histories, read_note_labels,
    read_persons, read_record_map, score_linkage, score_linkage_by_group, score_rules,
};
use candour_synthetic::{Faults, Knobs, Language, Nation, Sabotage};

type Files = BTreeMap<String, Vec<u8>>;

fn write(knobs: Knobs) -> (Nation, Files) {
    let (nation, findings) = Nation::new(knobs).unwrap();
    assert!(findings.is_empty(), "{findings:?}");
    let mut files = Files::new();
    let mut ended = HashSet::new();
    nation
        .write(|piece| {
            assert!(!ended.contains(piece.path), "{} goes on after its end", piece.path);
            files.entry(piece.path.to_owned()).or_default().extend_from_slice(piece.bytes);
            if piece.end {
                ended.insert(piece.path.to_owned());
            }
            Ok::<(), ()>(())
        })
        .unwrap();
    assert_eq!(ended.len(), files.len(), "a file was never ended");
    (nation, files)
}

fn knobs(victims: u64) -> Knobs {
    Knobs { victims: Some(victims), seed: 11, ..Knobs::default() }
}

fn text<'a>(files: &'a Files, path: &str) -> &'a str {
    std::str::from_utf8(files.get(path).unwrap_or_else(|| panic!("no {path}"))).unwrap()
}

/// The cells of each line; quotes as in RFC 4180, and no line breaks within cells, which notes never have.
fn table(text: &str) -> Vec<Vec<String>> {
    text.lines()
        .map(|line| {
            let mut cells = vec![String::new()];
            let mut quoted = false;
            let mut letters = line.chars().peekable();
            while let Some(c) = letters.next() {
                let last = cells.len() - 1;
                match c {
                    '"' if quoted && letters.peek() == Some(&'"') => {
                        letters.next();
                        cells[last].push('"');
                    }
                    '"' => quoted = !quoted,
                    ',' if !quoted => cells.push(String::new()),
                    c => cells[last].push(c),
                }
            }
            cells
        })
        .collect()
}

fn truth_rows(files: &Files, name: &str) -> Vec<HashMap<String, String>> {
    let mut rows = table(text(files, &format!("truth/{name}"))).into_iter();
    let heading = rows.next().unwrap();
    rows.map(|row| heading.iter().cloned().zip(row).collect()).collect()
}

fn read(specification: &Specification, files: &Files, body: &str, mapping: &str) -> Return {
    let mapping = (mapping != "plain").then(|| {
        let own = text(files, &format!("returns/{body}/mapping.toml"));
        Mapping::from_toml(own, specification).unwrap()
    });
    let mut reader = ReturnReader::new(specification, mapping);
    for name in ["header", "file", "victim", "offence", "suspect", "link", "missing", "assessment", "note"] {
        let Some(bytes) = files.get(&format!("returns/{body}/v1/{name}.csv")) else { continue };
        let rows = table(std::str::from_utf8(bytes).unwrap());
        let mut sheet = reader.sheet(name, &rows[0]).unwrap();
        for (row, number) in rows[1..].iter().zip(1u32..) {
            sheet.row(number, row).unwrap();
        }
    }
    reader.finish()
}

/// All findings of the data call's rules over all returns.
fn findings(nation: &Nation, files: &Files) -> Vec<RulePlace> {
    let specification = Specification::aud_1().unwrap();
    let mut options = CheckOptions::new(b"key");
    options.listed = 1_000_000;
    let mut found = Vec::new();
    let bodies = nation.bodies();
    let returns: Vec<Return> =
        bodies.iter().map(|body| read(&specification, files, &body.code, body.mapping)).collect();
    // What bodies have in common is known to whoever has all returns.
    let digests: Vec<BodyDigest> = bodies
        .iter()
        .zip(&returns)
        .map(|(body, returned)| BodyDigest { body: body.code.clone(), ..returned.body_digest(&options) })
        .collect();
    let mut common = offences_in_common(&digests);
    for (body, returned) in bodies.iter().zip(returns) {
        let mut outside: Outside =
            serde_json::from_str(text(files, &format!("call/{}.json", body.code))).unwrap();
        outside.others = common.remove(&body.code);
        let report = check(&returned, &outside, &options);
        found.extend(report.findings().map(|f| RulePlace {
            rule: f.rule.clone(),
            body: body.code.clone(),
            table: f.table.clone().unwrap_or_default(),
            row: f.row.map(u64::from),
            column: f.column.clone().unwrap_or_default(),
        }));
    }
    found
}

#[test]
fn the_rules_of_the_data_call_find_what_was_put_in_and_nothing_else() {
    let mut k = knobs(10_000);
    k.faults.rate = 0.03;
    k.suspects.criminalised = 0.1;
    k.sabotage.placeholder_births = 20;
    k.sabotage.default_category = 20;
    k.childrens.missing_episodes = 2.0;
    k.language.sentences = 1.0;
    let (nation, files) = write(k);
    let expected = read_errors(text(&files, "truth/errors.csv")).unwrap();
    let found = findings(&nation, &files);
    let scored: BTreeSet<String> = found.iter().chain(&expected).map(|p| p.rule.clone()).collect();
    let score = score_rules(&expected, &found, Some(&scored));
    let table: Vec<String> = score
        .rules
        .iter()
        .map(|r| {
            format!(
                "{} expected {} found {} matched {} beside {}",
                r.rule, r.expected, r.found, r.matched, r.beside
            )
        })
        .collect();
    println!("{}", table.join("\n"));
    println!("missed {}", show(&score.missed));
    println!("unexplained {}", show(&score.unexplained));
    assert!(score.missed.is_empty());
    assert!(score.unexplained.is_empty());
    for rule in ["CN11", "CN12", "VA02", "VA06", "VA07", "ST01", "ST02", "XB01", "CO08", "UN03", "XB02"] {
        assert!(score.rules.iter().any(|r| r.rule == rule && r.matched > 0), "nothing was made for {rule}");
    }
}

fn show(places: &[RulePlace]) -> String {
    let mut seen = BTreeMap::<&str, u32>::new();
    let mut text = String::new();
    for p in places {
        let n = seen.entry(&p.rule).or_default();
        *n += 1;
        if *n <= 4 {
            let _ = writeln!(text, "{} {} {} {:?} {}", p.rule, p.body, p.table, p.row, p.column);
        }
    }
    text
}

#[test]
fn the_same_seed_gives_the_same_bytes_at_any_number_of_threads() {
    let run = |threads: usize, seed: u64| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| write(Knobs { seed, ..knobs(1_500) }).1)
    };
    let (one, two) = (run(1, 5), run(2, 5));
    assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
    for (path, bytes) in &one {
        assert!(two[path] == *bytes, "{path} differs");
    }
    assert!(run(2, 6)["truth/persons.csv"] != one["truth/persons.csv"], "another seed gives the same nation");
}

/// Body and record id of every row of a table, over all returns in the specification's own spelling.
fn rows_of(nation: &Nation, files: &Files, name: &str) -> Vec<(String, HashMap<String, String>)> {
    let mut found = Vec::new();
    for body in nation.bodies() {
        let Some(bytes) = files.get(&format!("returns/{}/v1/{name}.csv", body.code)) else { continue };
        let mut rows = table(std::str::from_utf8(bytes).unwrap()).into_iter();
        let heading = rows.next().unwrap();
        found.extend(rows.map(|row| (body.code.clone(), heading.iter().cloned().zip(row).collect())));
    }
    found
}

fn plain(victims: u64, notes: bool) -> (Nation, Files) {
    write(Knobs {
        dialects: false,
        language: Language { notes, ..Language::default() },
        faults: Faults { rate: 0.0 },
        sabotage: Sabotage::none(),
        ..knobs(victims)
    })
}

#[test]
fn every_record_is_of_a_person_and_every_offence_of_an_event() {
    let (nation, files) = plain(4_000, false);
    let persons = truth_rows(&files, "persons.csv");
    let events = truth_rows(&files, "events.csv");
    assert_eq!(persons.len(), 4_000);
    let map = read_record_map(text(&files, "truth/record_map.csv")).unwrap();
    let victims = rows_of(&nation, &files, "victim");
    assert_eq!(map.len(), victims.len());
    let mut same_sex = 0;
    for (body, row) in &victims {
        let person = map[&(body.clone(), row["person_id"].clone())];
        same_sex += usize::from(persons[person as usize]["sex"] == row["sex"]);
    }
    assert!(same_sex as f64 > 0.98 * victims.len() as f64, "{same_sex} of {}", victims.len());

    // Who stands in a return is who is on a list, and nobody else.
    let on_lists: HashSet<String> = truth_rows(&files, "lists.csv")
        .into_iter()
        .filter(|row| ["police", "childrens", "health", "voluntary", "nrm"].iter().any(|l| row[*l] == "1"))
        .map(|row| row["person"].clone())
        .collect();
    let sent: HashSet<String> = map.values().map(u32::to_string).collect();
    assert_eq!(sent, on_lists);

    let offences = read_record_map(text(&files, "truth/offence_map.csv")).unwrap();
    let sent = rows_of(&nation, &files, "offence");
    assert_eq!(offences.len(), sent.len());
    assert_eq!(sent.len(), events.iter().filter(|e| e["recorded"] == "1").count());
    for (body, row) in &sent {
        let event = &events[offences[&(body.clone(), row["offence_id"].clone())] as usize];
        assert_eq!(event["force"], *body);
        if row["committed_from"].len() == 10 {
            assert_eq!(event["day"], row["committed_from"]);
        }
    }
    let suspects = read_record_map(text(&files, "truth/suspect_map.csv")).unwrap();
    assert_eq!(suspects.len(), rows_of(&nation, &files, "suspect").len());
}

#[test]
fn histories_and_hidden_numbers_add_up() {
    let (nation, files) = plain(5_000, false);
    let histories = read_histories(text(&files, "truth/histories.csv")).unwrap();
    assert_eq!(histories.len(), 32);
    assert_eq!(histories.iter().map(|h| h.1).sum::<u64>(), 5_000);
    let (observed, all) = nation.true_counts();
    let hidden = histories.iter().find(|(on, _)| on.iter().all(|o| !o)).unwrap().1;
    assert_eq!(hidden, all - observed);
    let by_year = read_hidden(text(&files, "truth/hidden.csv")).unwrap();
    assert_eq!(by_year.iter().map(|h| h.all - h.observed).sum::<u64>(), hidden);
}

#[test]
fn labels_of_notes_stand_where_they_say_and_rates_are_those_counted() {
    let (nation, files) = plain(1_500, true);
    let labels = read_note_labels(text(&files, "truth/note_labels.jsonl")).unwrap();
    let notes: HashMap<String, String> = rows_of(&nation, &files, "note")
        .into_iter()
        .map(|(_, mut r)| (r["note_id"].clone(), r.remove("text_redacted").unwrap()))
        .collect();
    assert_eq!(labels.len(), notes.len());
    let mut by_body: HashMap<String, (u64, u64)> = HashMap::new();
    for label in &labels {
        let length = notes[&label.id].chars().count() as u32;
        for span in label.language.iter().chain(&label.must_not_flag) {
            assert!(span.start < span.end && span.end <= length);
        }
        let counts = by_body.entry(label.body.clone()).or_default();
        counts.0 += 1;
        counts.1 += u64::from(!label.language.is_empty());
    }
    let mut written: HashMap<String, (u64, u64)> = HashMap::new();
    for row in truth_rows(&files, "language_rates.csv") {
        let counts = written.entry(row["body"].clone()).or_default();
        counts.0 += row["notes"].parse::<u64>().unwrap();
        counts.1 += row["misuse"].parse::<u64>().unwrap();
    }
    assert_eq!(by_body, written);
}

#[test]
fn every_code_is_of_its_list() {
    let (nation, files) = plain(2_000, true);
    let specification = Specification::aud_1().unwrap();
    for table in specification.tables.iter().filter(|t| t.name != "header" && t.name != "file") {
        let rows = rows_of(&nation, &files, &table.name);
        assert!(!rows.is_empty(), "{}", table.name);
        for column in &table.columns {
            let Some(list) = specification.list_of(column) else { continue };
            for (body, row) in &rows {
                for code in row[&column.name].split(' ') {
                    let missing = ["NA", "NK", "NR", "NC"].contains(&code);
                    assert!(
                        missing || list.index(code).is_some(),
                        "{body} {}.{}: {code:?}",
                        table.name,
                        column.name
                    );
                }
            }
        }
    }
}

/// A share within a tolerance of what the knob says.
fn near(what: &str, part: usize, whole: usize, knob: f64, tolerance: f64) {
    let share = part as f64 / whole as f64;
    println!("{what}: {share:.4} ({part} of {whole}), knob {knob}");
    assert!(
        (share - knob).abs() <= tolerance,
        "{what}: {share:.4} of {whole}, the knob says {knob} within {tolerance}"
    );
}

#[test]
fn shares_are_those_of_the_knobs() {
    let (nation, files) = plain(30_000, false);
    let count = |rows: &[HashMap<String, String>], so: &dyn Fn(&HashMap<String, String>) -> bool| {
        rows.iter().filter(|r| so(r)).count()
    };
    let persons = truth_rows(&files, "persons.csv");
    near("female victims", count(&persons, &|p| p["sex"] == "F"), persons.len(), 0.79, 0.01);
    near("looked after", count(&persons, &|p| p["looked_after"] == "1"), persons.len(), 0.12, 0.02);
    near("on a list", nation.true_counts().0 as usize, persons.len(), 0.60, 0.03);
    let events = truth_rows(&files, "events.csv");
    let of_groups = count(&events, &|e| !e["group"].is_empty());
    near("offences by groups", of_groups, events.len(), 0.036, 0.004);
    let groups = truth_rows(&files, "groups.csv");
    let kinds: HashMap<&str, &str> =
        groups.iter().map(|g| (g["group"].as_str(), g["kind"].as_str())).collect();
    let of_kind = |kind: &str| count(&events, &|e| kinds.get(e["group"].as_str()) == Some(&kind));
    near("group offences of exploitation", of_kind("CSE"), of_groups, 0.17, 0.04);
    near("group offences within families", of_kind("FAMILIAL"), of_groups, 0.26, 0.04);
    let offenders = truth_rows(&files, "offenders.csv");
    near("male offenders", count(&offenders, &|o| o["sex"] == "M"), offenders.len(), 0.82, 0.01);
    near(
        "offenders aged 10 to 17",
        count(&offenders, &|o| o["age"].parse::<u32>().unwrap() < 18),
        offenders.len(),
        0.48,
        0.01,
    );

    let victims: Vec<_> = rows_of(&nation, &files, "victim").into_iter().map(|r| r.1).collect();
    let map = read_record_map(text(&files, "truth/record_map.csv")).unwrap();
    let distinct: HashSet<(&String, &u32)> = map.iter().map(|((body, _), person)| (body, person)).collect();
    near("rows for a person already there", map.len() - distinct.len(), distinct.len(), 0.12, 0.01);
    near("dates of birth missing", count(&victims, &|v| v["dob"] == "NK"), victims.len(), 0.04, 0.006);
    near(
        "victims' ethnicity missing",
        count(&victims, &|v| ["NS", "NK", "NC", "REFU", "NOBT"].contains(&v["ethnicity"].as_str())),
        victims.len(),
        0.12,
        0.01,
    );
    let offences: Vec<_> = rows_of(&nation, &files, "offence").into_iter().map(|r| r.1).collect();
    near("offences online", count(&offences, &|o| o["flag_online"] == "Y"), offences.len(), 0.31, 0.02);
    let two = |o: &HashMap<String, String>| o["perp_count_noted"].parse::<u32>().is_ok_and(|n| n >= 2);
    near(
        "groups marked",
        count(&offences, &|o| two(o) && o["group_flag"] == "Y"),
        count(&offences, &two),
        0.70,
        0.05,
    );
    let suspects: Vec<_> = rows_of(&nation, &files, "suspect").into_iter().map(|r| r.1).collect();
    let named: Vec<_> = suspects.iter().filter(|s| s["identified"] == "NAMED").cloned().collect();
    near(
        "named suspects' ethnicity missing",
        count(&named, &|s| ["NS", "NK", "NC"].contains(&s["ethnicity"].as_str())),
        named.len(),
        0.66,
        0.015,
    );
    let linked: Vec<_> = rows_of(&nation, &files, "link").into_iter().map(|r| r.1).collect();
    let to_suspects = count(&linked, &|l| l["kind"] == "OFF_SUS");
    near(
        "suspects not identified",
        count(&linked, &|l| l["kind"] == "OFF_SUS" && l["to_id"].starts_with('U')),
        to_suspects,
        0.40,
        0.015,
    );

    // Flags of offences that are exploitation, by the truth.
    let events_of = read_record_map(text(&files, "truth/offence_map.csv")).unwrap();
    let (mut exploitation, mut flagged, mut instead) = (0, 0, 0);
    for (body, row) in rows_of(&nation, &files, "offence") {
        if events[events_of[&(body, row["offence_id"].clone())] as usize]["cse"] == "1" {
            exploitation += 1;
            flagged += usize::from(row["flag_cse"] == "Y");
            instead += usize::from(row["flag_cse"] == "N" && row["flag_cce"] == "Y");
        }
    }
    // Forty-three forces of unequal size draw their own sensitivity, so that the mean over offences lies further off.
    near("exploitation flagged as such", flagged, exploitation, 0.50, 0.12);
    near("exploitation flagged as criminal only", instead, exploitation, 0.15, 0.04);
}

#[test]
fn a_perfect_linkage_scores_one_and_no_linkage_counts_every_record() {
    let (_, files) = plain(3_000, false);
    let map = read_record_map(text(&files, "truth/record_map.csv")).unwrap();
    let owned: Vec<(String, String, String)> = map
        .iter()
        .map(|((body, record), person)| (body.clone(), record.clone(), person.to_string()))
        .collect();
    let aligned = align(&map, owned.iter().map(|(b, r, p)| (b.as_str(), r.as_str(), p.as_str())));
    let score = score_linkage(&aligned.clusters, &aligned.persons).unwrap();
    assert_eq!((score.pair_f1, score.cluster_f1, score.distinct_error), (Some(1.0), Some(1.0), Some(0.0)));
    let sexes = read_persons(text(&files, "truth/persons.csv"), "sex").unwrap();
    let groups: Vec<String> = aligned.persons.iter().map(|p| sexes[*p as usize].clone()).collect();
    let by_sex = score_linkage_by_group(&aligned.clusters, &aligned.persons, &groups).unwrap();
    assert_eq!(by_sex.values().map(|s| s.records).sum::<u64>(), map.len() as u64);

    let apart = align(&map, []);
    let score = score_linkage(&apart.clusters, &apart.persons).unwrap();
    assert_eq!(score.clusters, map.len() as u64);
    assert!(score.distinct_error.unwrap() > 0.5, "{score:?}");
}

#[test]
fn groups_by_definition_are_what_the_truth_has() {
    let (_, files) = plain(20_000, false);
    let groups = truth_rows(&files, "groups.csv");
    let with_offences = groups.iter().filter(|g| g["offences"] != "0").count() as u64;
    let counts = group_counts(&read_events(text(&files, "truth/events.csv"), false).unwrap());
    let of_groups = truth_rows(&files, "events.csv").iter().filter(|e| !e["group"].is_empty()).count() as u64;
    assert_eq!((counts.d1, counts.d2), (of_groups, of_groups));
    // Groups that share a member are one component, and a group whose offences share no member is two.
    assert!(
        counts.d3.abs_diff(with_offences) as f64 <= 0.15 * with_offences as f64,
        "{counts:?} {with_offences}"
    );
    let recorded = group_counts(&read_events(text(&files, "truth/events.csv"), true).unwrap());
    assert!(recorded.d1 < counts.d1 && recorded.d3 <= counts.d3);
}

/// One half of rows.
type Half = fn(&HashMap<String, String>) -> bool;

#[test]
fn protected_characteristics_say_nothing_of_names_dates_and_places() {
    let (nation, files) = plain(30_000, false);
    let map = read_record_map(text(&files, "truth/record_map.csv")).unwrap();
    let ethnicity = read_persons(text(&files, "truth/persons.csv"), "ethnicity").unwrap();
    let halves: [(&str, Half); 5] = [
        ("forename", |r| r["forename"].as_str() < "J"),
        ("surname", |r| r["surname"].as_str() < "K"),
        ("born", |r| r["birth_year_month"].as_str() < "2008-06"),
        ("postcode", |r| r["postcode"].as_str() < "QN"),
        ("sex", |r| r["sex"] == "F"),
    ];
    let rows = rows_of(&nation, &files, "victim");
    for (what, half) in halves {
        let mut counts = [[0u32; 2]; 2];
        for (body, row) in &rows {
            let person = map[&(body.clone(), row["person_id"].clone())];
            counts[usize::from(half(row))][usize::from(ethnicity[person as usize] == "W1")] += 1;
        }
        let share = |c: [u32; 2]| f64::from(c[1]) / f64::from(c[0] + c[1]);
        let (n, m) = (f64::from(counts[0][0] + counts[0][1]), f64::from(counts[1][0] + counts[1][1]));
        // Four standard errors, doubled because a person has about two rows.
        let limit = 4.0 * (0.68 * 0.32 * 2.0 * (1.0 / n + 1.0 / m)).sqrt();
        let difference = (share(counts[0]) - share(counts[1])).abs();
        assert!(
            n > 1000.0 && m > 1000.0 && difference < limit,
            "{what}: {difference} of {limit}, {counts:?}"
        );
    }
}

#[test]
fn a_corrected_nation_differs_by_its_faults_alone() {
    let k = Knobs { language: Language { notes: false, ..Language::default() }, ..knobs(3_000) };
    let (_, damaged) = write(k.clone());
    let (_, corrected) = write(k.corrected());
    for path in
        ["truth/persons.csv", "truth/events.csv", "truth/lists.csv", "truth/groups.csv", "truth/areas.csv"]
    {
        assert!(damaged[path] == corrected[path], "{path} differs");
    }
    let left = text(&corrected, "truth/errors.csv");
    assert!(!left.contains("injected") && !left.contains("sabotage"));
    assert!(text(&damaged, "truth/errors.csv").contains("injected"));
}

#[test]
fn childrens_services_follow_their_knobs() {
    let (nation, files) = plain(40_000, false);
    let assessments: Vec<_> = rows_of(&nation, &files, "assessment").into_iter().map(|r| r.1).collect();
    let has = |a: &HashMap<String, String>, code: &str| a["factors"].split(' ').any(|f| f == code);
    let marked: Vec<usize> =
        assessments.iter().filter(|a| has(a, "11A")).map(|a| a["factors"].split(' ').count()).collect();
    let mean = marked.iter().sum::<usize>() as f64 / marked.len() as f64;
    println!("factors of children marked as exploited: {mean:.2} of {}", marked.len());
    assert!((mean - 5.0).abs() < 0.3, "{mean}");
    let share_in = |year: &str| {
        let of_year: Vec<_> = assessments.iter().filter(|a| a["end"].starts_with(year)).collect();
        of_year.iter().filter(|a| has(a, "11A")).count() as f64 / of_year.len() as f64
    };
    // First and last two years together, since one year alone is too small; the trend runs from the first to the last.
    let change = (share_in("2024") + share_in("2025")) / (share_in("2016") + share_in("2017")) - 1.0;
    println!("change of the share marked 11A: {change:.3}");
    assert!((-0.45..-0.10).contains(&change), "{change}");
    near(
        "assessments of risk only",
        assessments.iter().filter(|a| a["harm_status"] == "RISK_ONLY").count(),
        assessments.len(),
        0.35,
        0.02,
    );
    let records = rows_of(&nation, &files, "victim")
        .into_iter()
        .filter(|(body, _)| body.starts_with("X06") || body.starts_with("X96"));
    let held: Vec<_> = records.map(|r| r.1).collect();
    let early = held.iter().filter(|v| v["first_known"].as_str() < "2024");
    let (all, with) = early.fold((0, 0), |(all, with), v| (all + 1, with + usize::from(v["nhs_no"] != "NK")));
    near("NHS numbers at children's services before 2024", with, all, 0.65, 0.02);
    let late: Vec<_> = held.iter().filter(|v| v["first_known"].as_str() >= "2025").collect();
    near(
        "NHS numbers at children's services in 2025",
        late.iter().filter(|v| v["nhs_no"] != "NK").count(),
        late.len(),
        0.75,
        0.03,
    );
}

#[test]
fn wording_differs_by_body_and_lies_beside_offences_as_the_knob_says() {
    let (_, files) = write(Knobs {
        language: Language { sentences: 1.0, ..Language::default() },
        sabotage: Sabotage::none(),
        ..knobs(20_000)
    });
    let mut by_body: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for row in truth_rows(&files, "language_rates.csv") {
        let counts = by_body.entry(row["body"].clone()).or_default();
        counts.0 += row["notes"].parse::<f64>().unwrap();
        counts.1 += row["misuse"].parse::<f64>().unwrap();
    }
    let rates: Vec<f64> =
        by_body.values().filter(|(notes, _)| *notes > 400.0).map(|(notes, own)| own / notes).collect();
    let (low, high) = rates.iter().fold((1.0f64, 0.0f64), |(l, h), r| (l.min(*r), h.max(*r)));
    println!("rates of {} bodies from {low:.3} to {high:.3}", rates.len());
    assert!(rates.len() > 30 && low < 0.05 && (0.25..0.50).contains(&high), "{low} {high}");
    let (mut outside, mut beside) = (0, 0);
    for line in text(&files, "truth/note_labels.jsonl").lines() {
        let label: serde_json::Value = serde_json::from_str(line).unwrap();
        if !label["language"].as_array().unwrap().is_empty()
            && !label["body"].as_str().unwrap().starts_with("X23")
        {
            outside += 1;
            beside += usize::from(label["beside_offence"].as_bool().unwrap());
        }
    }
    near("such notes beside an offence", beside, outside, 0.5, 0.04);
}

#[test]
fn ethnicity_is_missing_at_random_unless_switched() {
    let spread = |switched: bool| {
        let mut k = Knobs {
            dialects: false,
            language: Language { notes: false, ..Language::default() },
            ..knobs(60_000)
        };
        k.suspects.ethnicity_missing_not_at_random = switched;
        let (nation, files) = write(k);
        let ethnicity: Vec<String> =
            truth_rows(&files, "offenders.csv").into_iter().map(|o| o["ethnicity"].clone()).collect();
        let map = read_record_map(text(&files, "truth/suspect_map.csv")).unwrap();
        let mut groups: BTreeMap<u8, (f64, f64)> = BTreeMap::new();
        for (body, row) in
            rows_of(&nation, &files, "suspect").iter().filter(|(_, r)| r["identified"] == "NAMED")
        {
            let offender = map[&(body.clone(), row["suspect_id"].clone())];
            let counts = groups.entry(ethnicity[offender as usize].as_bytes()[0]).or_default();
            counts.0 += 1.0;
            counts.1 += f64::from(u8::from(["NS", "NK", "NC"].contains(&row["ethnicity"].as_str())));
        }
        let shares: Vec<f64> =
            groups.values().filter(|(n, _)| *n > 400.0).map(|(n, missing)| missing / n).collect();
        println!("switched {switched}: {groups:?}");
        assert!(shares.len() >= 3);
        shares.iter().fold(0.0f64, |h, s| h.max(*s)) - shares.iter().fold(1.0f64, |l, s| l.min(*s))
    };
    let (off, on) = (spread(false), spread(true));
    assert!(off < 0.08 && on > off + 0.08, "off {off}, on {on}");
}

#[test]
fn a_slip_in_names_is_as_frequent_as_the_knob_says() {
    let mut k = Knobs {
        dialects: false,
        language: Language { notes: false, ..Language::default() },
        ..knobs(30_000)
    };
    k.faults.rate = 0.0;
    k.sabotage = Sabotage::none();
    let slipped = write(k.clone());
    let d = &mut k.distortion;
    d.name_typo = 0.0;
    let clean = write(k);
    // Streams are the same, so a name differs where a slip changed it or, after one, where the numbers went on otherwise.
    let names = |(nation, files): &(Nation, Files)| -> Vec<String> {
        rows_of(nation, files, "victim").into_iter().map(|(_, r)| r["surname"].clone()).collect()
    };
    let (a, b) = (names(&slipped), names(&clean));
    assert_eq!(a.len(), b.len());
    let differ = a.iter().zip(&b).filter(|(a, b)| a != b).count();
    near("surnames that a slip changed", differ, a.len(), 0.055, 0.03);
}
