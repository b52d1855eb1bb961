"""A module of the code base as LibCST parsed it, and the nodes that may have to change."""

from __future__ import annotations

import re
from typing import Any, Iterator, Mapping, Sequence

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider, Scope, ScopeProvider

from tfmts_compat.migrate import findings
from tfmts_compat.migrate.edits import Edits, split_lines
from tfmts_compat.migrate.findings import Finding
from tfmts_compat.migrate.names import ADVISED, DISTINCT, MODULES, NAMES

_PARTS = NAMES.union(*(module.split(".") for module in MODULES), ("compat", "v1", "v2"))
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


class Module:
    """A parsed module: the positions of its nodes in the text, and its findings."""

    def __init__(
        self,
        edits: Edits,
        numbers: list[int],
        wrapper: MetadataWrapper,
        path: str,
        ignored: Sequence[str],
    ) -> None:
        self.edits = edits
        self.tree = wrapper.module
        metadata: Any = wrapper.resolve_many([PositionProvider, ScopeProvider])
        self.scopes: Mapping[cst.CSTNode, Scope | None] = metadata[ScopeProvider]
        self.reader = Reader()
        self.tree.visit(self.reader)
        self.parents = self.reader.parents
        self.found: list[Finding] = []
        self._positions: Mapping[cst.CSTNode, CodeRange] = metadata[PositionProvider]
        self._shifts: dict[int, int] = {}
        if "\f" in edits.text:  # LibCST does not count form feeds before code in its columns
            for number, line in zip(numbers, split_lines(self.tree.code)):
                self._shifts[number] = len(edits.lines[number - 1]) - len(line)
        self.path = path
        self._numbers = numbers
        self._ignored = ignored

    def lines(self, node: cst.CSTNode) -> tuple[int, int]:
        """Returns the first and last line of a node, counted from 1."""
        at = self._positions[node]
        return self._numbers[at.start.line - 1], self._numbers[at.end.line - 1]

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Returns the offsets at which a node starts and ends in the text."""
        at, (first, last) = self._positions[node], self.lines(node)
        starts = at.start.column + self._shifts.get(first, 0)
        ends = at.end.column + self._shifts.get(last, 0)
        return self.edits.offset(first, starts), self.edits.offset(last, ends)

    def report(self, node: cst.CSTNode, code: str, message: str) -> bool:
        """Adds a finding and returns True, or returns False if its code is ignored there."""
        return self.report_at(
            self.lines(node)[0], self._positions[node].start.column, code, message
        )

    def report_at(self, line: int, column: int, code: str, message: str) -> bool:
        """Does the same as `report`, for a line counted from 1 and a column counted from 0."""
        if findings.silenced(code, self.edits.lines[line - 1], self._ignored):
            return False
        self.found.append(Finding(self.path, line, column + 1, code, message))
        return True


class Reader(cst.CSTVisitor):
    """Collects nodes. It decides nothing, because an alias may be assigned later in the text.

    Attributes:
      assigned: names and attributes that are assigned a value, with the value.
      named: dotted names whose last name is in the table.
      from_imports: `from ... import` statements.
      calls: all calls.
      lookups: calls and subscripts that look up a name of the tables by a string, with the
        object in which they look it up, and the name.
      advised: dotted names whose last name has no counterpart.
      strings: strings that are a dotted path in what may be TensorFlow, with that path.
      quoted: quoted annotations, type comments and strings that are evaluated, with each dotted
        name in them.
      targets: attributes that are assigned or deleted and may be a name of the table, with the
        new value if there is one.
      captured: names that a match statement binds, which are not in LibCST's scopes.
      patched: dotted names in a string that is the first argument of a call, as in mock.patch.
      private: private attributes of a monitored session.
      parents: the parent of each node. LibCST's own provider visits the tree twice.
    """

    def __init__(self) -> None:
        super().__init__()
        self.assigned: list[tuple[cst.BaseExpression, cst.BaseExpression]] = []
        self.named: list[cst.Attribute] = []
        self.from_imports: list[cst.ImportFrom] = []
        self.calls: list[cst.Call] = []
        self.lookups: list[tuple[cst.Call | cst.Subscript, cst.BaseExpression, str]] = []
        self.advised: list[cst.Attribute] = []
        self.strings: list[tuple[cst.SimpleString, str]] = []
        self.quoted: list[tuple[cst.CSTNode, str]] = []
        self.targets: list[tuple[cst.Attribute, cst.BaseExpression | None]] = []
        self.captured: set[str] = set()
        self.patched: list[str] = []
        self.private: list[cst.Attribute] = []
        self.parents: dict[cst.CSTNode, cst.CSTNode] = {}
        self._path: list[cst.CSTNode] = []
        self._inner: set[cst.CSTNode] = set()
        self._evaluated = 0

    def on_visit(self, node: cst.CSTNode) -> bool:
        if self._path:
            self.parents[node] = self._path[-1]
        self._path.append(node)
        return super().on_visit(node)

    def on_leave(self, original_node: cst.CSTNode) -> None:
        super().on_leave(original_node)
        self._path.pop()

    def visit_Assign(self, node: cst.Assign) -> None:
        for each in node.targets:
            for target, value in _pairs(each.target, node.value):
                self.assigned.append((target, value))
                self._targets(target, value)
                self._unwrapping(target, value)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        if node.value is not None:
            self.assigned.append((node.target, node.value))
            self._targets(node.target, node.value)

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        self._targets(node.target, node.value)

    def visit_Del(self, node: cst.Del) -> None:
        self._targets(node.target)

    def visit_For(self, node: cst.For) -> None:
        self._targets(node.target)

    def visit_CompFor(self, node: cst.CompFor) -> None:
        self._targets(node.target)

    def visit_AsName(self, node: cst.AsName) -> None:
        self._targets(node.name)

    def visit_MatchAs(self, node: cst.MatchAs) -> None:
        self._captured(node.name)

    def visit_MatchStar(self, node: cst.MatchStar) -> None:
        self._captured(node.name)

    def visit_MatchMapping(self, node: cst.MatchMapping) -> None:
        self._captured(node.rest)

    def visit_NamedExpr(self, node: cst.NamedExpr) -> None:
        self.assigned.append((node.target, node.value))

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        self.from_imports.append(node)

    def visit_Attribute(self, node: cst.Attribute) -> None:
        name = node.attr.value
        if name in NAMES:
            self.named.append(node)
        elif name in ADVISED and (
            name != "train"
            or "training" in last_name(node.value)
            or isinstance(self._path[-2], cst.Call)
        ):
            self.advised.append(node)
        elif name in _PRIVATE and node not in self._inner:
            inner: cst.BaseExpression = node.value
            chain = 1
            while isinstance(inner, cst.Attribute) and inner.attr.value in _PRIVATE:
                self._inner.add(inner)
                inner = inner.value
                chain += 1
            if chain > 1 or name != "_sess":
                self.private.append(node)

    def visit_Call(self, node: cst.Call) -> None:
        self.calls.append(node)
        first = node.args[0].value if node.args else None
        if (
            isinstance(first, cst.SimpleString)
            and "tensorflow." in first.value
            and (_DOTTED.search(first.value) or last_name(node.func) == "patch")
        ):
            self.patched.append(str(first.evaluated_value))
        if first:
            names = [_string(arg.value) for arg in node.args[1:2]]
            if last_name(node.func) == "multiple":  # mock.patch.multiple(tf.train, Scaffold=x)
                names += [arg.keyword.value for arg in node.args if arg.keyword]
            self.lookups += [(node, first, it) for it in names if it in _LOOKED_UP]
        self._evaluated += last_name(node.func) in _EVALUATE

    def leave_Call(self, original_node: cst.Call) -> None:
        self._evaluated -= last_name(original_node.func) in _EVALUATE

    def visit_Subscript(self, node: cst.Subscript) -> None:
        inner, holder = node.value, None
        if isinstance(inner, cst.Call) and last_name(inner.func) == "vars" and inner.args:
            holder = inner.args[0].value
        elif isinstance(inner, cst.Attribute) and inner.attr.value == "__dict__":
            holder = inner.value
        if holder:
            self.lookups += [(node, holder, it) for it in strings_of(node) if it in _LOOKED_UP]

    def visit_Comment(self, node: cst.Comment) -> None:
        if _TYPE_COMMENT.match(node.value):
            self._quoted(node, node.value)

    def visit_Annotation(self, node: cst.Annotation) -> None:  # noqa: ARG002
        self._evaluated += 1

    def leave_Annotation(self, original_node: cst.Annotation) -> None:  # noqa: ARG002
        self._evaluated -= 1

    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        if self._evaluated:
            self._quoted(node, node.raw_value)
        elif (
            "." in node.value
            and not isinstance(self._path[-2], cst.Expr)
            and _PATH.fullmatch(node.raw_value)
        ):
            self.strings.append((node, node.raw_value))

    def _quoted(self, node: cst.CSTNode, text: str) -> None:
        self.quoted += [(node, path) for path in dict.fromkeys(_DOTTED.findall(text))]

    def _targets(self, target: cst.CSTNode, value: cst.BaseExpression | None = None) -> None:
        if isinstance(target, (cst.Tuple, cst.List)):
            for element in target.elements:
                self._targets(element.value)
        elif isinstance(target, cst.Attribute) and target.attr.value in _PARTS:
            self.targets.append((target, value))

    def _captured(self, name: cst.Name | None) -> None:
        if name:
            self.captured.add(name.value)

    def _unwrapping(self, target: cst.CSTNode, value: cst.CSTNode) -> None:
        """Finds s = s._sess, the body of a loop that ends at the raw session."""
        if (
            isinstance(value, cst.Attribute)
            and value.attr.value == "_sess"
            and value.value.deep_equals(target)
        ):
            self.private.append(value)


def last_name(node: cst.BaseExpression) -> str:
    """Returns the last name of a dotted name."""
    last = node.attr if isinstance(node, cst.Attribute) else node
    return last.value if isinstance(last, cst.Name) else ""


def strings_of(node: cst.BaseExpression) -> list[str]:
    """Returns the strings that are arguments of a call, the index of a subscript, or the node."""
    parts = [node]
    if isinstance(node, cst.Call):
        parts = [arg.value for arg in node.args]
    elif isinstance(node, cst.Subscript):
        parts = [it.slice.value for it in node.slice if isinstance(it.slice, cst.Index)]
    return [found for found in map(_string, parts) if found]


def _string(node: cst.BaseExpression) -> str:
    return node.raw_value if isinstance(node, cst.SimpleString) else ""


def _pairs(
    target: cst.BaseExpression, value: cst.BaseExpression
) -> Iterator[tuple[cst.BaseExpression, cst.BaseExpression]]:
    """Yields each target with its value. Tuples are split: tf1, x = tf.compat.v1, y."""
    if (
        isinstance(target, cst.Tuple)
        and isinstance(value, cst.Tuple)
        and len(target.elements) == len(value.elements)
        and all(isinstance(e, cst.Element) for e in (*target.elements, *value.elements))
    ):
        for inner, part in zip(target.elements, value.elements):
            yield from _pairs(inner.value, part.value)
    else:
        yield target, value
