#!/usr/bin/env python3
"""Time the check of a return beside pandera, pointblank and Great Expectations, on the rules that they can express, and print a
Markdown table.

  benches/returns.py [--records 200000] [--runs 2] [--candour target/release/candour]

The return is the good one of `extras/dry-run` many times over, with pseudonyms of its own for each copy and three kinds of fault. What
the peers are asked comes from the call's own schema (`candour returns template`): every column's form or allowed values, with no
blank among them; the least and most of whole numbers; keys that stand once; and offences reported before they were recorded. `candour returns
check` is not told to do less: it runs its 53 rules, references between tables, hashes of files and a search of notes among them.

Each tool is a process of its own from its start to its end. Figures are CPU seconds (user and system, from wait4) of the fastest run and
the largest peak of resident memory. The peers are installed into a temporary virtual environment. Standard library only.
"""
import argparse, csv, hashlib, json, os, re, subprocess, sys, tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
MISSING = ("NA", "NK", "NR", "NC")
PEERS = {"pandera": "pandera[polars]", "pointblank": "pointblank", "Great Expectations": "great_expectations"}


def make(source, target, records):
    """The return in `source` until it has so many records: about a fiftieth of offences with a flag that is no code, one key twice, one blank."""
    tables = {}
    for path in sorted(source.glob("*.csv")):
        with open(path, newline="", encoding="utf-8") as file:
            tables[path.stem] = list(csv.reader(file))
    each = sum(len(rows) - 1 for name, rows in tables.items() if name not in ("header", "file"))
    copies, made, lists = -(-records // each), 0, {}
    target.mkdir(parents=True)
    for name, (heading, *rows) in tables.items():
        if name == "file":
            continue
        ids = [at for at, column in enumerate(heading) if column.endswith("_id") and column not in ("list_id", "call_id", "local_id")]
        flag, sex = (heading.index(c) if c in heading else None for c in ("flag_cse", "sex"))
        numbers = [at for at, column in enumerate(heading) if column in ("nhs_no", "upn")]
        total = 0
        with open(target / f"{name}.csv", "w", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow(heading)
            for copy in range(1 if name == "header" else copies):
                for row in rows:
                    row = list(row)
                    for at in ids if name != "header" else ():
                        if row[at] not in MISSING:
                            row[at] = f"{row[at]}-{copy}"
                    for at in numbers if copy else ():
                        row[at] = "NK"
                    if flag is not None and total % 50 == 0:
                        row[flag] = "Y?"
                    if name == "suspect" and total == 7:
                        row = previous
                    if name == "victim" and total == 9:
                        row[sex] = ""
                    out.writerow(row)
                    previous, total = row, total + 1
        lists[name] = (total, hashlib.sha256((target / f"{name}.csv").read_bytes()).hexdigest())
        made += total if name != "header" else 0
    heading, *rows = tables["file"]
    with open(target / "file.csv", "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(heading)
        for row in rows:
            row[heading.index("rows")], row[heading.index("sha256")] = lists[row[heading.index("table")]]
            out.writerow(row)
    return made


def questions(template, folder):
    """What the peers are asked of each table: allowed values, patterns and ranges by column, and its key."""
    schema = json.loads((template / "schema.json").read_text())
    package = json.loads((template / "datapackage.json").read_text())
    keys = {r["name"]: r["schema"].get("primaryKey") for r in package["resources"]}
    asked = {}
    for path in sorted(folder.glob("*.csv")):
        table = {"path": str(path), "values": {}, "patterns": {}, "ranges": {}, "key": keys.get(path.stem) or [], "dates": []}
        for name, column in schema["properties"][path.stem]["items"]["properties"].items():
            parts = column.get("anyOf", [column])
            values = [v for part in parts for v in part.get("enum", [])]
            forms = [part for part in parts if "enum" not in part]
            if not forms:
                table["values"][name] = values
                continue
            pattern = forms[0].get("pattern") or ("^-?[0-9]+$" if forms[0].get("type") == "integer" else "^(?s:.+)$")
            alternatives = [f"(?:{pattern})", *(f"(?:^{re.escape(v)}$)" for v in values)]
            table["patterns"][name] = "|".join(alternatives)
            if "minimum" in forms[0] or "maximum" in forms[0]:
                table["ranges"][name] = [forms[0].get("minimum", -(2**31)), forms[0].get("maximum", 2**31)]
        if path.stem == "offence":
            table["dates"].append(["reported_on", "recorded_on"])
        asked[path.stem] = table
    return asked


def pandera(asked):
    import pandera.polars as pa, polars as pl
    found = 0
    for table in asked.values():
        data = pl.read_csv(table["path"], infer_schema=False, empty_string_is_null=False)
        columns = {name: [pa.Check.isin(values)] for name, values in table["values"].items()}
        columns |= {name: [pa.Check.str_matches(pattern)] for name, pattern in table["patterns"].items()}
        for name, (least, most) in table["ranges"].items():
            columns[name].append(pa.Check(lambda d, a=least, b=most: d.lazyframe.select(
                pl.col(d.key).cast(pl.Int64, strict=False).is_between(a, b).fill_null(True))))
        checks = [pa.Check(lambda d, a=a, b=b: d.lazyframe.select(
            (pl.col(a) <= pl.col(b)) | (pl.col(a).str.len_chars() != 10) | (pl.col(b).str.len_chars() != 10))) for a, b in table["dates"]]
        schema = pa.DataFrameSchema({n: pa.Column(str, c) for n, c in columns.items() if n in data.columns},
                                    unique=table["key"] or None, checks=checks)
        try:
            schema.validate(data, lazy=True)
        except pa.errors.SchemaErrors as errors:
            found += len(errors.failure_cases)
    return found


def pointblank(asked):
    import pointblank as pb, polars as pl
    found = 0
    for table in asked.values():
        data = pl.read_csv(table["path"], infer_schema=False, empty_string_is_null=False)
        check = pb.Validate(data=data)
        for name, values in table["values"].items():
            if name in data.columns:
                check = check.col_vals_in_set(columns=name, set=values)
        for name, pattern in table["patterns"].items():
            if name in data.columns:
                check = check.col_vals_regex(columns=name, pattern=pattern)
        for name, (least, most) in table["ranges"].items():
            if name in data.columns:
                check = check.col_vals_expr(expr=pl.col(name).cast(pl.Int64, strict=False).is_between(least, most).fill_null(True))
        for a, b in table["dates"]:
            check = check.col_vals_expr(expr=(pl.col(a) <= pl.col(b)) | (pl.col(a).str.len_chars() != 10) | (pl.col(b).str.len_chars() != 10))
        if table["key"]:
            check = check.rows_distinct(columns_subset=table["key"])
        found += sum(check.interrogate(collect_extracts=False).n_failed().values())
    return found


def great_expectations(asked):
    import great_expectations as gx, great_expectations.expectations as ask, pandas as pd
    context = gx.get_context(mode="ephemeral")
    source = context.data_sources.add_pandas("return")
    found = 0
    for table_name, table in asked.items():
        data = pd.read_csv(table["path"], dtype=str, keep_default_na=False)
        expected = [ask.ExpectColumnValuesToBeInSet(column=n, value_set=v) for n, v in table["values"].items() if n in data]
        expected += [ask.ExpectColumnValuesToMatchRegex(column=n, regex=p) for n, p in table["patterns"].items() if n in data]
        for name, (least, most) in table["ranges"].items():
            if name in data:
                data[f"{name} as a number"] = pd.to_numeric(data[name], errors="coerce")
                expected.append(ask.ExpectColumnValuesToBeBetween(column=f"{name} as a number", min_value=least, max_value=most))
        for a, b in table["dates"]:
            whole = (data[a].str.len() == 10) & (data[b].str.len() == 10)
            data["first"], data["then"] = data[a].where(whole), data[b].where(whole)
            expected.append(ask.ExpectColumnPairValuesAToBeGreaterThanB(
                column_A="then", column_B="first", or_equal=True, ignore_row_if="either_value_is_missing"))
        if len(table["key"]) == 1:
            expected.append(ask.ExpectColumnValuesToBeUnique(column=table["key"][0]))
        elif table["key"]:
            expected.append(ask.ExpectCompoundColumnsToBeUnique(column_list=table["key"]))
        batch = source.add_dataframe_asset(table_name).add_batch_definition_whole_dataframe("all").get_batch({"dataframe": data})
        done = batch.validate(gx.ExpectationSuite(name=table_name, expectations=expected))
        found += sum(r.result.get("unexpected_count", 0) for r in done.results)
    return found


def timed(command):
    """CPU seconds, peak MiB and what a process prints last; None where it fails."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.PIPE)
        told = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        # `candour returns check` answers 1 where something is to be corrected.
        if process.returncode not in ((0, 1) if Path(command[0]).name == "candour" else (0,)):
            sys.exit(f"{command[0]} failed: {told.decode(errors='replace')[-2000:]}")
        said.seek(0)
        return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, said.read().decode()


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--records", type=int, default=200_000)
    a.add_argument("--runs", type=int, default=2)
    a.add_argument("--candour", default=str(HERE / "target/release/candour"))
    a.add_argument("--peer", nargs=2, help=argparse.SUPPRESS)
    a = a.parse_args()
    if a.peer:
        name, asked = a.peer
        check = {"pandera": pandera, "pointblank": pointblank, "Great Expectations": great_expectations}[name]
        print(check(json.loads(Path(asked).read_text())))
        return
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        example = ["cargo", "run", "--quiet", "--locked", "--manifest-path", str(HERE / "extras/dry-run/Cargo.toml"), "--package", "candour-dry-run"]
        subprocess.run([*example, "--example", "returns", "--", str(folder / "small")], check=True)
        subprocess.run([a.candour, "returns", "template", "--body-type", "police", "--out", str(folder / "template")], check=True, stdout=subprocess.DEVNULL)
        records = make(folder / "small/good", folder / "return", a.records)
        asked = folder / "asked.json"
        asked.write_text(json.dumps(questions(folder / "template", folder / "return")))
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        python = str(folder / "venv/bin/python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PEERS.values(), "polars"], check=True)
        installed = subprocess.run([python, "-m", "pip", "list", "--format=freeze"], check=True, capture_output=True, text=True).stdout
        wanted = ("pandera==", "pointblank==", "great_expectations==", "great-expectations==", "polars==", "pandas==")
        versions = [v.replace("==", " ") for v in installed.split() if v.lower().startswith(wanted)]
        tools = {"**`candour returns check`**: 53 rules": [a.candour, "returns", "check", str(folder / "return"), "--threads", "1", "--format", "csv"]}
        tools |= {name: [python, __file__, "--peer", name, str(asked)] for name in PEERS}
        # The tools take turns, so that a busy minute of the machine meets all of them.
        best, peak, found = {}, {}, {}
        for _ in range(a.runs):
            for name, command in tools.items():
                cpu, memory, said = timed(command)
                best[name] = min(best.get(name, float("inf")), cpu)
                peak[name] = max(peak.get(name, 0), memory)
                same_rules = (line for line in said.splitlines() if line.split(",")[1:2] and line.split(",")[1] in ("ST04", "ST05", "ST07", "ST10"))
                found[name] = sum(1 for _ in same_rules) if "candour" in name else int(said.split()[-1])
    ours = next(iter(best.values()))
    size = f"{records:,} records; best of {a.runs} runs; {', '.join(versions)}; load {os.getloadavg()[1]:.1f}"
    print(f"{size}\n\n| tool, whole process | CPU s | times ours | peak MiB | faults of form, code, blank and key |\n|---|---:|---:|---:|---:|")
    for name in tools:
        print(f"| {name} | {best[name]:.2f} | {best[name] / ours:.1f} | {peak[name]:.0f} | {found[name]:,} |")


if __name__ == "__main__":
    main()
