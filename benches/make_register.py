"""Makes the tables of a large invented register, for measuring.

    python3 benches/make_register.py RECOMMENDATIONS EVIDENCE_EACH FOLDER
    candour init big && candour register import FOLDER -w big
"""

import csv
import random
import sys
from pathlib import Path

recommendations, evidence_each, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
chance = random.Random(1)
WORDS = "board council register visit return report publish minister service record training guidance inspection complaint family worker data".split()


def words(count):
    return " ".join(chance.choices(WORDS, k=count))


def table(name, headings, rows):
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{name}.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(headings.split())
        writer.writerows(rows)


source = lambda i: f"s{i % 100}"
table("sources", "id url publisher kind date how_much_was_read", ([f"s{i}", "", f"Publisher {i}", "primary", "2020-01-01", "whole"] for i in range(100)))
table("bodies", "id name kind territory role part_of sources", ([f"b{i}", f"Body {i}", "department", "Everywhere", "", "", source(i)] for i in range(200)))
table(
    "instruments",
    "id title kind published response_due recommendation_count sources",
    ([f"i{i}", f"Inquiry {i}", "report", f"{2000 + i % 25}-{1 + i % 12:02}-{1 + i % 28:02}", "", 100, source(i)] for i in range(max(1, recommendations // 100))),
)
table(
    "recommendations",
    "id instrument_id number number_confirmed short_title summary addressees time_limit sources basis",
    ([f"r{i}", f"i{i // 100}", i % 100 + 1, "yes", words(5).capitalize(), f"The body should {words(30)}.", f"b{i % 200}", "by 31 December 2025", source(i), "read"] for i in range(recommendations)),
)
table(
    "responses",
    "recommendation_id responder date position claim reasons_given summary sources basis",
    ([f"r{i}", f"b{i % 200}", f"2024-{1 + i % 12:02}-01", chance.choice(["accepted", "accepted_in_principle", "rejected", "unknown"]), chance.choice(["unknown", "in_progress", "complete"]), "unknown", words(20), source(i), "read"] for i in range(recommendations)),
)
table(
    "evidence",
    "recommendation_id grade as_of what sources basis",
    ([f"r{i}", "drafted", f"2025-{1 + n % 12:02}-01", f"Draft {n} {words(8)}", source(i), "read"] for i in range(recommendations) for n in range(evidence_each)),
)
