"""Helpers that create real checkpoints and damage them."""

import os
import shlex

import tensorflow as tf

from tfmts_compat import MonitoredTrainingSession, StopAtStepHook, cli

v1 = tf.compat.v1


def train_up_to(step, directory, session=MonitoredTrainingSession):
    with tf.Graph().as_default():
        v1.get_variable("weights", [100, 10])
        op = v1.assign_add(v1.train.get_or_create_global_step(), 1)
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


def save_model(directory, step=3, name="model.ckpt", **saver_arguments):
    """Saves variables of several kinds; sharded=True writes two data files."""
    tf.io.gfile.makedirs(directory)
    with tf.Graph().as_default():
        v1.get_variable("parts", [1000, 10], partitioner=v1.fixed_size_partitioner(3))
        v1.get_variable("text", initializer=tf.constant(["abc", "d"]))
        v1.get_variable("half", [3], tf.bfloat16, initializer=v1.zeros_initializer())
        with tf.device("/job:localhost/task:0/cpu:0"):
            v1.get_variable("elsewhere", [10])
        with v1.Session() as session:
            session.run(v1.global_variables_initializer())
            return v1.train.Saver(**saver_arguments).save(
                session, os.path.join(directory, name), global_step=step
            )
