"""wandb: WandbHook logs the summaries of every run, offline."""

import os
import sys

import tensorflow as tf
import wandb
from wandb.integration.tensorflow import WandbHook

v1 = tf.compat.v1


class History:
    """Prints the values that the hook logs, and passes them to wandb's run."""

    def _row_update(self, row):
        print(sorted(row.items()))
        wandb.run.log(row, commit=False)

    def add(self, row):
        """Ends a row."""
        print("row ends", row)
        wandb.run.log(row)


def train(directory, last_step):
    """Trains once; prints the losses."""
    with tf.Graph().as_default():
        step = v1.train.get_or_create_global_step()
        weight = v1.get_variable("weight", [3], initializer=v1.ones_initializer())
        loss = tf.reduce_sum(tf.square(weight))
        v1.summary.scalar("loss", loss)
        # The hook fetches the global step in the run that advances it. Here the read comes first.
        with tf.control_dependencies([v1.get_default_graph().as_graph_element(step)]):
            train_op = v1.train.GradientDescentOptimizer(0.1).minimize(loss, step)
        with v1.train.MonitoredTrainingSession(
            checkpoint_dir=os.path.join(directory, "model"),
            hooks=[
                WandbHook(steps_per_log=1, history=History()),
                v1.train.StopAtStepHook(last_step=last_step),
            ],
            save_checkpoint_steps=4,
            save_summaries_steps=2,
        ) as session:
            while not session.should_stop():
                print(session.run([loss, train_op])[0])


if __name__ == "__main__":
    with wandb.init(mode="offline", id="client", dir=sys.argv[1]):
        for leg in (6, 15):
            train(sys.argv[1], leg)
