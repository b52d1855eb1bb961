"""The table of departures, and the calls to which each applies."""

import pathlib

import numpy as np
import pytest

from tfmts_compat import explain
from tfmts_compat._rules.departures import DEPARTURES


def generator():
    yield from ()


CALLS = {
    "no-arguments": ({}, ()),
    "both-on": ({"save_checkpoint_secs": 60, "save_checkpoint_steps": 10}, ("D1",)),
    "only-steps-on": ({"save_checkpoint_secs": 0, "save_checkpoint_steps": 10}, ("D1", "D4")),
    "steps": ({"save_checkpoint_steps": 10}, ("D4",)),
    "secs": ({"save_checkpoint_secs": 60}, ()),
    "path": ({"checkpoint_dir": pathlib.Path("/c")}, ("D3",)),
    "summary-path": ({"summary_dir": pathlib.Path("/s")}, ("D3",)),
    "unused-array": (
        {"checkpoint_dir": None, "save_summaries_secs": np.array([1, 2])},
        ("D5",),
    ),
    "array-of-one": ({"save_checkpoint_secs": np.array([60])}, ()),
    "chief-with-generator": ({"hooks": generator()}, ()),
    "worker": ({"is_chief": False, "save_checkpoint_steps": 10}, ("D2",)),
    "worker-with-path": ({"is_chief": False, "checkpoint_dir": pathlib.Path("/c")}, ("D2",)),
    "worker-with-array": (
        {"is_chief": False, "save_checkpoint_secs": np.array([1, 2])},
        ("D2", "D5"),
    ),
    "worker-with-generator": ({"is_chief": False, "hooks": generator()}, ("D2", "D6")),
}


@pytest.mark.parametrize(("arguments", "numbers"), CALLS.values(), ids=CALLS)
def test_a_plan_names_the_departures_of_its_call(arguments, numbers):
    plan = explain(**{"checkpoint_dir": "/c", **arguments})
    assert plan.departures == numbers
    assert plan.to_dict()["departures"] == list(numbers)
    rows = [line for line in str(plan).splitlines() if " upstream: " in line]
    assert len(rows) == len(numbers)
    for number in numbers:
        (row,) = (row for row in rows if row.endswith(f"({number})"))
        assert DEPARTURES[number].describe() in row


def test_a_departure_that_depends_on_the_version_says_since_which():
    table = str(explain(checkpoint_dir=pathlib.Path("/c"), save_checkpoint_steps=10))
    assert "an os.PathLike directory, since TensorFlow 2.6 " in table
    assert "a second session.run after every step, since TensorFlow 2.8 " in table
    assert [DEPARTURES["D4"].occurs_on(minor) for minor in [(2, 7), (2, 8), (2, 21), (3, 0)]] == [
        False, True, True, True
    ]  # fmt: skip
    assert DEPARTURES["D1"].occurs_on((2, 4))


def test_an_unused_cadence_is_not_compared():
    class Tensor:  # in a graph, the == of a tensor adds an op
        def __eq__(self, other):
            raise AssertionError

        __hash__ = None

    assert explain(save_checkpoint_secs=Tensor()).departures == ()


def test_a_rule_has_the_text_of_its_departure():
    rule = explain(
        checkpoint_dir="/c", save_checkpoint_secs=60, save_checkpoint_steps=10
    ).checkpoints.rule
    assert rule.upstream == DEPARTURES["D1"].upstream
    assert explain().checkpoints.rule.upstream is None
