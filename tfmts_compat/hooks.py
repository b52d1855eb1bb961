"""The saver for a cadence in steps: upstream's, without a second session.run per step (D4).

What a run fetches is the global step from before its train op. To see whether a
save is due now, upstream asks for the value again after every run, as it cannot
tell how far the run took it. Most runs cannot have reached the next save, and it
is enough to know roughly how far a run goes to tell those apart.
"""

from __future__ import annotations

import functools
from typing import Any

from tfmts_compat import upstream

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
def step_checkpoint_saver_hook() -> Any:
    """The class `StepCheckpointSaverHook`; made on first use, as it takes TensorFlow."""
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
            step = run_values.results
            reach = self._reach.after(step)
            if reach is None or upstream.saver_timer(self).should_trigger_for_step(step + reach):
                super().after_run(run_context, run_values)

    StepCheckpointSaverHook.__qualname__ = StepCheckpointSaverHook.__name__
    return StepCheckpointSaverHook
