"""Every test runs against real TensorFlow, in a graph and a directory of its own."""

import os
import signal
import warnings

import hypothesis
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what TensorFlow and its parts warn of while importing
    import tensorflow as tf

import tfmts_compat

tf.compat.v1.logging.set_verbosity("ERROR")


# CI draws the same calls each time, so that a submission is not failed by another's luck.
hypothesis.settings.register_profile("fixed", derandomize="CI" in os.environ, deadline=None)
hypothesis.settings.load_profile("fixed")

# A job in the background starts with SIGINT ignored, and so would the processes of the tests.
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
