"""A TF 1 program: linear regression with a parameter server, one process for each task."""

import numpy as np
import tensorflow as tf

flags = tf.app.flags
FLAGS = flags.FLAGS
flags.DEFINE_string("ps_hosts", "", "Addresses of the parameter servers.")
flags.DEFINE_string("worker_hosts", "", "Addresses of the workers; the first one is the chief.")
flags.DEFINE_string("job_name", "worker", "ps or worker.")
flags.DEFINE_integer("task_index", 0, "Index of the task in its job.")
flags.DEFINE_string("model_dir", None, "Directory of checkpoints and summaries.")
flags.DEFINE_integer("steps", 200, "Global step at which the training ends.")


def main(_):
    hosts = {"ps": FLAGS.ps_hosts.split(","), "worker": FLAGS.worker_hosts.split(",")}
    cluster = tf.train.ClusterSpec(hosts)
    server = tf.train.Server(cluster, job_name=FLAGS.job_name, task_index=FLAGS.task_index)
    if FLAGS.job_name == "ps":
        server.join()

    worker_device = f"/job:worker/task:{FLAGS.task_index}"
    with tf.device(tf.train.replica_device_setter(worker_device=worker_device, cluster=cluster)):
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        y = tf.placeholder(tf.float32, [None], name="y")
        with tf.variable_scope("linear"):
            weights = tf.get_variable("weights", [2, 1], initializer=tf.zeros_initializer())
            bias = tf.get_variable("bias", [], initializer=tf.zeros_initializer())
        loss = tf.losses.mean_squared_error(y, tf.squeeze(tf.matmul(x, weights), 1) + bias)
        tf.summary.scalar("loss", loss)
        global_step = tf.train.get_or_create_global_step()
        train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, global_step)

    filters = ["/job:ps", worker_device]  # so that a worker does not wait for the other workers
    losses = []
    random = np.random.RandomState(FLAGS.task_index)
    with tf.train.MonitoredTrainingSession(
        master=server.target,
        is_chief=FLAGS.task_index == 0,
        checkpoint_dir=FLAGS.model_dir,
        hooks=[tf.train.StopAtStepHook(last_step=FLAGS.steps)],
        save_summaries_steps=10,
        config=tf.ConfigProto(device_filters=filters),
    ) as session:
        while not session.should_stop():
            points = random.uniform(-1, 1, (32, 2))
            feed = {x: points, y: points.dot([3, -2]) + 1}
            losses.append(session.run([loss, train_op], feed)[0])
    print(f"loss {losses[0]:.4f} to {losses[-1]:.4f} in {len(losses)} steps")


if __name__ == "__main__":
    tf.app.run()
