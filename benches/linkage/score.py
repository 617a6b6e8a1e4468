"""Accuracy of pairs and clusters against the truth: score.py TASK WORK OUT. Prints JSON."""
import json, sys
from pathlib import Path

import duckdb

import models

task, work, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
db = duckdb.connect()
link = task == "febrl4"
truth = " union all ".join(f"select {n} source, cast(unique_id as varchar) id, cast(cluster as varchar) person from '{t}'"
                           for n, t in enumerate(models.tables(task, work)))
db.execute(f"create table truth as {truth}")


def one(query):
    return db.execute(query).fetchall()[0]


count = "count(*) filter (source = 0) * count(*) filter (source = 1)" if link else "count(*) * (count(*) - 1) / 2"
total = one(f"select sum(n) from (select {count} n from truth group by person)")[0]
# "Of one family": numbers of people within three of each other, as the generator deals them out.
family = "abs(try_cast(a.person as bigint) - try_cast(b.person as bigint)) <= 3" if task.startswith("people") else "false"
db.execute(f"""create table pairs as select p.match_weight w, p.match_probability mp, a.person = b.person as same, {family} as family
  from '{out / 'pairs.parquet'}' p join truth a on a.id = cast(p.unique_id_l as varchar) {'and a.source = 0' if link else ''}
  join truth b on b.id = cast(p.unique_id_r as varchar) {'and b.source = 1' if link else ''}""")
right, links, kin = one("select count(*) filter (same), count(*), count(*) filter (family and not same) from pairs where mp >= 0.95")
weight, best = one(f"""select w, 2.0 * tp / (k + {total}) f from (select w, sum(t) over o tp, sum(n) over o k from
  (select round(w, 1) w, sum(same::int) t, count(*) n from pairs group by 1) window o as (order by w desc)) order by f desc limit 1""")
band = one("select avg(same::int) from pairs where mp >= 0.95 and mp < 0.99")[0]
clusters = out / "clusters.parquet"
clusters = clusters if clusters.exists() else out / "clusters.csv"
source = "and t.source = cast(right(c.source_dataset, 1) = 'b' as int)" if link and clusters.suffix == ".csv" else ""
db.execute(f"create table c as select c.cluster_id found, t.person, t.source from '{clusters}' c join truth t on t.id = cast(c.unique_id as varchar) {source}")
together = one(f"select sum(n) from (select {count} n from c group by found, person)")[0]
made = one(f"select sum(n) from (select {count} n from c group by found)")[0]
exact = one("""select count(*) from (select found, count(*) n, count(distinct person) p, any_value(person) person from c group by 1) f
  join (select person, count(*) n from c group by 1) t using (person) where f.p = 1 and f.n = t.n""")[0]
people = one("select count(distinct person) from c")[0]
p, r = together / max(made, 1), together / total
print(json.dumps({"precision": right / max(links, 1), "recall": right / total, "false": links - right, "family": kin, "best_f1": best,
                  "best_weight": weight, "band": band if band is not None else float("nan"), "cluster_f1": 2 * p * r / max(p + r, 1e-9),
                  "exactly_right": exact / people}))
