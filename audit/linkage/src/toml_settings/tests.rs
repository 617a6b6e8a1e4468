use proptest::prelude::*;

use super::*;
use crate::settings::{Bound, Measure, Value};
use crate::splink::{read_splink, write_splink};

fn read(toml: &str) -> Settings {
    to_settings(&format!("link-type = 'dedupe-only'\n{toml}")).unwrap()
}

fn refusal(toml: &str) -> String {
    to_settings(&format!("link-type = 'dedupe-only'\n{toml}")).unwrap_err().to_string()
}

fn levels(toml: &str) -> Vec<Level> {
    read(&format!("[[comparison]]\n{toml}")).comparisons.remove(0).levels
}

#[test]
fn nothing_but_a_link_type_gives_the_defaults() {
    let mut expected = Settings::default();
    expected.other.insert("sql_dialect".to_owned(), "duckdb".into());
    assert_eq!(read(""), expected);
    assert!(read("").household, "families are told apart unless that is switched off");
}

/// The SQL that Splink 5.0.0 writes for each function with its defaults, captured from it, and which levels it adjusts.
#[test]
fn comparisons_by_name_have_splinks_levels() {
    let null = r#""a_l" IS NULL OR "a_r" IS NULL"#;
    let part = |p: &str| {
        format!(
            r#"NULLIF(regexp_extract("a_l", '{p}', 0), '') = NULLIF(regexp_extract("a_r", '{p}', 0), '')"#
        )
    };
    let winkler = |t: &str| format!(r#"jaro_winkler_similarity("a_l", "a_r") >= {t}"#);
    let days = |s: &str| {
        format!(
            r#"ABS(EPOCH(try_strptime("a_l", '%Y-%m-%d')) - EPOCH(try_strptime("a_r", '%Y-%m-%d'))) <= {s}"#
        )
    };
    let pair = |t: &str| {
        format!(
            r#"(jaro_winkler_similarity("a_l", "a_r") >= {t}) AND (jaro_winkler_similarity("b_l", "b_r") >= {t})"#
        )
    };
    let equal = r#""a_l" = "a_r""#.to_owned();
    let own = |sql: &str| sql.to_owned();
    let cases: [(&str, Vec<String>, &[usize]); 10] = [
        ("compare = 'exact'\ncolumn = 'a'", vec![own(null), equal.clone()], &[]),
        (
            "compare = 'name'\ncolumn = 'a'",
            vec![own(null), equal.clone(), winkler("0.92"), winkler("0.88"), winkler("0.7")],
            &[1],
        ),
        (
            "compare = 'date-of-birth'\ncolumn = 'a'",
            vec![
                own(r#"try_strptime("a_l", '%Y-%m-%d') IS NULL OR try_strptime("a_r", '%Y-%m-%d') IS NULL"#),
                equal.clone(),
                own(r#"levenshtein("a_l", "a_r") <= 1"#),
                days("2629800.0"),
                days("31557600.0"),
                days("315576000.0"),
            ],
            &[],
        ),
        (
            "compare = 'postcode'\ncolumn = 'a'",
            vec![
                own(null),
                equal.clone(),
                part("^[A-Za-z]{1,2}[0-9][A-Za-z0-9]? [0-9]"),
                part("^[A-Za-z]{1,2}[0-9][A-Za-z0-9]?"),
                part("^[A-Za-z]{1,2}"),
            ],
            &[],
        ),
        (
            "compare = 'email'\ncolumn = 'a'",
            vec![
                own(null),
                equal.clone(),
                part("^[^@]+"),
                winkler("0.88"),
                own(
                    r#"jaro_winkler_similarity(NULLIF(regexp_extract("a_l", '^[^@]+', 0), ''), NULLIF(regexp_extract("a_r", '^[^@]+', 0), '')) >= 0.88"#,
                ),
            ],
            &[1],
        ),
        (
            "compare = 'full-name'\ncolumns = ['a', 'b']",
            vec![
                own(r#"("a_l" IS NULL OR "a_r" IS NULL) AND ("b_l" IS NULL OR "b_r" IS NULL)"#),
                own(r#"("a_l" = "a_r") AND ("b_l" = "b_r")"#),
                own(r#""a_l" = "b_r" AND "a_r" = "b_l""#),
                pair("0.92"),
                pair("0.88"),
                own(r#""b_l" = "b_r""#),
                equal.clone(),
            ],
            &[5, 6],
        ),
        (
            "compare = 'full-name'\ncolumns = ['a', 'b']\njoined = 'c'",
            vec![
                own(r#"("a_l" IS NULL OR "a_r" IS NULL) AND ("b_l" IS NULL OR "b_r" IS NULL)"#),
                own(r#""c_l" = "c_r""#),
                own(r#""a_l" = "b_r" AND "a_r" = "b_l""#),
                pair("0.92"),
                pair("0.88"),
                own(r#""b_l" = "b_r""#),
                equal.clone(),
            ],
            &[1, 5, 6],
        ),
        (
            "compare = 'levenshtein'\ncolumn = 'a'",
            vec![
                own(null),
                equal.clone(),
                own(r#"levenshtein("a_l", "a_r") <= 1"#),
                own(r#"levenshtein("a_l", "a_r") <= 2"#),
            ],
            &[],
        ),
        (
            "compare = 'jaro-winkler'\ncolumn = 'a'\nthresholds = [0.95]",
            vec![own(null), equal.clone(), winkler("0.95")],
            &[],
        ),
        ("compare = 'exact'\ncolumn = 'a'\nterm-frequency = true", vec![own(null), equal.clone()], &[1]),
    ];
    for (toml, mut sql, adjusted) in cases {
        let levels = levels(toml);
        sql.push("ELSE".to_owned());
        assert_eq!(levels.iter().map(|l| l.sql.clone()).collect::<Vec<_>>(), sql, "{toml}");
        let found: Vec<usize> =
            levels.iter().enumerate().filter(|(_, l)| l.term_frequency.is_some()).map(|(at, _)| at).collect();
        assert_eq!(found, adjusted, "{toml}");
        assert!(levels.iter().enumerate().all(|(at, l)| l.is_null == (at == 0)), "{toml}");
        assert_eq!(levels.last().map(|l| &l.condition), Some(&Condition::Else));
    }
}

#[test]
fn term_frequencies_can_be_turned_off_and_tuned() {
    let off = levels("compare = 'name'\ncolumn = 'a'\nterm-frequency = false");
    assert!(off.iter().all(|l| l.term_frequency.is_none()));
    let tuned = levels("compare = 'name'\ncolumn = 'a'\nterm-frequency = { weight = 0.5, minimum-u = 0.01 }");
    let expected = TermFrequency { column: "a".to_owned(), weight: 0.5, minimum_u: 0.01, own_u: false };
    assert_eq!(tuned[1].term_frequency, Some(expected));
}

#[test]
fn roles_and_names_are_given_or_follow() {
    let settings = read(
        "[[comparison]]\ncompare = 'name'\ncolumn = 'first_name'\nrole = 'given-name'\n\
         [[comparison]]\ncompare = 'date-of-birth'\ncolumn = 'dob'\n\
         [[comparison]]\ncompare = 'postcode'\ncolumn = 'postcode'\nname = 'where'\nrole = 'other'\n\
         [[comparison]]\ncompare = 'full-name'\ncolumns = ['a', 'b']",
    );
    let found: Vec<_> = settings.comparisons.iter().map(|c| (c.name.as_str(), c.role)).collect();
    assert_eq!(
        found,
        [
            ("first_name", Some(Role::GivenName)),
            ("dob", Some(Role::BirthDate)),
            ("where", Some(Role::Other)),
            ("a_b", Some(Role::FullName)),
        ]
    );
}

#[test]
fn levels_of_ones_own() {
    let levels = levels(
        "name = 'phone'\nlevels = [\n\
         'p_l IS NULL OR p_r IS NULL',\n\
         { sql = 'p_l = p_r', term-frequency = { column = 'p' } },\n\
         { sql = 'levenshtein(p_l, p_r) <= 1', label = 'one apart', m = 0.1, u = 0.001, fix-m = true },\n\
         'ELSE' ]",
    );
    assert_eq!(levels.iter().map(|l| l.is_null).collect::<Vec<_>>(), [true, false, false, false]);
    assert_eq!(
        (levels[2].m, levels[2].u, levels[2].fix_m, levels[2].fix_u),
        (Some(0.1), Some(0.001), true, false)
    );
    assert_eq!(levels[2].label, "one apart");
    assert_eq!(levels[3].label, "All other comparisons");
    assert!(matches!(
        levels[2].condition,
        Condition::Compare { measure: Measure::Levenshtein, bound: Bound::AtMost, threshold: 1.0, .. }
    ));
}

#[test]
fn rules_are_lists_of_values_or_sql() {
    let settings = read(
        "blocking-rules = [['a'], ['a', 'substr(b, 1, 4)'], 'l.a = r.a AND l.c = r.d']\npasses = [['nhs']]",
    );
    let written: Vec<&str> = settings.blocking_rules.iter().map(|r| r.sql.as_str()).collect();
    assert_eq!(
        written,
        [
            r#"l."a" = r."a""#,
            r#"l."a" = r."a" AND SUBSTRING(l."b", 1, 4) = SUBSTRING(r."b", 1, 4)"#,
            "l.a = r.a AND l.c = r.d"
        ]
    );
    let Condition::Equal(left, _) = &settings.passes[0].condition else {
        panic!("one column is one equality")
    };
    assert_eq!(left.value, Value::Column("nhs".to_owned()));
}

/// Settings and a piece of the reason they are refused for.
#[test]
fn what_cannot_be_meant_is_refused_with_what_was() {
    let cases = [
        ("houshold = true", "line 2: the key houshold is not known; household is meant"),
        ("[training]\nrecal = 0.5", "recall is meant"),
        ("[training]\nmax_iterations = 5", "max-iterations is meant"),
        ("[thresholds]\nfoo = 5", "there are keep, clusters, review"),
        ("[[comparison]]\ncompare = 'nmae'\ncolumn = 'a'", "name is meant"),
        ("[[comparison]]\ncompare = 'date_of_birth'\ncolumn = 'a'", "date-of-birth is meant"),
        ("[[comparison]]\ncompare = 'zzzzzzzzzz'\ncolumn = 'a'", "there are exact, name"),
        ("[[comparison]]\ncompare = 'name'\ncolum = 'a'", "column is meant"),
        ("[[comparison]]\ncompare = 'name'", "wants a column"),
        ("[[comparison]]\ncompare = 'full-name'\ncolumns = ['a']", "given name, family name"),
        ("[[comparison]]\ncompare = 'name'\ncolumn = 'a'\nformat = '%Y'", "format does not go"),
        ("[[comparison]]\ncompare = 'name'\ncolumn = 'a'\nthresholds = [1]", "thresholds does not go"),
        ("[[comparison]]\ncompare = 'jaro'\ncolumn = 'a'\nthresholds = [1.5]", "out of range"),
        ("[[comparison]]\ncompare = 'name'\ncolumn = 'a'\nrole = 'surnam'", "surname is meant"),
        ("[[comparison]]\ncompare = 'name'\ncolumn = 'a'\nterm-frequency = { minimum = 1 }", "minimum"),
        ("[[comparison]]\ncolumn = 'a'", "compare or levels"),
        ("[[comparison]]\nlevels = ['ELSE']", "needs a name"),
        ("[[comparison]]\nname = 'a'\nlevels = ['a_l = a_r']", "must be ELSE"),
        ("[[comparison]]\nname = 'a'\nlevels = ['ELSE']", "from 2 to 100"),
        ("[[comparison]]\nname = 'a'\nlevels = ['soundx(a_l) = a_r', 'ELSE']", "soundx"),
        ("[[comparison]]\nname = 'a'\nlevels = [{ sql = 'a_l = a_r', labl = 'x' }, 'ELSE']", "labl"),
        ("[[comparison]]\nname = 'a'\nlevels = [{ sql = 'a_l = a_r', m = 2 }, 'ELSE']", "m is 2"),
        ("[[comparison]]\nname = 'a'\ncompare = 'name'\nlevels = ['ELSE']", "compare does not go"),
        (
            "[[comparison]]\nname = 'a'\nlevels = [{ sql = 'jaro_sim(a_l, a_r) > 0.9', term-frequency = { column = 'a' } }, 'ELSE']",
            "term frequencies of a need",
        ),
        (
            "[[comparison]]\ncompare = 'name'\ncolumn = 'a'\n[[comparison]]\ncompare = 'exact'\ncolumn = 'a'",
            "two comparisons",
        ),
        ("blocking-rules = [[]]", "empty"),
        ("blocking-rules = [[\"'x'\"]]", "names no column"),
        ("blocking-rules = [['a_l = a_r']]", "rule 1"),
        ("blocking-rules = ['a = b']", "l. or r."),
        ("blocking-rules = [1]", "a rule is a list"),
        ("prior = 1.0", "prior is 1"),
        ("text-unit = 'byte'", "bytes is meant"),
        ("[thresholds]\nkeep = 1.5", "1.5"),
        ("[thresholds]\nreview = [0.9, 0.1]", "holds no pair"),
        ("[training]\nrecall = 0", "recall"),
        ("[training]\nsampled-pairs = 0", "at least one"),
        ("[training]\nsampled-pairs = -1", "line"),
        ("x = ", "line 2"),
    ];
    for (toml, piece) in cases {
        let reason = refusal(toml);
        assert!(reason.contains(piece), "{toml}: {reason}");
    }
    assert!(to_settings("").unwrap_err().to_string().contains("link-type"));
    assert!(to_settings("link-type = 'link_olny'").unwrap_err().to_string().contains("link-only is meant"));
}

#[test]
fn protected_characteristics_are_refused_wherever_they_stand() {
    let cases = [
        "id = 'race'",
        "source = 'nationality'",
        "blocking-rules = [['surname', 'lower(Ethnic_Group)']]",
        "passes = [['religion']]",
        "[training]\nsessions = [['disability']]",
        "[training]\ndeterministic-rules = [['asylum_status']]",
        "[frequency-files]\nfirst_language = 'x.csv'",
        "[[comparison]]\ncompare = 'exact'\ncolumn = 'marital status'",
        "[[comparison]]\ncompare = 'full-name'\ncolumns = ['a', 'b']\njoined = 'sexual_orientation'",
        "[[comparison]]\nname = 'a'\nlevels = ['a_l = a_r AND country_of_birth_l = country_of_birth_r', 'ELSE']",
    ];
    for toml in cases {
        let refused = to_settings(&format!("link-type = 'dedupe-only'\n{toml}"));
        assert!(matches!(refused, Err(LinkageError::Protected { .. })), "{toml}: {refused:?}");
    }
}

/// Everything that settings can say, to be written as a Splink file and read again.
#[test]
fn our_settings_survive_a_splink_file() {
    let mut settings = to_settings(
        "link-type = 'link-and-dedupe'\nid = 'record'\nsource = 'agency'\nprior = 0.001\n\
         blocking-rules = [['a', 'substr(b, 1, 2)'], 'l.c = r.c']\npasses = [['nhs']]\n\
         [thresholds]\nkeep = 0.5\nclusters = [0.95]\nreview = [0.4, 0.95]\n\
         [training]\ndeterministic-rules = [['a', 'b']]\nrecall = 0.9\nsampled-pairs = 10\nsessions = [['a']]\nsession-pairs = 11\n\
         convergence = 0.01\nmax-iterations = 3\nseed = 4\n\
         [frequency-files]\na = 'a.csv'\n\
         [[comparison]]\ncompare = 'name'\ncolumn = 'a'\nrole = 'surname'\nterm-frequency = { minimum-u = 0.001 }\n\
         [[comparison]]\ncompare = 'date-of-birth'\ncolumn = 'd'\nformat = '%d/%m/%Y'\n\
         [[comparison]]\ncompare = 'email'\ncolumn = \"e'm\\\"ail\"\n\
         [[comparison]]\ncompare = 'damerau-levenshtein'\ncolumn = 'f'\n\
         [[comparison]]\nname = 'own'\nlevels = ['g_l IS NULL', 'g_l = g_r', 'ELSE']",
    )
    .unwrap();
    let (again, findings) = read_splink(&write_splink(&settings)).unwrap();
    assert_eq!(again, settings);
    assert!(findings.is_empty(), "{findings:?}");
    // The same once trained.
    for level in settings.comparisons.iter_mut().flat_map(|c| &mut c.levels).filter(|l| !l.is_null) {
        (level.m, level.u) = (Some(0.1 + 0.2), Some(1.0 / 3.0));
    }
    assert_eq!(read_splink(&write_splink(&settings)).unwrap().0, settings);
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,120}") {
        let _ = to_settings(&text);
        let _ = to_settings(&format!("link-type = 'dedupe-only'\n[[comparison]]\ncompare = 'name'\ncolumn = {text:?}"));
    }

    #[test]
    fn any_column_name_stands(column in "[^\u{0}-\u{1f}\\\\]{1,12}") {
        prop_assume!(!safeguard::is_protected(&column));
        for kind in ["exact", "name", "date-of-birth", "postcode", "email", "jaccard"] {
            let quoted = toml::Value::String(column.clone());
            let settings = read(&format!("[[comparison]]\ncompare = '{kind}'\ncolumn = {quoted}"));
            prop_assert_eq!(settings.comparisons[0].columns(), vec![column.as_str()]);
        }
    }
}
