"""Argument checks.

The functions depend only on their parameters, and raise an exception if a rule is broken.
`plan` calls those that need only the arguments of a call, `_preflight` those that need facts
about TensorFlow. Upstream rejects the same arguments, but later and with less information.
The exception has upstream's class, or TypeError where upstream raises AttributeError.
"""

from __future__ import annotations

import functools
import inspect
import numbers
import os
import re
import reprlib
import types
from typing import Any, Iterable

_MARK = "rejected_by_tfmts_compat"  # an attribute of the exceptions that a check raises
HOOK_METHODS = ("begin", "after_create_session", "before_run", "after_run", "end")
_MOST_NAMES = 10  # in a message


def short_repr(value: Any) -> str:
    """Returns a short repr; never raises."""
    try:
        return reprlib.repr(value)
    except Exception:
        return f"<{type(value).__name__}>"


def join_names(names: Iterable[str]) -> str:
    """Returns the names as a list for a message; of many names, the first ten."""
    found = list(names)
    more = [f"and {len(found) - _MOST_NAMES} more"] if len(found) > _MOST_NAMES else []
    return ", ".join(found[:_MOST_NAMES] + more)


def describe_argument(argument: str, value: Any) -> str:
    """Describes an argument as it was passed: `name=value (type)`."""
    return f"{argument}={short_repr(value)} ({type(value).__name__})"


def make_argument_error(
    what: str, rule: str, instead: str, error: type[Exception] = TypeError
) -> Exception:
    """Builds the exception for an argument that breaks a rule.

    Args:
      what: the argument, its value and type; see `describe_argument`.
      rule: the rule it breaks.
      instead: what to pass instead.
      error: the class to raise; a tf.errors class works too.
    """
    message = f"{what}: {rule}; {instead}."
    if hasattr(error, "error_code"):
        return error(None, None, message)  # tf.errors.OpError(node_def, op, message)
    return error(message)


def make_rejection(
    what: str, rule: str, instead: str, error: type[Exception] = TypeError
) -> Exception:
    """Builds the exception of a check; see `argument_error` and `is_rejection`."""
    return _mark(make_argument_error(what, rule, instead, error))


def is_rejection(error: BaseException) -> bool:
    """Returns whether a check raised the error, before the call created or wrote anything."""
    return getattr(error, _MARK, False)


def _mark(error: Exception) -> Exception:
    setattr(error, _MARK, True)
    return error


def to_bool(argument: str, value: Any) -> bool:
    """Returns the truth value of an argument such as is_chief."""
    try:
        return bool(value)
    except Exception as problem:
        error: type[Exception] = TypeError
        if isinstance(problem, (TypeError, ValueError)):
            error = type(problem)  # for a tensor it is a class of TensorFlow's
        raise make_rejection(
            describe_argument(argument, value), "has no truth value", "pass True or False", error
        ) from problem


def check_seconds(argument: str, value: Any) -> None:
    """Checks a number of seconds: it is finite and above 0."""
    if not isinstance(value, numbers.Real):
        raise make_rejection(
            describe_argument(argument, value), "must be a number of seconds", "pass e.g. 1.0"
        )
    if not 0 < float(value) < float("inf"):
        raise make_rejection(
            describe_argument(argument, value),
            "must be a finite number of seconds above 0",
            "pass e.g. 1.0",
            ValueError,
        )


def check_iterable_of_hooks(argument: str, value: Any) -> None:
    """Checks a list of hooks: None, a list, a tuple, a generator or a set."""
    if not to_bool(argument, value):
        return
    try:
        iter(value)
    except TypeError as problem:
        instead = f"pass [{type(value).__name__}(...)]" if is_hook(value) else "pass a list"
        raise make_rejection(
            describe_argument(argument, value), "must be a list of SessionRunHook objects", instead
        ) from problem


def is_hook(value: Any) -> bool:
    """Returns whether value has the five methods; upstream does not check the base class."""
    return all(callable(getattr(value, name, None)) for name in HOOK_METHODS)


def check_hook(argument: str, index: int, value: Any) -> None:
    """Checks one item of hooks or chief_only_hooks: any object with the five methods."""
    what = describe_argument(f"{argument}[{index}]", value)
    if not is_hook(value):
        missing = [m for m in HOOK_METHODS if not callable(getattr(value, m, None))]
        raise make_rejection(
            what,
            f"must be a SessionRunHook, but has no {', '.join(missing)}()",
            "pass SessionRunHook objects, or objects with its five methods",
        )
    if _is_bare_class(value, "begin"):
        raise make_rejection(
            what, "must be a hook object, not its class", f"pass {value.__name__}(...)"
        )


def check_scaffold(value: Any) -> None:
    """Checks a Scaffold; any object with a finalize() is accepted."""
    if not callable(getattr(value, "finalize", None)):
        raise make_rejection(
            describe_argument("scaffold", value),
            "must be a Scaffold",
            "pass tf.compat.v1.train.Scaffold(...) or leave it out",
        )
    if _is_bare_class(value, "finalize"):
        raise make_rejection(
            describe_argument("scaffold", value),
            "must be an object, not its class",
            "pass Scaffold(...)",
        )


def find_call_problem(function: Any, *arguments: Any) -> str | None:
    """Returns why a function cannot be called with these arguments; None if it may be possible.

    Only Python functions, methods and functools.partial of them are checked, because the signature
    of any other object, such as a decorated function, may differ from what it takes.
    """
    inner = function
    while isinstance(inner, (functools.partial, types.MethodType)):
        inner = inner.func if isinstance(inner, functools.partial) else inner.__func__
    if not callable(function):
        return "it cannot be called"
    if type(inner) is not types.FunctionType or hasattr(inner, "__signature__"):
        return None
    try:
        inspect.signature(function, follow_wrapped=False).bind(*arguments)
    except TypeError as problem:
        return str(problem)
    except ValueError:  # it has no signature
        return None
    return None


_FOR_EACH_GRAPH = (
    "create the Scaffold and the hooks again for each graph, and open the session inside "
    "the `with graph.as_default():` of the model's graph"
)


def reject_op(argument: str, name: str) -> None:
    """Rejects a tensor or an operation of another graph than the session's."""
    raise make_rejection(
        f"{argument}={name!r}",
        "must be in the session's graph, which is the default graph of this thread",
        _FOR_EACH_GRAPH,
        ValueError,
    )


def check_saver(in_graph: bool) -> None:
    """Checks the saver of a Scaffold: its operations are in the session's graph."""
    if not in_graph:
        raise make_rejection(
            "scaffold.saver",
            "must be a Saver for the session's graph, which does not have its operations",
            _FOR_EACH_GRAPH,
        )


def check_init_fn(value: Any) -> None:
    """Checks the init_fn of a Scaffold; TensorFlow calls it with the Scaffold and the session."""
    problem = None if value is None else find_call_problem(value, None, None)
    if problem is not None:
        name = getattr(value, "__name__", "")
        takes_session = name.isidentifier() and find_call_problem(value, None) is None
        call = f"{name}(session)" if takes_session else "saver.restore(session, path)"
        raise make_rejection(
            describe_argument("scaffold.init_fn", value),
            f"must be a function init_fn(scaffold, session), but {problem}",
            f"pass e.g. init_fn=lambda scaffold, session: {call}",
        )


def _is_bare_class(value: Any, method: str) -> bool:
    """Returns whether value is a class whose method cannot be called without an instance."""
    if not inspect.isclass(value):
        return False
    try:
        inspect.signature(getattr(value, method)).bind()
    except TypeError:
        return True
    return False


def check_directory_name(argument: str, value: Any) -> None:
    """Checks the name of the checkpoint directory; an os.PathLike was converted to a str before."""
    if not isinstance(value, str):
        instead = "pass os.fsdecode(...) of it" if isinstance(value, bytes) else "pass a str"
        raise make_rejection(
            describe_argument(argument, value), "must be a str or an os.PathLike", instead
        )


def check_hashable_directory(argument: str, value: Any) -> None:
    """Checks the summary directory; upstream uses it as the key of a dict."""
    try:
        hash(value)
    except TypeError as problem:
        raise make_rejection(
            describe_argument(argument, value), "must be a str or an os.PathLike", "pass a str"
        ) from problem


def find_scheme(path: str) -> str | None:
    """Returns the scheme of a path such as gs://bucket/dir, or None for a local path.

    The rule is TensorFlow's.
    """
    found = re.match(r"([a-zA-Z][a-zA-Z0-9.]*)://", path)
    return found.group(1) if found else None


def check_writable_directory(argument: str, value: Any, knows_scheme: Any, errors: Any) -> None:
    """Checks a directory: it exists, or it can be created.

    Args:
      argument: the argument's name.
      value: the path. TensorFlow checks other types and remote paths such as gs://bucket.
      knows_scheme: a function that returns whether TensorFlow has a file system for a scheme.
      errors: the tf.errors module.
    """
    if not isinstance(value, str):
        return
    named = find_scheme(value)
    if named is not None:
        if not knows_scheme(named):
            raise make_rejection(
                describe_argument(argument, value),
                "TensorFlow has no file system for this scheme",
                "pass a local path, or load the plugin for this file system first",
                errors.UnimplementedError,
            )
        return
    # The path stays relative: it works even if this process may not enter a directory above the
    # working directory.
    nearest = value
    while not os.path.exists(nearest):
        nearest = os.path.dirname(nearest) or os.curdir
    if not os.path.isdir(nearest):
        raise make_rejection(
            describe_argument(argument, value),
            f"must be a directory, but {os.path.abspath(nearest)} is not a directory",
            "pass a directory, existing or not",
            errors.FailedPreconditionError,
        )
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise make_rejection(
            describe_argument(argument, value),
            f"must be writable, but this process may not write to {os.path.abspath(nearest)}",
            "pass a directory that this user may write to",
            errors.PermissionDeniedError,
        )


def check_master(value: Any) -> None:
    """Checks the address of the TensorFlow master; None means the same as ''."""
    if value is not None and not isinstance(value, (str, bytes)):
        raise make_rejection(
            describe_argument("master", value),
            "must be a str",
            "pass server.target, 'grpc://host:port', or '' for this process",
        )


def check_master_scheme(value: Any, error: Exception | None) -> None:
    """Rejects a master for which TensorFlow raises `error`, unless `error` is None."""
    if error is not None:
        raise make_rejection(
            describe_argument("master", value),
            "TensorFlow has no session for this kind of address",
            "pass server.target, 'grpc://host:port', or '' for this process",
            type(error),
        ) from error


def check_config(value: Any, config_proto: type) -> None:
    """Checks a ConfigProto or None."""
    if value is not None and not isinstance(value, config_proto):
        raise make_rejection(
            describe_argument("config", value),
            "must be a tf.compat.v1.ConfigProto",
            "pass tf.compat.v1.ConfigProto(...) or None",
        )


_IN_THREAD = (
    "a thread does not have the default graph of the thread that started it. Open the session "
    "inside `with graph.as_default():`, where graph is the model's graph. See "
    "docs/recipes.md#open-a-session-in-a-thread."
)


def check_graph_mode(eager: bool, thread: str | None = None) -> None:
    """Checks that TensorFlow is not executing eagerly, since a session needs a graph.

    Args:
      eager: whether it executes eagerly in this thread.
      thread: the name of this thread; None for the main thread.
    """
    if not eager:
        return
    what = "MonitoredTrainingSession runs a graph, and TensorFlow is executing eagerly"
    instead = (
        "call tf.compat.v1.disable_eager_execution() when the program starts, or build "
        "the model and open the session inside `with tf.Graph().as_default():`."
    )
    if thread is not None:
        what, instead = f"{what} in the thread {thread}", _IN_THREAD
    raise _mark(RuntimeError(f"{what}; {instead}"))


def check_finalized_graph(prepared: bool) -> None:
    """Checks that a finalized graph already contains everything that a session adds to a graph."""
    if not prepared:
        raise _mark(
            RuntimeError(
                "the graph is finalized and has no init ops, so the session cannot add them; open "
                "the session before graph.finalize(), or create the global step and call "
                "Scaffold().finalize() first."
            )
        )


def check_global_step(
    exists: bool, needed_by: str, empty: bool = False, thread: str | None = None
) -> None:
    """Checks that there is a global step, which the default hooks and most other hooks need.

    Args:
      exists: whether there is one, or a hook may still create it.
      needed_by: what needs it.
      empty: whether the default graph has no operations, so that the model is in another graph.
      thread: the name of this thread; None for the main thread.
    """
    if exists:
        return
    if empty and thread is not None:
        what = f"the default graph of the thread {thread} is empty and has no global step"
        instead = _IN_THREAD
    else:
        what = "the graph has no global step"
        instead = (
            "call tf.compat.v1.train.get_or_create_global_step() and pass it to the optimizer's "
            "minimize(), before the session is opened or in the begin() of an earlier hook "
            "(hooks in chief_only_hooks begin before the default hooks, those in hooks after "
            "them)."
        )
        if empty:
            instead += (
                " This graph is empty: if the model is in another graph, open the session inside "
                "the `with graph.as_default():` of that graph."
            )
    raise _mark(RuntimeError(f"{what}, which is needed by {needed_by}; {instead}"))


def check_graph_file(tensorflow: str, protobuf: int, remedy: str | None) -> None:
    """Checks that the installed versions can write graph.pbtxt.

    Args:
      tensorflow: the version of TensorFlow.
      protobuf: the major version of protobuf.
      remedy: the command that installs versions which can write it; None if these can.
    """
    if remedy is not None:
        raise _mark(
            TypeError(
                f"TensorFlow {tensorflow} cannot write graph.pbtxt with protobuf {protobuf}; "
                f"{remedy}, or pass save_graph_def=False."
            )
        )
