"""Where `import tfmts_compat` is added, and which imports are removed."""

import pytest

from tfmts_compat.migrate.change.rewrite import rewrite

from .helpers import check_noop, check_transformed, dedented

CASES = {
    "next-to-tensorflow": (
        '''
        """Doc."""
        from __future__ import division
        import os
        import tensorflow as tf
        import zlib

        x = tf.train.Scaffold(tf.x, os, zlib)
        ''',
        '''
        """Doc."""
        from __future__ import division
        import os
        import tensorflow as tf
        import tfmts_compat
        import zlib

        x = tfmts_compat.Scaffold(tf.x, os, zlib)
        ''',
    ),
    "tried": (
        """
        try:
            import tensorflow.compat.v1 as tf
        except ImportError:
            import tensorflow as tf

        x = tf.train.Scaffold()
        """,
        """
        try:
            import tensorflow.compat.v1 as tf
            import tfmts_compat
        except ImportError:
            import tensorflow as tf
            import tfmts_compat

        x = tfmts_compat.Scaffold()
        """,
    ),
    "in-a-version-branch": (
        """
        if USE_TF_2:
            import tensorflow.compat.v1 as tf
        else:
            import tensorflow as tf
        x = tf.train.Scaffold(tf.x)
        """,
        """
        if USE_TF_2:
            import tensorflow.compat.v1 as tf
            import tfmts_compat
        else:
            import tensorflow as tf
            import tfmts_compat
        x = tfmts_compat.Scaffold(tf.x)
        """,
    ),
    "from-in-a-version-branch": (
        """
        if USE_TF_2:
            from tensorflow.compat.v1.train import Scaffold
        else:
            from tensorflow.train import Scaffold
        """,
        """
        if USE_TF_2:
            from tfmts_compat import Scaffold
        else:
            from tfmts_compat import Scaffold
        """,
    ),
    "already-there": (
        """
        import tensorflow as tf
        import tfmts_compat
        x = tf.train.Scaffold(tf.x)
        """,
        """
        import tensorflow as tf
        import tfmts_compat
        x = tfmts_compat.Scaffold(tf.x)
        """,
    ),
    "one-of-several-is-removed": (
        """
        from tensorflow.python.training import saver, monitored_session, x
        monitored_session.Scaffold(saver, x)
        """,
        """
        from tensorflow.python.training import saver, x
        import tfmts_compat
        tfmts_compat.Scaffold(saver, x)
        """,
    ),
    "one-of-a-plain-import-is-removed": (
        """
        import os, tensorflow as tf
        x = tf.train.Scaffold(os)
        """,
        """
        import os
        import tfmts_compat
        x = tfmts_compat.Scaffold(os)
        """,
    ),
    "one-removed-one-added": (
        """
        from tensorflow.compat.v1 import train, estimator, Session
        x = train.Scaffold(estimator.StopAtStepHook(Session))
        """,
        """
        from tensorflow.compat.v1 import Session
        import tfmts_compat
        x = tfmts_compat.Scaffold(tfmts_compat.StopAtStepHook(Session))
        """,
    ),
    "second-line-is-removed": (
        """
        import tensorflow as tf
        from tensorflow.python.training import monitored_session

        x = tf.x(tf.train.Scaffold, monitored_session.Scaffold)
        """,
        """
        import tensorflow as tf
        import tfmts_compat

        x = tf.x(tfmts_compat.Scaffold, tfmts_compat.Scaffold)
        """,
    ),
    "semicolons": (
        """
        import os; import tensorflow as tf; import sys
        x = tf.train.Scaffold(os, sys)
        """,
        """
        import os; import tfmts_compat; import sys
        x = tfmts_compat.Scaffold(os, sys)
        """,
    ),
    "semicolons-kept": (
        """
        import tensorflow as tf; tf.x()
        x = tf.train.Scaffold()
        """,
        """
        import tensorflow as tf; import tfmts_compat; tf.x()
        x = tfmts_compat.Scaffold()
        """,
    ),
    "deleted-later": (
        """
        import tensorflow as tf
        S = tf.train.Scaffold
        del tf
        """,
        """
        import tensorflow as tf
        import tfmts_compat
        S = tfmts_compat.Scaffold
        del tf
        """,
    ),
    "global": (
        """
        import tensorflow as tf
        S = tf.train.Scaffold
        def f():
            global tf
            import tensorflow as tf
            tf.x()
        """,
        """
        import tensorflow as tf
        import tfmts_compat
        S = tfmts_compat.Scaffold
        def f():
            global tf
            import tensorflow as tf
            tf.x()
        """,
    ),
    "in-all-of-two-branches": (
        """
        if v2:
            from tensorflow.compat.v1 import train
        else:
            from tensorflow import train
        x = train.Scaffold()
        """,
        """
        if v2:
            import tfmts_compat
        else:
            import tfmts_compat
        x = tfmts_compat.Scaffold()
        """,
    ),
    "empty-branch-gets-pass": (
        """
        import tensorflow as tf
        if tf.x:
            # old
            from tensorflow import train
        x = tf.train.Scaffold(train.Scaffold)
        """,
        """
        import tensorflow as tf
        import tfmts_compat
        if tf.x:
            # old
            pass
        x = tfmts_compat.Scaffold(tfmts_compat.Scaffold)
        """,
    ),
    "function-and-module": (
        """
        import tensorflow as tf
        def f():
            from tensorflow import train
            return train.Scaffold(tf.train.Scaffold, tf.x)
        """,
        """
        import tensorflow as tf
        import tfmts_compat
        def f():
            return tfmts_compat.Scaffold(tfmts_compat.Scaffold, tf.x)
        """,
    ),
    "before-an-import-in-the-function": (
        """
        import tensorflow as tf

        def f():
            s = tf.train.Scaffold()
            import tensorflow.compat.v1 as tf1
            return s, tf1.train.Scaffold(), tf.x
        """,
        """
        import tensorflow as tf
        import tfmts_compat

        def f():
            s = tfmts_compat.Scaffold()
            return s, tfmts_compat.Scaffold(), tf.x
        """,
    ),
    "existing-in-a-branch": (
        """
        import tensorflow as tf
        if tf.x:
            import tfmts_compat
        x = tf.train.Scaffold()
        """,
        """
        import tensorflow as tf
        import tfmts_compat
        if tf.x:
            import tfmts_compat
        x = tfmts_compat.Scaffold()
        """,
    ),
    "existing-in-another-function": (
        """
        import tensorflow as tf
        def f():
            import tfmts_compat
        def g():
            return tf.train.Scaffold()
        """,
        """
        import tfmts_compat
        def f():
            import tfmts_compat
        def g():
            return tfmts_compat.Scaffold()
        """,
    ),
    "existing-with-an-alias": (
        """
        import tensorflow as tf
        import tfmts_compat as tc
        x = tf.train.Scaffold(tf.x)
        """,
        """
        import tensorflow as tf
        import tfmts_compat
        import tfmts_compat as tc
        x = tfmts_compat.Scaffold(tf.x)
        """,
    ),
    "existing-after-the-first-use": (
        """
        import tensorflow as tf
        x = tf.train.Scaffold(tf.x)
        import tfmts_compat as tc
        """,
        """
        import tensorflow as tf
        import tfmts_compat
        x = tfmts_compat.Scaffold(tf.x)
        import tfmts_compat as tc
        """,
    ),
    "existing-hidden-by-a-parameter": (
        """
        import tensorflow as tf
        import tfmts_compat as tc
        def f(tc):
            return tf.train.Scaffold(tf.x)
        """,
        """
        import tensorflow as tf
        import tfmts_compat
        import tfmts_compat as tc
        def f(tc):
            return tfmts_compat.Scaffold(tf.x)
        """,
    ),
    "existing-hidden-by-a-variable": (
        """
        import tensorflow as tf
        import tfmts_compat as tc
        def f():
            tc = 3
            return tf.train.Scaffold(tf.x)
        """,
        """
        import tensorflow as tf
        import tfmts_compat
        import tfmts_compat as tc
        def f():
            tc = 3
            return tfmts_compat.Scaffold(tf.x)
        """,
    ),
    "existing-hidden-by-an-import": (
        """
        import tensorflow as tf
        import tfmts_compat as tc
        def f():
            import other as tc
            return tf.train.Scaffold(tf.x)
        """,
        """
        import tensorflow as tf
        import tfmts_compat
        import tfmts_compat as tc
        def f():
            import other as tc
            return tfmts_compat.Scaffold(tf.x)
        """,
    ),
    "existing-replaced-by-an-import": (
        """
        import tensorflow as tf
        import tfmts_compat as tc
        import other as tc
        x = tf.train.Scaffold(tf.x)
        """,
        """
        import tensorflow as tf
        import tfmts_compat
        import tfmts_compat as tc
        import other as tc
        x = tfmts_compat.Scaffold(tf.x)
        """,
    ),
    "one-kept-and-one-removed": (
        """
        import tensorflow as tensorflow
        import tensorflow as tf
        x = tensorflow.train.Scaffold(tf.train.Scaffold)
        """,
        """
        import tensorflow as tensorflow
        import tfmts_compat
        x = tfmts_compat.Scaffold(tfmts_compat.Scaffold)
        """,
    ),
    "all-imports-of-two-branches": (
        """
        if a:
            import tensorflow as tf
            from tensorflow import train
        else:
            import tensorflow.compat.v1 as tf
            from tensorflow import train
        x = tf.train.Scaffold(train.Scaffold)
        """,
        """
        if a:
            import tfmts_compat
        else:
            import tfmts_compat
        x = tfmts_compat.Scaffold(tfmts_compat.Scaffold)
        """,
    ),
    "submodule-for-its-effect": (
        """
        import tensorflow
        import tensorflow.sub
        x = tensorflow.train.Scaffold()
        """,
        """
        import tensorflow.sub
        import tfmts_compat
        x = tfmts_compat.Scaffold()
        """,
    ),
    "submodule-first": (
        """
        import tensorflow.sub
        import tensorflow
        x = tensorflow.train.Scaffold()
        """,
        """
        import tensorflow.sub
        import tfmts_compat
        x = tfmts_compat.Scaffold()
        """,
    ),
    "used-in-a-doctest": (
        '''
        import tensorflow as tf
        def f():
            """Makes one.

            >>> tf.constant(f())
            """
            return tf.train.Scaffold()
        ''',
        '''
        import tensorflow as tf
        import tfmts_compat
        def f():
            """Makes one.

            >>> tf.constant(f())
            """
            return tfmts_compat.Scaffold()
        ''',
    ),
    "after-a-block-that-ends-with-a-moved-import": (
        """
        if a:
            from tensorflow import train
            from tensorflow.train import (
                Saver,
                Scaffold as S,
            )
        x = train.Scaffold(S, Saver)
        """,
        """
        if a:
            import tfmts_compat
            from tensorflow.train import (
                Saver,
            )
            from tfmts_compat import Scaffold as S
        x = tfmts_compat.Scaffold(S, Saver)
        """,
    ),
    "used-by-a-type-comment": (
        """
        import tensorflow as tf
        x = []  # type: List[tf.Tensor]
        y = tf.train.Scaffold()
        """,
        """
        import tensorflow as tf
        import tfmts_compat
        x = []  # type: List[tf.Tensor]
        y = tfmts_compat.Scaffold()
        """,
    ),
    "on-the-line-of-a-future-import": (
        "from __future__ import print_function; import tensorflow as tf; tf.train.Saver(tf.x)\n"
        "tf.train.Scaffold()\n",
        "from __future__ import print_function; import tensorflow as tf; import tfmts_compat; "
        "tf.train.Saver(tf.x)\ntfmts_compat.Scaffold()\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_imports_are_added_and_removed(before, after):
    check_transformed(before, after)


# TensorFlow is optional in these modules: tfmts_compat is imported where TensorFlow is.
OPTIONAL = {
    "in-a-function": (
        """
        def f():
            import tensorflow as tf
            return tf.train.Scaffold(tf.x)
        """,
        """
        def f():
            import tensorflow as tf
            import tfmts_compat
            return tfmts_compat.Scaffold(tf.x)
        """,
    ),
    "in-a-function-alone": (
        """
        def f():
            import tensorflow as tf  # late
            return tf.train.Scaffold()
        """,
        """
        def f():
            import tfmts_compat  # late
            return tfmts_compat.Scaffold()
        """,
    ),
    "in-two-functions": (
        """
        def f():
            import tensorflow as tf
            return tf.train.Scaffold()
        def g():
            import tensorflow as tf
            return tf.train.Scaffold(tf.x)
        """,
        """
        def f():
            import tfmts_compat
            return tfmts_compat.Scaffold()
        def g():
            import tensorflow as tf
            import tfmts_compat
            return tfmts_compat.Scaffold(tf.x)
        """,
    ),
    "tried-else-none": (
        """
        try:
            import tensorflow as tf
        except ImportError:
            tf = None

        def f():
            return tf.train.Scaffold()
        """,
        """
        try:
            import tensorflow as tf
            import tfmts_compat
        except ImportError:
            tf = None
            tfmts_compat = None

        def f():
            return tfmts_compat.Scaffold()
        """,
    ),
    "used-in-the-try": (
        """
        # Either one.
        try:
            import tensorflow as tf
            S = tf.train.Scaffold
        except ImportError:
            S = None
        """,
        """
        # Either one.
        try:
            import tensorflow as tf
            import tfmts_compat
            S = tfmts_compat.Scaffold
        except ImportError:
            S = None
        """,
    ),
    "in-the-branches-of-a-function": (
        """
        def f():
            if v2:
                import tensorflow.compat.v1 as tf
            else:
                import tensorflow as tf
            return tf.train.Scaffold(tf.x)
        """,
        """
        def f():
            if v2:
                import tensorflow.compat.v1 as tf
                import tfmts_compat
            else:
                import tensorflow as tf
                import tfmts_compat
            return tfmts_compat.Scaffold(tf.x)
        """,
    ),
    "all-imports-of-a-block": (
        """
        def f(a,
              b):
            from tensorflow import train
            import tensorflow as tf

        def g():
            import tensorflow as tf
            from tensorflow import train
            return tf.train.Scaffold(train.Scaffold)
        """,
        """
        def f(a,
              b):
            from tensorflow import train
            import tensorflow as tf

        def g():
            import tfmts_compat
            return tfmts_compat.Scaffold(tfmts_compat.Scaffold)
        """,
    ),
    "after-a-licence": (
        """
        # Copyright 2019
        #
        # Licensed under X
        try:
            import tensorflow as tf
            S = tf.train.Scaffold
        except ImportError:
            S = None
        """,
        """
        # Copyright 2019
        #
        # Licensed under X
        try:
            import tensorflow as tf
            import tfmts_compat
            S = tfmts_compat.Scaffold
        except ImportError:
            S = None
        """,
    ),
    "after-a-licence-before-a-function": (
        """
        #!/usr/bin/env python
        # Copyright 2019

        # Makes what the licence allows.
        def f():
            import tensorflow as tf
            return tf.train.Scaffold()
        """,
        """
        #!/usr/bin/env python
        # Copyright 2019

        # Makes what the licence allows.
        def f():
            import tfmts_compat
            return tfmts_compat.Scaffold()
        """,
    ),
    "before-a-decorator": (
        """
        @f
        @g
        class A:
            def f(self):
                import tensorflow as tf
                return tf.train.Scaffold()
        """,
        """
        @f
        @g
        class A:
            def f(self):
                import tfmts_compat
                return tfmts_compat.Scaffold()
        """,
    ),
    "used-above-the-import": (
        """
        for _ in 'ab':
            if b:
                out((b, tf.x))
            import tensorflow as tf
            b = tf.train.Scaffold()
        """,
        """
        for _ in 'ab':
            if b:
                out((b, tf.x))
            import tensorflow as tf
            import tfmts_compat
            b = tfmts_compat.Scaffold()
        """,
    ),
    "after-a-docstring": (
        '''
        """Doc."""

        def f():
            import tensorflow as tf
            return tf.train.Scaffold()
        ''',
        '''
        """Doc."""

        def f():
            import tfmts_compat
            return tfmts_compat.Scaffold()
        ''',
    ),
    "after-the-first-imports": (
        '''
        """Doc."""

        from __future__ import print_function
        import os
        foo = 1
        def f():
            import tensorflow as tf
            return tf.train.Scaffold(tf.x)
        ''',
        '''
        """Doc."""

        from __future__ import print_function
        import os
        foo = 1
        def f():
            import tensorflow as tf
            import tfmts_compat
            return tfmts_compat.Scaffold(tf.x)
        ''',
    ),
    "below-the-line-of-a-future-import": (
        """
        from __future__ import print_function; x = 1
        def f():
            import tensorflow as tf
            tf.train.Scaffold()
        """,
        """
        from __future__ import print_function; x = 1
        def f():
            import tfmts_compat
            tfmts_compat.Scaffold()
        """,
    ),
}


@pytest.mark.parametrize(("before", "after"), OPTIONAL.values(), ids=OPTIONAL)
def test_an_import_is_added_where_tensorflow_is_imported(before, after):
    check_transformed(before, after)


WITHOUT_A_PLACE = {
    "above-an-import-in-the-function": """
        try:
            import tensorflow as tf
        except ImportError:
            tf = None
        def f():
            tf.train.Scaffold()
            from tensorflow import train
            train.Scaffold()  # tfmts: ignore
    """,
    "in-a-class": """
        class A:
            import tensorflow as tf
            S = tf.train.Scaffold
    """,
    "function-that-sets-global-tf-to-none": """
        import tensorflow as tf
        def unload():
            global tf
            tf = None
        def f():
            return tf.train.Scaffold()
    """,
    "tried-without-a-value": """
        import tensorflow as tf
        def f():
            if tf.x:
                from tensorflow import train
            try:
                return train.Scaffold()
            except (TypeError, NameError):
                return tf.train.Scaffold  # tfmts: ignore
    """,
    "function-that-assigns-global-tf": """
        def load():
            global tf
            import tensorflow as tf
        def f():
            return tf.train.Scaffold()
    """,
}


@pytest.mark.parametrize("source", WITHOUT_A_PLACE.values(), ids=WITHOUT_A_PLACE)
def test_a_name_without_a_place_for_its_import_is_reported_and_not_changed(source):
    result = rewrite(dedented(source), "module.py")
    assert result.text == dedented(source)
    assert "TFM212" in [finding.code for finding in result.found]


TAKEN = {
    "variable": "tfmts_compat = 3\nx = tf.train.Scaffold()",
    "parameter": "def f(tfmts_compat):\n    return tf.train.Scaffold()",
    "loop": "for tfmts_compat in y:\n    tf.train.Scaffold()",
    "import": "import other as tfmts_compat\nx = tf.train.Scaffold()",
}


@pytest.mark.parametrize("source", TAKEN.values(), ids=TAKEN)
def test_a_module_that_uses_the_new_name_for_something_else_is_reported_and_not_changed(source):
    source = f"import tensorflow as tf\n{source}\n"
    result = rewrite(source, "module.py")
    assert result.text == source
    (found,) = result.found
    assert found.code == "TFM212"
    assert "because the module uses the name tfmts_compat for something else" in found.message


SORTED = {
    "plain": (
        """
        import os

        import numpy
        import tensorflow as tf
        import tensorflow_hub
        import tqdm
        """,
        """
        import os

        import numpy
        import tensorflow as tf
        import tensorflow_hub
        import tfmts_compat
        import tqdm
        """,
    ),
    "plain-first": (
        """
        import numpy
        import tensorflow as tf
        import zlib
        from absl import app
        """,
        """
        import numpy
        import tensorflow as tf
        import tfmts_compat
        import zlib
        from absl import app
        """,
    ),
    "by-name": (
        """
        from absl import app
        import tensorflow as tf
        from tensorflow.keras import layers
        import zlib
        """,
        """
        from absl import app
        import tensorflow as tf
        from tensorflow.keras import layers
        import tfmts_compat
        import zlib
        """,
    ),
    "by-name-as-another-section": (
        """
        from os import path
        import sys

        from absl import app
        from tensorflow.compat import v1 as tf
        from z import y
        """,
        """
        from os import path
        import sys

        from absl import app
        from tensorflow.compat import v1 as tf
        import tfmts_compat
        from z import y
        """,
    ),
    "not-sorted": (
        """
        import zlib
        import tensorflow as tf
        import numpy
        import tensorflow_hub
        """,
        """
        import zlib
        import tensorflow as tf
        import tfmts_compat
        import numpy
        import tensorflow_hub
        """,
    ),
    "case": (
        """
        import PIL
        import tensorflow as tf
        import tensorflow_hub
        """,
        """
        import PIL
        import tensorflow as tf
        import tensorflow_hub
        import tfmts_compat
        """,
    ),
    "below-from": (
        """
        from a import b
        from tensorflow.compat import v1 as tf
        from z import y
        """,
        """
        import tfmts_compat
        from a import b
        from tensorflow.compat import v1 as tf
        from z import y
        """,
    ),
}


@pytest.mark.parametrize(("before", "after"), SORTED.values(), ids=SORTED)
def test_sorted_imports_stay_sorted(before, after):
    check_transformed(
        f"{dedented(before)}\nx = tf.train.Scaffold(tf.x)\n",
        f"{dedented(after)}\nx = tfmts_compat.Scaffold(tf.x)\n",
    )


def test_sorted_imports_stay_sorted_if_the_import_of_tensorflow_is_replaced():
    check_transformed(
        """
        import numpy
        import tensorflow as tf
        import tensorflow_hub

        tf.train.Scaffold()
        """,
        """
        import numpy
        import tensorflow_hub
        import tfmts_compat

        tfmts_compat.Scaffold()
        """,
    )


def test_sorted_imports_stay_sorted_if_all_names_of_an_import_move():
    check_transformed(
        """
        from absl import app
        from tensorflow.train import Scaffold
        from tensorflow_hub import load
        """,
        """
        from absl import app
        from tensorflow_hub import load
        from tfmts_compat import Scaffold
        """,
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
    result = rewrite(source, "module.py")
    assert result.text == source.replace("\nx", "\nimport tfmts_compat\nx").replace(
        "tf.train.", "tfmts_compat."
    )
    assert [str(finding) for finding in result.found if finding.code == "TFM104"] == [
        "module.py:1:8: TFM104 tf is no longer used here; remove it if nothing else needs it"
    ]


def test_an_import_with_a_comment_for_another_name_is_kept_and_reported():
    source = dedented("""
        from tensorflow.python.training import (monitored_session,  # a
                                                saver)
        monitored_session.Scaffold(saver)
    """)
    result = rewrite(source, "module.py")
    assert result.text == source.replace("monitored_session.S", "tfmts_compat.S").replace(
        "saver)\n", "saver)\nimport tfmts_compat\n", 1
    )
    assert [finding.code for finding in result.found] == ["TFM102", "TFM104", "TFM101"]


def test_only_the_import_that_another_file_uses_is_kept():
    source = dedented("""
        from tensorflow import train
        import tensorflow as tf
        x = train.Scaffold(tf.train.Scaffold)
    """)
    result = rewrite(source, "module.py", is_imported=lambda name: name == "train")
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
    assert rewrite(source, "module.py").text == source
