"""Decides which imports a migrated module needs, and which of its imports are removed.

If the module cannot run without TensorFlow, one `import tfmts_compat` in its own body, before the
first use, is enough: it is fast, does not import TensorFlow, and every scope can use it. Otherwise
the import is added wherever TensorFlow is imported: in the same function, branch or `try`. A name
that `from ... import` binds is still bound in the same place.
"""

from __future__ import annotations

import ast
import functools
import re
from typing import Callable, Optional

from tfmts_compat.migrate.change.statements import Statements, is_simple, leading
from tfmts_compat.migrate.names import NEW, is_known
from tfmts_compat.migrate.read.effects import Needs
from tfmts_compat.migrate.read.module import Binding, Import, Module, Scope, first_of, string
from tfmts_compat.migrate.read.resolver import Reach, Resolver, is_none

IsImported = Callable[[str], Optional[bool]]
_WORD = re.compile(r"\w")
_RUNS_STRINGS = re.compile(r"(?<![.\w])(?:exec|eval)\(")
_Unused = "dict[ast.stmt, list[ast.alias]]"


class Imports:
    """Collects the names that change, and then edits the imports of the module once."""

    def __init__(
        self, module: Module, resolver: Resolver, is_imported: IsImported, elsewhere: str
    ) -> None:
        self._module = module
        self._resolver = resolver
        self._statements = Statements(module)
        self._needs = Needs(resolver)
        self._elsewhere = elsewhere
        self._is_imported = is_imported
        self._uses: list[tuple[ast.Attribute, Reach]] = []
        self._moved: dict[ast.stmt, list[ast.alias]] = {}

    def fits(self, node: ast.Attribute, reach: Reach) -> bool:
        """Returns whether there is a place for the import that a name of tfmts_compat needs.

        There is none if TensorFlow is optional and this module does not import it itself.
        """
        if self._needs.first:
            return True
        return bool(reach.imports) and all(self._fits(node, each) for each in reach.imports)

    @property
    def changed(self) -> list[ast.AST]:
        """The names that change, and the imports that bind names of tfmts_compat."""
        return [*(node for node, _ in self._uses), *self._moved]

    def use(self, node: ast.Attribute, reach: Reach) -> None:
        """Records that a dotted name becomes a name of tfmts_compat."""
        self._uses.append((node, reach))

    def move(self, statement: ast.ImportFrom, aliases: list[ast.alias]) -> None:
        """Records that these names of a `from ... import` are imported from tfmts_compat."""
        self._moved[statement] = aliases

    def settle(self) -> None:
        """Edits the names, adds the imports that they need, and removes unused imports."""
        unused: dict[ast.stmt, list[ast.alias]] = {}
        for statement, alias in self._unused():
            unused.setdefault(statement, []).append(alias)
        added: list[tuple[ast.stmt, str]] = []
        if self._uses:
            name = self._local_name
            if self._needs.first:
                name = self._existing() or self._free_name()
                if not self._existing():
                    added = self._add_import(name, unused)
            else:
                added = self._add_imports(name, unused)
            for node, _ in self._uses:  # the last name does not change
                self._rename(node, name)
        self._drop(unused)
        for anchor, text in added:
            self._statements.add_below(anchor, text)

    def _rename(self, node: ast.Attribute, name: str) -> None:
        start, end = self._module.span(node.value)
        if not self._module.is_found(node.value):  # in an f-string
            start, end = self._module.span(node)
            name = f"{name}.{node.attr}"
        text = self._module.edits.text[start:end]
        if "#" in text:  # comments between the parts of the dotted name are kept
            parts = re.findall(r"#[^\r\n]*|\w+|\.|[^\w.#]+", text)
            first = next(index for index, part in enumerate(parts) if _WORD.match(part))
            parts[first] = name
            rest = [part for part in parts[first + 1 :] if part != "." and not _WORD.match(part)]
            name = "".join([*parts[: first + 1], *rest])
        self._module.edits.replace(start, end, name)

    # The import in the body of a module that needs TensorFlow.

    def _first_use(self) -> int:
        """Returns the start of the first statement of the module's body that uses a name."""
        return min(self._start(self._module.statement(node)) for node, _ in self._uses)

    def _start(self, statement: ast.stmt) -> int:
        first = min((statement, *getattr(statement, "decorator_list", ())), key=_line)
        return self._module.span(first)[0]

    def _existing(self) -> str | None:
        """Returns the local name of an existing import of tfmts_compat in the module's body."""
        for line in self._module.tree.body:
            if self._start(line) >= self._first_use():
                return None
            for alias in line.names if isinstance(line, ast.Import) else ():
                if alias.name == NEW and self._is_ours(alias.asname or NEW):
                    return alias.asname or NEW
        return None

    def _is_ours(self, name: str) -> bool:
        """Returns whether a name can only be tfmts_compat wherever it is needed."""
        module = self._module
        if re.search(rf"\bdel\b.*\b{name}\b", module.edits.text):
            return False
        scopes = {module.scopes[first_of(node)] for node, _ in self._uses}
        found = [each for scope in scopes for each in scope.bindings(name)]
        return all(each.path == NEW and each.scope is module.scope for each in found)

    def _free_name(self) -> str:
        name = NEW
        while not self._is_ours(name) or (
            name != NEW and re.search(rf"\b{name}\b", self._module.edits.text)
        ):
            name += "_"
        return name

    def _add_import(
        self, name: str, unused: dict[ast.stmt, list[ast.alias]]
    ) -> list[tuple[ast.stmt, str]]:
        """Imports tfmts_compat in the module's body, next to TensorFlow if possible.

        Returns:
          A block and the import to add below it when the edits of the block are complete.
        """
        module, first_use = self._module, self._first_use()
        text = _import(name)
        own = {
            each.node
            for _, reach in self._uses
            for each in reach.imports
            if each.scope.holder(each.name) is module.scope
        }
        ordered = sorted(own, key=lambda node: module.span(node)[0])
        blocks = {
            module.statement(node): node
            for node in reversed(ordered)
            if module.span(module.statement(node))[1] <= first_use
        }
        for block, node in sorted(blocks.items(), key=lambda pair: self._start(pair[0])):
            if block is node:
                self._add_next_to(node, text, unused)
                return []
        needed = [it for it in blocks if isinstance(it, ast.If) or hasattr(it, "handlers")]
        head = leading(module)
        first = self._needs.first
        if first and not needed and module.span(first)[1] <= first_use:
            needed = [first]
        anchors = sorted(needed, key=self._start)[:1] or head[-1:]
        module.report((*anchors, module.tree.body[0])[0], "TFM102", f"add {text}")
        if not anchors:
            self._statements.add_first(text)
        elif is_simple(anchors[0]) and anchors[0] is first:
            self._statements.add_after(anchors[0], text)
            return []
        return [(anchor, text) for anchor in anchors]

    def _add_next_to(
        self, node: ast.AST, text: str, unused: dict[ast.stmt, list[ast.alias]]
    ) -> None:
        """Adds an import below the import of TensorFlow, or in its place if it is not used."""
        assert isinstance(node, Import)
        near: ast.stmt = node
        is_whole = len(unused.get(node, [])) == len(node.names)
        if is_whole and self._statements.is_in_order(node, text):
            self._module.edits.replace(*self._module.span(node), text)
            del unused[node]
        else:
            near = self._statements.add_sorted(node, text)
        self._module.report(near, "TFM102", f"add {text}")

    # The imports in a module that works without TensorFlow.

    @functools.cached_property
    def _local_name(self) -> str:
        """The name of tfmts_compat in all scopes of a module that works without TensorFlow."""
        module, name = self._module, NEW
        bound = {it for scope in module.scopes.values() for it in scope.bound.get(name, ())}
        if any(it.path != NEW and not is_none(it.value) for it in bound):
            name += "_"
            while re.search(rf"\b{name}\b", module.edits.text):
                name += "_"
        return name

    def _fits(self, node: ast.Attribute, binding: Binding) -> bool:
        """Returns whether tfmts_compat can be imported where a use's TensorFlow is imported."""
        if not (binding.alias and self._needs.needs(_statement(binding))):
            return False
        holder = binding.scope.holder(binding.name)
        scope: Scope | None = self._module.scopes[first_of(node)]
        while scope and scope is not holder:
            if self._local_name in (*scope.bound, *scope.declared):
                return False
            scope = scope.outer
        is_global = holder is self._module.scope and binding.scope is not holder
        if (
            scope is None
            or holder.kind == "class"
            or (binding.scope is not holder and not is_global)
        ):
            return False
        return not is_global or self._module.span(binding.node) < self._module.span(node)

    def _add_imports(
        self, name: str, unused: dict[ast.stmt, list[ast.alias]]
    ) -> list[tuple[ast.stmt, str]]:
        """Imports tfmts_compat in each block in which TensorFlow is imported.

        Returns:
          The other assignments of None to TensorFlow, and the same for tfmts_compat.
        """
        module = self._module
        bindings = {each for _, reach in self._uses for each in reach.imports}
        blocks: dict[int, list[Binding]] = {}
        for each in sorted(bindings, key=lambda it: module.span(it.node)[0]):
            blocks.setdefault(id(module.block(each.node)), []).append(each)
        for first, *_ in blocks.values():
            text = _import(name)
            if first.scope.declared.get(first.name) == "global":
                text = f"global {name}\n{text}"
            if not _has(module.block(first.node), name):
                self._add_next_to(first.node, text, unused)
        fallbacks = {
            each.node: (each.node, f"{name} = None")
            for it in bindings
            for each in it.scope.holder(it.name).bound[it.name]
            if is_none(each.value) and isinstance(each.node, ast.Assign)
        }
        added: list[tuple[ast.stmt, str]] = []
        for statement, text in fallbacks.values():
            if any(_is_fallback(it, name) for it in module.block(statement)):
                continue
            if is_simple(statement) and self._statements.has_a_line(statement):
                added.append((statement, text))
            else:
                self._statements.add_after(statement, text)
        return added

    # The imports that are no longer used.

    def _unused(self) -> list[tuple[ast.stmt, ast.alias]]:
        """Returns the imports that only the moved names used."""
        module = self._module
        moved = {first_of(node) for node, _ in self._uses}
        dotted = {module.code(node) for node, _ in self._uses}
        candidates = {each for _, reach in self._uses for each in reach.imports}
        found: list[tuple[ast.stmt, ast.alias]] = []
        for each in sorted(candidates, key=lambda each: module.span(each.alias or each.node)):
            alias, statement, bound = each.alias, _statement(each), each.name
            if alias is None or self._is_kept(each, alias):
                continue
            is_dotted = isinstance(statement, ast.Import) and "." in alias.name and not alias.asname
            if is_dotted and not any(use.startswith(f"{alias.name}.") for use in dotted):
                continue  # no name was accessed through it: it is imported for its effect
            holder = each.scope.holder(bound)
            reads = (
                node
                for node in module.reads.get(bound, ())
                if set(module.scopes[node].bindings(bound)).intersection(holder.bound[bound])
            )
            if not moved.issuperset(reads):
                continue
            is_imported = holder is module.scope and self._is_imported(bound)
            if is_imported:
                continue
            why = ""
            if is_imported is None:
                why = "another file imports it from here"
            elif _RUNS_STRINGS.search(module.edits.text):
                why = "code in a string uses it"
            elif not _is_of_tensorflow(statement, alias):
                why = "the import has another purpose"
            if why:
                module.report(alias, "TFM104", f"{bound} is no longer used; remove it unless {why}")
            elif module.report(alias, "TFM103", f"{bound} is no longer used"):
                found.append((statement, alias))
        return found

    @functools.cached_property
    def _strings(self) -> list[str]:
        return [text for text in map(string, ast.walk(self._module.tree)) if text]

    def _is_kept(self, each: Binding, alias: ast.alias) -> bool:
        """Returns whether an import may have a purpose other than its uses in this module."""
        name = alias.asname or alias.name
        if name == alias.name and alias.asname:
            return True  # import x as x: a re-export
        if each.scope.kind == "class":
            return True  # self.x, cls.x
        name = re.escape(name)
        # __all__ and eval("x.y"), a doctest, a type comment, nonlocal
        named = re.compile(rf"\s*{name}(?:[.\[(]|$)|(?:.*\n)*?\s*(?:>>>|\.\.\.).*\b{name}\b")
        if any(map(named.match, self._strings)):
            return True
        code = re.compile(rf"(?:#\s*type:|\bnonlocal\b).*\b{name}\b")
        if code.search(self._module.edits.text) or re.search(rf"\b{name}\b", self._elsewhere):
            return True
        # the statement tests whether the import works
        return any(hasattr(node, "handlers") for node in self._module.outer(each.node))

    def _drop(self, unused: dict[ast.stmt, list[ast.alias]]) -> None:
        """Removes moved and unused names from their imports, or whole imports."""
        whole = []
        for statement in dict.fromkeys([*self._moved, *unused]):
            assert isinstance(statement, Import)
            moved = self._moved.get(statement, [])
            removed = [*moved, *unused.get(statement, [])]
            kept = [alias for alias in statement.names if alias not in removed]
            if kept:
                self._statements.keep_names(statement, kept)
            elif not moved:
                whole.append(statement)
            if moved and not kept:
                self._module.edits.replace(*self._module.parts(statement)[0], NEW)
            elif moved:
                text = self._statements.from_import(statement, moved)
                self._statements.add_sorted(statement, text)
        self._statements.remove(whole)


def _import(name: str) -> str:
    return f"import {NEW}" if name == NEW else f"import {NEW} as {name}"


def _has(block: list[ast.stmt], name: str) -> bool:
    """Returns whether a block imports tfmts_compat under a name."""
    return any(
        alias.name == NEW and (alias.asname or NEW) == name
        for it in block
        if isinstance(it, ast.Import)
        for alias in it.names
    )


def _is_fallback(statement: ast.stmt, name: str) -> bool:
    return (
        isinstance(statement, ast.Assign)
        and is_none(statement.value)
        and any(isinstance(it, ast.Name) and it.id == name for it in statement.targets)
    )


def _statement(binding: Binding) -> ast.stmt:
    assert isinstance(binding.node, ast.stmt)
    return binding.node


def _line(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 1))


def _is_of_tensorflow(statement: ast.stmt, alias: ast.alias) -> bool:
    """Returns whether an import names a package of TensorFlow."""
    if isinstance(statement, ast.ImportFrom):
        return not statement.level and is_known(statement.module or "")
    return is_known(alias.name)
