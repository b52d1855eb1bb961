"""Helpers that create real checkpoints and damage them."""

import os
import shlex

import tensorflow as tf

from tfmts_compat import MonitoredTrainingSession, StopAtStepHook, cli


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


def cut_state(directory, size):
    """Truncates the file that names the checkpoints."""
    path = os.path.join(directory, "checkpoint")
    os.truncate(path, int(os.path.getsize(path) * size))
    return path


def use(directory, message):
    """Runs the command in a message; returns the global steps that a session trains after it."""
    command = message[message.index("`tfmts-compat") + 1 : message.index("` once and start")]
    assert cli.main(shlex.split(command)[1:]) == 0
    return train_up_to(8, directory)
