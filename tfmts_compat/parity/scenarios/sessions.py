"""What is done with the session that comes back, and workers."""

from __future__ import annotations

from typing import Any

from tfmts_compat.parity import training
from tfmts_compat.parity.bench import Bench
from tfmts_compat.parity.departures import D2
from tfmts_compat.parity.probes import Duck
from tfmts_compat.parity.scenario import Scenario


def _run_step_fn(bench: Bench, session: Any) -> None:
    def step_fn(step_context: Any) -> Any:
        bench.note(step_context.session.run(bench.train_op))  # past the hooks
        return step_context.run_with_hooks(bench.train_op)

    with session:
        bench.note(session.run_step_fn(step_fn))
        bench.note(session.run_step_fn(lambda step_context: step_context.request_stop()))
        bench.note(session.should_stop())


def _unwrapped(bench: Bench, session: Any) -> None:
    with session:
        bench.note(session.graph is bench.v1.get_default_graph())
        raw = session
        while type(raw).__name__ != "Session":
            raw = raw._sess
        bench.note(raw.run(bench.train_op))  # past the hooks
        bench.step(session)


def _nested_fetches(bench: Bench, session: Any) -> None:
    with session:
        bench.step(session, {"op": [bench.train_op], "none": []})
        bench.step(session, "value:0")


def _options(bench: Bench, session: Any) -> None:
    metadata = bench.v1.RunMetadata()
    with session:
        bench.step(
            session,
            options=bench.v1.RunOptions(trace_level=bench.v1.RunOptions.FULL_TRACE),
            run_metadata=metadata,
        )
    bench.note(bool(metadata.step_stats.dev_stats))


def _saved_by_hand(bench: Bench, session: Any) -> None:
    with session:
        bench.step(session)
        saver = bench.v1.get_collection(bench.v1.GraphKeys.SAVERS)[0]
        saver.restore(session, bench.path("model.ckpt-0"))
        bench.step(session)


def _chief_and_worker(bench: Bench, session: Any) -> None:
    """A worker joins the chief on its server, and trains the same variables."""
    with session:
        bench.step(session)
        with bench.tf.Graph().as_default():
            training.counter(bench)
            worker = bench.function(
                master=bench.server.target, is_chief=False, hooks=[Duck(bench, "worker")]
            )
            training.steps(2)(bench, worker)


def _served(bench: Bench) -> dict[str, Any]:
    bench.server = bench.train.Server.create_local_server()
    return dict(master=bench.server.target, checkpoint_dir=bench.root)


def _worker(**arguments: Any) -> Any:
    return lambda bench: dict(is_chief=False, **arguments)


SCENARIOS = (
    Scenario("run-step-fn", lambda bench: dict(hooks=[Duck(bench, "probe")]), train=_run_step_fn),
    Scenario("feeds", lambda bench: {}, model=training.placeholder),
    Scenario("nested-fetches", lambda bench: {}, model=training.placeholder, train=_nested_fetches),
    Scenario("run-options", lambda bench: {}, train=_options),
    Scenario("unwrapped", lambda bench: dict(checkpoint_dir=bench.root), train=_unwrapped),
    Scenario(
        "saver-restores-into-it",
        lambda bench: dict(checkpoint_dir=bench.root, log_step_count_steps=None),
        train=_saved_by_hand,
    ),
    Scenario("without-global-step", lambda bench: {}, model=training.no_global_step),
    Scenario("master-none", lambda bench: dict(master=None)),
    Scenario("config", lambda bench: dict(config=bench.v1.ConfigProto(allow_soft_placement=True))),
    Scenario("stop-grace-period", lambda bench: dict(stop_grace_period_secs=1)),
    Scenario("stop-grace-period-never-read", lambda bench: dict(stop_grace_period_secs="x")),
    Scenario("is-chief-one", lambda bench: dict(is_chief=1, checkpoint_dir=bench.root)),
    Scenario("is-chief-a-string", lambda bench: dict(is_chief="False", checkpoint_dir=bench.root)),
    # workers
    Scenario("worker", _worker(), model=training.no_variables),
    Scenario("is-chief-none", lambda bench: dict(is_chief=None), model=training.no_variables),
    Scenario(
        "worker-looks-at-no-cadence",
        _worker(save_checkpoint_secs="9", save_summaries_steps="9", log_step_count_steps="9"),
        model=training.no_variables,
    ),
    Scenario(
        "worker-waits-in-vain", _worker(max_wait_secs=1.5), model=training.counter, departs=(D2,)
    ),
    Scenario("chief-and-worker", _served, train=_chief_and_worker),
)
