"""Files that list the requirements of a code base: TensorFlow is listed, tfmts_compat is not."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Collection, Iterable, Iterator, Sequence

from tfmts_compat.migrate.findings import Finding, is_silenced
from tfmts_compat.migrate.names import NEW
from tfmts_compat.migrate.read.source import Edits

_PACKAGE = (
    r"((?:intel[-_])?tensorflow(?:[-_](?:cpu|gpu|rocm|intel|macos))?"
    r"|tf[-_]nightly(?:[-_](?:cpu|gpu))?)(?![-_.]?\w)"
)
_PIP = rf"\bpip3?\s+install\b[^\n]*?[\s\"'\\]{_PACKAGE}"
_VERSION = re.compile(r"[\w.-]*?\s*(?:==|~=|<=|<|=|\^)\s*[\"']?(?:[<~^=]=?)?(\d+)\.(\d+)")
_LINE = f"{NEW} @ git+URL"
# For each kind of file: the pattern of a listed package, and the line to add.
_KINDS = {
    "requirements*.txt": (rf"^\s*{_PACKAGE}", _LINE),
    "requirements*.in": (rf"^\s*{_PACKAGE}", _LINE),
    "requirements/*.txt": (rf"^\s*{_PACKAGE}", _LINE),
    "setup.cfg": (rf"^(?:[ \t]+|install_requires\s*=\s*){_PACKAGE}", _LINE),
    "environment*.y*ml": (rf"^\s*-\s*[\"']?(?:[\w-]+::)?{_PACKAGE}", f"- pip: [{_LINE}]"),
    "setup.py": (rf"[\"']{_PACKAGE}", f'"{_LINE}"'),
    "pyproject.toml": (rf"(?:^|[\"']){_PACKAGE}", f'"{_LINE}"'),  # Poetry: name = "version"
    "*[dD]ockerfile*": (_PIP, f'pip install "{_LINE}"'),
    "*.ipynb": (_PIP, f'!pip install "{_LINE}"'),
}
# settings that do not list packages
_OTHER = re.compile(
    r"\b(?:keywords|name|description|classifiers)\s*=\s*"
    r"(?:\[[^]]*\]|\([^)]*\)|\"[^\"]*\"|'[^']*')"
)
_INSTALLED = re.compile(r"\bpip3?\s+install\b.*\btfmts[-_.]compat\b")
_LISTED = re.compile(r"^(?!\s*(?:#|\[tool\.)).*\btfmts[-_.]compat\b", re.MULTILINE)


def find_missing(
    users: Iterable[str], trees: Sequence[str], ignored: Sequence[str]
) -> list[Finding]:
    """Finds the files to which tfmts_compat has to be added, for the files that use it."""
    tops = set(map(os.path.realpath, trees))
    real = set(map(os.path.realpath, users))
    found: dict[Path, list[Finding | None]] = {}
    for lowest in sorted({Path(user).parent for user in real}):
        for directory in _directories_above(lowest, tops):
            if directory not in found:
                found[directory] = list(_find_listing(directory, ignored, real))
            if found[directory]:
                break
    return [finding for listing in found.values() for finding in listing if finding]


def _directories_above(directory: Path, tops: Collection[str]) -> list[Path]:
    """Returns a directory and its parents, up to the repository's or the topmost of `tops`."""
    found = [directory, *directory.parents]
    ends = [number for number, above in enumerate(found, 1) if str(above) in tops]
    roots = [number for number, above in enumerate(found, 1) if (above / ".git").exists()]
    return found[: min(roots, default=max(ends, default=1))]


def _find_listing(
    directory: Path, ignored: Sequence[str], users: Collection[str]
) -> Iterator[Finding | None]:
    """Yields, for each file in a directory that lists TensorFlow, a finding or None."""
    for kind, (pattern, addition) in _KINDS.items():
        for file in sorted(directory.glob(kind)):
            try:
                text = file.read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            blank = _OTHER.sub(lambda other: re.sub(".", " ", other.group()), text)
            package = re.search(pattern, blank, re.MULTILINE)
            if not package or (kind == "*.ipynb" and os.path.realpath(file) not in users):
                continue
            source = Edits(text)
            line, column = source.place(package.start(1))
            listed = _INSTALLED if pattern is _PIP else _LISTED
            if listed.search(text) or is_silenced("TFM401", source.lines[line - 1], ignored):
                yield None
                continue
            why = (
                f"lists {package.group(1)} but not {NEW}; add {addition}, where URL is the address "
                f"of the repository of {NEW}"
            )
            version = _VERSION.match(text, package.end())
            if version and tuple(map(int, version.groups())) < (2, 4):
                why += f"; it pins TensorFlow {'.'.join(version.groups())}, and {NEW} needs 2.4"
            yield Finding(os.path.relpath(file), line, column + 1, "TFM401", why)
