"""The trace of a run: what was built, written, logged and returned, as JSON values.

Placeholders replace the values that differ between runs: times and host names in the names
of events files, the address of a server, steps per second, and the run's directory.
"""

from __future__ import annotations

import contextlib
import glob
import logging
import os
import re
import tempfile
from typing import Any, Callable, Iterator

from tfmts_compat._upstream import sessions
from tfmts_compat.parity.run import Run
from tfmts_compat.parity.scenario import Scenario

_EVENTS_FILE = re.compile(r"events\.out\.tfevents\.\S+")
_ADDRESS = re.compile(r"localhost:\d+")
_RATE = re.compile(r"/sec: \S+")


def record(
    scenario: Scenario, function: Callable[..., Any], call: Callable[[Run], dict[str, Any]]
) -> list[dict[str, Any]]:
    """Runs a scenario and records its trace.

    Args:
      scenario: what to run.
      function: upstream's MonitoredTrainingSession, or the shim's.
      call: returns the arguments; the scenario's `call` or its `documented`.

    Returns:
      The trace: for each run a dict of JSON values, without empty ones.
    """
    with tempfile.TemporaryDirectory(prefix="tfmts-") as directory:
        root = os.path.join(os.path.realpath(directory), "run")
        return [_run(scenario, Run(root, function, index), call) for index in range(scenario.runs)]


def _run(scenario: Scenario, run: Run, call: Callable[[Run], dict[str, Any]]) -> dict[str, Any]:
    os.makedirs(run.root, exist_ok=True)
    graph = contextlib.nullcontext() if scenario.eager else run.tf.Graph().as_default()
    with graph, _collect_log(run) as lines:
        scenario.model(run)
        arguments = call(run)
        before = set(_list_files(run.root))  # the call may have created files
        built, error = _open_and_train(scenario, run, arguments)
    run.v1.summary.FileWriterCache.clear()
    files = set(_list_files(run.root)) - before
    with _collect_log(run):  # reading them logs lines, too
        checkpoints, events = _read_checkpoints(run), _read_events(run)
    seen = {
        **built,
        "error": error,
        "values": run.values,
        "calls": run.calls,
        "session_runs": run.session_runs,
        "log": lines,
        "files": sorted({_normalize(run, name) for name in files}),
        "checkpoints": checkpoints,
        "events": events,
    }
    return {name: value for name, value in seen.items() if value}


def _open_and_train(
    scenario: Scenario, run: Run, arguments: dict[str, Any]
) -> tuple[dict[str, Any], str | None]:
    try:
        session = run.function(**arguments)
    except Exception as problem:
        return {}, f"{type(problem).__name__} opening"
    creator, hooks, classes = sessions.unwrap_session(session)
    built = {
        "session": " > ".join(classes),
        "creator": _describe(run, creator),
        "hooks": [_describe(run, hook) for hook in hooks],
    }
    try:
        scenario.train(run, session)
    except (Exception, SystemExit) as problem:
        return built, f"{type(problem).__name__} in training"
    return built, None


def _describe(run: Run, part: Any) -> dict[str, Any]:
    """Describes a hook or session creator: its class and parameters as upstream sets them.

    Of the objects that the constructor creates, only the timer is included, because the
    others do not exist on every version.
    """
    upstreams = next(c for c in type(part).__mro__ if not _is_shims(c))
    code = getattr(upstreams.__init__, "__code__", None)  # type: ignore[misc]
    set_there, given = (code.co_names, code.co_varnames) if code else ((), ())
    parameters = {}
    for name, value in vars(part).items():
        if hasattr(value, "should_trigger_for_step"):  # a timer
            timer = {key: item for key, item in vars(value).items() if "every" in key}
            parameters.update({key: _show(run, item) for key, item in timer.items()})
        elif name in set_there and (_is_plain(value) or name.lstrip("_") in given):
            parameters[name] = _show(run, value)
    return {"class": upstreams.__name__, **{k: v for k, v in parameters.items() if v is not None}}


def describe_call(run: Run, arguments: dict[str, Any]) -> str:
    """Returns the call with these arguments, as Python code. Objects are shown as their class."""
    given = ", ".join(f"{name}={_format_code(value)}" for name, value in arguments.items())
    return _normalize(run, f"MonitoredTrainingSession({given})")


def _format_code(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        items = ", ".join(map(_format_code, value))
        return f"[{items}]" if isinstance(value, list) else f"({items},)" if value else "()"
    if isinstance(value, type):
        return value.__name__
    if _is_plain(value) or isinstance(value, (dict, os.PathLike)) or hasattr(value, "tolist"):
        return repr(value)
    return f"<{type(value).__name__}>"


def _is_shims(part_class: type) -> bool:
    module = part_class.__module__
    return module.startswith("tfmts_compat") and not module.startswith("tfmts_compat.parity")


def _is_plain(value: Any) -> bool:
    return isinstance(value, (bool, int, float, str, bytes, type(None)))


def _show(run: Run, value: Any) -> Any:
    """Returns a parameter's value; for an object its class, for a list its length."""
    if isinstance(value, (bool, int, type(None))):
        return value
    if isinstance(value, (str, bytes, os.PathLike)):
        return _normalize(run, os.fsdecode(value))
    if isinstance(value, (list, tuple, dict)):
        return f"{type(value).__name__} of {len(value)}"
    if hasattr(value, "tolist"):  # numpy
        value = value.tolist()
    return str(value) if isinstance(value, (float, list)) else type(value).__name__


def _normalize(run: Run, text: str) -> str:
    text = text.replace(run.root, "DIR")
    text = _EVENTS_FILE.sub("events.out.tfevents.TIME.HOST", text)
    text = _ADDRESS.sub("HOST:PORT", text)
    return _RATE.sub("/sec: RATE", text)


def _list_files(root: str) -> list[str]:
    return [name for name in glob.glob(os.path.join(root, "**"), recursive=True) if name != root]


def _read_checkpoints(run: Run) -> dict[str, list[str]]:
    """Reads, for each directory, the checkpoints that can be restored, oldest first."""
    found = {}
    for file in sorted(glob.glob(run.path("**", "checkpoint"), recursive=True)):
        directory = os.path.dirname(file)
        state = run.train.get_checkpoint_state(directory)
        paths = state.all_model_checkpoint_paths if state else ()
        found[_normalize(run, directory)] = [os.path.basename(path) for path in paths]
    return found


def _read_events(run: Run) -> dict[str, list[str]]:
    """Reads, for each directory, the events in order.

    The files are removed, because the next run may create files of the same names.
    """
    found: dict[str, list[str]] = {}
    for file in sorted(glob.glob(run.path("**", "events.out.tfevents.*"), recursive=True)):
        events = found.setdefault(_normalize(run, os.path.dirname(file)), [])
        for event in run.train.summary_iterator(file):
            events += [f"{tag} @{event.step}" for tag in _list_tags(event)]
        os.remove(file)
    return found


def _list_tags(event: Any) -> list[str]:
    kind = event.WhichOneof("what")
    if kind == "file_version":
        return []
    if kind == "summary":
        return [value.tag for value in event.summary.value]
    return [kind]


@contextlib.contextmanager
def _collect_log(run: Run) -> Iterator[list[str]]:
    """Collects TensorFlow's log lines of level INFO and above, instead of printing them.

    Notices of deprecated functions are left out: a process logs each one only once, so that
    only the first run would have them.
    """
    lines: list[str] = []

    class Gather(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.filename != "deprecation.py":
                text = _normalize(run, record.getMessage())
                lines.append(f"{record.levelname} {text}")

    logger = run.tf.get_logger()
    kept = logger.handlers[:], logger.level, logger.propagate
    logger.handlers[:], logger.propagate = [Gather()], False
    logger.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        logger.handlers[:], level, logger.propagate = kept
        logger.setLevel(level)
