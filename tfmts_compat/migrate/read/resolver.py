"""What a name or dotted name refers to: in its module, and through the modules of the code base."""

from __future__ import annotations

import ast
import functools
import os
import re
from dataclasses import dataclass, replace
from typing import Iterable, Iterator, NamedTuple, Optional, Tuple

from tfmts_compat.migrate.names import ADVISED, NAMES, is_known
from tfmts_compat.migrate.read.module import (
    FUNCTIONS,
    Binding,
    Module,
    Scope,
    last_name,
    strings_of,
)
from tfmts_compat.migrate.read.source import Encoded, UnreadableError

_FOLLOWED = NAMES | ADVISED
UNKNOWN = "?"  # neither an import nor an alias of one
OWN = "."  # the code base itself defines the name
REFLECTED = "~"  # in a path: what follows is named by a string, as in getattr(tf, "train")
_LONGEST = 12  # attributes after a name; no path of the table has more
_MOST_STEPS = 1000  # aliases of several values have 2**n ways
_LEVELS = 12  # parent directories in which a package is searched
_AGAIN = re.compile(r"(\.compat\.v[12])(?:\.compat\.v[12])+")
_Step = Tuple[str, Optional[Scope], str]  # a name, the scope that uses it, its attributes


@dataclass(frozen=True)
class Reach:
    """What a dotted name resolves to.

    Attributes:
      paths: the dotted paths that it can stand for. UNKNOWN is one of them if a binding is
        neither an import nor an alias.
      imports: the imports of this module through which it is resolved.
      reasons: why it may be something other than TensorFlow: definitions in other modules of
        the code base.
      others: the bindings in this module that are not TensorFlow.
    """

    paths: frozenset[str]
    imports: frozenset[Binding] = frozenset()
    reasons: frozenset[str] = frozenset()
    others: frozenset[ast.AST] = frozenset()

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


class _Found(NamedTuple):
    """The parts of a Reach that is not complete."""

    paths: set[str]
    imports: set[Binding]
    reasons: set[str]
    others: set[ast.AST]


_NOWHERE = Reach(frozenset([UNKNOWN]))


class Resolver:
    """Resolves dotted names to imports, through aliases such as tf1 = tf.compat.v1."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self._attributes: dict[str, list[ast.expr]] = {}
        for target, value in module.assigned:
            if isinstance(target, ast.Attribute):
                self._attributes.setdefault(target.attr, []).append(value)
            elif isinstance(target, ast.Name) and module.scopes[target].kind == "class":
                self._attributes.setdefault(target.id, []).append(value)

    def reach(self, node: ast.expr) -> Reach:
        """Resolves a dotted name or a conditional expression of two. Else returns _NOWHERE."""
        return self._followed_all(self._reached(self._starts(node)), node)

    def _followed_all(self, found: Reach, node: ast.expr | None = None) -> Reach:
        if not found.paths and isinstance(node, ast.Attribute):
            return _NOWHERE
        parts = [self.followed(path, found.imports) for path in found.paths]
        return replace(Reach.joined(parts), others=found.others) if parts else found

    def followed(self, path: str, imports: frozenset[Binding] = frozenset()) -> Reach:
        """Resolves a path through modules of the code base that re-export TensorFlow."""
        name = path.rpartition(".")[2]
        if name in _FOLLOWED and REFLECTED not in path and not is_known(path):
            step = entered(path, self.module.path)
            if step:
                found = self._reached([step])
                known = set(filter(is_known, found.paths))
                paths = {each for each in known if each.endswith(f".{name}")}
                if known - paths or not (step[2] or known):  # Scaffold = tf.train.MonitoredSession
                    return Reach(frozenset([OWN]), imports)
                unknown = {UNKNOWN} if found.reasons or not paths else set()
                return Reach(frozenset(paths | unknown), imports, found.reasons)
        return Reach(frozenset([path]), imports)

    def is_re_exported(self, path: str) -> bool:
        """Returns whether a path is a name that a module of the code base itself binds."""
        step = None if is_known(path) else entered(path, self.module.path)
        return bool(step and step[1] and not step[2] and _defines(step[1].module, step[0]))

    def holds(self, node: ast.expr, name: str) -> Reach:
        """Resolves an attribute of an expression, which is looked up by a string."""
        found = self._followed_all(self._reached(self._starts(node, f".{name}")))
        found = found if found.paths else _NOWHERE
        return replace(found, paths=found.spelled)

    def through_attributes(self, node: ast.expr) -> set[str]:
        """Resolves self.tf1.train.X by what the module assigns to the tf1 of any object."""
        found: set[str] = set()
        rest = ""
        while isinstance(node, ast.Attribute):
            name = node.attr
            for value in self._attributes.get(name, ()):
                found |= {path + rest for path in self.reach(value).paths}
            node, rest = node.value, f".{name}{rest}"
        return found

    def named(self, name: str, scope: Scope) -> Reach:
        """Resolves a name in a scope."""
        return self._reached([(name, scope, "")])

    def _starts(
        self, node: ast.expr, rest: str = "", scope: Scope | None = None
    ) -> Iterator[_Step]:
        """Yields the names with which an expression can start, and the attributes after each."""
        while isinstance(node, ast.Attribute):
            rest = _AGAIN.sub(r"\1", f".{node.attr}{rest}")
            node = node.value
        strings = list(strings_of(node))
        module = next(filter(is_known, strings), "")
        if module:  # import_module("tensorflow"), sys.modules["tensorflow"], LazyLoader
            yield "", None, f"{REFLECTED}{module}{rest}"
        elif rest.count(REFLECTED) > 2:  # limits the time
            yield "", None, ""
        elif isinstance(node, ast.Call) and last_name(node.func) == "getattr" and strings:
            yield from self._starts(node.args[0], f"{REFLECTED}.{strings[0]}{rest}", scope)
            for default in node.args[2:]:
                yield from self._starts(default, REFLECTED + rest.lstrip(REFLECTED), scope)
        elif isinstance(node, (ast.BoolOp, ast.IfExp)):  # tf.compat.v1 or tf
            parts = node.values if isinstance(node, ast.BoolOp) else [node.body, node.orelse]
            for part in parts:
                yield from self._starts(part, rest, scope)
        elif isinstance(node, ast.Name):
            yield node.id, (scope.module if scope else self.module).scopes[node], rest
        elif not is_none(node):  # as in `except ImportError: tf = None`
            yield "", None, rest

    def _reached(self, starts: Iterable[_Step]) -> Reach:
        """Follows names through aliases; each step only once, because aliases form cycles.

        Imports of the code base are followed from its other modules, and kept in this one.
        """
        found = _Found(set(), set(), set(), set())
        waiting = list(starts)
        done: set[_Step] = set()
        while waiting:
            step = name, scope, rest = waiting.pop()
            if step in done:  # tf = tf.compat.v1
                continue
            if len(done) > _MOST_STEPS:
                return _NOWHERE
            done.add(step)
            bindings = self._bindings(scope, name) if rest.count(".") <= _LONGEST else []
            stars = self._starred(scope, name)
            waiting += [(name, star, rest) for star in stars]
            if not name and rest.startswith(REFLECTED):
                found.paths.add(rest)
            elif not bindings and not stars:
                found.paths.add(UNKNOWN)
                if scope and scope.module is not self.module:
                    found.reasons.add(f"{os.path.relpath(scope.module.path)} does not define it")
            for each in bindings:
                waiting += self._through(each, rest, found)
        return Reach(
            frozenset(found.paths),
            frozenset(found.imports),
            frozenset(found.reasons),
            frozenset(found.others),
        )

    def _through(self, each: Binding, rest: str, found: _Found) -> list[_Step]:
        """Returns the next steps through a binding, or adds what it is."""
        is_own = each.scope.module is self.module
        place = os.path.relpath(each.scope.module.path)
        if each.path and (is_own or is_known(each.path)):
            found.paths.add(each.path + rest)
            found.imports.update([each] if is_own else [])
            found.others.update([] if is_known(each.path) else [each.node])
            return []
        if each.path:
            entry = entered(each.path, each.scope.module.path)
            if entry is None:
                found.reasons.add(f"it is {each.path} in {place}")
                return []
            return [(entry[0], entry[1], entry[2] + rest)]
        steps = [] if each.value is None else list(self._starts(each.value, rest, each.scope))
        found.paths.update([UNKNOWN] if each.value is None else [])
        if each.value is None or not all(first and REFLECTED not in end for first, _, end in steps):
            if is_own:
                found.others.add(each.node)
            else:
                found.reasons.add(f"it has another value at {place}:{_line(each.node)}")
                return []
        return steps

    def _bindings(self, scope: Scope | None, name: str) -> list[Binding]:
        """Returns the bindings that a name can have where a scope reads it.

        After a module has run, a class or function that it defines last is the only one.
        """
        found = scope.bindings(name) if scope else []
        if scope and found and (scope.kind == "function" or scope.module is not self.module):
            last, module = found[-1], scope.module
            is_last = scope.holder(name) is module.scope and last.node in module.tree.body
            if is_last and isinstance(last.node, (*FUNCTIONS, ast.ClassDef)):
                return [last]
        return found

    def _starred(self, scope: Scope | None, name: str) -> list[Scope]:
        """Returns the scopes from which another module of the code base imports * a name."""
        if scope is None or scope.module is self.module:
            return []
        steps = [entered(star + name, scope.module.path) for star in scope.module.stars]
        return [
            step[1]
            for step in steps
            if step and step[1] and not step[2] and _defines(step[1].module, name)
        ]


def is_none(node: ast.AST | None) -> bool:
    """Returns whether an expression is None."""
    return isinstance(node, ast.Constant) and node.value is None


def entered(path: str, file: str) -> _Step | None:
    """Returns the name, the scope and the attributes for a path into another module, or None."""
    module, names = found_module(path, os.path.dirname(os.path.abspath(file)))
    loaded = load(module) if module and names else None
    if loaded is None:
        return None
    return names[0], loaded.scope, "".join(f".{name}" for name in names[1:])


@functools.lru_cache(maxsize=1000)
def load(file: str) -> Module | None:
    """Reads a module of the code base, or returns None if it cannot be parsed."""
    try:
        with open(file, "rb") as opened:
            return Module(Encoded.read(opened.read()).text, file)
    except (OSError, UnreadableError):
        return None


@functools.lru_cache(maxsize=10_000)
def found_module(path: str, directory: str) -> tuple[str, list[str]]:
    """Returns the file of the module that a path starts with, and the names after it."""
    names = path.lstrip(".").split(".")
    level = len(path) - len(path.lstrip("."))
    if level:
        for _ in range(level - 1):
            directory = os.path.dirname(directory)
        return _module_in(directory, [name for name in names if name], is_package=True)
    for _ in range(_LEVELS):
        module, rest = _module_in(directory, names)
        if module:
            return module, rest
        if os.path.exists(os.path.join(directory, ".git")):
            break
        directory = os.path.dirname(directory)
    return "", names


def _module_in(
    directory: str, names: list[str], *, is_package: bool = False
) -> tuple[str, list[str]]:
    for index, name in enumerate(names):
        inner = os.path.join(directory, name)
        if os.path.isdir(inner):
            directory = inner
            is_package = True
        elif os.path.isfile(f"{inner}.py"):
            return f"{inner}.py", names[index + 1 :]
        else:
            names = names[index:]
            break
    else:
        names = []
    initial = os.path.join(directory, "__init__.py")
    return (initial if is_package and os.path.isfile(initial) else ""), names


def _defines(module: Module, name: str, active: frozenset[Module] = frozenset()) -> bool:
    """Returns whether a module binds a name, or imports it with a star."""
    if name in module.scope.bound:
        return True
    steps = [entered(star + name, module.path) for star in module.stars if module not in active]
    return any(
        step and step[1] and not step[2] and _defines(step[1].module, name, active | {module})
        for step in steps
    )


def _line(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 1))
