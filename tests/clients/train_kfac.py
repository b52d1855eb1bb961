"""KFAC: PeriodicInvCovUpdateKfacOpt on a two-layer network, twice in one directory."""

import sys

import kfac
import numpy as np
import tensorflow as tf

v1 = tf.compat.v1


def dense(layers, name, inputs, size):
    """Builds a dense layer that is registered with K-FAC."""
    with v1.variable_scope(name):
        kernel = v1.get_variable(
            "kernel", [inputs.shape[1], size], initializer=v1.glorot_uniform_initializer(seed=1)
        )
        bias = v1.get_variable("bias", [size], initializer=v1.zeros_initializer())
        outputs = tf.matmul(inputs, kernel) + bias
    layers.register_fully_connected((kernel, bias), inputs, outputs)
    return outputs


def train(directory, last_step):
    """Trains once; prints the losses."""
    random = np.random.RandomState(0)
    with tf.Graph().as_default():
        v1.set_random_seed(1)
        inputs = tf.constant(random.normal(size=(32, 8)).astype(np.float32))
        labels = tf.constant(random.randint(3, size=32))
        layers = kfac.LayerCollection()
        hidden = tf.nn.tanh(dense(layers, "hidden", inputs, 6))
        logits = dense(layers, "logits", hidden, 3)
        layers.register_categorical_predictive_distribution(logits, seed=2)
        loss = tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        )
        v1.summary.scalar("loss", loss)
        optimizer = kfac.PeriodicInvCovUpdateKfacOpt(
            learning_rate=0.01,
            damping=0.01,
            layer_collection=layers,
            momentum=0.9,
            invert_every=2,
            cov_update_every=1,
        )
        train_op = optimizer.minimize(loss, v1.train.get_or_create_global_step())
        with v1.train.MonitoredTrainingSession(
            checkpoint_dir=directory,
            hooks=[v1.train.StopAtStepHook(last_step=last_step)],
            save_checkpoint_steps=4,
            save_summaries_steps=2,
        ) as session:
            while not session.should_stop():
                print(session.run([loss, train_op])[0])


if __name__ == "__main__":
    for step in (6, 15):
        train(sys.argv[1], step)
