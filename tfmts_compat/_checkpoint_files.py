"""The checkpoints in a directory: which are intact, and the remedy for a damaged one.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import math
import os
import re
import shlex
from dataclasses import dataclass
from typing import Any, Collection

from tfmts_compat import _checkpoint_state, _upstream
from tfmts_compat._rules import checks

_tf = _upstream.tensorflow()
_train: Any = _tf.compat.v1.train
_NO_SIZE = (_tf.string, _tf.resource, _tf.variant)  # their shape does not determine their size
_PART = re.compile(r"(.+)\.(?:index|data-\d{5}-of-\d{5})")
_SHARD = re.compile(r".+\.data-(\d{5})-of-(\d{5})")
_SHARDS_V1 = r"-(?:\?{5}|\d{5})-of-(\d{5})"  # in the old format V1, after the step
_STEP = re.compile(rf"(?:.*?-)?(\d+?)(?:{_SHARDS_V1})?")
_LEFTOVER = re.compile(r".+\.tempstate\d+/?|.+_temp(?:_[0-9a-f]+)?/?|checkpoint\.tmp[0-9a-f]{32}")


@dataclass(frozen=True)
class Checkpoint:
    """The files of one checkpoint.

    Attributes:
      prefix: the path without the files' endings, as Saver.restore takes it.
      files: the names of its files.
    """

    prefix: str
    files: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The last part of the path."""
        return os.path.basename(self.prefix)

    @property
    def step(self) -> int | None:
        """The global step in its name; None where there is none."""
        step = _STEP.fullmatch(self.name)
        return int(step[1]) if step else None


@dataclass(frozen=True)
class Contents:
    """The contents of a directory.

    Attributes:
      directory: its path.
      checkpoints: those with an index or a data file, the newest first.
      leftovers: the names of files and directories of interrupted saves.
    """

    directory: str
    checkpoints: tuple[Checkpoint, ...]
    leftovers: tuple[str, ...]

    def named(self, word: str) -> list[Checkpoint]:
        """The checkpoints of a step, a name or a path, as given on a command line."""
        step = int(word) if word.isdecimal() else None
        return [
            each
            for each in self.checkpoints
            if word in (each.name, each.prefix) or (step is not None and step == each.step)
        ]


def contents(directory: str) -> Contents:
    """Lists a directory.

    Raises:
      tf.errors.OpError: it cannot be read.
    """
    names = frozenset(_tf.io.gfile.listdir(directory))
    parts: dict[str, list[str]] = {}
    for name in sorted(names):
        prefix = _prefix(name, names)
        if prefix:
            parts.setdefault(prefix, []).append(name)
    found = [
        Checkpoint(os.path.join(directory, prefix), (*files, *{_meta(prefix)}.intersection(names)))
        for prefix, files in parts.items()
    ]
    found.sort(key=lambda each: (-1 if each.step is None else each.step, each.name), reverse=True)
    leftovers = sorted(name.rstrip("/") for name in names if _LEFTOVER.fullmatch(name))
    return Contents(directory, tuple(found), tuple(leftovers))


def _prefix(name: str, names: frozenset[str]) -> str | None:
    """The checkpoint, as Saver.restore takes it, to which a file belongs."""
    part = _PART.fullmatch(name)
    if part:
        return part[1]
    if _meta(name) not in names:  # the only other file of a checkpoint of the old format V1
        return None
    return re.sub(f"{_SHARDS_V1}$", r"-?????-of-\1", name)


def _meta(prefix: str) -> str:
    return re.sub(f"{_SHARDS_V1}$", "", prefix) + ".meta"


def find(path: str) -> Checkpoint:
    """The checkpoint of a path, with the files that exist."""
    found = _listed(os.path.dirname(path))
    return next((each for each in found if each.prefix == path), Checkpoint(path))


def damage(prefix: str, checksums: bool = True, names: Collection[str] | None = None) -> str | None:
    """Describes the damage of a checkpoint; sizes are checked before any tensor is read.

    The index lists the shape and dtype of each tensor, and the data files are at least as large as
    these require. The index does not contain the size of string tensors.

    Args:
      prefix: the path without the files' endings.
      checksums: whether to read every tensor, which verifies its checksum.
      names: the names of its files, if they are known; None lists the directory.

    Returns:
      The file that cannot be read, its global step and why; None if all can be read.
    """
    directory, name = os.path.split(prefix)
    damaged = f"{prefix}.index"
    try:
        names = _tf.io.gfile.listdir(directory) if names is None else names
        indexed = f"{name}.index" in names
        if not indexed:
            if name not in names and "?" not in name:
                return f"{damaged} ({_step(prefix)}) is missing"
            damaged = prefix  # the old format V1: one file, or one for each shard
        reader = _train.NewCheckpointReader(prefix)
        shapes = reader.get_variable_to_shape_map()
        dtypes = {
            name: _tf.as_dtype(dtype) for name, dtype in reader.get_variable_to_dtype_map().items()
        }
        if indexed:
            missing, sizes = _data_files(prefix, names)
            damaged = next(iter(sizes)) if len(sizes) == 1 else f"{prefix}.data-*"
            if missing:
                return f"{missing[0]} ({_step(prefix)}) is missing"
            size = sum(sizes.values())
            least = sum(
                math.prod(shape) * dtypes[name].size
                for name, shape in shapes.items()
                if dtypes[name] not in _NO_SIZE
            )
            if size < least:
                return f"{damaged} ({_step(prefix)}) is truncated ({size:,} of {least:,} bytes)"
        if checksums:
            for name, dtype in dtypes.items():
                if dtype not in (_tf.resource, _tf.variant):  # Python has no value for these
                    reader.get_tensor(name)
    except Exception as problem:  # of many classes: IndexError, OpError, ValueError
        why = (str(problem).splitlines() or [type(problem).__name__])[0]
        return f"{damaged} ({_step(prefix)}) is truncated, damaged or cannot be read ({why})"
    return None


def _data_files(prefix: str, names: Collection[str]) -> tuple[list[str], dict[str, int]]:
    """The data files that are missing, and the size of each that is there."""
    directory, name = os.path.split(prefix)
    sizes = {}
    shards: dict[str, set[str]] = {}  # by the number of shards; a save may have changed it
    for file in names:
        shard = file.startswith(f"{name}.data-") and _SHARD.fullmatch(file)
        if shard:
            path = os.path.join(directory, file)
            sizes[path] = _tf.io.gfile.stat(path).length
            shards.setdefault(shard[2], set()).add(shard[1])
    if not shards:
        return [f"{prefix}.data-*"], sizes
    missing = [
        [
            f"{prefix}.data-{number:05}-of-{count}"
            for number in range(int(count))
            if f"{number:05}" not in present
        ]
        for count, present in shards.items()
    ]
    return min(missing, key=len), sizes


def unread_state(directory: str) -> str | None:
    """A warning if the file that names the checkpoints is damaged and upstream ignores that.

    Returns:
      The warning; None if the file can be read, if upstream will raise an error for it,
      or if there is no intact checkpoint.
    """
    state = _checkpoint_state.read(directory)
    if not state.problem or state.fails:
        return None
    remedy = _remedy(directory, [each.prefix for each in _listed(directory)])
    return remedy and (
        f"{state.file} {state.problem}, so the training starts again at "
        f"global step 0 and replaces the checkpoints in this directory; {remedy}"
    )


def advice(directory: str) -> str | None:
    """The damage of the newest checkpoint in a directory, and the remedy.

    Returns:
      A message that names the file, its step and the newest intact checkpoint;
      None if the newest checkpoint is intact, or there is none.
    """
    state = _checkpoint_state.read(directory)
    if state.problem:
        if not state.fails:
            return None
        reason: str | None = f"{state.file} {state.problem}"
    else:
        reason = state.newest and damage(state.newest)
    if not reason:
        return None
    older = [path for path in reversed(state.paths) if path != state.newest]
    known = [absolute(path) for path in state.paths]  # elsewhere, if this directory is a copy
    here = [each.prefix for each in _listed(directory)]
    older += [path for path in here if absolute(path) not in known]
    remedy = _remedy(directory, older) or (
        f"none of the {len(older)} other checkpoints in {directory} is intact either; restore "
        "the directory from a copy, or pass another checkpoint_dir to start again"
    )
    return f"the checkpoint cannot be restored: {reason}; {remedy}."


def _listed(directory: str) -> tuple[Checkpoint, ...]:
    try:
        return contents(directory).checkpoints
    except _tf.errors.OpError:
        return ()


def _remedy(directory: str, newest_first: list[str]) -> str | None:
    """How to continue from the first intact checkpoint of these; None if none is intact."""
    intact = next((path for path in newest_first if damage(path) is None), None)
    if not intact:
        return None
    checkpoint = Checkpoint(intact)
    return (
        f"the newest intact one is {checkpoint.name} ({_step(intact)}); to continue from it, run "
        f"`{command(directory, checkpoint)}` once and start again"
    )


def command(directory: str, checkpoint: Checkpoint) -> str:
    """The command that makes a session in a directory restore a checkpoint."""
    word = checkpoint.prefix
    if absolute(checkpoint.prefix) == absolute(os.path.join(directory, checkpoint.name)):
        word = checkpoint.name if checkpoint.step is None else str(checkpoint.step)
    return f"tfmts-compat checkpoints {shlex.quote(directory)} --use {shlex.quote(word)}"


def _step(prefix: str) -> str:
    """The global step in a checkpoint's name, in words."""
    step = Checkpoint(prefix).step
    return "global step unknown" if step is None else f"global step {step}"


def absolute(path: str) -> str:
    """A path in a form that can be compared; URLs such as gs://bucket/dir are left as they are."""
    return path if checks.scheme(path) else os.path.abspath(path)
