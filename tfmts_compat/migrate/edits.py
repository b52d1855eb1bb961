"""A source file as text and back, byte for byte, and edits to it by position."""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass, field

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class UnreadableError(Exception):
    """A file that cannot be read or parsed.

    Attributes:
      line: where, counted from 1.
      parsed: whether it could be read, and only not parsed.
    """

    def __init__(self, message: str, line: int = 1, *, parsed: bool = False) -> None:
        super().__init__(message)
        self.line = line
        self.parsed = parsed


@dataclass(frozen=True)
class Encoded:
    """Text and what it takes to get its bytes back."""

    text: str
    encoding: str

    @classmethod
    def read(cls, data: bytes) -> Encoded:
        """Decodes as Python does: byte order mark, coding line, else UTF-8.

        Raises:
          UnreadableError: the bytes are not in that encoding, or it is unknown.
        """
        # The coding line is looked for in two lines, and only \n ends one here.
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
            raise UnreadableError(f"its bytes cannot be kept: they are not plain {encoding}")
        return cls(text, encoding)

    def encode(self, text: str) -> bytes:
        """The bytes of a changed text."""
        return text.encode(self.encoding)


def split_lines(text: str) -> list[str]:
    """The lines with their ends, split where Python's tokenizer does (not at form feeds)."""
    return _LINE.findall(text)


@dataclass
class Edits:
    """Replacements in a text, by offset; they may not overlap."""

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
        """The offset of a line, counted from 1, and a column, counted from 0."""
        return self._starts[line - 1] + column

    def replace(self, start: int, end: int, new: str) -> None:
        """Replaces text[start:end]; at one place, insertions follow each other."""
        if start == end:
            new = self._edits.get((start, end), "") + new
        self._edits[start, end] = new

    def changes(self) -> list[tuple[int, int, str]]:
        """Start, end and new text of every edit, in order."""
        return [(start, end, new) for (start, end), new in sorted(self._edits.items())]

    def newline(self) -> str:
        """The file's own line end."""
        first = self.lines[0] if self.lines else ""
        return first[len(first.rstrip("\r\n")) :] or "\n"


def changed(text: str, changes: list[tuple[int, int, str]]) -> str:
    """The text with every change made; one may reach beyond its end.

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
