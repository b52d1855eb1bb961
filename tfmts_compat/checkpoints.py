"""What to say when the newest checkpoint cannot be read.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import os
from typing import Any, Callable

from tfmts_compat import upstream

_tf = upstream.tensorflow()
_UpstreamCreator: Any = _tf.compat.v1.train.ChiefSessionCreator
# What upstream raises when a file is too short, wrong or missing; ValueError is for the index.
_UNREADABLE = (
    _tf.errors.OutOfRangeError,
    _tf.errors.DataLossError,
    _tf.errors.NotFoundError,
    ValueError,
)


class ChiefSessionCreator(_UpstreamCreator):  # type: ignore[misc]
    """Upstream's creator, which on a damaged checkpoint says what to do.

    The class of the error is upstream's. A checkpoint is read through only after
    upstream failed to restore it.
    """

    def __init__(self, scaffold: Any, checkpoint_dir: Any, master: Any, config: Any) -> None:
        super().__init__(scaffold, master, config, checkpoint_dir)
        self._advice: Callable[[], str | None] = lambda: (
            advice(checkpoint_dir) if checkpoint_dir else None
        )

    def create_session(self) -> Any:
        """Initializes or restores the model.

        Returns:
          A tf.compat.v1.Session whose model is initialized.

        Raises:
          tf.errors.OutOfRangeError, tf.errors.DataLossError, tf.errors.NotFoundError,
          ValueError: the newest checkpoint is truncated, damaged or incomplete.
        """
        try:
            return super().create_session()
        except _UNREADABLE as error:
            message = self._advice()
            if message is None:
                raise
            if isinstance(error, ValueError):
                raise ValueError(message) from error
            raise type(error)(error.node_def, error.op, message) from error


def advice(directory: str) -> str | None:
    """What is wrong with the newest checkpoint in a directory, and what to do.

    Returns:
      A message that names the file, its step and the newest intact checkpoint;
      None if the newest checkpoint is intact, or there is none.
    """
    state = _tf.compat.v1.train.get_checkpoint_state(directory)
    if not state:
        return None
    newest = state.model_checkpoint_path
    damage = _damage(newest)
    if damage is None:
        return None
    older = [path for path in reversed(state.all_model_checkpoint_paths) if path != newest]
    intact = next((path for path in older if _damage(path) is None), None)
    if intact is None:
        remedy = (
            f"none of the {len(older)} older checkpoints in {directory} is intact either; restore "
            "the directory from a copy, or pass another checkpoint_dir to start anew"
        )
    else:
        remedy = (
            f"the newest intact one is {os.path.basename(intact)} ({_step(intact)}); to go on from "
            f"it, run tf.compat.v1.train.update_checkpoint_state({directory!r}, {intact!r}) once "
            "and start again"
        )
    return f"the checkpoint cannot be restored: {damage}; {remedy}."


def _damage(prefix: str) -> str | None:
    """The file of a checkpoint that cannot be read and why, or None if all can be."""
    damaged = prefix + ".index"
    try:
        reader = _tf.train.load_checkpoint(prefix)
        only = prefix + ".data-00000-of-00001"
        damaged = only if os.path.exists(only) else prefix + ".data-*"
        for name in reader.get_variable_to_shape_map():
            reader.get_tensor(name)
    except Exception as problem:  # of many classes: IndexError, OpError, ValueError
        why = str(problem).splitlines()[0]
        return f"{damaged} ({_step(prefix)}) is truncated, damaged or missing ({why})"
    return None


def _step(prefix: str) -> str:
    """The global step in a checkpoint's name, in words."""
    _, _, number = os.path.basename(prefix).rpartition("-")
    return f"global step {number}" if number.isdigit() else "global step unknown"
