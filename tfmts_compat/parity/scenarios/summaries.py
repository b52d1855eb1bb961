"""How often summaries and steps per second are written."""

from __future__ import annotations

from typing import Any, Callable

from tfmts_compat.parity import training
from tfmts_compat.parity.departures import D5
from tfmts_compat.parity.run import Run
from tfmts_compat.parity.scenario import Scenario
from tfmts_compat.parity.scenarios.checkpoints import HOUR, NANOSECOND, array


def _summaries(**arguments: Any) -> Callable[[Run], dict[str, Any]]:
    return lambda run: dict(summary_dir=run.root, **arguments)


SCENARIOS = (
    Scenario("summary-dir-alone", _summaries()),
    Scenario(
        "summary-dir-apart",
        lambda run: dict(
            checkpoint_dir=run.path("model"),
            summary_dir=run.path("board"),
            save_summaries_steps=1,
        ),
    ),
    Scenario("summary-every-step", _summaries(save_summaries_steps=1)),
    Scenario("summary-steps", _summaries(save_summaries_steps=2), train=training.steps(5)),
    Scenario(
        "summary-steps-by-fours",
        _summaries(save_summaries_steps=6),
        model=training.by_fours,
        train=training.steps(5),
    ),
    Scenario("summary-secs-over", _summaries(save_summaries_secs=NANOSECOND)),
    Scenario("summary-secs-not-over", _summaries(save_summaries_secs=HOUR)),
    Scenario("summary-steps-none", _summaries(save_summaries_steps=None)),
    Scenario("summary-steps-zero", _summaries(save_summaries_steps=0)),
    Scenario("summary-secs-zero", _summaries(save_summaries_secs=0)),
    Scenario("summary-both-none", _summaries(save_summaries_steps=None, save_summaries_secs=None)),
    Scenario(
        "summary-secs-beside-none",
        _summaries(save_summaries_steps=None, save_summaries_secs=NANOSECOND),
    ),
    Scenario("summary-nan", _summaries(save_summaries_steps=float("nan"))),
    Scenario(
        "summary-without-summaries", _summaries(save_summaries_steps=1), model=training.no_summaries
    ),
    Scenario(
        "summary-array-not-used",
        lambda run: dict(save_summaries_steps=array(10, 100)),
        documented=lambda run: {},
        departs=(D5,),
    ),
    Scenario(
        "both-summary-cadences-without-a-directory",
        lambda run: dict(save_summaries_steps=1, save_summaries_secs=HOUR),
    ),
    Scenario("step-count-every-two", _summaries(log_step_count_steps=2), train=training.steps(5)),
    Scenario("step-count-none", _summaries(log_step_count_steps=None)),
    Scenario("step-count-zero", _summaries(log_step_count_steps=0)),
    Scenario("step-count-negative", _summaries(log_step_count_steps=-1)),
    Scenario(
        "nothing-to-write",
        lambda run: dict(
            checkpoint_dir=run.root,
            save_checkpoint_secs=None,
            save_summaries_steps=None,
            log_step_count_steps=None,
        ),
    ),
)
