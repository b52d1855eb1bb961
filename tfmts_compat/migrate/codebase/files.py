"""The settings; finding the files of a code base; writing a file without a partial state."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence, Tuple

from tfmts_compat.migrate.names import ADVISED, NAMES

_Ignore = Tuple[str, Callable[[str], bool]]  # a directory, and a match of paths relative to it
SUFFIXES = (".py", ".pyi", ".ipynb")
# A file without any of these words cannot have a finding. Most files have none.
_WORDS = re.compile(
    rf"\b(?:{'|'.join(sorted({*NAMES, *ADVISED} - {'train'}))}|Supervisor|contrib|_sess|_tf_sess"
    r"|_coordinated_creator)\b".encode()
)
_NEVER = {".git", ".hg", ".svn", ".tox", ".nox", ".venv", "__pycache__", "node_modules"}


def is_skipped(directory: str) -> bool:
    """Returns whether a directory never contains files of the code base."""
    return os.path.basename(directory) in _NEVER or os.path.exists(
        os.path.join(directory, "pyvenv.cfg")
    )


def may_matter(data: bytes) -> bool:
    """Returns False if a file cannot have a finding, and True if it may have one."""
    return bool(_WORDS.search(data))


@dataclass(frozen=True)
class Settings:
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
            if name not in ("ignore", "exclude"):
                raise ValueError(
                    f"{file}: [tool.tfmts_compat] has no setting {name}; it has ignore and exclude"
                )
            if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
                raise ValueError(f"{file}: {name} must be a list of strings, but is {value!r}")
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


class Discovery:
    """Finds the files below the given paths, one at a time."""

    def __init__(self, settings: Settings, fail: Callable[[str, str], None]) -> None:
        """Reads the patterns of the settings. `fail` gets each path that cannot be read, and why.

        Raises:
          ValueError: a pattern is not valid.
        """
        self._fail = fail
        self._excluded: list[_Ignore] = []
        try:
            if settings.exclude:
                self._excluded.append(_ignore(str(settings.root), settings.exclude))
        except ValueError as problem:
            raise ValueError(
                f"exclude (--exclude, pyproject.toml): {problem}; use patterns as in .gitignore"
            ) from problem

    def find(self, paths: Sequence[str]) -> Iterator[str]:
        """Yields each file once, in the order of the paths and of the names in them."""
        for path in paths:
            if os.path.isdir(path):
                ignores = [*self._excluded, *self._read_outer(path)]
                yield from map(os.path.normpath, self._walk(path, ignores))
            elif not os.path.lexists(path):
                self._fail(path, "does not exist")
            elif not (os.path.isfile(path) or os.path.islink(path)):
                self._fail(path, "is not a regular file; pipe it to standard input, and pass -")
            elif os.path.islink(path):
                target = os.path.relpath(os.path.realpath(path), os.path.realpath("."))
                if target.split(os.sep)[0] == os.pardir:
                    self._fail(path, "is a symbolic link out of this directory; pass its target")
                elif not _is_ignored(path, False, self._excluded):
                    yield target
            elif not _is_ignored(path, False, self._excluded):
                yield path

    def _walk(self, directory: str, ignores: list[_Ignore]) -> Iterator[str]:
        try:
            with os.scandir(directory) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as problem:
            self._fail(os.path.normpath(directory), problem.strerror or str(problem))
            return
        ignores = [*ignores, *self._read_gitignore(directory)]
        for entry in found:
            is_directory = entry.is_dir(follow_symlinks=False)
            is_file = entry.is_file(follow_symlinks=False) and entry.name.endswith(SUFFIXES)
            if not (is_directory or is_file) or _is_ignored(entry.path, is_directory, ignores):
                continue
            if is_file:
                yield entry.path
            elif not is_skipped(entry.path):
                yield from self._walk(entry.path, ignores)

    def _read_outer(self, path: str) -> list[_Ignore]:
        """Reads the .gitignore files above a directory, up to the root of its repository."""
        found: list[_Ignore] = []
        directory = Path(os.path.abspath(path))
        for inner, outer in zip((directory, *directory.parents), directory.parents):
            if (inner / ".git").exists():
                return found
            found = [*self._read_gitignore(str(outer)), *found]
        return []  # not in a repository

    def _read_gitignore(self, directory: str) -> list[_Ignore]:
        file = os.path.join(directory, ".gitignore")
        try:
            lines = Path(file).read_text(encoding="utf-8", errors="replace").splitlines()
            return [_ignore(os.path.abspath(directory), lines)]
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as problem:
            self._fail(file, str(problem))
            return []


def _ignore(directory: str, patterns: Sequence[str]) -> _Ignore:
    import pathspec

    return directory, pathspec.GitIgnoreSpec.from_lines(patterns).match_file


def _is_ignored(path: str, is_directory: bool, ignores: list[_Ignore]) -> bool:
    if not ignores:
        return False
    absolute, end = os.path.abspath(path), "/" if is_directory else ""
    return any(
        matches(os.path.relpath(absolute, directory).replace(os.sep, "/") + end)
        for directory, matches in ignores
    )


class ChangedError(Exception):
    """A file changed after it was read."""


def write(path: str, data: bytes, read: bytes) -> None:
    """Writes a temporary file and renames it. Keeps the mode bits and the owner.

    `read` is the SHA-256 of the bytes that were read.

    Raises:
      ChangedError: the file has other bytes now. It is not changed.
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
        with open(temporary, "wb") as file:
            file.write(data)
        if hasattr(os, "chown"):
            with contextlib.suppress(PermissionError):  # only root may change the owner
                os.chown(temporary, status.st_uid, status.st_gid)
        shutil.copymode(path, temporary)
        with open(path, "rb") as file:
            if hashlib.sha256(file.read()).digest() != read:
                raise ChangedError
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
