"""Adds and removes statements and imported names in a module's text, and keeps comments."""

from __future__ import annotations

import itertools
import re
from typing import Collection, Sequence

import libcst as cst

from tfmts_compat.migrate.module import Module
from tfmts_compat.migrate.names import NEW

Import = (cst.Import, cst.ImportFrom)
_HEADER = re.compile(r"copyright|licen[cs]e|spdx|coding[:=]|^#!", re.IGNORECASE | re.MULTILINE)
_PRAGMA = re.compile(r"#\s*(?:noqa|pylint|type:|pyright|isort|flake8|ruff|pragma|nosec).*")
_COMMENT = re.compile(r"\s*#.*")


class Statements:
    """Edits the text of a module by statements and imported names."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._edits = module.edits

    def add_after(self, statement: cst.CSTNode, text: str) -> None:
        """Adds a statement after another one: on its own line if the other one has its own line."""
        edits, module = self._edits, self._module
        newline = edits.newline()
        if isinstance(statement, cst.BaseSmallStatement) and not self._has_a_line(statement):
            end = module.span(statement)[1]
            edits.replace(end, end, f"; {text}")
            return
        first, last = module.lines(statement)
        line, end = edits.lines[last - 1], edits.offset(last + 1)
        indent = _indent(edits.lines[first - 1])
        text = newline.join(indent + part for part in text.split("\n"))
        complete = line.endswith(("\n", "\r"))
        edits.replace(end, end, text + newline if complete else newline + text)

    def add_first(self, text: str) -> None:
        """Adds a statement before all others, but after the docstring or a license header."""
        edits, module = self._edits, self._module
        newline = edits.newline()
        first = module.tree.body[0]
        if _is_docstring(first):
            self.add_after(first, f"\n{text}")
            return
        number = top = module.lines((*getattr(first, "decorators", ()), first)[0])[0]
        while top > 1 and edits.lines[top - 2].startswith("#"):
            top -= 1
        comment = "".join(edits.lines[top - 1 : number - 1])
        if top > 1 or not _HEADER.search(comment):
            number = top
        start = edits.offset(number)
        gap = newline * 3 if isinstance(first, (cst.FunctionDef, cst.ClassDef)) else newline
        edits.replace(start, start, text + gap)

    def remove(self, statements: Collection[cst.CSTNode]) -> None:
        """Removes statements. If a block would become empty, `pass` replaces them."""
        lines = dict.fromkeys(self._module.parents[statement] for statement in statements)
        removed = {line for line in lines if all(it in statements for it in _body(line))}
        passed: set[cst.CSTNode] = set()
        for line in lines:
            siblings = _body(line)
            if line not in removed:
                self._cut(siblings, [it for it in siblings if it not in statements])
            elif isinstance(line, cst.SimpleStatementLine):
                block = self._module.parents[line]
                is_empty = not isinstance(block, cst.Module) and removed.issuperset(_body(block))
                if is_empty and block not in passed:
                    passed.add(block)
                    self._edits.replace(self._start(siblings[0]), self._end(siblings[-1]), "pass")
                else:
                    first, last = self._module.lines(line)
                    self._edits.replace(self._edits.offset(first), self._edits.offset(last + 1), "")
            else:  # if x: import y
                self._edits.replace(self._start(siblings[0]), self._end(siblings[-1]), "pass")

    def keep_names(
        self, statement: cst.Import | cst.ImportFrom, kept: Sequence[cst.ImportAlias]
    ) -> None:
        """Removes all names from an import except those to be kept."""
        assert not isinstance(statement.names, cst.ImportStar)
        names = list(statement.names)
        if not self._has_comments(statement):
            self._cut(names, kept)
            return
        by_line: dict[int, list[cst.ImportAlias]] = {}
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

    def from_import(self, statement: cst.ImportFrom, moved: Sequence[cst.ImportAlias]) -> str:
        """Returns the statement that imports the moved names, with their comments."""
        code = self._module.tree.code_for_node
        names = [code(alias.with_changes(comma=cst.MaybeSentinel.DEFAULT)).strip()
                 for alias in moved]  # fmt: skip
        first, last = self._module.lines(statement)
        lines: list[str] = []
        for alias, name in zip(moved, names):
            number = self._module.lines(alias)[0]
            if first < number <= last and self._has_its_line([alias]):
                line = self._edits.lines[number - 1].rstrip()
                comment = line[line.index("#", line.index(name)) :] if "#" in line else ""
                lines += [f"    {it.strip()}" for it in self._comments_above(number)]
                lines.append(f"    {name},{'  ' if comment else ''}{comment}")
            else:
                lines.append(f"    {name},")
        pragma = ""
        for number in (last, first):
            tail = self._edits.lines[number - 1]
            found = _PRAGMA.search(tail) if self._has_a_line(statement) else None
            here = [alias for alias in moved if self._module.lines(alias)[0] == number]
            if found and not (here and self._has_its_line(here)):
                pragma = f"  {found.group().rstrip()}"
        if any("#" in line for line in lines):
            return "\n".join([f"from {NEW} import ({pragma}", *lines, ")"])
        return f"from {NEW} import {', '.join(names)}{pragma}"

    def _cut(self, parts: Sequence[cst.CSTNode], kept: Sequence[cst.CSTNode]) -> None:
        """Removes parts of a list, with their separators."""
        last = max(parts.index(part) for part in kept)
        for part, following in zip(parts[:last], parts[1:]):
            if part not in kept:
                self._edits.replace(self._start(part), self._start(following), "")
        if last + 1 < len(parts):
            self._edits.replace(self._end(parts[last]), self._end(parts[-1]), "")

    def _has_comments(self, statement: cst.CSTNode) -> bool:
        first, last = self._module.span(statement)
        return "#" in self._edits.text[first:last]

    def _has_its_line(self, aliases: Sequence[cst.ImportAlias]) -> bool:
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

    def _has_a_line(self, statement: cst.CSTNode) -> bool:
        """Returns whether a statement is the only one on its line."""
        line = self._module.parents[statement]
        return isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1

    def _start(self, node: cst.CSTNode) -> int:
        return self._module.span(node)[0]

    def _end(self, node: cst.CSTNode) -> int:
        return self._module.span(node)[1]


def leading(tree: cst.Module) -> list[cst.CSTNode]:
    """Returns the imports at the start of a module, after its docstring."""
    start = 1 if tree.body and _is_docstring(tree.body[0]) else 0
    return list(itertools.takewhile(_is_import, tree.body[start:]))


def _is_import(line: cst.CSTNode) -> bool:
    """Returns whether a line has only imports, or nothing may be added above it."""
    if not isinstance(line, cst.SimpleStatementLine):
        return False
    first = line.body[0]
    module = first.module if isinstance(first, cst.ImportFrom) else None
    is_future = isinstance(module, cst.Name) and module.value == "__future__"
    return is_future or all(isinstance(part, Import) for part in line.body)


def _is_docstring(line: cst.CSTNode) -> bool:
    if not isinstance(line, cst.SimpleStatementLine) or not isinstance(line.body[0], cst.Expr):
        return False
    return isinstance(line.body[0].value, (cst.SimpleString, cst.ConcatenatedString))


def _body(node: cst.CSTNode) -> Sequence[cst.CSTNode]:
    body: Sequence[cst.CSTNode] = getattr(node, "body", ())
    return body


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t\f"))]
