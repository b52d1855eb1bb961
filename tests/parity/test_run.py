"""The parts of a scenario's run."""

import pytest
import tensorflow as tf

from tfmts_compat._upstream import parts, sessions
from tfmts_compat.parity.run import Run


class OwnRun:
    """A `run` that is an attribute of the session, as the shim's cached run is."""

    def __init__(self, session):
        self.calls, self.run = 0, session.run
        session.run = self

    def __call__(self, *args, **kwargs):
        self.calls += 1
        return self.run(*args, **kwargs)


@pytest.mark.parametrize("of_its_own", [False, True])
def test_session_runs_are_counted_whichever_run_the_session_has(tmp_path, train_op, of_its_own):
    run = Run(str(tmp_path), parts.find_monitored_training_session(), 0)
    run.train_op = train_op

    class Asks(tf.compat.v1.train.SessionRunHook):
        def after_run(self, run_context, run_values):
            run_context.session.run("global_step:0")

    with run.function(hooks=[Asks()]) as session:
        inner = sessions.get_tf_session(session)
        own = OwnRun(inner) if of_its_own else None
        run.step(session)
        run.step(session)
        assert vars(inner).get("run") is own
    assert run.session_runs == [2, 2]
    assert run.values == [1, 2]
    if of_its_own:
        assert own.calls == 4
