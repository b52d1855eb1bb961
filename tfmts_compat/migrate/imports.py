"""Decides which imports a migrated module needs, and which of its imports are removed.

One `import tfmts_compat` in the module's own body, before the first use, is enough: it is fast,
does not import TensorFlow, and every scope can use it. A name that `from ... import` binds is still
bound in the same place.
"""

from __future__ import annotations

import re
from typing import Callable, Optional

import libcst as cst
from libcst.metadata import ClassScope, GlobalScope, ImportAssignment

from tfmts_compat.migrate.module import Module
from tfmts_compat.migrate.names import NEW, is_known
from tfmts_compat.migrate.resolver import Reach, Resolver
from tfmts_compat.migrate.statements import Import, Statements, leading

IsImported = Callable[[str], Optional[bool]]
_WORD = re.compile(r"\w")
_RUNS_STRINGS = re.compile(r"(?<![.\w])(?:exec|eval)\(")


class Imports:
    """Collects the names that change, and then edits the imports of the module once."""

    def __init__(
        self, module: Module, resolver: Resolver, is_imported: IsImported, elsewhere: str
    ) -> None:
        self._module = module
        self._resolver = resolver
        self._statements = Statements(module)
        self._elsewhere = elsewhere
        self._is_imported = is_imported
        self._uses: list[tuple[cst.Attribute, Reach]] = []
        self._moved: dict[cst.ImportFrom, list[cst.ImportAlias]] = {}

    def use(self, node: cst.Attribute, reach: Reach) -> None:
        """Records that a dotted name becomes a name of tfmts_compat."""
        self._uses.append((node, reach))

    def move(self, statement: cst.ImportFrom, aliases: list[cst.ImportAlias]) -> None:
        """Records that these names of a `from ... import` are imported from tfmts_compat."""
        self._moved[statement] = aliases

    def settle(self) -> None:
        """Edits the names, adds the import that they need, and removes unused imports."""
        unused: dict[cst.CSTNode, list[cst.ImportAlias]] = {}
        for statement, alias in self._unused():
            unused.setdefault(statement, []).append(alias)
        after = None
        if self._uses:
            name = self._existing()
            if name is None:
                name = self._free_name()
                after = self._add_import(name, unused)
            for node, _ in self._uses:  # the last name does not change
                self._rename(node, name)
        self._drop(unused)
        if after:
            self._statements.add_after(*after)

    def _rename(self, node: cst.Attribute, name: str) -> None:
        start, end = self._module.span(node.value)
        text = self._module.edits.text[start:end]
        if "#" in text:  # comments between the parts of the dotted name are kept
            parts = re.findall(r"#[^\r\n]*|\w+|\.|[^\w.#]+", text)
            first = next(index for index, part in enumerate(parts) if _WORD.match(part))
            parts[first] = name
            rest = [part for part in parts[first + 1 :] if part != "." and not _WORD.match(part)]
            name = "".join([*parts[: first + 1], *rest])
        self._module.edits.replace(start, end, name)

    def _first_use(self) -> int:
        """Returns the start of the first statement of the module's body that uses a name."""
        return min(self._module.span(self._part(node))[0] for node, _ in self._uses)

    def _existing(self) -> str | None:
        """Returns the local name of an existing import of tfmts_compat in the module's body."""
        for line in self._module.tree.body:
            if self._module.span(line)[0] >= self._first_use():
                return None
            for part in getattr(line, "body", ()) if _is_simple(line) else ():
                for alias in part.names if isinstance(part, cst.Import) else ():
                    name = alias.evaluated_alias or alias.evaluated_name
                    if alias.evaluated_name == NEW and self._is_ours(name):
                        return name
        return None

    def _is_ours(self, name: str) -> bool:
        """Returns whether a name can only be tfmts_compat wherever it is needed."""
        module = self._module
        if name in module.reader.captured or re.search(rf"\bdel\b.*\b{name}\b", module.edits.text):
            return False
        for node, _ in self._uses:
            scope = module.scopes.get(_first(node))
            for each in scope[name] if scope else ():
                if not (
                    isinstance(each, ImportAssignment)
                    and isinstance(each.scope, GlobalScope)
                    and self._resolver.named(name, each.scope).paths == {NEW}
                ):
                    return False
        return True

    def _free_name(self) -> str:
        name = NEW
        while not self._is_ours(name) or (
            name != NEW and re.search(rf"\b{name}\b", self._module.edits.text)
        ):
            name += "_"
        return name

    def _add_import(
        self, name: str, unused: dict[cst.CSTNode, list[cst.ImportAlias]]
    ) -> tuple[cst.CSTNode, str] | None:
        """Imports tfmts_compat in the module's body, next to TensorFlow if possible.

        Returns:
          A block and the import to add after it when the edits of the block are complete, or
          None if the import was added.
        """
        module, first_use = self._module, self._first_use()
        text = f"import {NEW}" if name == NEW else f"import {NEW} as {name}"
        imports = {each for _, reach in self._uses for each in reach.imports}
        own = [each.node for each in imports if isinstance(each.scope, GlobalScope)]
        ordered = sorted(own, key=module.span)
        before = [node for node in ordered if module.span(self._part(node))[1] <= first_use]
        for node in before:
            if _is_simple(module.parents[node]) and self._outermost(node) is module.parents[node]:
                module.report(node, "TFM102", f"add {text}")
                if isinstance(node, Import) and _are_all(node, unused.get(node, [])):
                    module.edits.replace(*module.span(node), text)
                    del unused[node]
                else:
                    self._statements.add_after(node, text)
                return None
        blocks = [self._outermost(node) for node in before]
        head = leading(module.tree)
        anchor: cst.CSTNode | None = next(
            (it for it in blocks if isinstance(it, (cst.If, cst.Try))), None
        )
        if anchor is None and head:
            anchor = head[-1]
        module.report(anchor or module.tree.body[0], "TFM102", f"add {text}")
        if anchor is None:
            self._statements.add_first(text)
            return None
        return anchor, text

    def _outermost(self, node: cst.CSTNode) -> cst.CSTNode:
        """Returns the statement of the module's own body that contains a node."""
        parents = self._module.parents
        while not isinstance(parents[node], cst.Module):
            node = parents[node]
        return node

    def _part(self, node: cst.CSTNode) -> cst.CSTNode:
        """Returns the same, but only the part of a line such as `import x; x.y()`."""
        line = self._outermost(node)
        parents = self._module.parents
        while _is_simple(line) and parents[node] is not line:
            node = parents[node]
        return node if _is_simple(line) else line

    def _unused(self) -> list[tuple[cst.CSTNode, cst.ImportAlias]]:
        """Returns the imports that only the moved names used."""
        moved = {_first(node) for node, _ in self._uses}
        dotted = {self._module.tree.code_for_node(node) for node, _ in self._uses}
        candidates = {each for _, reach in self._uses for each in reach.imports}
        found = []
        for each in sorted(candidates, key=lambda each: self._module.lines(each.node)):
            alias = _alias_of(each)
            if alias is None or self._is_kept(each, alias):
                continue
            path = alias.evaluated_name
            is_dotted = isinstance(each.node, cst.Import) and "." in path and not alias.asname
            if is_dotted and not any(use.startswith(f"{path}.") for use in dotted):
                continue  # no name was accessed through it: it is imported for its effect
            bound = each.name.split(".")[0]
            same = [other for other in each.scope.assignments
                    if other.name.split(".")[0] == bound]  # fmt: skip
            accesses = [access for other in same for access in other.references]
            # LibCST omits references above an assignment, as in a loop.
            accesses += [it for it in each.scope.accesses if _first_name(it.node) == bound]
            if not all(_first(access.node) in moved for access in accesses):
                continue
            is_imported = isinstance(each.scope, GlobalScope) and self._is_imported(bound)
            if is_imported:
                continue
            why = ""
            if is_imported is None:
                why = "another file imports it from here"
            elif _RUNS_STRINGS.search(self._module.edits.text):
                why = "code in a string uses it"
            elif not _is_of_tensorflow(each.node, alias):
                why = "the import has another purpose"
            if why:
                self._module.report(
                    alias, "TFM104", f"{bound} is no longer used; remove it unless {why}"
                )
            elif self._module.report(alias, "TFM103", f"{bound} is no longer used"):
                found.append((each.node, alias))
        return list(dict.fromkeys(found))

    def _is_kept(self, each: ImportAssignment, alias: cst.ImportAlias) -> bool:
        """Returns whether an import may have a purpose other than its uses in this module."""
        text, name = self._module.edits.text, re.escape(each.name)
        if alias.asname and alias.evaluated_alias == alias.evaluated_name:
            return True  # import x as x: a re-export
        if isinstance(each.scope, ClassScope):
            return True  # self.x, cls.x
        # __all__ and eval("x.y"), a doctest, a type comment, nonlocal
        named = (
            rf"""["']\s*{name}["'.\[(]"""
            rf"|(?:^\s*(?:>>>|\.\.\.)|#\s*type:|\bnonlocal\b).*\b{name}\b"
        )
        if re.search(named, text, re.MULTILINE) or re.search(rf"\b{name}\b", self._elsewhere):
            return True
        node: cst.CSTNode = each.node
        while not isinstance(node, cst.Module):
            node = self._module.parents[node]
            if isinstance(node, (cst.Try, cst.TryStar)):
                return True  # the statement tests whether the import works
        return False

    def _drop(self, unused: dict[cst.CSTNode, list[cst.ImportAlias]]) -> None:
        """Removes moved and unused names from their imports, or whole imports."""
        whole = []
        for statement in dict.fromkeys([*self._moved, *unused]):
            assert isinstance(statement, Import)
            assert not isinstance(statement.names, cst.ImportStar)
            moved = self._moved.get(statement, []) if isinstance(statement, cst.ImportFrom) else []
            removed = [*moved, *unused.get(statement, [])]
            kept = [alias for alias in statement.names if alias not in removed]
            if kept:
                self._statements.keep_names(statement, kept)
            elif not moved:
                whole.append(statement)
            if moved and isinstance(statement, cst.ImportFrom):
                if not kept and statement.module:
                    self._module.edits.replace(*self._module.span(statement.module), NEW)
                else:
                    text = self._statements.from_import(statement, moved)
                    self._statements.add_after(statement, text)
        self._statements.remove(whole)


def _first(node: cst.CSTNode) -> cst.CSTNode:
    while isinstance(node, cst.Attribute):
        node = node.value
    return node


def _is_simple(line: cst.CSTNode) -> bool:
    return isinstance(line, cst.SimpleStatementLine)


def _are_all(statement: cst.Import | cst.ImportFrom, aliases: list[cst.ImportAlias]) -> bool:
    return not isinstance(statement.names, cst.ImportStar) and len(aliases) == len(statement.names)


def _alias_of(each: ImportAssignment) -> cst.ImportAlias | None:
    names = each.node.names if isinstance(each.node, Import) else ()
    if isinstance(names, cst.ImportStar):
        return None
    for alias in names:
        bound = alias.evaluated_alias or alias.evaluated_name
        if bound.split(".")[0] == each.name.split(".")[0]:
            return alias
    return None


def _is_of_tensorflow(statement: cst.CSTNode, alias: cst.ImportAlias) -> bool:
    """Returns whether an import names a package of TensorFlow."""
    if isinstance(statement, cst.ImportFrom):
        module = statement.module
        return bool(module) and not statement.relative and is_known(_first_name(module))
    return is_known(alias.evaluated_name)


def _first_name(node: cst.CSTNode | None) -> str:
    first = _first(node) if node else None
    return first.value if isinstance(first, cst.Name) else ""
