"""recordlinkage's side of febrl4: blocks, compares, classifies by ECM, and prints pairs, CPU seconds and accuracy.

  recordlinkage_peer.py WORK
"""
import json, sys, time
from pathlib import Path

import pandas, recordlinkage

work = Path(sys.argv[1])
a, b = (pandas.read_parquet(work / f"febrl4{side}.parquet").set_index("unique_id") for side in "ab")
begun = time.process_time()
index = recordlinkage.Index()
for columns in [["given_name", "surname"], ["soc_sec_id"], ["date_of_birth"], ["postcode", "surname"], ["postcode", "given_name"],
                ["address_1"]]:
    index.block(columns)
pairs = index.index(a, b)
blocked = time.process_time()
compare = recordlinkage.Compare()
for column in ["given_name", "surname"]:
    compare.string(column, column, method="jarowinkler", threshold=0.9, label=column)
for column in ["date_of_birth", "soc_sec_id", "postcode"]:
    compare.string(column, column, method="damerau_levenshtein", threshold=0.75, label=column)
compare.exact("street_number", "street_number", label="street_number")
features = compare.compute(pairs, a, b)
compared = time.process_time()
links = recordlinkage.ECMClassifier().fit_predict(features)
done = time.process_time()
right = sum(a.at[l, "cluster"] == b.at[r, "cluster"] for l, r in links)
true = len(a.reset_index().merge(b.reset_index(), on="cluster"))
print(json.dumps({"recordlinkage": recordlinkage.__version__, "pairs": len(pairs), "cpu": round(done - begun, 2),
                  "compare_cpu": round(compared - blocked, 2), "precision": round(right / max(len(links), 1), 4),
                  "recall": round(right / true, 4)}))
