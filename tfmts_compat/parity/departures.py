"""Departures: the documented differences from upstream, and what may differ in each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Departure:
    """One row of docs/contract.md.

    Attributes:
      number: its number in docs/contract.md.
      says: the departure in a few words.
      may_differ: patterns of the places in a trace that may differ because of it,
        besides those that the documented call of a scenario determines.
      since: the first TensorFlow minor on which it is observed.
    """

    number: str
    says: str
    may_differ: tuple[str, ...] = ()
    since: tuple[int, int] = (2, 4)

    def on(self, minor: tuple[int, int]) -> bool:
        """Whether it is expected on this TensorFlow minor."""
        return self.since <= minor


C2 = Departure(
    "C2",
    "rejected before anything is written, and a TypeError instead of an AttributeError",
    may_differ=("*.error", "*.files*", "*.log*", "*.events*", "*.checkpoints*", "*.calls*"),
)
D1 = Departure(
    "D1", "if both checkpoint cadences are given, the seconds or the one that is on are used"
)
D2 = Departure("D2", "a worker polls for the chief every second", may_differ=("*.log*",))
D3 = Departure("D3", "os.PathLike directories work", since=(2, 6))
D4 = Departure(
    "D4",
    "a cadence in steps costs no second session.run",
    may_differ=("*.session_runs*", "*._steps_per_run"),
    since=(2, 8),
)
D5 = Departure("D5", "an array for a cadence that is not used is not validated")
D6 = Departure("D6", "a generator of hooks on a worker is kept as a list")

ALL = (D1, D2, D3, D4, D5, D6, C2)
