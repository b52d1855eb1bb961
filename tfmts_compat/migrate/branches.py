"""Findings about branches that are identical after the names are replaced."""

from __future__ import annotations

import ast
import itertools
import re
from typing import Sequence

from tfmts_compat.migrate.edits import changed, parsed, split_lines
from tfmts_compat.migrate.module import Module
from tfmts_compat.migrate.names import NEW

_BRANCHES = re.compile(r"\b(?:else|except)\b")


def report(module: Module, changes: Sequence[tuple[int, int, str]]) -> None:
    """Reports branches that are identical after the names are replaced."""
    old = module.edits.text
    if not (NEW in old or changes) or not _BRANCHES.search(old):
        return
    new = changed(old, list(changes))
    try:
        tree = parsed(new)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    lines = split_lines(new)
    using = [
        statement
        for statement in tree.body
        if NEW in "".join(lines[statement.lineno - 1 : statement.end_lineno])
    ]
    for node in itertools.chain.from_iterable(map(ast.walk, using)):
        if not isinstance(node, (ast.IfExp, ast.If, ast.Try)):
            continue
        first, *others = _alternatives(node)
        if others and all(_dumped(first) == _dumped(other) for other in others):
            offset = sum(map(len, lines[: node.lineno - 1]))
            line = len(split_lines(old[: _before(offset, changes)] + "x"))
            module.report_at(
                line,
                0,
                "TFM211",
                f"the branches are identical: {NEW} works on every version; keep one of them",
            )


def _alternatives(node: ast.IfExp | ast.If | ast.Try) -> list[list[ast.AST]]:
    """Returns the branches of a statement or expression that use tfmts_compat."""
    found: list[list[ast.AST]] = [[]]
    if isinstance(node, ast.IfExp):
        found = [[node.body], [node.orelse]]
    elif isinstance(node, ast.If) and node.orelse:
        found = [[*node.body], [*node.orelse]]
    elif isinstance(node, ast.Try) and not (node.orelse or node.finalbody):
        found = [[*node.body]]
        found += [[*handler.body] for handler in node.handlers]
    alike = all([type(it) for it in each] == [type(it) for it in found[0]] for each in found)
    return found if alike and NEW in _dumped(found[0]) else [[]]


def _dumped(nodes: list[ast.AST]) -> str:
    return "".join(map(ast.dump, nodes))


def _before(offset: int, changes: Sequence[tuple[int, int, str]]) -> int:
    """Returns the offset in the old text that belongs to an offset in the new one."""
    shift = 0
    for start, end, new in changes:
        if offset < start + shift:
            break
        if offset < start + shift + len(new):
            return start
        shift += len(new) - (end - start)
    return offset - shift
