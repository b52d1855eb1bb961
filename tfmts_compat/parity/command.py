"""tfmts-compat parity: the suite on the installed TensorFlow."""

from __future__ import annotations

import argparse
import datetime
import difflib
import fnmatch
import json
import pathlib
import sys
from typing import TYPE_CHECKING, Any

from tfmts_compat._rules.table import escape_control
from tfmts_compat._upstream import loading
from tfmts_compat.parity import files

if TYPE_CHECKING:
    from tfmts_compat.parity.scenario import Scenario


def add_parser(subparsers: Any) -> None:
    """Adds the `parity` subcommand."""
    parser = subparsers.add_parser(
        "parity",
        help="compare tfmts_compat with the installed TensorFlow",
        description="Run small trainings with TensorFlow's MonitoredTrainingSession and with "
        "tfmts_compat's, on the CPU, and compare what is built, written, logged and returned. Exit "
        "code 0: every scenario is the same or departs as documented; 1: a scenario differs; 2: "
        "the suite cannot run.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        help="run this scenario, or those that match a pattern such as 'resume*'; may be repeated",
    )
    parser.add_argument("--list", action="store_true", help="print the scenarios' names")
    parser.add_argument(
        "--json",
        action="store_true",
        help="print the result as JSON; the lines for people go to stderr",
    )
    parser.add_argument("--junit", type=pathlib.Path, metavar="FILE", help="write a JUnit report")
    parser.add_argument("--html", type=pathlib.Path, metavar="FILE", help="write an HTML page")
    parser.add_argument(
        "--no-cache-runs",
        action="store_false",
        dest="cache_runs",
        help="pass cache_runs=False, so that session.run is TensorFlow's own",
    )
    parser.add_argument(
        "--record",
        type=pathlib.Path,
        metavar="FILE",
        help="record the traces of the installed TensorFlow in this file of goldens, and compare "
        "nothing; the traces of the other minors stay",
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
            files.check_writable(report_path)
    loading.quiet_tensorflow()

    from tfmts_compat.parity import report, suite

    out = sys.stderr if arguments.json else sys.stdout
    result = suite.Result(
        suite.read_environment(arguments.cache_runs), suite.describe_reference(), []
    )
    print(report.format_header(result, len(chosen)), file=out, flush=True)
    width = max(len(scenario.name) for scenario in chosen)
    for outcome in suite.run(chosen, arguments.cache_runs):
        print(report.format_outcome(outcome, width), file=out, flush=True)
        result.outcomes.append(outcome)
    print(f"\n{report.format_summary(result)}", file=out)
    if arguments.junit:
        files.write(arguments.junit, report.format_junit(result))
    if arguments.html:
        files.write(arguments.html, report.format_html(result).encode())
    if arguments.json:
        print(json.dumps(report.to_dict(result), indent=2))
    return 0 if result.ok else 1


def _record(chosen: list[Scenario], arguments: argparse.Namespace) -> int:
    reports = arguments.junit or arguments.html or arguments.json
    if arguments.only or reports or not arguments.cache_runs:
        raise ValueError("--record records all scenarios and compares none; pass it alone.")

    from tfmts_compat.parity import golden

    files.check_writable(arguments.record)
    golden.load(arguments.record)
    loading.quiet_tensorflow()

    from tfmts_compat.parity import suite

    header = {**suite.read_environment(), "date": datetime.date.today().isoformat()}
    traces = {}
    for name, recorded in suite.record(chosen):
        print(name, file=sys.stderr, flush=True)
        traces[name] = recorded
    golden.write(arguments.record, header, traces)
    print(escape_control(str(arguments.record)))
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
