"""Checks a changed module before it is written: it compiles, and its names are still bound.

The check compares the two texts, and does not depend on how the change was made.
"""

from __future__ import annotations

import ast
import collections
import warnings
from dataclasses import dataclass, field
from typing import Any

from tfmts_compat.migrate.edits import parsed
from tfmts_compat.migrate.names import NEW

_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT  # for notebooks


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
            before = parsed(old)
        except (SyntaxError, ValueError):
            return None
        try:
            after = parsed(new)
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
    return _lost(was, now) or _unbound(was, now)


def _lost(was: _Scopes, now: _Scopes) -> str | None:
    """Compares the names that each scope binds."""
    lost: set[tuple[_Scope, str]] = set()
    for old, new in zip(was.scopes, now.scopes):
        more = [name for name in new.bound - old.bound if new.outer or name not in now.imported]
        if more:
            return f"{min(more)} would be a new variable of {new.name}"
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
      read: the names that are read in it, each with the index of the module's statement and
        the line in which it is first read.
      declared: its global and nonlocal names.
    """

    kind: str
    name: str
    outer: _Scope | None
    bound: collections.Counter[str] = field(default_factory=collections.Counter)
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
        self._imports: collections.Counter[str] = collections.Counter()
        for self._statement, statement in enumerate(tree.body):
            if isinstance(statement, ast.Import):
                for alias in statement.names:
                    if alias.name == NEW:
                        self.imported.setdefault(alias.asname or NEW, self._statement)
            self.visit(statement)
        for scope, name in self._outer:
            holder = scope.holder(name)
            holder.bound[name] += 1

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
                if holder is not module or module.bound[name] != self._imports[name]:
                    text = f"{name} on line {line} may have another value in {holder.name}"
                    found[number, name] = text
                elif statement <= self.imported.get(name, statement):
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
                self._imports[name] += self._scope.holder(name) is self.scopes[0]

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
