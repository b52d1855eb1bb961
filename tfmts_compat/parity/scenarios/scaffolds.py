"""Scaffolds of one's own."""

from __future__ import annotations

from typing import Any

from tfmts_compat.parity import training
from tfmts_compat.parity.bench import Bench
from tfmts_compat.parity.scenario import Scenario


def _weight(bench: Bench) -> Any:
    return next(v for v in bench.v1.global_variables() if v.op.name == "weight")


def _with(bench: Bench, **parts: Any) -> dict[str, Any]:
    return dict(checkpoint_dir=bench.root, scaffold=bench.train.Scaffold(**parts))


def _init_fn(bench: Bench) -> dict[str, Any]:
    four = bench.v1.assign(_weight(bench), 4.0)

    def init_fn(scaffold: Any, session: Any) -> None:
        bench.note(type(scaffold).__name__)
        bench.note(session.run(four))

    return _with(bench, init_fn=init_fn)


def _init_op(bench: Bench) -> dict[str, Any]:
    start = bench.v1.placeholder(bench.tf.float32, [])
    with bench.tf.control_dependencies([bench.v1.global_variables_initializer()]):
        op = bench.v1.assign(_weight(bench), start)
    return _with(bench, init_op=op, init_feed_dict={start: 7.0})


def _weight_as_value(bench: Bench) -> None:
    training.counter(bench)
    with bench.tf.control_dependencies([bench.train_op]):
        bench.train_op = _weight(bench).read_value()


def _local_variable(bench: Bench) -> dict[str, Any]:
    local = bench.v1.get_variable(
        "local", initializer=2.0, collections=[bench.v1.GraphKeys.LOCAL_VARIABLES]
    )
    with bench.tf.control_dependencies([bench.v1.local_variables_initializer()]):
        op = bench.v1.assign(local, 3.0)
    bench.train_op = [bench.train_op, local.read_value()]
    return _with(bench, local_init_op=op)


def _two_sessions(bench: Bench, session: Any) -> None:
    """A second session in the same, now finalized graph, with the same scaffold."""
    training.steps(2)(bench, session)
    bench.note(bench.v1.get_default_graph().finalized)
    again = bench.function(checkpoint_dir=bench.root, scaffold=bench.scaffold)
    training.steps(2)(bench, again)


def _kept_scaffold(bench: Bench) -> dict[str, Any]:
    bench.scaffold = bench.train.Scaffold()
    return dict(checkpoint_dir=bench.root, scaffold=bench.scaffold)


def _second_without_scaffold(bench: Bench, session: Any) -> None:
    training.steps(2)(bench, session)
    training.steps(2)(bench, bench.function(checkpoint_dir=bench.root))


SCENARIOS = (
    Scenario("scaffold-init-fn", _init_fn, model=_weight_as_value, runs=2),
    Scenario("scaffold-init-op-fed", _init_op, model=_weight_as_value),
    Scenario("scaffold-local-init-op", _local_variable),
    Scenario(
        "scaffold-saver",
        lambda bench: dict(
            _with(bench, saver=bench.train.Saver(max_to_keep=1)), save_checkpoint_secs=1e-9
        ),
    ),
    Scenario(
        "scaffold-saver-of-some-variables",
        lambda bench: _with(bench, saver=bench.train.Saver([bench.train.get_global_step()])),
        runs=2,
    ),
    Scenario(
        "scaffold-ready-op",
        lambda bench: _with(bench, ready_op=bench.v1.report_uninitialized_variables()),
    ),
    Scenario(
        "scaffold-never-ready",
        lambda bench: _with(bench, ready_op=bench.tf.constant(["not yet"])),
    ),
    Scenario(
        "scaffold-summary-op",
        lambda bench: dict(
            _with(bench, summary_op=bench.v1.summary.scalar("own", 1.0)), save_summaries_steps=1
        ),
    ),
    Scenario("graph-finalized-before", _kept_scaffold, train=_two_sessions),
    Scenario(
        "graph-finalized-before-default-scaffold",
        lambda bench: dict(checkpoint_dir=bench.root),
        train=_second_without_scaffold,
    ),
)
