"""The models and tables of the linkage benchmark, one for Splink and for us: the same comparisons, blocking rules and training.

  models.py CORPUS GENERATOR WORK     prepares tables and settings in WORK, those that are there already are kept

DuckDB counts the characters of a text since 2.0.1 and counted its bytes until 2.0.0, so the settings say which to count.
CORPUS is the folder of development data (with `linkage/`), GENERATOR its program that makes people. Needs splink, duckdb, pyarrow.
"""
import json, subprocess, sys
from pathlib import Path

import duckdb
import splink.comparison_library as cl
from splink import SettingsCreator, block_on

HISTORICAL = "historical_figures_with_errors_50k.parquet"


def name(column):
    return cl.NameComparison(column).configure(term_frequency_adjustments=True)


def exact(column):
    return cl.ExactMatch(column).configure(term_frequency_adjustments=True)


def people(wide=False):
    """The best of four sensible models of the generated people: two names, middle initial."""
    rules = [block_on("first_name", "surname", "substr(dob,1,4)"), block_on("surname", "dob"), block_on("first_name", "dob"),
             block_on("postcode", "first_name"), block_on("postcode", "surname"), block_on("postcode", "dob"), block_on("phone"),
             block_on("dob", "town"), block_on("substr(first_name,1,3)", "substr(surname,1,3)", "town")]
    comparisons = [name("first_name"), name("surname"), cl.DateOfBirthComparison("dob", input_is_string=True),
                   cl.PostcodeComparison("postcode"), exact("town"), cl.ExactMatch("sex"), cl.ExactMatch("phone"),
                   cl.ExactMatch("mid_initial")]
    prior = ["l.first_name = r.first_name and l.surname = r.surname and l.dob = r.dob",
             "l.dob = r.dob and l.postcode = r.postcode and l.first_name = r.first_name",
             "l.surname = r.surname and l.dob = r.dob and l.postcode = r.postcode and l.sex = r.sex",
             "l.phone = r.phone and l.dob = r.dob and l.first_name = r.first_name"]
    sessions = [block_on("first_name", "surname", "dob"), block_on("dob", "postcode"), block_on("surname", "postcode", "dob")]
    return rules + [block_on("dob")] * wide, comparisons, prior, 0.65, sessions


def historical():
    rules = [block_on("substr(first_name,1,3)", "substr(surname,1,4)"), block_on("surname", "dob"), block_on("first_name", "dob"),
             block_on("postcode_fake", "first_name"), block_on("postcode_fake", "surname"), block_on("dob", "birth_place"),
             block_on("substr(postcode_fake,1,3)", "dob"), block_on("substr(postcode_fake,1,3)", "first_name"),
             block_on("substr(postcode_fake,1,3)", "surname"),
             block_on("substr(first_name,1,2)", "substr(surname,1,2)", "substr(dob,1,4)")]
    comparisons = [cl.ForenameSurnameComparison("first_name", "surname", forename_surname_concat_col_name="name_concat"),
                   cl.DateOfBirthComparison("dob", input_is_string=True), cl.PostcodeComparison("postcode_fake"),
                   exact("birth_place"), exact("occupation")]
    prior = ["l.first_name = r.first_name and l.surname = r.surname and l.dob = r.dob",
             "substr(l.first_name,1,2) = substr(r.first_name,1,2) and l.surname = r.surname"
             " and substr(l.postcode_fake,1,2) = substr(r.postcode_fake,1,2)",
             "l.dob = r.dob and l.postcode_fake = r.postcode_fake"]
    return rules, comparisons, prior, 0.6, [block_on("first_name", "surname"), block_on("dob")]


def fake_1000():
    rules = [block_on("first_name"), block_on("surname"), block_on("dob"), block_on("email")]
    comparisons = [name("first_name"), name("surname"), cl.DateOfBirthComparison("dob", input_is_string=True), exact("city"),
                   cl.EmailComparison("email")]
    prior = ["l.first_name = r.first_name and levenshtein(r.dob, l.dob) <= 1",
             "l.surname = r.surname and levenshtein(r.dob, l.dob) <= 1", "l.first_name = r.first_name and l.email = r.email"]
    return rules, comparisons, prior, 0.7, [block_on("first_name", "surname"), block_on("dob")]


def febrl4():
    rules = [block_on("given_name", "surname"), block_on("soc_sec_id"), block_on("date_of_birth"), block_on("postcode", "surname"),
             block_on("postcode", "given_name"), block_on("address_1")]
    comparisons = [name("given_name"), name("surname"), cl.DamerauLevenshteinAtThresholds("date_of_birth", [1, 2]),
                   cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]), cl.ExactMatch("street_number"),
                   cl.DamerauLevenshteinAtThresholds("postcode", [1, 2])]
    prior = ["l.soc_sec_id = r.soc_sec_id and l.surname = r.surname",
             "l.given_name = r.given_name and l.surname = r.surname and l.date_of_birth = r.date_of_birth"]
    return rules, comparisons, prior, 0.8, [block_on("date_of_birth"), block_on("postcode")]


MODELS = {"people_1m": people, "people_1m_wide": lambda: people(wide=True), "historical_50k": historical, "fake_1000": fake_1000,
          "febrl4": febrl4}


def tables(task, work):
    if task == "febrl4":
        return [work / "febrl4a.parquet", work / "febrl4b.parquet"]
    return [work / f"{task.removesuffix('_wide')}.parquet"]


def sql(rule):
    return rule.get_blocking_rule("duckdb").blocking_rule_sql


def settings(task, household=False):
    """Splink's settings, with what our program needs to train in a part of its own."""
    rules, comparisons, prior, recall, sessions = MODELS[task]()
    creator = SettingsCreator(link_type="link_only" if task == "febrl4" else "dedupe_only", comparisons=comparisons,
                              blocking_rules_to_generate_predictions=rules, retain_intermediate_calculation_columns=False,
                              retain_matching_columns=False)
    made = creator.create_settings_dict("duckdb")
    training = {"deterministic_rules": prior, "recall": recall, "sessions": [sql(s) for s in sessions]}
    return made, made | {"candour": training | {"household": household, "text_unit": "characters"}}, training


def prepare(corpus, generator, work):
    corpus, work = Path(corpus) / "linkage", Path(work)
    work.mkdir(parents=True, exist_ok=True)
    raw = work / "people_raw.parquet"
    if not raw.exists():
        subprocess.run([sys.executable, generator, "--records", "1000000", "--seed", "7", "--out", raw], check=True)
    queries = {
        "people_1m": f"select *, substr(middle_name, 1, 1) mid_initial from '{raw}'",
        "historical_50k": "select unique_id, cluster, first_name, surname, cast(dob as varchar) dob, birth_place, postcode_fake,"
                          f" occupation, first_name || ' ' || surname name_concat from '{corpus / HISTORICAL}'",
        "fake_1000": f"select * from read_csv('{corpus / 'fake_1000.csv'}', all_varchar=true, nullstr='')",
    }
    for side in "ab":
        queries[f"febrl4{side}"] = ("select trim(rec_id) unique_id, regexp_extract(rec_id, 'rec-(\\d+)', 1) as cluster,"
                                    " * exclude (rec_id) from (select trim(columns(*)) from read_csv('"
                                    f"{corpus / f'febrl4{side}.csv'}', all_varchar=true, nullstr=['', ' '], normalize_names=true))")
    for table, query in queries.items():
        if not (work / f"{table}.parquet").exists():
            duckdb.sql(f"copy ({query}) to '{work / table}.parquet'")
    for task in MODELS:
        for household in [False, True]:
            suffix = "_household" if household else ""
            (work / f"{task}{suffix}.json").write_text(json.dumps(settings(task, household)[1], indent=1))


if __name__ == "__main__":
    prepare(*sys.argv[1:])
