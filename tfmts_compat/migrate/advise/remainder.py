"""Names that are not replaced, or that a module itself replaces: what to change by hand."""

from __future__ import annotations

import ast
import os
import re
from typing import Any, Dict, Iterable, Iterator, Tuple, Union

from tfmts_compat.migrate.names import (
    ADVICE,
    ADVISED,
    DISTINCT,
    MODULES,
    NAMES,
    NEW,
    REPLACEABLE,
    TABLE,
    UNIQUE,
    is_known,
    plain,
)
from tfmts_compat.migrate.read.module import (
    Module,
    Place,
    dotted,
    last_name,
    text_of,
)
from tfmts_compat.migrate.read.resolver import OWN, UNKNOWN, Reach, Resolver

Replaced = Dict[str, str]  # a name of tfmts_compat: the place where its old name is replaced
# a call or subscript, the object in which it looks up a name by a string, and the name
Lookup = Tuple[Union[ast.Call, ast.Subscript], Any, str]
PARTS = NAMES.union(*(module.split(".") for module in MODULES), ("compat", "v1", "v2"))
_LOOKED_UP = NAMES | {"Supervisor"}
_NAMES = "|".join(sorted(NAMES))
_HOLDERS = "|".join(DISTINCT)
# pkg.module.tf.train.Scaffold: the part before tf, and the last name
_HELD = re.compile(
    rf"((?:[A-Za-z_]\w*\.)*?)[A-Za-z_]\w*(?:\.compat\.v[12])*\.(?:{_HOLDERS})\.({_NAMES})\b"
)
# tf.train.Scaffold in text that is not parsed
NAMED = re.compile(
    rf"\b(?:[A-Za-z_]\w*\.)+(?:{_HOLDERS})\.(?P<name>{_NAMES})\b"
    rf"|\bfrom\s+tensorflow[\w.]*\s+import\s[^#\n]*?\b(?P<imported>{_NAMES})\b"
)
# the end of what holds the names: x.train, train, x.contrib.framework
_HOLDER = re.compile(
    rf"(?:^|\.)(?:{'|'.join(set(DISTINCT) - {'session_manager'})}|contrib\.(?:framework|slim))$"
)
_REFLECTION = ("", "getattr", "hasattr", "setattr", "delattr", "object", "multiple")
_PRIVATE = ("_sess", "_tf_sess", "_coordinated_creator")
_EVALUATE = ("cast", "eval", "exec", "ForwardRef", "TypeVar")  # functions of code in a string
_TYPE_COMMENT = re.compile(r"#\s*type:(?!\s*ignore).*")
_PATH = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_OLD_VERSION = re.compile(r"\(?v?(?:1(?:\.|$)|2(?:\.0.*)?$)")
_WITH = "with {0} and import tfmts_compat"


def report(module: Module, resolver: Resolver) -> None:
    """Reports the lookups, strings, private attributes and older training APIs of a module."""
    for node, holder, name in find_lookups(module):
        _report_lookup(module, resolver, node, holder, name)
    _report_strings(module, resolver)
    for attribute in module.nodes[ast.Attribute]:
        if attribute.attr in ADVISED:
            for path in sorted(set(map(plain, resolver.reach(attribute).paths)) & ADVICE.keys()):
                module.report(attribute, "TFM210", f"{path} {ADVICE[path]}")
        elif attribute.attr in _PRIVATE and _is_private(module, attribute):
            module.report(
                attribute,
                "TFM204",
                "uses a private attribute of the monitored session; use "
                "tfmts_compat.raw_session(session), which returns the underlying "
                "tf.compat.v1.Session",
            )


def _is_private(module: Module, node: ast.Attribute) -> bool:
    """Returns whether an attribute is the last of s._sess._tf_sess, or is in s = s._sess."""
    if getattr(module.parents[node], "attr", "") in _PRIVATE:
        return False
    # the body of a loop that ends at the raw session
    pairs = ((dotted(target), value) for target, value in module.values.items())
    is_loop = (dotted(node.value), node) in pairs and dotted(node.value)
    return node.attr != "_sess" or last_name(node.value) in _PRIVATE or bool(is_loop)


def _report_strings(module: Module, resolver: Resolver) -> None:
    """Reports names in strings, in quoted annotations and in type comments."""
    for node in module.nodes[ast.Constant]:
        text = text_of(node)
        if "." not in text or isinstance(module.parents[node], (ast.Expr, ast.JoinedStr)):
            continue
        if _is_evaluated(module, node):
            _report_quoted(module, resolver, node, text)
        elif _PATH.fullmatch(text):
            _report_path(module, resolver, node, text)
    for number, line in enumerate(module.edits.lines, 1):
        for comment in _TYPE_COMMENT.finditer(line):
            _report_quoted(module, resolver, (number, comment.start()), comment.group())


def _is_evaluated(module: Module, node: ast.AST) -> bool:
    """Returns whether a string is in an annotation or an argument of a function like eval."""
    for outer in module.outer(node):
        if isinstance(outer, ast.Call) and last_name(outer.func) in _EVALUATE:
            return True
        annotations = [getattr(outer, "annotation", None), getattr(outer, "returns", None)]
        if node in annotations or isinstance(outer, ast.stmt):
            return node in annotations
        node = outer
    return False


def _report_quoted(module: Module, resolver: Resolver, place: Place, text: str) -> None:
    for held in _HELD.finditer(text):
        if _may_be_moved(resolver.follow_text(held.group())):
            where = "a type comment" if isinstance(place, tuple) else "quotes"
            module.report(
                place,
                "TFM206",
                f"{held.group()} is named in {where} and may be TensorFlow's; if it is, replace it "
                + _WITH.format(f"{NEW}.{held.group(2)}"),
            )


def _report_path(module: Module, resolver: Resolver, node: ast.Constant, text: str) -> None:
    """Reports a path such as tensorflow.train.Scaffold or pkg.module.tf.train.Scaffold."""
    parts = re.sub(r"^tf\.", "tensorflow.", text).split(".")
    paths = [".".join(parts[:count]) for count in range(len(parts), 1, -1)]
    path = next((path for path in paths if plain(path) in TABLE), "")
    held = _HELD.match(text)
    if path:
        old, new = plain(path), TABLE[plain(path)]
        shown = text[: len(text) - len(".".join(parts)) + len(path)]
        why = f'{shown} is named in a string; write "{text.replace(shown, new)}"'
        parent = module.parents[node]
        if old in REPLACEABLE and last_name(getattr(parent, "func", parent)) == "patch":
            why = f"{shown} is patched by a string, {explain_patch(old, new)}"
        module.report(node, "TFM209", why)
    elif plain(paths[0]) in ADVICE:
        module.report(node, "TFM210", f"{text} {ADVICE[plain(paths[0])]}")
    elif held and _may_be_moved(resolver.follow(held.group())):
        new = f"{held.group(1)}{NEW}.{held.group(2)}{text[held.end() :]}"
        module.report(
            node,
            "TFM209",
            f"{held.group()} is named in a string and may be TensorFlow's; if it is, "
            f'write "{new}"',
        )


def explain_patch(path: str, name: str) -> str:
    """Returns what a replaced name means for tfmts_compat, and what to do."""
    last = path.rpartition(".")[2]
    if plain(path) in REPLACEABLE:
        return (
            f"and a session of {NEW} is built with the replacement, so keep this; a patch of "
            f"{name} would have no effect on the session"
        )
    part = next((part for part in sorted(REPLACEABLE) if part.endswith(f".{last}")), "")
    if part:
        return (
            f"which changes neither {name} nor a session; to change the session, patch {part}, "
            f"and to change code that reads {name}, patch {name}"
        )
    return f"which does not change {name}; patch {name}, or the code that uses it"


def _may_be_moved(reach: Reach) -> bool:
    """Returns whether a name is, or may be, in the table of names."""
    return any(plain(path) in TABLE or not (is_known(path) or path == OWN) for path in reach.paths)


def report_name(module: Module, node: ast.Attribute, reach: Reach) -> None:
    """Reports a dotted name that is not replaced, although its last name is in the table."""
    shown, holder, name = module.code(node), node.value, node.attr
    parent = module.parents[node]
    if name == "global_step" and not (isinstance(parent, ast.Call) and parent.func is node):
        return
    if not _may_hold(module, holder, name, reach):
        for path in filter(_is_unlisted, sorted(reach.paths)):
            module.report(node, "TFM208", _advise(f"{path} may be {NEW}.{name}", shown, name))
        return
    what, outer = f"{module.code(holder)} is a module of", 1
    if isinstance(holder, ast.Attribute) and holder.attr in ("train", "estimator"):
        what, outer = f"{module.code(holder.value)} is", 2
    foreign = {path for path in reach.paths - {UNKNOWN} if not is_known(path)}
    why = ""
    if reach.reasons:
        why = f", because {' or '.join(sorted(reach.reasons))}"
    elif foreign:
        why = f", because {min(foreign).rsplit('.', outer)[0]} was not found below this directory"
    what = f"it is not known whether {what} TensorFlow{why}"
    module.report(node, "TFM208", _advise(what, shown, name))


def report_import(module: Module, alias: ast.alias, path: str) -> None:
    """Reports an imported name that is not replaced."""
    if plain(path) in ADVICE:
        module.report(alias, "TFM210", f"{plain(path)} {ADVICE[plain(path)]}")
    elif _is_unlisted(path):
        what = f"{path} may be {NEW}.{alias.name}"
        module.report(alias, "TFM208", _advise(what, "it", alias.name))


def _advise(what: str, shown: str, name: str) -> str:
    return f"{what}; if it is, replace {shown} {_WITH.format(f'{NEW}.{name}')}"


def _may_hold(module: Module, holder: ast.expr, name: str, reach: Reach) -> bool:
    """Returns whether an object that is not known may be a module with a name of the table."""
    if all(is_known(path) or path == OWN for path in reach.paths):
        return False
    shown = module.code(holder)
    if name in UNIQUE or "global_step" in name:
        holders = {shown, *(path.rpartition(".")[0] for path in reach.paths)}
        is_unknown = UNKNOWN in reach.paths and shown not in ("self", "cls")
        return (name in UNIQUE and is_unknown) or any(map(_HOLDER.search, holders))
    return bool(("." in shown or reach.reasons) and _HOLDER.search(shown))


def _is_unlisted(path: str) -> bool:
    """Returns whether a path may be a name of the table in another module of TensorFlow."""
    holder, _, name = plain(path).rpartition(".")
    if name not in NAMES or not is_known(path) or holder in MODULES or holder == NEW:
        return False
    return name in UNIQUE or bool(_HOLDER.search(holder))


def find_lookups(module: Module) -> Iterator[Lookup]:
    """Yields the places where a name of the table is looked up by a string."""
    for call in module.nodes[ast.Call]:
        if call.args:
            names = [text_of(argument) for argument in call.args[1:2]]
            if last_name(call.func) == "multiple":  # mock.patch.multiple(tf.train, Scaffold=x)
                names += [keyword.arg for keyword in call.keywords if keyword.arg]
            yield from ((call, call.args[0], name) for name in names if name in _LOOKED_UP)
    for subscript in module.nodes[ast.Subscript]:
        inner, index = subscript.value, subscript.slice
        name = text_of(index) or text_of(getattr(index, "value", None))  # Python 3.8 has ast.Index
        if name not in _LOOKED_UP:
            continue
        if isinstance(inner, ast.Call) and last_name(inner.func) == "vars" and inner.args:
            yield subscript, inner.args[0], name
        elif isinstance(inner, ast.Attribute) and inner.attr == "__dict__":
            yield subscript, inner.value, name


def find_replaced(module: Module, resolver: Resolver, *, with_mocks: bool = True) -> Replaced:
    """Returns the names of tfmts_compat whose old names a module replaces or deletes.

    Mocks, which last for a test only, count if `with_mocks` is true.
    """
    old: list[tuple[str, ast.AST]] = []
    for target in module.nodes[ast.Attribute]:
        if target.attr in PARTS and not isinstance(target.ctx, ast.Load):
            reach = resolver.reach(target)
            paths = _replaceable(module, target.value, target.attr, reach)
            value = module.values.get(target)
            values = set(map(plain, resolver.reach(value).paths)) if value else set()
            if paths != values or paths & TABLE.keys():
                old += ((path, target) for path in paths)
    for lookup, holder, name in find_lookups(module):
        if last_name(getattr(lookup, "func", lookup)) not in ("getattr", "hasattr"):
            reach = resolver.look_up(holder, name)
            old += ((path, lookup) for path in _replaceable(module, holder, name, reach))
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


def _replaceable(module: Module, holder: ast.expr, name: str, reach: Reach) -> set[str]:
    """Returns the paths that a name can have. An argument may be TensorFlow: def patch(tf)."""
    paths = set(map(plain, reach.paths))
    is_argument = any(isinstance(other, ast.arg) for other in reach.others)
    if is_argument and name in NAMES and _HOLDER.search(module.code(holder)):
        paths.add(f"tensorflow.train.{name}")
    return paths


def _is_mock(node: ast.AST) -> bool:
    """Returns whether a node is a call such as mock.patch.object or monkeypatch.setattr."""
    return isinstance(node, ast.Call) and dotted(node.func) not in ("setattr", "delattr")


def _report_lookup(module: Module, resolver: Resolver, node: Any, holder: Any, name: str) -> None:
    reach = resolver.look_up(holder, name)
    paths = set(map(plain, reach.paths))
    function, shown = last_name(getattr(node, "func", node)), module.code(holder)
    remedy = f"replace {shown} with {NEW}, and import {NEW}"
    if function == "getattr":
        remedy = f"replace the call with {NEW}.{name}, and import {NEW}"
    elif function == "hasattr":
        remedy = f"{NEW}.{name} always exists, so remove the test, and import {NEW}"
    elif isinstance(holder, ast.Constant):
        remedy = f'replace {shown} with "{NEW}"'
    for path in sorted(paths & TABLE.keys()):
        text = f"is looked up by a string; {remedy}"
        if path in REPLACEABLE and function not in ("getattr", "hasattr"):
            text = f"is replaced by a string, {explain_patch(path, TABLE[path])}"
        module.report(node, "TFM201", f"{path} {text}")
    for path in sorted(paths & ADVICE.keys()):
        module.report(node, "TFM210", f"{path} {ADVICE[path]}")
    is_named = name in NAMES and function in _REFLECTION and not paths & TABLE.keys()
    if is_named and _may_hold(module, holder, name, reach):
        module.report(
            node,
            "TFM201",
            f"{name} is looked up by a string in {shown}, which may be a module of TensorFlow; "
            f"if it is, {remedy}",
        )


def report_end_of_support(module: Module, resolver: Resolver, changed: Iterable[ast.AST]) -> None:
    """Reports the branches for TensorFlow 1 in which a name changes."""

    def is_old(test: ast.AST) -> bool:
        """Returns whether an expression compares the version of TensorFlow with 1 or 2.0."""
        parts = list(ast.walk(test))
        values = [str(part.value) for part in parts if isinstance(part, ast.Constant)]
        return any(map(_OLD_VERSION.match, values)) and any(
            isinstance(part, ast.Attribute)
            and part.attr in ("__version__", "VERSION")
            and any(map(is_known, resolver.reach(part).paths))
            for part in parts
        )

    flags = {dotted(target) for target, value in module.values.items() if is_old(value)} - {""}
    outer = [node for change in changed for node in module.outer(change)]
    for branch in dict.fromkeys(node for node in outer if isinstance(node, (ast.If, ast.IfExp))):
        if is_old(branch.test) or flags.intersection(map(dotted, ast.walk(branch.test))):
            module.report(
                branch,
                "TFM213",
                f"support for TensorFlow 1 ends here, because {NEW} needs 2.4 or later; keep only "
                "the branch for TensorFlow 2, or do not migrate this file",
            )
