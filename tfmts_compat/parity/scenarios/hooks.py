"""Hooks: their order, their kinds, and what they may do."""

from __future__ import annotations

from typing import Any

from tfmts_compat import upstream
from tfmts_compat.parity import training
from tfmts_compat.parity.bench import Bench
from tfmts_compat.parity.departures import D6
from tfmts_compat.parity.probes import BrokenBegin, Duck, Feeder, StepMaker
from tfmts_compat.parity.scenario import Scenario


def _listener(bench: Bench) -> Any:
    class Listener(bench.train.CheckpointSaverListener):  # type: ignore[misc, name-defined]
        def before_save(self, session: Any, step: Any) -> None:  # noqa: ARG002
            bench.calls.append(f"before_save {step}")

        def after_save(self, session: Any, step: Any) -> None:  # noqa: ARG002
            bench.calls.append(f"after_save {step}")

    return Listener()


def _own_saver(bench: Bench) -> dict[str, Any]:
    saver = bench.train.CheckpointSaverHook(
        bench.path("own"), save_secs=1e-9, listeners=[_listener(bench)]
    )
    return dict(
        checkpoint_dir=bench.path("own"), save_checkpoint_secs=None, chief_only_hooks=[saver]
    )


def _worker_generator(bench: Bench) -> dict[str, Any]:
    return dict(is_chief=False, hooks=(Duck(bench, name) for name in "ab"))


SCENARIOS = (
    Scenario(
        "hooks-in-order",
        lambda bench: dict(
            checkpoint_dir=bench.root,
            hooks=[Duck(bench, "first"), Duck(bench, "second")],
            chief_only_hooks=[Duck(bench, "chief's first"), Duck(bench, "chief's second")],
        ),
    ),
    Scenario(
        "hooks-tuple",
        lambda bench: dict(hooks=(Duck(bench, "a"),), chief_only_hooks=(Duck(bench, "b"),)),
    ),
    Scenario(
        "hooks-generator",
        lambda bench: dict(
            hooks=(Duck(bench, name) for name in "ab"),
            chief_only_hooks=(Duck(bench, name) for name in "cd"),
        ),
    ),
    Scenario("hooks-empty", lambda bench: dict(hooks=[], chief_only_hooks=())),
    Scenario(
        "hooks-on-a-worker",
        lambda bench: dict(
            is_chief=False,
            checkpoint_dir=bench.root,
            hooks=[Duck(bench, "kept")],
            chief_only_hooks=[Duck(bench, "ignored")],
        ),
        model=training.no_variables,
    ),
    Scenario(
        "hooks-generator-on-a-worker",
        _worker_generator,
        model=training.no_variables,
        documented=lambda bench: dict(is_chief=False, hooks=[Duck(bench, name) for name in "ab"]),
        departs=(D6,),
    ),
    Scenario(
        "hook-creates-the-global-step",
        lambda bench: dict(checkpoint_dir=bench.root, chief_only_hooks=[StepMaker(bench, "maker")]),
        model=training.no_global_step,
        train=training.steps(1),  # from the second on, TensorFlow warns, a few times per process
    ),
    Scenario("hook-feeds-and-fetches", lambda bench: dict(hooks=[Feeder(bench, "feeder")])),
    Scenario("hook-fails-in-begin", lambda bench: dict(hooks=[BrokenBegin(bench, "broken")])),
    Scenario("hook-saves-with-a-listener", _own_saver),
    Scenario(
        "hook-logs-tensors",
        lambda bench: dict(
            hooks=[
                bench.train.LoggingTensorHook(
                    {"step": upstream.global_step_read()},
                    every_n_iter=2,
                    at_end=True,
                    formatter=lambda tensors: f"step {tensors['step']}",
                )
            ]
        ),
    ),
    Scenario(
        "hook-saves-summaries",
        lambda bench: dict(
            hooks=[
                bench.train.SummarySaverHook(
                    save_steps=1,
                    output_dir=bench.path("own"),
                    summary_op=bench.v1.summary.merge_all(),
                )
            ]
        ),
    ),
    Scenario(
        "hook-counts-steps",
        lambda bench: dict(
            hooks=[bench.train.StepCounterHook(every_n_steps=2, output_dir=bench.path("own"))]
        ),
        train=training.steps(5),
    ),
    Scenario(
        "hook-feed-fn",
        lambda bench: dict(hooks=[bench.train.FeedFnHook(lambda: bench.fed_by_hook)]),
        model=training.fed_by_hook,
    ),
    Scenario(
        "hook-final-ops",
        lambda bench: dict(hooks=[bench.train.FinalOpsHook(upstream.global_step_read())]),
    ),
    Scenario(
        "hook-waits-for-a-step",
        lambda bench: dict(hooks=[bench.train.GlobalStepWaiterHook(wait_until_step=0)]),
    ),
)
