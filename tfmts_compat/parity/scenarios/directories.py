"""Directories: where a session writes, and from where it restores."""

from __future__ import annotations

import pathlib

from tfmts_compat.parity import training
from tfmts_compat.parity.departures import D3
from tfmts_compat.parity.run import Run
from tfmts_compat.parity.scenario import Scenario


def _with_a_new_variable(run: Run) -> None:
    """Builds a model that has a second weight from the second run on."""
    training.counter(run)
    if run.run_index:
        run.v1.get_variable("newcomer", initializer=0.0)


def _saved_then_read_only(run: Run) -> dict[str, object]:
    return dict(checkpoint_dir=run.root, save_checkpoint_secs=None if run.run_index else 600)


def _garbled(run: Run) -> dict[str, object]:
    run.file("checkpoint", "no such thing")
    return dict(checkpoint_dir=run.root)


def _half_deleted(run: Run) -> dict[str, object]:
    """Removes the checkpoint that the state file names last."""
    if run.run_index:
        for part in pathlib.Path(run.root).glob("model.ckpt-3.*"):
            part.unlink()
    return dict(checkpoint_dir=run.root)


SCENARIOS = (
    Scenario("no-arguments", lambda run: {}),
    Scenario("empty-directory-name", lambda run: dict(checkpoint_dir="", summary_dir="")),
    Scenario("nested-directory", lambda run: dict(checkpoint_dir=run.path("a", "b", "c"))),
    Scenario("directory-ends-in-slash", lambda run: dict(checkpoint_dir=run.path("a") + "/")),
    Scenario(
        "path-object",
        lambda run: dict(checkpoint_dir=pathlib.Path(run.path("a"))),
        documented=lambda run: dict(checkpoint_dir=run.path("a")),
        departs=(D3,),
    ),
    Scenario(
        "path-object-for-summaries",
        lambda run: dict(summary_dir=pathlib.Path(run.path("a"))),
    ),
    Scenario("resume", lambda run: dict(checkpoint_dir=run.root), runs=2),
    Scenario(
        "resume-twice",
        lambda run: dict(checkpoint_dir=run.root, save_checkpoint_secs=1e-9),
        runs=3,
    ),
    Scenario("resume-without-saving", _saved_then_read_only, runs=2),
    Scenario(
        "resume-with-a-new-variable",
        lambda run: dict(checkpoint_dir=run.root),
        model=_with_a_new_variable,
        runs=2,
    ),
    Scenario("resume-garbled-state", _garbled),
    Scenario("resume-checkpoint-deleted", _half_deleted, runs=2),
    Scenario(
        "resume-at-the-last-step",
        lambda run: dict(checkpoint_dir=run.root, hooks=[run.train.StopAtStepHook(last_step=3)]),
        train=training.steps(9),
        runs=2,
    ),
)
