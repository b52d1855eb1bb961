"""What takes TensorFlow to judge in a call, judged before anything is made."""

from __future__ import annotations

import os
from typing import Any

from tfmts_compat import checks, upstream
from tfmts_compat.plan import Call, SessionPlan


def check(
    call: Call, session_plan: SessionPlan, chief_hooks: list[Any], user_hooks: list[Any]
) -> None:
    """Judges the call in the default graph, in the order in which upstream meets things.

    Args:
      call: the arguments.
      session_plan: what they came to.
      chief_hooks: the hooks of chief_only_hooks; empty on a worker.
      user_hooks: the hooks of hooks.

    Raises:
      The exceptions that `MonitoredTrainingSession` documents.
    """
    tf = upstream.tensorflow()
    checks.graph_mode(tf.executing_eagerly())
    step_expected = _check_hooks("chief_only_hooks", chief_hooks, upstream.has_global_step())
    summary_argument = "summary_dir" if call.summary_dir else "checkpoint_dir"
    if session_plan.summary_dir is not None:
        _check_directory(summary_argument, session_plan.summary_dir)
        _check_global_step(step_expected, session_plan.writers)
    if session_plan.checkpoint_dir is not None:
        _check_directory("checkpoint_dir", session_plan.checkpoint_dir)
        _check_global_step(step_expected, session_plan.writers)
    _check_hooks("hooks", user_hooks, step_expected)

    if call.scaffold:
        checks.scaffold(call.scaffold)
    checks.finalized_graph(upstream.can_be_initialized(call.scaffold))
    checks.master(call.master)
    checks.config(call.config, tf.compat.v1.ConfigProto)
    checks.reachable_master(call.master, upstream.scheme_error(call.master))
    if session_plan.restore_dir is not None:
        checks.directory_name("checkpoint_dir", session_plan.restore_dir)
    if session_plan.checkpoints.on and checks.truth("save_graph_def", call.save_graph_def):
        checks.environment(upstream.cannot_save_graph())


def _check_directory(argument: str, value: Any) -> None:
    errors = upstream.tensorflow().errors
    checks.writable_directory(argument, value, upstream.knows_scheme, errors)


def _check_hooks(argument: str, hooks: list[Any], step_expected: bool) -> bool:
    """Judges hooks in the order of their begin(); returns whether a global step may exist then."""
    for index, hook in enumerate(hooks):
        checks.hook(argument, index, hook)
        if upstream.needs_global_step(hook):
            _check_global_step(step_expected, checks.given(f"{argument}[{index}]", hook))
        step_expected = step_expected or upstream.may_create_global_step(hook)
    return step_expected


def _check_global_step(expected: bool, needed_by: str) -> None:
    checks.global_step(expected, needed_by)
    checks.finalized_graph(upstream.can_read_global_step())


def traps(session_plan: SessionPlan, hooks: list[Any]) -> list[str]:
    """Warnings of what upstream keeps silent about, and the arguments alone do not show."""
    found = _second_savers(session_plan, hooks)
    if session_plan.restore_dir is not None:
        from tfmts_compat import checkpoints  # imports TensorFlow

        found += filter(None, [checkpoints.unread_state(session_plan.restore_dir)])
    return found


def _second_savers(session_plan: SessionPlan, hooks: list[Any]) -> list[str]:
    """Warnings of savers in the hooks that write the default saver's files."""
    default = session_plan.checkpoint_dir
    if default is None:
        return []
    return [
        f"{checks.shown(hook)} saves checkpoints to {default}, and so does the default saver "
        f"({session_plan.checkpoints}); they delete each other's old checkpoints. Pass "
        "save_checkpoint_secs=None to keep only yours"
        for hook in hooks
        if os.path.abspath(upstream.saver_directory(hook) or os.devnull) == os.path.abspath(default)
    ]
