"""The file named `checkpoint`, in which TensorFlow keeps the names of a directory's checkpoints.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Sequence

from google.protobuf import text_format  # TensorFlow brings it

from tfmts_compat._rules import checks
from tfmts_compat._upstream import loading
from tfmts_compat._upstream.parts import get_part

_tf = loading.tensorflow()
# session_manager has imported it. TensorFlow 2.9 moved it, and logs a warning for the old module.
_management: Any = get_part("checkpoint_management")


@dataclass(frozen=True)
class State:
    """The contents of the file.

    Attributes:
      file: its path.
      exists: whether there is one.
      newest: the path of the checkpoint that a session restores; None if there is none.
      paths: the checkpoints that the saver keeps, the oldest first; they include newest.
      problem: what is wrong with the file, or None.
      fails: whether a session raises an error because of the problem; otherwise it
        starts at global step 0.
    """

    file: str
    exists: bool = True
    newest: str | None = None
    paths: tuple[str, ...] = ()
    problem: str | None = None
    fails: bool = False


def read_state(directory: str) -> State:
    """Reads the file as a session would; relative paths in it are relative to the directory."""
    file = os.path.join(directory, "checkpoint")
    try:
        if not _tf.io.gfile.exists(file):
            return State(file, exists=False)
        any_state = _management.generate_checkpoint_state_proto(directory, file, [file])
        with _tf.io.gfile.GFile(file) as opened:
            text_format.Parse(opened.read(), type(any_state)())
        state = _management.get_checkpoint_state(directory)
    except UnicodeDecodeError as error:
        return State(file, problem=f"is not text ({error})", fails=True)
    except (text_format.ParseError, _tf.errors.OpError) as error:
        why = str(error).splitlines()[0]
        return State(file, problem=f"is truncated, damaged or cannot be read ({why})")
    except ValueError:
        return State(file, problem="names no checkpoint", fails=True)
    if state is None:  # it was deleted meanwhile
        return State(file, exists=False)
    newest, paths = state.model_checkpoint_path, tuple(state.all_model_checkpoint_paths)
    # The newest is missing in the list if someone has changed the file by hand.
    return State(file, newest=newest, paths=paths if newest in paths else (*paths, newest))


def rewrite_state(directory: str, prefix: str, older: Sequence[str]) -> str | None:
    """Makes the file name another checkpoint; TensorFlow replaces it atomically.

    Args:
      directory: the directory of the file.
      prefix: the path of the checkpoint that a session is to restore.
      older: checkpoints that the saver will delete later, the oldest first.

    Returns:
      The path of the copy of the earlier file, checkpoint.old-1, -2 and so on; None if
      there was no file.
    """
    file = os.path.join(directory, "checkpoint")
    kept = _copy(file) if _tf.io.gfile.exists(file) else None
    paths = [*older, prefix]
    if not checks.find_scheme(directory):
        # Relative to the directory, so that it can be moved; TensorFlow does so for URLs.
        directory = os.path.abspath(directory)
        paths = [os.path.abspath(path) for path in paths]
        paths = [
            os.path.basename(path) if os.path.dirname(path) == directory else path for path in paths
        ]
    _management.update_checkpoint_state(directory, paths[-1], paths)
    return kept


def _copy(file: str) -> str:
    """Copies a file to the first free name. A symbolic link has a name that is not free."""
    number = 1
    while True:
        copy = f"{file}.old-{number}"
        try:
            if checks.find_scheme(file):
                _tf.io.gfile.copy(file, copy)
            else:
                with open(copy, "xb") as opened:  # does not follow a link, unlike gfile
                    opened.write(_tf.io.gfile.GFile(file, "rb").read())
            return copy
        except (FileExistsError, _tf.errors.AlreadyExistsError):
            number += 1
