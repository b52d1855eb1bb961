"""`tfmts-compat run`: runs a program with the shim instead of TensorFlow's function."""

from __future__ import annotations

import argparse
import os
import pathlib
import subprocess
import sys
from typing import Any, Mapping, Sequence

_STARTUP = pathlib.Path(__file__).resolve().parents[1] / "_program" / "startup"
# Option: the number of its values. --json takes its file only after "=": it has none in the other
# commands, and `run --json train.py` must not overwrite train.py.
OPTIONS = {"--json": 0, "--report": 1, "--upstream": 0, "-h": 0, "--help": 0}


def add_parser(subparsers: Any) -> None:
    """Adds the `run` subcommand."""
    parser = subparsers.add_parser(
        "run",
        help="run a program with tfmts_compat, without editing it",
        usage="%(prog)s [--json=FILE] [--upstream] (script.py | -m module | -c code) "
        "[arguments ...]",
        description="Run a program as python does, with tfmts_compat's MonitoredTrainingSession "
        "instead of TensorFlow's, also in its child processes. A program is a script, a directory, "
        "a zip file, - for stdin, -m with a module or -c with code.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--json",
        "--report",
        dest="report",
        metavar="FILE",
        help="--json=FILE or --report FILE: write each call of MonitoredTrainingSession to a JSON "
        "file: its place in the code, what it resolves to, and where TensorFlow's function behaves "
        "differently; print a table of the calls to stderr at the end",
    )
    parser.add_argument(
        "--upstream",
        action="store_true",
        help="keep TensorFlow's function, to compare the two reports",
    )
    parser.set_defaults(run=_run)


def split(
    arguments: Sequence[str], options: Mapping[str, int] = OPTIONS
) -> tuple[list[str], list[str]]:
    """Divides the arguments of a subcommand into its own options and the program's command line.

    argparse is not used for the program: it removes `--`, and does not read `-mmodule` as Python
    does.

    Args:
      arguments: what follows the name of the subcommand.
      options: the options of the subcommand, with the number of values that each takes.
    """
    count = 0
    while count < len(arguments) and arguments[count].partition("=")[0] in options:
        count += 1 if "=" in arguments[count] else 1 + options[arguments[count]]
    return list(arguments[:count]), list(arguments[count:])


def check_program(command: str, program: Sequence[str]) -> None:
    """Checks the command line of a program, and whether it can be started here.

    Raises:
      ValueError: no program is given, or it cannot be started with the startup hook.
    """
    if not program:
        raise ValueError(f"{command}: give a script, -m module or -c code")
    first = program[0]
    if first.startswith("-") and first not in ("-", "--") and first[:2] not in ("-m", "-c"):
        raise ValueError(
            f"{command}: {first} is not an option of {command}; options of python come before -m: "
            f"python {first} -m tfmts_compat {command} ..."
        )
    if os.name != "posix":
        raise ValueError(
            f"{command} works on POSIX systems only; call tfmts_compat.install() instead"
        )
    if sys.flags.ignore_environment or sys.flags.no_site:
        raise ValueError(f"{command} does not work with the options -E, -I and -S of python")


def _run(arguments: argparse.Namespace) -> int:
    program: list[str] = arguments.program
    check_program("run", program)
    report = arguments.report and os.path.abspath(arguments.report)
    upstream = "1" if arguments.upstream else None
    environ = build_environment(os.environ, report, upstream, program)
    if report is not None:
        environ["TFMTS_COMPAT_PID"] = str(os.getpid())  # of the process that prints the table
    # exec keeps the process: the program gets the signals and stdin, and its exit code is that of
    # the command.
    sys.stdout.flush()
    os.execve(sys.executable, build_command(program), environ)


def build_command(program: Sequence[str]) -> list[str]:
    """Returns the command that runs a program with this Python and the options it was given."""
    options: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    if getattr(sys.stdout, "write_through", False):
        options.append("-u")
    if sys.flags.inspect:
        options.append("-i")
    for name, value in sys._xoptions.items():
        option = name if value is True else f"{name}={value}"
        if option not in options:
            options += ["-X", option]
    return [sys.executable, *options, *program]


def build_environment(
    environ: Mapping[str, str], report: str | None, upstream: str | None, program: Sequence[str]
) -> dict[str, str]:
    """Returns the environment of a program, with the variables that `sitecustomize.py` reads.

    Args:
      environ: the environment to extend. The variables of an outer `run` are left out.
      report: the path of the report, which is created without calls, or None.
      upstream: None if the program calls the shim; "1" if it calls TensorFlow's function;
        "documented" if it calls that, also in place of the shim of tfmts_compat, and with the
        arguments that the documentation describes for a call with a departure.
      program: the command line of the program, for the report.

    Raises:
      ValueError: the report cannot be written.
    """
    variables = {name: environ[name] for name in environ if not name.startswith("TFMTS_COMPAT_")}
    paths = [str(_STARTUP), environ.get("PYTHONPATH", "")]
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    variables["TFMTS_COMPAT_RUN"] = "1"
    if upstream is not None:
        variables["TFMTS_COMPAT_UPSTREAM"] = upstream
    if report is not None:
        _create(report, upstream is not None, program)
        variables["TFMTS_COMPAT_REPORT"] = report
    return variables


def _create(report: str, upstream: bool, program: Sequence[str]) -> None:
    import tfmts_compat
    from tfmts_compat._program import recorder  # needs fcntl

    try:
        recorder.create(
            report,
            tfmts_compat=tfmts_compat.__version__,
            python=sys.version.split()[0],
            program=list(program),
            in_place="tensorflow" if upstream else "tfmts_compat",
        )
    except OSError as problem:
        raise ValueError(f"the report cannot be written: {problem}") from problem
