"""Files that are read in another process."""

import subprocess
import sys

import pytest

FOUND = """\
from tfmts_compat.migrate import candidates
from tfmts_compat.migrate.files import Settings

candidates.cores = lambda: {0}
print(*candidates.candidates(["missing.py", "."], Settings.read(".")), sep="\\n")
"""
KILLED = """\
import os, signal, sys
from tfmts_compat import cli
from tfmts_compat.migrate import candidates

def killed(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)
    yield

candidates.cores = lambda: 2
candidates._found = killed
sys.exit(cli.main(["migrate", "--write", "."]))
"""


def run(tree, program):
    tree(a_py="import tensorflow as tf\nx = tf.train.Scaffold()\n", b_py="x = 1\n")
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, cwd=tree(), check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("cores", [1, 2])
def test_candidates_are_the_same_with_and_without_another_process(tree, cores):
    assert run(tree, FOUND.format(cores)).stdout.splitlines() == [
        "Candidate(read=1, path='a.py', problem='', size=48)",
        "Candidate(read=1, path='missing.py', problem='does not exist', size=0)",
        "Candidate(read=2, path='', problem='', size=0)",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked")
def test_a_killed_reader_is_an_error(tree):
    result = run(tree, KILLED)
    assert (result.returncode, result.stdout, result.stderr) == (
        2,
        "",
        "tfmts-compat: error: the process that reads the files was killed; run again\n",
    )
