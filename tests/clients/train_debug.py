"""tfdbg: DumpingDebugHook dumps every tensor of every run."""

import os
import sys

import tensorflow as tf
from tensorflow.python import debug as tfdbg

v1 = tf.compat.v1


def main(directory):
    """Trains three steps and prints what was dumped."""
    dumps = os.path.join(directory, "dumps")
    with tf.Graph().as_default():
        step = v1.train.get_or_create_global_step()
        weight = v1.get_variable("weight", [3], initializer=v1.ones_initializer())
        loss = tf.reduce_sum(tf.square(weight))
        train_op = v1.train.GradientDescentOptimizer(0.1).minimize(loss, step)
        with v1.train.MonitoredTrainingSession(
            checkpoint_dir=os.path.join(directory, "model"),
            hooks=[tfdbg.DumpingDebugHook(dumps), v1.train.StopAtStepHook(last_step=3)],
            save_checkpoint_steps=2,
            save_summaries_steps=1,
        ) as session:
            while not session.should_stop():
                print(session.run([loss, train_op])[0])
    for run in sorted(os.listdir(dumps)):
        dump = tfdbg.DebugDumpDir(os.path.join(dumps, run))
        # The executor's order is not fixed, the set of dumped tensors is.
        found = {}
        for datum in dump.dumped_tensor_data:
            value = datum.get_tensor()
            found[datum.watch_key] = getattr(value, "tolist", lambda: "uninitialized")()
        for key in sorted(found):
            print(key, found[key])


if __name__ == "__main__":
    main(sys.argv[1])
