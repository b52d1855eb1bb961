"""install() and uninstall(): the shim in place of TensorFlow's function."""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
import threading
from dataclasses import dataclass, field
from typing import Any, Callable, Iterator

from tfmts_compat import _pitfalls, _session, _upstream

_NAME = "MonitoredTrainingSession"


def install() -> None:
    """Puts the shim in place of tf.compat.v1.train.MonitoredTrainingSession.

    Code that cannot be edited, such as an Estimator or tf-slim, calls the shim from now on. Every
    attribute of a loaded module that is TensorFlow's function is replaced, under any name:
    tf.compat.v1.train and its aliases, tensorflow.python.training.monitored_session and .training,
    and each module that imported the function by name. Modules that are loaded later find the
    shim. References elsewhere (attributes of classes and objects, default arguments, closures)
    keep TensorFlow's function.

    A second call changes nothing, except that modules loaded meanwhile are searched, too. A
    function that something else has put in place is left there, with a warning. TensorFlow is
    imported.

    Raises:
      TensorFlowUnavailableError: TensorFlow is not installed or cannot be imported.

    Warns:
      TfmtsCompatWarning: this TensorFlow has no MonitoredTrainingSession, so that it is added; or
        another function is in place of it, and stays there.
    """
    _state.hold("install()")


def uninstall() -> None:
    """Reverts `install`, also within `installed`; otherwise does nothing.

    TensorFlow's function is in place again in every module, including those loaded since. A
    function that something else has put in place of the shim stays there; if it calls the shim,
    it reaches TensorFlow's function from now on.
    """
    _state.release(None)


@contextlib.contextmanager
def installed() -> Iterator[None]:
    """A context manager within which the shim is installed; see `install`.

    Contexts can be nested and can overlap in several threads: the end of the last one takes the
    shim back, unless `install` was called.
    """
    holder = object()
    _state.hold(holder)
    try:
        yield
    finally:
        _state.release(holder)


def install_for_program(target: Callable[..., Any]) -> None:
    """`install` with another function instead of the shim, for `tfmts-compat run`."""
    _state.target = target
    _state.hold("tfmts-compat run")


@dataclass
class _State:
    """Which function is in place, and who asked for it.

    Functions are attributes here, since those of modules are what is replaced.
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
                self.upstream = _upstream.monitored_training_session()
                self.replacement = self._made()
            self.holders.add(holder)
            if self.upstream is not None:
                _exchange(self.upstream, self.replacement)
            self._complete()

    def release(self, holder: object | None) -> None:
        """Takes one holder away, or all for None."""
        with self.lock:
            self.holders.intersection_update(set() if holder is None else self.holders - {holder})
            if self.replacement is not None and not self.holders:
                _exchange(self.replacement, self.upstream)
                for module in self.added:
                    if self.upstream is not None and vars(module).get(_NAME) is self.upstream:
                        delattr(module, _NAME)
                self.added.clear()

    def _made(self) -> Callable[..., Any]:
        """The function that is put in place.

        It has the name and attributes of TensorFlow's, so that it can be pickled, and the
        signature of the one it calls. Code that keeps it after uninstall() reaches TensorFlow's.
        """
        target, upstream = self.target, self.upstream

        @functools.wraps(upstream or target)
        def replacement(*args: Any, **kwargs: Any) -> Any:
            function = target if self.holders or upstream is None else upstream
            return function(*args, **kwargs)

        replacement.__doc__ = target.__doc__
        replacement.__signature__ = inspect.signature(target)  # type: ignore[attr-defined]
        return replacement

    def _complete(self) -> None:
        """Adds the function where TensorFlow should have it and has none; reports others'."""
        missing = [it for it in _upstream.places() if not hasattr(it, _NAME)]
        for module in missing:
            setattr(module, _NAME, self.replacement)
            self.added.append(module)
        if missing:
            _pitfalls.warn(
                "this TensorFlow has no tf.compat.v1.train.MonitoredTrainingSession; install() "
                "has added the one of tfmts_compat. To depend on it without install(), import it "
                "from tfmts_compat"
            )
        expected = (self.replacement, _session.MonitoredTrainingSession, self.target)
        for module in _upstream.places():
            other = getattr(module, _NAME)
            if other not in expected:
                _pitfalls.warn(
                    f"{module.__name__}.{_NAME} is {other!r}, which is not TensorFlow's function; "
                    "install() leaves it there. Call install() before whatever replaces it"
                )


def _exchange(old: Any, new: Any) -> None:
    """Replaces each attribute of a loaded module that is `old`; deletes it for a new None."""
    for module in list(sys.modules.values()):
        for name, value in list(_upstream.module_contents(module).items()):
            if value is old and new is not None:
                setattr(module, name, new)
            elif value is old:
                delattr(module, name)


_state = _State()
