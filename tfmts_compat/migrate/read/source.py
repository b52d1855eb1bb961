"""Decoding, parsing and encoding a source file, and edits by offset."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from dataclasses import dataclass, field

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
TOO_DEEP = "is nested too deeply to be analyzed; split the expression or the chain of elif"
_OTHER_VERSION = (
    "; if another version of Python runs this file, run migrate with that version; convert "
    "Python 2 code first"
)


class UnreadableError(Exception):
    """A file that cannot be read or parsed.

    Attributes:
      line: the line of the problem, counted from 1.
      parsed: whether the file could be read, but not parsed.
    """

    def __init__(self, message: str, line: int = 1, *, parsed: bool = False) -> None:
        super().__init__(message)
        self.line = line
        self.parsed = parsed


@dataclass(frozen=True)
class Encoded:
    """A decoded text and its encoding."""

    text: str
    encoding: str

    @classmethod
    def read(cls, data: bytes) -> Encoded:
        """Decodes as Python does: by the byte order mark, the coding line, or else UTF-8.

        Raises:
          UnreadableError: the encoding is unknown, or the bytes are not valid in it.
        """
        # tokenize searches the first two lines, and splits lines only at \n.
        head = data[:1000].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(head).readline)
        except SyntaxError as problem:
            raise UnreadableError(str(problem)) from problem
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as problem:
            line = data.count(b"\n", 0, problem.start) + 1
            raise UnreadableError(f"is not {encoding}: {problem.reason}", line) from problem
        if text.encode(encoding) != data:
            raise UnreadableError(f"decoding and encoding it as {encoding} changes its bytes")
        return cls(text, encoding)

    def encode(self, text: str) -> bytes:
        """Encodes a changed text."""
        return text.encode(self.encoding)


def split_lines(text: str) -> list[str]:
    """Splits a text where Python's tokenizer does (not at form feeds), and keeps line ends."""
    return _LINE.findall(text)


def parsed(text: str) -> ast.Module:
    """Parses a module without the warnings about its code, such as invalid escapes.

    Raises:
      UnreadableError: this Python version cannot parse the module.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as problem:
        raise UnreadableError(
            f"{problem.msg}{_OTHER_VERSION}", problem.lineno or 1, parsed=True
        ) from problem
    except ValueError as problem:  # a null byte, or a surrogate
        raise UnreadableError(str(problem), parsed=True) from problem
    except (RecursionError, MemoryError) as problem:
        raise UnreadableError(TOO_DEEP, parsed=True) from problem


@dataclass
class Edits:
    """A text, the positions in it, and replacements by offset. They must not overlap."""

    text: str
    lines: list[str] = field(init=False)
    _starts: list[int] = field(init=False)
    _edits: dict[tuple[int, int], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lines = split_lines(self.text)
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line))

    def offset(self, line: int, column: int = 0) -> int:
        """Returns the offset of a line, counted from 1, and a column, counted from 0."""
        return self._starts[line - 1] + column

    def place(self, offset: int) -> tuple[int, int]:
        """Returns the line, counted from 1, and the column, counted from 0, of an offset."""
        import bisect

        line = bisect.bisect_right(self._starts, offset, hi=max(len(self.lines), 1))
        return line, offset - self._starts[line - 1]

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Returns the offsets at which a node starts and ends. Its own columns are UTF-8 bytes."""
        return (
            self._offset_of_bytes(node.lineno, node.col_offset),  # type: ignore[attr-defined]
            self._offset_of_bytes(node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
        )

    def _offset_of_bytes(self, number: int, column: int) -> int:
        line = self.lines[number - 1] if number <= len(self.lines) else ""
        if not line.isascii():
            column = len(line.encode(errors="surrogatepass")[:column].decode(errors="replace"))
        return self._starts[number - 1] + column

    def replace(self, start: int, end: int, new: str) -> None:
        """Replaces text[start:end]. Several insertions at one offset keep their order."""
        if start == end:
            new = self._edits.get((start, end), "") + new
        self._edits[start, end] = new

    def changes(self) -> list[tuple[int, int, str]]:
        """Returns the start, end and new text of every edit, sorted."""
        return [(start, end, new) for (start, end), new in sorted(self._edits.items())]

    def newline(self) -> str:
        """Returns the line end that the file uses."""
        first = self.lines[0] if self.lines else ""
        return first[len(first.rstrip("\r\n")) :] or "\n"


def changed(text: str, changes: list[tuple[int, int, str]]) -> str:
    """Applies the changes to a text. A change may extend beyond the end of the text.

    Raises:
      ValueError: two changes overlap.
    """
    parts, done = [], 0
    for start, end, new in changes:
        if start < done:
            raise ValueError(f"two changes overlap at {start}: {text[start:done]!r}")
        parts += [text[done:start], new]
        done = end
    return "".join([*parts, text[done:]])
