"""Migrates notebooks: the code cells as one module, written back into the same JSON text."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any, Callable, Iterator, Sequence

from tfmts_compat.migrate.advise.remainder import NAMED, Replaced
from tfmts_compat.migrate.change.imports import IsImported
from tfmts_compat.migrate.change.rewrite import Result, rewrite
from tfmts_compat.migrate.findings import Finding, is_silenced
from tfmts_compat.migrate.names import NEW
from tfmts_compat.migrate.read.source import (
    Change,
    UnreadableError,
    apply,
    parse,
    split_lines,
)

_GAP = "\n\n"  # ends a cell; text can be inserted between the two line ends
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"')
_MAGIC = re.compile(r"^(\s*)(?:[%!?]|\w[\w, ]*=\s*[%!]|[\w.]+\?)")
# The body of these is Python. %%timeit runs it in a function, so its imports stay local to it.
_PYTHON_CELL = re.compile(r"\s*%%(?:time|capture|prun|timeit)\b")
_BINDS = re.compile(r"^\s*%%timeit\b(?:.|\n)*\bimport\b")
_TEXT_CELL = re.compile(r"\s*%%(?:html|javascript|js|latex|markdown|svg)\b", re.IGNORECASE)
_INDENT = re.compile(r"[ \t]+(?=\S)")


@dataclass(frozen=True)
class _Cell:
    """A code cell."""

    number: int  # among all cells, from 1
    data: dict[str, Any]  # the cell in the notebook
    indent: str  # of the whole cell, which IPython removes
    source: str  # without the indentation
    python: str  # the same as Python of the same length; blank if it cannot be parsed
    problem: UnreadableError | None  # why it cannot be parsed

    @classmethod
    def read(cls, number: int, data: dict[str, Any]) -> _Cell:
        """Creates a cell from the notebook."""
        source = "".join(data["source"])
        indented = _INDENT.match(source)
        indent = indented.group() if indented else ""
        lines = split_lines(source)
        if not all(line.startswith(indent) for line in lines if line.strip()):
            indent = ""
        source = "".join(line[len(indent) :] if line.strip() else line for line in lines)
        python = _as_python(source)
        problem = _find_problem(python)
        return cls(number, data, indent, source, _blank(python) if problem else python, problem)

    def change(self, changes: list[Change]) -> list[str]:
        """Returns the lines of the changed source, with the indentation of the cell."""
        text = apply(self.source + "\n", changes)
        lines = split_lines(text[:-1] if text.endswith("\n") else text)
        return [self.indent + line if line.strip() else line for line in lines]


def migrate_notebook(
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
    notebook, cells = _read(text)
    found = []
    for cell in cells:
        place = f"{path}:cell {cell.number}"
        if cell.problem:
            line = min(cell.problem.line, len(split_lines(cell.source)))
            why = f"{cell.problem}; this cell is not changed, the other cells are"
            found.append(Finding(place, line, 1, "TFM002", why))
        elif not _TEXT_CELL.match(cell.source):
            found += _find_in_magics(cell, place, ignored)
    places = [
        (f"{path}:cell {cell.number}", number)
        for cell in cells
        for number in range(1, len(split_lines(cell.python + _GAP)) + 1)
    ]
    magics = "\n".join(_hide(cell.source, cell.python) for cell in cells)
    result = rewrite(
        "".join(cell.python + _GAP for cell in cells),
        path,
        ignored,
        is_imported=is_imported,
        elsewhere=magics,
        others=others,
    )
    for finding in result.found:
        place, number = places[finding.line - 1]
        found.append(replace(finding, path=place, line=number))
    shifts = [(*places[line - 1], more) for _, line, more in result.shifts]
    changed: dict[int, list[str]] = {}
    start = 0
    for index, cell in enumerate(cells):
        end = start + len(cell.python + _GAP)
        changes = [
            (first - start, last - start, new)
            for first, last, new in result.changes
            if start <= first < end
        ]
        if changes:
            changed[index] = cell.change(changes)
        start = end
    new = _write(text, notebook, cells, changed) if changed else text
    return Result(new, sorted(found), shifts=shifts)


def _read(text: str) -> tuple[Any, list[_Cell]]:
    """Returns a notebook and its code cells, whose numbers count all cells."""
    try:
        notebook = json.loads(text)
        if "cells" not in notebook:
            why = "it has no cells; convert nbformat 3 with `jupyter nbconvert --to notebook`"
            raise ValueError(why)
        return notebook, [
            _Cell.read(number, cell)
            for number, cell in enumerate(notebook["cells"], 1)
            if cell.get("cell_type") == "code" and "source" in cell
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        line = getattr(problem, "lineno", 1)
        raise UnreadableError(f"is not a notebook: {problem}", line, parsed=True) from problem


def _write(text: str, notebook: Any, cells: list[_Cell], changed: dict[int, list[str]]) -> str:
    """Writes the lines of changed cells into the text of a notebook, in the style of the old ones.

    Raises:
      UnreadableError: the result would not be the same notebook.
    """
    tokens = list(_TOKEN.finditer(text))
    strings = [json.loads(token.group()) for token in tokens]
    changes: list[Change] = []
    at = 0
    for index, cell in enumerate(cells):
        source = cell.data["source"]
        old = ["source", *([source] if isinstance(source, str) else source)]
        at = next((n for n in range(at, len(strings)) if strings[n : n + len(old)] == old), at)
        if index in changed:
            cell.data["source"] = changed[index]
            new = changed[index]
            if isinstance(source, str):
                cell.data["source"] = "".join(new)
                new = ["".join(new)]
            first, last = tokens[at + 1], tokens[at + len(old) - 1]
            second = tokens[at + 2] if len(old) > 2 else first
            bracket = text.rindex("[", 0, first.start()) + 1 if second is first else 0
            between = text[first.end() : second.start()] or f",{text[bracket : first.start()]}"
            kept = {strings[n]: tokens[n].group() for n in range(at + 1, at + len(old))}
            dumped = [kept.get(x) or json.dumps(x, ensure_ascii=text.isascii()) for x in new]
            changes.append((first.start(), last.end(), between.join(dumped)))
        at += len(old)
    result = apply(text, changes)
    if json.loads(result) != notebook:
        raise UnreadableError("its cells were not found in the file", parsed=True)
    return result


def _find_in_magics(cell: _Cell, place: str, ignored: Sequence[str]) -> Iterator[Finding]:
    """Yields the findings about names in magics, shell commands and cells that are not changed."""
    lines = zip(split_lines(cell.source), split_lines(cell.python))
    for number, (line, python) in enumerate(lines, 1):
        named = NAMED.search(_hide(line, python))
        if named and not is_silenced("TFM209", line, ignored):
            name = named.group("name") or named.group("imported")
            why = (
                f"{named.group()} is named in a magic or shell command, which is not changed; if "
                f"it is TensorFlow's, write {NEW}.{name} and import {NEW}"
            )
            yield Finding(place, number, named.start() + 1, "TFM209", why)


def _as_python(source: str) -> str:
    """Returns a cell as Python of the same length, without the syntax of IPython."""
    if source.lstrip().startswith("%%") and (
        not _PYTHON_CELL.match(source) or _BINDS.search(source)
    ):
        return _blank(source)
    if _find_problem(source) is None:
        return source
    return _remove_magics(source)


def _remove_magics(source: str) -> str:
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


def _hide(source: str, python: str) -> str:
    """Returns the IPython syntax of a cell, which may use the imports of the cells."""
    return "".join(old if old != new else " " for old, new in zip(source, python))


def _find_problem(source: str) -> UnreadableError | None:
    """Returns why Python cannot parse a source, or None."""
    try:
        parse(source)
    except UnreadableError as problem:
        return problem
    return None
