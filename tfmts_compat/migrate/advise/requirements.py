"""Files that list the requirements of a code base: TensorFlow is listed, tfmts_compat is not."""

from __future__ import annotations

import glob
import os
import re
from typing import Collection, Iterable, Iterator, Sequence

from tfmts_compat.migrate.findings import Finding, is_silenced
from tfmts_compat.migrate.names import NEW

_PACKAGES = (
    r"(?:(?:intel[-_])?tensorflow(?:[-_](?:cpu|gpu|rocm|intel|macos))?"
    r"|tf[-_]nightly(?:[-_](?:cpu|gpu))?)(?![-_.]?\w)"
)
_PACKAGE = rf"(?P<name>{_PACKAGES})"
_PIP = rf"\bpip3?\s+install\b[^\n]*?[\s\"'\\]{_PACKAGE}"
_VERSION = re.compile(r"[\w.-]*?\s*(?:==|~=|<=|<|=|\^)\s*[\"']?(?:[<~^=]=?)?(\d+)\.(\d+)")
_OLDEST = (2, 4)
_QUOTED = rf"(?P<key>\w+)\s*=|[\"']{_PACKAGE}"
_LINE = f"{NEW} @ git+URL"
# For each kind of file: the pattern of a listed package, and the line to add.
_KINDS = {
    "requirements*.txt": (rf"^\s*{_PACKAGE}", _LINE),
    "requirements*.in": (rf"^\s*{_PACKAGE}", _LINE),
    "requirements/*.txt": (rf"^\s*{_PACKAGE}", _LINE),
    "setup.cfg": (rf"^(?:[ \t]+|install_requires\s*=\s*){_PACKAGE}", _LINE),
    "environment*.y*ml": (rf"^\s*-\s*[\"']?(?:[\w-]+::)?{_PACKAGE}", f"- pip: [{_LINE}]"),
    "setup.py": (_QUOTED, f'"{_LINE}"'),
    "Dockerfile*": (_PIP, f'pip install "{_LINE}"'),
    "*.[dD]ockerfile": (_PIP, f'pip install "{_LINE}"'),
    "*.ipynb": (_PIP, f'!pip install "{_LINE}"'),
    # Poetry lists name = "version".
    "pyproject.toml": (
        rf"(?P<key>(?!{_PACKAGES})\w+)\s*=|(?:^|[\"']){_PACKAGE}",
        f'"{_LINE}"',
    ),
}
_OTHER_KEYS = ("keywords", "name", "description", "classifiers")
_INSTALLED = re.compile(r"\bpip3?\s+install\b.*\btfmts[-_.]compat\b")
_LISTED = re.compile(r"^(?!\s*(?:#|\[tool\.)).*\btfmts[-_.]compat\b", re.MULTILINE)


def find_missing(
    users: Iterable[str], trees: Sequence[str], ignored: Sequence[str]
) -> list[Finding]:
    """Finds the files to which tfmts_compat has to be added, for the files that use it."""
    tops = set(map(os.path.realpath, trees))
    seen: dict[str, bool] = {}
    found: list[Finding] = []
    real = set(map(os.path.realpath, users))
    for lowest in sorted(set(map(os.path.dirname, real))):
        for directory in _directories_above(lowest, tops):
            if directory not in seen:
                listing = list(_find_listing(directory, ignored, real))
                seen[directory] = bool(listing)
                found += [finding for finding in listing if finding]
            if seen[directory]:
                break
    return found


def _directories_above(directory: str, tops: Collection[str]) -> list[str]:
    """Returns a directory and its parents, up to the repository's or the topmost of `tops`."""
    found = [directory]
    while not os.path.exists(os.path.join(found[-1], ".git")):
        if found[-1] == os.path.dirname(found[-1]):
            ends = [number for number, above in enumerate(found, 1) if above in tops]
            return found[: max(ends, default=1)]
        found.append(os.path.dirname(found[-1]))
    return found


def _find_listing(
    directory: str, ignored: Sequence[str], users: Collection[str]
) -> Iterator[Finding | None]:
    """Yields, for each file in a directory that lists TensorFlow, a finding or None."""
    for kind, (pattern, addition) in _KINDS.items():
        for file in sorted(glob.glob(os.path.join(glob.escape(directory), kind))):
            try:
                with open(file, encoding="utf-8", errors="replace") as opened:
                    text = opened.read()
            except OSError:
                continue
            place = _find_place(text, pattern)
            if place is None or (kind == "*.ipynb" and os.path.realpath(file) not in users):
                continue
            start, name = place
            line = text.count("\n", 0, start)
            column = start - (text.rfind("\n", 0, start) + 1)
            listed = _INSTALLED if pattern is _PIP else _LISTED
            if listed.search(text) or is_silenced("TFM401", text.split("\n")[line], ignored):
                yield None
                continue
            why = (
                f"lists {name} but not {NEW}; add {addition}, where URL is the address of the "
                f"repository of {NEW}"
            )
            version = _VERSION.match(text, start + len(name))
            if version and tuple(map(int, version.groups())) < _OLDEST:
                why += f"; it pins TensorFlow {'.'.join(version.groups())}, and {NEW} needs 2.4"
            yield Finding(os.path.relpath(file), line + 1, column + 1, "TFM401", why)


def _find_place(text: str, pattern: str) -> tuple[int, str] | None:
    """Returns where a file first lists TensorFlow, and under which name."""
    key = ""
    for listed in re.finditer(pattern, text, re.MULTILINE):
        if listed.group("name") is None:
            key = listed.group("key")
        elif key not in _OTHER_KEYS:
            return listed.start("name"), listed.group("name")
    return None
