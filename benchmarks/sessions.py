"""Sessions in this process: the time of a step, of opening one, of a short training."""

import contextlib
import tempfile
import time

import model
import pairs
import tensorflow as tf

import tfmts_compat

v1 = tf.compat.v1
OPENERS = {
    "upstream": v1.train.MonitoredTrainingSession,
    "shim": tfmts_compat.MonitoredTrainingSession,
}
STEPS_PER_ROUND = 50


class Fetching(v1.train.SessionRunHook):
    """A hook as users write them: it fetches a value and looks at it."""

    def begin(self):
        self.step = v1.train.get_global_step()

    def before_run(self, run_context):
        return v1.train.SessionRunArgs(self.step)

    def after_run(self, run_context, run_values):
        if run_values.results < 0:
            run_context.request_stop()


def measure(quick):
    """Yields (name, `pairs.case`)."""
    yield from _steps(20 if quick else 200)
    yield from _layers(10 if quick else 100)
    yield from _construction(5 if quick else 150)  # its target is 1 %, its noise 5 %
    yield from _training(5 if quick else 60)


def _stepping(stack, opener, in_directory=True, own_hooks=0, run_arguments=dict, **arguments):
    """A function that runs steps of one tiny op: nothing but what the session itself costs.

    Args:
      stack: closes the session and removes its directory.
      opener: opens the session.
      in_directory: whether to pass a fresh checkpoint_dir.
      own_hooks: how many hooks to pass.
      run_arguments: makes the keyword arguments of each run.
      **arguments: further arguments of the opener.
    """
    if in_directory:
        arguments["checkpoint_dir"] = stack.enter_context(tempfile.TemporaryDirectory())
    if own_hooks:
        arguments["hooks"] = [Fetching() for _ in range(own_hooks)]
    with tf.Graph().as_default():
        train_op = v1.assign_add(v1.train.get_or_create_global_step(), 1)
        session = stack.enter_context(opener(**arguments))

    def microseconds_per_step():
        start = time.perf_counter()
        for _ in range(STEPS_PER_ROUND):
            session.run(train_op, **run_arguments())
        return (time.perf_counter() - start) / STEPS_PER_ROUND * 1e6

    return microseconds_per_step


def _raw_session():
    session = v1.Session()
    session.run(v1.global_variables_initializer())
    return session


def _steps(rounds):
    for name, target, arguments in (
        ("step, no directory", 1.0, {"in_directory": False}),
        ("step, default cadence", 1.0, {}),
        ("step, save_checkpoint_steps=100000", 0.6, {"save_checkpoint_steps": 100_000}),
        ("step, default cadence and 10 hooks", 1.0, {"own_hooks": 10}),
        ("control: upstream against itself", None, {}),
    ):
        control = name.startswith("control")
        with contextlib.ExitStack() as stack:
            sides = {
                side: _stepping(stack, OPENERS["upstream" if control else side], **arguments)
                for side in OPENERS
            }
            sides["raw"] = _stepping(stack, _raw_session, in_directory=False)
            yield name, pairs.case("µs", pairs.rounds(sides, rounds), target)


def _layers(rounds):
    """Where upstream's time goes: each layer of a session against the raw one."""

    def traced():
        return {"options": v1.RunOptions(), "run_metadata": v1.RunMetadata()}

    raw = {"opener": _raw_session, "in_directory": False}
    no_summaries = {"save_summaries_steps": None, "log_step_count_steps": None}
    with contextlib.ExitStack() as stack:
        sides = {
            "raw": _stepping(stack, **raw),
            "Session.run given options and metadata": _stepping(stack, **raw, run_arguments=traced),
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


def _construction(rounds):
    """Opening a session over a model of 20 variables; building it is not counted."""

    def timed(opener, in_directory):
        def milliseconds():
            with tempfile.TemporaryDirectory() as directory, tf.Graph().as_default():
                model.classifier(layers=10)
                start = time.perf_counter()
                session = opener(checkpoint_dir=directory if in_directory else None)
                took = time.perf_counter() - start
                session.close()
                v1.summary.FileWriterCache.clear()
            return took * 1e3

        return milliseconds

    for name, in_directory in (
        ("construction, no directory", False),
        ("construction, fresh directory", True),
    ):
        sides = {side: timed(opener, in_directory) for side, opener in OPENERS.items()}
        yield name, pairs.case("ms", pairs.rounds(sides, rounds), 1.01)


def _training(rounds):
    """Open, 200 steps of a small model, close; every checkpoint included."""

    def timed(opener, **cadence):
        def milliseconds():
            with tempfile.TemporaryDirectory() as directory, tf.Graph().as_default():
                train_op = model.classifier(layers=2)
                start = time.perf_counter()
                with opener(checkpoint_dir=directory, **cadence) as session:
                    for _ in range(200):
                        session.run(train_op)
                took = time.perf_counter() - start
                v1.summary.FileWriterCache.clear()
            return took * 1e3

        return milliseconds

    for name, cadence in (
        ("training, default cadence", {}),
        ("training, save_checkpoint_steps=100", {"save_checkpoint_steps": 100}),
    ):
        sides = {side: timed(opener, **cadence) for side, opener in OPENERS.items()}
        yield name, pairs.case("ms", pairs.rounds(sides, rounds), 1.0)
