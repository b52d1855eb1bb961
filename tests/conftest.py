"""Fixtures. Every test runs against real TensorFlow, in a graph and a directory of its own."""

import os
import signal
import warnings

import hypothesis
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # warnings of the import of TensorFlow
    import tensorflow as tf

from damaged_checkpoints import train_up_to

import tfmts_compat

tf.compat.v1.logging.set_verbosity("ERROR")


# In CI hypothesis draws the same examples in every run, so that no run fails by chance.
hypothesis.settings.register_profile("fixed", derandomize="CI" in os.environ, deadline=None)
hypothesis.settings.load_profile("fixed")

# A shell starts background jobs with SIGINT ignored, and child processes inherit this.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header():
    return f"tensorflow {tf.__version__}, tfmts_compat from {tfmts_compat.__path__[0]}"


@pytest.fixture
def graph():
    """An empty default graph."""
    with tf.Graph().as_default() as graph:
        yield graph


@pytest.fixture
def train_op(graph):
    """A graph with a global step, and the op that advances it by one."""
    return tf.compat.v1.assign_add(tf.compat.v1.train.get_or_create_global_step(), 1)


@pytest.fixture
def working_directory(tmp_path, monkeypatch):
    """A new working directory that contains only the empty file `file`."""
    monkeypatch.chdir(tmp_path)
    tmp_path.joinpath("file").touch()
    yield tmp_path
    tf.compat.v1.summary.FileWriterCache.clear()


@pytest.fixture
def directory(tmp_path):
    """A checkpoint directory trained up to step 6, with checkpoints 0, 2, 4 and 6."""
    directory = str(tmp_path / "ckpt")
    train_up_to(6, directory)
    return directory
