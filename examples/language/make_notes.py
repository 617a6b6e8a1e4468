#!/usr/bin/env python3
"""Makes notes.jsonl: short invented case notes of eight invented bodies, put together from parts.

  make_notes.py > notes.jsonl

No child, body or event is real. Bodies differ in how often their notes use wording that guidance asks not to use; after
14 November 2024, when new guidance came, all but two use it less. Over the two years fewer records carry the flag cse_flag,
while signs of harm stay as frequent. One body has too few children to be printed.
"""
import datetime
import json
import random

GUIDANCE = datetime.date(2024, 11, 14)
# Body, children, share of notes with such wording before and after the guidance.
BODIES = [
    ("Alderwick Council", 64, 0.34, 0.18),
    ("Brackenfold Police", 60, 0.52, 0.50),
    ("Calder Reach Council", 56, 0.22, 0.10),
    ("Denholme Vale Council", 52, 0.30, 0.16),
    ("Eastmarsh Police", 60, 0.40, 0.22),
    ("Fenbridge Hospitals", 48, 0.14, 0.06),
    ("Garrow Council", 56, 0.28, 0.29),
    ("Hollin Isle Council", 6, 0.30, 0.15),
]
ROLES = {"Council": ["social worker", "youth worker", "team manager"], "Police": ["police officer", "detective"], "Hospitals": ["nurse", "doctor"]}
TYPES = {"Council": ["case_note", "case_note", "assessment", "plan", "supervision"], "Police": ["police_log", "police_log", "minutes"], "Hospitals": ["health", "health", "referral"]}

OPENING = [
    "Home visit as planned; {she} and {her} grandmother were there.",
    "Telephone call with the school about the timetable for next term.",
    "Met {her} at the library after lessons.",
    "Review of the plan with the placement manager.",
    "{She} talked about football and the new art teacher.",
    "Update from the duty desk, read and noted.",
    "Short conversation at the clinic while {she} waited.",
    "Transport for Thursday was arranged with the carer.",
]
PLAIN = [
    "{She} ate well and wanted to show {her} drawing.",
    "The carer asked for a copy of the plan.",
    "{Her} sister will visit at the weekend.",
    "School attendance was 96 per cent this month.",
    "The next meeting is on the second Tuesday.",
    "{She} asked for help with a bus pass and was given it.",
    "{Her} room has been painted and {she} chose the colour.",
    "We agreed to speak again before the end of the month.",
    "The dentist's appointment was kept.",
    "{She} joined the swimming club and went twice.",
    "The worker explained how to complain and left the leaflet.",
    "{Her} mother thanked the school for the extra lessons.",
]
WORDING = [
    "{She} is putting {herself} at risk by staying out late.",
    "{She} continues to make poor choices about older friends.",
    "{She} is streetwise and can be manipulative with staff.",
    "{She} refuses to engage with the service.",
    "{She} remains hard to reach.",
    "{She} absconded from the placement on Friday.",
    "{She} is in a relationship with a man aged 24.",
    "This is a lifestyle choice on {her} part.",
    "{She} has changed {her} story again.",
    "{She} is mature for {her} age and makes {her} own decisions.",
    "There was an inappropriate relationship with an adult neighbour.",
    "{She} is involved in county lines.",
]
TRAPS = [
    "{Her} father said that {she} is attention seeking; we do not agree.",
    "The training asked staff not to write \"putting herself at risk\".",
    "The word \"promiscuous\" in the earlier letter was wrong and has been withdrawn.",
    "{She} is not hard to reach; the service has not yet found a way.",
]
SIGNS = [
    "{She} was missing overnight on Tuesday.",
    "{She} came back with a new phone that {she} could not explain.",
    "{She} was collected in a car by adults whom staff do not know.",
    "{She} was seen in town with older associates.",
    "{She} has withdrawn from lessons and from {her} friends.",
]
TOLD = [
    "{She} told the nurse that a man had harmed {her}.",
    "Police found messages in which an adult threatened to share images of {her}.",
]
RISK = ["{She} is assessed as at medium risk of child sexual exploitation.", "{She} is at risk of CSE."]


def main():
    rng = random.Random(20251)
    number = 0
    for body, children, before, after in BODIES:
        kind = body.split()[-1]
        for child in range(1, children + 1):
            key = f"{body.split()[0].lower()}-{child:02}"
            girl = rng.random() < 0.75
            words = dict(she="she", She="She", her="her", Her="Her", herself="herself") if girl else dict(
                she="he", She="He", her="his", Her="His", herself="himself")
            born = rng.randint(2008, 2012)
            harmed = rng.random() < 0.5
            for _ in range(rng.randint(3, 5)):
                day = datetime.date(2023, 11, 1) + datetime.timedelta(days=rng.randrange(730))
                share = before if day < GUIDANCE else after
                parts = [rng.choice(OPENING)] + rng.sample(PLAIN, rng.randint(1, 3))
                if rng.random() < share:
                    parts.insert(rng.randint(1, len(parts)), rng.choice(WORDING))
                if rng.random() < 0.10:
                    parts.append(rng.choice(TRAPS))
                if harmed:
                    if rng.random() < 0.55:
                        parts.append(rng.choice(SIGNS))
                    if rng.random() < 0.10:
                        parts.append(rng.choice(TOLD if girl else TOLD[1:]))
                    if rng.random() < share / 2:
                        parts.append(rng.choice(RISK))
                elapsed = (day - datetime.date(2023, 11, 1)).days / 730
                flag = harmed and rng.random() < 0.75 - 0.6 * elapsed
                text = " ".join(p.format(**words) for p in parts)
                text = text.replace("harmed his.", "harmed him.").replace("images of his", "images of him").replace("Met his at", "Met him at")
                number += 1
                print(json.dumps({"id": f"n{number:04}", "text": text, "meta": {
                    "child": key, "body": body, "date": day.isoformat(), "subject_age": day.year - born,
                    "doc_type": rng.choice(TYPES[kind]), "author_role": rng.choice(ROLES[kind]),
                    "fields": {"cse_flag": "yes" if flag else "no"}}}, ensure_ascii=False))


if __name__ == "__main__":
    main()
