"""MonitoredTrainingSession: check the call, plan it, build it from upstream's parts."""

from __future__ import annotations

import functools
import inspect
import os
import warnings
from typing import TYPE_CHECKING, Any, Callable, Iterable, TypeVar, Union

from tfmts_compat import plan, preflight, upstream
from tfmts_compat.cadence import USE_DEFAULT, UseDefault
from tfmts_compat.plan import Call, SessionPlan

_R = TypeVar("_R")
if TYPE_CHECKING:
    from typing_extensions import ParamSpec

    from tfmts_compat.upstream import MonitoredSession, Scaffold, SessionRunHook

    _P = ParamSpec("_P")
    Number = Union[int, float, None, UseDefault]
    Directory = Union[str, "os.PathLike[str]", None]


class TfmtsCompatWarning(UserWarning):
    """A call runs, and does something other than it seems to say."""


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
) -> MonitoredSession:
    """Opens a session for training: tf.compat.v1.train.MonitoredTrainingSession, checked.

    A chief initializes or restores the model and saves checkpoints and summaries.
    A worker waits for the chief. All of it is done by upstream's own parts; here
    the call is checked and its defaults are resolved. `explain` takes the same
    arguments and says what they come to.

    Args:
      master: address of the TensorFlow master; "" or None is this process.
      is_chief: whether this process initializes, restores and saves.
      checkpoint_dir: where the chief restores from and saves to; made if missing.
        None and "" are the same. An os.PathLike works on every TensorFlow (D3).
      scaffold: ops for initializing, saving and summaries; None makes a default one.
      hooks: hooks of this process; a list, or anything that can be iterated once.
      chief_only_hooks: hooks that run on a chief only, before its default hooks.
        One of them may create the global step in its begin().
      save_checkpoint_secs: seconds between checkpoints. Default 600, unless
        save_checkpoint_steps is given. None, 0 and negative numbers are off.
      save_summaries_steps: global steps between summaries. Default 100, unless
        save_summaries_secs is given. None, 0 and negative numbers are off.
      save_summaries_secs: seconds between summaries. Default off.
      config: a tf.compat.v1.ConfigProto for the session, or None.
      stop_grace_period_secs: seconds that threads get to stop in close().
      log_step_count_steps: global steps between logs of steps per second; None, 0
        and negative numbers are off.
      max_wait_secs: seconds a worker waits for the chief; None is without end.
      save_checkpoint_steps: global steps between checkpoints. Default off. With
        save_checkpoint_secs also above 0 the seconds are used (documentation, D1).
      summary_dir: where summaries go; None is checkpoint_dir.
      save_graph_def: whether checkpoints come with graph.pbtxt and .meta files.
      recovery_wait_secs: seconds between a worker's looks for the chief, above 0.
        Upstream, which has no such argument, looks every 30 seconds (D2).

    Returns:
      Upstream's own MonitoredSession.

    Raises:
      TypeError: an argument that this call uses is of the wrong type, or the
        installed versions cannot save the graph.
      ValueError: both summary cadences are given (upstream behaviour), or
        recovery_wait_secs is not a finite number above 0.
      RuntimeError: TensorFlow is executing eagerly, or there is no global step.
      tf.errors.FailedPreconditionError: a directory is a file.
      tf.errors.PermissionDeniedError: a directory may not be written to.
      tf.errors.NotFoundError: the master's kind of address is not known.
      tf.errors.DeadlineExceededError: the chief was not ready in max_wait_secs.
      TensorFlowUnavailableError: TensorFlow is not installed or cannot be imported.

    Warns:
      TfmtsCompatWarning: a trap that upstream keeps silent about.
    """
    call = Call(**locals())
    upstream.tensorflow()
    if upstream.in_worker_context():
        return _handed_over(call)

    session_plan = plan.of(call)
    user_hooks, chief_hooks = _hook_lists(call, session_plan)
    preflight.check(call, session_plan, chief_hooks, user_hooks)
    for trap in (*session_plan.warnings, *preflight.traps(session_plan, chief_hooks + user_hooks)):
        warnings.warn(trap, TfmtsCompatWarning, stacklevel=2)
    _log(session_plan)
    return _built(call, session_plan, user_hooks, chief_hooks)


def _log(session_plan: SessionPlan) -> None:
    from absl import logging  # brings absl.flags: half of what importing this package took

    logging.info("MonitoredTrainingSession:\n%s", session_plan)


def _taking_the_arguments_of(
    function: Callable[_P, Any],
) -> Callable[[Callable[..., _R]], Callable[_P, _R]]:
    """Gives a function taking (*args, **kwargs) the signature of another, and checks it."""
    signature = inspect.signature(function)

    def decorate(target: Callable[..., _R]) -> Callable[_P, _R]:
        @functools.wraps(target)
        def bound(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            return target(**signature.bind(*args, **kwargs).arguments)

        bound.__signature__ = signature.replace(  # type: ignore[attr-defined]
            return_annotation=inspect.signature(target).return_annotation
        )
        return bound

    return decorate


@_taking_the_arguments_of(MonitoredTrainingSession)
def explain(**arguments: Any) -> SessionPlan:
    """Says what `MonitoredTrainingSession` would build for the same arguments.

    TensorFlow is not imported, nothing is read or written, and no hook is looked
    at. str() of the plan is a table, its to_dict() is ready for JSON.

    Returns:
      The plan the session would follow.

    Raises:
      TypeError: an argument that the call uses is of the wrong type.
      ValueError: both summary cadences are given (upstream behaviour).
    """
    return plan.of(Call(**arguments))


def _hook_lists(call: Call, session_plan: SessionPlan) -> tuple[list[Any], list[Any]]:
    """The hooks and chief_only_hooks that take part; generators are read here, once."""
    chief_hooks = list(call.chief_only_hooks or ()) if session_plan.is_chief else []
    return list(call.hooks or ()), chief_hooks


def _built(
    call: Call, session_plan: SessionPlan, user_hooks: list[Any], chief_hooks: list[Any]
) -> Any:
    train = upstream.v1().train
    scaffold = call.scaffold or train.Scaffold()
    if not session_plan.is_chief:
        from tfmts_compat.worker import WorkerSessionCreator  # imports TensorFlow

        creator = WorkerSessionCreator(
            scaffold=scaffold,
            master=call.master,
            config=call.config,
            max_wait_secs=call.max_wait_secs,
            recovery_wait_secs=call.recovery_wait_secs,
        )
        all_hooks = user_hooks
    else:
        # These import TensorFlow.
        from tfmts_compat.checkpoints import ChiefSessionCreator
        from tfmts_compat.hooks import default_hooks

        creator = ChiefSessionCreator(
            scaffold=scaffold,
            checkpoint_dir=session_plan.restore_dir or call.checkpoint_dir,
            master=call.master,
            config=call.config,
        )
        between = default_hooks(session_plan, scaffold, call.save_graph_def)
        all_hooks = [*chief_hooks, *between, *user_hooks]
    return train.MonitoredSession(
        session_creator=creator,
        hooks=all_hooks,
        stop_grace_period_secs=call.stop_grace_period_secs,
    )


def _handed_over(call: Call) -> Any:
    """Inside a tf.distribute worker: upstream decides, by state that is private to it."""
    arguments = dict(vars(call))
    del arguments["recovery_wait_secs"]  # upstream has none
    for resolve, secs, steps in (
        (call.checkpoints, "save_checkpoint_secs", "save_checkpoint_steps"),
        (call.summaries, "save_summaries_secs", "save_summaries_steps"),
    ):
        try:
            resolved = resolve()
        except (TypeError, ValueError):  # upstream may not look at them here; let it judge
            given = {name: value for name, value in arguments.items() if value is not USE_DEFAULT}
            arguments[secs], arguments[steps] = given.get(secs), given.get(steps)
        else:
            arguments[secs], arguments[steps] = resolved.secs, resolved.steps
    for name in ("checkpoint_dir", "summary_dir"):
        if isinstance(arguments[name], os.PathLike):
            arguments[name] = os.fspath(arguments[name])
    return upstream.v1().train.MonitoredTrainingSession(**arguments)
