"""A program may replace parts of TensorFlow; upstream's function and the shim use them."""

import functools
import subprocess
import sys

import pytest
import tensorflow as tf
from tensorflow.python.training import basic_session_run_hooks, monitored_session, session_manager

from tfmts_compat import MonitoredTrainingSession
from tfmts_compat._upstream import parts

v1 = tf.compat.v1
train = v1.train
BOTH = [train.MonitoredTrainingSession, MonitoredTrainingSession]
HOOKS = ["StepCounterHook", "SummarySaverHook", "CheckpointSaverHook"]
CHIEF = ["ChiefSessionCreator", "Scaffold"]


def open_and_train(open_session, directory, **arguments):
    with tf.Graph().as_default():
        step = train.get_or_create_global_step()
        v1.summary.scalar("step", step)
        train_op = v1.assign_add(step, 1)
        with open_session(
            checkpoint_dir=str(directory), save_checkpoint_steps=2, **arguments
        ) as session:
            for _ in range(5):
                session.run(train_op)


@pytest.mark.parametrize("open_session", BOTH)
@pytest.mark.parametrize("name", [*HOOKS, *CHIEF])
def test_a_class_that_replaces_upstreams_is_used(tmp_path, monkeypatch, open_session, name):
    home = basic_session_run_hooks if name in HOOKS else monitored_session
    made = []

    class Replacement(getattr(home, name)):
        def __init__(self, *args, **kwargs):
            made.append(name)
            super().__init__(*args, **kwargs)

    monkeypatch.setattr(home, name, Replacement)
    open_and_train(open_session, tmp_path)
    assert made == [name]


@pytest.mark.parametrize("open_session", BOTH)
@pytest.mark.parametrize("name", HOOKS)
def test_a_patched_before_run_may_fetch_more(tmp_path, monkeypatch, open_session, name):
    hook = getattr(basic_session_run_hooks, name)
    before_run, after_run = hook.before_run, hook.after_run
    fetched = []

    @functools.wraps(before_run)
    def fetch_more(self, run_context):
        graph = run_context.session.graph
        request = before_run(self, run_context)
        return train.SessionRunArgs([request.fetches, train.get_global_step(graph)])

    @functools.wraps(after_run)
    def take_more(self, run_context, run_values):
        results, step = run_values.results
        fetched.append(step)
        values = train.SessionRunValues(results, run_values.options, run_values.run_metadata)
        after_run(self, run_context, values)

    monkeypatch.setattr(hook, "before_run", fetch_more)
    monkeypatch.setattr(hook, "after_run", take_more)
    open_and_train(open_session, tmp_path)
    assert len(fetched) == 5
    assert train.latest_checkpoint(str(tmp_path)).endswith("-5")


@pytest.mark.parametrize("open_session", BOTH)
def test_a_worker_uses_a_replaced_session_creator(monkeypatch, graph, open_session):
    made = []

    class Replacement(monitored_session.WorkerSessionCreator):
        def __init__(self, **kwargs):
            made.append(sorted(kwargs))
            super().__init__(**kwargs)

    monkeypatch.setattr(monitored_session, "WorkerSessionCreator", Replacement)
    open_session(is_chief=False).close()
    assert made == [["config", "master", "max_wait_secs", "scaffold"]]


@pytest.mark.parametrize("open_session", BOTH)
@pytest.mark.parametrize(
    ("owner", "method"),
    [
        (monitored_session.WorkerSessionCreator, "create_session"),
        (session_manager.SessionManager, "wait_for_session"),
    ],
)
def test_a_worker_calls_a_patched_method(monkeypatch, graph, open_session, owner, method):
    calls = []
    original = getattr(owner, method)

    @functools.wraps(original)
    def counted(*args, **kwargs):
        calls.append(method)
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, method, counted)
    open_session(is_chief=False).close()
    assert calls == [method]


@pytest.mark.parametrize("name", [*HOOKS, "ChiefSessionCreator", "WorkerSessionCreator"])
@pytest.mark.parametrize("levels", [1, 2])
def test_classes_that_are_not_replaced_are_extended(monkeypatch, name, levels):
    own = extended = parts.get_part(name)
    for _ in range(levels):
        extended = type("Extended", (extended,), {})
    methods = ("before_run", "after_run") if name in HOOKS else ("create_session",)
    assert parts.choose_class(extended, name, *methods).func is extended
    home = basic_session_run_hooks if name in HOOKS else monitored_session
    for replacement in (type(name, (own,), {}), own.__base__, extended):
        monkeypatch.setattr(home, name, replacement)
        assert parts.choose_class(extended, name) is replacement


def test_a_replaced_public_name_has_no_effect_as_upstream(tmp_path, train_op, monkeypatch):
    """Upstream's code finds its classes in their own modules."""
    replaced = ("CheckpointSaverHook", "SummarySaverHook", "ChiefSessionCreator", "SessionRunHook")
    for name in replaced:
        monkeypatch.setattr(v1.train, name, None)
    for name in ("Session", "ConfigProto", "RunOptions"):
        monkeypatch.setattr(v1, name, None)
    with MonitoredTrainingSession(checkpoint_dir=str(tmp_path), save_checkpoint_steps=1) as session:
        assert session.run(train_op) == 1
    assert tf.train.latest_checkpoint(str(tmp_path)).endswith("-1")


NOTICES = """
import logging, sys
import tensorflow as tf
import tfmts_compat
messages = []
handler = logging.Handler()
handler.emit = lambda record: messages.append(record.getMessage())
tf.get_logger().addHandler(handler)
with tf.Graph().as_default():
    train_op = tf.compat.v1.assign_add(tf.compat.v1.train.get_or_create_global_step(), 1)
    with tfmts_compat.MonitoredTrainingSession(checkpoint_dir=sys.argv[1]) as session:
        session.run(train_op)
print([message for message in messages if "fix your imports" in message])
"""


def test_no_module_is_read_that_tensorflow_has_moved(tmp_path):
    """Such a notice is logged once in a process, so the session runs in a new one."""
    command = [sys.executable, "-c", NOTICES, str(tmp_path)]
    found = subprocess.run(command, capture_output=True, check=True, text=True, timeout=1200)
    assert found.stdout == "[]\n"
