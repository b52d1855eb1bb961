"""A module as Python parses it: its nodes, its scopes and what they bind, and its findings."""

from __future__ import annotations

import ast
import collections
import re
import sys
from dataclasses import dataclass, field
from typing import Any, Iterator, Sequence, Tuple, Union

from tfmts_compat.migrate.findings import Finding, is_silenced
from tfmts_compat.migrate.read.source import Edits, parse

Import = (ast.Import, ast.ImportFrom)
Place = Union[ast.AST, Tuple[int, int]]  # a node, or a line from 1 and a column from 0
_IMPORT_PART = re.compile(r"#[^\r\n]*|\w+|[.,*]")
_Child = Tuple[ast.AST, "Scope"]


@dataclass(eq=False)
class Binding:
    """What gives a name a value."""

    name: str
    node: Any  # the statement or expression
    scope: Scope  # in whose code it is
    alias: Any = None  # the part of an import
    path: str = ""  # what an import binds, with a dot for each level if it is relative
    value: ast.expr | None = None  # the expression that is assigned


@dataclass(eq=False)
class Scope:
    """The scope of a module, class, function, lambda or comprehension."""

    kind: str  # "module", "class", "function" or "comprehension"
    module: Module
    outer: Scope | None = None
    bound: dict[str, list[Binding]] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)  # its global and nonlocal names

    def holder(self, name: str) -> Scope:
        """Returns the scope whose binding of a name this scope reads."""
        scope = self
        while scope.outer:
            if scope is self or scope.kind != "class":
                declared = scope.declared.get(name)
                if declared == "global":
                    return self.module.scope
                if name in scope.bound and not declared:
                    return scope
            scope = scope.outer
        return scope

    def bindings(self, name: str) -> list[Binding]:
        """Returns the bindings that a name can have where this scope reads it."""
        holder = self.holder(name)
        found = holder.bound.get(name, [])
        if holder is self and self.kind == "class" and self.outer:
            found = found + self.outer.bindings(name)  # is read until the class binds the name
        return found


class Module:
    """A parsed module: its nodes and scopes, their positions in the text, and its findings."""

    def __init__(self, text: str, path: str, ignored: Sequence[str] = ()) -> None:
        self.path = path  # in the findings
        self.edits = Edits(text)
        self.tree = parse(text)
        self.scope = Scope("module", self)
        self.scopes: dict[ast.AST, Scope] = {}  # of each node
        self.parents: dict[Any, Any] = {}  # of each node
        self.nodes: dict[type[ast.AST], list[Any]] = collections.defaultdict(list)  # by type
        self.found: list[Finding] = []
        self._ignored = ignored
        self._bindings: list[Binding] = []
        self._assigned: set[ast.AST] = set()  # names whose values are known
        self._walk()

    def lines(self, node: ast.AST) -> tuple[int, int]:
        """Returns the first and last line of a node, counted from 1."""
        start, end = self.span(node)
        return self.edits.place(start)[0], self.edits.place(end)[0]

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Returns the offsets at which a node, or the f-string that it is in, starts and ends."""
        if isinstance(node, ast.alias):
            statement: Any = self.parents[node]
            return self.parts(statement)[1 + list(statement.names).index(node)]
        return self.edits.span(self.with_position(node))

    def with_position(self, node: ast.AST) -> ast.AST:
        """Returns a node, or before Python 3.12 the f-string in which its position is not known."""
        strings = [outer for outer in self.outer(node) if isinstance(outer, ast.JoinedStr)]
        return strings[-1] if strings and sys.version_info < (3, 12) else node

    def parts(self, statement: ast.Import | ast.ImportFrom) -> list[tuple[int, int]]:
        """Returns the spans of the module and of each name of an import."""
        start, end = self.edits.span(statement)
        parts: list[list[int]] = [[]]
        for found in _IMPORT_PART.finditer(self.edits.text, start, end):
            if found.group() in ("import", ","):
                parts.append([])
            elif found.group() != "from" and not found.group().startswith("#"):
                parts[-1] += found.span()
        return [(part[0], part[-1]) if part else (start, start) for part in parts]

    def code(self, node: ast.AST) -> str:
        """Returns the text of a node without spaces."""
        if self.with_position(node) is not node:
            return dotted(node) or "an expression"
        start, end = self.span(node)
        return re.sub(r"\s+", "", self.edits.text[start:end])

    def block(self, statement: ast.AST) -> list[ast.stmt]:
        """Returns the block that contains a statement."""
        parent = self.parents[statement]
        blocks = (getattr(parent, name, None) for name in ("body", "orelse", "finalbody"))
        return next(block for block in blocks if isinstance(block, list) and statement in block)

    def outer(self, node: ast.AST) -> Iterator[Any]:
        """Yields the nodes that contain a node, the innermost first."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def reads(self, name: str) -> list[ast.Name]:
        """Returns the nodes that read or delete a name."""
        names = [node for node in self.nodes[ast.Name] if node.id == name]
        return [node for node in names if not isinstance(node.ctx, ast.Store)]

    def report(self, place: Place, code: str, message: str) -> bool:
        """Adds a finding and returns True, or returns False if its code is ignored there."""
        line, column = place if isinstance(place, tuple) else self.edits.place(self.span(place)[0])
        if is_silenced(code, self.edits.lines[line - 1], self._ignored):
            return False
        self.found.append(Finding(self.path, line, column + 1, code, message))
        return True

    def _walk(self) -> None:
        waiting: list[_Child] = [(self.tree, self.scope)]
        while waiting:
            node, scope = waiting.pop()
            self.scopes[node] = scope
            self.nodes[type(node)].append(node)
            visit = getattr(self, f"_{type(node).__name__}", None)
            children = visit(node, scope) if visit else None
            if children is None:
                children = [(child, scope) for child in ast.iter_child_nodes(node)]
            for child in reversed(children):
                if not isinstance(child[0], ast.expr_context):
                    self.parents[child[0]] = node
                    waiting.append(child)
        # the scope of a nonlocal name is known when those of the other names are
        self._bindings.sort(key=lambda binding: binding.name in binding.scope.declared)
        for binding in self._bindings:
            name, holder = binding.name, binding.scope
            holder = holder.holder(name) if name in holder.declared else holder
            holder.bound.setdefault(name, []).append(binding)

    def _assign(self, target: Any, value: Any, node: ast.AST, scope: Scope) -> None:
        """Records an assignment. Tuples are split: tf1, x = tf.compat.v1, y."""
        is_split = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
        if is_split and ast.Starred not in map(type, target.elts + value.elts):
            for inner, part in zip(target.elts, value.elts):
                self._assign(inner, part, node, scope)
        elif isinstance(target, ast.Name):
            self._assigned.add(target)
            self._bindings.append(Binding(target.id, node, scope, value=value))

    def _Assign(self, node: Any, scope: Scope) -> None:
        while isinstance(node, ast.NamedExpr) and scope.kind == "comprehension" and scope.outer:
            scope = scope.outer
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if node.value:
                self._assign(target, node.value, node, scope)

    _AnnAssign = _NamedExpr = _Assign

    def _Name(self, node: ast.Name, scope: Scope) -> None:
        if isinstance(node.ctx, ast.Store) and node not in self._assigned:
            self._bindings.append(Binding(node.id, node, scope))

    def _ExceptHandler(self, node: Any, scope: Scope) -> None:
        name = getattr(node, "name", None) or getattr(node, "rest", None)
        if name:
            self._bindings.append(Binding(name, node, scope))

    _MatchAs = _MatchStar = _MatchMapping = _ExceptHandler
    _TypeVar = _ParamSpec = _TypeVarTuple = _ExceptHandler

    def _Global(self, node: Any, scope: Scope) -> None:
        scope.declared.update(dict.fromkeys(node.names, type(node).__name__.lower()))

    _Nonlocal = _Global

    def _Import(self, node: Any, scope: Scope) -> None:
        """Binds the names of an import, and "*"."""
        for alias in node.names:
            first = alias.name if isinstance(node, ast.ImportFrom) else alias.name.split(".")[0]
            path = module_of(node) + (alias.name if alias.asname else first)
            self._bindings.append(Binding(alias.asname or first, node, scope, alias, path))

    _ImportFrom = _Import

    def _FunctionDef(self, node: Any, scope: Scope) -> list[_Child]:
        """Adds the scope of a function, lambda, class, type alias or comprehension."""
        if isinstance(getattr(node, "name", None), str):
            self._bindings.append(Binding(node.name, node, scope))
        kind = "comprehension" if hasattr(node, "generators") else "function"
        inner = Scope("class" if isinstance(node, ast.ClassDef) else kind, self, scope)
        outside = [getattr(node, "name", None), getattr(node, "returns", None)]
        for parts in ("decorator_list", "bases", "keywords"):
            outside += getattr(node, parts, [])
        return _divide(node, inner, outside)

    _AsyncFunctionDef = _Lambda = _ClassDef = _TypeAlias = _FunctionDef
    _ListComp = _SetComp = _DictComp = _GeneratorExp = _FunctionDef

    def _arguments(self, node: ast.arguments, scope: Scope) -> list[_Child]:
        return _divide(node, scope, [*node.defaults, *node.kw_defaults])

    def _arg(self, node: ast.arg, scope: Scope) -> list[_Child]:
        self._bindings.append(Binding(node.arg, node, scope))
        return _divide(node, scope, [node.annotation])

    def _comprehension(self, node: ast.comprehension, scope: Scope) -> list[_Child]:
        return _divide(node, scope, [self.parents[node].generators[0].iter])


def _divide(node: ast.AST, inner: Scope, outside: Sequence[Any]) -> list[_Child]:
    """Returns the parts of a node with their scopes, which is the one around it for some parts."""
    parts = ast.iter_child_nodes(node)
    return [(part, inner.outer or inner if part in outside else inner) for part in parts]


def module_of(statement: Any) -> str:
    """Returns the module of a `from` with all its dots, and one at the end if it has a name."""
    module = getattr(statement, "module", None)
    return "." * getattr(statement, "level", 0) + (f"{module}." if module else "")


def dotted(node: ast.AST | None) -> str:
    """Returns a name or dotted name as text, or ""."""
    if isinstance(node, ast.Attribute):
        start = dotted(node.value)
        return start and f"{start}.{node.attr}"
    return getattr(node, "id", "")


def first_of(node: ast.AST) -> ast.AST:
    """Returns the expression with which a dotted name starts."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def last_name(node: ast.AST) -> str:
    """Returns the last name of a dotted name."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def text_of(node: ast.AST | None) -> str:
    """Returns the text of a string, or ""."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def is_none(node: ast.AST | None) -> bool:
    """Returns whether an expression is None."""
    return isinstance(node, ast.Constant) and node.value is None
