"""A compatibility shim over tf.compat.v1.train.MonitoredTrainingSession.

Importing this package does not import TensorFlow. The first session, or the first use of a
name of tf.compat.v1.train, imports it.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from tfmts_compat._install import (
    install as install,
    installed as installed,
    uninstall as uninstall,
)
from tfmts_compat._rules.cadence import Cadence as Cadence
from tfmts_compat._rules.plan import SessionPlan as SessionPlan
from tfmts_compat._rules.precedence import USE_DEFAULT as USE_DEFAULT, Rule as Rule
from tfmts_compat._session import (
    MonitoredTrainingSession as MonitoredTrainingSession,
    explain as explain,
    raw_session as raw_session,
    run_without_hooks as run_without_hooks,
)
from tfmts_compat._upstream import loading
from tfmts_compat._upstream.loading import (
    TensorFlowUnavailableError as TensorFlowUnavailableError,
)
from tfmts_compat._upstream.names import UPSTREAM_NAMES
from tfmts_compat._warnings import TfmtsCompatWarning as TfmtsCompatWarning

if TYPE_CHECKING:
    from tfmts_compat._extensions.stop_on_signal import StopOnSignalHook as StopOnSignalHook
    from tfmts_compat._upstream.names import *  # noqa: F403

__version__ = "0.1.0"

_OWN_NAMES = (
    "Cadence",
    "MonitoredTrainingSession",
    "Rule",
    "SessionPlan",
    "TensorFlowUnavailableError",
    "TfmtsCompatWarning",
    "USE_DEFAULT",
    "explain",
    "install",
    "installed",
    "raw_session",
    "run_without_hooks",
    "uninstall",
)
_OWN_HOOKS = ("StopOnSignalHook",)
__all__ = [*_OWN_NAMES, *_OWN_HOOKS, *UPSTREAM_NAMES]  # noqa: PLE0604 (a tuple of str)


# The modules that define these are private: tracebacks and pickles name the package.
for _name in _OWN_NAMES:
    if callable(globals()[_name]):
        globals()[_name].__module__ = __name__


if not TYPE_CHECKING:  # type checkers know the names above, and no others

    def __getattr__(name: str) -> Any:
        if name not in _OWN_HOOKS and name not in UPSTREAM_NAMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            train = loading.v1().train  # imports TensorFlow
        except loading.TensorFlowUnavailableError as problem:
            if _is_from_import():
                raise
            # hasattr() and help() expect an AttributeError.
            raise AttributeError(str(problem)) from problem
        if name in _OWN_HOOKS:
            module = importlib.import_module("tfmts_compat._extensions.stop_on_signal")
            value = getattr(module, name)
            value.__module__ = __name__
        else:
            value = getattr(train, name)
        globals()[name] = value
        return value

    def _is_from_import() -> bool:
        """Returns whether `from tfmts_compat import name` called __getattr__.

        Such an import replaces an AttributeError and its message, but not an ImportError.
        """
        return sys._getframe(2).f_code.co_name == "_handle_fromlist"


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
