"""Where `import tfmts_compat` is added, and which imports are removed."""

import sys

import pytest

from tfmts_compat.migrate.change.rewrite import rewritten

from .helpers import check_noop, check_transformed, dedented

CASES = {
    "next-to-tensorflow": (
        '"""Doc."""\nfrom __future__ import division\nimport os\nimport tensorflow as tf\n'
        "import zlib\n\nx = tf.train.Scaffold(tf.x, os, zlib)\n",
        '"""Doc."""\nfrom __future__ import division\nimport os\nimport tensorflow as tf\n'
        "import tfmts_compat\nimport zlib\n\nx = tfmts_compat.Scaffold(tf.x, os, zlib)\n",
    ),
    "in-a-class": (
        "class A:\n    import tensorflow as tf\n    S = tf.train.Scaffold, tf.x\n",
        "import tfmts_compat\n"
        "\n"
        "\n"
        "class A:\n"
        "    import tensorflow as tf\n"
        "    S = tfmts_compat.Scaffold, tf.x\n",
    ),
    "tried": (
        "try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError:\n"
        "    import tensorflow as tf\n\nx = tf.train.Scaffold()\n",
        "try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError:\n"
        "    import tensorflow as tf\nimport tfmts_compat\n\nx = tfmts_compat.Scaffold()\n",
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
    "one-of-several-is-removed": (
        "from tensorflow.python.training import saver, monitored_session, x\n"
        "monitored_session.Scaffold(saver, x)\n",
        "from tensorflow.python.training import saver, x\nimport tfmts_compat\n"
        "tfmts_compat.Scaffold(saver, x)\n",
    ),
    "one-of-a-plain-import-is-removed": (
        "import os, tensorflow as tf\nx = tf.train.Scaffold(os)\n",
        "import os\nimport tfmts_compat\nx = tfmts_compat.Scaffold(os)\n",
    ),
    "one-removed-one-added": (
        "from tensorflow.compat.v1 import train, estimator, Session\n"
        "x = train.Scaffold(estimator.StopAtStepHook(Session))\n",
        "from tensorflow.compat.v1 import Session\nimport tfmts_compat\n"
        "x = tfmts_compat.Scaffold(tfmts_compat.StopAtStepHook(Session))\n",
    ),
    "second-line-is-removed": (
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
    "empty-branch-gets-pass": (
        "import tensorflow as tf\nif tf.x:\n    # old\n    from tensorflow import train\n"
        "x = tf.train.Scaffold(train.Scaffold)\n",
        "import tensorflow as tf\nimport tfmts_compat\nif tf.x:\n    # old\n    pass\n"
        "x = tfmts_compat.Scaffold(tfmts_compat.Scaffold)\n",
    ),
    "function-and-module": (
        "import tensorflow as tf\n"
        "def f():\n"
        "    from tensorflow import train\n"
        "    return train.Scaffold(tf.train.Scaffold, tf.x)\n",
        "import tensorflow as tf\n"
        "import tfmts_compat\n"
        "def f():\n"
        "    return tfmts_compat.Scaffold(tfmts_compat.Scaffold, tf.x)\n",
    ),
    "before-an-import-in-the-function": (
        "import tensorflow as tf\n"
        "\n"
        "def f():\n"
        "    s = tf.train.Scaffold()\n"
        "    import tensorflow.compat.v1 as tf1\n"
        "    return s, tf1.train.Scaffold(), tf.x\n",
        "import tensorflow as tf\n"
        "import tfmts_compat\n"
        "\n"
        "def f():\n"
        "    s = tfmts_compat.Scaffold()\n"
        "    return s, tfmts_compat.Scaffold(), tf.x\n",
    ),
    "existing-in-a-branch": (
        "import tensorflow as tf\nif tf.x:\n    import tfmts_compat\nx = tf.train.Scaffold()\n",
        "import tensorflow as tf\n"
        "import tfmts_compat\n"
        "if tf.x:\n"
        "    import tfmts_compat\n"
        "x = tfmts_compat.Scaffold()\n",
    ),
    "existing-in-another-function": (
        "import tensorflow as tf\n"
        "def f():\n"
        "    import tfmts_compat\n"
        "def g():\n"
        "    return tf.train.Scaffold()\n",
        "import tfmts_compat\n"
        "def f():\n"
        "    import tfmts_compat\n"
        "def g():\n"
        "    return tfmts_compat.Scaffold()\n",
    ),
    "existing-with-an-alias": (
        "import tensorflow as tf\nimport tfmts_compat as tc\nx = tf.train.Scaffold(tf.x)\n",
        "import tensorflow as tf\nimport tfmts_compat as tc\nx = tc.Scaffold(tf.x)\n",
    ),
    "existing-after-the-first-use": (
        "import tensorflow as tf\nx = tf.train.Scaffold(tf.x)\nimport tfmts_compat as tc\n",
        "import tensorflow as tf\n"
        "import tfmts_compat\n"
        "x = tfmts_compat.Scaffold(tf.x)\n"
        "import tfmts_compat as tc\n",
    ),
    "existing-hidden-by-a-parameter": (
        "import tensorflow as tf\n"
        "import tfmts_compat as tc\n"
        "def f(tc):\n"
        "    return tf.train.Scaffold(tf.x)\n",
        "import tensorflow as tf\n"
        "import tfmts_compat\n"
        "import tfmts_compat as tc\n"
        "def f(tc):\n"
        "    return tfmts_compat.Scaffold(tf.x)\n",
    ),
    "existing-hidden-by-a-variable": (
        "import tensorflow as tf\n"
        "import tfmts_compat as tc\n"
        "def f():\n"
        "    tc = 3\n"
        "    return tf.train.Scaffold(tf.x)\n",
        "import tensorflow as tf\n"
        "import tfmts_compat\n"
        "import tfmts_compat as tc\n"
        "def f():\n"
        "    tc = 3\n"
        "    return tfmts_compat.Scaffold(tf.x)\n",
    ),
    "existing-hidden-by-an-import": (
        "import tensorflow as tf\n"
        "import tfmts_compat as tc\n"
        "def f():\n"
        "    import other as tc\n"
        "    return tf.train.Scaffold(tf.x)\n",
        "import tensorflow as tf\n"
        "import tfmts_compat\n"
        "import tfmts_compat as tc\n"
        "def f():\n"
        "    import other as tc\n"
        "    return tfmts_compat.Scaffold(tf.x)\n",
    ),
    "existing-replaced-by-an-import": (
        "import tensorflow as tf\n"
        "import tfmts_compat as tc\n"
        "import other as tc\n"
        "x = tf.train.Scaffold(tf.x)\n",
        "import tensorflow as tf\n"
        "import tfmts_compat\n"
        "import tfmts_compat as tc\n"
        "import other as tc\n"
        "x = tfmts_compat.Scaffold(tf.x)\n",
    ),
    "one-kept-and-one-removed": (
        "import tensorflow as tensorflow\n"
        "import tensorflow as tf\n"
        "x = tensorflow.train.Scaffold(tf.train.Scaffold)\n",
        "import tensorflow as tensorflow\n"
        "import tfmts_compat\n"
        "x = tfmts_compat.Scaffold(tfmts_compat.Scaffold)\n",
    ),
    "all-imports-of-two-branches": (
        "if a:\n"
        "    import tensorflow as tf\n"
        "    from tensorflow import train\n"
        "else:\n"
        "    import tensorflow.compat.v1 as tf\n"
        "    from tensorflow import train\n"
        "x = tf.train.Scaffold(train.Scaffold)\n",
        "if a:\n"
        "    pass\n"
        "else:\n"
        "    pass\n"
        "import tfmts_compat\n"
        "x = tfmts_compat.Scaffold(tfmts_compat.Scaffold)\n",
    ),
    "attribute-of-a-class": (
        "class A:\n"
        "    import tensorflow as tf\n"
        "    S = tf.train.Scaffold\n"
        "\n"
        "    def f(self):\n"
        "        return self.tf.x\n",
        "import tfmts_compat\n"
        "\n"
        "\n"
        "class A:\n"
        "    import tensorflow as tf\n"
        "    S = tfmts_compat.Scaffold\n"
        "\n"
        "    def f(self):\n"
        "        return self.tf.x\n",
    ),
    "submodule-for-its-effect": (
        "import tensorflow\nimport tensorflow.sub\nx = tensorflow.train.Scaffold()\n",
        "import tensorflow.sub\nimport tfmts_compat\nx = tfmts_compat.Scaffold()\n",
    ),
    "submodule-first": (
        "import tensorflow.sub\nimport tensorflow\nx = tensorflow.train.Scaffold()\n",
        "import tensorflow.sub\nimport tfmts_compat\nx = tfmts_compat.Scaffold()\n",
    ),
    "used-in-a-doctest": (
        "import tensorflow as tf\n"
        "def f():\n"
        '    """Makes one.\n'
        "\n"
        "    >>> tf.constant(f())\n"
        '    """\n'
        "    return tf.train.Scaffold()\n",
        "import tensorflow as tf\n"
        "import tfmts_compat\n"
        "def f():\n"
        '    """Makes one.\n'
        "\n"
        "    >>> tf.constant(f())\n"
        '    """\n'
        "    return tfmts_compat.Scaffold()\n",
    ),
    "after-a-block-that-ends-with-a-moved-import": (
        "if a:\n"
        "    from tensorflow import train\n"
        "    from tensorflow.train import (\n"
        "        Saver,\n"
        "        Scaffold as S,  # it\n"
        "    )\n"
        "x = train.Scaffold(S, Saver)\n",
        "if a:\n"
        "    from tensorflow.train import (\n"
        "        Saver,\n"
        "    )\n"
        "    from tfmts_compat import (\n"
        "        Scaffold as S,  # it\n"
        "    )\n"
        "import tfmts_compat\n"
        "x = tfmts_compat.Scaffold(S, Saver)\n",
    ),
}
if sys.version_info >= (3, 10):
    CASES["name-taken-by-a-match"] = (
        "import tensorflow as tf\nmatch tf.x:\n"
        "    case tfmts_compat:\n        tf.train.Scaffold()\n",
        "import tensorflow as tf\nimport tfmts_compat as tfmts_compat_\nmatch tf.x:\n"
        "    case tfmts_compat:\n        tfmts_compat_.Scaffold()\n",
    )


CASES["used-by-a-type-comment"] = (
    "import tensorflow as tf\nx = []  # type: List[tf.Tensor]\ny = tf.train.Scaffold()\n",
    "import tensorflow as tf\nimport tfmts_compat\nx = []  # type: List[tf.Tensor]\n"
    "y = tfmts_compat.Scaffold()\n",
)
CASES["on-the-line-of-a-future-import"] = (
    "from __future__ import print_function; import tensorflow as tf; tf.train.Scaffold(tf.x)\n",
    "from __future__ import print_function; import tensorflow as tf; import tfmts_compat; "
    "tfmts_compat.Scaffold(tf.x)\n",
)


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_imports_are_added_and_removed(before, after):
    check_transformed(before, after)


# TensorFlow is optional in these modules: tfmts_compat is imported where TensorFlow is.
OPTIONAL = {
    "in-a-function": (
        "def f():\n    import tensorflow as tf\n    return tf.train.Scaffold(tf.x)\n",
        "def f():\n"
        "    import tensorflow as tf\n"
        "    import tfmts_compat\n"
        "    return tfmts_compat.Scaffold(tf.x)\n",
    ),
    "in-a-function-alone": (
        "def f():\n    import tensorflow as tf  # late\n    return tf.train.Scaffold()\n",
        "def f():\n    import tfmts_compat  # late\n    return tfmts_compat.Scaffold()\n",
    ),
    "in-two-functions": (
        "def f():\n"
        "    import tensorflow as tf\n"
        "    return tf.train.Scaffold()\n"
        "def g():\n"
        "    import tensorflow as tf\n"
        "    return tf.train.Scaffold(tf.x)\n",
        "def f():\n"
        "    import tfmts_compat\n"
        "    return tfmts_compat.Scaffold()\n"
        "def g():\n"
        "    import tensorflow as tf\n"
        "    import tfmts_compat\n"
        "    return tfmts_compat.Scaffold(tf.x)\n",
    ),
    "tried-else-none": (
        "try:\n"
        "    import tensorflow as tf\n"
        "except ImportError:\n"
        "    tf = None\n"
        "\n"
        "def f():\n"
        "    return tf.train.Scaffold()\n",
        "try:\n"
        "    import tensorflow as tf\n"
        "    import tfmts_compat\n"
        "except ImportError:\n"
        "    tf = None\n"
        "    tfmts_compat = None\n"
        "\n"
        "def f():\n"
        "    return tfmts_compat.Scaffold()\n",
    ),
    "used-in-the-try": (
        "# Either one.\n"
        "try:\n"
        "    import tensorflow as tf\n"
        "    S = tf.train.Scaffold\n"
        "except ImportError:\n"
        "    S = None\n",
        "# Either one.\n"
        "try:\n"
        "    import tensorflow as tf\n"
        "    import tfmts_compat\n"
        "    S = tfmts_compat.Scaffold\n"
        "except ImportError:\n"
        "    S = None\n",
    ),
    "in-the-branches-of-a-function": (
        "def f():\n"
        "    if v2:\n"
        "        import tensorflow.compat.v1 as tf\n"
        "    else:\n"
        "        import tensorflow as tf\n"
        "    return tf.train.Scaffold(tf.x)\n",
        "def f():\n"
        "    if v2:\n"
        "        import tensorflow.compat.v1 as tf\n"
        "        import tfmts_compat\n"
        "    else:\n"
        "        import tensorflow as tf\n"
        "        import tfmts_compat\n"
        "    return tfmts_compat.Scaffold(tf.x)\n",
    ),
    "function-that-assigns-global-tf": (
        "def load():\n"
        "    global tf\n"
        "    import tensorflow as tf\n"
        "\n"
        "def f():\n"
        "    return tf.train.Scaffold(tf.x)\n",
        "def load():\n"
        "    global tf\n"
        "    import tensorflow as tf\n"
        "    global tfmts_compat\n"
        "    import tfmts_compat\n"
        "\n"
        "def f():\n"
        "    return tfmts_compat.Scaffold(tf.x)\n",
    ),
    "all-imports-of-a-block": (
        "def f(a,\n"
        "      b):\n"
        "    from tensorflow import train\n"
        "    import tensorflow as tf\n"
        "\n"
        "def g():\n"
        "    import tensorflow as tf\n"
        "    from tensorflow import train\n"
        "    return tf.train.Scaffold(train.Scaffold)\n",
        "def f(a,\n"
        "      b):\n"
        "    from tensorflow import train\n"
        "    import tensorflow as tf\n"
        "\n"
        "def g():\n"
        "    import tfmts_compat\n"
        "    return tfmts_compat.Scaffold(tfmts_compat.Scaffold)\n",
    ),
    "after-a-licence": (
        "# Copyright 2019\n"
        "#\n"
        "# Licensed under X\n"
        "try:\n"
        "    import tensorflow as tf\n"
        "    S = tf.train.Scaffold\n"
        "except ImportError:\n"
        "    S = None\n",
        "# Copyright 2019\n"
        "#\n"
        "# Licensed under X\n"
        "try:\n"
        "    import tensorflow as tf\n"
        "    import tfmts_compat\n"
        "    S = tfmts_compat.Scaffold\n"
        "except ImportError:\n"
        "    S = None\n",
    ),
    "after-a-licence-before-a-function": (
        "#!/usr/bin/env python\n"
        "# Copyright 2019\n"
        "\n"
        "# Makes what the licence allows.\n"
        "def f():\n"
        "    import tensorflow as tf\n"
        "    return tf.train.Scaffold()\n",
        "#!/usr/bin/env python\n"
        "# Copyright 2019\n"
        "\n"
        "# Makes what the licence allows.\n"
        "def f():\n"
        "    import tfmts_compat\n"
        "    return tfmts_compat.Scaffold()\n",
    ),
    "before-a-decorator": (
        "@f\n"
        "@g\n"
        "class A:\n"
        "    def f(self):\n"
        "        import tensorflow as tf\n"
        "        return tf.train.Scaffold()\n",
        "@f\n"
        "@g\n"
        "class A:\n"
        "    def f(self):\n"
        "        import tfmts_compat\n"
        "        return tfmts_compat.Scaffold()\n",
    ),
    "used-above-the-import": (
        "for _ in 'ab':\n"
        "    if b:\n"
        "        out((b, tf.x))\n"
        "    import tensorflow as tf\n"
        "    b = tf.train.Scaffold()\n",
        "for _ in 'ab':\n"
        "    if b:\n"
        "        out((b, tf.x))\n"
        "    import tensorflow as tf\n"
        "    import tfmts_compat\n"
        "    b = tfmts_compat.Scaffold()\n",
    ),
    "after-a-docstring": (
        '"""Doc."""\n\ndef f():\n    import tensorflow as tf\n    return tf.train.Scaffold()\n',
        '"""Doc."""\n\ndef f():\n    import tfmts_compat\n    return tfmts_compat.Scaffold()\n',
    ),
    "after-the-first-imports": (
        '"""Doc."""\n'
        "\n"
        "from __future__ import print_function\n"
        "import os\n"
        "foo = 1\n"
        "def f():\n"
        "    import tensorflow as tf\n"
        "    return tf.train.Scaffold(tf.x)\n",
        '"""Doc."""\n'
        "\n"
        "from __future__ import print_function\n"
        "import os\n"
        "foo = 1\n"
        "def f():\n"
        "    import tensorflow as tf\n"
        "    import tfmts_compat\n"
        "    return tfmts_compat.Scaffold(tf.x)\n",
    ),
    "below-the-line-of-a-future-import": (
        "from __future__ import print_function; x = 1\n"
        "def f():\n"
        "    import tensorflow as tf\n"
        "    tf.train.Scaffold()\n",
        "from __future__ import print_function; x = 1\n"
        "def f():\n"
        "    import tfmts_compat\n"
        "    tfmts_compat.Scaffold()\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), OPTIONAL.values(), ids=OPTIONAL)
def test_an_import_is_added_where_tensorflow_is_imported(before, after):
    check_transformed(before, after)


SORTED = {
    "plain": (
        "import os\n\nimport numpy\nimport tensorflow as tf\nimport tensorflow_hub\nimport tqdm\n",
        "import os\n\nimport numpy\nimport tensorflow as tf\nimport tensorflow_hub\n"
        "import tfmts_compat\nimport tqdm\n",
    ),
    "plain-first": (
        "import numpy\nimport tensorflow as tf\nimport zlib\nfrom absl import app\n",
        "import numpy\nimport tensorflow as tf\nimport tfmts_compat\nimport zlib\n"
        "from absl import app\n",
    ),
    "by-name": (
        "from absl import app\nimport tensorflow as tf\nfrom tensorflow.keras import layers\n"
        "import zlib\n",
        "from absl import app\nimport tensorflow as tf\nfrom tensorflow.keras import layers\n"
        "import tfmts_compat\nimport zlib\n",
    ),
    "by-name-as-another-section": (
        "from os import path\nimport sys\n\nfrom absl import app\n"
        "from tensorflow.compat import v1 as tf\nfrom z import y\n",
        "from os import path\nimport sys\n\nfrom absl import app\n"
        "from tensorflow.compat import v1 as tf\nimport tfmts_compat\nfrom z import y\n",
    ),
    "not-sorted": (
        "import zlib\nimport tensorflow as tf\nimport numpy\nimport tensorflow_hub\n",
        "import zlib\nimport tensorflow as tf\nimport tfmts_compat\nimport numpy\n"
        "import tensorflow_hub\n",
    ),
    "case": (
        "import PIL\nimport tensorflow as tf\nimport tensorflow_hub\n",
        "import PIL\nimport tensorflow as tf\nimport tensorflow_hub\nimport tfmts_compat\n",
    ),
    "below-from": (
        "from a import b\nfrom tensorflow.compat import v1 as tf\nfrom z import y\n",
        "import tfmts_compat\nfrom a import b\nfrom tensorflow.compat import v1 as tf\n"
        "from z import y\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), SORTED.values(), ids=SORTED)
def test_sorted_imports_stay_sorted(before, after):
    check_transformed(
        f"{before}\nx = tf.train.Scaffold(tf.x)\n", f"{after}\nx = tfmts_compat.Scaffold(tf.x)\n"
    )


def test_sorted_imports_stay_sorted_if_the_import_of_tensorflow_is_replaced():
    check_transformed(
        "import numpy\nimport tensorflow as tf\nimport tensorflow_hub\n\ntf.train.Scaffold()\n",
        "import numpy\nimport tensorflow_hub\nimport tfmts_compat\n\ntfmts_compat.Scaffold()\n",
    )


CASES_BELOW_STRINGS = {
    "docstring": '    """Makes one."""\n    ',
    "string": "    x = f('a',\n          ",
}


@pytest.mark.parametrize("text", CASES_BELOW_STRINGS.values(), ids=CASES_BELOW_STRINGS)
def test_an_import_whose_use_follows_a_string_is_removed(text):
    end = ")" if "f(" in text else ""
    check_transformed(
        f"import tensorflow as tf\ndef g():\n{text}tf.train.Scaffold(){end}\n",
        f"import tfmts_compat\ndef g():\n{text}tfmts_compat.Scaffold(){end}\n",
    )


KEPT = {
    "all": 'import tensorflow as tf\nimport tfmts_compat\n__all__ = ["tf"]\n',
    "re-export": "import tensorflow as tensorflow\nimport tfmts_compat\n",
}


@pytest.mark.parametrize("head", KEPT.values(), ids=KEPT)
def test_an_import_that_others_may_use_is_kept(head):
    name = "tf" if " tf\n" in head else "tensorflow"
    check_transformed(
        f"{head}x = {name}.train.Scaffold()\n", f"{head}x = tfmts_compat.Scaffold()\n"
    )


def test_an_import_that_code_in_a_string_may_use_is_kept_and_reported():
    source = "import tensorflow as tf\nx = tf.train.Scaffold()\nexec('''\ny = tf.x\n''')\n"
    result = rewritten(source, "module.py")
    assert result.text == source.replace("\nx", "\nimport tfmts_compat\nx").replace(
        "tf.train.", "tfmts_compat."
    )
    assert [str(it) for it in result.found if it.code == "TFM104"] == [
        "module.py:1:8: TFM104 tf is no longer used; remove it unless code in a string uses it"
    ]


def test_only_the_import_that_another_file_uses_is_kept():
    source = dedented("""
        from tensorflow import train
        import tensorflow as tf
        x = train.Scaffold(tf.train.Scaffold)
    """)
    result = rewritten(source, "module.py", is_imported=lambda name: name == "train")
    assert result.text == (
        "from tensorflow import train\nimport tfmts_compat\n"
        "x = tfmts_compat.Scaffold(tfmts_compat.Scaffold)\n"
    )


def test_an_unused_import_is_kept():
    check_noop("import tensorflow as tf\nimport tensorflow.compat.v1 as tf1\n")


def test_the_import_of_an_ignored_name_is_kept():
    source = dedented("""
        import tensorflow as tf
        x = tf.train.Scaffold()  # tfmts: ignore
    """)
    assert rewritten(source, "module.py").text == source
