"""The pitfalls that a checkpoint directory shows before a training in it.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import collections
import os

from tfmts_compat._checkpoints import advice
from tfmts_compat._checkpoints.contents import Checkpoint, make_absolute
from tfmts_compat._checkpoints.state import State, read_state
from tfmts_compat._rules import checks, pitfalls
from tfmts_compat._upstream import loading

_tf = loading.tensorflow()


def find_pitfalls(directory: str) -> list[str]:
    """Returns the texts of the pitfalls of a directory.

    Only the file named `checkpoint` is read, unless it is damaged or names another directory.
    """
    state = read_state(directory)
    if not state.problem:
        copy = describe_copy(directory, state)
        return [copy] if copy else []
    if state.fails:  # the session raises an error
        return []
    intact = advice.find_intact(advice.list_candidates(directory, state))
    if intact is None:
        return []
    remedy = advice.describe_use(directory, intact)
    fields = {"file": state.file, "problem": state.problem, "remedy": remedy}
    return [pitfalls.describe("unread-state", **fields)]


def describe_copy(directory: str, state: State) -> str | None:
    """Describes the pitfall of a copied directory; None if the directory is no copy.

    The file `checkpoint` of a copy names the files of the original. A session restores those, and
    its saver deletes them. If it names files with the same name in both directories, one Saver
    saves into both, for two CheckpointSaverHooks.
    """
    names = collections.Counter(map(os.path.basename, state.paths))
    elsewhere = [
        path
        for path in state.paths
        if names[os.path.basename(path)] == 1 and _is_copied(directory, path)
    ]
    if not state.newest or not elsewhere:
        return None
    (newest,) = map(Checkpoint, advice.list_own_paths(directory, [state.newest]))
    return pitfalls.describe(
        "copied-directory",
        directory=directory,
        file=state.file,
        original=os.path.dirname(elsewhere[-1]),
        name=newest.name,
        command=advice.build_use_command(directory, newest),
    )


def _is_copied(directory: str, path: str) -> bool:
    """Returns whether a checkpoint is in another directory, and this directory has its copy."""
    here, there = make_absolute(directory), make_absolute(os.path.dirname(path))
    # A directory such as gs://bucket/dir may also be mounted.
    if here == there or checks.find_scheme(here) or checks.find_scheme(there):
        return False
    original = f"{path}.index"
    copy = os.path.join(directory, os.path.basename(original))
    if not (_tf.io.gfile.exists(original) and _tf.io.gfile.exists(copy)):
        return False
    # A directory has two paths if one is a link or if it is mounted twice. The files are not
    # compared: those of a copy may be links, and the saver deletes the files in the original.
    return not os.path.samefile(here, there)
