"""The report of `tfmts-compat run` as text."""

from __future__ import annotations

import collections
import json
from typing import Any, Iterator

from tfmts_compat._rules import table


def format_report(path: str) -> str:
    """Formats the calls of a report; calls with equal rows are shown once, with their number."""
    try:
        with open(path, encoding="utf-8") as file:
            calls = json.load(file)["calls"]
    except (OSError, ValueError) as problem:
        return f"tfmts-compat run: cannot read the report: {problem}"
    failed = sum(call["error"] is not None for call in calls)
    rows = collections.Counter("\n".join(_format_call(call)) for call in calls)
    return "\n".join(
        [
            f"tfmts-compat run: calls of MonitoredTrainingSession: {len(calls)}, failed: {failed}; "
            f"see {table.escape_control(path)}",
            *(row.replace("\n", f" ({n} times)\n", 1) if n > 1 else row for row, n in rows.items()),
        ]
    )


def _format_call(call: dict[str, Any]) -> Iterator[str]:
    first, *rows = _list_rows(call)
    yield table.escape_control(first)
    for row in rows:  # the message of an error may have several lines
        yield from map(table.escape_control, row.split("\n"))


def _list_rows(call: dict[str, Any]) -> Iterator[str]:
    yield f"{call['file']}:{call['line']} in {call['function']}, built by {call['built_by']}"
    plan = call["plan"]
    if plan is not None:
        yield f"  {plan['role']}; " + "; ".join(
            f"{name.replace('_', ' ')} {_format_cadence(plan[name])}"
            for name in ("checkpoints", "summaries", "step_counter")
        )
    if call["handed_over"]:
        yield "  in a tf.distribute worker, where TensorFlow decides which hooks it creates"
    if call["rejected"] is not None and call["built_by"] == "tensorflow":
        yield f"  tfmts_compat rejects it: {call['rejected']}"
    if call["error"] is not None:
        yield f"  {call['error']['type']}: {call['error']['message']}"
    elif not call["returned"]:
        yield "  has not returned: its process was killed or still waits"
    yield from (f"  upstream: {text}" for text in call["upstream"])
    yield from (f"  warning: {text}" for text in call["warnings"])
    yield from (f"  note: {text}" for text in call["notes"])


def _format_cadence(cadence: dict[str, Any]) -> str:
    if cadence["secs"] is not None:
        return f"every {cadence['secs']} seconds"
    return "off" if cadence["steps"] is None else f"every {cadence['steps']} steps"
