"""What a module does when it runs: whether it needs TensorFlow, and which names it replaces."""

from __future__ import annotations

import ast
import functools
import os
from typing import Any, Dict, Iterator, Tuple, Union

from tfmts_compat.migrate.names import MODULES, NAMES, TABLE, is_known, plain
from tfmts_compat.migrate.read.module import Module, dotted, last_name, module_of, text_of, texts_of
from tfmts_compat.migrate.read.resolver import Resolver, find_module, load

Replaced = Dict[str, str]  # a name of tfmts_compat: the place where its old name is replaced
# a call or subscript, the object in which it looks up a name by a string, and the name
Lookup = Tuple[Union[ast.Call, ast.Subscript], Any, str]
PARTS = NAMES.union(*(module.split(".") for module in MODULES), ("compat", "v1", "v2"))
_LOOKED_UP = NAMES | {"Supervisor"}
_EXITS = ("sys.exit", "exit", "quit", "os._exit", "pytest.skip")


def needs(module: Module, statement: ast.stmt, active: frozenset[str] = frozenset()) -> bool:
    """Returns whether a statement cannot run to its end without TensorFlow.

    Args:
      module: the module.
      statement: an import, or a block with imports.
      active: the files whose needs are searched already.
    """
    node: Any = statement

    def any_of(block: list[ast.stmt]) -> bool:
        return any(needs(module, inner, active) for inner in block)

    if isinstance(node, (ast.Import, ast.ImportFrom)):
        start = module_of(node) if isinstance(node, ast.ImportFrom) else ""
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


def find_lookups(module: Module) -> Iterator[Lookup]:
    """Yields the places where a name of the table is looked up by a string."""
    for call in module.nodes[ast.Call]:
        if call.args:
            names = [text_of(argument) for argument in call.args[1:2]]
            if last_name(call.func) == "multiple":  # mock.patch.multiple(tf.train, Scaffold=x)
                names += [keyword.arg for keyword in call.keywords if keyword.arg]
            yield from ((call, call.args[0], name) for name in names if name in _LOOKED_UP)
    for subscript in module.nodes[ast.Subscript]:
        inner, holder = subscript.value, None
        if isinstance(inner, ast.Call) and last_name(inner.func) == "vars" and inner.args:
            holder = inner.args[0]
        elif isinstance(inner, ast.Attribute) and inner.attr == "__dict__":
            holder = inner.value
        names = texts_of(subscript) if holder else []
        yield from ((subscript, holder, name) for name in names if name in _LOOKED_UP)


def find_replaced(module: Module, resolver: Resolver, *, with_mocks: bool = True) -> Replaced:
    """Returns the names of tfmts_compat whose old names a module replaces or deletes.

    Args:
      module: the module.
      resolver: resolves its names.
      with_mocks: whether mock.patch and similar calls count, which last for a test only.
    """
    old: list[tuple[str, ast.AST]] = []
    for target in module.nodes[ast.Attribute]:
        if target.attr in PARTS and not isinstance(target.ctx, ast.Load):
            paths = {plain(path) for path in resolver.reach(target).paths}
            value = module.values.get(target)
            values = set(map(plain, resolver.reach(value).paths)) if value else set()
            if paths != values or paths & TABLE.keys():
                old += ((path, target) for path in paths)
    for lookup, holder, name in find_lookups(module):
        if last_name(getattr(lookup, "func", lookup)) not in ("getattr", "hasattr"):
            old += ((plain(path), lookup) for path in resolver.look_up(holder, name).paths)
    for call in module.nodes[ast.Call]:
        if last_name(call.func) in ("patch", "setattr", "delattr") and call.args:
            name = text_of(call.args[1]) if len(call.args) > 1 else ""
            text = text_of(call.args[0])
            for path in [text] if text else resolver.reach(call.args[0]).paths:
                old.append((plain(f"{path}.{name}" if name else path), call))
    return {
        new: f"{os.path.relpath(module.path)}:{module.lines(node)[0]}"
        for path, node in reversed(old)
        if with_mocks or not _is_mock(node)
        for listed, new in TABLE.items()
        if listed == path or listed.startswith(f"{path}.")
    }


def _is_mock(node: ast.AST) -> bool:
    """Returns whether it is a call such as mock.patch.object or monkeypatch.setattr."""
    return isinstance(node, ast.Call) and dotted(node.func) not in ("setattr", "delattr")
