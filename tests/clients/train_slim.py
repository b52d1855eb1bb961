"""tf-slim: create_train_op and train, twice in one directory; the second training resumes."""

import sys

import numpy as np
import tensorflow as tf
import tf_slim as slim

v1 = tf.compat.v1


def train(directory, last_step):
    """Trains once; returns the loss of the last step."""
    random = np.random.RandomState(0)
    inputs = random.normal(size=(32, 8)).astype(np.float32)
    labels = random.randint(3, size=32)
    with tf.Graph().as_default():
        v1.set_random_seed(1)
        hidden = slim.fully_connected(tf.constant(inputs), 16)
        logits = slim.fully_connected(hidden, 3, activation_fn=None)
        v1.losses.sparse_softmax_cross_entropy(labels, logits)
        train_op = slim.training.create_train_op(
            v1.losses.get_total_loss(),
            v1.train.MomentumOptimizer(0.1, 0.9),
        )
        return slim.training.train(
            train_op,
            directory,
            hooks=[v1.train.StopAtStepHook(last_step=last_step)],
            save_checkpoint_secs=3600,
            save_summaries_steps=3,
        )


if __name__ == "__main__":
    for step in (10, 25):
        print(step, repr(float(train(sys.argv[1], step))))
