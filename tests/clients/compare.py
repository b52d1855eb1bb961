"""Runs training functions of other packages with upstream and with the shim, and compares them.

python tests/clients/compare.py CLIENT... [--record]

Each client is a program in this directory, `train_CLIENT.py DIRECTORY`. `tfmts-compat run` runs
it twice, with and without `--upstream`, each time in a new process and a new directory. Its
output, files, events and the tensors in its checkpoints have to be the same.
`--record` writes tests/clients/results/CLIENT.json and docs/clients.md.
"""

from __future__ import annotations

import argparse
import ast
import datetime
import glob
import hashlib
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from typing import Any

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
# Clients with several processes, which print in any order.
ANY_OUTPUT_ORDER = ["horovod", "sync"]
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
# Estimator creates the variables of its metrics in a different order in every process, also with
# TensorFlow's function. The lines of its graphs are compared without their order.
ANY_LINE_ORDER = ["estimator"]
# Text that differs between any two runs: times, process ids, host names, random names.
_VARIABLE_TEXT = [
    (re.compile(r"events\.out\.tfevents\.[^\s/]+"), "events.out.tfevents.TIME.HOST"),
    (re.compile(r"_temp_[0-9a-f]{32}"), "_temp_RANDOM"),
    # The graph contains the directory.
    (re.compile(r"_tfdbg_graph_hash\d+"), "_tfdbg_graph_hash"),
    (re.compile(r"(?<=_)\d{16}(?!\d)"), "TIME"),
    (re.compile(r"(?<!\d)\d{8}_\d{6}(?!\d)"), "TIME"),
    (re.compile(r"127\.0\.0\.1:\d+"), "HOST:PORT"),
]


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
    from tfmts_compat.parity.comparison import differences, line

    with tempfile.TemporaryDirectory(prefix="client-") as parent:
        # Both use the same path, because graphs and events contain paths.
        upstream, shim = trace(client, "upstream", parent), trace(client, "shim", parent)
    sessions = [upstream.pop("built_by"), shim.pop("built_by")]
    findings = [
        line(place, ("upstream", value), ("the shim", shims_value))
        for place, value, shims_value in differences([upstream], [shim])
    ]
    if not sessions[0] or sessions != [
        ["tensorflow"] * len(sessions[0]),
        ["tfmts_compat"] * len(sessions[0]),
    ]:
        findings.append(f"sessions: upstream {sessions[0]}, the shim {sessions[1]}")
    packages = ["tensorflow", *CLIENTS[client]]
    return {
        "client": client,
        "what": _description(client),
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in packages},
        "limits": LIMITS.get(client, ""),
        "date": str(datetime.date.today()),
        "compared": {
            "sessions": len(sessions[1]),
            "lines": len(shim["printed"]),
            "files": len(shim["files"]),
            "checkpoints": len(shim["checkpoints"]),
            "tensors": sum(map(len, shim["checkpoints"].values())),
            "events": sum(map(len, shim["events"].values())),
        },
        "findings": findings,
    }


def trace(client: str, side: str, parent: str) -> dict[str, Any]:
    """Runs a client once in parent/run, reads the files it wrote, and removes them."""
    root, report = os.path.join(parent, "run"), os.path.join(parent, f"report-{side}")
    os.mkdir(root)
    try:
        program = str(HERE / f"train_{client}.py")
        run = [sys.executable, "-m", "tfmts_compat", "run", "--report", report]
        upstream = ["--upstream"] if side == "upstream" else []
        starter = STARTED_BY.get(client, [])
        found = [str(shutil.which(command)) for command in starter[:1]]
        process = subprocess.run(
            [*run, *upstream, *found, *starter[1:], program, root],
            cwd=parent,
            env={**os.environ, **ENVIRONMENT},
            capture_output=True,
            encoding="utf-8",
            timeout=TIME_LIMIT,
            check=False,
        )
        if process.returncode:
            raise SystemExit(f"{client} with {side} failed:\n{process.stderr[-20000:]}")
        printed = _normal(process.stdout, root).splitlines()
        calls = json.loads(pathlib.Path(report).read_text(encoding="utf-8"))["calls"]
        return {
            "built_by": [call["built_by"] for call in calls if call["returned"]],
            "printed": sorted(printed) if client in ANY_OUTPUT_ORDER else printed,
            "files": sorted({_normal(name, root) for name in _files(root)}),
            "checkpoints": _checkpoints(root),
            "events": _events(root, client in ANY_LINE_ORDER),
        }
    finally:
        shutil.rmtree(root)


def _description(client: str) -> str:
    """The first line of the program's docstring."""
    source = (HERE / f"train_{client}.py").read_text(encoding="utf-8")
    return str(ast.get_docstring(ast.parse(source))).partition("\n")[0]


def _normal(text: str, root: str) -> str:
    text = text.replace(root, "DIR")
    for pattern, name in _VARIABLE_TEXT:
        text = pattern.sub(name, text)
    return text


def _files(root: str) -> list[str]:
    return [name for name in glob.glob(f"{root}/**", recursive=True) if os.path.isfile(name)]


def _checkpoints(root: str) -> dict[str, Any]:
    """For each checkpoint its tensors, and for each directory the checkpoints to restore."""
    import tensorflow as tf

    found: dict[str, Any] = {}
    for file in sorted(glob.glob(f"{root}/**/*.index", recursive=True)):
        prefix = file[: -len(".index")]
        reader = tf.train.load_checkpoint(prefix)
        found[_normal(prefix, root)] = {
            name: _summary(reader.get_tensor(name)) for name in reader.get_variable_to_shape_map()
        }
    for file in sorted(glob.glob(f"{root}/**/checkpoint", recursive=True)):
        state = tf.train.get_checkpoint_state(os.path.dirname(file))
        found[_normal(file, root)] = {
            os.path.basename(path): index
            for index, path in enumerate(state.all_model_checkpoint_paths)
        }
    return found


def _summary(value: Any) -> str:
    """The value if it is small, otherwise its digest."""
    if value.size <= 4:
        return f"{value.dtype} {value.tolist()!r}"
    data = repr(value.tolist()).encode() if value.dtype == object else value.tobytes()
    return f"{value.dtype} {list(value.shape)} {hashlib.sha1(data).hexdigest()}"


def _events(root: str, any_line_order: bool) -> dict[str, list[str]]:
    """For each directory the events with their values; for rates only the tag."""
    import tensorflow as tf

    found: dict[str, list[str]] = {}
    for file in sorted(glob.glob(f"{root}/**/events.out.tfevents.*", recursive=True)):
        events = found.setdefault(_normal(os.path.dirname(file), root), [])
        for event in tf.compat.v1.train.summary_iterator(file):
            kind = event.WhichOneof("what")
            if kind == "summary":
                for value in event.summary.value:
                    tag = value.tag
                    value.ClearField("tag")
                    shown = "RATE" if tag.endswith("/sec") else " ".join(str(value).split())
                    events.append(f"{event.step} {tag} {shown}")
            elif kind == "graph_def":
                graph = tf.compat.v1.GraphDef.FromString(event.graph_def)
                events.append(f"{event.step} graph {_digest(graph, root, any_line_order)}")
            elif kind == "meta_graph_def":
                graph = tf.compat.v1.MetaGraphDef.FromString(event.meta_graph_def)
                events.append(f"{event.step} meta graph {_digest(graph, root, any_line_order)}")
            elif kind != "file_version":
                shown = _normal(str(getattr(event, kind)), root)
                events.append(f"{event.step} {kind} {' '.join(shown.split())}")
    return found


def _digest(graph: Any, root: str, any_line_order: bool) -> str:
    lines = _normal(str(graph), root).splitlines()
    if any_line_order:
        lines.sort()
    return hashlib.sha1("\n".join(lines).encode()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
