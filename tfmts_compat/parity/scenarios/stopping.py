"""How training ends: as planned, at the end of the input, or with an error; recovery."""

from __future__ import annotations

from typing import Any

from tfmts_compat.parity import training
from tfmts_compat.parity.probes import Fault, RecordingHook, Stopper
from tfmts_compat.parity.run import Run
from tfmts_compat.parity.scenario import Scenario


def _until_stopped(run: Run, session: Any) -> None:
    with session:
        while not session.should_stop():
            run.step(session)


def _raises(error: type[BaseException]) -> Any:
    def loop(run: Run, session: Any) -> None:
        with session:
            run.step(session)
            raise error("in the loop")

    return loop


def _without_with(run: Run, session: Any) -> None:
    run.step(session)
    session.close()
    run.note(session.should_stop())
    run.step(session)


def _never_run(run: Run, session: Any) -> None:  # noqa: ARG001
    with session:
        pass


def _left_open(run: Run, session: Any) -> None:
    run.step(session)


def _saving(run: Run, *hooks: Any) -> dict[str, Any]:
    return dict(checkpoint_dir=run.root, hooks=[*hooks, RecordingHook(run, "probe")])


def _loss(run: Run) -> Any:
    return run.v1.get_default_graph().get_tensor_by_name("loss:0")


SCENARIOS = (
    Scenario(
        "stop-at-last-step",
        lambda run: _saving(run, run.train.StopAtStepHook(last_step=4)),
        train=_until_stopped,
    ),
    Scenario(
        "stop-after-num-steps",
        lambda run: _saving(run, run.train.StopAtStepHook(num_steps=2)),
        train=_until_stopped,
        runs=2,
    ),
    Scenario(
        "stop-by-a-hook", lambda run: _saving(run, Stopper(run, "stop")), train=_until_stopped
    ),
    Scenario("stop-at-end-of-input", _saving, model=training.three_records, train=_until_stopped),
    Scenario(
        "nan-loss",
        lambda run: _saving(run, run.train.NanTensorHook(_loss(run))),
        model=training.loss_turns_nan,
        train=_until_stopped,
    ),
    Scenario(
        "nan-loss-stops",
        lambda run: _saving(run, run.train.NanTensorHook(_loss(run), fail_on_nan_loss=False)),
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
        lambda run: _saving(run, Fault(run, run.tf.errors.AbortedError)),
        train=training.steps(4),
    ),
    Scenario(
        "recovery-after-unavailable",
        lambda run: _saving(run, Fault(run, run.tf.errors.UnavailableError)),
        train=training.steps(4),
    ),
    Scenario(
        "recovery-without-checkpoints",
        lambda run: dict(hooks=[Fault(run, run.tf.errors.AbortedError)]),
        train=training.steps(4),
    ),
    Scenario(
        "no-recovery-from-internal-error",
        lambda run: _saving(run, Fault(run, run.tf.errors.InternalError)),
        train=training.steps(4),
    ),
)
