"""TensorFlow's sessions, session creators and hooks."""

from __future__ import annotations

import contextlib
import inspect
import itertools
import os
import sys
import types
import weakref
from typing import Any, Callable, Iterable, NamedTuple

from tfmts_compat._upstream import parts
from tfmts_compat._upstream.loading import tensorflow

_LEVELS = 5  # of attributes and elements, e.g. hook, list, inner hook, model, optimizer
_MOST_PARTS = 10_000  # in one level; a hook may refer to all training data


def find_saver_directory(hook: object) -> str | None:
    """Returns where a CheckpointSaverHook saves, or None for any other hook."""
    if not isinstance(hook, parts.get_part("CheckpointSaverHook")):
        return None
    directory = getattr(hook, "_checkpoint_dir", None)  # a subclass may not call __init__
    return None if directory is None else str(directory)


def find_last_step(hook: object) -> float | None:
    """Returns the step at which a StopAtStepHook stops; None for another hook or if unknown."""
    methods = ("after_create_session", "after_run")  # another method may use another step
    if not (
        isinstance(hook, parts.get_part("StopAtStepHook"))
        and all(parts.is_from_tensorflow(hook, method) for method in methods)
    ):
        return None
    return getattr(hook, "_last_step", None)  # num_steps sets it in after_create_session


def get_init_fn(scaffold: Any) -> Any | None:
    """Returns the init_fn of the caller that a Scaffold calls; None if there is none or unknown.

    A Scaffold wraps it in a function that passes it the Scaffold and the session.
    """
    if not parts.is_from_tensorflow(scaffold, "init_fn"):
        return None
    return inspect.getclosurevars(scaffold.init_fn).nonlocals.get("init_fn")


def synchronizes(hook: object, is_chief: bool) -> bool:
    """Returns whether a hook may do the work of SyncReplicasOptimizer.make_session_run_hook.

    It is such a hook, or a program's hook that refers to one, to the optimizer or to its queue
    runner, also through other objects. A hook that refers to too many objects, or to one that
    cannot be read, counts as such a hook.

    Args:
      hook: the hook.
      is_chief: whether the work is a chief's, which a worker's hook does not do.
    """
    if _is_synchronizing(hook):
        return not is_chief or bool(getattr(hook, "_is_chief", True))
    found = [hook]
    for cls in type(hook).__mro__:
        for name, function in vars(cls).items():
            if inspect.isfunction(function) and not parts.is_from_tensorflow(cls, name):
                try:
                    variables = inspect.getclosurevars(function)
                except ValueError:  # a variable of an outer function that has no value yet
                    return True
                found += [*variables.nonlocals.values(), *variables.globals.values()]
    with contextlib.suppress(Exception):  # e.g. of a proxy without an object
        return _refer_to_tokens(found)
    return True


def _refer_to_tokens(found: list[Any]) -> bool:
    known: set[int] = set()
    for _ in range(_LEVELS):
        new = [value for value in found if id(value) not in known]
        if len(found) > _MOST_PARTS or any(map(_serves_tokens, new)):
            return True
        known.update(map(id, new))
        parts_of_new = itertools.chain.from_iterable(map(_list_parts, new))
        found = list(itertools.islice(parts_of_new, _MOST_PARTS + 1))
    return False


def _is_synchronizing(value: object) -> bool:
    return any("SyncReplicas" in cls.__name__ for cls in type(value).__mro__)


def _serves_tokens(value: object) -> bool:
    """Returns whether a value is the optimizer, its hook or a queue runner.

    Some libraries have a copy of the optimizer, with another name. A queue runner does not show
    its queue in every version of TensorFlow.
    """
    if isinstance(value, tensorflow().compat.v1.train.QueueRunner):
        return True
    return _is_synchronizing(value) or hasattr(type(value), "get_chief_queue_runner")


def _list_parts(value: Any) -> Iterable[Any]:
    """Returns the elements of a container, or the attributes of an object of the program."""
    if isinstance(value, (list, tuple)):
        return value
    if isinstance(value, dict):
        return value.values()
    of_tensorflow = str(type(value).__module__).startswith("tensorflow.")
    if of_tensorflow or isinstance(value, (type, types.ModuleType)):
        return ()
    attributes: dict[str, Any] = getattr(value, "__dict__", {})
    return attributes.values()


def get_session_manager(creator: Any) -> Any:
    """Returns the SessionManager of a WorkerSessionCreator, which is created on first use."""
    return creator._get_session_manager()


def waits_as_upstream(manager: Any) -> bool:
    """Returns whether a SessionManager has TensorFlow's own wait_for_session."""
    return parts.is_from_tensorflow(manager, "wait_for_session")


def open_managed_session(manager: Any, master: Any, config: Any) -> Any:
    """Opens a tf.compat.v1.Session of the graph that a SessionManager is for."""
    return parts.get_part("Session")(master, graph=manager._graph, config=config)


class NotReady(NamedTuple):
    """What a poll found.

    Attributes:
      line: what is not ready, as upstream logs it.
      names: the variables and resources that are not initialized.
      ran_local_init_op: whether the model was ready for the local init op, which ran.
    """

    line: str
    names: list[str]
    ran_local_init_op: bool


def poll_model(manager: Any, session: Any) -> NotReady | None:
    """Polls once, as SessionManager.wait_for_session does, in an open session.

    Runs the local init op if the model is ready for it, and checks whether the model is ready.

    Returns:
      What is not ready; None if the model is ready.
    """
    initialized, not_initialized = manager._try_run_local_init_op(session)
    ready, missing = manager._model_ready(session) if initialized else (False, None)
    if ready:
        return None
    names = str(missing or not_initialized).partition("Variables not initialized: ")[2]
    line = f"Ready_for_local_init_op:  {not_initialized}, ready: {missing}"
    return NotReady(line, names.split(", ") if names else [], initialized)


def get_tf_session(session: Any) -> Any:
    """Returns the tf.compat.v1.Session that a monitored session uses now; None if it is closed.

    Raises:
      TypeError: session is not one of upstream's monitored sessions.
    """
    if isinstance(session, parts.get_part("Session")):
        return session
    try:
        return session._tf_sess()
    except AttributeError:
        raise TypeError(
            f"session={session!r} ({type(session).__name__}): must be a monitored session of "
            "tf.compat.v1.train; pass the session that MonitoredTrainingSession returned."
        ) from None


def is_closed(session: Any) -> bool:
    """Returns whether a tf.compat.v1.Session is closed."""
    return bool(session._closed)


def unwrap_session(session: Any) -> tuple[Any, Any, list[str]]:
    """Takes a monitored session apart.

    Returns:
      Its session creator, its hooks, and the class names from it down to the
      tf.compat.v1.Session inside.
    """
    classes, inner = [], session
    while inner is not None:
        classes.append(type(inner).__name__)
        inner = getattr(inner, "_sess", None)
    return session._coordinated_creator._session_creator, session._hooks, classes


def watch_end(
    session: Any,
    report: Callable[[Any, BaseException], None],
    explain: Callable[[BaseException], None],
) -> None:
    """Makes a new MonitoredSession pass on the error because of which it is closed.

    Args:
      session: the monitored session.
      report: takes the monitored session, before it is closed, and an OutOfRangeError or
        StopIteration, which TensorFlow does not raise again at the end of the `with` block.
      explain: takes any error that is raised or handled while the session is closed.
    """
    try:
        inner = session._sess  # the same object until the monitored session is closed
        code = inspect.unwrap(type(session).__exit__).__code__
        close_method = weakref.WeakMethod(inner.close)  # a strong reference would be a cycle
    except (AttributeError, TypeError):  # the class of a program that replaced MonitoredSession
        return

    def pass_on_and_close() -> None:
        close: Any = close_method()
        try:
            raised = sys.exc_info()[1]  # in a `with` block, a `finally`, or the end() of a hook
            if raised is not None:
                explain(raised)
            frame: types.FrameType | None = sys._getframe()
            while frame is not None and frame.f_code is not code:
                frame = frame.f_back
            if frame is not None and frame.f_locals["self"]._sess is close.__self__:
                error = frame.f_locals.get("exception_value")
                if error is not None and frame.f_locals.get("exception_type") is None:
                    report(frame.f_locals["self"], error)
        finally:
            close()

    inner.close = pass_on_and_close


def is_stop_requested(session: Any) -> bool:
    """Returns whether a hook or a thread has requested a stop of an open monitored session.

    should_stop() may create the session again, if a thread has failed.
    """
    if session._coordinated_creator.coord.should_stop():
        return True
    inner = session._sess
    while not hasattr(inner, "_should_stop"):  # the session that calls the hooks
        inner = inner._sess
    return bool(inner._should_stop)


def read_global_step(session: Any) -> int | None:
    """Returns the global step of an open tf.compat.v1.Session; None if there is none.

    Raises:
      tf.errors.OpError: the session cannot read it, or not within 5 seconds.
    """
    step = parts.get_part("get_global_step")(session.graph)
    options = parts.get_part("RunOptions")(timeout_in_ms=5000)
    return None if step is None else int(session.run(step, options=options))


def needs_global_step(hook: object) -> bool:
    """Returns whether the hook has a begin() of upstream's that fails without a global step."""
    names = ("CheckpointSaver", "GlobalStepWaiter", "Profiler", "StepCounter", "StopAtStep")
    begins = [parts.get_part(f"{name}Hook").begin for name in (*names, "SummarySaver")]
    return getattr(type(hook), "begin", None) in begins


def has_own_begin(hook: object) -> bool:
    """Returns whether the hook has a begin() that is not TensorFlow's.

    Such a begin() may create a global step or a directory. TensorFlow's own never do.
    """
    module = getattr(hook.begin, "__module__", None)  # type: ignore[attr-defined]
    return not str(module).startswith("tensorflow.")  # None for a method made by exec()


def find_scheme_error(master: Any) -> Exception | None:
    """Returns the error that TensorFlow raises for a master's scheme; None for '' and grpc://."""
    tf = tensorflow()
    address = os.fsdecode(master or "")
    if not address or address.startswith("grpc://"):
        return None
    try:
        with tf.Graph().as_default():
            parts.get_part("Session")(master).close()
    except tf.errors.NotFoundError as error:
        found: Exception = error
        return found
    return None


def knows_scheme(scheme: str) -> bool:
    """Returns whether TensorFlow has a file system for a scheme such as gs; uses no network."""
    gfile = tensorflow().io.gfile
    if hasattr(gfile, "get_registered_schemes"):
        return scheme in gfile.get_registered_schemes()
    return True  # TensorFlow 2.4 has no list of schemes; it raises an error later
