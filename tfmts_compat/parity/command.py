"""tfmts-compat parity: the suite on the installed TensorFlow."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import difflib
import fnmatch
import io
import os
import pathlib
import sys
import warnings
from typing import TYPE_CHECKING, Any, Iterable, TypeVar

from tfmts_compat import upstream

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
        "logged and returned. Exit code 0: the same, or departs as documented; 1: something "
        "else; 2: it could not be run.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        help="run this scenario, or those matching a pattern such as 'resume*'; repeatable",
    )
    parser.add_argument("--list", action="store_true", help="print the scenarios' names")
    parser.add_argument("--junit", type=pathlib.Path, metavar="FILE", help="write a JUnit report")
    parser.add_argument("--html", type=pathlib.Path, metavar="FILE", help="write a page to read")
    parser.add_argument(
        "--record",
        type=pathlib.Path,
        metavar="DIR",
        help="write upstream's traces as the golden of this TensorFlow minor, and compare nothing",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from tfmts_compat.parity import scenarios

    chosen = _chosen(scenarios.table(), arguments.only)
    if arguments.list:
        print("\n".join(scenario.name for scenario in chosen))
        return 0
    if arguments.record:
        return _record(chosen, arguments)
    for report_path in (arguments.junit, arguments.html):
        if report_path:
            _check_writable(report_path)
    _import_tensorflow()

    from tfmts_compat.parity import page, report, suite

    environment = suite.environment()
    print(report.header(environment, suite.reference()), flush=True)
    outcomes = list(_with_progress(suite.run(chosen), len(chosen)))
    result = suite.Result(environment, suite.reference(), outcomes)
    print(report.text(result))
    if arguments.junit:
        report.write_junit(result, arguments.junit)
    if arguments.html:
        arguments.html.write_text(page.html(result), encoding="utf-8")
    return 0 if result.ok else 1


def _record(chosen: list[Scenario], arguments: argparse.Namespace) -> int:
    if arguments.only or arguments.junit or arguments.html:
        raise ValueError("--record records all scenarios and compares none; pass it alone.")
    if not arguments.record.is_dir():
        raise ValueError(f"--record {arguments.record}: must be a directory that exists.")
    _import_tensorflow()

    from tfmts_compat.parity import golden, suite

    header = {**suite.environment(), "date": datetime.date.today().isoformat()}
    traces = dict(_with_progress(suite.record(chosen), len(chosen)))
    print(golden.write(arguments.record, header, traces))
    return 0


def _import_tensorflow() -> None:
    """Imports it for the CPU alone, and without what it and numpy print meanwhile."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # takes no GPU memory from whoever uses it
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        upstream.tensorflow()


def _chosen(table: dict[str, Scenario], only: list[str] | None) -> list[Scenario]:
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
    """Finds out before the run, not after it."""
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


def _with_progress(items: Iterable[_T], total: int) -> Iterable[_T]:
    """A progress bar on a terminal, where tqdm is installed (the extra `parity`)."""
    try:
        from tqdm import tqdm
    except ImportError:
        return items
    bar: Iterable[_T] = tqdm(
        items, total=total, unit=" scenarios", disable=None, leave=False, file=sys.stderr
    )
    return bar
