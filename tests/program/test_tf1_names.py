"""The explanation of an error about a name of TF 1."""

import pytest
import tensorflow as tf

from tfmts_compat._program.tf1_names import describe_tf1_name


def raised(code):
    with pytest.raises((AttributeError, ImportError)) as caught:
        exec(code, {"tf": tf})
    return caught.value


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("tf.train.SessionRunHook", "tf.train.SessionRunHook"),
        ("tf.train.MonitoredTrainingSession", "tf.train.MonitoredTrainingSession"),
        ("tf.placeholder", "tf.placeholder"),
        ("tf.layers", "tf.layers"),
        ("tf.app", "tf.app"),
        ("tf.losses.sparse_softmax_cross_entropy", "tf.losses.sparse_softmax_cross_entropy"),
        ("tf.nn.rnn_cell", "tf.nn.rnn_cell"),
        ("from tensorflow import placeholder", "tf.placeholder"),
    ],
)
def test_the_import_that_helps_is_named(code, name):
    text = describe_tf1_name(raised(code))
    assert text.startswith(f"{name} is a name of TF 1")
    assert "`import tensorflow.compat.v1 as tf` and `tf.disable_v2_behavior()`" in text


@pytest.mark.parametrize(
    "code",
    [
        "tf.no_such_name",
        "tf.contrib",
        "tf.train.no_such_name",
        "tf.compat.v1.contrib",
        "import os; os.placeholder",
        "from tensorflow import no_such_name",
        "import no_such_module",
        "'text'.placeholder",
    ],
)
def test_another_error_is_not_explained(code):
    assert describe_tf1_name(raised(code)) is None


@pytest.mark.parametrize("error", [None, ValueError("module 'tensorflow' has no attribute 'app'")])
def test_no_error_and_another_class_are_not_explained(error):
    assert describe_tf1_name(error) is None
