"""Findings: their codes, what is found in a file, which codes are ignored, and the report."""

from __future__ import annotations

import argparse
import difflib
import json
import os
import re
import shlex
import shutil
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
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
    "TFM501": "a name that only compat.v1 has",
    "TFM502": "a name that the newest TensorFlow does not have",
    "TFM503": "a name that needs Keras 2",
    "TFM504": "a summary that writes nothing in a session",
}
REWRITES: Final = ("TFM101", "TFM102", "TFM103")
ERRORS: Final = ("TFM001", "TFM002", "TFM003", "TFM004", "TFM005")

_GROUP = re.compile(r"TFM[1-9]\d{0,2}")
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
        place = f"{self.path}:{self.line}:{self.column}"
        return table.escape_control(f"{place}: {self.code} {self.message}")


@dataclass(frozen=True)
class Outcome:
    """The result for one file."""

    path: str
    found: list[Finding]
    data: bytes | None = None  # the migrated bytes, if the file changes
    uses: bool = False  # whether the migrated file imports tfmts_compat
    shifts: Sequence[Shift] = ()

    def move(self) -> Outcome:
        """Returns the same with the findings on the lines of the new text."""
        moved = []
        for old in self.found:
            above = [more for path, at, more in self.shifts if path == old.path and at <= old.line]
            moved.append(replace(old, line=old.line + sum(above)))
        return replace(self, found=moved)


def validate(codes: Sequence[str], where: str) -> tuple[str, ...]:
    """Checks codes and groups of codes, such as TFM201 and TFM2, that a user selects or ignores.

    Raises:
      ValueError: one of them is neither. The message names `where` they are set.
    """
    for code in codes:
        if not _GROUP.fullmatch(code) or not any(listed.startswith(code) for listed in CODES):
            raise ValueError(
                f"{where}: {code!r} is neither a code nor a group of codes that can be ignored; "
                "pass a code such as TFM201, or TFM2 for all codes that start with TFM2; use "
                "exclude for files that cannot be migrated (TFM0)"
            )
    return tuple(codes)


def is_silenced(code: str, line: str, ignored: Sequence[str] = ()) -> bool:
    """Returns whether a comment `# tfmts: ignore` on a line, or a setting, ignores a code."""
    comment = _SILENCED.search(line)
    listed = comment.group(1) if comment else ""
    return listed is None or code.startswith((*ignored, *re.findall(r"\w+", listed)))


class Report:
    """The results for all files: prints differences immediately, and the findings at the end."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """Starts a report for the arguments of the command."""
        self.read = 0  # files
        self.found: list[Finding] = []
        self._arguments = arguments
        self._changed: list[tuple[str, int]] = []  # the files, and how many names in each

    def add(self, outcome: Outcome, old: bytes) -> None:
        """Adds the findings of a file, and prints its diff, or the text of standard input."""
        arguments, new = self._arguments, outcome.data
        self.found += outcome.found
        if new is not None:
            names = sum(finding.code == REWRITES[0] for finding in outcome.found)
            self._changed.append((outcome.path, names))
        shows_diff = arguments.form == "text" and not (arguments.check or arguments.write)
        printed = b""
        if "-" in arguments.paths and not (arguments.check or arguments.diff):
            printed = old if new is None else new
        elif new is not None and shows_diff:
            printed = _compare(outcome.path, old, new)
        sys.stdout.flush()
        sys.stdout.buffer.write(printed)  # without encoding it again
        sys.stdout.buffer.flush()

    def finish(self, root: Path) -> int:
        """Prints the findings and the summary, and returns the exit code.

        `root` is the directory with the settings of the formatters.
        """
        arguments = self._arguments
        if arguments.form == "text":
            self._print_text()
        elif arguments.form == "github":
            print(*map(_annotation, self.found), sep="\n", end="\n" * bool(self.found))
        else:
            rows = ",\n  ".join(json.dumps(asdict(finding)) for finding in self.found)
            print(f"[\n  {rows}\n]" if rows else "[]")
        codes = [finding.code for finding in self.found]
        moves, errors = codes.count(REWRITES[0]), sum(code in ERRORS for code in codes)
        left = sum(code not in (*REWRITES, *ERRORS) for code in codes)
        if not arguments.diff:
            did = "changed" if arguments.write else "would change"
            text = f"{did} {_number(len(self._changed), 'file')} ({_number(moves, 'name')})"
            text += f", left {_number(left, 'place')} to change by hand" if left else ""
            text += f", could not migrate {_number(errors, 'file')}" if errors else ""
            print(f"tfmts-compat: {text}, read {_number(self.read, 'file')}", file=sys.stderr)
            for code in sorted(set(codes)):
                print(f"{codes.count(code):8} {code} {CODES[code]}", file=sys.stderr)
        if arguments.write and arguments.form == "text":
            self._print_next_steps(root)
        needed = self._changed and (arguments.check or arguments.diff)
        return 2 if errors else int(bool(needed or (arguments.strict and left)))

    def _print_text(self) -> None:
        """Prints the changed files, and the findings; those that differ in the line as one."""
        check, write = self._arguments.check, self._arguments.write
        # stdout has a diff or code if the findings are not all that is printed
        is_listing = (check or write) and "-" not in self._arguments.paths
        out = sys.stdout if is_listing else sys.stderr
        for path, count in sorted(self._changed) if write else ():
            print(f"{table.escape_control(path)}: replaced {_number(count, 'name')}", file=out)
        same: dict[tuple[str, str, str], list[Finding]] = {}
        for finding in sorted(self.found):
            if finding.code in ERRORS:
                print(finding, file=sys.stderr)
            elif check or finding.code not in REWRITES:
                key = finding.path, finding.code, finding.message
                same.setdefault(key, []).append(finding)
        width = shutil.get_terminal_size().columns if out.isatty() else None
        for first, *others in same.values():
            lines = ", ".join(str(other.line) for other in others)
            also = f" (also on line{'s' * (len(others) > 1)} {lines})" if others else ""
            print(*table.wrapped(f"{first}{also}", width, rest="  "), sep="\n", file=out)

    def _print_next_steps(self, root: Path) -> None:
        """Prints the commands of the formatters that a code base has settings for."""
        files = (root / name for name in ("pyproject.toml", "setup.cfg", "tox.ini"))
        settings = b"\n".join(file.read_bytes() for file in files if file.is_file())
        paths = table.escape_control(shlex.join(path for path, _ in sorted(self._changed)))
        for tool in ("isort", "ruff", "black"):
            if paths and re.search(rf"^\[(?:tool\.)?{tool}\b".encode(), settings, re.MULTILINE):
                command = tool.replace("ruff", "ruff check --select I --fix")
                print(f"tfmts-compat: next, run: {command} {paths}", file=sys.stderr)


def _compare(path: str, old: bytes, new: bytes) -> bytes:
    """Returns the difference of two texts of a file, as git writes it."""
    before, after = (re.findall(rb"[^\n]*\n|[^\n]+", data) for data in (old, new))
    name = table.escape_control(path.replace(os.sep, "/")).encode()
    names = b"a/" + name, b"b/" + name
    diff = difflib.diff_bytes(difflib.unified_diff, before, after, *names)
    end = b"\n\\ No newline at end of file\n"
    return b"".join(line if line.endswith(b"\n") else line + end for line in diff)


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _annotation(finding: Finding) -> str:
    """Returns a command of GitHub's workflows."""

    def escape(text: str, more: str = "") -> str:
        text = re.sub(rf"[%\r\n{more}]", lambda found: f"%{ord(found[0]):02X}", text)
        return table.escape_control(text)

    level = "error" if finding.code in ERRORS else "warning"
    where = f"file={escape(finding.path, ',:')},line={finding.line},col={finding.column}"
    return f"::{level} {where},title={finding.code}::{escape(finding.message)}"
