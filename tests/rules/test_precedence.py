"""The precedence rules, as a pure table."""

import itertools

import numpy as np
import pytest

from tfmts_compat import USE_DEFAULT
from tfmts_compat._rules import precedence
from tfmts_compat._rules.precedence import Setting

NAN = float("nan")


class EqualToEverything:
    """A value that equals everything, as unittest.mock.ANY does, and is above zero."""

    def __eq__(self, other):
        return True

    def __gt__(self, other):
        return True

    __hash__ = None


@pytest.mark.parametrize("rules", [precedence.CHECKPOINTS, precedence.SUMMARIES])
def test_every_pair_of_settings_has_a_rule(rules):
    assert set(rules) == set(itertools.product(Setting, Setting))
    for (secs, steps), rule in rules.items():
        if rule.uses == "secs":
            assert secs in (Setting.ON, Setting.DEFAULT)
        if rule.uses == "steps":
            assert steps in (Setting.ON, Setting.DEFAULT)
        assert (rule.default is not None) == (secs is steps is Setting.DEFAULT)
        if Setting.ON in (secs, steps):
            assert rule.uses or rule.error  # a value that is on is never ignored silently


@pytest.mark.parametrize(
    ("value", "setting"),
    [
        (USE_DEFAULT, Setting.DEFAULT),
        (None, Setting.NONE),
        (0, Setting.OFF),
        (-1, Setting.OFF),
        (-0.5, Setting.OFF),
        (NAN, Setting.OFF),
        (False, Setting.OFF),
        ("", Setting.OFF),
        (1, Setting.ON),
        (1.5, Setting.ON),
        (True, Setting.ON),
        (float("inf"), Setting.ON),
        (np.int64(5), Setting.ON),
        (np.array([5]), Setting.ON),
    ],
    ids=repr,
)
def test_a_value_is_on_when_it_is_above_zero(value, setting):
    assert Setting.of(value) is setting


def test_sentinels_are_compared_by_identity():
    assert Setting.of(EqualToEverything()) is Setting.ON
