"""What the chief says of a checkpoint that it cannot restore."""

import os

import pytest
import tensorflow as tf

from tfmts_compat import MonitoredTrainingSession, StopAtStepHook, TfmtsCompatWarning

errors = tf.errors


def train_up_to(step, directory, session=MonitoredTrainingSession):
    with tf.Graph().as_default():
        tf.compat.v1.get_variable("weights", [100, 10])
        op = tf.compat.v1.assign_add(tf.compat.v1.train.get_or_create_global_step(), 1)
        with session(
            checkpoint_dir=directory,
            save_checkpoint_steps=2,
            hooks=[StopAtStepHook(last_step=step)],
        ) as opened:
            steps = []
            while not opened.should_stop():
                steps.append(int(opened.run(op)))
    return steps


def damage(path, kind):
    if kind == "gone":
        os.remove(path)
    elif kind == "truncated":
        os.truncate(path, os.path.getsize(path) // 2)
    else:
        with open(path, "r+b") as file:
            file.seek(os.path.getsize(path) // 2)
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 0xFF]))


def state(directory, size):
    """Cuts the file that names the checkpoints."""
    path = os.path.join(directory, "checkpoint")
    os.truncate(path, int(os.path.getsize(path) * size))
    return path


def remedied(directory, message):
    remedy = message[message.index("tf.compat.v1.train.update") : message.index(" once and start")]
    eval(remedy, {"tf": tf})
    return train_up_to(8, directory)


@pytest.fixture
def directory(tmp_path):
    """A checkpoint directory trained up to step 6, with checkpoints 0, 2, 4 and 6."""
    directory = str(tmp_path / "ckpt")
    train_up_to(6, directory)
    return directory


@pytest.mark.parametrize(
    ("suffix", "kind", "error"),
    [
        pytest.param("data-00000-of-00001", "truncated", errors.OutOfRangeError, id="data-short"),
        pytest.param("data-00000-of-00001", "flipped", errors.DataLossError, id="data-wrong"),
        pytest.param("data-00000-of-00001", "gone", errors.NotFoundError, id="data-gone"),
        pytest.param("index", "truncated", errors.DataLossError, id="index-short"),
        pytest.param("index", "gone", ValueError, id="index-gone"),
    ],
)
def test_a_damaged_newest_checkpoint_is_named_with_the_way_on(directory, suffix, kind, error):
    damaged = os.path.join(directory, f"model.ckpt-6.{suffix}")
    damage(damaged, kind)
    files = sorted(os.listdir(directory))

    with pytest.raises(error):  # upstream's class
        train_up_to(8, directory, tf.compat.v1.train.MonitoredTrainingSession)
    with pytest.raises(error) as raised:
        train_up_to(8, directory)

    message = str(raised.value)
    named = damaged if os.path.exists(damaged) else damaged.replace("00000-of-00001", "*")
    assert f"{named} (global step 6) is truncated, damaged or missing" in message
    assert "the newest intact one is model.ckpt-4 (global step 4)" in message
    assert set(files) <= set(os.listdir(directory))

    assert remedied(directory, message) == [5, 6, 7, 8]


def test_without_an_intact_checkpoint_it_says_so(directory):
    for step in (0, 2, 4, 6):
        damage(os.path.join(directory, f"model.ckpt-{step}.data-00000-of-00001"), "truncated")
    with pytest.raises(errors.OutOfRangeError, match="none of the 3 older checkpoints"):
        train_up_to(8, directory)


def test_another_model_s_intact_checkpoint_keeps_upstream_s_words(directory):
    with tf.Graph().as_default():
        tf.compat.v1.get_variable("other", [1])
        tf.compat.v1.train.get_or_create_global_step()
        with pytest.raises(errors.NotFoundError, match="other not found in checkpoint") as raised:
            MonitoredTrainingSession(checkpoint_dir=directory)
    assert "newest intact" not in str(raised.value)


def test_a_cut_list_of_checkpoints_is_said_aloud_where_upstream_starts_anew(directory):
    path = state(directory, 0.5)
    with pytest.warns(TfmtsCompatWarning, match="newest intact one is model.ckpt-6") as warned:
        assert train_up_to(1, directory) == [1]
    (warning,) = (it for it in warned if it.category is TfmtsCompatWarning)
    assert f"{path} is truncated, damaged or cannot be read" in str(warning.message)
    assert warning.filename == __file__
    assert remedied(directory, str(warning.message)) == [7, 8]


def test_an_empty_list_of_checkpoints_is_upstream_s_error_with_the_way_on(directory):
    path = state(directory, 0)
    with pytest.raises(ValueError, match="Invalid checkpoint state"):
        train_up_to(8, directory, tf.compat.v1.train.MonitoredTrainingSession)
    with pytest.raises(ValueError, match=f"{path} names none; the newest intact one is") as raised:
        train_up_to(8, directory)
    assert remedied(directory, str(raised.value)) == [7, 8]


def test_a_list_taken_away_to_start_anew_is_not_spoken_of(directory):
    os.remove(os.path.join(directory, "checkpoint"))
    assert train_up_to(1, directory) == [1]  # warnings are errors
