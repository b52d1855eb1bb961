"""The names that are replaced, by the way in which code accesses them."""

import re
import sys

import pytest

from tfmts_compat.migrate.change.rewrite import rewrite

from .helpers import check_transformed, dedented

IMPORTS = {
    "tf": ("import tensorflow as tf", "tf.train"),
    "tf-v1": ("import tensorflow as tf", "tf.compat.v1.train"),
    "v1-as-tf": ("import tensorflow.compat.v1 as tf", "tf.train"),
    "v1-as-tf1": ("import tensorflow.compat.v1 as tf1", "tf1.train"),
    "v1-as-tfv1": ("import tensorflow.compat.v1 as tfv1", "tfv1.train"),
    "from-compat": ("from tensorflow.compat import v1 as tf_v1", "tf_v1.train"),
    "from-compat-bare": ("from tensorflow.compat import v1", "v1.train"),
    "whole": ("import tensorflow", "tensorflow.train"),
    "whole-dotted": ("import tensorflow.compat.v1", "tensorflow.compat.v1.train"),
    "v1-in-v1": ("import tensorflow.compat.v1 as tf", "tf.compat.v1.train"),
    "estimator": ("import tensorflow as tf", "tf.estimator"),
    "v1-estimator": ("import tensorflow as tf", "tf.compat.v1.estimator"),
    "from-train": ("from tensorflow import train", "train"),
    "from-estimator-as": ("from tensorflow import estimator as tf_estimator", "tf_estimator"),
    "hooks": ("from tensorflow.python.training import basic_session_run_hooks as h", "h"),
    "training": ("from tensorflow.python.training import training", "training"),
    "python-whole": (
        "import tensorflow.python.training.basic_session_run_hooks",
        "tensorflow.python.training.basic_session_run_hooks",
    ),
    "core": ("import tensorflow_core as tf", "tf.train"),
    "core-v1": ("import tensorflow_core.compat.v1 as tf", "tf.train"),
    "core-api": ("from tensorflow_core._api.v1 import train", "train"),
    "api": ("import tensorflow._api.v2.compat.v1 as tf", "tf.train"),
    "estimator-package": ("import tensorflow_estimator", "tensorflow_estimator.estimator"),
    "estimator-package-api": ("from tensorflow_estimator._api.v1 import estimator", "estimator"),
    "estimator-package-hooks": (
        "from tensorflow_estimator.python.estimator.hooks import basic_session_run_hooks as h",
        "h",
    ),
}


@pytest.mark.parametrize(("imported", "prefix"), IMPORTS.values(), ids=IMPORTS)
def test_a_name_and_its_import_are_replaced(imported, prefix):
    check_transformed(
        f"{imported}\n\nhook = {prefix}.StopAtStepHook(last_step=3)\n",
        "import tfmts_compat\n\nhook = tfmts_compat.StopAtStepHook(last_step=3)\n",
    )


MODULES = {
    "monitored_session": "monitored_session.MonitoredTrainingSession",
    "session_run_hook": "session_run_hook.SessionRunHook",
    "training_util": "training_util.get_or_create_global_step",
    "session_manager": "session_manager.SessionManager",
}


@pytest.mark.parametrize(("module", "name"), MODULES.items(), ids=MODULES)
def test_a_name_of_a_private_module_is_replaced(module, name):
    check_transformed(
        f"from tensorflow.python.training import {module}\nX = {name}\n",
        f"import tfmts_compat\nX = tfmts_compat.{name.split('.')[1]}\n",
    )


CONTRIB = {
    "framework": ("import tensorflow as tf", "tf.contrib.framework"),
    "variables": ("from tensorflow.contrib.framework.python.ops import variables", "variables"),
    "slim": ("import tensorflow as tf", "tf.contrib.slim"),
    "slim-as": ("import tensorflow.contrib.slim as slim", "slim"),
    "slim-from": ("from tensorflow.contrib import slim", "slim"),
}


@pytest.mark.parametrize("name", ["get_or_create", "get", "create"])
@pytest.mark.parametrize(("imported", "prefix"), CONTRIB.values(), ids=CONTRIB)
def test_a_global_step_function_of_contrib_is_replaced(imported, prefix, name):
    check_transformed(
        f"{imported}\nstep = {prefix}.{name}_global_step()\n",
        f"import tfmts_compat\nstep = tfmts_compat.{name}_global_step()\n",
    )


FROM_IMPORTS = {
    "alone": (
        "from tensorflow.python.training.monitored_session import MonitoredTrainingSession\n",
        "from tfmts_compat import MonitoredTrainingSession\n",
    ),
    "as": (
        "from tensorflow.train import MonitoredTrainingSession as MTS  # why\n",
        "from tfmts_compat import MonitoredTrainingSession as MTS  # why\n",
    ),
    "on-two-lines": (
        "from tensorflow.\\\ntrain import Scaffold\n",
        "from tfmts_compat import Scaffold\n",
    ),
    "use-default": (
        "from tensorflow.python.training.monitored_session import USE_DEFAULT\n",
        "from tfmts_compat import USE_DEFAULT\n",
    ),
    "estimator": (
        "from tensorflow.estimator import SessionRunHook, SessionRunArgs\n",
        "from tfmts_compat import SessionRunHook, SessionRunArgs\n",
    ),
    "with-another": (
        "from tensorflow.compat.v1.train import Saver, Scaffold, Optimizer\n",
        "from tensorflow.compat.v1.train import Saver, Optimizer\n"
        "from tfmts_compat import Scaffold\n",
    ),
    "last-of-several": (
        "from tensorflow.compat.v1.train import Saver, Scaffold as S\n",
        "from tensorflow.compat.v1.train import Saver\nfrom tfmts_compat import Scaffold as S\n",
    ),
    "brackets": (
        "from tensorflow.train import (\n    Saver,\n    Scaffold,\n    SessionRunHook,\n)\nx = 1\n",  # noqa: E501
        "from tensorflow.train import (\n    Saver,\n)\n"
        "from tfmts_compat import Scaffold, SessionRunHook\nx = 1\n",
    ),
    "all-in-brackets": (
        "from tensorflow.train import (  # hooks\n    Scaffold,  # one\n    SessionRunHook,\n)\n",
        "from tfmts_compat import (  # hooks\n    Scaffold,  # one\n    SessionRunHook,\n)\n",
    ),
    "one-line-block": (
        "if True: from tensorflow.train import Saver, Scaffold\n",
        "if True: from tensorflow.train import Saver; from tfmts_compat import Scaffold\n",
    ),
    "pragma-for-both": (
        "from tensorflow.train import Saver, Scaffold  # noqa: F401\n",
        "from tensorflow.train import Saver  # noqa: F401\n"
        "from tfmts_compat import Scaffold  # noqa: F401\n",
    ),
    "pragma-after-a-backslash": (
        "from tensorflow.train import Saver, \\\n    Scaffold  # noqa\n",
        "from tensorflow.train import Saver  # noqa\nfrom tfmts_compat import Scaffold  # noqa\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), FROM_IMPORTS.values(), ids=FROM_IMPORTS)
def test_a_name_in_a_from_import_is_imported_from_tfmts_compat(before, after):
    check_transformed(before, after)


def test_a_module_in_a_string_is_not_replaced():
    check_transformed(
        "from tensorflow.train import Scaffold\nmodule('tensorflow.python.training')\n",
        "from tfmts_compat import Scaffold\nmodule('tensorflow.python.training')\n",
    )


PLACES = {
    "value": "S = {0}MonitoredTrainingSession if monitored else tf.compat.v1.Session",
    "base-class": "class H({0}SessionRunHook, object):\n    x = tf.Variable",
    "annotation": "def f(s: {0}MonitoredSession) -> {0}Scaffold:\n    return tf.no_op()",
    "variable-annotation": "s: {0}MonitoredSession = tf.x",
    "decorator": "@{0}SessionRunHook.register\ndef f():\n    tf.x",
    "default": "def f(s={0}Scaffold()):\n    tf.x",
    "keyword": "tf.f(session={0}SingularMonitoredSession)",
    "lambda": "f = lambda: {0}get_global_step(tf.x)",
    "comprehension": "x = [{0}StopAtStepHook(n) for n in tf.range(3)]",
    "attribute-of-it": "x = {0}SessionRunHook.begin, tf.x",
    "re-export": "train.Scaffold = {0}Scaffold, tf.x",
    "except": "try:\n    tf.x\nexcept {0}NanLossDuringTrainingError:\n    pass",
    "nested-call": "x = {0}Scaffold(saver=tf.x({0}get_global_step()))",
    "walrus": "if (s := {0}Scaffold) and tf.x:\n    pass",
    "isinstance": "isinstance(s, ({0}MonitoredSession, tf.x))",
    "with": "with {0}MonitoredTrainingSession() as s, tf.x:\n    pass",
    "async": "async def f():\n    async with {0}Scaffold() as s:\n        await tf.x",
    "one-line": "if tf.x: {0}Scaffold()",
    "del": "del {0}Scaffold().x, tf.x",
    "in-a-class": "class A:\n    S = {0}Scaffold\n    def f(self):\n        return {0}Scaffold, tf.x",  # noqa: E501
    "brackets": "x = (tf\n     .x, {0}Scaffold)",
}
if sys.version_info >= (3, 10):
    PLACES["match"] = "match tf.x:\n    case 1:\n        {0}Scaffold()"


if sys.version_info >= (3, 12):
    PLACES["f-string"] = 'x = f"{{{0}Scaffold}} {{tf.x}}"'


@pytest.mark.parametrize("code", PLACES.values(), ids=PLACES)
def test_a_name_is_replaced_in_every_position(code):
    check_transformed(
        f"import tensorflow as tf\n\n{code.format('tf.train.')}\n",
        f"import tensorflow as tf\nimport tfmts_compat\n\n{code.format('tfmts_compat.')}\n",
    )


ALIASES = {
    "tf1": "tf1 = tf.compat.v1\nx = {tf1.train.}Scaffold()",
    "train": "train = tf.train\nx = {train.}Scaffold()",
    "chained": "v1 = tf.compat.v1\ntf1 = v1\ntrain = tf1.train\nx = {train.}Scaffold()",
    "to-itself": "tf = tf.compat.v1\nx = {tf.train.}Scaffold()",
    "conditional": "tf1 = tf.compat.v1 if v2 else tf\nx = {tf1.train.}Scaffold()",
    "or": "tf1 = None or tf.compat.v1\nx = {tf1.train.}Scaffold()",
    "in-branches": "if v2:\n    tf1 = tf.compat.v1\nelse:\n    tf1 = tf\nx = {tf1.train.}Scaffold()",  # noqa: E501
    "tried": "try:\n    tf1 = tf.compat.v1\nexcept AttributeError:\n    tf1 = tf\n"
    "x = {tf1.train.}Scaffold()",
    "in-a-function": "def f():\n    tf1 = tf.compat.v1\n    return {tf1.train.}Scaffold()",
    "given-later": "def f():\n    return {tf1.train.}Scaffold()\n\ntf1 = tf.compat.v1",
    "annotated": "tf1: object = tf.compat.v1\nx = {tf1.train.}Scaffold()",
    "global": "def f():\n    global tf1\n    tf1 = tf.compat.v1\n\nx = {tf1.train.}Scaffold()",
    "in-a-tuple": "tf1, (n, v1) = tf.compat.v1, (3, tf)\nx = {tf1.train.}Scaffold({v1.train.}Scaffold)",  # noqa: E501
    "walrus": "if tf1 := tf.compat.v1:\n    print()\nx = {tf1.train.}Scaffold()",
    "again-and-again": "tf = tf.compat.v1\n" * 50 + "x = {tf.train.}Scaffold()",
    "two-ways-again": "t0 = tf\n"
    + "".join(f"if v2: t{n} = t{n - 1}\nelse: t{n} = t{n - 1}.compat.v1\n" for n in range(1, 50))
    + "x = {t49.train.}Scaffold()",
    "two-targets": "tf1 = tfv1 = tf.compat.v1\nx = {tfv1.train.}Scaffold({tf1.train.}Scaffold)",
}


@pytest.mark.parametrize("code", ALIASES.values(), ids=ALIASES)
def test_an_alias_is_resolved(code):
    before = re.sub(r"\{(.*?)\}", r"\1", code)
    after = re.sub(r"\{(.*?)\}", "tfmts_compat.", code)
    check_transformed(
        f"import tensorflow as tf\n{before}\n",
        f"import tensorflow as tf\nimport tfmts_compat\n{after}\n",
    )


def test_a_comment_inside_a_dotted_name_is_kept():
    check_transformed(
        "import tensorflow as tf\nx = (tf.train  # why\n     .Scaffold, tf.x)\n",
        "import tensorflow as tf\nimport tfmts_compat\n"
        "x = (tfmts_compat  # why\n     .Scaffold, tf.x)\n",
    )


COMMENTED = {
    "inside-a-dotted-name": (
        """
        import tensorflow as tf
        x = (tf  # one
             .train  # two
             .Scaffold, tf.x)
        """,
        "TFM209",
    ),
    "next-to-other-names-of-an-import": (
        """
        from tensorflow.train import (Scaffold,  # a
                                      Saver)
        """,
        "TFM212",
    ),
}


@pytest.mark.parametrize(("source", "code"), COMMENTED.values(), ids=COMMENTED)
def test_a_name_among_comments_is_reported_and_not_changed(source, code):
    result = rewrite(dedented(source), "module.py", ["TFM5"])
    assert result.text == dedented(source)
    assert [finding.code for finding in result.found] == [code]


def test_names_that_tfmts_compat_does_not_export_are_kept():
    check_transformed(
        """
        import tensorflow as tf
        opt = tf.train.GradientDescentOptimizer(0.1)
        with tf.train.MonitoredTrainingSession(hooks=[tf.estimator.StopAtStepHook(3)]) as s:
            tf.train.Saver().save(s, "x")
        tf.estimator.Estimator(tf.train.CheckpointSaver)
        """,
        """
        import tensorflow as tf
        import tfmts_compat
        opt = tf.train.GradientDescentOptimizer(0.1)
        with tfmts_compat.MonitoredTrainingSession(hooks=[tfmts_compat.StopAtStepHook(3)]) as s:
            tf.train.Saver().save(s, "x")
        tf.estimator.Estimator(tf.train.CheckpointSaver)
        """,
    )


BYTES = {
    "crlf": "import tensorflow as tf\r\nx = tf.train.Scaffold(tf.x)\r\n",
    "cr": "import tensorflow as tf\rx = tf.train.Scaffold(tf.x)\r",
    "no-newline": "import tensorflow as tf\nx = tf.train.Scaffold(tf.x)",
    "tabs": "import tensorflow as tf\nif 1:\n\tx = tf.train.Scaffold(tf.x)\t\n\t# tab\n",
    "form-feed-before-code": "import tensorflow as tf\n\x0cx = tf.train.Scaffold(tf.x)\n",
    "form-feed": "import tensorflow as tf\n\x0c\nx = tf.train.Scaffold(tf.x)\n\x0c\n",
    "trailing-space": "import tensorflow as tf   \nx = tf.train.Scaffold(tf.x)  \n\n\n",
    "quotes": "import tensorflow as tf\nx = tf.train.Scaffold(tf.x, 'a', \"b\", '''c\n''')\n",
    "wide": 'import tensorflow as tf\nü = "ß𝄞"; x = tf.train.Scaffold(tf.x, "ü")\n',
    "backslash": "import tensorflow as tf\nx = 1 + \\\n  tf.train.Scaffold(tf.x)\n",
}


@pytest.mark.parametrize("text", BYTES.values(), ids=BYTES)
def test_all_other_bytes_are_kept(text):
    newline = "\r\n" if "\r\n" in text else "\r" if "\r" in text else "\n"
    first, rest = text.split(newline, 1)
    expected = f"{first}{newline}import tfmts_compat{newline}{rest}"
    expected = expected.replace("tf.train.Scaffold", "tfmts_compat.Scaffold")
    assert rewrite(text, "module.py").text == expected
