"""Findings: their codes, what is found in a file, which codes are ignored, and the report."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import shutil
import sys
import textwrap
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
        return table.escape_control(
            f"{self.path}:{self.line}:{self.column}: {self.code} {self.message}"
        )


@dataclass(frozen=True)
class Outcome:
    """The result for one file."""

    path: str
    found: list[Finding]
    data: bytes | None = None  # the migrated bytes, if the file changes
    diff: bytes = b""  # if it was requested
    uses: bool = False  # whether the migrated file imports tfmts_compat
    read: bytes = b""  # the SHA-256 of the bytes that were read
    shifts: Sequence[Shift] = ()

    def move(self) -> Outcome:
        """Returns the same with the findings on the lines of the new text."""
        moved = []
        for found in self.found:
            above = [
                more
                for path, line, more in self.shifts
                if path == found.path and line <= found.line
            ]
            moved.append(replace(found, line=found.line + sum(above)))
        return replace(self, found=moved)


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


class Report:
    """The results for all files: prints differences immediately, and the findings at the end."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """Starts a report for the arguments of the command."""
        self.read = 0  # files
        self.found: list[Finding] = []
        self._arguments = arguments
        self._changed: list[tuple[str, int]] = []  # the files, and how many names in each

    def add(self, outcome: Outcome) -> None:
        """Adds the findings of a file, and prints its diff."""
        self.found += outcome.found
        if outcome.data is not None:
            names = sum(finding.code == REWRITES[0] for finding in outcome.found)
            self._changed.append((outcome.path, names))
        if outcome.diff and self._arguments.form == "text":
            write_bytes(outcome.diff)

    def finish(self, root: Path) -> int:
        """Prints the findings and the summary, and returns the exit code.

        `root` is the directory with the settings of the formatters.
        """
        arguments = self._arguments
        if arguments.form == "json":
            rows = ",\n  ".join(json.dumps(asdict(finding)) for finding in self.found)
            print(f"[\n  {rows}\n]" if rows else "[]")
        elif arguments.form == "github":
            print(*map(_annotation, self.found), sep="\n", end="\n" * bool(self.found))
        else:
            self._print_text()
        codes = [finding.code for finding in self.found]
        moves, errors = codes.count(REWRITES[0]), sum(code in ERRORS for code in codes)
        left = sum(code not in (*REWRITES, *ERRORS) for code in codes)
        if not arguments.diff:
            did = "changed" if arguments.write else "would change"
            parts = [f"{did} {_number(len(self._changed), 'file')} ({_number(moves, 'name')})"]
            if left:
                parts.append(f"left {_number(left, 'place')} to change by hand")
            if errors:
                parts.append(f"could not migrate {_number(errors, 'file')}")
            parts.append(f"read {_number(self.read, 'file')}")
            print(f"tfmts-compat: {', '.join(parts)}", file=sys.stderr)
            for code in sorted(set(codes)):
                print(f"{codes.count(code):8} {code} {CODES[code]}", file=sys.stderr)
        if arguments.write and arguments.form == "text":
            self._print_next_steps(root)
        if errors:
            return 2
        needed = self._changed and (arguments.check or arguments.diff)
        return int(bool(needed or (arguments.strict and left)))

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
        for first, *others in same.values():
            lines = ", ".join(str(other.line) for other in others)
            text = (
                f"{first} (also on line{'s' * (len(others) > 1)} {lines})" if others else f"{first}"
            )
            if out.isatty():
                width = shutil.get_terminal_size().columns
                text = "\n    ".join(
                    textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
                )
            print(text, file=out)

    def _print_next_steps(self, root: Path) -> None:
        """Prints the commands of the formatters that a code base has settings for."""
        settings = "\n".join(
            (root / name).read_text(encoding="utf-8", errors="replace")
            for name in ("pyproject.toml", "setup.cfg", "tox.ini", ".isort.cfg", "ruff.toml")
            if (root / name).is_file()
        )
        settings += "[ruff]" * (root / "ruff.toml").is_file()
        commands = {"isort": "isort", "ruff": "ruff check --select I --fix", "black": "black"}
        paths = table.escape_control(shlex.join(path for path, _ in sorted(self._changed)))
        for tool, command in commands.items():
            if paths and re.search(rf"^\[(?:tool\.)?{tool}\b", settings, re.MULTILINE):
                print(f"tfmts-compat: next, run: {command} {paths}", file=sys.stderr)


def write_bytes(data: bytes) -> None:
    """Writes bytes to stdout without encoding them again."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _annotation(finding: Finding) -> str:
    """Returns a command of GitHub's workflows."""

    def escape(text: str, more: Sequence[str] = "") -> str:
        for character in ("%", "\r", "\n", *more):
            text = text.replace(character, f"%{ord(character):02X}")
        return table.escape_control(text)

    level = "error" if finding.code in ERRORS else "warning"
    where = f"file={escape(finding.path, ',:')},line={finding.line},col={finding.column}"
    return f"::{level} {where},title={finding.code}::{escape(finding.message)}"
