"""raw_session and run_without_hooks with each of upstream's monitored sessions."""

import numpy as np
import pytest
import tensorflow as tf

from tfmts_compat import raw_session, run_without_hooks

v1 = tf.compat.v1
train = v1.train


@pytest.fixture(params=["MonitoredTrainingSession", "MonitoredSession", "SingularMonitoredSession"])
def open_session(request):
    return getattr(train, request.param)


class CountsRuns(train.SessionRunHook):
    runs = 0

    def after_run(self, run_context, run_values):
        self.runs += 1


def test_the_raw_session_saves(train_op, open_session, tmp_path):
    saver = train.Saver()
    with open_session() as session:
        session.run(train_op)
        assert type(raw_session(session)) is v1.Session
        path = saver.save(raw_session(session), str(tmp_path / "model"))
    assert train.load_checkpoint(path).get_tensor("global_step") == 1


def test_the_raw_session_of_a_plain_session_is_itself(train_op):
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        assert raw_session(session) is session
        assert run_without_hooks(session, train_op) == 1


def test_a_run_without_hooks_calls_no_hook(train_op, open_session):
    hook = CountsRuns()
    given = v1.placeholder(tf.int64, [])
    with open_session(hooks=[hook]) as session:
        assert session.run(train_op) == 1
        assert run_without_hooks(session, [train_op, given], {given: 7}) == [2, 7]
    assert hook.runs == 1


class LostOnce:
    """A value to feed that raises the error of a lost server when it is first read."""

    lost = False

    def __array__(self, dtype=None, copy=None):
        if not self.lost:
            self.lost = True
            raise tf.errors.AbortedError(None, None, "lost")
        return np.array(7, dtype)


def test_a_run_without_hooks_recovers_from_a_lost_server(train_op):
    given = v1.placeholder(tf.int64, [])
    with train.MonitoredSession() as session:
        before = raw_session(session)
        assert run_without_hooks(session, given, {given: LostOnce()}) == 7
        assert raw_session(session) is not before


@pytest.mark.parametrize("use", [raw_session, lambda session: run_without_hooks(session, [])])
def test_a_closed_session_is_an_error(train_op, open_session, use):
    with open_session() as session:
        pass
    with pytest.raises(RuntimeError, match=f"^{type(session).__name__} is closed"):
        use(session)


def test_an_object_that_is_not_a_session_is_rejected():
    with pytest.raises(TypeError, match=r"^session=3 \(int\): must be a monitored session"):
        raw_session(3)
