"""`tfmts-compat run`: runs a program with the shim instead of TensorFlow's function."""

from __future__ import annotations

import argparse
import os
import pathlib
import subprocess
import sys
from typing import Any

_STARTUP = pathlib.Path(__file__).resolve().parents[1] / "_program" / "startup"


def add_parser(subparsers: Any) -> None:
    """Adds the `run` subcommand."""
    parser = subparsers.add_parser(
        "run",
        help="run a program with the shim, without editing it",
        usage="%(prog)s [--report FILE] [--upstream] (script.py | -m module | -c code) "
        "[arguments ...]",
        description="Run a program as python does, with tfmts_compat's MonitoredTrainingSession "
        "instead of TensorFlow's, also in its child processes.",
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
    parser.add_argument("-m", dest="module", nargs=argparse.REMAINDER, help="run a module")
    parser.add_argument("-c", dest="code", nargs=argparse.REMAINDER, help="run this code")
    parser.add_argument(
        "program",
        nargs=argparse.REMAINDER,
        help="a script, a directory, a zip file, or - for stdin",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.module is not None:
        program = ["-m", *arguments.module]
    elif arguments.code is not None:
        program = ["-c", *arguments.code]
    else:
        program = arguments.program[arguments.program[:1] == ["--"] :]
    if not program:
        raise ValueError("run: give a script, -m module or -c code")
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
