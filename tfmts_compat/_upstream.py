"""Access to TensorFlow: its import, its versions, and the parts that a program has replaced.

Importing this module does not import TensorFlow; its functions do.
"""

from __future__ import annotations

import importlib
import inspect
import os
import sys
import types
import warnings
from typing import TYPE_CHECKING, Any

from tfmts_compat import _environment

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

_MONITORED_SESSION = "tensorflow.python.training.monitored_session"
_HOOKS = "tensorflow.python.training.basic_session_run_hooks"


class TensorFlowUnavailableError(ImportError):
    """TensorFlow is not installed or cannot be imported; the message contains the remedy."""


def tensorflow() -> Any:
    """The tensorflow module.

    Raises:
      TensorFlowUnavailableError: it is not installed, or its import fails.
    """
    try:
        import tensorflow as tf
    except ModuleNotFoundError as problem:
        if problem.name != "tensorflow":
            raise _broken(problem) from problem
        raise TensorFlowUnavailableError(
            "tfmts_compat needs TensorFlow 2.4 to 2.21, which is not installed; run "
            "pip install '.[tensorflow]' in a clone of tfmts_compat, or install the TensorFlow "
            "build that you use."
        ) from problem
    except Exception as problem:  # numpy 2 makes old versions raise AttributeError, too
        raise _broken(problem) from problem
    if not hasattr(tf, "compat"):  # a leftover tensorflow/ directory imports as a namespace
        where = ", ".join(getattr(tf, "__path__", [])) or getattr(tf, "__file__", None) or "it"
        raise TensorFlowUnavailableError(
            f"the tensorflow module is empty; remove {where}, and reinstall TensorFlow."
        )
    return tf


def _broken(problem: Exception) -> TensorFlowUnavailableError:
    why = f"{type(problem).__name__}: {problem}".splitlines()[0]
    remedy = "reinstall TensorFlow with the versions it requires (pip check lists conflicts)"
    builds = list(_environment.tensorflow_builds().values())
    minor = _environment.minor_of(builds[0]) if builds else None
    known = [entry for entry in _environment.found(minor) if entry.breaks == _environment.IMPORT]
    if known:
        reasons = "; ".join(str(entry) for entry in known)
        remedy = f"{reasons}; {_environment.remedy(known)}"
    return TensorFlowUnavailableError(f"TensorFlow cannot be imported ({why}); {remedy}.")


def quiet_tensorflow() -> Any:
    """Imports TensorFlow for a command: on the CPU, without the messages that its import prints.

    Raises:
      TensorFlowUnavailableError: it is not installed, or its import fails.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # a command takes no GPU memory from a training
    sys.stderr.flush()
    terminal = os.dup(2)
    try:
        with open(os.devnull, "w") as devnull:
            os.dup2(devnull.fileno(), 2)  # C++ code prints some lines before a log level applies
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tf = tensorflow()
            tf.compat.v1.logging.set_verbosity(tf.compat.v1.logging.ERROR)
    finally:
        sys.stderr.flush()
        os.dup2(terminal, 2)
        os.close(terminal)
    return tf


def v1() -> Any:
    """The tf.compat.v1 module; raises as `tensorflow` does."""
    return tensorflow().compat.v1


def in_worker_context() -> bool:
    """Whether a tf.distribute coordinator runs this thread as one of its workers."""
    context = importlib.import_module("tensorflow.python.distribute.distribute_coordinator_context")
    return context.get_current_worker_context() is not None


def has_global_step() -> bool:
    """Whether the default graph has a global step."""
    return v1().train.get_global_step() is not None


def knows_scheme(scheme: str) -> bool:
    """Whether TensorFlow has a file system for a scheme such as gs; uses no network."""
    gfile = tensorflow().io.gfile
    if hasattr(gfile, "get_registered_schemes"):
        return scheme in gfile.get_registered_schemes()
    return True  # TensorFlow 2.4 has no list of schemes; it raises an error later


def part(name: str) -> Any:
    """The class of this name that upstream's function uses; a program may have replaced it."""
    for home in (_HOOKS, _MONITORED_SESSION):
        module = importlib.import_module(home)
        if hasattr(module, name):
            return getattr(module, name)
    raise AttributeError(name)


def part_or(extended: type, name: str, *methods: str) -> Any:
    """The shim's subclass of one of upstream's classes, unless a program replaced that class.

    Args:
      extended: the shim's subclass.
      name: the name of upstream's class.
      methods: the methods that `extended` relies on.

    Returns:
      `extended`; or the program's class, if the program has replaced upstream's class or
      one of these methods.
    """
    there = part(name)
    unchanged = there in extended.__mro__ and all(is_from_tensorflow(there, m) for m in methods)
    return extended if unchanged else there


def is_from_tensorflow(owner: Any, method: str) -> bool:
    """Whether TensorFlow defines the method; __module__ does not show it (functools.wraps)."""
    function = getattr(owner, method, None)
    return str(getattr(function, "__globals__", {}).get("__name__")).startswith("tensorflow.")


def cannot_save_graph() -> str | None:
    """The reason why the installed versions cannot write graph.pbtxt; None if they can."""
    tf = tensorflow()
    known = _environment.found(_environment.minor_of(tf.__version__))
    known = [entry for entry in known if entry.breaks == _environment.GRAPH]
    if not known:
        return None
    return (
        f"TensorFlow {tf.__version__} cannot write graph.pbtxt with protobuf "
        f"{_environment.major('protobuf')}; {_environment.remedy(known)}, or pass "
        "save_graph_def=False."
    )


def monitored_training_session() -> Any | None:
    """TensorFlow's own MonitoredTrainingSession, also if a program has replaced it.

    Returns:
      The function that TensorFlow defines, or None if it no longer has one.
    """
    tensorflow()
    home = importlib.import_module(_MONITORED_SESSION)
    if not hasattr(home, "MonitoredTrainingSession"):
        return None
    for module in (home, *list(sys.modules.values())):
        for value in list(module_contents(module).values()):
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


def places() -> list[Any]:
    """The loaded modules in which TensorFlow exposes MonitoredTrainingSession."""
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


def module_contents(module: Any) -> dict[str, Any]:
    """The attributes that a module in sys.modules has now; this does not load a lazy module."""
    if not isinstance(module, types.ModuleType):
        return {}
    contents: dict[str, Any] = _MODULE_CONTENTS(module)
    return contents


_MODULE_CONTENTS = vars(types.ModuleType)["__dict__"].__get__
