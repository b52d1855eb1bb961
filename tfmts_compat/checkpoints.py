"""What to say when the newest checkpoint cannot be read, or the file that names it.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import os
from typing import Any, Callable

from google.protobuf import text_format  # TensorFlow brings it

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


def unread_state(directory: str) -> str | None:
    """A warning where the file that names the checkpoints is damaged: upstream starts anew.

    Returns:
      The warning; None if the file can be read, upstream will raise an error for it,
      or there is nothing to go on from.
    """
    file = os.path.join(directory, "checkpoint")
    try:
        if not _tf.io.gfile.exists(file):
            return None  # nothing yet, or taken away to start anew
        any_state = _tf.compat.v1.train.generate_checkpoint_state_proto(directory, file, [file])
        with _tf.io.gfile.GFile(file) as opened:
            text_format.Parse(opened.read(), type(any_state)())
        return None
    except UnicodeDecodeError:
        return None
    except (text_format.ParseError, _tf.errors.OpError) as problem:
        why = str(problem).splitlines()[0]
    remedy = _go_on(directory, _by_step(directory))
    return remedy and (
        f"{file} is truncated, damaged or cannot be read ({why}), so the training starts anew at "
        f"global step 0 and replaces the checkpoints beside it; {remedy}"
    )


def advice(directory: str) -> str | None:
    """What is wrong with the newest checkpoint in a directory, and what to do.

    Returns:
      A message that names the file, its step and the newest intact checkpoint;
      None if the newest checkpoint is intact, or there is none.
    """
    try:
        state = _tf.compat.v1.train.get_checkpoint_state(directory)
    except ValueError:
        damage = f"{os.path.join(directory, 'checkpoint')} names none"
        older = _by_step(directory)
    else:
        if not state:
            return None
        newest = state.model_checkpoint_path
        damage = _damage(newest) or ""
        if not damage:
            return None
        older = [path for path in reversed(state.all_model_checkpoint_paths) if path != newest]
    remedy = _go_on(directory, older) or (
        f"none of the {len(older)} older checkpoints in {directory} is intact either; restore "
        "the directory from a copy, or pass another checkpoint_dir to start anew"
    )
    return f"the checkpoint cannot be restored: {damage}; {remedy}."


def _go_on(directory: str, newest_first: list[str]) -> str | None:
    """How to go on from the first intact one of some checkpoints, if one is."""
    intact = next((path for path in newest_first if _damage(path) is None), None)
    return intact and (
        f"the newest intact one is {os.path.basename(intact)} ({_step(intact)}); to go on from "
        f"it, run tf.compat.v1.train.update_checkpoint_state({directory!r}, {intact!r}) once "
        "and start again"
    )


def _by_step(directory: str) -> list[str]:
    """The checkpoints whose files are in a directory, the newest first."""
    try:
        names = [name for name in _tf.io.gfile.listdir(directory) if name.endswith(".index")]
    except _tf.errors.OpError:
        return []
    prefixes = [os.path.join(directory, name[: -len(".index")]) for name in names]
    return sorted(prefixes, key=_number, reverse=True)


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
    number = _number(prefix)
    return "global step unknown" if number < 0 else f"global step {number}"


def _number(prefix: str) -> int:
    """The global step in a checkpoint's name; -1 where there is none."""
    _, _, number = os.path.basename(prefix).rpartition("-")
    return int(number) if number.isdigit() else -1
