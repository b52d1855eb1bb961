"""What to do about a checkpoint that cannot be restored.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import os
import shlex
from typing import Any, Iterable

from tfmts_compat._checkpoints.contents import (
    Checkpoint,
    list_checkpoints,
    make_absolute,
    strip_ending,
)
from tfmts_compat._checkpoints.coverage import explain_mismatch, explain_objects
from tfmts_compat._checkpoints.damage import ELSEWHERE, find_damage
from tfmts_compat._checkpoints.state import State, read_state
from tfmts_compat._upstream import loading

_tf = loading.tensorflow()


def explain_state(directory: str) -> str | None:
    """Describes the damage of the file that names the checkpoints, and the remedy.

    Returns:
      A message that names the newest intact checkpoint; None if a session raises no
      error because of the file.
    """
    state = read_state(directory)
    if not state.problem or not state.fails:
        return None
    return _build_message(
        f"{state.file} {state.problem}", directory, list_candidates(directory, state)
    )


def explain_restore(
    restore_op: str, prefix: str, graph: Any, directory: str | None, error: Exception
) -> str | None:
    """Explains the error of a Saver that could not restore a checkpoint.

    Args:
      restore_op: the name of the operation by which the Saver restores.
      prefix: the path that the Saver was given.
      graph: the graph of the Saver.
      directory: the checkpoint directory of the session, or None.
      error: the error. Only a DataLossError makes it read more than the sizes and the index.

    Returns:
      A message that names what is wrong, and the remedy; None if it is not known.
    """
    if isinstance(error, RuntimeError):
        return explain_objects(prefix)
    message = _explain_wrong_path(prefix) or explain_damage(
        prefix, directory, isinstance(error, _tf.errors.DataLossError)
    )
    if message is None and isinstance(
        error, (_tf.errors.NotFoundError, _tf.errors.InvalidArgumentError)
    ):
        message = explain_mismatch(restore_op, prefix, graph)
    return message


def _explain_wrong_path(path: str) -> str | None:
    """Names the path to pass instead of a checkpoint's file or directory."""
    if _tf.io.gfile.exists(f"{path}.index"):
        return None
    checkpoint = strip_ending(path)
    if checkpoint is not None:
        return (
            f"{path} is one file of a checkpoint; pass the path without the ending: {checkpoint}."
        )
    if _tf.io.gfile.isdir(path):
        return (
            f"{path} is a directory; pass the path of a checkpoint in it, e.g. "
            f"tf.train.latest_checkpoint({path!r})."
        )
    return None


def explain_damage(prefix: str, directory: str | None, checksums: bool) -> str | None:
    """Describes the damage of a checkpoint that could not be restored, and the remedy.

    Args:
      prefix: the path of the checkpoint.
      directory: the checkpoint directory of the session.
      checksums: whether every tensor is read if the sizes of the files are right.

    Returns:
      A message that names the file, its step and the newest intact checkpoint of the
      directory; None if no damage is found.
    """
    reason = find_damage(prefix, checksums)
    if not reason:
        return None
    state = read_state(directory) if directory else None
    if not directory or not state or state.newest != prefix:  # restored by the user's init_fn
        return f"the checkpoint cannot be restored: {reason}."
    others = [path for path in list_candidates(directory, state) if path != prefix]
    return _build_message(reason, directory, others)


def _build_message(reason: str, directory: str, others: list[str]) -> str:
    intact = find_intact(others)
    elsewhere = ELSEWHERE in reason and (
        f"the checkpoints are in {directory} of the parameter servers, below their working "
        "directory if it is relative; copy the files here, or pass an absolute checkpoint_dir that "
        "all machines share"
    )
    remedy = (
        (intact and describe_use(directory, intact))
        or elsewhere
        or (
            f"none of the {len(others)} other checkpoints in {directory} is intact either; restore "
            "the directory from a copy, or pass another checkpoint_dir to start again"
        )
    )
    return f"the checkpoint cannot be restored: {reason}; {remedy}."


def list_own_paths(directory: str, paths: Iterable[str]) -> list[str]:
    """Replaces the paths of checkpoints that have a copy in the directory by those of the copy."""
    here = {checkpoint.name: checkpoint.prefix for checkpoint in list_checkpoints(directory)}
    return [here.get(os.path.basename(path), path) for path in paths]


def list_candidates(directory: str, state: State) -> list[str]:
    """Lists the checkpoints from which to continue, in the order in which to try them.

    Those that the file names come first, from the newest to the oldest. The others follow, from
    the highest global step to the lowest: they may be of an abandoned training.
    """
    named = list_own_paths(directory, state.paths)[::-1]
    known = {make_absolute(path) for path in named}
    here = [checkpoint.prefix for checkpoint in list_checkpoints(directory)]
    return [*named, *(path for path in here if make_absolute(path) not in known)]


def find_intact(paths: Iterable[str]) -> Checkpoint | None:
    """Returns the first of these checkpoints that is intact, checksums included, or None."""
    return next((Checkpoint(path) for path in paths if find_damage(path) is None), None)


def describe_use(directory: str, intact: Checkpoint) -> str:
    """Describes how to continue from the checkpoint that `find_intact` found."""
    return (
        f"the newest intact one is {intact.name} ({intact.step_in_words}); "
        f"to continue from it, run `{build_use_command(directory, intact)}` once and start again"
    )


def build_use_command(directory: str, checkpoint: Checkpoint) -> str:
    """Returns the command that makes a session in a directory restore a checkpoint."""
    option = build_use_option(directory, checkpoint)
    return f"tfmts-compat checkpoints {shlex.quote(directory)} {option}"


def build_use_option(directory: str, checkpoint: Checkpoint) -> str:
    """Returns the option of that command: several checkpoints of a directory may have one step."""
    word, name = checkpoint.prefix, checkpoint.name
    if make_absolute(word) == make_absolute(os.path.join(directory, name)):
        word = name
    return f"--use {shlex.quote(word)}"
