"""Collects the places of a module that may matter, in the order of the text."""

from __future__ import annotations

import re
from typing import Iterator

import libcst as cst

from tfmts_compat.migrate.names import NAMES
from tfmts_compat.migrate.scopes import Resolver

_PRIVATE = ("_sess", "_tf_sess", "_coordinated_creator")
_DOTTED = re.compile(rf"[A-Za-z_][\w.]*\.(?:{'|'.join(sorted(NAMES))})\b")


class Reader(cst.CSTVisitor):
    """Collects; nothing is decided here, since an alias may be given later in the text.

    Attributes:
      named: dotted names that end like one of the table's.
      from_imports: `from ... import` statements.
      calls: every call.
      lookups: calls whose second argument is one of the names in quotes.
      quoted: quoted annotations, with the dotted name in them.
      private: private attributes of a monitored session.
      parents: each node's parent; LibCST's own provider goes through the tree twice.
    """

    def __init__(self, resolver: Resolver) -> None:
        super().__init__()
        self.named: list[cst.Attribute] = []
        self.from_imports: list[cst.ImportFrom] = []
        self.calls: list[cst.Call] = []
        self.lookups: list[tuple[cst.Call, str]] = []
        self.quoted: list[tuple[cst.SimpleString, str]] = []
        self.private: list[cst.Attribute] = []
        self.parents: dict[cst.CSTNode, cst.CSTNode] = {}
        self._path: list[cst.CSTNode] = []
        self._resolver = resolver
        self._inner: set[cst.CSTNode] = set()
        self._annotations = 0

    def on_visit(self, node: cst.CSTNode) -> bool:
        if self._path:
            self.parents[node] = self._path[-1]
        self._path.append(node)
        return super().on_visit(node)

    def on_leave(self, original_node: cst.CSTNode) -> None:
        super().on_leave(original_node)
        self._path.pop()

    def visit_Assign(self, node: cst.Assign) -> None:
        for each in node.targets:
            for target, value in _pairs(each.target, node.value):
                self._resolver.alias(target, value)
                self._unwrapping(target, value)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        if node.value is not None:
            self._resolver.alias(node.target, node.value)

    def visit_NamedExpr(self, node: cst.NamedExpr) -> None:
        self._resolver.alias(node.target, node.value)

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        self.from_imports.append(node)

    def visit_Attribute(self, node: cst.Attribute) -> None:
        name = node.attr.value
        if name in NAMES:
            self.named.append(node)
        elif name in _PRIVATE and node not in self._inner:
            inner: cst.BaseExpression = node.value
            chain = 1
            while isinstance(inner, cst.Attribute) and inner.attr.value in _PRIVATE:
                self._inner.add(inner)
                inner = inner.value
                chain += 1
            if chain > 1 or name != "_sess":
                self.private.append(node)

    def visit_Call(self, node: cst.Call) -> None:
        self.calls.append(node)
        if len(node.args) > 1 and isinstance(node.args[1].value, cst.SimpleString):
            name = node.args[1].value.evaluated_value
            if isinstance(name, str) and name in NAMES:
                self.lookups.append((node, name))

    def visit_Annotation(self, node: cst.Annotation) -> None:  # noqa: ARG002
        self._annotations += 1

    def leave_Annotation(self, original_node: cst.Annotation) -> None:  # noqa: ARG002
        self._annotations -= 1

    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        if self._annotations:
            found = _DOTTED.search(node.raw_value)
            if found:
                self.quoted.append((node, found.group()))

    def _unwrapping(self, target: cst.CSTNode, value: cst.CSTNode) -> None:
        """Finds s = s._sess, the body of a loop down to the raw session."""
        if (
            isinstance(value, cst.Attribute)
            and value.attr.value == "_sess"
            and value.value.deep_equals(target)
        ):
            self.private.append(value)


def _pairs(
    target: cst.BaseExpression, value: cst.BaseExpression
) -> Iterator[tuple[cst.BaseExpression, cst.BaseExpression]]:
    """What is assigned to what; one by one in tf1, x = tf.compat.v1, y."""
    if (
        isinstance(target, cst.Tuple)
        and isinstance(value, cst.Tuple)
        and len(target.elements) == len(value.elements)
        and all(isinstance(e, cst.Element) for e in (*target.elements, *value.elements))
    ):
        for inner, part in zip(target.elements, value.elements):
            yield from _pairs(inner.value, part.value)
    else:
        yield target, value
