"""Migrated code in the forms found in public code trains on this TensorFlow."""

import pytest
import tensorflow as tf

from tfmts_compat.migrate.change.rewrite import rewrite

BODY = """
step = {train}.get_or_create_global_step()
x = v1.get_variable("x", [], initializer=v1.zeros_initializer())
train_op = v1.train.GradientDescentOptimizer(0.1).minimize((x - 3.0) ** 2, global_step=step)

class Count({hooks}.SessionRunHook):
    calls = 0
    def before_run(self, run_context):
        return {hooks}.SessionRunArgs(x)
    def after_run(self, run_context, run_values):
        Count.calls += 1

with {train}.MonitoredTrainingSession(
        checkpoint_dir=directory, hooks=[{hooks}.StopAtStepHook(last_step=20), Count()]) as session:
    while not session.should_stop():
        value = session.run([x, train_op])[0]
"""
V1 = "import tensorflow.compat.v1 as v1\n"
PRIVATE = "from tensorflow.python.training import "
FORMS = {
    "tf-1": ("import tensorflow as tf\n", "tf.train", "tf.train"),
    "compat-v1": ("import tensorflow as tf\n", "tf.compat.v1.train", "tf.compat.v1.train"),
    "v1-as-tf": ("import tensorflow.compat.v1 as tf\n", "tf.train", "tf.train"),
    "alias": ("import tensorflow as tf\ntf1 = tf.compat.v1\n", "tf1.train", "tf1.train"),
    "whole": ("import tensorflow\n", "tensorflow.train", "tensorflow.train"),
    "half-upgraded": ("import tensorflow as tf\n", "tf.compat.v1.train", "tf.estimator"),
    "v1-estimator": ("import tensorflow as tf\n", "tf.compat.v1.train", "tf.compat.v1.estimator"),
    "training": (f"{PRIVATE}training\n", "training", "training"),
    "tried": (
        "try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError:\n"
        "    import tensorflow as tf\n",
        "tf.train",
        "tf.train",
    ),
}


@pytest.mark.parametrize(("head", "train", "hooks"), FORMS.values(), ids=FORMS)
def test_migrated_code_trains(head, train, hooks, tmp_path):
    old = head + V1 + BODY.format(train=train, hooks=hooks)
    result = rewrite(old, "script.py")
    assert "tfmts_compat.MonitoredTrainingSession(" in result.text
    variables = {"directory": str(tmp_path), "__name__": "script"}
    with tf.Graph().as_default():
        exec(compile(result.text, "script.py", "exec"), variables)
    assert variables["Count"].calls == 20
    assert abs(variables["value"] - 3.0) < 0.1
    assert tf.train.latest_checkpoint(str(tmp_path)).endswith("model.ckpt-20")


def test_migrated_code_with_single_imported_names_trains(tmp_path):
    old = """from tensorflow.python.training.monitored_session import MonitoredTrainingSession as M
from tensorflow.python.training.basic_session_run_hooks import StopAtStepHook
from tensorflow.python.training import training_util
import tensorflow.compat.v1 as tf

step = training_util.get_or_create_global_step()
add = tf.assign_add(step, 1)
with M("", True, directory, hooks=[StopAtStepHook(5)]) as session:
    while not session.should_stop():
        last = session.run(add)
"""
    result = rewrite(old, "script.py")
    assert "tensorflow.python" not in result.text
    variables = {"directory": str(tmp_path)}
    with tf.Graph().as_default():
        exec(result.text, variables)
    assert variables["last"] == 5
