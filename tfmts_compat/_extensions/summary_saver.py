"""A summary saver with a cadence that holds if threads share a session (D7).

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import copy
import threading
from typing import Any

from tfmts_compat._upstream.parts import get_own_class

_SummarySaverHook: Any = get_own_class("SummarySaverHook")
_REQUEST = "tfmts_compat_summary_request"  # an attribute of a run's context


class PerRunSummarySaverHook(_SummarySaverHook):  # type: ignore[misc]
    """Upstream's SummarySaverHook, with a cadence that holds if threads share a session.

    Upstream keeps in the hook whether the current run requested a summary, and the run
    of another thread overwrites it. Here it is kept in the run's context. While the run
    that requested a summary is in progress, the cadence of the other threads counts from
    the request, so that they do not request the same summary again.
    """

    _timer: Any  # upstream's
    # Set on the class, so that an object that has not run yet has only upstream's attributes.
    _runs = 0  # begun so far
    _requester: int | None = None  # the thread of the latest request
    _since_request: Any = None  # a timer for the other threads

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lock = threading.RLock()

    def before_run(self, run_context: Any) -> Any:
        with self._lock:
            self._runs += 1
            thread, timer = threading.get_ident(), self._timer
            if self._since_request is not None and self._requester != thread:
                self._timer = self._since_request
            try:
                request = super().before_run(run_context)
            finally:
                self._timer = timer
            if self._request_summary and self._next_step is not None:
                self._requester, self._since_request = thread, copy.copy(timer)
                self._since_request.update_last_triggered_step(self._next_step)
            setattr(run_context, _REQUEST, (self._request_summary, self._runs))
        return request

    def after_run(self, run_context: Any, run_values: Any) -> None:
        with self._lock:
            self._request_summary, run = getattr(run_context, _REQUEST)
            if self._request_summary and run == self._runs:  # no other run began meanwhile
                self._since_request = None
            super().after_run(run_context, run_values)
