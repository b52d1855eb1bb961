"""Uses of the session that is returned, and workers."""

from __future__ import annotations

from typing import Any

from tfmts_compat.parity import training
from tfmts_compat.parity.departures import D2
from tfmts_compat.parity.probes import RecordingHook
from tfmts_compat.parity.run import Run
from tfmts_compat.parity.scenario import Scenario


def _run_step_fn(run: Run, session: Any) -> None:
    def step_fn(step_context: Any) -> Any:
        run.note(step_context.session.run(run.train_op))  # without the hooks
        return step_context.run_with_hooks(run.train_op)

    with session:
        run.note(session.run_step_fn(step_fn))
        run.note(session.run_step_fn(lambda step_context: step_context.request_stop()))
        run.note(session.should_stop())


def _unwrapped(run: Run, session: Any) -> None:
    with session:
        run.note(session.graph is run.v1.get_default_graph())
        raw = session
        while type(raw).__name__ != "Session":
            raw = raw._sess
        run.note(raw.run(run.train_op))  # without the hooks
        run.step(session)


def _nested_fetches(run: Run, session: Any) -> None:
    with session:
        run.step(session, {"op": [run.train_op], "none": []})
        run.step(session, "value:0")


def _options(run: Run, session: Any) -> None:
    metadata = run.v1.RunMetadata()
    with session:
        run.step(
            session,
            options=run.v1.RunOptions(trace_level=run.v1.RunOptions.FULL_TRACE),
            run_metadata=metadata,
        )
    run.note(bool(metadata.step_stats.dev_stats))


def _saved_by_hand(run: Run, session: Any) -> None:
    with session:
        run.step(session)
        saver = run.v1.get_collection(run.v1.GraphKeys.SAVERS)[0]
        saver.restore(session, run.path("model.ckpt-0"))
        run.step(session)


def _chief_and_worker(run: Run, session: Any) -> None:
    """Lets a worker join the chief on its server, and train the same variables."""
    with session:
        run.step(session)
        with run.tf.Graph().as_default():
            training.counter(run)
            worker = run.function(
                master=run.server.target, is_chief=False, hooks=[RecordingHook(run, "worker")]
            )
            training.steps(2)(run, worker)


def _served(run: Run) -> dict[str, Any]:
    run.server = run.train.Server.create_local_server()
    return dict(master=run.server.target, checkpoint_dir=run.root)


def _worker(**arguments: Any) -> Any:
    return lambda run: dict(is_chief=False, **arguments)


SCENARIOS = (
    Scenario(
        "run-step-fn", lambda run: dict(hooks=[RecordingHook(run, "probe")]), train=_run_step_fn
    ),
    Scenario("feeds", lambda run: {}, model=training.placeholder),
    Scenario("nested-fetches", lambda run: {}, model=training.placeholder, train=_nested_fetches),
    Scenario("run-options", lambda run: {}, train=_options),
    Scenario("unwrapped", lambda run: dict(checkpoint_dir=run.root), train=_unwrapped),
    Scenario(
        "saver-restores-into-it",
        lambda run: dict(checkpoint_dir=run.root, log_step_count_steps=None),
        train=_saved_by_hand,
    ),
    Scenario("without-global-step", lambda run: {}, model=training.no_global_step),
    Scenario("master-none", lambda run: dict(master=None)),
    Scenario("config", lambda run: dict(config=run.v1.ConfigProto(allow_soft_placement=True))),
    Scenario("stop-grace-period", lambda run: dict(stop_grace_period_secs=1)),
    Scenario("stop-grace-period-never-read", lambda run: dict(stop_grace_period_secs="x")),
    Scenario("is-chief-one", lambda run: dict(is_chief=1, checkpoint_dir=run.root)),
    Scenario("is-chief-a-string", lambda run: dict(is_chief="False", checkpoint_dir=run.root)),
    # workers
    Scenario("worker", _worker(), model=training.no_variables),
    Scenario("is-chief-none", lambda run: dict(is_chief=None), model=training.no_variables),
    Scenario(
        "worker-does-not-validate-cadences",
        _worker(save_checkpoint_secs="9", save_summaries_steps="9", log_step_count_steps="9"),
        model=training.no_variables,
    ),
    Scenario(
        "worker-wait-times-out", _worker(max_wait_secs=1.5), model=training.counter, departs=(D2,)
    ),
    Scenario("chief-and-worker", _served, train=_chief_and_worker),
)
