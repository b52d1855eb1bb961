"""The one door to TensorFlow: its private names, its versions, known-bad environments.

Importing this module does not import TensorFlow; its functions do.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

from tfmts_compat.cadence import USE_DEFAULT

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


class TensorFlowUnavailableError(ImportError):
    """TensorFlow is not installed, or cannot be imported; says what to do."""


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
            "tfmts_compat runs on TensorFlow 2.4 to 2.21, and none is installed; "
            "pip install 'tfmts_compat[tensorflow]', or the TensorFlow build you use."
        ) from problem
    except Exception as problem:  # numpy 2 makes old versions raise AttributeError, too
        raise _broken(problem) from problem
    if not hasattr(tf, "compat"):  # a leftover tensorflow/ directory imports as a namespace
        raise TensorFlowUnavailableError(
            "the tensorflow module has nothing in it; reinstall TensorFlow, and look for a "
            "directory named tensorflow on sys.path."
        )
    return tf


def _broken(problem: Exception) -> TensorFlowUnavailableError:
    why = f"{type(problem).__name__}: {problem}".splitlines()[0]
    remedy = "reinstall TensorFlow with the versions it asks for (pip check lists conflicts)"
    if _major("numpy") >= 2:
        remedy = "TensorFlow before 2.18 needs numpy 1: pip install 'numpy<2'"
    elif _major("protobuf") >= 4:
        remedy = "TensorFlow before 2.12 needs an older protobuf: pip install 'protobuf<3.21'"
    return TensorFlowUnavailableError(f"TensorFlow cannot be imported ({why}); {remedy}.")


def _major(distribution: str) -> int:
    import importlib.metadata  # takes as long to import as this package

    try:
        return int(importlib.metadata.version(distribution).split(".")[0])
    except importlib.metadata.PackageNotFoundError:
        return 0


def v1() -> Any:
    """The tf.compat.v1 module; raises as `tensorflow` does."""
    return tensorflow().compat.v1


def is_use_default(value: object) -> bool:
    """Whether value is our USE_DEFAULT, or the one that upstream keeps for itself."""
    if value is USE_DEFAULT:
        return True
    module = sys.modules.get(_MONITORED_SESSION)  # who passes it has imported it
    return module is not None and value is getattr(module, "USE_DEFAULT", USE_DEFAULT)


def in_worker_context() -> bool:
    """Whether a tf.distribute coordinator runs this thread as one of its workers."""
    context = importlib.import_module("tensorflow.python.distribute.distribute_coordinator_context")
    return context.get_current_worker_context() is not None


def saver_directory(hook: object) -> str | None:
    """Where a CheckpointSaverHook saves, or None for any other hook."""
    if not isinstance(hook, v1().train.CheckpointSaverHook):
        return None
    return str(hook._checkpoint_dir)


def scheme_error(master: Any) -> Exception | None:
    """What TensorFlow says of a master's scheme; '' and grpc:// are not tried out."""
    tf = tensorflow()
    address = os.fsdecode(master or "")
    if not address or address.startswith("grpc://"):
        return None
    try:
        with tf.Graph().as_default():
            tf.compat.v1.Session(master).close()
    except tf.errors.NotFoundError as error:
        found: Exception = error
        return found
    return None


def was_prepared(graph: Any, scaffold: Any, reads_global_step: bool) -> bool:
    """Whether a finalized graph has all that the session would have to add to it."""
    has_init_op = graph.get_collection("init_op") or getattr(scaffold, "init_op", None) is not None
    has_read = graph.get_collection("global_step_read_op_cache") or not reads_global_step
    return bool(has_init_op and has_read)


def tf_session(session: Any) -> Any:
    """The tf.compat.v1.Session in a monitored session now; None once it is closed.

    Raises:
      TypeError: session is not one of upstream's monitored sessions.
    """
    if isinstance(session, v1().Session):
        return session
    try:
        return session._tf_sess()
    except AttributeError:
        raise TypeError(
            f"session={session!r} ({type(session).__name__}): must be a monitored session of "
            "tf.compat.v1.train; pass what MonitoredTrainingSession returned."
        ) from None


def known_bad(saves_graph: bool) -> str | None:
    """What is wrong with the installed versions for such a call, or None.

    Args:
      saves_graph: whether a default saver will write graph.pbtxt.
    """
    version = tuple(int(part) for part in tensorflow().__version__.split(".")[:2])
    if saves_graph and version <= (2, 20) and _major("protobuf") >= 7:
        import importlib.metadata

        protobuf = importlib.metadata.version("protobuf")
        return (
            f"TensorFlow {tensorflow().__version__} cannot write graph.pbtxt with protobuf "
            f"{protobuf}; pip install 'protobuf<7', or pass save_graph_def=False."
        )
    return None
