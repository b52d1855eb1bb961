"""The one table of old and new names: everything that tfmts_compat exports."""

from __future__ import annotations

import re
from typing import Final

from tfmts_compat.names import UPSTREAM_NAMES

NEW: Final = "tfmts_compat"
SESSION: Final = "MonitoredTrainingSession"
_ALL = (SESSION, *UPSTREAM_NAMES)
_GLOBAL_STEP = tuple(name for name in _ALL if "global_step" in name)
_SESSION_RUN = ("SessionRunArgs", "SessionRunContext", "SessionRunHook", "SessionRunValues")
_HOOKS = (
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
)
_MONITORED = (
    SESSION,
    "ChiefSessionCreator",
    "MonitoredSession",
    "Scaffold",
    "SessionCreator",
    "SingularMonitoredSession",
    "WorkerSessionCreator",
    "USE_DEFAULT",
)
# contrib's functions of these names took the same arguments
_CONTRIB = tuple(name for name in _GLOBAL_STEP if name != "global_step")
_TRAINING = "tensorflow.python.training"

# module -> the names it has that tfmts_compat exports under the same name
MODULES: Final[dict[str, tuple[str, ...]]] = {
    "tensorflow.train": _ALL,
    "tensorflow.estimator": (*_HOOKS, *_SESSION_RUN),
    "tensorflow.contrib.framework": _CONTRIB,
    "tensorflow.contrib.framework.python.ops.variables": _CONTRIB,
    f"{_TRAINING}.training": _ALL,
    f"{_TRAINING}.monitored_session": _MONITORED,
    f"{_TRAINING}.basic_session_run_hooks": (*_HOOKS, "SessionRunArgs"),
    f"{_TRAINING}.session_run_hook": _SESSION_RUN,
    f"{_TRAINING}.training_util": _GLOBAL_STEP,
    f"{_TRAINING}.session_manager": ("SessionManager",),
}
TABLE: Final[dict[str, str]] = {
    f"{module}.{name}": f"{NEW}.{name}" for module, names in MODULES.items() for name in names
}
NAMES: Final = frozenset(name for names in MODULES.values() for name in names)

_VERSIONED = re.compile(r"^tensorflow(?:\.compat\.v[12])+(?=\.|$)")
_PREFIXES = frozenset(
    ".".join(module.split(".")[:count])
    for module in MODULES
    for count in range(1, module.count(".") + 2)
)


def plain(path: str) -> str:
    """tensorflow.compat.v1.x as tensorflow.x; v1 holds v1 again, so any number of them."""
    return _VERSIONED.sub("tensorflow", path)


def is_on_the_way(path: str) -> bool:
    """Whether a path is a name of the table, its module, or on the way to that."""
    path = plain(path)
    return path in TABLE or path in _PREFIXES or path == "tensorflow.compat"
