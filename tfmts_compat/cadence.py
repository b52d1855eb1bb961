"""USE_DEFAULT and the precedence rules: how often a call saves, one pure table.

A cadence is a pair of arguments, one in seconds and one in global steps. Each
value has a `Setting`, and the pair of settings picks a `Rule` from a table. The
session, `explain` and the codemod all read the same table.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any, Final

from tfmts_compat import checks


class UseDefault(enum.Enum):
    """The type of `USE_DEFAULT`, which is its only member."""

    USE_DEFAULT = "USE_DEFAULT"

    def __repr__(self) -> str:
        return self.value


USE_DEFAULT: Final = UseDefault.USE_DEFAULT
"""Stands for "not given", which differs from None ("off"). Compared by identity."""


class Setting(enum.Enum):
    """What one cadence argument says."""

    DEFAULT = "default"  # not given
    NONE = "None"
    OFF = "off"  # given, but not above zero: 0, a negative number, NaN, ''
    ON = "on"  # above zero

    @classmethod
    def of(cls, value: Any) -> Setting:
        """Reads a value as upstream does: `value and value > 0` switches it on.

        Raises:
          TypeError: the value cannot be compared with 0.
          ValueError: the value has no single truth value (an array of several).
        """
        if value is USE_DEFAULT:
            return cls.DEFAULT
        if value is None:
            return cls.NONE
        return cls.ON if bool(value and value > 0) else cls.OFF


@dataclass(frozen=True)
class Rule:
    """Why a cadence came out as it did.

    Attributes:
      code: a stable name, for tools.
      says: the rule in one sentence.
      uses: which argument the cadence follows: "secs", "steps" or None for off.
      upstream: what upstream does instead, or None where it does the same.
      departure: the number of the departure in docs/contract.md, if it is one.
      trap: the warning to give, where upstream silently surprises.
      error: the rule rejects the call with this exception class.
    """

    code: str
    says: str
    uses: str | None = None
    upstream: str | None = None
    departure: str | None = None
    trap: str | None = None
    error: type[Exception] | None = None


_BOTH_GIVEN = "ValueError: Can not provide both every_secs and every_steps."

NOT_CHIEF = Rule("not-chief", "only the chief writes")
NO_DIRECTORY = Rule("no-directory", "there is no directory to write to")

_OFF = Rule("off", "no cadence is above 0")
_SECS = Rule("secs", "only the seconds are given", "secs")
_STEPS = Rule("steps", "only the steps are given; any default in seconds goes away", "steps")
_BOTH_ON = Rule(
    "both-on",
    "both cadences are given: as documented, only the seconds are used",
    "secs",
    upstream=_BOTH_GIVEN,
    departure="D1",
)
_SECS_BESIDE_OFF = Rule(
    "secs-beside-off",
    "the seconds are on and the steps are off (not above 0)",
    "secs",
    upstream=_BOTH_GIVEN,
    departure="D1",
)
_STEPS_BESIDE_OFF = Rule(
    "steps-beside-off",
    "the steps are on and the seconds are off (not above 0)",
    "steps",
    upstream=_BOTH_GIVEN,
    departure="D1",
)
_STEPS_TURN_OFF = Rule(
    "steps-turn-off",
    "save_checkpoint_steps is given but off, which also takes the default of "
    "save_checkpoint_secs away",
    trap="checkpoints are off: {argument}={value} also switches off the default of 600 "
    "seconds, though the documentation gives save_checkpoint_secs that default. Leave "
    "{argument} out to save every 600 seconds, or pass save_checkpoint_secs=None as well "
    "to say that no checkpoints are wanted",
)
_DEFAULT_SECS = Rule("default-secs", "neither is given: the default, in seconds", "secs")
_DEFAULT_STEPS = Rule("default-steps", "neither is given: the default, in steps", "steps")
_STEP_COUNT = Rule("step-count", "log_step_count_steps is above 0", "steps")
_NO_STEP_COUNT = Rule("no-step-count", "log_step_count_steps is not above 0")
_BOTH_REJECTED = Rule("both-given", "give the seconds or the steps, not both", error=ValueError)

_D, _N, _F, _ON = Setting.DEFAULT, Setting.NONE, Setting.OFF, Setting.ON

# (setting of secs, setting of steps) -> rule
CHECKPOINT_RULES: Final[dict[tuple[Setting, Setting], Rule]] = {
    (_D, _D): _DEFAULT_SECS,
    (_D, _N): _STEPS_TURN_OFF,
    (_D, _F): _STEPS_TURN_OFF,
    (_D, _ON): _STEPS,
    (_N, _D): _OFF,
    (_N, _N): _OFF,
    (_N, _F): _OFF,
    (_N, _ON): _STEPS,
    (_F, _D): _OFF,
    (_F, _N): _OFF,
    (_F, _F): _OFF,
    (_F, _ON): _STEPS_BESIDE_OFF,
    (_ON, _D): _SECS,
    (_ON, _N): _SECS,
    (_ON, _F): _SECS_BESIDE_OFF,
    (_ON, _ON): _BOTH_ON,
}

SUMMARY_RULES: Final[dict[tuple[Setting, Setting], Rule]] = {
    **{pair: _OFF for pair in CHECKPOINT_RULES if _ON not in pair},
    (_D, _D): _DEFAULT_STEPS,
    (_D, _ON): _STEPS,
    (_N, _ON): _STEPS,
    (_ON, _D): _SECS,
    (_ON, _N): _SECS,
    (_F, _ON): _BOTH_REJECTED,
    (_ON, _F): _BOTH_REJECTED,
    (_ON, _ON): _BOTH_REJECTED,
}


@dataclass(frozen=True)
class Cadence:
    """How often something is written, and the rule that decided it.

    Attributes:
      rule: the rule that decided.
      secs: seconds between writes, or None.
      steps: global steps between writes, or None.
      traps: warnings to give about the values.
    """

    rule: Rule
    secs: Any = None
    steps: Any = None
    traps: tuple[str, ...] = ()

    @property
    def on(self) -> bool:
        """Whether anything is written at all."""
        return self.secs is not None or self.steps is not None

    def __str__(self) -> str:
        if self.secs is not None:
            return f"every {self.secs} seconds"
        if self.steps is not None:
            return f"every {self.steps} global steps"
        return "off"


@dataclass(frozen=True)
class _Pair:
    """The two arguments of one cadence; upstream looks at `looked_at_first` first."""

    secs: str
    steps: str
    rules: dict[tuple[Setting, Setting], Rule]
    looked_at_first: str
    default: int


_CHECKPOINTS = _Pair("save_checkpoint_secs", "save_checkpoint_steps", CHECKPOINT_RULES, "secs", 600)
_SUMMARIES = _Pair("save_summaries_secs", "save_summaries_steps", SUMMARY_RULES, "steps", 100)


def checkpoints(secs: Any, steps: Any) -> Cadence:
    """Resolves save_checkpoint_secs and save_checkpoint_steps.

    Raises:
      TypeError: a value is not a number.
      ValueError: a value is an array of several numbers, or is no number and
        stands beside a cadence that is on.
    """
    return _resolve(_CHECKPOINTS, secs, steps)


def decides_alone(secs: Any) -> bool:
    """Whether save_checkpoint_secs is on, so that upstream looks no further to save."""
    try:
        return Setting.of(secs) is Setting.ON
    except Exception:
        return False


def summaries(secs: Any, steps: Any) -> Cadence:
    """Resolves save_summaries_secs and save_summaries_steps.

    Raises:
      TypeError: a value is not a number.
      ValueError: both are given and one of them is on (upstream's rule; no
        documentation promises otherwise), or a value is an array of several.
    """
    return _resolve(_SUMMARIES, secs, steps)


def step_counter(steps: Any) -> Cadence:
    """Resolves log_step_count_steps.

    Raises:
      TypeError: the value is not a number.
      ValueError: the value is an array of several numbers.
    """
    setting = _setting("log_step_count_steps", steps)
    if setting is Setting.ON:
        return Cadence(_STEP_COUNT, steps=steps)
    return Cadence(_NO_STEP_COUNT, traps=_nan_traps(log_step_count_steps=steps))


def _resolve(pair: _Pair, secs: Any, steps: Any) -> Cadence:
    names, values = {"secs": pair.secs, "steps": pair.steps}, {"secs": secs, "steps": steps}
    first = pair.looked_at_first
    second = "steps" if first == "secs" else "secs"
    settings = {first: _setting(names[first], values[first])}
    # Upstream stops looking once the first one is on, and then complains of both.
    beside_on = settings[first] is Setting.ON
    settings[second] = _setting(names[second], values[second], ValueError if beside_on else None)

    rule = pair.rules[settings["secs"], settings["steps"]]
    if rule.error:
        raise checks.rejected(
            f"{pair.secs}={checks.shown(secs)} and {pair.steps}={checks.shown(steps)}",
            rule.says,
            f"leave {names[second]} out, or pass None for the one you do not want",
            rule.error,
        )
    traps = _nan_traps(**{pair.secs: secs, pair.steps: steps})
    if rule.trap and not traps:
        traps = (rule.trap.format(argument=pair.steps, value=checks.shown(steps)),)
    if rule in (_DEFAULT_SECS, _DEFAULT_STEPS):
        values = {"secs": pair.default, "steps": pair.default}
    return Cadence(
        rule,
        secs=values["secs"] if rule.uses == "secs" else None,
        steps=values["steps"] if rule.uses == "steps" else None,
        traps=traps,
    )


def _setting(name: str, value: Any, error: type[Exception] | None = None) -> Setting:
    try:
        return Setting.of(value)
    except Exception as problem:
        unit = "seconds" if name.endswith("_secs") else "global steps"
        upstreams = ValueError if isinstance(problem, ValueError) else TypeError
        raise checks.rejected(
            checks.given(name, value),
            f"must be one number of {unit}, or None for off",
            _number_in(value) or f"pass a number of {unit}, None, or leave it out",
            error or upstreams,
        ) from problem


def _number_in(value: Any) -> str | None:
    """The advice for a number in a string, the commonest slip (a flag never converted)."""
    if not isinstance(value, str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return f"pass the number {number:g}, not a string"


def _nan_traps(**values: Any) -> tuple[str, ...]:
    return tuple(
        f"{name}=nan counts as off, because nan > 0 is false: nothing is written for it. "
        "Pass a number above 0, or None if off is what you want"
        for name, value in values.items()
        if _is_nan(value)
    )


def _is_nan(value: Any) -> bool:
    try:
        return bool(value != value)
    except Exception:
        return False  # an array of several; never a number
