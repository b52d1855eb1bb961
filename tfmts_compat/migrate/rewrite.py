"""One module's text in, the migrated text and what was found out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Sequence

import libcst as cst
from libcst.metadata import MetadataWrapper

from tfmts_compat.migrate import calls
from tfmts_compat.migrate.findings import Finding
from tfmts_compat.migrate.imports import Imports
from tfmts_compat.migrate.module import Module
from tfmts_compat.migrate.names import MODULES, NEW, SESSION, TABLE, plain
from tfmts_compat.migrate.scopes import UNKNOWN, Reach
from tfmts_compat.migrate.slim import slimmed
from tfmts_compat.migrate.source import Edits, UnreadableError, changed


@dataclass(frozen=True)
class Result:
    """What a run over one file gives.

    Attributes:
      text: the migrated text; the same where nothing had to move.
      found: every place that moved, and every place left to a person.
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
    keeps_imports: bool = False,
    elsewhere: str = "",
) -> Result:
    """Migrates a module.

    Args:
      text: the module.
      path: its name in the findings.
      ignored: codes that are switched off.
      keeps_imports: leaves imports without a use, because others may import them.
      elsewhere: text that is no part of the module, and may use what it imports.

    Raises:
      UnreadableError: it cannot be parsed.
    """
    edits = Edits(text)
    try:
        slim = slimmed(text, edits.lines)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # Syntax of another version of Python's; LibCST knows those.
        slim = text, list(range(1, len(edits.lines) + 2))
    if slim is None:
        return Result(text, [])
    try:
        wrapper = MetadataWrapper(cst.parse_module(slim[0]), unsafe_skip_copy=True)
        module = Module(edits, slim[1], wrapper, path, ignored)
        _rewrite(module, Imports(module, keeps_unused=keeps_imports, elsewhere=elsewhere))
    except cst.ParserSyntaxError as problem:
        line = slim[1][min(problem.raw_line, len(slim[1])) - 1] if slim[1] else 1
        message = problem.message.splitlines()[0] if problem.message else "invalid syntax"
        raise UnreadableError(message, line, parsed=True) from problem
    except RecursionError as problem:
        raise UnreadableError("is nested too deeply", parsed=True) from problem
    changes = edits.changes()
    return Result(changed(text, changes), sorted(module.found), changes)


def _rewrite(module: Module, imports: Imports) -> None:
    reader = module.reader
    for statement in reader.from_imports:
        _from_import(module, imports, statement)
    done: set[cst.CSTNode] = set()
    for node in reader.named:
        parent = module.parents[node]
        if parent in done and isinstance(parent, cst.Attribute):
            done.add(node)
        else:
            reach = module.resolver.reach(node)
            if _new_names(reach) and _name(module, imports, node, reach):
                done.add(node)
            elif not reach.imports:
                _through_attributes(module, node)
    _strings(module)
    for attribute in reader.private:
        module.report(
            attribute,
            "TFM204",
            "reaches into the monitored session; tfmts_compat.raw_session(session) gives "
            "the tf.compat.v1.Session beneath it",
        )
    for call in reader.calls:
        if _is_session(module.resolver.reach(call.func)):
            for place, code, message in calls.judged(call):
                module.report(place, code, message)
    imports.settle()


def _is_session(reach: Reach) -> bool:
    return bool(reach.paths) and all(
        TABLE.get(plain(path), path) == f"{NEW}.{SESSION}" for path in reach.paths
    )


def _new_names(reach: Reach) -> set[str]:
    return {TABLE[plain(path)] for path in reach.paths if plain(path) in TABLE}


def _name(module: Module, imports: Imports, node: cst.Attribute, reach: Reach) -> bool:
    """Moves a dotted name, or says why not; true if it is dealt with."""
    new = _new_names(reach)
    target = module.parents[node]
    others = {path for path in reach.paths if plain(path) not in TABLE}
    (name,) = new
    old = min(path for path in reach.paths if path != UNKNOWN)
    if isinstance(target, (cst.AssignTarget, cst.AnnAssign, cst.AugAssign, cst.Del)) and (
        node is not getattr(target, "value", None)
    ):
        module.report(
            node,
            "TFM203",
            f"{old} is replaced or deleted here, which {name} would not see; "
            f"replace what uses it, or {name}",
        )
    elif others:
        module.report(
            node,
            "TFM205",
            f"may be {old}, which is {name} now, or something else that has the same name "
            "here; give the two different names",
        )
    elif module.report(node, "TFM101", f"{old} is {name} now"):
        imports.use(node, reach)
    return True


def _through_attributes(module: Module, node: cst.Attribute) -> None:
    paths = {plain(path) for path in module.resolver.through_attributes(node)}
    for path in sorted(paths & TABLE.keys()):
        module.report(
            node,
            "TFM207",
            f"may be {path}, reached through an attribute; write {TABLE[path]} and import it",
        )


def _from_import(module: Module, imports: Imports, statement: cst.ImportFrom) -> None:
    if statement.relative or statement.module is None:
        return
    path = cst.Module([]).code_for_node(statement.module).replace(" ", "")
    if isinstance(statement.names, cst.ImportStar):
        if plain(path) in MODULES or plain(path) in ("tensorflow", "tensorflow.compat"):
            module.report(
                statement,
                "TFM202",
                f"may bring names in that tfmts_compat has; import by name what {path} is "
                "needed for, and run again",
            )
        return
    moved = []
    for alias in statement.names:
        new = TABLE.get(plain(f"{path}.{alias.evaluated_name}"))
        if new and module.report(alias, "TFM101", f"{path}.{alias.evaluated_name} is {new} now"):
            moved.append(alias)
    if moved:
        imports.move(statement, moved)


def _strings(module: Module) -> None:
    reader = module.reader
    for call, name in reader.lookups:
        reach = module.resolver.reach(call.args[0].value)
        paths = {plain(f"{path}.{name}") for path in reach.paths} & TABLE.keys()
        for path in sorted(paths):
            module.report(
                call, "TFM201", f"looks {path} up by a string; {TABLE[path]} is its place now"
            )
    for node, path in reader.quoted:
        scope = module.scopes.get(node)
        first, _, rest = path.partition(".")
        starts = module.resolver.named(first, scope).paths if scope else ()
        old = {plain(f"{start}.{rest}") for start in starts}
        for found in sorted(old & TABLE.keys()):
            module.report(
                node, "TFM206", f"names {found} in quotes; write {TABLE[found]} and import it"
            )
