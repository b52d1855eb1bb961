"""Runs scenarios on the installed TensorFlow and compares."""

from __future__ import annotations

import contextlib
import importlib.metadata
import platform
import sys
import time
import warnings
from dataclasses import dataclass, replace
from typing import Any, Callable, Iterable, Iterator

import tfmts_compat
from tfmts_compat import upstream
from tfmts_compat.parity import comparison, golden, trace
from tfmts_compat.parity.comparison import Outcome, Traces, Verdict
from tfmts_compat.parity.scenario import Scenario


@dataclass(frozen=True)
class Result:
    """What became of a run of the suite.

    Attributes:
      environment: what was installed: tensorflow, python, numpy, protobuf, tfmts_compat.
      reference: what the shim was compared with, in words.
      outcomes: one per scenario, in order.
    """

    environment: dict[str, str]
    reference: str
    outcomes: list[Outcome]

    @property
    def ok(self) -> bool:
        """Whether there are no findings."""
        return not any(outcome.findings for outcome in self.outcomes)

    @property
    def seconds(self) -> float:
        """How long the scenarios took."""
        return sum(outcome.seconds for outcome in self.outcomes)

    def count(self, verdict: Verdict) -> int:
        """How many scenarios have this verdict."""
        return sum(outcome.verdict is verdict for outcome in self.outcomes)


def environment() -> dict[str, str]:
    """The versions that a result depends on."""
    tf = upstream.tensorflow()
    versions = {"tensorflow": tf.__version__, "python": platform.python_version()}
    for name in ("numpy", "protobuf"):
        versions[name] = importlib.metadata.version(name)
    return {**versions, "tfmts_compat": tfmts_compat.__version__}


def run(scenarios: Iterable[Scenario]) -> Iterator[Outcome]:
    """Runs scenarios one by one, by upstream where it has the function, and by the shim."""
    minor = golden.minor_of(upstream.tensorflow().__version__)
    recorded = golden.nearest(minor)
    for scenario in scenarios:
        start = time.monotonic()
        with _quiet():
            try:
                outcome = _outcome(scenario, minor, recorded)
            except Exception as problem:
                outcome = Outcome(
                    scenario.name,
                    scenario.topic,
                    Verdict.DIFFERS,
                    findings=(f"could not be run: {type(problem).__name__}: {problem}",),
                )
        yield replace(outcome, seconds=time.monotonic() - start)


def record(scenarios: Iterable[Scenario]) -> Iterator[tuple[str, Traces]]:
    """Runs scenarios by upstream alone.

    Raises:
      ValueError: this TensorFlow has no MonitoredTrainingSession to record.
    """
    function = upstream.monitored_training_session()
    if function is None:
        raise ValueError(
            f"TensorFlow {upstream.tensorflow().__version__} has no MonitoredTrainingSession "
            "of its own; record goldens on one that has."
        )
    for scenario in scenarios:
        with _quiet():
            yield scenario.name, _upstreams(scenario, function)


def reference() -> str:
    """What the shim is compared with on this TensorFlow, in words."""
    minor = golden.minor_of(upstream.tensorflow().__version__)
    recorded = golden.nearest(minor)
    live = upstream.monitored_training_session() is not None
    words = ["upstream as installed"] if live else []
    if recorded:
        words.append(f"its golden of {recorded.header['tensorflow']}")
    if not live and recorded:
        words.append("as this TensorFlow has no MonitoredTrainingSession of its own")
    return ", ".join(words) or "nothing: no upstream and no golden"


def _outcome(scenario: Scenario, minor: tuple[int, int], recorded: golden.Golden | None) -> Outcome:
    function = upstream.monitored_training_session()
    known = recorded.traces.get(scenario.name) if recorded else None
    live = _upstreams(scenario, function) if function else None
    shim = trace.record(scenario, tfmts_compat.MonitoredTrainingSession, scenario.call)
    judge = live or known
    if judge is None:
        raise LookupError("neither upstream nor a golden knows it")
    outcome = comparison.compared(scenario, minor, judge, shim)
    if live is None or recorded is None:
        return outcome
    drift = _drift(recorded, known, live)
    if recorded.minor == minor:
        return replace(outcome, findings=(*outcome.findings, *drift))
    return replace(outcome, notes=drift)


def _upstreams(scenario: Scenario, function: Callable[..., Any]) -> Traces:
    documented = scenario.documented
    return Traces(
        trace.record(scenario, function, scenario.call),
        trace.record(scenario, function, documented) if documented else None,
    )


def _drift(recorded: golden.Golden, known: Traces | None, live: Traces) -> tuple[str, ...]:
    """Where upstream does otherwise than when its golden was recorded."""
    version = recorded.header["tensorflow"]
    if known is None:
        return (f"the golden of {version} does not have it: record it again",)
    places = comparison.differences(known.call, live.call)
    if known.documented is not None and live.documented is not None:
        places += comparison.differences(known.documented, live.documented)
    return tuple(
        comparison.line(f"upstream drifted: {place}", (version, then), ("now", now))
        for place, then, now in places
    )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps warnings and half-built sessions' complaints off the terminal."""
    hook = sys.unraisablehook
    sys.unraisablehook = lambda _: None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.unraisablehook = hook
