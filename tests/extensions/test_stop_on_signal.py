"""StopOnSignalHook in one process: which signal handler is set, and when."""

import os
import signal
import subprocess
import sys
import threading

import pytest
import tensorflow as tf

from tfmts_compat import MonitoredTrainingSession, StopOnSignalHook

USUAL = signal.SIGUSR1


@pytest.fixture
def received():
    """The signals that the program's own handler received."""
    numbers = []
    before = signal.signal(USUAL, lambda number, frame: numbers.append(number))
    handler = signal.getsignal(USUAL)
    yield numbers
    assert signal.getsignal(USUAL) is handler  # every test leaves it in place
    signal.signal(USUAL, before)


def test_the_hook_is_a_subclass_of_upstreams_hook():
    assert issubclass(StopOnSignalHook, tf.compat.v1.train.SessionRunHook)


def test_the_loop_ends_after_the_step_in_which_the_signal_arrives(train_op, received):
    hook = StopOnSignalHook((USUAL,))
    steps = []
    with MonitoredTrainingSession(hooks=[hook]) as session:
        while not session.should_stop():
            if len(steps) == 3:
                signal.raise_signal(USUAL)
            steps.append(int(session.run(train_op)))
    assert steps == [1, 2, 3, 4]
    assert hook.received == USUAL
    assert received == []


def test_the_second_signal_goes_to_the_earlier_handler(train_op, received):
    with MonitoredTrainingSession(hooks=[StopOnSignalHook((USUAL,))]) as session:
        signal.raise_signal(USUAL)
        assert received == []
        signal.raise_signal(USUAL)
        assert received == [USUAL]
        session.run(train_op)
        assert session.should_stop()


def test_without_a_signal_the_earlier_handler_is_back_after_the_loop(train_op, received):
    hook = StopOnSignalHook((USUAL,))
    with MonitoredTrainingSession(hooks=[hook]) as session:
        session.run(train_op)
    assert hook.received is None
    signal.raise_signal(USUAL)
    assert received == [USUAL]


def test_after_an_exception_a_signal_reaches_the_earlier_handler(train_op, received):
    hook = StopOnSignalHook((USUAL,))
    with pytest.raises(TypeError), MonitoredTrainingSession(hooks=[hook]) as session:
        session.run(train_op, feed_dict=1)
    signal.raise_signal(USUAL)
    assert received == [USUAL]
    assert hook.received is None


def test_outside_the_main_thread_the_error_names_the_remedy(train_op):
    errors = []

    def train(graph):
        try:
            with graph.as_default():
                MonitoredTrainingSession(hooks=[StopOnSignalHook()])
        except RuntimeError as error:
            errors.append(str(error))

    thread = threading.Thread(target=train, args=(train_op.graph,), name="trainer")
    thread.start()
    thread.join()
    assert "Python handles signals in the main thread only" in errors[0]
    assert "thread 'trainer'" in errors[0]


@pytest.mark.parametrize(
    ("signals", "error", "says"),
    [
        (signal.SIGTERM, TypeError, "must be an iterable of signals; pass e.g."),
        (["SIGTERM"], TypeError, r"signals\[0\]='SIGTERM' \(str\): must be a signal's number"),
        (
            [signal.SIGTERM, signal.SIGKILL],
            ValueError,
            r"signals\[1\]=.*does not exist or cannot be caught",
        ),
        ([0], ValueError, "does not exist or cannot be caught"),
    ],
)
def test_an_invalid_signal_is_rejected_by_name(signals, error, says):
    with pytest.raises(error, match=says):
        StopOnSignalHook(signals)


def test_the_package_lists_the_hook_without_importing_tensorflow():
    code = "import sys, tfmts_compat; dir(tfmts_compat); print('tensorflow' in sys.modules)"
    code += "; print('StopOnSignalHook' in dir(tfmts_compat))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == ["False", "True"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_has_the_earlier_handler(train_op):
    with MonitoredTrainingSession(hooks=[StopOnSignalHook()]) as session:
        child = os.fork()
        if not child:
            signal.raise_signal(signal.SIGTERM)
            os._exit(0)  # the hook kept the signal
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status)
        assert os.WTERMSIG(status) == signal.SIGTERM
        session.run(train_op)
        assert not session.should_stop()
