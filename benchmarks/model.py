"""The model that the benchmarks train."""

import numpy as np
import tensorflow as tf

v1 = tf.compat.v1


def classifier(layers):
    """Builds a classifier of random vectors, and returns its train op."""
    random = np.random.default_rng(0)
    values = tf.constant(random.normal(size=(32, 64)), tf.float32)
    labels = tf.constant(random.integers(10, size=32))
    for layer in range(layers):
        units = 10 if layer == layers - 1 else 64
        weights = v1.get_variable(f"weights{layer}", [64, units])
        bias = v1.get_variable(f"bias{layer}", [units])
        values = tf.nn.tanh(values @ weights + bias)
    loss = tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=values)
    )
    v1.summary.scalar("loss", loss)
    optimizer = v1.train.GradientDescentOptimizer(0.1)
    return optimizer.minimize(loss, v1.train.get_or_create_global_step())
