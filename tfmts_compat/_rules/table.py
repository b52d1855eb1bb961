"""Rows of text as a table for the terminal."""

from __future__ import annotations

import shutil
import sys
import textwrap
from typing import Iterator, Sequence, Tuple

Row = Tuple[str, str, str]  # a name, a value, and a remark on the value; each may be ""


def terminal_width() -> int | None:
    """Returns the columns of the terminal, or None if the output goes to a file or a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def text(rows: Sequence[Row], width: int | None = None) -> str:
    """Formats three columns: names, values and remarks.

    Args:
      rows: the rows, from top to bottom.
      width: columns of the terminal. A row that does not fit is wrapped, and its remark
        gets a line of its own. None means no limit.
    """
    return "\n".join(_lines(rows, width))


def _lines(rows: Sequence[Row], width: int | None) -> Iterator[str]:
    names = max(len(name) for name, _, _ in rows)
    values = max((len(value) for _, value, remark in rows if remark), default=0)
    for name, value, remark in rows:
        line = f"{name.ljust(names)}  {value.ljust(values)}  {remark}".rstrip()
        if width is None or len(line) <= width:
            yield line
            continue
        indent = " " * (names + 2)
        yield from _wrapped(value, width, f"{name:{names}}  ", indent)
        yield from _wrapped(remark, width, indent, indent)


def _wrapped(part: str, width: int, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        part,
        max(width, len(rest) + 20),
        initial_indent=first,
        subsequent_indent=rest + "  ",
        break_long_words=False,  # a path is not divided
        break_on_hyphens=False,
    )
