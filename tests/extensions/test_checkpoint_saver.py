"""The default saver saves on upstream's steps with fewer runs (D4)."""

import glob
import os
import random
import re
import threading

import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf
from helpers import MINOR
from hypothesis import given

import tfmts_compat
from tfmts_compat._extensions import checkpoint_saver

v1 = tf.compat.v1
upstream_runs_twice = pytest.mark.skipif(
    MINOR <= (2, 5), reason="upstream makes a second run only if a save is due at the next step"
)
OPENERS = {
    "upstream": v1.train.MonitoredTrainingSession,
    "shim": tfmts_compat.MonitoredTrainingSession,
}


def saves(timer, fetched_and_real, may_be_due):
    """Returns the steps on which a saver with this timer saves."""
    timer.update_last_triggered_step(fetched_and_real[0][0])
    steps = []
    for fetched, real in fetched_and_real:
        if may_be_due(timer, fetched) and timer.should_trigger_for_step(real):
            timer.update_last_triggered_step(real)
            steps.append(real)
    return steps


def use_predictor():
    predictor = checkpoint_saver.AdvancePredictor()

    def may_be_due(timer, fetched):
        far = predictor.add(fetched)
        return far is None or timer.should_trigger_for_step(fetched + far)

    return may_be_due


@given(
    start=st.integers(0, 10**7),
    advance=st.integers(1, 5000),
    cadence=st.floats(0.01, 30) | st.just(float("inf")),
    whole=st.booleans(),
    idle=st.sampled_from([0, 0.5, 0.98]),
    late=st.sampled_from([0, 0.5, 1]),
    seed=st.integers(0, 2**32),
)
def test_any_constant_advance_saves_on_the_same_steps(
    start, advance, cadence, whole, idle, late, seed
):
    cadence, chance = cadence * advance, random.Random(seed)
    if whole and cadence < float("inf"):
        cadence = int(cadence) + 1
    values = [(start, start + advance)]
    for _ in range(500):
        before = values[-1][1]
        after = before + advance * (chance.random() >= idle)
        values.append((after if chance.random() < late else before, after))
    timers = [v1.train.SecondOrStepTimer(every_steps=cadence) for _ in range(2)]
    assert saves(timers[0], values, use_predictor()) == saves(timers[1], values, lambda *_: True)


@given(
    advances=st.lists(st.integers(-50, 500), min_size=1, max_size=200),
    cadence=st.integers(1, 500),
)
def test_for_any_advance_a_save_is_at_most_one_run_late(advances, cadence):
    timer, may_be_due = v1.train.SecondOrStepTimer(every_steps=cadence), use_predictor()
    timer.update_last_triggered_step(0)
    step, was_due = 0, False
    for advance in advances:
        fetched, step = step, step + advance
        still_due = was_due and timer.should_trigger_for_step(fetched)
        checked = may_be_due(timer, fetched)
        assert checked or not still_due
        was_due = timer.should_trigger_for_step(step)
        if checked and was_due:
            timer.update_last_triggered_step(step)
            was_due = False


def test_most_runs_need_no_second_run():
    timer, may_be_due = v1.train.SecondOrStepTimer(every_steps=100), use_predictor()
    timer.update_last_triggered_step(0)
    assert [step for step in range(99) if may_be_due(timer, step)] == [0, 98]


def test_a_jump_stops_affecting_the_prediction():
    predictor = checkpoint_saver.AdvancePredictor()
    predictor.add(0)
    assert predictor.add(1000) == 2000
    predictions = [predictor.add(step) for step in range(1001, 2001)]
    assert predictions[:3] == [1980, 1960, 1940]
    assert predictions == sorted(predictions, reverse=True)
    assert predictions[-1] == 2


def test_runs_that_leave_the_step_unchanged_are_ignored():
    predictor = checkpoint_saver.AdvancePredictor()
    assert [predictor.add(step) for step in [5, 5, 5]] == [None] * 3
    assert [predictor.add(step) for step in [21] * 500] == [32] * 500


def advancing():
    """Returns a placeholder, and an op that advances the global step by its value."""
    by = v1.placeholder_with_default(np.int64(1), [])
    global_step = v1.train.get_or_create_global_step()
    v1.train.StepCounterHook().begin()  # creates the read op that all hooks fetch
    with tf.control_dependencies(v1.get_collection("global_step_read_op_cache")):
        return by, v1.assign_add(global_step, by)  # otherwise the order is undefined


def scaffold():
    """Returns a Scaffold that keeps every checkpoint, to show the steps of all saves."""
    return v1.train.Scaffold(saver=v1.train.Saver(max_to_keep=None))


def checkpoint_steps(directory):
    names = glob.glob(os.path.join(directory, "model.ckpt-*.index"))
    return sorted(int(re.findall(r"-(\d+)\.index", name)[0]) for name in names)


def trained(opener, directory, advances, cadence, **arguments):
    """Trains, one run per advance, and returns the steps of all checkpoints so far."""
    with tf.Graph().as_default():
        by, train_op = advancing()
        with OPENERS[opener](
            checkpoint_dir=directory,
            save_checkpoint_steps=cadence,
            scaffold=scaffold(),
            save_graph_def=False,
            save_summaries_steps=None,
            log_step_count_steps=None,
            **arguments,
        ) as session:
            for advance in advances:
                session.run(train_op, {by: advance})
    return checkpoint_steps(directory)


def both(tmp_path, *args, **kwargs):
    return [trained(opener, str(tmp_path / opener), *args, **kwargs) for opener in OPENERS]


GRID = [
    (advance, cadence)
    for advance in (1, 3, 16, 32)
    for cadence in (1, 2.5, 4, 48, 50, np.int64(7), np.array([10]))
]


@pytest.mark.parametrize(("advance", "cadence"), GRID)
def test_checkpoints_are_upstreams_from_zero_and_resumed(tmp_path, advance, cadence):
    for runs in (25, 17):  # the second session resumes from the last checkpoint of the first
        upstream, shim = both(tmp_path, [advance] * runs, cadence)
        assert shim == upstream
    assert len(shim) > 2


@upstream_runs_twice
def test_the_comparison_detects_a_prediction_that_is_too_small(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint_saver.AdvancePredictor, "add", lambda self, step: 0)
    upstream, shim = both(tmp_path, [3] * 25, 4)
    assert shim != upstream


@pytest.mark.parametrize(
    "advances",
    [
        [0] * 30,
        [0, 0, 0, 1] * 10,
        [1] * 20 + [2] * 20 + [4] * 20 + [3] * 20,
        [5] * 10 + [-30] + [5] * 20,
        [100] * 5,
    ],
    ids=["never", "every fourth run", "growing", "set back", "every run saves"],
)
def test_checkpoints_are_upstreams_when_the_advance_changes(tmp_path, advances):
    upstream, shim = both(tmp_path, advances, 12)
    assert shim == upstream


@upstream_runs_twice
def test_d4_a_run_that_jumps_far_is_saved_one_run_late(tmp_path):
    upstream, shim = both(tmp_path, [1] * 5 + [100] + [1] * 5, 50)
    assert upstream == [0, 105, 110]
    assert shim == [0, 106, 110]


@upstream_runs_twice
@pytest.mark.parametrize(
    ("advances", "late"),
    [
        ([1] * 50 + [1000] + [1] * 150, {1050: 1051}),
        ([1] * 20 + [200] + [1] * 40 + [5000] + [1] * 80, {220: 221}),
        ([1] * 20 + [200, 200] + [1] * 80, {220: 420}),  # 420 is due as well
        ([0, 1] * 30 + [500] + [0, 1] * 80, {}),  # the run after the jump does not advance
    ],
    ids=["one jump", "two jumps", "two in a row", "every other run"],
)
def test_d4_after_a_late_save_all_others_are_on_upstreams_steps(tmp_path, advances, late):
    upstream, shim = both(tmp_path, advances, 33)
    assert {late.get(step, step) for step in upstream} == set(shim)


@upstream_runs_twice
def test_d4_a_late_save_at_the_end_is_one_save(tmp_path, monkeypatch):
    saved, save = [], v1.train.Saver.save

    def counted(saver, session, path, **arguments):
        saved.append(int(arguments["global_step"]))
        return save(saver, session, path, **arguments)

    monkeypatch.setattr(v1.train.Saver, "save", counted)
    trained("shim", str(tmp_path), [1] * 5 + [100, 1], 50)
    assert saved == [0, 106]


class LosesItsSession(v1.train.SessionRunHook):
    """Fails once, like a run whose parameter server was lost."""

    def __init__(self, run):
        self.run = run

    def before_run(self, run_context):
        self.run -= 1
        if self.run == 0:
            raise tf.errors.AbortedError(None, None, "lost")


def test_checkpoints_are_upstreams_after_a_recovery(tmp_path):
    steps = [
        trained(name, str(tmp_path / name), [3] * 40, 10, hooks=[LosesItsSession(run=20)])
        for name in OPENERS
    ]
    assert steps[0] == steps[1]
    assert len(steps[0]) > 5


@pytest.fixture
def session_runs(monkeypatch):
    """A list of the fetches of every call of tf.compat.v1.Session.run."""
    fetched, run = [], v1.Session.run

    def spied(self, fetches, *args, **kwargs):
        fetched.append(fetches)
        return run(self, fetches, *args, **kwargs)

    monkeypatch.setattr(v1.Session, "run", spied)
    return fetched


@upstream_runs_twice
def test_d4_there_is_no_second_session_run_per_step(tmp_path, session_runs):
    counts = []
    for opener in OPENERS:
        session_runs.clear()
        trained(opener, str(tmp_path / opener), [16] * 300, 1600)
        counts.append(sum(getattr(f, "name", "").startswith("global_step") for f in session_runs))
    upstream, shim = counts
    assert upstream >= 300
    assert shim <= 20


@pytest.mark.parametrize(
    ("cadence", "name"),
    [
        ({}, "GraphSaverHook"),
        ({"save_checkpoint_secs": 60}, "GraphSaverHook"),
        ({"save_checkpoint_secs": 60, "save_checkpoint_steps": 5}, "GraphSaverHook"),
        ({"save_checkpoint_steps": 5}, "StepCadenceSaverHook"),
    ],
)
def test_d4_applies_to_a_cadence_in_steps_only(tmp_path, train_op, cadence, name):
    with tfmts_compat.MonitoredTrainingSession(checkpoint_dir=str(tmp_path), **cadence) as session:
        savers = [h for h in session._hooks if isinstance(h, v1.train.CheckpointSaverHook)]
    assert [type(saver).__name__ for saver in savers] == [name]


def in_thread(function):
    """Calls a function in a new thread; returns the exception that ended it, or None."""
    raised = []

    def call():
        try:
            function()
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join(1200)
    return raised[0] if raised else None


@pytest.mark.parametrize("cadence", [{"save_checkpoint_steps": 3}, {"save_checkpoint_secs": 1e-6}])
def test_a_thread_without_the_graph_can_train_save_and_close(tmp_path, cadence):
    """A program that uses `with graph.as_default()` executes eagerly in its other threads."""
    raised = {}
    for opener, opened in OPENERS.items():
        directory = str(tmp_path / opener)
        with tf.Graph().as_default():
            by, train_op = advancing()
            session = opened(checkpoint_dir=directory, **cadence)

        def train(session=session, train_op=train_op, by=by):
            assert tf.executing_eagerly()
            for _ in range(8):
                session.run(train_op, {by: 1})

        raised[opener] = [in_thread(train), in_thread(session.close)]
        v1.summary.FileWriterCache.clear()
    assert "when executing eagerly" in str(raised["upstream"][0])
    assert raised["shim"] == [None, None]
    assert checkpoint_steps(str(tmp_path / "shim"))[-1] == 8
    assert glob.glob(str(tmp_path / "shim" / "*.meta"))


@pytest.mark.parametrize("off", [(), ("log_step_count_steps",), ("save_summaries_steps",)])
def test_events_are_the_same_as_upstreams(tmp_path, off):
    events = {}
    for opener, opened in OPENERS.items():
        directory = str(tmp_path / opener)
        with tf.Graph().as_default():
            by, train_op = advancing()
            v1.summary.scalar("doubled", v1.train.get_global_step() * 0 + 42)
            arguments = {"save_summaries_steps": 4, "log_step_count_steps": 6}
            with opened(
                checkpoint_dir=directory,
                save_checkpoint_steps=9,
                **{**arguments, **dict.fromkeys(off)},
            ) as session:
                for advance in [1, 1, 0, 3] * 10:
                    session.run(train_op, {by: advance})
        v1.summary.FileWriterCache.clear()
        (path,) = glob.glob(os.path.join(directory, "events*"))
        events[opener] = [
            (event.step, event.WhichOneof("what"), [value.tag for value in event.summary.value])
            for event in v1.train.summary_iterator(path)
        ]
    assert events["shim"] == events["upstream"]
    assert len(events["shim"]) > 10


@pytest.fixture
def master():
    """A TensorFlow server on a free loopback port; its variables are shared by all sessions."""
    return v1.train.Server({"local": ["127.0.0.1:0"]}, start=True).target


def other_worker(master):
    """Opens another worker's session, with an op that advances the shared global step."""
    with tf.Graph().as_default():
        _, train_op = advancing()
        session = tfmts_compat.MonitoredTrainingSession(master, is_chief=False, max_wait_secs=60)
    return session, train_op


def test_steps_of_other_workers_count_for_the_cadence(tmp_path, master):
    steps = []
    for opener, opened in OPENERS.items():
        directory = str(tmp_path / opener)
        with tf.Graph().as_default():
            _, train_op = advancing()
            v1.Session.reset(master)
            with opened(
                master,
                checkpoint_dir=directory,
                save_checkpoint_steps=20,
                scaffold=scaffold(),
            ) as chief:
                worker, its_train_op = other_worker(master)
                with worker:
                    for run in range(60):
                        chief.run(train_op)
                        for _ in range(2 + run % 3):
                            worker.run(its_train_op)
        steps.append(checkpoint_steps(directory))
    upstream, shim = steps
    assert shim == upstream
    assert len(shim) > 8


class Observer(v1.train.SessionRunHook):
    """Counts how many runs in a row ended with a save due; it runs before the saver."""

    def __init__(self, cadence):
        self.cadence = cadence
        self.saved, self.due, self.longest, self.saves = 0, 0, 0, 0

    def begin(self):
        self.step = v1.train.get_global_step()

    def after_run(self, run_context, run_values):
        real = run_context.session.run(self.step)
        self.due = self.due + 1 if real >= self.saved + self.cadence else 0
        self.longest = max(self.longest, self.due)

    def after_save(self, session, step):
        self.saved, self.due = step, 0
        self.saves += 1


def test_with_workers_at_full_speed_a_save_is_at_most_one_run_late(tmp_path, master):
    observer, stop = Observer(cadence=50), threading.Event()

    def train_along(session, train_op):
        with train_op.graph.as_default():  # the session can be created again after an error
            while not stop.is_set():
                session.run(train_op)

    with tf.Graph().as_default():
        _, train_op = advancing()

        class Listener(v1.train.CheckpointSaverListener):
            def after_save(self, session, global_step_value):
                observer.after_save(session, global_step_value)

        parts = v1.train.Scaffold()
        saver = checkpoint_saver.StepCadenceSaverHook(
            str(tmp_path), save_steps=observer.cadence, scaffold=parts, listeners=[Listener()]
        )
        with v1.train.MonitoredSession(
            v1.train.ChiefSessionCreator(parts, master), hooks=[observer, saver]
        ) as chief:
            workers = [other_worker(master) for _ in range(2)]
            threads = [threading.Thread(target=train_along, args=worker) for worker in workers]
            for thread in threads:
                thread.start()
            try:
                for _ in range(500):
                    chief.run(train_op)
            finally:
                stop.set()
                for thread in threads:
                    thread.join(1200)
            for session, _ in workers:
                session.close()
    assert observer.saves > 10
    assert observer.longest <= 2  # after the run, and after the next one before the saver runs
