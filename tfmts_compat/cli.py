"""The tfmts-compat command."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
from typing import NoReturn, Sequence

import tfmts_compat
from tfmts_compat._rules import table
from tfmts_compat.commands import checkpoints, compare, doctor, explain, run
from tfmts_compat.migrate import command as migrate
from tfmts_compat.parity import command as parity


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {table.escape_control(message)}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
      argv: the arguments; None takes those of the process.

    Returns:
      The exit code: 0, or 1 if a subcommand found a problem, or 2 for a usage error, or 130 if it
      was interrupted.
    """
    parser = _Parser(
        prog="tfmts-compat",
        description="Keep programs that use MonitoredTrainingSession working on TensorFlow 2.",
    )
    parser.add_argument(
        "--version", action="version", version=f"%(prog)s {tfmts_compat.__version__}"
    )
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    for subcommand in (run, compare, explain, checkpoints, doctor, parity, migrate):
        subcommand.add_parser(subparsers)
    given = list(sys.argv[1:] if argv is None else argv)
    program: list[str] = []
    if isinstance(sys.stdout, io.TextIOWrapper):  # a file name may not fit its encoding
        sys.stdout.reconfigure(errors="backslashreplace")
    if not given:
        parser.print_help(sys.stderr)
        return 2
    if given[0] in ("run", "compare"):
        options = run.OPTIONS if given[0] == "run" else compare.OPTIONS
        own, program = run.split(given[1:], options)
        given = [given[0], *own]
    try:
        try:
            arguments = parser.parse_args(given, argparse.Namespace(program=program))
            return int(arguments.run(arguments))
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        print("tfmts-compat: interrupted", file=sys.stderr)
        return 130
    except (OSError, TypeError, ValueError, tfmts_compat.TensorFlowUnavailableError) as problem:
        if isinstance(problem, OSError):  # Python flushes stdout again when it exits
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(problem, BrokenPipeError):  # e.g. head, which has ended
            print(f"tfmts-compat: error: {table.escape_control(str(problem))}", file=sys.stderr)
        return 2
