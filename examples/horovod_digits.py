"""Trains on handwritten digits on several processes with Horovod, and resumes from the checkpoint.

horovodrun -np 2 --gloo python examples/horovod_digits.py --model_dir=/tmp/digits-horovod
"""

import digits_model
import horovod.tensorflow as hvd
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
flags.DEFINE_string("model_dir", None, "Checkpoints and summaries; only rank 0 uses it.")
flags.DEFINE_integer("steps", 600, "Steps of one process; several share them.", lower_bound=1)
flags.DEFINE_integer("batch_size", 64, "Images per step and process.", lower_bound=1)


def main(_):
    """Trains until the global step is FLAGS.steps divided by the number of processes."""
    logging.set_verbosity(logging.WARNING)
    hvd.init()
    train_x, train_y, test_x, test_y = digits_model.load()
    config = tf1.ConfigProto()
    config.gpu_options.visible_device_list = str(hvd.local_rank())  # one GPU for each process
    with tf.Graph().as_default():
        images = tf1.placeholder(tf.float32, [None, 64], "images")
        labels = tf1.placeholder(tf.int64, [None], "labels")
        loss, accuracy = digits_model.build(images, labels)
        tf1.summary.scalar("loss", loss)
        global_step = get_or_create_global_step()
        # A step uses the batches of all processes, so the learning rate is larger.
        optimizer = hvd.DistributedOptimizer(tf1.train.AdamOptimizer(0.003 * hvd.size()))
        train_op = optimizer.minimize(loss, global_step)

        with MonitoredTrainingSession(
            checkpoint_dir=FLAGS.model_dir if hvd.rank() == 0 else None,
            hooks=[
                # Rank 0 initializes or restores the variables; the others receive its values.
                hvd.BroadcastGlobalVariablesHook(0),
                StopAtStepHook(last_step=FLAGS.steps // hvd.size()),
            ],
            save_checkpoint_steps=100,
            config=config,
        ) as session:
            first_step = run_without_hooks(session, global_step)
            # Each process draws different batches.
            random = np.random.RandomState([first_step, hvd.rank()])
            while not session.should_stop():
                batch = random.randint(len(train_x), size=FLAGS.batch_size)
                session.run(train_op, {images: train_x[batch], labels: train_y[batch]})
            test = {images: test_x, labels: test_y}
            step, reached = run_without_hooks(session, [global_step, accuracy], test)
    print(
        f"rank {hvd.rank()} of {hvd.size()}: "
        f"steps {first_step} to {step}: test accuracy {reached:.3f}",
        flush=True,
    )


if __name__ == "__main__":
    app.run(main)
