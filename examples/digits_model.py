"""The model of the examples: handwritten digits, a small network, in TF 1 style."""

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

tf1 = tf.compat.v1

TEST_SIZE = 360  # of 1,797 images


def load():
    """Returns train images, train labels, test images, test labels.

    Images are float32 [count, 64] between 0 and 1, labels int64 [count].
    """
    digits = load_digits()
    order = np.random.RandomState(0).permutation(len(digits.target))
    images = (digits.data[order] / 16.0).astype(np.float32)
    labels = digits.target[order].astype(np.int64)
    return images[TEST_SIZE:], labels[TEST_SIZE:], images[:TEST_SIZE], labels[:TEST_SIZE]


def build(images, labels):
    """Builds the network on float32 [batch, 64] images and int64 [batch] labels.

    Returns:
      The mean loss and the accuracy, two float32 scalars.
    """
    hidden = tf.nn.relu(_dense(images, "hidden", 64, 32))
    logits = _dense(hidden, "logits", 32, 10)
    loss = tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    )
    correct = tf.equal(tf.argmax(logits, axis=1), labels)
    return loss, tf.reduce_mean(tf.cast(correct, tf.float32))


def _dense(inputs, name, size_in, size_out):
    with tf1.variable_scope(name):
        kernel = tf1.get_variable(
            "kernel", [size_in, size_out], initializer=tf1.glorot_uniform_initializer(seed=1)
        )
        bias = tf1.get_variable("bias", [size_out], initializer=tf1.zeros_initializer())
        return tf.matmul(inputs, kernel) + bias
