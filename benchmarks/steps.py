"""The time of one step, compared with that of a bare Session.run."""

import contextlib
import itertools
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import pairs
import tensorflow as tf
from worker_join import free_addresses

import tfmts_compat

sys.path.append(str(pathlib.Path(__file__).parent.parent / "examples"))
import digits_model

v1 = tf.compat.v1
OPENERS = {
    "upstream": v1.train.MonitoredTrainingSession,
    "shim": tfmts_compat.MonitoredTrainingSession,
}
STEPS_PER_ROUND = 50
PARAMETER_SERVER = """
import sys
import tensorflow as tf
tf.distribute.Server({"ps": sys.argv[1:2], "chief": sys.argv[2:]}, "ps", 0).join()
"""


class Fetching(v1.train.SessionRunHook):
    """A typical hook of a user: it fetches a value and uses it."""

    def begin(self):
        self.step = v1.train.get_global_step()

    def before_run(self, run_context):
        return v1.train.SessionRunArgs(self.step)

    def after_run(self, run_context, run_values):
        if run_values.results < 0:
            run_context.request_stop()


def _advanced():
    return v1.assign_add(v1.train.get_or_create_global_step(), 1)


def _tiny():
    """Returns a model of one tiny op."""
    return _advanced(), None


def _feeding():
    """Returns a tiny op and one fed array."""
    values = v1.placeholder(tf.float32, [None, 10])
    with tf.control_dependencies([tf.identity(values)]):
        return _advanced(), {values: np.ones((8, 10), np.float32)}


def _fetching_and_feeding():
    """Returns three fetches and two fed arrays."""
    left, right = (v1.placeholder(tf.float32, [None, 10]) for _ in range(2))
    array = np.ones((8, 10), np.float32)
    return [_advanced(), left + right, left * right], {left: array, right: array}


def _new_structures():
    """Returns a tiny op and three more fetches, in a structure that no earlier run had."""
    advance = _advanced()
    tensors = [tf.constant(float(number)) for number in range(22)]
    return ([advance, *three] for three in itertools.product(tensors, repeat=3))


def _digits():
    """Returns the digits classifier of examples/, with a fed batch of 64 images."""
    train_x, train_y, *_ = digits_model.load()
    images = v1.placeholder(tf.float32, [None, 64])
    labels = v1.placeholder(tf.int64, [None])
    loss, _ = digits_model.build(images, labels)
    global_step = v1.train.get_or_create_global_step()
    train_op = v1.train.AdamOptimizer(0.003).minimize(loss, global_step)
    return train_op, {images: train_x[:64], labels: train_y[:64]}


# name, arguments of _stepping, upper limits for the ratio to upstream and to a bare run
STEPS = (
    ("step, no directory", {"in_directory": False}, 0.45, None),
    ("step, default cadence", {}, 0.48, 0.95),
    ("step, default cadence, one array fed", {"build": _feeding}, 0.48, 0.66),
    ("step, three fetched and two fed", {"build": _fetching_and_feeding}, 0.46, None),
    ("step, save_checkpoint_steps=100000", {"save_checkpoint_steps": 100_000}, 0.32, None),
    ("step, default cadence and 10 hooks", {"own_hooks": 10}, 0.60, None),
    ("step, fetches new in every run", {"build": _new_structures}, 1.0, None),
    ("step, digits classifier, batch of 64 fed", {"build": _digits}, 1.0, None),
    ("step, parameter server in another process", {"on_cluster": True}, 1.0, None),
)


def measure(quick):
    """Yields (name, `pairs.case`)."""
    rounds = 20 if quick else 200
    for name, arguments, of_upstream, of_bare in STEPS:
        values = _sides(rounds, OPENERS, arguments)
        yield name, pairs.case("µs", values, of_upstream)
        if of_bare:
            of = ("shim", "raw")
            yield f"{name}: of a bare Session.run", pairs.case("µs", values, of_bare, of)
    upstream_twice = dict.fromkeys(OPENERS, OPENERS["upstream"])
    yield "control: upstream against itself", pairs.case("µs", _sides(rounds, upstream_twice, {}))
    yield from _layers(rounds // 2)


def _sides(rounds, openers, arguments):
    with contextlib.ExitStack() as stack:
        sides = {name: _stepping(stack, opener, **arguments) for name, opener in openers.items()}
        bare = {key: arguments[key] for key in ("build", "on_cluster") if key in arguments}
        sides["raw"] = _stepping(stack, _raw_session, in_directory=False, **bare)
        return pairs.rounds(sides, rounds)


def _stepping(
    stack, opener, build=_tiny, on_cluster=False, in_directory=True, own_hooks=0, **arguments
):
    """Returns a function that runs steps and returns the microseconds of one step.

    Args:
      stack: gets the session, its directory and its parameter server, and closes them.
      opener: opens the session.
      build: builds the model; returns the fetches and feeds of a step, or an iterator over
        the fetches of each step.
      on_cluster: whether the variables are in a parameter server in another process.
      in_directory: whether to pass a new checkpoint_dir.
      own_hooks: how many hooks to pass.
      **arguments: further arguments of the opener.
    """
    device = None
    if on_cluster:
        arguments["master"], device = _cluster(stack)
    if in_directory:
        arguments["checkpoint_dir"] = stack.enter_context(tempfile.TemporaryDirectory())
    if own_hooks:
        arguments["hooks"] = [Fetching() for _ in range(own_hooks)]
    with tf.Graph().as_default(), v1.device(device):
        step = build()
        session = stack.enter_context(opener(**arguments))
    if isinstance(step, tuple):
        return _timed(lambda: session.run(*step))
    return _timed(lambda: session.run(next(step)))


def _timed(step):
    def microseconds_per_step():
        start = time.perf_counter()
        for _ in range(STEPS_PER_ROUND):
            step()
        return (time.perf_counter() - start) / STEPS_PER_ROUND * 1e6

    return microseconds_per_step


def _raw_session(master=""):
    session = v1.Session(master)
    session.run(v1.global_variables_initializer())
    return session


def _cluster(stack):
    """Starts a parameter server and a chief; returns the chief's target and the device."""
    addresses = free_addresses(2)
    process = subprocess.Popen(
        [sys.executable, "-c", PARAMETER_SERVER, *addresses], stderr=subprocess.DEVNULL
    )
    stack.callback(process.wait)
    stack.callback(process.kill)
    spec = {"ps": addresses[:1], "chief": addresses[1:]}
    server = tf.distribute.Server(spec, "chief", 0)
    return server.target, v1.train.replica_device_setter(
        cluster=spec, worker_device="/job:chief/task:0"
    )


def _layers(rounds):
    """Returns the time of the call into the runtime, and of each layer above a bare run."""
    no_summaries = {"save_summaries_steps": None, "log_step_count_steps": None}
    with contextlib.ExitStack() as stack:
        sides = {
            "raw": _stepping(stack, _raw_session, in_directory=False),
            "the call into TensorFlow's runtime alone": _floor(stack),
            "Session.run given options and metadata": _traced(stack),
        }
        for name, arguments in (
            ("MonitoredSession without hooks", {"in_directory": False}),
            ("and the checkpoint saver", no_summaries),
            ("and the summary saver", {"log_step_count_steps": None}),
            ("and the step counter", {}),
        ):
            sides[name] = _stepping(stack, OPENERS["upstream"], **arguments)
        values = pairs.rounds(sides, rounds)
    for name in list(sides)[1:]:
        both = {"raw": values["raw"], "upstream": values[name]}
        yield f"layer: {name}", pairs.case("µs", both, of=("upstream", "raw"))


def _floor(stack):
    """Measures the lower limit for Python code: a call of the runtime with prepared arguments."""
    with tf.Graph().as_default():
        fetch, _ = _tiny()
        session = stack.enter_context(_raw_session())
        session.run(fetch)  # extends the runtime's graph
        output = [session.graph.as_graph_element(fetch)._as_tf_output()]
    return _timed(lambda: session._call_tf_sessionrun(None, {}, output, [], None))


def _traced(stack):
    with tf.Graph().as_default():
        fetch, _ = _tiny()
        session = stack.enter_context(_raw_session())
    return _timed(lambda: session.run(fetch, None, v1.RunOptions(), v1.RunMetadata()))
