#!/usr/bin/env python3
"""How linkage grows from 1 to 10 million records, and that a run killed on the way goes on where it stopped.

  CANDOUR_CORPUS=FOLDER benches/linkage/grow.py [--millions 1 2 5 10] [--household] [--work DIR]

Makes synthetic people with FOLDER/../tools/linkage_generate.py (a file for each million, another seed each, ids and people numbered
on), links each size in a process of its own, and prints a row for each. The largest is then linked again and killed with SIGKILL
once a third of the seconds that it took have passed, started again, and compared byte for byte. Uses run.py's environment.
"""
import argparse, hashlib, json, os, shutil, signal, subprocess, sys, tempfile, time
from pathlib import Path

from run import HERE, ROOT, last, process

QUERY = """import duckdb, sys
parts, out = sys.argv[2:], sys.argv[1]
duckdb.sql('set enable_progress_bar = false')
union = ' union all '.join(f"select {n} as part, * from '{p}'" for n, p in enumerate(parts))
duckdb.sql(f"copy (select part || '-' || unique_id as unique_id, part || '-' || cluster as cluster, first_name, middle_name, surname, dob, sex,"
           f" postcode, town, phone, substr(middle_name, 1, 1) mid_initial from ({union})) to '{out}'")
"""


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--millions", type=int, nargs="+", default=[1, 2, 5, 10])
    a.add_argument("--household", action="store_true")
    a.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "candour-linkage-bench")
    a = a.parse_args()
    corpus, python = Path(os.environ["CANDOUR_CORPUS"]), a.work / "venv/bin/python"
    generator, program = corpus.parent / "tools/linkage_generate.py", ROOT / "target/release/candour"
    subprocess.run([python, HERE / "models.py", corpus, generator, a.work], check=True)
    settings = a.work / f"people_1m{'_household' * a.household}.json"
    parts = []
    for million in range(max(a.millions)):
        parts.append(a.work / f"million_{million}.parquet")
        if not parts[-1].exists():
            subprocess.run([python, generator, "--records", "1000000", "--seed", str(100 + million), "--out", parts[-1]], check=True)
    print("| records | pairs | people found | CPU s | µs a record | µs a pair | peak GiB | B a record |\n|---:|---:|---:|---:|---:|---:|---:|---:|")
    for millions in a.millions:
        table, out = a.work / f"people_{millions}m_grown.parquet", a.work / "out/grown"
        if not table.exists():
            subprocess.run([python, "-c", QUERY, table, *parts[:millions]], check=True)
        shutil.rmtree(out, ignore_errors=True)
        command = [program, "link", table, "--settings", settings, "--out", out, "--format", "json"]
        begun = time.monotonic()
        printed, cpu, peak = process(command)
        seconds, d = time.monotonic() - begun, last(printed)
        print(f"| {d['records']:,} | {d['pairs_compared']:,} | {d['clusters']:,} | {cpu:.1f} | {1e6 * cpu / d['records']:.1f} | "
              f"{1e6 * cpu / d['pairs_compared']:.2f} | {peak / 1024:.2f} | {peak * 2**20 / d['records']:.0f} |", flush=True)
        print(f"<!-- wall {seconds:.0f} s, by stage {json.dumps(d['seconds'])} -->", flush=True)
    files = ["pairs.parquet", "clusters.csv", "model.json"]
    whole = [digest(out / f) for f in files]
    shutil.rmtree(out)
    child = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds / 3)
    kept = 0
    while kept == 0 and child.poll() is None:
        kept = len(list((out / "parts").glob("*.pairs")))
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    child.wait()
    kept = len(list((out / "parts").glob("*.pairs")))
    printed, cpu, _ = process(command)
    same = [digest(out / f) for f in files] == whole
    print(f"\nKilled with {kept} parts whole; {last(printed)['resumed_parts']} taken over, {cpu:.1f} CPU s to the end, "
          f"the same bytes: {'yes' if same else 'NO'}")
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
