"""The chief's session creator, whose errors name what cannot be restored, and the remedy.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import contextlib
import inspect
import traceback
from typing import Any

from tfmts_compat._checkpoints.advice import explain_restore, explain_state
from tfmts_compat._checkpoints.coverage import explain_not_restored
from tfmts_compat._extensions import run_cache
from tfmts_compat._upstream import loading
from tfmts_compat._upstream.parts import get_own_class

_tf = loading.tensorflow()
_UpstreamCreator: Any = get_own_class("ChiefSessionCreator")
_RESTORE = getattr(inspect.unwrap(_tf.compat.v1.train.Saver.restore), "__code__", None)
# Raised by upstream when a file is truncated, damaged or missing, or when it does not fit
# the graph. ValueError: the index is missing. RuntimeError: something was not restored.
_EXPLAINED = (
    _tf.errors.OutOfRangeError,
    _tf.errors.DataLossError,
    _tf.errors.NotFoundError,
    _tf.errors.InvalidArgumentError,
    RuntimeError,
    ValueError,
)


class AdvisingChiefSessionCreator(_UpstreamCreator):  # type: ignore[misc]
    """Upstream's creator, whose errors name what cannot be restored, and the remedy.

    The class of the error is upstream's. Files are read only after upstream failed to
    restore them.
    """

    def __init__(self, *args: Any, cache_runs: bool = True, **kwargs: Any) -> None:
        """Takes upstream's arguments, and cache_runs: whether session.run uses `run_cache`."""
        super().__init__(*args, **kwargs)
        self._cache_runs = cache_runs

    def create_session(self) -> Any:
        """Initializes or restores the model.

        Returns:
          A tf.compat.v1.Session whose model is initialized.

        Raises:
          tf.errors.OutOfRangeError, tf.errors.DataLossError, tf.errors.NotFoundError,
          ValueError: the newest checkpoint is truncated, damaged or incomplete.
          tf.errors.NotFoundError, tf.errors.InvalidArgumentError: it does not fit the graph.
          RuntimeError: a variable was neither initialized nor restored.
        """
        try:
            session = super().create_session()
        except _EXPLAINED as error:
            message = None
            with contextlib.suppress(Exception):  # the caller gets upstream's error in any case
                message = self._explain(error)
            if message is None:
                raise
            if isinstance(error, UnicodeDecodeError):  # the file named `checkpoint`
                raise UnicodeDecodeError(
                    error.encoding, error.object, error.start, error.end, message
                ) from error
            if isinstance(error, _tf.errors.OpError):
                raise type(error)(error.node_def, error.op, message) from error
            raise (ValueError if isinstance(error, ValueError) else RuntimeError)(
                message
            ) from error
        if self._cache_runs:
            run_cache.cache_runs(session)
        return session

    def _explain(self, error: Exception) -> str | None:
        """Explains an error of a restore; None for any other error of the same class."""
        restore = _find_failed_restore(error)
        if restore is not None:
            saver, graph, prefix = restore
            restore_op = saver.saver_def.restore_op_name
            return explain_restore(restore_op, prefix, graph, self._checkpoint_dir, error)
        if not self._checkpoint_dir:
            return None
        if isinstance(error, ValueError):
            return explain_state(self._checkpoint_dir)
        if type(error) is RuntimeError and str(error).startswith("Init operations did not make"):
            return explain_not_restored(self._scaffold, self._checkpoint_dir, str(error))
        return None


def _find_failed_restore(error: Exception) -> tuple[Any, Any, str] | None:
    """Returns the Saver, the graph and the path of a restore() that raised the error, or None."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        found = frame.f_locals
        if frame.f_code is _RESTORE and found["save_path"] is not None:
            return found["self"], found["sess"].graph, _tf.compat.as_text(found["save_path"])
    return None
