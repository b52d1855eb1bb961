"""Resolves names and dotted names, with LibCST's scopes and qualified names."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst
from libcst.metadata import (
    Assignment,
    BaseAssignment,
    ClassScope,
    ImportAssignment,
    Scope,
)

from tfmts_compat.migrate import project
from tfmts_compat.migrate.module import Module
from tfmts_compat.migrate.names import ADVISED, NAMES, is_known

_FOLLOWED = NAMES | ADVISED
UNKNOWN = "?"  # neither an import nor an alias of one
OWN = "."  # the code base itself defines the name


@dataclass(frozen=True)
class Reach:
    """What a dotted name resolves to.

    Attributes:
      paths: the dotted paths that it can stand for. UNKNOWN is one of them if a binding is
        neither an import nor an alias.
      imports: the imports through which it is resolved.
      reasons: why it may be something other than TensorFlow: definitions in other modules of
        the code base.
    """

    paths: frozenset[str]
    imports: frozenset[ImportAssignment]
    reasons: frozenset[str] = frozenset()

    @classmethod
    def joined(cls, parts: list[Reach]) -> Reach:
        """Returns the union of several."""
        return cls(
            frozenset().union(*(part.paths for part in parts)),
            frozenset().union(*(part.imports for part in parts)),
            frozenset().union(*(part.reasons for part in parts)),
        )


_NOWHERE = Reach(frozenset([UNKNOWN]), frozenset())
_NOTHING = Reach(frozenset(), frozenset())


class Resolver:
    """Resolves dotted names to imports, through aliases such as tf1 = tf.compat.v1."""

    def __init__(self, module: Module) -> None:
        self._scopes = module.scopes
        self._file = module.path
        self._aliases: dict[cst.CSTNode, cst.BaseExpression] = dict(module.reader.assigned)
        self._attributes: dict[str, list[cst.BaseExpression]] = {}
        self._following: set[cst.CSTNode] = set()
        for target, value in module.reader.assigned:
            if isinstance(target, cst.Attribute):
                self._attributes.setdefault(target.attr.value, []).append(value)
            elif isinstance(target, cst.Name) and isinstance(self._scopes.get(target), ClassScope):
                self._attributes.setdefault(target.value, []).append(value)

    def reach(self, node: cst.BaseExpression) -> Reach:
        """Resolves a dotted name or a conditional expression of two. Else returns _NOWHERE."""
        found = self._reach(node)
        parts = [self._followed(path, found.imports) for path in found.paths]
        return Reach.joined(parts) if parts else found

    def _followed(self, path: str, imports: frozenset[ImportAssignment]) -> Reach:
        """Resolves a path through modules of the code base that re-export TensorFlow."""
        if path.rpartition(".")[2] in _FOLLOWED and not is_known(path):
            found = project.followed(path, self._file)
            if found:
                if found.is_own:
                    return Reach(frozenset([OWN]), imports)
                unknown = {UNKNOWN} if found.reasons or not found.paths else set()
                return Reach(frozenset(found.paths | unknown), imports, frozenset(found.reasons))
        return Reach(frozenset([path]), imports)

    def holds(self, node: cst.BaseExpression, name: str) -> Reach:
        """Resolves an attribute of an expression."""
        return self.reach(cst.Attribute(node, cst.Name(name)))

    def _reach(self, node: cst.BaseExpression) -> Reach:
        if isinstance(node, cst.Attribute):
            start = self._reach(node.value)
            if not start.imports:
                return _NOWHERE
            name = node.attr.value
            paths = (path if path == UNKNOWN else f"{path}.{name}" for path in start.paths)
            return Reach(frozenset(paths), start.imports)
        if isinstance(node, cst.IfExp):
            return Reach.joined([self._reach(node.body), self._reach(node.orelse)])
        if isinstance(node, cst.Name):
            if node.value == "None":  # as in `except ImportError: tf = None`
                return _NOTHING
            scope = self._scopes.get(node)
            return self.named(node.value, scope) if scope else _NOWHERE
        return _NOWHERE

    def through_attributes(self, node: cst.BaseExpression) -> set[str]:
        """Resolves self.tf1.train.X by what the module assigns to the tf1 of any object."""
        found: set[str] = set()
        rest = ""
        while isinstance(node, cst.Attribute):
            name = node.attr.value
            for value in self._attributes.get(name, ()):
                found |= {path + rest for path in self.reach(value).paths}
            node, rest = node.value, f".{name}{rest}"
        return found

    def named(self, name: str, scope: Scope) -> Reach:
        """Resolves a name in a scope."""
        assignments = scope[name]
        if not assignments:
            return _NOWHERE
        return Reach.joined([self._assigned(name, each) for each in assignments])

    def _assigned(self, name: str, assignment: BaseAssignment) -> Reach:
        if isinstance(assignment, ImportAssignment):
            names = assignment.get_qualified_names_for(name)
            paths = frozenset(each.name for each in names)
            return Reach(paths or frozenset([UNKNOWN]), frozenset([assignment]))
        node = assignment.node if isinstance(assignment, Assignment) else None
        if node is None or node not in self._aliases:
            return _NOWHERE
        if node in self._following:  # tf = tf.compat.v1
            return _NOTHING
        self._following.add(node)
        try:
            return self._reach(self._aliases[node])
        finally:
            self._following.discard(node)
