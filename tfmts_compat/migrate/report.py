"""Prints findings, diffs and the summary, as text, JSON or GitHub annotations."""

from __future__ import annotations

import argparse
import collections
import dataclasses
import json
import re
import shlex
import shutil
import sys
import textwrap
from pathlib import Path
from typing import Sequence, TextIO

from tfmts_compat._rules import table
from tfmts_compat.migrate.findings import CODES, ERRORS, REWRITES, Finding, Outcome


class Report:
    """Prints differences immediately, and text at the end: changed files, then findings."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """Starts a report for the arguments of the command."""
        self.read = 0  # files
        self.changed = 0  # files
        self.counts = dict.fromkeys(("moves", "left", "errors"), 0)  # of findings
        self._codes: collections.Counter[str] = collections.Counter()
        self._arguments = arguments
        self._form = arguments.form
        # stdout has a diff or code if the findings are not all that is printed
        is_listing = (arguments.check or arguments.write) and "-" not in arguments.paths
        is_json = arguments.form != "text"
        self._out: TextIO = sys.stdout if is_listing or is_json else sys.stderr
        self._separator = "["
        self._replaced: list[tuple[str, int]] = []
        self._kept: list[Finding] = []

    def add(self, outcome: Outcome) -> None:
        """Prints the findings of a file, and its diff."""
        self.changed += outcome.data is not None
        if outcome.data is not None and self._arguments.write and self._form == "text":
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
        elif kind != "moves" or self._arguments.check:
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
        paths = table.printable(shlex.join(path for path, _ in sorted(self._replaced)))
        for tool, command in commands.items():
            if paths and re.search(rf"^\[(?:tool\.)?{tool}\b", settings, re.MULTILINE):
                print(f"tfmts-compat: next, run: {command} {paths}", file=sys.stderr)

    def finish(self) -> None:
        """Ends the output, and prints the summary."""
        if self._form == "json":
            self._print("[]" if self._separator == "[" else "\n]")
        for path, count in sorted(self._replaced):
            self._print(f"{table.printable(path)}: replaced {_number(count, 'name')}")
        same: dict[tuple[str, str, str], list[Finding]] = {}
        for finding in sorted(self._kept):
            same.setdefault((finding.path, finding.code, finding.message), []).append(finding)
        for first, *others in same.values():
            lines = ", ".join(str(other.line) for other in others)
            also = f" (also on line{'s' * (len(others) > 1)} {lines})" if others else ""
            self._print(self._wrap(f"{first}{also}"))
        if self._arguments.diff:
            return
        did = "changed" if self._arguments.write else "would change"
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
        print(text, end=end, file=file or self._out)


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
    return table.printable(text)
