"""The table of old and new names: everything that tfmts_compat exports."""

from __future__ import annotations

import re
from typing import Final

from tfmts_compat._upstream.names import NAMES_BY_MODULE, UPSTREAM_NAMES

NEW: Final = "tfmts_compat"
SESSION: Final = "MonitoredTrainingSession"
_ALL = (SESSION, *UPSTREAM_NAMES)
_TRAINING = "tensorflow.python.training"
_SESSIONS = NAMES_BY_MODULE[f"{_TRAINING}.monitored_session"]
_HOOKS = NAMES_BY_MODULE[f"{_TRAINING}.basic_session_run_hooks"]
_SESSION_RUN = NAMES_BY_MODULE[f"{_TRAINING}.session_run_hook"]
_GLOBAL_STEP = NAMES_BY_MODULE[f"{_TRAINING}.training_util"]
# the functions of these names in contrib have the same arguments
_CONTRIB = tuple(name for name in _GLOBAL_STEP if name != "global_step")

# module -> its names that tfmts_compat exports under the same name
MODULES: Final[dict[str, tuple[str, ...]]] = {
    "tensorflow.train": _ALL,
    "tensorflow.estimator": (*_HOOKS, *_SESSION_RUN),
    "tensorflow.contrib.framework": _CONTRIB,
    "tensorflow.contrib.framework.python.ops.variables": _CONTRIB,
    "tensorflow.contrib.slim": _CONTRIB,
    "tensorflow.contrib.hooks": ("ProfilerHook",),
    f"{_TRAINING}.training": _ALL,
    **NAMES_BY_MODULE,
    f"{_TRAINING}.monitored_session": (*_SESSIONS, SESSION, "USE_DEFAULT"),
    f"{_TRAINING}.basic_session_run_hooks": (*_HOOKS, "SessionRunArgs"),
    "tensorflow_estimator.estimator": (*_HOOKS, *_SESSION_RUN),
    "tensorflow_estimator.python.estimator.hooks.basic_session_run_hooks": _HOOKS,
    "tensorflow_estimator.python.estimator.hooks.session_run_hook": _SESSION_RUN,
}
TABLE: Final[dict[str, str]] = {
    f"{module}.{name}": f"{NEW}.{name}" for module, names in MODULES.items() for name in names
}
NAMES: Final = frozenset(name for names in MODULES.values() for name in names)
# those that only TensorFlow has: an object that has one of them may be TensorFlow
UNIQUE: Final = NAMES.difference(
    ("ProfilerHook", "Scaffold", "SessionCreator", "SessionManager", "USE_DEFAULT"),
    set(_GLOBAL_STEP) - {"get_or_create_global_step"},
)
# the parts of a session that it takes from these modules, also if a program replaces them there
REPLACEABLE: Final = frozenset(
    f"{_TRAINING}.{module}.{name}"
    for module, names in (
        ("monitored_session", "ChiefSessionCreator WorkerSessionCreator MonitoredSession Scaffold"),
        ("basic_session_run_hooks", "CheckpointSaverHook SummarySaverHook StepCounterHook"),
    )
    for name in names.split()
)
# the last names of the modules, as in x.train.X and training_util.X, that only TensorFlow has
_COMMON = {"framework", "hooks", "slim", "training", "variables"}
DISTINCT: Final = tuple(sorted({module.rpartition(".")[2] for module in MODULES} - _COMMON))
ROOTS: Final = frozenset(module.split(".")[0] for module in MODULES)  # TensorFlow's packages

# what to use instead of names that are only reported: the advice, the modules, their names
_NOT_IN_2 = "does not exist in TensorFlow 2; use tf_slim"
_ADVICE = (
    (
        f"is deprecated; use {NEW}.{SESSION}(checkpoint_dir=logdir, is_chief=is_chief), which "
        "initializes, restores, saves and writes summaries in the same way, and closes at the end "
        "of the with block",
        "train python.training.training python.training.supervisor",
        "Supervisor",
    ),
    (
        f"does not exist in TensorFlow 2; write the loop: with {NEW}.{SESSION}"
        "(checkpoint_dir=logdir, hooks=hooks) as session: while not session.should_stop(): "
        "session.run(train_op)",
        "contrib.training contrib.training.python.training.training",
        "train",
    ),
    (f"{_NOT_IN_2}.training from the package tf-slim", "contrib.training", "create_train_op"),
    (
        f"{_NOT_IN_2}.{{0}} from the package tf-slim, or write the loop with {NEW}.{SESSION}",
        "contrib.slim contrib.slim.python.slim",
        "learning.train learning.create_train_op evaluation.evaluate_once "
        "evaluation.evaluation_loop",
    ),
    (
        f"{_NOT_IN_2}.evaluation from the package tf-slim",
        "contrib.training contrib.training.python.training.evaluation",
        "StopAfterNEvalsHook SummaryAtEndHook checkpoints_iterator evaluate_once "
        "evaluate_repeatedly wait_for_new_checkpoint",
    ),
)
ADVICE: Final[dict[str, str]] = {
    f"tensorflow.{module}.{name}": advice.format(name)
    for advice, modules, names in _ADVICE
    for module in modules.split()
    for name in names.split()
}
ADVISED: Final = frozenset(path.rpartition(".")[2] for path in ADVICE)

# any number of versions, because compat.v1 contains compat.v1 again
_VERSIONED = re.compile(
    r"^(?:(tensorflow)(?:_core)?(?:\._api\.v[12])?(?:\.compat\.v[12])*"
    r"|(tensorflow_estimator)(?:\._api\.v[12]|\.python\.estimator\.api(?:\._v[12])?))(?=\.|$)"
)


def plain(path: str) -> str:
    """Removes versions: tensorflow.compat.v1.x and tensorflow_core.x become tensorflow.x."""
    return _VERSIONED.sub(r"\1\2", path)


def is_known(path: str) -> bool:
    """Returns whether a path starts with a package of TensorFlow or with tfmts_compat."""
    root = path.partition(".")[0]
    return root in ROOTS or root in ("tensorflow_core", NEW)
