"""Which files to look at, which may hold a name, and writing one so that it is always whole."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

from tfmts_compat.migrate.prefilter import may_hold_a_name

SUFFIXES = (".py", ".pyi", ".ipynb")
_NEVER = {".git", ".hg", ".svn", ".tox", ".nox", ".venv", "__pycache__", "node_modules"}


def is_skipped(directory: str) -> bool:
    """Whether a directory never holds files of the code base."""
    return os.path.basename(directory) in _NEVER or os.path.exists(
        os.path.join(directory, "pyvenv.cfg")
    )


@dataclass(frozen=True)
class Settings:
    """What [tool.tfmts_compat] in pyproject.toml says, and --exclude.

    Attributes:
      root: the directory that the patterns are relative to.
      ignore: codes that are switched off.
      exclude: patterns of files to leave out, as in .gitignore.
    """

    root: Path
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: str, exclude: Sequence[str] = ()) -> Settings:
        """Reads the pyproject.toml nearest to a path, upwards.

        Raises:
          ValueError: it is no TOML, or a setting is no list of strings.
        """
        start = Path(os.path.abspath(path))
        for directory in (start, *start.parents):
            file = directory / "pyproject.toml"
            if file.is_file():
                table = _toml(file).get("tool", {}).get("tfmts_compat", {})
                for name, value in table.items():
                    if name not in ("ignore", "exclude"):
                        raise ValueError(f"{file}: [tool.tfmts_compat] has no setting {name}")
                    if not isinstance(value, list) or not all(isinstance(x, str) for x in value):
                        raise ValueError(f"{file}: {name} must be a list of strings")
                return cls(
                    directory,
                    tuple(table.get("ignore", ())),
                    (*table.get("exclude", ()), *exclude),
                )
        return cls(Path.cwd(), (), tuple(exclude))


def _toml(file: Path) -> dict[str, Any]:
    if b"tfmts_compat" not in file.read_bytes():
        return {}
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ValueError(f"{file}: {problem}") from problem


@dataclass
class Discovery:
    """Finds the files beneath the given paths, one at a time.

    Attributes:
      settings: says what to leave out.
      failed: called with a path and a reason for what cannot be looked at.
    """

    settings: Settings
    failed: Callable[[str, str], None]
    _excluded: Callable[[str], bool] = field(init=False)

    def __post_init__(self) -> None:
        try:
            self._excluded = _matcher(self.settings.exclude)
        except ValueError as problem:
            raise ValueError(
                f"exclude (--exclude, pyproject.toml): {problem}; give patterns as in .gitignore"
            ) from problem

    def files(self, paths: Sequence[str]) -> Iterator[str]:
        """Yields each file once, in the order of the paths and of the names in them."""
        for path in paths:
            if os.path.isdir(path):
                yield from map(os.path.normpath, self._walk(path, self._outer_ignores(path)))
            elif not os.path.lexists(path):
                self.failed(path, "does not exist")
            elif not (os.path.isfile(path) or os.path.islink(path)):
                self.failed(path, "is no regular file; pipe it in, and name -")
            elif os.path.islink(path) and not _within(path, os.getcwd()):
                self.failed(path, "is a symbolic link out of this directory; name its target")
            elif not self._is_excluded(path):
                yield os.path.relpath(os.path.realpath(path)) if os.path.islink(path) else path

    def _walk(
        self, directory: str, ignores: list[tuple[str, Callable[[str], bool]]]
    ) -> Iterator[str]:
        try:
            with os.scandir(directory) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as problem:
            self.failed(directory, problem.strerror or str(problem))
            return
        if any(entry.name == ".gitignore" for entry in found):
            ignores = [*ignores, self._gitignore(directory)]
        for entry in found:
            is_directory = entry.is_dir(follow_symlinks=False)
            is_file = entry.name.endswith(SUFFIXES) and entry.is_file(follow_symlinks=False)
            if not (is_directory or is_file):
                continue
            if is_directory and is_skipped(entry.path):
                continue
            if self._is_ignored(entry.path, is_directory, ignores):
                continue
            if is_directory:
                yield from self._walk(entry.path, ignores)
            else:
                yield entry.path

    def _is_ignored(
        self, path: str, is_directory: bool, ignores: list[tuple[str, Callable[[str], bool]]]
    ) -> bool:
        if self.settings.exclude and self._is_excluded(path, is_directory):
            return True
        if not ignores:
            return False
        absolute, end = os.path.abspath(path), "/" if is_directory else ""
        return any(
            ignored(os.path.relpath(absolute, base).replace(os.sep, "/") + end)
            for base, ignored in ignores
        )

    def _outer_ignores(self, path: str) -> list[tuple[str, Callable[[str], bool]]]:
        """The .gitignore files above a directory, up to the root of its repository."""
        found: list[tuple[str, Callable[[str], bool]]] = []
        directory = Path(os.path.abspath(path))
        if (directory / ".git").exists():
            return found
        for parent in directory.parents:
            if (parent / ".gitignore").is_file():
                found.insert(0, self._gitignore(str(parent)))
            if (parent / ".git").exists():
                return found
        return []  # in no repository

    def _gitignore(self, directory: str) -> tuple[str, Callable[[str], bool]]:
        file = os.path.join(directory, ".gitignore")
        try:
            lines = Path(file).read_text(encoding="utf-8", errors="replace").splitlines()
            return os.path.abspath(directory), _matcher(lines)
        except (OSError, ValueError) as problem:
            self.failed(file, str(problem))
            return os.path.abspath(directory), _matcher(())

    def _is_excluded(self, path: str, is_directory: bool = False) -> bool:
        if not self.settings.exclude:
            return False
        relative = os.path.relpath(os.path.abspath(path), self.settings.root).replace(os.sep, "/")
        return self._excluded(relative + ("/" if is_directory else ""))


def _matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
    if not patterns:
        return lambda path: False  # noqa: ARG005
    import pathspec

    return pathspec.GitIgnoreSpec.from_lines(patterns).match_file


def _within(path: str, directory: str) -> bool:
    real, root = os.path.realpath(path), os.path.realpath(directory)
    return os.path.commonpath([real, root]) == root


@dataclass(frozen=True)
class Look:
    """What looking through the files has come to.

    Attributes:
      looked_at: files looked at up to here.
      path: a file that may hold a name, or that could not be looked at; "" at the end.
      problem: why it could not be looked at, or "".
      size: its bytes.
    """

    looked_at: int
    path: str = ""
    problem: str = ""
    size: int = 0


def looks(paths: Sequence[str], settings: Settings) -> Iterator[Look]:
    """Looks through files and directories; the last look has the count alone."""
    problems: list[tuple[str, str]] = []
    discovery = Discovery(settings, lambda *problem: problems.append(problem))
    count = 0
    for path in _shown(paths, discovery):
        count += 1
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError as error:
            problems.append((path, error.strerror or str(error)))
        else:
            if may_hold_a_name(data):
                yield Look(count, path, size=len(data))
        while problems:
            yield Look(count, *problems.pop(0))
    for problem in problems:
        yield Look(count, *problem)
    yield Look(count)


def _shown(paths: Sequence[str], discovery: Discovery) -> Iterator[str]:
    """The files; on a terminal with a progress bar, for which they are counted first."""
    if not sys.stderr.isatty():
        yield from discovery.files(paths)
        return
    from tqdm import tqdm

    tqdm.monitor_interval = 0  # its thread would be there when the pool's processes are forked
    quiet = Discovery(discovery.settings, lambda path, why: None)  # noqa: ARG005
    total = sum(1 for _ in quiet.files(paths))
    yield from tqdm(discovery.files(paths), total=total, unit="file", leave=False)


class ChangedError(Exception):
    """A file is no longer what was read."""


def write(path: str, data: bytes, read: bytes) -> None:
    """Writes beside the file and renames, keeping the mode bits and the owner.

    Args:
      path: the file.
      data: its new bytes.
      read: the SHA-256 of the bytes that were read.

    Raises:
      ChangedError: it has other bytes now; it is as it was.
      OSError: it cannot be written; it is as it was.
    """
    status = os.stat(path)
    if not (status.st_mode & 0o222 and os.access(path, os.W_OK)):
        raise PermissionError("it is read-only; make it writable, or leave it out with --exclude")
    if status.st_nlink > 1:
        raise OSError(
            f"it has {status.st_nlink} hard links, and the others would keep the old text; "
            "replace it by a copy, and run again"
        )
    directory, name = os.path.split(path)
    beside = os.path.join(directory, f".{name}.{os.getpid()}.tmp")
    try:  # before the file is there, since an interrupt can come between any two lines
        with open(beside, "wb") as file:
            file.write(data)
        if hasattr(os, "chown"):
            with contextlib.suppress(PermissionError):  # only root may give a file away
                os.chown(beside, status.st_uid, status.st_gid)
        shutil.copymode(path, beside)
        with open(path, "rb") as file:
            if hashlib.sha256(file.read()).digest() != read:
                raise ChangedError
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        raise
