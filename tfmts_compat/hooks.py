"""The default hooks: upstream's, made to ask TensorFlow for the global step less often.

Each default hook fetches the global step with every run, and the fetches of one run
come to the same value. `default_hook` makes the first of them fetch it for all.

That value is from before the run's train op. To see whether a save is due now, the
saver for a cadence in steps asks again after every run, as it cannot tell how far
the run went. `StepCheckpointSaverHook` learns that, and asks only near a save (D4).
"""

from __future__ import annotations

import functools
from typing import Any

from tfmts_compat import upstream

_STEP = "tfmts_compat_global_step"  # where a run's context carries what was fetched
_MARGIN = 2  # times the largest advance seen
_FADING = 0.99  # per advance: a jump while the chief was saving is forgotten after some hundred


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


@functools.lru_cache(maxsize=None)
def default_hook(name: str) -> Any:
    """The class of a default hook; made on first use, as it takes TensorFlow.

    Args:
      name: "StepCounterHook", "SummarySaverHook", "CheckpointSaverHook" or
        "StepCheckpointSaverHook".

    Returns:
      A subclass, of the same name, of the class in tf.compat.v1.train or here. Among
      such hooks of one session the first fetches the global step for all of them.
    """
    here = name == "StepCheckpointSaverHook"
    base: Any = _step_checkpoint_saver_hook() if here else getattr(upstream.v1().train, name)
    values = upstream.v1().train.SessionRunValues
    in_dict = name == "SummarySaverHook"  # beside the summaries, in the runs that write some

    class DefaultHook(base):  # type: ignore[misc]
        # A context belongs to one run, so runs in several threads do not mix their values.
        def before_run(self, run_context: Any) -> Any:
            request = super().before_run(run_context)
            if not hasattr(run_context, _STEP):
                setattr(run_context, _STEP, None)
            elif not in_dict or len(request.fetches) == 1:
                return None
            return request

        def after_run(self, run_context: Any, run_values: Any) -> None:
            step = run_values.results
            if step is not None:
                setattr(run_context, _STEP, step["global_step"] if in_dict else step)
            else:
                step = getattr(run_context, _STEP)
                results = {"global_step": step} if in_dict else step
                run_values = values(results, run_values.options, run_values.run_metadata)
            super().after_run(run_context, run_values)

    DefaultHook.__name__ = DefaultHook.__qualname__ = name
    DefaultHook.__doc__ = base.__doc__
    return DefaultHook


def _step_checkpoint_saver_hook() -> Any:
    base: Any = upstream.v1().train.CheckpointSaverHook

    class StepCheckpointSaverHook(base):  # type: ignore[misc]
        """Upstream's CheckpointSaverHook, called upon only when a save could be due.

        It saves on the same global steps as upstream's while runs advance the step by
        a constant or by nothing at all, and up to twice as far as lately. After a run
        that went further, a save may come one run late.
        """

        def after_create_session(self, session: Any, coord: Any) -> None:
            self._reach = Reach()  # the new session may have restored another step
            super().after_create_session(session, coord)

        def after_run(self, run_context: Any, run_values: Any) -> None:
            step = int(run_values.results)  # numpy's arithmetic takes several times as long
            reach = self._reach.after(step)
            if reach is None or upstream.saver_timer(self).should_trigger_for_step(step + reach):
                super().after_run(run_context, run_values)

    return StepCheckpointSaverHook
