"""Adds and removes imports and imported names in a module's text, and keeps comments."""

from __future__ import annotations

import ast
import re
from typing import Any, Callable, Collection, Sequence, Tuple

from tfmts_compat.migrate.names import NEW
from tfmts_compat.migrate.read.module import Import, Module

_PRAGMA = re.compile(r"#\s*(?:noqa|pylint|type:|pyright|isort|flake8|ruff|pragma|nosec).*")
_REST_OF_LINE = re.compile(r"[ \t]*;?[ \t]*(?:#[^\r\n]*)?(?:[\r\n]|$)")
_Key = Callable[[Any], Tuple[Any, ...]]


class Statements:
    """Edits the text of a module by statements and imported names."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._edits = module.edits

    def add_below(self, statement: ast.stmt, text: str) -> None:
        """Adds a statement below another one, or behind one that shares its line."""
        edits = self._edits
        end = self._module.span(statement)[1]
        if isinstance(statement, (*Import, ast.Assign)) and not self.has_a_line(statement):
            edits.replace(end, end, f"; {text}")
            return
        last = self._module.lines(statement)[1]
        text = self._indent(statement, text)
        is_complete = edits.lines[last - 1].endswith(("\n", "\r"))
        end = edits.offset(last + 1)
        edits.replace(end, end, text + edits.newline() if is_complete else edits.newline() + text)

    def add_sorted(self, statement: ast.stmt, text: str) -> ast.stmt:
        """Adds an import near another one, in the order of the imports around it.

        Returns:
          The import above or below the new one.
        """
        section = self._section(statement)
        key = self._find_order(section)
        new = ast.parse(text).body[0]
        is_own = self._module.block(statement) is self._module.tree.body
        if is_own and all(map(_is_relative, section)):  # a section of its own above
            key, text = key or _ORDERS[0], f"{text}\n"
        above = [other for other in section if key and key(other) < key(new)]
        if above or not key:
            self.add_below(above[-1] if above else statement, text)
            return above[-1] if above else statement
        start = self._edits.offset(self._module.lines(section[0])[0])
        text = self._indent(section[0], text) + self._edits.newline()
        self._edits.replace(start, start, text)
        return section[0]

    def is_in_order(self, statement: ast.stmt, text: str, gone: Collection[ast.stmt] = ()) -> bool:
        """Returns whether an import can take the place of another one in a sorted section.

        `gone` are the imports that are removed.
        """
        section = [
            other for other in self._section(statement) if other not in gone or other is statement
        ]
        key = self._find_order(section)
        new = ast.parse(text).body[0]
        return not key or _is_sorted(
            [new if other is statement else other for other in section], key
        )

    def _find_order(self, section: list[ast.stmt]) -> _Key | None:
        """Returns the key by which a section is sorted, if possible like others, or None."""
        sections = self._sections(self._module.tree.body)
        mixed = [found for found in sections if len(set(map(type, found))) > 1]
        modules = [node.module for node in self._module.nodes[ast.ImportFrom]]
        # one name for each `from` is Google's style, which sorts by name
        orders = _ORDERS[::-1] if len(modules) > len(set(modules)) else _ORDERS
        ranked = sorted(orders, key=lambda key: -sum(_is_sorted(found, key) for found in mixed))
        found = (key for key in ranked if _is_sorted(section, key))
        return next(found, None) if len(section) > 1 else None

    def _section(self, statement: ast.stmt) -> list[ast.stmt]:
        """Returns the imports on the lines directly above and below an import, and the import."""
        found = self._sections(self._module.block(statement))
        return next((section for section in found if statement in section), [statement])

    def _sections(self, block: list[ast.stmt]) -> list[list[ast.stmt]]:
        """Returns the imports of a block, those on lines without a gap together."""
        sections: list[list[ast.stmt]] = []
        below = 0  # the line below the last import
        for statement in block:
            if not isinstance(statement, Import) or not self.has_a_line(statement):
                continue
            first, last = self._module.lines(statement)
            if getattr(statement, "module", "") != "__future__":
                if first != below:
                    sections.append([])
                sections[-1].append(statement)
                below = last + 1
        return sections

    def remove(self, statements: Collection[ast.stmt]) -> None:
        """Removes statements. `pass` replaces one that shares its line or is a whole block."""
        for statement in statements:
            block = self._module.block(statement)
            is_whole = block is not self._module.tree.body and set(block) <= set(statements)
            first, last = self._module.lines(statement)
            if (is_whole and statement is block[0]) or not self.has_a_line(statement):
                self._edits.replace(*self._module.span(statement), "pass")
            else:
                self._edits.replace(self._edits.offset(first), self._edits.offset(last + 1), "")

    def keep_names(self, statement: Any, kept: Collection[ast.alias]) -> None:
        """Removes all names from an import except those to be kept."""
        names: list[ast.alias] = statement.names
        spans = list(map(self._module.span, names))
        last = max(names.index(alias) for alias in kept)
        for alias, (start, _), (following, _) in zip(names[:last], spans, spans[1:]):
            if alias not in kept:
                self._edits.replace(start, following, "")
        if last + 1 < len(names):
            self._edits.replace(spans[last][1], spans[-1][1], "")

    def move_names(self, statement: Any, moved: Sequence[ast.alias]) -> str:
        """Returns the statement that imports some names from tfmts_compat."""
        names = [
            f"{alias.name} as {alias.asname}" if alias.asname else alias.name for alias in moved
        ]
        found = [_PRAGMA.search(self._edits.lines[at - 1]) for at in self._module.lines(statement)]
        pragma = next((f"  {match.group().rstrip()}" for match in found if match), "")
        return f"from {NEW} import {', '.join(names)}{pragma}"

    def has_a_line(self, statement: ast.stmt) -> bool:
        """Returns whether a statement is the only one on its line."""
        start, end = self._module.span(statement)
        before = self._edits.text[self._edits.offset(self._module.lines(statement)[0]) : start]
        return not before.strip() and bool(_REST_OF_LINE.match(self._edits.text, end))

    def has_comments(self, statement: ast.stmt) -> bool:
        """Returns whether a statement has comments inside, between its names."""
        start, end = self._module.span(statement)
        return "#" in self._edits.text[start:end]

    def _indent(self, statement: ast.stmt, text: str) -> str:
        """Returns a text with the indentation of a statement and the line ends of the file."""
        line = self._edits.lines[self._module.lines(statement)[0] - 1]
        indent = line[: len(line) - len(line.lstrip(" \t\f"))]
        return self._edits.newline().join(indent + part for part in text.split("\n"))


def _is_from(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom)


def _is_relative(node: ast.stmt) -> bool:
    return bool(getattr(node, "level", 0))


def _name(node: Any) -> str:
    return str(node.module if _is_from(node) else node.names[0].name)


def _is_sorted(section: list[ast.stmt], key: _Key) -> bool:
    return [*map(key, section)] == sorted(map(key, section))


# the orders of isort: plain imports first, or all by name (force_sort_within_sections), each with
# and without regard to case; imports relative to the module are the last
_ORDERS: tuple[_Key, ...] = (
    lambda node: (_is_relative(node), _is_from(node), _name(node).lower()),
    lambda node: (_is_relative(node), _is_from(node), _name(node)),
    lambda node: (_is_relative(node), _name(node), _is_from(node)),
    lambda node: (_is_relative(node), _name(node).lower(), _is_from(node)),
)
