"""The chief's session creator, whose error for a damaged checkpoint names the remedy.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

from typing import Any

from tfmts_compat import _checkpoint_files, _run_cache, _upstream, _upstream_sessions

_tf = _upstream.tensorflow()
_UpstreamCreator: Any = _tf.compat.v1.train.ChiefSessionCreator
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
        """Takes upstream's arguments, and cache_runs: whether session.run uses `_run_cache`."""
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
            directory = _upstream_sessions.restore_directory(self)
            message = _checkpoint_files.advice(directory) if directory else None
            if message is None:
                raise
            if isinstance(error, ValueError):
                raise ValueError(message) from error
            raise type(error)(error.node_def, error.op, message) from error
        if self._cache_runs:
            _run_cache.install(session)
        return session
