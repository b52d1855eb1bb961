"""Findings: their codes, what is found in a file, and which codes are ignored."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, Sequence, Tuple

from tfmts_compat._rules import table

CODES: Final[dict[str, str]] = {
    "TFM001": "the file cannot be read",
    "TFM002": "the file cannot be parsed",
    "TFM003": "the change cannot be verified",
    "TFM004": "the file changed after it was read",
    "TFM005": "the file cannot be written",
    "TFM101": "a name that tfmts_compat replaces",
    "TFM102": "an import of tfmts_compat is needed",
    "TFM103": "an import is no longer used",
    "TFM104": "an import is no longer used, but may have another purpose",
    "TFM201": "a name is looked up by a string",
    "TFM202": "a star import may import the names",
    "TFM203": "a TensorFlow name is replaced or deleted",
    "TFM204": "a private attribute of the session is used",
    "TFM205": "a name that may come from TensorFlow or from elsewhere",
    "TFM206": "a name in a quoted annotation or a type comment",
    "TFM208": "a name of an object that may be TensorFlow",
    "TFM209": "a name in a string, in a magic of a notebook, or in an f-string",
    "TFM210": "an older training API",
    "TFM212": "a name without a place for the import",
    "TFM213": "a branch for TensorFlow 1",
    "TFM301": "both checkpoint cadences are given",
    "TFM302": "a cadence is disabled silently",
    "TFM303": "both summary cadences are given",
    "TFM304": "an argument that no version has",
    "TFM305": "a cadence is not a number",
    "TFM401": "a requirements file that does not list tfmts_compat",
}
REWRITES: Final = ("TFM101", "TFM102", "TFM103")
ERRORS: Final = ("TFM001", "TFM002", "TFM003", "TFM004", "TFM005")

_GROUP = re.compile(r"TFM\d{1,3}")
_SILENCED = re.compile(r"#\s*tfmts:\s*ignore(?:\[([\w\s,]*)\])?")


# the path of findings, a line at which lines are added or removed, and how many
Shift = Tuple[str, int, int]


@dataclass(frozen=True, order=True)
class Finding:
    """One place in a file."""

    path: str  # in a notebook also the cell
    line: int  # counted from 1
    column: int  # counted from 1, in characters
    code: str  # a key of CODES
    message: str  # the problem, and what to do if the change has to be made by hand

    def __str__(self) -> str:
        return table.printable(f"{self.path}:{self.line}:{self.column}: {self.code} {self.message}")


@dataclass(frozen=True)
class Outcome:
    """The result for one file."""

    path: str
    found: list[Finding]
    data: bytes | None = None  # the migrated bytes, if the file changes
    diff: bytes = b""  # if it was requested
    uses: bool = False  # whether the migrated file imports tfmts_compat
    read: bytes = b""  # the SHA-256 of the bytes that were read, if `data` is given
    shifts: Sequence[Shift] = ()

    def move(self) -> Outcome:
        """Returns the same with the findings on the lines of the new text."""

        def shift(found: Finding) -> int:
            return sum(
                more
                for path, line, more in self.shifts
                if path == found.path and line <= found.line
            )

        return replace(
            self, found=[replace(found, line=found.line + shift(found)) for found in self.found]
        )


def validate(codes: Sequence[str], where: str) -> tuple[str, ...]:
    """Checks codes and groups of codes, such as TFM201 and TFM2, that a user selects or ignores.

    Raises:
      ValueError: one of them is neither, or reports a file that is not migrated. The message
        names `where` they are set.
    """
    for code in codes:
        matching = [listed for listed in CODES if listed.startswith(code)]
        if not _GROUP.fullmatch(code) or not matching:
            raise ValueError(
                f"{where}: {code!r} is neither a code nor a group of codes; "
                "pass a code such as TFM201, or TFM2 for all codes that start with TFM2"
            )
        if any(listed in ERRORS for listed in matching):
            raise ValueError(
                f"{where}: {code} reports files that are not migrated, so it cannot be selected or "
                "ignored; use exclude for such files"
            )
    return tuple(codes)


def leave_out(codes: Sequence[str]) -> tuple[str, ...]:
    """Returns the codes that are ignored because only other codes or groups are selected."""
    return tuple(code for code in CODES if codes and not code.startswith(tuple(codes)))


def is_silenced(code: str, line: str, ignored: Sequence[str] = ()) -> bool:
    """Returns whether a comment `# tfmts: ignore` on a line, or a setting, ignores a code."""
    if code.startswith(tuple(ignored)):
        return True
    comment = _SILENCED.search(line)
    if not comment:
        return False
    listed = comment.group(1)
    return listed is None or code.startswith(tuple(re.findall(r"\w+", listed)))
