"""USE_DEFAULT, and which of two cadence arguments has precedence, as one pure table.

A cadence is given by a pair of arguments, one in seconds and one in global steps.
Each value has a `Setting`, and the table maps the pair of settings to a `Rule`. The
session, `explain` and the codemod use the same table.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any, Dict, Final, Tuple

from tfmts_compat._rules.departures import DEPARTURES


class UseDefault(enum.Enum):
    """The type of `USE_DEFAULT`, which is its only member."""

    USE_DEFAULT = "USE_DEFAULT"

    def __repr__(self) -> str:
        return self.value


USE_DEFAULT: Final = UseDefault.USE_DEFAULT
"""The default of a cadence argument: "not given". It differs from None, which means "off".

It is compared by identity.
"""


class Setting(enum.Enum):
    """The kind of value that a cadence argument has."""

    DEFAULT = "default"  # not given
    NONE = "None"
    OFF = "off"  # given, but not above zero: 0, a negative number, NaN, ''
    ON = "on"  # above zero

    @classmethod
    def of(cls, value: Any) -> Setting:
        """Classifies a value as upstream does: a cadence is on if `value and value > 0`.

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
    """The rule by which a cadence was resolved.

    Attributes:
      code: a stable name, for tools.
      says: the rule in one sentence.
      uses: the argument that sets the cadence: "secs", "steps", or None for off.
      default: the value of that argument if it was not given, or None.
      departure: the number of the departure in docs/contract.md, or None.
      pitfall: the name of the pitfall that the values have, or None.
      error: the class of the exception that rejects the call, or None.
    """

    code: str
    says: str
    uses: str | None = None
    default: int | None = None
    departure: str | None = None
    pitfall: str | None = None
    error: type[Exception] | None = None

    @property
    def upstream(self) -> str | None:
        """What upstream does instead, or None if it does the same."""
        return DEPARTURES[self.departure].upstream if self.departure else None


NOT_CHIEF = Rule("not-chief", "only the chief writes")
NO_DIRECTORY = Rule("no-directory", "there is no directory to write to")

_DEFAULT_SECS = Rule(
    "default-secs", "neither is given: the default, in seconds", "secs", default=600
)
_DEFAULT_STEPS = Rule(
    "default-steps", "neither is given: the default, in steps", "steps", default=100
)
_OFF = Rule("off", "no cadence is above 0")
_SECS = Rule("secs", "only the seconds are given", "secs")
_STEPS = Rule(
    "steps", "only the steps are given, so the default in seconds does not apply", "steps"
)
_BOTH_ON = Rule(
    "both-on",
    "both cadences are given: as documented, only the seconds are used",
    "secs",
    departure="D1",
)
_ONLY_SECS_ON = Rule(
    "only-secs-on",
    "the seconds are on and the steps are off (not above 0)",
    "secs",
    departure="D1",
)
_ONLY_STEPS_ON = Rule(
    "only-steps-on",
    "the steps are on and the seconds are off (not above 0)",
    "steps",
    departure="D1",
)
_STEPS_TURN_OFF = Rule(
    "steps-turn-off",
    "save_checkpoint_steps is given but off, so the default of save_checkpoint_secs "
    "does not apply either",
    pitfall="steps-turn-off",
)
STEP_COUNT = Rule("step-count", "log_step_count_steps is above 0", "steps")
NO_STEP_COUNT = Rule("no-step-count", "log_step_count_steps is not above 0")
_BOTH_REJECTED = Rule("both-given", "give the seconds or the steps, not both", error=ValueError)

_D, _N, _F, _ON = Setting.DEFAULT, Setting.NONE, Setting.OFF, Setting.ON

Table = Dict[Tuple[Setting, Setting], Rule]  # (setting of secs, setting of steps) -> rule

CHECKPOINTS: Final[Table] = {
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
    (_F, _ON): _ONLY_STEPS_ON,
    (_ON, _D): _SECS,
    (_ON, _N): _SECS,
    (_ON, _F): _ONLY_SECS_ON,
    (_ON, _ON): _BOTH_ON,
}

SUMMARIES: Final[Table] = {
    (_D, _D): _DEFAULT_STEPS,
    (_D, _N): _OFF,
    (_D, _F): _OFF,
    (_D, _ON): _STEPS,
    (_N, _D): _OFF,
    (_N, _N): _OFF,
    (_N, _F): _OFF,
    (_N, _ON): _STEPS,
    (_F, _D): _OFF,
    (_F, _N): _OFF,
    (_F, _F): _OFF,
    (_F, _ON): _BOTH_REJECTED,
    (_ON, _D): _SECS,
    (_ON, _N): _SECS,
    (_ON, _F): _BOTH_REJECTED,
    (_ON, _ON): _BOTH_REJECTED,
}
