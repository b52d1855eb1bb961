"""Imports TensorFlow, or reports why it cannot be imported."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any

from tfmts_compat._upstream import versions


class TensorFlowUnavailableError(ImportError):
    """TensorFlow is not installed or cannot be imported; the message contains the remedy."""


def tensorflow() -> Any:
    """Returns the tensorflow module.

    Raises:
      TensorFlowUnavailableError: it is not installed, or its import fails.
    """
    try:
        import tensorflow as tf
    except ModuleNotFoundError as problem:
        if problem.name != "tensorflow":
            raise _build_error(problem) from problem
        raise TensorFlowUnavailableError(
            "tfmts_compat needs TensorFlow 2.4 to 2.21, which is not installed; run "
            "pip install '.[tensorflow]' in a clone of tfmts_compat, or install the TensorFlow "
            "build that you use."
        ) from problem
    except Exception as problem:  # numpy 2 makes old versions raise AttributeError, too
        raise _build_error(problem) from problem
    if not hasattr(tf, "compat"):  # a leftover tensorflow/ directory imports as a namespace
        where = ", ".join(getattr(tf, "__path__", [])) or getattr(tf, "__file__", None) or "it"
        raise TensorFlowUnavailableError(
            f"the tensorflow module is empty; remove {where}, and reinstall TensorFlow."
        )
    return tf


def _build_error(problem: Exception) -> TensorFlowUnavailableError:
    why = f"{type(problem).__name__}: {problem}".splitlines()[0]
    remedy = "reinstall TensorFlow with the versions it requires (pip check lists conflicts)"
    builds = list(versions.find_tensorflow_builds().values())
    minor = versions.parse_minor(builds[0]) if builds else None
    known = [entry for entry in versions.find_known_bad(minor) if entry.breaks == versions.IMPORT]
    if known:
        reasons = "; ".join(str(entry) for entry in known)
        remedy = f"{reasons}; {versions.build_pip_command(known)}"
    return TensorFlowUnavailableError(f"TensorFlow cannot be imported ({why}); {remedy}.")


def announce_import() -> None:
    """Prints on a terminal why a command prints nothing for some seconds."""
    if sys.stderr.isatty() and "tensorflow" not in sys.modules:
        print("importing TensorFlow", file=sys.stderr, flush=True)


def quiet_tensorflow() -> Any:
    """Imports TensorFlow for a command: on the CPU, without the messages that its import prints.

    Raises:
      TensorFlowUnavailableError: it is not installed, or its import fails.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # a command takes no GPU memory from a training
    announce_import()
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
    """Returns the tf.compat.v1 module; raises as `tensorflow` does."""
    return tensorflow().compat.v1
