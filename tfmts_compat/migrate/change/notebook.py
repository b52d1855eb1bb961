"""Migrates notebooks: the code cells as one module, written back into the same JSON text."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any, Callable, Iterator, NamedTuple, Sequence

from tfmts_compat.migrate.advise.remainder import NAMED, Replaced
from tfmts_compat.migrate.change.imports import IsImported
from tfmts_compat.migrate.change.rewrite import Result, rewrite
from tfmts_compat.migrate.findings import Finding, is_silenced
from tfmts_compat.migrate.names import NEW
from tfmts_compat.migrate.read.source import Change, UnreadableError, apply, parse, split_lines

_END = "# tfmts_compat: the end of a cell\n"  # between the cells of the module
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
# a line of IPython syntax, and those that continue it
_MAGIC = re.compile(
    r"^([ \t]*)(?:(%%)|[%!?]|\w[\w, ]*=\s*[%!]|[\w.]+\?)(?:.*\\\r?\n)*.*", re.MULTILINE
)
# The body of these is Python. %%timeit runs it in a function, so its imports stay local to it.
_PYTHON_CELL = re.compile(r"\s*%%(?:time|capture|prun|timeit(?!(?:.|\n)*\bimport\b))\b")


class _Cell(NamedTuple):
    """A code cell."""

    place: str  # in findings
    data: dict[str, Any]  # the cell in the notebook
    indent: str  # of the whole cell, which IPython removes
    source: str  # without the indentation
    python: str  # the same as Python of the same length; blank if it cannot be parsed
    problem: UnreadableError | None  # why it cannot be parsed


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
    notebook, cells = _read(text, path)
    result = rewrite(
        "".join(f"{cell.python}\n{_END}" for cell in cells),
        path,
        ignored,
        is_imported=is_imported,
        elsewhere="\n".join(_hide(cell.source, cell.python) for cell in cells),
        others=others,
    )
    places = [
        (cell.place, number)
        for cell in cells
        for number in range(1, len(split_lines(f"{cell.python}\n{_END}")) + 1)
    ]
    found = [finding for cell in cells for finding in _find_in_magics(cell, ignored)]
    for finding in result.found:
        place, number = places[finding.line - 1]
        found.append(replace(finding, path=place, line=number))
    shifts = [(*places[line - 1], more) for _, line, more in result.shifts]
    if not result.changes:
        return Result(text, sorted(found))
    new = apply("".join(f"{cell.source}\n{_END}" for cell in cells), result.changes)
    return Result(_write(text, notebook, cells, new.split(_END)), sorted(found), shifts=shifts)


def _read(text: str, path: str) -> tuple[Any, list[_Cell]]:
    """Returns a notebook and its code cells, whose numbers count all cells."""
    try:
        notebook = json.loads(text)
        if "cells" not in notebook:
            why = "it has no cells; convert nbformat 3 with `jupyter nbconvert --to notebook`"
            raise ValueError(why)
        return notebook, [
            _read_cell(f"{path}:cell {number}", cell)
            for number, cell in enumerate(notebook["cells"], 1)
            if cell.get("cell_type") == "code" and "source" in cell
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        line = getattr(problem, "lineno", 1)
        raise UnreadableError(f"is not a notebook: {problem}", line, parsed=True) from problem


def _read_cell(place: str, data: dict[str, Any]) -> _Cell:
    """Returns a cell of a notebook, without the indentation that all of its lines have."""
    source = "".join(data["source"])
    indent = source[: len(source) - len(source.lstrip(" \t"))]
    plain = re.sub(rf"^{indent}(?=.*\S)", "", source, flags=re.MULTILINE)
    if _indent(indent, plain) != source:
        indent, plain = "", source
    return _Cell(place, data, indent, plain, *_as_python(plain))


def _indent(indent: str, source: str) -> str:
    return re.sub(r"^(?=.*\S)", indent, source, flags=re.MULTILINE)


def _write(text: str, notebook: Any, cells: list[_Cell], sources: list[str]) -> str:
    """Writes the new sources of cells into the text of a notebook, in the style of the old ones.

    Raises:
      UnreadableError: the result would not be the same notebook.
    """
    tokens = list(_STRING.finditer(text))
    strings = [json.loads(token.group()) for token in tokens]
    changes: list[Change] = []
    at = 0
    for cell, plain in zip(cells, sources):
        source, new = cell.data["source"], _indent(cell.indent, plain[:-1])
        old = ["source", *([source] if isinstance(source, str) else source)]
        at = next((n for n in range(at, len(strings)) if strings[n : n + len(old)] == old), at)
        if new != "".join(source):
            lines = [new] if isinstance(source, str) else split_lines(new)
            cell.data["source"] = new if isinstance(source, str) else lines
            first, last = tokens[at + 1], tokens[at + len(old) - 1]
            before = text[text.rindex("[", 0, first.start()) + 1 : first.start()]
            between = text[first.end() : tokens[at + 2].start()] if len(old) > 2 else f",{before}"
            kept = {strings[n]: tokens[n].group() for n in range(at + 1, at + len(old))}
            dumped = [kept.get(x) or json.dumps(x, ensure_ascii=text.isascii()) for x in lines]
            changes.append((first.start(), last.end(), between.join(dumped)))
        at += len(old)
    result = apply(text, changes)
    if json.loads(result) != notebook or len(sources) != len(cells) + 1:
        raise UnreadableError("its cells were not found in the file", parsed=True)
    return result


def _find_in_magics(cell: _Cell, ignored: Sequence[str]) -> Iterator[Finding]:
    """Yields why a cell is not parsed, or the names in its magics and shell commands."""
    if cell.problem:
        line = min(cell.problem.line, len(split_lines(cell.source)))
        why = f"{cell.problem}; this cell is not changed, the other cells are"
        yield Finding(cell.place, line, 1, "TFM002", why)
    else:
        lines = zip(split_lines(cell.source), split_lines(cell.python))
        for number, (text, python) in enumerate(lines, 1):
            named = NAMED.search(_hide(text, python))
            if named and not is_silenced("TFM209", text, ignored):
                name = named.group("name") or named.group("imported")
                why = (
                    f"{named.group()} is named in a magic or shell command, which is not changed; "
                    f"if it is TensorFlow's, write {NEW}.{name} and import {NEW}"
                )
                yield Finding(cell.place, number, named.start() + 1, "TFM209", why)


def _as_python(source: str) -> tuple[str, UnreadableError | None]:
    """Returns a cell as Python of the same length, and why it cannot be parsed.

    The lines of IPython are 0, and a line with %% is a string. A cell that is not Python is blank.
    """
    problem = None
    if not source.lstrip().startswith("%%") or _PYTHON_CELL.match(source):
        for python in (source, _MAGIC.sub(_remove_magic, source)):
            try:
                parse(python)
                return python, None
            except UnreadableError as error:
                problem = error
    return _blank(source), problem


def _remove_magic(magic: re.Match[str]) -> str:
    new = magic.group(1) + ('""' if magic.group(2) else "0")
    return new + _blank(magic.group()[len(new) :])


def _blank(source: str) -> str:
    return re.sub(r"[^\r\n]", " ", source)


def _hide(source: str, python: str) -> str:
    """Returns the IPython syntax of a cell, which may use the imports of the cells."""
    return "".join(old if old != new else " " for old, new in zip(source, python))
