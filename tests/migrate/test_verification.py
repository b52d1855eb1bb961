"""Errors in a changed module."""

import re
import sys

import pytest

from tfmts_compat import cli
from tfmts_compat.migrate.change.imports import Imports
from tfmts_compat.migrate.change.verification import fault
from tfmts_compat.migrate.read.source import Edits

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
        None,
    ),
    "import-in-another-function": (
        "def f():\n    import tensorflow as tf\n    return tf.x\n",
        "import tfmts_compat\ndef f():\n    tfmts_compat = 3\n    return tfmts_compat.x\n",
        "tfmts_compat would be a new variable of f",
    ),
    "import-in-one-of-two-branches": (
        f"if a:\n    {TF}else:\n    {TF}def f(): tf.y\n",
        f"if a:\n    {TF}    {NEW}else:\n    {TF}def f(): tfmts_compat.y\n",
        "tfmts_compat on line 6 would be used before its import",
    ),
    "import-in-both-branches": (
        f"if a:\n    {TF}else:\n    {TF}def f(): tf.y\n",
        f"if a:\n    {TF}    {NEW}else:\n    {TF}    {NEW}def f(): tfmts_compat.y\n",
        None,
    ),
    "import-later-in-the-branch": (
        f"if a:\n    {TF}    b()\ndef f(): tf.y\n",
        f"if a:\n    {TF}    b()\n    {NEW}def f(): tfmts_compat.y\n",
        "tfmts_compat on line 5 would be used before its import",
    ),
    "fallback": (
        f"try:\n    {TF}except E:\n    tf = None\ndef f(): tf.y\n",
        f"try:\n    {TF}    {NEW}except E:\n    tf = None\n    tfmts_compat = None\n"
        "def f(): tfmts_compat.y\n",
        None,
    ),
    "another-statement": (TF + "x = tf.y\n", TF + "x = tf.y\nz = 1\n", "z would be a new variable"),
    "another-name": (
        TF + "x = tf.y\n",
        TF + NEW + "x = tfmts_compat.z\n",
        "z on line 3 would replace",
    ),
    "another-value": (TF + "x = 1\n", TF + "x = 2\n", "1 would become 2"),
    "another-import": (TF + "x = tf.y\n", "import other\n" + TF + "x = tf.y\n", "other would be"),
    "import-after-the-use": (
        f"{TF}x = tf.y\n",
        f"{TF}x = tfmts_compat.y\n{NEW}",
        "tfmts_compat on line 2 would be used before its import",
    ),
    "no-import": (
        f"{TF}def f():\n    return tf.x\n",
        f"{TF}def f():\n    return tfmts_compat.x\n",
        "tfmts_compat on line 3 would be used before its import",
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
    "another-function": (
        f"{TF}def f(): pass\n",
        f"{TF}x = 1\n",
        "its functions and classes would change",
    ),
    "one-more-function": (
        f"{TF}x = 1\n",
        f"{TF}def f(): pass\n",
        "its functions and classes would change",
    ),
    "removed-import-is-used-in-a-default": (
        f"{TF}def f(a=tf.z): return tf.y\n",
        f"{NEW}def f(a=tf.z): return tfmts_compat.y\n",
        "tf is used on line 2, but its import would be removed",
    ),
    "removed-import-is-used-as-a-base-class": (
        f"{TF}class A(tf.z): y = tf.y\n",
        f"{NEW}class A(tf.z): y = tfmts_compat.y\n",
        "tf is used on line 2, but its import would be removed",
    ),
    "removed-import-is-used-in-a-class-that-binds-the-name-later": (
        f"{TF}y = tf.y\ndef f(tf):\n    class A:\n        tf.z\n        tf = 1\n",
        f"{NEW}y = tfmts_compat.y\ndef f(tf):\n    class A:\n        tf.z\n        tf = 1\n",
        "tf is used on line 5, but its import would be removed",
    ),
    "used-before-its-import-before": (
        f"{TF}x = tfmts_compat.y\n{NEW}z = tf.y\n",
        f"{TF}x = tfmts_compat.y\n{NEW}z = tfmts_compat.y\n",
        None,
    ),
    "good": (f"{TF}x = tf.train.y\n", f"{NEW}x = tfmts_compat.y\n", None),
    "did-not-compile-before": ("print 3\n", "print 4\n", None),
    "parsed-but-did-not-compile-before": ("return\n", "return\nx = (\n", None),
}


HERE = "{0}.x"  # the use that becomes tfmts_compat.x
# Code that binds tfmts_compat, and the scope in which the use then has another value, or None
BOUND = {
    "except": (f"def f():\n try: pass\n except E as tfmts_compat: pass\n {HERE}\n", "f"),
    "loop": (f"def f():\n for tfmts_compat in y: pass\n {HERE}\n", "f"),
    "with": (f"def f():\n with y as tfmts_compat: pass\n {HERE}\n", "f"),
    "function": (f"def f():\n def tfmts_compat(): pass\n {HERE}\n", "f"),
    "class": (f"def f():\n class tfmts_compat: pass\n {HERE}\n", "f"),
    "import": (f"def f():\n import other as tfmts_compat\n {HERE}\n", "f"),
    "from-import": (f"def f():\n from other import tfmts_compat\n {HERE}\n", "f"),
    "walrus": (f"def f():\n [[tfmts_compat := 1 for _ in y] for _ in y]\n {HERE}\n", "f"),
    "star-argument": (f"def f(*tfmts_compat):\n {HERE}\n", "f"),
    "keyword": (f"def f(*, tfmts_compat=1):\n {HERE}\n", "f"),
    "lambda": (f"lambda tfmts_compat: {HERE}\n", "a lambda"),
    "outer": (f"def f():\n tfmts_compat = 1\n def g():\n  {HERE}\n", "f"),
    "nonlocal": (
        f"def f():\n tfmts_compat = 1\n def g():\n  nonlocal tfmts_compat\n  {HERE}\n",
        "f",
    ),
    "global": (f"def f():\n tfmts_compat = 1\n def g():\n  global tfmts_compat\n  {HERE}\n", None),
    "comprehension": (f"[{HERE} for _ in y for tfmts_compat in _]\n", "a comprehension"),
    "comprehension-alone": (f"def f():\n [0 for tfmts_compat in {HERE}]\n {HERE}\n", None),
    "class-body": (f"class A:\n tfmts_compat = 1\n {HERE}\n", "A"),
    "class-attribute": (f"class A:\n tfmts_compat = 1\n def f(self):\n  {HERE}\n", None),
    "default": (f"def f(tfmts_compat={HERE}): pass\n", None),
    "decorator": (f"@{HERE}\ndef f(tfmts_compat): pass\n", None),
}
if sys.version_info >= (3, 10):
    BOUND["match"] = (f"def f():\n match y:\n  case [*tfmts_compat]: pass\n {HERE}\n", "f")
    BOUND["match-rest"] = (
        f"def f():\n match y:\n  case {{{{**tfmts_compat}}}}: pass\n {HERE}\n",
        "f",
    )


@pytest.mark.parametrize(("code", "scope"), BOUND.values(), ids=BOUND)
def test_a_name_with_another_value_is_found(code, scope):
    old, new = TF + code.format("tf"), TF + NEW + code.format("tfmts_compat")
    found = fault(old, new)
    assert (found and re.sub(r"\d+", "N", found)) == (
        scope and f"tfmts_compat on line N may have another value in {scope}"
    )


@pytest.mark.parametrize(("old", "new", "message"), FAULTS.values(), ids=FAULTS)
def test_an_error_is_found(old, new, message):
    found = fault(old, new)
    assert found == message or found.startswith(message)


def remove_all(imports):
    return [(each.node, each.node.names[0]) for _, reach in imports._uses for each in reach.imports]


def leave_blocks_empty(edits, start, end, new, replace=Edits.replace):
    replace(edits, start, end, new.replace("pass", ""))


USE = f"{TF}x = tf.train.Scaffold(tf.x)\ny = getattr(tf.train, 'Scaffold')\n"
# A method that makes edits, the wrong method in its place, a module, the finding
WRONG = {
    "import-not-added": (
        (Imports, "_add_import", lambda *_: []),
        USE,
        "2:5: TFM003 the file is not changed, because tfmts_compat on line 2 would be used before "
        "its import",
    ),
    "used-import-removed": (
        (Imports, "_unused", remove_all),
        USE,
        "1:1: TFM003 the file is not changed, because tf is used on line 2, but its import would "
        "be removed",
    ),
    "edits-overlap": (
        (Imports, "_rename", lambda imports, *_: imports._module.edits.replace(0, 99, "")),
        USE,
        "1:1: TFM003 the file is not changed, because two changes overlap at 24: "
        + repr(USE[24:99]),
    ),
    "empty-block": (
        (Edits, "replace", leave_blocks_empty),
        f"if x:\n    {TF}else:\n    {TF}tf.train.Scaffold()\nx = ['tensorflow.train.Scaffold']\n",
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
