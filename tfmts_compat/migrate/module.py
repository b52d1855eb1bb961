"""A module of the code base, as LibCST has parsed and analysed it."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider, Scope, ScopeProvider

from tfmts_compat.migrate import findings
from tfmts_compat.migrate.findings import Finding
from tfmts_compat.migrate.reader import Reader
from tfmts_compat.migrate.scopes import Resolver
from tfmts_compat.migrate.source import Edits


class Module:
    """A parsed module: where its nodes are in the text, and what was found in it."""

    def __init__(
        self,
        edits: Edits,
        numbers: list[int],
        wrapper: MetadataWrapper,
        path: str,
        ignored: Sequence[str],
    ) -> None:
        self.edits = edits
        self.tree = wrapper.module
        metadata: Any = wrapper.resolve_many([PositionProvider, ScopeProvider])
        self.scopes: Mapping[cst.CSTNode, Scope | None] = metadata[ScopeProvider]
        self.resolver = Resolver(self.scopes)
        self.reader = Reader(self.resolver)
        self.tree.visit(self.reader)
        self.parents = self.reader.parents
        self.found: list[Finding] = []
        self._positions: Mapping[cst.CSTNode, CodeRange] = metadata[PositionProvider]
        self._numbers = numbers
        self._path = path
        self._ignored = ignored

    def lines(self, node: cst.CSTNode) -> tuple[int, int]:
        """The first and last line of a node, counted from 1."""
        at = self._positions[node]
        return self._numbers[at.start.line - 1], self._numbers[at.end.line - 1]

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Where a node starts and ends in the text."""
        at, (first, last) = self._positions[node], self.lines(node)
        offset = self.edits.offset
        return offset(first, at.start.column), offset(last, at.end.column)

    def report(self, node: cst.CSTNode, code: str, message: str) -> bool:
        """Notes a finding, unless it is silenced there; says whether it was noted."""
        line, column = self.lines(node)[0], self._positions[node].start.column
        if findings.silenced(code, self.edits.lines[line - 1], self._ignored):
            return False
        self.found.append(Finding(self._path, line, column + 1, code, message))
        return True
