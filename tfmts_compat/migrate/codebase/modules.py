"""Migrates one file of a code base, with what the other files do: use its imports, replace names.

Any file can import a module-level name, which the module then has to keep, so the whole repository
is searched, not only the files that are given. The files are searched as text, and modules are
compared by their last name. An import may therefore be kept without need, which does no harm.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import os
import re
from typing import Iterator, Sequence

from tfmts_compat._rules import table
from tfmts_compat.migrate.advise.remainder import PARTS, Replaced, find_replaced
from tfmts_compat.migrate.change.notebook import migrate_notebook
from tfmts_compat.migrate.change.rewrite import rewrite
from tfmts_compat.migrate.codebase.files import SUFFIXES, is_skipped, may_matter
from tfmts_compat.migrate.findings import Finding, Outcome
from tfmts_compat.migrate.names import NEW, ROOTS
from tfmts_compat.migrate.read.resolver import Resolver, load
from tfmts_compat.migrate.read.source import TOO_DEEP, UnreadableError, decode

_USE = re.compile(rf"(?:\b|\\n)(?:import|from)\s+{NEW}\b")
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
_PART = rf"\.(?:{'|'.join(sorted(PARTS))})\b"
_REPLACES = re.compile(
    rf"\b(?:setattr|delattr|patch\w*|vars|__dict__|multiple|del)\b|{_PART}[^\n=]*=(?!=)"
    rf"|\bfor\b[^\n]*{_PART}|\bas\s+[\w.]+{_PART}".encode()
)


def process(
    path: str, data: bytes, ignored: Sequence[str], with_diff: bool, trees: Sequence[str] = ()
) -> Outcome:
    """Migrates the bytes of a file. If they cannot be read or parsed, that is a finding."""

    def is_taken(name: str) -> bool | None:
        if os.path.basename(path).startswith("__init__."):
            return True
        return None if path == "-" else _is_imported(name, path, trees)

    def others() -> Replaced:
        return {} if path == "-" else _find_replaced_elsewhere(path, trees)

    migrate = migrate_notebook if path.endswith(".ipynb") else rewrite
    try:
        text, encoding = decode(data)
        result = migrate(text, path, ignored, is_imported=is_taken, others=others)
    except UnreadableError as problem:
        code = "TFM002" if problem.parsed else "TFM001"
        return Outcome(path, [Finding(path, problem.line, 1, code, str(problem))])
    except (RecursionError, MemoryError):
        return Outcome(path, [Finding(path, 1, 1, "TFM002", TOO_DEEP)])
    except Exception as problem:  # an error here; the other files are migrated
        texts = [part for part in problem.args if isinstance(part, str)]  # a node is very long
        why = f"cannot be analyzed: {': '.join([type(problem).__name__, *texts])}"
        return Outcome(path, [Finding(path, 1, 1, "TFM002", why)])
    new = None if result.text == text else result.text.encode(encoding)
    diff = b"" if new is None or not with_diff else _compare(path, data, new)
    uses, read = bool(_USE.search(result.text)), hashlib.sha256(data).digest()
    return Outcome(path, result.found, new, diff, uses, read, result.shifts)


def _compare(path: str, old: bytes, new: bytes) -> bytes:
    lines = [re.findall(rb"[^\n]*\n|[^\n]+", data) for data in (old, new)]
    for part in lines:
        if part and not part[-1].endswith(b"\n"):
            part[-1] += b"\n\\ No newline at end of file\n"
    name = path.replace(os.sep, "/")
    before, after = lines
    names = _quote(f"a/{name}"), _quote(f"b/{name}")
    return b"".join(difflib.diff_bytes(difflib.unified_diff, before, after, *names))


def _quote(name: str) -> bytes:
    """Quotes a name with control characters for a diff, as git does."""
    data = os.fsencode(name)
    if table.escape_control(name) == name:
        return data
    return b'"%s"' % re.sub(rb'[^ -~]|["\\]', lambda found: b"\\%03o" % found[0][0], data)


def _is_imported(name: str, file: str, trees: Sequence[str]) -> bool | None:
    """Returns whether another file of the code base imports a name from a module.

    Returns None if this is not known, because the module is neither in a repository nor in one of
    the directories that are migrated, or because there are too many files.
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


def _find_replaced_elsewhere(file: str, trees: Sequence[str]) -> Replaced:
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
