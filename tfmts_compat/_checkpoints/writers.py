"""Who saves into a checkpoint directory: another process beside this one, or another machine.

Nothing is locked: a lock would stay after a crash. Instead, the file named `checkpoint` is compared
before and after each save.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import contextlib
import gc
import os
import re
import socket
from typing import Any, Iterator

from tfmts_compat._checkpoints.contents import make_absolute
from tfmts_compat._checkpoints.state import read_state
from tfmts_compat._rules import checks, pitfalls
from tfmts_compat._upstream import loading

_tf = loading.tensorflow()
_v1: Any = loading.v1()
_EVENTS = re.compile(r"events\.out\.tfevents\.\d+\.(.+?)(?:\.\d+\.\d+\.v2)?")


class StateWatch:
    """Finds out whether another process replaced the file `checkpoint` since the last save."""

    def __init__(self, directory: str, prefix: str) -> None:
        """Watches the file from the first save on.

        Args:
          directory: the directory of the file.
          prefix: what all checkpoints of the saver start with, e.g. /ckpt/model.ckpt.
        """
        self._directory, self._prefix = directory, _resolve(prefix) + "-"
        self._file = os.path.join(directory, "checkpoint")
        self._written: tuple[int, Any] | None = None
        self._saved: list[str] = []

    def after_save(self, saver: Any) -> None:
        """Remembers what the saver wrote."""
        self._written = _read_version(self._file)
        self._saved = _list_saved(saver)

    def before_save(self, saver: Any) -> str | None:
        """Returns the text of a pitfall if another process replaced the file, otherwise None.

        Args:
          saver: the saver, which is about to save.
        """
        if self._written is None or _read_version(self._file) in (None, self._written):
            return None
        if any(self._is_later(kept) for kept in self._list_matching("checkpoint.old-*")):
            return pitfalls.describe("use-during-training", file=self._file)
        newest = _resolve(read_state(self._directory).newest or "")
        who = self._find_writer(newest, saver)
        return who and pitfalls.describe(
            "two-chiefs",
            who=who,
            directory=self._directory,
            file=self._file,
            name=os.path.basename(newest),
        )

    def _find_writer(self, newest: str, saver: Any) -> str | None:
        """Returns who saved the newest checkpoint; None if this process may have saved it.

        The program may have deleted the Saver that saved it. So only a trace of another process
        counts.
        """
        is_known = newest in self._saved  # another chief may have saved the same step
        if not newest.startswith(self._prefix) or (not is_known and newest in _list_saved(saver)):
            return None  # saved by the program
        who = self._find_process() or self._find_host()
        return None if who is None or _may_be_saved_here(newest, saver) else who

    def _is_later(self, file: str) -> bool:
        version = _read_version(file)
        return bool(version and self._written and version[0] >= self._written[0])

    def _list_matching(self, pattern: str) -> list[str]:
        try:
            return list(_tf.io.gfile.glob(os.path.join(self._directory, pattern)))
        except _tf.errors.OpError:
            return []

    def _find_process(self) -> str | None:
        """Returns another process of this machine that writes to a file of the directory."""
        if checks.find_scheme(self._directory):
            return None
        directory = os.path.realpath(self._directory)
        for process, files in _find_open_files():
            if any(os.path.dirname(file) == directory for file in files):
                return f"process {process} on this host ({socket.gethostname()})"
        return None

    def _find_host(self) -> str | None:
        """Returns another host that has written events into the directory since the last save."""
        for file in self._list_matching("events.out.tfevents.*"):
            found = _EVENTS.fullmatch(os.path.basename(file))
            if found and not found[1].startswith(socket.gethostname()) and self._is_later(file):
                return f"a process on the host {found[1]}"
        return None


def _read_version(file: str) -> tuple[int, Any] | None:
    """Returns when a file was written, in nanoseconds, and what else changes if it is replaced."""
    try:
        if not checks.find_scheme(file):  # TensorFlow reads whole seconds only
            found = os.stat(file)
            return found.st_mtime_ns, found.st_ino
        with _tf.io.gfile.GFile(file) as opened:
            return int(_tf.io.gfile.stat(file).mtime_nsec), opened.read()
    except (OSError, UnicodeDecodeError, _tf.errors.OpError):
        return None


def _list_saved(saver: Any) -> list[str]:
    return [_resolve(path) for path in getattr(saver, "last_checkpoints", ())]


def _resolve(path: str) -> str:
    """Returns the path without links: two chiefs may have different paths of the directory."""
    return path if checks.find_scheme(path) else os.path.realpath(path)


def _may_be_saved_here(path: str, saver: Any) -> bool:
    """Returns whether the program itself may have saved the checkpoint, with another Saver."""
    savers = [item for item in gc.get_objects() if issubclass(type(item), _v1.train.Saver)]
    return any(
        _forgets(other) or (other is not saver and path in _list_saved(other)) for other in savers
    )


def _forgets(saver: Any) -> bool:
    """Returns whether a Saver keeps all checkpoints, and so does not remember what it saved."""
    definition = getattr(saver, "saver_def", None)
    return definition is not None and not definition.max_to_keep


def _find_open_files() -> Iterator[tuple[int, set[str]]]:
    """Yields the files that each other process has open for writing (on Linux)."""
    own = _find_files(os.getpid())
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdecimal() and int(name) != os.getpid():
                files = _find_files(int(name))
                # A process that this one forked has its files open.
                yield (
                    int(name),
                    files - own if files and _find_parent(name) == os.getpid() else files,
                )


def _find_files(process: int) -> set[str]:
    files = set()
    with contextlib.suppress(OSError):  # of another user, or it has ended
        for descriptor in os.listdir(f"/proc/{process}/fd"):
            with open(f"/proc/{process}/fdinfo/{descriptor}") as file:
                flags = re.search(r"^flags:\s*(\d+)", file.read(), re.MULTILINE)
            if flags and int(flags[1], 8) & (os.O_WRONLY | os.O_RDWR):
                files.add(os.readlink(f"/proc/{process}/fd/{descriptor}"))
    return files


def _find_parent(process: str) -> int | None:
    with contextlib.suppress(OSError), open(f"/proc/{process}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])
    return None


def describe_elsewhere(directory: str, prefix: str) -> str | None:
    """Describes a checkpoint that another machine has saved to its own disk.

    Args:
      directory: the directory, which the chief and the parameter servers should share.
      prefix: the path of the checkpoint that was just saved.

    Returns:
      The text; None if the files are here, or if they have other names than upstream's.
    """
    state = read_state(directory)
    if state.newest is None or make_absolute(state.newest) != make_absolute(prefix):
        return None
    if any(_tf.io.gfile.exists(file) for file in (prefix, f"{prefix}.index")):
        return None
    return pitfalls.describe("checkpoint-elsewhere", directory=directory, prefix=prefix)
