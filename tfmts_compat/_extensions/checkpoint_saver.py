"""The default checkpoint saver: it runs the session again only if a save could be due (D4).

The default hooks fetch the global step with every run. That value is from before the
run's train op. To decide whether a save is due after the run, upstream's saver for a
cadence in steps runs the session again after every run, since it does not know how far
the run advanced the step. `StepCadenceSaverHook` predicts this from earlier runs.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

from typing import Any, Sequence

from tfmts_compat import _warnings
from tfmts_compat._checkpoints.writers import StateWatch, describe_elsewhere
from tfmts_compat._extensions.run_watch import RunWatch
from tfmts_compat._upstream.parts import get_own_class

_CheckpointSaverHook: Any = get_own_class("CheckpointSaverHook")
_MARGIN = 2  # times the largest recent advance
_DECAY = 0.99  # per advance: the effect of one large advance ends after some hundred runs


class AdvancePredictor:
    """Predicts how far one run can advance the global step, from the values that runs fetched.

    A run may read the step before or after its own train op. With an advance of `a` per
    run, the values of two runs therefore differ by 0, `a` or `2a`. Runs that leave the
    step unchanged are ignored, so that a loop which trains only in some of its runs does
    not reduce the prediction.
    """

    def __init__(self) -> None:
        self._step: int | None = None
        self._largest = 0.0

    def add(self, step: int) -> int | None:
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


class GraphSaverHook(_CheckpointSaverHook):  # type: ignore[misc]
    """Upstream's CheckpointSaverHook, which saves with the session's graph as the default graph.

    A thread that the program starts has no default graph, and executes eagerly unless the
    program has switched this off for the whole process. There a Saver cannot save.

    It reports what its runs and saves show about the training, see `RunWatch`.
    """

    # upstream's
    _checkpoint_dir: Any
    _get_saver: Any
    _save_path: Any
    _timer: Any

    def __init__(self, *args: Any, users_hooks: Sequence[Any] = (), **kwargs: Any) -> None:
        """Takes upstream's arguments, and the hooks of the caller."""
        super().__init__(*args, **kwargs)
        self._warn = _warnings.warn_later()
        self._watch = RunWatch(self._warn, users_hooks)
        self._state_watch: StateWatch | None = StateWatch(self._checkpoint_dir, self._save_path)

    def after_create_session(self, session: Any, coord: Any) -> None:
        super().after_create_session(session, coord)
        self._watch.start(int(self._timer.last_triggered_step()))

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._watch.after(int(run_values.results), run_context)
        super().after_run(run_context, run_values)

    def end(self, session: Any) -> None:
        super().end(session)
        self._watch.end()

    def _save(self, session: Any, step: Any) -> Any:
        saver = self._get_saver()
        watch = self._state_watch
        text = watch and watch.before_save(saver)
        with session.graph.as_default():
            should_stop = super()._save(session, step)
        if watch:
            watch.after_save(saver)
        if text:
            self._state_watch = None  # once is enough
        if self._watch.saved is None and session.sess_str:  # through a remote master
            text = describe_elsewhere(self._checkpoint_dir, f"{self._save_path}-{step}")
        self._watch.saved = int(step)
        if text:
            self._warn(text)
        return should_stop


class StepCadenceSaverHook(GraphSaverHook):
    """Upstream's CheckpointSaverHook, called only if a save could be due.

    It saves on the same global steps as upstream's if each run advances the step by at
    most twice the largest recent advance, or leaves it unchanged. After a run that
    advances it further, a save may be one run late. Later saves are on upstream's steps.
    """

    def after_create_session(self, session: Any, coord: Any) -> None:
        self._predictor = AdvancePredictor()  # the new session may have restored another step
        self._skipped = False
        self._late_since: int | None = None
        super().after_create_session(session, coord)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        step = int(run_values.results)  # arithmetic of NumPy scalars is several times slower
        self._watch.after(step, run_context)
        timer = self._timer
        late_since, self._late_since = self._late_since, None
        if late_since is not None:
            # Only now: until the next run, end() needs the step that was saved.
            self._count_from(late_since)
        most = self._predictor.add(step)
        if most is None or timer.should_trigger_for_step(step + most):
            # The save was due one run ago, but that run was skipped.
            late = self._skipped and timer.should_trigger_for_step(step)
            before = timer.last_triggered_step()
            _CheckpointSaverHook.after_run(self, run_context, run_values)
            if late and timer.last_triggered_step() != before:
                self._late_since = step
            self._skipped = False
        else:
            self._skipped = True

    def _count_from(self, due: int) -> None:
        """Sets the timer as if a late save had been on time, for the cadence of later saves."""
        timer = self._timer
        saved = timer.last_triggered_step()
        timer.update_last_triggered_step(due)
        if timer.should_trigger_for_step(saved):  # upstream saves on both steps
            timer.update_last_triggered_step(saved)
