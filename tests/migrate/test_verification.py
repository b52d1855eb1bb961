"""Errors in a changed module."""

import sys

import pytest

from tfmts_compat import cli
from tfmts_compat.migrate.change.imports import Imports
from tfmts_compat.migrate.change.verification import find_fault
from tfmts_compat.migrate.read.source import Edits

from .helpers import dedented

TF, NEW = "import tensorflow as tf\n", "import tfmts_compat\n"
FAULTS = {
    "does-not-compile": (
        """
        import tensorflow as tf
        if a:
            import x
        """,
        """
        import tensorflow as tf
        if a:
        x = 1
        """,
        "it would not compile: expected an indented block",
    ),
    "import-in-a-function": (
        """
        def f():
            import tensorflow as tf
            return tf.x
        """,
        """
        def f():
            import tfmts_compat
            return tfmts_compat.x
        """,
        None,
    ),
    "import-in-another-function": (
        """
        import tensorflow as tf
        def f():
            return tfmts_compat.x, tf.x
        """,
        """
        import tensorflow as tf
        def f():
            import tfmts_compat
            return tfmts_compat.x, tf.x
        """,
        "tfmts_compat would be a new variable of f",
    ),
    "import-in-one-of-two-branches": (
        """
        if a:
            import tensorflow as tf
        else:
            import tensorflow as tf
        def f(): tf.y
        """,
        """
        if a:
            import tensorflow as tf
            import tfmts_compat
        else:
            import tensorflow as tf
        def f(): tfmts_compat.y
        """,
        "tfmts_compat on line 6 would be used before its import",
    ),
    "import-in-both-branches": (
        """
        if a:
            import tensorflow as tf
        else:
            import tensorflow as tf
        def f(): tf.y, tf.z
        """,
        """
        if a:
            import tensorflow as tf
            import tfmts_compat
        else:
            import tensorflow as tf
            import tfmts_compat
        def f(): tfmts_compat.y, tf.z
        """,
        None,
    ),
    "import-later-in-the-branch": (
        """
        if a:
            import tensorflow as tf
            b()
        def f(): tf.y
        """,
        """
        if a:
            import tensorflow as tf
            b()
            import tfmts_compat
        def f(): tfmts_compat.y
        """,
        "tfmts_compat on line 5 would be used before its import",
    ),
    "fallback": (
        """
        try:
            import tensorflow as tf
        except E:
            tf = None
        def f(): tf.y
        """,
        """
        try:
            import tensorflow as tf
            import tfmts_compat
        except E:
            tf = None
            tfmts_compat = None
        def f(): tfmts_compat.y
        """,
        None,
    ),
    "fallback-of-two-names": (
        """
        import tensorflow as tf
        def f(): tf.x
        y = tfmts_compat = None
        """,
        """
        import tensorflow as tf
        def f(): tf.x
        """,
        "it would have more or fewer statements",
    ),
    "no-import-for-an-alias": (
        """
        import tensorflow as tf
        t = tf.train
        t.x
        """,
        """
        import tensorflow as tf
        t = tf.train
        tfmts_compat.x
        """,
        "tfmts_compat on line 3 would be used before its import",
    ),
    "another-statement": (
        """
        import tensorflow as tf
        x = tf.y
        """,
        """
        import tensorflow as tf
        x = tf.y
        z = 1
        """,
        "it would have more or fewer statements",
    ),
    "another-name": (
        """
        import tensorflow as tf
        x = tf.y
        """,
        """
        import tensorflow as tf
        import tfmts_compat
        x = tfmts_compat.z
        """,
        "z on line 3 would replace",
    ),
    "another-value": (
        """
        import tensorflow as tf
        x = 1
        """,
        """
        import tensorflow as tf
        x = 2
        """,
        "1 would become 2",
    ),
    "another-import": (
        """
        import tensorflow as tf
        x = tf.y
        """,
        """
        import other
        import tensorflow as tf
        x = tf.y
        """,
        "it would import other",
    ),
    "import-after-the-use": (
        """
        import tensorflow as tf
        x = tf.y
        """,
        """
        import tensorflow as tf
        x = tfmts_compat.y
        import tfmts_compat
        """,
        "tfmts_compat on line 2 would be used before its import",
    ),
    "no-import": (
        """
        import tensorflow as tf
        import tfmts_compat
        def f():
            return tf.x, tf.y
        """,
        """
        import tensorflow as tf
        def f():
            return tfmts_compat.x, tf.y
        """,
        "tfmts_compat on line 3 would be used before its import",
    ),
    "import-in-a-branch": (
        """
        import tensorflow as tf
        if a:
            import tfmts_compat
        x = tf.y
        """,
        """
        import tensorflow as tf
        if a:
            import tfmts_compat
        x = tfmts_compat.y
        """,
        "tfmts_compat on line 4 would be used before its import",
    ),
    "parameter": (
        """
        import tensorflow as tf
        def f(tfmts_compat):
            return tf.x
        """,
        """
        import tensorflow as tf
        import tfmts_compat
        def f(tfmts_compat):
            return tfmts_compat.x
        """,
        "tfmts_compat on line 4 may have another value",
    ),
    "assigned-global": (
        """
        import tensorflow as tf
        def f():
            global tfmts_compat
            tfmts_compat = 3
        x = tf.y
        """,
        """
        import tensorflow as tf
        import tfmts_compat
        def f():
            global tfmts_compat
            tfmts_compat = 3
        x = tfmts_compat.y
        """,
        "tfmts_compat on line 6 may have another value",
    ),
    "declared-global": (
        """
        def f():
            import tensorflow as tf
            def g():
                global tfmts_compat
                return tf.y
        """,
        """
        def f():
            import tfmts_compat
            def g():
                global tfmts_compat
                return tfmts_compat.y
        """,
        "tfmts_compat on line 5 may have another value",
    ),
    "late-import-in-a-function": (
        """
        import tensorflow as tf
        def f():
            x = tf.y
            import os
        """,
        """
        import tensorflow as tf
        import tfmts_compat
        def f():
            x = tfmts_compat.y
            import os
            import tfmts_compat
        """,
        "tfmts_compat on line 4 would be used before its import",
    ),
    "removed-import-is-used": (
        """
        import tensorflow as tf
        x = tf.y
        def f():
            return tf.z
        """,
        """
        import tfmts_compat
        x = tfmts_compat.y
        def f():
            return tf.z
        """,
        "tf is used on line 4, but its import would be removed",
    ),
    "removed-import-of-a-global-is-used": (
        """
        def f():
            global tf
            import tensorflow as tf

        x = [tf.y for _ in z]
        """,
        """
        def f():
            global tf
            pass

        x = [tf.y for _ in z]
        """,
        "tf is used on line 5, but its import would be removed",
    ),
    "removed-import-of-a-class": (
        """
        class A:
            import tensorflow as tf
        """,
        """
        class A:
            pass
        """,
        "the attributes of A would change",
    ),
    "removed-import-of-an-outer-function": (
        """
        def f():
            import tensorflow as tf
            def g():
                nonlocal tf
                tf.x
        """,
        """
        def f():
            pass
            def g():
                nonlocal tf
                tf.x
        """,
        "it would not compile: no binding for nonlocal 'tf' found",
    ),
    "code-in-a-string-needs-a-variable-of-an-outer-function": (
        """
        def f():
            import tensorflow as tf
            def g():
                tf.y
                exec('tf.z')
        """,
        """
        import tfmts_compat
        def f():
            import tensorflow as tf
            def g():
                tfmts_compat.y
                exec('tf.z')
        """,
        "code in a string in g may use tf",
    ),
    "code-in-a-string-has-a-global": (
        """
        import tensorflow as tf
        def g():
            tf.y
            exec('tf.z')
        tf.a
        """,
        """
        import tfmts_compat
        import tensorflow as tf
        def g():
            tfmts_compat.y
            exec('tf.z')
        tf.a
        """,
        None,
    ),
    "another-function": (
        """
        import tensorflow as tf
        def f(): pass
        """,
        """
        import tensorflow as tf
        x = 1
        """,
        "it would change at line 2",
    ),
    "one-more-function": (
        """
        import tensorflow as tf
        x = 1
        """,
        """
        import tensorflow as tf
        def f(): pass
        """,
        "it would change at line 2",
    ),
    "removed-import-is-used-in-a-default": (
        """
        import tensorflow as tf
        def f(a=tf.z): return tf.y
        """,
        """
        import tfmts_compat
        def f(a=tf.z): return tfmts_compat.y
        """,
        "tf is used on line 2, but its import would be removed",
    ),
    "removed-import-is-used-as-a-base-class": (
        """
        import tensorflow as tf
        class A(tf.z): y = tf.y
        """,
        """
        import tfmts_compat
        class A(tf.z): y = tfmts_compat.y
        """,
        "tf is used on line 2, but its import would be removed",
    ),
    "removed-import-is-used-in-a-class-that-binds-the-name-later": (
        """
        import tensorflow as tf
        y = tf.y
        def f(tf):
            class A:
                tf.z
                tf = 1
        """,
        """
        import tfmts_compat
        y = tfmts_compat.y
        def f(tf):
            class A:
                tf.z
                tf = 1
        """,
        "tf is used on line 5, but its import would be removed",
    ),
    "used-before-its-import-before": (
        """
        import tensorflow as tf
        x = tfmts_compat.y
        import tfmts_compat
        z = tf.y
        tf.x
        """,
        """
        import tensorflow as tf
        x = tfmts_compat.y
        import tfmts_compat
        z = tfmts_compat.y
        tf.x
        """,
        None,
    ),
    "good": (
        """
        import tensorflow as tf
        x = tf.train.y
        """,
        """
        import tfmts_compat
        x = tfmts_compat.y
        """,
        None,
    ),
    "did-not-compile-before": (
        """
        print 3
        """,
        """
        print 4
        """,
        None,
    ),
    "parsed-but-did-not-compile-before": (
        """
        return
        """,
        """
        return
        x = (
        """,
        None,
    ),
    "unused-import-of-tensorflow": (
        """
        import tensorflow as tf
        x = tf.y
        """,
        """
        import tensorflow as tf
        import tfmts_compat
        x = tfmts_compat.y
        """,
        "the import of tf would be unused",
    ),
    "unused-import-of-tfmts_compat": (
        """
        import tensorflow as tf
        x = tf.y
        """,
        """
        import tensorflow as tf
        import tfmts_compat
        x = tf.y
        """,
        "the import of tfmts_compat would be unused",
    ),
    "undefined-in-all": (
        """
        import tensorflow as tf
        __all__ = ['tf']
        x = tf.y
        """,
        """
        import tfmts_compat
        __all__ = ['tf']
        x = tfmts_compat.y
        """,
        "tf would be undefined",
    ),
}


# Code that binds tfmts_compat, before the change
BOUND = {
    "except": """
    def f():
        try: pass
        except E as tfmts_compat: pass
        tf.x
    """,
    "loop": """
    def f():
        for tfmts_compat in y: pass
        tf.x
    """,
    "with": """
    def f():
        with y as tfmts_compat: pass
        tf.x
    """,
    "function": """
    def f():
        def tfmts_compat(): pass
        tf.x
    """,
    "class": """
    def f():
        class tfmts_compat: pass
        tf.x
    """,
    "import": """
    def f():
        import other as tfmts_compat
        tf.x
    """,
    "from-import": """
    def f():
        from other import tfmts_compat
        tf.x
    """,
    "walrus": """
    def f():
        [[tfmts_compat := 1 for _ in y] for _ in y]
        tf.x
    """,
    "star-argument": """
    def f(*tfmts_compat):
        tf.x
    """,
    "keyword": """
    def f(*, tfmts_compat=1):
        tf.x
    """,
    "lambda": "lambda tfmts_compat: tf.x\n",
    "outer": """
    def f():
        tfmts_compat = 1
        def g():
            tf.x
    """,
    "nonlocal": """
    def f():
        tfmts_compat = 1
        def g():
            nonlocal tfmts_compat
            tf.x
    """,
    "global": """
    def f():
        tfmts_compat = 1
        def g():
            global tfmts_compat
            tf.x
    """,
    "comprehension": "[tf.x for _ in y for tfmts_compat in _]\n",
    "comprehension-alone": """
    def f():
        [0 for tfmts_compat in tf.x]
        tf.x
    """,
    "class-body": """
    class A:
        tfmts_compat = 1
        tf.x
    """,
    "class-attribute": """
    class A:
        tfmts_compat = 1
        def f(self):
            tf.x
    """,
    "default": "def f(tfmts_compat=tf.x): pass\n",
    "decorator": """
    @tf.x
    def f(tfmts_compat): pass
    """,
}
if sys.version_info >= (3, 10):
    BOUND["match"] = """
        def f():
            match y:
                case [*tfmts_compat]: pass
            tf.x
        """
    BOUND["match-rest"] = """
        def f():
            match y:
                case {**tfmts_compat}: pass
            tf.x
        """


@pytest.mark.parametrize("code", BOUND.values(), ids=BOUND)
def test_a_name_that_something_else_binds_is_found(code):
    old = TF + dedented(code)
    new = TF + NEW + dedented(code).replace("tf.x", "tfmts_compat.x")
    assert "tfmts_compat on line" in find_fault(old, new)
    assert "may have another value" in find_fault(old, new)


@pytest.mark.parametrize(("old", "new", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_of_a_change_is_found(old, new, message):
    found = find_fault(dedented(old), dedented(new))
    assert found == message or found.startswith(message)


def remove_all(imports):
    return [binding for reach in imports._uses.values() for binding in reach.imports]


def overlap(imports, *_):
    imports._module.edits.replace(0, 35, "")
    return []


def leave_blocks_empty(edits, start, end, new, replace=Edits.replace):
    replace(edits, start, end, new.replace("pass", ""))


USE = f"""{TF}x = tf.train.Scaffold(
    tf.x)
y = getattr(tf.train, 'Scaffold')
"""
# A method that makes edits, the wrong method in its place, a module, the finding
WRONG = {
    "import-not-added": (
        (Imports, "_add_imports", lambda *_: []),
        USE,
        "2:5: TFM003 the file is not changed, because tfmts_compat on line 2 would be used before "
        "its import",
    ),
    "used-import-removed": (
        (Imports, "_find_unused", remove_all),
        USE,
        "1:1: TFM003 the file is not changed, because tf is used on line 4, but its import would "
        "be removed",
    ),
    "edits-overlap": (
        (Imports, "_add_imports", overlap),
        USE,
        "2:5: TFM003 the file is not changed, because two changes overlap at 28: 'tf.trai'",
    ),
    "empty-block": (
        (Edits, "replace", leave_blocks_empty),
        f"{TF}if x:\n    from tensorflow import train\ntf.train.Scaffold(train.Scaffold)\n"
        "x = ['tensorflow.train.Scaffold']\n",
        "1:1: TFM003 the file is not changed, because it would not compile: expected an indented "
        "block",
    ),
}


@pytest.mark.parametrize(("wrong", "text", "message"), WRONG.values(), ids=WRONG)
def test_a_change_that_cannot_be_verified_is_not_written(
    tree, monkeypatch, capsys, wrong, text, message
):
    tree(a_py=text, b_py="import tensorflow as tf\n")
    monkeypatch.setattr(*wrong)
    assert cli.main(["migrate", "--write", "."]) == 2
    out, err = capsys.readouterr()
    assert err.startswith(f"a.py:{message}")
    assert err.splitlines()[0].endswith("; replace its names by hand, and report this")
    assert err.splitlines()[1] == (
        "tfmts-compat: changed 0 files (0 names), left 1 place to change by hand, "
        "could not migrate 1 file, read 2 files"
    )
    assert [line.split()[1] for line in out.splitlines()] in (["TFM201"], ["TFM209"])
    assert (tree() / "a.py").read_text() == text
