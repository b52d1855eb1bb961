"""Where `import tfmts_compat` goes, and which imports are taken away."""

import pytest
from migrating import check_noop, check_transformed, dedented

from tfmts_compat.migrate.rewrite import rewritten

CASES = {
    "beside-tensorflow": (
        '"""Doc."""\nfrom __future__ import division\nimport os\nimport tensorflow as tf\n'
        "import zlib\n\nx = tf.train.Scaffold(tf.x, os, zlib)\n",
        '"""Doc."""\nfrom __future__ import division\nimport os\nimport tensorflow as tf\n'
        "import tfmts_compat\nimport zlib\n\nx = tfmts_compat.Scaffold(tf.x, os, zlib)\n",
    ),
    "in-a-function": (
        "def f():\n    import tensorflow as tf\n    return tf.train.Scaffold(tf.x)\n",
        "def f():\n    import tensorflow as tf\n    import tfmts_compat\n"
        "    return tfmts_compat.Scaffold(tf.x)\n",
    ),
    "in-a-function-alone": (
        "def f():\n    import tensorflow as tf  # late\n    return tf.train.Scaffold()\n",
        "def f():\n    import tfmts_compat  # late\n    return tfmts_compat.Scaffold()\n",
    ),
    "in-two-functions": (
        "def f():\n    import tensorflow as tf\n    return tf.train.Scaffold()\n"
        "def g():\n    import tensorflow as tf\n    return tf.train.Scaffold(tf.x)\n",
        "def f():\n    import tfmts_compat\n    return tfmts_compat.Scaffold()\n"
        "def g():\n    import tensorflow as tf\n    import tfmts_compat\n"
        "    return tfmts_compat.Scaffold(tf.x)\n",
    ),
    "in-a-class": (
        "class A:\n    import tensorflow as tf\n    S = tf.train.Scaffold, tf.x\n",
        "class A:\n    import tensorflow as tf\n    import tfmts_compat\n"
        "    S = tfmts_compat.Scaffold, tf.x\n",
    ),
    "tried": (
        "try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError:\n"
        "    import tensorflow as tf\n\nx = tf.train.Scaffold()\n",
        "try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError:\n"
        "    import tensorflow as tf\nimport tfmts_compat\n\nx = tfmts_compat.Scaffold()\n",
    ),
    "tried-else-none": (
        "try:\n    import tensorflow as tf\nexcept ImportError:\n    tf = None\n\n"
        "def f():\n    return tf.train.Scaffold()\n",
        "try:\n    import tensorflow as tf\nexcept ImportError:\n    tf = None\n"
        "import tfmts_compat\n\ndef f():\n    return tfmts_compat.Scaffold()\n",
    ),
    "used-in-the-try": (
        "# Either one.\ntry:\n    import tensorflow as tf\n    S = tf.train.Scaffold\n"
        "except ImportError:\n    S = None\n",
        "import tfmts_compat\n# Either one.\ntry:\n    import tensorflow as tf\n"
        "    S = tfmts_compat.Scaffold\nexcept ImportError:\n    S = None\n",
    ),
    "in-a-version-branch": (
        "if USE_TF_2:\n    import tensorflow.compat.v1 as tf\nelse:\n    import tensorflow as tf\n"
        "x = tf.train.Scaffold(tf.x)\n",
        "if USE_TF_2:\n    import tensorflow.compat.v1 as tf\nelse:\n    import tensorflow as tf\n"
        "import tfmts_compat\nx = tfmts_compat.Scaffold(tf.x)\n",
    ),
    "from-in-a-version-branch": (
        "if USE_TF_2:\n    from tensorflow.compat.v1.train import Scaffold\n"
        "else:\n    from tensorflow.train import Scaffold\n",
        "if USE_TF_2:\n    from tfmts_compat import Scaffold\n"
        "else:\n    from tfmts_compat import Scaffold\n",
    ),
    "already-there": (
        "import tensorflow as tf\nimport tfmts_compat\nx = tf.train.Scaffold(tf.x)\n",
        "import tensorflow as tf\nimport tfmts_compat\nx = tfmts_compat.Scaffold(tf.x)\n",
    ),
    "name-taken": (
        "import tensorflow as tf\ntfmts_compat = 3\nx = tf.train.Scaffold(tf.x)\n",
        "import tensorflow as tf\nimport tfmts_compat as tfmts_compat_\ntfmts_compat = 3\n"
        "x = tfmts_compat_.Scaffold(tf.x)\n",
    ),
    "name-taken-by-a-parameter": (
        "import tensorflow as tf\ndef f(tfmts_compat):\n    return tf.train.Scaffold(tf.x)\n",
        "import tensorflow as tf\nimport tfmts_compat as tfmts_compat_\ndef f(tfmts_compat):\n"
        "    return tfmts_compat_.Scaffold(tf.x)\n",
    ),
    "one-of-several-goes": (
        "from tensorflow.python.training import saver, monitored_session, x\n"
        "monitored_session.Scaffold(saver, x)\n",
        "from tensorflow.python.training import saver, x\nimport tfmts_compat\n"
        "tfmts_compat.Scaffold(saver, x)\n",
    ),
    "one-of-a-plain-import-goes": (
        "import os, tensorflow as tf\nx = tf.train.Scaffold(os)\n",
        "import os\nimport tfmts_compat\nx = tfmts_compat.Scaffold(os)\n",
    ),
    "one-goes-one-comes": (
        "from tensorflow.compat.v1 import train, estimator, Session\n"
        "x = train.Scaffold(estimator.StopAtStepHook(Session))\n",
        "from tensorflow.compat.v1 import Session\nimport tfmts_compat\n"
        "x = tfmts_compat.Scaffold(tfmts_compat.StopAtStepHook(Session))\n",
    ),
    "second-line-goes": (
        "import tensorflow as tf\nfrom tensorflow.python.training import monitored_session\n\n"
        "x = tf.x(tf.train.Scaffold, monitored_session.Scaffold)\n",
        "import tensorflow as tf\nimport tfmts_compat\n\n"
        "x = tf.x(tfmts_compat.Scaffold, tfmts_compat.Scaffold)\n",
    ),
    "semicolons": (
        "import os; import tensorflow as tf; import sys\nx = tf.train.Scaffold(os, sys)\n",
        "import os; import tfmts_compat; import sys\nx = tfmts_compat.Scaffold(os, sys)\n",
    ),
    "semicolons-kept": (
        "import tensorflow as tf; tf.x()\nx = tf.train.Scaffold()\n",
        "import tensorflow as tf; import tfmts_compat; tf.x()\nx = tfmts_compat.Scaffold()\n",
    ),
    "in-the-branches-of-a-function": (
        "def f():\n    if v2:\n        import tensorflow.compat.v1 as tf\n    else:\n"
        "        import tensorflow as tf\n    return tf.train.Scaffold(tf.x)\n",
        "def f():\n    if v2:\n        import tensorflow.compat.v1 as tf\n"
        "        import tfmts_compat\n    else:\n        import tensorflow as tf\n"
        "        import tfmts_compat\n    return tfmts_compat.Scaffold(tf.x)\n",
    ),
    "deleted-later": (
        "import tensorflow as tf\nS = tf.train.Scaffold\ndel tf\n",
        "import tensorflow as tf\nimport tfmts_compat\nS = tfmts_compat.Scaffold\ndel tf\n",
    ),
    "global": (
        "import tensorflow as tf\nS = tf.train.Scaffold\n"
        "def f():\n    global tf\n    import tensorflow as tf\n    tf.x()\n",
        "import tensorflow as tf\nimport tfmts_compat\nS = tfmts_compat.Scaffold\n"
        "def f():\n    global tf\n    import tensorflow as tf\n    tf.x()\n",
    ),
    "in-all-of-two-branches": (
        "if v2:\n    from tensorflow.compat.v1 import train\nelse:\n"
        "    from tensorflow import train\nx = train.Scaffold()\n",
        "if v2:\n    pass\nelse:\n    pass\nimport tfmts_compat\nx = tfmts_compat.Scaffold()\n",
    ),
    "branch-left-with-pass": (
        "import tensorflow as tf\nif tf.x:\n    # old\n    from tensorflow import train\n"
        "x = tf.train.Scaffold(train.Scaffold)\n",
        "import tensorflow as tf\nimport tfmts_compat\nif tf.x:\n    # old\n    pass\n"
        "x = tfmts_compat.Scaffold(tfmts_compat.Scaffold)\n",
    ),
    "function-and-module": (
        "import tensorflow as tf\ndef f():\n    from tensorflow import train\n"
        "    return train.Scaffold(tf.train.Scaffold, tf.x)\n",
        "import tensorflow as tf\nimport tfmts_compat\ndef f():\n    import tfmts_compat\n"
        "    return tfmts_compat.Scaffold(tfmts_compat.Scaffold, tf.x)\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_imports(before, after):
    check_transformed(before, after)


KEPT = {
    "all": 'import tensorflow as tf\nimport tfmts_compat\n__all__ = ["tf"]\n',
    "re-export": "import tensorflow as tensorflow\nimport tfmts_compat\n",
}


@pytest.mark.parametrize("head", KEPT.values(), ids=KEPT)
def test_an_import_that_others_may_use_stays(head):
    name = "tf" if " tf\n" in head else "tensorflow"
    check_transformed(
        f"{head}x = {name}.train.Scaffold()\n", f"{head}x = tfmts_compat.Scaffold()\n"
    )


def test_a_package_keeps_its_imports():
    before = "import tensorflow as tf\nx = tf.train.Scaffold()\n"
    after = "import tensorflow as tf\nimport tfmts_compat\nx = tfmts_compat.Scaffold()\n"
    assert rewritten(before, "package/__init__.py", keeps_imports=True).text == after


def test_an_import_that_nothing_moved_from_stays():
    check_noop("import tensorflow as tf\nimport tensorflow.compat.v1 as tf1\n")


def test_a_silenced_use_keeps_its_import():
    source = dedented("""
        import tensorflow as tf
        x = tf.train.Scaffold()  # tfmts: ignore
    """)
    assert rewritten(source, "module.py").text == source
