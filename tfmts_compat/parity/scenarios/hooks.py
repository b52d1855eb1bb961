"""Hooks: their order, their kinds, and their actions."""

from __future__ import annotations

from typing import Any

from tfmts_compat._upstream import graphs
from tfmts_compat.parity import training
from tfmts_compat.parity.departures import D6
from tfmts_compat.parity.probes import BrokenBegin, Feeder, RecordingHook, StepMaker
from tfmts_compat.parity.run import Run
from tfmts_compat.parity.scenario import Scenario


def _listener(run: Run) -> Any:
    class Listener(run.train.CheckpointSaverListener):  # type: ignore[misc, name-defined]
        def before_save(self, session: Any, step: Any) -> None:  # noqa: ARG002
            run.calls.append(f"before_save {step}")

        def after_save(self, session: Any, step: Any) -> None:  # noqa: ARG002
            run.calls.append(f"after_save {step}")

    return Listener()


def _own_saver(run: Run) -> dict[str, Any]:
    saver = run.train.CheckpointSaverHook(
        run.path("own"), save_secs=1e-9, listeners=[_listener(run)]
    )
    return dict(checkpoint_dir=run.path("own"), save_checkpoint_secs=None, chief_only_hooks=[saver])


def _worker_generator(run: Run) -> dict[str, Any]:
    return dict(is_chief=False, hooks=(RecordingHook(run, name) for name in "ab"))


SCENARIOS = (
    Scenario(
        "hooks-in-order",
        lambda run: dict(
            checkpoint_dir=run.root,
            hooks=[RecordingHook(run, "first"), RecordingHook(run, "second")],
            chief_only_hooks=[
                RecordingHook(run, "chief's first"),
                RecordingHook(run, "chief's second"),
            ],
        ),
    ),
    Scenario(
        "hooks-tuple",
        lambda run: dict(
            hooks=(RecordingHook(run, "a"),), chief_only_hooks=(RecordingHook(run, "b"),)
        ),
    ),
    Scenario(
        "hooks-generator",
        lambda run: dict(
            hooks=(RecordingHook(run, name) for name in "ab"),
            chief_only_hooks=(RecordingHook(run, name) for name in "cd"),
        ),
    ),
    Scenario("hooks-empty", lambda run: dict(hooks=[], chief_only_hooks=())),
    Scenario(
        "hooks-on-a-worker",
        lambda run: dict(
            is_chief=False,
            checkpoint_dir=run.root,
            hooks=[RecordingHook(run, "kept")],
            chief_only_hooks=[RecordingHook(run, "ignored")],
        ),
        model=training.no_variables,
    ),
    Scenario(
        "hooks-generator-on-a-worker",
        _worker_generator,
        model=training.no_variables,
        documented=lambda run: dict(
            is_chief=False, hooks=[RecordingHook(run, name) for name in "ab"]
        ),
        departs=(D6,),
    ),
    Scenario(
        "hook-creates-the-global-step",
        lambda run: dict(checkpoint_dir=run.root, chief_only_hooks=[StepMaker(run, "maker")]),
        model=training.no_global_step,
        train=training.steps(1),  # from the second on, TensorFlow warns, a few times per process
    ),
    Scenario("hook-feeds-and-fetches", lambda run: dict(hooks=[Feeder(run, "feeder")])),
    Scenario("hook-fails-in-begin", lambda run: dict(hooks=[BrokenBegin(run, "broken")])),
    Scenario("hook-saves-with-a-listener", _own_saver),
    Scenario(
        "hook-logs-tensors",
        lambda run: dict(
            hooks=[
                run.train.LoggingTensorHook(
                    {"step": graphs.get_global_step_read()},
                    every_n_iter=2,
                    at_end=True,
                    formatter=lambda tensors: f"step {tensors['step']}",
                )
            ]
        ),
    ),
    Scenario(
        "hook-saves-summaries",
        lambda run: dict(
            hooks=[
                run.train.SummarySaverHook(
                    save_steps=1,
                    output_dir=run.path("own"),
                    summary_op=run.v1.summary.merge_all(),
                )
            ]
        ),
    ),
    Scenario(
        "hook-counts-steps",
        lambda run: dict(
            hooks=[run.train.StepCounterHook(every_n_steps=2, output_dir=run.path("own"))]
        ),
        train=training.steps(5),
    ),
    Scenario(
        "hook-feed-fn",
        lambda run: dict(hooks=[run.train.FeedFnHook(lambda: run.fed_by_hook)]),
        model=training.fed_by_hook,
    ),
    Scenario(
        "hook-final-ops",
        lambda run: dict(hooks=[run.train.FinalOpsHook(graphs.get_global_step_read())]),
    ),
    Scenario(
        "hook-waits-for-a-step",
        lambda run: dict(hooks=[run.train.GlobalStepWaiterHook(wait_until_step=0)]),
    ),
)
