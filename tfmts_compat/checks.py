"""What is wrong with a call, in words.

Pure functions: they get facts and raise. `plan` calls the ones that need the
arguments alone, `session` those that need to know something of TensorFlow.
Every check stands for something that upstream rejects too, later and with less
to say; the class raised is upstream's, or TypeError for its AttributeErrors.
"""

from __future__ import annotations

import inspect
import numbers
import os
import reprlib
from typing import Any

HOOK_METHODS = ("begin", "after_create_session", "before_run", "after_run", "end")


def shown(value: Any) -> str:
    """A short repr that cannot fail."""
    try:
        return reprlib.repr(value)
    except Exception:
        return f"<{type(value).__name__}>"


def given(argument: str, value: Any) -> str:
    """An argument as passed: `name=value (type)`."""
    return f"{argument}={shown(value)} ({type(value).__name__})"


def rejected(what: str, rule: str, instead: str, error: type[Exception] = TypeError) -> Exception:
    """Builds the exception every rejected call ends with.

    Args:
      what: the argument, its value and type; see `given`.
      rule: the rule it breaks.
      instead: what to pass instead.
      error: the class to raise; a tf.errors class works too.
    """
    message = f"{what}: {rule}; {instead}."
    if hasattr(error, "error_code"):
        return error(None, None, message)  # tf.errors.OpError(node_def, op, message)
    return error(message)


def truth(argument: str, value: Any) -> bool:
    """The truth value of `value`, which decides e.g. who is the chief."""
    try:
        return bool(value)
    except Exception as problem:
        error = ValueError if isinstance(problem, ValueError) else TypeError
        raise rejected(
            given(argument, value), "is neither true nor false", "pass True or False", error
        ) from problem


def seconds(argument: str, value: Any) -> None:
    """A finite number of seconds above 0."""
    if not isinstance(value, numbers.Real):
        raise rejected(given(argument, value), "must be a number of seconds", "pass e.g. 1.0")
    if not 0 < float(value) < float("inf"):
        raise rejected(
            given(argument, value),
            "must be a finite number of seconds above 0",
            "pass e.g. 1.0",
            ValueError,
        )


def iterable_of_hooks(argument: str, value: Any) -> None:
    """A list of hooks: None, a list, a tuple, a generator, a set."""
    if not truth(argument, value):
        return
    try:
        iter(value)
    except TypeError as problem:
        instead = f"pass [{type(value).__name__}(...)]" if is_hook(value) else "pass a list"
        raise rejected(
            given(argument, value), "must be a list of SessionRunHook objects", instead
        ) from problem


def is_hook(value: Any) -> bool:
    """Whether value has the five methods; upstream never asks for the base class."""
    return all(callable(getattr(value, name, None)) for name in HOOK_METHODS)


def hook(argument: str, index: int, value: Any) -> None:
    """One entry of hooks or chief_only_hooks; anything with the five methods will do."""
    what = given(f"{argument}[{index}]", value)
    if not is_hook(value):
        missing = [m for m in HOOK_METHODS if not callable(getattr(value, m, None))]
        raise rejected(
            what,
            f"must be a SessionRunHook, and has no {', '.join(missing)}()",
            "pass SessionRunHook objects, or objects with its five methods",
        )
    if _is_bare_class(value, "begin"):
        raise rejected(what, "must be a hook object, not its class", f"pass {value.__name__}(...)")


def scaffold(value: Any) -> None:
    """A Scaffold, or anything that can be finalized like one."""
    if not callable(getattr(value, "finalize", None)):
        raise rejected(
            given("scaffold", value),
            "must be a Scaffold",
            "pass tf.compat.v1.train.Scaffold(...) or leave it out",
        )
    if _is_bare_class(value, "finalize"):
        raise rejected(
            given("scaffold", value), "must be an object, not its class", "pass Scaffold(...)"
        )


def _is_bare_class(value: Any, method: str) -> bool:
    """Whether value is a class whose method still wants its self."""
    if not inspect.isclass(value):
        return False
    try:
        inspect.signature(getattr(value, method)).bind()
    except TypeError:
        return True
    return False


def directory_name(argument: str, value: Any) -> None:
    """The name of the checkpoint directory: a str (os.PathLike is turned into one before)."""
    if not isinstance(value, str):
        instead = "pass os.fsdecode(...) of it" if isinstance(value, bytes) else "pass a str"
        raise rejected(given(argument, value), "must be a str or an os.PathLike", instead)


def hashable_directory(argument: str, value: Any) -> None:
    """The summary directory; upstream keeps its writers in a dict by directory."""
    try:
        hash(value)
    except TypeError as problem:
        raise rejected(
            given(argument, value), "must be a str or an os.PathLike", "pass a str"
        ) from problem


def writable_directory(argument: str, value: Any, knows_scheme: Any, errors: Any) -> None:
    """A directory that exists, or that can be made.

    Args:
      argument: the argument's name.
      value: the path. What is no str, or is not local (gs://…), is left to TensorFlow.
      knows_scheme: a function telling whether TensorFlow has a file system for a path.
      errors: the tf.errors module.
    """
    if not isinstance(value, str):
        return
    if "://" in value:
        if not knows_scheme(value):
            raise rejected(
                given(argument, value),
                "TensorFlow has no file system for this scheme",
                "pass a local path, or load the plugin for this file system first",
                errors.UnimplementedError,
            )
        return
    nearest = os.path.abspath(value)
    while not os.path.exists(nearest):
        nearest = os.path.dirname(nearest)
    if not os.path.isdir(nearest):
        raise rejected(
            given(argument, value),
            f"must be a directory, and {nearest} is not one",
            "pass a directory, existing or not",
            errors.FailedPreconditionError,
        )
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise rejected(
            given(argument, value),
            f"must be writable, and this process may not write to {nearest}",
            "pass a directory this user may write to",
            errors.PermissionDeniedError,
        )


def master(value: Any) -> None:
    """The TensorFlow master's address; None is the same as ''."""
    if value is not None and not isinstance(value, (str, bytes)):
        raise rejected(
            given("master", value),
            "must be a str",
            "pass server.target, 'grpc://host:port', or '' for this process",
        )


def reachable_master(value: Any, error: Exception | None) -> None:
    """`error` is what TensorFlow says of this master's scheme, or None."""
    if error is not None:
        raise rejected(
            given("master", value),
            "TensorFlow has no session for this kind of address",
            "pass server.target, 'grpc://host:port', or '' for this process",
            type(error),
        ) from error


def config(value: Any, config_proto: type) -> None:
    """A ConfigProto or None."""
    if value is not None and not isinstance(value, config_proto):
        raise rejected(
            given("config", value),
            "must be a tf.compat.v1.ConfigProto",
            "pass tf.compat.v1.ConfigProto(...) or None",
        )


def graph_mode(eager: bool) -> None:
    """A session needs a graph."""
    if eager:
        raise RuntimeError(
            "MonitoredTrainingSession runs a graph, and TensorFlow is executing eagerly; "
            "call tf.compat.v1.disable_eager_execution() when the program starts, or build "
            "the model and open the session inside `with tf.Graph().as_default():`."
        )


def finalized_graph(prepared: bool) -> None:
    """A finalized graph works only if all that a session adds is in it already."""
    if not prepared:
        raise RuntimeError(
            "the graph is finalized, and its init ops were never made: no more ops can be "
            "added to it; open the session before graph.finalize(), or call "
            "Scaffold().finalize() and create the global step first."
        )


def global_step(exists: bool, needed_by: str) -> None:
    """The default hooks, and most others, need a global step."""
    if not exists:
        raise RuntimeError(
            f"the graph has no global step, and {needed_by} cannot do without; call "
            "tf.compat.v1.train.get_or_create_global_step() and pass it to the optimizer's "
            "minimize(), before the session is opened or in the begin() of an earlier hook "
            "(those in chief_only_hooks begin before the default ones, those in hooks after)."
        )


def environment(problem: str | None) -> None:
    """`problem` is what `upstream.cannot_save_graph` found, or None."""
    if problem:
        raise TypeError(problem)
