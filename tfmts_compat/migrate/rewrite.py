"""Migrates one module: replaces its names, edits its imports and reports the rest."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field, replace
from typing import Iterator, Sequence

import libcst as cst
from libcst.metadata import MetadataWrapper

from tfmts_compat.migrate import branches, call_checks, remainder, verification
from tfmts_compat.migrate.edits import Edits, UnreadableError, changed, parsed
from tfmts_compat.migrate.excerpt import excerpt
from tfmts_compat.migrate.findings import REWRITES, Finding
from tfmts_compat.migrate.imports import Imports, IsImported
from tfmts_compat.migrate.module import Module, last_name
from tfmts_compat.migrate.names import MODULES, NEW, SESSION, TABLE, plain
from tfmts_compat.migrate.resolver import Reach, Resolver

_DEEPEST = 100  # levels: LibCST makes up to seven calls for each, and Python allows 1,000
TOO_DEEP = "is nested too deeply to be analyzed; split the expression or the chain of elif"
_BRACKET = re.compile(r"[()\[\]{}]")


@dataclass(frozen=True)
class Result:
    """The result for one module or notebook.

    Attributes:
      text: the migrated text, or the same text if nothing changes.
      found: every place that changes, and every place that has to be changed by hand.
      changes: start, end and new text of every edit.
    """

    text: str
    found: list[Finding]
    changes: list[tuple[int, int, str]] = field(default_factory=list)


def rewritten(
    text: str,
    path: str,
    ignored: Sequence[str] = (),
    *,
    is_imported: IsImported = lambda name: False,  # noqa: ARG005
    elsewhere: str = "",
) -> Result:
    """Migrates a module.

    Args:
      text: the module.
      path: its path in the findings.
      ignored: the codes that are ignored.
      is_imported: returns whether another file imports a name from this module, or None if
        this is not known.
      elsewhere: text outside the module that may use its imports.

    Raises:
      UnreadableError: the module cannot be parsed.
    """
    edits = Edits(text)
    refused: SyntaxError | None = None
    try:
        part = excerpt(text, edits.lines)
    except (SyntaxError, ValueError) as problem:
        # It may have the syntax of another Python version, which LibCST can parse.
        refused = problem if isinstance(problem, SyntaxError) else None
        part = text, list(range(1, len(edits.lines) + 2))
    if part is None:
        return Result(text, [])
    deep = _too_deep(part[0])
    if deep:
        raise UnreadableError(TOO_DEEP, part[1][deep - 1], parsed=True)
    try:
        wrapper = MetadataWrapper(cst.parse_module(part[0]), unsafe_skip_copy=True)
        module = Module(edits, part[1], wrapper, path, ignored)
        resolver = Resolver(module)
        _rewrite(module, resolver, Imports(module, resolver, is_imported, elsewhere))
    except cst.ParserSyntaxError as problem:
        if refused:  # LibCST reports the next line
            raise UnreadableError(refused.msg, refused.lineno or 1, parsed=True) from problem
        line = part[1][min(problem.raw_line, len(part[1])) - 1] if part[1] else 1
        message = problem.message.splitlines()[0] if problem.message else "invalid syntax"
        raise UnreadableError(message, line, parsed=True) from problem
    changes = edits.changes()
    fault = _fault(text, changes) if changes else None
    if fault:
        return Result(text, sorted(_left_as_it_was(module, fault)))
    branches.report(module, changes)
    return Result(changed(text, changes), sorted(module.found), changes)


def _too_deep(text: str) -> int | None:
    """Returns the line of syntax that is nested too deeply for LibCST, or None."""
    try:
        level: list[ast.AST] = [parsed(text)]
    except (SyntaxError, ValueError):
        depth = 0
        for bracket in _BRACKET.finditer(text):
            depth += 1 if bracket.group() in "([{" else -1
            if depth > _DEEPEST:
                return text.count("\n", 0, bracket.start()) + 1
        return None
    for _ in range(_DEEPEST):
        level = [inner for node in level for inner in ast.iter_child_nodes(node)]
    return next((node.lineno for node in level if hasattr(node, "lineno")), None)


def _fault(text: str, changes: list[tuple[int, int, str]]) -> str | None:
    try:
        return verification.fault(text, changed(text, changes))
    except ValueError as problem:
        return str(problem)


def _left_as_it_was(module: Module, fault: str) -> Iterator[Finding]:
    moves = [it for it in module.found if it.code in REWRITES]
    yield from (it for it in module.found if it.code not in REWRITES)
    yield replace(
        min(moves),
        code="TFM003",
        message=f"the file is not changed, because {fault}; replace its names by hand, and report "
        "this",
    )


def _rewrite(module: Module, resolver: Resolver, imports: Imports) -> None:
    reader = module.reader
    replaced = _replaced(module, resolver)
    for statement in reader.from_imports:
        _from_import(module, imports, statement, replaced)
    done: set[cst.CSTNode] = set()
    for node in reader.named:
        parent = module.parents[node]
        if parent in done and isinstance(parent, cst.Attribute):
            done.add(node)
        else:
            reach = resolver.reach(node)
            if _new_names(reach):
                _name(module, imports, node, reach, replaced)
                done.add(node)
            else:
                remainder.unmoved(module, resolver, node, reach)
    remainder.report(module, resolver)
    for call in reader.calls:
        if _is_session(resolver.reach(call.func)):
            for place, code, message in call_checks.check_call(call):
                module.report(place, code, message)
    imports.settle()


def _is_session(reach: Reach) -> bool:
    return bool(reach.paths) and all(
        TABLE.get(plain(path), path) == f"{NEW}.{SESSION}" for path in reach.paths
    )


def _new_names(reach: Reach) -> set[str]:
    return {TABLE[plain(path)] for path in reach.paths if plain(path) in TABLE}


def _name(
    module: Module, imports: Imports, node: cst.Attribute, reach: Reach, replaced: set[str]
) -> None:
    """Replaces a dotted name, or reports why not."""
    new = _new_names(reach)
    others = {path for path in reach.paths if plain(path) not in TABLE}
    (name,) = new
    old = min(path for path in reach.paths if plain(path) in TABLE)
    if any(node is target for target, _ in module.reader.targets):
        module.report(
            node,
            "TFM203",
            f"{old} is replaced or deleted here, which does not change {name}; patch {name}, or "
            "the code that uses it",
        )
    elif others:
        lines = sorted({module.lines(each)[0] for each in reach.others})
        why = f", bound on line {' and '.join(map(str, lines))}" if lines else ""
        if reach.reasons:
            why = f", because {' or '.join(sorted(reach.reasons))}"
        module.report(
            node,
            "TFM205",
            f"may be {old}, which {name} replaces, or something else with the same name{why}"
            "; use two different names",
        )
    elif name in replaced:
        module.report(node, "TFM203", _is_replaced(old, name))
    elif module.report(node, "TFM101", f"replace {old} with {name}"):
        imports.use(node, reach)


def _is_replaced(old: str, name: str) -> str:
    return (
        f"{old} may be replaced in this module, which does not change {name}; patch the code that "
        "uses it, and run again"
    )


def _replaced(module: Module, resolver: Resolver) -> set[str]:
    """Returns the names of tfmts_compat whose old names the module replaces or deletes."""
    reader = module.reader
    old = set(map(plain, reader.patched))
    for target, value in reader.targets:
        paths = {plain(path) for path in resolver.reach(target).paths}
        values = resolver.reach(value).paths if value else ()
        if paths != set(map(plain, values)) or paths & TABLE.keys():
            old |= paths
    for lookup, holder, name in reader.lookups:  # mock.patch.object(tf.train, "Scaffold")
        if not (isinstance(lookup, cst.Call) and last_name(lookup.func) in ("getattr", "hasattr")):
            old |= set(map(plain, resolver.holds(holder, name).paths))
    for call in reader.calls:
        if last_name(call.func) in ("setattr", "delattr") and len(call.args) > 1:
            named = call.args[1].value
            attribute = f".{named.raw_value}" if isinstance(named, cst.SimpleString) else ""
            old |= {plain(path + attribute) for path in resolver.reach(call.args[0].value).paths}
    return {new for path, new in TABLE.items() if any(_is_in(path, each) for each in old)}


def _is_in(path: str, holder: str) -> bool:
    return path == holder or path.startswith(f"{holder}.")


def _from_import(
    module: Module, imports: Imports, statement: cst.ImportFrom, replaced: set[str]
) -> None:
    if statement.relative or statement.module is None:
        return
    path = re.sub(r"[\s\\]", "", cst.Module([]).code_for_node(statement.module))
    if isinstance(statement.names, cst.ImportStar):
        if plain(path) in MODULES or plain(path) in ("tensorflow", "tensorflow.compat"):
            module.report(
                statement,
                "TFM202",
                f"may import names that tfmts_compat replaces; import the names that you use from "
                f"{path} one by one, and run again",
            )
        return
    moved = []
    for alias in statement.names:
        old = f"{path}.{alias.evaluated_name}"
        new = TABLE.get(plain(old))
        if new in replaced:
            module.report(alias, "TFM203", _is_replaced(old, new))
        elif new and module.report(alias, "TFM101", f"replace {old} with {new}"):
            moved.append(alias)
        if not new:
            remainder.from_import(module, alias, f"{path}.{alias.evaluated_name}")
    if moved:
        imports.move(statement, moved)
