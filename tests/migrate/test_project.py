"""Modules of the code base that re-export TensorFlow: resolved, or reported with the reason."""

import sys

import pytest

from tfmts_compat import cli
from tfmts_compat.migrate.change.rewrite import Result, rewrite
from tfmts_compat.migrate.codebase import modules
from tfmts_compat.migrate.read import resolver

USE = "x = {0}train.Scaffold(), {0}x\n"
RESOLVED = {
    "import": ("import tensorflow as tf\n", "from .compat import tf", "tf."),
    "as": ("import tensorflow.compat.v1 as tf\n", "from .compat import tf as tf1", "tf1."),
    "absolute": ("import tensorflow as tf\n", "from pkg.compat import tf", "tf."),
    "module": ("import tensorflow as tf\n", "from . import compat", "compat.tf."),
    "whole": ("import tensorflow as tf\n", "import pkg.compat", "pkg.compat.tf."),
    "versions": (
        "import tensorflow\nif tensorflow.x:\n    tf = tensorflow.compat.v1\n"
        "else:\n    tf = tensorflow\n",
        "from .compat import tf",
        "tf.",
    ),
    "again-and-again": (
        "import tensorflow as tf\n" + "tf = tf.compat.v1\n" * 30,
        "from .compat import tf",
        "tf.",
    ),
    "star-of-others": (
        "from .others import *\nimport tensorflow as tf\n",
        "from .compat import tf",
        "tf.",
    ),
    "itself": ("import tensorflow as tf\ntf = tf.compat.v1\n", "from .compat import tf", "tf."),
    "conditional": (
        "import tensorflow as t\ntf = t.compat.v1 if t.x else t\n",
        "from .compat import tf",
        "tf.",
    ),
    "twice": ("from .inner import tf\n", "from .compat import tf", "tf."),
    "star": ("from .inner import *\n", "from .compat import tf", "tf."),
    "cycle": (
        "from .compat import *\nimport tensorflow as tf\n",
        "from .compat import tf",
        "tf.",
    ),
    "alias": ("import tensorflow as tf\n", "from . import compat\ntf1 = compat.tf", "tf1."),
}
REPLACE = "if it is, replace tf.train.Scaffold with tfmts_compat.Scaffold and import tfmts_compat"
NOT_RESOLVED = {
    "function": ("def load(): pass\ntf = load()\n", "it has another value at pkg/compat.py:2"),
    "class": ("class tf: pass\n", "it has another value at pkg/compat.py:1"),
    "loop": ("for tf in load():\n    pass\n", "it has another value at pkg/compat.py:1"),
    "elsewhere": ("from company import tf\n", "it is company.tf in pkg/compat.py"),
    "missing": ("import os\n", "pkg/compat.py does not define it"),
}
AMBIGUOUS = {
    "star": (
        "from .inner import *\nimport tensorflow as tf\n",
        "it has another value at pkg/inner.py:1",
    ),
    "comprehension": (
        "import tensorflow as tf\n[tf := it for it in load()]\n",
        "it has another value at pkg/compat.py:2",
    ),
    "branch": (
        "try:\n    import tensorflow as tf\nexcept ImportError:\n    tf = fake()\n",
        "it has another value at pkg/compat.py:4",
    ),
    "global": (
        "import tensorflow as tf\ndef f():\n    global tf\n    tf = 1\n",
        "it has another value at pkg/compat.py:4",
    ),
}


def found_in_user(tree, compat):
    """The findings of a module that imports tf from pkg/compat.py; the module does not change."""
    tree(pkg__compat_py=compat, pkg__inner_py="tf = fake()\n")
    source = f"from .compat import tf\n{USE.format('tf.')}"
    result = rewrite(source, "pkg/user.py")
    assert result.text == source
    return [(finding.code, finding.message) for finding in result.found]


if sys.version_info >= (3, 10):
    AMBIGUOUS["match"] = (
        "import tensorflow as tf\nmatch load():\n    case {**tf}: pass\n",
        "it has another value at pkg/compat.py:3",
    )


@pytest.fixture(autouse=True)
def _clear_caches():
    importer = (modules._list_files, modules._find_replaced)
    for cached in (resolver.load, resolver.find_module, *importer):
        cached.cache_clear()


@pytest.mark.parametrize(("compat", "imported", "prefix"), RESOLVED.values(), ids=RESOLVED)
def test_a_module_that_re_exports_tensorflow_is_resolved(tree, compat, imported, prefix):
    inner = "import tensorflow as tf\n"
    tree(pkg__compat_py=compat, pkg__inner_py=inner)
    old = f"{imported}\n{USE.format(prefix)}"
    first, *rest = imported.splitlines(keepends=True)
    new = [first.rstrip(), *rest, f"x = tfmts_compat.Scaffold(), {prefix}x"]
    # relative imports are the last section
    new[:1] = ["import tfmts_compat", "", first.rstrip()] if "from ." in first else [
        first.rstrip(), "import tfmts_compat"]  # fmt: skip
    tree(pkg__user_py=old)
    result = rewrite(old, "pkg/user.py")
    assert result.text == "\n".join([*new, ""])
    assert [finding.code for finding in result.found] == ["TFM102", "TFM101"]
    assert cli.main(["migrate", "--write", "."]) == 0
    assert (tree() / "pkg/user.py").read_text() == result.text
    assert cli.main(["migrate", "--check", "--strict", "."]) == 0


@pytest.mark.parametrize(("compat", "reason"), NOT_RESOLVED.values(), ids=NOT_RESOLVED)
def test_a_module_with_another_definition_is_reported(tree, compat, reason):
    message = f"it is not known whether tf is TensorFlow, because {reason}; {REPLACE}"
    assert found_in_user(tree, compat) == [("TFM208", message)]


@pytest.mark.parametrize(("compat", "reason"), AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_a_module_with_two_definitions_is_reported(tree, compat, reason):
    message = (
        "may be tensorflow.train.Scaffold, which tfmts_compat.Scaffold replaces, or something else "
        f"with the same name, because {reason}; use two different names"
    )
    assert found_in_user(tree, compat) == [("TFM205", message)]


def test_a_module_named_train_with_another_definition_is_reported(tree):
    tree(pkg__compat_py="import tensorflow as tf\ntrain = getattr(tf, 'train')\n")
    (found,) = rewrite("from .compat import train\ntrain.Scaffold()\n", "pkg/user.py").found
    assert str(found) == (
        "pkg/user.py:2:1: TFM208 it is not known whether train is a module of TensorFlow, because "
        "it has another value at pkg/compat.py:2; if it is, replace train.Scaffold with "
        "tfmts_compat.Scaffold and import tfmts_compat"
    )


@pytest.mark.parametrize("use", ["x = []  # type: List[{}]\n", "x: 'List[{}]' = []\n"])
def test_a_quoted_name_that_a_module_binds_is_not_reported(tree, use):
    tree(pkg__compat_py="import tensorflow as tf\nScaffold = tf.train.Scaffold\n")
    source = f"from . import compat\n{use}"
    assert rewrite(source.format("compat.Scaffold"), "pkg/user.py").found == []
    (found,) = rewrite(source.format("compat.tf.train.Scaffold"), "pkg/user.py").found
    assert found.code == "TFM206"


def test_a_name_that_a_module_gives_to_another_class_is_not_replaced(tree):
    tree(pkg__compat_py="import tensorflow as tf\nScaffold = tf.train.MonitoredSession\n")
    source = "from . import compat\nx = compat.Scaffold()\n"
    assert rewrite(source, "pkg/user.py") == Result(source, [])


PATCHES = {
    "path": ('mock.patch("pkg.user.tf.train.Scaffold")', ["TFM209"]),
    "quoted": ("x: 'user.tf.train.Scaffold' = y", ["TFM206"]),
    "object": ('mock.patch.object(user.tf.train, "Scaffold")', ["TFM201"]),
    "own-path": ('mock.patch("pkg.own.train.Scaffold")', []),
    "own-object": ('mock.patch.object(own.train, "Scaffold")', []),
}


@pytest.mark.parametrize(("patch", "codes"), PATCHES.values(), ids=PATCHES)
def test_a_name_that_is_patched_through_a_module_is_reported(tree, capsys, patch, codes):
    tree(pkg__user_py="import tensorflow as tf\n", pkg__own__train_py="class Scaffold: pass\n")
    tree(tests__a_py=f"from pkg import user, own\n{patch}\n")
    assert cli.main(["migrate", "--check", "--strict", "tests"]) == bool(codes)
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == codes


def test_an_import_of_the_code_base_is_not_removed(tree, capsys):
    tree(pkg__compat_py="import tensorflow as tf\ntf.disable_v2_behavior()\n")
    tree(pkg__user_py="from .compat import tf\nx = tf.train.Scaffold()\n")
    assert cli.main(["migrate", "--write", "."]) == 0
    assert (tree() / "pkg/user.py").read_text() == (
        "import tfmts_compat\n\nfrom .compat import tf\nx = tfmts_compat.Scaffold()\n"
    )
    assert "pkg/user.py:3:21: TFM104 tf is no longer used" in capsys.readouterr().out


def written(tree, **files):
    """Migrates the files, and returns the text of pkg/user.py."""
    tree(**files)
    cli.main(["migrate", "--write", "."])
    return (tree() / "pkg/user.py").read_text()


OPTIONAL = "try:\n    import tensorflow as tf\nexcept ImportError:\n    tf = None\n"
NEEDED = {
    "needed": "import tensorflow as tf\n",
    "needed-elsewhere": "from .needs import x\n" + OPTIONAL,
}
NOT_NEEDED = {
    "tried": OPTIONAL,
    "in-a-branch": "tf = None\nif x:\n    import tensorflow as tf\n",
    "in-a-function": "def load():\n    global tf\n    import tensorflow as tf\n",
    "type-checking": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import tensorflow as tf\n",  # noqa: E501
    "suppressed": "import contextlib\nwith contextlib.suppress(ImportError):\n    import tensorflow as tf\n",  # noqa: E501
}
USER = "from .compat import tf\ndef f():\n    return tf.train.Scaffold(tf.x)\n"


@pytest.mark.parametrize("compat", NEEDED.values(), ids=NEEDED)
def test_a_module_whose_tensorflow_is_needed_in_another_file_imports_it_at_the_top(tree, compat):
    files = {"pkg__compat_py": compat, "pkg__needs_py": "import tensorflow\nx = 1\n"}
    assert written(tree, pkg__user_py=USER, **files) == (
        "import tfmts_compat\n\n" + USER.replace("tf.train.", "tfmts_compat.")
    )


@pytest.mark.parametrize("compat", NOT_NEEDED.values(), ids=NOT_NEEDED)
def test_a_name_whose_tensorflow_is_optional_in_another_file_is_reported(tree, compat, capsys):
    assert written(tree, pkg__user_py=USER, pkg__compat_py=compat) == USER
    assert "pkg/user.py:3:12: TFM212 tensorflow.train.Scaffold is used where TensorFlow is " in (
        capsys.readouterr().out
    )


def test_an_optional_import_of_a_module_that_needs_tensorflow_gets_its_own_import(tree):
    user = "try:\n    from .compat import tf\nexcept ImportError:\n    tf = None\n"
    use = "def f():\n    return tf.train.Scaffold(tf.x)\n"
    text = written(tree, pkg__user_py=user + use, pkg__compat_py="import tensorflow as tf\n")
    assert text == (
        "try:\n    from .compat import tf\n    import tfmts_compat\nexcept ImportError:\n"
        "    tf = None\n    tfmts_compat = None\n" + use.replace("tf.train", "tfmts_compat")
    )


MOCKS = {
    "patched": "mock.patch('tensorflow.train.Scaffold')",
    "patched-object": "mock.patch.object(tf.compat.v1.train, 'Scaffold')",
    "monkeypatch": "monkeypatch.setattr(tf.train, 'Scaffold', f)",
}
REPLACES = {
    "assigned": "tf.train.Scaffold = wrap(tf.train.Scaffold)",
    "setattr": "setattr(tf.train, 'Scaffold', f)",
    "module": "tf.train = f",
    "deleted": "del tf.train.Scaffold",
    "loop": "for tf.train.Scaffold in f(): pass",
    "with": "with f() as tf.train.Scaffold: pass",
}


@pytest.mark.parametrize("code", REPLACES.values(), ids=REPLACES)
@pytest.mark.parametrize(
    "user",
    [
        "import tensorflow as tf\nx = tf.train.Scaffold()\n",
        "from tensorflow.train import Scaffold\n",
    ],
)
def test_a_name_that_another_file_replaces_is_reported_and_not_changed(tree, capsys, code, user):
    patcher = f"import tensorflow as tf\n{code}\n"
    assert written(tree, pkg__user_py=user, tests__patcher_py=patcher) == user
    assert "may be replaced at tests/patcher.py:2, which does not change" in capsys.readouterr().out


@pytest.mark.parametrize("code", MOCKS.values(), ids=MOCKS)
@pytest.mark.parametrize(
    ("path", "is_changed"),
    [("pkg__patcher_py", False), ("tests__a_py", True), ("pkg__conftest_py", True)],
)
def test_a_mock_in_a_test_file_is_reported_and_changes_no_other_file(
    tree, capsys, code, path, is_changed
):
    user = "import tensorflow as tf\nx = tf.train.Scaffold()\n"
    mock = f"from unittest import mock\nimport tensorflow as tf\n{code}\n"
    text = written(tree, pkg__user_py=user, **{path: mock})
    assert ("tfmts_compat" in text) == is_changed
    assert ":3:" in capsys.readouterr().out


def test_other_names_of_a_file_that_replaces_one_are_changed(tree):
    patcher = "import tensorflow as tf\ntf.train.Scaffold = f\n"
    user = "import tensorflow as tf\nx = tf.train.StopAtStepHook(1)\n"
    assert "tfmts_compat" in written(tree, pkg__user_py=user, pkg__patcher_py=patcher)


@pytest.mark.parametrize("before", ["from tensorflow.train import Scaffold\n", "import x\n"])
def test_a_class_that_a_module_defines_last_is_its_own(tree, before):
    tree(pkg__hooks_py=f"{before}class Scaffold(Scaffold):\n    pass\n")
    source = "from . import hooks\nx = hooks.Scaffold()\n"
    assert rewrite(source, "pkg/user.py") == Result(source, [])
