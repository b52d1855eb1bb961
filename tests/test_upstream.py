"""The door to TensorFlow: what it says where there is none, or a bad one."""

import importlib.metadata
import subprocess
import sys

import pytest
import tensorflow as tf

import tfmts_compat

MINOR = tuple(int(part) for part in tf.__version__.split(".")[:2])
PROTOBUF = int(importlib.metadata.version("protobuf").split(".")[0])
cannot_save_graph = MINOR <= (2, 20) and PROTOBUF >= 7


def last_line_of(code):
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    return result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "use", ["MonitoredTrainingSession()", "StopAtStepHook", "raw_session(None)"]
)
def test_without_tensorflow_the_first_use_says_what_to_install(use):
    code = f"import sys; sys.modules['tensorflow'] = None; import tfmts_compat; tfmts_compat.{use}"
    assert last_line_of(code) == (
        "tfmts_compat.upstream.TensorFlowUnavailableError: tfmts_compat runs on TensorFlow 2.4 to "
        "2.21, and none is installed; pip install 'tfmts_compat[tensorflow]', or the TensorFlow "
        "build you use."
    )


def test_an_empty_tensorflow_module_is_told_apart():
    """A leftover directory of that name is a namespace package, which imports."""
    code = "import sys, types; sys.modules['tensorflow'] = types.ModuleType('tensorflow')\n"
    code += "from tfmts_compat import upstream; upstream.v1()"
    assert "the tensorflow module has nothing in it" in last_line_of(code)


@pytest.mark.skipif(not cannot_save_graph, reason="this protobuf suits this TensorFlow")
def test_a_protobuf_that_cannot_write_graphs_is_said_first(train_op, tmp_path):
    remedies = r"pip install 'protobuf<7', or pass save_graph_def=False"
    with pytest.raises(TypeError, match=remedies):
        tfmts_compat.MonitoredTrainingSession(checkpoint_dir=tmp_path)
    assert not list(tmp_path.iterdir())
    for arguments in ({"save_graph_def": False}, {"save_checkpoint_secs": 0}):
        with tfmts_compat.MonitoredTrainingSession(checkpoint_dir=tmp_path, **arguments) as session:
            assert session.run(train_op)
    with pytest.raises(TypeError, match="float_format"):  # else retire the check
        tf.compat.v1.train.MonitoredTrainingSession(checkpoint_dir=str(tmp_path))
