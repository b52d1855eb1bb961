"""How training ends: as planned, at the end of the input, by an error; and how it goes on."""

from __future__ import annotations

from typing import Any

from tfmts_compat.parity import training
from tfmts_compat.parity.bench import Bench
from tfmts_compat.parity.probes import Duck, Fault, Stopper
from tfmts_compat.parity.scenario import Scenario


def _until_stopped(bench: Bench, session: Any) -> None:
    with session:
        while not session.should_stop():
            bench.step(session)


def _raises(error: type[BaseException]) -> Any:
    def loop(bench: Bench, session: Any) -> None:
        with session:
            bench.step(session)
            raise error("in the loop")

    return loop


def _without_with(bench: Bench, session: Any) -> None:
    bench.step(session)
    session.close()
    bench.note(session.should_stop())
    bench.step(session)


def _never_run(bench: Bench, session: Any) -> None:  # noqa: ARG001
    with session:
        pass


def _left_open(bench: Bench, session: Any) -> None:
    bench.step(session)


def _saving(bench: Bench, *hooks: Any) -> dict[str, Any]:
    return dict(checkpoint_dir=bench.root, hooks=[*hooks, Duck(bench, "probe")])


def _loss(bench: Bench) -> Any:
    return bench.v1.get_default_graph().get_tensor_by_name("loss:0")


SCENARIOS = (
    Scenario(
        "stop-at-last-step",
        lambda bench: _saving(bench, bench.train.StopAtStepHook(last_step=4)),
        train=_until_stopped,
    ),
    Scenario(
        "stop-after-num-steps",
        lambda bench: _saving(bench, bench.train.StopAtStepHook(num_steps=2)),
        train=_until_stopped,
        runs=2,
    ),
    Scenario(
        "stop-by-a-hook", lambda bench: _saving(bench, Stopper(bench, "stop")), train=_until_stopped
    ),
    Scenario("stop-at-end-of-input", _saving, model=training.three_records, train=_until_stopped),
    Scenario(
        "nan-loss",
        lambda bench: _saving(bench, bench.train.NanTensorHook(_loss(bench))),
        model=training.loss_turns_nan,
        train=_until_stopped,
    ),
    Scenario(
        "nan-loss-stops",
        lambda bench: _saving(
            bench, bench.train.NanTensorHook(_loss(bench), fail_on_nan_loss=False)
        ),
        model=training.loss_turns_nan,
        train=_until_stopped,
    ),
    Scenario("error-in-the-loop", _saving, train=_raises(ValueError)),
    Scenario("stop-iteration-in-the-loop", _saving, train=_raises(StopIteration)),
    Scenario("exit-in-the-loop", _saving, train=_raises(SystemExit)),
    Scenario("closed-without-with", _saving, train=_without_with),
    Scenario("never-run", _saving, train=_never_run),
    Scenario("left-open", _saving, train=_left_open),
    Scenario(
        "recovery-after-aborted",
        lambda bench: _saving(bench, Fault(bench, bench.tf.errors.AbortedError)),
        train=training.steps(4),
    ),
    Scenario(
        "recovery-after-unavailable",
        lambda bench: _saving(bench, Fault(bench, bench.tf.errors.UnavailableError)),
        train=training.steps(4),
    ),
    Scenario(
        "recovery-without-checkpoints",
        lambda bench: dict(hooks=[Fault(bench, bench.tf.errors.AbortedError)]),
        train=training.steps(4),
    ),
    Scenario(
        "no-recovery-from-internal-error",
        lambda bench: _saving(bench, Fault(bench, bench.tf.errors.InternalError)),
        train=training.steps(4),
    ),
)
