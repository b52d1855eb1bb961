"""Objects with the same name as in TensorFlow that are not replaced."""

import pytest

from tfmts_compat.migrate.change.rewrite import rewrite

from .helpers import check_noop, found_to_change_by_hand

CASES = {
    "other-module": "from tensorflow_x import train\ntrain.Scaffold()\n",
    "own-module": "from .tensorflow import train\ntrain.Scaffold()\n",
    "own-name": "import tensorflow as tf\nclass Scaffold: pass\nScaffold(tf.x)\n",
    "docstring": 'import tensorflow as tf\ndef f():\n    """Calls tf.train.Scaffold()."""\n    tf.x\n',  # noqa: E501
    "comment": "import tensorflow as tf\n# tf.train.MonitoredTrainingSession()\ntf.x\n",
    "string": "import tensorflow as tf\ncode = 'tf.train.MonitoredTrainingSession()', tf.x\n",
    "f-string-text": "import tensorflow as tf\ncode = f'tf.train.Scaffold() {tf.x}'\n",
    "not-exported": "import tensorflow as tf\ntf.train.Saver(), tf.train.SyncReplicasOptimizer\n",
    "not-of-this-module": "from tensorflow.python.training import training_util as t\nt.Scaffold\n",
    "not-of-estimator": "import tensorflow as tf\ntf.estimator.MonitoredTrainingSession\n",
    "keyword": "import tensorflow as tf\ntf.x(Scaffold=1, tf=2)\n",
    "user-attribute-sess": "import tensorflow as tf\nclass A:\n    def f(self):\n"
    "        self._sess = tf.x.Session()\n        self._sess.run()\n",
    "already-moved": "import tfmts_compat\nx = tfmts_compat.MonitoredTrainingSession()\n",
}
# These may be TensorFlow. The module does not show whether they are.
NOT_KNOWN = {
    "other-package": "import other as tf\ntf.train.MonitoredTrainingSession()\n",
    "own-attribute": "import tensorflow as tf\nself.train.Scaffold(tf.x)\nx.Scaffold()\n",
    "parameter": "import tensorflow as tf\ndef f(tf):\n    tf.train.Scaffold()\ntf.x\n",
    "lambda-parameter": "import tensorflow as tf\nf = lambda tf: tf.train.Scaffold()\ntf.x\n",
    "local": "import tensorflow as tf\ndef f():\n    tf = g()\n    tf.train.Scaffold()\ntf.x\n",
    "comprehension": "import tensorflow as tf\nx = [tf.train.Scaffold() for tf in tf.x]\n",
    "with": "import tensorflow as tf\ndef f():\n    with g() as tf:\n        tf.train.Scaffold()\n",
    "except": "import tensorflow as tf\ndef f():\n    try:\n        g()\n"
    "    except E as tf:\n        tf.train.Scaffold()\n",
    "class-scope": "class A:\n    import tensorflow as tf\n    def f(self):\n"
    "        return tf.train.Scaffold()\n",
    "function-scope": "def f():\n    import tensorflow as tf\n    tf.x\n\n"
    "def g():\n    return tf.train.Scaffold()\n",
}


@pytest.mark.parametrize("source", CASES.values(), ids=CASES)
def test_another_object_with_the_same_name_is_not_changed(source):
    check_noop(source)


@pytest.mark.parametrize("source", NOT_KNOWN.values(), ids=NOT_KNOWN)
def test_an_object_that_may_be_tensorflow_is_reported_and_not_changed(source):
    assert {code for _, _, code in found_to_change_by_hand(source)} == {"TFM208"}
    assert rewrite(source, "module.py").text == source
