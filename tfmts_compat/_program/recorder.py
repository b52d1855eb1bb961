"""Records each call of MonitoredTrainingSession in a JSON file, for `tfmts-compat run`.

Several processes may write to the file. Each one locks it and inserts its call before the closing
brackets. The file is therefore valid JSON after every call, even if the program crashes later. A
call is written when it begins, because a worker may be killed while it waits, and again when it
has returned and when its session reports something later.
"""

from __future__ import annotations

import fcntl
import functools
import inspect
import json
import os
import sys
import threading
import types
from typing import Any, Callable

from tfmts_compat import _session, _warnings
from tfmts_compat._rules import checks
from tfmts_compat._rules.call import Call
from tfmts_compat._rules.departures import DEPARTURES
from tfmts_compat._rules.plan import plan_session
from tfmts_compat._upstream import loading, parts, versions

_END = b"\n]}\n"
_FAILS_LATER = "fails, too, but later: it may have written files by then"


def create(path: str, **header: Any) -> None:
    """Writes a report without calls. It replaces an existing file."""
    text = json.dumps({**header, "calls": []}, indent=1).rstrip("]}\n").encode() + _END
    with open(path, "ab", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # another run may write to it
        file.truncate(0)
        file.write(text)


def record_calls(
    function: Callable[..., Any], built_by: str, path: str, cwd: str
) -> Callable[..., Any]:
    """Returns a function that calls `function` and adds each call to a report.

    Args:
      function: the MonitoredTrainingSession of TensorFlow or of tfmts_compat.
      built_by: "tensorflow" or "tfmts_compat".
      path: the file of the report.
      cwd: the working directory at the start of the program, to resolve relative source files.
    """

    @functools.wraps(function)
    def record(*args: Any, **kwargs: Any) -> Any:
        entry: dict[str, Any] = {
            **_locate(_warnings.find_caller(), cwd),
            "process": os.getpid(),
            "tensorflow": loading.tensorflow().__version__,
            "built_by": built_by,
            **_plan_call(args, kwargs),
            "notes": [],
            "error": None,
            "returned": False,
        }
        call = _RecordedCall(path, entry)
        call.write()
        with _warnings.collect(call.add):
            try:
                session = function(*args, **kwargs)
                entry["returned"] = True
                return session
            except BaseException as error:
                entry["error"] = {"type": type(error).__name__, "message": str(error)}
                if built_by == "tfmts_compat" and (entry["rejected"] or checks.is_rejection(error)):
                    entry.update(rejected=str(error), departures=[], upstream=[_FAILS_LATER])
                raise
            finally:
                call.write()

    return record


class _RecordedCall:
    """A call in a report, which is written again when there is something to add."""

    def __init__(self, path: str, entry: dict[str, Any]) -> None:
        self._path, self._entry = path, entry
        self._written: bytes | None = None
        self._lock = threading.RLock()  # the threads of a session may report something

    def write(self) -> None:
        with self._lock:
            text = _encode(self._entry)
            _write(self._path, text, self._written)
            self._written = text

    def add(self, key: str, text: str) -> None:
        with self._lock:
            if text not in self._entry[key]:
                self._entry[key].append(text)
                self.write()


def _locate(frame: types.FrameType | None, cwd: str) -> dict[str, Any]:
    if frame is None:
        return {"file": None, "line": None, "function": None}
    name = os.path.join(cwd, frame.f_code.co_filename)
    return {
        "file": name if os.path.exists(name) else frame.f_code.co_filename,
        "line": frame.f_lineno,
        "function": frame.f_code.co_name,
    }


def _plan_call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Plans a call by the rules of tfmts_compat, with the differences from TensorFlow."""
    planned: dict[str, Any] = {
        "handed_over": parts.is_in_worker_context(),
        "plan": None,
        "rejected": None,
        "departures": [],
        "upstream": [],
        "warnings": [],
    }
    try:
        arguments = inspect.signature(_session.MonitoredTrainingSession).bind(*args, **kwargs)
        plan = plan_session(Call(**arguments.arguments))
    except (TypeError, ValueError) as problem:
        return {**planned, "rejected": None if planned["handed_over"] else str(problem)}
    minor = versions.parse_minor(loading.tensorflow().__version__)
    departures = [
        DEPARTURES[number]
        for number in plan.departures
        if DEPARTURES[number].occurs_on(minor) and not planned["handed_over"]
    ]
    return {
        **planned,
        "plan": plan.to_dict(),
        "departures": [departure.number for departure in departures],
        "upstream": [f"{departure.describe()} ({departure.number})" for departure in departures],
        "warnings": list(plan.warnings),
    }


def _encode(entry: dict[str, Any]) -> bytes:
    return b"\n" + json.dumps(entry, default=str).encode()


def _write(path: str, text: bytes, earlier: bytes | None = None) -> None:
    """Adds a call, or replaces its earlier text.

    If the file cannot be written, the program continues.
    """
    try:
        with open(path, "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # until the file is closed
            calls = file.read()[: -len(_END)]
            start = calls.find(earlier) if earlier else -1  # equal texts are interchangeable
            if earlier and start >= 0:
                text = text.ljust(len(earlier)) + calls[start + len(earlier) :]
            else:
                start = len(calls)
                text = text if calls.endswith(b"[") else b"," + text
            file.seek(start)
            file.write(text + _END)  # at least as long as before: one write leaves a whole document
    except OSError as problem:
        print(f"tfmts-compat run: cannot write the report: {problem}", file=sys.stderr)
