"""What is only reported: where, under which code, and how it is silenced."""

import re
from pathlib import Path

import pytest
from migrating import left_to_a_person

from tfmts_compat import USE_DEFAULT, explain
from tfmts_compat.migrate.findings import CODES
from tfmts_compat.migrate.rewrite import rewritten

TF = "import tensorflow as tf\n"
LEFT = {
    "getattr": ('x = getattr(tf.train, "Scaffold", None)', [(2, 5, "TFM201")]),
    "hasattr": ("if hasattr(tf.compat.v1.train, 'Scaffold'): pass", [(2, 4, "TFM201")]),
    "setattr": ('setattr(tf.train, "Scaffold", 1)', [(2, 1, "TFM201")]),
    "patch-object": ('mock.patch.object(tf.train, "Scaffold")', [(2, 1, "TFM201")]),
    "getattr-of-another": ('getattr(tf.train, "Saver"), getattr(x, "Scaffold")', []),
    "star": (
        "from tensorflow.python.training.monitored_session import *",
        [(2, 1, "TFM202")],
    ),
    "star-of-tensorflow": ("from tensorflow.compat.v1 import *", [(2, 1, "TFM202")]),
    "star-of-another": ("from tensorflow.keras import *", []),
    "patched": ("tf.train.Scaffold = 1", [(2, 1, "TFM203")]),
    "deleted": ("del tf.train.Scaffold", [(2, 5, "TFM203")]),
    "chain": ("s._sess._sess._sess._sess.run(tf.x)", [(2, 1, "TFM204")]),
    "tf_sess": ("saver.save(s._tf_sess(), 'x')", [(2, 12, "TFM204")]),
    "creator": ("s._coordinated_creator.tf_sess", [(2, 1, "TFM204")]),
    "unwrapping": (
        "while type(s).__name__ != 'Session':\n    s = s._sess",
        [(3, 9, "TFM204")],
    ),
    "ambiguous": (
        "if mx:\n    import mxnet as tf\nx = tf.train.Scaffold()",
        [(4, 5, "TFM205")],
    ),
    "reassigned": ("tf = other()\nx = tf.train.Scaffold()", [(3, 5, "TFM205")]),
    "quoted": ('def f(s: "tf.train.MonitoredSession"): pass', [(2, 10, "TFM206")]),
    "attribute": (
        "def f(self):\n    self.tf1 = tf.compat.v1\n    self.tf1.train.Scaffold()",
        [(4, 5, "TFM207")],
    ),
    "attribute-of-a-class": (
        "class A:\n    tf1 = tf.compat.v1\n\nA().tf1.train.Scaffold()",
        [(5, 1, "TFM207")],
    ),
    "attribute-of-something-else": ("self.tf1 = other\nself.tf1.train.Scaffold()", []),
    "quoted-part": ('x: List["tf.train.Scaffold"]', [(2, 9, "TFM206")]),
    "quoted-other": ('x: "tf.train.Saver"', []),
}


@pytest.mark.parametrize(("code", "found"), LEFT.values(), ids=LEFT)
def test_left_to_a_person(code, found):
    assert left_to_a_person(TF + code + "\n") == found
    assert rewritten(TF + code + "\n", "module.py").text == TF + code + "\n"


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


SILENCED = {
    "all": ("# tfmts: ignore", []),
    "the-code": ("# tfmts: ignore[TFM201]", []),
    "among-others": ("# noqa # tfmts: ignore[TFM302, TFM201]", []),
    "another": ("# tfmts: ignore[TFM302]", [(2, 1, "TFM201")]),
}


@pytest.mark.parametrize(("comment", "found"), SILENCED.values(), ids=SILENCED)
def test_a_comment_silences_its_line(comment, found):
    assert left_to_a_person(f'{TF}getattr(tf.train, "Scaffold")  {comment}\n') == found


@pytest.mark.parametrize("ignored", ["TFM201", "TFM2"])
def test_a_setting_silences_a_code_or_a_group(ignored):
    source = f'{TF}getattr(tf.train, "Scaffold")\n'
    assert rewritten(source, "module.py", [ignored]).found == []


def test_a_finding_says_where_and_what():
    found = rewritten(f"{TF}x = tf.train.Scaffold()\n", "dir/module.py").found
    assert str(found[-1]) == (
        "dir/module.py:2:5: TFM101 tensorflow.train.Scaffold is tfmts_compat.Scaffold now"
    )


def test_every_code_is_documented():
    page = Path(__file__, "../../../docs/migrating.md").resolve().read_text(encoding="utf-8")
    assert set(re.findall(r"^\| (TFM\d+) \|", page, re.MULTILINE)) == set(CODES)
