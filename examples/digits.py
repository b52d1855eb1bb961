"""Trains on handwritten digits, stops at step 60, and continues from the checkpoint to step 600.

Ctrl-C saves a checkpoint and ends the program. It continues if it gets the same --model_dir again.

python examples/digits.py --model_dir=/tmp/digits
"""

import os
import signal
import sys
import tempfile

# Until a session is open there is nothing to save: Ctrl-C ends the process, without a traceback.
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow reads it when it is imported
print("importing TensorFlow, up to a minute; its lines I0000 and WARNING are no errors", flush=True)

import digits_model
import numpy as np
import tensorflow as tf
from absl import app, flags, logging

from tfmts_compat import (
    MonitoredTrainingSession,
    StopAtStepHook,
    StopOnSignalHook,
    get_or_create_global_step,
    run_without_hooks,
)

tf1 = tf.compat.v1

FLAGS = flags.FLAGS
flags.DEFINE_string("model_dir", None, "Checkpoints and summaries; a new directory if not given.")
flags.DEFINE_integer("steps", 600, "Global steps to train in all.", lower_bound=10)
flags.DEFINE_integer("batch_size", 64, "Images per step.", lower_bound=1)


def train(model_dir, last_step):
    """Trains until last_step; returns the number of the signal that stopped it before, or None."""
    train_x, train_y, test_x, test_y = digits_model.load()
    with tf.Graph().as_default():
        images = tf1.placeholder(tf.float32, [None, 64], "images")
        labels = tf1.placeholder(tf.int64, [None], "labels")
        loss, accuracy = digits_model.build(images, labels)
        tf1.summary.scalar("loss", loss)
        tf1.summary.scalar("accuracy", accuracy)
        global_step = get_or_create_global_step()
        train_op = tf1.train.AdamOptimizer(0.003).minimize(loss, global_step)

        stop_on_signal = StopOnSignalHook([signal.SIGINT, signal.SIGTERM])
        # Both cadences are given. As documented, the seconds are used.
        with MonitoredTrainingSession(
            checkpoint_dir=model_dir,
            hooks=[StopAtStepHook(last_step=last_step), stop_on_signal],
            save_checkpoint_secs=60,
            save_checkpoint_steps=100,
            save_summaries_steps=20,
        ) as session:
            first_step = run_without_hooks(session, global_step)
            print(f"training from step {first_step}", flush=True)
            random = np.random.RandomState(first_step)
            while not session.should_stop():
                batch = random.randint(len(train_x), size=FLAGS.batch_size)
                feeds = {images: train_x[batch], labels: train_y[batch]}
                session.run(train_op, feeds)
            test = {images: test_x, labels: test_y}
            step, *reached = run_without_hooks(session, [global_step, loss, accuracy], test)
        print("stopped at step {}: test loss {:.3f}, accuracy {:.3f}".format(step, *reached))
        return stop_on_signal.received


def saved_step(model_dir):
    """Returns the global step of the newest checkpoint, or 0 if there is none."""
    newest = tf.train.latest_checkpoint(model_dir)
    return int(tf.train.load_variable(newest, "global_step")) if newest else 0


def main(_):
    """Trains in two parts, as if the process had been stopped between them."""
    logging.set_verbosity(logging.WARNING)
    tf.get_logger().setLevel("ERROR")  # without the deprecation warnings from TensorFlow's own code
    model_dir = os.path.abspath(FLAGS.model_dir or tempfile.mkdtemp(prefix="digits-"))
    step = saved_step(model_dir)
    if step >= FLAGS.steps:
        print(f"nothing to train: {model_dir} has a checkpoint of step {step}.")
        print(f"Pass --steps above {step}, or another --model_dir.")
        return 0
    received = None
    for last_step in (FLAGS.steps // 10, FLAGS.steps):
        if step < last_step and not received:
            received = train(model_dir, last_step)
    if received:
        print(f"to continue, pass --model_dir={model_dir}")
    print(f"checkpoint:   {tf.train.latest_checkpoint(model_dir)}")
    print(f"TensorBoard:  {sys.executable} -m tensorboard.main --logdir={model_dir}")
    return 128 + received if received else 0  # as the shell reports a process that a signal ended


if __name__ == "__main__":
    app.run(main)
