"""Makes the two invented tables of this example. The same bytes each time; only the standard library is needed.

    python3 examples/linkage/make_people.py
"""

import csv
import random
from datetime import date, timedelta
from pathlib import Path

HERE = Path(__file__).parent
SEED = 20

# Given names and surnames of several communities, each combined only within its row. All people are invented.
NAMES = [
    ("Alfie Amelia Callum Chloe Daniel Ellie Freya George Harriet Isla Jacob Jessica Lewis Megan Oliver Poppy Rhys Sophie Thomas Zoe",
     "Ashworth Barlow Carrick Dunmore Ellery Fairley Garnett Holloway Kirkby Lathom Merrick Northcote Penrose Rowley Selwyn Thorley"),
    ("Aaliyah Adeel Bilal Fatima Hamza Iqra Maryam Mohammed Nadia Omar Rashid Saima Tariq Yusuf Zainab",
     "Ahmed Akhtar Bashir Hussain Iqbal Khan Mahmood Malik Qureshi Shah"),
    ("Agnieszka Filip Jakub Julia Kacper Lena Maja Marek Oskar Zofia",
     "Dudek Kaminska Kowalczyk Lewandowski Nowak Wrona Zielinska"),
    ("Abena Chidi Efua Emeka Ifeoma Kofi Kwame Ngozi Temitope Yaw",
     "Adeyemi Asante Boateng Eze Mensah Okafor Owusu"),
    ("Ananya Arjun Dev Ishaan Kavya Meera Priya Rohan Sanjay Tara",
     "Bhatt Desai Gill Kaur Mistry Patel Rao Sandhu"),
]
WEIGHTS = [9, 5, 2, 2, 3]
# ZZ is no area of the United Kingdom's postcodes.
DISTRICTS = ["ZZ1", "ZZ2", "ZZ3", "ZZ5", "ZZ7"]


def postcode(rng):
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    return f"{rng.choice(DISTRICTS)} {rng.randrange(1, 9)}{rng.choice(letters)}{rng.choice(letters)}"


def phone(rng):
    # The range that Ofcom keeps for drama.
    return f"07700 900{rng.randrange(1000):03d}"


def families(rng):
    for _ in range(96):
        given, surnames = (part.split() for part in rng.choices(NAMES, WEIGHTS)[0])
        surname = rng.choice(surnames)
        home = {"surname": surname, "postcode": postcode(rng), "phone": phone(rng)}
        children = rng.choices([1, 2, 3], [6, 3, 1])[0]
        twins = children > 1 and rng.random() < 0.25
        born = date(2002, 1, 1) + timedelta(days=rng.randrange(365 * 9))
        for number, name in enumerate(rng.sample(given, children)):
            if number and not (twins and number == 1):
                born += timedelta(days=rng.randrange(400, 1500))
            yield {**home, "first_name": name, "dob": born.isoformat()}


def slip(rng, text):
    """A letter left out, doubled or exchanged with the next."""
    if len(text) < 4:
        return text
    at = rng.randrange(1, len(text) - 1)
    kind = rng.randrange(3)
    if kind == 0:
        return text[:at] + text[at + 1:]
    if kind == 1:
        return text[:at] + text[at] + text[at:]
    return text[:at] + text[at + 1] + text[at] + text[at + 2:]


def record(rng, child):
    row = dict(child)
    if rng.random() < 0.10:
        row["first_name"] = slip(rng, row["first_name"])
    if rng.random() < 0.10:
        row["surname"] = slip(rng, row["surname"])
    if rng.random() < 0.05:
        year, month, day = row["dob"].split("-")
        row["dob"] = f"{year}-{day}-{month}" if int(day) <= 12 else f"{year}-{month}-{int(day) - 1:02d}"
    if rng.random() < 0.12:
        row["postcode"], row["phone"] = postcode(rng), phone(rng)
    for column, share in (("dob", 0.03), ("postcode", 0.06), ("phone", 0.30), ("first_name", 0.01)):
        if rng.random() < share:
            row[column] = ""
    return row


def main():
    rng = random.Random(SEED)
    tables = {"police": [], "health": []}
    for person, child in enumerate(families(rng), 1):
        where = rng.choices([("police",), ("health",), ("police", "health")], [1, 2, 7])[0]
        for source in where:
            for _ in range(rng.choices([1, 2, 3], [14, 3, 1])[0]):
                tables[source].append({**record(rng, child), "person": f"person-{person:03d}"})
    columns = ["unique_id", "first_name", "surname", "dob", "postcode", "phone", "person"]
    for source, rows in tables.items():
        rng.shuffle(rows)
        with open(HERE / f"{source}.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            for number, row in enumerate(rows, 1):
                writer.writerow({"unique_id": f"{source[0].upper()}{4000 + number}", **row})


if __name__ == "__main__":
    main()
