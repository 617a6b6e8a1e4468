#!/usr/bin/env python3
"""Time encoding and matching of records as keyed bit arrays, ours beside clkhash and anonlink, and print a Markdown table.

  benches/linkage_encoded.py [--runs 7] [--records 50000]

Encoding: one CSV table of made up records with four fields, 1,024 bits, 20 bits a token, tokens alike. Ours reads the table and writes
arrays as CSV; clkhash reads the same table and keeps its arrays (its own writing would come on top).
Matching: 10,000 with 10,000 arrays made by clkhash, half of them the same people with a letter of the surname changed; both read the
same arrays beforehand and must keep the same number of pairs.
CPU seconds of one thread (start and, for matching, reading left out; each process does its task twice), the programs taking turns, so that both meet the same
load; best and median of the runs. clkhash and anonlink are installed into a temporary virtual environment. Standard library only.
"""
import argparse, csv, json, os, random, statistics, subprocess, sys, tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
SECRET = "a secret only for measuring speed"
FIELDS = [("first_name", 2, False), ("surname", 2, False), ("dob", 1, True), ("postcode", 1, True)]
SCHEMA = {
    "version": 3,
    "clkConfig": {"l": 1024, "kdf": {"type": "HKDF", "hash": "SHA256", "salt": "", "info": "", "keySize": 64}},
    "features": [{"identifier": "id", "ignored": True}] + [
        {"identifier": name, "format": {"type": "string", "encoding": "utf-8"},
         "hashing": {"comparison": {"type": "ngram", "n": n, "positional": positional},
                     "strategy": {"bitsPerToken": 20}, "hash": {"type": "doubleHash"}}}
        for name, n, positional in FIELDS],
}
CLKHASH = """
import json, sys, time
from clkhash import clk, schema
schema = schema.from_json_dict(json.load(open(sys.argv[1])))
for _ in range(2):
    with open(sys.argv[2], newline="") as table:
        before = time.process_time()
        arrays = clk.generate_clk_from_csv(table, sys.argv[3], schema, validate=False, progress_bar=False, max_workers=1)
        print(time.process_time() - before, len(arrays))
if len(sys.argv) > 4:
    from clkhash.serialization import serialize_bitarray
    json.dump({"clks": [serialize_bitarray(a) for a in arrays]}, open(sys.argv[4], "w"))
"""
ANONLINK = """
import json, sys, time
import anonlink
from clkhash.serialization import deserialize_bitarray
left, right = ([deserialize_bitarray(c) for c in json.load(open(p))["clks"]] for p in sys.argv[1:3])
for _ in range(2):
    before = time.process_time()
    found = anonlink.candidate_generation.find_candidate_pairs([left, right], anonlink.similarities.dice_coefficient_accelerated, float(sys.argv[3]))
    print(time.process_time() - before, len(found[0]))
"""


def output(*command):
    return subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True).stdout


def seconds(text):
    """CPU seconds of each run, and what was counted."""
    lines = [line.split() for line in text.splitlines()]
    return [float(line[0]) for line in lines], int(lines[-1][1])


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--runs", type=int, default=7)
    a.add_argument("--records", type=int, default=50_000)
    a = a.parse_args()
    subprocess.run(["cargo", "build", "--release", "--quiet", "-p", "candour-linkage", "--example", "encoded_speed"], cwd=HERE, check=True)
    ours = HERE / "target/release/examples/encoded_speed"
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        python = folder / "venv/bin/python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "anonlink", "clkhash"], check=True)
        installed = dict(line.split("==") for line in output(python, "-m", "pip", "list", "--format=freeze").split())
        (folder / "schema.json").write_text(json.dumps(SCHEMA))
        (folder / "table.csv").write_text(output(ours, "rows", a.records, 1))
        left, strangers = output(ours, "rows", 10_000, 1), output(ours, "rows", 5_000, 2)
        (folder / "left.csv").write_text(left)
        chance = random.Random(1)
        with open(folder / "right.csv", "w", newline="") as file:
            rows = list(csv.reader(left.splitlines()))[:5_001]
            for row in rows[1:]:
                at = chance.randrange(len(row[2]))
                row[2] = row[2][:at] + chance.choice("abcdefghijklmnopqrstuvwxyz") + row[2][at + 1:]
            rows += [["s" + row[0], *row[1:]] for row in list(csv.reader(strangers.splitlines()))[1:]]
            csv.writer(file, lineterminator="\n").writerows(rows)
        for side in ("left", "right"):
            output(python, "-c", CLKHASH, folder / "schema.json", folder / f"{side}.csv", SECRET, folder / f"{side}.json")
        def arrays(threshold):
            return folder / "left.json", folder / "right.json", threshold

        tasks = [(f"encode {a.records:,} records", a.records, "thousand records/s", 1e3, "clkhash",
                  lambda: seconds(output(ours, "encode", folder / "table.csv", 2)),
                  lambda: seconds(output(python, "-c", CLKHASH, folder / "schema.json", folder / "table.csv", SECRET)))]
        for threshold in (0.8, 0.7):
            tasks.append((f"match 10,000 with 10,000 at {threshold}", 10**8, "million comparisons/s", 1e6, "anonlink",
                          lambda t=threshold: seconds(output(ours, "match", *arrays(t), 2)),
                          lambda t=threshold: seconds(output(python, "-c", ANONLINK, *arrays(t)))))
        print("| task | program | CPU s, best | median | best rate | pairs or records |\n|---|---|---|---|---|---|")
        for task, count, unit, scale, peer, run_ours, run_peer in tasks:
            taken = {"ours": [], peer: []}
            counted = {}
            for _ in range(a.runs):
                for name, run in (("ours", run_ours), (peer, run_peer)):
                    times, counted[name] = run()
                    taken[name] += times
            if len(set(counted.values())) > 1:
                sys.exit(f"{task}: the counts differ: {counted}")
            best = {name: min(times) for name, times in taken.items()}
            middle = {name: statistics.median(times) for name, times in taken.items()}
            for name, shown in (("ours", "**ours**"), (peer, f"{peer} {installed[peer]}")):
                print(f"| {task} | {shown} | {best[name]:.3f} | {middle[name]:.3f} | {count / best[name] / scale:,.0f} {unit} | {counted[name]:,} |")
            print(f"| | ratio, best and median | {best[peer] / best['ours']:.1f} | {middle[peer] / middle['ours']:.1f} | | |", flush=True)
    print(f"\n{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the end.")


if __name__ == "__main__":
    main()
