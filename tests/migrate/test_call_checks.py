"""Literal arguments of MonitoredTrainingSession, checked by the rules of the session."""

import re

import pytest

from tfmts_compat import USE_DEFAULT, explain
from tfmts_compat.migrate.change.rewrite import rewrite

from .helpers import found_to_change_by_hand

TF = "import tensorflow as tf\n"
CALLS = {
    "both": ("save_checkpoint_secs=60, save_checkpoint_steps=10", ["TFM301"]),
    "both-by-position": ("'', True, '/d', None, [], [], 60, save_checkpoint_steps=9", ["TFM301"]),
    "off-and-on": ("save_checkpoint_secs=0, save_checkpoint_steps=10", ["TFM301"]),
    "none-and-on": ("save_checkpoint_secs=None, save_checkpoint_steps=10", []),
    "one": ("save_checkpoint_steps=10", []),
    "computed": ("save_checkpoint_secs=60, save_checkpoint_steps=n", []),
    "steps-none": ("save_checkpoint_steps=None", ["TFM302"]),
    "steps-zero": ("save_checkpoint_steps=0", ["TFM302"]),
    "both-none": ("save_checkpoint_secs=None, save_checkpoint_steps=None", []),
    "maybe-more": ("save_checkpoint_steps=None, **more", []),
    "default": ("save_checkpoint_secs=USE_DEFAULT, save_checkpoint_steps=None", ["TFM302"]),
    "summaries": ("save_summaries_secs=1, save_summaries_steps=2", ["TFM303"]),
    "summaries-off": ("save_summaries_secs=None, save_summaries_steps=None", []),
    "no-argument": ("save_steps=1", ["TFM304"]),
    "text": ("save_checkpoint_secs='60'", ["TFM305"]),
    "text-and-on": ("save_checkpoint_secs=60, save_checkpoint_steps='6'", ["TFM305"]),
    "all-of-it": (
        "'', True, '/d', None, [], [], None, 100, None, None, 120, 100, 7200, 10, None, True",
        [],
    ),
}


@pytest.mark.parametrize(("arguments", "codes"), CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("prefix", ["tf.compat.v1.train", "tfmts_compat"])
def test_literal_arguments_are_checked_in_old_and_migrated_code(prefix, arguments, codes):
    source = f"{TF}import tfmts_compat\n{prefix}.MonitoredTrainingSession({arguments})\n"
    assert [code for _, _, code in found_to_change_by_hand(source)] == codes


# These can be passed to explain(): keyword arguments that are all literals.
ASKED = [given for given, _ in CALLS.values() if re.match(r"save_", given) and "more" not in given]


@pytest.mark.parametrize("given", [given for given in ASKED if not given.endswith("=n")])
def test_the_session_rejects_or_warns_about_the_same_calls(given):
    try:
        call = f"explain(checkpoint_dir='/d', {given})"
        plan = eval(call, {"explain": explain, "USE_DEFAULT": USE_DEFAULT})
        is_valid = not plan.warnings and "D1" not in plan.departures
    except (TypeError, ValueError):
        is_valid = False
    source = f"import tfmts_compat\ntfmts_compat.MonitoredTrainingSession({given})\n"
    assert is_valid == (not found_to_change_by_hand(source))


def test_a_call_of_an_alias_of_the_session_is_checked():
    source = f"{TF}S = tf.train.MonitoredTrainingSession\nS(save_checkpoint_steps=None)\n"
    assert found_to_change_by_hand(source) == [(3, 1, "TFM302")]


@pytest.mark.parametrize(
    ("secs", "steps", "rule", "unused"),
    [
        (60, 10, "both cadences are given: as documented, only the seconds are used", "steps"),
        (0, 10, "the steps are on and the seconds are off (not above 0)", "secs"),
        (60, 0, "the seconds are on and the steps are off (not above 0)", "steps"),
    ],
)
def test_both_cadences_the_message_names_the_one_to_remove(secs, steps, rule, unused):
    call = f"MonitoredTrainingSession(save_checkpoint_secs={secs}, save_checkpoint_steps={steps})"
    (found,) = rewrite(f"import tfmts_compat\ntfmts_compat.{call}\n", "module.py").found
    assert str(found) == (
        f"module.py:2:1: TFM301 {rule}; upstream: ValueError: Can not provide both every_secs and "
        f"every_steps. (D1); remove save_checkpoint_{unused}"
    )
