"""Errors in a changed module."""

import pytest

from tfmts_compat.migrate import rewrite
from tfmts_compat.migrate.verification import fault

TF, NEW = "import tensorflow as tf\n", "import tfmts_compat\n"
FAULTS = {
    "does-not-compile": (
        TF + "if a:\n    import x\n",
        TF + "if a:\nx = 1\n",
        "it would not compile: expected an indented block",
    ),
    "import-in-a-function": (
        "def f():\n    import tensorflow as tf\n    return tf.x\n",
        "def f():\n    import tfmts_compat\n    return tfmts_compat.x\n",
        "tfmts_compat would be a new variable of f",
    ),
    "import-after-the-use": (
        f"{TF}x = tf.y\n",
        f"{TF}x = tfmts_compat.y\n{NEW}",
        "tfmts_compat on line 2 would be used before its import",
    ),
    "import-in-a-branch": (
        f"{TF}if a:\n    {NEW}x = tf.y\n",
        f"{TF}if a:\n    {NEW}x = tfmts_compat.y\n",
        "tfmts_compat on line 4 would be used before its import",
    ),
    "parameter": (
        f"{TF}def f(tfmts_compat):\n    return tf.x\n",
        f"{TF}{NEW}def f(tfmts_compat):\n    return tfmts_compat.x\n",
        "tfmts_compat on line 4 may have another value in f",
    ),
    "assigned-global": (
        f"{TF}def f():\n    global tfmts_compat\n    tfmts_compat = 3\nx = tf.y\n",
        f"{TF}{NEW}def f():\n    global tfmts_compat\n    tfmts_compat = 3\nx = tfmts_compat.y\n",
        "tfmts_compat on line 6 may have another value in the module",
    ),
    "removed-import-is-used": (
        f"{TF}x = tf.y\ndef f():\n    return tf.z\n",
        f"{NEW}x = tfmts_compat.y\ndef f():\n    return tf.z\n",
        "tf is used on line 4, but its import would be removed",
    ),
    "removed-import-of-a-global-is-used": (
        "def f():\n    global tf\n    import tensorflow as tf\n\nx = [tf.y for _ in z]\n",
        "def f():\n    global tf\n    pass\n\nx = [tf.y for _ in z]\n",
        "tf is used on line 5, but its import would be removed",
    ),
    "removed-import-of-a-class": (
        "class A:\n    import tensorflow as tf\n",
        "class A:\n    pass\n",
        "tf would no longer be an attribute of A",
    ),
    "removed-import-of-an-outer-function": (
        "def f():\n    import tensorflow as tf\n    def g():\n        nonlocal tf\n        tf.x\n",
        "def f():\n    pass\n    def g():\n        nonlocal tf\n        tf.x\n",
        "it would not compile: no binding for nonlocal 'tf' found",
    ),
    "code-in-a-string-needs-a-variable-of-an-outer-function": (
        f"def f():\n    {TF}    def g():\n        tf.y\n        exec('tf.z')\n",
        f"{NEW}def f():\n    {TF}    def g():\n        tfmts_compat.y\n        exec('tf.z')\n",
        "code in a string in g may use tf",
    ),
    "code-in-a-string-has-a-global": (
        f"{TF}def g():\n    tf.y\n    exec('tf.z')\n",
        f"{NEW}{TF}def g():\n    tfmts_compat.y\n    exec('tf.z')\n",
        None,
    ),
    "good": (f"{TF}x = tf.train.y\n", f"{NEW}x = tfmts_compat.y\n", None),
    "did-not-compile-before": ("print 3\n", "print 4\n", None),
}


@pytest.mark.parametrize(("old", "new", "message"), FAULTS.values(), ids=FAULTS)
def test_an_error_is_found(old, new, message):
    found = fault(old, new)
    assert found == message or found.startswith(message)


def test_a_change_that_cannot_be_verified_is_not_made(monkeypatch):
    monkeypatch.setattr(rewrite.verification, "fault", lambda old, new: "x is not bound")
    text = f"{TF}x = tf.train.Scaffold()\ny = getattr(tf.train, 'Scaffold')\n"
    result = rewrite.rewritten(text, "module.py")
    assert (result.text, result.changes) == (text, [])
    assert [it.code for it in result.found] == ["TFM003", "TFM201"]
    assert result.found[0].message == (
        "the file is not changed, because x is not bound; "
        "replace its names by hand, and report this"
    )
