"""Scaffolds that the caller passes."""

from __future__ import annotations

from typing import Any

from tfmts_compat.parity import training
from tfmts_compat.parity.run import Run
from tfmts_compat.parity.scenario import Scenario


def _weight(run: Run) -> Any:
    return next(v for v in run.v1.global_variables() if v.op.name == "weight")


def _with(run: Run, **parts: Any) -> dict[str, Any]:
    return dict(checkpoint_dir=run.root, scaffold=run.train.Scaffold(**parts))


def _init_fn(run: Run) -> dict[str, Any]:
    four = run.v1.assign(_weight(run), 4.0)

    def init_fn(scaffold: Any, session: Any) -> None:
        run.note(type(scaffold).__name__)
        run.note(session.run(four))

    return _with(run, init_fn=init_fn)


def _init_op(run: Run) -> dict[str, Any]:
    start = run.v1.placeholder(run.tf.float32, [])
    with run.tf.control_dependencies([run.v1.global_variables_initializer()]):
        op = run.v1.assign(_weight(run), start)
    return _with(run, init_op=op, init_feed_dict={start: 7.0})


def _weight_as_value(run: Run) -> None:
    training.counter(run)
    with run.tf.control_dependencies([run.train_op]):
        run.train_op = _weight(run).read_value()


def _local_variable(run: Run) -> dict[str, Any]:
    local = run.v1.get_variable(
        "local", initializer=2.0, collections=[run.v1.GraphKeys.LOCAL_VARIABLES]
    )
    with run.tf.control_dependencies([run.v1.local_variables_initializer()]):
        op = run.v1.assign(local, 3.0)
    run.train_op = [run.train_op, local.read_value()]
    return _with(run, local_init_op=op)


def _two_sessions(run: Run, session: Any) -> None:
    """Opens a second session in the same graph, which is finalized now, with the same scaffold."""
    training.steps(2)(run, session)
    run.note(run.v1.get_default_graph().finalized)
    again = run.function(checkpoint_dir=run.root, scaffold=run.scaffold)
    training.steps(2)(run, again)


def _kept_scaffold(run: Run) -> dict[str, Any]:
    run.scaffold = run.train.Scaffold()
    return dict(checkpoint_dir=run.root, scaffold=run.scaffold)


def _second_without_scaffold(run: Run, session: Any) -> None:
    training.steps(2)(run, session)
    training.steps(2)(run, run.function(checkpoint_dir=run.root))


SCENARIOS = (
    Scenario("scaffold-init-fn", _init_fn, model=_weight_as_value, runs=2),
    Scenario("scaffold-init-op-fed", _init_op, model=_weight_as_value),
    Scenario("scaffold-local-init-op", _local_variable),
    Scenario(
        "scaffold-saver",
        lambda run: dict(
            _with(run, saver=run.train.Saver(max_to_keep=1)), save_checkpoint_secs=1e-9
        ),
    ),
    Scenario(
        "scaffold-saver-of-some-variables",
        lambda run: _with(run, saver=run.train.Saver([run.train.get_global_step()])),
        runs=2,
    ),
    Scenario(
        "scaffold-ready-op",
        lambda run: _with(run, ready_op=run.v1.report_uninitialized_variables()),
    ),
    Scenario(
        "scaffold-never-ready",
        lambda run: _with(run, ready_op=run.tf.constant(["not yet"])),
    ),
    Scenario(
        "scaffold-summary-op",
        lambda run: dict(
            _with(run, summary_op=run.v1.summary.scalar("own", 1.0)), save_summaries_steps=1
        ),
    ),
    Scenario("graph-finalized-before", _kept_scaffold, train=_two_sessions),
    Scenario(
        "graph-finalized-before-default-scaffold",
        lambda run: dict(checkpoint_dir=run.root),
        train=_second_without_scaffold,
    ),
)
