"""Places that have to be changed by hand: the exact messages."""

import pytest

from tfmts_compat.migrate.change.rewrite import rewritten
from tfmts_compat.migrate.codebase.files import may_matter
from tfmts_compat.migrate.codebase.jobs import processed
from tfmts_compat.migrate.names import ADVICE

from .helpers import found_to_change_by_hand

REPLACE = "with tfmts_compat.Scaffold and import tfmts_compat"
UNKNOWN = "TFM208 it is not known whether {0} is TensorFlow; if it is, replace {0}.{1} " + REPLACE
MODULE = (
    "TFM208 it is not known whether {0} is a module of TensorFlow{2}; if it is, replace {0}.{1} "
    "with tfmts_compat.{1} and import tfmts_compat"
)
LOOKED_UP = "TFM201 tensorflow.train.Scaffold is looked up by a string; "
CALL = "replace the call with tfmts_compat.Scaffold, and import tfmts_compat"
HOLDER = "replace tf.train with tfmts_compat, and import tfmts_compat"
KEEP = (
    "and a session of tfmts_compat is built with the replacement, so keep this; a patch of "
    "tfmts_compat.Scaffold would have no effect on the session"
)
SUPERVISOR = "tensorflow.train.Supervisor"
SESSION = "import tfmts_compat\ntfmts_compat.MonitoredTrainingSession"
LEFT = {
    "parameter": (
        "def f(tf):\n    return tf.train.Scaffold()\n",
        "2:12: " + UNKNOWN.format("tf", "train.Scaffold"),
    ),
    "attribute": (
        "def f(self):\n    return self.tf.train.Scaffold()\n",
        "2:12: " + UNKNOWN.format("self.tf", "train.Scaffold"),
    ),
    "split": (
        "def f(x):\n    return (x.train\n            .Scaffold())\n",
        "2:13: " + UNKNOWN.format("x", "train.Scaffold"),
    ),
    "returned": (
        "def f():\n    return tf().train.Scaffold()\n",
        "2:12: " + UNKNOWN.format("tf()", "train.Scaffold"),
    ),
    "estimator": (
        "def f(tf):\n    return tf.estimator.SessionRunHook()\n",
        "2:12: " + UNKNOWN.format("tf", "estimator.SessionRunHook").replace(
            "tfmts_compat.Scaffold", "tfmts_compat.SessionRunHook"
        ),
    ),
    "import_module": (
        'import importlib\ntf = importlib.import_module("tensorflow")\nx = tf.train.Scaffold()\n',
        "3:5: " + UNKNOWN.format("tf", "train.Scaffold"),
    ),
    "importorskip": (
        'import pytest\ntf = pytest.importorskip("tensorflow")\nx = tf.train.Scaffold()\n',
        "3:5: " + UNKNOWN.format("tf", "train.Scaffold"),
    ),
    "import_module-at-the-use": (
        'import importlib\nx = importlib.import_module("tensorflow.train").Scaffold()\n',
        "2:5: " + MODULE.format('importlib.import_module("tensorflow.train")', "Scaffold", ""),
    ),
    "import_module-of-a-module": (
        'from importlib import import_module\nt = import_module("tensorflow").train\n'
        "x = t.Scaffold()\n",
        "3:5: " + MODULE.format("t", "Scaffold", ""),
    ),
    "sys.modules": (
        'import sys\nt = sys.modules["tensorflow"].compat.v1.train\nx = t.Scaffold()\n',
        "3:5: " + MODULE.format("t", "Scaffold", ""),
    ),
    "lazy-loader": (
        't = LazyLoader("t", globals(), "tensorflow.python.training.training_util")\n'
        "x = t.get_global_step()\n",
        "2:5: " + MODULE.format("t", "get_global_step", ""),
    ),
    "getattr-of-the-module": (
        'import tensorflow as tf\nx = getattr(tf, "train").Scaffold()\n',
        "2:5: " + MODULE.format('getattr(tf,"train")', "Scaffold", ""),
    ),
    "train-parameter": (
        "def f(train):\n    return train.MonitoredTrainingSession()\n",
        "2:12: " + MODULE.format("train", "MonitoredTrainingSession", ""),
    ),
    "train-not-among-the-files": (
        "from .compat import train\nx = train.get_global_step()\n",
        "2:5: " + MODULE.format("train", "get_global_step", ", because .compat.train was not found "
        "below this directory"),
    ),
    "train-with-another-name": (
        "from company.tf import train as t\nx = t.SessionRunHook()\n",
        "2:5: " + MODULE.format("t", "SessionRunHook", ", because company.tf.train was not found "
        "below this directory"),
    ),
    "unique-name-of-what-is-not-known": (
        "def f(m):\n    return m.StopAtStepHook(1)\n",
        "2:12: " + MODULE.format("m", "StopAtStepHook", ""),
    ),
    "another-module-of-tensorflow": (
        "from tensorflow.contrib.learn import basic_session_run_hooks as b\nb.StopAtStepHook(1)\n",
        "2:1: TFM208 tensorflow.contrib.learn.basic_session_run_hooks.StopAtStepHook may be "
        "tfmts_compat.StopAtStepHook; if it is, replace b.StopAtStepHook with "
        "tfmts_compat.StopAtStepHook and import tfmts_compat",
    ),
    "imported-from-another-module-of-tensorflow": (
        "from tensorflow.contrib.learn import SessionRunHook\n",
        "1:38: TFM208 tensorflow.contrib.learn.SessionRunHook may be "
        "tfmts_compat.SessionRunHook; if it is, replace it with tfmts_compat.SessionRunHook and "
        "import tfmts_compat",
    ),
    "two-definitions": (
        "try:\n    import tensorflow as tf\nexcept ImportError:\n    tf = load()\n"
        "x = tf.train.Scaffold()\n",
        "5:5: TFM205 may be tensorflow.train.Scaffold, which tfmts_compat.Scaffold replaces, or "
        "something else with the same name, bound on line 4; use two different names",
    ),
    "not-among-the-files": (
        "from company.compat import tf\nx = tf.train.Scaffold()\n",
        "2:5: TFM208 it is not known whether tf is TensorFlow, because company.compat.tf was "
        f"not found below this directory; if it is, replace tf.train.Scaffold {REPLACE}",
    ),
    "star": (
        "from .compat import *\nx = tf.train.Scaffold()\n",
        "2:5: " + UNKNOWN.format("tf", "train.Scaffold"),
    ),
    "mocked": (
        'mock.patch("tensorflow.compat.v1.train.Scaffold")\n',
        "1:12: TFM209 tensorflow.compat.v1.train.Scaffold is named in a string; "
        'write "tfmts_compat.Scaffold"',
    ),
    "mocked-attribute": (
        'mock.patch("tensorflow.train.Scaffold.finalize")\n',
        '1:12: TFM209 tensorflow.train.Scaffold is named in a string; write '
        '"tfmts_compat.Scaffold.finalize"',
    ),
    "mocked-in-a-module": (
        'mock.patch("pkg.module.tf.compat.v1.train.Scaffold.finalize")\n',
        "1:12: TFM209 pkg.module.tf.compat.v1.train.Scaffold is named in a string and may be "
        'TensorFlow\'s; if it is, write "pkg.module.tfmts_compat.Scaffold.finalize"',
    ),
    "quoted": (
        "import tensorflow as tf\nx: 'Union[own.Scaffold, tf.train.Scaffold]' = y\n",
        "2:4: TFM206 tensorflow.train.Scaffold is named in quotes; replace it " + REPLACE,
    ),
    "quoted-not-known": (
        "from company.compat import tf\ndef f(x: 'tf.train.Scaffold'):\n    pass\n",
        "2:10: TFM206 tf.train.Scaffold is named in quotes and may be TensorFlow's; if it is, "
        "replace it " + REPLACE,
    ),
    "type-comment": (
        "import tensorflow as tf\nx = []  # type: List[tf.train.Scaffold]\n",
        "2:9: TFM206 tensorflow.train.Scaffold is named in a type comment; replace it " + REPLACE,
    ),
    "type-comment-of-a-function": (
        "import tensorflow as tf\ndef f(x):\n    # type: (tf.train.Scaffold) -> None\n    pass\n",
        "3:5: TFM206 tensorflow.train.Scaffold is named in a type comment; replace it " + REPLACE,
    ),
    "type-comment-not-known": (
        "from company.compat import tf\nx = []  # type: List[tf.train.Scaffold]\n",
        "2:9: TFM206 tf.train.Scaffold is named in a type comment and may be TensorFlow's; if it "
        "is, replace it " + REPLACE,
    ),
    "cast": (
        "import tensorflow as tf\nx = cast('List[tf.train.Scaffold]', y)\n",
        "2:10: TFM206 tensorflow.train.Scaffold is named in quotes; replace it " + REPLACE,
    ),
    "eval": (
        "import tensorflow as tf\nx = eval('tf.train.Scaffold()')\n",
        "2:10: TFM206 tensorflow.train.Scaffold is named in quotes; replace it " + REPLACE,
    ),
    "mocked-Supervisor": (
        'mock.patch("tensorflow.train.Supervisor")\n',
        f"1:12: TFM210 {SUPERVISOR} {ADVICE[SUPERVISOR]}",
    ),
    "configured": (
        'HOOKS = ["tf.train.StopAtStepHook"]\n',
        "1:10: TFM209 tf.train.StopAtStepHook is named in a string; "
        'write "tfmts_compat.StopAtStepHook"',
    ),
    "getattr": (
        'import tensorflow as tf\nx = getattr(tf.train, "Scaffold", None)\n',
        "2:5: TFM201 tensorflow.train.Scaffold is looked up by a string; replace the call with "
        "tfmts_compat.Scaffold, and import tfmts_compat",
    ),
    "hasattr": (
        'import tensorflow as tf\nx = hasattr(tf.train, "Scaffold")\n',
        "2:5: TFM201 tensorflow.train.Scaffold is looked up by a string; tfmts_compat.Scaffold "
        "always exists, so remove the test, and import tfmts_compat",
    ),
    "getattr-twice": (
        'import tensorflow as tf\nx = getattr(getattr(tf, "train"), "Scaffold")\n',
        f"2:5: {LOOKED_UP}{CALL}",
    ),
    "getattr-not-known": (
        'from company.compat import tf\nx = getattr(tf.train, "Scaffold")\n',
        "2:5: TFM201 Scaffold is looked up by a string in tf.train, which may be a module of "
        f"TensorFlow; if it is, {CALL}",
    ),
    "getattr-computed": (
        'import tensorflow as tf\nNAME = "StopAtStepHook"\nx = getattr(tf.train, NAME)\n',
        "3:5: TFM201 NAME may be one of the names of tfmts_compat that this module has as "
        "strings; look those up in tfmts_compat",
    ),
    "getattr-of-another-module-of-tensorflow": (
        'import tensorflow as tf\nlearn = getattr(tf.contrib, "learn")\nlearn.SessionRunHook\n',
        "3:1: TFM208 tensorflow.contrib.learn.SessionRunHook may be tfmts_compat.SessionRunHook; "
        "if it is, replace learn.SessionRunHook with tfmts_compat.SessionRunHook and import "
        "tfmts_compat",
    ),
    "getattr-of-versions": (
        'import tensorflow as tf\nt = getattr(getattr(tf, "compat"), "v1").train\nt.Scaffold()\n',
        "3:1: " + MODULE.format("t", "Scaffold", ""),
    ),
    "getattr-default": (
        'import tensorflow as tf\ntf1 = getattr(tf, "compat1", tf)\nx = tf1.train.Scaffold()\n',
        "3:5: " + UNKNOWN.format("tf1", "train.Scaffold"),
    ),
    "getattr-of-itself": (
        'import tensorflow as tf\ntf = getattr(tf.compat, "v1", tf)\nx = tf.train.Scaffold()\n',
        "3:5: TFM205 may be tensorflow.train.Scaffold, which tfmts_compat.Scaffold replaces, or "
        "something else with the same name, bound on line 2; use two different names",
    ),
    "too-many-ways": (
        "import tensorflow as t0\n"
        + "".join(f"t{n + 1} = t{n}.a or t{n}.b or t{n}.c\n" for n in range(30))
        + "x = t30.train.Scaffold()\n",
        "32:5: " + UNKNOWN.format("t30", "train.Scaffold"),
    ),
    "tensorflow-of-another-module-of-it": (
        "from tensorflow.keras import backend as K\nx = K.tf.train.Scaffold()\n",
        "2:5: TFM208 tensorflow.keras.backend.tf.train.Scaffold may be tfmts_compat.Scaffold; "
        f"if it is, replace K.tf.train.Scaffold {REPLACE}",
    ),
    "module-and-name": (
        'x = LazyName("tensorflow.train", "Scaffold")\n',
        f"1:5: {LOOKED_UP}replace \"tensorflow.train\" with \"tfmts_compat\"",
    ),
    "getattr-Supervisor": (
        'import tensorflow as tf\nx = getattr(tf.train, "Supervisor")\n',
        f"2:5: TFM210 {SUPERVISOR} {ADVICE[SUPERVISOR]}",
    ),
    "vars": (
        'import tensorflow as tf\nvars(tf.train)["Scaffold"] = x\n',
        f"2:1: {LOOKED_UP}{HOLDER}",
    ),
    "__dict__": (
        'import tensorflow as tf\nx = tf.train.__dict__["Scaffold"]\n',
        f"2:5: {LOOKED_UP}{HOLDER}",
    ),
    "patch-multiple": (
        "import tensorflow as tf\nmock.patch.multiple(tf.train, Scaffold=x)\n",
        f"2:1: {LOOKED_UP}{HOLDER}",
    ),
    "patch-object": (
        'import tensorflow as tf\nmock.patch.object(tf.train, "Scaffold")\n',
        "2:1: TFM201 tensorflow.train.Scaffold is looked up by a string; replace tf.train with "
        "tfmts_compat, and import tfmts_compat",
    ),
    "through-an-attribute": (
        "import tensorflow as tf\ndef f(self):\n    self.tf1 = tf.compat.v1\n"
        "    self.tf1.train.Scaffold()\n",
        "4:5: TFM207 self.tf1.train.Scaffold may be tensorflow.train.Scaffold, accessed through an "
        f"attribute; if it is, replace self.tf1.train.Scaffold {REPLACE}",
    ),
    "star-of-train": (
        "from tensorflow.train import *\nx = Scaffold()\n",
        "1:1: TFM202 may import names that tfmts_compat replaces; import the names that you use "
        "from tensorflow.train one by one, and run again",
    ),
    "replaced": (
        "import tensorflow as tf\ntf.train.Scaffold = f\n",
        "2:1: TFM203 tensorflow.train.Scaffold is replaced or deleted here, which changes neither "
        "tfmts_compat.Scaffold nor a session; to change the session, patch "
        "tensorflow.python.training.monitored_session.Scaffold, and to change code that reads "
        "tfmts_compat.Scaffold, patch tfmts_compat.Scaffold",
    ),
    "replaced-function": (
        "import tensorflow as tf\ntf.train.get_global_step = f\n",
        "2:1: TFM203 tensorflow.train.get_global_step is replaced or deleted here, which does not "
        "change tfmts_compat.get_global_step; patch tfmts_compat.get_global_step, or the code that "
        "uses it",
    ),
    "replaced-part": (
        "from tensorflow.python.training import monitored_session as m\nm.Scaffold = f\n",
        "2:1: TFM203 tensorflow.python.training.monitored_session.Scaffold is replaced or deleted "
        f"here, {KEEP}",
    ),
    "replaced-part-by-a-string": (
        "from tensorflow.python.training import monitored_session as m\n"
        "mock.patch.object(m, 'Scaffold')\n",
        "2:1: TFM201 tensorflow.python.training.monitored_session.Scaffold is replaced by a "
        f"string, {KEEP}",
    ),
    "replaced-part-by-a-path": (
        "mock.patch('tensorflow.python.training.monitored_session.Scaffold')\n",
        "1:12: TFM209 tensorflow.python.training.monitored_session.Scaffold is patched by a "
        f"string, {KEEP}",
    ),
    "replaced-with-its-module": (
        "import tensorflow as tf\nsetattr(tf, 'train', f)\nx = tf.train.Scaffold()\n",
        "3:5: TFM203 tensorflow.train.Scaffold may be replaced in this module, which does not "
        "change tfmts_compat.Scaffold; patch the code that uses it, and run again",
    ),
    "private": (
        "s._sess._sess.run(x)\n",
        "1:1: TFM204 uses a private attribute of the monitored session; use "
        "tfmts_compat.raw_session(session), which returns the underlying tf.compat.v1.Session",
    ),
    "both-checkpoint-cadences": (
        f"{SESSION}(save_checkpoint_secs=6, save_checkpoint_steps=1)\n",
        "2:1: TFM301 both cadences are given: as documented, only the seconds are used; upstream: "
        "ValueError: Can not provide both every_secs and every_steps. (D1); remove "
        "save_checkpoint_steps",
    ),
    "checkpoints-off": (
        f"{SESSION}(save_checkpoint_steps=None)\n",
        "2:1: TFM302 checkpoints are off: save_checkpoint_steps=None also switches off the default "
        "of 600 seconds, although save_checkpoint_secs is documented to have that default. Leave "
        "save_checkpoint_steps out to save every 600 seconds, or also pass "
        "save_checkpoint_secs=None if you want no checkpoints",
    ),
    "both-summary-cadences": (
        f"{SESSION}(save_summaries_secs=1, save_summaries_steps=2)\n",
        "2:1: TFM303 save_summaries_secs=1 and save_summaries_steps=2: give the seconds or the "
        "steps, not both; leave save_summaries_secs out, or pass None for the one you do not want.",
    ),
    "no-argument": (
        f"{SESSION}(save_steps=1)\n",
        "2:39: TFM304 MonitoredTrainingSession has no argument save_steps in any version",
    ),
    "Supervisor": (
        "import tensorflow as tf\nsv = tf.train.Supervisor(logdir='x')\n",
        "2:6: TFM210 tensorflow.train.Supervisor " + ADVICE["tensorflow.train.Supervisor"],
    ),
    "Supervisor-not-known": (
        "def f(self):\n    return self.tf.train.Supervisor()\n",
        f"2:12: TFM210 self.tf.train.Supervisor may be {SUPERVISOR}, which {ADVICE[SUPERVISOR]}",
    ),
    "contrib.training-not-known": (
        "from company.compat import tf\ntf.contrib.training.train(op)\n",
        "2:1: TFM210 tf.contrib.training.train may be tensorflow.contrib.training.train, which "
        + ADVICE["tensorflow.contrib.training.train"],
    ),
    "Supervisor-imported": (
        "from tensorflow.python.training.supervisor import Supervisor\n",
        "1:51: TFM210 tensorflow.python.training.supervisor.Supervisor "
        + ADVICE["tensorflow.train.Supervisor"],
    ),
    "contrib.training.train": (
        "import tensorflow as tf\ntf.contrib.training.train(op, 'x')\n",
        "2:1: TFM210 tensorflow.contrib.training.train "
        + ADVICE["tensorflow.contrib.training.train"],
    ),
    "contrib.training-imported-as": (
        "from tensorflow.contrib import training as t\nt.train(op)\n",
        "2:1: TFM210 tensorflow.contrib.training.train "
        + ADVICE["tensorflow.contrib.training.train"],
    ),
    "contrib.training-imported": (
        "from tensorflow.contrib import training as contrib_training\n"
        "contrib_training.evaluate_repeatedly('x')\n",
        "2:1: TFM210 tensorflow.contrib.training.evaluate_repeatedly "
        + ADVICE["tensorflow.contrib.training.evaluate_repeatedly"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), LEFT.values(), ids=LEFT)
def test_the_message_says_what_to_write(source, expected):
    assert may_matter(source.encode())
    result = rewritten(source, "module.py")
    assert list(map(str, result.found)) == [f"module.py:{expected}"]
    assert result.text == source


NOTHING = {
    "global_step-of-a-model": "def f(self):\n    return self.train.global_step\n",
    "own-class": "import own\nx = own.train.Scaffold()\n",
    "module-of-tensorflow": "from tensorflow_estimator.python.estimator import estimator\n",
    "own-attribute": "class A:\n    def f(self):\n        return self.SessionRunHook()\n",
    "own-hook": "from own import train\nx = train.StopAtStepHook(1)\n",
    "own-lookup": 'x = getattr(config, "Scaffold"), d["SessionRunHook"]\n',
    "getattr-of-an-optimizer": "import tensorflow as tf\nx = getattr(tf.train, name)\n",
    "other-package": "import tf_slim as slim\nx = slim.get_or_create_global_step()\n",
    "other-Supervisor": "import supervisor\nx = Supervisor(), own.Supervisor()\n",
    "sentence": 'x = "see tf.train.Scaffold"\n',
    "docstring": '"""tf.train.Scaffold"""\n',
    "other-path": 'x = "tensorflow.train.Saver", "tf.Scaffold", "own.train.Scaffold"\n',
    "contrib.training.HParams": "import tensorflow as tf\ntf.contrib.training.HParams()\n",
    "keras-train": "import tensorflow as tf\ntraining = x()\ntraining.train(tf.contrib)\n",
}


@pytest.mark.parametrize("source", NOTHING.values(), ids=NOTHING)
def test_other_names_and_strings_are_not_reported(source, tree):
    tree(own__train_py="class Scaffold:\n    pass\nclass StopAtStepHook:\n    pass\n")
    assert found_to_change_by_hand(source) == []


def test_a_string_in_a_notebook_is_reported():
    data = b'{"cells": [{"cell_type": "code", "source": ["p(\\"tf.train.Scaffold\\")"]}]}'
    assert may_matter(data)
    assert [it.code for it in processed("n.ipynb", data, (), False).found] == ["TFM209"]
