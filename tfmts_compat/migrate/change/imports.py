"""Decides which imports a migrated module needs, and which of its imports are removed.

`import tfmts_compat` is added where TensorFlow is imported. If the module cannot run without
TensorFlow, one import in its own body, before the first use, is enough: every scope can use it.
Otherwise it is added in each function, branch or `try` that imports TensorFlow for a use.
"""

from __future__ import annotations

import ast
import functools
import itertools
import os
import re
from typing import Any, Callable, Dict, List, Optional

from tfmts_compat.migrate.change.statements import Statements
from tfmts_compat.migrate.names import NEW, is_known
from tfmts_compat.migrate.read.module import (
    Binding,
    Import,
    Module,
    Scope,
    dotted,
    first_of,
    is_none,
    module_of,
    text_of,
)
from tfmts_compat.migrate.read.resolver import Reach, find_module, load

IsImported = Callable[[str], Optional[bool]]
_EXITS = ("sys.exit", "exit", "quit", "os._exit", "pytest.skip")
_RUNS_STRINGS = re.compile(r"(?<![.\w])(?:exec|eval)\(")
_Names = Dict[Any, List[ast.alias]]  # names of each import


class Imports:
    """Collects the names that change, and then edits the imports of the module once."""

    def __init__(self, module: Module, is_imported: IsImported, elsewhere: str) -> None:
        self._module = module
        self._statements = Statements(module)
        self._elsewhere = elsewhere
        self._is_imported = is_imported
        self._uses: dict[ast.Attribute, Reach] = {}
        self._advice: dict[ast.Attribute, tuple[str, str]] = {}
        self._moved: _Names = {}
        self.changed: list[ast.AST] = []  # names, and imports that bind names of tfmts_compat
        self.kept: set[str] = set()  # imports that are kept, although they may be unused now

    def use(self, node: ast.Attribute, reach: Reach, old: str, new: str) -> None:
        """Records that a dotted name becomes a name of tfmts_compat."""
        self._uses[node] = reach
        self._advice[node] = old, new

    def _sources(self) -> set[Binding]:
        """Returns the imports through which the names that change are resolved."""
        return {binding for reach in self._uses.values() for binding in reach.imports}

    def move(self, statement: ast.ImportFrom, names: list[tuple[ast.alias, str, str]]) -> None:
        """Moves names of a `from ... import`, given with the old and the new name."""
        if len(names) < len(statement.names) and self._statements.has_comments(statement):
            for alias, old, _ in names:
                self._module.report(
                    alias,
                    "TFM212",
                    f"{old} is imported with other names and comments; import it in a statement "
                    "of its own, and run again",
                )
            return
        moved = [
            alias
            for alias, old, new in names
            if self._module.report(alias, "TFM101", f"replace {old} with {new}")
        ]
        if moved:
            self._moved[statement] = moved

    def settle(self) -> None:
        """Edits the names, adds the imports that they need, and removes unused imports."""
        anchor = self._find_anchor() if self._uses else None
        for node in list(self._uses):
            if not self._is_reported(node, anchor):
                del self._uses[node]
        self.changed = [*self._uses, *self._moved]
        unused: _Names = {}
        for binding in self._find_unused():
            unused.setdefault(binding.node, []).append(binding.alias)
        added: list[tuple[ast.stmt, str]] = []
        if self._uses:
            name = self._choose_name(anchor)
            added = self._add_imports(name, anchor, unused)
            for node in self._uses:
                self._module.edits.replace(*self._module.span(node.value), name)
        self._drop(unused)
        for statement, text in added:
            self._statements.add_below(statement, text)

    def _is_reported(self, node: ast.Attribute, anchor: ast.stmt | None) -> bool:
        """Reports that a name changes and returns True, or that it cannot, or is ignored."""
        old, new = self._advice[node]
        is_placed = self._is_bound(node) if anchor else self._has_places(node)
        if is_placed and not self._is_guarded(node) and not self._is_cleared(node):
            return self._module.report(node, "TFM101", f"replace {old} with {new}")
        self._module.report(
            node,
            "TFM212",
            f"{old} is used where TensorFlow is optional or imported in a class; import {NEW} "
            f"where this code may need it, for example in the function, and replace {old} with "
            f"{new}",
        )
        return False

    # Where tfmts_compat is imported, and under which name.

    def _is_above(self, statement: ast.stmt) -> bool:
        """Returns whether a statement is above all uses."""
        return self._module.span(statement)[1] <= min(map(self._module.span, self._uses))[0]

    def _find_anchor(self) -> ast.stmt | None:
        """Returns the statement of the module's body at which one import can be added, or None."""
        module = self._module
        needed = [statement for statement in module.tree.body if needs(module, statement)]
        needed += [module.statement(node) for node in self._uses if self._always_runs(node)]
        own = {module.statement(binding.node) for binding in self._sources()}
        found = [
            statement
            for statement in module.tree.body
            if self._is_above(statement)
            and (statement in needed or (statement in own and isinstance(statement, Import)))
        ]

        def rank(node: ast.stmt) -> tuple[bool, bool]:
            return node not in own, not isinstance(node, Import)

        return min(found, key=rank, default=None) if needed else None

    def _always_runs(self, node: ast.AST) -> bool:
        """Returns whether the module cannot run without running an expression."""
        conditional = ("orelse", "handlers", "cases", "values", "items")
        return self._module.scopes[node] is self._module.scope and not any(
            hasattr(outer, name) for outer in self._module.outer(node) for name in conditional
        )

    def _is_bound(self, node: ast.Attribute) -> bool:
        """Returns whether an import always runs before a use, so that another can replace it."""
        for binding in self._uses[node].imports:
            nodes = [binding.node, *self._module.outer(binding.node)]
            statement = nodes[nodes.index(binding.scope.node) - 1]
            is_above = self._module.span(statement)[1] <= self._module.span(node)[0]
            is_sure = statement is binding.node or needs(self._module, statement)
            if is_sure and (is_above or binding.scope is self._module.scope):
                return True
        return self._always_runs(node)

    def _is_guarded(self, node: ast.AST) -> bool:
        """Returns whether a `try` handles the NameError of a name that has no value."""
        handlers = [
            handler
            for outer in self._module.outer(node)
            for handler in getattr(outer, "handlers", ())
            if handler.type
        ]
        types = [dotted(part) for handler in handlers for part in ast.walk(handler.type)]
        return "NameError" in types or "UnboundLocalError" in types

    def _is_cleared(self, node: ast.Attribute) -> bool:
        """Returns whether a function sets TensorFlow's global name to None."""
        return any(
            is_none(other.value) and other.scope is not holder
            for binding in self._uses[node].imports
            for holder in [binding.scope.holder(binding.name)]
            for other in holder.bound[binding.name]
        )

    def _has_places(self, node: ast.Attribute) -> bool:
        """Returns whether tfmts_compat can be imported wherever a use's TensorFlow is imported."""
        imports = self._uses[node].imports
        scopes = self._scopes_of(node)
        others = {binding.scope for binding in self._sources() - imports}
        others -= {self._module.scope, *(binding.scope for binding in imports)}
        if not others.isdisjoint(scopes):
            return False  # another use makes the new name local to a function around this one
        for binding in imports:
            scope = binding.scope
            is_visible = scope in scopes and scope.holder(binding.name) is scope
            # `import *` may bind the name, too
            is_starred = scope is self._module.scope and "*" in scope.bound
            if not is_visible or scope.kind == "class" or is_starred:
                return False
            if not needs(self._module, binding.node):
                return False
        first = min((self._module.span(binding.node) for binding in imports), default=(0, 0))
        scope = next(scope for scope in scopes if scope.kind != "comprehension")
        is_same = any(binding.scope is scope for binding in imports)
        return bool(imports) and (not is_same or first < self._module.span(node))

    def _choose_name(self, anchor: ast.stmt | None) -> str:
        """Returns a name that is or can be only tfmts_compat wherever it is needed."""
        imported = [
            alias.asname or NEW
            for statement in self._module.tree.body
            if anchor and isinstance(statement, ast.Import) and self._is_above(statement)
            for alias in statement.names
            if alias.name == NEW
        ]
        longer = (NEW + "_" * length for length in itertools.count())
        names = itertools.chain(imported, longer)
        return next(name for name in names if self._is_free(name, anchor))

    def _is_free(self, name: str, anchor: ast.stmt | None) -> bool:
        """Returns whether nothing else in the module binds a name."""
        module = self._module
        around = {scope for node in self._uses for scope in self._scopes_of(node)}
        around -= {module.scope}
        if not anchor:
            around -= {binding.scope for binding in self._sources()}
        scopes = set(module.scopes.values())
        found = [binding for scope in scopes for binding in scope.bound.get(name, ())]
        return bool(
            all(binding.path == NEW or is_none(binding.value) for binding in found)
            and not any(binding.scope in around for binding in found)
            and (anchor or not any(name in scope.declared for scope in scopes))
            and not any(isinstance(node.ctx, ast.Del) for node in module.reads(name))
            and (bool(found) or name == NEW or not re.search(rf"\b{name}\b", module.edits.text))
        )

    def _scopes_of(self, node: ast.AST) -> list[Scope]:
        """Returns the scopes around a dotted name, the innermost first."""
        found = [self._module.scopes[first_of(node)]]
        while found[-1].outer:
            found.append(found[-1].outer)
        return found

    def _add_imports(
        self, name: str, anchor: ast.stmt | None, unused: _Names
    ) -> list[tuple[ast.stmt, str]]:
        """Imports tfmts_compat at the anchor, or in each block in which TensorFlow is imported.

        Returns:
          The blocks to complete later: the statement above, and what to add. This also has
          `tfmts_compat = None` below each assignment of None to TensorFlow.
        """
        module = self._module
        text = f"import {NEW}" if name == NEW else f"import {NEW} as {name}"
        statements: set[Any] = {anchor} if anchor else {source.node for source in self._sources()}
        added: list[tuple[ast.stmt, str]] = []
        done: list[list[ast.stmt]] = []
        for statement in sorted(statements, key=module.span):
            block = module.block(statement)
            own = [other for other in block if not anchor or self._is_above(other)]
            if block in done or any(_imports(other, name) for other in own):
                continue
            done.append(block)
            if isinstance(statement, Import):
                self._add_next_to(statement, text, unused)
            else:
                module.report(statement, "TFM102", f"add {text}")
                added.append((statement, text))
        fallbacks = {
            other.node: (other.node, f"{name} = None")
            for binding in (self._sources() if done and not anchor else ())
            for other in binding.scope.bound[binding.name]
            if is_none(other.value) and isinstance(other.node, ast.Assign)
        }
        return [*added, *fallbacks.values()]

    def _add_next_to(self, statement: Any, text: str, unused: _Names) -> None:
        """Adds an import near the import of TensorFlow, or in its place if it is not used."""
        near = statement
        is_whole = len(unused.get(statement, [])) == len(statement.names)
        if is_whole and self._statements.is_in_order(statement, text):
            self._module.edits.replace(*self._module.span(statement), text)
            del unused[statement]
        else:
            near = self._statements.add_sorted(statement, text)
        self._module.report(near, "TFM102", f"add {text}")

    # The imports that are no longer used.

    def _find_unused(self) -> list[Binding]:
        """Returns the imports that only the moved names used."""
        module = self._module
        paths = {module.code(node) for node in self._uses}
        found: list[Binding] = []
        for binding in sorted(self._sources(), key=lambda source: module.span(source.alias)):
            statement, alias, name = binding.node, binding.alias, binding.name
            is_dotted = "." in alias.name and not alias.asname
            holder = binding.scope.holder(name)
            bound = set(holder.bound[name])
            if is_dotted and not any(path.startswith(f"{alias.name}.") for path in paths):
                self.kept.add(alias.name.rpartition(".")[2])
                continue  # no name was accessed through it: it is imported for its effect
            reads = self._reads_of(binding)
            if any(bound.intersection(module.scopes[node].bindings(name)) for node in reads):
                continue
            is_imported = holder is module.scope and self._is_imported(name)
            why = ""
            if is_imported is None:
                why = "another file imports it from here"
            elif reads:
                why = "code in another scope uses it"
            elif len(statement.names) > 1 and self._statements.has_comments(statement):
                why = "a comment in it has to stay"
            elif _RUNS_STRINGS.search(module.edits.text):
                why = "code in a string uses it"
            elif not is_known(binding.path):
                why = "the import has another purpose"
            self.kept.add(alias.name.rpartition(".")[2] if is_dotted else name)
            if is_imported or self._is_kept(binding):
                continue
            if why:
                module.report(alias, "TFM104", f"{name} is no longer used; remove it unless {why}")
            elif module.report(alias, "TFM103", f"{name} is no longer used"):
                found.append(binding)
        return found

    def _reads_of(self, binding: Binding) -> list[ast.Name]:
        """Returns the names that do not change, and may read an import."""
        moved = set(map(first_of, self._uses))
        holder = binding.scope.holder(binding.name)
        reads = self._module.reads(binding.name)
        return [node for node in reads if node not in moved and holder in self._scopes_of(node)]

    def _is_kept(self, binding: Binding) -> bool:
        """Returns whether an import may have a purpose other than its uses in this module."""
        module, alias = self._module, binding.alias
        if alias.asname == alias.name or binding.scope.kind == "class":
            return True  # import x as x: a re-export; self.x, cls.x
        name = re.escape(alias.asname or alias.name)
        # __all__ and eval("x.y"), a doctest, a type comment, nonlocal
        named = re.compile(rf"\s*{name}(?:[.\[(]|$)|(?:.*\n)*?\s*(?:>>>|\.\.\.).*\b{name}\b")
        code = re.compile(rf"(?:#\s*type:|\bnonlocal\b).*\b{name}\b")
        return (
            any(named.match(text_of(node)) for node in module.nodes[ast.Constant] if text_of(node))
            or bool(code.search(module.edits.text) or re.search(rf"\b{name}\b", self._elsewhere))
            # the statement tests whether the import works
            or any(hasattr(node, "handlers") for node in module.outer(binding.node))
        )

    def _drop(self, unused: _Names) -> None:
        """Removes moved and unused names from their imports, or whole imports."""
        whole = []
        for statement in dict.fromkeys([*self._moved, *unused]):
            moved = self._moved.get(statement, [])
            removed = [*moved, *unused.get(statement, [])]
            kept = [alias for alias in statement.names if alias not in removed]
            text = self._statements.move_names(statement, moved) if moved else ""
            if kept:
                self._statements.keep_names(statement, kept)
            elif not moved:
                whole.append(statement)
            elif self._statements.has_comments(statement) or self._statements.is_in_order(
                statement, text
            ):
                self._module.edits.replace(*self._module.parts(statement)[0], NEW)
                continue
            else:
                whole.append(statement)
            if moved:
                self._statements.add_sorted(statement, text)
        self._statements.remove(whole)


def _imports(statement: ast.stmt, name: str) -> bool:
    """Returns whether a statement imports tfmts_compat under a name."""
    return isinstance(statement, ast.Import) and any(
        alias.name == NEW and (alias.asname or NEW) == name for alias in statement.names
    )


def needs(module: Module, statement: ast.stmt, active: frozenset[str] = frozenset()) -> bool:
    """Returns whether an import, or a block with imports, cannot run without TensorFlow."""
    node: Any = statement

    def any_of(block: list[ast.stmt]) -> bool:
        return any(needs(module, inner, active) for inner in block)

    if isinstance(node, (ast.Import, ast.ImportFrom)):
        start = module_of(node)
        paths = [start + alias.name for alias in node.names]
        return any(is_known(path) or _is_needed_by(path, module, active) for path in paths)
    if isinstance(node, ast.If):
        always = isinstance(node.test, ast.Constant) and bool(node.test.value)
        return any_of(node.body) and (always or any_of(node.orelse))
    if type(node).__name__ in ("Try", "TryStar"):
        handled = all(any_of(other.body) or _leaves(other.body) for other in node.handlers)
        return any_of(node.finalbody) or (any_of(node.body) and handled)
    return False


def _is_needed_by(path: str, module: Module, active: frozenset[str]) -> bool:
    """Returns whether the module of the code base with which a path starts needs TensorFlow."""
    file, _ = find_module(path, os.path.dirname(os.path.abspath(module.path)))
    return bool(file) and file not in active and _needs_any(file, active)


@functools.lru_cache(maxsize=10_000)
def _needs_any(file: str, active: frozenset[str]) -> bool:
    module = load(file)
    body = module.tree.body if module else []
    return any(module and needs(module, statement, active | {file}) for statement in body)


def _leaves(block: list[ast.stmt]) -> bool:
    """Returns whether a block ends the module: it raises an error, or exits."""
    last = block[-1]
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        return dotted(last.value.func) in _EXITS
    return isinstance(last, ast.Raise)
