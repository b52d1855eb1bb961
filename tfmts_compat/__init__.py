"""tf.compat.v1.train.MonitoredTrainingSession, kept working over real TensorFlow.

Importing this package does not import TensorFlow; the first use of a name of
tf.compat.v1.train, or the first session, does.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tfmts_compat import upstream
from tfmts_compat.cadence import USE_DEFAULT as USE_DEFAULT
from tfmts_compat.names import UPSTREAM_NAMES
from tfmts_compat.plan import SessionPlan as SessionPlan
from tfmts_compat.raw import raw_session as raw_session, run_without_hooks as run_without_hooks
from tfmts_compat.session import (
    MonitoredTrainingSession as MonitoredTrainingSession,
    TfmtsCompatWarning as TfmtsCompatWarning,
    explain as explain,
)
from tfmts_compat.upstream import TensorFlowUnavailableError as TensorFlowUnavailableError

if TYPE_CHECKING:
    from tfmts_compat.signals import StopOnSignalHook as StopOnSignalHook
    from tfmts_compat.upstream import (
        CheckpointSaverHook as CheckpointSaverHook,
        CheckpointSaverListener as CheckpointSaverListener,
        ChiefSessionCreator as ChiefSessionCreator,
        FeedFnHook as FeedFnHook,
        FinalOpsHook as FinalOpsHook,
        GlobalStepWaiterHook as GlobalStepWaiterHook,
        LoggingTensorHook as LoggingTensorHook,
        MonitoredSession as MonitoredSession,
        NanLossDuringTrainingError as NanLossDuringTrainingError,
        NanTensorHook as NanTensorHook,
        ProfilerHook as ProfilerHook,
        Scaffold as Scaffold,
        SecondOrStepTimer as SecondOrStepTimer,
        SessionCreator as SessionCreator,
        SessionManager as SessionManager,
        SessionRunArgs as SessionRunArgs,
        SessionRunContext as SessionRunContext,
        SessionRunHook as SessionRunHook,
        SessionRunValues as SessionRunValues,
        SingularMonitoredSession as SingularMonitoredSession,
        StepCounterHook as StepCounterHook,
        StopAtStepHook as StopAtStepHook,
        SummarySaverHook as SummarySaverHook,
        WorkerSessionCreator as WorkerSessionCreator,
        assert_global_step as assert_global_step,
        create_global_step as create_global_step,
        get_global_step as get_global_step,
        get_or_create_global_step as get_or_create_global_step,
        global_step as global_step,
    )

__version__ = "0.1.0"

_OWN_NAMES = (
    "MonitoredTrainingSession",
    "SessionPlan",
    "TensorFlowUnavailableError",
    "TfmtsCompatWarning",
    "USE_DEFAULT",
    "explain",
    "raw_session",
    "run_without_hooks",
)
_OWN_HOOKS = ("StopOnSignalHook",)
__all__ = [*_OWN_NAMES, *_OWN_HOOKS, *UPSTREAM_NAMES]  # noqa: PLE0604 (a tuple of str)


if not TYPE_CHECKING:  # type checkers know the names above, and no others

    def __getattr__(name: str) -> Any:
        # Not before it is needed: both of these import TensorFlow.
        if name in _OWN_HOOKS:
            source = importlib.import_module("tfmts_compat.signals")
        elif name in UPSTREAM_NAMES:
            source = upstream.v1().train
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(source, name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
