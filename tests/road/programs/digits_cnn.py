"""A TF 1 program: a small CNN on handwritten digits.

It uses tf.layers, tf.contrib, tf.app.flags, tf.summary, tf.estimator.ModeKeys and hooks.
"""

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

flags = tf.app.flags
FLAGS = flags.FLAGS
flags.DEFINE_string("model_dir", None, "Directory of checkpoints and summaries.")
flags.DEFINE_integer("steps", 100, "Global step at which the training ends.")
flags.DEFINE_integer("batch_size", 64, "Images per step.")


class PrintLossHook(tf.train.SessionRunHook):
    """Prints the first and the last loss."""

    def __init__(self, loss):
        self._loss = loss
        self._losses = []

    def before_run(self, run_context):
        return tf.train.SessionRunArgs(self._loss)

    def after_run(self, run_context, run_values):
        self._losses.append(run_values.results)

    def end(self, session):
        step = session.run(tf.train.get_global_step())
        print(f"loss {self._losses[0]:.4f} to {self._losses[-1]:.4f} at step {step}")


def model(images, mode):
    regularizer = tf.contrib.layers.l2_regularizer(1e-4)
    net = tf.reshape(images, [-1, 8, 8, 1])
    net = tf.layers.conv2d(
        net, 8, 3, padding="same", activation=tf.nn.relu, kernel_regularizer=regularizer
    )
    net = tf.layers.max_pooling2d(net, 2, 2)
    net = tf.contrib.layers.flatten(net)
    net = tf.layers.dense(
        net,
        16,
        activation=tf.nn.relu,
        kernel_initializer=tf.contrib.layers.xavier_initializer(),
        name="hidden",
    )
    net = tf.layers.dropout(net, 0.2, training=mode == tf.estimator.ModeKeys.TRAIN)
    return tf.layers.dense(net, 10, name="logits")


def main(_):
    digits = load_digits()
    data, target = (digits.data / 16.0).astype(np.float32), digits.target.astype(np.int64)
    tf.set_random_seed(1)
    images = tf.placeholder(tf.float32, [None, 64], name="images")
    labels = tf.placeholder(tf.int64, [None], name="labels")
    logits = model(images, tf.estimator.ModeKeys.TRAIN)
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    loss += tf.losses.get_regularization_loss()
    correct = tf.to_float(tf.equal(tf.argmax(logits, axis=1), labels))
    tf.summary.scalar("loss", loss)
    tf.summary.scalar("accuracy", tf.reduce_mean(correct))
    tf.summary.histogram("logits", logits)
    global_step = tf.contrib.framework.get_or_create_global_step()
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, global_step=global_step)

    hooks = [tf.train.StopAtStepHook(last_step=FLAGS.steps), PrintLossHook(loss)]
    random = np.random.RandomState(1)
    with tf.train.MonitoredTrainingSession(
        checkpoint_dir=FLAGS.model_dir, hooks=hooks, save_summaries_steps=10
    ) as session:
        while not session.should_stop():
            batch = random.randint(len(data), size=FLAGS.batch_size)
            session.run(train_op, {images: data[batch], labels: target[batch]})


if __name__ == "__main__":
    tf.app.run()
