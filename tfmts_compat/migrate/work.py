"""One file's bytes in, its outcome out; spread over the cores where that pays."""

from __future__ import annotations

import collections
import difflib
import glob
import os
import re
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Iterator, Sequence

from tfmts_compat.migrate.findings import Finding

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor
    from multiprocessing.context import ForkContext

_ENOUGH = 30_000  # bytes to parse before processes are worth starting: about 0.2 s of work
_WAITING = 8  # jobs for each process, so that memory stays flat


@dataclass(frozen=True)
class Outcome:
    """What became of a file.

    Attributes:
      path: the file.
      found: its findings.
      data: the migrated bytes, or None where they are the same.
      diff: the difference, if it was asked for.
    """

    path: str
    found: list[Finding]
    data: bytes | None = None
    diff: bytes = b""


def processed_file(path: str, ignored: Sequence[str], with_diff: bool) -> Outcome:
    """Reads a file and migrates it."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as problem:
        return Outcome(path, [Finding(path, 1, 1, "TFM001", problem.strerror or str(problem))])
    return processed(path, data, ignored, with_diff)


def processed(path: str, data: bytes, ignored: Sequence[str], with_diff: bool) -> Outcome:
    """Migrates one file; what cannot be read or parsed is a finding."""
    from tfmts_compat.migrate import notebook, rewrite
    from tfmts_compat.migrate.source import Encoded, UnreadableError

    try:
        encoded = Encoded.read(data)
        if path.endswith(".ipynb"):
            result = notebook.migrated(encoded.text, path, ignored)
        else:
            keeps = os.path.basename(path).startswith("__init__.")
            result = rewrite.rewritten(encoded.text, path, ignored, keeps_imports=keeps)
    except UnreadableError as problem:
        code = "TFM002" if problem.parsed else "TFM001"
        return Outcome(path, [Finding(path, problem.line, 1, code, str(problem))])
    except Exception as problem:  # a fault of ours or of LibCST's; the other files go on
        why = f"cannot be analysed: {type(problem).__name__}: {problem}"
        return Outcome(path, [Finding(path, 1, 1, "TFM002", why)])
    if result.text == encoded.text:
        return Outcome(path, result.found)
    new = encoded.encode(result.text)
    return Outcome(path, result.found, new, _diff(path, data, new) if with_diff else b"")


class Jobs:
    """Runs files through `processed_file` and yields the outcomes in order."""

    def __init__(self, ignored: Sequence[str], with_diff: bool) -> None:
        self._settings = tuple(ignored), with_diff
        self._first: list[str] = []
        self._bytes = 0
        self._running: collections.deque[Future[Outcome]] = collections.deque()
        self._pool: ProcessPoolExecutor | None = None
        self._processes = cores()

    def add(self, path: str, size: int) -> Iterator[Outcome]:
        """Takes a file of so many bytes, and yields what is ready."""
        self._first.append(path)
        self._bytes += size
        if self._bytes < _ENOUGH:
            return
        if self._processes < 2:
            yield from self._here()
            return
        self._pool = self._pool or _pool(self._processes)
        for each in self._first:
            self._running.append(self._pool.submit(processed_file, each, *self._settings))
        self._first.clear()
        while self._running and (
            self._running[0].done() or len(self._running) > _WAITING * self._processes
        ):
            yield self._running.popleft().result()

    def rest(self) -> Iterator[Outcome]:
        """Yields all that is left."""
        yield from self._here()
        while self._running:
            yield self._running.popleft().result()

    def close(self) -> None:
        """Ends the processes; jobs that have not begun are given up."""
        if self._pool:
            for job in self._running:
                job.cancel()
            self._pool.shutdown()

    def _here(self) -> Iterator[Outcome]:
        for each in self._first:
            yield processed_file(each, *self._settings)
        self._first.clear()


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def forking() -> ForkContext | None:
    """What forks processes, which is 20 times faster than starting them anew.

    None where that is unsafe: on other systems than Linux, and beside other threads.
    """
    if len(glob.glob("/proc/self/task/*")) != 1:
        return None
    import multiprocessing

    return multiprocessing.get_context("fork")


def _pool(processes: int) -> ProcessPoolExecutor:
    from concurrent.futures import ProcessPoolExecutor

    context = forking()
    if context:  # LibCST's import takes 0.25 s: once for all
        from tfmts_compat.migrate import notebook  # noqa: F401
    return ProcessPoolExecutor(processes, mp_context=context, initializer=_begin)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command itself answers to Ctrl-C


def _diff(path: str, old: bytes, new: bytes) -> bytes:
    lines = [re.findall(rb"[^\n]*\n|[^\n]+", data) for data in (old, new)]
    for part in lines:
        if part and not part[-1].endswith(b"\n"):
            part[-1] += b"\n\\ No newline at end of file\n"
    name = os.fsencode(path.replace(os.sep, "/"))
    before, after = lines
    made = difflib.diff_bytes(difflib.unified_diff, before, after, b"a/" + name, b"b/" + name)
    return b"".join(made)
