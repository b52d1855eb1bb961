"""Names that the newest TensorFlow does not have, and summaries of TF 2 that write nothing.

They are reported once per name and file, with the number of places.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any, Dict, Final, Iterator, List, Tuple

from tfmts_compat.migrate.findings import Finding
from tfmts_compat.migrate.names import ADVICE, NEW, SESSION, TABLE, plain
from tfmts_compat.migrate.read.module import Module, dotted, is_none, last_name, module_of
from tfmts_compat.migrate.read.resolver import Resolver

_Missing = Tuple[str, str]  # a code, and the name without its package
_Places = Dict[_Missing, List[ast.AST]]

_RECORDED: Final = json.loads(
    (Path(__file__).parents[1] / "removed.json").read_text(encoding="utf-8")
)["names"]
# the names of compat.v1 that TF 2 does not have
REMOVED: Final = frozenset(
    f"{module}.{name}".lstrip(".") for module, names in _RECORDED.items() for name in names.split()
)
# packages that compat.v1 does not have either, and what to do
GONE: Final[dict[str, str]] = {
    "contrib": "for contrib.layers and contrib.slim, use tf.layers and the package tf-slim",
    "estimator": (
        'for the values of ModeKeys write "train", "eval" and "infer"; other names exist up to '
        "TensorFlow 2.15"
    ),
    "examples": "for MNIST, use tf.keras.datasets.mnist.load_data()",
}
KERAS: Final = ("layers", "nn.rnn_cell")  # in compat.v1 they need Keras 2
_SUMMARIES = frozenset(
    f"tensorflow.summary.{name}" for name in ("audio", "histogram", "image", "scalar", "text")
)
_LAST = frozenset(path.rpartition(".")[2] for path in (*REMOVED, *GONE, *_SUMMARIES))
_WORDS = re.compile(rf"\b(?:{'|'.join(sorted(_LAST))})\b".encode())
_PATH = re.compile(r"tensorflow((?:\.compat\.v[12])*)\.(.+)")
_SETTING = "TF_USE_LEGACY_KERAS"
# is_tf2, TF_VERSION, tf.__version__, hasattr
_VERSION = re.compile(r"(?i)version|(?:^|_)(?:tf|tensorflow)_?v?[12](?:_|$)|^hasattr$")
_CAUGHT = {"AttributeError", "ImportError", "ModuleNotFoundError"}


def may_matter(data: bytes) -> bool:
    """Returns False if a file cannot have such a finding, and True if it may have one."""
    return b"tensorflow" in data and bool(_WORDS.search(data))


def select(found: list[Finding]) -> list[Finding]:
    """Returns the findings of this module."""
    return [finding for finding in found if finding.code.startswith("TFM5")]


def report(module: Module, resolver: Resolver, elsewhere: str) -> None:
    """Reports the names of a module that remain after its changes.

    `elsewhere` is text outside the module, such as the magics of a notebook.
    """
    changes = module.edits.changes()
    has_setting = _SETTING in module.edits.text or _SETTING in elsewhere
    flags = {dotted(target) for target, value in module.values.items() if _is_version(value)} - {""}
    places: _Places = {}
    assigned = set()
    for node, path, missing in _find(module, resolver):
        start = module.span(node)[0]
        if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            assigned.add(missing)  # tf.flags = tf.compat.v1.flags
        elif not any(first <= start < last for first, last, _ in changes) and not _is_guarded(
            module, flags, node
        ):
            code, name = missing
            if code == "TFM503" and has_setting:
                if ".compat.v1." in path:
                    continue
                code = "TFM501"
            places.setdefault((code, name), []).append(node)
    summaries = _find_summaries(module, resolver, flags)
    places.update({("TFM504", path): nodes for path, nodes in summaries.items()})
    for (code, name), nodes in places.items():
        if (code, name) not in assigned:
            _report(module, code, name, nodes)


def _report(module: Module, code: str, name: str, nodes: list[ast.AST]) -> None:
    """Reports a name at the first place at which its code is not ignored."""
    for index, node in enumerate(sorted(nodes, key=module.span)):
        count = len(nodes) - index
        where = f" ({count} places in this file)" if count > 1 else ""
        if module.report(node, code, _explain(code, name, where)):
            break


def _explain(code: str, name: str, where: str) -> str:
    if code == "TFM501":
        return (
            f"tf.{name} exists only in tf.compat.v1{where}; write tf.compat.v1.{name}, or "
            "import tensorflow.compat.v1 as tf"
        )
    if code == "TFM502":
        advice = GONE[name.partition(".")[0]]
        return (
            f"tf.{name} exists neither in the newest TensorFlow nor in tf.compat.v1{where}; "
            f"{advice}"
        )
    if code == "TFM503":
        return (
            f"tf.{name} exists only in tf.compat.v1{where}, and needs Keras 2 since TensorFlow "
            f"2.16; install tf-keras of the same minor version as TensorFlow, and set {_SETTING}=1 "
            "before TensorFlow is imported"
        )
    last = name.rpartition(".")[2]
    return (
        f"tf.summary.{last} of TF 2 writes nothing in a session{where}; use "
        f"tf.compat.v1.summary.{last}"
    )


def find_missing(path: str) -> _Missing | None:
    """Returns the code and the shortest name that is missing in a path, or None.

    Two parts of the packages in `GONE` are returned, such as contrib.layers.
    """
    found = _PATH.fullmatch(path.replace("tensorflow_core", "tensorflow", 1))
    if not found:
        return None
    names = found.group(2).split(".")
    if names[0] in GONE:
        return "TFM502", ".".join(names[:2])
    for end in range(1, len(names) + 1):
        name = ".".join(names[:end])
        if name in KERAS:
            return "TFM503", name
        if name in REMOVED and not found.group(1).endswith("v1"):
            return "TFM501", name
    return None


def _find(module: Module, resolver: Resolver) -> Iterator[tuple[ast.AST, str, _Missing]]:
    """Yields the imports and dotted names that are missing, with their paths.

    Of tf.app.flags.FLAGS only tf.app is yielded. The names of an alias such as
    flags = tf.app.flags are not yielded.
    """
    for statement in (*module.nodes[ast.Import], *module.nodes[ast.ImportFrom]):
        start = module_of(statement)
        for alias in statement.names:
            missing = find_missing(f"{start}{alias.name}")
            if missing and not _has_advice(f"{start}{alias.name}"):
                yield alias, f"{start}{alias.name}", missing
    for node in module.nodes[ast.Attribute]:
        if node.attr not in _LAST:
            continue
        paths = resolver.reach(node).paths
        if not all(map(find_missing, paths)):
            continue
        if not any(map(find_missing, resolver.reach(node.value).paths)):
            path = min(paths) + _attributes_after(module, node)
            missing = find_missing(path)
            if missing and not _has_advice(path):
                yield node, path, missing


def _attributes_after(module: Module, node: ast.AST) -> str:
    """Returns ".layers.flatten" for the node tf.contrib in tf.contrib.layers.flatten."""
    names = []
    for outer in module.outer(node):
        if not isinstance(outer, ast.Attribute):
            break
        names.append(f".{outer.attr}")
    return "".join(names)


def _has_advice(path: str) -> bool:
    """Returns whether another code reports a name, or a name with attributes."""
    names = plain(path).split(".")
    paths = (".".join(names[:end]) for end in range(2, len(names) + 1))
    return any(part in TABLE or part in ADVICE for part in paths)


def _is_guarded(module: Module, flags: set[str], node: ast.AST) -> bool:
    """Returns whether a node runs only with some versions, or in a try for a missing name.

    `flags` are the names that the module sets to the outcome of a test of the version.
    """
    inner: Any = node
    for outer in module.outer(node):
        tests: list[ast.AST] = []
        if isinstance(outer, (ast.If, ast.IfExp)) and inner is not outer.test:
            tests = [outer.test]
        elif isinstance(outer, ast.BoolOp):
            tests = [outer]
        elif isinstance(outer, ast.FunctionDef) and inner in outer.body:
            before = outer.body[: outer.body.index(inner)]
            ifs = [part for part in before if isinstance(part, ast.If)]
            tests = [part.test for part in ifs if isinstance(part.body[-1], ast.Return)]
        if any(_is_version(test) or flags & {*map(dotted, ast.walk(test))} for test in tests):
            return True
        if any(_catches(handler, node) for handler in getattr(outer, "handlers", ())):
            return True
        inner = outer
    return False


def _is_version(test: ast.AST) -> bool:
    """Returns whether an expression tests the version of TensorFlow or looks for a name."""
    return any(
        isinstance(part, (ast.Name, ast.Attribute)) and _VERSION.search(last_name(part))
        for part in ast.walk(test)
    )


def _catches(handler: ast.ExceptHandler, node: ast.AST) -> bool:
    """Returns whether a handler is for a missing name. An import may have any handler."""
    caught = {dotted(part) for part in ast.walk(handler.type)} if handler.type else set()
    return bool(caught & _CAUGHT) or isinstance(node, ast.alias)


def _find_summaries(
    module: Module, resolver: Resolver, flags: set[str]
) -> dict[str, list[ast.AST]]:
    """Returns the calls of TF 2's summaries, if a session of the module saves summaries."""
    found: dict[str, list[ast.AST]] = {}
    if "create_file_writer" in module.edits.text or not any(
        _saves_summaries(call, resolver) for call in module.nodes[ast.Call]
    ):
        return found
    for node in module.nodes[ast.Attribute]:
        if f"tensorflow.summary.{node.attr}" in _SUMMARIES:
            paths = {path.replace(".compat.v2.", ".") for path in resolver.reach(node).paths}
            if paths <= _SUMMARIES and not _is_guarded(module, flags, node):
                found.setdefault(min(paths), []).append(node)
    return found


def _saves_summaries(call: Any, resolver: Resolver) -> bool:
    """Returns whether it is a call of the session with a directory and a cadence of summaries."""
    if last_name(call.func) != SESSION:
        return False
    if {TABLE.get(plain(path), path) for path in resolver.reach(call.func).paths} != {
        f"{NEW}.{SESSION}"
    }:
        return False
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    cadences = [given[name] for name in given if name and name.startswith("save_summaries_")]
    has_directory = len(call.args) > 2 or {None, "checkpoint_dir", "summary_dir"} & given.keys()
    return bool(has_directory) and not (cadences and all(map(is_none, cadences)))
