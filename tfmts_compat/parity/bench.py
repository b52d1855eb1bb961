"""What a training run of a scenario has at hand."""

from __future__ import annotations

import os
from typing import Any, Callable, Mapping

from tfmts_compat import upstream


class Bench:
    """What a scenario works with: TensorFlow, a directory, and a place to note results.

    Attributes:
      tf: the tensorflow module; `v1` and `train` are short for parts of it.
      function: the MonitoredTrainingSession under test.
      root: a directory of this run's own; `path` and `file` name things in it.
      train_op: the op a step runs; the model sets it.
      feed: what each step feeds, or None; `fed_by_hook` what a FeedFnHook feeds.
      server: the server of a scenario with a chief and a worker.
      scaffold: the Scaffold of a scenario that uses one twice.
      run_index: 0 for the first run of the scenario, 1 for the second.
    """

    def __init__(self, root: str, function: Callable[..., Any], run_index: int) -> None:
        self.tf = upstream.tensorflow()
        self.v1 = self.tf.compat.v1
        self.train = self.v1.train
        self.root = root
        self.function = function
        self.run_index = run_index
        self.train_op: Any = None
        self.feed: Any = None
        self.fed_by_hook: Any = None
        self.server: Any = None
        self.scaffold: Any = None
        self.values: list[Any] = []
        self.calls: list[str] = []
        self.session_runs: list[int] = []

    def path(self, *names: str) -> str:
        """A path in the run's directory; nothing is made there."""
        return os.path.join(self.root, *names)

    def file(self, name: str, text: str = "") -> str:
        """A file in the run's directory."""
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as stream:
            stream.write(text)
        return self.path(name)

    def note(self, value: Any) -> Any:
        """Puts a value in the trace, as JSON can hold it."""
        self.values.append(_plain(value))
        return value

    def step(self, session: Any, fetches: Any = None, **options: Any) -> Any:
        """Runs one training step (or `fetches`) and notes its value and its session.runs."""
        counter = _RunCounter(upstream.tf_session(session))
        try:
            return self.note(
                session.run(
                    self.train_op if fetches is None else fetches, feed_dict=self.feed, **options
                )
            )
        finally:
            self.session_runs.append(counter.stop())


class _RunCounter:
    """Counts the calls of one tf.compat.v1.Session's run, hooks' own included."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._count = 0
        if session is not None:
            run = session.run

            def counted(*args: Any, **kwargs: Any) -> Any:
                self._count += 1
                return run(*args, **kwargs)

            session.run = counted

    def stop(self) -> int:
        if self._session is not None:
            del self._session.run  # the class's own shows again
        return self._count


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):  # numpy
        return _plain(value.tolist())
    if isinstance(value, bytes):
        return value.decode()
    return value if isinstance(value, (bool, int, float, str, type(None))) else str(value)
