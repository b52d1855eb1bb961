"""Checks a changed module before it is written: it is the same program, and its names are bound.

The check compares the two texts, and uses no other module of `migrate`, so that an error in the
change cannot hide from it. It is strict where that makes it short: nothing else in the module may
bind a name of tfmts_compat, and no code where a removed import is visible may read its name.
pyflakes finds the names that would be undefined or unused.
"""

from __future__ import annotations

import ast
import collections
import warnings
from typing import Any, Collection, Tuple

from pyflakes import messages
from pyflakes.checker import Checker

from tfmts_compat.migrate.names import NEW

_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT  # for notebooks
_DEFINITIONS = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_UNDEFINED = (messages.UndefinedName, messages.UndefinedLocal, messages.UndefinedExport)
_OURS = NEW, NEW  # the name and the path of `import tfmts_compat`
_Position = Tuple[int, int]  # a line and a column
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
    was, now = (
        collections.Counter(
            (isinstance(message, _UNDEFINED), _last_name(str(message.message_args[0])))
            for message in Checker(tree, withDoctest=False).messages
            if isinstance(message, (*_UNDEFINED, messages.UnusedImport))
        )
        for tree in (before, after)
    )
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
        fallbacks = {target for node in nodes for target in _fallbacks(node)}
        declared = [node for node in nodes if isinstance(node, (ast.Global, ast.Nonlocal))]
        self._declared = {name for node in declared for name in node.names}
        self._is_taken = NEW in self._declared or any(
            _binds_other(node) for node in nodes if node not in fallbacks
        )
        self._has_star = any(isinstance(node, ast.alias) and node.name == "*" for node in nodes)
        # for each scope and name: whether tfmts_compat is imported with each import of the name
        self._imports: dict[tuple[Any, str], list[bool]] = {}
        # where each scope imports tfmts_compat, and whether it always does so
        self._own: dict[Any, list[tuple[_Position, bool]]] = {}
        self._uses: list[tuple[str, ast.Name, _Scopes]] = []  # the old name, the new one
        self._reads: dict[str, list[tuple[ast.Name, _Scopes]]] = collections.defaultdict(list)
        # a name whose imports change, the scope, and the error if code in the scope reads it
        self._changed: list[tuple[str, ast.AST, str]] = []
        self.fault = self._compare(before, after)
        if not self.fault:
            faults = [
                f"{name} {text.format(node.lineno)}"
                for name, scope, text in self._changed
                for node, places in self._reads[name]
                if scope in places
            ]
            uses = (self._check_use(*use) for use in self._uses)
            self.fault = next((fault for fault in (*faults, *uses) if fault), None)

    def _compare(self, before: ast.Module, after: ast.Module) -> str | None:
        waiting: list[tuple[Any, Any, _Scopes]] = [(before, after, ())]
        while waiting:
            old, new, scopes = waiting.pop()
            if isinstance(old, list) and isinstance(new, list):
                fault = self._compare_imports(old, new, scopes)
                if fault:
                    return fault
                old, new = _without_imports(old), _without_imports(new)
                if len(old) != len(new):
                    return "it would have more or fewer statements"
                waiting += ((first, second, scopes) for first, second in zip(old, new))
            elif isinstance(old, ast.Attribute) and _is_ours(new) and _first_name(old) != NEW:
                if old.attr != new.attr or not _first_name(old):
                    return f"{new.attr} on line {new.lineno} would replace something else"
                self._uses.append((_first_name(old), new.value, scopes))
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
        ours = [index for index, node in enumerate(new) if _OURS in _bound([node])]
        for index in ours:
            position = new[index].lineno, new[index].col_offset
            self._own.setdefault(scopes[-1], []).append((position, old is scopes[-1].body))
        first = len(_without_imports(new[: ours[0]])) if ours else len(new) + 1
        for index, node in enumerate(old):
            for name, _ in _bound([node]):
                is_near = first <= len(_without_imports(old[:index]))
                self._imports.setdefault((scopes[-1], name), []).append(is_near)
        was, now = (collections.Counter(name for name, _ in _bound(block)) for block in (old, new))
        for name in was - now:
            scope = scopes[0 if name in self._declared else -1]
            text = "is used on line {}, but its import would be removed"
            self._changed.append((name, scope, text))
        for name in now - was if len(scopes) > 1 else ():  # it may hide a name of the module
            text = f"would be a new variable of {scopes[-1].name}"
            self._changed.append((name, scopes[-1], text))
        if was != now and isinstance(scopes[-1], ast.ClassDef):
            return f"the attributes of {scopes[-1].name} would change"
        added = {path for _, path in _bound(new)} - {path for _, path in _bound(old)}
        others = [path for path in sorted(added) if path.partition(".")[0] != NEW]
        return f"it would import {others[0]}" if others else None

    def _check_use(self, old: str, new: ast.Name, scopes: _Scopes) -> str | None:
        """Checks that the new name is tfmts_compat where it is used."""
        if self._is_taken:
            return f"{NEW} on line {new.lineno} may have another value"
        inner = scopes[-1]
        visible = [
            scope
            for scope in reversed(scopes)
            if scope is inner or not isinstance(scope, ast.ClassDef)
        ]
        source = next((scope for scope in visible if (scope, old) in self._imports), None)
        if source not in (None, inner, scopes[0]) and {"exec", "eval"} & self._reads.keys():
            return f"code in a string in {inner.name} may use {old}"
        home = next((scope for scope in visible if scope in self._own), None)
        position = new.lineno, new.col_offset
        above = [always for place, always in self._own.get(home, ()) if place < position]
        is_paired = (
            source is home
            and all(self._imports.get((home, old), ()))
            and not (self._has_star and home is scopes[0])  # it may bind the old name, too
        )
        is_alias = not any(name == old for _, name in self._imports)
        is_ordered = bool(above) or home not in (None, inner)
        if any(above) or (is_ordered and (is_paired or is_alias)):
            return None
        return f"{NEW} on line {new.lineno} would be used before its import"


def _bound(nodes: list[Any]) -> list[tuple[str, str]]:
    """Returns the names that the imports in a block bind, and the path of each."""
    found = []
    for node in nodes:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            level, module = getattr(node, "level", 0), getattr(node, "module", None)
            start = "." * level + (f"{module}." if module else "")
            for alias in node.names:
                found.append((alias.asname or alias.name.partition(".")[0], start + alias.name))
    return found


def _binds_other(node: ast.AST) -> bool:
    """Returns whether a node binds our name to something other than tfmts_compat."""
    imported = [found for found in _bound([node]) if found[0] == NEW]
    if imported:
        return imported != [_OURS]
    if isinstance(node, ast.Name):
        return node.id == NEW and not isinstance(node.ctx, ast.Load)
    if isinstance(node, (ast.alias, ast.keyword)):
        return False
    return NEW in (getattr(node, field, None) for field in ("name", "rest", "arg"))


def _without_imports(nodes: list[Any]) -> list[Any]:
    """Leaves out imports, `pass`, and what only binds our name."""
    left_out = (ast.Import, ast.ImportFrom, ast.Pass)
    return [node for node in nodes if not isinstance(node, left_out) and not _fallbacks(node)]


def _fallbacks(node: Any) -> list[ast.expr]:
    """Returns the target of tfmts_compat = None, as a list."""
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Constant):
        return []
    is_ours = len(node.targets) == 1 and getattr(node.targets[0], "id", "") == NEW
    return node.targets if is_ours and node.value.value is None else []


def _is_ours(node: Any) -> bool:
    """Returns whether a node is a name of tfmts_compat."""
    return isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == NEW


def _first_name(node: ast.AST) -> str:
    """Returns the name with which a dotted name starts, or ""."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return getattr(node, "id", "")
