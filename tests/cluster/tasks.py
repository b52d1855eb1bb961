"""The functions that the processes of the cluster tests run.

Their first argument is emit(name, **values), which sends an event to the test.
"""

import os
import threading
import time

import tensorflow as tf

import tfmts_compat

v1 = tf.compat.v1
train = v1.train

SESSIONS = {
    "upstream": train.MonitoredTrainingSession,
    "shim": tfmts_compat.MonitoredTrainingSession,
}


def ps(emit, spec, job, index, working_directory="."):
    """Runs a parameter server until it is killed."""
    os.chdir(working_directory)
    server = tf.distribute.Server(spec, job_name=job, task_index=index)
    emit("up")
    server.join()


class EmittingSaver(train.Saver):
    """A Saver that emits an event before and after each save."""

    def __init__(self, emit):
        super().__init__(defer_build=True)
        self._emit = emit

    def save(self, session, path, *, global_step, **arguments):
        self._emit("saving", step=int(global_step))
        saved = super().save(session, path, global_step=global_step, **arguments)
        self._emit("saved", step=int(global_step))
        return saved


class HangInEndHook(train.SessionRunHook):
    """Emits "ending" in end(), and never returns."""

    def __init__(self, emit):
        self._emit = emit

    def end(self, session):
        self._emit("ending")
        while True:
            time.sleep(1)


def train_alone(emit, **arguments):
    """Runs `train_loop` in one process, without a cluster."""
    train_loop(emit, v1.ConfigProto(), "", None, True, **arguments)


def train_on_cluster(
    emit, spec, job, index, device_filters=True, working_directory=".", **arguments
):
    """Runs `train_loop` as the chief or a worker, with the variables on the ps."""
    os.chdir(working_directory)
    config = v1.ConfigProto()
    if device_filters:
        config.device_filters.extend(["/job:ps", f"/job:{job}/task:{index}"])
    server = tf.distribute.Server(spec, job_name=job, task_index=index, config=config)
    device = train.replica_device_setter(
        worker_device=f"/job:{job}/task:{index}", cluster=tf.train.ClusterSpec(spec)
    )
    train_loop(emit, config, server.target, device, job == "chief", **arguments)


def train_loop(
    emit,
    config,
    target,
    device,
    is_chief,
    implementation="shim",
    weights=4,
    replicas=0,
    stop_on_signal=False,
    hang_in_end=False,
    own_variable_in=None,
    default_saver=False,
    **arguments,
):
    """Trains until should_stop(); emits up, session, step, saving, saved, end, error.

    With own_variable_in, the graph has another variable, which is in this collection. With
    default_saver, there are no events about saves.
    """
    v1.logging.set_verbosity("INFO")
    emit("up")
    started = time.monotonic()
    try:
        with tf.Graph().as_default(), v1.device(device):
            global_step = train.get_or_create_global_step()
            loss, hooks = model(weights), []
            if own_variable_in:
                v1.get_variable("own", [], collections=[own_variable_in])
            optimizer = train.GradientDescentOptimizer(0.01)
            if replicas:
                optimizer = train.SyncReplicasOptimizer(optimizer, replicas, replicas)
                hooks.append(optimizer.make_session_run_hook(is_chief))
            with tf.control_dependencies([optimizer.minimize(loss, global_step)]):
                step = tf.identity(global_step)
            if stop_on_signal:
                hooks.append(tfmts_compat.StopOnSignalHook())
            if hang_in_end:
                hooks.append(HangInEndHook(emit))
            with SESSIONS[implementation](
                target,
                is_chief=is_chief,
                config=config,
                hooks=hooks,
                scaffold=None if default_saver else train.Scaffold(saver=EmittingSaver(emit)),
                **arguments,
            ) as session:
                emit("session")
                while not session.should_stop():
                    emit("step", step=int(session.run(step)))
    except tf.errors.OpError as error:
        waited = time.monotonic() - started
        emit("error", type=type(error).__name__, message=error.message, waited=waited)
        raise SystemExit(3) from error
    emit("end")


def model(weights):
    """Builds a model and returns its loss; the number of weights sets how long a save takes."""
    values = v1.get_variable("weights", [weights], initializer=tf.ones_initializer())
    return tf.reduce_sum(values * values)


def _watch_for_a_connection(emit):
    while not any(thread.name == "connecting to the cluster" for thread in threading.enumerate()):
        time.sleep(0.05)
    emit("connecting")


def interrupted_while_connecting(emit, spec, job, index, waits=1, **arguments):
    """Waits as a worker without device filters, for every process; SIGINT ends a wait.

    Emits "connecting" when a thread connects to the cluster, and "interrupted" or "error" for
    each wait. Then it emits "left" with the number of threads that are still running, and, when
    none is, "ended" with the number of times that the local init op ran.
    """
    ran = []
    threading.Thread(target=_watch_for_a_connection, args=(emit,), daemon=True).start()
    before = set(threading.enumerate())
    server = tf.distribute.Server(spec, job_name=job, task_index=index)
    device = train.replica_device_setter(worker_device=f"/job:{job}/task:{index}", ps_tasks=1)
    for _ in range(waits):
        with tf.Graph().as_default(), v1.device(device):
            train.get_or_create_global_step()
            local_init_op = v1.py_func(lambda: ran.append(1) or 0, [], tf.int64).op
            scaffold = train.Scaffold(local_init_op=local_init_op)
            try:
                tfmts_compat.MonitoredTrainingSession(
                    server.target, is_chief=False, scaffold=scaffold, **arguments
                )
            except KeyboardInterrupt:
                emit("interrupted")
            except tf.errors.DeadlineExceededError as error:
                emit("error", message=error.message)
    emit("left", threads=len(set(threading.enumerate()) - before))
    while set(threading.enumerate()) - before:
        time.sleep(0.05)
    emit("ended", local_init_ops=len(ran))
    time.sleep(3600)  # until it is killed: the chief's session needs it
