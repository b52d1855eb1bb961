"""SyncReplicasOptimizer: a parameter server, a chief and a worker in three processes."""

import contextlib
import socket
import subprocess
import sys

import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
JOBS = ["ps", "chief", "worker"]


def train(directory, job, addresses):
    """Serves the variables, or trains on half of the data and prints the losses."""
    cluster = tf.train.ClusterSpec({job: [address] for job, address in zip(JOBS, addresses)})
    config = v1.ConfigProto(device_filters=[] if job == "ps" else ["/job:ps", f"/job:{job}"])
    server = tf.distribute.Server(cluster, job_name=job, config=config)
    if job == "ps":
        server.join()  # until it is killed
    is_chief = job == "chief"
    data = np.random.RandomState(0).normal(size=(32, 5)).astype(np.float32)[is_chief::2]
    device = v1.train.replica_device_setter(worker_device=f"/job:{job}/task:0", cluster=cluster)
    with tf.Graph().as_default(), v1.device(device):
        step = v1.train.get_or_create_global_step()
        weight = v1.get_variable("weight", [4], initializer=v1.ones_initializer())
        loss = tf.reduce_mean(tf.square(tf.linalg.matvec(data[:, :4], weight) - data[:, 4]))
        v1.summary.scalar("loss", loss)
        optimizer = v1.train.SyncReplicasOptimizer(
            v1.train.MomentumOptimizer(0.05, 0.9), replicas_to_aggregate=2, total_num_replicas=2
        )
        train_op = optimizer.minimize(loss, step)
        with v1.train.MonitoredTrainingSession(
            server.target,
            is_chief,
            directory,
            # Without tokens at the start, each step uses one gradient of each replica.
            hooks=[
                optimizer.make_session_run_hook(is_chief, num_tokens=0),
                v1.train.StopAtStepHook(last_step=12),
            ],
            save_checkpoint_steps=5,
            save_summaries_steps=2,
            config=config,
            # The chief's queue thread waits for gradients and does not end by itself.
            stop_grace_period_secs=1,
        ) as session:
            while not session.should_stop():
                print(job, session.run([loss, train_op])[0], flush=True)


def main(directory):
    """Starts the processes; the parameter server is killed when the others have ended."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in JOBS]
        for listener in sockets:
            listener.bind(("127.0.0.1", 0))
        addresses = [f"127.0.0.1:{listener.getsockname()[1]}" for listener in sockets]
    processes = [
        subprocess.Popen([sys.executable, __file__, directory, job, *addresses]) for job in JOBS
    ]
    try:
        return max(process.wait() for process in processes[1:])
    finally:
        for process in processes:
            process.kill()
            process.wait()


if __name__ == "__main__":
    if sys.argv[2:]:
        train(sys.argv[1], sys.argv[2], sys.argv[3:])
    else:
        sys.exit(main(sys.argv[1]))
