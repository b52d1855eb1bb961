"""Text for the terminal: rows as a table, and characters that cannot be printed."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from typing import Iterator, Sequence, Tuple

# Control characters, lone surrogates (from file names that are not UTF-8) and the two characters
# besides these that XML does not allow.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

Row = Tuple[str, str, str]  # a name, a value, and a remark on the value; each may be ""


def escape_control(text: str) -> str:
    """Escapes what could control the terminal or break a line, as repr() does.

    File names and arguments may contain such characters.
    """
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def terminal_width() -> int | None:
    """Returns the columns of the terminal, or None if the output goes to a file or a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def text(rows: Sequence[Row], width: int | None = None) -> str:
    """Formats three columns: names, values and remarks.

    Args:
      rows: the rows, from top to bottom; `escape_control` is applied to each cell.
      width: columns of the terminal. A row that does not fit is wrapped, and its remark
        gets a line of its own. None means no limit.
    """
    cells = [
        (escape_control(name), escape_control(value), escape_control(remark))
        for name, value, remark in rows
    ]
    return "\n".join(_lines(cells, width))


def _lines(rows: Sequence[Row], width: int | None) -> Iterator[str]:
    names = max(len(name) for name, _, _ in rows)
    values = max((len(value) for _, value, remark in rows if remark), default=0)
    for name, value, remark in rows:
        line = f"{name.ljust(names)}  {value.ljust(values)}  {remark}".rstrip()
        if width is None or len(line) <= width:
            yield line
            continue
        indent = " " * (names + 2)
        yield from wrapped(value, width, f"{name:{names}}  ", indent)
        yield from wrapped(remark, width, indent, indent)


def wrapped(text: str, width: int | None, first: str = "", rest: str = "") -> list[str]:
    """Breaks text between words.

    Args:
      text: one line.
      width: columns of the terminal; None means no limit.
      first: the indentation of the first line.
      rest: the indentation of the other lines, which get two more spaces.
    """
    if width is None or len(first + text) <= width:
        return [first + text] if text else []
    return textwrap.wrap(
        text,
        max(width, len(rest) + 20),
        initial_indent=first,
        subsequent_indent=rest + "  ",
        break_long_words=False,  # a path is not divided
        break_on_hyphens=False,
    )
