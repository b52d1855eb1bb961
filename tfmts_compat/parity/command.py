"""tfmts-compat parity: the suite on the installed TensorFlow."""

from __future__ import annotations

import argparse
import datetime
import difflib
import fnmatch
import pathlib
import sys
from typing import TYPE_CHECKING, Any, Iterable, TypeVar

from tfmts_compat._rules.table import printable
from tfmts_compat._upstream import loading

if TYPE_CHECKING:
    from tfmts_compat.parity.scenario import Scenario

_T = TypeVar("_T")


def add_parser(subparsers: Any) -> None:
    """Adds the `parity` subcommand."""
    parser = subparsers.add_parser(
        "parity",
        help="compare with upstream on the installed TensorFlow",
        description="Run small trainings with upstream's MonitoredTrainingSession and with the "
        "shim on the installed TensorFlow, on the CPU, and compare what was built, written, "
        "logged and returned. Exit code 0: every scenario is the same or departs as documented; "
        "1: a scenario differs; 2: the suite could not be run.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        help="run this scenario, or those that match a pattern such as 'resume*'; may be repeated",
    )
    parser.add_argument("--list", action="store_true", help="print the scenarios' names")
    parser.add_argument("--junit", type=pathlib.Path, metavar="FILE", help="write a JUnit report")
    parser.add_argument("--html", type=pathlib.Path, metavar="FILE", help="write an HTML page")
    parser.add_argument(
        "--no-cache-runs",
        action="store_false",
        dest="cache_runs",
        help="give the shim cache_runs=False, so that every run is Session.run's own",
    )
    parser.add_argument(
        "--record",
        type=pathlib.Path,
        metavar="FILE",
        help="record upstream's traces on this TensorFlow minor in this file of goldens, and "
        "compare nothing; the recorded traces of the other minors stay",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from tfmts_compat.parity import scenarios

    chosen = _choose(scenarios.load_all(), arguments.only)
    if arguments.list:
        print("\n".join(scenario.name for scenario in chosen))
        return 0
    if arguments.record:
        return _record(chosen, arguments)
    for report_path in (arguments.junit, arguments.html):
        if report_path:
            _check_writable(report_path)
    loading.quiet_tensorflow()

    from tfmts_compat.parity import report, suite

    environment = suite.read_environment(arguments.cache_runs)
    print(report.format_header(environment, suite.describe_reference()), flush=True)
    outcomes = list(_show_progress(suite.run(chosen, arguments.cache_runs), len(chosen)))
    result = suite.Result(environment, suite.describe_reference(), outcomes)
    print(report.format_text(result))
    if arguments.junit:
        report.write_junit(result, arguments.junit)
    if arguments.html:
        arguments.html.write_text(report.format_html(result), encoding="utf-8")
    return 0 if result.ok else 1


def _record(chosen: list[Scenario], arguments: argparse.Namespace) -> int:
    if arguments.only or arguments.junit or arguments.html or not arguments.cache_runs:
        raise ValueError("--record records all scenarios and compares none; pass it alone.")

    from tfmts_compat.parity import golden

    _check_writable(arguments.record)
    golden.load(arguments.record)
    loading.quiet_tensorflow()

    from tfmts_compat.parity import suite

    header = {**suite.read_environment(), "date": datetime.date.today().isoformat()}
    traces = dict(_show_progress(suite.record(chosen), len(chosen)))
    golden.write(arguments.record, header, traces)
    print(printable(str(arguments.record)))
    return 0


def _choose(table: dict[str, Scenario], only: list[str] | None) -> list[Scenario]:
    if not only:
        return list(table.values())
    found: set[str] = set()
    for pattern in only:
        matching = fnmatch.filter(table, pattern)
        if not matching:
            close = difflib.get_close_matches(pattern, table, n=3)
            instead = f"did you mean {' or '.join(close)}?" if close else "--list names them all."
            raise ValueError(f"--only {pattern}: there is no such scenario; {instead}")
        found.update(matching)
    return [scenario for name, scenario in table.items() if name in found]


def _check_writable(path: pathlib.Path) -> None:
    """Checks before the run that the file can be written after it."""
    existed = path.exists()
    try:
        with path.open("a"):
            pass
    except OSError as problem:
        raise ValueError(
            f"{path}: cannot be written ({problem.strerror}); pass a file in a directory that "
            "exists and is writable."
        ) from problem
    if not existed:
        path.unlink()


def _show_progress(items: Iterable[_T], total: int) -> Iterable[_T]:
    """Shows a progress bar on a terminal if tqdm is installed."""
    try:
        from tqdm import tqdm
    except ImportError:
        return items
    bar: Iterable[_T] = tqdm(
        items, total=total, unit=" scenarios", disable=None, leave=False, file=sys.stderr
    )
    return bar
