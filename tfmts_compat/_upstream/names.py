"""The names of tf.compat.v1.train that tfmts_compat passes on unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # where type checkers find the names that `tfmts_compat` passes on
    from tensorflow.python.training.basic_session_run_hooks import (
        CheckpointSaverHook as CheckpointSaverHook,
        CheckpointSaverListener as CheckpointSaverListener,
        FeedFnHook as FeedFnHook,
        FinalOpsHook as FinalOpsHook,
        GlobalStepWaiterHook as GlobalStepWaiterHook,
        LoggingTensorHook as LoggingTensorHook,
        NanLossDuringTrainingError as NanLossDuringTrainingError,
        NanTensorHook as NanTensorHook,
        ProfilerHook as ProfilerHook,
        SecondOrStepTimer as SecondOrStepTimer,
        StepCounterHook as StepCounterHook,
        StopAtStepHook as StopAtStepHook,
        SummarySaverHook as SummarySaverHook,
    )
    from tensorflow.python.training.monitored_session import (
        ChiefSessionCreator as ChiefSessionCreator,
        MonitoredSession as MonitoredSession,
        Scaffold as Scaffold,
        SessionCreator as SessionCreator,
        SingularMonitoredSession as SingularMonitoredSession,
        WorkerSessionCreator as WorkerSessionCreator,
    )
    from tensorflow.python.training.session_manager import SessionManager as SessionManager
    from tensorflow.python.training.session_run_hook import (
        SessionRunArgs as SessionRunArgs,
        SessionRunContext as SessionRunContext,
        SessionRunHook as SessionRunHook,
        SessionRunValues as SessionRunValues,
    )
    from tensorflow.python.training.training_util import (
        assert_global_step as assert_global_step,
        create_global_step as create_global_step,
        get_global_step as get_global_step,
        get_or_create_global_step as get_or_create_global_step,
        global_step as global_step,
    )

# TensorFlow's modules -> the names that they define. The imports above are the same table, because
# type checkers do not evaluate this one; tests/upstream/test_names.py compares the two.
NAMES_BY_MODULE: Final[dict[str, tuple[str, ...]]] = {
    "tensorflow.python.training.basic_session_run_hooks": (
        "CheckpointSaverHook",
        "CheckpointSaverListener",
        "FeedFnHook",
        "FinalOpsHook",
        "GlobalStepWaiterHook",
        "LoggingTensorHook",
        "NanLossDuringTrainingError",
        "NanTensorHook",
        "ProfilerHook",
        "SecondOrStepTimer",
        "StepCounterHook",
        "StopAtStepHook",
        "SummarySaverHook",
    ),
    "tensorflow.python.training.monitored_session": (
        "ChiefSessionCreator",
        "MonitoredSession",
        "Scaffold",
        "SessionCreator",
        "SingularMonitoredSession",
        "WorkerSessionCreator",
    ),
    "tensorflow.python.training.session_manager": ("SessionManager",),
    "tensorflow.python.training.session_run_hook": (
        "SessionRunArgs",
        "SessionRunContext",
        "SessionRunHook",
        "SessionRunValues",
    ),
    "tensorflow.python.training.training_util": (
        "assert_global_step",
        "create_global_step",
        "get_global_step",
        "get_or_create_global_step",
        "global_step",
    ),
}

UPSTREAM_NAMES: Final = tuple(sorted(name for names in NAMES_BY_MODULE.values() for name in names))
