"""What is found at a place and in a file; its code, its words, and whether it is silenced."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, Sequence

CODES: Final[dict[str, str]] = {
    "TFM001": "a file cannot be read",
    "TFM002": "a file cannot be parsed",
    "TFM003": "a change that could not be verified",
    "TFM004": "a file changed after it was read",
    "TFM005": "a file cannot be written",
    "TFM101": "a name that tfmts_compat has",
    "TFM102": "tfmts_compat has to be imported",
    "TFM103": "an import is left without a use",
    "TFM104": "an import without a use that may have another purpose",
    "TFM201": "a name is looked up by a string",
    "TFM202": "a star import may bring the names in",
    "TFM203": "a name of TensorFlow's is replaced or deleted",
    "TFM204": "a private attribute of the session is used",
    "TFM205": "a name comes from TensorFlow or from elsewhere",
    "TFM206": "a name in a quoted annotation",
    "TFM207": "a name is reached through an attribute",
    "TFM208": "a name of something that may be TensorFlow",
    "TFM209": "a name in a string",
    "TFM210": "an older way to train",
    "TFM211": "branches that are the same",
    "TFM301": "both checkpoint cadences are given",
    "TFM302": "a cadence is switched off silently",
    "TFM303": "both summary cadences are given",
    "TFM304": "an argument that no version takes",
    "TFM305": "a cadence is not a number",
    "TFM401": "a list of requirements without tfmts_compat",
}
REWRITES: Final = ("TFM101", "TFM102", "TFM103")
ERRORS: Final = ("TFM001", "TFM002", "TFM003", "TFM004", "TFM005")

_GROUP = re.compile(r"TFM\d{1,3}")
_SILENCED = re.compile(r"#\s*tfmts:\s*ignore(?:\[([\w\s,]*)\])?")


@dataclass(frozen=True, order=True)
class Finding:
    """One place in a file.

    Attributes:
      path: the file, in a notebook followed by its cell.
      line: counted from 1.
      column: counted from 1, in characters.
      code: a key of CODES.
      message: what it is, and what to do where that is left to a person.
    """

    path: str
    line: int
    column: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.code} {self.message}"

    def at(self, path: str, line: int | None = None) -> Finding:
        """The same in another file, or on another line."""
        return replace(self, path=path, line=line or self.line)


@dataclass(frozen=True)
class Outcome:
    """What became of a file.

    Attributes:
      path: the file.
      found: its findings.
      data: the migrated bytes, or None where they are the same.
      diff: the difference, if it was asked for.
      uses: whether it imports tfmts_compat in the end.
      read: the SHA-256 of the bytes that were read, where `data` is given.
    """

    path: str
    found: list[Finding]
    data: bytes | None = None
    diff: bytes = b""
    uses: bool = False
    read: bytes = b""


def validated(codes: Sequence[str], where: str) -> tuple[str, ...]:
    """Checks codes or groups of codes, such as TFM201 or TFM2, that are to be switched off or on.

    Args:
      codes: the codes.
      where: the setting that holds them, for the message.

    Raises:
      ValueError: one is no code and no group, or files that were not migrated would be hidden.
    """
    for code in codes:
        matching = [each for each in CODES if each.startswith(code)]
        if not _GROUP.fullmatch(code) or not matching:
            raise ValueError(
                f"{where}: {code!r} is neither a code nor a group of codes; "
                "give TFM201, or TFM2 for all that begin with it"
            )
        if any(each in ERRORS for each in matching):
            raise ValueError(
                f"{where}: {code} reports files that are not migrated, and cannot be switched "
                "off or on; leave such files out with exclude"
            )
    return tuple(codes)


def unselected(codes: Sequence[str]) -> tuple[str, ...]:
    """The codes that are switched off where only some codes or groups are selected."""
    return tuple(code for code in CODES if codes and not code.startswith(tuple(codes)))


def silenced(code: str, line: str, ignored: Sequence[str] = ()) -> bool:
    """Whether a code is switched off on a source line, or everywhere.

    Args:
      code: the code.
      line: the source line it is found on.
      ignored: codes from pyproject.toml or the command line; TFM2 is all of TFM201, TFM202, ...
    """
    if code.startswith(tuple(ignored)):
        return True
    comment = _SILENCED.search(line)
    if not comment:
        return False
    listed = comment.group(1)
    return listed is None or code.startswith(tuple(re.findall(r"\w+", listed)))
