"""recovery_wait_secs, as far as one process can show it; tests/cluster has the rest (D2)."""

import inspect

import numpy as np
import pytest
import tensorflow as tf

from tfmts_compat import MonitoredTrainingSession, explain
from tfmts_compat.worker import WorkerSessionCreator


def test_the_session_creator_is_a_subclass_of_upstream_s():
    assert issubclass(WorkerSessionCreator, tf.compat.v1.train.WorkerSessionCreator)


@pytest.mark.parametrize("function", [MonitoredTrainingSession, explain])
def test_it_is_keyword_only_so_that_upstream_may_add_arguments(function):
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
def test_a_worker_needs_a_finite_number_above_0(graph, value, error):
    with pytest.raises(error, match=rf"recovery_wait_secs={value!r} \({type(value).__name__}\)"):
        MonitoredTrainingSession(is_chief=False, hooks=3, recovery_wait_secs=value)
    assert graph.get_operations() == []


def test_a_chief_does_not_look_at_it(train_op):
    with MonitoredTrainingSession(recovery_wait_secs="never") as session:
        session.run(train_op)


@pytest.mark.parametrize("value", [0.001, 1, np.float32(2.5)])
def test_a_model_that_is_ready_is_taken_at_the_first_look(graph, value):
    one = tf.constant(1)
    with MonitoredTrainingSession(is_chief=False, recovery_wait_secs=value) as session:
        assert session.run(one) == 1


@pytest.mark.parametrize("max_wait_secs", [0, -1, 0.2])
def test_a_model_that_is_never_ready_is_given_up(train_op, max_wait_secs):
    with pytest.raises(tf.errors.DeadlineExceededError, match="waited for the chief for"):
        MonitoredTrainingSession(is_chief=False, max_wait_secs=max_wait_secs)


@pytest.mark.parametrize("value", ["60", [], np.array([1, 2])], ids=repr)
def test_max_wait_secs_is_judged_where_upstream_meets_it(value):
    with tf.Graph().as_default():  # ready at the first look, which upstream takes
        one = tf.constant(1)
        with MonitoredTrainingSession(is_chief=False, max_wait_secs=value) as session:
            assert session.run(one) == 1
    raised = []
    for function in (tf.compat.v1.train.MonitoredTrainingSession, MonitoredTrainingSession):
        with tf.Graph().as_default():
            tf.compat.v1.get_variable("never_ready", [])
            with pytest.raises((TypeError, ValueError)) as error:
                function(is_chief=False, max_wait_secs=value)
            raised.append(error)
    assert raised[0].type is raised[1].type
    assert f"({type(value).__name__}): must be a number of seconds" in str(raised[1].value)


def test_the_plan_says_how_a_worker_waits():
    plan = explain(is_chief=False, max_wait_secs=60, recovery_wait_secs=5)
    assert plan.to_dict()["waits"] == "for the chief, up to 60 seconds, looking every 5 seconds"
    assert plan.departures == ("D2",)
    assert "upstream: looking every 30 seconds  (D2)" in str(plan)
    assert explain().recovery_wait_secs is None
    assert "looking" not in str(explain())
