"""How the public names are used; type-checked, never run."""

import pathlib
from typing import Any, Callable, Dict

import tfmts_compat
from tfmts_compat import (
    USE_DEFAULT,
    MonitoredTrainingSession,
    SessionPlan,
    StopAtStepHook,
    explain,
    install,
    installed,
    raw_session,
    run_without_hooks,
    uninstall,
)


def train(train_op: Any, saver: Any) -> None:
    with MonitoredTrainingSession(
        "grpc://host:2222",
        is_chief=True,
        checkpoint_dir=pathlib.Path("/ckpt"),
        hooks=[StopAtStepHook(last_step=10), tfmts_compat.NanTensorHook("loss:0")],
        save_checkpoint_secs=USE_DEFAULT,
        save_summaries_steps=None,
        cache_runs=False,
    ) as session:
        while not session.should_stop():
            session.run(train_op)
        run_without_hooks(session, train_op, feed_dict={})
        saver.save(raw_session(session), "model")


def plan_of_a_call() -> Dict[str, Any]:
    plan: SessionPlan = explain(checkpoint_dir="/ckpt", save_checkpoint_steps=10)
    explain(chekpoint_dir="/ckpt")  # type: ignore[call-arg]
    explain(save_checkpoint_secs="60")  # type: ignore[arg-type]
    tfmts_compat.Saver  # type: ignore[attr-defined]  # noqa: B018
    return plan.to_dict()


def operate(program: Callable[[], None]) -> None:
    install()
    with installed():
        program()
    uninstall()
