"""Calls that upstream rejects: the shim rejects them earlier, before it writes anything."""

from __future__ import annotations

from typing import Any, Callable

from tfmts_compat.parity import training
from tfmts_compat.parity.departures import C2, ObservedDeparture
from tfmts_compat.parity.probes import RecordingHook, StepMaker
from tfmts_compat.parity.run import Run
from tfmts_compat.parity.scenario import Scenario
from tfmts_compat.parity.scenarios.checkpoints import array


def _rejected(
    name: str,
    call: Callable[[Run], dict[str, Any]] | None = None,
    departs: tuple[ObservedDeparture, ...] = (),
    model: Callable[[Run], None] = training.counter,
    eager: bool = False,
    **arguments: Any,
) -> Scenario:
    def saving(run: Run) -> dict[str, Any]:
        return dict(checkpoint_dir=run.root, **arguments)

    return Scenario(
        f"rejected-{name}",
        call or saving,
        model=model,
        departs=departs,
        eager=eager,
        rejected=True,
    )


def _finalized(run: Run) -> dict[str, Any]:
    run.v1.get_default_graph().finalize()
    return dict(checkpoint_dir=run.root)


def _nothing(run: Run) -> None:
    """Builds no model at all."""


SCENARIOS = (
    # cadences
    _rejected("checkpoint-secs-str", save_checkpoint_secs="9"),
    _rejected("checkpoint-secs-list", save_checkpoint_secs=[9]),
    _rejected("checkpoint-steps-str", save_checkpoint_steps="9"),
    _rejected(
        "checkpoint-steps-str-beside-secs",
        departs=(C2,),
        save_checkpoint_secs=9,
        save_checkpoint_steps="9",
    ),
    _rejected("summary-steps-str", save_summaries_steps="9"),
    _rejected("summary-secs-str", save_summaries_secs="9"),
    _rejected("log-step-count-str", log_step_count_steps="9"),
    _rejected("summary-both", save_summaries_steps=1, save_summaries_secs=1),
    _rejected("summary-secs-beside-zero", save_summaries_steps=0, save_summaries_secs=1),
    _rejected("summary-steps-beside-zero", save_summaries_steps=1, save_summaries_secs=0),
    # directories
    _rejected(
        "directory-is-a-file", lambda run: dict(checkpoint_dir=run.file("taken")), departs=(C2,)
    ),
    _rejected(
        "directory-below-a-file",
        lambda run: dict(checkpoint_dir=run.file("taken") + "/below"),
        departs=(C2,),
    ),
    _rejected("summary-dir-is-a-file", lambda run: dict(summary_dir=run.file("taken"))),
    _rejected("directory-bytes", lambda run: dict(checkpoint_dir=run.root.encode()), departs=(C2,)),
    _rejected("directory-int", lambda run: dict(checkpoint_dir=7), departs=(C2,)),
    # hooks
    _rejected(
        "hooks-one-hook",
        lambda run: dict(checkpoint_dir=run.root, hooks=run.train.StopAtStepHook(last_step=3)),
        departs=(C2,),
    ),
    _rejected(
        "chief-only-hooks-one-hook",
        lambda run: dict(
            checkpoint_dir=run.root, chief_only_hooks=run.train.StopAtStepHook(last_step=3)
        ),
    ),
    _rejected("hooks-int", departs=(C2,), hooks=3),
    _rejected("hooks-none-in-list", departs=(C2,), hooks=[None]),
    _rejected("hooks-str-in-list", departs=(C2,), hooks=["x"]),
    _rejected("hooks-dict", departs=(C2,), hooks={"a": 1}),
    _rejected("hooks-class-in-list", departs=(C2,), hooks=[RecordingHook]),
    _rejected(
        "hooks-half-a-hook", departs=(C2,), hooks=[type("Half", (), {"begin": lambda self: None})()]
    ),
    _rejected("chief-only-hooks-none-in-list", departs=(C2,), chief_only_hooks=[None]),
    _rejected("worker-hooks-int", lambda run: dict(is_chief=False, hooks=3)),
    _rejected(
        "worker-hooks-none-in-list",
        lambda run: dict(is_chief=False, hooks=[None]),
        departs=(C2,),
        model=training.no_variables,
    ),
    # other arguments
    _rejected("scaffold-str", departs=(C2,), scaffold="x"),
    _rejected("config-dict", departs=(C2,), config={"a": 1}),
    _rejected("master-int", departs=(C2,), master=3),
    _rejected("master-unknown-scheme", departs=(C2,), master="carrier-pigeon://roof"),
    _rejected("is-chief-array", lambda run: dict(is_chief=array(True, False))),
    _rejected("no-global-step", departs=(C2,), model=training.no_global_step),
    _rejected(
        "global-step-made-too-late",
        lambda run: dict(checkpoint_dir=run.root, hooks=[StepMaker(run, "late")]),
        departs=(C2,),
        model=training.no_global_step,
    ),
    _rejected("eager", departs=(C2,), eager=True, model=_nothing),
    _rejected("graph-finalized-unprepared", _finalized, departs=(C2,), model=training.no_summaries),
)
