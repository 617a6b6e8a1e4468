#!/usr/bin/env python3
"""Measure `candour read` against what a careful reader found, and write docs/accuracy.md and docs/accuracy.json.

  benches/reading_accuracy.py                    measure everything that is here, print the tables
  benches/reading_accuracy.py --write            ... and write them to docs/
  benches/reading_accuracy.py --check            ... and fail where docs/ says otherwise or a figure is below its bar
  benches/reading_accuracy.py FOLDER FILE ...    other gold: folders of *.json, or a file that holds a list

Gold is register/tests/gold, examples/harbour-inquiry/expected.json and, where CANDOUR_CORPUS names a folder, its
documents/gold. The format is in register/tests/README.md. A document that is not here keeps the counts that docs/ has for
it, and is named. Documents are read as a user reads them: no kind is given, only the day of publication.

An item is found when its kind agrees and its text holds the gold's first words, or its number is the gold's and no other
item of the kind has it. A second unit for the same item is false. Every unit of every kind counts. Standard library only.
"""
import argparse, json, math, os, random, re, subprocess, sys
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
KINDS = ["recommendation", "conclusion", "finding", "response", "commitment", "notice", "claim"]
FIELDS = ["number", "addressees", "deadlines", "position", "responder", "holder", "attributed_to", "conditions", "threat", "page"]
# The position a gold wording stands for, by its first words; "other" stands for none, and "unclear" is not scored.
POSITIONS = [("accepted in principle", "accepted_in_principle"), ("accepted in part", "accepted_in_part"), ("accepted", "accepted"),
             ("supported", "supported"), ("deferred", "deferred"), ("done", "says_already_done"), ("says already done", "says_already_done"),
             ("not accepted", "rejected"), ("rejected", "rejected"), ("acknowledged", None), ("other", None)]
SEED, DRAWS, ENOUGH = 20261125, 2000, 5


def norm(s):
    return re.sub(r"[^a-z0-9]+", " ", (s or "").lower()).strip()


def number(s):
    return re.sub(r"[^a-z0-9.]+", "", str(s or "").lower()).strip(".")


def numbers(unit):
    """The ways to write a unit's number: alone, after its section, after the initials of its section (HRL-1)."""
    plain, section = unit.get("number") or "", unit.get("section") or ""
    bare = plain.removeprefix(section)
    initials = "".join(w[0] for w in section.split())
    return {number(plain), number(section + bare), number(initials + bare)}


def same_body(a, b):
    a, b = (set(norm(s).split()) - {"the", "of", "and", "s", "hm", "a", "an", "its"} for s in (a, b))
    return bool(a) and bool(b) and (a <= b or b <= a)


def pair(gold, units):
    """Matches gold items to units of the same kind, one to one: pairs, units left over, items left over."""
    labels = [number(g.get("number")) for g in gold]
    used, pairs, lost = set(), [], []
    for item in gold:
        anchor, label, hit = norm(item.get("anchor")), number(item.get("number")), None
        for at, unit in enumerate(units):
            if at in used or not anchor or anchor not in norm((unit.get("title") or "") + " " + (unit.get("text") or "")):
                continue
            if hit is None or (label and number(unit.get("number")) == label and number(units[hit].get("number")) != label):
                hit = at
        if label and labels.count(label) == 1 and (hit is None or number(units[hit].get("number")) != label):
            hit = next((at for at, u in enumerate(units) if at not in used and number(u.get("number")) == label), hit)
        if hit is None:
            lost.append(item)
        else:
            used.add(hit)
            pairs.append((item, units[hit]))
    return pairs, [u for at, u in enumerate(units) if at not in used], lost


def same_limit(gold, read):
    if gold.get("type") != read.get("type") or gold.get("amount") != read.get("amount"):
        return False
    if (gold.get("unit") or "").rstrip("s") != (read.get("unit") or "").rstrip("s"):
        return False
    every = [number(x.get("every") or x.get("recurring")).rstrip("s") for x in (gold, read)]
    if all(every) and every[0] != every[1] and every[0][:1].isdigit():
        return False
    if gold.get("date_open") or gold.get("type") == "season":
        return True
    # "In March 2026" fixes no day: the reader gives the window, the gold its last day.
    return (gold.get("date") or None) == (read.get("date") or (read.get("latest") if gold.get("date") else None))


def add(counts, name, hit, false, missed):
    c = counts.setdefault(name, [0, 0, 0])
    c[0] += hit
    c[1] += false
    c[2] += missed


def one(counts, name, want, got, same):
    """A field with one value: right, or false (a wrong value is also a miss), or missed."""
    if want:
        right = bool(got) and same(want, got)
        add(counts, name, right, bool(got) and not right, not right)


def compare(gold, units):
    """Counts of one document: [right, false, missed] for each kind and field, and what was confused."""
    kinds, fields, told = {}, {}, {"confused": 0, "taken_for_acceptance": 0, "no_position": [0, 0]}
    for kind in KINDS:
        wanted = [g for g in gold if g["kind"] == kind]
        pairs, extra, lost = pair(wanted, [u for u in units if u.get("kind") == kind])
        if pairs or extra or lost:
            add(kinds, kind, len(pairs), len(extra), len(lost))
        for g, u in pairs:
            one(fields, "number", g.get("number"), u.get("number"), lambda a, b: number(a) in numbers(u))
            if "addressees" in g:
                want, got = g["addressees"] or [], u.get("addressees") or []
                hit = sum(any(same_body(w, x) for x in got) for w in want)
                add(fields, "addressees", hit, sum(not any(same_body(w, x) for w in want) for x in got) if want else 0, len(want) - hit)
            limits, hit = list(u.get("deadlines") or []), 0
            for d in g.get("deadlines") or []:
                ways = [d] + ([d["or"]] if "or" in d else [])
                found = [x for x in limits if any(same_limit(w, x) for w in ways)]
                hit += bool(found)
                for x in found[: len(ways)]:
                    limits.remove(x)
            add(fields, "deadlines", hit, len(limits), len(g.get("deadlines") or []) - hit)
            if kind == "response":
                position(fields, told, g, (u.get("response") or {}).get("position"))
                one(fields, "responder", g.get("responder"), (u.get("response") or {}).get("responder"), same_body)
            one(fields, "holder", g.get("holder"), u.get("holder"), same_body)
            one(fields, "attributed_to", g.get("attributed_to"), u.get("attributed_to") or (u.get("holder") if kind == "notice" else None), same_body)
            one(fields, "threat", g.get("threat"), u.get("threat"), lambda a, b: norm(a) in norm(b) or norm(b) in norm(a))
            one(fields, "page", g.get("page"), u.get("page"), lambda a, b: a == b)
            if g.get("conditions"):
                got, hit = [norm(c) for c in u.get("conditions") or []], 0
                for c in map(norm, g["conditions"]):
                    found = next((x for x in got if c in x or x in c), None)
                    if found is not None:
                        hit += 1
                        got.remove(found)
                add(fields, "conditions", hit, len(got), len(g["conditions"]) - hit)
    return {"kinds": kinds, "fields": fields, **told}


def position(fields, told, gold, got):
    wording = (gold.get("response") or gold.get("position") or "").lower().replace("_", " ")
    if not wording or wording.startswith("unclear"):
        return
    want = next((value for words, value in POSITIONS if wording.startswith(words)), None)
    got = None if got in (None, "acknowledged", "unknown", "awaited") else got
    if want is None:
        told["no_position"][0] += got is None
        told["no_position"][1] += 1
        add(fields, "position", 0, got is not None, 0)
        told["taken_for_acceptance"] += str(got).startswith("accepted")
    else:
        add(fields, "position", got == want, got is not None and got != want, got != want)
        told["confused"] += {want, got} == {"accepted", "accepted_in_principle"}


def documents(paths):
    """Every gold document: (name, group, gold, file)."""
    corpus = os.environ.get("CANDOUR_CORPUS")
    for path in paths:
        files = sorted(path.glob("*.json")) if path.is_dir() else [path]
        for file in files:
            held = json.loads(file.read_text())
            for gold in held if isinstance(held, list) else [held]:
                roots = [file.parent.parent if path.is_dir() else file.parent] + ([Path(corpus) / "documents"] if corpus else [])
                found = next((r / gold["document"] for r in roots if (r / gold["document"]).exists()), None)
                yield Path(gold["document"]).stem, group(file, gold), gold, found


def group(file, gold):
    if HERE / "examples" in file.parents:
        return "example"
    if HERE / "register" in file.parents:
        return "invented" if gold["document"].startswith("documents/") else "responses"
    return "development"


def read(program, gold, file):
    command = [program, "read", "--format", "json"] + (["--published", gold["published"]] if gold.get("published") else [])
    done = subprocess.run(command + [str(file)], capture_output=True, timeout=600)
    if done.returncode == 2:
        sys.exit(f"{file.name} could not be read: {done.stderr.decode()}")
    return json.loads(done.stdout)


def wilson(hit, of, z=1.959964):
    if not of:
        return None
    p, n = hit / of, of
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return [round(max(0.0, (middle - half) / (1 + z * z / n)), 3), round(min(1.0, (middle + half) / (1 + z * z / n)), 3)]


def f1(c):
    return 2 * c[0] / (2 * c[0] + c[1] + c[2]) if sum(c) else None


def figures(rows):
    """What to print of the counts of one kind or field over documents."""
    rows = [r for r in rows if r and sum(r)]
    c = [sum(r[i] for r in rows) for i in range(3)]
    share = lambda a, b: round(a / (a + b), 3) if a + b else None
    out = {"right": c[0], "false": c[1], "missed": c[2], "documents": len(rows),
           "precision": share(c[0], c[1]), "precision_interval": wilson(c[0], c[0] + c[1]),
           "recall": share(c[0], c[2]), "recall_interval": wilson(c[0], c[0] + c[2]),
           "f1": round(f1(c), 3) if sum(c) else None, "f1_by_document": None}
    if len(rows) >= ENOUGH:
        draw = random.Random(SEED)
        drawn = []
        for _ in range(DRAWS):
            some = [rows[draw.randrange(len(rows))] for _ in rows]
            drawn.append(f1([sum(r[i] for r in some) for i in range(3)]) or 0.0)
        drawn.sort()
        out["f1_by_document"] = [round(drawn[int(DRAWS * 0.025)], 3), round(drawn[int(DRAWS * 0.975) - 1], 3)]
    return out


def items(row):
    return [sum(c[i] for c in row["kinds"].values()) for i in range(3)]


GROUPS = {"development": "real documents, on which the rules were made", "responses": "two government responses: never used to make rules",
          "example": "the example inquiry, invented: in the tests from the start", "invented": "ten invented documents of kinds not met before"}
UK_REPORTS = ["covid19-module1-report", "lords-space-economy-report", "post-office-horizon-vol1-report"]


def summary(rows, first):
    groups = {g: {"words": w, "items": figures([items(r) for r in rows if r["group"] == g])} for g, w in GROUPS.items()}
    for g in groups:
        was = [r for r in first if r["group"] == g]
        groups[g]["first"] = figures([items(r) for r in was]) if was else None
    return {
        "items": figures([items(r) for r in rows]),
        "uk_reports": figures([items(r) for r in rows if r["document"] in UK_REPORTS]),
        "groups": groups,
        "kinds": {k: figures([r["kinds"].get(k) for r in rows]) for k in KINDS},
        "fields": {k: figures([r["fields"].get(k) for r in rows]) for k in FIELDS},
        "confused": sum(r["confused"] for r in rows),
        "taken_for_acceptance": sum(r["taken_for_acceptance"] for r in rows),
        "no_position": [sum(r["no_position"][i] for r in rows) for i in (0, 1)],
        "kind_told": [sum(r["kind_told"] for r in rows), len(rows)],
        "seed": SEED, "draws": DRAWS,
        "documents": rows,
    }


NOTE = """\
These are figures on development data. The rules were made by people who had read the first group, so its figures say that the rules
do what was meant, not how they fare on a document from elsewhere. The gold of the second and fourth groups was written before anyone
had seen what the reader makes of those documents; some rules were mended afterwards, where the mend is general, and the
figures of the first reading stand beside the present ones. The fourth group was invented by the same hand that wrote its gold.

One annotator read each document; nobody has measured how far two would agree. What counts as a claim or a promise in prose is more
open than what counts as a numbered recommendation. Items of one document are not independent: the intervals of precision and recall
(Wilson) treat them as if they were and are too narrow, so F1 has an interval from drawing whole documents again with
replacement, where at least five have the kind or field. Few documents, mostly English and British.

The figures do not show how the reader does on scanned pages (it reads none), on other languages, or on kinds of report not listed;
and they do not show what a reviewer makes of an item, who must look at every one before it counts."""


def show(value, digits=3):
    return "not measured" if value is None else f"{value:.{digits}f}"


def between(interval):
    return "" if interval is None else f" ({interval[0]:.2f} to {interval[1]:.2f})"


def table(head, rows):
    yield f"| {head} | right | false | missed | documents | precision | recall | F1 (by document) |"
    yield "|---|---:|---:|---:|---:|---|---|---|"
    for name, f in rows:
        yield (f"| {name} | {f['right']} | {f['false']} | {f['missed']} | {f['documents']} | {show(f['precision'])}{between(f['precision_interval'])} "
               f"| {show(f['recall'])}{between(f['recall_interval'])} | {show(f['f1'])}{between(f['f1_by_document'])} |")


def markdown(s):
    lines = ["# How well documents are read", "",
             "Made by `benches/reading_accuracy.py --write`; CI fails where this page says anything else than what is measured.", "",
             f"{len(s['documents'])} documents, {s['items']['right'] + s['items']['missed']} items. Accepted and accepted in principle confused: "
             f"**{s['confused']}**. Answers that take no position, and are said to take none: {s['no_position'][0]} of {s['no_position'][1]}; "
             f"taken for an acceptance: {s['taken_for_acceptance']}. "
             f"The kind of document told right: {s['kind_told'][0]} of {s['kind_told'][1]}.", "",
             "In brackets: 95 % intervals.", "", "## By kind of item", ""]
    lines += table("kind", [("all", s["items"]), ("numbered reports of the UK", s["uk_reports"])] + list(s["kinds"].items()))
    lines += ["", "## By field, of the items found", ""]
    lines += table("field", [(k.replace("_", " "), f) for k, f in s["fields"].items()])
    lines += ["", "## By group of documents", ""]
    lines += table("group", [x for g in s["groups"].values() for x in
                             [(g["words"], g["items"])] + ([("the same, as first read", g["first"])] if g["first"] else [])])
    lines += ["", "## What this does not show", "", NOTE, "", "## Document by document", "",
              "| document | group | kind told | right | false | missed |", "|---|---|---|---:|---:|---:|"]
    for r in s["documents"]:
        c = items(r)
        lines.append(f"| {r['document']} | {r['group']} | {'yes' if r['kind_told'] else 'no'} | {c[0]} | {c[1]} | {c[2]} |")
    return "\n".join(lines) + "\n"


BARS = [("precision of items, numbered reports of the UK", 0.95, lambda s: s["uk_reports"]["precision"]),
        ("recall of items, numbered reports of the UK", 0.95, lambda s: s["uk_reports"]["recall"]),
        ("precision of items", 0.90, lambda s: s["items"]["precision"]), ("recall of items", 0.90, lambda s: s["items"]["recall"]),
        ("F1 of addressees", 0.85, lambda s: s["fields"]["addressees"]["f1"]), ("F1 of deadlines", 0.85, lambda s: s["fields"]["deadlines"]["f1"])]


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("gold", nargs="*", type=Path)
    a.add_argument("--bin", default=str(HERE / "target/release/candour"))
    a.add_argument("--docs", type=Path, default=HERE / "docs")
    a.add_argument("--rows", type=Path, help="write the bare counts by document here")
    a.add_argument("--only", help="documents whose name holds this, with what was false and missed")
    a.add_argument("--write", action="store_true")
    a.add_argument("--check", action="store_true")
    a = a.parse_args()
    gold = a.gold or [HERE / "register/tests/gold", HERE / "examples/harbour-inquiry/expected.json"]
    corpus = os.environ.get("CANDOUR_CORPUS")
    if corpus and not a.gold and (Path(corpus) / "documents/gold").is_dir():
        gold.append(Path(corpus) / "documents/gold")
    kept = a.docs / "accuracy.json"
    held = {r["document"]: r for r in json.loads(kept.read_text())["documents"]} if kept.exists() and not a.gold else {}
    rows, absent = [], []
    for name, group_name, g, file in documents(gold):
        if a.only and a.only not in name:
            continue
        if file is None:
            absent.append(name)
            continue
        out = read(a.bin, g, file)
        kind = g.get("kind") or ("response" if any(i["kind"] == "response" for i in g["items"]) else "report")
        rows.append({"document": name, "group": group_name, "kind_told": out["document"]["kind"] == kind, **compare(g["items"], out["items"])})
        if a.only:
            explain(g["items"], out["items"])
    if a.only:
        return print(json.dumps(rows, indent=1))
    for name in [n for n in held if n not in {r["document"] for r in rows}]:
        rows.append(held[name])
        absent.append(name)
    order = {g: i for i, g in enumerate(GROUPS)}
    rows.sort(key=lambda r: (order[r["group"]], r["document"]))
    if absent:
        print(f"not here, so not measured again: {', '.join(sorted(set(absent)))}", file=sys.stderr)
    if a.rows:
        a.rows.write_text(json.dumps(rows, indent=1) + "\n")
    first = HERE / "register/tests/first-reading.json"
    s = summary(rows, json.loads(first.read_text()) if first.exists() else [])
    made = {"accuracy.md": markdown(s), "accuracy.json": json.dumps({**s, "note": NOTE}, indent=1) + "\n"}
    if a.write:
        for name, text in made.items():
            (a.docs / name).write_text(text)
    else:
        print(made["accuracy.md"])
    if a.check:
        wrong = [f"docs/{n} is not what is measured; run benches/reading_accuracy.py --write" for n, t in made.items()
                 if not (a.docs / n).exists() or (a.docs / n).read_text() != t]
        wrong += [f"{words} is {show(of(s))}, below {bar}" for words, bar, of in BARS if of(s) is None or of(s) < bar]
        wrong += [f"accepted and in principle confused: {s['confused']}"] * (s["confused"] > 0)
        for w in wrong:
            print(w, file=sys.stderr)
        sys.exit(1 if wrong else 0)


def explain(gold, units):
    """Prints what was missed, what was false, and where fields differ."""
    for kind in KINDS:
        pairs, extra, lost = pair([g for g in gold if g["kind"] == kind], [u for u in units if u.get("kind") == kind])
        for g in lost:
            print("MISSED", kind, g.get("number"), g["anchor"])
        for u in extra:
            print("FALSE ", kind, u.get("number"), u["text"][:160].replace("\n", " "))
        for g, u in pairs:
            c = compare([g], [u])["fields"]
            for field in [f for f, n in c.items() if n[1] or n[2]]:
                print("FIELD ", kind, g.get("number"), field, c[field], "gold:", g.get(field, g.get("response")),
                      "read:", u.get(field) or u.get("response"))


if __name__ == "__main__":
    main()
