"""How often checkpoints are saved.

Cadences in seconds use the real clock: a nanosecond has always passed before the next step,
an hour never. So no part of TensorFlow has to be replaced.
"""

from __future__ import annotations

from typing import Any, Callable

from tfmts_compat.parity import training
from tfmts_compat.parity.departures import D1, D4, D5
from tfmts_compat.parity.run import Run
from tfmts_compat.parity.scenario import Scenario

NANOSECOND, HOUR = 1e-9, 3600


def _saving(**arguments: Any) -> Callable[[Run], dict[str, Any]]:
    return lambda run: dict(checkpoint_dir=run.root, **arguments)


def array(*values: Any) -> Any:
    """Returns a numpy array; numpy is imported only when a scenario runs."""
    import numpy as np

    return np.array(values)


SCENARIOS = (
    Scenario("checkpoint-defaults", _saving()),
    # seconds
    Scenario("checkpoint-secs-over", _saving(save_checkpoint_secs=NANOSECOND)),
    Scenario("checkpoint-secs-not-over", _saving(save_checkpoint_secs=HOUR)),
    Scenario("checkpoint-secs-inf", _saving(save_checkpoint_secs=float("inf"))),
    Scenario("checkpoint-secs-true", _saving(save_checkpoint_secs=True), train=training.steps(1)),
    Scenario("checkpoint-secs-none", _saving(save_checkpoint_secs=None)),
    Scenario("checkpoint-secs-zero", _saving(save_checkpoint_secs=0)),
    Scenario("checkpoint-secs-negative", _saving(save_checkpoint_secs=-1)),
    Scenario("checkpoint-secs-nan", _saving(save_checkpoint_secs=float("nan"))),
    # global steps
    Scenario(
        "checkpoint-steps",
        _saving(save_checkpoint_steps=2),
        train=training.steps(5),
    ),
    Scenario("checkpoint-every-step", _saving(save_checkpoint_steps=1)),
    Scenario(
        "checkpoint-steps-one-and-a-half",
        _saving(save_checkpoint_steps=1.5),
        train=training.steps(5),
    ),
    Scenario(
        "checkpoint-steps-array-of-one",
        lambda run: dict(checkpoint_dir=run.root, save_checkpoint_steps=array(2)),
        train=training.steps(5),
    ),
    Scenario(
        "checkpoint-steps-by-fours",
        _saving(save_checkpoint_steps=6),
        model=training.by_fours,
        train=training.steps(5),
    ),
    Scenario(
        "checkpoint-steps-not-reached",
        _saving(save_checkpoint_steps=100),
        train=training.steps(5),
        departs=(D4,),
    ),
    Scenario("checkpoint-steps-none", _saving(save_checkpoint_steps=None)),
    Scenario("checkpoint-steps-zero", _saving(save_checkpoint_steps=0)),
    Scenario("checkpoint-steps-nan", _saving(save_checkpoint_steps=float("nan"))),
    # both
    Scenario(
        "checkpoint-both-none", _saving(save_checkpoint_secs=None, save_checkpoint_steps=None)
    ),
    Scenario("checkpoint-both-zero", _saving(save_checkpoint_secs=0, save_checkpoint_steps=0)),
    Scenario(
        "checkpoint-secs-beside-none",
        _saving(save_checkpoint_secs=HOUR, save_checkpoint_steps=None),
    ),
    Scenario(
        "checkpoint-steps-beside-none",
        _saving(save_checkpoint_secs=None, save_checkpoint_steps=2),
        train=training.steps(5),
    ),
    Scenario(
        "checkpoint-both-on",
        _saving(save_checkpoint_secs=HOUR, save_checkpoint_steps=2),
        documented=_saving(save_checkpoint_secs=HOUR),
        departs=(D1,),
    ),
    Scenario(
        "checkpoint-secs-beside-zero",
        _saving(save_checkpoint_secs=HOUR, save_checkpoint_steps=0),
        documented=_saving(save_checkpoint_secs=HOUR),
        departs=(D1,),
    ),
    Scenario(
        "checkpoint-steps-beside-zero",
        _saving(save_checkpoint_secs=0, save_checkpoint_steps=2),
        documented=_saving(save_checkpoint_steps=2),
        train=training.steps(5),
        departs=(D1,),
    ),
    Scenario(
        "checkpoint-steps-beside-negative",
        _saving(save_checkpoint_secs=-1, save_checkpoint_steps=2),
        documented=_saving(save_checkpoint_steps=2),
        train=training.steps(5),
        departs=(D1,),
    ),
    Scenario(
        "checkpoint-array-not-used",
        lambda run: dict(save_checkpoint_secs=array(60, 600)),
        documented=lambda run: {},
        departs=(D5,),
    ),
    # other arguments
    Scenario("save-graph-def-off", _saving(save_graph_def=False)),
    Scenario(
        "both-cadences-without-a-directory",
        lambda run: dict(save_checkpoint_secs=HOUR, save_checkpoint_steps=2),
    ),
)
