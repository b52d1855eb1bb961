"""The departures from upstream, as one pure table; docs/contract.md has a row for each.

`explain`, the report of `tfmts-compat run`, the parity suite and the tests of the contract read it.
"""

from __future__ import annotations

import inspect
import os
from dataclasses import dataclass
from typing import Any, Callable, Final


@dataclass(frozen=True)
class Departure:
    """A documented difference from upstream.

    Attributes:
      number: its number in docs/contract.md.
      upstream: what upstream does.
      here: what the shim does.
      applies: whether a call has it; it takes the `Call` and its `SessionPlan`.
      since: the first TensorFlow minor that has it; None if every supported minor has it.
      row: the row of a plan's table that it concerns.
    """

    number: str
    upstream: str
    here: str
    applies: Callable[[Any, Any], bool]
    since: tuple[int, int] | None = None
    row: str = "role"

    def occurs_on(self, minor: tuple[int, int]) -> bool:
        """Returns whether upstream behaves this way on a TensorFlow minor."""
        return self.since is None or self.since <= minor

    def describe(self) -> str:
        """Returns what upstream does, and since which version."""
        if self.since is None:
            return self.upstream
        return f"{self.upstream}, since TensorFlow {self.since[0]}.{self.since[1]}"


def _is_array_of_several(value: Any) -> bool:
    """Returns whether `value == x` has no truth value. It does not compare: a tensor adds an op."""
    size = getattr(value, "size", 1)
    return isinstance(size, int) and size > 1


_CADENCES = (
    "save_checkpoint_secs",
    "save_checkpoint_steps",
    "save_summaries_secs",
    "save_summaries_steps",
)

_ALL = (
    Departure(
        "D1",
        "ValueError: Can not provide both every_secs and every_steps.",
        "if both checkpoint cadences are given, the seconds or the one that is on are used",
        lambda call, plan: plan.checkpoints.rule.departure == "D1",
        row="checkpoint saver",
    ),
    Departure(
        "D2",
        "polls for the chief every 30 seconds, and not at max_wait_secs",
        "a worker polls for the chief every second",
        lambda call, plan: not plan.is_chief,
        row="waits",
    ),
    Departure(
        "D3",
        "AttributeError for an os.PathLike directory",
        "os.PathLike directories work",
        lambda call, plan: (
            plan.is_chief
            and any(isinstance(d, os.PathLike) for d in (call.checkpoint_dir, call.summary_dir))
        ),
        since=(2, 6),
        row="restores from",
    ),
    Departure(
        "D4",
        "a second session.run after every step",
        "a cadence in steps costs no second session.run",
        lambda call, plan: plan.checkpoints.steps is not None,
        since=(2, 8),
        row="checkpoint saver",
    ),
    Departure(
        "D5",
        "ValueError for an array of several numbers, also if the call does not use it",
        "an array for a cadence that is not used is not validated",
        lambda call, plan: any(_is_array_of_several(getattr(call, name)) for name in _CADENCES),
    ),
    Departure(
        "D6",
        "reads the generator of hooks once, so that only begin() of each is called",
        "a generator of hooks on a worker is kept as a list",
        lambda call, plan: not plan.is_chief and inspect.isgenerator(call.hooks),
    ),
    Departure(
        "D7",
        "threads that share a session lose most summaries",
        "each run keeps the summaries that it requested",
        lambda call, plan: False,  # depends on the program's threads, which a call does not show
    ),
)

DEPARTURES: Final = {departure.number: departure for departure in _ALL}

# With these, upstream behaves as documented if it is given equivalent arguments.
AS_ARGUMENTS: Final = frozenset({"D1", "D3", "D6"})
