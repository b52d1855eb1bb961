"""MonitoredTrainingSession, explain, and access to the session inside a monitored session."""

from __future__ import annotations

import functools
import inspect
import os
from typing import TYPE_CHECKING, Any, Callable, Iterable, TypeVar, Union

from tfmts_compat import _build, _preflight, _warnings
from tfmts_compat._rules.call import Call
from tfmts_compat._rules.plan import SessionPlan, plan_session
from tfmts_compat._rules.precedence import USE_DEFAULT, UseDefault
from tfmts_compat._upstream import loading, parts, sessions

_R = TypeVar("_R")
if TYPE_CHECKING:
    from typing_extensions import ParamSpec

    from tfmts_compat._upstream.names import MonitoredSession, Scaffold, SessionRunHook

    _P = ParamSpec("_P")
    Number = Union[int, float, None, UseDefault]
    Directory = Union[str, "os.PathLike[str]", None]


def MonitoredTrainingSession(
    master: str | None = "",
    is_chief: bool = True,
    checkpoint_dir: Directory = None,
    scaffold: Scaffold | None = None,
    hooks: Iterable[SessionRunHook] | None = None,
    chief_only_hooks: Iterable[SessionRunHook] | None = None,
    save_checkpoint_secs: Number = USE_DEFAULT,
    save_summaries_steps: Number = USE_DEFAULT,
    save_summaries_secs: Number = USE_DEFAULT,
    config: Any = None,
    stop_grace_period_secs: float = 120,
    log_step_count_steps: float | None = 100,
    max_wait_secs: float | None = 7200,
    save_checkpoint_steps: Number = USE_DEFAULT,
    summary_dir: Directory = None,
    save_graph_def: bool = True,
    *,
    recovery_wait_secs: float = 1.0,
    cache_runs: bool = True,
) -> MonitoredSession:
    """Opens a training session, as tf.compat.v1.train.MonitoredTrainingSession does.

    A chief initializes or restores the model and saves checkpoints and summaries.
    A worker waits for the chief. This function checks the arguments and resolves
    their defaults; TensorFlow's own classes do the rest. `explain` takes the same
    arguments and returns what they resolve to.

    Args:
      master: address of the TensorFlow master; "" or None means this process.
      is_chief: whether this process initializes, restores and saves.
      checkpoint_dir: where the chief restores from and saves to; created if missing.
        None and "" mean the same. An os.PathLike works on every TensorFlow (D3).
      scaffold: ops for initializing, saving and summaries; None creates a default one.
      hooks: hooks of this process; a list, or any other iterable.
      chief_only_hooks: hooks that run on a chief only, before its default hooks.
        One of them may create the global step in its begin().
      save_checkpoint_secs: seconds between checkpoints. Default 600, unless
        save_checkpoint_steps is given. None, 0 and negative numbers mean off.
      save_summaries_steps: global steps between summaries. Default 100, unless
        save_summaries_secs is given. None, 0 and negative numbers mean off.
      save_summaries_secs: seconds between summaries. Default off.
      config: a tf.compat.v1.ConfigProto for the session, or None.
      stop_grace_period_secs: seconds that close() waits for threads to stop.
      log_step_count_steps: global steps between logs of steps per second; None, 0
        and negative numbers mean off.
      max_wait_secs: seconds that a worker waits for the chief; None means no limit.
      save_checkpoint_steps: global steps between checkpoints. Default off. If
        save_checkpoint_secs is also above 0, the seconds are used, as documented (D1).
      summary_dir: where summaries are written; None means checkpoint_dir.
      save_graph_def: whether to save graph.pbtxt and .meta files with the checkpoints.
      recovery_wait_secs: seconds between a worker's polls for the chief, above 0.
        TensorFlow's function has no such argument, and polls every 30 seconds (D2).
      cache_runs: whether session.run reuses what it prepared for an earlier call with the
        same structure of fetches and feeds; False uses TensorFlow's own run.

    Returns:
      TensorFlow's own MonitoredSession.

    Raises:
      TypeError: an argument that this call uses is of the wrong type, or the
        installed versions cannot save the graph.
      ValueError: both summary cadences are given (as in TensorFlow), or
        recovery_wait_secs is not a finite number above 0.
      RuntimeError: TensorFlow is executing eagerly, or there is no global step.
      tf.errors.FailedPreconditionError: a directory is a file.
      tf.errors.PermissionDeniedError: a directory may not be written to.
      tf.errors.NotFoundError: TensorFlow does not know this kind of master address.
      tf.errors.DeadlineExceededError: the chief was not ready in max_wait_secs.
      TensorFlowUnavailableError: TensorFlow is not installed or cannot be imported.

    Warns:
      TfmtsCompatWarning: the call has a pitfall about which TensorFlow does not warn.
    """
    call = Call(
        master=master,
        is_chief=is_chief,
        checkpoint_dir=checkpoint_dir,
        scaffold=scaffold,
        hooks=hooks,
        chief_only_hooks=chief_only_hooks,
        save_checkpoint_secs=save_checkpoint_secs,
        save_summaries_steps=save_summaries_steps,
        save_summaries_secs=save_summaries_secs,
        config=config,
        stop_grace_period_secs=stop_grace_period_secs,
        log_step_count_steps=log_step_count_steps,
        max_wait_secs=max_wait_secs,
        save_checkpoint_steps=save_checkpoint_steps,
        summary_dir=summary_dir,
        save_graph_def=save_graph_def,
        recovery_wait_secs=recovery_wait_secs,
        cache_runs=cache_runs,
    )
    loading.tensorflow()
    if parts.is_in_worker_context():
        return _build.pass_to_upstream(call)

    session_plan = plan_session(call)
    user_hooks, chief_hooks = _list_hooks(call, session_plan)
    late_checks = _preflight.check_call(call, session_plan, chief_hooks, user_hooks)
    for text in (
        *session_plan.warnings,
        *_preflight.find_pitfalls(session_plan, call.scaffold, [*chief_hooks, *user_hooks]),
    ):
        _warnings.warn(text)
    _warnings.log("MonitoredTrainingSession:\n%s", session_plan)
    return _build.build_session(call, session_plan, user_hooks, chief_hooks, late_checks)


def _with_the_signature_of(
    function: Callable[_P, Any],
) -> Callable[[Callable[..., _R]], Callable[_P, _R]]:
    """Gives a function taking (*args, **kwargs) the signature of another, and checks it."""
    signature = inspect.signature(function)

    def decorate(target: Callable[..., _R]) -> Callable[_P, _R]:
        @functools.wraps(target)
        def call_by_name(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            try:
                arguments = signature.bind(*args, **kwargs).arguments
            except TypeError as problem:  # its message does not name the function
                raise TypeError(f"{target.__name__}() {problem}") from None
            return target(**arguments)

        call_by_name.__signature__ = signature.replace(  # type: ignore[attr-defined]
            return_annotation=inspect.signature(target).return_annotation
        )
        return call_by_name

    return decorate


@_with_the_signature_of(MonitoredTrainingSession)
def explain(**arguments: Any) -> SessionPlan:
    """Returns the plan of `MonitoredTrainingSession` for the same arguments.

    TensorFlow is not imported, no file is read or written, and the hooks are not read.
    str() of the plan is a table, and its to_dict() can be written as JSON.

    Returns:
      The plan that the session would follow.

    Raises:
      TypeError: an argument that the call uses is of the wrong type.
      ValueError: both summary cadences are given (as in TensorFlow).
    """
    return plan_session(Call(**arguments))


def _list_hooks(call: Call, session_plan: SessionPlan) -> tuple[list[Any], list[Any]]:
    """Lists the hooks and chief_only_hooks that are used; generators are read once, here.

    A worker gets the caller's own list, as upstream: a begin() may append to it.
    """
    if session_plan.is_chief:
        return list(call.hooks or ()), list(call.chief_only_hooks or ())
    return call.hooks if isinstance(call.hooks, list) else list(call.hooks or ()), []


def raw_session(session: Any) -> Any:
    """Returns the tf.compat.v1.Session inside a monitored session, e.g. for Saver.save.

    Do not keep the result across runs: upstream replaces the raw session when it recovers
    from a lost parameter server. A plain tf.compat.v1.Session is returned unchanged.

    Args:
      session: a MonitoredSession or SingularMonitoredSession of upstream's.

    Returns:
      The tf.compat.v1.Session in use now.

    Raises:
      RuntimeError: the session is closed.
      TypeError: session is something else.
    """
    raw = sessions.get_tf_session(session)
    if raw is None:
        raise RuntimeError(
            f"{type(session).__name__} is closed and has no raw session; call "
            "raw_session inside the `with` block, e.g. in the end() of a hook."
        )
    return raw


def run_without_hooks(session: Any, fetches: Any, feed_dict: Any = None) -> Any:
    """Runs fetches as session.run does, without calling any hook.

    As with session.run, upstream creates the session again and repeats the run after a
    parameter server was lost.

    Args:
      session: a MonitoredSession or SingularMonitoredSession of upstream's.
      fetches: as in tf.compat.v1.Session.run.
      feed_dict: as in tf.compat.v1.Session.run.

    Returns:
      The fetched values, as tf.compat.v1.Session.run returns them.

    Raises:
      RuntimeError: the session is closed.
      TypeError: session is something else.
    """
    if raw_session(session) is session:
        return session.run(fetches, feed_dict)
    # After a recovery the session in the step context is no longer the current one.
    return session.run_step_fn(
        lambda step_context: raw_session(session).run(fetches, feed_dict)  # noqa: ARG005
    )
