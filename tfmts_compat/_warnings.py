"""Warnings about pitfalls, at the line of the user's code that made the call."""

from __future__ import annotations

import contextlib
import contextvars
import sys
import types
import warnings
from typing import Callable, Iterator

_Collect = Callable[[str, str], None]
_collect: contextvars.ContextVar[_Collect | None] = contextvars.ContextVar(
    "tfmts_compat_warnings", default=None
)
_NOT_THE_USERS = ("tensorflow", "tensorflow_estimator", "contextlib", "importlib", "sitecustomize")


class TfmtsCompatWarning(UserWarning):
    """A call is valid, but does something other than its arguments suggest."""


def warn(text: str) -> None:
    """Issues a TfmtsCompatWarning that points at the caller's line."""
    warn_later()(text)


def warn_later() -> Callable[[str], None]:
    """Returns a `warn` for use after the call in progress, which still belongs to this call."""
    collect = _collect.get()

    def warn(text: str) -> None:
        if collect is not None:
            collect("warnings", text)
        warnings.warn(text, TfmtsCompatWarning, stacklevel=_find_caller()[0])

    return warn


def note_later() -> Callable[[str], None]:
    """Returns a function that logs what is no pitfall; it belongs to the call in progress."""
    collect = _collect.get()

    def note(text: str) -> None:
        if collect is not None:
            collect("notes", text)
        log("%s", text)

    return note


def log(message: str, *values: object) -> None:
    """Logs a message with absl, at INFO.

    If nobody has configured logging, absl adds a handler to the root logger, also for a line that
    is below the level. TensorFlow has a handler of its own, so all its lines would appear twice.
    """
    import logging

    from absl import logging as absl_logging  # imports absl.flags: as long as this package

    if absl_logging.get_absl_logger().isEnabledFor(logging.INFO):
        absl_logging.info(message, *values)


@contextlib.contextmanager
def collect(add: _Collect) -> Iterator[None]:
    """Collects the texts of the calls within the context, in this thread, and later ones of them.

    Args:
      add: takes "warnings" or "notes", and a text. It may be called by several threads.
    """
    token = _collect.set(add)
    try:
        yield
    finally:
        _collect.reset(token)


def find_caller() -> types.FrameType | None:
    """Returns the innermost frame that belongs neither to this package nor to TensorFlow.

    If an Estimator calls MonitoredTrainingSession, it is the frame that calls `estimator.train()`.
    """
    return _find_caller()[1]


def _find_caller() -> tuple[int, types.FrameType | None]:
    level, frame = 1, sys._getframe(1)
    found: types.FrameType | None = frame
    while found is not None and _is_not_the_users(found.f_globals.get("__name__", "")):
        level, found = level + 1, found.f_back
    return level, found


def _is_not_the_users(module: str) -> bool:
    if module.startswith("tfmts_compat._"):
        return True
    return module.split(".", maxsplit=1)[0] in _NOT_THE_USERS
