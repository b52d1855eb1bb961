"""What the processes of the cluster tests run; each takes emit(name, **values) first."""

import signal

import tensorflow as tf

import tfmts_compat

train = tf.compat.v1.train

SESSIONS = {
    "upstream": train.MonitoredTrainingSession,
    "shim": tfmts_compat.MonitoredTrainingSession,
}


def ps(emit, spec, job, index):
    """A parameter server, up until it is killed."""
    tf.compat.v1.logging.set_verbosity("ERROR")
    server = tf.distribute.Server(spec, job_name=job, task_index=index)
    emit("up")
    server.join()


def step_op(weights=4):
    """A model: some weights, and the op that advances the global step by one."""
    values = tf.compat.v1.get_variable("weights", [weights], initializer=tf.zeros_initializer())
    with tf.control_dependencies([tf.compat.v1.assign_add(values, tf.ones([weights]))]):
        return tf.compat.v1.assign_add(train.get_or_create_global_step(), 1)


def loop(
    emit,
    spec=None,
    job="chief",
    index=0,
    implementation="shim",
    weights=4,
    device_filters=True,
    hooks=list,
    **arguments,
):
    """Trains until the session says stop, as chief or worker, on a cluster or alone."""
    tf.compat.v1.logging.set_verbosity("INFO")
    config = tf.compat.v1.ConfigProto()
    target, device = "", None
    if spec:
        server = tf.distribute.Server(spec, job_name=job, task_index=index)
        target = server.target
        device = train.replica_device_setter(
            worker_device=f"/job:{job}/task:{index}", cluster=tf.train.ClusterSpec(spec)
        )
        if device_filters:
            config.device_filters.extend(["/job:ps", f"/job:{job}/task:{index}"])
    emit("up")
    try:
        with tf.Graph().as_default(), tf.compat.v1.device(device):
            op = step_op(weights)
            with SESSIONS[implementation](
                target, is_chief=job == "chief", config=config, hooks=hooks(), **arguments
            ) as session:
                emit("session")
                while not session.should_stop():
                    emit("step", step=int(session.run(op)))
    except tf.errors.OpError as error:
        emit("error", type=type(error).__name__, message=error.message)
        raise SystemExit(3) from error
    emit("end")


def default_signals(emit, **arguments):
    """`loop`, with the signals as a program started by a shell finds them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    loop(emit, **arguments)
