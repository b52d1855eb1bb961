"""The private parts of TensorFlow's sessions, session creators, hooks and graphs.

Importing this module does not import TensorFlow; its functions do.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from tfmts_compat import _upstream

if TYPE_CHECKING:
    from tfmts_compat._upstream import SecondOrStepTimer


def saver_directory(hook: object) -> str | None:
    """Where a CheckpointSaverHook saves, or None for any other hook."""
    if not isinstance(hook, _upstream.v1().train.CheckpointSaverHook):
        return None
    return str(hook._checkpoint_dir)


def saver_timer(hook: Any) -> SecondOrStepTimer:
    """The timer by which a CheckpointSaverHook decides when to save."""
    timer: SecondOrStepTimer = hook._timer
    return timer


def restore_directory(creator: Any) -> Any:
    """Where a ChiefSessionCreator restores from, or None."""
    return creator._checkpoint_dir


def session_manager(creator: Any) -> Any:
    """The SessionManager of a WorkerSessionCreator, created for the default graph on first use."""
    return creator._get_session_manager()


def waits_as_upstream(manager: Any) -> bool:
    """Whether a SessionManager has TensorFlow's own wait_for_session."""
    return _upstream.is_from_tensorflow(manager, "wait_for_session")


def managed_session(manager: Any, master: Any, config: Any) -> Any:
    """A new tf.compat.v1.Session of the graph that a SessionManager is for."""
    return _upstream.v1().Session(master, graph=manager._graph, config=config)


def not_ready(manager: Any, session: Any) -> str | None:
    """Polls once, as SessionManager.wait_for_session does, in an open session.

    Runs the local init op if the model is ready for it, and checks whether the model is ready.

    Returns:
      What is not ready, as upstream logs it; None if the model is ready.
    """
    initialized, not_initialized = manager._try_run_local_init_op(session)
    ready, missing = manager._model_ready(session) if initialized else (False, None)
    return None if ready else f"Ready_for_local_init_op:  {not_initialized}, ready: {missing}"


def tf_session(session: Any) -> Any:
    """The tf.compat.v1.Session that a monitored session uses now; None if it is closed.

    Raises:
      TypeError: session is not one of upstream's monitored sessions.
    """
    if isinstance(session, _upstream.v1().Session):
        return session
    try:
        return session._tf_sess()
    except AttributeError:
        raise TypeError(
            f"session={session!r} ({type(session).__name__}): must be a monitored session of "
            "tf.compat.v1.train; pass the session that MonitoredTrainingSession returned."
        ) from None


def parts(session: Any) -> tuple[Any, Any, list[str]]:
    """The parts of a monitored session.

    Returns:
      Its session creator, its hooks, and the class names from it down to the
      tf.compat.v1.Session inside.
    """
    classes, inner = [], session
    while inner is not None:
        classes.append(type(inner).__name__)
        inner = getattr(inner, "_sess", None)
    return session._coordinated_creator._session_creator, session._hooks, classes


def global_step_read() -> Any:
    """The tensor by which hooks read the global step; a train op that waits for it has no race."""
    training_util = importlib.import_module("tensorflow.python.training.training_util")
    return training_util._get_or_create_global_step_read()


def needs_global_step(hook: object) -> bool:
    """Whether the hook has a begin() of upstream's that fails without a global step."""
    train = _upstream.v1().train
    names = ("CheckpointSaver", "GlobalStepWaiter", "Profiler", "StepCounter", "StopAtStep")
    begins = [getattr(train, f"{name}Hook").begin for name in (*names, "SummarySaver")]
    return getattr(type(hook), "begin", None) in begins


def has_own_begin(hook: object) -> bool:
    """Whether the hook has a begin() that is not upstream's, so that it may do anything.

    Those of upstream's hooks create no global step and make no directory usable.
    """
    return not getattr(hook.begin, "__module__", "").startswith("tensorflow.")  # type: ignore[attr-defined]


def can_read_global_step() -> bool:
    """Whether the graph has the op by which hooks read the step, or it can still be added."""
    graph = _upstream.v1().get_default_graph()
    return not graph.finalized or bool(graph.get_collection("global_step_read_op_cache"))


def can_be_initialized(scaffold: Any) -> bool:
    """Whether the graph has the ops that a scaffold creates, or they can still be added."""
    graph = _upstream.v1().get_default_graph()
    has_init_op = graph.get_collection("init_op") or getattr(scaffold, "init_op", None) is not None
    return not graph.finalized or bool(has_init_op)


def scheme_error(master: Any) -> Exception | None:
    """The error that TensorFlow raises for a master's scheme, or None; skips '' and grpc://."""
    tf = _upstream.tensorflow()
    address = os.fsdecode(master or "")
    if not address or address.startswith("grpc://"):
        return None
    try:
        with tf.Graph().as_default():
            tf.compat.v1.Session(master).close()
    except tf.errors.NotFoundError as error:
        found: Exception = error
        return found
    return None
