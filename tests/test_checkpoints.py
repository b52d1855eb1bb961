"""What the chief says of a checkpoint that it cannot restore."""

import os

import pytest
import tensorflow as tf

from tfmts_compat import MonitoredTrainingSession, StopAtStepHook

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

    remedy = message[message.index("tf.compat.v1.train.update") : message.index(" once and start")]
    eval(remedy, {"tf": tf})
    assert train_up_to(8, directory) == [5, 6, 7, 8]


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
