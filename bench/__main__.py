"""Runs every benchmark, one section each: python -m bench [--only reads,sync,startup]

Each is a module with a command of its own and runs in a process of its own, so that none warms another up.
"""

import argparse
import subprocess
import sys
from importlib.util import find_spec

BENCHES = {
    "reads": "Reads, beside a bare endpoint over the same PostgreSQL",
    "sync": "Sync of an MLflow server, beside merely listing it",
    "rules": "Rules with explanation, beside the bare engine and cel-python",
    "gate": "The gate's decision, beside a bare transaction that writes the same rows",
    "coverage": "The gate's decision among 100,000 exceptions, beside a hub that asks for none",
    "approvals": "A signature with all that it triggers beside a bare transaction, and fifty people at once",
    "inbox": "A person's inbox among ten thousand open requests, beside its statement alone",
    "backlog": "A page of the backlog among 100,000 exceptions, beside its statement alone",
    "bulk": "Versions asked about again, beside the bare engine, and the gate meanwhile",
    "touch": "One changed metric of one version, in a small hub and in a large one",
    "counts": "Compliance counts for a dashboard, beside their statement alone",
    "deadlines": "A tick among 100,000 deadlines that are not due, and 10,000 due at once after downtime",
    "trend": "Two years of exceptions by week and tier, beside the statement alone, and with ten times the history",
    "backtest": "Backtest over stored documents, beside the bare engine",
    "startup": "Start on an existing data folder, beside PostgreSQL's own",
}


def main() -> int:
    """Run what was asked; gives the number of benches that failed or are not there."""
    given = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    given.add_argument("--only", default=",".join(BENCHES), help="names with commas between; default: %(default)s")
    names = [name.strip() for name in given.parse_args().only.split(",") if name.strip()]
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        given.error(f"no bench is called {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    bad = 0
    for name in names:
        print(f"\n== {name}: {BENCHES[name]}\n", flush=True)
        if find_spec(f"bench.{name}") is None:
            print(f"  bench/{name}.py is not there: NOT MEASURED", flush=True)
            bad += 1
        elif code := subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode:
            print(f"  bench.{name} ended with {code}: NOT MEASURED", flush=True)
            bad += 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
