"""Resolves names and dotted names, with LibCST's scopes and qualified names."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Iterable, Iterator, Optional, Tuple

import libcst as cst
from libcst.metadata import (
    Assignment,
    ClassScope,
    ImportAssignment,
    Scope,
)

from tfmts_compat.migrate import project
from tfmts_compat.migrate.module import Module, last_name, strings_of
from tfmts_compat.migrate.names import ADVISED, NAMES, is_known

_FOLLOWED = NAMES | ADVISED
UNKNOWN = "?"  # neither an import nor an alias of one
OWN = "."  # the code base itself defines the name
REFLECTED = "~"  # in a path: what follows is named by a string, as in getattr(tf, "train")
_LONGEST = 12  # attributes after a name; no path of the table has more
_MOST_STEPS = 1000  # aliases of several values have 2**n ways
_AGAIN = re.compile(r"(\.compat\.v[12])(?:\.compat\.v[12])+")
_Step = Tuple[str, Optional[Scope], str]  # a name, the scope that uses it, its attributes


@dataclass(frozen=True)
class Reach:
    """What a dotted name resolves to.

    Attributes:
      paths: the dotted paths that it can stand for. UNKNOWN is one of them if a binding is
        neither an import nor an alias.
      imports: the imports through which it is resolved.
      reasons: why it may be something other than TensorFlow: definitions in other modules of
        the code base.
      others: the bindings in this module that are not TensorFlow.
    """

    paths: frozenset[str]
    imports: frozenset[ImportAssignment]
    reasons: frozenset[str] = frozenset()
    others: frozenset[cst.CSTNode] = frozenset()

    @property
    def spelled(self) -> frozenset[str]:
        """The paths as they would be without strings: tensorflow.train for getattr(tf, "train")."""
        return frozenset(path.replace(REFLECTED, "") for path in self.paths)

    @classmethod
    def joined(cls, parts: list[Reach]) -> Reach:
        """Returns the union of several."""
        return cls(
            frozenset().union(*(part.paths for part in parts)),
            frozenset().union(*(part.imports for part in parts)),
            frozenset().union(*(part.reasons for part in parts)),
            frozenset().union(*(part.others for part in parts)),
        )


_NOWHERE = Reach(frozenset([UNKNOWN]), frozenset())


class Resolver:
    """Resolves dotted names to imports, through aliases such as tf1 = tf.compat.v1."""

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
        """Resolves a dotted name or a conditional expression of two. Else returns _NOWHERE."""
        found = self._reach(node)
        parts = [self.followed(path, found.imports) for path in found.paths]
        return replace(Reach.joined(parts), others=found.others) if parts else found

    def followed(self, path: str, imports: frozenset[ImportAssignment] = frozenset()) -> Reach:
        """Resolves a path through modules of the code base that re-export TensorFlow."""
        name = path.rpartition(".")[2]
        if name in _FOLLOWED and REFLECTED not in path and not is_known(path):
            found = project.followed(path, self._file)
            if found:
                paths = {each for each in found.paths if each.endswith(f".{name}")}
                if found.is_own or found.paths - paths:  # Scaffold = tf.train.MonitoredSession
                    return Reach(frozenset([OWN]), imports)
                unknown = {UNKNOWN} if found.reasons or not paths else set()
                return Reach(frozenset(paths | unknown), imports, frozenset(found.reasons))
        return Reach(frozenset([path]), imports)

    def is_re_exported(self, path: str) -> bool:
        """Returns whether a path is a name that a module of the code base itself binds."""
        return not is_known(path) and project.is_bound(path, self._file)

    def holds(self, node: cst.BaseExpression, name: str) -> Reach:
        """Resolves an attribute of an expression, which is looked up by a string."""
        found = self.reach(cst.Attribute(node, cst.Name(name)))
        return replace(found, paths=found.spelled)

    def _reach(self, node: cst.BaseExpression) -> Reach:
        found = self._reached(self._starts(node))
        return found if found.paths or not isinstance(node, cst.Attribute) else _NOWHERE

    def _starts(self, node: cst.BaseExpression, rest: str = "") -> Iterator[_Step]:
        """Yields the names with which an expression can start, and the attributes after each."""
        while isinstance(node, cst.Attribute):
            rest = _AGAIN.sub(r"\1", f".{node.attr.value}{rest}")
            node = node.value
        strings = strings_of(node)
        module = next(filter(is_known, strings), "")
        if module:  # import_module("tensorflow"), sys.modules["tensorflow"], LazyLoader
            yield "", None, f"{REFLECTED}{module}{rest}"
        elif rest.count(REFLECTED) > 2:  # limits the time
            yield "", None, ""
        elif isinstance(node, cst.Call) and last_name(node.func) == "getattr" and strings:
            yield from self._starts(node.args[0].value, f"{REFLECTED}.{strings[0]}{rest}")
            for default in node.args[2:]:
                yield from self._starts(default.value, REFLECTED + rest.lstrip(REFLECTED))
        elif isinstance(node, cst.BooleanOperation):  # tf.compat.v1 or tf
            yield from self._starts(node.left, rest)
            yield from self._starts(node.right, rest)
        elif isinstance(node, cst.IfExp):
            yield from self._starts(node.body, rest)
            yield from self._starts(node.orelse, rest)
        elif not isinstance(node, cst.Name):
            yield "", None, rest
        elif node.value != "None":  # as in `except ImportError: tf = None`
            yield node.value, self._scopes.get(node), rest

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
        return self._reached([(name, scope, "")])

    def _reached(self, starts: Iterable[_Step]) -> Reach:
        """Follows names through aliases; each step only once, because aliases form cycles."""
        paths: set[str] = set()
        imports: set[ImportAssignment] = set()
        others: set[cst.CSTNode] = set()
        waiting = list(starts)
        done: set[_Step] = set()
        while waiting:
            step = name, scope, rest = waiting.pop()
            if step in done:  # tf = tf.compat.v1
                continue
            if len(done) > _MOST_STEPS:
                return _NOWHERE
            done.add(step)
            assignments = scope[name] if scope and rest.count(".") <= _LONGEST else ()
            if not name and rest.startswith(REFLECTED):
                paths.add(rest)
            elif not assignments or name in self._captured:
                paths.add(UNKNOWN)
            for each in assignments:
                node = each.node if isinstance(each, Assignment) else None
                if isinstance(each, ImportAssignment):
                    imports.add(each)
                    names = each.get_qualified_names_for(name)
                    paths |= {found.name + rest for found in names} or {UNKNOWN}
                    if not any(is_known(found.name) for found in names):
                        others.add(each.node)
                elif node in self._aliases:
                    steps = list(self._starts(self._aliases[node], rest))
                    waiting += steps
                    if not all(first and REFLECTED not in end for first, _, end in steps):
                        others.add(node)
                else:
                    paths.add(UNKNOWN)
                    others |= {node} if node else set()
        return Reach(frozenset(paths), frozenset(imports), others=frozenset(others))
