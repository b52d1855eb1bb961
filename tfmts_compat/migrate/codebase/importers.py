"""What the other files of a code base do with a module: import its names, or replace TensorFlow's.

Any file can import a module-level name, which the module then has to keep, so the whole repository
is searched, not only the files that are given. The files are searched as text, and modules are
compared by their last name. An import may therefore be kept without need, which does no harm.
"""

from __future__ import annotations

import functools
import os
import re
from typing import Iterator, Sequence

from tfmts_compat.migrate.codebase.files import SUFFIXES, is_skipped, may_matter
from tfmts_compat.migrate.names import ROOTS
from tfmts_compat.migrate.read.effects import PARTS, Replaced, find_replaced
from tfmts_compat.migrate.read.resolver import Resolver, load

_MOST = 20_000  # files to read; in a larger code base all imports are kept
_KEPT = 60_000_000  # bytes to keep in memory, so that they are read only once
_REPOSITORIES = (".git", ".hg", ".svn")
_TEST = re.compile(r"(?:^|/)(?:tests?/|test_[^/]*$|conftest\.py$|[^/]*_test\.py$)")
# the names that an import imports, in brackets or up to the end of its line
_NAMES = r"(?:\([^)]*?|(?:[^\n;\\(]|\\\r?\n|\\(?!r?n))*?)"
_NOT_TENSORFLOW = rf"(?!(?:{'|'.join(sorted(ROOTS))})\b)"
# A name of __all__ that is a plain list of names: import * imports only these. `Imports` keeps
# each import whose name is listed there.
_ALL = re.compile(
    rb"""^__all__\s*=\s*[\[(](?:[\s,]|\#[^\n]*|"\w*"|'\w*')*[\])]\s*$(?!(?:.|\n)*\b__all__\b)""",
    re.MULTILINE,
)
_REPLACES = re.compile(
    rf"\b(?:setattr|delattr|patch\w*|vars|__dict__|multiple|del)\b|\.(?:{'|'.join(PARTS)})"
    r"\b[^\n=]*=(?!=)".encode()
)


def is_imported(name: str, file: str, trees: Sequence[str]) -> bool | None:
    """Returns whether another file of the code base imports a name from a module.

    Args:
      name: the name.
      file: the module.
      trees: the directories that are migrated.

    Returns:
      None if this is not known, because the module is neither in a repository nor in one of
      the directories, or because there are too many files.
    """
    real = os.path.realpath(file)
    contents = _read_all(_find_tree(real, trees))
    module = os.path.splitext(os.path.basename(real))[0]
    if not contents or not (name + module).isascii():  # the patterns are for bytes
        return None
    is_listed = bool(_ALL.search(_read(real)))
    return any(
        other != real and _takes(_read(other) if data is None else data, module, name, is_listed)
        for other, data in contents
    )


def _takes(data: bytes, module: str, name: str, is_listed: bool) -> bool:
    """Returns whether a file imports a name from a module, or reads it as an attribute of it."""
    if module.encode() not in data:
        return False
    star = r"" if is_listed else r"|\*"
    patterns = [
        rf"\bfrom\s+{_NOT_TENSORFLOW}(?:[\w.]*\.)?{module}\s+import\s*{_NAMES}(?:\b{name}\b{star})",
        rf"%run\s+(?:-\w+\s+)*[^\s\"\\]*?\b{module}(?:\.\w+)?(?=[\s\"\\]|$)",
    ]
    if any(re.search(pattern.encode(), data) for pattern in patterns):
        return True
    # module.name, and module, "name" as in mock.patch.object; also through other names of it
    holders = {module}
    for _ in range(2):
        known = "|".join(sorted(holders))
        alias = (
            rf"\b{module}\s+as\s+(\w+)|\b(\w+)[ \t]*=[ \t]*(?:[\w.]*\bimport_module\(\s*\\?[\"'])?"
            rf"(?:[\w.]*\.)?(?:{known})(?:\\?[\"']\)|[ \t]*\r?$)"
        )
        for found in re.finditer(alias.encode(), data, re.MULTILINE):
            holders.add((found.group(1) or found.group(2)).decode())
    held = rf"(?:[\w.]*\.)?(?:{'|'.join(sorted(holders))})(?:\.|\s*,\s*\\?[\"'])"
    use = rf"(?<![\w.]){_NOT_TENSORFLOW}{held}{name}\b"
    return bool(re.search(use.encode(), data))


def find_replaced_elsewhere(file: str, trees: Sequence[str]) -> Replaced:
    """Returns the names of tfmts_compat whose old names another file of the code base replaces."""
    real = os.path.realpath(file)
    found: Replaced = {}
    for other, names in _find_replacements(_find_tree(real, trees)):
        found.update({} if other == real else names)
    return found


@functools.lru_cache(maxsize=1)
def _find_replacements(tree: str) -> list[tuple[str, Replaced]]:
    """Returns the files that replace names, with these names.

    A mock in a test file lasts for a test, so it counts for that file only.
    """
    found = []
    for file, kept in _read_all(tree) or ():
        data = _read(file) if kept is None else kept
        may_replace = b"tensorflow" in data or may_matter(data)
        if may_replace and not file.endswith(".ipynb") and _REPLACES.search(data):
            module = load.__wrapped__(file)  # without the cache, which would keep all of them
            is_test = _TEST.search(os.path.relpath(file, tree).replace(os.sep, "/"))
            if module:
                names = find_replaced(module, Resolver(module), with_mocks=not is_test)
                found.append((file, {name: f"at {place}" for name, place in names.items()}))
    return found


def _find_tree(file: str, trees: Sequence[str]) -> str:
    """Returns the outermost of the repository and the migrated directories of a file, or ""."""
    found = [
        real for real in map(os.path.realpath, trees) if os.path.commonpath([real, file]) == real
    ]
    directory = os.path.dirname(file)
    while not is_skipped(directory) and directory != os.path.dirname(directory):
        if any(os.path.exists(os.path.join(directory, name)) for name in _REPOSITORIES):
            found.append(directory)
            break
        directory = os.path.dirname(directory)
    return min(found, key=len, default="")


@functools.lru_cache(maxsize=1)
def _read_all(tree: str) -> list[tuple[str, bytes | None]] | None:
    """Returns the files of a code base, the first ones with their bytes, or None if too many."""
    found: list[tuple[str, bytes | None]] = []
    size = 0
    for file in _find_files(tree) if tree else ():
        if len(found) == _MOST:
            return None
        data = _read(file) if size < _KEPT else None
        size += len(data or b"")
        found.append((file, data))
    return found


def _read(file: str) -> bytes:
    try:
        with open(file, "rb") as opened:
            return opened.read()
    except OSError:
        return b""


def _find_files(tree: str) -> Iterator[str]:
    for directory, directories, files in os.walk(tree):
        directories[:] = [
            name for name in directories if not is_skipped(os.path.join(directory, name))
        ]
        paths = (os.path.join(directory, name) for name in files if name.endswith(SUFFIXES))
        yield from filter(os.path.isfile, paths)  # opening a FIFO would block
