"""install(): the shim in place of TensorFlow's function."""

import os
import subprocess
import sys
import types

import pytest
import tensorflow as tf
from tensorflow.python.training import monitored_session, training

import tfmts_compat
from tfmts_compat import TfmtsCompatWarning, install, installed, uninstall

v1 = tf.compat.v1
train = v1.train
upstream = train.MonitoredTrainingSession
PLACES = [
    train,
    v1.compat.v1.train,
    tf.compat.v2.compat.v1.train,
    monitored_session,
    training,
]


@pytest.fixture(autouse=True)
def taken_back():
    yield
    uninstall()
    assert in_place() == {upstream}


def in_place():
    return {place.MonitoredTrainingSession for place in PLACES}


def is_shim(function):
    """Returns whether a function rejects what only the shim rejects with this message."""
    with tf.Graph().as_default(), pytest.raises((TypeError, AttributeError)) as raised:
        function(hooks=[None])
    return "hooks[0]=None (NoneType)" in str(raised.value)


def test_install_and_uninstall_reach_every_place_of_tensorflow():
    install()
    (shim,) = in_place()
    assert is_shim(shim)
    uninstall()
    assert in_place() == {upstream}
    assert not is_shim(upstream)


def test_installing_twice_is_the_same_as_once():
    install()
    once = in_place()
    install()
    assert in_place() == once
    uninstall()
    assert in_place() == {upstream}
    uninstall()


def test_a_module_that_imported_the_function_by_name_is_changed_and_restored(monkeypatch):
    module = types.ModuleType("a_users_module")
    module.MTS = upstream
    monkeypatch.setitem(sys.modules, module.__name__, module)
    with installed():
        assert is_shim(module.MTS)
        kept = module.MTS
    assert module.MTS is upstream
    assert not is_shim(kept)  # who keeps the shim past the end reaches TensorFlow's function


def test_contexts_can_be_nested_and_end_with_an_exception():
    def fails():
        with installed():
            with installed():
                pass
            assert is_shim(train.MonitoredTrainingSession)
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert in_place() == {upstream}


def test_install_stays_after_the_end_of_a_context():
    install()
    with installed():
        pass
    assert is_shim(train.MonitoredTrainingSession)


def test_a_function_of_other_code_is_kept_with_a_warning(monkeypatch):
    def other(**arguments):
        return arguments

    monkeypatch.setattr(training, "MonitoredTrainingSession", other)
    with pytest.warns(TfmtsCompatWarning, match="which is not TensorFlow's function") as warned:
        install()
    assert [warning.filename for warning in warned] == [__file__]
    assert training.MonitoredTrainingSession is other
    uninstall()
    assert training.MonitoredTrainingSession is other
    monkeypatch.undo()


def test_the_installed_shim_trains_as_upstream_does(train_op, tmp_path):
    with installed(), train.MonitoredTrainingSession(checkpoint_dir=str(tmp_path)) as session:
        assert type(session) is train.MonitoredSession
        assert session.run(train_op) == 1
    assert (tmp_path / "model.ckpt-1.index").exists()


@pytest.mark.parametrize("how", ["installed", "assigned"])
def test_a_tf_distribute_worker_reaches_tensorflows_function(train_op, how, monkeypatch):
    from tensorflow.python.distribute.distribute_coordinator import _WorkerContext

    if how == "installed":
        install()
    else:
        monkeypatch.setattr(
            train, "MonitoredTrainingSession", tfmts_compat.MonitoredTrainingSession
        )
    with _WorkerContext(tf.distribute.OneDeviceStrategy("/cpu:0"), None, None, None):
        session = train.MonitoredTrainingSession()
        session.close()
    monkeypatch.undo()


def test_a_tensorflow_without_the_function_gets_it_with_a_warning():
    code = """
import warnings
import tensorflow as tf
from tensorflow.python.training import monitored_session, training
tf.compat.v1.train.MonitoredTrainingSession
for place in (tf.compat.v1.train, monitored_session, training):
    if hasattr(place, "MonitoredTrainingSession"):
        del place.MonitoredTrainingSession
import tfmts_compat
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always", tfmts_compat.TfmtsCompatWarning)
    tfmts_compat.install()
messages = [str(w.message) for w in caught if w.category is tfmts_compat.TfmtsCompatWarning]
assert any("has no tf.compat.v1.train.MonitoredTrainingSession" in message for message in messages)
with tf.Graph().as_default():
    one = tf.constant(1)
    with tf.compat.v1.train.MonitoredTrainingSession() as session:
        assert session.run(one) == 1
tfmts_compat.uninstall()
assert not hasattr(monitored_session, "MonitoredTrainingSession")
"""
    subprocess.run([sys.executable, "-c", code], check=True)


FORK = """
import os, signal, threading, warnings
import tfmts_compat
from tfmts_compat import _install

warnings.simplefilter("ignore")  # Python warns about a fork while threads run
tfmts_compat.install()
held, release = threading.Event(), threading.Event()

def hold_lock():  # as a thread does during its install()
    with _install._state.lock:
        held.set()
        release.wait()

thread = threading.Thread(target=hold_lock)
thread.start()
held.wait()
child = os.fork()
if not child:
    signal.alarm(1200)  # ends a child that waits for the lock
    with tfmts_compat.installed():
        pass
    tfmts_compat.uninstall()
    os._exit(0)
_, status = os.waitpid(child, 0)
release.set()
thread.join()
print(status)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_that_is_forked_during_an_install_can_install():
    result = subprocess.run(
        [sys.executable, "-c", FORK], capture_output=True, check=True, text=True
    )
    assert result.stdout == "0\n"
