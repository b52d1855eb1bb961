"""Findings about names that are not replaced, with the change to make by hand."""

from __future__ import annotations

import ast
import itertools
import re
from typing import Iterator, Sequence

import libcst as cst

from tfmts_compat.migrate.edits import changed, parsed, split_lines
from tfmts_compat.migrate.module import Module
from tfmts_compat.migrate.names import ADVICE, DISTINCT, NAMES, NEW, TABLE, is_known, plain
from tfmts_compat.migrate.resolver import OWN, UNKNOWN, Reach, Resolver

_BRANCHES = re.compile(r"\b(?:else|except)\b")
# pkg.module.tf.train.Scaffold: the part before tf, and the last name
_HELD = re.compile(
    r"((?:[A-Za-z_]\w*\.)*?)[A-Za-z_]\w*(?:\.compat\.v[12])*"
    rf"\.(?:{'|'.join(DISTINCT)})\.({'|'.join(sorted(NAMES))})\b"
)
_WITH = "with {0} and import tfmts_compat"


def report(module: Module, resolver: Resolver) -> None:
    """Reports the lookups, strings, private attributes and older training APIs of a module."""
    _lookups(module, resolver)
    _quoted(module, resolver)
    reader = module.reader
    for string, value in reader.strings:
        path = _prefix(value)
        if path:
            new = value.replace(path, TABLE[plain(_spelled(path))])
            module.report(string, "TFM209", f'{path} is named in a string; write "{new}"')
        else:
            _project_path(module, resolver, string, value)
    for attribute in reader.advised:
        for path in sorted(set(map(plain, resolver.reach(attribute).paths)) & ADVICE.keys()):
            module.report(attribute, "TFM210", f"{path} {ADVICE[path]}")
    for attribute in reader.private:
        module.report(
            attribute,
            "TFM204",
            "uses a private attribute of the monitored session; use "
            "tfmts_compat.raw_session(session), which returns the underlying tf.compat.v1.Session",
        )


def _project_path(module: Module, resolver: Resolver, string: cst.SimpleString, value: str) -> None:
    """Reports a path such as pkg.module.tf.train.Scaffold, as in mock.patch."""
    held = _HELD.match(value)
    if held and _may_be_moved(resolver.followed(held.group())):
        new = f"{held.group(1)}{NEW}.{held.group(2)}{value[held.end() :]}"
        module.report(
            string,
            "TFM209",
            f"{held.group()} is named in a string and may be TensorFlow's; if it is, "
            f'write "{new}"',
        )


def _may_be_moved(reach: Reach) -> bool:
    """Returns whether it is, or may be, a name in the table."""
    return any(plain(path) in TABLE or not (is_known(path) or path == OWN) for path in reach.paths)


def unmoved(module: Module, resolver: Resolver, node: cst.Attribute, reach: Reach) -> None:
    """Reports a dotted name that is not replaced, although its last name is in the table.

    Args:
      module: the module.
      resolver: resolves its names.
      node: the dotted name.
      reach: what it resolves to.
    """
    shown = _code(node)
    old = {plain(path) for path in resolver.through_attributes(node)} & TABLE.keys()
    for path in sorted(old if not reach.imports else ()):
        module.report(
            node,
            "TFM207",
            f"{shown} may be {path}, accessed through an attribute; if it is, replace {shown} "
            + _WITH.format(TABLE[path]),
        )
    holder = node.value
    if (
        old
        or not (isinstance(holder, cst.Attribute) and holder.attr.value in ("train", "estimator"))
        or all(is_known(path) or path == OWN for path in reach.paths)
        or (node.attr.value == "global_step" and not _is_called(module, node))
    ):
        return
    foreign = {path for path in reach.paths if path != UNKNOWN and not is_known(path)}
    if reach.reasons:
        why = f", because {' or '.join(sorted(reach.reasons))}"
    elif foreign:
        why = f", because {min(foreign).rsplit('.', 2)[0]} was not found below this directory"
    else:
        why = ""
    module.report(
        node,
        "TFM208",
        f"it is not known whether {_code(holder.value)} is TensorFlow{why}; if it is, replace "
        f"{shown} " + _WITH.format(f"{NEW}.{node.attr.value}"),
    )


def from_import(module: Module, alias: cst.ImportAlias, path: str) -> None:
    """Reports an imported name that has no counterpart in tfmts_compat."""
    advice = ADVICE.get(plain(path))
    if advice:
        module.report(alias, "TFM210", f"{plain(path)} {advice}")


def identical_branches(module: Module, changes: Sequence[tuple[int, int, str]]) -> None:
    """Reports branches that are identical after the names are replaced."""
    old = module.edits.text
    if not (NEW in old or changes) or not _BRANCHES.search(old):
        return
    new = changed(old, list(changes))
    try:
        tree = parsed(new)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    lines = split_lines(new)
    using = [
        statement
        for statement in tree.body
        if NEW in "".join(lines[statement.lineno - 1 : statement.end_lineno])
    ]
    for node in itertools.chain.from_iterable(map(ast.walk, using)):
        if not isinstance(node, (ast.IfExp, ast.If, ast.Try)):
            continue
        first, *others = _alternatives(node)
        if others and all(_dumped(first) == _dumped(other) for other in others):
            offset = sum(map(len, lines[: node.lineno - 1]))
            line = len(split_lines(old[: _before(offset, changes)] + "x"))
            module.report_at(
                line,
                0,
                "TFM211",
                f"the branches are identical: {NEW} works on every version; keep one of them",
            )


def _alternatives(node: ast.IfExp | ast.If | ast.Try) -> list[list[ast.AST]]:
    """Returns the branches of a statement or expression that use tfmts_compat."""
    found: list[list[ast.AST]] = [[]]
    if isinstance(node, ast.IfExp):
        found = [[node.body], [node.orelse]]
    elif isinstance(node, ast.If) and node.orelse:
        found = [[*node.body], [*node.orelse]]
    elif isinstance(node, ast.Try) and not (node.orelse or node.finalbody):
        found = [[*node.body]]
        found += [[*handler.body] for handler in node.handlers]
    alike = all([type(it) for it in each] == [type(it) for it in found[0]] for each in found)
    return found if alike and NEW in _dumped(found[0]) else [[]]


def _dumped(nodes: list[ast.AST]) -> str:
    return "".join(map(ast.dump, nodes))


def _before(offset: int, changes: Sequence[tuple[int, int, str]]) -> int:
    """Returns the offset in the old text that belongs to an offset in the new one."""
    shift = 0
    for start, end, new in changes:
        if offset < start + shift:
            break
        if offset < start + shift + len(new):
            return start
        shift += len(new) - (end - start)
    return offset - shift


def _lookups(module: Module, resolver: Resolver) -> None:
    for call, name in module.reader.lookups:
        holder = call.args[0].value
        reach = resolver.holds(holder, name)
        function = call.func.attr if isinstance(call.func, cst.Attribute) else call.func
        for path in sorted(set(map(plain, reach.paths)) & TABLE.keys()):
            if isinstance(function, cst.Name) and function.value == "getattr":
                remedy = f"replace the call with {TABLE[path]}"
            elif isinstance(function, cst.Name) and function.value == "hasattr":
                remedy = f"{TABLE[path]} always exists, so remove the test"
            else:
                remedy = f"replace {_code(holder)} with {NEW}"
            module.report(
                call, "TFM201", f"{path} is looked up by a string; {remedy}, and import {NEW}"
            )


def _quoted(module: Module, resolver: Resolver) -> None:
    for node, path in module.reader.quoted:
        scope = module.scopes.get(node)
        first, _, rest = path.partition(".")
        starts = resolver.named(first, scope).paths if scope else ()
        reach = Reach.joined([resolver.followed(f"{start}.{rest}") for start in starts])
        old = set(map(plain, reach.paths)) & TABLE.keys()
        for found in sorted(old):
            module.report(
                node,
                "TFM206",
                f"{found} is named in quotes; replace it " + _WITH.format(TABLE[found]),
            )
        held = _HELD.fullmatch(path)
        if held and not old and _may_be_moved(reach):
            new = _WITH.format(f"{NEW}.{held.group(2)}")
            module.report(
                node,
                "TFM206",
                f"{path} is named in quotes and may be TensorFlow's; if it is, replace it {new}",
            )


def _prefix(value: str) -> str:
    """Returns the part of a dotted path that is a name in the table, or ""."""
    parts = value.split(".")
    prefixes: Iterator[str] = (".".join(parts[:count]) for count in range(len(parts), 1, -1))
    return next((each for each in prefixes if plain(_spelled(each)) in TABLE), "")


def _spelled(path: str) -> str:
    return re.sub(r"^tf\.", "tensorflow.", path)


def _is_called(module: Module, node: cst.CSTNode) -> bool:
    parent = module.parents[node]
    return isinstance(parent, cst.Call) and parent.func is node


def _code(node: cst.CSTNode) -> str:
    return re.sub(r"\s+", "", cst.Module([]).code_for_node(node))
