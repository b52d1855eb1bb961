"""Goldens: the recorded traces of upstream, one JSON file for each TensorFlow minor."""

from __future__ import annotations

import json
import pathlib
import re
from dataclasses import dataclass
from typing import Any, Mapping

from tfmts_compat._upstream.versions import minor_of as minor_of
from tfmts_compat.parity.comparison import Traces

DIRECTORY = pathlib.Path(__file__).with_name("goldens")
_NAME = re.compile(r"tf-(\d+)\.(\d+)\.json")


@dataclass(frozen=True)
class Golden:
    """The recorded traces of upstream on one TensorFlow minor.

    Attributes:
      minor: e.g. (2, 21).
      header: where and when it was recorded: tensorflow, python, numpy, protobuf, date.
      traces: upstream's traces by scenario name.
    """

    minor: tuple[int, int]
    header: dict[str, str]
    traces: dict[str, Traces]


def minors() -> list[tuple[int, int]]:
    """The minors that have a golden, oldest first."""
    names = (_NAME.fullmatch(path.name) for path in DIRECTORY.iterdir())
    return sorted((int(name[1]), int(name[2])) for name in names if name)


def nearest(minor: tuple[int, int]) -> Golden | None:
    """The golden of a minor, or else of the nearest older one; None if there is none."""
    older = [recorded for recorded in minors() if recorded <= minor]
    return read(older[-1]) if older else None


def read(minor: tuple[int, int]) -> Golden:
    """Reads the golden of a minor that has one."""
    text = (DIRECTORY / _file_name(minor)).read_text(encoding="utf-8")
    data = json.loads(text)
    traces = {name: Traces(**recorded) for name, recorded in data["scenarios"].items()}
    return Golden(minor, data["header"], traces)


def write(
    directory: pathlib.Path, header: Mapping[str, str], traces: Mapping[str, Traces]
) -> pathlib.Path:
    """Writes a golden, one line per part of a trace, so that a diff shows what changed."""
    path = directory / _file_name(minor_of(header["tensorflow"]))
    scenarios = {
        name: {key: value for key, value in vars(recorded).items() if value is not None}
        for name, recorded in traces.items()
    }
    text = _lines({"header": dict(header), "scenarios": scenarios}, depth=5)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def _file_name(minor: tuple[int, int]) -> str:
    return "tf-{}.{}.json".format(*minor)


def _lines(value: Any, depth: int, indent: str = "") -> str:
    """Returns JSON with one line per item down to `depth`, and one line for each item below."""
    if not depth or not isinstance(value, (dict, list)) or not value:
        return json.dumps(value, ensure_ascii=False)
    inner = indent + " "
    if isinstance(value, dict):
        items = [f"{json.dumps(k)}: {_lines(v, depth - 1, inner)}" for k, v in value.items()]
        start, end = "{", "}"
    else:
        items = [_lines(item, depth - 1, inner) for item in value]
        start, end = "[", "]"
    return f"{start}\n{inner}" + f",\n{inner}".join(items) + f"\n{indent}{end}"
