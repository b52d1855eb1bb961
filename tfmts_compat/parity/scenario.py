"""A scenario: a named call and the training run around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable

from tfmts_compat.parity import training
from tfmts_compat.parity.bench import Bench
from tfmts_compat.parity.departures import Departure


@dataclass(frozen=True)
class Scenario:
    """A call and a small training run.

    Attributes:
      name: what `--only` takes.
      call: gives the arguments of MonitoredTrainingSession; runs inside the graph.
      model: builds the graph and sets `train_op`.
      train: what is done with the open session.
      runs: how often all of it is done, in a new graph and the same directory.
      departs: the departures expected; see `documented`.
      documented: the call whose run by upstream the documentation promises here,
        so that a departure is held to that and not merely allowed to differ.
      rejected: the call must be rejected and nothing written.
      eager: no graph is opened around the call.
      topic: the module it is in.
    """

    name: str
    call: Callable[[Bench], dict[str, Any]]
    model: Callable[[Bench], None] = training.counter
    train: Callable[[Bench, Any], None] = training.steps(3)
    runs: int = 1
    departs: tuple[Departure, ...] = ()
    documented: Callable[[Bench], dict[str, Any]] | None = None
    rejected: bool = False
    eager: bool = False
    topic: str = ""
