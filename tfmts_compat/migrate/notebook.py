"""Notebooks: the code cells as one module, and back into the same JSON text."""

from __future__ import annotations

import ast
import itertools
import json
import re
import warnings
from dataclasses import dataclass
from typing import Iterator, Sequence

from tfmts_compat.migrate.rewrite import Result, rewritten
from tfmts_compat.migrate.source import UnreadableError, changed, split_lines

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")
_GAP = "\n\n"  # ends a cell; what is inserted after its last line goes in between
_MAGIC = re.compile(r"^(\s*)(?:[%!?]|\w[\w, ]*=\s*[%!]|[\w.]+\?)")


@dataclass(frozen=True)
class _Cell:
    """A code cell: its number from 1, its source, and where that is in the JSON."""

    number: int
    source: str
    start: int
    end: int


def migrated(text: str, path: str, ignored: Sequence[str] = ()) -> Result:
    """Migrates a notebook; its cells share one namespace, so they are read as one module.

    Lines with magics and shell commands, and cells that begin with %%, stay as they are.

    Raises:
      UnreadableError: it is no notebook, or a cell cannot be parsed.
    """
    try:
        cells = list(_code_cells(text))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as problem:
        line = getattr(problem, "lineno", 1)
        raise UnreadableError(f"is no notebook: {problem}", line, parsed=True) from problem

    plain = [_plain(cell) for cell in cells]
    starts = list(itertools.accumulate((len(each) + len(_GAP) for each in plain), initial=0))
    places = [
        (cell, number)
        for cell, each in zip(cells, plain)
        for number in range(1, len(split_lines(each + _GAP)) + 1)
    ]
    try:
        module = "".join(each + _GAP for each in plain)
        magics = "\n".join(_hidden(cell.source, each) for cell, each in zip(cells, plain))
        result = rewritten(module, path, ignored, elsewhere=magics)
    except UnreadableError as problem:
        cell, number = places[problem.line - 1]
        raise UnreadableError(f"{problem} (cell {cell.number})", number, parsed=True) from problem
    found = []
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
            new_source = _without_newline(changed(cell.source + "\n", changes))
            parts += [text[done : cell.start], _dumped(text, cell, new_source)]
            done = cell.end
    return Result("".join([*parts, text[done:]]), found)


def _code_cells(text: str) -> Iterator[_Cell]:
    """The code cells of a notebook, in order; numbers count every cell."""
    for key, start, _ in _members(text, _skip(text, 0)):
        if key == "cells":
            for number, (cell_start, cell_end) in enumerate(_elements(text, start), 1):
                cell = json.loads(text[cell_start:cell_end])
                if cell.get("cell_type") == "code":
                    for name, first, last in _members(text, cell_start):
                        if name == "source":
                            yield _Cell(number, "".join(cell["source"]), first, last)
            return
    raise KeyError("it has no cells")


def _members(text: str, at: int) -> Iterator[tuple[str, int, int]]:
    """Each key of the JSON object at an offset, and where its value starts and ends."""
    for start, end in _elements(text, at, "{"):
        key, after = _DECODER.raw_decode(text, start)
        value = _skip(text, _skip(text, after) + 1)
        yield key, value, end


def _elements(text: str, at: int, opening: str = "[") -> Iterator[tuple[int, int]]:
    """Where each element of the JSON array (or `key: value` of the object) is."""
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


def _plain(cell: _Cell) -> str:
    """The cell as Python, of the same length: 0 for each line that only IPython knows."""
    source = cell.source
    if source.lstrip().startswith("%%"):
        return re.sub(r"[^\r\n]", " ", source)
    if _parses(source):
        return source
    lines = split_lines(source)
    for index, line in enumerate(lines):
        magic = _MAGIC.match(line)
        if magic:
            body = line.rstrip("\r\n")
            blank = magic.group(1) + "0"
            lines[index] = blank.ljust(len(body)) + line[len(body) :]
    return "".join(lines)


def _hidden(source: str, plain: str) -> str:
    """The lines that only IPython knows; they may use what the cells import."""
    pairs = zip(split_lines(source), split_lines(plain))
    return "".join(line for line, shown in pairs if line != shown)


def _parses(source: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError):
        return False
    return True


def _dumped(text: str, cell: _Cell, source: str) -> str:
    """A source as JSON, in the way the notebook wrote the old one."""
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


def _without_newline(text: str) -> str:  # str.removesuffix is Python 3.9's
    return text[:-1] if text.endswith("\n") else text
