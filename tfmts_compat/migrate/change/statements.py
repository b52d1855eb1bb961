"""Adds and removes statements and imported names in a module's text, and keeps comments."""

from __future__ import annotations

import ast
import itertools
import re
from typing import Any, Callable, Collection, Iterator, Sequence, Tuple, Union

from tfmts_compat.migrate.names import NEW
from tfmts_compat.migrate.read.module import FUNCTIONS, Import, Module, string

_HEADER = re.compile(r"copyright|licen[cs]e|spdx|coding[:=]|^#!", re.IGNORECASE | re.MULTILINE)
_PRAGMA = re.compile(r"#\s*(?:noqa|pylint|type:|pyright|isort|flake8|ruff|pragma|nosec).*")
_COMMENT = re.compile(r"\s*#.*")
_REST_OF_LINE = re.compile(r"[ \t]*;?[ \t]*(?:#[^\r\n]*)?(?:[\r\n]|$)")
_Part = Union[ast.stmt, ast.alias]


class Statements:
    """Edits the text of a module by statements and imported names."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._edits = module.edits

    def add_after(self, statement: ast.stmt, text: str) -> None:
        """Adds a statement after another one: on its own line if the other one has its own line."""
        if is_simple(statement) and not self.has_a_line(statement):
            end = self._end(statement)
            self._edits.replace(end, end, "; " + text.replace("\n", "; "))
        else:
            self.add_below(statement, text)

    def add_below(self, statement: ast.stmt, text: str) -> None:
        """Adds a statement on the line below another one."""
        edits = self._edits
        newline = edits.newline()
        first, last = self._module.lines(statement)
        line, end = edits.lines[last - 1], edits.offset(last + 1)
        indent = _indent(edits.lines[first - 1])
        text = newline.join(indent + part if part else part for part in text.split("\n"))
        complete = line.endswith(("\n", "\r"))
        edits.replace(end, end, text + newline if complete else newline + text)

    def add_sorted(self, statement: ast.stmt, text: str) -> ast.stmt:
        """Adds an import near another one, where the order of the imports around it wants it.

        Returns:
          The import above or below the new one.
        """
        near, is_below = self._place(statement, text)
        if is_below:
            self.add_after(near, text)
        else:
            self._add_before(near, text)
        return near

    def is_in_order(self, statement: ast.stmt, text: str) -> bool:
        """Returns whether an import can take the place of another one in a sorted section."""
        section = self._section(statement)
        key = self._order(section)
        if key is None:
            return True
        new = ast.parse(text).body[0]
        keys = [key(new if it is statement else it) for it in section]
        return keys == sorted(keys)

    def _place(self, statement: ast.stmt, text: str) -> tuple[ast.stmt, bool]:
        """Returns the import above a new one, or the one below it and False."""
        section = self._section(statement)
        key = self._order(section)
        if key is None:
            return statement, True
        new = key(ast.parse(text).body[-1])  # the first statement may be `global`
        above = [it for it in section if key(it) < new]
        return (above[-1], True) if above else (section[0], False)

    def _order(self, section: list[ast.stmt]) -> _Key | None:
        """Returns the key by which a section is sorted, if possible like others, or None."""
        own = [it for it in self._module.tree.body if isinstance(it, Import)]
        sections = [*{id(each[0]): each for each in map(self._section, own)}.values()]
        mixed = [each for each in sections if len(set(map(_is_from, each))) > 1]
        ranked = sorted(_ORDERS, key=lambda key: -sum(_is_sorted(each, key) for each in mixed))
        found = (key for key in ranked if _is_sorted(section, key))
        return next(found, None) if len(section) > 1 else None

    def _section(self, statement: ast.stmt) -> list[ast.stmt]:
        """Returns the imports on the lines directly above and below an import, and the import."""
        found: list[ast.stmt] = []
        for each in self._module.block(statement):
            is_near = found and self._module.lines(each)[0] == self._module.lines(found[-1])[1] + 1
            if found and not is_near:
                if statement in found:
                    break
                found = []
            is_future = getattr(each, "module", "") == "__future__"
            if isinstance(each, Import) and not is_future and self.has_a_line(each):
                found.append(each)
            elif statement in found:
                break
            else:
                found = []
        return found if statement in found else [statement]

    def _add_before(self, statement: ast.stmt, text: str) -> None:
        first = self._module.lines(statement)[0]
        start = self._edits.offset(first)
        indent = _indent(self._edits.lines[first - 1])
        self._edits.replace(start, start, f"{indent}{text}{self._edits.newline()}")

    def add_first(self, text: str) -> None:
        """Adds a statement before all others, but after the docstring or a license header."""
        edits = self._edits
        newline = edits.newline()
        first = self._module.tree.body[0]
        if is_docstring(first):
            self.add_after(first, f"\n{text}")
            return
        decorators = getattr(first, "decorator_list", [])
        number = top = min(node.lineno for node in (*decorators, first))
        while top > 1 and edits.lines[top - 2].startswith("#"):
            top -= 1
        comment = "".join(edits.lines[top - 1 : number - 1])
        if top > 1 or not _HEADER.search(comment):
            number = top
        start = edits.offset(number)
        gap = newline * 3 if isinstance(first, (*FUNCTIONS, ast.ClassDef)) else newline
        edits.replace(start, start, text + gap)

    def remove(self, statements: Collection[ast.stmt]) -> None:
        """Removes statements. If a block would become empty, `pass` replaces them."""
        removed = set(statements)
        blocks = {id(block): block for block in map(self._module.block, statements)}
        for block in blocks.values():
            is_empty = block is not self._module.tree.body and removed.issuperset(block)
            for index, line in enumerate(self._lines_of(block)):
                kept = [it for it in line if it not in removed]
                if kept:
                    self._cut(line, kept)
                elif is_empty and not index:
                    self._edits.replace(self._start(line[0]), self._end(line[-1]), "pass")
                else:
                    first = self._module.lines(line[0])[0]
                    last = self._module.lines(line[-1])[1]
                    self._edits.replace(self._edits.offset(first), self._edits.offset(last + 1), "")

    def keep_names(self, statement: ast.stmt, kept: Sequence[ast.alias]) -> None:
        """Removes all names from an import except those to be kept."""
        names: list[ast.alias] = list(getattr(statement, "names", ()))
        if "#" not in self._edits.text[self._start(statement) : self._end(statement)]:
            self._cut(names, kept)
            return
        by_line: dict[int, list[ast.alias]] = {}
        for alias in names:
            by_line.setdefault(self._module.lines(alias)[0], []).append(alias)
        for number, here in by_line.items():
            remaining = [alias for alias in here if alias in kept]
            if remaining:
                self._cut(here, remaining)
            elif self._has_its_line(here):
                first = number - len(self._comments_above(number))
                self._edits.replace(self._edits.offset(first), self._edits.offset(number + 1), "")
            else:  # the line also has a bracket
                rest = self._edits.text[self._end(here[-1]) :]
                comma = re.match(r"[ \t]*,", rest)
                end = self._end(here[-1]) + (comma.end() if comma else 0)
                self._edits.replace(self._start(here[0]), end, "")

    def from_import(self, statement: ast.stmt, moved: Sequence[ast.alias]) -> str:
        """Returns the statement that imports the moved names, with their comments."""
        names = [f"{it.name} as {it.asname}" if it.asname else it.name for it in moved]
        first, last = self._module.lines(statement)
        lines: list[str] = []
        for alias, name in zip(moved, names):
            number = self._module.lines(alias)[0]
            if first < number <= last and self._has_its_line([alias]):
                line = self._edits.lines[number - 1].rstrip()
                comment = line[line.index("#") :] if "#" in line else ""
                lines += [f"    {it.strip()}" for it in self._comments_above(number)]
                lines.append(f"    {name},{'  ' if comment else ''}{comment}")
            else:
                lines.append(f"    {name},")
        pragma = ""
        for number in (last, first):
            tail = self._edits.lines[number - 1]
            found = _PRAGMA.search(tail) if self.has_a_line(statement) else None
            here = [alias for alias in moved if self._module.lines(alias)[0] == number]
            if found and not (here and self._has_its_line(here)):
                pragma = f"  {found.group().rstrip()}"
        if any("#" in line for line in lines):
            return "\n".join([f"from {NEW} import ({pragma}", *lines, ")"])
        return f"from {NEW} import {', '.join(names)}{pragma}"

    def _cut(self, parts: Sequence[_Part], kept: Sequence[_Part]) -> None:
        """Removes parts of a list, with their separators."""
        last = max(parts.index(part) for part in kept)
        for part, following in zip(parts[:last], parts[1:]):
            if part not in kept:
                self._edits.replace(self._start(part), self._start(following), "")
        if last + 1 < len(parts):
            self._edits.replace(self._end(parts[last]), self._end(parts[-1]), "")

    def _lines_of(self, block: list[ast.stmt]) -> Iterator[list[ast.stmt]]:
        """Yields the statements of a block, those on one line together."""
        line: list[ast.stmt] = []
        for statement in block:
            if line and self._module.lines(statement)[0] > self._module.lines(line[-1])[1]:
                yield line
                line = []
            line.append(statement)
        yield line

    def _has_its_line(self, aliases: Sequence[ast.alias]) -> bool:
        """Returns whether a line has only these names, and perhaps a comment."""
        number = self._module.lines(aliases[0])[0]
        start, end = self._edits.offset(number), self._edits.offset(number + 1)
        before = self._edits.text[start : self._start(aliases[0])]
        after = self._edits.text[self._end(aliases[-1]) : end]
        return not before.strip() and bool(re.match(r"\s*,?\s*(?:#.*)?$", after))

    def _comments_above(self, number: int) -> list[str]:
        """Returns the comment lines directly above a line."""
        first = number
        while _COMMENT.match(self._edits.lines[first - 2]):
            first -= 1
        return self._edits.lines[first - 1 : number - 1]

    def has_a_line(self, statement: ast.stmt) -> bool:
        """Returns whether a statement is the only one on its line."""
        start, end = self._module.span(statement)
        line = self._module.lines(statement)[0]
        before = self._edits.text[self._edits.offset(line) : start]
        return not before.strip() and bool(_REST_OF_LINE.match(self._edits.text, end))

    def _start(self, node: ast.AST) -> int:
        return self._module.span(node)[0]

    def _end(self, node: ast.AST) -> int:
        return self._module.span(node)[1]


_Key = Callable[[ast.stmt], Tuple[Any, ...]]


def _name(node: Any) -> str:
    return str(node.module if isinstance(node, ast.ImportFrom) else node.names[0].name)


def _is_from(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom)


def _is_sorted(section: list[ast.stmt], key: _Key) -> bool:
    return [*map(key, section)] == sorted(map(key, section))


# the orders of isort: plain imports first, or all by name (force_sort_within_sections)
_ORDERS: tuple[_Key, ...] = (
    lambda node: (_is_from(node), _name(node).lower()),
    lambda node: (_name(node).lower(), _is_from(node)),
    lambda node: (_is_from(node), _name(node)),
    lambda node: (_name(node), _is_from(node)),
)


def leading(module: Module) -> list[ast.stmt]:
    """Returns the imports at the start of a module, after its docstring.

    An import on a line with another statement ends them, except an import of __future__: nothing
    may be added above it.
    """
    body = module.tree.body
    body = body[1:] if body and is_docstring(body[0]) else body
    found = list(itertools.takewhile(lambda it: isinstance(it, Import), body))
    while found and len(found) < len(body):
        line = module.lines(found[-1])[1]
        if (
            module.lines(body[len(found)])[0] > line
            or getattr(found[-1], "module", "") == "__future__"
        ):
            break
        found.pop()
    return found


def is_simple(statement: ast.AST) -> bool:
    """Returns whether a statement has no block."""
    return not any(hasattr(statement, name) for name in ("body", "cases"))


def is_docstring(statement: Any) -> bool:
    """Returns whether a statement is only a string."""
    return isinstance(statement, ast.Expr) and bool(string(statement.value))


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t\f"))]
