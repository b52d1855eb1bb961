"""The other modules of the code base: resolves names that a module imports from them."""

from __future__ import annotations

import ast
import functools
import os
import warnings
from dataclasses import dataclass, field
from typing import Iterator, Tuple

from tfmts_compat.migrate.edits import Encoded, UnreadableError
from tfmts_compat.migrate.names import is_known

_LEVELS = 12  # parent directories in which a package is searched
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_CAPTURES = ("ExceptHandler", "MatchAs", "MatchStar", "MatchMapping")  # match needs Python 3.10
_Key = Tuple[str, object]  # a file, and a definition in it that is being resolved


@dataclass
class Followed:
    """What a dotted path through modules of the code base resolves to.

    Attributes:
      paths: the dotted paths in TensorFlow that it can stand for.
      reasons: for each definition that is not TensorFlow, a clause that says where it is.
      is_own: whether the code base itself defines the last name of the path.
      is_missing: whether no module of the code base binds the name.
    """

    paths: set[str] = field(default_factory=set)
    reasons: set[str] = field(default_factory=set)
    is_own: bool = False
    is_missing: bool = False

    def add(self, other: Followed, rest: str = "") -> None:
        """Adds the paths of another one, each followed by `rest`, and its reasons."""
        self.paths |= {path + rest for path in other.paths}
        self.reasons |= other.reasons


def followed(path: str, file: str) -> Followed | None:
    """Resolves an imported path.

    Args:
      path: the path, with a leading dot for each level of a relative import.
      file: the file that imports it.

    Returns:
      What it resolves to, or None if it is not a name in a module of the code base.
    """
    return _followed(path, os.path.abspath(file), frozenset())


def is_bound(path: str, file: str) -> bool:
    """Returns whether a path is a name in a module of the code base, not an attribute of one."""
    module, names = _module(path, os.path.dirname(os.path.abspath(file)))
    bound = _names(module) if module and len(names) == 1 else None
    return bool(bound and not bound.named(names[0], frozenset()).is_missing)


def _followed(path: str, file: str, active: frozenset[_Key]) -> Followed | None:
    if is_known(path):
        return Followed({path})
    module, names = _module(path, os.path.dirname(file))
    bound = _names(module) if module and names else None
    if bound is None:
        return None
    start = bound.named(names[0], active)
    found = Followed(is_missing=start.is_missing)
    found.add(start, "".join(f".{name}" for name in names[1:]))
    found.is_own = len(names) == 1 and not found.paths
    return found


@functools.lru_cache(maxsize=10_000)
def _module(path: str, directory: str) -> tuple[str, list[str]]:
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


@functools.lru_cache(maxsize=1000)
def _names(file: str) -> _Names | None:
    try:
        with open(file, "rb") as opened:
            text = Encoded.read(opened.read()).text
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _Names(file, ast.parse(text))
    except (OSError, UnreadableError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Names:
    """The names that a module binds in its own scope, with their definitions."""

    def __init__(self, file: str, tree: ast.Module) -> None:
        self._file = file
        self._stars: list[str] = []
        # Each definition is an imported path, an expression, or another node.
        self._bound: dict[str, list[str | ast.AST]] = {}
        for node in _own_nodes(tree):
            self._bind(node)

    def _bind(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.split(".")[0]
                self._add(alias.asname or first, alias.name if alias.asname else first)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            self._bind_from(module if module.endswith(".") else f"{module}.", node.names)
        elif isinstance(node, _FUNCTIONS):
            self._add(node.name, node)
            for inner in ast.walk(node):
                for name in inner.names if isinstance(inner, ast.Global) else ():
                    self._add(name, inner)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name) and node.value:
                    self._add(target.id, node.value)
                    target.ctx = ast.Load()  # so that it is not counted as a second definition
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            self._add(node.id, node)
        elif type(node).__name__ in _CAPTURES:
            captured = getattr(node, "name", None) or getattr(node, "rest", None)
            if captured:
                self._add(captured, node)

    def _bind_from(self, module: str, names: list[ast.alias]) -> None:
        for alias in names:
            if alias.name == "*":
                self._stars.append(module)
            else:
                self._add(alias.asname or alias.name, module + alias.name)

    def _add(self, name: str, value: str | ast.AST) -> None:
        self._bound.setdefault(name, []).append(value)

    def named(self, name: str, active: frozenset[_Key]) -> Followed:
        """Resolves a name of the module."""
        found = Followed()
        own = self._file, name
        for value in self._bound.get(name, ()):
            key = self._file, value
            if key in active or (own in active and not isinstance(value, str)):
                continue  # tf = tf.compat.v1
            if isinstance(value, str):
                imported = _followed(value, self._file, active | {key})
                found.add(imported or Followed(reasons={f"it is {value} in {self._place()}"}))
            else:
                found.add(self._valued(value, active | {own}))
        for star in self._stars:
            key = self._file, star + name
            if key in active:
                continue
            imported = _followed(star + name, self._file, active | {key})
            if imported and not imported.is_missing:
                found.add(imported)
        if name not in self._bound and not found.paths:
            found.is_missing = not found.reasons
            found.reasons = found.reasons or {f"{self._place()} does not define it"}
        return found

    def _valued(self, node: ast.AST, active: frozenset[_Key]) -> Followed:
        """Resolves an expression."""
        found = Followed()
        if isinstance(node, ast.Attribute):
            found.add(self._valued(node.value, active), f".{node.attr}")
        elif isinstance(node, ast.IfExp):
            found.add(self._valued(node.body, active))
            found.add(self._valued(node.orelse, active))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add(self.named(node.id, active))
        elif not (isinstance(node, ast.Constant) and node.value is None):
            found.reasons.add(f"it has another value at {self._place(node)}")
        return found

    def _place(self, node: ast.AST | None = None) -> str:
        shown = os.path.relpath(self._file)
        line = getattr(node, "lineno", None)
        return f"{shown}:{line}" if line else shown


def _own_nodes(tree: ast.Module) -> Iterator[ast.AST]:
    """Yields the nodes of a module, and of its inner scopes only := in comprehensions."""
    waiting: list[ast.AST] = list(reversed(tree.body))
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, _COMPREHENSIONS):
            waiting += (inner for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr))
        elif not isinstance(node, (*_FUNCTIONS, ast.Lambda)):
            waiting.extend(reversed(list(ast.iter_child_nodes(node))))
