"""Where the shim is documented to differ from upstream, and what may differ there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Departure:
    """One row of docs/contract.md.

    Attributes:
      number: its number there.
      says: the departure in a few words.
      may_differ: patterns of the places in a trace that it accounts for, beyond
        what a scenario's documented call already shows.
      since: the first TensorFlow minor on which it shows.
    """

    number: str
    says: str
    may_differ: tuple[str, ...] = ()
    since: tuple[int, int] = (2, 4)

    def on(self, minor: tuple[int, int]) -> bool:
        """Whether it is expected to show on this TensorFlow minor."""
        return self.since <= minor


C2 = Departure(
    "C2",
    "rejected before anything is written, and a TypeError instead of an AttributeError",
    may_differ=("*.error", "*.files*", "*.log*", "*.events*", "*.checkpoints*", "*.calls*"),
)
D1 = Departure("D1", "both checkpoint cadences given: the seconds, or the one that is on")
D2 = Departure("D2", "a worker looks for the chief every second", may_differ=("*.log*",))
D3 = Departure("D3", "os.PathLike directories work", since=(2, 6))
D4 = Departure(
    "D4",
    "a cadence in steps costs no second session.run",
    may_differ=("*.session_runs*", "*._steps_per_run"),
    since=(2, 8),
)
D5 = Departure("D5", "an array for a cadence that is not used is not looked at")
D6 = Departure("D6", "a generator of hooks on a worker is kept as a list")

ALL = (D1, D2, D3, D4, D5, D6, C2)
