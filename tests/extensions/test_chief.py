"""The chief's errors and warnings about damaged checkpoints."""

import os
import re

import pytest
import tensorflow as tf
from damaged_checkpoints import cut_state, damage, train_up_to, use
from helpers import pitfall

from tfmts_compat import MonitoredTrainingSession, TfmtsCompatWarning

errors = tf.errors
v1 = tf.compat.v1
DATA = "data-00000-of-00001"
UNKNOWN = "truncated, damaged or cannot be read ("  # TensorFlow's own message follows


@pytest.mark.parametrize(
    ("suffix", "kind", "error", "described"),
    [
        pytest.param(DATA, "truncated", errors.OutOfRangeError, r"truncated (", id="data-short"),
        pytest.param(DATA, "flipped", errors.DataLossError, UNKNOWN, id="data-wrong"),
        pytest.param(DATA, "gone", errors.NotFoundError, "missing", id="data-gone"),
        pytest.param("index", "truncated", errors.DataLossError, UNKNOWN, id="index-short"),
        pytest.param("index", "gone", ValueError, "missing", id="index-gone"),
    ],
)
def test_a_damaged_newest_checkpoint_is_named_with_the_remedy(
    directory, suffix, kind, error, described
):
    damaged = os.path.join(directory, f"model.ckpt-6.{suffix}")
    damage(damaged, kind)
    files = sorted(os.listdir(directory))

    with pytest.raises(error):  # upstream's class
        train_up_to(8, directory, v1.train.MonitoredTrainingSession)
    with pytest.raises(error) as raised:
        train_up_to(8, directory)

    message = str(raised.value)
    named = damaged if os.path.exists(damaged) else damaged.replace("00000-of-00001", "*")
    assert f"{named} (global step 6) is {described}" in message
    assert "the newest intact one is model.ckpt-4 (global step 4)" in message
    assert set(files) <= set(os.listdir(directory))

    assert use(directory, message) == [5, 6, 7, 8]


def test_without_an_intact_checkpoint_the_error_offers_a_copy_or_another_directory(directory):
    for step in (0, 2, 4, 6):
        damage(os.path.join(directory, f"model.ckpt-{step}.data-00000-of-00001"), "truncated")
    with pytest.raises(errors.OutOfRangeError, match="none of the 3 other checkpoints"):
        train_up_to(8, directory)


def test_an_intact_checkpoint_of_another_model_is_not_called_damaged(directory):
    with tf.Graph().as_default():
        v1.get_variable("other", [1])
        v1.train.get_or_create_global_step()
        with pytest.raises(errors.NotFoundError, match="does not fit the graph") as raised:
            MonitoredTrainingSession(checkpoint_dir=directory)
    assert "newest intact" not in str(raised.value)


def test_a_truncated_checkpoint_file_raises_a_warning_where_upstream_starts_again(directory):
    path = cut_state(directory, 0.5)
    with pytest.warns(TfmtsCompatWarning, match="newest intact one is model.ckpt-6") as warned:
        assert train_up_to(1, directory) == [1]
    (warning,) = (record for record in warned if record.category is TfmtsCompatWarning)
    assert re.match(pitfall("unread-state"), str(warning.message))
    assert f"{path} is truncated, damaged or cannot be read" in str(warning.message)
    assert warning.filename == train_up_to.__code__.co_filename
    assert use(directory, str(warning.message)) == [7, 8]


def test_an_empty_checkpoint_file_is_upstreams_error_with_the_remedy(directory):
    path = cut_state(directory, 0)
    with pytest.raises(ValueError, match="Invalid checkpoint state"):
        train_up_to(8, directory, v1.train.MonitoredTrainingSession)
    with pytest.raises(
        ValueError, match=f"{path} names no checkpoint; the newest intact one is"
    ) as raised:
        train_up_to(8, directory)
    assert use(directory, str(raised.value)) == [7, 8]


def test_a_deleted_checkpoint_file_raises_no_warning(directory):
    os.remove(os.path.join(directory, "checkpoint"))
    assert train_up_to(1, directory) == [1]  # warnings are errors


@pytest.mark.parametrize("error", [errors.DataLossError, errors.NotFoundError, ValueError])
def test_an_error_of_local_init_op_is_not_explained_as_a_restore(directory, error):
    damage(os.path.join(directory, "model.ckpt-4.data-00000-of-00001"), "flipped")  # not the newest

    def fail():
        raise error(None, None, "mine") if issubclass(error, errors.OpError) else error("mine")

    for session in (v1.train.MonitoredTrainingSession, MonitoredTrainingSession):
        with tf.Graph().as_default():
            v1.train.get_or_create_global_step()
            scaffold = v1.train.Scaffold(local_init_op=v1.py_func(fail, [], []))
            with pytest.raises(errors.OpError, match="mine") as raised:
                session(checkpoint_dir=directory, scaffold=scaffold)
        assert "cannot be restored" not in str(raised.value)


def test_only_an_error_of_checksums_reads_the_tensors(directory, monkeypatch):
    damage(os.path.join(directory, f"model.ckpt-6.{DATA}"), "flipped")
    read = []
    reader = type(v1.train.NewCheckpointReader(f"{directory}/model.ckpt-4"))
    get_tensor = reader.get_tensor
    monkeypatch.setattr(
        reader, "get_tensor", lambda self, name: read.append(name) or get_tensor(self, name)
    )
    with tf.Graph().as_default():
        v1.get_variable("other", [1])
        v1.train.get_or_create_global_step()
        with pytest.raises(errors.NotFoundError, match="does not fit the graph"):
            MonitoredTrainingSession(checkpoint_dir=directory)
    assert set(read) <= {"_CHECKPOINTABLE_OBJECT_GRAPH"}  # by upstream


def test_a_damaged_checkpoint_that_init_fn_restores_is_named_without_a_command(directory, tmp_path):
    damage(os.path.join(directory, f"model.ckpt-4.{DATA}"), "truncated")
    with tf.Graph().as_default():
        saver = v1.train.Saver([v1.get_variable("weights", [100, 10])])
        v1.train.get_or_create_global_step()
        path = os.path.join(directory, "model.ckpt-4")
        scaffold = v1.train.Scaffold(init_fn=lambda _, session: saver.restore(session, path))
        with pytest.raises(errors.OutOfRangeError, match=r"model\.ckpt-4.*is truncated") as raised:
            MonitoredTrainingSession(checkpoint_dir=str(tmp_path / "new"), scaffold=scaffold)
    assert "--use" not in str(raised.value)
