"""What a module does when it runs: whether it needs TensorFlow, and which names it replaces.

A module that works without TensorFlow has to work without tfmts_compat, too. A statement needs
TensorFlow if it cannot run to its end without it. The statements of a module's own body all run,
those in its functions do not.
"""

from __future__ import annotations

import ast
import functools
import os
from typing import Any, Dict, FrozenSet, Iterator

from tfmts_compat.migrate.names import TABLE, is_known, plain
from tfmts_compat.migrate.read.module import FUNCTIONS, Module, dotted, last_name, string
from tfmts_compat.migrate.read.resolver import Resolver, found_module, load

Replaced = Dict[str, str]  # a name of tfmts_compat: the place where its old name is replaced
_EXITS = ("sys.exit", "exit", "quit", "os._exit", "pytest.skip")
_Active = FrozenSet[str]


class Needs:
    """Finds the statements of a module that need TensorFlow."""

    def __init__(self, resolver: Resolver, active: _Active = frozenset()) -> None:
        self._resolver = resolver
        self._module = resolver.module
        self._active = active | {os.path.realpath(self._module.path)}

    @functools.cached_property
    def first(self) -> ast.stmt | None:
        """The first statement of the module's body that needs TensorFlow, or None."""
        return next(filter(self.needs, self._module.tree.body), None)

    def needs(self, statement: ast.stmt) -> bool:
        """Returns whether a statement cannot run to its end without TensorFlow."""
        node: Any = statement
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            prefix = ""
            if isinstance(node, ast.ImportFrom):
                prefix = "." * node.level + (f"{node.module}." if node.module else "")
            return any(self.imports(prefix + alias.name) for alias in node.names)
        if any(map(self._reads, _run(node))):
            return True
        if isinstance(node, ast.ClassDef):
            return self._any(node.body)
        if isinstance(node, ast.If):
            always = isinstance(node.test, ast.Constant) and node.test.value
            return self._any(node.body) and (bool(always) or self._any(node.orelse))
        if type(node).__name__ in ("Try", "TryStar"):
            handled = all(self._any(it.body) or _leaves(it.body) for it in node.handlers)
            return self._any(node.finalbody) or (self._any(node.body) and handled)
        return False

    def imports(self, path: str) -> bool:
        """Returns whether an import of a path needs TensorFlow."""
        if is_known(path):
            return True
        file, _ = found_module(path, os.path.dirname(os.path.abspath(self._module.path)))
        return bool(file) and _is_needed_in(file, self._active)

    def _any(self, block: list[ast.stmt]) -> bool:
        return any(map(self.needs, block))

    def _reads(self, node: ast.AST) -> bool:
        """Returns whether an expression reads an attribute of TensorFlow."""
        if not isinstance(node, ast.Attribute) or not dotted(node):
            return False
        paths = self._resolver.reach(node).paths
        return bool(paths) and all(map(is_known, paths))


def _is_needed_in(file: str, active: _Active) -> bool:
    if os.path.realpath(file) in active:
        return False
    return _cached(file, active)


@functools.lru_cache(maxsize=10_000)
def _cached(file: str, active: _Active) -> bool:
    module: Module | None = load(file)
    return bool(module and Needs(Resolver(module), active).first)


def _run(statement: ast.AST) -> Iterator[ast.AST]:
    """Yields the expressions of a statement that run whenever the statement does."""
    waiting = [it for it in ast.iter_child_nodes(statement) if not isinstance(it, ast.stmt)]
    if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
        waiting = list(statement.decorator_list)
        arguments = getattr(statement, "args", None)
        waiting += [*arguments.defaults, *filter(None, arguments.kw_defaults)] if arguments else []
        waiting += getattr(statement, "bases", [])
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.BoolOp):
            waiting.append(node.values[0])
        elif isinstance(node, ast.IfExp):
            waiting.append(node.test)
        elif isinstance(node, (ast.expr, ast.keyword, ast.withitem)) and not isinstance(
            node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
        ):
            waiting += ast.iter_child_nodes(node)


def _leaves(block: list[ast.stmt]) -> bool:
    """Returns whether a block ends the module: it raises an error, or exits."""
    last = block[-1]
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        return dotted(last.value.func) in _EXITS
    return isinstance(last, ast.Raise)


def replaced(module: Module, resolver: Resolver) -> Replaced:
    """Returns the names of tfmts_compat whose old names a module replaces or deletes."""
    old: list[tuple[str, ast.AST]] = [(plain(path), node) for node, path in module.patched]
    for target, value in module.targets:
        paths = {plain(path) for path in resolver.reach(target).paths}
        values = resolver.reach(value).paths if value else ()
        if paths != set(map(plain, values)) or paths & TABLE.keys():
            old += ((path, target) for path in paths)
    for lookup, holder, name in module.lookups:  # mock.patch.object(tf.train, "Scaffold")
        if not (isinstance(lookup, ast.Call) and last_name(lookup.func) in ("getattr", "hasattr")):
            old += ((plain(path), lookup) for path in resolver.holds(holder, name).paths)
    for call in module.calls:
        if last_name(call.func) in ("setattr", "delattr") and len(call.args) > 1:
            name = string(call.args[1])
            for path in resolver.reach(call.args[0]).paths:
                old.append((plain(f"{path}.{name}" if name else path), call))
    return {
        new: f"{os.path.relpath(module.path)}:{module.lines(node)[0]}"
        for each, node in reversed(old)
        for path, new in TABLE.items()
        if path == each or path.startswith(f"{each}.")
    }
