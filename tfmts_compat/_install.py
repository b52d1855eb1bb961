"""install() and uninstall(): the shim in place of TensorFlow's function."""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
import sys
import threading
from dataclasses import dataclass, field
from typing import Any, Callable, Iterator

from tfmts_compat import _session, _warnings
from tfmts_compat._upstream import parts

_NAME = "MonitoredTrainingSession"


def install() -> None:
    """Replaces tf.compat.v1.train.MonitoredTrainingSession with the shim.

    Code that cannot be edited, such as an Estimator or tf-slim, calls the shim from now on. In all
    loaded modules, every attribute that is TensorFlow's function is replaced, under any name:
    tf.compat.v1.train and its aliases, tensorflow.python.training.monitored_session and .training,
    and each module that imported the function by name. Modules that are loaded later get the shim.
    Other references (attributes of classes and objects, default arguments, closures) keep
    TensorFlow's function.

    A second call only searches the modules that were loaded since the first one. If other code has
    already replaced the function, install() keeps that function and warns. The call imports
    TensorFlow.

    Raises:
      TensorFlowUnavailableError: TensorFlow is not installed or cannot be imported.

    Warns:
      TfmtsCompatWarning: this TensorFlow has no MonitoredTrainingSession, so install() adds it; or
        other code has replaced the function, and install() keeps the replacement.
    """
    _state.hold("install()")


def uninstall() -> None:
    """Reverts `install` and `installed`. Does nothing if the shim is not installed.

    Every module has TensorFlow's function again, including modules that were loaded since. If other
    code has replaced the shim with a function, that function stays; if it calls the shim, the shim
    calls TensorFlow's function from now on.
    """
    _state.release(None)


@contextlib.contextmanager
def installed() -> Iterator[None]:
    """Installs the shim within a `with` block; see `install`.

    Contexts can be nested, and contexts of several threads can overlap. The end of the last one
    removes the shim, unless `install` was called.
    """
    holder = object()
    _state.hold(holder)
    try:
        yield
    finally:
        _state.release(holder)


def install_for_program(target: Callable[..., Any]) -> None:
    """Installs `target` instead of the shim, for `tfmts-compat run`."""
    _state.target = target
    _state.hold("tfmts-compat run")


@dataclass
class _State:
    """Which function is installed, and who requested it.

    The functions are attributes of this class because `_exchange` replaces those of modules.
    """

    target: Callable[..., Any] = _session.MonitoredTrainingSession
    upstream: Callable[..., Any] | None = None
    replacement: Callable[..., Any] | None = None
    holders: set[object] = field(default_factory=set)
    added: list[Any] = field(default_factory=list)
    lock: Any = field(default_factory=threading.RLock)

    def hold(self, holder: object) -> None:
        with self.lock:
            if self.replacement is None:
                self.upstream = parts.find_monitored_training_session()
                self.replacement = self._make_replacement()
            self.holders.add(holder)
            if self.upstream is not None:
                _exchange(self.upstream, self.replacement)
            self._set_in_modules()

    def release(self, holder: object | None) -> None:
        """Removes a holder, or all holders for None. Uninstalls the shim if none is left."""
        with self.lock:
            self.holders.intersection_update(set() if holder is None else self.holders - {holder})
            if self.replacement is not None and not self.holders:
                _exchange(self.replacement, self.upstream)
                for module in self.added:
                    if self.upstream is not None and vars(module).get(_NAME) is self.upstream:
                        delattr(module, _NAME)
                self.added.clear()

    def _make_replacement(self) -> Callable[..., Any]:
        """Makes the function to install.

        It has the name and attributes of TensorFlow's function, so that it can be pickled, and the
        signature of `target`. After uninstall() it calls TensorFlow's function.
        """
        target, upstream = self.target, self.upstream

        @functools.wraps(upstream or target)
        def replacement(*args: Any, **kwargs: Any) -> Any:
            function = target if self.holders or upstream is None else upstream
            return function(*args, **kwargs)

        replacement.__doc__ = target.__doc__
        replacement.__signature__ = inspect.signature(target)  # type: ignore[attr-defined]
        return replacement

    def _set_in_modules(self) -> None:
        """Adds the function to modules that lack it, and warns about functions of other code."""
        missing = [module for module in parts.list_places() if not hasattr(module, _NAME)]
        for module in missing:
            setattr(module, _NAME, self.replacement)
            self.added.append(module)
        if missing:
            _warnings.warn(
                "this TensorFlow has no tf.compat.v1.train.MonitoredTrainingSession; install() "
                "has added the one of tfmts_compat. To depend on it without install(), import it "
                "from tfmts_compat"
            )
        expected = (self.replacement, _session.MonitoredTrainingSession, self.target)
        for module in parts.list_places():
            other = getattr(module, _NAME)
            if other not in expected:
                _warnings.warn(
                    f"{module.__name__}.{_NAME} is {other!r}, which is not TensorFlow's function; "
                    "install() does not replace it. Call install() before other code replaces it"
                )


def _exchange(old: Any, new: Any) -> None:
    """Replaces `old` in the attributes of all loaded modules, or deletes them if `new` is None."""
    for module in list(sys.modules.values()):
        for name, value in list(parts.read_attributes(module).items()):
            if value is old and new is not None:
                setattr(module, name, new)
            elif value is old:
                delattr(module, name)


_state = _State()


def _renew_lock() -> None:
    """Replaces the lock: in a forked child, a thread that does not exist there may hold it."""
    _state.lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
