"""The files that may hold a name; found ahead, while LibCST is imported."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generator, Iterator, Sequence

from tfmts_compat.migrate.files import Discovery, Settings
from tfmts_compat.migrate.screen import may_hold_a_name
from tfmts_compat.migrate.work import cores, forking

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


@dataclass(frozen=True)
class Look:
    """What looking through the files has come to.

    Attributes:
      looked_at: files looked at up to here.
      path: a file that may hold a name, or that could not be looked at; "" at the end.
      problem: why it could not be looked at, or "".
      size: its bytes.
    """

    looked_at: int
    path: str = ""
    problem: str = ""
    size: int = 0


def looks(paths: Sequence[str], settings: Settings) -> Generator[Look, None, None]:
    """Looks through files and directories; the last look has the count alone.

    Reading and screening take a core about as long as importing LibCST does, so that a
    process of its own does it for directories, where processes can be forked.
    """
    problems: list[tuple[str, str]] = []
    discovery = Discovery(settings, lambda *problem: problems.append(problem))
    looking = _looks(_shown(paths, discovery), problems)
    context = forking() if cores() > 1 and any(map(os.path.isdir, paths)) else None
    if context is None:
        yield from looking
        return
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(sender, looking), daemon=True)
    process.start()
    sender.close()  # the process has the only one, so that its end is seen
    try:
        while True:
            look = receiver.recv()
            yield look
            if not look.path:
                return
    except EOFError:
        raise RuntimeError("the process looking through the files was killed; run again") from None
    finally:
        process.terminate()
        process.join()
        receiver.close()


def _send(sender: Connection, looking: Iterator[Look]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command itself answers to Ctrl-C
    with contextlib.suppress(BrokenPipeError):  # it has ended
        for look in looking:
            sender.send(look)


def _looks(files: Iterator[str], problems: list[tuple[str, str]]) -> Iterator[Look]:
    count = 0
    for path in files:
        count += 1
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError as error:
            problems.append((path, error.strerror or str(error)))
        else:
            if may_hold_a_name(data):
                yield Look(count, path, size=len(data))
        while problems:
            yield Look(count, *problems.pop(0))
    for problem in problems:
        yield Look(count, *problem)
    yield Look(count)


def _shown(paths: Sequence[str], discovery: Discovery) -> Iterator[str]:
    """The files; on a terminal with a progress bar, for which they are counted first."""
    if not sys.stderr.isatty():
        yield from discovery.files(paths)
        return
    from tqdm import tqdm

    tqdm.monitor_interval = 0  # its thread would be there when processes are forked
    quiet = Discovery(discovery.settings, lambda path, why: None)  # noqa: ARG005
    total = sum(1 for _ in quiet.files(paths))
    yield from tqdm(discovery.files(paths), total=total, unit="file", leave=False)
