"""The end of the input, which ends the `with` block of a session without an error."""

import contextlib
import logging
import re
import warnings

import pytest
import tensorflow as tf
from helpers import pitfall

from tfmts_compat import MonitoredTrainingSession, TfmtsCompatWarning, run_without_hooks

v1 = tf.compat.v1
train = v1.train
upstream = train.MonitoredTrainingSession
OutOfRange = tf.errors.OutOfRangeError


class Model:
    """A model that is trained on 20 elements, and evaluated on 7."""

    def __init__(self, resource=True):
        train.get_or_create_global_step()
        weight = v1.get_variable("weight", initializer=0.5, use_resource=resource)
        seen = v1.get_variable(
            "seen",
            initializer=0.0,
            trainable=False,
            collections=[v1.GraphKeys.LOCAL_VARIABLES],
            use_resource=resource,
        )
        self.train_input = self.read(20, "train_input")
        self.other_input = self.read(7, "other_input")
        loss = tf.square(weight - self.train_input)
        optimizer = train.GradientDescentOptimizer(0.01)
        self.train_op = optimizer.minimize(loss, global_step=train.get_global_step())
        self.other_train_op = optimizer.minimize(tf.square(weight - self.other_input))
        self.evaluation = tf.multiply(weight, self.read(7, "input"), name="evaluation")
        self.metric = v1.assign_add(seen, self.evaluation)

    @staticmethod
    def read(number, name):
        data = tf.data.Dataset.range(number).map(lambda value: tf.cast(value, tf.float32))
        return v1.data.make_one_shot_iterator(data).get_next(name=name)


def evaluates(model, session):
    """Evaluates ten elements after every ten steps, although there are only seven."""
    for step in range(1, 1001):
        session.run(model.train_op)
        if step % 10 == 0:
            for _ in range(10):
                session.run([model.evaluation, model.metric])


def reported(open_session, use, caplog, resource=True, **arguments):
    """Returns the warnings and the log lines of a session whose block `use` ends."""
    caplog.clear()
    with tf.Graph().as_default(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = Model(resource)
        with caplog.at_level(logging.INFO, "absl"), open_session(**arguments) as session:
            use(model, session)
            raise AssertionError("the block has not ended early")
    lines = [line for line in caplog.messages if "ends the `with` block" in line]
    return [str(w.message) for w in caught if issubclass(w.category, TfmtsCompatWarning)], lines


@pytest.mark.parametrize("resource", [True, False])
@pytest.mark.parametrize(
    "arguments",
    [
        {"checkpoint_dir": "d"},
        {},
        {"hooks": [train.StopAtStepHook(last_step=1000)], "save_checkpoint_steps": 2},
    ],
    ids=["saves", "no directory", "stops"],
)
def test_an_evaluation_that_ends_the_training_raises_a_warning(
    caplog, working_directory, arguments, resource
):
    (text,), (line,) = reported(MonitoredTrainingSession, evaluates, caplog, resource, **arguments)
    assert re.match(pitfall("input-ends"), text)
    assert re.match(r"the run of evaluation:0, \S+ ends the training at global step 10, al", text)
    assert "it raised OutOfRangeError of input, with which" in text
    assert line == "OutOfRangeError of input ends the `with` block of the session at global step 10"
    arguments = {**arguments, "checkpoint_dir": "upstream"}
    assert reported(upstream, evaluates, caplog, **arguments) == ([], [])


def without_hooks(model, session):
    for _ in range(3):
        session.run(model.train_op)
    while True:
        run_without_hooks(session, model.evaluation)


def in_a_step_function(model, session):
    for _ in range(3):
        session.run(model.train_op)
    while True:
        session.run_step_fn(lambda step_context: step_context.run_with_hooks(model.evaluation))


def in_another_graph(model, session):
    for _ in range(3):
        session.run(model.train_op)
    with tf.Graph().as_default(), v1.Session() as evaluation:
        weight = v1.get_variable("weight", initializer=0.5)
        value = tf.multiply(weight, Model.read(7, "input"), name="evaluation")
        evaluation.run(weight.initializer)
        while True:
            evaluation.run(value)


@pytest.mark.parametrize("use", [without_hooks, in_a_step_function, in_another_graph])
def test_a_warning_is_raised_on_each_way_to_evaluate(caplog, use):
    (text,), (line,) = reported(MonitoredTrainingSession, use, caplog)
    assert text.startswith("the run of evaluation:0 ends the training at global step 3, although")
    assert line == "OutOfRangeError of input ends the `with` block of the session at global step 3"


def trains(model, session):
    while not session.should_stop():
        session.run(model.train_op)


def trains_with_another_op(model, session):
    while not session.should_stop():
        session.run(model.train_op)
        session.run(model.other_train_op)


def trains_in_one_run(model, session):
    while not session.should_stop():
        session.run([model.evaluation, model.train_op])


def reads_a_feed(model, session):
    while not session.should_stop():
        session.run(model.train_op, {model.train_input: session.run(model.other_input)})


def only_evaluates(model, session):
    while True:
        session.run(model.evaluation)


def evaluates_after_the_stop(model, session):
    while not session.should_stop():
        session.run(model.train_op)
    while True:
        run_without_hooks(session, model.evaluation)


def ends_the_iteration(model, session):
    numbers = iter(range(5))
    while True:
        session.run(model.train_op)
        next(numbers)


def raises(model, session):
    for _ in range(3):
        session.run(model.train_op)
    raise OutOfRange(None, None, "made up")


@pytest.mark.parametrize(
    ("use", "error"),
    [
        (trains, "OutOfRangeError of train_input ends {} 20"),
        (trains_with_another_op, "OutOfRangeError of other_input ends {} 8"),
        (trains_in_one_run, "OutOfRangeError of input ends {} [78]"),
        (reads_a_feed, "OutOfRangeError of other_input ends {} 7"),
        (only_evaluates, "OutOfRangeError of input ends {} 0"),
        (evaluates_after_the_stop, "OutOfRangeError of input ends {} 15"),
        (ends_the_iteration, "StopIteration ends {} 6"),
        (raises, "OutOfRangeError ends {} 3"),
    ],
)
@pytest.mark.parametrize("cache_runs", [True, False])
def test_correct_programs_that_end_with_their_input_only_log_it(caplog, use, error, cache_runs):
    hooks = [train.StopAtStepHook(last_step=15)] if use is evaluates_after_the_stop else []
    found, (line,) = reported(
        MonitoredTrainingSession, use, caplog, hooks=hooks, cache_runs=cache_runs
    )
    assert found == []
    assert re.fullmatch(error.format("the `with` block of the session at global step"), line)


class RaisesInAHook(train.SessionRunHook):
    def after_run(self, run_context, run_values):
        if run_values.results is not None:
            raise OutOfRange(None, None, "made up")

    def before_run(self, run_context):
        return train.SessionRunArgs(train.get_global_step())


def test_an_error_that_a_hook_raises_is_logged(caplog):
    found = reported(
        MonitoredTrainingSession,
        trains,
        caplog,
        hooks=[RaisesInAHook()],
    )
    line = "OutOfRangeError ends the `with` block of the session at global step 1"
    assert found == ([], [line])


def test_a_session_without_a_global_step_logs_it(graph, caplog):
    value = Model.read(7, "input")
    with caplog.at_level(logging.INFO, "absl"), MonitoredTrainingSession() as session:
        while True:
            session.run(value)
    line = "OutOfRangeError of input ends the `with` block of the session at an unknown global step"
    assert line in caplog.messages


def caught_in_the_block(model, session):
    with contextlib.suppress(OutOfRange):
        evaluates(model, session)


def closes_in_the_block(model, session):
    try:
        evaluates(model, session)
    except OutOfRange:
        session.close()
        raise KeyError("mine") from None


@pytest.mark.parametrize("use", [caught_in_the_block, closes_in_the_block])
def test_an_error_that_the_program_catches_is_not_reported(caplog, use):
    def use_and_fail(model, session):
        use(model, session)
        raise KeyError("mine")

    with pytest.raises((KeyError, RuntimeError)):
        reported(MonitoredTrainingSession, use_and_fail, caplog)
    assert not [line for line in caplog.messages if "ends the `with` block" in line]


def test_an_error_around_the_block_is_not_reported(graph, caplog):
    Model()
    with caplog.at_level(logging.INFO, "absl"):
        try:
            raise OutOfRange(None, None, "made up")
        except OutOfRange:
            with MonitoredTrainingSession():
                pass
    assert not [line for line in caplog.messages if "ends the `with` block" in line]


def test_a_warning_as_an_error_ends_the_block_and_closes_the_session(graph):
    model = Model()
    warnings.simplefilter("error", TfmtsCompatWarning)
    with pytest.raises(TfmtsCompatWarning), MonitoredTrainingSession() as session:
        evaluates(model, session)
    assert session.should_stop()
