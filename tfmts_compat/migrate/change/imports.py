"""Decides which imports a migrated module needs, and which of its imports are removed.

If the module's own body imports TensorFlow above all uses, `import tfmts_compat` is added there
once. Otherwise it is added next to each import of TensorFlow that a use needs: in the same
function, branch or `try`, so that it runs when TensorFlow's import runs.
"""

from __future__ import annotations

import ast
import os
import re
from typing import Any, Callable, Dict, List, Optional

from tfmts_compat.migrate.change.statements import Statements
from tfmts_compat.migrate.names import NEW, TABLE, is_known, plain
from tfmts_compat.migrate.read.module import (
    Binding,
    Import,
    Module,
    Scope,
    first_of,
    is_none,
    module_of,
    text_of,
)
from tfmts_compat.migrate.read.resolver import Reach, find_module, load

IsImported = Callable[[str], Optional[bool]]
_RUNS_STRINGS = re.compile(r"(?<![.\w])(?:exec|eval)\(")
_Names = Dict[Any, List[ast.alias]]  # names of each import
_ADDED = f"import {NEW}"
_TAKEN = (
    f"cannot be replaced, because the module uses the name {NEW} for something else; rename that, "
    "and run again"
)


class Imports:
    """Collects the names that change, and then edits the imports of the module once."""

    def __init__(self, module: Module, is_imported: IsImported, elsewhere: str) -> None:
        self._module = module
        self._statements = Statements(module)
        self._elsewhere = elsewhere
        self._is_imported = is_imported
        self._uses: dict[ast.Attribute, Reach] = {}  # the dotted names that move
        self._moved: _Names = {}
        self.changed: list[ast.AST] = []  # names, and imports that bind names of tfmts_compat
        self.kept: set[str] = set()  # imports that are kept, although they may be unused now

    def use(self, node: ast.Attribute, reach: Reach) -> None:
        """Records that a dotted name becomes a name of tfmts_compat."""
        self._uses[node] = reach

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
        anchor = self._find_anchor()
        is_taken = self._is_taken()
        for node, reach in list(self._uses.items()):
            old = min(reach.paths)
            new = TABLE[plain(old)]
            why = _TAKEN if is_taken else self._find_obstacle(node, new, anchor)
            if why:
                self._module.report(node, "TFM212", f"{old} {why}")
            if why or not self._module.report(node, "TFM101", f"replace {old} with {new}"):
                del self._uses[node]
        self.changed = [*self._uses, *self._moved]
        unused: _Names = {}
        for binding in self._find_unused():
            unused.setdefault(binding.node, []).append(binding.alias)
        if self._uses:
            self._add_imports(anchor, unused)
        for node in self._uses:
            self._module.edits.replace(*self._module.span(node.value), NEW)
        self._drop(unused)

    # Where tfmts_compat is imported.

    def _is_above(self, statement: ast.stmt) -> bool:
        """Returns whether a statement is above all uses."""
        return self._module.span(statement)[1] <= min(map(self._module.span, self._uses))[0]

    def _find_anchor(self) -> ast.stmt | None:
        """Returns the import in the module's body at which one import is enough, or None."""
        own = {binding.node for binding in self._sources()}
        body = sorted(self._module.tree.body, key=lambda statement: statement not in own)
        above = (statement for statement in body if self._uses and self._is_above(statement))
        return next(
            (statement for statement in above if _needs(self._module, statement, set())), None
        )

    def _find_obstacle(self, node: ast.Attribute, new: str, anchor: ast.stmt | None) -> str:
        """Returns why a name cannot move and what to do, or ""."""
        if (anchor or self._has_places(node)) and not self._is_handled(node):
            return ""
        return (
            f"is used where TensorFlow is optional or imported in a class; import {NEW} where this "
            f"code may need it, for example in the function, and replace the name with {new}"
        )

    def _is_handled(self, node: ast.Attribute) -> bool:
        """Returns whether the module handles that TensorFlow's name has no value here.

        A `try` handles the NameError, or a function sets the global name to None.
        """
        return any(
            re.search(r"\b(?:Name|UnboundLocal)Error\b", self._module.code(handler.type))
            for outer in self._module.outer(node)
            for handler in getattr(outer, "handlers", ())
            if handler.type
        ) or any(
            is_none(other.value) and other.scope is not holder
            for binding in self._uses[node].imports
            for holder in [binding.scope.holder(binding.name)]
            for other in holder.bound[binding.name]
        )

    def _is_taken(self) -> bool:
        """Returns whether the module binds the new name to something else."""
        scopes = set(self._module.scopes.values())
        bindings = [binding for scope in scopes for binding in scope.bound.get(NEW, ())]
        return any(NEW in scope.declared for scope in scopes) or any(
            binding.path != NEW and not is_none(binding.value) for binding in bindings
        )

    def _has_places(self, node: ast.Attribute) -> bool:
        """Returns whether tfmts_compat can be imported wherever a use's TensorFlow is imported."""
        imports, around = self._uses[node].imports, self._around(node)
        # another use makes the new name local to a function around this one
        others = {binding.scope for binding in self._sources() - imports}
        others -= {self._module.scope, *(binding.scope for binding in imports)}
        return (
            bool(imports)
            and others.isdisjoint(around)
            and all(
                binding.scope in around
                and binding.scope.holder(binding.name) is binding.scope
                and binding.scope.kind != "class"
                and _needs(self._module, binding.node, set())
                for binding in imports
            )
        )

    def _around(self, node: ast.AST) -> list[Scope]:
        """Returns the scopes around a dotted name, the innermost first."""
        found = [self._module.scopes[first_of(node)]]
        while found[-1].outer:
            found.append(found[-1].outer)
        return found

    def _add_imports(self, anchor: ast.stmt | None, unused: _Names) -> None:
        """Imports tfmts_compat at the anchor, or in each block in which TensorFlow is imported.

        Adds `tfmts_compat = None` below each assignment of None to TensorFlow.
        """
        module = self._module
        sources = self._sources()
        places: list[Any] = []
        done: list[list[ast.stmt]] = []
        for statement in [anchor] if anchor else sorted({s.node for s in sources}, key=module.span):
            block = module.block(statement)
            above = [other for other in block if not anchor or self._is_above(other)]
            if block not in done and not any(map(_is_ours, above)):
                done.append(block)
                places.append(statement)
        fallbacks = {
            other.node
            for binding in (sources if places and not anchor else ())
            for other in binding.scope.bound[binding.name]
            if is_none(other.value) and isinstance(other.node, ast.Assign)
        }
        for statement in sorted(fallbacks, key=module.span):
            self._statements.add_below(statement, f"{NEW} = None")
        gone = [node for node, names in unused.items() if len(names) == len(node.names)]
        for statement in places:
            near = statement
            if statement in gone and self._statements.is_in_order(statement, _ADDED, gone):
                module.edits.replace(*module.span(statement), _ADDED)
                del unused[statement]
            else:
                near = self._statements.add_sorted(statement, _ADDED)
            module.report(near, "TFM102", f"add {_ADDED}")

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
            self.kept.add(alias.name.rpartition(".")[2] if is_dotted else name)
            if is_imported or self._is_kept(binding):
                continue
            is_doubtful = (
                is_imported is None
                or bool(reads)
                or (len(statement.names) > 1 and self._statements.has_comments(statement))
                or bool(_RUNS_STRINGS.search(module.edits.text))
                or not is_known(binding.path)
            )
            if is_doubtful:
                message = f"{name} is no longer used here; remove it if nothing else needs it"
                module.report(alias, "TFM104", message)
            elif module.report(alias, "TFM103", f"{name} is no longer used"):
                found.append(binding)
        return found

    def _reads_of(self, binding: Binding) -> list[ast.Name]:
        """Returns the names that do not change, and may read an import."""
        moved = set(map(first_of, self._uses))
        holder = binding.scope.holder(binding.name)
        reads = self._module.reads(binding.name)
        return [node for node in reads if node not in moved and holder in self._around(node)]

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


def _is_ours(statement: ast.stmt) -> bool:
    """Returns whether a statement imports tfmts_compat under its own name."""
    return isinstance(statement, ast.Import) and any(
        alias.name == NEW and alias.asname in (None, NEW) for alias in statement.names
    )


def _needs(module: Module, statement: ast.stmt, seen: set[str]) -> bool:
    """Returns whether a statement is an import that cannot run without TensorFlow.

    It imports TensorFlow, or a module of the code base whose own body does. `seen` are the files
    of the modules that were searched.
    """
    for alias in statement.names if isinstance(statement, Import) else ():
        path = module_of(statement) + alias.name
        if is_known(path):
            return True
        file, _ = find_module(path, os.path.dirname(os.path.abspath(module.path)))
        loaded = None if file in ("", *seen) else load(file)
        seen.add(file)
        if loaded and any(_needs(loaded, inner, seen) for inner in loaded.tree.body):
            return True
    return False
