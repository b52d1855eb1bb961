"""Reads the files of a code base, and finds those that can have a finding.

For directories, another process does this while LibCST is imported, which takes as long.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generator, Iterator, Sequence

from tfmts_compat.migrate.files import Discovery, Settings
from tfmts_compat.migrate.jobs import cores, forking
from tfmts_compat.migrate.prefilter import may_hold_a_name

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


@dataclass(frozen=True)
class Candidate:
    """A file that can have a finding, a path that cannot be read, or the end of the search.

    Attributes:
      read: the number of files that were read until now.
      path: the path, or "" at the end.
      problem: why the path cannot be read, or "".
      size: the bytes of the file.
    """

    read: int
    path: str = ""
    problem: str = ""
    size: int = 0


def candidates(paths: Sequence[str], settings: Settings) -> Generator[Candidate, None, None]:
    """Reads the given files and those in the given directories. The last candidate is the end.

    Raises:
      RuntimeError: the process that reads the files was killed.
    """
    problems: list[tuple[str, str]] = []
    discovery = Discovery(settings, lambda *problem: problems.append(problem))
    found = _found(_with_progress(paths, settings, discovery), problems)
    context = forking() if cores() > 1 and any(map(os.path.isdir, paths)) else None
    if context is None:
        yield from found
        return
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(sender, found), daemon=True)
    process.start()
    sender.close()  # so that the end of the process ends the stream
    try:
        while True:
            candidate = receiver.recv()
            yield candidate
            if not candidate.path:
                return
    except EOFError:
        raise RuntimeError("the process that reads the files was killed; run again") from None
    finally:
        process.terminate()
        process.join()
        receiver.close()


def _send(sender: Connection, found: Iterator[Candidate]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process handles Ctrl-C
    with contextlib.suppress(BrokenPipeError):  # the main process has ended
        for candidate in found:
            sender.send(candidate)


def _found(files: Iterator[str], problems: list[tuple[str, str]]) -> Iterator[Candidate]:
    read = 0
    for path in files:
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError as problem:
            problems.append((path, problem.strerror or str(problem)))
        else:
            read += 1
            if may_hold_a_name(data):
                yield Candidate(read, path, size=len(data))
        while problems:
            yield Candidate(read, *problems.pop(0))
    for each in problems:
        yield Candidate(read, *each)
    yield Candidate(read)


def _with_progress(paths: Sequence[str], settings: Settings, discovery: Discovery) -> Iterator[str]:
    """Yields the files; on a terminal shows a progress bar, for which it counts them first."""
    if not sys.stderr.isatty():
        yield from discovery.files(paths)
        return
    from tqdm import tqdm

    tqdm.monitor_interval = 0  # processes must not be forked while another thread runs
    quiet = Discovery(settings, lambda path, why: None)  # noqa: ARG005
    total = sum(1 for _ in quiet.files(paths))
    yield from tqdm(discovery.files(paths), total=total, unit="file", leave=False)
