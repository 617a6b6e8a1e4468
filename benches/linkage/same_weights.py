"""Whether two linkers give the same pairs the same match weight: same_weights.py THEIRS OURS. Prints JSON."""
import json, sys

import duckdb

a, b = (f"'{folder}/pairs.parquet'" for folder in sys.argv[1:])
key = "least(cast(unique_id_l as varchar), cast(unique_id_r as varchar)) x, greatest(cast(unique_id_l as varchar), cast(unique_id_r as varchar)) y"
pairs, missing, worst = duckdb.sql(f"""select count(*), count(*) filter (ours is null), max(abs(theirs - ours)) from
  (select {key}, match_weight theirs from {a}) left join (select {key}, match_weight ours from {b}) using (x, y)""").fetchall()[0]
print(json.dumps({"pairs": pairs, "missing": missing, "worst": worst}))
