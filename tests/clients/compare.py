"""Runs training functions of other packages with upstream and with the shim, and compares them.

python tests/clients/compare.py CLIENT... [--record]

Each client is a program in this directory, `train_CLIENT.py DIRECTORY`, for `tfmts-compat compare`.
Unlike there, everything except the other files has to be deterministic.
`--record` writes tests/clients/results/CLIENT.json and docs/clients.md.
"""

from __future__ import annotations

import argparse
import ast
import datetime
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from typing import Any

from tfmts_compat.commands import compare, compare_outcome

HERE = pathlib.Path(__file__).resolve().parent
TIME_LIMIT = 1200  # seconds for one run
# client: the packages whose versions are recorded, in addition to TensorFlow's
CLIENTS = {
    "slim": ["tf-slim"],
    "estimator": ["tensorflow-estimator"],
    "gan": ["tensorflow-gan", "tensorflow-probability"],
    "kfac": ["kfac", "tensorflow-probability"],
    "horovod": ["horovod"],
    "debug": [],
    "queue": [],
    "smdebug": ["smdebug", "protobuf"],
    "sync": [],
    "wandb": ["wandb"],
}
STARTED_BY = {"horovod": ["horovodrun", "-np", "2", "--gloo", sys.executable]}
# Known problems of a client with newer TensorFlow versions, and its limits on this one.
LIMITS = {
    "slim": "its `batch_norm` and `summarize_gradients` end in AttributeError on 2.21: module "
    "'tensorflow.python.framework.ops' has no attribute 'Tensor', or 'IndexedSlices'",
    "estimator": "2.15 is the last TensorFlow with an estimator",
    "gan": "TensorFlow 2.16 and newer: AttributeError: module 'tensorflow' has no attribute "
    "'estimator'; Python 3.11 and newer: AttributeError: module 'inspect' has no attribute "
    "'getargspec'",
    "kfac": "installed without its dependencies, which require tensorflow-probability 0.8",
    "horovod": "built against TensorFlow 2.11; newer versions were not tried",
    "smdebug": "it needs protobuf 3.20, and TensorFlow 2.20 and newer need protobuf 5 or newer; "
    "it finds no resource variables, so the program calls `disable_resource_variables()`",
    "sync": "the chief's queue thread waits for gradients, so `close()` takes "
    "`stop_grace_period_secs` (120 by default); the program passes 1",
    "wandb": "WandbHook ends a row when the global step has changed, and fetches the step in the "
    "run that changes it: two runs with TensorFlow's function can end rows at different steps. The "
    "program's graph reads the step before the update",
}
# Values are compared exactly, so they must not depend on the order in which threads finish.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_DETERMINISTIC_OPS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
}


def main(arguments: list[str]) -> int:
    """Compares each client; returns 1 if one differs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("clients", nargs="+", choices=CLIENTS)
    parser.add_argument(
        "--record", action="store_true", help="write the result and docs/clients.md"
    )
    options = parser.parse_args(arguments)
    differs = False
    for client in options.clients:
        result = compared(client)
        counts = ", ".join(f"{count} {what}" for what, count in result["compared"].items())
        print(f"{client}: {'differs' if result['findings'] else 'same'} ({counts})")
        for finding in result["findings"]:
            print(f"  {finding}", flush=True)
        differs |= bool(result["findings"])
        if options.record:
            text = json.dumps(result, indent=1) + "\n"
            (HERE / "results").mkdir(exist_ok=True)
            (HERE / "results" / f"{client}.json").write_text(text, encoding="utf-8")
    if options.record:
        page = HERE.parents[1] / "docs" / "clients.py"
        subprocess.run([sys.executable, str(page)], check=True)
    return int(differs)


def compared(client: str) -> dict[str, Any]:
    """Runs a client with both functions; returns the versions, counts and differences."""
    starter = STARTED_BY.get(client, [])
    found = [str(shutil.which(command)) for command in starter[:1]]
    program = [*found, *starter[1:], str(HERE / f"train_{client}.py"), compare_outcome.DIRECTORY]
    comparison = compare.compare(program, {**os.environ, **ENVIRONMENT}, time_limit=TIME_LIMIT)
    if comparison.exit_code:
        raise SystemExit(f"{client} failed: {comparison.error}")
    findings = [str(difference) for difference in comparison.differences]
    findings += [
        f"not deterministic: {' > '.join(place)}"
        for place, _ in comparison.not_deterministic
        if place[0] != "files"  # some packages write times into them
    ]
    # These trainings are correct, so none of them may cause a warning.
    findings += [f"warning: {text}" for text in comparison.warnings]
    packages = ["tensorflow", *CLIENTS[client]]
    return {
        "client": client,
        "what": _description(client),
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in packages},
        "limits": LIMITS.get(client, ""),
        "date": str(datetime.date.today()),
        "compared": comparison.counts,
        "findings": findings,
    }


def _description(client: str) -> str:
    """Returns the first line of the program's docstring."""
    source = (HERE / f"train_{client}.py").read_text(encoding="utf-8")
    return str(ast.get_docstring(ast.parse(source))).partition("\n")[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
