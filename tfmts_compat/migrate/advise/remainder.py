"""Findings about names that are not replaced, with the change to make by hand."""

from __future__ import annotations

import ast
import itertools
import re
from typing import Iterable, Iterator

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
from tfmts_compat.migrate.read.effects import find_lookups
from tfmts_compat.migrate.read.module import (
    FUNCTIONS,
    Module,
    Place,
    arguments_of,
    dotted,
    last_name,
    text_of,
)
from tfmts_compat.migrate.read.resolver import OWN, UNKNOWN, Reach, Resolver

# pkg.module.tf.train.Scaffold: the part before tf, and the last name
_HELD = re.compile(
    r"((?:[A-Za-z_]\w*\.)*?)[A-Za-z_]\w*(?:\.compat\.v[12])*"
    rf"\.(?:{'|'.join(DISTINCT)})\.({'|'.join(sorted(NAMES))})\b"
)
# tf.train.Scaffold in text that is not parsed
NAMED = re.compile(
    rf"\b(?:[A-Za-z_]\w*\.)+(?:{'|'.join(DISTINCT)})\.(?P<name>{'|'.join(sorted(NAMES))})\b"
    rf"|\bfrom\s+tensorflow[\w.]*\s+import\s[^#\n]*?\b(?P<imported>{'|'.join(sorted(NAMES))})\b"
)
# the end of what holds the names: x.train, train, x.contrib.framework
_HOLDER = re.compile(
    rf"(?:^|\.)(?:{'|'.join(set(DISTINCT) - {'session_manager'})}|contrib\.(?:framework|slim))$"
)
_ADVISED = re.compile(
    rf"(?:^|\.)(?:(?:train|supervisor)\.Supervisor|contrib\.(?:training|slim\.\w+)\.(?:{'|'.join(ADVISED)}))$"
)
_REFLECTION = ("getattr", "hasattr", "setattr", "delattr", "object", "multiple")
_LITERAL = re.compile(rf"[\"'](?:{'|'.join(UNIQUE)})[\"']")
_PRIVATE = ("_sess", "_tf_sess", "_coordinated_creator")
_EVALUATE = ("cast", "eval", "exec", "ForwardRef", "TypeVar")  # functions of code in a string
_TYPE_COMMENT = re.compile(r"#\s*type:(?!\s*ignore).*")
_CALLED = "|".join(sorted(NAMES - {"global_step"}))
_PATH = re.compile(
    r"(?:tf|tensorflow\w*)(?:\.[A-Za-z_]\w*)+"
    rf"|(?:[A-Za-z_]\w*\.)+(?:{'|'.join(DISTINCT)})\.(?:{_CALLED})(?:\.[A-Za-z_]\w*)*"
)
_DOTTED = re.compile(rf"[A-Za-z_][\w.]*\.(?:{'|'.join(sorted(NAMES))})\b")
_OLD_VERSION = re.compile(r"\(?v?(?:1(?:\.|$)|2(?:\.0.*)?$)")
_WITH = "with {0} and import tfmts_compat"


def report(module: Module, resolver: Resolver) -> None:
    """Reports the lookups, strings, private attributes and older training APIs of a module."""
    for node, holder, name in find_lookups(module):
        _report_lookup(module, resolver, node, holder, name)
    _report_computed(module, resolver)
    _report_strings(module, resolver)
    for attribute in module.nodes[ast.Attribute]:
        if attribute.attr in _PRIVATE and _is_private(module, attribute):
            module.report(
                attribute,
                "TFM204",
                "uses a private attribute of the monitored session; use "
                "tfmts_compat.raw_session(session), which returns the underlying "
                "tf.compat.v1.Session",
            )
        elif attribute.attr in ADVISED - NAMES and (
            attribute.attr != "train"
            or "training" in last_name(attribute.value)
            or isinstance(module.parents[attribute], ast.Call)
        ):
            _report_advised(module, resolver, attribute)


def _is_private(module: Module, node: ast.Attribute) -> bool:
    """Returns whether it is the last of s._sess._tf_sess, or s = s._sess."""
    parent = module.parents[node]
    if isinstance(parent, ast.Attribute) and parent.attr in _PRIVATE:
        return False
    if node.attr != "_sess" or last_name(node.value) in _PRIVATE:
        return True
    # the body of a loop that ends at the raw session
    return any(
        value is node and dotted(target) == dotted(node.value) != ""
        for target, value in module.values.items()
    )


def _report_advised(module: Module, resolver: Resolver, node: ast.Attribute) -> None:
    """Reports an older training API, or what may be one."""
    paths = set(map(plain, resolver.reach(node).spelled))
    for path in sorted(paths & ADVICE.keys()):
        module.report(node, "TFM210", f"{path} {ADVICE[path]}")
    shown = module.code(node)
    if not all(is_known(path) or path == OWN for path in paths) and _ADVISED.search(shown):
        path = next(path for path in ADVICE if path.endswith(".".join(shown.split(".")[-2:])))
        module.report(node, "TFM210", f"{shown} may be {path}, which {ADVICE[path]}")


def _report_strings(module: Module, resolver: Resolver) -> None:
    """Reports names in strings, in quoted annotations and in type comments."""
    for node in module.nodes[ast.Constant]:
        text = text_of(node)
        if "." not in text or isinstance(module.parents[node], (ast.Expr, ast.JoinedStr)):
            continue
        if _is_evaluated(module, node):
            for path in dict.fromkeys(_DOTTED.findall(text)):
                _report_quoted(module, resolver, node, path)
        elif _PATH.fullmatch(text):
            _report_path(module, resolver, node, text)
    for number, line in enumerate(module.edits.lines, 1):
        for comment in _TYPE_COMMENT.finditer(line):
            for path in dict.fromkeys(_DOTTED.findall(comment.group())):
                _report_quoted(module, resolver, (number, comment.start()), path)


def _is_evaluated(module: Module, node: ast.AST) -> bool:
    """Returns whether a string is in an annotation or an argument of a function like eval."""
    for outer in module.outer(node):
        if isinstance(outer, ast.Call) and last_name(outer.func) in _EVALUATE:
            return True
        annotations = [getattr(outer, "annotation", None), getattr(outer, "returns", None)]
        if isinstance(outer, FUNCTIONS):
            annotations += [argument.annotation for argument in arguments_of(outer.args)]
        if node in annotations:
            return True
        if isinstance(outer, ast.stmt):
            return False
        node = outer
    return False


def _report_path(module: Module, resolver: Resolver, node: ast.Constant, value: str) -> None:
    """Reports a path such as tensorflow.train.Scaffold or pkg.module.tf.train.Scaffold."""
    path, parent = _find_prefix(value), module.parents[node]
    old = plain(_spell_out(path))
    held = _HELD.match(value)
    if path:
        new = value.replace(path, TABLE[old])
        text = f'{path} is named in a string; write "{new}"'
        if old in REPLACEABLE and last_name(getattr(parent, "func", parent)) == "patch":
            text = f"{path} is patched by a string, {explain_patch(old, TABLE[old])}"
        module.report(node, "TFM209", text)
    elif plain(_spell_out(value)) in ADVICE:
        module.report(node, "TFM210", f"{value} {ADVICE[plain(_spell_out(value))]}")
    elif held and _may_be_moved(resolver.follow(held.group())):
        new = f"{held.group(1)}{NEW}.{held.group(2)}{value[held.end() :]}"
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
    part = next((path for path in sorted(REPLACEABLE) if path.endswith(f".{last}")), "")
    if part:
        return (
            f"which changes neither {name} nor a session; to change the session, patch {part}, "
            f"and to change code that reads {name}, patch {name}"
        )
    return f"which does not change {name}; patch {name}, or the code that uses it"


def _may_be_moved(reach: Reach) -> bool:
    """Returns whether it is, or may be, a name in the table."""
    return any(plain(path) in TABLE or not (is_known(path) or path == OWN) for path in reach.paths)


def report_name(module: Module, resolver: Resolver, node: ast.Attribute, reach: Reach) -> None:
    """Reports a dotted name that is not replaced, although its last name is in the table.

    Args:
      module: the module.
      resolver: resolves its names.
      node: the dotted name.
      reach: what it resolves to.
    """
    shown = module.code(node)
    old = {plain(path) for path in resolver.through_attributes(node)} & TABLE.keys()
    for path in sorted(old if not reach.imports else ()):
        module.report(
            node,
            "TFM207",
            f"{shown} may be {path}, accessed through an attribute; if it is, replace {shown} "
            + _WITH.format(TABLE[path]),
        )
    holder, name = node.value, node.attr
    if old or (name == "global_step" and not _is_called(module, node)):
        return
    if not _may_hold(module, holder, name, reach):
        for path in filter(_is_unlisted, sorted(reach.spelled)):
            module.report(node, "TFM208", _unlisted(path, shown, name))
        return
    what, outer = f"{module.code(holder)} is a module of", 1
    if isinstance(holder, ast.Attribute) and holder.attr in ("train", "estimator"):
        what, outer = f"{module.code(holder.value)} is", 2
    foreign = {path for path in reach.paths & reach.spelled - {UNKNOWN} if not is_known(path)}
    if reach.reasons:
        why = f", because {' or '.join(sorted(reach.reasons))}"
    elif foreign:
        why = f", because {min(foreign).rsplit('.', outer)[0]} was not found below this directory"
    else:
        why = ""
    module.report(
        node,
        "TFM208",
        f"it is not known whether {what} TensorFlow{why}; if it is, replace {shown} "
        + _WITH.format(f"{NEW}.{name}"),
    )


def _may_hold(module: Module, holder: ast.expr, name: str, reach: Reach) -> bool:
    """Returns whether an object that is not known may be a module with a name of the table."""
    paths = reach.spelled
    if all(is_known(path) or path == OWN for path in paths):
        return any(plain(path) in TABLE for path in paths)
    shown = module.code(holder)
    is_unknown = (UNKNOWN in paths or paths != reach.paths) and shown not in ("self", "cls")
    if name in UNIQUE or "global_step" in name:
        holders = {shown, *(path.rpartition(".")[0] for path in paths)}
        return (name in UNIQUE and is_unknown) or any(map(_HOLDER.search, holders))
    return bool(("." in shown or reach.reasons) and _HOLDER.search(shown))


def _is_unlisted(path: str) -> bool:
    """Returns whether a path may be a name of the table in another module of TensorFlow."""
    holder, _, name = plain(path).rpartition(".")
    if name not in NAMES or not is_known(path) or holder in MODULES or holder == NEW:
        return False
    return name in UNIQUE or bool(_HOLDER.search(holder))


def _unlisted(path: str, shown: str, name: str) -> str:
    return f"{path} may be {NEW}.{name}; if it is, replace {shown} " + _WITH.format(f"{NEW}.{name}")


def report_import(module: Module, alias: ast.alias, path: str) -> None:
    """Reports an imported name that is not replaced."""
    advice = ADVICE.get(plain(path))
    if advice:
        module.report(alias, "TFM210", f"{plain(path)} {advice}")
    elif _is_unlisted(path):
        name = path.rpartition(".")[2]
        module.report(alias, "TFM208", _unlisted(path, "it", name))


def _report_lookup(
    module: Module,
    resolver: Resolver,
    node: ast.Call | ast.Subscript,
    holder: ast.expr,
    name: str,
) -> None:
    reach = resolver.look_up(holder, name)
    paths = set(map(plain, reach.paths))
    function = last_name(node.func) if isinstance(node, ast.Call) else ""
    if function == "getattr":
        remedy = f"replace the call with {NEW}.{name}, and import {NEW}"
    elif function == "hasattr":
        remedy = f"{NEW}.{name} always exists, so remove the test, and import {NEW}"
    elif isinstance(holder, ast.Constant):
        remedy = f'replace {module.code(holder)} with "{NEW}"'
    else:
        remedy = f"replace {module.code(holder)} with {NEW}, and import {NEW}"
    for path in sorted(paths & TABLE.keys()):
        text = f"is looked up by a string; {remedy}"
        if path in REPLACEABLE and function not in ("getattr", "hasattr"):
            text = f"is replaced by a string, {explain_patch(path, TABLE[path])}"
        module.report(node, "TFM201", f"{path} {text}")
    for path in sorted(paths & ADVICE.keys()):
        module.report(node, "TFM210", f"{path} {ADVICE[path]}")
    if (
        name in NAMES
        and not paths & TABLE.keys()
        and (not function or function in _REFLECTION)
        and _may_hold(module, holder, name, reach)
    ):
        module.report(
            node,
            "TFM201",
            f"{name} is looked up by a string in {module.code(holder)}, which may be a module "
            f"of TensorFlow; if it is, {remedy}",
        )


def _report_computed(module: Module, resolver: Resolver) -> None:
    """Reports getattr(tf.train, name) in a module that has a name of the table as a string."""
    if not _LITERAL.search(module.edits.text):
        return
    for call in module.nodes[ast.Call]:
        if last_name(call.func) == "getattr" and len(call.args) > 1 and not text_of(call.args[1]):
            paths = set(map(plain, resolver.reach(call.args[0]).spelled))
            if paths & MODULES.keys():
                module.report(
                    call,
                    "TFM201",
                    f"{module.code(call.args[1])} may be one of the names of {NEW} that this "
                    f"module has as strings; look those up in {NEW}",
                )


def report_end_of_support(module: Module, resolver: Resolver, changed: Iterable[ast.AST]) -> None:
    """Reports the branches for TensorFlow 1 in which a name changes."""

    def is_old(test: ast.AST) -> bool:
        """Returns whether an expression compares the version of TensorFlow with 1 or 2.0."""
        parts = list(ast.walk(test))
        texts = [
            str(getattr(part, "value", "")) for part in parts if isinstance(part, ast.Constant)
        ]
        return any(map(_OLD_VERSION.match, texts)) and any(
            isinstance(part, ast.Attribute)
            and part.attr in ("__version__", "VERSION")
            and any(map(is_known, resolver.reach(part).paths))
            for part in parts
        )

    flags = {dotted(target) for target, value in module.values.items() if is_old(value)} - {""}
    branches: dict[ast.AST, None] = {}
    for node in itertools.chain.from_iterable(map(module.outer, changed)):
        if isinstance(node, (ast.If, ast.IfExp)) and (
            is_old(node.test) or flags.intersection(map(dotted, ast.walk(node.test)))
        ):
            branches[node] = None
    for branch in branches:
        module.report(
            branch,
            "TFM213",
            f"support for TensorFlow 1 ends here, because {NEW} needs 2.4 or later; keep only the "
            "branch for TensorFlow 2, or do not migrate this file",
        )


def _report_quoted(module: Module, resolver: Resolver, place: Place, path: str) -> None:
    where = "a type comment" if isinstance(place, tuple) else "quotes"
    scope = module.scope if isinstance(place, tuple) else module.scopes[place]
    reach = resolver.look_up_in(scope, path)
    old = set(map(plain, reach.paths)) & TABLE.keys()
    held = _HELD.fullmatch(path)
    if resolver.is_re_exported(scope, path):
        return  # that module is migrated
    if old:
        new = _WITH.format(TABLE[min(old)])
        module.report(place, "TFM206", f"{min(old)} is named in {where}; replace it {new}")
    elif held and _may_be_moved(reach):
        new = _WITH.format(f"{NEW}.{held.group(2)}")
        module.report(
            place,
            "TFM206",
            f"{path} is named in {where} and may be TensorFlow's; if it is, replace it {new}",
        )


def _find_prefix(value: str) -> str:
    """Returns the part of a dotted path that is a name in the table, or ""."""
    parts = value.split(".")
    prefixes: Iterator[str] = (".".join(parts[:count]) for count in range(len(parts), 1, -1))
    return next((prefix for prefix in prefixes if plain(_spell_out(prefix)) in TABLE), "")


def _spell_out(path: str) -> str:
    return re.sub(r"^tf\.", "tensorflow.", path)


def _is_called(module: Module, node: ast.AST) -> bool:
    parent = module.parents[node]
    return isinstance(parent, ast.Call) and parent.func is node
