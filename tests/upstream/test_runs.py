"""The private parts of TensorFlow's Session.run."""

import importlib

import tensorflow as tf

from tfmts_compat import MonitoredTrainingSession, raw_session
from tfmts_compat._upstream import runs

Session = tf.compat.v1.Session


def test_this_tensorflow_has_every_part(graph):
    with Session() as session:
        assert runs.find_run_internals(session) is not None


def test_a_subclass_of_session_keeps_its_run(graph):
    with type("Subclass", (Session,), {})() as session:
        assert runs.find_run_internals(session) is None


def test_without_a_part_upstreams_run_is_used(train_op, monkeypatch):
    resources = importlib.import_module("tensorflow.python.ops.resource_variable_ops")
    monkeypatch.delattr(resources, "_UnreadVariable")
    with MonitoredTrainingSession() as session:
        assert "run" not in vars(raw_session(session))
        assert [session.run(train_op.op) for _ in range(3)] == [None] * 3
