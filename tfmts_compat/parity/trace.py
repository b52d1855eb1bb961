"""The trace of a run: what was built, written, logged and returned, as JSON values.

Times and host names in the names of events files, a server's address, steps per
second and the run's own directory are replaced; nothing else is.
"""

from __future__ import annotations

import contextlib
import glob
import logging
import os
import re
import tempfile
from typing import Any, Callable, Iterator

from tfmts_compat import upstream
from tfmts_compat.parity.bench import Bench
from tfmts_compat.parity.scenario import Scenario

_EVENTS_FILE = re.compile(r"events\.out\.tfevents\.\S+")
_ADDRESS = re.compile(r"localhost:\d+")
_RATE = re.compile(r"/sec: \S+")


def record(
    scenario: Scenario, function: Callable[..., Any], call: Callable[[Bench], dict[str, Any]]
) -> list[dict[str, Any]]:
    """Runs a scenario and traces it.

    Args:
      scenario: what to run.
      function: upstream's MonitoredTrainingSession, or the shim's.
      call: gives the arguments; the scenario's `call` or its `documented`.

    Returns:
      The trace: for each run a dict of JSON values, without what is empty.
    """
    with tempfile.TemporaryDirectory(prefix="tfmts-") as directory:
        root = os.path.join(os.path.realpath(directory), "run")
        return [
            _run(scenario, Bench(root, function, index), call) for index in range(scenario.runs)
        ]


def _run(
    scenario: Scenario, bench: Bench, call: Callable[[Bench], dict[str, Any]]
) -> dict[str, Any]:
    os.makedirs(bench.root, exist_ok=True)
    graph = contextlib.nullcontext() if scenario.eager else bench.tf.Graph().as_default()
    with graph, _logged(bench) as lines:
        scenario.model(bench)
        arguments = call(bench)
        before = set(_files(bench.root))  # the call may have laid something in the way
        built, error = _opened_and_trained(scenario, bench, arguments)
    bench.v1.summary.FileWriterCache.clear()
    files = set(_files(bench.root)) - before
    with _logged(bench):  # reading logs, too
        checkpoints, events = _checkpoints(bench), _events(bench)
    seen = {
        **built,
        "error": error,
        "values": bench.values,
        "calls": bench.calls,
        "session_runs": bench.session_runs,
        "log": lines,
        "files": sorted({_normal(bench, name) for name in files}),
        "checkpoints": checkpoints,
        "events": events,
    }
    return {name: value for name, value in seen.items() if value}


def _opened_and_trained(
    scenario: Scenario, bench: Bench, arguments: dict[str, Any]
) -> tuple[dict[str, Any], str | None]:
    try:
        session = bench.function(**arguments)
    except Exception as problem:
        return {}, f"{type(problem).__name__} opening"
    creator, hooks, classes = upstream.parts(session)
    built = {
        "session": " > ".join(classes),
        "creator": _described(bench, creator),
        "hooks": [_described(bench, hook) for hook in hooks],
    }
    try:
        scenario.train(bench, session)
    except (Exception, SystemExit) as problem:
        return built, f"{type(problem).__name__} in training"
    return built, None


def _described(bench: Bench, part: Any) -> dict[str, Any]:
    """Class and parameters of a hook or session creator, as upstream's constructor sets them.

    Of objects it makes for itself, and not always there, only a timer counts.
    """
    upstreams = next(c for c in type(part).__mro__ if not _is_shims(c))
    code = getattr(upstreams.__init__, "__code__", None)  # type: ignore[misc]
    set_there, given = (code.co_names, code.co_varnames) if code else ((), ())
    parameters = {}
    for name, value in vars(part).items():
        if hasattr(value, "should_trigger_for_step"):  # a timer
            timer = {key: item for key, item in vars(value).items() if "every" in key}
            parameters.update({key: _shown(bench, item) for key, item in timer.items()})
        elif name in set_there and (_is_plain(value) or name.lstrip("_") in given):
            parameters[name] = _shown(bench, value)
    return {"class": upstreams.__name__, **{k: v for k, v in parameters.items() if v is not None}}


def _is_shims(part_class: type) -> bool:
    module = part_class.__module__
    return module.startswith("tfmts_compat") and not module.startswith("tfmts_compat.parity")


def _is_plain(value: Any) -> bool:
    return isinstance(value, (bool, int, float, str, bytes, type(None)))


def _shown(bench: Bench, value: Any) -> Any:
    """A parameter's value; of an object only its class, of a list its length."""
    if isinstance(value, (bool, int, type(None))):
        return value
    if isinstance(value, (str, bytes, os.PathLike)):
        return _normal(bench, os.fsdecode(value))
    if isinstance(value, (list, tuple, dict)):
        return f"{type(value).__name__} of {len(value)}"
    if hasattr(value, "tolist"):  # numpy
        value = value.tolist()
    return str(value) if isinstance(value, (float, list)) else type(value).__name__


def _normal(bench: Bench, text: str) -> str:
    text = text.replace(bench.root, "DIR")
    text = _EVENTS_FILE.sub("events.out.tfevents.TIME.HOST", text)
    text = _ADDRESS.sub("HOST:PORT", text)
    return _RATE.sub("/sec: RATE", text)


def _files(root: str) -> list[str]:
    return [name for name in glob.glob(os.path.join(root, "**"), recursive=True) if name != root]


def _checkpoints(bench: Bench) -> dict[str, list[str]]:
    """By directory, the checkpoints that a restore could take, oldest first."""
    found = {}
    for file in sorted(glob.glob(bench.path("**", "checkpoint"), recursive=True)):
        directory = os.path.dirname(file)
        state = bench.train.get_checkpoint_state(directory)
        paths = state.all_model_checkpoint_paths if state else ()
        found[_normal(bench, directory)] = [os.path.basename(path) for path in paths]
    return found


def _events(bench: Bench) -> dict[str, list[str]]:
    """By directory, the events in order; their files go, as the next one could be named alike."""
    found: dict[str, list[str]] = {}
    for file in sorted(glob.glob(bench.path("**", "events.out.tfevents.*"), recursive=True)):
        events = found.setdefault(_normal(bench, os.path.dirname(file)), [])
        for event in bench.train.summary_iterator(file):
            events += [f"{tag} @{event.step}" for tag in _tags(event)]
        os.remove(file)
    return found


def _tags(event: Any) -> list[str]:
    kind = event.WhichOneof("what")
    if kind == "file_version":
        return []
    if kind == "summary":
        return [value.tag for value in event.summary.value]
    return [kind]


@contextlib.contextmanager
def _logged(bench: Bench) -> Iterator[list[str]]:
    """Gathers TensorFlow's log lines from INFO up, and keeps them off the terminal.

    Notices of deprecated functions are left out: a process gives each but once,
    so only whoever runs first would have them.
    """
    lines: list[str] = []

    class Gather(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.filename != "deprecation.py":
                text = _normal(bench, record.getMessage())
                lines.append(f"{record.levelname} {text}")

    logger = bench.tf.get_logger()
    kept = logger.handlers[:], logger.level, logger.propagate
    logger.handlers[:], logger.propagate = [Gather()], False
    logger.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        logger.handlers[:], level, logger.propagate = kept
        logger.setLevel(level)
