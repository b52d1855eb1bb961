"""An import that another file imports from a module is kept."""

import subprocess

import pytest

from tfmts_compat import cli
from tfmts_compat.migrate.codebase import modules

OLD = "import tensorflow as tf\nx = tf.train.Scaffold()\n"
KEPT = "import tensorflow as tf\nimport tfmts_compat\nx = tfmts_compat.Scaffold()\n"
REMOVED = "import tfmts_compat\nx = tfmts_compat.Scaffold()\n"
USERS = {
    "from": "from .compat import x, tf\n",
    "from-in-brackets": "from pkg.compat import (\n    x,\n    tf as t,\n)\n",
    "from-continued": "from pkg.compat import x, \\\n    tf\n",
    "star": "from pkg.compat import *\n",
    "attribute": "import pkg.compat\npkg.compat.tf.x\n",
    "attribute-of-an-alias": "import pkg.compat as c\nc.tf.x\n",
    "attribute-of-an-imported-module": "from . import compat as c\nc.tf.x\n",
    "attribute-of-a-variable": "from . import compat as a\nclass C:\n    c = a\nC.c.tf.x\n",
    "attribute-of-an-imported-string": "c = importlib.import_module('pkg.compat')\nc.tf.x\n",
    "patched": "mock.patch('pkg.compat.tf')\n",
    "patched-object": "from pkg import compat\nmock.patch.object(compat, 'tf')\n",
}
OTHERS = {
    "another-name": "from .compat import x\n",
    "another-module": "from .other import tf\n",
    "tensorflow": "from tensorflow.compat import *\nimport tensorflow as tf\ntf.x\n",
    "path-in-tensorflow": "from tensorflow.python.compat.tf import x\n",
    "attribute-of-another": "from .compat import x\nother.tf.x\n",
}


@pytest.fixture(autouse=True)
def _clear_caches():
    for cached in (modules._list_files, modules._find_replaced):
        cached.cache_clear()


def written(tree, *paths):
    cli.main(["migrate", "--write", *paths])
    return (tree() / "pkg/compat.py").read_text()


@pytest.mark.parametrize("paths", ["pkg", "pkg/compat.py"])
@pytest.mark.parametrize("other", USERS.values(), ids=USERS)
def test_an_import_that_another_file_uses_is_kept(tree, other, paths):
    tree(pkg__compat_py=OLD, tests__user_py=other)
    assert written(tree, paths) == KEPT


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_an_import_that_no_other_file_uses_is_removed(tree, other):
    tree(pkg__compat_py=OLD, pkg__user_py=other)
    assert written(tree, "pkg/compat.py") == REMOVED


@pytest.mark.parametrize(
    ("names", "is_removed"),
    [
        ('__all__ = [\n    "x",  # it\n]\n', True),
        ("__all__ = [it for it in dir()]\n", False),
        ('__all__ = ["x"]\n__all__ += other\n', False),
    ],
)
def test_a_star_import_uses_only_the_names_in_all(tree, names, is_removed):
    tree(pkg__compat_py=OLD + names, pkg__user_py="from .compat import *\n")
    assert written(tree, "pkg") == (REMOVED if is_removed else KEPT) + names


@pytest.mark.parametrize("other", ["from compat import tf\n", "%run -i ../pkg/compat.py\n"])
def test_an_import_that_a_notebook_uses_is_kept(tree, other):
    tree(pkg__compat_py=OLD, n_ipynb='{"cells": [{"source": ["' + other.replace("\n", '\\n"]}]}'))
    assert written(tree, "pkg") == KEPT


def test_imports_of_a_package_are_kept(tree):
    inner = "def f():\n    import tensorflow as tf\n    tf.train.Scaffold()\n"
    tree(pkg__compat_py=OLD)
    (tree() / "pkg/__init__.py").write_text(OLD + inner)
    assert written(tree, "pkg") == REMOVED
    assert (tree() / "pkg/__init__.py").read_text() == KEPT + (
        "def f():\n    tfmts_compat.Scaffold()\n"
    )


def test_imports_outside_a_repository_are_kept_and_reported(tree, capsys):
    tree(pkg__compat_py=OLD)
    subprocess.run(["rm", "-r", ".git"], check=True)
    assert written(tree, "pkg/compat.py") == KEPT
    assert capsys.readouterr().out.splitlines()[1:] == [
        "pkg/compat.py:1:8: TFM104 tf is no longer used here; remove it if nothing else needs it"
    ]
    tree(pkg__compat_py=OLD)
    assert written(tree, "pkg") == REMOVED


def test_imports_in_a_large_code_base_are_kept(tree, monkeypatch):
    tree(pkg__compat_py=OLD, a_py="")
    monkeypatch.setattr(modules, "_MOST", 1)
    assert written(tree, "pkg") == KEPT


def test_an_import_whose_name_is_not_ascii_is_kept(tree):
    tree(pkg__compat_py=OLD.replace("tf", "tfé"))
    tree(pkg__user_py="from .compat import tfé\n")
    assert written(tree, "pkg") == KEPT.replace("as tf", "as tfé")
