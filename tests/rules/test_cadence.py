"""The cadence that two argument values resolve to."""

import numpy as np
import pytest

from tfmts_compat import USE_DEFAULT
from tfmts_compat._rules import cadence

NAN = float("nan")


class NotComparable:
    """A value above zero that cannot be compared with itself."""

    def __gt__(self, other):
        return True

    def __ne__(self, other):
        raise TypeError


@pytest.mark.parametrize(
    ("secs", "steps", "decided", "rule", "departure"),
    [
        (USE_DEFAULT, USE_DEFAULT, (600, None), "default-secs", None),
        (USE_DEFAULT, 10, (None, 10), "steps", None),
        (USE_DEFAULT, None, (None, None), "steps-turn-off", None),
        (USE_DEFAULT, 0, (None, None), "steps-turn-off", None),
        (60, USE_DEFAULT, (60, None), "secs", None),
        (60, None, (60, None), "secs", None),
        (0, USE_DEFAULT, (None, None), "off", None),
        (None, None, (None, None), "off", None),
        (None, 10, (None, 10), "steps", None),
        (60, 10, (60, None), "both-on", "D1"),
        (60, 0, (60, None), "only-secs-on", "D1"),
        (-1, 10, (None, 10), "only-steps-on", "D1"),
        (NAN, 10, (None, 10), "only-steps-on", "D1"),
    ],
)
def test_checkpoint_cadences_resolve_by_the_table(secs, steps, decided, rule, departure):
    resolved = cadence.resolve_checkpoints(secs, steps)
    assert (resolved.secs, resolved.steps) == decided
    assert resolved.on == (decided != (None, None))
    assert (resolved.rule.code, resolved.rule.departure) == (rule, departure)


@pytest.mark.parametrize(
    ("secs", "steps", "decided"),
    [
        (USE_DEFAULT, USE_DEFAULT, (None, 100)),
        (30, USE_DEFAULT, (30, None)),
        (30, None, (30, None)),
        (USE_DEFAULT, 10, (None, 10)),
        (None, 10, (None, 10)),
        (0, USE_DEFAULT, (None, None)),
        (USE_DEFAULT, 0, (None, None)),
        (0, 0, (None, None)),
    ],
)
def test_summary_cadences_resolve_by_the_table(secs, steps, decided):
    resolved = cadence.resolve_summaries(secs, steps)
    assert (resolved.secs, resolved.steps) == decided


@pytest.mark.parametrize(("secs", "steps"), [(30, 10), (30, 0), (0, 10)])
def test_both_summary_cadences_are_rejected(secs, steps):
    with pytest.raises(ValueError, match=r"save_summaries_secs=.* and save_summaries_steps="):
        cadence.resolve_summaries(secs, steps)


@pytest.mark.parametrize(
    ("secs", "steps", "error", "named"),
    [
        ("9", 10, TypeError, "save_checkpoint_secs='9' .str.*pass the number 9"),
        (0, [1], TypeError, r"save_checkpoint_steps=\[1\] .list"),
        (0, np.array([1, 2]), ValueError, "save_checkpoint_steps="),
        (60, "x", ValueError, "save_checkpoint_steps='x'"),  # upstream: both are given
    ],
)
def test_a_value_that_is_not_a_number_is_rejected_by_name(secs, steps, error, named):
    with pytest.raises(error, match=named):
        cadence.resolve_checkpoints(secs, steps)


@pytest.mark.parametrize(
    ("resolved", "value"),
    [
        (lambda: cadence.resolve_checkpoints(USE_DEFAULT, None), "save_checkpoint_steps=None"),
        (lambda: cadence.resolve_checkpoints(USE_DEFAULT, -1), "save_checkpoint_steps=-1"),
        (lambda: cadence.resolve_checkpoints(NAN, USE_DEFAULT), "save_checkpoint_secs=nan"),
        (lambda: cadence.resolve_summaries(NAN, None), "save_summaries_secs=nan"),
        (lambda: cadence.resolve_step_counter(NAN), "log_step_count_steps=nan"),
    ],
)
def test_a_silent_pitfall_is_named(resolved, value):
    (warning,) = resolved().warnings
    assert value in warning


@pytest.mark.parametrize("secs", [None, 0, -1])
def test_turning_checkpoints_off_by_the_seconds_raises_no_warning(secs):
    assert cadence.resolve_checkpoints(secs, USE_DEFAULT).warnings == ()


def test_a_value_that_cannot_be_compared_with_itself_is_not_nan():
    assert cadence.resolve_checkpoints(None, NotComparable()).warnings == ()


@pytest.mark.parametrize(
    ("cadence", "text"),
    [
        (cadence.resolve_checkpoints(60, None), "every 60 seconds"),
        (cadence.resolve_checkpoints(None, 10), "every 10 global steps"),
        (cadence.resolve_checkpoints(None, None), "off"),
    ],
)
def test_a_cadence_is_described_in_words(cadence, text):
    assert str(cadence) == text


@pytest.mark.parametrize(
    ("secs", "on"), [(60, True), (0, False), (USE_DEFAULT, False), ("60", False)]
)
def test_seconds_are_on_if_they_are_a_number_above_zero(secs, on):
    assert cadence.seconds_are_on(secs) is on
