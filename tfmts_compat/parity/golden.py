"""Goldens: the recorded traces of upstream on each TensorFlow minor, in one JSON file.

A trace is stored once for all minors that have it, under their ranges such as "2.4 to 2.7", so
that the file shows on which minor upstream changed.
"""

from __future__ import annotations

import itertools
import json
import pathlib
from dataclasses import dataclass, field
from typing import Any, Collection, Iterator, Mapping

from tfmts_compat._upstream.versions import Minor, parse_minor as parse_minor
from tfmts_compat.parity import files
from tfmts_compat.parity.comparison import Traces

FILE = pathlib.Path(__file__).with_name("goldens.json")


@dataclass(frozen=True)
class Golden:
    """The recorded traces of upstream on one TensorFlow minor.

    Attributes:
      minor: e.g. (2, 21).
      header: where and when it was recorded: tensorflow, python, numpy, protobuf, date.
      traces: upstream's traces by scenario name.
    """

    minor: Minor
    header: dict[str, str]
    traces: dict[str, Traces]


@dataclass(frozen=True)
class History:
    """The content of a file of goldens, with the ranges of minors expanded.

    Attributes:
      headers: the header of each minor, oldest first.
      scenarios: the recorded traces of each minor, by scenario name.
    """

    headers: dict[Minor, dict[str, str]] = field(default_factory=dict)
    scenarios: dict[str, dict[Minor, dict[str, Any]]] = field(default_factory=dict)


def load(path: pathlib.Path) -> History:
    """Reads a file of goldens. A file that does not exist contains none.

    Raises:
      ValueError: the file contains something else.
    """
    if not path.exists():
        return History()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        headers = {parse_minor(name): header for name, header in content["minors"].items()}
        scenarios = {
            name: {
                minor: recorded
                for ranges, recorded in by_ranges.items()
                for minor in _expand(ranges, headers)
            }
            for name, by_ranges in content["scenarios"].items()
        }
    except (ValueError, LookupError, TypeError, AttributeError) as problem:
        raise ValueError(
            f"{path}: is not a file of goldens ({type(problem).__name__}: {problem}); pass one, or "
            "the name of a new file."
        ) from problem
    return History(headers, scenarios)


def list_minors() -> list[Minor]:
    """Returns the minors that have a golden, oldest first."""
    return list(load(FILE).headers)


def read_nearest(minor: Minor) -> Golden | None:
    """Returns the golden of a minor, or of the nearest older one; None if there is none."""
    history = load(FILE)
    older = [recorded for recorded in history.headers if recorded <= minor]
    return _select(history, older[-1]) if older else None


def read(minor: Minor) -> Golden:
    """Reads the golden of a minor that has one."""
    return _select(load(FILE), minor)


def _select(history: History, minor: Minor) -> Golden:
    traces = {
        name: Traces(**by_minor[minor])
        for name, by_minor in history.scenarios.items()
        if minor in by_minor
    }
    return Golden(minor, history.headers[minor], traces)


def write(path: pathlib.Path, header: Mapping[str, str], traces: Mapping[str, Traces]) -> None:
    """Replaces the golden of one minor in a file, and leaves those of the other minors."""
    minor = parse_minor(header["tensorflow"])
    history = load(path)
    headers = dict(sorted({**history.headers, minor: dict(header)}.items()))
    for by_minor in history.scenarios.values():
        by_minor.pop(minor, None)
    scenarios = {name: history.scenarios.get(name, {}) for name in [*traces, *history.scenarios]}
    for name, recorded in traces.items():
        scenarios[name][minor] = {k: v for k, v in vars(recorded).items() if v is not None}
    content = {
        "minors": {_format_minor(known): known_header for known, known_header in headers.items()},
        "scenarios": {
            name: _group_by_ranges(by_minor, headers)
            for name, by_minor in scenarios.items()
            if by_minor
        },
    }
    parts = (f' "{key}": {_format_json(value, 5, " ")}' for key, value in content.items())
    files.write(path, ("{\n" + ",\n".join(parts) + "\n}\n").encode())


def _format_minor(minor: Minor) -> str:
    return "{}.{}".format(*minor)


def _expand(ranges: str, recorded: Collection[Minor]) -> Iterator[Minor]:
    """Yields the recorded minors of ranges such as "2.4 to 2.7, 2.9"."""
    for text in ranges.split(", "):
        ends = [parse_minor(end) for end in text.split(" to ")]
        yield from (minor for minor in recorded if ends[0] <= minor <= ends[-1])


def _group_by_ranges(by_minor: Mapping[Minor, Any], recorded: Collection[Minor]) -> dict[str, Any]:
    """Groups equal traces; the key of each is the ranges of its minors."""
    groups: dict[str, list[Minor]] = {}
    for minor in sorted(by_minor):
        groups.setdefault(json.dumps(by_minor[minor]), []).append(minor)
    return {_format_ranges(group, recorded): json.loads(text) for text, group in groups.items()}


def _format_ranges(group: Collection[Minor], recorded: Collection[Minor]) -> str:
    """Formats a group of minors as ranges; a range contains every recorded minor inside."""
    neighbours = [
        list(run) for inside, run in itertools.groupby(recorded, group.__contains__) if inside
    ]
    return ", ".join(
        " to ".join(dict.fromkeys([_format_minor(run[0]), _format_minor(run[-1])]))
        for run in neighbours
    )


def _format_json(value: Any, depth: int, indent: str = "") -> str:
    """Returns JSON with one line per item down to `depth`, and one line for each item below."""
    if not depth or not isinstance(value, (dict, list)) or not value:
        return json.dumps(value, ensure_ascii=False)
    inner = indent + " "
    if isinstance(value, dict):
        items = [f"{json.dumps(k)}: {_format_json(v, depth - 1, inner)}" for k, v in value.items()]
        start, end = "{", "}"
    else:
        items = [_format_json(item, depth - 1, inner) for item in value]
        start, end = "[", "]"
    return f"{start}\n{inner}" + f",\n{inner}".join(items) + f"\n{indent}{end}"
