"""The chief's session creator, whose error for a damaged checkpoint names the remedy.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

from typing import Any

from tfmts_compat._checkpoints.advice import explain_failure
from tfmts_compat._extensions import run_cache
from tfmts_compat._upstream import loading
from tfmts_compat._upstream.parts import own_class

_tf = loading.tensorflow()
_UpstreamCreator: Any = own_class("ChiefSessionCreator")
# Raised by upstream when a file is truncated, damaged or missing; ValueError: the index.
_UNREADABLE = (
    _tf.errors.OutOfRangeError,
    _tf.errors.DataLossError,
    _tf.errors.NotFoundError,
    ValueError,
)


class AdvisingChiefSessionCreator(_UpstreamCreator):  # type: ignore[misc]
    """Upstream's creator, whose error for a damaged checkpoint names the remedy.

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
        """
        try:
            session = super().create_session()
        except _UNREADABLE as error:
            message = explain_failure(self._checkpoint_dir) if self._checkpoint_dir else None
            if message is None:
                raise
            if isinstance(error, UnicodeDecodeError):  # the file named `checkpoint`
                raise UnicodeDecodeError(
                    error.encoding, error.object, error.start, error.end, message
                ) from error
            if isinstance(error, ValueError):
                raise ValueError(message) from error
            raise type(error)(error.node_def, error.op, message) from error
        if self._cache_runs:
            run_cache.cache_runs(session)
        return session
