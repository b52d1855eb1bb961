"""The worker's polls in one process; tests/cluster tests them with a real cluster (D2)."""

import contextlib
import inspect
import logging
import threading

import numpy as np
import pytest
import tensorflow as tf

from tfmts_compat import MonitoredTrainingSession, explain
from tfmts_compat._extensions import worker
from tfmts_compat._extensions.worker import PollingWorkerSessionCreator

v1 = tf.compat.v1
BOTH = [v1.train.MonitoredTrainingSession, MonitoredTrainingSession]


def test_the_session_creator_is_a_subclass_of_upstreams():
    assert issubclass(PollingWorkerSessionCreator, v1.train.WorkerSessionCreator)


@pytest.mark.parametrize("function", [MonitoredTrainingSession, explain])
def test_recovery_wait_secs_is_keyword_only_so_that_upstream_may_add_arguments(function):
    assert inspect.signature(function).parameters["recovery_wait_secs"].kind.name == "KEYWORD_ONLY"


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (0, ValueError),
        (-1, ValueError),
        (float("nan"), ValueError),
        (float("inf"), ValueError),
        ("1", TypeError),
        (None, TypeError),
    ],
)
def test_recovery_wait_secs_of_a_worker_is_a_finite_number_above_0(graph, value, error):
    with pytest.raises(error, match=rf"recovery_wait_secs={value!r} \({type(value).__name__}\)"):
        MonitoredTrainingSession(is_chief=False, hooks=3, recovery_wait_secs=value)
    assert graph.get_operations() == []


def test_a_chief_does_not_validate_recovery_wait_secs(train_op):
    with MonitoredTrainingSession(recovery_wait_secs="never") as session:
        session.run(train_op)


@pytest.mark.parametrize("value", [0.001, 1, np.float32(2.5)])
def test_a_ready_model_ends_the_wait_at_the_first_poll(graph, value):
    one = tf.constant(1)
    with MonitoredTrainingSession(is_chief=False, recovery_wait_secs=value) as session:
        assert session.run(one) == 1


@pytest.mark.parametrize("max_wait_secs", [0, -1, 0.2, np.float32(0.2), np.array(0.2)])
def test_a_model_that_is_never_ready_ends_the_wait_at_max_wait_secs(train_op, max_wait_secs):
    with pytest.raises(tf.errors.DeadlineExceededError, match="waited for the chief for"):
        MonitoredTrainingSession(is_chief=False, max_wait_secs=max_wait_secs)


@pytest.mark.parametrize(
    "value", ["60", [], np.array([1, 2]), float("nan"), float("-inf")], ids=repr
)
def test_max_wait_secs_is_validated_where_upstream_uses_it(value):
    with tf.Graph().as_default():  # ready at the first poll, after which upstream returns
        one = tf.constant(1)
        with MonitoredTrainingSession(is_chief=False, max_wait_secs=value) as session:
            assert session.run(one) == 1
    raised = []
    for function in (v1.train.MonitoredTrainingSession, MonitoredTrainingSession):
        with tf.Graph().as_default():
            v1.get_variable("never_ready", [])
            with pytest.raises((TypeError, ValueError, OverflowError)) as error:
                function(is_chief=False, max_wait_secs=value)
            raised.append(error)
    assert raised[0].type is raised[1].type
    assert f"({type(value).__name__}): must be a number of seconds" in str(raised[1].value)


def test_the_plan_shows_how_a_worker_waits():
    plan = explain(is_chief=False, max_wait_secs=60, recovery_wait_secs=5)
    assert plan.to_dict()["waits"] == "for the chief, up to 60 seconds, polling every 5 seconds"
    assert plan.departures == ("D2",)
    assert "upstream: polls for the chief every 30 seconds, " in str(plan)
    assert explain().recovery_wait_secs is None
    assert "polling" not in str(explain())


def test_max_wait_secs_none_polls_until_the_model_is_ready(graph):
    polls = iter([["variable"], ["variable"], []])
    ready_op = v1.py_func(lambda: np.array(next(polls, []), "S"), [], tf.string)
    scaffold = v1.train.Scaffold(ready_op=ready_op)
    with MonitoredTrainingSession(
        is_chief=False, scaffold=scaffold, max_wait_secs=None, recovery_wait_secs=0.01
    ):
        assert next(polls, None) is None


@pytest.mark.parametrize("function", [v1.train.MonitoredTrainingSession, MonitoredTrainingSession])
def test_the_wait_is_in_the_callers_thread_graph_and_contexts(function):
    seen = []

    class Seven:
        def __array__(self, dtype=None, copy=None):
            here = v1
            seen.append((threading.current_thread(), here.get_default_graph(), mine.value))
            seen.append((here.get_variable_scope().name, here.get_default_session()))
            return np.array(7, dtype)

    mine = threading.local()
    mine.value = "set in the caller's thread"
    with tf.Graph().as_default() as graph, v1.Session() as outer:
        fed = v1.placeholder_with_default(0, [])
        local = v1.get_local_variable("local", initializer=0)
        scaffold = v1.train.Scaffold(
            local_init_op=local.assign(fed).op, local_init_feed_dict={fed: Seven()}
        )
        with v1.variable_scope("inner"), function(is_chief=False, scaffold=scaffold) as session:
            assert session.run(local) == 7
    expected = [(threading.current_thread(), graph, mine.value), ("inner", outer)]
    assert seen[:2] == expected


@pytest.mark.parametrize("function", [v1.train.MonitoredTrainingSession, MonitoredTrainingSession])
def test_a_session_that_is_recovered_under_another_default_graph_keeps_its_own(function):
    class LoseSession(v1.train.SessionRunHook):
        times = 0

        def after_run(self, run_context, run_values):
            self.times += 1
            if self.times == 1:
                raise tf.errors.AbortedError(None, None, "as after a lost ps")

    hook = LoseSession()
    with tf.Graph().as_default():
        one = tf.constant(1)
        session = function(is_chief=False, hooks=[hook])
    with tf.Graph().as_default(), session:
        assert session.run(one) == 1
    assert hook.times == 2


def waiting_lines(caplog):
    return [r.getMessage() for r in caplog.records if "Waiting for model" in r.getMessage()]


@contextlib.contextmanager
def tensorflow_log(caplog):
    logger = tf.get_logger()
    level, propagate = logger.level, logger.propagate
    logger.propagate = True
    try:
        with caplog.at_level(logging.INFO, logger.name):
            yield
    finally:
        logger.setLevel(level)
        logger.propagate = propagate


def ready_at_the_fourth_poll():
    """An op that names a variable that is not initialized, three times."""
    polls = iter([["global_step"]] * 3)
    return v1.py_func(lambda: np.array(next(polls, []), "S"), [], tf.string)


@pytest.mark.parametrize(("log_every_secs", "count"), [(30, 1), (0, 3)])
def test_a_waiting_worker_logs_upstreams_line_every_30_seconds(
    caplog, monkeypatch, log_every_secs, count
):
    assert worker._LOG_EVERY_SECS == 30
    monkeypatch.setattr(worker, "_LOG_EVERY_SECS", log_every_secs)
    with tf.Graph().as_default(), tensorflow_log(caplog):
        scaffold = v1.train.Scaffold(ready_for_local_init_op=ready_at_the_fourth_poll())
        MonitoredTrainingSession(
            is_chief=False, scaffold=scaffold, max_wait_secs=None, recovery_wait_secs=0.01
        ).close()
    lines = waiting_lines(caplog)
    assert len(lines) == count
    caplog.clear()
    with tf.Graph().as_default(), tensorflow_log(caplog):
        v1.train.SessionManager(
            ready_for_local_init_op=ready_at_the_fourth_poll(),
            local_init_op=tf.no_op(),
            recovery_wait_secs=0.01,
        ).wait_for_session("").close()
    assert waiting_lines(caplog) == lines[:1] * 3


V1 = v1


@pytest.fixture
def master():
    """A TensorFlow server in this process; its variables are shared by all sessions."""
    target = V1.train.Server({"local": ["127.0.0.1:0"]}, start=True).target
    V1.Session.reset(target)
    return target


def build(name, device="/job:local/task:0"):
    with V1.device(device):
        V1.train.get_or_create_global_step()
        V1.get_variable(name, [2])


def waited(master, **arguments):
    with pytest.raises(tf.errors.DeadlineExceededError) as raised:
        MonitoredTrainingSession(
            master, is_chief=False, max_wait_secs=0.2, recovery_wait_secs=0.05, **arguments
        )
    return raised.value.message


@pytest.mark.parametrize(
    ("name", "device", "named"),
    [
        (
            "own",
            "/job:local/task:0",
            "2 of 3 global variables are initialized, so the chief has started.",
        ),
        ("own", "", "so they are in the process of this worker, where the chief does not"),
    ],
)
def test_the_cause_of_a_wait_that_a_running_chief_does_not_end(master, name, device, named):
    with tf.Graph().as_default():
        build("model")
        chief = MonitoredTrainingSession(master)
    with chief, tf.Graph().as_default():
        build("model")
        build(name, device)
        message = waited(master)
    assert f"these variables are not initialized: {name}. " in message
    assert named in message


def test_without_a_master_no_chief_can_end_the_wait(train_op):
    assert "pass is_chief=True" in waited("")


def test_a_local_init_op_without_all_local_variables_is_named(graph):
    V1.get_local_variable("counter", [])
    scaffold = V1.train.Scaffold(local_init_op=tf.no_op())
    assert "this process does not initialize counter. Include Scaffold.default" in waited(
        "", scaffold=scaffold
    )


def test_a_global_variable_is_not_expected_from_the_local_init_op(master, graph):
    build("model")
    scaffold = V1.train.Scaffold(
        ready_for_local_init_op=tf.constant([], tf.string),
        ready_op=V1.report_uninitialized_variables(V1.global_variables()),
    )
    message = waited(master, scaffold=scaffold)
    assert "these variables are not initialized: global_step, model. Check whether" in message


def test_a_ready_op_of_another_kind_gives_no_cause(master, graph):
    build("model")
    ready_op = tf.constant(["model"])
    scaffold = V1.train.Scaffold(ready_for_local_init_op=ready_op)
    assert "Check whether the chief runs" in waited(master, scaffold=scaffold)


def test_a_worker_that_waits_long_logs_the_cause(master, caplog, monkeypatch):
    monkeypatch.setattr(worker, "_LOG_EVERY_SECS", 0)
    with tf.Graph().as_default():
        build("model")
        chief = MonitoredTrainingSession(master)
    with chief, tf.Graph().as_default():
        build("own")
        with tensorflow_log(caplog):
            waited(master)
    lines = [r.getMessage() for r in caplog.records if "may wait for ever" in r.getMessage()]
    assert lines
    assert "its graph does not have own" in lines[0]
    with tf.Graph().as_default():  # a chief that has not started is no reason for a warning
        build("not_started")
        caplog.clear()
        V1.Session.reset(master)
        with tensorflow_log(caplog):
            waited(master)
    assert "may wait for ever" not in caplog.text
