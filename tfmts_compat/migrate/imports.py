"""The import statements of a migrated module: what comes in, what goes."""

from __future__ import annotations

import re
from typing import Sequence

import libcst as cst
from libcst.metadata import GlobalScope, ImportAssignment, Scope

from tfmts_compat.migrate.module import Module
from tfmts_compat.migrate.names import NEW
from tfmts_compat.migrate.scopes import Reach
from tfmts_compat.migrate.statements import Statements

_Import = (cst.Import, cst.ImportFrom)


class Imports:
    """Collects what the names of a module need, then edits its imports once."""

    def __init__(self, module: Module, *, keeps_unused: bool, elsewhere: str) -> None:
        self._module = module
        self._statements = Statements(module)
        self._elsewhere = elsewhere
        self._keeps_unused = keeps_unused
        self._uses: list[tuple[cst.Attribute, Reach]] = []
        self._moved: dict[cst.ImportFrom, list[cst.ImportAlias]] = {}

    def use(self, node: cst.Attribute, reach: Reach) -> None:
        """Notes that a dotted name becomes a name of tfmts_compat."""
        self._uses.append((node, reach))

    def move(self, statement: cst.ImportFrom, aliases: list[cst.ImportAlias]) -> None:
        """Notes that `from ... import` takes these names from tfmts_compat now."""
        self._moved[statement] = aliases

    def settle(self) -> None:
        """Writes the edits: the names, the imports they need, the imports left over."""
        name = self._local_name()
        gone = dict.fromkeys(self._left_over())
        anchors = self._anchors()
        for node, _ in self._uses:  # the last name stays what it is
            self._module.edits.replace(*self._module.span(node.value), name)
        text = f"import {NEW}" if name == NEW else f"import {NEW} as {name}"
        dropped: dict[cst.CSTNode, list[cst.ImportAlias]] = {}
        for statement, alias in gone:
            dropped.setdefault(statement, []).append(alias)
        for anchor, where in anchors.items():
            self._module.report(anchor, "TFM102", f"needs {text}")
            if where == "beside" and self._is_all(anchor, dropped.get(anchor)):
                self._module.edits.replace(*self._module.span(anchor), text)
                del dropped[anchor]
            elif where == "before":
                self._statements.put_before(anchor, text)
            else:
                self._statements.put_after(anchor, text)
        for statement in self._moved.keys() | dropped.keys():
            self._drop(statement, dropped.get(statement, []))

    def _local_name(self) -> str:
        """tfmts_compat, or a free name where the module means something else by that."""
        module = self._module
        for node, _ in self._uses:
            scope = module.scopes.get(_first(node))
            if scope and scope[NEW]:
                reach = module.resolver.named(NEW, scope)
                if reach.paths != {NEW}:
                    name = f"{NEW}_"
                    while re.search(rf"\b{name}\b", module.edits.text):
                        name += "_"
                    return name
        return NEW

    def _anchors(self) -> dict[cst.CSTNode, str]:
        """The statements that `import tfmts_compat` goes beside, before or after."""
        module = self._module
        name = self._local_name()
        missing = [
            (node, reach)
            for node, reach in self._uses
            if not ((scope := module.scopes.get(_first(node))) and name == NEW and scope[NEW])
        ]
        local: dict[Scope, list[cst.CSTNode]] = {}
        top: list[cst.CSTNode] = []
        for _, reach in missing:
            scopes = {each.scope for each in reach.imports}
            statements = [each.node for each in reach.imports]
            if len(scopes) == 1 and not isinstance(scope := scopes.pop(), GlobalScope):
                local.setdefault(scope, []).extend(statements)
            else:
                top += statements
        # Wherever a function binds the old name it binds the new one, in each branch.
        anchors: dict[cst.CSTNode, str] = {
            statement: "beside" for statements in local.values() for statement in statements
        }
        if top:
            first_use = min(module.lines(node)[0] for node, _ in missing)
            anchors.update([self._top_anchor(top, first_use)])
        return anchors

    def _top_anchor(self, statements: list[cst.CSTNode], first_use: int) -> tuple[cst.CSTNode, str]:
        module = self._module
        first = min(statements, key=module.lines)
        plain = [each for each in statements if self._outermost(each) is module.parents[each]]
        if plain and module.lines(min(plain, key=module.lines))[0] <= first_use:
            return min(plain, key=module.lines), "beside"
        outer = self._outermost(first)
        ends = module.lines(outer)[1]
        used_inside = any(self._outermost(node) is outer for node, _ in self._uses)
        after = isinstance(outer, (cst.If, cst.Try)) and not used_inside and first_use > ends
        return outer, "after" if after else "before"

    def _outermost(self, node: cst.CSTNode) -> cst.CSTNode:
        """The statement of the module's own body that a node is in."""
        parents = self._module.parents
        while not isinstance(parents[node], cst.Module):
            node = parents[node]
        return node

    def _left_over(self) -> list[tuple[cst.CSTNode, cst.ImportAlias]]:
        """The imports that had no use but those that moved."""
        if self._keeps_unused:
            return []
        moved = {_first(node) for node, _ in self._uses}
        candidates = {each for _, reach in self._uses for each in reach.imports}
        found = []
        for each in sorted(candidates, key=lambda each: self._module.lines(each.node)):
            alias = _alias_of(each)
            if alias is None or self._is_kept(each, alias):
                continue
            bound = each.name.split(".")[0]
            same = [other for other in each.scope.assignments
                    if other.name.split(".")[0] == bound]  # fmt: skip
            uses = [_first(access.node) for other in same for access in other.references]
            if all(use in moved for use in uses) and self._module.report(
                alias, "TFM103", f"{bound} has no use any more"
            ):
                found.append((each.node, alias))
        return list(dict.fromkeys(found))

    def _is_kept(self, each: ImportAssignment, alias: cst.ImportAlias) -> bool:
        """Whether an import has a purpose beside its uses here."""
        text = self._module.edits.text
        if alias.asname and alias.evaluated_alias == alias.evaluated_name:
            return True  # import x as x: a re-export
        if "__all__" in text and re.search(rf"""["']{each.name}["']""", text):
            return True
        if re.search(rf"\b{each.name}\b", self._elsewhere):
            return True
        node: cst.CSTNode = each.node
        while not isinstance(node, cst.Module):
            node = self._module.parents[node]
            if isinstance(node, (cst.Try, cst.TryStar)):
                return True  # whether it can be imported is what is tried
        return False

    @staticmethod
    def _is_all(statement: cst.CSTNode, aliases: Sequence[cst.ImportAlias] | None) -> bool:
        return (
            bool(aliases)
            and isinstance(statement, _Import)
            and not isinstance(statement.names, cst.ImportStar)
            and len(aliases or ()) == len(statement.names)
        )

    def _drop(self, statement: cst.CSTNode, unused: Sequence[cst.ImportAlias]) -> None:
        """Takes moved and unused names out of an import, or the whole of it."""
        edits, span = self._module.edits, self._module.span
        assert isinstance(statement, _Import)
        assert not isinstance(statement.names, cst.ImportStar)
        moved = self._moved.get(statement, []) if isinstance(statement, cst.ImportFrom) else []
        code = self._module.tree.code_for_node
        listed = ", ".join(code(alias.with_changes(comma=cst.MaybeSentinel.DEFAULT)).strip()
                           for alias in moved)  # fmt: skip
        kept = [alias for alias in statement.names if alias not in (*moved, *unused)]
        if not kept:
            if moved and not unused and isinstance(statement, cst.ImportFrom) and statement.module:
                edits.replace(*span(statement.module), NEW)
            elif moved:
                edits.replace(*span(statement), f"from {NEW} import {listed}")
            else:
                self._statements.take_out(statement)
            return
        names = list(statement.names)
        last_kept = names.index(kept[-1])
        for index, alias in enumerate(names[:last_kept]):
            if alias not in kept:
                edits.replace(span(alias)[0], span(names[index + 1])[0], "")
        if last_kept + 1 < len(names):
            edits.replace(span(kept[-1])[1], span(names[-1])[1], "")
        if moved:
            self._statements.put_after(statement, f"from {NEW} import {listed}")


def _first(node: cst.CSTNode) -> cst.CSTNode:
    while isinstance(node, cst.Attribute):
        node = node.value
    return node


def _alias_of(each: ImportAssignment) -> cst.ImportAlias | None:
    names = each.node.names if isinstance(each.node, _Import) else ()
    if isinstance(names, cst.ImportStar):
        return None
    for alias in names:
        bound = alias.evaluated_alias or alias.evaluated_name
        if bound.split(".")[0] == each.name.split(".")[0]:
            return alias
    return None
