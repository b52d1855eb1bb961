"""Checks a changed module before it is written: it is the same program, and its names are bound.

The check compares the two texts, and uses no other module of `migrate`, so that an error in the
change cannot hide from it. It is strict where that makes it short: nothing else in the module may
bind a name of tfmts_compat, and no code where a removed import is visible may read its name.
pyflakes finds the names that would be undefined or unused.
"""

from __future__ import annotations

import ast
import collections
import sys
import warnings
from typing import Any, Collection, Tuple

from pyflakes import messages
from pyflakes.checker import Checker

from tfmts_compat.migrate.names import NEW

_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT  # for notebooks
_DEEP = 5000  # pyflakes visits a tree recursively
_DEFINITIONS = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_UNDEFINED = (messages.UndefinedName, messages.UndefinedLocal, messages.UndefinedExport)
_Scopes = Tuple[Any, ...]  # the definitions that contain a node, the module first


def find_fault(old: str, new: str, kept: Collection[str] = ()) -> str | None:
    """Finds an error in a changed module.

    Args:
      old: the module before the change.
      new: the module after the change.
      kept: the names of imports that are known to be unused after the change.

    Returns:
      The error, or None. A module is not checked if this Python version cannot compile it
      before the change.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the user's code
        trees: list[ast.Module] = []
        for text in (old, new):
            try:
                trees.append(ast.parse(text))
                compile(trees[-1], "", "exec", _FLAGS, dont_inherit=True)
            except (SyntaxError, ValueError) as problem:
                return None if text is old else f"it would not compile: {problem}"
    before, after = trees
    return _Comparison(before, after).fault or _find_message(before, after, kept)


def _find_message(before: ast.Module, after: ast.Module, kept: Collection[str]) -> str | None:
    """Compares what pyflakes reports about undefined and unused names."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _DEEP))
    try:
        was, now = (
            collections.Counter(
                (isinstance(message, _UNDEFINED), _last_name(str(message.message_args[0])))
                for message in Checker(tree, withDoctest=False).messages
                if isinstance(message, (*_UNDEFINED, messages.UnusedImport))
            )
            for tree in (before, after)
        )
    finally:
        sys.setrecursionlimit(limit)
    reads = {node.id for node in ast.walk(after) if isinstance(node, ast.Name)}
    for is_undefined, name in sorted((now - was).keys()):
        if is_undefined:
            return f"{name} would be undefined"
        if name not in kept and name not in reads:
            return f"the import of {name} would be unused"
    return None


def _last_name(imported: str) -> str:
    """Returns the last name of an import, as in module.name and name as other."""
    return imported.rpartition(" ")[2].rpartition(".")[2]


class _Comparison:
    """Compares two syntax trees, apart from imports and from the names that become ours."""

    def __init__(self, before: ast.Module, after: ast.Module) -> None:
        nodes = list(ast.walk(after))
        own = [
            (alias.asname or NEW, node)
            for node in nodes
            if isinstance(node, ast.Import)
            for alias in node.names
            if alias.name == NEW
        ]
        self._names = {NEW, *(name for name, _ in own)}  # the local names of tfmts_compat
        kept = {target for node in nodes for target in _fallbacks(node, self._names)}
        self._others = {  # those that something else binds, too
            name
            for name in self._names
            if any(_binds_other(node, name) for node in nodes if node not in kept)
        }
        self._has_star = any(isinstance(node, ast.alias) and node.name == "*" for node in nodes)
        declared = [node for node in nodes if isinstance(node, (ast.Global, ast.Nonlocal))]
        self._declared = {name for node in declared for name in node.names}
        # for each scope and name: the names of ours that each import of the name comes with
        self._imports: dict[tuple[ast.AST, str], list[set[str]]] = {}
        # where each name of ours is imported in each scope
        self._own: dict[tuple[ast.AST, str], list[tuple[int, int]]] = {}
        self._uses: list[tuple[str, ast.Name, _Scopes]] = []  # the old name, the new one
        self._reads: dict[str, list[tuple[ast.Name, _Scopes]]] = collections.defaultdict(list)
        # a name whose imports change, the scope, and the error if code in the scope reads it
        self._changed: list[tuple[str, ast.AST, str]] = []
        self.fault = self._compare(before, after)
        # the first import of each name, if all are in the module's own body
        inside = {name for name, node in own if node not in after.body}
        self._first = {
            name: (node.lineno, node.col_offset)
            for name, node in reversed(own)
            if name not in inside
        }
        if not self.fault:
            faults = [
                f"{name} {text.format(node.lineno)}"
                for name, scope, text in self._changed
                for node, places in self._reads[name]
                if scope in places
            ]
            uses = (self._check_use(*use) for use in self._uses if use[0] != use[1].id)
            self.fault = next((fault for fault in (*faults, *uses) if fault), None)

    def _compare(self, before: ast.Module, after: ast.Module) -> str | None:
        waiting: list[tuple[Any, Any, _Scopes]] = [(before, after, ())]
        while waiting:
            old, new, scopes = waiting.pop()
            if isinstance(old, list) and isinstance(new, list):
                fault = self._compare_imports(old, new, scopes)
                if fault:
                    return fault
                old, new = _without_imports(old, self._names), _without_imports(new, self._names)
                if len(old) != len(new):
                    return "it would have more or fewer statements"
                waiting += ((first, second, scopes) for first, second in zip(old, new))
            elif isinstance(old, ast.Attribute) and _is_ours(new, self._names):
                first = _first_name(old)
                if old.attr != new.attr or not first:
                    return f"{new.attr} on line {new.lineno} would replace something else"
                self._uses.append((first, new.value, scopes))
                if first == new.value.id:
                    self._reads[first].append((new.value, scopes))
            elif isinstance(old, ast.AST):
                if type(old) is not type(new):
                    return f"it would change at line {getattr(old, 'lineno', 1)}"
                if isinstance(new, ast.Name) and isinstance(new.ctx, ast.Load):
                    self._reads[new.id].append((new, scopes))
                for name in old._fields:
                    is_inner = name == "body" and isinstance(old, _DEFINITIONS)
                    fields = getattr(old, name, None), getattr(new, name, None)
                    waiting.append((*fields, (*scopes, old) if is_inner else scopes))
            elif old != new and not ("=" in str(old) and isinstance(new, str)):  # f"{tf.x=}"
                return f"{old!r} would become {new!r}"
        return None

    def _compare_imports(self, old: list[Any], new: list[Any], scopes: _Scopes) -> str | None:
        """Records the imports of a block, and those that are removed or added."""
        ours: dict[str, int] = {}
        for index, node in enumerate(new):
            for alias in node.names if isinstance(node, ast.Import) else ():
                if alias.name == NEW:
                    place = len(_without_imports(new[:index], self._names))
                    name = alias.asname or NEW
                    ours.setdefault(name, place)
                    position = node.lineno, node.col_offset
                    self._own.setdefault((scopes[-1], name), []).append(position)
        for index, node in enumerate(old):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                place = len(_without_imports(old[:index], self._names))
                near = {name for name, at in ours.items() if at <= place}
                for name in _bound([node]):
                    self._imports.setdefault((scopes[-1], name), []).append(near)
        was, now = _bound(old), _bound(new)
        for name in was - now:
            scope = scopes[0 if name in self._declared else -1]
            text = "is used on line {}, but its import would be removed"
            self._changed.append((name, scope, text))
        for name in now - was if len(scopes) > 1 else ():  # it may hide a name of the module
            text = f"would be a new variable of {scopes[-1].name}"
            self._changed.append((name, scopes[-1], text))
        if was != now and isinstance(scopes[-1], ast.ClassDef):
            return f"the attributes of {scopes[-1].name} would change"
        added = {path for path in _imported(new) - _imported(old) if NEW not in path}
        return f"it would import {min(added)[1]}" if added else None

    def _check_use(self, old: str, new: ast.Name, scopes: _Scopes) -> str | None:
        """Checks that a name is tfmts_compat where it is used."""
        name, line = new.id, new.lineno
        if name in self._others or (name in self._declared and name not in self._first):
            return f"{name} on line {line} may have another value"

        def is_read(read: str) -> bool:
            return any(places[-1] is scopes[-1] for _, places in self._reads[read])

        inside = [self._imports[scope, old] for scope in scopes if (scope, old) in self._imports]
        is_local = bool(inside) and inside[-1] is not self._imports.get((scopes[0], old))
        if is_local and not is_read(old) and (is_read("exec") or is_read("eval")):
            return f"code in a string in {scopes[-1].name} may use {old}"
        for scope in scopes[1:]:
            positions = self._own.get((scope, name), [])
            is_early = positions and min(positions) > (line, new.col_offset)
            if is_early and (scope, old) not in self._imports:
                return f"{name} on line {line} may have no value in {scope.name}"
        if name in self._first:
            is_bound = self._first[name] < (line, new.col_offset)
        else:
            every = [(bound, near) for (_, bound), found in self._imports.items() for near in found]
            anywhere = [near for bound, near in every if bound == old]
            if not anywhere:  # an alias
                anywhere = [near for _, near in every if name in near]
            nearest = inside[-1] if inside else anywhere
            if self._has_star and not is_local:  # it may bind the name, too
                nearest = []
            above = self._own.get((scopes[-1], name), [])
            is_above = (scopes[-1], old) not in self._imports or any(
                position < (line, new.col_offset) for position in above
            )
            is_bound = is_above and bool(nearest) and all(name in near for near in nearest)
        return None if is_bound else f"{name} on line {line} would be used before its import"


def _imported(nodes: list[Any]) -> set[tuple[str, str]]:
    """Returns the module and the name of each import in a block."""
    imports = [node for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom))]
    return {
        (getattr(node, "module", None) or "", alias.name)
        for node in imports
        for alias in node.names
    }


def _bound(nodes: list[Any]) -> collections.Counter[str]:
    """Returns the names that the imports in a block bind."""
    return collections.Counter(
        alias.asname or alias.name.partition(".")[0]
        for node in nodes
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    )


def _binds_other(node: ast.AST, name: str) -> bool:
    """Returns whether a node binds a name to something other than tfmts_compat."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        names = node.names if isinstance(node, ast.Import) else []
        ours = {alias.asname or NEW for alias in names if alias.name == NEW}
        return name in _bound([node]) and name not in ours
    if isinstance(node, ast.Name):
        return node.id == name and not isinstance(node.ctx, ast.Load)
    if isinstance(node, (ast.alias, ast.keyword)):
        return False
    return name in (getattr(node, field, None) for field in ("name", "rest", "arg"))


def _without_imports(nodes: list[Any], names: set[str]) -> list[Any]:
    """Leaves out imports, `pass`, and what only binds a name of tfmts_compat."""
    left_out = (ast.Import, ast.ImportFrom, ast.Pass)
    return [
        node for node in nodes if not isinstance(node, left_out) and not _fallbacks(node, names)
    ]


def _fallbacks(node: Any, names: set[str]) -> list[ast.Name]:
    """Returns the targets of tfmts_compat = None."""
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Constant):
        return []
    targets = [target for target in node.targets if isinstance(target, ast.Name)]
    is_ours = len(targets) == len(node.targets) and {target.id for target in targets} <= names
    return targets if is_ours and node.value.value is None else []


def _is_ours(node: Any, names: set[str]) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in names
    )


def _first_name(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
