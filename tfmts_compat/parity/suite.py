"""Runs scenarios on the installed TensorFlow and compares the traces."""

from __future__ import annotations

import contextlib
import functools
import platform
import sys
import time
import warnings
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Iterable, Iterator

import tfmts_compat
from tfmts_compat._upstream import loading, parts, versions
from tfmts_compat.parity import comparison, golden, trace
from tfmts_compat.parity.comparison import Outcome, Traces, Verdict
from tfmts_compat.parity.run import Run
from tfmts_compat.parity.scenario import Scenario


@dataclass(frozen=True)
class Result:
    """The result of a run of the suite.

    Attributes:
      environment: what was installed: tensorflow, python, numpy, protobuf, tfmts_compat.
      reference: what the shim was compared with, in words.
      outcomes: one for each scenario, in order.
      platform: the operating system and the processor.
      date: when the run began, in UTC.
    """

    environment: dict[str, str]
    reference: str
    outcomes: list[Outcome]
    platform: str = field(default_factory=platform.platform)
    date: str = field(default_factory=lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))

    @property
    def ok(self) -> bool:
        """Whether there are no findings."""
        return not any(outcome.findings for outcome in self.outcomes)

    @property
    def seconds(self) -> float:
        """How long the scenarios took."""
        return sum(outcome.seconds for outcome in self.outcomes)

    def count(self, verdict: Verdict) -> int:
        """Counts the scenarios that have this verdict."""
        return sum(outcome.verdict is verdict for outcome in self.outcomes)


def read_environment(cache_runs: bool = True) -> dict[str, str]:
    """Returns the versions on which a result depends, and `cache_runs` if it is False."""
    tf = loading.tensorflow()
    found = {"tensorflow": tf.__version__, "python": platform.python_version()}
    for name in ("numpy", "protobuf"):
        found[name] = versions.find_installed_version(name) or "unknown"
    found["tfmts_compat"] = tfmts_compat.__version__
    return found if cache_runs else {**found, "cache_runs": "False"}


def run(scenarios: Iterable[Scenario], cache_runs: bool = True) -> Iterator[Outcome]:
    """Runs scenarios one by one, with upstream's function if it exists, and with the shim.

    Args:
      scenarios: the scenarios to run.
      cache_runs: the shim's argument in every call.
    """
    shim = tfmts_compat.MonitoredTrainingSession
    function = shim if cache_runs else functools.partial(shim, cache_runs=False)
    minor = golden.parse_minor(loading.tensorflow().__version__)
    recorded = golden.read_nearest(minor)
    for scenario in scenarios:
        start = time.monotonic()
        with _quiet():
            try:
                outcome = _compare_scenario(scenario, function, minor, recorded)
            except Exception as problem:
                outcome = Outcome(
                    scenario.name,
                    scenario.topic,
                    Verdict.DIFFERS,
                    findings=(f"could not be run: {type(problem).__name__}: {problem}",),
                )
        yield replace(outcome, seconds=time.monotonic() - start)


def record(scenarios: Iterable[Scenario]) -> Iterator[tuple[str, Traces]]:
    """Runs scenarios with upstream alone.

    Raises:
      ValueError: this TensorFlow has no MonitoredTrainingSession to record.
    """
    function = parts.find_monitored_training_session()
    if function is None:
        raise ValueError(
            f"TensorFlow {loading.tensorflow().__version__} has no MonitoredTrainingSession "
            "of its own; record goldens on a TensorFlow that has one."
        )
    for scenario in scenarios:
        with _quiet():
            yield scenario.name, _record_upstream(scenario, function)


def describe_reference() -> str:
    """Describes what the shim is compared with on this TensorFlow."""
    minor = golden.parse_minor(loading.tensorflow().__version__)
    recorded = golden.read_nearest(minor)
    live = parts.find_monitored_training_session() is not None
    words = ["upstream as installed"] if live else []
    if recorded:
        words.append(f"its golden of {recorded.header['tensorflow']}")
    if not live and recorded:
        words.append("because this TensorFlow has no MonitoredTrainingSession of its own")
    return ", ".join(words) or "nothing: no upstream and no golden"


def _compare_scenario(
    scenario: Scenario,
    shims_function: Callable[..., Any],
    minor: tuple[int, int],
    recorded: golden.Golden | None,
) -> Outcome:
    function = parts.find_monitored_training_session()
    known = recorded.traces.get(scenario.name) if recorded else None
    live = _record_upstream(scenario, function) if function else None
    calls: list[str] = []

    def call(run: Run) -> dict[str, Any]:
        arguments = scenario.call(run)
        calls.append(trace.describe_call(run, arguments))
        return arguments

    shim = trace.record(scenario, shims_function, call)
    reference = live or known
    if reference is None:
        raise LookupError("there is neither upstream's function nor a golden with this scenario")
    outcome = comparison.compare(scenario, minor, reference, shim)
    outcome = replace(outcome, call="; ".join(dict.fromkeys(calls)))
    if live is None or recorded is None:
        return outcome
    drift = _find_drift(recorded, known, live)
    if recorded.minor == minor:
        return replace(outcome, findings=(*outcome.findings, *drift))
    return replace(outcome, notes=drift)


def _record_upstream(scenario: Scenario, function: Callable[..., Any]) -> Traces:
    documented = scenario.documented
    return Traces(
        trace.record(scenario, function, scenario.call),
        trace.record(scenario, function, documented) if documented else None,
    )


def _find_drift(recorded: golden.Golden, known: Traces | None, live: Traces) -> tuple[str, ...]:
    """Finds what upstream does differently now than when its golden was recorded."""
    version = recorded.header["tensorflow"]
    if known is None:
        return (f"the golden of {version} does not contain this scenario: record it again",)
    places = comparison.find_differences(known.call, live.call)
    if known.documented is not None and live.documented is not None:
        places += comparison.find_differences(known.documented, live.documented)
    return tuple(
        comparison.describe_difference(f"upstream drifted: {place}", (version, then), ("now", now))
        for place, then, now in places
    )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Suppresses warnings, and errors from the deletion of sessions that were not built."""
    hook = sys.unraisablehook
    sys.unraisablehook = lambda _: None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.unraisablehook = hook
