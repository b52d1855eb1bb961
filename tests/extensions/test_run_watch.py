"""What the runs of a training show: warnings while it runs, and at its end."""

import math
import re
import threading
import warnings

import pytest
import tensorflow as tf
from helpers import pitfall

from tfmts_compat import MonitoredTrainingSession, TfmtsCompatWarning

v1 = tf.compat.v1
train = v1.train
upstream = train.MonitoredTrainingSession
CADENCES = [{"save_checkpoint_secs": 600}, {"save_checkpoint_steps": 10}]


@pytest.fixture
def optimizer_op(graph):
    """The op that trains a variable and leaves the global step as it is."""
    train.get_or_create_global_step()
    loss = tf.square(v1.get_variable("weight", initializer=1.0), name="loss")
    return train.GradientDescentOptimizer(0.01).minimize(loss)


def warned(session_function, use, **arguments):
    """Returns the shim's warnings in a session that `use` is called with."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with session_function(**arguments) as session:
            use(session)
    return [str(w.message) for w in caught if issubclass(w.category, TfmtsCompatWarning)]


def runs(number, *fetches):
    """Runs one of the fetches after the other."""

    def use(session):
        for count in range(number):
            session.run(fetches[count % len(fetches)])

    return use


@pytest.mark.parametrize("cadence", CADENCES, ids=str)
@pytest.mark.parametrize("counter", [100, None])
def test_a_step_that_never_advances_is_reported_during_the_training_and_at_its_end(
    optimizer_op, tmp_path, cadence, counter
):
    arguments = {"log_step_count_steps": counter, **cadence}
    use = runs(400, optimizer_op, "loss:0")
    directory, upstreams = str(tmp_path / "d"), str(tmp_path / "upstream")
    during, at_end = warned(MonitoredTrainingSession, use, checkpoint_dir=directory, **arguments)
    assert re.match(pitfall("step-unchanged"), during)
    assert during.startswith("301 runs left the global step at 0, although they change the")
    assert at_end == during.replace("301", "400")
    assert warned(upstream, use, checkpoint_dir=upstreams, **arguments) == []
    for path in (directory, upstreams):  # else remove the warning
        assert train.latest_checkpoint(path).endswith("model.ckpt-0")


@pytest.mark.parametrize("cadence", CADENCES, ids=str)
@pytest.mark.parametrize("kind", ["evaluates", "few runs", "one step", "no saver", "metric"])
def test_programs_whose_step_may_stay_raise_no_warning(optimizer_op, tmp_path, cadence, kind):
    step_op = v1.assign_add(train.get_global_step(), 1)
    metric = v1.get_variable(
        "metric", initializer=0.0, trainable=False, collections=[v1.GraphKeys.LOCAL_VARIABLES]
    )
    use = {
        "evaluates": runs(400, "loss:0"),
        "few runs": runs(290, optimizer_op),
        "one step": lambda session: (runs(1, step_op)(session), runs(400, optimizer_op)(session)),
        "no saver": runs(400, optimizer_op),
        "metric": runs(400, v1.assign_add(metric, 1.0)),
    }[kind]
    cadence = {"save_checkpoint_secs": None} if kind == "no saver" else cadence
    assert warned(MonitoredTrainingSession, use, checkpoint_dir=str(tmp_path), **cadence) == []


@pytest.mark.parametrize("resource", [True, False])
@pytest.mark.parametrize("advances", [1, 0])
@pytest.mark.parametrize("how", ["add", "assign", "function"])
def test_a_program_that_trains_without_the_step_first_is_reported_at_its_end_only(
    graph, tmp_path, resource, advances, how
):
    step = v1.get_variable(
        "step",
        initializer=tf.constant(0, tf.int64),
        trainable=False,
        use_resource=resource or how == "function",
        collections=[v1.GraphKeys.GLOBAL_STEP, v1.GraphKeys.GLOBAL_VARIABLES],
    )
    first = v1.assign_add(v1.get_variable("weight", initializer=1.0, use_resource=resource), 1.0)
    then = {
        "add": lambda: v1.assign_add(step, 1),
        "assign": lambda: v1.assign(step, step + 1),
        "function": tf.function(lambda: step.assign_add(1).op and step.read_value()),
    }[how]()

    def use(session):
        runs(400, first)(session)
        runs(advances, then)(session)

    found = warned(MonitoredTrainingSession, use, checkpoint_dir=str(tmp_path))
    assert [text[:8] for text in found] == ([] if advances else ["400 runs"])


@pytest.mark.parametrize("cadence", CADENCES, ids=str)
def test_an_initializer_in_the_session_is_reported_once(optimizer_op, tmp_path, cadence):
    step = train.get_global_step()
    step_op = v1.assign_add(step, 1)

    def use(session):
        runs(150, step_op)(session)
        session.run(step.initializer)
        runs(140, step_op)(session)

    (text,) = warned(MonitoredTrainingSession, use, checkpoint_dir=str(tmp_path), **cadence)
    assert re.match(pitfall("step-goes-back"), text)
    assert re.search(r"went back from (149|150) to (99|100) ", text)


@pytest.mark.parametrize("cadence", CADENCES, ids=str)
def test_threads_that_share_a_session_raise_no_warning(optimizer_op, tmp_path, cadence):
    step_op = v1.assign_add(train.get_global_step(), 1)

    def use(session):
        threads = [threading.Thread(target=runs(100, step_op), args=(session,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert session.run(train.get_global_step()) == 800

    with v1.get_default_graph().as_default():
        assert warned(MonitoredTrainingSession, use, checkpoint_dir=str(tmp_path), **cadence) == []


@pytest.mark.parametrize("argument", ["hooks", "chief_only_hooks"])
def test_a_hook_whose_last_step_is_reached_is_reported_by_the_call(
    optimizer_op, tmp_path, argument
):
    step_op = v1.assign_add(train.get_global_step(), 1)

    def session(function, last_step):
        hooks = [train.StopAtStepHook(last_step=last_step)]
        arguments = {"checkpoint_dir": str(tmp_path), argument: hooks}
        trained = []

        def use(session):
            while not session.should_stop():
                trained.append(session.run(step_op))

        return warned(function, use, **arguments), trained

    assert session(MonitoredTrainingSession, 3) == ([], [1, 2, 3])
    (text,), trained = session(MonitoredTrainingSession, 3)
    assert trained == [4]
    assert re.match(pitfall("nothing-left"), text)
    assert text.startswith("a StopAtStepHook has nothing left to train: ")
    assert "starts at global step 3, and last_step is 3." in text
    assert session(upstream, 3) == ([], [5])  # if it trains nothing, remove the warning
    assert session(MonitoredTrainingSession, 6) == ([], [6])


@pytest.mark.parametrize("last_step", [3.5, math.inf])
def test_a_last_step_that_is_no_integer_is_compared_as_it_is(optimizer_op, tmp_path, last_step):
    step_op = v1.assign_add(train.get_global_step(), 1)
    for _ in range(2):
        hooks = [train.StopAtStepHook(last_step=last_step)]
        arguments = {"checkpoint_dir": str(tmp_path), "hooks": hooks}
        assert warned(MonitoredTrainingSession, runs(3, step_op), **arguments) == []
        step_op = tf.no_op()


class StopsLater(train.StopAtStepHook):
    def after_create_session(self, session, coord):
        super().after_create_session(session, coord)
        self._last_step += 10


def test_a_hook_that_chooses_its_last_step_later_raises_no_warning(optimizer_op, tmp_path):
    hooks = [StopsLater(last_step=0)]
    assert (
        warned(
            MonitoredTrainingSession, runs(1, "loss:0"), checkpoint_dir=str(tmp_path), hooks=hooks
        )
        == []
    )


def test_a_number_of_steps_is_never_reached_by_the_call(optimizer_op, tmp_path):
    step_op = v1.assign_add(train.get_global_step(), 1)
    for _ in range(2):
        hooks = [train.StopAtStepHook(num_steps=1)]
        arguments = {"checkpoint_dir": str(tmp_path), "hooks": hooks}
        assert warned(MonitoredTrainingSession, runs(1, step_op), **arguments) == []
