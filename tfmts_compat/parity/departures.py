"""What may differ in a trace because of each departure of `_rules.departures`."""

from __future__ import annotations

from dataclasses import dataclass

from tfmts_compat._rules.departures import DEPARTURES


@dataclass(frozen=True)
class ObservedDeparture:
    """A departure that the suite can observe.

    Attributes:
      number: its number in docs/contract.md.
      says: what the shim does, in a few words.
      may_differ: patterns of the places in a trace that may differ because of it,
        besides those that the documented call of a scenario determines.
      since: the first TensorFlow minor on which it is observed; None if on all.
    """

    number: str
    says: str
    may_differ: tuple[str, ...] = ()
    since: tuple[int, int] | None = None

    def occurs_on(self, minor: tuple[int, int]) -> bool:
        """Returns whether the departure is expected on this TensorFlow minor."""
        return self.since is None or self.since <= minor


def _observe(number: str, *may_differ: str) -> ObservedDeparture:
    departure = DEPARTURES[number]
    return ObservedDeparture(number, departure.here, may_differ, departure.since)


C2 = ObservedDeparture(
    "C2",
    "rejected before anything is written, and a TypeError instead of an AttributeError",
    may_differ=("*.error", "*.files*", "*.log*", "*.events*", "*.checkpoints*", "*.calls*"),
)
D1 = _observe("D1")
D2 = _observe("D2", "*.log*")
D3 = _observe("D3")
D4 = _observe("D4", "*.session_runs*", "*._steps_per_run")
D5 = _observe("D5")
D6 = _observe("D6")

ALL = (D1, D2, D3, D4, D5, D6, C2)
