"""Trains on handwritten digits on a cluster. Every process of the cluster runs this program.

The environment variable TF_CONFIG contains the task of this process, as Kubeflow's TFJob
sets it. Without it the process trains alone. run_cluster.py starts a cluster on one machine.

python examples/cluster.py --model_dir=/tmp/digits
"""

import sys

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
flags.DEFINE_string("model_dir", None, "Checkpoints and summaries; on a disk that all can reach.")
flags.DEFINE_integer("steps", 2000, "Global steps to train in all.", lower_bound=1)
flags.DEFINE_integer("batch_size", 64, "Images per step.", lower_bound=1)
flags.DEFINE_integer("max_wait_secs", 600, "Seconds that a worker waits for the chief.")
flags.mark_flag_as_required("model_dir")


def main(_):
    """Serves the variables if this process is a ps; otherwise trains."""
    logging.set_verbosity(logging.INFO)
    tf.get_logger().propagate = False  # absl would print each of its lines again
    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    cluster = resolver.cluster_spec()
    if not cluster:
        train("", True, None, None)
        return
    job, index = resolver.task_type, resolver.task_id
    # A chief or worker connects only to the ps and to itself, so it does not wait for the others.
    config = tf1.ConfigProto()
    if job != "ps":
        config.device_filters.extend(["/job:ps", f"/job:{job}/task:{index}"])
    server = tf.distribute.Server(cluster, job_name=job, task_index=index, config=config)
    if job == "ps":
        print("holding variables", flush=True)
        server.join()  # until it is killed
    device = tf1.train.replica_device_setter(
        worker_device=f"/job:{job}/task:{index}", cluster=cluster
    )
    train(server.target, job == "chief", config, device)


def train(master, is_chief, config, device):
    """Trains until the global step is FLAGS.steps, or until SIGTERM."""
    train_x, train_y, test_x, test_y = digits_model.load()
    with tf.Graph().as_default(), tf1.device(device):
        images = tf1.placeholder(tf.float32, [None, 64], "images")
        labels = tf1.placeholder(tf.int64, [None], "labels")
        loss, accuracy = digits_model.build(images, labels)
        tf1.summary.scalar("loss", loss)
        global_step = get_or_create_global_step()
        train_op = tf1.train.AdamOptimizer(0.003).minimize(loss, global_step)

        stop_on_signal = StopOnSignalHook()
        with MonitoredTrainingSession(
            master,
            is_chief,
            FLAGS.model_dir,
            hooks=[StopAtStepHook(last_step=FLAGS.steps), stop_on_signal],
            config=config,
            max_wait_secs=FLAGS.max_wait_secs,
        ) as session:
            print("training", flush=True)
            random = np.random.RandomState()
            while not session.should_stop():
                batch = random.randint(len(train_x), size=FLAGS.batch_size)
                session.run(train_op, {images: train_x[batch], labels: train_y[batch]})
            test = {images: test_x, labels: test_y}
            step, reached = run_without_hooks(session, [global_step, accuracy], test)
        print(f"ended at global step {step}: test accuracy {reached:.3f}", flush=True)
    if stop_on_signal.received:
        # Kubeflow's restartPolicy ExitCode restarts a process with an exit code above 127.
        sys.exit(128 + stop_on_signal.received)


if __name__ == "__main__":
    app.run(main)
