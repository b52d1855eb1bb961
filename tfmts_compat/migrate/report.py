"""Prints findings, diffs and the summary, as text, JSON or GitHub annotations."""

from __future__ import annotations

import collections
import dataclasses
import json
import re
import shutil
import sys
import textwrap
from pathlib import Path
from typing import Sequence, TextIO

from tfmts_compat.migrate.findings import CODES, ERRORS, REWRITES, Finding, Outcome


class Report:
    """Prints differences immediately; in text, the changed files and then the findings at the end.

    Attributes:
      read: the number of files that were read.
      changed: the number of files that have to be changed, or were changed.
      counts: the numbers of findings: "moves", "left" (to change by hand) and "errors".
    """

    def __init__(
        self, form: str, *, shows_moves: bool, shows_files: bool = False, to_stderr: bool
    ) -> None:
        """Starts a report.

        Args:
          form: "text", "json" or "github".
          shows_moves: whether the text lists the places that are replaced.
          shows_files: whether the text lists the files that are changed.
          to_stderr: whether text is printed to stderr, because stdout has a diff or code.
        """
        self.read = 0
        self.changed = 0
        self.counts = dict.fromkeys(("moves", "left", "errors"), 0)
        self._codes: collections.Counter[str] = collections.Counter()
        self._form = form
        self._shows_moves = shows_moves
        self._shows_files = shows_files
        self._out: TextIO = sys.stderr if to_stderr and form == "text" else sys.stdout
        self._separator = "["
        self._replaced: list[tuple[str, int]] = []
        self._kept: list[Finding] = []

    def add(self, outcome: Outcome) -> None:
        """Prints the findings of a file, and its diff."""
        self.changed += outcome.data is not None
        if outcome.data is not None and self._shows_files and self._form == "text":
            replaced = sum(finding.code == REWRITES[0] for finding in outcome.found)
            self._replaced.append((outcome.path, replaced))
        for finding in outcome.found:
            self.add_finding(finding)
        if outcome.diff and self._form == "text":
            write_bytes(outcome.diff)

    def add_finding(self, finding: Finding) -> None:
        """Prints one finding, or keeps it for the end."""
        kind = "left"
        if finding.code in ERRORS:
            kind = "errors"
        elif finding.code in REWRITES:
            kind = "moves"
        self._codes[finding.code] += 1
        self.counts[kind] += finding.code not in REWRITES[1:]  # without the imports
        if self._form == "json":
            text = json.dumps(dataclasses.asdict(finding))
            self._print(f"{self._separator}\n  {text}", "")
            self._separator = ","
        elif self._form == "github":
            level = "error" if kind == "errors" else "warning"
            path = _escape(finding.path, ",:")
            where = f"file={path},line={finding.line},col={finding.column},title={finding.code}"
            self._print(f"::{level} {where}::{_escape(finding.message)}")
        elif kind == "errors":
            self._print(str(finding), file=sys.stderr)
        elif kind != "moves" or self._shows_moves:
            self._kept.append(finding)

    def print_next_steps(self, root: Path) -> None:
        """Prints the commands of the formatters that a code base has settings for."""
        settings = "\n".join(
            (root / name).read_text(encoding="utf-8", errors="replace")
            for name in ("pyproject.toml", "setup.cfg", "tox.ini", ".isort.cfg", "ruff.toml")
            if (root / name).is_file()
        )
        settings += "[ruff]" * (root / "ruff.toml").is_file()
        commands = {"isort": "isort", "ruff": "ruff check --select I --fix", "black": "black"}
        paths = " ".join(path for path, _ in sorted(self._replaced))
        for tool, command in commands.items():
            if paths and re.search(rf"^\[(?:tool\.)?{tool}\b", settings, re.MULTILINE):
                print(f"tfmts-compat: next, run: {command} {paths}", file=sys.stderr)

    def finish(self, did: str, *, shows_summary: bool = True) -> None:
        """Ends the output, and prints the summary.

        Args:
          did: "would change" or "changed".
          shows_summary: whether the summary is printed.
        """
        if self._form == "json":
            self._print("[]" if self._separator == "[" else "\n]")
        for path, count in sorted(self._replaced):
            self._print(f"{path}: replaced {_number(count, 'name')}")
        same: dict[tuple[str, str, str], list[Finding]] = {}
        for finding in sorted(self._kept):
            same.setdefault((finding.path, finding.code, finding.message), []).append(finding)
        for first, *others in same.values():
            lines = ", ".join(str(other.line) for other in others)
            also = f" (also on line{'s' * (len(others) > 1)} {lines})" if others else ""
            self._print(self._wrap(f"{first}{also}"))
        if not shows_summary:
            return
        moves, left, errors = self.counts.values()
        parts = [f"{did} {_number(self.changed, 'file')} ({_number(moves, 'name')})"]
        if left:
            parts.append(f"left {_number(left, 'place')} to change by hand")
        if errors:
            parts.append(f"could not migrate {_number(errors, 'file')}")
        parts.append(f"read {_number(self.read, 'file')}")
        print(f"tfmts-compat: {', '.join(parts)}", file=sys.stderr)
        for code, count in sorted(self._codes.items()):
            print(f"{count:8} {code} {CODES[code]}", file=sys.stderr)

    def _wrap(self, text: str) -> str:
        """Breaks a line between words at the width of the terminal, if the output is one."""
        if not self._out.isatty():
            return text
        width = shutil.get_terminal_size().columns
        return textwrap.fill(
            text, width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
        )

    def _print(self, text: str, end: str = "\n", file: TextIO | None = None) -> None:
        out = file or self._out
        print(text.encode(errors="backslashreplace").decode(), end=end, file=out)


def write_bytes(data: bytes) -> None:
    """Writes bytes to stdout without encoding them again."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _escape(text: str, more: Sequence[str] = "") -> str:
    for character in ("%", "\r", "\n", *more):
        text = text.replace(character, f"%{ord(character):02X}")
    return text
