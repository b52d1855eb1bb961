"""The worker's session creator: it polls for the chief, up to max_wait_secs (D2).

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import contextlib
import math
import os
import threading
import time
from typing import Any, Tuple

from tfmts_compat._extensions import run_cache
from tfmts_compat._rules import checks
from tfmts_compat._upstream import loading, sessions
from tfmts_compat._upstream.parts import get_own_class

_tf: Any = loading.tensorflow()
_UpstreamCreator: Any = get_own_class("WorkerSessionCreator")

_LONGEST_POLL_SECS = 5.0
"""Seconds after max_wait_secs at which an unanswered poll is abandoned."""

_LOG_EVERY_SECS = 30.0
"""Seconds between two log lines of a waiting worker, as upstream."""

_OR_LOCAL = (
    ", or, if only this process uses them, with "
    "collections=[tf.compat.v1.GraphKeys.LOCAL_VARIABLES]"
)


class PollingWorkerSessionCreator(_UpstreamCreator):  # type: ignore[misc]
    """Upstream's creator, which polls every recovery_wait_secs.

    After a ps is lost, upstream calls create_session again, which polls in the same way.
    Everything runs in the caller's thread, except for connecting to the cluster.
    """

    def __init__(
        self,
        scaffold: Any = None,
        master: Any = "",
        config: Any = None,
        max_wait_secs: Any = 30 * 60,
        *,
        recovery_wait_secs: float = 1.0,
        cache_runs: bool = True,
    ) -> None:
        """Takes upstream's arguments, and recovery_wait_secs: seconds between two polls."""
        super().__init__(scaffold, master, config, max_wait_secs)
        self._cache_runs = cache_runs
        self._recovery_wait_secs = float(recovery_wait_secs)

    def create_session(self) -> Any:
        """Waits for the chief.

        Returns:
          A tf.compat.v1.Session whose model is initialized.

        Raises:
          tf.errors.DeadlineExceededError: the chief was not ready in max_wait_secs.
          TypeError, ValueError: it was not ready, and max_wait_secs is not one number.
        """
        self._scaffold.finalize()
        manager = sessions.get_session_manager(self)
        if not sessions.waits_as_upstream(manager):
            return super().create_session()
        started, logged = time.monotonic(), -math.inf
        while True:
            session, not_ready = self._poll(manager, started)
            if not_ready is None:
                if self._cache_runs:
                    run_cache.cache_runs(session)
                return session
            left = started + self._read_max_wait_secs() - time.monotonic()
            if left <= 0:
                names = checks.join_names(not_ready.names)
                raise self._make_deadline_error(
                    f"these variables are not initialized: {names}" if names else not_ready.line,
                    self._find_cause(session.graph, not_ready),
                )
            if time.monotonic() - logged >= _LOG_EVERY_SECS:
                logged = time.monotonic()
                _tf.compat.v1.logging.info("Waiting for model to be ready.  %s", not_ready.line)
                cause = self._find_cause(session.graph, not_ready)
                if cause and logged - started >= _LOG_EVERY_SECS:
                    _tf.compat.v1.logging.warning("This worker may wait for ever. %s", cause)
            time.sleep(min(self._recovery_wait_secs, left, threading.TIMEOUT_MAX))

    def _poll(self, manager: Any, started: float) -> tuple[Any, sessions.NotReady | None]:
        """Opens a session and checks once whether the model is ready.

        Returns:
          The session, and None if the model is ready. Otherwise the session is closed, and
          the second value is what is not ready.
        """
        session = sessions.open_managed_session(manager, self._master, self._config)
        if self._master:
            self._connect(session, started)
        try:
            not_ready = sessions.poll_model(manager, session)
        except _tf.errors.OpError:
            raise  # as upstream; a cluster that fails may not answer close() either
        except BaseException:  # a signal handler's, such as KeyboardInterrupt
            _close(session)
            raise
        if not_ready is not None:
            _close(session)
        return session, not_ready

    def _connect(self, session: Any, started: float) -> None:
        """Connects to the cluster, up to _LONGEST_POLL_SECS after max_wait_secs."""
        config = b"" if self._config is None else self._config.SerializeToString(deterministic=True)
        try:
            limit = self._read_max_wait_secs() + _LONGEST_POLL_SECS
        except (TypeError, ValueError, OverflowError):
            limit = math.inf  # rejected only after a poll that found no initialized model
        if not _connect_before(session, (self._master, config), started + limit):
            raise self._make_deadline_error(
                "the last poll got no answer: without device_filters in config a session "
                "starts only when every process of the cluster answers",
                None,
            )

    def _read_max_wait_secs(self) -> float:
        """Returns max_wait_secs in seconds; upstream accepts any object with arithmetic."""
        if self._max_wait_secs is None:
            return math.inf
        try:
            limit = float(max(0, self._max_wait_secs - 0.0))
            if math.isnan(self._max_wait_secs):
                raise ValueError("not a number")
            if math.isinf(self._max_wait_secs - 0.0) and not limit:
                raise OverflowError("negative infinity")
        except (TypeError, ValueError, OverflowError) as error:
            raise checks.make_argument_error(
                checks.describe_argument("max_wait_secs", self._max_wait_secs),
                "must be a number of seconds, or None to wait without a limit",
                "pass e.g. 7200",
                type(error),
            ) from error
        return limit

    def _make_deadline_error(self, why: str, cause: str | None) -> Exception:
        remedy = cause or (
            "Check whether the chief runs and has the same ClusterSpec, or pass a larger "
            "max_wait_secs."
        )
        error: Exception = _tf.errors.DeadlineExceededError(
            None,
            None,
            f"this worker (master {self._master!r}) waited for the chief for "
            f"max_wait_secs={float(self._max_wait_secs):g} seconds, polling every "
            f"{self._recovery_wait_secs:g} seconds, and {why}. {remedy} See "
            "docs/recipes.md#a-worker-hangs.",
        )
        return error

    def _find_cause(self, graph: Any, not_ready: sessions.NotReady) -> str | None:
        """Explains why the wait may never end although a chief runs, with the remedy.

        Returns:
          One or more sentences; None if the chief may not have initialized anything yet.
        """
        keys = _tf.compat.v1.GraphKeys
        devices = {
            variable.op.name: variable.op.device
            for variable in graph.get_collection(keys.GLOBAL_VARIABLES)
            if hasattr(variable, "op")
        }
        local = [name for name in not_ready.names if name not in devices]
        if not_ready.ran_local_init_op and local:
            return (
                "The local_init_op of this process does not initialize "
                f"{checks.join_names(local)}. Include Scaffold.default_local_init_op() in it."
            )
        missing = [name for name in not_ready.names if name in devices]
        names = checks.join_names(missing)
        if missing and not self._master:
            return (
                "Its master is '', so its variables are in this process, and no chief initializes "
                "them. Pass master=server.target; in a program of one process pass is_chief=True."
            )
        if missing and not any("/job:" in devices[name] for name in missing):
            return (
                "The device of these variables names no job, so they are in the process of this "
                f"worker, where the chief does not initialize them: {names}. Create them with "
                f"tf.compat.v1.train.replica_device_setter as the device{_OR_LOCAL}."
            )
        ready_op = self._scaffold.ready_for_local_init_op
        all_checked = any(
            ready_op is default for default in graph.get_collection(keys.READY_FOR_LOCAL_INIT_OP)
        )
        if missing and all_checked and len(missing) < len(devices):
            return (
                f"{len(devices) - len(missing)} of {len(devices)} global variables are "
                "initialized, so the chief has started. Unless it is still initializing them, its "
                f"graph does not have {names}. Build the same graph in every process{_OR_LOCAL}."
            )
        return None


def _close(session: Any) -> None:
    with contextlib.suppress(Exception):  # as upstream: the session is no longer needed
        session.close()


_Cluster = Tuple[Any, bytes]  # a master and the config for it
_unanswered: dict[_Cluster, _Connection] = {}  # the abandoned connections
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unanswered.clear)  # a child has none of the threads


def _connect_before(session: Any, cluster: _Cluster, deadline: float) -> bool:
    """Connects a session to its cluster.

    TensorFlow starts a session once every process that it may use answers. This may
    never happen, and operation_timeout_in_ms does not end it. Therefore a thread
    connects, and Python can handle signals meanwhile. While an abandoned connection
    has no answer, no other connection to the same cluster is started.

    Args:
      session: the session.
      cluster: its master and config.
      deadline: when to abandon it, by time.monotonic().

    Returns:
      Whether there was an answer in time.

    Raises:
      tf.errors.OpError: the session cannot be started.
    """
    earlier = _unanswered.get(cluster)
    if earlier is not None and not earlier.answered.wait(_secs_until(deadline)):
        return False
    connection = _Connection(session, cluster)
    answered = False
    try:
        answered = connection.answered.wait(_secs_until(deadline))
    finally:  # also after an exception from a signal handler
        if not answered:
            connection.abandon()
    if connection.error is not None:
        raise connection.error
    return answered


def _secs_until(deadline: float) -> float:
    return min(max(0.0, deadline - time.monotonic()), threading.TIMEOUT_MAX)


class _Connection(threading.Thread):
    """Connects a session to its cluster, and runs nothing of the model."""

    def __init__(self, session: Any, cluster: _Cluster) -> None:
        super().__init__(name="connecting to the cluster", daemon=True)
        self.answered = threading.Event()
        self.error: Exception | None = None
        self._abandoned = False
        self._lock = threading.Lock()
        self._session = session
        self._cluster = cluster
        self.start()

    def run(self) -> None:
        try:
            self._session.make_callable([])  # sends the graph, and so starts the session
        except Exception as error:
            self.error = error
        with self._lock:
            self.answered.set()
        if self._abandoned:
            if _unanswered.get(self._cluster) is self:  # two can be abandoned at once
                del _unanswered[self._cluster]
            _close(self._session)

    def abandon(self) -> None:
        """Makes this thread close the session when the cluster answers."""
        with self._lock:
            self._abandoned = not self.answered.is_set()
            if self._abandoned:
                _unanswered[self._cluster] = self
        if not self._abandoned:
            _close(self._session)
