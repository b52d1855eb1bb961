"""What the runs of a training show: pitfalls that are reported while it runs, and at its end.

The default saver fetches the global step with every run. `RunWatch` looks at these values only.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import itertools
from typing import Any, Callable, Sequence

from tfmts_compat._extensions.run_cache import list_leaves
from tfmts_compat._rules import pitfalls
from tfmts_compat._upstream import graphs, loading, sessions

_tf = loading.tensorflow()
_TRAINABLE = _tf.compat.v1.GraphKeys.TRAINABLE_VARIABLES
_UNCHANGED = 300  # runs; a program may deliberately leave the step unchanged in some
_LOOKED_AT = 7  # one run of so many, so that one in a loop of training and evaluation is found
_LOWER = 100  # runs in succession; more than the threads that share a session


class RunWatch:
    """Watches the global step of a session.

    Attributes:
      saved: the global step of the last save, which the saver sets.
    """

    def __init__(self, warn: Callable[[str], None], hooks: Sequence[Any]) -> None:
        """Watches nothing until `start`.

        Args:
          warn: issues a warning.
          hooks: the hooks of the caller.
        """
        self._warn, self._hooks = warn, hooks
        self.saved: int | None = None
        self._reported: set[str] = set()

    def start(self, step: int) -> None:
        """Begins with a new session, which may have restored another step.

        Args:
          step: the global step with which it starts.
        """
        self._first = self._highest = step
        self._unchanged = itertools.count(1)  # several threads may run the session
        self._lower = (step, 0)
        self._trains: str | None = None  # a variable, if the step does not advance
        self._looked_at: set[Any] = set()
        hooks, self._hooks = self._hooks, ()  # of a session that is created again, all ran
        for hook in hooks:
            last = sessions.find_last_step(hook)
            if last is not None and last <= step:
                self._report("nothing-left", hook=type(hook).__name__, step=step, last_step=last)

    def after(self, step: int, run_context: Any) -> None:
        """Adds the global step that a run fetched."""
        if step > self._highest:
            self._highest = step
        elif step < self._highest:
            self._count_lower(step)
        elif step == self._first:
            runs = next(self._unchanged)
            if runs >= _UNCHANGED and runs % _LOOKED_AT == 0 and self._trains is None:
                graph = run_context.session.graph
                fetches = list_leaves(run_context.original_args.fetches)
                self._trains = self._find_trained(graph, fetches)
                # If an op advances the step, the program may run it after these runs.
                if self._trains is not None and not graphs.may_advance_step(graph):
                    self._report_unchanged(runs)

    def end(self) -> None:
        """Ends the watch: the training has ended without an error, and the saver has saved."""
        if self._trains is not None and self.saved == self._first:
            self._report_unchanged(next(self._unchanged) - 1)

    def _find_trained(self, graph: Any, fetches: Sequence[Any]) -> str | None:
        """Returns a trainable variable to which a run of the fetches writes, or None."""
        trainable = {getattr(v, "op", None) for v in graph.get_collection(_TRAINABLE)}
        for op in graphs.list_ops(graph, fetches, self._looked_at):
            for variable in graphs.list_written_variables(op):
                if variable in trainable:
                    return str(variable.name)
        return None

    def _report_unchanged(self, runs: int) -> None:
        text = pitfalls.describe(
            "step-unchanged",
            runs=runs,
            variable=self._trains,
            step=self._first,
            saved=self.saved,
        )
        self._warn(text)

    def _count_lower(self, step: int) -> None:
        """Counts runs in succession with a lower step. The runs of threads may overtake others."""
        highest, runs = self._lower
        runs = runs + 1 if highest == self._highest else 1
        self._lower = (self._highest, runs)
        if runs >= _LOWER:
            self._report("step-goes-back", highest=self._highest, step=step, saved=self.saved)

    def _report(self, name: str, **fields: Any) -> None:
        if name not in self._reported:
            self._reported.add(name)
            self._warn(pitfalls.describe(name, **fields))
