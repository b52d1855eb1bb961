"""`tfmts-compat migrate`."""

from __future__ import annotations

import argparse
import dataclasses
import gc
import importlib.util
import os
import sys
from typing import Any, Sequence

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
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="files, directories, or - for stdin to stdout"
    )
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--check", action="store_true", help="list the changes; exit 1 if any")
    modes.add_argument("--diff", action="store_true", help="print only the diff; exit 1 if any")
    modes.add_argument("--write", action="store_true", help="change the files")
    parser.add_argument(
        "--strict", action="store_true", help="also exit 1 if a place has to be changed by hand"
    )
    parser.add_argument(
        "--json",
        action="store_const",
        const="json",
        default="text",
        dest="form",
        help="print the findings as JSON, as --format json does",
    )
    parser.add_argument(
        "--format",
        choices=("text", "json", "github"),
        default="text",
        dest="form",
        help="the format of the findings (default text)",
    )
    parser.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="PATTERN",
        help="exclude these files, as in .gitignore; can be repeated",
    )
    for name, effect in (("select", "report and replace only"), ("ignore", "skip")):
        parser.add_argument(
            f"--{name}",
            action="append",
            default=[],
            metavar="CODES",
            help=f"{effect} these codes or groups, such as TFM201,TFM3; can be repeated",
        )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    missing = [name for name in _NEEDS if importlib.util.find_spec(name) is None]
    if missing:
        raise ValueError(
            f"migrate needs {', '.join(missing)}; in a clone of {NEW}: pip install '.[migrate]'"
        )
    gc.set_threshold(100_000, 10, 10)  # syntax trees have many small objects
    from tfmts_compat.migrate.codebase import files
    from tfmts_compat.migrate.findings import Report

    piped = "-" in arguments.paths
    if piped and len(arguments.paths) > 1:
        raise ValueError("-: cannot be combined with other paths")
    settings = files.Settings.read("." if piped else arguments.paths[0], arguments.exclude)
    ignored = _ignored(arguments, settings)
    report = Report(arguments)
    try:
        if piped:
            _migrate_stdin(arguments, ignored, report)
        else:
            _migrate_files(arguments, settings, ignored, report)
    except KeyboardInterrupt:
        print("tfmts-compat: interrupted; no file is written in part", file=sys.stderr)
        return 130
    return report.finish(settings.root)


def _ignored(arguments: argparse.Namespace, settings: Any) -> tuple[str, ...]:
    """Returns the codes that the settings and the command line ignore."""
    from tfmts_compat.migrate.findings import leave_out, validate

    def given(name: str) -> tuple[str, ...]:
        listed = [code for value in getattr(arguments, name) for code in value.split(",")]
        return validate(listed, f"--{name}")

    from_file = validate(settings.ignore, f"{settings.root / 'pyproject.toml'}: ignore")
    return (*from_file, *given("ignore"), *leave_out(given("select")))


def _migrate_files(
    arguments: argparse.Namespace, settings: Any, ignored: Sequence[str], report: Any
) -> None:
    from tfmts_compat.migrate.advise import removed, requirements
    from tfmts_compat.migrate.codebase import files
    from tfmts_compat.migrate.codebase.modules import process
    from tfmts_compat.migrate.findings import REWRITES, Finding, Outcome

    def fail(path: str, why: str, code: str = "TFM001") -> None:
        report.found.append(Finding(path, 1, 1, code, why))

    def write(outcome: Any) -> Any:
        """Writes a changed file. Returns the outcome with the lines of the new text."""
        try:
            if outcome.data is not None:
                files.write(outcome.path, outcome.data, outcome.read)
            return outcome.move()
        except files.ChangedError:
            why = "changed after it was read, and is not overwritten; run again"
            fail(outcome.path, why, "TFM004")
        except OSError as problem:
            fail(outcome.path, f"cannot be written: {problem.strerror or problem}", "TFM005")
        left = [finding for finding in outcome.found if finding.code not in REWRITES]
        return dataclasses.replace(outcome, found=left, data=None)

    users: list[str] = []
    trees = [path for path in arguments.paths if os.path.isdir(path)]
    with_diff = not (arguments.check or arguments.write)
    for path in files.Discovery(settings, fail).find(arguments.paths):
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError as problem:
            fail(path, problem.strerror or str(problem))
            continue
        report.read += 1
        is_candidate = files.may_matter(data)
        if is_candidate or removed.may_matter(data):
            outcome = process(path, data, ignored, with_diff, trees)
            if not is_candidate:  # a file that is not migrated may be for Python 2
                outcome = Outcome(path, removed.select(outcome.found))
            users += [path] if outcome.uses else []
            report.add(write(outcome) if arguments.write else outcome)
    report.found += requirements.find_missing(users, trees, ignored)


def _migrate_stdin(arguments: argparse.Namespace, ignored: Sequence[str], report: Any) -> None:
    from tfmts_compat.migrate.codebase.modules import process
    from tfmts_compat.migrate.findings import write_bytes

    data = sys.stdin.buffer.read()
    outcome = process("-", data, ignored, arguments.diff)
    report.read = 1
    report.add(outcome)
    if not (arguments.check or arguments.diff):
        write_bytes(outcome.data if outcome.data is not None else data)
