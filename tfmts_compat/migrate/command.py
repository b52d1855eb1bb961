"""`tfmts-compat migrate`."""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib.util
import os
import sys
from typing import Any

_NEEDS = ("libcst", "pathspec", "tqdm")
_EXIT = """\
exit codes:
  0  nothing to do, or written
  1  --check, --diff: changes are needed; --strict: something is left to a person
  2  a usage error, or a file that could not be read or parsed; the rest is done
"""


def add_parser(subparsers: Any) -> None:
    """Registers the subcommand."""
    parser = subparsers.add_parser(
        "migrate",
        help="move a code base onto tfmts_compat",
        description="Move TF 1, compat.v1 and half-upgraded code onto tfmts_compat. Without a "
        "flag the diff is shown, and nothing is written.",
        epilog=_EXIT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="files, directories, or - for stdin to stdout"
    )
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--check", action="store_true", help="list what has to change; exit 1")
    modes.add_argument("--diff", action="store_true", help="print the diff alone; exit 1")
    modes.add_argument("--write", action="store_true", help="change the files")
    parser.add_argument(
        "--strict", action="store_true", help="exit 1 for what is left to a person, too"
    )
    parser.add_argument(
        "--format",
        choices=("text", "json", "github"),
        default="text",
        dest="form",
        help="how findings are printed (default text)",
    )
    parser.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="PATTERN",
        help="files to leave out, as in .gitignore; may be given again",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    missing = [name for name in _NEEDS if importlib.util.find_spec(name) is None]
    if missing:
        raise ValueError(f"migrate needs {', '.join(missing)}; pip install 'tfmts_compat[migrate]'")
    gc.set_threshold(300_000, 50, 50)  # trees are made of many small objects
    from tfmts_compat.migrate.report import Report

    piped = "-" in arguments.paths
    if piped and len(arguments.paths) > 1:
        raise ValueError("-: cannot be given beside other paths")
    listing = arguments.check or arguments.write
    report = Report(arguments.form, shows_moves=arguments.check, aside=piped or not listing)
    try:
        (_stdin if piped else _files)(arguments, report)
    except KeyboardInterrupt:
        print("tfmts-compat: interrupted; every file is whole", file=sys.stderr)
        return 130
    except RuntimeError as problem:  # a process was killed, for want of memory say
        print(f"tfmts-compat: error: {problem}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # e.g. into head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    if not arguments.diff:
        report.finish("changed" if arguments.write else "would change")
    if report.counts["errors"]:
        return 2
    needed = report.changed and (arguments.check or arguments.diff)
    return int(bool(needed or (arguments.strict and report.counts["left"])))


def _files(arguments: argparse.Namespace, report: Any) -> None:
    from tfmts_compat.migrate import files
    from tfmts_compat.migrate.candidates import looks
    from tfmts_compat.migrate.findings import Finding
    from tfmts_compat.migrate.work import Jobs, Outcome

    def failed(path: str, why: str) -> None:
        report.finding(Finding(path, 1, 1, "TFM001", why))

    def done(outcome: Outcome) -> None:
        if arguments.write and outcome.data is not None:
            try:
                files.write(outcome.path, outcome.data)
            except OSError as problem:
                failed(outcome.path, f"cannot be written: {problem.strerror or problem}")
                return
        report.add(outcome)

    settings = files.Settings.read(arguments.paths[0], arguments.exclude)
    jobs = Jobs(settings.ignore, not (arguments.check or arguments.write))
    with contextlib.closing(looks(arguments.paths, settings)) as found, contextlib.closing(jobs):
        for look in found:
            report.looked_at = look.looked_at
            if look.problem:
                failed(look.path, look.problem)
            elif look.path:
                for outcome in jobs.add(look.path, look.size):
                    done(outcome)
        for outcome in jobs.rest():
            done(outcome)


def _stdin(arguments: argparse.Namespace, report: Any) -> None:
    from tfmts_compat.migrate import files
    from tfmts_compat.migrate.report import to_bytes
    from tfmts_compat.migrate.work import processed

    data = sys.stdin.buffer.read()
    settings = files.Settings.read(".")
    outcome = processed("-", data, settings.ignore, arguments.diff)
    report.looked_at = 1
    report.add(outcome)
    if not (arguments.check or arguments.diff):
        to_bytes(outcome.data if outcome.data is not None else data)
