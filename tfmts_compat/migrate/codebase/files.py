"""The settings; finding the files of a code base; writing a file without a partial state."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any, Callable, Iterator, NamedTuple, Sequence, Tuple

from tfmts_compat.migrate.names import ADVISED, NAMES

_Ignore = Tuple[str, Callable[[str], bool]]  # a directory, and a match of paths relative to it
SUFFIXES = (".py", ".pyi", ".ipynb")
# A file without any of these words cannot have a finding. Most files have none.
_WORDS = re.compile(
    rf"\b(?:{'|'.join(sorted({*NAMES, *ADVISED} - {'train'}))}|Supervisor|contrib|_sess|_tf_sess"
    r"|_coordinated_creator)\b".encode()
)
_REPOSITORIES = (".git", ".hg", ".svn")
_NEVER = (*_REPOSITORIES, ".tox", ".nox", ".venv", "__pycache__", "node_modules")


def may_matter(data: bytes) -> bool:
    """Returns False if a file cannot have a finding, and True if it may have one."""
    return bool(_WORDS.search(data))


class Settings(NamedTuple):
    """The settings in [tool.tfmts_compat] of pyproject.toml, and --exclude."""

    root: Path  # to which the patterns are relative
    ignore: tuple[str, ...]  # codes
    exclude: tuple[str, ...]  # patterns, as in .gitignore

    @classmethod
    def read(cls, path: str, exclude: Sequence[str] = ()) -> Settings:
        """Reads the nearest pyproject.toml in a path or its parents.

        Raises:
          ValueError: the file is not valid TOML, or a setting is not a list of strings.
        """
        start = Path(os.path.abspath(path))
        files = (directory / "pyproject.toml" for directory in (start, *start.parents))
        file = next(filter(Path.is_file, files), Path.cwd() / "pyproject.toml")
        table = _toml(file).get("tool", {}).get("tfmts_compat", {})
        for name, value in table.items():
            is_list = isinstance(value, list) and all(isinstance(part, str) for part in value)
            if name not in ("ignore", "exclude") or not is_list:
                raise ValueError(
                    f"{file}: [tool.tfmts_compat] has {name} = {value!r}; it can have ignore and "
                    "exclude, which are lists of strings"
                )
        excluded = (*table.get("exclude", ()), *exclude)
        return cls(file.parent, tuple(table.get("ignore", ())), excluded)


def _toml(file: Path) -> dict[str, Any]:
    if not file.is_file() or b"tfmts_compat" not in file.read_bytes():
        return {}
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ValueError(f"{file}: {problem}") from problem


def walk(top: str, fail: Callable[[OSError], None] | None = None) -> Iterator[str]:
    """Yields the files of a code base in a directory and below it."""
    for directory, directories, files in os.walk(top, onerror=fail):
        directories[:] = [name for name in directories if not _is_skipped(directory, name)]
        paths = (os.path.join(directory, name) for name in files if name.endswith(SUFFIXES))
        yield from filter(os.path.isfile, paths)  # reading a FIFO would block


def find_repository(directory: str) -> str:
    """Returns the repository that has a directory, or "", also if the directory is skipped."""
    while not any(os.path.exists(os.path.join(directory, name)) for name in _REPOSITORIES):
        outer, name = os.path.split(directory)
        if outer == directory or _is_skipped(outer, name):
            return ""
        directory = outer
    return directory


def _is_skipped(directory: str, name: str) -> bool:
    """Returns whether a directory in another one never contains files of the code base."""
    return name in _NEVER or os.path.exists(os.path.join(directory, name, "pyvenv.cfg"))


class Discovery:
    """Finds the files below the given paths, except those that are excluded."""

    def __init__(self, settings: Settings, fail: Callable[[str, str], None]) -> None:
        """Reads the patterns of the settings. `fail` gets each path that cannot be read, and why.

        Raises:
          ValueError: a pattern is not valid.
        """
        self._fail = fail
        self._ignores: dict[str, list[_Ignore]] = {}  # for the files of each directory
        try:
            self._excluded = [_ignore(str(settings.root), settings.exclude)]
        except ValueError as problem:
            raise ValueError(
                f"exclude (--exclude, pyproject.toml): {problem}; use patterns as in .gitignore"
            ) from problem

    def find(self, paths: Sequence[str]) -> Iterator[str]:
        """Yields the files in the order of the paths, and of the names in them."""
        for path in paths:
            if os.path.isdir(path):
                yield from self._find_below(path)
            elif not os.path.lexists(path):
                self._fail(path, "does not exist")
            elif os.path.islink(path):
                self._fail(path, "is a symbolic link; pass its target")
            elif not os.path.isfile(path):
                self._fail(path, "is not a regular file; pipe it to standard input, and pass -")
            elif not _is_ignored(path, self._excluded):
                yield path

    def _find_below(self, path: str) -> Iterator[str]:
        top = find_repository(os.path.abspath(path)) or os.path.abspath(path)

        def is_ignored(file: str, end: str = "") -> bool:
            ignores = self._read_ignores(os.path.dirname(os.path.abspath(file)), top)
            return _is_ignored(file, ignores, end)

        def fail(problem: OSError) -> None:
            if not is_ignored(problem.filename, "/"):
                self._fail(os.path.normpath(problem.filename), problem.strerror or str(problem))

        for file in sorted(walk(path, fail), key=lambda file: file.replace(os.sep, "\0")):
            if not os.path.islink(file) and not is_ignored(file):
                yield os.path.normpath(file)

    def _read_ignores(self, directory: str, top: str) -> list[_Ignore]:
        """Returns the patterns for the files of a directory, from .gitignore files up to `top`."""
        if directory not in self._ignores:
            outer = os.path.dirname(directory)
            found = self._excluded if directory == top else self._read_ignores(outer, top)
            file = os.path.join(directory, ".gitignore")
            try:
                text = Path(file).read_text(encoding="utf-8", errors="replace")
                found = [*found, _ignore(directory, text.splitlines())]
            except FileNotFoundError:
                pass
            except (OSError, ValueError) as problem:
                self._fail(os.path.relpath(file), str(problem))
            self._ignores[directory] = found
        return self._ignores[directory]


def _ignore(directory: str, patterns: Sequence[str]) -> _Ignore:
    import pathspec

    return directory, pathspec.GitIgnoreSpec.from_lines(patterns).match_file


def _is_ignored(path: str, ignores: list[_Ignore], end: str = "") -> bool:
    """Returns whether a pattern is for a path; `end` is / for a directory."""
    return any(matches(os.path.relpath(path, directory) + end) for directory, matches in ignores)


def write(path: str, new: bytes, old: bytes) -> bool:
    """Writes a temporary file and renames it. Keeps the mode bits and the owner.

    Returns:
      Whether the file is written. It is not if it no longer has the old bytes.

    Raises:
      OSError: the file cannot be written. It is not changed.
    """
    status = os.stat(path)
    if not (status.st_mode & 0o222 and os.access(path, os.W_OK)):
        raise PermissionError("it is read-only; make it writable or exclude it with --exclude")
    if status.st_nlink > 1:
        raise OSError(
            f"it has {status.st_nlink} hard links, and the other paths would keep the old text; "
            "replace it with a copy, and run again"
        )
    # not from the name of the file, because the result can be too long
    temporary = os.path.join(os.path.dirname(path), f".tfmts_compat-{os.urandom(6).hex()}.tmp")
    try:  # starts before the file exists, because an interrupt can occur at any line
        Path(temporary).write_bytes(new)
        if hasattr(os, "chown"):
            with contextlib.suppress(PermissionError):  # only root may change the owner
                os.chown(temporary, status.st_uid, status.st_gid)
        shutil.copymode(path, temporary)
        is_same = Path(path).read_bytes() == old
        if is_same:
            os.replace(temporary, path)
        return is_same
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
