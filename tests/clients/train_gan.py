"""tensorflow-gan: gan_model, gan_loss, gan_train_ops and gan_train, twice in one directory."""

import sys

import numpy as np
import tensorflow as tf
import tensorflow_gan as tfgan

v1 = tf.compat.v1


def layer(name, inputs, size):
    """Builds a dense layer with fixed initial values."""
    with v1.variable_scope(name):
        kernel = v1.get_variable(
            "kernel", [inputs.shape[1], size], initializer=v1.glorot_uniform_initializer(seed=1)
        )
        return tf.matmul(inputs, kernel) + v1.get_variable(
            "bias", [size], initializer=v1.zeros_initializer()
        )


def generator(noise):
    """Generates two numbers from noise."""
    return layer("out", tf.nn.relu(layer("hidden", noise, 8)), 2)


def discriminator(data, conditioning):
    """Distinguishes generated from real numbers."""
    del conditioning
    return layer("out", tf.nn.relu(layer("hidden", data, 8)), 1)


def train(directory, last_step):
    """Trains once; returns the global step at which gan_train ends."""
    random = np.random.RandomState(0)
    with tf.Graph().as_default():
        model = tfgan.gan_model(
            generator,
            discriminator,
            real_data=tf.constant(random.normal(size=(16, 2)).astype(np.float32)),
            generator_inputs=tf.constant(random.normal(size=(16, 4)).astype(np.float32)),
        )
        losses = tfgan.gan_loss(model, add_summaries=True)
        train_ops = tfgan.gan_train_ops(
            model,
            losses,
            generator_optimizer=v1.train.AdamOptimizer(0.01),
            discriminator_optimizer=v1.train.AdamOptimizer(0.01),
            summarize_gradients=True,
        )
        return tfgan.gan_train(
            train_ops,
            directory,
            get_hooks_fn=tfgan.get_sequential_train_hooks(tfgan.GANTrainSteps(1, 2)),
            hooks=[v1.train.StopAtStepHook(last_step=last_step)],
            save_summaries_steps=3,
        )


if __name__ == "__main__":
    for step in (8, 20):
        print(train(sys.argv[1], step))
