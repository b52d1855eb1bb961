"""Scenario: a named call and the training run around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable

from tfmts_compat.parity import training
from tfmts_compat.parity.departures import ObservedDeparture
from tfmts_compat.parity.run import Run


@dataclass(frozen=True)
class Scenario:
    """A call and a small training run.

    Attributes:
      name: its name, as `--only` takes it.
      call: returns the arguments of MonitoredTrainingSession; called inside the graph.
      model: builds the graph and sets `train_op`.
      train: uses the open session, and closes it.
      runs: how often the scenario is run, each time in a new graph and in the same directory.
      departs: the expected departures.
      documented: returns the arguments with which upstream does what the documentation says
        about `call`. The shim's trace of `call` must match upstream's trace with them.
      rejected: the call must be rejected before anything is written.
      eager: whether the call is made without a graph around it.
      topic: the name of the module that defines it.
    """

    name: str
    call: Callable[[Run], dict[str, Any]]
    model: Callable[[Run], None] = training.counter
    train: Callable[[Run, Any], None] = training.steps(3)
    runs: int = 1
    departs: tuple[ObservedDeparture, ...] = ()
    documented: Callable[[Run], dict[str, Any]] | None = None
    rejected: bool = False
    eager: bool = False
    topic: str = ""
