"""The default hooks: TensorFlow's own classes, two of them extended.

`PerRunSummarySaverHook` keeps what a run requested in the run's context (D7).

The default hooks fetch the global step with every run. That value is from before the
run's train op. To decide whether a save is due after the run, upstream's saver for a
cadence in steps runs the session again after every run, since it does not know how far
the run advanced the step. `StepCadenceSaverHook` predicts this from earlier runs, and
runs the session again only if a save could be due (D4).

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import copy
import threading
from typing import TYPE_CHECKING, Any, Callable

from tfmts_compat import _upstream, _upstream_sessions

if TYPE_CHECKING:
    from tfmts_compat._rules.plan import SessionPlan

_train: Any = _upstream.v1().train
_REQUEST = "tfmts_compat_summary_request"  # an attribute of a run's context
_MARGIN = 2  # times the largest recent advance
_DECAY = 0.99  # per advance: the effect of one large advance ends after some hundred runs


def default_hooks(
    session_plan: SessionPlan,
    scaffold: Any,
    save_graph_def: Any,
    late_checks: list[Callable[[], None]],
) -> list[Any]:
    """Creates the default hooks of a chief.

    Args:
      session_plan: what is saved, where and how often.
      scaffold: the session's Scaffold.
      save_graph_def: whether the graph is saved with the checkpoints.
      late_checks: checks that run after the begin() of the hooks in chief_only_hooks.

    Returns:
      A StepCounterHook, a SummarySaverHook and a CheckpointSaverHook, in this order;
      each only if it is on in the plan.
    """
    hooks: list[Any] = []
    if session_plan.step_counter.on:
        hooks.append(
            _upstream.part("StepCounterHook")(
                output_dir=session_plan.summary_dir, every_n_steps=session_plan.step_counter.steps
            )
        )
    if session_plan.summaries.on:
        hooks.append(
            _hook_class(PerRunSummarySaverHook, "SummarySaverHook")(
                scaffold=scaffold,
                save_steps=session_plan.summaries.steps,
                save_secs=session_plan.summaries.secs,
                output_dir=session_plan.summary_dir,
            )
        )
    if session_plan.checkpoints.on:
        saver = _upstream.part("CheckpointSaverHook")
        if session_plan.checkpoints.steps is not None:
            saver = _hook_class(StepCadenceSaverHook, "CheckpointSaverHook")
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
        _check_first(hooks[0], late_checks)
    return hooks


def _hook_class(extended: type, name: str) -> Any:
    return _upstream.part_or(extended, name, "before_run", "after_run")


def _check_first(hook: Any, checks: list[Callable[[], None]]) -> None:
    """Makes the begin() of a hook run checks before it opens a file."""
    begin = hook.begin

    def checked_begin() -> None:
        for check in checks:
            check()
        begin()

    hook.begin = checked_begin


class Reach:
    """Predicts how far one run can advance the global step, from the values that runs fetched.

    A run may read the step before or after its own train op. With an advance of `a` per
    run, the values of two runs therefore differ by 0, `a` or `2a`. Runs that leave the
    step unchanged are ignored, so that a loop which trains only in some of its runs does
    not reduce the prediction.
    """

    def __init__(self) -> None:
        self._step: int | None = None
        self._largest = 0.0

    def after(self, step: int) -> int | None:
        """Adds the value that a run fetched.

        Args:
          step: the global step that the run fetched.

        Returns:
          The largest number of global steps by which the step may exceed `step` after
          the run; None before the first advance.
        """
        advance = 0 if self._step is None else step - self._step
        self._step = step
        if advance > 0:
            self._largest = max(float(advance), _DECAY * self._largest)
        return int(_MARGIN * self._largest) or None


class PerRunSummarySaverHook(_train.SummarySaverHook):  # type: ignore[misc]
    """Upstream's SummarySaverHook, with a cadence that holds if threads share a session.

    Upstream keeps in the hook whether the current run requested a summary, and the run
    of another thread overwrites it. Here it is kept in the run's context. While the run
    that requested a summary is in progress, the cadence of the other threads counts from
    the request, so that they do not request the same summary again.
    """

    _timer: Any  # upstream's
    # Defaults of the class: an object that has not run yet has upstream's attributes.
    _runs = 0  # begun so far
    _requester: int | None = None  # the thread of the latest request
    _since_request: Any = None  # a timer for the other threads

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lock = threading.RLock()

    def before_run(self, run_context: Any) -> Any:
        with self._lock:
            self._runs += 1
            thread, timer = threading.get_ident(), self._timer
            if self._since_request is not None and self._requester != thread:
                self._timer = self._since_request
            try:
                request = super().before_run(run_context)
            finally:
                self._timer = timer
            if self._request_summary and self._next_step is not None:
                self._requester, self._since_request = thread, copy.copy(timer)
                self._since_request.update_last_triggered_step(self._next_step)
            setattr(run_context, _REQUEST, (self._request_summary, self._runs))
        return request

    def after_run(self, run_context: Any, run_values: Any) -> None:
        with self._lock:
            self._request_summary, run = getattr(run_context, _REQUEST)
            if self._request_summary and run == self._runs:  # no other run began meanwhile
                self._since_request = None
            super().after_run(run_context, run_values)


class StepCadenceSaverHook(_train.CheckpointSaverHook):  # type: ignore[misc]
    """Upstream's CheckpointSaverHook, called only if a save could be due.

    It saves on the same global steps as upstream's if each run advances the step by at
    most twice the largest recent advance, or leaves it unchanged. After a run that
    advances it further, a save may be one run late. Later saves are on upstream's steps.
    """

    def after_create_session(self, session: Any, coord: Any) -> None:
        self._reach = Reach()  # the new session may have restored another step
        self._skipped = False
        self._late_since: int | None = None
        super().after_create_session(session, coord)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        step = int(run_values.results)  # arithmetic of NumPy scalars is several times slower
        timer = _upstream_sessions.saver_timer(self)
        late_since, self._late_since = self._late_since, None
        if late_since is not None:  # not earlier, since end() compares with the saved step
            self._count_from(late_since)
        reach = self._reach.after(step)
        if reach is None or timer.should_trigger_for_step(step + reach):
            # Due already after the previous run, which was skipped, and had this step.
            late = self._skipped and timer.should_trigger_for_step(step)
            before = timer.last_triggered_step()
            super().after_run(run_context, run_values)
            if late and timer.last_triggered_step() != before:
                self._late_since = step
            self._skipped = False
        else:
            self._skipped = True

    def _count_from(self, due: int) -> None:
        """Sets the timer as if a late save had been on time, for the cadence of later saves."""
        timer = _upstream_sessions.saver_timer(self)
        saved = timer.last_triggered_step()
        timer.update_last_triggered_step(due)
        if timer.should_trigger_for_step(saved):  # upstream saves on both steps
            timer.update_last_triggered_step(saved)
