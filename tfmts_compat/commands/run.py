"""`tfmts-compat run`: runs a program with the shim instead of TensorFlow's function."""

from __future__ import annotations

import argparse
import os
import pathlib
import subprocess
import sys
from typing import Any, Sequence

_STARTUP = pathlib.Path(__file__).resolve().parents[1] / "_program" / "startup"
_OWN = ("--report", "--upstream", "-h", "--help")


def add_parser(subparsers: Any) -> None:
    """Adds the `run` subcommand."""
    parser = subparsers.add_parser(
        "run",
        help="run a program with the shim, without editing it",
        usage="%(prog)s [--report FILE] [--upstream] (script.py | -m module | -c code) "
        "[arguments ...]",
        description="Run a program as python does, with tfmts_compat's MonitoredTrainingSession "
        "instead of TensorFlow's, also in its child processes. A program is a script, a directory, "
        "a zip file, - for stdin, -m with a module or -c with code.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--report",
        metavar="FILE",
        help="write each call of MonitoredTrainingSession to a JSON file: its place in the code, "
        "what it resolves to, and where TensorFlow's function behaves differently; print a table "
        "of the calls to stderr at the end",
    )
    parser.add_argument(
        "--upstream",
        action="store_true",
        help="do not replace TensorFlow's function, to compare the two reports",
    )
    parser.set_defaults(run=_run)


def split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Divides the arguments of `run` into its own options and the command line of the program.

    argparse is not used for the program: it removes `--`, and does not read `-mmodule` as Python
    does.
    """
    count = 0
    while count < len(arguments) and _is_own(arguments[count]):
        count += 2 if arguments[count] == "--report" else 1
    return list(arguments[:count]), list(arguments[count:])


def _is_own(argument: str) -> bool:
    return argument in _OWN or argument.startswith("--report=")


def _run(arguments: argparse.Namespace) -> int:
    program: list[str] = arguments.program
    if not program:
        raise ValueError("run: give a script, -m module or -c code")
    first = program[0]
    if first.startswith("-") and first not in ("-", "--") and first[:2] not in ("-m", "-c"):
        raise ValueError(
            f"run: {first} is not an option of run; options of python come before -m: "
            f"python {first} -m tfmts_compat run ..."
        )
    if os.name != "posix":
        raise ValueError("run works on POSIX systems only; call tfmts_compat.install() instead")
    if sys.flags.ignore_environment or sys.flags.no_site:
        raise ValueError("run does not work with the options -E, -I and -S of python")
    os.environ.update(_environment(arguments, program))
    # exec keeps the process, so that the program itself gets the signals and stdin, and its exit
    # code is the command's.
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *_options(), *program])


def _options() -> list[str]:
    """The options that this Python was started with."""
    options: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    if getattr(sys.stdout, "write_through", False):
        options.append("-u")
    if sys.flags.inspect:
        options.append("-i")
    for name, value in sys._xoptions.items():
        option = name if value is True else f"{name}={value}"
        if option not in options:
            options += ["-X", option]
    return options


def _environment(arguments: argparse.Namespace, program: list[str]) -> dict[str, str]:
    """The environment variables that `sitecustomize.py` reads, also in child processes."""
    for name in [name for name in os.environ if name.startswith("TFMTS_COMPAT_")]:
        del os.environ[name]  # set by an outer `tfmts-compat run`
    paths = [str(_STARTUP), os.environ.get("PYTHONPATH", "")]
    variables = {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "TFMTS_COMPAT_RUN": "1",
    }
    if arguments.upstream:
        variables["TFMTS_COMPAT_UPSTREAM"] = "1"
    if arguments.report is not None:
        report = os.path.abspath(arguments.report)
        _create(report, arguments.upstream, program)
        variables.update(TFMTS_COMPAT_REPORT=report, TFMTS_COMPAT_PID=str(os.getpid()))
    return variables


def _create(report: str, upstream: bool, program: list[str]) -> None:
    import tfmts_compat
    from tfmts_compat._program import recorder  # needs fcntl

    try:
        recorder.create(
            report,
            tfmts_compat=tfmts_compat.__version__,
            python=sys.version.split()[0],
            program=program,
            in_place="tensorflow" if upstream else "tfmts_compat",
        )
    except OSError as problem:
        raise ValueError(f"--report={report}: {problem}") from problem
