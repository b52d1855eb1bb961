"""Migrates notebooks: the code cells as one module, written back into the same JSON text."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass
from typing import Callable, Iterator, Sequence

from tfmts_compat.migrate.advise.remainder import NAMED
from tfmts_compat.migrate.change.imports import IsImported
from tfmts_compat.migrate.change.rewrite import Result, rewritten
from tfmts_compat.migrate.findings import Finding, silenced
from tfmts_compat.migrate.names import NEW
from tfmts_compat.migrate.read.effects import Replaced
from tfmts_compat.migrate.read.source import UnreadableError, changed, parsed, split_lines

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")
_GAP = "\n\n"  # ends a cell; text can be inserted between the two line ends
_MAGIC = re.compile(r"^(\s*)(?:[%!?]|\w[\w, ]*=\s*[%!]|[\w.]+\?)")
_TIMED = re.compile(
    r"^([ \t]*)(%time(?:it)?\b(?:[ \t]+-\w+(?:[ \t]*\d+)?)*)(?=[ \t]+\S)", re.MULTILINE
)
# The body of these is Python. %%timeit runs it in a function, so its imports stay local to it.
_PYTHON_CELL = re.compile(r"\s*%%(?:time|capture|prun|timeit)\b")
_BINDS = re.compile(r"^\s*%%timeit\b(?:.|\n)*\bimport\b")
_TEXT_CELL = re.compile(r"\s*%%(?:html|javascript|js|latex|markdown|svg)\b", re.IGNORECASE)
_INDENT = re.compile(r"[ \t]+(?=\S)")


@dataclass(frozen=True)
class _Cell:
    """A code cell: its number from 1, its source, and the offsets of the source in the JSON.

    IPython removes the indentation of an indented cell. `source` is without this indentation.
    """

    number: int
    source: str
    start: int
    end: int
    indent: str = ""

    @classmethod
    def read(cls, number: int, source: str, start: int, end: int) -> _Cell:
        """Creates a cell from its source in the notebook."""
        indented = _INDENT.match(source)
        indent = indented.group() if indented else ""
        lines = split_lines(source)
        if indent and all(line.startswith(indent) for line in lines if line.strip()):
            plain = (line[len(indent) :] if line.strip() else line for line in lines)
            return cls(number, "".join(plain), start, end, indent)
        return cls(number, source, start, end)

    def written(self, source: str) -> str:
        """Returns a changed source with the indentation of the cell."""
        lines = split_lines(source)
        return "".join(self.indent + line if line.strip() else line for line in lines)


def migrated(
    text: str,
    path: str,
    ignored: Sequence[str] = (),
    *,
    is_imported: IsImported = lambda name: False,  # noqa: ARG005
    others: Callable[[], Replaced] = dict,
) -> Result:
    """Migrates a notebook. Its cells share a namespace, so they are migrated as one module.

    Lines with magics and shell commands do not change. Neither do cells that start with %%,
    except those whose body is Python, nor cells that cannot be parsed, which are reported.

    Raises:
      UnreadableError: the file is not a notebook.
    """
    try:
        cells = list(_code_cells(text))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as problem:
        line = getattr(problem, "lineno", 1)
        raise UnreadableError(f"is not a notebook: {problem}", line, parsed=True) from problem

    found = []
    plain = []
    for cell in cells:
        python = _plain(cell.source)
        unreadable = _problem(python)
        if unreadable:
            place = f"{path}:cell {cell.number}"
            line = min(unreadable.line, len(split_lines(cell.source)))
            why = f"{unreadable}; this cell is not changed, the other cells are"
            found.append(Finding(place, line, 1, "TFM002", why))
            python = _blank(python)
        plain.append(python)
    starts = list(itertools.accumulate((len(each) + len(_GAP) for each in plain), initial=0))
    places = [
        (cell, number)
        for cell, each in zip(cells, plain)
        for number in range(1, len(split_lines(each + _GAP)) + 1)
    ]
    try:
        module = "".join(each + _GAP for each in plain)
        magics = "\n".join(_hidden(cell.source, each) for cell, each in zip(cells, plain))
        result = rewritten(
            module, path, ignored, is_imported=is_imported, elsewhere=magics, others=others
        )
    except UnreadableError as problem:
        cell, number = places[problem.line - 1]
        raise UnreadableError(f"{problem} (cell {cell.number})", number, parsed=True) from problem
    for cell, python in zip(cells, plain):
        is_readable = python.strip() or not _problem(_plain(cell.source))
        if python != cell.source and is_readable and not _TEXT_CELL.match(cell.source):
            found += _in_magics(cell, python, path, ignored)
    for each in result.found:
        cell, number = places[each.line - 1]
        found.append(each.at(f"{path}:cell {cell.number}", number))

    parts, done = [], 0
    for cell, start in zip(cells, starts):
        after = start + len(cell.source) + len(_GAP)
        changes = [
            (first - start, last - start, new)
            for first, last, new in result.changes
            if start <= first < after
        ]
        if changes:
            new_source = cell.written(_without_newline(changed(cell.source + "\n", changes)))
            parts += [text[done : cell.start], _dumped(text, cell, new_source)]
            done = cell.end
    return Result("".join([*parts, text[done:]]), sorted(found))


def _in_magics(cell: _Cell, python: str, path: str, ignored: Sequence[str]) -> Iterator[Finding]:
    """Yields the findings about names in magics, shell commands and cells that are not changed."""
    lines = zip(split_lines(cell.source), split_lines(python))
    for number, (line, plain) in enumerate(lines, 1):
        named = NAMED.search(_hidden(line, plain))
        if named and not silenced("TFM209", line, ignored):
            name = named.group("name") or named.group("imported")
            yield Finding(
                f"{path}:cell {cell.number}",
                number,
                named.start() + 1,
                "TFM209",
                f"{named.group()} is named in a magic or shell command, which is not changed; if "
                f"it is TensorFlow's, write {NEW}.{name} and import {NEW}",
            )


def _code_cells(text: str) -> Iterator[_Cell]:
    """Yields the code cells of a notebook. Their numbers count all cells."""
    for key, start, _ in _members(text, _skip(text, 0)):
        if key == "cells":
            for number, (cell_start, cell_end) in enumerate(_elements(text, start), 1):
                cell = json.loads(text[cell_start:cell_end])
                if cell.get("cell_type") == "code":
                    spans = {name: span for name, *span in _members(text, cell_start)}
                    if "source" in spans:  # of two, JSON uses the last one
                        yield _Cell.read(number, "".join(cell["source"]), *spans["source"])
            return
    raise ValueError("it has no cells; convert nbformat 3 with `jupyter nbconvert --to notebook`")


def _members(text: str, at: int) -> Iterator[tuple[str, int, int]]:
    """Yields each key of the JSON object at an offset, and the start and end of its value."""
    for start, end in _elements(text, at, "{"):
        key, after = _DECODER.raw_decode(text, start)
        value = _skip(text, _skip(text, after) + 1)
        yield key, value, end


def _elements(text: str, at: int, opening: str = "[") -> Iterator[tuple[int, int]]:
    """Yields the start and end of each element of the JSON array or object at an offset."""
    if text[at] != opening:
        raise ValueError(f"{opening} expected")
    at = _skip(text, at + 1)
    while text[at] not in "]}":
        start = at
        _, at = _DECODER.raw_decode(text, at)
        if opening == "{":
            _, at = _DECODER.raw_decode(text, _skip(text, _skip(text, at) + 1))
        yield start, at
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _plain(source: str) -> str:
    """Returns a cell as Python of the same length, without the syntax of IPython."""
    if source.lstrip().startswith("%%") and (
        not _PYTHON_CELL.match(source) or _BINDS.search(source)
    ):
        return _blank(source)
    if _problem(source) is None:
        return source
    timed = _without_magics(_TIMED.sub(_as_condition, source))
    return timed if _problem(timed) is None else _without_magics(source)


def _as_condition(timed: re.Match[str]) -> str:
    """Replaces %time before a statement with a condition of the same length."""
    return timed.group(1) + "if 1:".ljust(len(timed.group(2)))


def _without_magics(source: str) -> str:
    """Replaces each line of IPython syntax with 0, and a line with %% with a string."""
    lines = split_lines(source)
    continued = False
    for index, line in enumerate(lines):
        magic = _MAGIC.match(line)
        if magic or continued:
            body = line.rstrip("\r\n")
            blank = ""
            if magic and not continued:
                blank = magic.group(1) + ('""' if line.lstrip().startswith("%%") else "0")
            lines[index] = blank.ljust(len(body)) + line[len(body) :]
            continued = body.endswith("\\")
    return "".join(lines)


def _blank(source: str) -> str:
    return re.sub(r"[^\r\n]", " ", source)


def _hidden(source: str, plain: str) -> str:
    """Returns the IPython syntax of a cell, which may use the imports of the cells."""
    return "".join(old if old != new else " " for old, new in zip(source, plain))


def _problem(source: str) -> UnreadableError | None:
    """Returns why Python cannot parse a source, or None."""
    try:
        parsed(source)
    except UnreadableError as problem:
        return problem
    return None


def _dumped(text: str, cell: _Cell, source: str) -> str:
    """Returns a source as JSON, in the style of the old source."""
    escapes = text.isascii()
    if text[cell.start] == '"':
        return json.dumps(source, ensure_ascii=escapes)
    old = list(_elements(text, cell.start))
    before = text[cell.start + 1 : old[0][0]]
    after = text[old[-1][1] : cell.end - 1]
    between = text[old[0][1] : old[1][0]] if len(old) > 1 else f",{before}"
    written = {json.loads(text[start:end]): text[start:end] for start, end in old}
    lines = [written.get(x) or json.dumps(x, ensure_ascii=escapes) for x in split_lines(source)]
    return f"[{before}{between.join(lines)}{after}]"


def _without_newline(text: str) -> str:  # str.removesuffix needs Python 3.9
    return text[:-1] if text.endswith("\n") else text
