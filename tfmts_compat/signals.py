"""Ending the loop on a signal, so that the last checkpoint is saved.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import signal
import threading
from typing import Any, Iterable

from absl import logging

from tfmts_compat import checks, upstream

_SessionRunHook: Any = upstream.v1().train.SessionRunHook


class StopOnSignalHook(_SessionRunHook):  # type: ignore[misc]
    """Stops the loop after the step in which a signal arrives.

    The session then ends as it does after the last step: the default saver saves a
    checkpoint, and the process goes on behind the `with` block, where `received`
    says whether it was a signal.

    The signals are taken over once the first session stands: before that nothing
    is lost, and a worker that waits for the chief ends as it always did. The first
    signal hands all of them back, so the second one does what it did before; so
    does end(). A loop that an exception ends calls no end(): the first signal after
    it is passed on to the earlier handler, which is put back as well. (That is seen
    from the graph, which a closed session leaves unfinalized; one finalized by the
    program stays so, and then the first signal after the exception is only logged.)
    While a lost session is created anew, a signal is kept until its first step.

    Attributes:
      received: the signal's number once one has arrived, else None.
    """

    def __init__(self, signals: Iterable[int] = (signal.SIGTERM,)) -> None:
        """Prepares the hook; no handler is changed yet.

        Args:
          signals: the signals to stop on.

        Raises:
          TypeError: signals is not an iterable of signal numbers.
          ValueError: there is no such signal, or it cannot be caught.
        """
        self.received: int | None = None
        self._signals = tuple(_checked(signals))
        self._earlier: dict[int, Any] = {}
        self._graph: Any = None

    def begin(self) -> None:
        """Checks where it runs.

        Raises:
          RuntimeError: this is not the main thread.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError(
                "StopOnSignalHook: Python handles signals in the main thread only, and this is "
                f"thread {threading.current_thread().name!r}; open the session in the main "
                "thread, or leave the hook out."
            )

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Takes the signals over, the first time."""
        del coord
        self._graph = session.graph
        if self.received is None and not self._earlier:
            for number in self._signals:
                self._earlier[number] = signal.getsignal(number)
                signal.signal(number, self._stop)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Asks for the stop, once a signal has arrived."""
        del run_values
        if self.received is not None:
            run_context.request_stop()

    def end(self, session: Any) -> None:
        """Hands the signals back."""
        del session
        self._hand_back()

    def _stop(self, number: int, frame: Any) -> None:
        del frame
        self._hand_back()
        if not self._graph.finalized:  # the session was closed by an exception
            signal.raise_signal(number)
            return
        self.received = number
        logging.info(
            "%s: the loop ends after this step; a second signal is not held up.",
            signal.Signals(number).name,
        )

    def _hand_back(self) -> None:
        while self._earlier:
            number, handler = self._earlier.popitem()
            # None is a handler that Python did not install and cannot put back.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _checked(signals: Any) -> list[signal.Signals]:
    instead = "pass e.g. (signal.SIGTERM,)"
    try:
        numbers = list(signals)
    except TypeError as problem:
        raise checks.rejected(
            checks.given("signals", signals), "must be an iterable of signals", instead
        ) from problem
    for index, number in enumerate(numbers):
        what = checks.given(f"signals[{index}]", number)
        if not isinstance(number, int):
            raise checks.rejected(what, "must be a signal's number", instead)
        if number not in signal.valid_signals() or number in (signal.SIGKILL, signal.SIGSTOP):
            raise checks.rejected(what, "no program can catch it", instead, ValueError)
    return [signal.Signals(number) for number in numbers]
