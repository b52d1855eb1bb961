"""Literal arguments of MonitoredTrainingSession, checked by the rules of the session."""

import re

import pytest

from tfmts_compat import USE_DEFAULT, explain
from tfmts_compat.migrate.rewrite import rewritten

from .helpers import left_to_a_person

TF = "import tensorflow as tf\n"
CALLS = {
    "both": ("save_checkpoint_secs=60, save_checkpoint_steps=10", ["TFM301"]),
    "both-by-position": ("'', True, '/d', None, [], [], 60, save_checkpoint_steps=9", ["TFM301"]),
    "arithmetic": ("save_checkpoint_secs=10 * 60, save_checkpoint_steps=10", ["TFM301"]),
    "off-and-on": ("save_checkpoint_secs=0, save_checkpoint_steps=10", ["TFM301"]),
    "dict": ("**{'save_checkpoint_secs': 1, 'save_checkpoint_steps': 2}", ["TFM301"]),
    "dict-call": ("**dict(save_checkpoint_secs=1, save_checkpoint_steps=2)", ["TFM301"]),
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
    "no-argument-in-a-dict": ("**{'save_steps': 1}", ["TFM304"]),
    "too-many": (", ".join(["None"] * 17), ["TFM304"]),
    "text": ("save_checkpoint_secs='60'", ["TFM305"]),
    "text-beside-on": ("save_checkpoint_secs=60, save_checkpoint_steps='6'", ["TFM305"]),
    "all-of-it": (
        "'', True, '/d', None, [], [], None, 100, None, None, 120, 100, 7200, 10, None, True",
        [],
    ),
}


@pytest.mark.parametrize(("arguments", "codes"), CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("prefix", ["tf.compat.v1.train", "tfmts_compat"])
def test_literal_arguments_are_judged_before_and_after_the_move(prefix, arguments, codes):
    source = f"{TF}import tfmts_compat\n{prefix}.MonitoredTrainingSession({arguments})\n"
    assert [code for _, _, code in left_to_a_person(source)] == codes


# What the session can be asked, too: by keyword, and nothing computed.
ASKED = [
    given for given, _ in CALLS.values() if re.match(r"save_|\*\*", given) and "more" not in given
]


@pytest.mark.parametrize("given", [it for it in ASKED if not it.endswith("=n")])
def test_the_session_itself_finds_fault_with_the_same_calls(given):
    try:
        call = f"explain(checkpoint_dir='/d', {given})"
        plan = eval(call, {"explain": explain, "USE_DEFAULT": USE_DEFAULT})
        faultless = not plan.warnings and not plan.departures
    except (TypeError, ValueError):
        faultless = False
    source = f"import tfmts_compat\ntfmts_compat.MonitoredTrainingSession({given})\n"
    assert faultless == (not left_to_a_person(source))


def test_an_alias_of_the_session_is_judged():
    source = f"{TF}S = tf.train.MonitoredTrainingSession\nS(save_checkpoint_steps=None)\n"
    assert left_to_a_person(source) == [(3, 1, "TFM302")]


@pytest.mark.parametrize(
    ("secs", "steps", "rule", "unused"),
    [
        (60, 10, "both cadences are given: as documented, only the seconds are used", "steps"),
        (0, 10, "the steps are on and the seconds are off (not above 0)", "secs"),
        (60, 0, "the seconds are on and the steps are off (not above 0)", "steps"),
    ],
)
def test_both_cadences_which_one_to_leave_out(secs, steps, rule, unused):
    call = f"MonitoredTrainingSession(save_checkpoint_secs={secs}, save_checkpoint_steps={steps})"
    (found,) = rewritten(f"import tfmts_compat\ntfmts_compat.{call}\n", "module.py").found
    assert str(found) == (
        f"module.py:2:1: TFM301 {rule}; upstream: ValueError: Can not provide both every_secs and "
        f"every_steps. (D1); leave save_checkpoint_{unused} out"
    )
