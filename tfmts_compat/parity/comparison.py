"""Comparison of two traces: the same, departs as documented, or differs."""

from __future__ import annotations

import enum
import fnmatch
from dataclasses import dataclass
from typing import Any, Dict, List

from tfmts_compat.parity.departures import ObservedDeparture
from tfmts_compat.parity.scenario import Scenario

Trace = List[Dict[str, Any]]


class Verdict(enum.Enum):
    """How the shim behaves compared with upstream; the value is the text in reports."""

    SAME = "same"
    DEPARTS = "departs as documented"
    DIFFERS = "differs"


@dataclass(frozen=True)
class Traces:
    """What upstream did in a scenario.

    Attributes:
      call: the trace of the scenario's call.
      documented: the trace of its documented call, if it has one.
    """

    call: Trace
    documented: Trace | None = None


@dataclass(frozen=True)
class Outcome:
    """The result of one scenario.

    Attributes:
      name: the scenario's name.
      topic: its topic.
      verdict: how the shim behaves compared with upstream.
      departures: the numbers of the departures that were observed.
      findings: what is wrong, one line each; empty if nothing is.
      notes: information that is not a problem, one line each.
      seconds: the time of all its runs together.
      call: the call of the shim, as Python code in which DIR is the directory of the run.
    """

    name: str
    topic: str
    verdict: Verdict
    departures: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    call: str = ""

    @property
    def verdict_text(self) -> str:
        """The verdict, with the numbers of the departures."""
        return " ".join((self.verdict.value, *self.departures))


def compare(scenario: Scenario, minor: tuple[int, int], upstream: Traces, shim: Trace) -> Outcome:
    """Compares the shim's trace with upstream's.

    If the scenario has a documented call, the shim's trace has to match upstream's trace
    of that call: a departure has to do what the documentation describes. Every other
    difference has to belong to an expected departure.

    Args:
      scenario: what was run.
      minor: the TensorFlow minor; some departures are observed on some minors only.
      upstream: what upstream did.
      shim: what the shim did.
    """
    expected = [departure for departure in scenario.departs if departure.occurs_on(minor)]
    by_document = [departure for departure in expected if not departure.may_differ]
    by_place = [departure for departure in expected if departure.may_differ]
    whole = find_differences(upstream.call, shim)
    rest = whole
    if by_document and upstream.documented is not None:
        rest = find_differences(upstream.documented, shim)
    findings = [
        describe_difference(place, ("upstream", value), ("the shim", shims_value))
        for place, value, shims_value in rest
        if not any(_covers(departure, place) for departure in by_place)
    ]
    shown = [d for d in by_document if whole]
    shown += [d for d in by_place if any(_covers(d, place) for place, *_ in rest)]
    retired = [departure for departure in expected if departure not in shown]
    if scenario.rejected:
        findings += _check_rejection(upstream.call, shim)
    verdict = Verdict.DIFFERS if findings else Verdict.DEPARTS if shown else Verdict.SAME
    findings += [
        f"{d.number} was not observed: upstream behaves as documented now, remove the departure"
        for d in retired
    ]
    return Outcome(
        scenario.name, scenario.topic, verdict, tuple(d.number for d in shown), tuple(findings)
    )


def find_differences(upstream: Trace, shim: Trace) -> list[tuple[str, Any, Any]]:
    """Returns the places where two traces differ: (place, upstream's value, the shim's)."""
    left, right = dict(_list_leaves("run", upstream)), dict(_list_leaves("run", shim))
    return [
        (place, left.get(place), right.get(place))
        for place in [*left, *(place for place in right if place not in left)]
        if left.get(place) != right.get(place)
    ]


def _list_leaves(place: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        items = [(f"{place}.{name}", item) for name, item in value.items()]
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        items = [(f"{place}[{index}]", item) for index, item in enumerate(value)]
    else:
        return [(place, value)]
    return [leaf for item in items for leaf in _list_leaves(*item)]


def _covers(departure: ObservedDeparture, place: str) -> bool:
    return any(fnmatch.fnmatchcase(place, pattern) for pattern in departure.may_differ)


def describe_difference(place: str, left: tuple[str, Any], right: tuple[str, Any]) -> str:
    """Describes a difference: both values; of two lists only the items that differ."""
    (who, value), (other, others) = left, right
    if isinstance(value, list) and isinstance(others, list):
        only = [item for item in value if item not in others]
        others_only = [item for item in others if item not in value]
        if only or others_only:  # otherwise they differ in order or number
            value, others = only, others_only
    return f"{place}: {who} {_short(value)}, {other} {_short(others)}"


def _short(value: Any) -> str:
    if value is None or value == []:
        return "nothing"
    text = str(value)
    return text if len(text) <= 300 else f"{text[:300]}…"


def _check_rejection(upstream: Trace, shim: Trace) -> list[str]:
    """Checks clause 2: upstream's class or TypeError for AttributeError, and nothing written."""
    (upstreams_run,), (shims_run,) = upstream, shim
    error, shims_error = upstreams_run.get("error"), shims_run.get("error")
    findings = []
    if error is None:
        findings.append("upstream no longer rejects this call")
    elif shims_error != error.replace("AttributeError", "TypeError"):
        findings.append(f"rejected by upstream with {error}, by the shim with {shims_error}")
    if shims_run.get("files"):
        findings.append(f"the shim left {shims_run['files']}")
    return findings
