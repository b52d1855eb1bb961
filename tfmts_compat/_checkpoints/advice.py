"""What to do about a checkpoint that cannot be restored.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import os
import shlex

from tfmts_compat._checkpoints.contents import Checkpoint, absolute, list_checkpoints
from tfmts_compat._checkpoints.damage import find_damage
from tfmts_compat._checkpoints.state import read_state
from tfmts_compat._rules import pitfalls


def describe_unread_state(directory: str) -> str | None:
    """A warning if the file that names the checkpoints is damaged and upstream ignores that.

    Returns:
      The warning; None if the file can be read, if upstream will raise an error for it,
      or if there is no intact checkpoint.
    """
    state = read_state(directory)
    if not state.problem or state.fails:
        return None
    remedy = _remedy(directory, [checkpoint.prefix for checkpoint in list_checkpoints(directory)])
    return remedy and pitfalls.describe(
        "unread-state", file=state.file, problem=state.problem, remedy=remedy
    )


def explain_state(directory: str) -> str | None:
    """The damage of the file that names the checkpoints, and the remedy.

    Returns:
      A message that names the newest intact checkpoint; None if a session raises no
      error because of the file.
    """
    state = read_state(directory)
    if not state.problem or not state.fails:
        return None
    here = [checkpoint.prefix for checkpoint in list_checkpoints(directory)]
    return _message(f"{state.file} {state.problem}", directory, here)


def explain_damage(prefix: str, directory: str | None, checksums: bool) -> str | None:
    """The damage of a checkpoint that could not be restored, and the remedy.

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
    older = [path for path in reversed(state.paths) if path != prefix]
    known = [absolute(path) for path in state.paths]  # elsewhere, if this directory is a copy
    here = [checkpoint.prefix for checkpoint in list_checkpoints(directory)]
    older += [path for path in here if absolute(path) not in known]
    return _message(reason, directory, older)


def _message(reason: str, directory: str, others: list[str]) -> str:
    remedy = _remedy(directory, others) or (
        f"none of the {len(others)} other checkpoints in {directory} is intact either; restore "
        "the directory from a copy, or pass another checkpoint_dir to start again"
    )
    return f"the checkpoint cannot be restored: {reason}; {remedy}."


def _remedy(directory: str, newest_first: list[str]) -> str | None:
    """How to continue from the first intact checkpoint of these; None if none is intact."""
    intact = next((path for path in newest_first if find_damage(path) is None), None)
    if not intact:
        return None
    checkpoint = Checkpoint(intact)
    return (
        f"the newest intact one is {checkpoint.name} ({checkpoint.step_in_words}); "
        f"to continue from it, run `{use_command(directory, checkpoint)}` once and start again"
    )


def use_command(directory: str, checkpoint: Checkpoint) -> str:
    """The command that makes a session in a directory restore a checkpoint."""
    word = checkpoint.prefix
    if absolute(checkpoint.prefix) == absolute(os.path.join(directory, checkpoint.name)):
        word = checkpoint.name if checkpoint.step is None else str(checkpoint.step)
    return f"tfmts-compat checkpoints {shlex.quote(directory)} --use {shlex.quote(word)}"
