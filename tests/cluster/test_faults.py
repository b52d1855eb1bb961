"""Trainings whose processes are killed or cannot write, with upstream and with the shim."""

import os
import random
import re
import subprocess
import time

import pytest
import tensorflow as tf
from cluster import tasks
from cluster.processes import Cluster

from tfmts_compat._checkpoints.damage import find_damage

IMPLEMENTATIONS = pytest.mark.parametrize("implementation", ["upstream", "shim"])
CADENCE = 20  # global steps


# A few rounds show that TensorFlow's function fulfils the same assertions.
@pytest.mark.parametrize(("implementation", "rounds"), [("upstream", 4), ("shim", 20)])
def test_a_chief_killed_often_resumes_from_the_newest_checkpoint(implementation, rounds, tmp_path):
    chance = random.Random(4)
    directory = str(tmp_path)

    def start_chief():
        chief = cluster.train("chief", checkpoint_dir=directory, save_checkpoint_steps=CADENCE)
        chief.wait_for("session")
        return chief

    training = {
        "implementation": implementation,
        "weights": 1_000_000,
    }  # 4 MB: a save takes a while
    with Cluster(workers=2, **training) as cluster:
        cluster.start(tasks.ps, "ps").wait_for("up")
        chief = start_chief()
        workers = [cluster.train("worker", 0), cluster.train("worker", 1)]
        killed_in_a_save = resumed = 0
        for round_number in range(rounds):
            if round_number % 2:
                chief.wait_for("saving", lambda event, at=resumed: event["step"] > at)
                time.sleep(chance.uniform(0, 0.02))
            else:
                chief.wait_for("step")
                time.sleep(chance.uniform(0, 0.3))
            chief.kill()
            events = chief.seen + chief.events()
            last = {event["name"]: event["step"] for event in events if "step" in event}
            killed_in_a_save += last.get("saving") != last.get("saved")
            newest = tf.train.latest_checkpoint(directory)
            assert find_damage(newest) is None

            chief = start_chief()
            restored = re.findall(r"Restoring parameters from (\S+)", chief.output())
            assert set(restored) == {newest}  # the output contains each log line twice
            resumed = int(newest.rpartition("-")[2])
            assert resumed >= last["saved"]
            # Only the chief's own steps; the workers may have made more steps at the same time.
            assert [event["name"] for event in after_last_save(events)].count("step") <= CADENCE
        assert killed_in_a_save > 0 or rounds < 20  # by chance
        for process in (chief, *workers):
            process.events()
            process.wait_for("step")


def after_last_save(events):
    saves = [index for index, event in enumerate(events) if event["name"] == "saved"]
    return events[saves[-1] :]


@pytest.fixture
def small_disk(tmp_path):
    """A directory that is a file system of 4 MB."""
    directory = str(tmp_path / "disk")
    os.mkdir(directory)
    if os.geteuid() == 0 and not shell("mount -t tmpfs -o size=4m tmpfs", directory):
        pytest.skip("a tmpfs cannot be mounted here")
    yield directory
    while shell("mountpoint -q", directory):  # make_read_only adds a second mount
        assert shell("umount -l", directory)


def shell(command, *arguments):
    return not subprocess.run([*command.split(), *arguments], check=False).returncode


def make_read_only(directory):
    # A second mount, because a mount with files that are open for writing cannot be read-only.
    assert shell("mount --bind", directory, directory)
    for _ in range(600):  # it is busy while a file is being written
        if shell("mount -o remount,bind,ro", directory):
            return
        time.sleep(0.1)
    pytest.fail("the directory could not be made read-only")


def make_writable(directory):
    assert shell("umount", directory)


def free_space(directory):
    os.remove(os.path.join(directory, "other"))


def nearly_fill(directory):
    with open(os.path.join(directory, "other"), "wb") as file:
        file.write(bytes(2_300_000))  # leaves space for three of the five checkpoints


@pytest.mark.parametrize(
    ("break_disk", "repair", "error", "says"),
    [
        pytest.param(
            nearly_fill,
            free_space,
            "ResourceExhaustedError",
            "No space left",
            id="full",
        ),
        pytest.param(
            make_read_only, make_writable, "PermissionDeniedError", "Read-only", id="read-only"
        ),
    ],
)
@pytest.mark.mounts
@IMPLEMENTATIONS
def test_a_save_that_fails_leaves_older_checkpoints(
    implementation, small_disk, break_disk, repair, error, says
):
    directory = small_disk

    def start():
        return cluster.start_alone(
            tasks.train_alone,
            implementation=implementation,
            weights=100_000,  # 400 kB in each of the 5 checkpoints that are kept
            checkpoint_dir=directory,
            save_checkpoint_steps=CADENCE,
            save_summaries_steps=None,
            log_step_count_steps=None,
        )

    with Cluster(workers=0) as cluster:
        trained = start()
        trained.wait_for("saved", lambda event: event["step"] > 0)
        break_disk(directory)
        failed = trained.wait_for("error")
        assert failed["type"] == error
        assert says in failed["message"]
        assert directory in failed["message"]
        assert trained.wait() == 3
        newest = tf.train.latest_checkpoint(directory)
        assert find_damage(newest) is None

        repair(directory)
        again = start()
        again.wait_for("saved", lambda event: event["step"] > int(newest.rpartition("-")[2]))
        assert f"Restoring parameters from {newest}" in again.output()


@IMPLEMENTATIONS
def test_sync_replicas_optimizer_runs_with_a_chief_and_two_workers(implementation, tmp_path):
    training = {"implementation": implementation, "replicas": 3, "max_wait_secs": 7200}
    with Cluster(workers=2, **training) as cluster:
        cluster.start(tasks.ps, "ps").wait_for("up")
        chief = cluster.train("chief", checkpoint_dir=str(tmp_path))
        chief.wait_for("session")
        for process in (chief, cluster.train("worker", 0), cluster.train("worker", 1)):
            process.wait_for("step", lambda event: event["step"] >= 10)


@IMPLEMENTATIONS
def test_checkpoints_below_the_working_directory_of_a_ps_are_named(implementation, tmp_path):
    here, there = tmp_path / "chief", tmp_path / "ps"
    here.mkdir()
    (there / "ckpt").mkdir(parents=True)  # a ps does not create it
    arguments = {
        "implementation": implementation,
        "working_directory": str(here),
        "checkpoint_dir": "ckpt",
        "default_saver": True,
    }
    with Cluster(workers=0) as cluster:
        cluster.start(tasks.ps, "ps", working_directory=str(there)).wait_for("up")
        chief = cluster.train("chief", **arguments)
        chief.wait_for("step")
        assert (there / "ckpt" / "model.ckpt-0.index").exists()
        assert not (here / "ckpt" / "model.ckpt-0.index").exists()
        warned = "the checkpoint ckpt/model.ckpt-0 is not on this machine" in chief.output()
        assert warned == (implementation == "shim")  # if TensorFlow warns, too, remove the warning
        chief.kill()
        again = cluster.train("chief", **arguments)
        assert again.wait() == 1
        error = re.findall(r"^ValueError: .*", again.output(), re.MULTILINE)[-1]
    if implementation == "shim":
        assert "is missing, and only its .meta is here: another machine wrote the rest" in error
        assert "; the checkpoints are in ckpt of the parameter servers, below their" in error
    else:
        assert "not a valid checkpoint" in error
