"""Names that the newest TensorFlow does not have, and summaries that write nothing."""

import importlib
import json

import pytest

from tfmts_compat import cli
from tfmts_compat.migrate.advise.removed import GONE, KERAS, REMOVED
from tfmts_compat.migrate.change.rewrite import rewrite

from .helpers import dedented

NEWEST = "2.21."
V1 = "import tensorflow.compat.v1 as tf\n"
V2 = "import tensorflow as tf\n"


def found(source):
    """The line, code and name of each finding about a name that is missing."""
    findings = rewrite(dedented(source), "module.py").found
    return [
        (finding.line, finding.code, finding.message.split()[0])
        for finding in findings
        if finding.code.startswith("TFM5")
    ]


@pytest.fixture
def tf():
    module = pytest.importorskip("tensorflow")
    if not module.__version__.startswith(NEWEST):
        pytest.skip("the names are those of the newest TensorFlow")
    return module


def test_the_recorded_names_are_those_that_tensorflow_lacks(tf):
    from .record_removed import FILE, record

    assert json.loads(FILE.read_text(encoding="utf-8")) == record()


def exists(module, path):
    for name in path.split("."):
        if not hasattr(module, name):
            return False
        module = getattr(module, name)
    return True


def test_each_listed_name_is_missing_in_tensorflow(tf):
    assert [name for name in (*REMOVED, *GONE) if exists(tf, name)] == []
    assert [name for name in REMOVED if not exists(tf.compat.v1, name)] == []
    assert [name for name in GONE if exists(tf.compat.v1, name)] == []
    assert {*KERAS, "app", "flags", "logging", "placeholder", "train.AdamOptimizer"} <= REMOVED
    for package in GONE:
        with pytest.raises(ImportError):
            importlib.import_module(f"tensorflow.{package}")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (V2 + "tf.placeholder, tf.float32", [(2, "TFM501", "tf.placeholder")]),
        (V1 + "tf.placeholder, tf.app.run, tf.train.Saver", []),
        (V2 + "tf.compat.v1.placeholder, tf.compat.v1.app", []),
        (V2 + "tf.compat.v2.placeholder", [(2, "TFM501", "tf.placeholder")]),
        (V2 + "flags = tf.app.flags\nF = flags.FLAGS\nF.x", [(2, "TFM501", "tf.app")]),
        (V2 + "tf.metrics.mean(x), tf.metrics.Mean", [(2, "TFM501", "tf.metrics.mean")]),
        (V2 + "tf.keras.layers, tf.nn.relu, x.contrib, tf.math.log", []),
        (V2 + "tf.log(x)\nimport numpy as np\nnp.log(x)", [(2, "TFM501", "tf.log")]),
        (V1 + "tf.contrib.layers.flatten", [(2, "TFM502", "tf.contrib.layers")]),
        (V2 + "tf.estimator.ModeKeys.TRAIN", [(2, "TFM502", "tf.estimator.ModeKeys")]),
        ("from tensorflow import contrib\ncontrib.x", [(1, "TFM502", "tf.contrib")]),
        ("from tensorflow.contrib import slim\nslim.a", [(1, "TFM502", "tf.contrib.slim")]),
        ("import tensorflow.contrib.rnn as r\nr.x", [(1, "TFM502", "tf.contrib.rnn")]),
        ("from tensorflow.examples.tutorials import x", [(1, "TFM502", "tf.examples.tutorials")]),
        (V2 + "tf.layers.dense(x)", [(2, "TFM503", "tf.layers")]),
        (V1 + "tf.layers.dense(x)", [(2, "TFM503", "tf.layers")]),
        (V1 + "tf.nn.rnn_cell.GRUCell(3)", [(2, "TFM503", "tf.nn.rnn_cell")]),
        (V1 + "environ['TF_USE_LEGACY_KERAS'] = '1'\ntf.layers.dense(x)", []),
        (V2 + "environ['TF_USE_LEGACY_KERAS'] = '1'\ntf.layers.x", [(3, "TFM501", "tf.layers")]),
        (V2 + "tf.flags = tf.compat.v1.flags\ntf.flags.x", []),
        (V2 + "tf = tf.compat.v1\ntf.placeholder", []),
        ("try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError:\n"
         "    import tensorflow as tf\ntf.placeholder", []),
        ("def f(tf):\n    tf.placeholder", []),
        (V2 + "tf.contrib.training.train(), tf.train.Supervisor()", []),  # another code
        (V2 + "tf.contrib.framework.get_global_step()", []),  # is replaced
        ("from tensorflow.contrib import framework\nframework.get_global_step()", []),
    ],
)  # fmt: skip
def test_a_missing_name_is_reported(source, expected):
    assert found(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        'if tf.__version__.startswith("1."):\n    tf.placeholder',
        'x = tf.contrib.x if LooseVersion(tf.__version__) < LooseVersion("2") else None',
        'OLD = tf.__version__ < "2"\nif OLD:\n    from tensorflow.contrib import slim',
        "from own import IS_TF2\nif not IS_TF2:\n    tf.placeholder",
        'if hasattr(tf, "contrib"):\n    tf.contrib.x',
        'x = hasattr(tf, "flags") and tf.flags',
        "try:\n    x = tf.contrib.x\nexcept AttributeError:\n    x = None",
        "try:\n    from tensorflow.contrib import slim\nexcept ImportError:\n    slim = None",
        "try:\n    from tensorflow import contrib\nexcept:\n    contrib = None",
        "def f():\n    if is_tf2():\n        return 1\n    return tf.placeholder",
        'getattr(tf, "contrib", None)',
    ],
)
def test_a_name_that_only_old_versions_read_is_not_reported(source):
    assert found(V2 + source) == []


def test_a_name_after_a_check_for_an_old_version_is_reported():
    source = 'if tf.__version__ < "1.4":\n    raise ImportError\ntf.placeholder'
    assert found(V2 + source) == [(4, "TFM501", "tf.placeholder")]


def test_a_name_is_reported_once_with_the_number_of_places():
    source = V2 + "tf.log(1)  # tfmts: ignore[TFM501]\ntf.log(2)\ntf.log(3)\n"
    (finding,) = rewrite(source, "module.py").found
    assert finding.line == 3
    assert finding.message == (
        "tf.log exists only in tf.compat.v1 (2 places in this file); write tf.compat.v1.log, or "
        "import tensorflow.compat.v1 as tf"
    )


SESSION = "tfmts_compat.MonitoredTrainingSession"


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        (V2 + "import tfmts_compat\ntf.summary.scalar(x)\n" + SESSION + "(checkpoint_dir=d)", 1),
        (V2 + "tf.summary.image(x)\ntf.train.MonitoredTrainingSession('', True, d)", 1),
        (V1 + "tf.summary.scalar(x)\ntf.train.MonitoredTrainingSession(checkpoint_dir=d)", 0),
        (V2 + "tf.summary.scalar(x)\ntf.train.MonitoredTrainingSession()", 0),
        (V2 + "tf.summary.scalar(x)\ntf.train.MonitoredTrainingSession(checkpoint_dir=d, "
         "save_summaries_steps=None, save_summaries_secs=None)", 0),
        (V2 + "tf.summary.create_file_writer(d)\ntf.summary.scalar(x)\n"
         "tf.train.MonitoredTrainingSession(checkpoint_dir=d)", 0),
        (V2 + "tf.summary.scalar(x)", 0),
    ],
)  # fmt: skip
def test_summaries_of_tf_2_beside_a_session_that_saves_summaries(source, codes):
    assert [code for _, code, _ in found(source)] == ["TFM504"] * codes


def test_only_strict_fails_for_a_missing_name(tree, capsys):
    tree(a_py=V2 + "tf.placeholder\n", b_py=V2 + 'print "Python 2", tf.placeholder\n')
    assert cli.main(["migrate", "--check", "."]) == 0
    assert cli.main(["migrate", "--check", "--strict", "--ignore", "TFM5", "."]) == 0
    assert cli.main(["migrate", "--check", "--strict", "."]) == 1
    assert "a.py:2:1: TFM501 tf.placeholder" in capsys.readouterr().out
