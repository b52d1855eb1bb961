"""The parts of TensorFlow that its own function uses now; a program may have replaced them."""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
import types
from typing import Any

from tfmts_compat._upstream.loading import tensorflow, v1
from tfmts_compat._upstream.names import NAMES_BY_MODULE

_MONITORED_SESSION = "tensorflow.python.training.monitored_session"
# The modules in which TensorFlow's own code finds its classes. A program may replace a public
# name, such as tf.compat.v1.Session, without an effect on TensorFlow's function.
_HOMES = (
    *NAMES_BY_MODULE,
    "tensorflow.python.client.session",
    "tensorflow.core.protobuf.config_pb2",
)
_MODULE_CONTENTS = vars(types.ModuleType)["__dict__"].__get__


def is_in_worker_context() -> bool:
    """Returns whether a tf.distribute coordinator runs this thread as one of its workers."""
    context = importlib.import_module("tensorflow.python.distribute.distribute_coordinator_context")
    return context.get_current_worker_context() is not None


def get_part(name: str) -> Any:
    """Returns the class, function or module of this name that TensorFlow's function uses now."""
    tensorflow()
    for home in _HOMES:
        module = importlib.import_module(home)
        if hasattr(module, name):
            return getattr(module, name)
    raise AttributeError(name)


def get_own_class(name: str) -> Any:
    """Returns TensorFlow's own class of this name, from which to derive a subclass.

    A program may have replaced the class before it imports the shim.
    """
    used = get_part(name)
    for found in (*getattr(used, "__mro__", ()), getattr(v1().train, name, None)):
        if getattr(found, "__name__", "") == name and found.__module__.startswith("tensorflow."):
            return found
    return used


def choose_class(extended: type, name: str, *methods: str, **ours: Any) -> Any:
    """Returns the shim's subclass of one of upstream's classes, unless a program replaced that.

    Args:
      extended: the shim's subclass.
      name: the name of upstream's class.
      methods: the methods that `extended` relies on.
      ours: arguments that only `extended` takes.

    Returns:
      `extended` with `ours`. If the program has replaced upstream's class or one of these
      methods, the class that it uses instead.
    """
    used = get_part(name)
    unchanged = used is get_own_class(name) and issubclass(extended, used)
    unchanged = unchanged and all(is_from_tensorflow(used, method) for method in methods)
    return functools.partial(extended, **ours) if unchanged else used


def is_from_tensorflow(owner: Any, method: str) -> bool:
    """Returns whether TensorFlow defines the method; functools.wraps changes __module__."""
    function = getattr(owner, method, None)
    return str(getattr(function, "__globals__", {}).get("__name__")).startswith("tensorflow.")


def find_monitored_training_session() -> Any | None:
    """Finds TensorFlow's own MonitoredTrainingSession, also if a program has replaced it.

    Returns:
      The function that TensorFlow defines, or None if it no longer has one.
    """
    tensorflow()
    home = importlib.import_module(_MONITORED_SESSION)
    if not hasattr(home, "MonitoredTrainingSession"):
        return None
    for module in (home, *list(sys.modules.values())):
        for value in list(read_attributes(module).values()):
            if (
                not isinstance(value, types.FunctionType)
                or value.__name__ != "MonitoredTrainingSession"
            ):
                continue
            # A replacement can copy the names of TensorFlow's function, but not its globals.
            # The function that install() sets wraps it.
            function = inspect.unwrap(value)
            if getattr(function, "__globals__", None) is vars(home):
                return function
    return None


def list_places() -> list[Any]:
    """Returns the loaded modules in which TensorFlow exposes MonitoredTrainingSession."""
    return [
        v1().train,
        importlib.import_module(_MONITORED_SESSION),
        importlib.import_module("tensorflow.python.training.training"),
        *(
            module
            for name, module in list(sys.modules.items())
            if name.startswith("tensorflow.") and name.endswith(".compat.v1.train")
        ),
    ]


def read_attributes(module: Any) -> dict[str, Any]:
    """Returns the attributes that a module has now; this does not load a lazy module."""
    if not isinstance(module, types.ModuleType):
        return {}
    contents: dict[str, Any] = _MODULE_CONTENTS(module)
    return contents
