"""A module as Python parses it: its nodes, its scopes and what they bind, and its findings."""

from __future__ import annotations

import ast
import collections
import re
import sys
from dataclasses import dataclass, field
from typing import Any, Iterator, Optional, Sequence, Tuple, Union

from tfmts_compat.migrate import findings
from tfmts_compat.migrate.findings import Finding
from tfmts_compat.migrate.read.source import Edits, parse

Import = (ast.Import, ast.ImportFrom)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Place = Union[ast.AST, Tuple[int, int]]  # a node, or a line from 1 and a column from 0
_IMPORT_PART = re.compile(r"#[^\r\n]*|\w+|[.,*]")
_HAS_POSITIONS = sys.version_info >= (3, 12)  # of the nodes in f-strings
_Child = Tuple[Optional[ast.AST], "Scope"]


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
    node: ast.AST  # that creates it
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
        self.scope = Scope("module", self, self.tree)
        self.scopes: dict[ast.AST, Scope] = {}  # of each node
        self.parents: dict[Any, Any] = {}  # of each node
        # the nodes of each type, in the order of the text
        self.nodes: dict[type[ast.AST], list[Any]] = collections.defaultdict(list)
        self.values: dict[ast.expr, ast.expr] = {}  # what is assigned to a name or attribute
        self.reads: dict[str, list[ast.Name]] = {}  # the nodes that read each name
        self.stars: list[str] = []  # the modules of `from ... import *` in the module's own scope
        self.found: list[Finding] = []
        self._ignored = ignored
        self._assigned: dict[ast.AST, ast.AST] = {}  # a name: the statement that assigns it
        self._nonlocal: list[Binding] = []
        self._formatted: dict[ast.AST, ast.AST] = {}  # a node in an f-string: the f-string
        self._spans: dict[ast.AST, tuple[int, int]] = {}
        self._walk()

    def lines(self, node: ast.AST) -> tuple[int, int]:
        """Returns the first and last line of a node, counted from 1."""
        start, end = self.span(node)
        return self.edits.place(start)[0], self.edits.place(end)[0]

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Returns the offsets at which a node starts and ends in the text.

        That of a node in an f-string is the span of the f-string before Python 3.12, which does
        not have its position.
        """
        if isinstance(node, ast.alias):
            if node not in self._spans:
                statement = self.parents[node]
                self._spans.update(zip(statement.names, self.parts(statement)[1:]))
            return self._spans[node]
        return self.edits.span(self._formatted.get(node, node))

    def has_position(self, node: ast.AST) -> bool:
        """Returns whether the exact position of a node is known."""
        return node not in self._formatted

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
        if not self.has_position(node):
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

    def statement(self, node: ast.AST) -> Any:
        """Returns the statement of the module's own body that contains a node."""
        return [node, *self.outer(node)][-2]

    def report(self, place: Place, code: str, message: str) -> bool:
        """Adds a finding and returns True, or returns False if its code is ignored there."""
        line, column = place if isinstance(place, tuple) else self.edits.place(self.span(place)[0])
        source = self.edits.lines[line - 1] if line <= len(self.edits.lines) else ""
        if findings.is_silenced(code, source, self._ignored):
            return False
        self.found.append(Finding(self.path, line, column + 1, code, message))
        return True

    def _walk(self) -> None:
        waiting: list[tuple[ast.AST, Scope]] = [(self.tree, self.scope)]
        while waiting:
            node, scope = waiting.pop()
            self.scopes[node] = scope
            self.nodes[type(node)].append(node)
            visit = getattr(self, f"_{type(node).__name__}", None)
            children: list[_Child] | None = visit(node, scope) if visit else None
            if children is None:
                children = [(child, scope) for child in ast.iter_child_nodes(node)]
            formatted = self._formatted.get(node)
            if isinstance(node, ast.JoinedStr) and not _HAS_POSITIONS:
                formatted = formatted or node
            for child, inner in reversed(children):
                if child is not None and not isinstance(child, ast.expr_context):
                    self.parents[child] = node
                    waiting.append((child, inner))
                    if formatted:
                        self._formatted[child] = formatted
        for binding in self._nonlocal:
            binding.scope.holder(binding.name).bound.setdefault(binding.name, []).append(binding)

    def _bind(self, name: str, node: ast.AST, scope: Scope, **more: Any) -> None:
        binding = Binding(name, node, scope, **more)
        declared = scope.declared.get(name)
        if declared == "nonlocal":
            self._nonlocal.append(binding)
        else:
            holder = self.scope if declared else scope
            holder.bound.setdefault(name, []).append(binding)

    def _assign(self, target: ast.expr, value: ast.expr, node: ast.AST) -> None:
        """Records an assignment. Tuples are split: tf1, x = tf.compat.v1, y."""
        if (
            isinstance(target, ast.Tuple)
            and isinstance(value, ast.Tuple)
            and len(target.elts) == len(value.elts)
            and not any(isinstance(part, ast.Starred) for part in (*target.elts, *value.elts))
        ):
            for inner, part in zip(target.elts, value.elts):
                self._assign(inner, part, node)
        else:
            self.values[target] = value
            self._assigned[target] = node

    def _Assign(self, node: ast.Assign, _: Scope) -> None:
        for target in node.targets:
            self._assign(target, node.value, node)

    def _AnnAssign(self, node: ast.AnnAssign, _: Scope) -> None:
        if node.value:
            self._assign(node.target, node.value, node)

    def _AugAssign(self, node: ast.AugAssign, _: Scope) -> None:
        if isinstance(node.target, ast.Name):
            self.reads.setdefault(node.target.id, []).append(node.target)

    def _NamedExpr(self, node: ast.NamedExpr, _: Scope) -> None:
        self._assign(node.target, node.value, node)

    def _Name(self, node: ast.Name, scope: Scope) -> None:
        parent = self.parents[node]
        if not isinstance(node.ctx, ast.Store):
            self.reads.setdefault(node.id, []).append(node)
        elif isinstance(parent, ast.AnnAssign) and not parent.value:  # binds nothing
            scope.bound.setdefault(node.id, [])
        else:
            while scope.kind == "comprehension" and isinstance(parent, ast.NamedExpr):
                assert scope.outer
                scope = scope.outer
            at = self._assigned.get(node, node)
            self._bind(node.id, at, scope, value=self.values.get(node))

    def _ExceptHandler(self, node: Any, scope: Scope) -> None:
        name = getattr(node, "name", None) or getattr(node, "rest", None)
        if name:
            self._bind(name, node, scope)

    _MatchAs = _MatchStar = _MatchMapping = _ExceptHandler
    _TypeVar = _ParamSpec = _TypeVarTuple = _ExceptHandler

    def _Global(self, node: Any, scope: Scope) -> None:
        if scope is not self.scope:
            scope.declared.update(dict.fromkeys(node.names, type(node).__name__.lower()))

    _Nonlocal = _Global

    def _Import(self, node: ast.Import, scope: Scope) -> None:
        for alias in node.names:
            first = alias.name.split(".")[0]
            path = alias.name if alias.asname else first
            self._bind(alias.asname or first, node, scope, alias=alias, path=path)

    def _ImportFrom(self, node: ast.ImportFrom, scope: Scope) -> None:
        for alias in node.names:
            path = module_of(node) + alias.name
            if alias.name != "*":
                self._bind(alias.asname or alias.name, node, scope, alias=alias, path=path)
            elif scope is self.scope:
                self.stars.append(module_of(node))

    def _inner(self, node: Any, kind: str, scope: Scope) -> tuple[Scope, list[_Child]]:
        """Creates a scope, below a scope with its type parameters if it has any."""
        parameters = getattr(node, "type_params", None) or []
        if parameters:
            scope = Scope("function", self, node, scope)
        return Scope(kind, self, node, scope), [(part, scope) for part in parameters]

    def _FunctionDef(self, node: Any, scope: Scope) -> list[_Child]:
        if not isinstance(node, ast.Lambda):
            self._bind(node.name, node, scope)
        inner, children = self._inner(node, "function", scope)
        outer = inner.outer or scope
        children += [(part, scope) for part in getattr(node, "decorator_list", ())]
        for argument in arguments_of(node.args):
            self._bind(argument.arg, argument, inner)
            children.append((argument.annotation, outer))
        children += [(part, scope) for part in (*node.args.defaults, *node.args.kw_defaults)]
        children.append((getattr(node, "returns", None), outer))
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        return children + [(part, inner) for part in body]

    _AsyncFunctionDef = _Lambda = _FunctionDef

    def _ClassDef(self, node: ast.ClassDef, scope: Scope) -> list[_Child]:
        self._bind(node.name, node, scope)
        inner, children = self._inner(node, "class", scope)
        children += [(part, scope) for part in node.decorator_list]
        children += [(part, inner.outer or scope) for part in (*node.bases, *node.keywords)]
        return children + [(part, inner) for part in node.body]

    def _TypeAlias(self, node: Any, scope: Scope) -> list[_Child]:
        inner, children = self._inner(node, "function", scope)
        return [(node.name, scope), *children, (node.value, inner)]

    def _ListComp(self, node: Any, scope: Scope) -> list[_Child]:
        inner = Scope("comprehension", self, node, scope)
        first = node.generators[0]
        self.parents[first] = node
        values = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        parts = [*values, first.target, *first.ifs, *node.generators[1:]]
        return [(first.iter, scope), *((part, inner) for part in parts)]

    _SetComp = _DictComp = _GeneratorExp = _ListComp


def arguments_of(arguments: ast.arguments) -> list[ast.arg]:
    """Returns the parameters of a function."""
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return named + [rest for rest in (arguments.vararg, arguments.kwarg) if rest]


def module_of(statement: ast.ImportFrom) -> str:
    """Returns the module of an import with all its dots, and one at the end if it has a name."""
    return "." * statement.level + (f"{statement.module}." if statement.module else "")


def dotted(node: ast.AST | None) -> str:
    """Returns a name or dotted name as text, or ""."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join(reversed([*parts, node.id])) if isinstance(node, ast.Name) else ""


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
