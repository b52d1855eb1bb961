"""What a name or dotted name refers to: in its module, and through the modules of the code base."""

from __future__ import annotations

import ast
import functools
import os
import re
from dataclasses import dataclass, field
from typing import Iterable, Iterator, Optional, Tuple

from tfmts_compat.migrate.names import ADVISED, NAMES, is_known
from tfmts_compat.migrate.read.module import (
    Binding,
    Module,
    Scope,
    is_none,
    text_of,
)
from tfmts_compat.migrate.read.source import UnreadableError, decode

UNKNOWN = "?"  # neither an import nor an alias of one
OWN = "."  # the code base itself defines the name
_LONGEST = 12  # attributes after a name; no path of the table has more
_MOST_STEPS = 1000  # aliases of several values have 2**n ways
_LEVELS = 12  # parent directories in which a package is searched
_AGAIN = re.compile(r"(\.compat\.v[12])(?:\.compat\.v[12])+")
_Step = Tuple[str, Optional[Scope], str]  # a name, the scope that uses it, its attributes


@dataclass
class Reach:
    """What a dotted name resolves to."""

    # the dotted paths that it can stand for; UNKNOWN if a binding is neither an import nor an alias
    paths: set[str] = field(default_factory=set)
    imports: set[Binding] = field(default_factory=set)  # through which it is resolved
    # why it may be something other than TensorFlow: definitions in other modules
    reasons: set[str] = field(default_factory=set)
    others: set[ast.AST] = field(default_factory=set)  # the same in this module

    def add(self, other: Reach) -> None:
        """Adds what another dotted name resolves to."""
        self.paths |= other.paths
        self.imports |= other.imports
        self.reasons |= other.reasons
        self.others |= other.others


class Resolver:
    """Resolves dotted names to imports, through aliases such as tf1 = tf.compat.v1."""

    def __init__(self, module: Module) -> None:
        self.module = module

    def reach(self, node: ast.expr) -> Reach:
        """Resolves a dotted name, or a conditional expression of two."""
        found = self._follow_all(self._resolve(self._starts(node)))
        return found if found.paths or not isinstance(node, ast.Attribute) else Reach({UNKNOWN})

    def look_up(self, node: ast.expr, name: str) -> Reach:
        """Resolves an attribute of an expression, which is looked up by a string."""
        if is_known(text_of(node)):
            return Reach({f"{text_of(node)}.{name}"})
        return self._follow_all(self._resolve(self._starts(node, f".{name}")))

    def follow_text(self, path: str) -> Reach:
        """Resolves a dotted name in a string, which the module evaluates."""
        first, _, rest = path.partition(".")
        return self._follow_all(self._resolve([(first, self.module.scope, f".{rest}")]))

    def _follow_all(self, found: Reach) -> Reach:
        followed = Reach(others=found.others, imports=found.imports, reasons=found.reasons)
        for path in found.paths:
            followed.add(self.follow(path))
        return followed

    def follow(self, path: str) -> Reach:
        """Resolves a path through modules of the code base that re-export TensorFlow."""
        name = path.rpartition(".")[2]
        if name in NAMES | ADVISED and not is_known(path):
            step = enter(path, self.module.path)
            if step:
                found = self._resolve([step])
                known = set(filter(is_known, found.paths))
                paths = {known_path for known_path in known if known_path.endswith(f".{name}")}
                if known - paths or not (step[2] or known):  # Scaffold = tf.train.MonitoredSession
                    return Reach({OWN})
                unknown = {UNKNOWN} if found.reasons or not paths else set()
                return Reach(paths | unknown, reasons=found.reasons)
        return Reach({path})

    def _starts(
        self, node: ast.expr, rest: str = "", scope: Scope | None = None
    ) -> Iterator[_Step]:
        """Yields the names with which an expression can start, and the attributes after each."""
        while isinstance(node, ast.Attribute):
            rest = _AGAIN.sub(r"\1", f".{node.attr}{rest}")
            node = node.value
        if isinstance(node, (ast.BoolOp, ast.IfExp)):  # tf.compat.v1 or tf
            parts = node.values if isinstance(node, ast.BoolOp) else [node.body, node.orelse]
            for part in parts:
                yield from self._starts(part, rest, scope)
        elif isinstance(node, ast.Name):
            yield node.id, (scope.module if scope else self.module).scopes[node], rest
        elif not is_none(node):  # as in `except ImportError: tf = None`
            yield "", None, rest

    def _resolve(self, starts: Iterable[_Step]) -> Reach:
        """Follows names through aliases; each step only once, because aliases form cycles.

        Imports of the code base are followed from its other modules, and kept in this one.
        """
        found = Reach()
        waiting = list(starts)
        done: set[_Step] = set()
        while waiting:
            step = name, scope, rest = waiting.pop()
            if step in done:  # tf = tf.compat.v1
                continue
            if len(done) > _MOST_STEPS:
                return Reach({UNKNOWN})
            done.add(step)
            bindings = self._bindings(scope, name) if rest.count(".") <= _LONGEST else []
            stars = self._stars(scope, name)
            waiting += [(name, star, rest) for star in stars]
            if not bindings and not stars:
                found.paths.add(UNKNOWN)
                if scope and scope.module is not self.module:
                    found.reasons.add(f"{os.path.relpath(scope.module.path)} does not define it")
            for binding in bindings:
                waiting += self._pass(binding, rest, found)
        return found

    def _pass(self, binding: Binding, rest: str, found: Reach) -> list[_Step]:
        """Returns the next steps through a binding, or adds what it is."""
        module = binding.scope.module
        is_own = module is self.module
        place = os.path.relpath(module.path)
        if binding.path and (is_own or is_known(binding.path)):
            found.paths.add(binding.path + rest)
            found.imports.update([binding] if is_own else [])
            found.others.update([] if is_known(binding.path) else [binding.node])
            return []
        if binding.path:
            step = enter(binding.path, module.path)
            if step is None:
                found.reasons.add(f"it is {binding.path} in {place}")
                return []
            return [(step[0], step[1], step[2] + rest)]
        steps = [] if not binding.value else list(self._starts(binding.value, rest, binding.scope))
        found.paths.update([] if binding.value else [UNKNOWN])
        if not binding.value or any(not name for name, *_ in steps):
            if is_own:
                found.others.add(binding.node)
            else:
                line = getattr(binding.node, "lineno", 1)
                found.reasons.add(f"it has another value at {place}:{line}")
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
            if is_last and hasattr(last.node, "decorator_list"):
                return [last]
        return found

    def _stars(self, scope: Scope | None, name: str) -> list[Scope]:
        """Returns the scopes from which another module of the code base imports * a name."""
        if scope is None or scope.module is self.module:
            return []
        return [star for star in _starred(scope.module, name) if _defines(star.module, name)]


def _starred(module: Module, name: str) -> list[Scope]:
    """Returns the modules of the code base from which a module imports *."""
    steps = [enter(star.path[:-1] + name, module.path) for star in module.scope.bound.get("*", [])]
    return [step[1] for step in steps if step and step[1] and not step[2]]


def _defines(module: Module, name: str, active: frozenset[Module] = frozenset()) -> bool:
    """Returns whether a module binds a name, or imports it with a star."""
    return name in module.scope.bound or any(
        _defines(star.module, name, active | {module})
        for star in _starred(module, name)
        if module not in active
    )


def enter(path: str, file: str) -> _Step | None:
    """Returns the name, the scope and the attributes for a path into another module, or None."""
    module, names = find_module(path, os.path.dirname(os.path.abspath(file)))
    loaded = load(module) if module and names else None
    if loaded is None:
        return None
    return names[0], loaded.scope, "".join(f".{name}" for name in names[1:])


@functools.lru_cache(maxsize=300)
def load(file: str) -> Module | None:
    """Reads a module of the code base, or returns None if it cannot be parsed."""
    try:
        with open(file, "rb") as opened:
            return Module(decode(opened.read())[0], file)
    except (OSError, UnreadableError):
        return None


@functools.lru_cache(maxsize=10_000)
def find_module(path: str, directory: str) -> tuple[str, list[str]]:
    """Returns the file of the module that a path starts with, and the names after it."""
    names = path.lstrip(".").split(".")
    level = len(path) - len(path.lstrip("."))
    if level:
        for _ in range(level - 1):
            directory = os.path.dirname(directory)
        return _module_in(directory, names, is_package=True)
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
    while names and os.path.isdir(os.path.join(directory, names[0])):
        directory, names, is_package = os.path.join(directory, names[0]), names[1:], True
    file = os.path.join(directory, f"{names[0]}.py") if names else ""
    if os.path.isfile(file):
        return file, names[1:]
    initial = os.path.join(directory, "__init__.py")
    return (initial if is_package and os.path.isfile(initial) else ""), names
