"""What a name or dotted name refers to: in its module, and through the modules of the code base."""

from __future__ import annotations

import ast
import functools
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterable, Iterator, Optional, Tuple

from tfmts_compat.migrate.names import ADVISED, NAMES, is_known
from tfmts_compat.migrate.read.module import Binding, Module, Scope, is_none, text_of
from tfmts_compat.migrate.read.source import UnreadableError, decode

UNKNOWN = "?"  # neither an import nor an alias of one
OWN = "."  # the code base itself defines the name
_LONGEST = 12  # attributes after a name; no path of the table has more
_MOST_STEPS = 300  # aliases of several values have 2**n ways
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

    def doubt(self, rest: str, reason: str) -> None:
        """Adds that another module defines a name, or what its attributes `rest` belong to."""
        self.paths.add(UNKNOWN if rest else OWN)
        self.reasons.add(reason)


class Resolver:
    """Resolves dotted names to imports, through aliases such as tf1 = tf.compat.v1."""

    def __init__(self, module: Module) -> None:
        self.module = module

    def reach(self, node: ast.expr, name: str = "") -> Reach:
        """Resolves a dotted name, a conditional expression of two, or an attribute of these."""
        if is_known(text_of(node)):  # in mock.patch.multiple
            return Reach({f"{text_of(node)}.{name}"})
        found = self._resolve(_starts(self.module, node, name and f".{name}"))
        last = name or getattr(node, "attr", "")
        if any(is_known(path) and not path.endswith(f".{last}") for path in found.paths if last):
            return Reach({OWN})  # Scaffold = tf.train.MonitoredSession in another module
        return found if found.paths or not last else Reach({UNKNOWN})

    def follow_text(self, text: str) -> Reach:
        """Resolves a dotted name in a string, which the module evaluates."""
        first, _, rest = text.partition(".")
        return self._resolve([(first, self.module.scope, f".{rest}")])

    def follow(self, path: str) -> Reach:
        """Resolves a path that starts with a module."""
        step = None if is_known(path) else enter(path, self.module.path)
        return self._resolve([step]) if step else Reach({path})

    def _resolve(self, starts: Iterable[_Step]) -> Reach:
        """Follows names through aliases; each step only once, because aliases form cycles."""
        found = Reach()
        steps = list(starts)
        for name, scope, rest in steps:  # to which the next ones are added
            module = scope.module if scope else self.module
            bindings = self._bindings(scope, name) if scope and rest.count(".") <= _LONGEST else []
            following = [] if module is self.module else _starred(module, name, rest)
            for binding in bindings:
                following += self._pass(binding, rest, found)
            steps += [step for step in following if step not in steps]  # tf = tf.compat.v1
            if len(steps) > _MOST_STEPS:
                return Reach({UNKNOWN})
            if not (bindings or following or module is self.module):
                found.doubt(rest, f"{os.path.relpath(module.path)} does not define it")
            elif not (bindings or following):
                found.paths.add(UNKNOWN)
        return found

    def _pass(self, binding: Binding, rest: str, found: Reach) -> list[_Step]:
        """Returns the next steps through a binding, or adds what it is."""
        module, path = binding.scope.module, binding.path + rest
        is_own = module is self.module
        found.imports.update([binding] if is_own and binding.path else [])
        if is_known(path):
            found.paths.add(path)
            return []
        if binding.path:
            # the other modules are not read for other names of this module
            is_named = not is_own or path.rpartition(".")[2] in NAMES | ADVISED
            steps = [enter(path, module.path) if is_named else None]
            reason = f"it is {binding.path} in {{0}}"
        else:
            steps = [*_starts(module, binding.value, rest)]
            reason = f"it has another value at {{0}}:{binding.node.lineno}"
        known = [step for step in steps if step and step[1]]
        if len(known) < len(steps):
            if is_own:
                found.others.add(binding.node)
                found.paths.add(path if binding.path else UNKNOWN)
            else:
                found.doubt(rest, reason.format(os.path.relpath(module.path)))
        return known

    def _bindings(self, scope: Scope, name: str) -> list[Binding]:
        """Returns the bindings that a name can have where a scope reads it.

        After a module has run, a class or function that it defines last is the only one.
        """
        found = scope.bindings(name)
        if found and (scope.kind == "function" or scope.module is not self.module):
            last = found[-1].node
            if hasattr(last, "decorator_list") and last in scope.module.tree.body:
                return found[-1:]
        return found


def _starts(module: Module, node: ast.expr | None, rest: str) -> Iterator[_Step]:
    """Yields the names with which an expression can start, and the attributes after each."""
    while isinstance(node, ast.Attribute):
        rest = _AGAIN.sub(r"\1", f".{node.attr}{rest}")
        node = node.value
    if isinstance(node, (ast.BoolOp, ast.IfExp)):  # tf.compat.v1 or tf
        for part in node.values if isinstance(node, ast.BoolOp) else [node.body, node.orelse]:
            yield from _starts(module, part, rest)
    elif isinstance(node, ast.Name):
        yield node.id, module.scopes[node], rest
    elif not is_none(node):  # as in `except ImportError: tf = None`
        yield "", None, rest


def _starred(module: Module, name: str, rest: str) -> list[_Step]:
    """Returns the steps through the imports of * with which a module may bind a name."""
    steps: list[_Step] = []
    for star in module.scope.bound.get("*", ()):
        step = enter(star.path[:-1] + name, module.path)
        if step and step[0] == name and step[1] and step[1].bound.keys() & {name, "*"}:
            steps.append((name, step[1], rest))
    return steps


def enter(path: str, file: str) -> _Step | None:
    """Returns the name, the scope and the attributes for a path into another module, or None."""
    module, names = find_module(path, os.path.dirname(os.path.abspath(file)))
    loaded = load(module) if module and names else None
    return (names[0], loaded.scope, "".join(f".{name}" for name in names[1:])) if loaded else None


@functools.lru_cache(maxsize=300)
def load(file: str) -> Module | None:
    """Reads a module of the code base, or returns None if it cannot be parsed."""
    try:
        return Module(decode(Path(file).read_bytes())[0], file)
    except (OSError, UnreadableError):
        return None


@functools.lru_cache(maxsize=10_000)
def find_module(path: str, directory: str) -> tuple[str, list[str]]:
    """Returns the file of the module that a path starts with, and the names after it, or ""."""
    names = path.lstrip(".").split(".")
    level = len(path) - len(path.lstrip("."))
    parents = [directory, *map(str, Path(directory).parents)]
    for parent in parents[level - 1 : level] if level else parents:
        for count in range(len(names), -1 if level else 0, -1):
            package = os.path.join(parent, *names[:count])
            for file in (os.path.join(package, "__init__.py"), f"{package}.py"):
                if os.path.isfile(file):
                    return file, names[count:]
        if os.path.exists(os.path.join(parent, ".git")):
            break
    return "", names
