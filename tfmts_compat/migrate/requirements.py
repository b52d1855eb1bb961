"""The files that list what a code base needs: those with TensorFlow and without tfmts_compat."""

from __future__ import annotations

import glob
import os
import re
from typing import Collection, Iterable, Iterator, Sequence

from tfmts_compat.migrate.findings import Finding, silenced
from tfmts_compat.migrate.names import NEW

_PACKAGES = (
    r"(?:(?:intel[-_])?tensorflow(?:[-_](?:cpu|gpu|rocm|intel|macos))?"
    r"|tf[-_]nightly(?:[-_](?:cpu|gpu))?)(?![-_.]?\w)"
)
_PACKAGE = rf"(?P<name>{_PACKAGES})"
_QUOTED = rf"(?P<key>\w+)\s*=|[\"']{_PACKAGE}"
_LINE = f"{NEW} @ git+URL"
# For each kind of file: what lists a package in it, and what to add.
_KINDS = {
    "requirements*.txt": (rf"^\s*{_PACKAGE}", _LINE),
    "requirements*.in": (rf"^\s*{_PACKAGE}", _LINE),
    "requirements/*.txt": (rf"^\s*{_PACKAGE}", _LINE),
    "setup.cfg": (rf"^(?:[ \t]+|install_requires\s*=\s*){_PACKAGE}", _LINE),
    "environment*.y*ml": (rf"^\s*-\s*[\"']?(?:[\w-]+::)?{_PACKAGE}", f"- pip: [{_LINE}]"),
    "setup.py": (_QUOTED, f'"{_LINE}"'),
    # Poetry's form is name = "version".
    "pyproject.toml": (
        rf"(?P<key>(?!{_PACKAGES})\w+)\s*=|(?:^|[\"']){_PACKAGE}",
        f'"{_LINE}"',
    ),
}
_OTHER_KEYS = ("keywords", "name", "description", "classifiers")
_LISTED = re.compile(r"^(?!\s*(?:#|\[tool\.)).*\btfmts[-_.]compat\b", re.MULTILINE)


def missing(users: Iterable[str], trees: Sequence[str], ignored: Sequence[str]) -> list[Finding]:
    """Finds the files in which tfmts_compat is to be added.

    Args:
      users: the files that use tfmts_compat.
      trees: the directories that are migrated.
      ignored: codes that are switched off.
    """
    tops = set(map(os.path.realpath, trees))
    seen: dict[str, bool] = {}
    found: list[Finding] = []
    for lowest in sorted({os.path.dirname(os.path.realpath(user)) for user in users}):
        for directory in _above(lowest, tops):
            if directory not in seen:
                listing = list(_listing(directory, ignored))
                seen[directory] = bool(listing)
                found += [finding for finding in listing if finding]
            if seen[directory]:
                break
    return found


def _above(directory: str, tops: Collection[str]) -> list[str]:
    """The directory and those above it, up to the repository's, or else to one that is migrated."""
    found = [directory]
    while not os.path.exists(os.path.join(found[-1], ".git")):
        if found[-1] == os.path.dirname(found[-1]):
            ends = [number for number, each in enumerate(found, 1) if each in tops]
            return found[: max(ends, default=1)]
        found.append(os.path.dirname(found[-1]))
    return found


def _listing(directory: str, ignored: Sequence[str]) -> Iterator[Finding | None]:
    """For each file of a directory that lists TensorFlow: what is missing in it, if anything."""
    for kind, (pattern, addition) in _KINDS.items():
        for file in sorted(glob.glob(os.path.join(glob.escape(directory), kind))):
            try:
                with open(file, encoding="utf-8", errors="replace") as opened:
                    text = opened.read()
            except OSError:
                continue
            place = _place(text, pattern)
            if place is None:
                continue
            start, name = place
            line = text.count("\n", 0, start)
            column = start - (text.rfind("\n", 0, start) + 1)
            if _LISTED.search(text) or silenced("TFM401", text.split("\n")[line], ignored):
                yield None
                continue
            why = (
                f"lists {name} and not {NEW}; beside it add {addition}, where URL is the "
                f"repository that you have {NEW} from"
            )
            yield Finding(os.path.relpath(file), line + 1, column + 1, "TFM401", why)


def _place(text: str, pattern: str) -> tuple[int, str] | None:
    """Where a file first lists TensorFlow, and under which name."""
    key = ""
    for listed in re.finditer(pattern, text, re.MULTILINE):
        if listed.group("name") is None:
            key = listed.group("key")
        elif key not in _OTHER_KEYS:
            return listed.start("name"), listed.group("name")
    return None
