"""How a worker waits for the chief: it looks often, and gives up in time (D2).

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import dataclasses
import numbers
import threading
import time
from typing import Any

from tfmts_compat import checks, upstream

_DeadlineExceededError = upstream.tensorflow().errors.DeadlineExceededError
_UpstreamCreator: Any = upstream.v1().train.WorkerSessionCreator

_LONGEST_LOOK_SECS = 5.0
"""How long after max_wait_secs a look that has had no answer is given up."""


class WorkerSessionCreator(_UpstreamCreator):  # type: ignore[misc]
    """Upstream's creator, with a SessionManager that looks every recovery_wait_secs.

    After a lost ps upstream calls create_session again, so that wait is as quick.
    """

    def __init__(
        self, scaffold: Any, master: Any, config: Any, max_wait_secs: Any, recovery_wait_secs: float
    ) -> None:
        """Takes upstream's arguments, and recovery_wait_secs: seconds between two looks."""
        super().__init__(scaffold, master, config, max_wait_secs)
        self._chief = _Chief(scaffold, master, config, max_wait_secs, recovery_wait_secs)

    def create_session(self) -> Any:
        """Waits for the chief.

        Returns:
          A tf.compat.v1.Session whose model is initialized.

        Raises:
          tf.errors.DeadlineExceededError: the chief was not ready in max_wait_secs.
          TypeError, ValueError: it was not ready, and max_wait_secs is not one number.
        """
        return self._chief.wait_for()


@dataclasses.dataclass
class _Chief:
    """The chief, as a worker waits for it."""

    scaffold: Any
    master: Any
    config: Any
    max_wait_secs: Any
    recovery_wait_secs: float
    manager: Any = None

    def wait_for(self) -> Any:
        """Waits in a daemon thread, and leaves it behind if a look gets no answer.

        A look can last for ever: TensorFlow starts a session once every process that
        it may use answers, and operation_timeout_in_ms does not end that. The thread
        also lets Python handle signals meanwhile.
        """
        self.scaffold.finalize()
        if self.manager is None:
            self.manager = upstream.v1().train.SessionManager(
                local_init_op=self.scaffold.local_init_op,
                local_init_feed_dict=self.scaffold.local_init_feed_dict,
                ready_op=self.scaffold.ready_op,
                ready_for_local_init_op=self.scaffold.ready_for_local_init_op,
                recovery_wait_secs=self.recovery_wait_secs,
            )
        limit = self.max_wait_secs
        if not isinstance(limit, numbers.Real) or not limit < float("inf"):
            limit = None  # without end, or for upstream to judge
        patience = None if limit is None else max(0.0, float(limit)) + _LONGEST_LOOK_SECS
        looking = _Looking(lambda: self._wait(limit))
        looking.join(patience and min(patience, threading.TIMEOUT_MAX))
        if looking.is_alive():
            raise self._too_late(
                "the last look got no answer: without device_filters in config a session "
                "starts only when every process of the cluster answers"
            )
        try:
            return looking.result()
        except (TypeError, ValueError) as error:
            if self.max_wait_secs is None or isinstance(self.max_wait_secs, numbers.Real):
                raise
            # Upstream does arithmetic with it once a look has found no model, not before.
            raise checks.rejected(
                checks.given("max_wait_secs", self.max_wait_secs),
                "must be a number of seconds, or None to wait without end",
                "pass e.g. 7200",
                type(error),
            ) from error

    def _wait(self, limit: Any) -> Any:
        """Waits as upstream does, which is up to one look short of the limit, and looks again."""
        started = time.monotonic()
        try:
            return self.manager.wait_for_session(self.master, self.config, self.max_wait_secs)
        except _DeadlineExceededError:
            left = None if limit is None else limit - (time.monotonic() - started)
            if left is None or left > self.recovery_wait_secs:
                raise  # a timeout of the caller's own, from config
        time.sleep(max(0, left))
        try:
            return self.manager.wait_for_session(self.master, self.config, max_wait_secs=0)
        except _DeadlineExceededError as error:
            raise self._too_late("the model's variables are not initialized") from error

    def _too_late(self, why: str) -> Exception:
        error: Exception = _DeadlineExceededError(
            None,
            None,
            f"this worker (master {self.master!r}) waited for the chief for "
            f"max_wait_secs={float(self.max_wait_secs):g} seconds, looking every "
            f"{float(self.recovery_wait_secs):g} seconds, and {why}. See whether the chief runs "
            "and has the same ClusterSpec, or pass a larger max_wait_secs.",
        )
        return error


class _Looking(threading.Thread):
    """Runs a function in a daemon thread, and keeps what it returns or raises."""

    def __init__(self, function: Any) -> None:
        super().__init__(name="waiting for the chief", daemon=True)
        self._function = function
        self._value: Any = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._value = self._function()
        except BaseException as error:
            self._error = error

    def result(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._value
