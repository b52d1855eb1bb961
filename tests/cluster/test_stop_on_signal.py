"""SIGTERM on a real process with the default cadence of 600 seconds."""

import signal
import time

import pytest
import tensorflow as tf
from cluster import tasks
from cluster.processes import Cluster


def newest_step(directory):
    return int(tf.train.latest_checkpoint(str(directory)).rpartition("-")[2])


@pytest.mark.parametrize("stop_on_signal", [False, True], ids=["without-the-hook", "with-the-hook"])
def test_with_the_hook_sigterm_loses_no_step(stop_on_signal, tmp_path):
    with Cluster() as cluster:
        chief = cluster.start_alone(
            tasks.train_alone, checkpoint_dir=str(tmp_path), stop_on_signal=stop_on_signal
        )
        chief.wait_for("step", lambda event: event["step"] >= 10)
        chief.send(signal.SIGTERM)
        code = chief.wait()
        last = [event for event in [*chief.seen, *chief.events()] if event["name"] == "step"][-1]
        assert last["step"] >= 10
        if stop_on_signal:
            assert code == 0  # the program ended normally
            assert newest_step(tmp_path) == last["step"]
        else:
            assert code == -signal.SIGTERM
            assert newest_step(tmp_path) == 0


def test_a_second_signal_has_its_earlier_effect(tmp_path):
    with Cluster() as cluster:
        chief = cluster.start_alone(
            tasks.train_alone,
            checkpoint_dir=str(tmp_path),
            stop_on_signal=True,
            hang_in_end=True,
        )
        chief.wait_for("step")
        chief.send(signal.SIGTERM)
        chief.wait_for("ending")
        chief.send(signal.SIGTERM)
        assert chief.wait() == -signal.SIGTERM


def test_a_signal_during_the_recovery_of_a_session_takes_effect_after_its_first_step(tmp_path):
    with Cluster() as cluster:
        ps = cluster.start(tasks.ps, "ps")
        ps.wait_for("up")
        chief = cluster.start(
            tasks.train_on_cluster, "chief", checkpoint_dir=str(tmp_path), stop_on_signal=True
        )
        chief.wait_for("step")
        ps.send(signal.SIGSTOP)
        while chief.events():  # until a run waits for the ps, so that killing it is an error
            time.sleep(0.5)
        ps.kill()
        chief.wait_for_output("session will be closed and a new session will be created")
        chief.send(signal.SIGTERM)
        cluster.start(tasks.ps, "ps").wait_for("up")
        assert chief.wait() == 0
        assert newest_step(tmp_path) == 1  # restored at 0, and one step


def test_a_signal_ends_a_worker_that_waits_for_the_chief():
    with Cluster() as cluster:
        cluster.start(tasks.ps, "ps").wait_for("up")
        worker = cluster.train("worker", stop_on_signal=True)
        worker.wait_for_output("Waiting for model to be ready")
        worker.send(signal.SIGTERM)
        assert worker.wait() == -signal.SIGTERM
