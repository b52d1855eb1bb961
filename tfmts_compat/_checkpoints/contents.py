"""What a directory holds: its checkpoints, and the leftovers of interrupted saves.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from tfmts_compat._rules import checks
from tfmts_compat._upstream import loading

_tf = loading.tensorflow()
# With DOTALL, because the name of a file may contain a newline.
_PART = re.compile(r"(.+)\.(?:index|data-\d{5}-of-\d{5})", re.DOTALL)
_SHARDS_V1 = r"-(?:\?{5}|\d{5})-of-(\d{5})"  # in the old format V1, after the step
_STEP = re.compile(rf"(?:.*?-)?(\d+?)(?:{_SHARDS_V1})?", re.DOTALL)
_LEFTOVER = re.compile(
    r".+\.tempstate\d+/?|.+_temp(?:_[0-9a-f]+)?/?|checkpoint\.tmp[0-9a-f]{32}", re.DOTALL
)


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

    @property
    def step_in_words(self) -> str:
        """The global step in its name, for a message."""
        return "global step unknown" if self.step is None else f"global step {self.step}"


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

    def find(self, word: str) -> list[Checkpoint]:
        """Returns the checkpoints of a step, a name or a path, as given on a command line."""
        step = int(word) if word.isdecimal() else None
        return [
            checkpoint
            for checkpoint in self.checkpoints
            if word in (checkpoint.name, checkpoint.prefix)
            or (step is not None and step == checkpoint.step)
        ]


def read_contents(directory: str) -> Contents:
    """Lists a directory.

    Raises:
      tf.errors.OpError: it cannot be read.
    """
    names = frozenset(_tf.io.gfile.listdir(directory))
    parts: dict[str, list[str]] = {}
    for name in sorted(names):
        prefix = _find_prefix(name, names)
        if prefix:
            parts.setdefault(prefix, []).append(name)
    found = [
        Checkpoint(
            os.path.join(directory, prefix), (*files, *{_get_meta_file(prefix)}.intersection(names))
        )
        for prefix, files in parts.items()
    ]
    found.sort(
        key=lambda entry: (-1 if entry.step is None else entry.step, entry.name), reverse=True
    )
    leftovers = sorted(name.rstrip("/") for name in names if _LEFTOVER.fullmatch(name))
    return Contents(directory, tuple(found), tuple(leftovers))


def _find_prefix(name: str, names: frozenset[str]) -> str | None:
    """Returns the checkpoint, as Saver.restore takes it, to which a file belongs."""
    part = _PART.fullmatch(name)
    if part:
        return part[1]
    # In the old format V1 a checkpoint has only one other file, the .meta.
    if _get_meta_file(name) not in names:
        return None
    return re.sub(f"{_SHARDS_V1}$", r"-?????-of-\1", name)


def _get_meta_file(prefix: str) -> str:
    return re.sub(f"{_SHARDS_V1}$", "", prefix) + ".meta"


def strip_ending(path: str) -> str | None:
    """Returns the checkpoint of which a path names one file, by its ending; None without one."""
    part = re.fullmatch(rf"{_PART.pattern}|(.+)\.meta", path, re.DOTALL)
    return part and (part[1] or part[2])


def find_checkpoint(path: str) -> Checkpoint:
    """Returns the checkpoint of a path, with the files that exist."""
    for checkpoint in list_checkpoints(os.path.dirname(path)):
        if checkpoint.prefix == path:
            return checkpoint
    meta = _get_meta_file(path)
    return Checkpoint(path, (os.path.basename(meta),) if _tf.io.gfile.exists(meta) else ())


def list_checkpoints(directory: str) -> tuple[Checkpoint, ...]:
    """Lists the checkpoints of a directory; none if it cannot be read."""
    try:
        return read_contents(directory).checkpoints
    except _tf.errors.OpError:
        return ()


def make_absolute(path: str) -> str:
    """Returns a path that can be compared; URLs such as gs://bucket stay as they are."""
    return path if checks.find_scheme(path) else os.path.abspath(path)
