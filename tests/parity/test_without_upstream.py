"""The suite on a TensorFlow that no longer has MonitoredTrainingSession."""

import os
import subprocess
import sys

# All of them on four minors in CI, see tox.ini.
SCENARIOS = os.environ.get("TFMTS_SCENARIOS", "hook*")
REMOVED = """
import os, sys, warnings
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
warnings.simplefilter("ignore")
import tensorflow as tf
from tensorflow.python.training import monitored_session
assert hasattr(tf.compat.v1.train, "MonitoredTrainingSession")  # a lazy module loads it
del tf.compat.v1.train.MonitoredTrainingSession
del monitored_session.MonitoredTrainingSession
assert not hasattr(tf.compat.v1.train, "MonitoredTrainingSession")
from tfmts_compat.cli import main
sys.exit(main(["parity", *sys.argv[1:]]))
"""


def parity(*arguments):
    return subprocess.run(
        [sys.executable, "-c", REMOVED, *arguments],
        capture_output=True,
        check=False,
        text=True,
        timeout=1200,
    )


def test_the_shim_behaves_as_the_golden():
    run = parity("--only", SCENARIOS)
    assert "has no MonitoredTrainingSession of its own" in " ".join(run.stdout.split())
    assert run.returncode == 0, run.stdout + run.stderr


def test_recording_without_upstream_prints_one_line(tmp_path):
    run = parity("--record", str(tmp_path / "goldens.json"))
    assert run.returncode == 2
    assert "has no MonitoredTrainingSession" in run.stderr.splitlines()[-1]
    assert not list(tmp_path.iterdir())
