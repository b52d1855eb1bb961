"""Places that have to be changed by hand: the exact messages."""

import pytest

from tfmts_compat.migrate.change.rewrite import rewrite
from tfmts_compat.migrate.codebase.files import may_matter
from tfmts_compat.migrate.codebase.modules import process
from tfmts_compat.migrate.names import ADVICE

from .helpers import dedented, found_to_change_by_hand

LEFT = {
    "parameter": (
        """
        def f(tf):
            return tf.train.Scaffold()
        """,
        "2:12: TFM208 it is not known whether tf is TensorFlow; if it is, replace "
        "tf.train.Scaffold with tfmts_compat.Scaffold and import tfmts_compat",
    ),
    "attribute": (
        """
        def f(self):
            return self.tf.train.Scaffold()
        """,
        "2:12: TFM208 it is not known whether self.tf is TensorFlow; if it is, replace "
        "self.tf.train.Scaffold with tfmts_compat.Scaffold and import tfmts_compat",
    ),
    "split": (
        """
        def f(x):
            return (x.train
                    .Scaffold())
        """,
        "2:13: TFM208 it is not known whether x is TensorFlow; if it is, replace x.train.Scaffold"
        " with tfmts_compat.Scaffold and import tfmts_compat",
    ),
    "returned": (
        """
        def f():
            return tf().train.Scaffold()
        """,
        "2:12: TFM208 it is not known whether tf() is TensorFlow; if it is, replace "
        "tf().train.Scaffold with tfmts_compat.Scaffold and import tfmts_compat",
    ),
    "estimator": (
        """
        def f(tf):
            return tf.estimator.SessionRunHook()
        """,
        "2:12: TFM208 it is not known whether tf is TensorFlow; if it is, replace "
        "tf.estimator.SessionRunHook with tfmts_compat.SessionRunHook and import tfmts_compat",
    ),
    "import_module": (
        """
        import importlib
        tf = importlib.import_module("tensorflow")
        x = tf.train.Scaffold()
        """,
        "3:5: TFM208 it is not known whether tf is TensorFlow; if it is, replace "
        "tf.train.Scaffold with tfmts_compat.Scaffold and import tfmts_compat",
    ),
    "importorskip": (
        """
        import pytest
        tf = pytest.importorskip("tensorflow")
        x = tf.train.Scaffold()
        """,
        "3:5: TFM208 it is not known whether tf is TensorFlow; if it is, replace "
        "tf.train.Scaffold with tfmts_compat.Scaffold and import tfmts_compat",
    ),
    "train-parameter": (
        """
        def f(train):
            return train.MonitoredTrainingSession()
        """,
        "2:12: TFM208 it is not known whether train is a module of TensorFlow; if it is, replace "
        "train.MonitoredTrainingSession with tfmts_compat.MonitoredTrainingSession and import "
        "tfmts_compat",
    ),
    "train-not-among-the-files": (
        """
        from .compat import train
        x = train.get_global_step()
        """,
        "2:5: TFM208 it is not known whether train is a module of TensorFlow, because "
        ".compat.train was not found below this directory; if it is, replace "
        "train.get_global_step with tfmts_compat.get_global_step and import tfmts_compat",
    ),
    "train-with-another-name": (
        """
        from company.tf import train as t
        x = t.SessionRunHook()
        """,
        "2:5: TFM208 it is not known whether t is a module of TensorFlow, because "
        "company.tf.train was not found below this directory; if it is, replace t.SessionRunHook "
        "with tfmts_compat.SessionRunHook and import tfmts_compat",
    ),
    "unique-name-of-what-is-not-known": (
        """
        def f(m):
            return m.StopAtStepHook(1)
        """,
        "2:12: TFM208 it is not known whether m is a module of TensorFlow; if it is, replace "
        "m.StopAtStepHook with tfmts_compat.StopAtStepHook and import tfmts_compat",
    ),
    "another-module-of-tensorflow": (
        """
        from tensorflow.contrib.learn import basic_session_run_hooks as b
        b.StopAtStepHook(1)
        """,
        "2:1: TFM208 tensorflow.contrib.learn.basic_session_run_hooks.StopAtStepHook may be "
        "tfmts_compat.StopAtStepHook; if it is, replace b.StopAtStepHook with "
        "tfmts_compat.StopAtStepHook and import tfmts_compat",
    ),
    "imported-from-another-module-of-tensorflow": (
        """
        from tensorflow.contrib.learn import SessionRunHook
        """,
        "1:38: TFM208 tensorflow.contrib.learn.SessionRunHook may be tfmts_compat.SessionRunHook;"
        " if it is, replace it with tfmts_compat.SessionRunHook and import tfmts_compat",
    ),
    "two-definitions": (
        """
        try:
            import tensorflow as tf
        except ImportError:
            tf = load()
        x = tf.train.Scaffold()
        """,
        "5:5: TFM205 may be tensorflow.train.Scaffold, which tfmts_compat.Scaffold replaces, or "
        "something else with the same name, bound on line 4; use two different names",
    ),
    "not-among-the-files": (
        """
        from company.compat import tf
        x = tf.train.Scaffold()
        """,
        "2:5: TFM208 it is not known whether tf is TensorFlow, because company.compat.tf was not "
        "found below this directory; if it is, replace tf.train.Scaffold with "
        "tfmts_compat.Scaffold and import tfmts_compat",
    ),
    "star": (
        """
        from .compat import *
        x = tf.train.Scaffold()
        """,
        "2:5: TFM208 it is not known whether tf is TensorFlow; if it is, replace "
        "tf.train.Scaffold with tfmts_compat.Scaffold and import tfmts_compat",
    ),
    "mocked": (
        """
        mock.patch("tensorflow.compat.v1.train.Scaffold")
        """,
        "1:12: TFM209 tensorflow.compat.v1.train.Scaffold is named in a string; write "
        '"tfmts_compat.Scaffold"',
    ),
    "mocked-attribute": (
        """
        mock.patch("tensorflow.train.Scaffold.finalize")
        """,
        "1:12: TFM209 tensorflow.train.Scaffold is named in a string; write "
        '"tfmts_compat.Scaffold.finalize"',
    ),
    "mocked-in-a-module": (
        """
        mock.patch("pkg.module.tf.compat.v1.train.Scaffold.finalize")
        """,
        "1:12: TFM209 pkg.module.tf.compat.v1.train.Scaffold is named in a string and may be "
        'TensorFlow\'s; if it is, write "pkg.module.tfmts_compat.Scaffold.finalize"',
    ),
    "quoted": (
        """
        import tensorflow as tf
        x: 'Union[own.Scaffold, tf.train.Scaffold]' = y
        """,
        "2:4: TFM206 tf.train.Scaffold is named in quotes and may be TensorFlow's; if it is, "
        "replace it with tfmts_compat.Scaffold and import tfmts_compat",
    ),
    "quoted-not-known": (
        """
        from company.compat import tf
        def f(x: 'tf.train.Scaffold'):
            pass
        """,
        "2:10: TFM206 tf.train.Scaffold is named in quotes and may be TensorFlow's; if it is, "
        "replace it with tfmts_compat.Scaffold and import tfmts_compat",
    ),
    "type-comment": (
        """
        import tensorflow as tf
        x = []  # type: List[tf.train.Scaffold]
        """,
        "2:9: TFM206 tf.train.Scaffold is named in a type comment and may be TensorFlow's; if it "
        "is, replace it with tfmts_compat.Scaffold and import tfmts_compat",
    ),
    "type-comment-of-a-function": (
        """
        import tensorflow as tf
        def f(x):
            # type: (tf.train.Scaffold) -> None
            pass
        """,
        "3:5: TFM206 tf.train.Scaffold is named in a type comment and may be TensorFlow's; if it "
        "is, replace it with tfmts_compat.Scaffold and import tfmts_compat",
    ),
    "type-comment-not-known": (
        """
        from company.compat import tf
        x = []  # type: List[tf.train.Scaffold]
        """,
        "2:9: TFM206 tf.train.Scaffold is named in a type comment and may be TensorFlow's; if it "
        "is, replace it with tfmts_compat.Scaffold and import tfmts_compat",
    ),
    "cast": (
        """
        import tensorflow as tf
        x = cast('List[tf.train.Scaffold]', y)
        """,
        "2:10: TFM206 tf.train.Scaffold is named in quotes and may be TensorFlow's; if it is, "
        "replace it with tfmts_compat.Scaffold and import tfmts_compat",
    ),
    "eval": (
        """
        import tensorflow as tf
        x = eval('tf.train.Scaffold()')
        """,
        "2:10: TFM206 tf.train.Scaffold is named in quotes and may be TensorFlow's; if it is, "
        "replace it with tfmts_compat.Scaffold and import tfmts_compat",
    ),
    "configured": (
        """
        HOOKS = ["tf.train.StopAtStepHook"]
        """,
        "1:10: TFM209 tf.train.StopAtStepHook is named in a string; write "
        '"tfmts_compat.StopAtStepHook"',
    ),
    "getattr": (
        """
        import tensorflow as tf
        x = getattr(tf.train, "Scaffold", None)
        """,
        "2:5: TFM201 tensorflow.train.Scaffold is looked up by a string; replace the call with "
        "tfmts_compat.Scaffold, and import tfmts_compat",
    ),
    "hasattr": (
        """
        import tensorflow as tf
        x = hasattr(tf.train, "Scaffold")
        """,
        "2:5: TFM201 tensorflow.train.Scaffold is looked up by a string; tfmts_compat.Scaffold "
        "always exists, so remove the test, and import tfmts_compat",
    ),
    "getattr-not-known": (
        """
        from company.compat import tf
        x = getattr(tf.train, "Scaffold")
        """,
        "2:5: TFM201 Scaffold is looked up by a string in tf.train, which may be a module of "
        "TensorFlow; if it is, replace the call with tfmts_compat.Scaffold, and import "
        "tfmts_compat",
    ),
    "getattr-of-another-module-of-tensorflow": (
        """
        import tensorflow as tf
        learn = getattr(tf.contrib, "learn")
        learn.SessionRunHook
        """,
        "3:1: TFM208 it is not known whether learn is a module of TensorFlow; if it is, replace "
        "learn.SessionRunHook with tfmts_compat.SessionRunHook and import tfmts_compat",
    ),
    "getattr-default": (
        """
        import tensorflow as tf
        tf1 = getattr(tf, "compat1", tf)
        x = tf1.train.Scaffold()
        """,
        "3:5: TFM208 it is not known whether tf1 is TensorFlow; if it is, replace "
        "tf1.train.Scaffold with tfmts_compat.Scaffold and import tfmts_compat",
    ),
    "getattr-of-itself": (
        """
        import tensorflow as tf
        tf = getattr(tf.compat, "v1", tf)
        x = tf.train.Scaffold()
        """,
        "3:5: TFM205 may be tensorflow.train.Scaffold, which tfmts_compat.Scaffold replaces, or "
        "something else with the same name, bound on line 2; use two different names",
    ),
    "too-many-ways": (
        "import tensorflow as t0\n"
        + "".join(f"t{n + 1} = t{n}.a or t{n}.b or t{n}.c\n" for n in range(30))
        + "x = t30.train.Scaffold()\n",
        "32:5: TFM208 it is not known whether t30 is TensorFlow; if it is, replace "
        "t30.train.Scaffold with tfmts_compat.Scaffold and import tfmts_compat",
    ),
    "tensorflow-of-another-module-of-it": (
        """
        from tensorflow.keras import backend as K
        x = K.tf.train.Scaffold()
        """,
        "2:5: TFM208 tensorflow.keras.backend.tf.train.Scaffold may be tfmts_compat.Scaffold; if "
        "it is, replace K.tf.train.Scaffold with tfmts_compat.Scaffold and import tfmts_compat",
    ),
    "module-and-name": (
        """
        x = LazyName("tensorflow.train", "Scaffold")
        """,
        "1:5: TFM201 tensorflow.train.Scaffold is looked up by a string; replace "
        '"tensorflow.train" with "tfmts_compat"',
    ),
    "vars": (
        """
        import tensorflow as tf
        vars(tf.train)["Scaffold"] = x
        """,
        "2:1: TFM201 tensorflow.train.Scaffold is looked up by a string; replace tf.train with "
        "tfmts_compat, and import tfmts_compat",
    ),
    "__dict__": (
        """
        import tensorflow as tf
        x = tf.train.__dict__["Scaffold"]
        """,
        "2:5: TFM201 tensorflow.train.Scaffold is looked up by a string; replace tf.train with "
        "tfmts_compat, and import tfmts_compat",
    ),
    "patch-multiple": (
        """
        import tensorflow as tf
        mock.patch.multiple(tf.train, Scaffold=x)
        """,
        "2:1: TFM201 tensorflow.train.Scaffold is looked up by a string; replace tf.train with "
        "tfmts_compat, and import tfmts_compat",
    ),
    "patch-object": (
        """
        import tensorflow as tf
        mock.patch.object(tf.train, "Scaffold")
        """,
        "2:1: TFM201 tensorflow.train.Scaffold is looked up by a string; replace tf.train with "
        "tfmts_compat, and import tfmts_compat",
    ),
    "through-an-attribute": (
        """
        import tensorflow as tf
        def f(self):
            self.tf1 = tf.compat.v1
            self.tf1.train.Scaffold()
        """,
        "4:5: TFM208 it is not known whether self.tf1 is TensorFlow; if it is, replace "
        "self.tf1.train.Scaffold with tfmts_compat.Scaffold and import tfmts_compat",
    ),
    "star-of-train": (
        """
        from tensorflow.train import *
        x = Scaffold()
        """,
        "1:1: TFM202 may import names that tfmts_compat replaces; import the names that you use "
        "from tensorflow.train one by one, and run again",
    ),
    "replaced": (
        """
        import tensorflow as tf
        tf.train.Scaffold = f
        """,
        "2:1: TFM203 tensorflow.train.Scaffold is replaced or deleted here, which changes neither"
        " tfmts_compat.Scaffold nor a session; to change the session, patch "
        "tensorflow.python.training.monitored_session.Scaffold, and to change code that reads "
        "tfmts_compat.Scaffold, patch tfmts_compat.Scaffold",
    ),
    "replaced-function": (
        """
        import tensorflow as tf
        tf.train.get_global_step = f
        """,
        "2:1: TFM203 tensorflow.train.get_global_step is replaced or deleted here, which does not"
        " change tfmts_compat.get_global_step; patch tfmts_compat.get_global_step, or the code "
        "that uses it",
    ),
    "replaced-part": (
        """
        from tensorflow.python.training import monitored_session as m
        m.Scaffold = f
        """,
        "2:1: TFM203 tensorflow.python.training.monitored_session.Scaffold is replaced or deleted"
        " here, and a session of tfmts_compat is built with the replacement, so keep this; a "
        "patch of tfmts_compat.Scaffold would have no effect on the session",
    ),
    "replaced-part-by-a-string": (
        """
        from tensorflow.python.training import monitored_session as m
        mock.patch.object(m, 'Scaffold')
        """,
        "2:1: TFM201 tensorflow.python.training.monitored_session.Scaffold is replaced by a "
        "string, and a session of tfmts_compat is built with the replacement, so keep this; a "
        "patch of tfmts_compat.Scaffold would have no effect on the session",
    ),
    "replaced-part-by-a-path": (
        """
        mock.patch('tensorflow.python.training.monitored_session.Scaffold')
        """,
        "1:12: TFM209 tensorflow.python.training.monitored_session.Scaffold is patched by a "
        "string, and a session of tfmts_compat is built with the replacement, so keep this; a "
        "patch of tfmts_compat.Scaffold would have no effect on the session",
    ),
    "replaced-with-its-module": (
        """
        import tensorflow as tf
        setattr(tf, 'train', f)
        x = tf.train.Scaffold()
        """,
        "3:5: TFM203 tensorflow.train.Scaffold may be replaced in this module, which does not "
        "change tfmts_compat.Scaffold; patch the code that uses it, and run again",
    ),
    "private": (
        """
        s._sess._sess.run(x)
        """,
        "1:1: TFM204 uses a private attribute of the monitored session; use "
        "tfmts_compat.raw_session(session), which returns the underlying tf.compat.v1.Session",
    ),
    "both-checkpoint-cadences": (
        """
        import tfmts_compat
        tfmts_compat.MonitoredTrainingSession(save_checkpoint_secs=6, save_checkpoint_steps=1)
        """,
        "2:1: TFM301 both cadences are given: as documented, only the seconds are used; upstream:"
        " ValueError: Can not provide both every_secs and every_steps. (D1); remove "
        "save_checkpoint_steps",
    ),
    "checkpoints-off": (
        """
        import tfmts_compat
        tfmts_compat.MonitoredTrainingSession(save_checkpoint_steps=None)
        """,
        "2:1: TFM302 checkpoints are off: save_checkpoint_steps=None also switches off the "
        "default of 600 seconds, although save_checkpoint_secs is documented to have that "
        "default. Leave save_checkpoint_steps out to save every 600 seconds, or also pass "
        "save_checkpoint_secs=None if you want no checkpoints",
    ),
    "both-summary-cadences": (
        """
        import tfmts_compat
        tfmts_compat.MonitoredTrainingSession(save_summaries_secs=1, save_summaries_steps=2)
        """,
        "2:1: TFM303 save_summaries_secs=1 and save_summaries_steps=2: give the seconds or the "
        "steps, not both; leave save_summaries_secs out, or pass None for the one you do not "
        "want.",
    ),
    "no-argument": (
        """
        import tfmts_compat
        tfmts_compat.MonitoredTrainingSession(save_steps=1)
        """,
        "2:50: TFM304 MonitoredTrainingSession has no argument save_steps in any version",
    ),
    "Supervisor": (
        """
        import tensorflow as tf
        sv = tf.train.Supervisor(logdir='x')
        """,
        "2:6: TFM210 tensorflow.train.Supervisor " + ADVICE["tensorflow.train.Supervisor"],
    ),
    "Supervisor-imported": (
        """
        from tensorflow.python.training.supervisor import Supervisor
        """,
        "1:51: TFM210 tensorflow.python.training.supervisor.Supervisor "
        + ADVICE["tensorflow.python.training.supervisor.Supervisor"],
    ),
    "contrib.training.train": (
        """
        import tensorflow as tf
        tf.contrib.training.train(op, 'x')
        """,
        "2:1: TFM210 tensorflow.contrib.training.train "
        + ADVICE["tensorflow.contrib.training.train"],
    ),
    "contrib.training-imported-as": (
        """
        from tensorflow.contrib import training as t
        t.train(op)
        """,
        "2:1: TFM210 tensorflow.contrib.training.train "
        + ADVICE["tensorflow.contrib.training.train"],
    ),
    "contrib.training-imported": (
        """
        from tensorflow.contrib import training as contrib_training
        contrib_training.evaluate_repeatedly('x')
        """,
        "2:1: TFM210 tensorflow.contrib.training.evaluate_repeatedly "
        + ADVICE["tensorflow.contrib.training.evaluate_repeatedly"],
    ),
}


@pytest.mark.parametrize(("source", "expected"), LEFT.values(), ids=LEFT)
def test_the_message_says_what_to_write(source, expected):
    text = dedented(source)
    assert may_matter(text.encode())
    result = rewrite(text, "module.py", ["TFM5"])
    assert list(map(str, result.found)) == [f"module.py:{expected}"]
    assert result.text == text


NOTHING = {
    "global_step-of-a-model": """
        def f(self):
            return self.train.global_step
        """,
    "own-class": """
        import own
        x = own.train.Scaffold()
        """,
    "module-of-tensorflow": "from tensorflow_estimator.python.estimator import estimator\n",
    "own-attribute": """
        class A:
            def f(self):
                return self.SessionRunHook()
        """,
    "own-hook": """
        from own import train
        x = train.StopAtStepHook(1)
        """,
    "own-lookup": 'x = getattr(config, "Scaffold"), d["SessionRunHook"]\n',
    "getattr-of-an-optimizer": """
        import tensorflow as tf
        x = getattr(tf.train, name)
        """,
    "other-package": """
        import tf_slim as slim
        x = slim.get_or_create_global_step()
        """,
    "other-Supervisor": """
        import supervisor
        x = Supervisor(), own.Supervisor()
        """,
    "sentence": 'x = "see tf.train.Scaffold"\n',
    "docstring": '"""tf.train.Scaffold"""\n',
    "other-path": 'x = "tensorflow.train.Saver", "tf.Scaffold", "own.train.Scaffold"\n',
    "contrib.training.HParams": """
        import tensorflow as tf
        tf.contrib.training.HParams()
        """,
    "keras-train": """
        import tensorflow as tf
        training = x()
        training.train(tf.contrib)
        """,
}


@pytest.mark.parametrize("source", NOTHING.values(), ids=NOTHING)
def test_other_names_and_strings_are_not_reported(source, tree):
    tree(own__train_py="class Scaffold:\n    pass\nclass StopAtStepHook:\n    pass\n")
    assert found_to_change_by_hand(source) == []


def test_a_string_in_a_notebook_is_reported():
    data = b'{"cells": [{"cell_type": "code", "source": ["p(\\"tf.train.Scaffold\\")"]}]}'
    assert may_matter(data)
    assert [finding.code for finding in process("n.ipynb", data).found] == ["TFM209"]
