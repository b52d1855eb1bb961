"""Which checkpoints are intact.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import math
import os
import re
from typing import Any, Callable, Collection

from tfmts_compat._checkpoints.contents import Checkpoint
from tfmts_compat._upstream import loading

_tf = loading.tensorflow()
_train: Any = _tf.compat.v1.train
_NO_SIZE = (_tf.string, _tf.resource, _tf.variant)  # their shape does not determine their size
ELSEWHERE = ", and only its .meta is here: another machine wrote the rest to its own disk"
_SHARD = re.compile(r".+\.data-(\d{5})-of-(\d{5})", re.DOTALL)  # a name may contain a newline


def find_damage(
    prefix: str,
    checksums: bool = True,
    names: Collection[str] | None = None,
    progress: Callable[[int, int], None] = lambda read, count: None,  # noqa: ARG005
) -> str | None:
    """Describes the damage of a checkpoint; sizes are checked before any tensor is read.

    The index lists the shape and dtype of each tensor, and the data files are at least as large as
    these require. The index does not contain the size of string tensors.

    Args:
      prefix: the path without the files' endings.
      checksums: whether to read every tensor, which verifies its checksum.
      names: the names of its files, if they are known; None lists the directory.
      progress: called before each tensor is read, with the number of those already read and the
        number of all.

    Returns:
      The file that cannot be read, its global step and why; None if all can be read.
    """
    directory, name = os.path.split(prefix)
    step = Checkpoint(prefix).step_in_words
    damaged = f"{prefix}.index"
    try:
        names = _tf.io.gfile.listdir(directory or ".") if names is None else names
        indexed = f"{name}.index" in names
        if not indexed:
            if name not in names and "?" not in name:
                elsewhere = f"{name}.meta" in names and not _find_data_files(prefix, names)[1]
                return f"{damaged} ({step}) is missing{ELSEWHERE if elsewhere else ''}"
            damaged = prefix  # the old format V1: one file, or one for each shard
        reader = _train.NewCheckpointReader(prefix)
        shapes = reader.get_variable_to_shape_map()
        dtypes = {
            name: _tf.as_dtype(dtype) for name, dtype in reader.get_variable_to_dtype_map().items()
        }
        if indexed:
            missing, sizes = _find_data_files(prefix, names)
            damaged = next(iter(sizes)) if len(sizes) == 1 else f"{prefix}.data-*"
            if missing:
                return f"{missing[0]} ({step}) is missing"
            size = sum(sizes.values())
            least = sum(
                math.prod(shape) * dtypes[name].size
                for name, shape in shapes.items()
                if dtypes[name] not in _NO_SIZE
            )
            if size < least:
                return f"{damaged} ({step}) is truncated ({size:,} of {least:,} bytes)"
        if checksums:
            for index, (name, dtype) in enumerate(dtypes.items()):
                progress(index, len(dtypes))
                if dtype not in (_tf.resource, _tf.variant):  # Python has no value for these
                    reader.get_tensor(name)
    except Exception as problem:  # of many classes: IndexError, OpError, ValueError
        why = (str(problem).splitlines() or [type(problem).__name__])[0]
        return f"{damaged} ({step}) is truncated, damaged or cannot be read ({why})"
    return None


def _find_data_files(prefix: str, names: Collection[str]) -> tuple[list[str], dict[str, int]]:
    """Returns the data files that are missing, and the size of each that is there."""
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
