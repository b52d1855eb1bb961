"""Checks a changed module before it is written: it is the same program, and its names are bound.

The check compares the two texts, and does not depend on how the change was made.
"""

from __future__ import annotations

import ast
import collections
import warnings
from dataclasses import dataclass, field
from typing import Any

from tfmts_compat.migrate.names import NEW

_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT  # for notebooks
_SCOPES = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def fault(old: str, new: str) -> str | None:
    """Finds an error in a changed module.

    Args:
      old: the module before the change.
      new: the module after the change.

    Returns:
      The error, or None. A module is not checked if this Python version cannot compile it
      before the change.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the user's code
        try:
            before = ast.parse(old)
        except (SyntaxError, ValueError):
            return None
        try:
            after = ast.parse(new)
            compile(after, "", "exec", _FLAGS, dont_inherit=True)
        except (SyntaxError, ValueError) as problem:
            try:
                compile(before, "", "exec", _FLAGS, dont_inherit=True)
            except (SyntaxError, ValueError):
                return None
            return f"it would not compile: {problem}"
    was, now = _Scopes(before), _Scopes(after)
    if [scope.kind for scope in was.scopes] != [scope.kind for scope in now.scopes]:
        return "its functions and classes would change"
    return _lost(was, now) or _unbound(was, now) or _Comparison(before, after, now).fault


class _Comparison:
    """Compares two syntax trees, apart from imports and from the names that become ours.

    Attributes:
      fault: the first difference, or None.
    """

    def __init__(self, before: ast.Module, after: ast.Module, now: _Scopes) -> None:
        self._names = now.names
        # for each scope and name: the names of ours that each import of the name comes with
        self._imports: dict[tuple[ast.AST, str], list[set[str]]] = {}
        self._uses: list[tuple[str, ast.Name, tuple[ast.AST, ...]]] = []
        self.fault = self._trees(before, after) or self._added(before, after)
        if not self.fault:
            local = [use for use in self._uses if use[1].id not in now.imported]
            self.fault = next(filter(None, map(self._unaccompanied, local)), None)

    def _trees(self, before: ast.Module, after: ast.Module) -> str | None:
        waiting: list[tuple[Any, Any, tuple[ast.AST, ...]]] = [(before, after, ())]
        while waiting:
            old, new, scopes = waiting.pop()
            if isinstance(old, list) and isinstance(new, list):
                self._blocks(old, new, scopes)
                old, new = _without_imports(old, self._names), _without_imports(new, self._names)
                if len(old) != len(new):
                    return "it would have more or fewer statements"
                waiting += ((first, second, scopes) for first, second in zip(old, new))
            elif isinstance(old, ast.Attribute) and _is_ours(new, self._names):
                if old.attr != new.attr or not _first_name(old):
                    return f"{new.attr} on line {new.lineno} would replace something else"
                if _first_name(old) != new.value.id:
                    self._uses.append((_first_name(old), new.value, scopes))
            elif isinstance(old, ast.AST):
                if type(old) is not type(new):
                    return f"it would change at line {getattr(old, 'lineno', 1)}"
                inner = (*scopes, old) if isinstance(old, _SCOPES) else scopes
                for name in old._fields:
                    waiting.append((getattr(old, name, None), getattr(new, name, None), inner))
            elif old != new and not ("=" in str(old) and isinstance(new, str)):  # f"{tf.x=}"
                return f"{old!r} would become {new!r}"
        return None

    def _added(self, before: ast.Module, after: ast.Module) -> str | None:
        for module, name, _ in _imported(after) - _imported(before):
            if NEW not in (module, name):
                return f"it would import {name}"
        return None

    def _blocks(self, old: list[Any], new: list[Any], scopes: tuple[ast.AST, ...]) -> None:
        """Records which names of ours are imported next to each import in a block."""
        ours: dict[str, int] = {}
        for index, node in enumerate(new):
            for alias in node.names if isinstance(node, ast.Import) else ():
                if alias.name == NEW:
                    place = len(_without_imports(new[:index], self._names))
                    ours.setdefault(alias.asname or NEW, place)
        for index, node in enumerate(old):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                place = len(_without_imports(old[:index], self._names))
                for alias in node.names:
                    key = scopes[-1], alias.asname or alias.name.split(".")[0]
                    near = {name for name, at in ours.items() if at <= place}
                    self._imports.setdefault(key, []).append(near)

    def _unaccompanied(self, use: tuple[str, ast.Name, tuple[ast.AST, ...]]) -> str | None:
        """Checks that a name of ours is imported wherever the old name was, if it was."""
        old, new, scopes = use
        inside = [self._imports[scope, old] for scope in scopes if (scope, old) in self._imports]
        every = [(name, near) for (_, name), each in self._imports.items() for near in each]
        anywhere = [near for name, near in every if name == old]
        if not anywhere:  # an alias
            anywhere = [near for _, near in every if new.id in near]
        if anywhere and all(new.id in near for near in (inside[-1] if inside else anywhere)):
            return None
        return f"{new.id} on line {new.lineno} would be used before its import"


def _imported(tree: ast.Module) -> collections.Counter[tuple[str, str, str]]:
    """Returns the modules, the names and the local names of all imports."""
    return collections.Counter(
        (str(getattr(node, "module", "")), alias.name, str(alias.asname))
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    )


def _without_imports(nodes: list[Any], names: set[str]) -> list[Any]:
    """Leaves out imports, `pass`, and what only binds a name of tfmts_compat."""
    left_out = (ast.Import, ast.ImportFrom, ast.Pass)
    return [
        it
        for it in nodes
        if not isinstance(it, left_out)
        and not (isinstance(it, ast.Global) and names.issuperset(it.names))
        and not _falls_back(it, names)
    ]


def _falls_back(node: Any, names: set[str]) -> bool:
    """Returns whether a statement is tfmts_compat = None."""
    return (
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and node.value.value is None
        and all(isinstance(it, ast.Name) and it.id in names for it in node.targets)
    )


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


def _lost(was: _Scopes, now: _Scopes) -> str | None:
    """Compares the names that each scope binds."""
    lost: set[tuple[_Scope, str]] = set()
    for old, new in zip(was.scopes, now.scopes):
        for name in sorted(new.bound.keys() - old.bound.keys()):
            is_ours = new.ours[name] == new.bound[name]
            if new.kind == "class" or not is_ours or (new.outer and name in old.read):
                return f"{name} would be a new variable of {new.name}"
        for name in old.bound - new.bound:
            if new.kind == "class":
                return f"{name} would no longer be an attribute of {new.name}"
            lost.add((new, name))
        if not new.read.keys().isdisjoint(("exec", "eval")):
            # Code in a string reads a variable of an outer function only if new reads it, too.
            for name in sorted(old.read.keys() - new.read.keys()):
                if old.holder(name) not in (old, was.scopes[0]):
                    return f"code in a string in {new.name} may use {name}"
    for scope in now.scopes:
        for name, (_, line) in scope.read.items():
            holders = [scope.holder(name)]
            if scope.kind == "class" and scope.bound[name]:
                holders.append(now.scopes[0])  # is read until the class binds the name
            if any((holder, name) in lost for holder in holders):
                return f"{name} is used on line {line}, but its import would be removed"
    return None


def _unbound(was: _Scopes, now: _Scopes) -> str | None:
    """Checks that the new names and those of tfmts_compat are bound wherever they are read."""
    pairs = zip(was.scopes, now.scopes)
    names = now.names.union(*(new.read.keys() - old.read.keys() for old, new in pairs))
    problems = now.problems(names)
    for place in was.problems(names):
        problems.pop(place, None)
    return min(problems.values(), default=None)


@dataclass(eq=False)
class _Scope:
    """The scope of a module, class, function or comprehension.

    Attributes:
      kind: "module", "class" or "function", which is also the kind of a comprehension.
      name: its name in messages.
      outer: the scope that contains it.
      bound: how often each name is bound in it.
      ours: how often a name is bound to tfmts_compat, or to None instead of it.
      read: the names that are read in it, each with the index of the module's statement and
        the line in which it is first read.
      declared: its global and nonlocal names.
    """

    kind: str
    name: str
    outer: _Scope | None
    bound: collections.Counter[str] = field(default_factory=collections.Counter)
    ours: collections.Counter[str] = field(default_factory=collections.Counter)
    read: dict[str, tuple[int, int]] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)

    def holder(self, name: str) -> _Scope:
        """Returns the scope that binds a name that is read in this scope."""
        scope = self
        while scope.outer is not None:
            declared = scope.declared.get(name)
            if (scope is self or scope.kind == "function") and declared != "nonlocal":
                if declared == "global":
                    break
                if scope.bound[name]:
                    return scope
            scope = scope.outer
        while scope.outer is not None:
            scope = scope.outer
        return scope


class _Scopes(ast.NodeVisitor):
    """The scopes of a module, in the order of the text.

    Attributes:
      scopes: the module first.
      names: the local names of tfmts_compat, from all its imports.
      imported: those that are imported in the module's own body, each with the index of the
        first statement that does so.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.scopes = [_Scope("module", "the module", None)]
        self.names: set[str] = set()
        self.imported: dict[str, int] = {}
        self._scope = self.scopes[0]
        self._statement = 0
        self._outer: list[tuple[_Scope, str]] = []
        self._nones: list[tuple[_Scope, str]] = []
        for self._statement, statement in enumerate(tree.body):
            if isinstance(statement, ast.Import):
                for alias in statement.names:
                    if alias.name == NEW:
                        self.imported.setdefault(alias.asname or NEW, self._statement)
            self.visit(statement)
        for scope, name in self._outer:
            scope.holder(name).bound[name] += 1
        for scope, name in self._nones:
            holder = scope.holder(name)
            holder.ours[name] += bool(holder.ours[name])

    def problems(self, names: set[str]) -> dict[tuple[int, str], str]:
        """Returns the errors of these names, by the scope that reads them."""
        found = {}
        module = self.scopes[0]
        for name in names:
            for number, scope in enumerate(self.scopes):
                if name not in scope.read:
                    continue
                statement, line = scope.read[name]
                holder = scope.holder(name)
                if holder.bound[name] != holder.ours[name] or holder.kind == "class":
                    text = f"{name} on line {line} may have another value in {holder.name}"
                    found[number, name] = text
                elif not holder.ours[name] or (
                    holder is module and statement <= self.imported.get(name, -1)
                ):
                    found[number, name] = f"{name} on line {line} would be used before its import"
        return found

    def _bind(self, name: str) -> None:
        if name in self._scope.declared:
            self._outer.append((self._scope, name))
        else:
            self._scope.bound[name] += 1

    def _within(self, kind: str, name: str, parts: list[Any]) -> None:
        outer = self._scope
        self._scope = _Scope(kind, name, outer)
        self.scopes.append(self._scope)
        for part in parts:
            self.visit(part)
        self._scope = outer

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._scope.read.setdefault(node.id, (self._statement, node.lineno))
        else:
            self._bind(node.id)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.split(".")[0]
            self._bind(name)
            if alias.name == NEW:
                self.names.add(name)
                self._scope.holder(name).ours[name] += 1

    def visit_Assign(self, node: ast.Assign) -> None:
        if isinstance(node.value, ast.Constant) and node.value.value is None:
            names = [it.id for it in node.targets if isinstance(it, ast.Name)]
            self._nones += ((self._scope, name) for name in names)
        self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self._bind(alias.asname or alias.name)

    def visit_Global(self, node: ast.Global) -> None:
        self._scope.declared.update(dict.fromkeys(node.names, "global"))

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self._scope.declared.update(dict.fromkeys(node.names, "nonlocal"))

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        inner = self._scope
        while self._scope.name == "a comprehension" and self._scope.outer:
            self._scope = self._scope.outer
        self._bind(node.target.id)
        self._scope = inner

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._bind(node.name)
        self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> None:
        self._bind(node.arg)

    def _visit_function(self, node: Any) -> None:
        arguments = node.args
        every = [*getattr(arguments, "posonlyargs", ()), *arguments.args, *arguments.kwonlyargs]
        every += [each for each in (arguments.vararg, arguments.kwarg) if each]
        outside = [*getattr(node, "decorator_list", ()), *arguments.defaults]
        outside += [each for each in arguments.kw_defaults if each]
        outside += [each.annotation for each in every if each.annotation]
        outside += [node.returns] if getattr(node, "returns", None) else []
        for part in outside:
            self.visit(part)
        name = getattr(node, "name", "a lambda")
        if not isinstance(node, ast.Lambda):
            self._bind(name)
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        self._within("function", name, [*every, *getattr(node, "type_params", ()), *body])

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = _visit_function  # noqa: N815

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(part)
        self._bind(node.name)
        self._within("class", node.name, [*getattr(node, "type_params", ()), *node.body])

    def _visit_comprehension(self, node: Any) -> None:
        first = node.generators[0]
        self.visit(first.iter)
        values = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        parts = [first.target, *first.ifs, *node.generators[1:], *values]
        self._within("function", "a comprehension", parts)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _visit_comprehension  # noqa: N815

    def _visit_named(self, node: Any) -> None:
        name = getattr(node, "rest", None) or getattr(node, "name", None)
        if name:
            self._bind(name)
        self.generic_visit(node)

    visit_MatchAs = visit_MatchStar = visit_MatchMapping = _visit_named  # noqa: N815
    visit_TypeVar = visit_ParamSpec = visit_TypeVarTuple = _visit_named  # noqa: N815
