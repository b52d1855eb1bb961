"""Findings: their positions and codes, and how they are ignored."""

import re
import sys
from pathlib import Path

import pytest

from tfmts_compat.migrate.change.rewrite import rewrite
from tfmts_compat.migrate.findings import CODES

from .helpers import found_to_change_by_hand

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
    "patched-and-read": (
        "tf.train.Scaffold = f\nx = tf.compat.v1.train.Scaffold()",
        [(2, 1, "TFM203"), (3, 5, "TFM203")],
    ),
    "patched-by-setattr-and-read": (
        'setattr(tf.train, "Scaffold", f)\nx = tf.train.Scaffold()',
        [(2, 1, "TFM201"), (3, 5, "TFM203")],
    ),
    "patched-in-a-dictionary-and-read": (
        'vars(tf.train)["Scaffold"] = f\nx = tf.train.Scaffold()',
        [(2, 1, "TFM201"), (3, 5, "TFM203")],
    ),
    "patched-with-others-and-read": (
        "mock.patch.multiple(tf.train, Scaffold=f)\nx = tf.train.Scaffold()",
        [(2, 1, "TFM201"), (3, 5, "TFM203")],
    ),
    "patched-by-a-path-and-read": (
        'with mock.patch("tensorflow.train.Scaffold"):\n    tf.train.Scaffold()',
        [(2, 17, "TFM209"), (3, 5, "TFM203")],
    ),
    "patched-and-imported": (
        "from tensorflow.train import Scaffold\ntf.train.Scaffold = f",
        [(2, 30, "TFM203"), (3, 1, "TFM203")],
    ),
    "patched-module-by-a-path-and-read": (
        "mock.patch('tensorflow.train')\ntf.train.Scaffold()",
        [(3, 1, "TFM203")],
    ),
    "patched-by-a-name-and-read": (
        "setattr(tf.train, name, f)\nx = tf.train.Scaffold()",
        [(3, 5, "TFM203")],
    ),
    "patched-in-a-list": (
        "[tf.train.Scaffold, *x] = f\ny = tf.train.Scaffold()",
        [(2, 2, "TFM203"), (3, 5, "TFM203")],
    ),
    "patched-by-a-loop": ("for tf.train.Scaffold in f: pass", [(2, 5, "TFM203")]),
    "patched-by-with": ("with f as tf.train.Scaffold: pass", [(2, 11, "TFM203")]),
    "deleted-in-a-list": ("del [tf.train.Scaffold]", [(2, 6, "TFM203")]),
    "patched-module-by-setattr": (
        "setattr(tf, 'train', mine)\nx = tf.train.Scaffold()",
        [(3, 5, "TFM203")],
    ),
    "patched-module-by-mock": (
        "mock.patch.object(tf, 'train')\nx = tf.train.Scaffold()",
        [(3, 5, "TFM203")],
    ),
    "patched-in-an-argument": (
        "def f(tf1):\n    tf1.train.Scaffold = 1\nx = tf.train.Scaffold()",
        [(3, 5, "TFM208"), (4, 5, "TFM203")],
    ),
    "patched-by-a-string-in-an-argument": (
        "def f(train):\n    setattr(train, 'Scaffold', 1)\nx = tf.train.Scaffold()",
        [(4, 5, "TFM203")],
    ),
    "patched-module": ("tf.train = mine\nx = tf.train.Scaffold()", [(3, 5, "TFM203")]),
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
    "reassigned-by-a-loop": ("for tf in y: pass\nx = tf.train.Scaffold()", [(3, 5, "TFM205")]),
    "redefined": ("def tf(): pass\nx = tf.train.Scaffold()", [(3, 5, "TFM205")]),
    "quoted": ('def f(s: "tf.train.MonitoredSession"): pass', [(2, 10, "TFM206")]),
    "attribute": (
        "def f(self):\n    self.tf1 = tf.compat.v1\n    self.tf1.train.Scaffold()",
        [(4, 5, "TFM208")],
    ),
    "attribute-of-a-class": (
        "class A:\n    tf1 = tf.compat.v1\n\nA().tf1.train.Scaffold()",
        [(5, 1, "TFM208")],
    ),
    "attribute-of-something-else": (
        "self.tf1 = other\nself.tf1.train.Scaffold()",
        [(3, 1, "TFM208")],
    ),
    "quoted-part": ('x: List["tf.train.Scaffold"]', [(2, 9, "TFM206")]),
    "quoted-other": ('x: "tf.train.Saver"', []),
}
if sys.version_info >= (3, 10):
    LEFT["captured"] = (
        "match x:\n    case [tf, *_]:\n        tf.train.Scaffold()",
        [(4, 9, "TFM205")],
    )
    LEFT["captured-rest"] = (
        "match x:\n    case {**tf}:\n        pass\ntf.train.Scaffold()",
        [(5, 1, "TFM205")],
    )


@pytest.mark.parametrize(("code", "found"), LEFT.values(), ids=LEFT)
def test_a_place_to_change_by_hand_is_reported_and_not_changed(code, found):
    assert found_to_change_by_hand(TF + code + "\n") == found
    assert rewrite(TF + code + "\n", "module.py").text == TF + code + "\n"


@pytest.mark.parametrize(
    "patch",
    ["tf.train.Scaffold = f", "mock.patch.multiple(tf.train, Scaffold=f)", "setattr(tf, 'x', f)"],
)
def test_a_replaced_name_does_not_keep_other_names(patch):
    source = f"{TF}{patch}\nx = tf.train.NanTensorHook\n"
    assert "tfmts_compat.NanTensorHook" in rewrite(source, "module.py").text


VERSIONS = {
    "startswith": ("if tf.__version__.startswith('1.'):", True),
    "compared": ("if LooseVersion(tf.__version__) >= LooseVersion('2.0.0'):", True),
    "number": ("if int(tf.__version__[0]) < 2:", True),
    "variable": ("TF2 = tf.__version__ >= '2'\nif not TF2:", True),
    "later": ("if tf.__version__ >= '2.6':", False),
    "of-another": ("if numpy.__version__ < '2':", False),
    "other-test": ("if USE_TF2:", False),
}


@pytest.mark.parametrize(("test", "is_reported"), VERSIONS.values(), ids=VERSIONS)
def test_a_branch_for_tensorflow_1_is_reported_and_migrated(test, is_reported):
    source = f"{TF}{test}\n    x = tf.train.Scaffold()\nelse:\n    x = None\n"
    result = rewrite(source, "module.py")
    assert "x = tfmts_compat.Scaffold()" in result.text
    assert ["TFM213" in finding.code for finding in result.found].count(True) == is_reported


IGNORED = {
    "all": ("# tfmts: ignore", []),
    "the-code": ("# tfmts: ignore[TFM201]", []),
    "among-others": ("# noqa # tfmts: ignore[TFM302, TFM201]", []),
    "its-group": ("# tfmts: ignore[TFM2]", []),
    "another-group": ("# tfmts: ignore[TFM1]", [(2, 1, "TFM201")]),
    "no-code": ("# tfmts: ignore[]", [(2, 1, "TFM201")]),
    "another": ("# tfmts: ignore[TFM302]", [(2, 1, "TFM201")]),
}


@pytest.mark.parametrize(("comment", "found"), IGNORED.values(), ids=IGNORED)
def test_a_comment_ignores_findings_on_its_line(comment, found):
    assert found_to_change_by_hand(f'{TF}getattr(tf.train, "Scaffold")  {comment}\n') == found


@pytest.mark.parametrize("ignored", ["TFM201", "TFM2"])
def test_a_setting_ignores_a_code_or_a_group(ignored):
    source = f'{TF}getattr(tf.train, "Scaffold")\n'
    assert rewrite(source, "module.py", [ignored]).found == []


def test_a_finding_is_printed_with_its_place_code_and_message():
    found = rewrite(f"{TF}x = tf.train.Scaffold()\n", "dir/module.py").found
    assert str(found[-1]) == (
        "dir/module.py:2:5: TFM101 replace tensorflow.train.Scaffold with tfmts_compat.Scaffold"
    )


def test_every_code_is_documented():
    page = Path(__file__, "../../../docs/migrating.md").resolve().read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (TFM\d+) \| (.*) \|.*\|$", page, re.MULTILINE))
    assert {code: row[: len(CODES[code])] for code, row in rows.items()} == CODES
