"""Import of the package: its names, and that it does not import TensorFlow."""

import subprocess
import sys

import pytest
import tensorflow as tf

import tfmts_compat
from tfmts_compat._upstream.names import UPSTREAM_NAMES


@pytest.mark.parametrize("name", UPSTREAM_NAMES)
def test_a_name_of_upstream_is_the_same_object(name):
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


def test_a_system_without_posix_signals_and_forks_can_use_the_package(tmp_path):
    """Without the names that Windows lacks, the pure parts and the hook's module work."""
    script = tmp_path / "script.py"
    script.write_text("import tensorflow as tf\nx = tf.train.Scaffold()\n")
    code = f"""
import multiprocessing, os, signal, sys
for name in ("SIGKILL", "SIGSTOP", "SIGHUP", "SIGUSR1", "SIGPIPE"):
    delattr(signal, name)
del os.fork, os.sched_getaffinity
sys.modules.update(dict.fromkeys(("fcntl", "grp", "pwd", "resource", "termios")))
multiprocessing.get_all_start_methods = lambda: ["spawn"]
from tfmts_compat import StopOnSignalHook, cli, explain
assert explain(checkpoint_dir="ckpt").checkpoints.secs == 600
assert StopOnSignalHook().received is None
sys.exit(cli.main(["migrate", "--write", {str(tmp_path)!r}]))
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    assert script.read_text() == "import tfmts_compat\nx = tfmts_compat.Scaffold()\n"
