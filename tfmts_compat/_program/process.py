"""The part of `tfmts-compat run` that works inside the processes of the program."""

from __future__ import annotations

import atexit
import dataclasses
import functools
import inspect
import os
import sys
from dataclasses import dataclass
from typing import Any, Callable

import tfmts_compat
from tfmts_compat import _build, _install, _session
from tfmts_compat._program import recorder, report, tf1_names
from tfmts_compat._rules.call import Call
from tfmts_compat._rules.departures import AS_ARGUMENTS
from tfmts_compat._rules.plan import plan_session
from tfmts_compat._rules.precedence import USE_DEFAULT
from tfmts_compat._upstream import parts


@dataclass(frozen=True)
class Program:
    """A process of the program.

    Attributes:
      report: the file to which the calls of MonitoredTrainingSession are written, or None.
      upstream: None if the program calls the shim; otherwise see `run.build_environment`.
      cwd: the working directory at the start of the program.
    """

    report: str | None
    upstream: str | None
    cwd: str

    def on_tensorflow_import(self) -> None:
        """Installs the function that the program is to call."""
        target = _session.MonitoredTrainingSession
        if self.upstream:
            own = parts.find_monitored_training_session()
            if own is None:
                raise RuntimeError(
                    "tfmts-compat run --upstream: this TensorFlow has no MonitoredTrainingSession "
                    "of its own; run the program without --upstream."
                )
            target = _make_documented(own) if self.upstream == "documented" else own
        if self.report is not None:
            built_by = "tensorflow" if self.upstream else "tfmts_compat"
            target = recorder.record_calls(target, built_by, self.report, self.cwd)
        _install.install_for_program(target)
        atexit.register(_explain_error, os.getpid())

    def on_package_import(self) -> None:
        """Records the calls of a program that imports the shim from tfmts_compat."""
        assert self.report is not None
        target, built_by = _session.MonitoredTrainingSession, "tfmts_compat"
        if self.upstream == "documented":
            target, built_by = _make_documented(_call_upstream), "tensorflow"
        tfmts_compat.MonitoredTrainingSession = recorder.record_calls(
            target, built_by, self.report, self.cwd
        )

    def on_exit(self) -> None:
        """Prints the table of the report."""
        assert self.report is not None
        print(report.format_report(self.report), file=sys.stderr)


def _explain_error(process: int) -> None:
    """Explains the exception that ended the program; Python has printed it."""
    text = tf1_names.describe_tf1_name(getattr(sys, "last_value", None))
    if text is not None and os.getpid() == process:  # not in a process that was forked later
        print(f"tfmts-compat run: {text}", file=sys.stderr)


def _call_upstream(**arguments: Any) -> Any:
    function: Any = parts.find_monitored_training_session()  # imports TensorFlow
    return function(**arguments)


def _make_documented(upstream: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a function that calls upstream with what the documentation describes.

    Only a call with a departure is changed, so that the rules of the shim decide about no other
    call.
    """

    @functools.wraps(upstream)
    def documented(*args: Any, **kwargs: Any) -> Any:
        bound = inspect.signature(_session.MonitoredTrainingSession).bind(*args, **kwargs)
        call = Call(**bound.arguments)
        try:
            departures = plan_session(call).departures
        except (TypeError, ValueError):  # upstream rejects it, too
            departures = ()
        if "D6" in departures:
            call = dataclasses.replace(call, hooks=list(call.hooks))
        if AS_ARGUMENTS.intersection(departures):
            return _build.pass_to_upstream(call)
        arguments = {
            name: value
            for name, value in bound.arguments.items()
            if name not in _build.OWN_ARGUMENTS and value is not USE_DEFAULT
        }
        return upstream(**arguments)

    return documented
