#!/usr/bin/env python3
"""Link the same tables by the same models with candour and with Splink 5, in turn, and print what each cost and how right it was.

  CANDOUR_CORPUS=FOLDER benches/linkage/run.py [--runs 3] [--work DIR] [--only TASK…]

The generator of people is FOLDER/../tools/linkage_generate.py. splink 5.0.0 (on DuckDB) and recordlinkage are installed into a
virtual environment in DIR, where the tables stay for another run. For each task the two programs run alternately, each as a whole
process; CPU seconds (user and system) are those of the fastest run, memory is the largest peak. Of Splink only what follows its
imports is counted; of ours everything, reading and writing included. Standard library only.
"""
import argparse, json, os, shutil, subprocess, sys, tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TASKS = ["people_1m", "people_1m_wide", "historical_50k", "febrl4", "fake_1000"]


def process(command):
    """Standard output, CPU seconds and peak MiB of a process."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = subprocess.Popen(list(map(str, command)), stdout=out, stderr=err)
        _, status, used = os.wait4(child.pid, 0)
        code = child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0), err.seek(0)
        # Ours answers 1 where it has findings to tell.
        if code not in ((0, 1) if Path(command[0]).name == "candour" else (0,)):
            sys.exit(f"{' '.join(map(str, command))} ended with {code}:\n{err.read()[-3000:]}")
        return out.read(), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def last(printed):
    """The JSON of the last line; libraries may print before it."""
    return json.loads(printed.strip().splitlines()[-1])


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--runs", type=int, default=3)
    a.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "candour-linkage-bench")
    a.add_argument("--only", nargs="*", choices=TASKS, default=TASKS)
    a.add_argument("--skip-build", action="store_true")
    a = a.parse_args()
    corpus = Path(os.environ.get("CANDOUR_CORPUS", "."))
    generator = corpus.parent / "tools/linkage_generate.py"
    if not (corpus / "linkage").is_dir() or not generator.exists():
        sys.exit("CANDOUR_CORPUS names no folder with linkage/, beside a folder tools/ with linkage_generate.py")
    if not a.skip_build:
        subprocess.run(["cargo", "build", "--release", "--quiet", "-p", "candour"], cwd=ROOT, check=True)
    program, python = ROOT / "target/release/candour", a.work / "venv/bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", a.work / "venv"], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "splink==5.0.0", "duckdb==2.0.1", "pyarrow",
                        "recordlinkage"], check=True)
    subprocess.run([python, HERE / "models.py", corpus, generator, a.work], check=True)

    def ours(task, settings, out, *more):
        shutil.rmtree(out, ignore_errors=True)
        tables = [a.work / f"febrl4{s}.parquet" for s in "ab"] if task == "febrl4" else [a.work / f"{task.removesuffix('_wide')}.parquet"]
        printed, cpu, peak = process([program, "link", *tables, "--settings", settings, "--out", out, "--format", "json", *more])
        return last(printed), cpu, peak

    rows, accuracy = [], []
    for task in a.only:
        best = {}
        for _ in range(a.runs):
            printed, _, _ = process([python, HERE / "splink_peer.py", task, a.work, a.work / f"out/{task}-splink"])
            theirs = last(printed)
            report, cpu, peak = ours(task, a.work / f"{task}.json", a.work / f"out/{task}")
            with_families = ours(task, a.work / f"{task}_household.json", a.work / f"out/{task}-household")
            for key, of in [("splink", (theirs["cpu"], theirs["peak_mib"])), ("ours", (cpu, peak)), ("household", with_families[1:])]:
                before = best.get(key, (1e9, 0))
                best[key] = (min(before[0], of[0]), max(before[1], of[1]))
            versions = f"splink {theirs['splink']}, duckdb {theirs['duckdb']}"
        rows.append((task, report["records"], report["pairs_compared"], best))
        for key, out in [("Splink", f"{task}-splink"), ("ours, Splink's model", task), ("ours, families", f"{task}-household")]:
            printed, _, _ = process([python, HERE / "score.py", task, a.work, a.work / "out" / out])
            accuracy.append((task, key, last(printed)))
        # Splink's trained model, its pairs, our weights.
        ours(task, a.work / f"out/{task}-splink/model.json", a.work / f"out/{task}-imported", "--keep", "0" if report["records"] < 100_000 else "0.01")
        printed, _, _ = process([python, HERE / "same_weights.py", a.work / f"out/{task}-splink", a.work / f"out/{task}-imported"])
        accuracy.append((task, "weights", last(printed)))

    print(f"{versions}; the fastest of {a.runs} alternate runs, largest peak\n")
    print("| task | records | pairs | Splink CPU s | ours CPU s | ratio | with families | ratio | peak MiB: Splink | ours | with families |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for task, records, pairs, b in rows:
        s, o, h = b["splink"], b["ours"], b["household"]
        print(f"| {task} | {records:,} | {pairs:,} | {s[0]:.1f} | {o[0]:.2f} | {s[0] / o[0]:.1f} | {h[0]:.2f} | {s[0] / h[0]:.1f} | {s[1]:.0f} | {o[1]:.0f} | {h[1]:.0f} |")
    print("\n| task | linker | best F1 (at weight) | pairs at 0.95: P / R | false of one family | clusters: F1 | people exactly right | 0.95–0.99 true |")
    print("|---|---|---|---|---:|---:|---:|---:|")
    for task, key, d in accuracy:
        if key != "weights":
            print(f"| {task} | {key} | {d['best_f1']:.4f} ({d['best_weight']:.1f}) | {d['precision']:.4f} / {d['recall']:.4f} | {d['family']:,} of {d['false']:,} | {d['cluster_f1']:.4f} | {d['exactly_right']:.1%} | {d['band']:.3f} |")
    print("\n| task | pairs of Splink's trained model | of them not made by us | largest difference of weight |\n|---|---:|---:|---:|")
    for task, key, d in accuracy:
        if key == "weights":
            print(f"| {task} | {d['pairs']:,} | {d['missing']:,} | {d['worst']:.1e} |")
    if "febrl4" in a.only:
        printed, _, _ = process([python, HERE / "recordlinkage_peer.py", a.work])
        print(f"\nrecordlinkage on febrl4: {printed.strip()}")


if __name__ == "__main__":
    main()
