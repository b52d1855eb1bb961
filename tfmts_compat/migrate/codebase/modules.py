"""Migrates one file of a code base, with what the other files do: use its imports, replace names.

Any file can import a module-level name, which the module then has to keep, so the whole repository
is searched, not only the files that are given. The files are searched as text, and modules are
compared by their last name. An import may therefore be kept without need, which does no harm.
"""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path
from typing import Iterator, Sequence

from tfmts_compat.migrate.advise.remainder import PARTS, Replaced, find_replaced
from tfmts_compat.migrate.change.notebook import migrate_notebook
from tfmts_compat.migrate.change.rewrite import rewrite
from tfmts_compat.migrate.codebase.files import find_repository, may_matter, walk
from tfmts_compat.migrate.findings import Finding, Outcome
from tfmts_compat.migrate.names import NEW, ROOTS
from tfmts_compat.migrate.read.resolver import Resolver, load
from tfmts_compat.migrate.read.source import TOO_DEEP, UnreadableError, decode

_USE = re.compile(rf"(?:\b|\\n)(?:import|from)\s+{NEW}\b")
_MOST = 20_000  # files to read; in a larger code base all imports are kept
_KEPT = 60_000_000  # bytes of them to keep in memory, so that they are read only once
_TEST = re.compile(r"(?:^|/)(?:tests?/|test_[^/]*$|conftest\.py$|[^/]*_test\.py$)")
# the names that an import imports, in brackets or up to the end of its line
_NAMES = r"(?:\([^)]*?|(?:[^\n;\\(]|\\\r?\n|\\(?!r?n))*?)"
# a plain list of names, which import * imports, and which `Imports` keeps
_ALL = re.compile(
    rb"""^__all__\s*=\s*[\[(](?:[\s,]|\#[^\n]*|"\w*"|'\w*')*[\])]\s*$(?!(?:.|\n)*\b__all__\b)""",
    re.MULTILINE,
)
_NOT_TENSORFLOW = rf"(?<![\w.])(?!(?:{'|'.join(sorted(ROOTS))})\b)"
_PART = rf"\.(?:{'|'.join(sorted(PARTS))})\b"
_REPLACES = re.compile(
    r"\b(?:setattr|delattr|patch|object|multiple|vars)\s*\(|\b__dict__\b"
    rf"|{_PART}[^\n=]*=(?!=)|\b(?:for|as|del)\b[^\n]*{_PART}|\bdel\s*\(".encode()
)


def process(
    path: str, data: bytes, ignored: Sequence[str] = (), trees: Sequence[str] = ()
) -> Outcome:
    """Migrates the bytes of a file. If they cannot be read or parsed, that is a finding."""
    real = os.path.realpath(path)
    tree = "" if path == "-" else _find_tree(real, trees)
    migrate = migrate_notebook if path.endswith(".ipynb") else rewrite
    is_imported = functools.partial(_is_imported, file=real, tree=tree)
    others = functools.partial(_find_replaced, tree)
    try:
        text, encoding = decode(data)
        result = migrate(text, path, ignored, is_imported=is_imported, others=others)
    except UnreadableError as problem:
        code = "TFM002" if problem.parsed else "TFM001"
        return Outcome(path, [Finding(path, problem.line, 1, code, str(problem))])
    except Exception as problem:  # an error here; the other files are migrated
        is_deep = isinstance(problem, (RecursionError, MemoryError))
        why = TOO_DEEP if is_deep else f"cannot be analyzed: {problem!r}"
        return Outcome(path, [Finding(path, 1, 1, "TFM002", why)])
    new = None if result.text == text else result.text.encode(encoding)
    return Outcome(path, result.found, new, bool(_USE.search(result.text)), result.shifts)


def _is_imported(name: str, file: str, tree: str) -> bool | None:
    """Returns whether another file of the code base may import a name from a module.

    Returns None if this is not known, because the module is neither in a repository nor in one of
    the directories that are migrated, or because there are too many files.
    """
    module = os.path.splitext(os.path.basename(file))[0]
    if module == "__init__":
        return True
    if not _list_files(tree) or not (name + module).isascii():  # the pattern is for bytes
        return None
    star = "" if _ALL.search(_read(file)) else r"|\*"
    word, module = module.encode(), re.escape(module)
    path = rf"{_NOT_TENSORFLOW}(?:[\w.]*\.)?{module}"
    takes = re.compile(
        rf"\bfrom\s+{path}\s+import\s*{_NAMES}(?:\b{name}\b{star})|{path}\.{name}\b"
        rf"|%run\s[^\n]*\b{module}\b".encode()
    )
    # an attribute of any object, if the file has the module: mock.patch.object(module, "name")
    has = re.compile(rf"\bimport\s*{_NAMES}\b{module}\b|[\"'][\w.]*\b{module}\b".encode())
    reads = re.compile(rf"{_NOT_TENSORFLOW}[\w.]*\.{name}\b|,\s*\\?[\"']{name}\b".encode())
    others = (data for other, data in _read_files(tree) if other != file and word in data)
    return any(takes.search(data) or (has.search(data) and reads.search(data)) for data in others)


@functools.lru_cache(maxsize=1)
def _find_replaced(tree: str) -> Replaced:
    """Returns the names of tfmts_compat whose old names a file of the code base replaces.

    A mock in a test file lasts for a test, so it counts for that file only.
    """
    found: Replaced = {}
    for file, data in _read_files(tree):
        may_replace = b"tensorflow" in data or may_matter(data)
        if may_replace and not file.endswith(".ipynb") and _REPLACES.search(data):
            module = load.__wrapped__(file)  # without the cache, which would keep all of them
            is_test = _TEST.search(os.path.relpath(file, tree).replace(os.sep, "/"))
            if module:
                names = find_replaced(module, Resolver(module), with_mocks=not is_test)
                found.update((name, f"at {place}") for name, place in names.items())
    return found


def _find_tree(file: str, trees: Sequence[str]) -> str:
    """Returns the outermost of the repository and the migrated directories of a file, or ""."""
    outer = [
        tree for tree in map(os.path.realpath, trees) if os.path.commonpath([tree, file]) == tree
    ]
    repository = find_repository(os.path.dirname(file))
    return min(outer + [repository] * bool(repository), key=len, default="")


@functools.lru_cache(maxsize=1)
def _list_files(tree: str) -> dict[str, bytes | None]:
    """Returns the files of a code base, the first with their text, or none if they are too many."""
    found: dict[str, bytes | None] = {}
    size = 0
    for file in walk(tree) if tree else ():
        if len(found) == _MOST:
            return {}
        data = _read(file) if size < _KEPT else None
        size += len(data or b"")
        found[file] = data
    return found


def _read_files(tree: str) -> Iterator[tuple[str, bytes]]:
    """Yields the files of a code base with their text."""
    for file, data in _list_files(tree).items():
        yield file, _read(file) if data is None else data


def _read(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError:
        return b""
