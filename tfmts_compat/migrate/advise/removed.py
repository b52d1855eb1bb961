"""Names that the newest TensorFlow does not have, and summaries of TF 2 that write nothing.

They are reported once per name and file, with the number of places.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any, Dict, Final, Iterator, Tuple

from tfmts_compat.migrate.advise.calls import Arguments, Sessions
from tfmts_compat.migrate.advise.remainder import find_tests
from tfmts_compat.migrate.names import ADVICE, TABLE, plain
from tfmts_compat.migrate.read.module import Module, dotted, first_of, is_none, last_name, module_of
from tfmts_compat.migrate.read.resolver import Resolver

_Missing = Tuple[str, str]  # a code, and the name without its package
_Codes = Dict[str, str]  # a name without its package: its code

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
_SUMMARIES = tuple(f"summary.{name}" for name in ("audio", "histogram", "image", "scalar", "text"))
_CODES: Final[_Codes] = {
    **dict.fromkeys(REMOVED, "TFM501"),
    **dict.fromkeys(GONE, "TFM502"),
    **dict.fromkeys(KERAS, "TFM503"),
    **dict.fromkeys(_SUMMARIES, "TFM504"),
}
_SETTING = "TF_USE_LEGACY_KERAS"
_TEXTS: Final = {
    "TFM501": "tf.{0} exists only in tf.compat.v1{1}; write tf.compat.v1.{0}, or import "
    "tensorflow.compat.v1 as tf",
    "TFM502": "tf.{0} exists neither in the newest TensorFlow nor in tf.compat.v1{1}; {2}",
    "TFM503": "tf.{0} exists only in tf.compat.v1{1}, and needs Keras 2 since TensorFlow 2.16; "
    f"install tf-keras of the same minor version as TensorFlow, and set {_SETTING}=1 before "
    "TensorFlow is imported",
    "TFM504": "tf.{0} of TF 2 writes nothing in a session{1}; use tf.compat.v1.{0}",
}
_OTHER_CODES = TABLE.keys() | ADVICE.keys()  # names that other codes report
_LAST = frozenset(name.rpartition(".")[2] for name in _CODES)
_WORDS = frozenset(name.encode() for name in _LAST)
# an import of TensorFlow's public names, which those of its own sources are not
_IMPORT = re.compile(
    rb"\b(import|from)\s+tensorflow(?:_core)?\b"
    rb"(?!\.(?:compiler|core|dtensor|lite|python|security|tools|tsl)\b)"
)
# is_tf2, TF_VERSION, tf.__version__, hasattr
_VERSION = re.compile(r"(?i)version|(?:^|_)(?:tf|tensorflow)_?v?[12](?:_|$)|^hasattr$")
_ERROR = re.compile(r"\b(?:Attribute|Import|ModuleNotFound)Error\b")


def may_matter(data: bytes) -> bool:
    """Returns False if a file cannot have such a finding, and True if it may have one."""
    kinds = set(_IMPORT.findall(data))
    names = re.findall(rb"\w+" if b"from" in kinds else rb"\.\s*(\w+)", data) if kinds else []
    return not _WORDS.isdisjoint(names)


def report(module: Module, resolver: Resolver, sessions: Sessions, elsewhere: str) -> None:
    """Reports the names of a module that remain after its changes.

    `elsewhere` is text outside the module, such as the magics of a notebook.
    """
    changes = module.edits.changes()
    places: dict[_Missing, list[ast.AST]] = {}
    assigned = set()  # tf.flags = tf.compat.v1.flags
    for node, missing in _find(module, resolver, _find_codes(module, sessions, elsewhere)):
        start = module.span(node)[0]
        is_changed = any(first <= start < last for first, last, _ in changes)
        is_set = not isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
        if is_set and module.code(node).endswith(missing[1]):
            assigned.add(missing)
        elif not is_changed and not _is_guarded(module, node):
            places.setdefault(missing, []).append(node)
    for code, name in places.keys() - assigned:
        nodes = sorted(places[code, name], key=module.span)
        advice = GONE.get(name.partition(".")[0])
        for count, node in zip(range(len(nodes), 0, -1), nodes):
            where = f" ({count} places in this file)" if count > 1 else ""
            if module.report(node, code, _TEXTS[code].format(name, where, advice)):
                break  # else the code is ignored at this place


def _find_codes(module: Module, sessions: Sessions, elsewhere: str) -> _Codes:
    """Returns the names that a module should not use, with their codes."""
    codes = dict(_CODES)
    if _SETTING in module.edits.text or _SETTING in elsewhere:
        codes.update(dict.fromkeys(KERAS, "TFM501"))
    has_writer = "create_file_writer" in module.edits.text
    if has_writer or not any(_saves_summaries(given) for _, given in sessions):
        codes.update(dict.fromkeys(_SUMMARIES, ""))
    return codes


def _saves_summaries(given: Arguments) -> bool:
    """Returns whether a session with these arguments has a directory and a summary cadence."""
    cadences = given.get("save_summaries_secs"), given.get("save_summaries_steps")
    has_directory = {None, "checkpoint_dir", "summary_dir"} & given.keys()
    return bool(has_directory) and not all(map(is_none, cadences))


def _find_missing(path: str, codes: _Codes) -> _Missing | None:
    """Returns the code and the shortest name that is missing in a path, or None.

    Two parts of the packages in `GONE` are returned, such as contrib.layers.
    """
    package, *parts = plain(path).split(".")
    names = [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
    if package != "tensorflow" or any(f"tensorflow.{name}" in _OTHER_CODES for name in names):
        return None
    is_v1 = path.rpartition(".compat.")[2].startswith("v1.")
    for name in names:
        code = codes.get(name, "")
        if code == "TFM502":
            return code, ".".join(parts[:2])
        if code == "TFM503" or (code and not is_v1):
            return code, name
    return None


def _find(module: Module, resolver: Resolver, codes: _Codes) -> Iterator[tuple[ast.AST, _Missing]]:
    """Yields the imports and dotted names that are missing.

    Of tf.app.flags.FLAGS only tf.app is yielded. The names of an alias such as
    flags = tf.app.flags are not yielded.
    """
    for statement in (*module.nodes[ast.Import], *module.nodes[ast.ImportFrom]):
        for alias in statement.names:
            missing = _find_missing(f"{module_of(statement)}{alias.name}", codes)
            if missing:
                yield alias, missing
    for node in module.nodes[ast.Attribute]:
        is_whole = not isinstance(module.parents[node], ast.Attribute)
        if is_whole and not _LAST.isdisjoint(dotted(node).split(".")):
            first: Any = first_of(node)
            found = [_find_missing(path, codes) for path in sorted(resolver.reach(node).paths)]
            aliased = [_find_missing(path, codes) for path in resolver.reach(first).paths]
            if found[0] and all(found) and not any(aliased):
                yield node, found[0]


def _is_guarded(module: Module, node: ast.AST) -> bool:
    """Returns whether a node runs only with some versions, or in a try for a missing name."""
    tests = [test for _, test in find_tests(module, node)]
    for outer in module.outer(node):
        for handler in getattr(outer, "handlers", ()):
            is_missing = handler.type and _ERROR.search(module.code(handler.type))
            if is_missing or isinstance(node, ast.alias):  # an import may have any handler
                return True
        if isinstance(outer, ast.FunctionDef):  # if is_tf2(): return
            branches = [part for part in outer.body if isinstance(part, ast.If)]
            tests += [part.test for part in branches if isinstance(part.body[-1], ast.Return)]
    # a test of the version of TensorFlow, or whether it has a name
    return any(_VERSION.search(last_name(part)) for test in tests for part in ast.walk(test))
