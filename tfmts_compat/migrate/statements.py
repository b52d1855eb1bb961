"""Statements put beside others, and taken out, line by line."""

from __future__ import annotations

import re
from typing import Sequence

import libcst as cst

from tfmts_compat.migrate.module import Module


class Statements:
    """Edits a module by whole statements."""

    def __init__(self, module: Module) -> None:
        self._module = module

    def put_after(self, statement: cst.CSTNode, text: str) -> None:
        """Puts a statement after another, on a line of its own where that has one."""
        edits, module = self._module.edits, self._module
        if isinstance(statement, cst.BaseSmallStatement) and not self._has_a_line(statement):
            end = module.span(statement)[1]
            edits.replace(end, end, f"; {text}")
            return
        first, last = module.lines(statement)
        line, end = edits.lines[last - 1], edits.offset(last + 1)
        indent = _indent(edits.lines[first - 1])
        if line.endswith(("\n", "\r")):
            edits.replace(end, end, f"{indent}{text}{edits.newline()}")
        else:
            edits.replace(end, end, f"{edits.newline()}{indent}{text}")

    def put_before(self, statement: cst.CSTNode, text: str) -> None:
        """Puts a statement before another, and before the comment that belongs to that."""
        edits = self._module.edits
        number = self._module.lines(statement)[0]
        while number > 1 and re.match(r"#(?!!|.*coding)", edits.lines[number - 2]):
            number -= 1
        start = edits.offset(number)
        edits.replace(start, start, f"{text}{edits.newline()}")

    def take_out(self, statement: cst.CSTNode) -> None:
        """Takes a statement out; pass stands in where a block would be left empty."""
        edits, module = self._module.edits, self._module
        if self._has_a_line(statement):
            first, last = module.lines(statement)
            if self._is_sole(first, last):
                edits.replace(*module.span(statement), "pass")
            else:
                edits.replace(edits.offset(first), edits.offset(last + 1), "")
            return
        siblings = list(_body(module.parents[statement]))
        index = siblings.index(statement)
        if index + 1 < len(siblings):
            edits.replace(module.span(statement)[0], module.span(siblings[index + 1])[0], "")
        elif index:
            edits.replace(module.span(siblings[index - 1])[1], module.span(statement)[1], "")
        else:
            edits.replace(*module.span(statement), "pass")

    def _is_sole(self, first: int, last: int) -> bool:
        """Whether a block has nothing but these lines."""
        lines = self._module.edits.lines
        own = len(_indent(lines[first - 1]))
        around = []
        for part in (reversed(lines[: first - 1]), lines[last:]):
            around.append(next((line for line in part if _is_code(line)), ""))
        return own > 0 and all(len(_indent(line)) < own for line in around)

    def _has_a_line(self, statement: cst.CSTNode) -> bool:
        """Whether a statement has a line to itself."""
        line = self._module.parents[statement]
        return isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1


def _body(node: cst.CSTNode) -> Sequence[cst.CSTNode]:
    return (
        node.body if isinstance(node, (cst.SimpleStatementLine, cst.SimpleStatementSuite)) else []
    )


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t\f"))]


def _is_code(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")
