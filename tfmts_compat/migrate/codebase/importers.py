"""What the other files of a code base do with a module: import its names, or replace TensorFlow's.

Any file can import a module-level name, which the module then has to keep, so the whole repository
is searched, not only the files that are given. The files are searched as text, and modules are
compared by their last name. An import may therefore be kept without need, which does no harm.
"""

from __future__ import annotations

import collections
import functools
import os
import re
from typing import Iterator, Mapping, Sequence

from tfmts_compat.migrate.codebase.files import SUFFIXES, is_skipped, may_matter
from tfmts_compat.migrate.names import is_known
from tfmts_compat.migrate.read.effects import Replaced, replaced
from tfmts_compat.migrate.read.module import PARTS
from tfmts_compat.migrate.read.resolver import Resolver, load

_MOST = 20_000  # files to read; in a larger code base all imports are kept
_KEPT = 60_000_000  # bytes to keep in memory, so that they are read only once
_FILES_PARSED = 1_000  # whose imports are kept in memory, for the next name
_REPOSITORIES = (".git", ".hg", ".svn")
_IMPORT = re.compile(rb"import\b\s*(?:\(([^)]*)\)|((?:[^\n;\\]+|\\\r?\n|\\)*))")
_FROM = re.compile(rb"\bfrom\s+([\w.]+)\s+$")
_IMPORTED = re.compile(rb"([\w.]+|\*)(?:\s+as\s+(\w+))?")
# = pkg.module, and = importlib.import_module("pkg.module"); before it, the variable
_ASSIGNED = re.compile(
    rb"=[ \t]*(?:[\w.]*\bimport_module\(\s*\\?[\"'])?(?:[\w.]*\.)?"
    rb"(\w+)(?:\\?[\"']\)|[ \t]*\r?$)",
    re.MULTILINE,
)
_VARIABLE = re.compile(rb"(\w+)[ \t]*\Z")
_HOLDER = re.compile(rb"([\w.]*?)(\w+)(?:\.|\s*,\s*\\?[\"'])\Z")
# An __all__ that is a plain list of names: import * imports only these. `Imports` keeps each import
# whose name is listed there.
_ALL = re.compile(
    rb"""^__all__\s*=\s*[\[(](?:[\s,]|\#[^\n]*|"\w*"|'\w*')*[\])]\s*$(?!(?:.|\n)*\b__all__\b)""",
    re.MULTILINE,
)
_REPLACES = re.compile(
    rf"\b(?:setattr|delattr|patch\w*|vars|__dict__|multiple|del)\b|\.(?:{'|'.join(PARTS)})"
    r"\b[^\n=]*=(?!=)".encode()
)
_RUN = re.compile(rb"%run\s+(?:-\w+\s+)*[^\s\"\\]*?(\w+)(?:\.\w+)?(?=[\s\"\\]|$)")


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
    tree = _tree(real, trees)
    module = os.path.splitext(os.path.basename(real))[0]
    is_ascii = name.isascii() and module.isascii()  # the patterns are for bytes
    takers = _takers(tree, name) if tree and is_ascii else None
    if takers is None:
        return None
    taking = set(takers.get(module, ()))
    lists_its_names = bool(_ALL.search(_read(real)))
    for other, starred, run in _stars(tree):
        if module.encode() in (run if lists_its_names else starred + run):
            taking.add(other)
    return bool(taking - {real})


def replaced_elsewhere(file: str, trees: Sequence[str]) -> Replaced:
    """Returns the names of tfmts_compat whose old names another file of the code base replaces."""
    real = os.path.realpath(file)
    found: Replaced = {}
    for other, names in _replacements(_tree(real, trees)):
        found.update({} if other == real else names)
    return found


@functools.lru_cache(maxsize=1)
def _replacements(tree: str) -> list[tuple[str, Replaced]]:
    """Returns the files that replace names, with these names."""
    found = []
    for file, kept in (_contents(tree) if tree else None) or ():
        data = _read(file) if kept is None else kept
        may_replace = b"tensorflow" in data or may_matter(data)
        if may_replace and not file.endswith(".ipynb") and _REPLACES.search(data):
            module = load.__wrapped__(file)  # without the cache, which would keep all of them
            names = replaced(module, Resolver(module)) if module else {}
            found += [(file, {name: f"at {place}" for name, place in names.items()})]
    return [each for each in found if each[1]]


def _tree(file: str, trees: Sequence[str]) -> str:
    """Returns the outermost of the repository and the migrated directories of a file, or ""."""
    found = [
        real for real in map(os.path.realpath, trees) if os.path.commonpath([real, file]) == real
    ]
    directory = os.path.dirname(file)
    while not is_skipped(directory):
        if any(os.path.exists(os.path.join(directory, each)) for each in _REPOSITORIES):
            found.append(directory)
            break
        if directory == os.path.dirname(directory):
            break
        directory = os.path.dirname(directory)
    return min(found, key=len, default="")


@functools.lru_cache(maxsize=100)
def _takers(tree: str, name: str) -> Mapping[str, set[str]] | None:
    """Returns for each module the files that import a name from it, or None if too many."""
    contents = _contents(tree)
    if contents is None:
        return None
    found: dict[str, set[str]] = collections.defaultdict(set)
    word = _word(name.encode())
    for file, kept in contents:
        data = _read(file) if kept is None else kept
        if name.encode() in data and word.search(data):
            for module in _taken_from(data, name.encode()):
                found[module.decode(errors="replace")].add(file)
    return found


@functools.lru_cache(maxsize=1)
def _contents(tree: str) -> list[tuple[str, bytes | None]] | None:
    """Returns the files of a code base, the first ones with their bytes, or None if too many."""
    found: list[tuple[str, bytes | None]] = []
    size = 0
    for file in _files(tree):
        if len(found) == _MOST:
            return None
        data = _read(file) if size < _KEPT else None
        size += len(data or b"")
        found.append((file, data))
    return found


@functools.lru_cache(maxsize=1)
def _stars(tree: str) -> list[tuple[str, list[bytes], list[bytes]]]:
    """Returns the files with import * or %run, each with the modules of both kinds."""
    found = []
    for file, kept in _contents(tree) or ():
        data = _read(file) if kept is None else kept
        run = _RUN.findall(data) if file.endswith(".ipynb") else []
        if run or b"import *" in data:
            found.append((file, list(_taken_from(data, b"*")), run))
    return found


def _read(file: str) -> bytes:
    try:
        with open(file, "rb") as opened:
            return opened.read()
    except OSError:
        return b""


def _files(tree: str) -> Iterator[str]:
    for directory, directories, files in os.walk(tree):
        directories[:] = [
            each for each in directories if not is_skipped(os.path.join(directory, each))
        ]
        paths = (os.path.join(directory, each) for each in files if each.endswith(SUFFIXES))
        yield from filter(os.path.isfile, paths)  # opening a FIFO would block


def _word(name: bytes) -> re.Pattern[bytes]:
    """Returns a pattern for a name, which starts with the name because that is faster."""
    name = re.escape(name)
    return re.compile(name + rb"(?<!\w" + name + rb")\b")


def _taken_from(data: bytes, name: bytes) -> Iterator[bytes]:
    """Yields the last names of the modules from which a file imports a name."""
    for module, path, _ in _imports(data):
        if module and path == name:
            yield module.rpartition(b".")[2]
    # module.name, and module, "name" as in mock.patch.object
    if name == b"*":
        return
    for used in _word(name).finditer(data):
        start = used.start()
        if data[start - 1 : start] not in (b".", b'"', b"'"):
            continue
        holder = _HOLDER.search(data[max(0, start - 100) : start])
        if holder and not is_known(holder.group(1).decode(errors="replace")):
            aliases = _aliases(data)
            modules = {holder.group(2), *aliases.get(holder.group(2), ())}
            yield from modules.union(*(aliases.get(module, ()) for module in modules))


@functools.lru_cache(maxsize=_FILES_PARSED)
def _imports(data: bytes) -> list[tuple[bytes, bytes, bytes]]:
    """Returns module (or b""), name and alias of each import that is not TensorFlow's."""
    found = []
    for imported in _IMPORT.finditer(data):
        line = data.rfind(b"\n", 0, imported.start()) + 1
        source = _FROM.search(data, line, imported.start())
        module = source.group(1) if source else b""
        if not is_known(module.decode(errors="replace")):
            names = _IMPORTED.findall(imported.group(1) or imported.group(2) or b"")
            found += [(module, path, alias) for path, alias in names]
    return found


@functools.lru_cache(maxsize=_FILES_PARSED)
def _aliases(data: bytes) -> Mapping[bytes, set[bytes]]:
    """Returns for each variable the last names of the modules that it may hold."""
    aliases: dict[bytes, set[bytes]] = collections.defaultdict(set)
    for _, path, alias in _imports(data):
        last = path.rpartition(b".")[2]
        aliases[alias or last].add(last)
    for assigned in _ASSIGNED.finditer(data):
        variable = _VARIABLE.search(data, max(0, assigned.start() - 100), assigned.start())
        if variable:
            aliases[variable.group(1)].add(assigned.group(1))
    return aliases
