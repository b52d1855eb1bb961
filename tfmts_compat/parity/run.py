"""Run: one run of a scenario, with its directory and what it records."""

from __future__ import annotations

import os
from typing import Any, Callable, Mapping

from tfmts_compat._upstream import loading, sessions


class Run:
    """What a scenario uses: TensorFlow, a directory, and the results it records.

    Attributes:
      tf: the tensorflow module; `v1` and `train` are short for parts of it.
      function: the MonitoredTrainingSession under test.
      root: the directory of this run; `path` and `file` return paths in it.
      train_op: the op that a step runs; the model sets it.
      feed: the feed of each step, or None.
      fed_by_hook: the feed of a FeedFnHook, or None.
      server: the server of a scenario with a chief and a worker.
      scaffold: the Scaffold of a scenario that uses it twice.
      run_index: 0 for the first run of the scenario, 1 for the second.
    """

    def __init__(self, root: str, function: Callable[..., Any], run_index: int) -> None:
        self.tf = loading.tensorflow()
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
        """Returns a path in the run's directory; nothing is created."""
        return os.path.join(self.root, *names)

    def file(self, name: str, text: str = "") -> str:
        """Writes a file in the run's directory and returns its path."""
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as stream:
            stream.write(text)
        return self.path(name)

    def note(self, value: Any) -> Any:
        """Records a value in the trace, as a JSON value."""
        self.values.append(_to_json(value))
        return value

    def step(self, session: Any, fetches: Any = None, **options: Any) -> Any:
        """Runs a training step, or `fetches`; records the value and counts Session.run calls."""
        counter = _RunCounter(sessions.get_tf_session(session))
        try:
            return self.note(
                session.run(
                    self.train_op if fetches is None else fetches, feed_dict=self.feed, **options
                )
            )
        finally:
            self.session_runs.append(counter.stop())


class _RunCounter:
    """Counts the calls of `run` of one tf.compat.v1.Session, including those by hooks.

    The counted `run` is the one that the session has: the method of its class, or an
    attribute of the session, which the shim sets for cached runs. stop() restores it.
    """

    def __init__(self, session: Any) -> None:
        self._session = session
        self._count = 0
        if session is not None:
            self._own = vars(session).get("run")
            run = session.run

            def counted(*args: Any, **kwargs: Any) -> Any:
                self._count += 1
                return run(*args, **kwargs)

            session.run = counted

    def stop(self) -> int:
        if self._session is not None:
            del self._session.run
            if self._own is not None:
                self._session.run = self._own
        return self._count


def _to_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _to_json(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_to_json(item) for item in value]
    if hasattr(value, "tolist"):  # numpy
        return _to_json(value.tolist())
    if isinstance(value, bytes):
        return value.decode()
    return value if isinstance(value, (bool, int, float, str, type(None))) else str(value)
