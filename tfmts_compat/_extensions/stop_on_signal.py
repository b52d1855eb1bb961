"""A hook that ends the training loop on a signal, so that a last checkpoint is saved.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import Any, Iterable

from tfmts_compat import _warnings
from tfmts_compat._rules import checks
from tfmts_compat._upstream import sessions
from tfmts_compat._upstream.parts import get_own_class

_SessionRunHook: Any = get_own_class("SessionRunHook")
# Windows has neither of them.
_NOT_CATCHABLE = {getattr(signal, name, None) for name in ("SIGKILL", "SIGSTOP")}


class StopOnSignalHook(_SessionRunHook):  # type: ignore[misc]
    """Stops the training loop after the step in which a signal arrives.

    The session then ends as after the last step: the default saver saves a
    checkpoint, and the program continues after the `with` block. There `received`
    shows whether a signal ended the loop.

    - The hook sets its signal handlers when the first session has been created. Before
      that there is nothing to save, and a signal ends a worker that waits for the chief.
    - The first signal restores the earlier handlers of all signals, so that a second
      signal has its earlier effect. end() restores them, too.
    - If an exception ends the loop, end() is not called. The next signal then restores the
      earlier handlers and is passed on. If the program has finalized the graph itself,
      that signal is only logged.
    - In a forked child the first signal restores the earlier handlers and is passed on.
    - If a signal arrives while a lost session is created again, the loop ends after the
      first step of the new session.

    Attributes:
      received: the number of the signal that has arrived, or None.
    """

    def __init__(self, signals: Iterable[int] = (signal.SIGTERM,)) -> None:
        """Creates the hook; no signal handler is changed yet.

        Args:
          signals: the signals to stop on.

        Raises:
          TypeError: signals is not an iterable of signal numbers.
          ValueError: a signal does not exist or cannot be caught.
        """
        self.received: int | None = None
        self._signals = tuple(_check_signals(signals))
        self._earlier: dict[int, Any] = {}
        self._session: Any = None
        self._process: int | None = None  # the one that set the handlers

    def begin(self) -> None:
        """Checks that this is the main thread.

        Raises:
          RuntimeError: this is not the main thread.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError(
                "StopOnSignalHook: Python handles signals in the main thread only, but this is "
                f"thread {threading.current_thread().name!r}; open the session in the main "
                "thread, or remove the hook."
            )

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Sets the signal handlers, for the first session only."""
        del coord
        self._session = session
        if self.received is None and not self._earlier:
            self._process = os.getpid()
            for number in self._signals:
                self._earlier[number] = signal.getsignal(number)
                signal.signal(number, self._stop)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Requests the stop if a signal has arrived."""
        del run_values
        if self.received is not None:
            run_context.request_stop()

    def end(self, session: Any) -> None:
        """Restores the earlier signal handlers."""
        del session
        self._restore_handlers()

    def _stop(self, number: int, frame: Any) -> None:
        del frame
        self._restore_handlers()
        # A forked child has no loop to end. A lost session is closed, too, but its graph stays
        # finalized until an exception has ended the loop.
        ended = sessions.is_closed(self._session) and not self._session.graph.finalized
        if os.getpid() != self._process or ended:
            signal.raise_signal(number)
            return
        self.received = number
        _warnings.log(
            "%s: the loop ends after this step; a second signal has its usual effect.",
            signal.Signals(number).name,
        )

    def _restore_handlers(self) -> None:
        while self._earlier:
            number, handler = self._earlier.popitem()
            # None means a handler that Python did not set and cannot restore.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _check_signals(signals: Any) -> list[signal.Signals]:
    instead = "pass e.g. (signal.SIGTERM,)"
    try:
        numbers = list(signals)
    except TypeError as problem:
        raise checks.make_rejection(
            checks.describe_argument("signals", signals), "must be an iterable of signals", instead
        ) from problem
    for index, number in enumerate(numbers):
        what = checks.describe_argument(f"signals[{index}]", number)
        if not isinstance(number, int):
            raise checks.make_rejection(what, "must be a signal's number", instead)
        if number not in signal.valid_signals() or number in _NOT_CATCHABLE:
            raise checks.make_rejection(
                what, "does not exist or cannot be caught", instead, ValueError
            )
    return [signal.Signals(number) for number in numbers]
