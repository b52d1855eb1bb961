"""Migrates one file, or many files on all cores."""

from __future__ import annotations

import contextlib
import difflib
import glob
import hashlib
import os
import re
import signal
import threading
import time
from typing import TYPE_CHECKING, Iterator, Sequence

from tfmts_compat.migrate.change import notebook, rewrite
from tfmts_compat.migrate.codebase import importers
from tfmts_compat.migrate.findings import Finding, Outcome
from tfmts_compat.migrate.names import NEW
from tfmts_compat.migrate.read.effects import Replaced
from tfmts_compat.migrate.read.source import (
    TOO_DEEP,
    Encoded,
    UnreadableError,
    changed,
    split_lines,
)

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor
    from multiprocessing.context import ForkContext

_ENOUGH = 500_000  # bytes to parse, about 0.2 s of work, before more processes are started
_USE = re.compile(rf"(?:\b|\\n)(?:import|from)\s+{NEW}\b")
_WAITING = 8  # jobs for each process, which limits the memory


def processed_file(
    path: str, ignored: Sequence[str], with_diff: bool, trees: Sequence[str]
) -> Outcome:
    """Reads a file and migrates it."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as problem:
        return Outcome(path, [Finding(path, 1, 1, "TFM001", problem.strerror or str(problem))])
    return processed(path, data, ignored, with_diff, trees)


def processed(
    path: str, data: bytes, ignored: Sequence[str], with_diff: bool, trees: Sequence[str] = ()
) -> Outcome:
    """Migrates the bytes of a file. If they cannot be read or parsed, that is a finding."""

    def is_imported(name: str) -> bool | None:
        if os.path.basename(path).startswith("__init__."):
            return True
        return None if path == "-" else importers.is_imported(name, path, trees)

    def others() -> Replaced:
        return {} if path == "-" else importers.replaced_elsewhere(path, trees)

    migrated = notebook.migrated if path.endswith(".ipynb") else rewrite.rewritten
    try:
        encoded = Encoded.read(data)
        result = migrated(encoded.text, path, ignored, is_imported=is_imported, others=others)
    except UnreadableError as problem:
        code = "TFM002" if problem.parsed else "TFM001"
        return Outcome(path, [Finding(path, problem.line, 1, code, str(problem))])
    except (RecursionError, MemoryError):
        return Outcome(path, [Finding(path, 1, 1, "TFM002", TOO_DEEP)])
    except Exception as problem:  # an error here; the other files are migrated
        texts = [it for it in problem.args if isinstance(it, str)]  # a node would be very long
        why = f"cannot be analyzed: {': '.join([type(problem).__name__, *texts])}"
        return Outcome(path, [Finding(path, 1, 1, "TFM002", why)])
    uses = bool(_USE.search(result.text))
    if result.text == encoded.text:
        return Outcome(path, result.found, uses=uses)
    new = encoded.encode(result.text)
    diff = _diff(path, data, new) if with_diff else b""
    digest = hashlib.sha256(data).digest()
    return Outcome(path, result.found, new, diff, uses, digest, _shifts(encoded.text, result))


class Jobs:
    """Runs files through `processed_file` and yields the outcomes."""

    def __init__(
        self,
        ignored: Sequence[str],
        with_diff: bool,
        trees: Sequence[str],
        *,
        in_order: bool,
    ) -> None:
        """Starts no process yet.

        Args:
          ignored: the codes that are ignored.
          with_diff: whether the outcomes have diffs.
          trees: the directories that are migrated.
          in_order: whether the outcomes are in the order of the files; if not, each outcome is
            yielded as soon as it is ready.
        """
        self._settings = tuple(ignored), with_diff, tuple(trees)
        self._in_order = in_order
        self._first: list[str] = []
        self._bytes = 0
        self._running: dict[Future[Outcome], str] = {}
        self._pool: ProcessPoolExecutor | None = None
        self._processes = cores()

    def add(self, path: str, size: int) -> Iterator[Outcome]:
        """Adds a file of `size` bytes, and yields the outcomes that are ready."""
        self._first.append(path)
        self._bytes += size
        if self._bytes < _ENOUGH:
            return
        if self._processes < 2:
            yield from self._here()
            return
        for each in self._first:
            self._running[self._submit(each)] = each
        self._first.clear()
        yield from self._ready(_WAITING * self._processes)

    def rest(self) -> Iterator[Outcome]:
        """Yields the remaining outcomes."""
        yield from self._here()
        yield from self._ready(0)

    def close(self) -> None:
        """Ends the processes, and cancels the jobs that have not started."""
        if self._pool:
            for job in self._running:
                job.cancel()
            self._pool.shutdown()

    def _submit(self, path: str) -> Future[Outcome]:
        self._pool = self._pool or _pool(self._processes)
        try:
            return self._pool.submit(processed_file, path, *self._settings)
        except RuntimeError:  # one of its processes was killed
            self._pool = _pool(self._processes)
            return self._pool.submit(processed_file, path, *self._settings)

    def _ready(self, most: int) -> Iterator[Outcome]:
        """Yields the outcomes that are ready, and waits while more than `most` jobs run."""
        from concurrent.futures import FIRST_COMPLETED, wait

        while self._running:
            waits = None if len(self._running) > most else 0
            jobs = [next(iter(self._running))] if self._in_order else list(self._running)
            done = wait(jobs, waits, FIRST_COMPLETED).done
            if not done:
                return
            for job in done:
                yield self._result(job, self._running.pop(job))

    def _result(self, job: Future[Outcome], path: str) -> Outcome:
        """Returns the outcome of a job. If a process was killed, runs the job again alone."""
        from concurrent.futures.process import BrokenProcessPool

        with contextlib.suppress(BrokenProcessPool):
            return job.result()
        with _pool(1) as alone, contextlib.suppress(BrokenProcessPool):
            return alone.submit(processed_file, path, *self._settings).result()
        why = "cannot be analyzed: the process was killed, or ran out of memory"
        return Outcome(path, [Finding(path, 1, 1, "TFM002", why)])

    def _here(self) -> Iterator[Outcome]:
        for each in self._first:
            yield processed_file(each, *self._settings)
        self._first.clear()


def cores() -> int:
    """Returns the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def forking() -> ForkContext | None:
    """Returns the context that forks processes, which is 20 times faster than spawning them.

    Returns None if forking is not safe: on systems other than Linux, and with other threads.
    """
    if len(glob.glob("/proc/self/task/*")) != 1:
        return None
    import multiprocessing

    return multiprocessing.get_context("fork")


def _pool(processes: int) -> ProcessPoolExecutor:
    from concurrent.futures import ProcessPoolExecutor

    return ProcessPoolExecutor(
        processes, mp_context=forking(), initializer=_begin, initargs=(os.getpid(),)
    )


def _begin(main: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process handles Ctrl-C
    threading.Thread(target=_end_with, args=(main,), daemon=True).start()


def _end_with(main: int) -> None:
    """Ends this process if the main process was killed. It would wait for jobs forever."""
    while os.getppid() == main:
        time.sleep(0.5)
    os._exit(1)


def _shifts(text: str, result: rewrite.Result) -> list[tuple[int, int]]:
    """Returns the lines at which lines are added or removed, with their number."""
    if result.text != changed(text, result.changes):  # the changes of a notebook are in its cells
        return []
    shifts = []
    for start, end, new in result.changes:
        line = len(split_lines(text[:start] + "x"))
        more = len(split_lines(new + "x")) - len(split_lines(text[start:end] + "x"))
        shifts += [(line, more)] if more else []
    return shifts


def _diff(path: str, old: bytes, new: bytes) -> bytes:
    lines = [re.findall(rb"[^\n]*\n|[^\n]+", data) for data in (old, new)]
    for part in lines:
        if part and not part[-1].endswith(b"\n"):
            part[-1] += b"\n\\ No newline at end of file\n"
    name = os.fsencode(path.replace(os.sep, "/"))
    before, after = lines
    made = difflib.diff_bytes(difflib.unified_diff, before, after, b"a/" + name, b"b/" + name)
    return b"".join(made)
