"""If TensorFlow lacks a private name that cached runs need, upstream's run is used."""

import subprocess
import sys

# Session itself calls the method by another name, so its own run works.
REMOVED = """
import os, sys, warnings
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
warnings.simplefilter("ignore")
import tensorflow as tf
from tensorflow.python.client.session import BaseSession

renamed = BaseSession._call_tf_sessionrun
del BaseSession._call_tf_sessionrun

def find(session, name):
    if name == "_call_tf_sessionrun":
        return renamed.__get__(session)
    raise AttributeError(name)

import tfmts_compat
from tfmts_compat import raw_session

def has_own_run():
    with tf.Graph().as_default(), tfmts_compat.MonitoredTrainingSession() as session:
        return "run" in vars(raw_session(session))

BaseSession.__getattr__ = find
assert not has_own_run()

from tfmts_compat.cli import main
code = main(["parity", *sys.argv[1:]])

BaseSession._call_tf_sessionrun = renamed
assert has_own_run(), "the name that was removed is not needed"
sys.exit(code)
"""


def test_the_shim_behaves_as_upstream():
    only = [f"--only={topic}*" for topic in ("checkpoint-steps", "hook-f", "recovery")]
    run = subprocess.run(
        [sys.executable, "-c", REMOVED, *only],
        capture_output=True,
        check=False,
        text=True,
        timeout=1200,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert ", 0 differs" in run.stdout
