"""The plan for a call: what the session builds, and by which rule. Imports no TensorFlow."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

from tfmts_compat._rules import cadence, checks, pitfalls, precedence, table
from tfmts_compat._rules.cadence import Cadence
from tfmts_compat._rules.call import Call
from tfmts_compat._rules.departures import DEPARTURES


@dataclass(frozen=True)
class SessionPlan:
    """What `MonitoredTrainingSession` builds for a call.

    Attributes:
      role: "chief" or "worker".
      master: the TensorFlow master; "" is this process.
      restore_dir: the directory whose newest checkpoint the chief restores, or None.
      checkpoint_dir: where checkpoints are saved, or None if none are saved.
      checkpoints: how often checkpoints are saved.
      summary_dir: where summaries and steps per second are written, or None if neither is.
      summaries: how often summaries are saved.
      step_counter: how often steps per second are logged and saved.
      max_wait_secs: seconds a worker waits for the chief; None on the chief.
      recovery_wait_secs: seconds between a worker's polls; None on the chief.
      cache_runs: whether session.run reuses what it prepared for an earlier call.
      warnings: the texts of the pitfalls that the arguments of this call show.
      departures: the departures from upstream in this call, by their numbers in
        docs/contract.md. Some need a newer TensorFlow than the oldest supported one.
    """

    role: str
    master: Any
    restore_dir: Any
    checkpoint_dir: Any
    checkpoints: Cadence
    summary_dir: Any
    summaries: Cadence
    step_counter: Cadence
    max_wait_secs: Any
    recovery_wait_secs: Any
    cache_runs: bool
    warnings: tuple[str, ...]
    departures: tuple[str, ...] = ()

    @property
    def is_chief(self) -> bool:
        """Whether this process initializes, restores and saves."""
        return self.role == "chief"

    @property
    def writers(self) -> str:
        """The names of the default hooks of this call, which need a global step."""
        return " and ".join(f"the {name}" for name, what in self._cadences().items() if what.on)

    def _cadences(self) -> dict[str, Cadence]:
        return {
            "checkpoint saver": self.checkpoints,
            "summary saver": self.summaries,
            "step counter": self.step_counter,
        }

    def _waits(self) -> str:
        if self.is_chief:
            return "no; workers wait until the chief has initialized or restored the model"
        limit = (
            "without a limit"
            if self.max_wait_secs is None
            else f"up to {self.max_wait_secs} seconds"
        )
        return f"for the chief, {limit}, polling every {self.recovery_wait_secs} seconds"

    def to_dict(self) -> dict[str, Any]:
        """Returns the plan as values that the json module can write."""

        def directory(value: Any) -> str | None:
            return None if value is None else str(value)

        def describe(what: Cadence, where: Any) -> dict[str, Any]:
            return {
                "secs": _json_number(what.secs),
                "steps": _json_number(what.steps),
                "directory": directory(where),
                "rule": what.rule.code,
                "because": what.rule.says,
                "upstream": what.rule.upstream,
                "departure": what.rule.departure,
            }

        return {
            "role": self.role,
            "master": _text(self.master),
            "waits": self._waits(),
            "max_wait_secs": _json_number(self.max_wait_secs),
            "recovery_wait_secs": _json_number(self.recovery_wait_secs),
            "restore_dir": directory(self.restore_dir),
            "cache_runs": self.cache_runs,
            "checkpoints": describe(self.checkpoints, self.checkpoint_dir),
            "summaries": describe(self.summaries, self.summary_dir),
            "step_counter": describe(self.step_counter, self.summary_dir),
            "departures": list(self.departures),
            "warnings": list(self.warnings),
        }

    def __str__(self) -> str:
        return self.table()

    def table(self, width: int | None = None) -> str:
        """Formats the plan as a table.

        Args:
          width: columns of the terminal, to which long rows are wrapped; None means no
            limit, as in str().
        """
        rows = [
            ("role", f"{self.role}, master {_text(self.master) or 'in this process'}", ""),
            ("waits", self._waits(), ""),
            ("restores from", str(self.restore_dir or "nowhere"), ""),
            *([] if self.cache_runs else [("runs", "upstream's own, without the cache", "")]),
        ]
        for name, what in self._cadences().items():
            where = self.checkpoint_dir if what is self.checkpoints else self.summary_dir
            value = f"{what} into {where}" if what.on else "off"
            rows.append((name, value, what.rule.says))
        rows += [("warning", text, "") for text in self.warnings]
        for number in reversed(self.departures):
            departure = DEPARTURES[number]
            below = [name for name, *_ in rows].index(departure.row) + 1
            rows.insert(below, ("", f"upstream: {departure.describe()}", f"({number})"))
        return table.text(rows, width)


def plan_session(call: Call) -> SessionPlan:
    """Resolves a call, and checks its arguments in the order in which upstream fails.

    Unused arguments are not validated.

    Raises:
      TypeError, ValueError: an argument breaks a rule; see `checks` and `cadence`.
    """
    session_plan = _resolve(call)
    departures = tuple(d.number for d in DEPARTURES.values() if d.applies(call, session_plan))
    return replace(session_plan, departures=departures)


def _resolve(call: Call) -> SessionPlan:
    if not checks.to_bool("is_chief", call.is_chief):
        checks.check_seconds("recovery_wait_secs", call.recovery_wait_secs)
        checks.check_iterable_of_hooks("hooks", call.hooks)
        idle = Cadence(precedence.NOT_CHIEF)
        return SessionPlan(
            role="worker",
            master=call.master,
            restore_dir=None,
            checkpoint_dir=None,
            checkpoints=idle,
            summary_dir=None,
            summaries=idle,
            step_counter=idle,
            max_wait_secs=call.max_wait_secs,
            recovery_wait_secs=call.recovery_wait_secs,
            cache_runs=checks.to_bool("cache_runs", call.cache_runs),
            warnings=(),
        )

    checks.check_iterable_of_hooks("chief_only_hooks", call.chief_only_hooks)
    checkpoint_dir, summary_dir = _directories(call)
    checkpoints = summaries = step_counter = Cadence(precedence.NO_DIRECTORY)
    if summary_dir is not None:
        step_counter = cadence.resolve_step_counter(call.log_step_count_steps)
        summaries = call.resolve_summaries()
    if checkpoint_dir is not None:
        # Upstream joins a file name to the directory before it checks save_checkpoint_steps.
        if cadence.seconds_are_on(call.save_checkpoint_secs):
            checks.check_directory_name("checkpoint_dir", checkpoint_dir)
        checkpoints = call.resolve_checkpoints()
        if checkpoints.on:
            checks.check_directory_name("checkpoint_dir", checkpoint_dir)
    checks.check_iterable_of_hooks("hooks", call.hooks)
    if summaries.on or step_counter.on:
        checks.check_hashable_directory("summary_dir", summary_dir)

    return SessionPlan(
        role="chief",
        master=call.master,
        restore_dir=checkpoint_dir,
        checkpoint_dir=checkpoint_dir if checkpoints.on else None,
        checkpoints=checkpoints,
        summary_dir=summary_dir if summaries.on or step_counter.on else None,
        summaries=summaries,
        step_counter=step_counter,
        max_wait_secs=None,
        recovery_wait_secs=None,
        cache_runs=checks.to_bool("cache_runs", call.cache_runs),
        warnings=(
            *_warnings(call, summary_dir),
            *step_counter.warnings,
            *summaries.warnings,
            *checkpoints.warnings,
        ),
    )


def _directories(call: Call) -> tuple[Any, Any]:
    """Returns checkpoint_dir and summary_dir: '' counts as None, a path as its str (D3)."""
    checkpoint_dir, summary_dir = (
        (os.fspath(value) if isinstance(value, os.PathLike) else value)
        if checks.to_bool(name, value)
        else None
        for name, value in (
            ("checkpoint_dir", call.checkpoint_dir),
            ("summary_dir", call.summary_dir),
        )
    )
    return checkpoint_dir, checkpoint_dir if summary_dir is None else summary_dir


def _warnings(call: Call, summary_dir: Any) -> list[str]:
    found = []
    if isinstance(call.is_chief, (str, bytes)):
        given = checks.describe_argument("is_chief", call.is_chief)
        found.append(pitfalls.describe("is-chief-str", given=given))
    if summary_dir is not None and not isinstance(summary_dir, str):
        given = checks.describe_argument("summary_dir", summary_dir)
        fields = {"given": given, "directory": str(summary_dir)}
        found.append(pitfalls.describe("summary-dir-not-str", **fields))
    for argument in ("checkpoint_dir", "summary_dir"):
        value = getattr(call, argument)
        directory = os.fspath(value) if isinstance(value, os.PathLike) else value
        if isinstance(directory, str) and os.path.expanduser(directory) != directory:
            fields = {"directory": directory, "first": directory.partition("/")[0]}
            given = checks.describe_argument(argument, value)
            found.append(pitfalls.describe("home-directory", given=given, **fields))
    return found


def _json_number(value: Any) -> Any:
    """Returns `value` as a number that JSON can represent, otherwise as text."""
    if value is None or isinstance(value, (bool, int)):
        return value
    try:
        number = float(value)
    except Exception:
        return str(value)
    return number if abs(number) < float("inf") else str(number)


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value or "")
