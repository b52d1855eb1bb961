"""`tfmts-compat compare`: a program with TensorFlow's function and with the shim."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import Any, Iterator, Mapping, Sequence, Tuple

import tfmts_compat
from tfmts_compat._rules import table
from tfmts_compat._rules.departures import AS_ARGUMENTS, DEPARTURES
from tfmts_compat._upstream import loading
from tfmts_compat.commands import run
from tfmts_compat.commands.compare_outcome import DIRECTORY, make_unique, normalize, read_outcome

OPTIONS = {"--runs": 1, "--json": 0, "-h": 0, "--help": 0}  # option: its values

_DESCRIPTION = """\
Run a program with TensorFlow's MonitoredTrainingSession and with tfmts_compat's, and compare what
it does. Each run is a new process, and gets an empty directory in place of {dir}:

  tfmts-compat compare train.py --steps=100 --model_dir={dir}

Compared are the exit code, the printed lines, the sessions, the checkpoints (steps, names, shapes
and values), the events (steps, tags and values) and the other files in the directory. The program
runs twice with TensorFlow's function; what differs between these runs is not deterministic, and is
not compared.
"""
_EXIT = """\
exit codes:
  0  everything is the same, or departs as documented in docs/contract.md
  1  something differs
  2  a usage error, or the program opens no session
"""
_MOST = 10  # the table shows at most this many differences of one kind
_WRITTEN = ("sessions", "checkpoints", "events", "files")
_DEPARTURES = {
    **{number: (departure.describe(), departure.here) for number, departure in DEPARTURES.items()},
    "C2": ("fails, too, but later", "rejected before anything is written"),
}
Place = Tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """A place at which the two functions differ.

    Attributes:
      place: the names that lead to it, for example ("checkpoints", "model.ckpt-3", "weight").
      upstream: the value with TensorFlow's function; None if there is none.
      shim: the value with the shim; None if there is none.
      departure: the number of the departure that explains it, or None.
    """

    place: Place
    upstream: Any
    shim: Any
    departure: str | None = None

    def __str__(self) -> str:
        values = f"upstream {_shorten(self.upstream)}, the shim {_shorten(self.shim)}"
        return f"{_join(self.place)}: {values}"


@dataclass(frozen=True)
class Comparison:
    """What a program does with both functions.

    Attributes:
      counts: how much was compared, by kind.
      exit_code: the exit code with TensorFlow's function; -N if signal N ended the program.
      error: the last line that the program printed to stderr, if a run failed.
      differences: what differs.
      not_deterministic: what differs between the runs with TensorFlow's function: the places,
        each with the values of the runs. It is not compared.
      departures: the departures of the calls, by number, each with the places of the calls.
      warnings: the warnings of the shim.
    """

    counts: dict[str, int]
    exit_code: int
    error: str | None
    differences: list[Difference]
    not_deterministic: list[tuple[Place, list[Any]]]
    departures: dict[str, list[str]]
    warnings: list[str]

    @property
    def verdict(self) -> str:
        """The result in a few words."""
        if any(difference.departure is None for difference in self.differences):
            return "differs"
        departs = self.differences or AS_ARGUMENTS.intersection(self.departures)
        return "departs as documented" if departs else "same"


def add_parser(subparsers: Any) -> None:
    """Adds the `compare` subcommand."""
    parser = subparsers.add_parser(
        "compare",
        help="run a program with TensorFlow's function and with tfmts_compat, and compare",
        usage="%(prog)s [--runs N] [--json] (script.py | -m module | -c code) "
        "[arguments with {dir} ...]",
        description=_DESCRIPTION,
        epilog=_EXIT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--runs",
        type=int,
        default=2,
        metavar="N",
        help="run the program N times with TensorFlow's function (default 2), and once with "
        "tfmts_compat; with 1, everything has to be deterministic",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    program: list[str] = arguments.program
    run.check_program("compare", program)
    if arguments.runs < 1:
        raise ValueError(f"compare: --runs={arguments.runs} is not above 0; pass 1 or more")
    if program[0] == "-":
        raise ValueError(
            "compare: a program on stdin can be read only once; pass the file of the program"
        )
    if not any(DIRECTORY in part for part in program):
        raise ValueError(
            f"compare: no argument of the program contains {DIRECTORY}; write {DIRECTORY} in place "
            f"of its directory, for example --model_dir={DIRECTORY}, so that each run starts in an "
            "empty one. If the program takes no directory as an argument: "
            f"compare -c 'import train; train.main(\"{DIRECTORY}\")'"
        )
    environ = dict(os.environ)  # quiet_tensorflow() changes it
    tf = loading.quiet_tensorflow()
    comparison = compare(program, environ, arguments.runs, progress=not arguments.json)
    if arguments.json:
        versions = {
            "tensorflow": tf.__version__,
            "python": platform.python_version(),
            "tfmts_compat": tfmts_compat.__version__,
        }
        print(json.dumps({"program": program, **versions, **_to_dict(comparison)}, indent=2))
    else:
        rows = [
            ("program", " ".join(program), ""),
            ("TensorFlow", f"{tf.__version__}, Python {platform.python_version()}", ""),
            *_make_rows(comparison),
        ]
        print(table.text(rows, table.terminal_width()))
    return 1 if comparison.verdict == "differs" else 0


def compare(
    program: Sequence[str],
    environ: Mapping[str, str],
    runs: int = 2,
    time_limit: float | None = None,
    progress: bool = False,
) -> Comparison:
    """Runs a program with both functions, and compares what it does.

    Args:
      program: its command line, with {dir} in place of its directory.
      environ: its environment.
      runs: how often it runs with TensorFlow's function.
      time_limit: the seconds that a run may take; None means no limit.
      progress: whether the runs are announced on stderr.

    Raises:
      ValueError: the program opens no session, so that nothing can be compared.
      subprocess.TimeoutExpired: a run takes longer than time_limit.
    """
    runs_of_both: list[_Run] = []
    with tempfile.TemporaryDirectory(prefix="tfmts-compare-") as parent:
        for number in range(runs + 1):
            side = "documented" if number < runs else None
            if progress:
                who = f"run {number + 1} of {runs} with TensorFlow's function"
                who = who if side else "the run with the shim"
                print(f"tfmts-compat compare: {who}", file=sys.stderr, flush=True)
            runs_of_both.append(
                _run_once(program, environ, side, os.path.realpath(parent), time_limit)
            )
    *upstream, shim = runs_of_both
    error = next((run.error for run in [shim, *upstream] if run.error), None)
    if not any(run.calls for run in runs_of_both):
        raise ValueError(
            "compare: the program did not call MonitoredTrainingSession, so there is nothing to "
            f"compare; its exit code is {shim.outcome['exit code']}"
            + (f", and its last line is: {error}" if error else "")
        )
    found = _Differences()
    found.add((), [run.outcome for run in upstream], shim.outcome)
    explanation = _find_explanation(upstream[0].calls, shim.calls)
    departures: dict[str, list[str]] = {}
    for call in shim.calls:
        for name in ["C2"] if _is_rejected(call) else call["departures"]:
            departures.setdefault(name, []).append(_format_place(call))
    return Comparison(
        counts=_count_compared(shim.outcome),
        exit_code=upstream[0].outcome["exit code"],
        error=error,
        differences=[
            Difference(place, value, shims, explanation if place[0] in _WRITTEN else None)
            for place, value, shims in found.differences
        ],
        not_deterministic=found.not_deterministic,
        departures=departures,
        warnings=list(dict.fromkeys(text for call in shim.calls for text in call["warnings"])),
    )


@dataclass(frozen=True)
class _Run:
    """One run: what it did, its calls as the report of `run` has them, and its last error line."""

    outcome: dict[str, Any]
    calls: list[dict[str, Any]]
    error: str | None


def _run_once(
    program: Sequence[str],
    environ: Mapping[str, str],
    upstream: str | None,
    parent: str,
    time_limit: float | None,
) -> _Run:
    """Runs the program in parent/run; graphs and events contain paths, so all runs use this one."""
    root, report = os.path.join(parent, "run"), os.path.join(parent, "report.json")
    os.mkdir(root)
    try:
        process = subprocess.run(
            run.build_command([part.replace(DIRECTORY, root) for part in program]),
            env=run.build_environment(environ, report, upstream, program),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=time_limit,
            check=False,
        )
        with open(report, encoding="utf-8") as file:
            calls = json.loads(normalize(file.read(), root))["calls"]
        # Several processes can open sessions at one place, in any order.
        calls.sort(key=lambda call: (_format_place(call), json.dumps(call["plan"])))
        lines = normalize(process.stdout, root).splitlines()
        if len({call["process"] for call in calls}) > 1:  # they print in any order
            lines.sort()
        sessions: dict[str, Any] = {}
        for call in calls:
            sessions[make_unique(_format_place(call), sessions)] = _select_compared(call)
        outcome = {
            "exit code": process.returncode,
            "sessions": sessions,
            "printed": {f"line {number}": line for number, line in enumerate(lines, 1)},
            **read_outcome(root),
        }
    finally:
        shutil.rmtree(root, ignore_errors=True)
    error = (process.stderr.strip().splitlines() or [""])[-1] if process.returncode else None
    return _Run(outcome, calls, error)


def _format_place(call: dict[str, Any]) -> str:
    return f"{call['file']}:{call['line']}"


def _select_compared(call: dict[str, Any]) -> dict[str, Any]:
    """Selects what is compared of a call; the shim's messages say more than upstream's."""
    return {
        "function": call["function"],
        "plan": call["plan"],
        "error": call["error"] and call["error"]["type"],
        "returned": call["returned"],
    }


def _is_rejected(call: dict[str, Any]) -> bool:
    return call["rejected"] is not None and call["error"] is not None


def _find_explanation(calls: list[dict[str, Any]], shims_calls: list[dict[str, Any]]) -> str | None:
    """Returns the departure because of which only one function writes something, or None.

    The other departures with an effect on files are changes of the arguments: see `_program`.
    """
    if any(map(_is_rejected, shims_calls)):
        return "C2"  # upstream has written files before it fails
    if any(call["error"] for call in calls) and any("D5" in c["departures"] for c in shims_calls):
        return "D5"
    return None


def _count_compared(outcome: dict[str, Any]) -> dict[str, int]:
    checkpoints = [found for found in outcome["checkpoints"].values() if isinstance(found, dict)]
    return {
        "sessions": len(outcome["sessions"]),
        "lines": len(outcome["printed"]),
        "checkpoints": len(checkpoints),
        "tensors": sum(map(len, checkpoints)),
        "events": sum(map(len, outcome["events"].values())),
        "other files": len(outcome["files"]),
    }


class _Differences:
    """The places at which outcomes differ."""

    def __init__(self) -> None:
        self.differences: list[tuple[Place, Any, Any]] = []
        self.not_deterministic: list[tuple[Place, list[Any]]] = []

    def add(self, place: Place, upstream: list[Any], shim: Any) -> None:
        """Compares the values at a place: those of the runs with upstream, and the shim's."""
        first = upstream[0]
        if all(isinstance(value, dict) for value in [*upstream, shim]):
            self._add_dicts(place, upstream, shim)
        elif any(value != first for value in upstream):
            self.not_deterministic.append((place, upstream))
        elif shim != first:
            self.differences.append((place, first, shim))

    def _add_dicts(
        self, place: Place, upstream: list[dict[str, Any]], shim: dict[str, Any]
    ) -> None:
        everywhere = set(shim).intersection(*upstream)
        names = list(dict.fromkeys([*upstream[0], *shim]))
        if any(value.keys() != upstream[0].keys() for value in upstream):
            # A name that only one of the functions has may be chance, too.
            every_name, shared = set().union(*upstream), set(upstream[0]).intersection(*upstream)
            self.not_deterministic.append(((*place, "names"), sorted(every_name - shared)))
            names = [name for name in names if name in everywhere]
        elif everywhere == set(names):
            self.add((*place, "order"), [list(value) for value in upstream], list(shim))
        for name in names:
            self.add((*place, name), [value.get(name) for value in upstream], shim.get(name))


def _to_dict(comparison: Comparison) -> dict[str, Any]:
    return {
        "result": comparison.verdict,
        "exit_code": comparison.exit_code,
        "error": comparison.error,
        "compared": comparison.counts,
        "differences": [vars(difference) for difference in comparison.differences],
        "not_deterministic": [
            {"place": place, "values": values} for place, values in comparison.not_deterministic
        ],
        "departures": [
            {
                "number": number,
                "upstream": _DEPARTURES[number][0],
                "here": _DEPARTURES[number][1],
                "calls": calls,
            }
            for number, calls in comparison.departures.items()
        ],
        "warnings": comparison.warnings,
    }


def _make_rows(comparison: Comparison) -> Iterator[table.Row]:
    counts = comparison.counts
    yield _make_row(comparison, "exit code", str(comparison.exit_code))
    yield _make_row(comparison, "sessions", str(counts["sessions"]))
    yield _make_row(comparison, "printed", f"{counts['lines']} lines")
    checkpoints = f"{counts['checkpoints']} with {counts['tensors']} tensors"
    yield _make_row(comparison, "checkpoints", checkpoints)
    yield _make_row(comparison, "events", str(counts["events"]))
    yield _make_row(comparison, "files", f"{counts['other files']} others")
    differences = comparison.differences
    for difference in differences[:_MOST]:
        yield (
            "differs" + (f" ({difference.departure})" if difference.departure else ""),
            str(difference),
            "",
        )
    yield from _count_more("differs", len(differences))
    for place, values in comparison.not_deterministic[:_MOST]:
        yield "not deterministic", f"{_join(place)}: {', '.join(map(_shorten, values))}", ""
    yield from _count_more("not deterministic", len(comparison.not_deterministic))
    for number, calls in comparison.departures.items():
        upstream, here = _DEPARTURES[number]
        yield (
            f"departure {number}",
            f"{', '.join(dict.fromkeys(calls))}: upstream: {upstream}; here: {here}",
            "",
        )
    for text in comparison.warnings:
        yield "warning", text, ""
    if comparison.error:
        yield "error", comparison.error, ""
    yield "result", comparison.verdict, ""


def _make_row(comparison: Comparison, kind: str, count: str) -> table.Row:
    differ = sum(difference.place[0] == kind for difference in comparison.differences)
    unstable = sum(place[0] == kind for place, _ in comparison.not_deterministic)
    parts = [f"{differ} differ" if differ else "same"]
    if unstable:
        parts.append(f"{unstable} not deterministic")
    return kind, count, ", ".join(parts)


def _count_more(kind: str, count: int) -> list[table.Row]:
    return (
        [(kind, f"and {count - _MOST} more; --json prints them all", "")] if count > _MOST else []
    )


def _join(place: Place) -> str:
    return " > ".join(place)


def _shorten(value: Any) -> str:
    if value is None:
        return "nothing"
    text = f"{len(value)} values" if isinstance(value, dict) else str(value)
    return text if len(text) <= 100 else f"{text[:100]}…"
