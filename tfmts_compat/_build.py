"""Builds a session from its plan: the session creator, the default hooks, MonitoredSession."""

from __future__ import annotations

import os
from typing import Any, Callable

from tfmts_compat._rules.call import Call
from tfmts_compat._rules.plan import SessionPlan
from tfmts_compat._rules.precedence import USE_DEFAULT
from tfmts_compat._upstream import parts, sessions

OWN_ARGUMENTS = ("recovery_wait_secs", "cache_runs")  # upstream has none


def build_session(
    call: Call,
    session_plan: SessionPlan,
    user_hooks: list[Any],
    chief_hooks: list[Any],
    late_checks: list[Callable[[], None]],
) -> Any:
    """Builds upstream's MonitoredSession.

    Args:
      call: the arguments.
      session_plan: the plan for them.
      user_hooks: the hooks of hooks.
      chief_hooks: the hooks of chief_only_hooks; empty on a worker.
      late_checks: checks that run after the begin() of the hooks in chief_only_hooks.

    Returns:
      Upstream's own MonitoredSession.
    """
    from tfmts_compat._extensions import input_end, run_errors  # these import TensorFlow

    scaffold = call.scaffold or parts.get_part("Scaffold")()
    if session_plan.is_chief:
        creator = _create_chief(call, session_plan, scaffold)
        users_hooks = [*chief_hooks, *user_hooks]
        default = _create_default_hooks(
            session_plan, scaffold, call.save_graph_def, users_hooks, late_checks
        )
        hooks = [*chief_hooks, *default, *user_hooks]
    else:
        creator = _create_worker(call, session_plan, scaffold)
        hooks = user_hooks
    try:
        session = parts.get_part("MonitoredSession")(
            session_creator=creator,
            hooks=hooks,
            stop_grace_period_secs=call.stop_grace_period_secs,
        )
    except RuntimeError as error:  # e.g. a hook adds operations in after_create_session
        run_errors.explain_misuse(error)
        raise
    sessions.watch_end(session, input_end.make_report(), run_errors.explain_misuse)
    return session


def _create_chief(call: Call, session_plan: SessionPlan, scaffold: Any) -> Any:
    from tfmts_compat._extensions.chief import AdvisingChiefSessionCreator  # imports TensorFlow

    create = parts.choose_class(
        AdvisingChiefSessionCreator, "ChiefSessionCreator", cache_runs=session_plan.cache_runs
    )
    return create(
        scaffold=scaffold,
        master=call.master,
        config=call.config,
        checkpoint_dir=session_plan.restore_dir or call.checkpoint_dir,
    )


def _create_worker(call: Call, session_plan: SessionPlan, scaffold: Any) -> Any:
    from tfmts_compat._extensions.worker import PollingWorkerSessionCreator  # imports TensorFlow

    create = parts.choose_class(
        PollingWorkerSessionCreator,
        "WorkerSessionCreator",
        "create_session",
        recovery_wait_secs=call.recovery_wait_secs,
        cache_runs=session_plan.cache_runs,
    )
    return create(
        scaffold=scaffold,
        master=call.master,
        config=call.config,
        max_wait_secs=call.max_wait_secs,
    )


def _create_default_hooks(
    session_plan: SessionPlan,
    scaffold: Any,
    save_graph_def: Any,
    users_hooks: list[Any],
    late_checks: list[Callable[[], None]],
) -> list[Any]:
    """Creates the default hooks of a chief.

    Args:
      session_plan: what is saved, where and how often.
      scaffold: the session's Scaffold.
      save_graph_def: whether the graph is saved with the checkpoints.
      users_hooks: the hooks of the caller.
      late_checks: checks that run after the begin() of the hooks in chief_only_hooks.

    Returns:
      A StepCounterHook, a SummarySaverHook and a CheckpointSaverHook, in this order;
      each only if it is on in the plan.
    """
    # These import TensorFlow.
    from tfmts_compat._extensions.checkpoint_saver import GraphSaverHook, StepCadenceSaverHook
    from tfmts_compat._extensions.summary_saver import PerRunSummarySaverHook

    hooks: list[Any] = []
    if session_plan.step_counter.on:
        hooks.append(
            parts.get_part("StepCounterHook")(
                output_dir=session_plan.summary_dir, every_n_steps=session_plan.step_counter.steps
            )
        )
    if session_plan.summaries.on:
        hooks.append(
            _extended_or_replaced(PerRunSummarySaverHook, "SummarySaverHook")(
                scaffold=scaffold,
                save_steps=session_plan.summaries.steps,
                save_secs=session_plan.summaries.secs,
                output_dir=session_plan.summary_dir,
            )
        )
    if session_plan.checkpoints.on:
        in_secs = session_plan.checkpoints.steps is None
        extended = GraphSaverHook if in_secs else StepCadenceSaverHook
        saver = _extended_or_replaced(extended, "CheckpointSaverHook", users_hooks=users_hooks)
        hooks.append(
            saver(
                session_plan.checkpoint_dir,
                save_steps=session_plan.checkpoints.steps,
                save_secs=session_plan.checkpoints.secs,
                scaffold=scaffold,
                save_graph_def=save_graph_def,
            )
        )
    if hooks and late_checks:
        _check_before_begin(hooks[0], late_checks)
    return hooks


def _extended_or_replaced(extended: type, name: str, **ours: Any) -> Any:
    return parts.choose_class(extended, name, "before_run", "after_run", **ours)


def _check_before_begin(hook: Any, checks: list[Callable[[], None]]) -> None:
    """Makes the begin() of a hook run checks before it opens a file."""
    begin = hook.begin

    def checked_begin() -> None:
        for check in checks:
            check()
        begin()

    hook.begin = checked_begin


def pass_to_upstream(call: Call) -> Any:
    """Calls upstream: in a tf.distribute worker, its private state decides what it builds."""
    arguments = dict(vars(call))
    for name in OWN_ARGUMENTS:
        del arguments[name]
    for resolve, secs, steps in (
        (call.resolve_checkpoints, "save_checkpoint_secs", "save_checkpoint_steps"),
        (call.resolve_summaries, "save_summaries_secs", "save_summaries_steps"),
    ):
        try:
            resolved = resolve()
        except (TypeError, ValueError):  # upstream may not use them here
            given = {name: value for name, value in arguments.items() if value is not USE_DEFAULT}
            arguments[secs], arguments[steps] = given.get(secs), given.get(steps)
        else:
            arguments[secs], arguments[steps] = resolved.secs, resolved.steps
    for name in ("checkpoint_dir", "summary_dir"):
        if isinstance(arguments[name], os.PathLike):
            arguments[name] = os.fspath(arguments[name])
    upstream = parts.find_monitored_training_session()
    if upstream is None:
        raise RuntimeError(
            "inside a tf.distribute worker tfmts_compat calls TensorFlow's own "
            "MonitoredTrainingSession, but this TensorFlow has none; open the session outside the "
            "worker, or use TensorFlow 2.4 to 2.21."
        )
    return upstream(**arguments)
