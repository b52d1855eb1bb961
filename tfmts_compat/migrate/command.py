"""`tfmts-compat migrate`."""

from __future__ import annotations

import argparse
import dataclasses
import gc
import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

from tfmts_compat.migrate.codebase import files
from tfmts_compat.migrate.findings import CODES, REWRITES, Finding, Outcome, Report, validate
from tfmts_compat.migrate.names import NEW

_NEEDS = ("pathspec", "pyflakes")
_EXIT = """\
exit codes:
  0  no changes are needed, or the files were changed, or the diff was shown
  1  --check, --diff: changes are needed; --strict: a place has to be changed by hand
  2  a usage error, or a file cannot be read, parsed or written; other files are migrated
"""


def add_parser(subparsers: Any) -> None:
    """Registers the subcommand."""
    parser = subparsers.add_parser(
        "migrate",
        help="migrate a code base to tfmts_compat",
        description="Migrate TF 1, compat.v1 and partly upgraded code to tfmts_compat. Without a "
        "flag, show the diff and write nothing.",
        epilog=_EXIT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("paths", nargs="+", metavar="PATH", help="files, directories, or - for stdin to stdout")
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--check", action="store_true", help="list the changes; exit 1 if any")
    modes.add_argument("--diff", action="store_true", help="print only the diff; exit 1 if any")
    modes.add_argument("--write", action="store_true", help="change the files")
    add("--strict", action="store_true", help="also exit 1 if a place has to be changed by hand")
    add("--json", action="store_const", const="json", dest="form", help="as --format json does")
    text = "the format of the findings (default text)"
    add("--format", choices=("text", "json", "github"), dest="form", help=text)
    for name, value, effect in (
        ("exclude", "PATTERN", "exclude these files, as in .gitignore"),
        ("select", "CODES", "report and replace only these codes or groups, such as TFM201,TFM3"),
        ("ignore", "CODES", "skip these codes or groups, such as TFM201,TFM3"),
    ):
        text = f"{effect}; can be repeated"
        add(f"--{name}", action="append", default=[], metavar=value, help=text)
    parser.set_defaults(run=_run, form="text")


def _run(arguments: argparse.Namespace) -> int:
    missing = [name for name in _NEEDS if importlib.util.find_spec(name) is None]
    if missing:
        raise ValueError(
            f"migrate needs {', '.join(missing)}; in a clone of {NEW}: pip install '.[migrate]'"
        )
    if "-" in arguments.paths and len(arguments.paths) > 1:
        raise ValueError("-: cannot be combined with other paths")
    settings = files.Settings.read(arguments.paths[0], arguments.exclude)
    gc.set_threshold(100_000, 10, 10)  # syntax trees have many small objects
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 5000))  # pyflakes visits trees recursively
    report = Report(arguments)
    try:
        _migrate(arguments, settings, report)
    except KeyboardInterrupt:
        print("tfmts-compat: interrupted; no file is written in part", file=sys.stderr)
        return 130
    return report.finish(settings.root)


def _ignored(arguments: argparse.Namespace, settings: files.Settings) -> tuple[str, ...]:
    """Returns the codes that the settings and the command line ignore."""

    def given(name: str) -> tuple[str, ...]:
        listed = [code for value in getattr(arguments, name) for code in value.split(",")]
        return validate(listed, f"--{name}")

    selected = given("select")
    others = (code for code in CODES if selected and not code.startswith(selected))
    from_file = validate(settings.ignore, f"{settings.root / 'pyproject.toml'}: ignore")
    return (*from_file, *given("ignore"), *others)


def _migrate(arguments: argparse.Namespace, settings: files.Settings, report: Report) -> None:
    """Migrates the files, or standard input to standard output."""
    from tfmts_compat.migrate.advise import removed, requirements
    from tfmts_compat.migrate.codebase.modules import process

    def fail(path: str, why: str, code: str = "TFM001") -> None:
        report.found.append(Finding(path, 1, 1, code, why))

    def write(outcome: Outcome, old: bytes) -> Outcome:
        """Writes a changed file. Returns the outcome with the lines of the new text."""
        try:
            if outcome.data is None or files.write(outcome.path, outcome.data, old):
                return outcome.move()
            why = "changed after it was read, and is not overwritten; run again"
            fail(outcome.path, why, "TFM004")
        except OSError as problem:
            fail(outcome.path, f"cannot be written: {problem.strerror or problem}", "TFM005")
        left = [finding for finding in outcome.found if finding.code not in REWRITES]
        return dataclasses.replace(outcome, found=left, data=None)

    ignored = _ignored(arguments, settings)
    is_piped = arguments.paths == ["-"]
    users: list[str] = []
    trees = [path for path in arguments.paths if os.path.isdir(path)]
    discovery = files.Discovery(settings, fail)
    for path in arguments.paths if is_piped else discovery.find(arguments.paths):
        try:
            data = sys.stdin.buffer.read() if is_piped else Path(path).read_bytes()
        except OSError as problem:
            fail(path, problem.strerror or str(problem))
            continue
        report.read += 1
        if files.may_matter(data):
            outcome = process(path, data, ignored, trees)
        else:  # it is not migrated, and may be for Python 2
            found = process(path, data, ignored, trees).found if removed.may_matter(data) else []
            found = [finding for finding in found if finding.code.startswith("TFM5")]
            outcome = Outcome(path, found)
        if arguments.write and not is_piped:
            outcome = write(outcome, data)
        users += [path] if outcome.uses and not is_piped else []
        report.add(outcome, data)
    report.found += requirements.find_missing(users, trees, ignored)
