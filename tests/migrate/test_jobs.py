"""Files that several processes migrate."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked")
RUN = """\
import os, signal, sys, time
from tfmts_compat import cli
from tfmts_compat.migrate.codebase import jobs

jobs.cores = lambda: 2
jobs._ENOUGH = 0
processed = jobs.processed
{0}
sys.exit(cli.main(["migrate", "--write", "."]))
"""
KILLED = """
def jobs_processed(path, *rest):
    if path == "b.py":
        os.kill(os.getpid(), signal.SIGKILL)
    return processed(path, *rest)
jobs.processed = jobs_processed
"""
SLOW = """
def jobs_processed(path, *rest):
    while path == "a.py" and b"tensorflow" in open("c.py", "rb").read():
        time.sleep(0.01)
    return processed(path, *rest)
jobs.processed = jobs_processed
"""
KILLS_MAIN = """
def jobs_processed(path, *rest):
    os.kill(os.getppid(), signal.SIGKILL)
    return processed(path, *rest)
jobs.processed = jobs_processed
"""


def run(tree, patch):
    old = "import tensorflow as tf\nx = tf.train.Scaffold()\n"
    tree(a_py=old, b_py=old, c_py=old)
    return subprocess.run(
        [sys.executable, "-c", RUN.format(patch)],
        capture_output=True, text=True, cwd=tree(), check=False, timeout=60,
    )  # fmt: skip


def test_a_killed_process_is_reported_and_other_files_are_migrated(tree):
    result = run(tree, KILLED)
    assert result.returncode == 2
    assert sorted(result.stdout.splitlines()) == ["a.py: replaced 1 name", "c.py: replaced 1 name"]
    assert result.stderr.splitlines()[0] == (
        "b.py:1:1: TFM002 cannot be analyzed: the process was killed, or ran out of memory"
    )


def test_finished_files_are_written_before_a_slow_one(tree):
    result = run(tree, SLOW)
    assert result.returncode == 0  # a.py waits until c.py is written
    assert result.stdout.splitlines() == [f"{name}.py: replaced 1 name" for name in "abc"]


def test_the_processes_end_if_the_main_process_is_killed(tree):
    assert run(tree, KILLS_MAIN).returncode == -9  # they keep stdout open until they end
