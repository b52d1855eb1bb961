"""Where things are written to, and where training goes on from."""

from __future__ import annotations

import pathlib

from tfmts_compat.parity import training
from tfmts_compat.parity.bench import Bench
from tfmts_compat.parity.departures import D3
from tfmts_compat.parity.scenario import Scenario


def _once_more(bench: Bench) -> None:
    """The same model with a second weight, from the second run on."""
    training.counter(bench)
    if bench.run_index:
        bench.v1.get_variable("newcomer", initializer=0.0)


def _saved_then_read_only(bench: Bench) -> dict[str, object]:
    return dict(checkpoint_dir=bench.root, save_checkpoint_secs=None if bench.run_index else 600)


def _garbled(bench: Bench) -> dict[str, object]:
    bench.file("checkpoint", "no such thing")
    return dict(checkpoint_dir=bench.root)


def _half_deleted(bench: Bench) -> dict[str, object]:
    """The checkpoint that the state file names last is gone."""
    if bench.run_index:
        for part in pathlib.Path(bench.root).glob("model.ckpt-3.*"):
            part.unlink()
    return dict(checkpoint_dir=bench.root)


SCENARIOS = (
    Scenario("no-arguments", lambda bench: {}),
    Scenario("empty-directory-name", lambda bench: dict(checkpoint_dir="", summary_dir="")),
    Scenario("nested-directory", lambda bench: dict(checkpoint_dir=bench.path("a", "b", "c"))),
    Scenario("directory-ends-in-slash", lambda bench: dict(checkpoint_dir=bench.path("a") + "/")),
    Scenario(
        "path-object",
        lambda bench: dict(checkpoint_dir=pathlib.Path(bench.path("a"))),
        documented=lambda bench: dict(checkpoint_dir=bench.path("a")),
        departs=(D3,),
    ),
    Scenario(
        "path-object-for-summaries",
        lambda bench: dict(summary_dir=pathlib.Path(bench.path("a"))),
    ),
    Scenario("resume", lambda bench: dict(checkpoint_dir=bench.root), runs=2),
    Scenario(
        "resume-twice",
        lambda bench: dict(checkpoint_dir=bench.root, save_checkpoint_secs=1e-9),
        runs=3,
    ),
    Scenario("resume-without-saving", _saved_then_read_only, runs=2),
    Scenario(
        "resume-with-a-new-variable",
        lambda bench: dict(checkpoint_dir=bench.root),
        model=_once_more,
        runs=2,
    ),
    Scenario("resume-garbled-state", _garbled),
    Scenario("resume-checkpoint-deleted", _half_deleted, runs=2),
    Scenario(
        "resume-at-the-last-step",
        lambda bench: dict(
            checkpoint_dir=bench.root, hooks=[bench.train.StopAtStepHook(last_step=3)]
        ),
        train=training.steps(9),
        runs=2,
    ),
)
