"""Trains on handwritten digits, stops after half of the steps, and continues from the checkpoint.

python examples/digits.py --model_dir=/tmp/digits
"""

import os
import tempfile

import digits_model
import numpy as np
import tensorflow as tf
from absl import app, flags, logging

from tfmts_compat import (
    MonitoredTrainingSession,
    StopAtStepHook,
    get_or_create_global_step,
    run_without_hooks,
)

tf1 = tf.compat.v1

FLAGS = flags.FLAGS
flags.DEFINE_string("model_dir", None, "Checkpoints and summaries; a temporary one if not given.")
flags.DEFINE_integer("steps", 600, "Global steps to train in all.", lower_bound=2)
flags.DEFINE_integer("batch_size", 64, "Images per step.", lower_bound=1)


def train(model_dir, last_step):
    """Trains until last_step; returns the first and last global step and the test accuracy."""
    train_x, train_y, test_x, test_y = digits_model.load()
    with tf.Graph().as_default():
        images = tf1.placeholder(tf.float32, [None, 64], "images")
        labels = tf1.placeholder(tf.int64, [None], "labels")
        loss, accuracy = digits_model.build(images, labels)
        tf1.summary.scalar("loss", loss)
        tf1.summary.scalar("accuracy", accuracy)
        global_step = get_or_create_global_step()
        train_op = tf1.train.AdamOptimizer(0.003).minimize(loss, global_step)

        # Both cadences are given. As documented, the seconds are used.
        with MonitoredTrainingSession(
            checkpoint_dir=model_dir,
            hooks=[StopAtStepHook(last_step=last_step)],
            save_checkpoint_secs=60,
            save_checkpoint_steps=100,
            save_summaries_steps=20,
        ) as session:
            first_step = run_without_hooks(session, global_step)
            random = np.random.RandomState(first_step)
            while not session.should_stop():
                batch = random.randint(len(train_x), size=FLAGS.batch_size)
                feeds = {images: train_x[batch], labels: train_y[batch]}
                session.run(train_op, feeds)
            test = {images: test_x, labels: test_y}
            last_step, reached = run_without_hooks(session, [global_step, accuracy], test)
        return first_step, last_step, reached


def main(_):
    """Trains in two parts, as if the process had been stopped between them."""
    logging.set_verbosity(logging.WARNING)
    model_dir = os.path.abspath(FLAGS.model_dir or tempfile.mkdtemp(prefix="digits-"))
    for last_step in (FLAGS.steps // 2, FLAGS.steps):
        first_step, step, accuracy = train(model_dir, last_step)
        print(f"steps {first_step} to {step}: test accuracy {accuracy:.3f}")
    print(f"checkpoints:  {tf.train.latest_checkpoint(model_dir)}")
    print(f"summaries:    tensorboard --logdir {model_dir}")


if __name__ == "__main__":
    app.run(main)
