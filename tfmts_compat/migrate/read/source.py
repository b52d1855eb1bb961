"""Decoding, parsing and encoding a source file, and edits by offset."""

from __future__ import annotations

import ast
import bisect
import io
import itertools
import tokenize
import warnings
from typing import Any, Iterator, Tuple

Change = Tuple[int, int, str]  # start, end, new text

TOO_DEEP = "is nested too deeply to be analyzed; split the expression or the chain of elif"


class UnreadableError(Exception):
    """A file that cannot be read, or that can be read but not parsed, and the line from 1."""

    def __init__(self, message: str, line: int = 1, *, parsed: bool = False) -> None:
        super().__init__(message)
        self.line = line
        self.parsed = parsed


def decode(data: bytes) -> tuple[str, str]:
    """Returns a text and its encoding: of the byte order mark, the coding line, or else UTF-8.

    Raises:
      UnreadableError: the encoding is unknown, or the bytes are not valid in it.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except SyntaxError as problem:
        raise UnreadableError(str(problem)) from problem
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise UnreadableError(f"is not {encoding}: {problem.reason}", line) from problem
    if text.encode(encoding) != data:
        raise UnreadableError(f"decoding and encoding it as {encoding} changes its bytes")
    return text, encoding


def split_lines(text: str) -> list[str]:
    """Splits a text where Python's tokenizer does (not at form feeds), and keeps line ends."""
    return io.StringIO(text, newline="").readlines()


def parse(text: str) -> ast.Module:
    """Parses a module without warnings about it, or raises UnreadableError if Python cannot."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as problem:
        why = (
            f"{problem.msg}; if another version of Python runs this file, run migrate with that "
            "version; convert Python 2 code first"
        )
        raise UnreadableError(why, problem.lineno or 1, parsed=True) from problem
    except ValueError as problem:  # a null byte, or a surrogate
        raise UnreadableError(str(problem), parsed=True) from problem
    except (RecursionError, MemoryError) as problem:
        raise UnreadableError(TOO_DEEP, parsed=True) from problem


class Edits:
    """A text, the positions in it, and replacements by offset. They must not overlap."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = split_lines(text)
        self._starts = [0, *itertools.accumulate(map(len, self.lines))]
        self._edits: dict[tuple[int, int], str] = {}

    def offset(self, line: int) -> int:
        """Returns the offset at which a line starts, counted from 1."""
        return self._starts[line - 1]

    def place(self, offset: int) -> tuple[int, int]:
        """Returns the line, counted from 1, and the column, counted from 0, of an offset."""
        line = bisect.bisect_right(self._starts, offset, hi=len(self.lines) or 1)
        return line, offset - self._starts[line - 1]

    def span(self, node: Any) -> tuple[int, int]:
        """Returns the offsets at which a node starts and ends. Its own columns are UTF-8 bytes."""
        ends = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
        start, end = (
            self.offset(line) + len(self.lines[line - 1].encode()[:column].decode())
            for line, column in ends
        )
        return start, end

    def replace(self, start: int, end: int, new: str) -> None:
        """Replaces text[start:end]. Several insertions at one offset keep their order."""
        if start == end:
            new = self._edits.get((start, end), "") + new
        self._edits[start, end] = new

    def changes(self) -> list[Change]:
        """Returns the start, end and new text of every edit, sorted."""
        return [(start, end, new) for (start, end), new in sorted(self._edits.items())]

    def newline(self) -> str:
        """Returns the line end that the file uses."""
        first = self.lines[0] if self.lines else ""
        return first[len(first.rstrip("\r\n")) :] or "\n"


def apply(text: str, changes: list[Change]) -> str:
    """Applies the changes to a text, or raises ValueError if two of them overlap."""
    parts, done = [], 0
    for start, end, new in changes:
        if start < done:
            raise ValueError(f"two changes overlap at {start}: {text[start:done]!r}")
        parts += [text[done:start], new]
        done = end
    return "".join([*parts, text[done:]])


def count_lines(text: str, changes: list[Change]) -> Iterator[tuple[int, int]]:
    """Yields the line of each change, with the number of lines that it adds or removes."""
    for start, end, new in changes:
        more = len(split_lines(new + "x")) - len(split_lines(text[start:end] + "x"))
        yield len(split_lines(text[:start] + "x")), more
