"""What a name or a dotted name stands for, from LibCST's scopes and qualified names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterable, Iterator, Optional, Tuple

import libcst as cst
from libcst.metadata import (
    Assignment,
    ClassScope,
    ImportAssignment,
    Scope,
)

from tfmts_compat.migrate import project
from tfmts_compat.migrate.module import Module
from tfmts_compat.migrate.names import ADVISED, NAMES, is_known

_FOLLOWED = NAMES | ADVISED
UNKNOWN = "?"  # anything that is no import and no alias of one
OWN = "."  # something that the code base itself defines under the name
_LONGEST = 12  # attributes after a name; no path of the table has as many
_AGAIN = re.compile(r"(\.compat\.v[12])(?:\.compat\.v[12])+")
_Step = Tuple[str, Optional[Scope], str]  # a name, where it is used, and the attributes after it


@dataclass(frozen=True)
class Reach:
    """Where a dotted name leads.

    Attributes:
      paths: the dotted paths it can stand for; UNKNOWN is one of them where some
        binding is neither an import nor an alias.
      imports: the imports it starts from.
      whys: where modules of the code base give it something else than TensorFlow.
    """

    paths: frozenset[str]
    imports: frozenset[ImportAssignment]
    whys: frozenset[str] = frozenset()

    @classmethod
    def joined(cls, parts: list[Reach]) -> Reach:
        """Any one of several."""
        return cls(
            frozenset().union(*(part.paths for part in parts)),
            frozenset().union(*(part.imports for part in parts)),
            frozenset().union(*(part.whys for part in parts)),
        )


_NOWHERE = Reach(frozenset([UNKNOWN]), frozenset())


class Resolver:
    """Follows dotted names to imports, through aliases like tf1 = tf.compat.v1."""

    def __init__(self, module: Module) -> None:
        self._scopes = module.scopes
        self._file = module.path
        self._aliases: dict[cst.CSTNode, cst.BaseExpression] = dict(module.reader.assigned)
        self._captured = module.reader.captured
        self._attributes: dict[str, list[cst.BaseExpression]] = {}
        for target, value in module.reader.assigned:
            if isinstance(target, cst.Attribute):
                self._attributes.setdefault(target.attr.value, []).append(value)
            elif isinstance(target, cst.Name) and isinstance(self._scopes.get(target), ClassScope):
                self._attributes.setdefault(target.value, []).append(value)

    def reach(self, node: cst.BaseExpression) -> Reach:
        """Where an expression leads; _NOWHERE unless it is a dotted name, or one of two."""
        found = self._reach(node)
        parts = [self._followed(path, found.imports) for path in found.paths]
        return Reach.joined(parts) if parts else found

    def _followed(self, path: str, imports: frozenset[ImportAssignment]) -> Reach:
        """Follows a path through modules of the code base that pass TensorFlow on."""
        if path.rpartition(".")[2] in _FOLLOWED and not is_known(path):
            found = project.followed(path, self._file)
            if found:
                if found.is_own:
                    return Reach(frozenset([OWN]), imports)
                unknown = {UNKNOWN} if found.whys or not found.paths else set()
                return Reach(frozenset(found.paths | unknown), imports, frozenset(found.whys))
        return Reach(frozenset([path]), imports)

    def holds(self, node: cst.BaseExpression, name: str) -> Reach:
        """Where an attribute of an expression leads."""
        return self.reach(cst.Attribute(node, cst.Name(name)))

    def _reach(self, node: cst.BaseExpression) -> Reach:
        found = self._reached(self._starts(node))
        return found if found.imports or not isinstance(node, cst.Attribute) else _NOWHERE

    def _starts(self, node: cst.BaseExpression, rest: str = "") -> Iterator[_Step]:
        """The names that an expression may begin with, each with the attributes after it."""
        while isinstance(node, cst.Attribute):
            rest = _AGAIN.sub(r"\1", f".{node.attr.value}{rest}")
            node = node.value
        if isinstance(node, cst.IfExp):
            yield from self._starts(node.body, rest)
            yield from self._starts(node.orelse, rest)
        elif not isinstance(node, cst.Name):
            yield "", None, rest
        elif node.value != "None":  # e.g. tf = None where the import fails
            yield node.value, self._scopes.get(node), rest

    def through_attributes(self, node: cst.BaseExpression) -> set[str]:
        """Where self.tf1.train.X may lead, by what any object's tf1 is given in the module."""
        found: set[str] = set()
        rest = ""
        while isinstance(node, cst.Attribute):
            name = node.attr.value
            for value in self._attributes.get(name, ()):
                found |= {path + rest for path in self.reach(value).paths}
            node, rest = node.value, f".{name}{rest}"
        return found

    def named(self, name: str, scope: Scope) -> Reach:
        """Where a plain name leads in a scope."""
        return self._reached([(name, scope, "")])

    def _reached(self, starts: Iterable[_Step]) -> Reach:
        """Follows names through aliases; each step is taken once, since aliases form cycles."""
        paths: set[str] = set()
        imports: set[ImportAssignment] = set()
        waiting, done = list(starts), set()
        while waiting:
            step = name, scope, rest = waiting.pop()
            if step in done:  # tf = tf.compat.v1
                continue
            done.add(step)
            assignments = scope[name] if scope and rest.count(".") <= _LONGEST else ()
            if not assignments or name in self._captured:
                paths.add(UNKNOWN)
            for each in assignments:
                node = each.node if isinstance(each, Assignment) else None
                if isinstance(each, ImportAssignment):
                    imports.add(each)
                    names = each.get_qualified_names_for(name)
                    paths |= {found.name + rest for found in names} or {UNKNOWN}
                elif node in self._aliases:
                    waiting += self._starts(self._aliases[node], rest)
                else:
                    paths.add(UNKNOWN)
        return Reach(frozenset(paths), frozenset(imports))
