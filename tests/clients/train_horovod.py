"""Horovod: DistributedOptimizer and BroadcastGlobalVariablesHook on two processes over Gloo."""

import sys

import horovod.tensorflow as hvd
import numpy as np
import tensorflow as tf

from tfmts_compat import run_without_hooks

v1 = tf.compat.v1


def train(directory, last_step):
    """Trains once on this process's half of the data; prints the losses and the variable."""
    random = np.random.RandomState(0)
    data = random.normal(size=(32, 5)).astype(np.float32)[hvd.rank() :: hvd.size()]
    with tf.Graph().as_default():
        step = v1.train.get_or_create_global_step()
        # Each process starts with different values; the broadcast replaces them with rank 0's.
        weight = v1.get_variable("weight", [4], initializer=v1.constant_initializer(hvd.rank()))
        loss = tf.reduce_mean(tf.square(tf.linalg.matvec(data[:, :4], weight) - data[:, 4]))
        v1.summary.scalar("loss", loss)
        optimizer = hvd.DistributedOptimizer(v1.train.MomentumOptimizer(0.05, 0.9))
        train_op = optimizer.minimize(loss, step)
        with v1.train.MonitoredTrainingSession(
            checkpoint_dir=directory if hvd.rank() == 0 else None,
            hooks=[
                hvd.BroadcastGlobalVariablesHook(0),
                v1.train.StopAtStepHook(last_step=last_step),
            ],
            save_checkpoint_steps=4,
            save_summaries_steps=2,
        ) as session:
            while not session.should_stop():
                print(hvd.rank(), session.run([loss, train_op])[0])
            print(hvd.rank(), run_without_hooks(session, [step, weight]))


if __name__ == "__main__":
    hvd.init()
    for leg in (6, 15):
        train(sys.argv[1], leg)
