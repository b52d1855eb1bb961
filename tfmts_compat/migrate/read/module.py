"""A module as Python parses it: its scopes, what they bind, and the nodes that may matter."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from dataclasses import dataclass, field
from typing import Any, Iterator, Optional, Sequence, Tuple, Union

from tfmts_compat.migrate import findings
from tfmts_compat.migrate.findings import Finding
from tfmts_compat.migrate.names import ADVISED, DISTINCT, MODULES, NAMES
from tfmts_compat.migrate.read.source import Edits, parsed, split_lines

Import = (ast.Import, ast.ImportFrom)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Place = Union[ast.AST, Tuple[int, int]]  # a node, or a line from 1 and a column from 0
PARTS = NAMES.union(*(module.split(".") for module in MODULES), ("compat", "v1", "v2"))
_LOOKED_UP = NAMES | {"Supervisor"}
_PRIVATE = ("_sess", "_tf_sess", "_coordinated_creator")
_EVALUATE = ("cast", "eval", "exec", "ForwardRef", "TypeVar")  # functions of code in a string
_TYPE_COMMENT = re.compile(r"#\s*type:(?!\s*ignore)")
_CALLED = "|".join(sorted(NAMES - {"global_step"}))
_PATH = re.compile(
    r"(?:tf|tensorflow\w*)(?:\.[A-Za-z_]\w*)+"
    rf"|(?:[A-Za-z_]\w*\.)+(?:{'|'.join(DISTINCT)})\.(?:{_CALLED})(?:\.[A-Za-z_]\w*)*"
)
_DOTTED = re.compile(rf"[A-Za-z_][\w.]*\.(?:{'|'.join(sorted(NAMES))})\b")
# Before Python 3.12 the nodes inside an f-string have wrong positions.
_HAS_POSITIONS = sys.version_info >= (3, 12)
_Child = Tuple[Optional[ast.AST], "Scope", bool]  # a node, its scope, whether strings are code


@dataclass(eq=False)
class Binding:
    """What gives a name a value.

    Attributes:
      name: the name.
      node: the statement or expression.
      scope: the scope in whose code it is.
      alias: the part of an import.
      path: the dotted path that an import binds, with a dot for each level if it is relative.
      value: the expression that is assigned.
    """

    name: str
    node: ast.AST
    scope: Scope
    alias: ast.alias | None = None
    path: str = ""
    value: ast.expr | None = None


@dataclass(eq=False)
class Scope:
    """The scope of a module, class, function, lambda or comprehension.

    Attributes:
      kind: "module", "class", "function" or "comprehension".
      module: the module.
      node: the node that creates it.
      outer: the scope that contains it.
      bound: the names that it binds.
      declared: its global and nonlocal names.
    """

    kind: str
    module: Module
    node: ast.AST
    outer: Scope | None = None
    bound: dict[str, list[Binding]] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)

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
        if holder is self and isinstance(self.node, ast.ClassDef) and self.outer:
            lines = [
                it.lineno
                for it in self.module.reads.get(name, ())
                if self.module.scopes[it] is self
            ]
            body = [it.node for it in found if it.alias and it.node in self.node.body]
            if not any(it.lineno < min(lines, default=sys.maxsize) for it in body):
                found = found + self.outer.bindings(name)  # is read until the class binds the name
        return found


class Module:
    """A parsed module: its scopes, the positions of its nodes in the text, and its findings.

    Attributes:
      assigned: names and attributes that are assigned a value, with the value.
      named: dotted names whose last name is in the table.
      imports: all import statements.
      stars: the modules of the `from ... import *` in the module's own scope.
      calls: all calls.
      lookups: calls and subscripts that look up a name of the tables by a string, with the
        object in which they look it up, and the name.
      advised: dotted names whose last name has no counterpart.
      strings: strings that are a dotted path in what may be TensorFlow.
      quoted: place, scope and dotted name of each name in a quoted annotation, a type comment
        or a string that is evaluated.
      targets: attributes that are assigned or deleted and may be a name of the table, with the
        new value if there is one.
      patched: calls whose first argument is a string with a dotted name, as in mock.patch.
      private: private attributes of a monitored session.
      reads: for each name the nodes that read it.
      scopes: the scope of each node.
      parents: the parent of each node.
    """

    def __init__(self, text: str, path: str, ignored: Sequence[str] = ()) -> None:
        self.edits = Edits(text)
        self.tree = parsed(text)
        self.path = path
        self.found: list[Finding] = []
        self.assigned: list[tuple[ast.expr, ast.expr]] = []
        self.named: list[ast.Attribute] = []
        self.imports: list[ast.Import | ast.ImportFrom] = []
        self.stars: list[str] = []
        self.calls: list[ast.Call] = []
        self.lookups: list[tuple[ast.Call | ast.Subscript, ast.expr, str]] = []
        self.advised: list[ast.Attribute] = []
        self.strings: list[ast.Constant] = []
        self.quoted: list[tuple[Place, Scope, str]] = []
        self.targets: list[tuple[ast.Attribute, ast.expr | None]] = []
        self.patched: list[tuple[ast.AST, str]] = []
        self.private: list[ast.Attribute] = []
        self.reads: dict[str, list[ast.Name]] = {}
        self.scope = Scope("module", self, self.tree)
        self.scopes: dict[ast.AST, Scope] = {}
        self.parents: dict[ast.AST, ast.AST] = {}
        self._ignored = ignored
        self._done: set[ast.AST] = set()
        self._outer: list[tuple[str, Binding]] = []
        self._formatted: dict[ast.AST, ast.JoinedStr] = {}
        self._spans: dict[ast.AST, tuple[int, int]] = {}
        self._walk()

    def lines(self, node: ast.AST) -> tuple[int, int]:
        """Returns the first and last line of a node, counted from 1."""
        start, end = self.span(node)
        return self.edits.place(start)[0], self.edits.place(end)[0]

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Returns the offsets at which a node starts and ends in the text."""
        if isinstance(node, ast.alias):
            if node not in self._spans:
                statement: Any = self.parents[node]
                self._spans.update(zip(statement.names, self.parts(statement)[1:]))
            return self._spans[node]
        if node in self._formatted:
            self._find_in(self._formatted[node])
            return self._spans.get(node) or self.span(self._formatted[node])
        return self.edits.span(node)

    def is_found(self, node: ast.AST) -> bool:
        """Returns whether the exact position of a node is known."""
        return node not in self._formatted or self.span(node) == self._spans.get(node)

    def parts(self, statement: ast.Import | ast.ImportFrom) -> list[tuple[int, int]]:
        """Returns the spans of the module and of each name of an import."""
        start, end = self.edits.span(statement)
        text = re.sub(r"\r(?!\n)", "\n", self.edits.text[start:end])
        lines = [0]
        for line in split_lines(text):
            lines.append(lines[-1] + len(line))
        parts: list[list[int]] = [[]]
        for token in tokenize.generate_tokens(io.StringIO(text, newline="").readline):
            if token.string in ("import", ","):
                parts.append([])
            elif token.type in (tokenize.NAME, tokenize.OP) and token.string not in (
                "from",
                "(",
                ")",
            ):
                for row, column in (token.start, token.end):
                    parts[-1].append(start + lines[row - 1] + column)
        return [(part[0], part[-1]) if part else (start, start) for part in parts]

    def code(self, node: ast.AST) -> str:
        """Returns the text of a node without spaces."""
        if not self.is_found(node):
            return dotted(node) or "an expression"
        start, end = self.span(node)
        return re.sub(r"\s+", "", self.edits.text[start:end])

    def block(self, statement: ast.AST) -> list[ast.stmt]:
        """Returns the block that contains a statement."""
        parent = self.parents[statement]
        for name in ("body", "orelse", "finalbody"):
            block: Any = getattr(parent, name, None)
            if isinstance(block, list) and statement in block:
                return block
        raise ValueError("not a statement")

    def outer(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yields the nodes that contain a node, the innermost first."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def statement(self, node: ast.AST) -> ast.stmt:
        """Returns the statement of the module's own body that contains a node."""
        while not isinstance(self.parents[node], ast.Module):
            node = self.parents[node]
        assert isinstance(node, ast.stmt)
        return node

    def is_patch(self, node: ast.AST) -> bool:
        """Returns whether a string is what a call of mock.patch replaces."""
        parent = self.parents[node]
        return isinstance(parent, ast.Call) and last_name(parent.func) == "patch"

    def report(self, place: Place, code: str, message: str) -> bool:
        """Adds a finding and returns True, or returns False if its code is ignored there."""
        line, column = place if isinstance(place, tuple) else self.edits.place(self.span(place)[0])
        source = self.edits.lines[line - 1] if line <= len(self.edits.lines) else ""
        if findings.silenced(code, source, self._ignored):
            return False
        self.found.append(Finding(self.path, line, column + 1, code, message))
        return True

    def _find_in(self, formatted: ast.JoinedStr) -> None:
        """Finds the dotted names of an f-string in its text.

        Each place that looks like the name is replaced by another name of the same length. If
        the syntax tree then has one name less, the place is in an expression.
        """
        if formatted in self._done:
            return
        self._done.add(formatted)
        start, end = self.edits.span(formatted)
        text = self.edits.text[start:end]
        nodes: dict[str, list[ast.AST]] = {}
        for node, holder in self._formatted.items():
            path = dotted(node) if isinstance(node, (ast.Attribute, ast.Name)) else ""
            if holder is formatted and path:
                nodes.setdefault(path, []).append(node)
        for path, same in nodes.items():
            pattern = r"\s*\.\s*".join(map(re.escape, path.split(".")))
            places = [
                it.span()
                for it in re.finditer(rf"(?<![\w.]){pattern}(?!\w)", text)
                if _count(text[: it.start()] + "_" * len(it.group()) + text[it.end() :], path)
                == len(same) - 1
            ]
            if len(places) == len(same):
                spans = ((start + first, start + last) for first, last in places)
                self._spans.update(zip(same, spans))

    def _walk(self) -> None:
        waiting: list[tuple[ast.AST, Scope, bool, ast.JoinedStr | None]] = []
        waiting.append((self.tree, self.scope, False, None))
        while waiting:
            node, scope, evaluated, formatted = waiting.pop()
            self.scopes[node] = scope
            if formatted and not _HAS_POSITIONS:
                self._formatted[node] = formatted
            visit = getattr(self, f"_{type(node).__name__}", None)
            children: list[_Child] | None = visit(node, scope, evaluated) if visit else None
            if children is None:
                children = [(it, scope, evaluated) for it in ast.iter_child_nodes(node)]
            if isinstance(node, ast.JoinedStr):
                formatted = formatted or node
            for child, inner, code in reversed(children):
                if child is not None:
                    self.parents[child] = node
                    waiting.append((child, inner, code, formatted))
        for name, binding in self._outer:
            binding.scope.holder(name).bound.setdefault(name, []).append(binding)
        if _TYPE_COMMENT.search(self.edits.text):
            self._type_comments()

    def _bind(self, name: str, node: ast.AST, scope: Scope, **more: Any) -> None:
        while scope.kind == "comprehension" and isinstance(node, ast.NamedExpr) and scope.outer:
            scope = scope.outer
        binding = Binding(name, node, scope, **more)
        declared = scope.declared.get(name)
        if declared == "nonlocal":
            self._outer.append((name, binding))
        else:
            holder = self.scope if declared else scope
            holder.bound.setdefault(name, []).append(binding)

    def _assign(self, target: ast.expr, value: ast.expr, node: ast.AST, scope: Scope) -> None:
        """Records an assignment. Tuples are split: tf1, x = tf.compat.v1, y."""
        if (
            isinstance(target, ast.Tuple)
            and isinstance(value, ast.Tuple)
            and len(target.elts) == len(value.elts)
            and not any(isinstance(it, ast.Starred) for it in (*target.elts, *value.elts))
        ):
            for inner, part in zip(target.elts, value.elts):
                self._assign(inner, part, node, scope)
            return
        self.assigned.append((target, value))
        self._targets(target, value)
        if isinstance(target, ast.Name):
            self._bind(target.id, node, scope, value=value)
            self._done.add(target)
        if (  # s = s._sess, the body of a loop that ends at the raw session
            isinstance(value, ast.Attribute)
            and value.attr == "_sess"
            and dotted(target) == dotted(value.value) != ""
        ):
            self.private.append(value)

    def _targets(self, target: ast.AST | None, value: ast.expr | None = None) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            for element in target.elts:
                self._targets(element)
        elif isinstance(target, ast.Attribute) and target.attr in PARTS:
            self.targets.append((target, value))

    def _Assign(self, node: ast.Assign, scope: Scope, _: bool) -> None:
        for target in node.targets:
            self._assign(target, node.value, node, scope)

    def _AnnAssign(self, node: ast.AnnAssign, scope: Scope, evaluated: bool) -> list[_Child]:
        if node.value is not None:
            self._assign(node.target, node.value, node, scope)
        elif isinstance(node.target, ast.Name):
            scope.bound.setdefault(node.target.id, [])
            self._done.add(node.target)
        return [
            (node.target, scope, evaluated),
            (node.annotation, scope, True),
            (node.value, scope, evaluated),
        ]

    def _AugAssign(self, node: ast.AugAssign, *_: Any) -> None:
        self._targets(node.target, node.value)
        if isinstance(node.target, ast.Name):
            self.reads.setdefault(node.target.id, []).append(node.target)

    def _NamedExpr(self, node: ast.NamedExpr, scope: Scope, _: bool) -> None:
        self._assign(node.target, node.value, node, scope)

    def _Delete(self, node: ast.Delete, *_: Any) -> None:
        for target in node.targets:
            self._targets(target)

    def _For(self, node: Any, *_: Any) -> None:
        self._targets(node.target)

    _AsyncFor = _comprehension = _For

    def _withitem(self, node: ast.withitem, *_: Any) -> None:
        self._targets(node.optional_vars)

    def _Name(self, node: ast.Name, scope: Scope, _: bool) -> None:
        if not isinstance(node.ctx, ast.Store):
            self.reads.setdefault(node.id, []).append(node)
        elif node not in self._done:
            self._bind(node.id, node, scope)

    def _ExceptHandler(self, node: Any, scope: Scope, _: bool) -> None:
        name = getattr(node, "name", None) or getattr(node, "rest", None)
        if name:
            self._bind(name, node, scope)

    _MatchAs = _MatchStar = _MatchMapping = _ExceptHandler
    _TypeVar = _ParamSpec = _TypeVarTuple = _ExceptHandler

    def _Global(self, node: ast.Global, scope: Scope, _: bool) -> None:
        if scope is not self.scope:
            scope.declared.update(dict.fromkeys(node.names, "global"))

    def _Nonlocal(self, node: ast.Nonlocal, scope: Scope, _: bool) -> None:
        scope.declared.update(dict.fromkeys(node.names, "nonlocal"))

    def _Import(self, node: ast.Import, scope: Scope, _: bool) -> None:
        self.imports.append(node)
        for alias in node.names:
            first = alias.name.split(".")[0]
            path = alias.name if alias.asname else first
            self._bind(alias.asname or first, node, scope, alias=alias, path=path)

    def _ImportFrom(self, node: ast.ImportFrom, scope: Scope, _: bool) -> None:
        self.imports.append(node)
        module = "." * node.level + (f"{node.module}." if node.module else "")
        for alias in node.names:
            if alias.name != "*":
                path = module + alias.name
                self._bind(alias.asname or alias.name, node, scope, alias=alias, path=path)
            elif scope is self.scope:
                self.stars.append(module)

    def _inner(self, node: Any, kind: str, scope: Scope) -> tuple[Scope, list[_Child]]:
        """Creates a scope, below a scope with its type parameters if it has any."""
        parameters = getattr(node, "type_params", None) or []
        if parameters:
            scope = Scope("function", self, node, scope)
        return Scope(kind, self, node, scope), [(it, scope, False) for it in parameters]

    def _FunctionDef(self, node: Any, scope: Scope, evaluated: bool) -> list[_Child]:
        if not isinstance(node, ast.Lambda):
            self._bind(node.name, node, scope)
        inner, children = self._inner(node, "function", scope)
        outer = inner.outer or scope
        children += [(it, scope, False) for it in getattr(node, "decorator_list", ())]
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [it for it in (arguments.vararg, arguments.kwarg) if it]
        for each in every:
            self._bind(each.arg, each, inner)
            children.append((each.annotation, outer, True))
        children += [(it, scope, evaluated) for it in (*arguments.defaults, *arguments.kw_defaults)]
        children.append((getattr(node, "returns", None), outer, True))
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        return children + [(it, inner, evaluated) for it in body]

    _AsyncFunctionDef = _Lambda = _FunctionDef

    def _ClassDef(self, node: ast.ClassDef, scope: Scope, _: bool) -> list[_Child]:
        self._bind(node.name, node, scope)
        inner, children = self._inner(node, "class", scope)
        children += [(it, scope, False) for it in node.decorator_list]
        children += [(it, inner.outer or scope, False) for it in (*node.bases, *node.keywords)]
        return children + [(it, inner, False) for it in node.body]

    def _TypeAlias(self, node: Any, scope: Scope, _: bool) -> list[_Child]:
        inner, children = self._inner(node, "function", scope)
        return [(node.name, scope, False), *children, (node.value, inner, False)]

    def _ListComp(self, node: Any, scope: Scope, evaluated: bool) -> list[_Child]:
        inner = Scope("comprehension", self, node, scope)
        first = node.generators[0]
        self.parents[first] = node
        self._targets(first.target)
        values = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        parts = [*values, first.target, *first.ifs, *node.generators[1:]]
        return [(first.iter, scope, evaluated), *((it, inner, evaluated) for it in parts)]

    _SetComp = _DictComp = _GeneratorExp = _ListComp

    def _Attribute(self, node: ast.Attribute, *_: Any) -> None:
        name = node.attr
        if name in NAMES:
            self.named.append(node)
        elif name in ADVISED and (
            name != "train"
            or "training" in last_name(node.value)
            or isinstance(self.parents[node], ast.Call)
        ):
            self.advised.append(node)
        elif name in _PRIVATE and node not in self._done:
            inner: ast.expr = node.value
            chain = 1
            while isinstance(inner, ast.Attribute) and inner.attr in _PRIVATE:
                self._done.add(inner)
                inner = inner.value
                chain += 1
            if chain > 1 or name != "_sess":
                self.private.append(node)

    def _Call(self, node: ast.Call, scope: Scope, evaluated: bool) -> list[_Child]:
        self.calls.append(node)
        first = node.args[0] if node.args else None
        function = last_name(node.func)
        text = string(first)
        if "tensorflow." in text and (_DOTTED.search(text) or function == "patch"):
            self.patched.append((node, text))
        if first:
            names = [string(it) for it in node.args[1:2]]
            if function == "multiple":  # mock.patch.multiple(tf.train, Scaffold=x)
                names += [it.arg for it in node.keywords if it.arg]
            self.lookups += [(node, first, it) for it in names if it in _LOOKED_UP]
        evaluated = evaluated or function in _EVALUATE
        return [(it, scope, evaluated) for it in ast.iter_child_nodes(node)]

    def _Subscript(self, node: ast.Subscript, *_: Any) -> None:
        inner, holder = node.value, None
        if isinstance(inner, ast.Call) and last_name(inner.func) == "vars" and inner.args:
            holder = inner.args[0]
        elif isinstance(inner, ast.Attribute) and inner.attr == "__dict__":
            holder = inner.value
        if holder:
            self.lookups += [(node, holder, it) for it in strings_of(node) if it in _LOOKED_UP]

    def _JoinedStr(self, node: ast.JoinedStr, scope: Scope, evaluated: bool) -> list[_Child]:
        parts = [it for it in node.values if not isinstance(it, ast.Constant)]
        return [(it, scope, evaluated) for it in parts]

    def _Constant(self, node: ast.Constant, scope: Scope, evaluated: bool) -> None:
        text = string(node)
        if evaluated:
            self._quoted(node, scope, text)
        elif "." in text and not isinstance(self.parents[node], ast.Expr) and _PATH.fullmatch(text):
            self.strings.append(node)

    def _quoted(self, place: Place, scope: Scope, text: str) -> None:
        self.quoted += [(place, scope, path) for path in dict.fromkeys(_DOTTED.findall(text))]

    def _type_comments(self) -> None:
        lines = iter([line.rstrip("\r\n") + "\n" for line in self.edits.lines])
        scopes = {scope.node: scope for scope in self.scopes.values()}
        for token in tokenize.generate_tokens(lambda: next(lines, "")):
            if token.type == tokenize.COMMENT and _TYPE_COMMENT.match(token.string):
                inside = [
                    node
                    for node in scopes
                    if isinstance(node, (*FUNCTIONS, ast.ClassDef))
                    and node.lineno <= token.start[0] <= (node.end_lineno or 0)
                ]
                inner = max(inside, key=lambda node: node.lineno, default=self.tree)
                self._quoted(token.start, scopes[inner], token.string)


def _count(text: str, path: str) -> int:
    """Returns how often a dotted name is in the expressions of an f-string."""
    try:
        tree = ast.parse(f"({text})")
    except SyntaxError:
        return -1
    return sum(dotted(it) == path for it in ast.walk(tree) if isinstance(it, ast.expr))


def dotted(node: ast.AST) -> str:
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


def string(node: ast.AST | None) -> str:
    """Returns the text of a string, or ""."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def strings_of(node: ast.AST) -> Iterator[str]:
    """Yields the strings that are arguments of a call, the index of a subscript, or the node."""
    parts = [node]
    if isinstance(node, ast.Call):
        parts = [*node.args, *(it.value for it in node.keywords)]
    elif isinstance(node, ast.Subscript):
        parts = [getattr(node.slice, "value", node.slice)]  # Python 3.8 has ast.Index
        if isinstance(node.slice, ast.Constant):
            parts = [node.slice]
    return filter(None, map(string, parts))
