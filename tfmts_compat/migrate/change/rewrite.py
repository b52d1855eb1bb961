"""Migrates one module: replaces its names, edits its imports and reports the rest."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace
from typing import Callable, Sequence

from tfmts_compat.migrate.advise import calls, remainder, removed
from tfmts_compat.migrate.change import verification
from tfmts_compat.migrate.change.imports import Imports, IsImported
from tfmts_compat.migrate.findings import REWRITES, Finding, Shift
from tfmts_compat.migrate.names import MODULES, NAMES, NEW, TABLE, plain
from tfmts_compat.migrate.read.module import Module
from tfmts_compat.migrate.read.resolver import Reach, Resolver
from tfmts_compat.migrate.read.source import Change, apply, count_lines


@dataclass(frozen=True)
class Result:
    """The result for one module or notebook."""

    text: str  # the migrated text, or the same text if nothing changes
    found: list[Finding]
    changes: list[Change] = field(default_factory=list)
    shifts: list[Shift] = field(default_factory=list)


def rewrite(
    text: str,
    path: str,
    ignored: Sequence[str] = (),
    *,
    is_imported: IsImported = lambda name: False,  # noqa: ARG005
    elsewhere: str = "",
    others: Callable[[], remainder.Replaced] = dict,
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
    imports = Imports(module, is_imported, elsewhere)
    replaced = remainder.find_replaced(module, resolver)
    _Rewrite(module, resolver, imports, replaced, others).run()
    remainder.report(module, resolver)
    sessions = calls.find_sessions(module, resolver)
    calls.report(module, sessions)
    imports.settle()
    remainder.report_end_of_support(module, resolver, imports.changed)
    removed.report(module, resolver, sessions, elsewhere)
    changes = module.edits.changes()
    try:
        new = apply(text, changes)
        fault = verification.find_fault(text, new, imports.kept) if changes else None
    except ValueError as problem:
        fault = str(problem)
    if fault:
        left = [finding for finding in module.found if finding.code not in REWRITES]
        first = min(finding for finding in module.found if finding.code in REWRITES)
        why = (
            f"the file is not changed, because {fault}; replace its names by hand, and report this"
        )
        return Result(text, sorted([*left, replace(first, code="TFM003", message=why)]))
    shifts = [(path, line, more) for line, more in count_lines(text, changes)]
    return Result(new, sorted(module.found), changes, shifts)


@dataclass
class _Rewrite:
    """Finds the names of a module that move, and reports why others do not."""

    _module: Module
    _resolver: Resolver
    _imports: Imports
    _replaced: remainder.Replaced  # by the module
    _others: Callable[[], remainder.Replaced]  # what other files replace

    def run(self) -> None:
        """Passes the names that move to the imports."""
        for statement in self._module.nodes[ast.ImportFrom]:
            if not statement.level:
                self._move_names(statement)
        for node in self._module.nodes[ast.Attribute]:
            if node.attr in NAMES:
                reach = self._resolver.reach(node)
                if any(plain(path) in TABLE for path in reach.paths):
                    self._replace_name(node, reach)
                else:
                    remainder.report_name(self._module, node, reach)

    def _replace_name(self, node: ast.Attribute, reach: Reach) -> None:
        """Replaces a dotted name, or reports why not."""
        module = self._module
        old = min(path for path in reach.paths if plain(path) in TABLE)
        name = TABLE[plain(old)]
        if not isinstance(node.ctx, ast.Load):
            why = remainder.explain_patch(old, name)
            module.report(node, "TFM203", f"{old} is replaced or deleted here, {why}")
        elif any(plain(path) not in TABLE for path in reach.paths):
            lines = sorted({module.lines(other)[0] for other in reach.others})
            why = f", bound on line {' and '.join(map(str, lines))}" if lines else ""
            if reach.reasons:
                why = f", because {' or '.join(sorted(reach.reasons))}"
            module.report(
                node,
                "TFM205",
                f"may be {old}, which {name} replaces, or something else with the same name{why}"
                "; use two different names",
            )
        elif self._report_replaced(node, old, name):
            pass
        elif module.with_position(node) is not node or "#" in module.code(node.value):
            module.report(
                node,
                "TFM209",
                f"{old} is in an f-string, or has a comment between its parts, so that it cannot "
                f"be replaced by this version of Python; replace it with {name} and import {NEW}",
            )
        else:
            self._imports.use(node, reach)

    def _report_replaced(self, node: ast.AST, old: str, name: str) -> bool:
        """Reports a name that the module or another file replaces, and returns True, or False."""
        where = "in this module" if name in self._replaced else self._others().get(name, "")
        if where:
            self._module.report(
                node,
                "TFM203",
                f"{old} may be replaced {where}, which does not change {name}; patch the code that "
                "uses it, and run again",
            )
        return bool(where)

    def _move_names(self, statement: ast.ImportFrom) -> None:
        path = statement.module or ""
        if statement.names[0].name == "*":
            if plain(path) in (*MODULES, "tensorflow", "tensorflow.compat"):
                self._module.report(
                    statement,
                    "TFM202",
                    "may import names that tfmts_compat replaces; import the names that you use "
                    f"from {path} one by one, and run again",
                )
            return
        moved = []
        for alias in statement.names:
            old = f"{path}.{alias.name}"
            new = TABLE.get(plain(old))
            if not new:
                remainder.report_path(self._module, alias, old)
            elif not self._report_replaced(alias, old, new):
                moved.append((alias, old, new))
        self._imports.move(statement, moved)
