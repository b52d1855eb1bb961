"""The package's surface: what it exports, and what importing it costs."""

import subprocess
import sys

import pytest
import tensorflow as tf

import tfmts_compat
from tfmts_compat.names import UPSTREAM_NAMES


@pytest.mark.parametrize("name", UPSTREAM_NAMES)
def test_a_name_of_upstream_is_the_very_object(name):
    assert getattr(tfmts_compat, name) is getattr(tf.compat.v1.train, name)
    assert name in dir(tfmts_compat)
    assert name in tfmts_compat.__all__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'Saver'"):
        _ = tfmts_compat.Saver


@pytest.mark.parametrize(
    "code",
    [
        "import tfmts_compat",
        "import tfmts_compat; tfmts_compat.explain(checkpoint_dir='/ckpt')",
        "from tfmts_compat import cli; cli.main(['--help'])",
        "from tfmts_compat import cli; cli.main(['explain', '--checkpoint_dir=/ckpt'])",
    ],
)
def test_tensorflow_is_not_imported(code):
    check = "import sys, atexit; atexit.register(lambda: print('tensorflow' in sys.modules))\n"
    result = subprocess.run(
        [sys.executable, "-c", check + code], capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "False"
