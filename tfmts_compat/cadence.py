"""USE_DEFAULT and the precedence of seconds and steps, as one pure table.

A cadence is a pair of arguments, one in seconds and one in global steps. Each
value has a `Setting`, and the pair of settings picks a `Rule` from a table. The
session, `explain` and the codemod all read the same table.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any, Dict, Final, Tuple


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
DEFAULT_SECS = Rule("default-secs", "neither is given: the default, in seconds", "secs")
DEFAULT_STEPS = Rule("default-steps", "neither is given: the default, in steps", "steps")
STEP_COUNT = Rule("step-count", "log_step_count_steps is above 0", "steps")
NO_STEP_COUNT = Rule("no-step-count", "log_step_count_steps is not above 0")
_BOTH_REJECTED = Rule("both-given", "give the seconds or the steps, not both", error=ValueError)

_D, _N, _F, _ON = Setting.DEFAULT, Setting.NONE, Setting.OFF, Setting.ON

Table = Dict[Tuple[Setting, Setting], Rule]  # (setting of secs, setting of steps) -> rule

CHECKPOINTS: Final[Table] = {
    (_D, _D): DEFAULT_SECS,
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

SUMMARIES: Final[Table] = {
    **{pair: _OFF for pair in CHECKPOINTS if _ON not in pair},
    (_D, _D): DEFAULT_STEPS,
    (_D, _ON): _STEPS,
    (_N, _ON): _STEPS,
    (_ON, _D): _SECS,
    (_ON, _N): _SECS,
    (_F, _ON): _BOTH_REJECTED,
    (_ON, _F): _BOTH_REJECTED,
    (_ON, _ON): _BOTH_REJECTED,
}
