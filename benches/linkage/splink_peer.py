"""Splink's side of a task: train, predict, cluster; writes model, pairs and clusters to OUT and prints CPU seconds by stage.

  splink_peer.py TASK WORK OUT [--keep-all]

Importing Python's modules is not counted in the stages. Pairs below a probability of 0.01 are not kept unless asked for.
"""
import json, logging, resource, sys, time
from pathlib import Path

import duckdb, splink
from splink import DuckDBAPI, Linker, block_on

import models

logging.getLogger("splink").setLevel(logging.ERROR)
task, work, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
out.mkdir(parents=True, exist_ok=True)
_, _, _, _, sessions = models.MODELS[task]()
settings, _, training = models.settings(task)
stages, last = {}, time.process_time()


def mark(stage):
    global last
    now = time.process_time()
    stages[stage], last = round(now - last, 2), now


connection = duckdb.connect()
connection.execute("set threads=2")
names = []
for number, table in enumerate(models.tables(task, work)):
    names.append(f"input_{number}")
    connection.execute(f"create table {names[-1]} as select * from '{table}'")
records = sum(connection.execute(f"select count(*) from {n}").fetchall()[0][0] for n in names)
mark("read")
db = DuckDBAPI(connection=connection)
registered = [db.register(n, dataset_display_name=n) for n in names]
linker = Linker(registered if len(registered) > 1 else registered[0], settings)
linker.training.estimate_probability_two_random_records_match(training["deterministic_rules"], recall=training["recall"])
linker.training.estimate_u_using_random_sampling(max_pairs=1e6 if records < 20_000 else 1e7, seed=1)
for session in sessions:
    linker.training.estimate_parameters_using_expectation_maximisation(session)
mark("train")
keep_all = "--keep-all" in sys.argv or records < 100_000
pairs = linker.inference.predict(threshold_match_probability=None if keep_all else 0.01)
mark("predict")
clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold_match_probability=0.95)
mark("cluster")
total = sum(stages.values())
linker.misc.save_model_to_json(str(out / "model.json"), overwrite=True)
trained = json.loads((out / "model.json").read_text())
(out / "model.json").write_text(json.dumps(trained | {"candour": {"household": False, "text_unit": "characters"}}, indent=1))
connection.execute(f"copy {pairs.physical_name} to '{out / 'pairs.parquet'}'")
connection.execute(f"copy {clusters.physical_name} to '{out / 'clusters.parquet'}'")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"splink": splink.__version__, "duckdb": duckdb.__version__, "stages": stages, "cpu": round(total, 2),
                  "peak_mib": round(peak)}))
