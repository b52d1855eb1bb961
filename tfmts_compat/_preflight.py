"""Checks of a call that need TensorFlow; they run before anything is created."""

from __future__ import annotations

import functools
import os
import threading
from typing import Any, Callable, Iterable

from tfmts_compat._rules import checks, pitfalls
from tfmts_compat._rules.call import Call
from tfmts_compat._rules.plan import SessionPlan
from tfmts_compat._upstream import graphs, loading, sessions, versions
from tfmts_compat._upstream.parts import get_part, is_from_tensorflow


def check_call(
    call: Call, session_plan: SessionPlan, chief_hooks: list[Any], user_hooks: list[Any]
) -> list[Callable[[], None]]:
    """Checks the call against the default graph, in the order in which upstream fails.

    Args:
      call: the arguments.
      session_plan: the plan for them.
      chief_hooks: the hooks of chief_only_hooks; empty on a worker.
      user_hooks: the hooks of hooks.

    Returns:
      Checks that fail now, and may succeed after the begin() of the chief_hooks.

    Raises:
      The exceptions that `MonitoredTrainingSession` documents.
    """
    tf = loading.tensorflow()
    checks.check_graph_mode(tf.executing_eagerly(), _find_thread())
    step_expected = _check_hooks("chief_only_hooks", chief_hooks, graphs.has_global_step())
    summary_argument = "summary_dir" if call.summary_dir else "checkpoint_dir"
    own_begin = any(sessions.has_own_begin(hook) for hook in chief_hooks)
    late: list[Callable[[], None]] = []
    for argument, directory in (
        (summary_argument, session_plan.summary_dir),
        ("checkpoint_dir", session_plan.checkpoint_dir),
    ):
        if directory is not None:
            check_directory = functools.partial(_check_directory, argument, directory)
            try:
                check_directory()
            except tf.errors.OpError:
                if not own_begin:
                    raise
                late.append(check_directory)
            _check_global_step(step_expected, session_plan.writers)
    if not graphs.has_global_step():
        late.append(lambda: _check_step(graphs.has_global_step(), session_plan.writers))
    _check_hooks("hooks", user_hooks, step_expected)

    if call.scaffold:
        checks.check_scaffold(call.scaffold)
    checks.check_finalized_graph(graphs.can_be_initialized(call.scaffold))
    checks.check_master(call.master)
    checks.check_config(call.config, get_part("ConfigProto"))
    checks.check_master_scheme(call.master, sessions.find_scheme_error(call.master))
    if session_plan.restore_dir is not None:
        checks.check_directory_name("checkpoint_dir", session_plan.restore_dir)
    # A begin() of the caller may still change the Scaffold, or what the directory has.
    if not any(map(sessions.has_own_begin, [*chief_hooks, *user_hooks])):
        _check_scaffold_runs(call.scaffold, session_plan)
    if session_plan.checkpoints.on and checks.to_bool("save_graph_def", call.save_graph_def):
        checks.check_graph_file(
            tf.__version__,
            versions.find_installed_major("protobuf"),
            versions.find_graph_remedy(tf.__version__),
        )
    return late


def _check_directory(argument: str, value: Any) -> None:
    errors = loading.tensorflow().errors
    checks.check_writable_directory(argument, value, sessions.knows_scheme, errors)


def _check_hooks(argument: str, hooks: list[Any], step_expected: bool) -> bool:
    """Checks hooks in the order of begin(); returns whether a global step may exist after it."""
    for index, hook in enumerate(hooks):
        checks.check_hook(argument, index, hook)
        if sessions.needs_global_step(hook):
            _check_global_step(
                step_expected, checks.describe_argument(f"{argument}[{index}]", hook)
            )
        step_expected = step_expected or sessions.has_own_begin(hook)
    return step_expected


def _check_global_step(expected: bool, needed_by: str) -> None:
    _check_step(expected, needed_by)
    checks.check_finalized_graph(graphs.can_read_global_step())


def _check_step(expected: bool, needed_by: str) -> None:
    is_empty = not expected and graphs.is_empty()
    checks.check_global_step(expected, needed_by, is_empty, _find_thread())


def _find_thread() -> str | None:
    """Returns the name of this thread; None for the main thread."""
    thread = threading.current_thread()
    return None if thread is threading.main_thread() else thread.name


def _check_scaffold_runs(scaffold: Any, session_plan: SessionPlan) -> None:
    """Checks what TensorFlow runs of a Scaffold to create the session, in this order."""
    is_chief = session_plan.is_chief
    creator = get_part("ChiefSessionCreator" if is_chief else "WorkerSessionCreator")
    if not is_from_tensorflow(creator, "create_session"):
        return
    if not is_from_tensorflow(scaffold, "finalize"):  # it may replace the ops
        return
    names = ("ready_for_local_init_op", "local_init_op", "ready_op")
    in_every_session = [functools.partial(_check_op, scaffold, name) for name in names]
    if not is_chief:
        _run_checks(in_every_session)
        return
    saver = [functools.partial(checks.check_saver, graphs.has_ops_of(scaffold.saver))]
    in_new_model = [
        functools.partial(_check_op, scaffold, "init_op"),
        functools.partial(checks.check_init_fn, sessions.get_init_fn(scaffold)),
    ]
    try:
        _run_checks([*in_new_model, *in_every_session, *saver])
    except (TypeError, ValueError):  # only now read the directory
        state = _read_state(session_plan.restore_dir)
        if state is not None and state.newest is not None:
            _run_checks([*saver, *in_every_session])
        elif state is None or not state.fails:
            saving = saver if session_plan.checkpoints.on else []
            _run_checks([*in_new_model, *in_every_session, *saving])


def _run_checks(several: Iterable[Callable[[], None]]) -> None:
    for check in several:
        check()


def _check_op(scaffold: Any, name: str) -> None:
    value = getattr(scaffold, name)
    if graphs.is_in_another_graph(value):
        checks.reject_op(f"scaffold.{name}", value.name)


def _read_state(directory: str | None) -> Any:
    """Reads the file that names the checkpoints of a directory, if there is a directory."""
    from tfmts_compat._checkpoints import state  # imports TensorFlow

    return None if directory is None else state.read_state(directory)


def find_pitfalls(session_plan: SessionPlan, scaffold: Any, hooks: list[Any]) -> list[str]:
    """Returns the texts of the pitfalls that the arguments alone do not show.

    Args:
      session_plan: the plan for the call.
      scaffold: the caller's Scaffold, or None.
      hooks: the caller's hooks that this process uses.
    """
    found = _find_second_savers(session_plan, hooks)
    disabled = graphs.find_disabled_summary() if session_plan.summaries.on else None
    if disabled is not None:
        cadence = f"the cadence of summaries ({session_plan.summaries})"
        found.append(pitfalls.describe("summary-api", op=disabled, cadence=cadence))
    found += _find_missing_sync_hook(session_plan, hooks, scaffold)
    if session_plan.restore_dir is not None:
        from tfmts_compat._checkpoints import directory  # imports TensorFlow

        found += directory.find_pitfalls(session_plan.restore_dir)
    return found


def _find_second_savers(session_plan: SessionPlan, hooks: list[Any]) -> list[str]:
    """Reports the hooks that save into the default saver's directory."""
    default = session_plan.checkpoint_dir
    if default is None:
        return []
    return [
        pitfalls.describe(
            "two-savers",
            hook=checks.short_repr(hook),
            cadence=session_plan.checkpoints,
            directory=default,
        )
        for hook in hooks
        if os.path.abspath(sessions.find_saver_directory(hook) or os.devnull)
        == os.path.abspath(default)
    ]


def _find_missing_sync_hook(
    session_plan: SessionPlan, hooks: list[Any], scaffold: Any
) -> list[str]:
    """Reports a SyncReplicasOptimizer whose hook is missing."""
    is_chief = session_plan.is_chief
    if not graphs.has_unserved_tokens() or any(sessions.synchronizes(h, is_chief) for h in hooks):
        return []
    if is_chief:
        stops = any(isinstance(hook, get_part("StopAtStepHook")) for hook in hooks)
        if session_plan.restore_dir and not session_plan.checkpoints.on and not stops:
            return []  # an evaluation, which does not run the train op
        effect = "no thread of the chief applies the gradients, so the first step waits for ever"
    elif graphs.has_local_init_op(scaffold):
        return []  # it may contain the optimizer's local_step_init_op
    else:
        effect = (
            "the local step of this worker stays 0, so after a restore its first gradient is "
            "dropped as stale, and its first step may wait for ever"
        )
    return [pitfalls.describe("sync-hook", is_chief=is_chief, effect=effect)]
