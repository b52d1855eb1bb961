"""The default hooks: upstream's, made to ask TensorFlow for the global step less often.

Each default hook fetches the global step with every run, and the fetches of one run
come to the same value. The first of the hooks made here fetches it for all.

That value is from before the run's train op. To see whether a save is due now, the
saver for a cadence in steps asks again after every run, as it cannot tell how far
the run went. `StepCheckpointSaverHook` learns that, and asks only near a save (D4).

Importing this module imports TensorFlow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfmts_compat import checks, upstream

if TYPE_CHECKING:
    from tfmts_compat.plan import SessionPlan

_train: Any = upstream.v1().train
_STEP = "tfmts_compat_global_step"  # where a run's context carries what was fetched
_MARGIN = 2  # times the largest advance seen
_FADING = 0.99  # per advance: a jump while the chief was saving is forgotten after some hundred


def default_hooks(session_plan: SessionPlan, scaffold: Any, save_graph_def: Any) -> list[Any]:
    """The hooks that a chief gets beside its own.

    Args:
      session_plan: what is saved, where and how often.
      scaffold: the session's Scaffold.
      save_graph_def: whether checkpoints come with the graph.

    Returns:
      A StepCounterHook, a SummarySaverHook and a CheckpointSaverHook, or those of
      them that the plan has, in this order.
    """
    hooks: list[Any] = []
    if session_plan.step_counter.on:
        hooks.append(
            StepCounterHook(
                output_dir=session_plan.summary_dir, every_n_steps=session_plan.step_counter.steps
            )
        )
    if session_plan.summaries.on:
        hooks.append(
            SummarySaverHook(
                scaffold=scaffold,
                save_steps=session_plan.summaries.steps,
                save_secs=session_plan.summaries.secs,
                output_dir=session_plan.summary_dir,
            )
        )
    if session_plan.checkpoints.on:
        in_steps = session_plan.checkpoints.steps is not None
        saver = StepCheckpointSaverHook if in_steps else CheckpointSaverHook
        hooks.append(
            saver(
                session_plan.checkpoint_dir,
                save_steps=session_plan.checkpoints.steps,
                save_secs=session_plan.checkpoints.secs,
                scaffold=scaffold,
                save_graph_def=save_graph_def,
            )
        )
    if hooks and not upstream.has_global_step():
        _check_global_step_first(hooks[0], session_plan.writers)
    return hooks


def _check_global_step_first(hook: Any, writers: str) -> None:
    """Makes the first default hook check before it opens a file.

    Only the begin() of a hook in chief_only_hooks can create the global step now,
    so this cannot be known any earlier.
    """
    begin = hook.begin

    def checked_begin() -> None:
        checks.global_step(upstream.has_global_step(), writers)
        begin()

    hook.begin = checked_begin


class Reach:
    """How far a run may take the global step, learnt from the values that runs fetched.

    A run may fetch the value before or after its own train op, so with an advance of
    `a` two values lie 0, `a` or `2a` apart. Not advancing teaches nothing: neither
    such a pair nor the runs of a loop that trains every few runs only. Hence the
    reach covers `a` as soon as it is known, and stays so.
    """

    def __init__(self) -> None:
        self._step: int | None = None
        self._largest = 0.0

    def after(self, step: int) -> int | None:
        """Takes in the value that a run fetched.

        Args:
          step: the global step fetched.

        Returns:
          How many global steps above `step` the counter may be after the run; None
          while nothing is known.
        """
        advance = 0 if self._step is None else step - self._step
        self._step = step
        if advance > 0:
            self._largest = max(float(advance), _FADING * self._largest)
        return int(_MARGIN * self._largest) or None


class _SharesGlobalStep:
    """Takes the global step from the default hook that fetched it first in this run."""

    _step_in_dict = False  # whether upstream's hook fetches {"global_step": step}

    # A context belongs to one run, so runs in several threads do not mix their values.
    def before_run(self, run_context: Any) -> Any:
        request = super().before_run(run_context)  # type: ignore[misc]
        if not hasattr(run_context, _STEP):
            setattr(run_context, _STEP, None)
        elif not self._step_in_dict or len(request.fetches) == 1:
            return None
        return request

    def after_run(self, run_context: Any, run_values: Any) -> None:
        step = run_values.results
        if step is not None:
            setattr(run_context, _STEP, step["global_step"] if self._step_in_dict else step)
        else:
            step = getattr(run_context, _STEP)
            results = {"global_step": step} if self._step_in_dict else step
            run_values = _train.SessionRunValues(
                results, run_values.options, run_values.run_metadata
            )
        super().after_run(run_context, run_values)  # type: ignore[misc]


class StepCounterHook(_SharesGlobalStep, _train.StepCounterHook):  # type: ignore[misc]
    """Upstream's."""


class SummarySaverHook(_SharesGlobalStep, _train.SummarySaverHook):  # type: ignore[misc]
    """Upstream's."""

    _step_in_dict = True  # beside the summaries, in the runs that write some


class CheckpointSaverHook(_SharesGlobalStep, _train.CheckpointSaverHook):  # type: ignore[misc]
    """Upstream's."""


class _SavesNearCadence(_train.CheckpointSaverHook):  # type: ignore[misc]
    def after_create_session(self, session: Any, coord: Any) -> None:
        self._reach = Reach()  # the new session may have restored another step
        super().after_create_session(session, coord)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        step = int(run_values.results)  # numpy's arithmetic takes several times as long
        reach = self._reach.after(step)
        if reach is None or upstream.saver_timer(self).should_trigger_for_step(step + reach):
            super().after_run(run_context, run_values)


class StepCheckpointSaverHook(_SharesGlobalStep, _SavesNearCadence):
    """Upstream's CheckpointSaverHook, called upon only when a save could be due.

    It saves on the same global steps as upstream's while runs advance the step by
    a constant or by nothing at all, and up to twice as far as lately. After a run
    that went further, a save may come one run late.
    """
