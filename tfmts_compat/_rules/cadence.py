"""How often a session saves: two argument values, resolved by the table of precedence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tfmts_compat._rules import checks, pitfalls, precedence
from tfmts_compat._rules.precedence import Rule, Setting


@dataclass(frozen=True)
class Cadence:
    """How often something is written, and the rule that decided it.

    Attributes:
      rule: the rule that decided.
      secs: seconds between writes, or None.
      steps: global steps between writes, or None.
      warnings: the texts of the pitfalls that the values have.
    """

    rule: Rule
    secs: Any = None
    steps: Any = None
    warnings: tuple[str, ...] = ()

    @property
    def on(self) -> bool:
        """Whether anything is written."""
        return self.secs is not None or self.steps is not None

    def __str__(self) -> str:
        if self.secs is not None:
            return f"every {self.secs} seconds"
        if self.steps is not None:
            return f"every {self.steps} global steps"
        return "off"


@dataclass(frozen=True)
class _Pair:
    """The two arguments of one cadence; `validated_first` is the one that upstream reads first."""

    secs: str
    steps: str
    rules: precedence.Table
    validated_first: str


_CHECKPOINTS = _Pair(
    "save_checkpoint_secs", "save_checkpoint_steps", precedence.CHECKPOINTS, "secs"
)
_SUMMARIES = _Pair("save_summaries_secs", "save_summaries_steps", precedence.SUMMARIES, "steps")


def resolve_checkpoints(secs: Any, steps: Any) -> Cadence:
    """Resolves save_checkpoint_secs and save_checkpoint_steps.

    Raises:
      TypeError: a value is not a number.
      ValueError: a value is an array of several numbers, or a value is not a number and
        the other argument of the pair is on.
    """
    return _resolve(_CHECKPOINTS, secs, steps)


def seconds_are_on(secs: Any) -> bool:
    """Returns whether save_checkpoint_secs is on; upstream then does not validate the steps."""
    try:
        return Setting.of(secs) is Setting.ON
    except Exception:
        return False


def resolve_summaries(secs: Any, steps: Any) -> Cadence:
    """Resolves save_summaries_secs and save_summaries_steps.

    Raises:
      TypeError: a value is not a number.
      ValueError: both are given and one of them is on (upstream behaviour; the
        documentation does not say otherwise), or a value is an array of several
        numbers.
    """
    return _resolve(_SUMMARIES, secs, steps)


def resolve_step_counter(steps: Any) -> Cadence:
    """Resolves log_step_count_steps.

    Raises:
      TypeError: the value is not a number.
      ValueError: the value is an array of several numbers.
    """
    setting = _classify("log_step_count_steps", steps)
    if setting is Setting.ON:
        return Cadence(precedence.STEP_COUNT, steps=steps)
    return Cadence(precedence.NO_STEP_COUNT, warnings=_nan_warnings(log_step_count_steps=steps))


def _resolve(pair: _Pair, secs: Any, steps: Any) -> Cadence:
    names, values = {"secs": pair.secs, "steps": pair.steps}, {"secs": secs, "steps": steps}
    first = pair.validated_first
    second = "steps" if first == "secs" else "secs"
    settings = {first: _classify(names[first], values[first])}
    # If the first value is on, upstream does not validate the second: it rejects the pair.
    error = ValueError if settings[first] is Setting.ON else None
    settings[second] = _classify(names[second], values[second], error)

    rule = pair.rules[settings["secs"], settings["steps"]]
    if rule.error:
        raise checks.make_rejection(
            f"{pair.secs}={checks.short_repr(secs)} and {pair.steps}={checks.short_repr(steps)}",
            rule.says,
            f"leave {names[second]} out, or pass None for the one you do not want",
            rule.error,
        )
    warnings = _nan_warnings(**{pair.secs: secs, pair.steps: steps})
    if rule.pitfall and not warnings:
        default = pair.rules[Setting.DEFAULT, Setting.DEFAULT].default
        fields = {"value": checks.short_repr(steps), "default": default}
        warnings = (pitfalls.describe(rule.pitfall, **fields),)
    if rule.uses is not None and rule.default is not None:
        values[rule.uses] = rule.default
    return Cadence(
        rule,
        secs=values["secs"] if rule.uses == "secs" else None,
        steps=values["steps"] if rule.uses == "steps" else None,
        warnings=warnings,
    )


def _classify(name: str, value: Any, error: type[Exception] | None = None) -> Setting:
    try:
        return Setting.of(value)
    except Exception as problem:
        unit = "seconds" if name.endswith("_secs") else "global steps"
        upstreams = ValueError if isinstance(problem, ValueError) else TypeError
        raise checks.make_rejection(
            checks.describe_argument(name, value),
            f"must be one number of {unit}, or None for off",
            _suggest_number(value) or f"pass a number of {unit}, None, or leave it out",
            error or upstreams,
        ) from problem


def _suggest_number(value: Any) -> str | None:
    """Returns the remedy if a string contains a number, e.g. a flag that was not converted."""
    if not isinstance(value, str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return f"pass the number {number:g}, not a string"


def _nan_warnings(**values: Any) -> tuple[str, ...]:
    return tuple(
        pitfalls.describe("nan", argument=name) for name, value in values.items() if _is_nan(value)
    )


def _is_nan(value: Any) -> bool:
    try:
        return bool(value != value)
    except Exception:
        return False  # an array of several numbers
