"""Access to TensorFlow: the errors if it is missing or cannot be imported."""

import subprocess
import sys

import pytest
import tensorflow as tf
from helpers import cannot_save_graph

import tfmts_compat


def last_line_of(code):
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    return result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("use", "error"),
    [
        ("tfmts_compat.MonitoredTrainingSession()", "tfmts_compat.TensorFlowUnavailableError"),
        ("tfmts_compat.raw_session(None)", "tfmts_compat.TensorFlowUnavailableError"),
        ("from tfmts_compat import Scaffold", "tfmts_compat.TensorFlowUnavailableError"),
        ("tfmts_compat.StopAtStepHook", "AttributeError"),
        ("tfmts_compat.StopOnSignalHook", "AttributeError"),
    ],
)
def test_without_tensorflow_the_first_use_names_the_package_to_install(use, error):
    code = f"import sys; sys.modules['tensorflow'] = None; import tfmts_compat; {use}"
    assert last_line_of(code) == (
        f"{error}: tfmts_compat needs TensorFlow 2.4 to 2.21, which is not installed; run "
        "pip install '.[tensorflow]' in a clone of tfmts_compat, or install the TensorFlow build "
        "that you use."
    )


def test_without_tensorflow_the_package_can_be_explored():
    code = """
import sys
sys.modules["tensorflow"] = None
import tfmts_compat
assert not hasattr(tfmts_compat, "Scaffold") and not hasattr(tfmts_compat, "StopOnSignalHook")
assert "Scaffold" in dir(tfmts_compat)
help(tfmts_compat)
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "MonitoredTrainingSession(" in result.stdout


def test_an_empty_tensorflow_module_is_reported():
    """An empty directory of that name is a namespace package, so its import succeeds."""
    code = "import sys, types; sys.modules['tensorflow'] = types.ModuleType('tensorflow')\n"
    code += "from tfmts_compat._upstream import loading; loading.v1()"
    assert "the tensorflow module is empty" in last_line_of(code)


@pytest.mark.skipif(not cannot_save_graph, reason="this protobuf suits this TensorFlow")
def test_a_protobuf_that_cannot_write_graphs_is_rejected_before_a_file_is_written(
    train_op, tmp_path
):
    remedies = r"pip install 'protobuf<7', or pass save_graph_def=False"
    with pytest.raises(TypeError, match=remedies):
        tfmts_compat.MonitoredTrainingSession(checkpoint_dir=tmp_path)
    assert not list(tmp_path.iterdir())
    for arguments in ({"save_graph_def": False}, {"save_checkpoint_secs": 0}):
        with tfmts_compat.MonitoredTrainingSession(checkpoint_dir=tmp_path, **arguments) as session:
            assert session.run(train_op)
    with pytest.raises(TypeError, match="float_format"):  # otherwise remove the check
        tf.compat.v1.train.MonitoredTrainingSession(checkpoint_dir=str(tmp_path))
