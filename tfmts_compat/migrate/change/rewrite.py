"""Migrates one module: replaces its names, edits its imports and reports the rest."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace
from typing import Callable, Iterator, Sequence

from tfmts_compat.migrate.advise import calls, remainder
from tfmts_compat.migrate.change import verification
from tfmts_compat.migrate.change.imports import Imports, IsImported
from tfmts_compat.migrate.findings import REWRITES, Finding
from tfmts_compat.migrate.names import MODULES, NEW, SESSION, TABLE, plain
from tfmts_compat.migrate.read.effects import Replaced, replaced
from tfmts_compat.migrate.read.module import Module
from tfmts_compat.migrate.read.resolver import Reach, Resolver
from tfmts_compat.migrate.read.source import changed

_Patched = Callable[[str], str]  # returns where the old name of a name may be replaced, or ""


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
    others: Callable[[], Replaced] = dict,
) -> Result:
    """Migrates a module.

    Args:
      text: the module.
      path: its path in the findings.
      ignored: the codes that are ignored.
      is_imported: returns whether another file imports a name from this module, or None if
        this is not known.
      elsewhere: text outside the module that may use its imports.
      others: returns what the other files of the code base replace.

    Raises:
      UnreadableError: the module cannot be parsed.
    """
    module = Module(text, path, ignored)
    resolver = Resolver(module)
    _rewrite(module, resolver, Imports(module, resolver, is_imported, elsewhere), others)
    changes = module.edits.changes()
    fault = _fault(text, changes) if changes else None
    if fault:
        return Result(text, sorted(_left_as_it_was(module, fault)))
    return Result(changed(text, changes), sorted(module.found), changes)


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


def _rewrite(
    module: Module, resolver: Resolver, imports: Imports, others: Callable[[], Replaced]
) -> None:
    here = replaced(module, resolver)

    def patched(name: str) -> str:
        """Returns where the old name of a name may be replaced, or ""."""
        return "in this module" if name in here else others().get(name, "")

    for statement in module.imports:
        if isinstance(statement, ast.ImportFrom) and not statement.level:
            _from_import(module, imports, statement, patched)
    done: set[ast.AST] = set()
    for node in module.named:
        if module.parents[node] in done and isinstance(module.parents[node], ast.Attribute):
            done.add(node)
            continue
        reach = resolver.reach(node)
        if _new_names(reach):
            _name(module, imports, node, reach, patched)
            done.add(node)
        else:
            remainder.unmoved(module, resolver, node, reach)
    remainder.report(module, resolver)
    for call in module.calls:
        if _is_session(resolver.reach(call.func)):
            for place, code, message in calls.check_call(call):
                module.report(place, code, message)
    remainder.ends_support(module, resolver, imports.changed)
    imports.settle()


def _is_session(reach: Reach) -> bool:
    return bool(reach.paths) and all(
        TABLE.get(plain(path), path) == f"{NEW}.{SESSION}" for path in reach.paths
    )


def _new_names(reach: Reach) -> set[str]:
    return {TABLE[plain(path)] for path in reach.paths if plain(path) in TABLE}


def _name(
    module: Module,
    imports: Imports,
    node: ast.Attribute,
    reach: Reach,
    patched: _Patched,
) -> None:
    """Replaces a dotted name, or reports why not."""
    (name,) = _new_names(reach)
    others = {path for path in reach.paths if plain(path) not in TABLE}
    old = min(path for path in reach.paths if plain(path) in TABLE)
    if any(node is target for target, _ in module.targets):
        module.report(
            node,
            "TFM203",
            f"{old} is replaced or deleted here, {remainder.of_patch(old, name)}",
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
    elif patched(name):
        module.report(node, "TFM203", _is_replaced(old, name, patched(name)))
    elif not module.is_found(node):
        module.report(
            node,
            "TFM209",
            f"{old} is in an f-string in which this version of Python does not say where; replace "
            f"it with {name} and import {NEW}",
        )
    elif not imports.fits(node, reach):
        module.report(
            node,
            "TFM212",
            f"{old} is used where TensorFlow is optional; import {NEW} where this code may need "
            f"it, for example in the function, and replace {old} with {name}",
        )
    elif module.report(node, "TFM101", f"replace {old} with {name}"):
        imports.use(node, reach)


def _is_replaced(old: str, name: str, where: str) -> str:
    return (
        f"{old} may be replaced {where}, which does not change {name}; patch the code that "
        "uses it, and run again"
    )


def _from_import(
    module: Module, imports: Imports, statement: ast.ImportFrom, patched: _Patched
) -> None:
    path = statement.module or ""
    if statement.names[0].name == "*":
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
        old = f"{path}.{alias.name}"
        new = TABLE.get(plain(old))
        if new and patched(new):
            module.report(alias, "TFM203", _is_replaced(old, new, patched(new)))
        elif new and module.report(alias, "TFM101", f"replace {old} with {new}"):
            moved.append(alias)
        if not new:
            remainder.from_import(module, alias, old)
    if moved:
        imports.move(statement, moved)
