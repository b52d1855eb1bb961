"""Names that are not replaced, or that a module itself replaces: what to change by hand."""

from __future__ import annotations

import ast
import os
import re
from typing import Any, Dict, Iterable, Iterator, Tuple

from tfmts_compat.migrate import names
from tfmts_compat.migrate.names import NAMES, NEW, TABLE, is_known, plain
from tfmts_compat.migrate.read.module import Module, Place, dotted, last_name, text_of
from tfmts_compat.migrate.read.resolver import OWN, UNKNOWN, Reach, Resolver

Replaced = Dict[str, str]  # a name of tfmts_compat: the place where its old name is replaced
# an expression, the object in which it looks up or replaces a name, and the name
_Lookup = Tuple[ast.expr, Any, str]
PARTS = NAMES.union(*(module.split(".") for module in names.MODULES), ("compat", "v1", "v2"))
_NAMES = "|".join(sorted(NAMES))
# tf.train.Scaffold in text that is not parsed; in pkg.module.tf.train.Scaffold, what is before tf
NAMED = re.compile(
    r"\b(?P<before>(?:[A-Za-z_]\w*\.)*?)[A-Za-z_]\w*(?:\.compat\.v[12])*"
    rf"\.(?:{'|'.join(names.DISTINCT)})\.(?P<name>{_NAMES})\b"
    rf"|\bfrom\s+tensorflow[\w.]*\s+import\s[^#\n]*?\b(?P<imported>{_NAMES})\b"
)
# the end of what holds the names: x.train, train, x.contrib.framework
_HOLDERS = "|".join(set(names.DISTINCT) - {"session_manager"})
_HOLDER = re.compile(rf"(?:^|\.)(?:{_HOLDERS}|contrib\.(?:framework|slim))$")
_READS = ("getattr", "hasattr")
_PATCHES = ("patch", "object", "multiple", "setattr", "delattr")
_PRIVATE = ("_sess", "_tf_sess", "_coordinated_creator")
_EVALUATE = ("cast", "eval", "exec", "ForwardRef", "TypeVar")  # functions of code in a string
_TYPE_COMMENT = re.compile(r"#\s*type:(?!\s*ignore).*")
_OLD_VERSION = re.compile(r"\(?v?(?:1(?:\.|$)|2(?:\.0.*)?$)")


def report(module: Module, resolver: Resolver) -> None:
    """Reports the lookups, strings, private attributes and older training APIs of a module."""
    for node, holder, name in _find_lookups(module):
        if name in NAMES:
            _report_lookup(module, resolver, node, holder, name)
    _report_strings(module, resolver)
    for attribute in module.nodes[ast.Attribute]:
        if attribute.attr in names.ADVISED:
            for path in set(map(plain, resolver.reach(attribute).paths)):
                report_path(module, attribute, path)
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
    parent = module.parents[node]
    targets = {*map(dotted, getattr(parent, "targets", ()))} - {""}
    is_outer = last_name(node.value) in _PRIVATE or dotted(node.value) in targets
    return (is_outer or node.attr != "_sess") and last_name(parent) not in _PRIVATE


def _report_strings(module: Module, resolver: Resolver) -> None:
    """Reports names in strings, in quoted annotations and in type comments."""
    for node in module.nodes[ast.Constant]:
        text = text_of(node)
        if "." not in text or isinstance(module.parents[node], (ast.Expr, ast.JoinedStr)):
            continue
        if _is_evaluated(module, node):
            _report_code(module, resolver, node, text)
        elif text.replace(".", "").isidentifier():
            _report_string(module, resolver, node, text)
    for number, line in enumerate(module.edits.lines, 1):
        for comment in _TYPE_COMMENT.finditer(line):
            _report_code(module, resolver, (number, comment.start()), comment.group())


def _is_evaluated(module: Module, node: ast.AST) -> bool:
    """Returns whether a string is in an annotation or an argument of a function like eval."""
    for outer in module.outer(node):
        annotations = getattr(outer, "annotation", None), getattr(outer, "returns", None)
        if node in annotations or last_name(getattr(outer, "func", outer)) in _EVALUATE:
            return True
        if isinstance(outer, ast.stmt):
            return False
        node = outer
    return False


def _report_code(module: Module, resolver: Resolver, place: Place, text: str) -> None:
    """Reports the names in a string that is evaluated, or in a type comment."""
    where = "a type comment" if isinstance(place, tuple) else "quotes"
    for named in NAMED.finditer(text):
        if _may_be_moved(resolver.follow_text(named.group())):
            what = f"{named.group()} is named in {where} and may be TensorFlow's"
            name = named.group("name") or named.group("imported")
            module.report(place, "TFM206", _advise(what, "it", name))


def _report_string(module: Module, resolver: Resolver, node: ast.Constant, text: str) -> None:
    """Reports a string such as tensorflow.train.Scaffold or pkg.module.tf.train.Scaffold."""
    full = re.sub(r"^tf\.", "tensorflow.", text)
    ends = [end.start() for end in re.finditer(r"\.|$", full)]
    end = next((end for end in ends if plain(full[:end]) in TABLE), 0)
    named = NAMED.match(text)
    if end:
        old, rest, parent = plain(full[:end]), full[end:], module.parents[node]
        shown = text[: len(text) - len(rest)]
        why = f'{shown} is named in a string; write "{TABLE[old]}{rest}"'
        if old in names.REPLACEABLE and last_name(getattr(parent, "func", parent)) == "patch":
            why = f"{shown} is patched by a string, {explain_patch(old, TABLE[old])}"
        module.report(node, "TFM209", why)
    elif named and _may_be_moved(resolver.follow(named.group())):
        new = f"{named.group('before')}{NEW}.{named.group('name')}{text[named.end() :]}"
        why = f"{named.group()} is named in a string and may be TensorFlow's; if it is, write"
        module.report(node, "TFM209", f'{why} "{new}"')


def explain_patch(path: str, name: str) -> str:
    """Returns what a replaced name means for tfmts_compat, and what to do."""
    if plain(path) in names.REPLACEABLE:
        return (
            f"and a session of {NEW} is built with the replacement, so keep this; a patch of "
            f"{name} would have no effect on the session"
        )
    end = path[path.rindex(".") :]
    part = next((part for part in sorted(names.REPLACEABLE) if part.endswith(end)), "")
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
    if name == "global_step" and getattr(module.parents[node], "func", None) is not node:
        return
    if not _may_hold(module, holder, name, reach):
        for path in reach.paths:
            report_path(module, node, path, shown)
        return
    what, outer = f"{module.code(holder)} is a module of", 1
    if isinstance(holder, ast.Attribute) and holder.attr in ("train", "estimator"):
        what, outer = f"{module.code(holder.value)} is", 2
    reasons = reach.reasons or {
        f"{path.rsplit('.', outer)[0]} was not found below this directory"
        for path in reach.paths - {UNKNOWN, OWN}
        if not is_known(path)
    }
    why = f", because {' or '.join(sorted(reasons))}" if reasons else ""
    what = f"it is not known whether {what} TensorFlow{why}"
    module.report(node, "TFM208", _advise(what, shown, name))


def report_path(module: Module, node: ast.AST, path: str, shown: str = "it") -> None:
    """Reports an older training API, or a name of the table in another module of TensorFlow."""
    holder, _, name = plain(path).rpartition(".")
    is_other = name in NAMES and is_known(path) and holder not in (NEW, *names.MODULES)
    if plain(path) in names.ADVICE:
        module.report(node, "TFM210", f"{plain(path)} {names.ADVICE[plain(path)]}")
    elif is_other and (name in names.UNIQUE or _HOLDER.search(holder)):
        module.report(node, "TFM208", _advise(f"{path} may be {NEW}.{name}", shown, name))


def _advise(what: str, shown: str, name: str) -> str:
    """Returns a message about a name that may be one of the table."""
    return f"{what}; if it is, replace {shown} with {NEW}.{name} and import {NEW}"


def _may_hold(module: Module, holder: ast.expr, name: str, reach: Reach) -> bool:
    """Returns whether an object that is not known may be a module with a name of the table."""
    if all(is_known(path) or path == OWN for path in reach.paths):
        return False
    shown = module.code(holder)
    if name in names.UNIQUE or "global_step" in name:
        holders = {shown, *(path.rpartition(".")[0] for path in reach.paths)}
        is_unknown = UNKNOWN in reach.paths and shown not in ("self", "cls")
        return (name in names.UNIQUE and is_unknown) or any(map(_HOLDER.search, holders))
    return bool(("." in shown or reach.reasons) and _HOLDER.search(shown))


def _find_lookups(module: Module) -> Iterator[_Lookup]:
    """Yields the places where a name is looked up by a string, or a computed one is replaced."""
    for call in module.nodes[ast.Call]:
        function = last_name(call.func)
        found = [text_of(argument) for argument in call.args[1:2]]
        if function == "multiple":  # mock.patch.multiple(tf.train, Scaffold=x)
            found = [keyword.arg or "" for keyword in call.keywords]
        for name in found or [""]:
            if call.args and (name in NAMES or function in _PATCHES):
                yield call, call.args[0], name
    for subscript in module.nodes[ast.Subscript]:
        inner, index = subscript.value, subscript.slice
        name = text_of(index) or text_of(getattr(index, "value", None))  # Python 3.8 has ast.Index
        if isinstance(inner, ast.Call) and last_name(inner.func) == "vars" and inner.args:
            yield subscript, inner.args[0], name
        elif isinstance(inner, ast.Attribute) and inner.attr == "__dict__":
            yield subscript, inner.value, name


def find_replaced(module: Module, resolver: Resolver, *, with_mocks: bool = True) -> Replaced:
    """Returns the names of tfmts_compat whose old names a module replaces or deletes.

    Mocks, which last for a test only, count if `with_mocks` is true.
    """
    replaced: Replaced = {}
    stores = [node for node in module.nodes[ast.Attribute] if not isinstance(node.ctx, ast.Load)]
    found: list[_Lookup] = [(node, node.value, node.attr) for node in stores if node.attr in PARTS]
    for node, holder, name in [*found, *_find_lookups(module)]:
        function = dotted(getattr(node, "func", None))
        is_mock = isinstance(node, ast.Call) and function not in ("setattr", "delattr")
        if function in _READS or (is_mock and not with_mocks):
            continue
        reach = resolver.reach(holder, name)
        paths = {f"{plain(path).rstrip('.')}." for path in reach.paths}
        is_argument = any(isinstance(other, ast.arg) for other in reach.others)
        if is_argument and name in NAMES and _HOLDER.search(module.code(holder)):
            paths.add(f"tensorflow.train.{name}.")  # an argument may be TensorFlow: def patch(tf)
        place = f"{os.path.relpath(module.path)}:{module.lines(node)[0]}"
        for old, new in TABLE.items():
            if f"{old}.".startswith(tuple(paths)):
                replaced.setdefault(new, place)
    return replaced


def _report_lookup(module: Module, resolver: Resolver, node: Any, holder: Any, name: str) -> None:
    """Reports a name that is looked up by a string in TensorFlow, or in what may be TensorFlow."""
    reach = resolver.reach(holder, name)
    paths = set(map(plain, reach.paths)) & TABLE.keys()
    function, shown = last_name(getattr(node, "func", node)), module.code(holder)
    new = f'"{NEW}"' if isinstance(holder, ast.Constant) else f"{NEW}, and import {NEW}"
    remedy = {
        "getattr": f"replace the call with {NEW}.{name}, and import {NEW}",
        "hasattr": f"{NEW}.{name} always exists, so remove the test, and import {NEW}",
    }.get(function, f"replace {shown} with {new}")
    for path in sorted(paths):
        text = f"is looked up by a string; {remedy}"
        if path in names.REPLACEABLE and function not in _READS:
            text = f"is replaced by a string, {explain_patch(path, TABLE[path])}"
        module.report(node, "TFM201", f"{path} {text}")
    is_lookup = function in ("", *_READS, *_PATCHES)
    if is_lookup and not paths and _may_hold(module, holder, name, reach):
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
        parts: list[Any] = list(ast.walk(test))
        versions = [part for part in parts if last_name(part) in ("__version__", "VERSION")]
        paths = {path for part in versions for path in resolver.reach(part).paths}
        values = [str(part.value) for part in parts if isinstance(part, ast.Constant)]
        return any(map(is_known, paths)) and any(map(_OLD_VERSION.match, values))

    tests = [branch for node in changed for branch in find_tests(module, node)]
    for branch in dict.fromkeys(outer for outer, test in tests if is_old(test)):
        module.report(
            branch,
            "TFM213",
            f"support for TensorFlow 1 ends here, because {NEW} needs 2.4 or later; keep only "
            "the branch for TensorFlow 2, or do not migrate this file",
        )


def find_tests(module: Module, node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Yields each branch that contains a node, with its test, and with what a name in it is."""
    inner = node
    for outer in module.outer(node):
        test = outer if isinstance(outer, ast.BoolOp) else getattr(outer, "test", None)
        if test and inner is not test:
            yield outer, test
            for part in ast.walk(test):
                if isinstance(part, ast.Name):
                    bindings = module.scopes[part].bindings(part.id)
                    yield from ((outer, bound.value) for bound in bindings if bound.value)
        inner = outer
