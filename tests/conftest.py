"""Fixtures. Every test runs against real TensorFlow, in a graph and a directory of its own."""

import os
import random
import signal
import threading
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


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """Chooses the seed of the random tests, so that it can be printed."""
    if "CI" not in os.environ and config.getoption("hypothesis_seed", None) is None:
        config.option.hypothesis_seed = str(random.randrange(2**32))


def pytest_report_header():
    return f"tensorflow {tf.__version__}, tfmts_compat from {tfmts_compat.__path__[0]}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Moves the tests that start a cluster to the end: they are slow and seldom fail alone."""
    items.sort(key=lambda item: item.get_closest_marker("cluster") is not None)


def pytest_terminal_summary(terminalreporter, config):
    seed = config.getoption("hypothesis_seed", None)
    if terminalreporter.stats.get("failed"):
        environment = os.environ.get("TOX_ENV_NAME", "tests")
        how = f"CI=1 tox -e {environment}"  # a fixed seed
        if seed is not None:
            how = f"tox -e {environment} -- --hypothesis-seed={seed}"
        terminalreporter.write_line(f"to repeat the random tests with the same examples: {how}")


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
def queue_threads():
    """Waits until the threads of queue runners have ended.

    Closing a session cancels what they run. The test has to ignore the warning about the error.
    """
    yield
    for thread in threading.enumerate():
        if thread.name.startswith("QueueRunnerThread"):
            thread.join(60)


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
