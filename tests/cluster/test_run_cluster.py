"""The example's launcher: a cluster runs and stops, and no process is left."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import tensorflow as tf

TIMEOUT_SECS = 1200
PROGRAM = Path(__file__).parents[2] / "examples" / "run_cluster.py"


@pytest.fixture
def launcher(tmp_path):
    """Starts the launcher, which makes a directory for its checkpoints in that of the test.

    So the command line of each process contains the directory of the test.
    """
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *arguments],
            env={**os.environ, "TMPDIR": str(tmp_path)},
            stdout=subprocess.PIPE,
            text=True,
        )
        watchdog = threading.Timer(TIMEOUT_SECS, process.kill)  # this also ends its output
        watchdog.start()
        started.append((process, watchdog))
        return process

    yield start
    for process, watchdog in started:
        watchdog.cancel()
        process.kill()
        process.communicate()
    for pid in alive(tmp_path):
        os.kill(pid, signal.SIGKILL)


def alive(directory):
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if str(directory).encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue  # the process has just ended
    return found


def newest_step(model_dir):
    return int(tf.train.latest_checkpoint(str(model_dir)).rpartition("-")[2])


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="lists processes in /proc")
def test_the_cluster_trains_to_the_end(launcher, tmp_path):
    model_dir = tmp_path / "model"
    process = launcher("--steps=300", f"--model_dir={model_dir}")
    output = process.stdout.read()
    assert process.wait() == 0
    for name in ("chief 0", "worker 0", "worker 1"):
        assert re.search(rf"^{name} +\| ended at global step 3\d\d: test accuracy", output, re.M)
    assert re.search(r"^ps 0 +\| holding variables$", output, re.M)
    assert newest_step(model_dir) >= 300
    assert alive(tmp_path) == []


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="lists processes in /proc")
def test_ctrl_c_saves_in_a_new_directory_and_leaves_no_process(launcher, tmp_path):
    process = launcher("--steps=100000000")
    model_dir = process.stdout.readline().strip().partition("checkpoints and summaries: ")[2]
    assert Path(model_dir).parent == tmp_path
    training = set()
    for line in process.stdout:
        if line.endswith("| training\n"):
            training.add(line[:10].strip())
        if training == {"chief 0", "worker 0", "worker 1"}:
            break
    process.send_signal(signal.SIGINT)
    output = process.stdout.read()
    assert process.wait() == 130
    stopped = re.search(r"^chief 0 +\| ended at global step (\d+)", output, re.M)
    # Workers may advance the step after the chief has stopped, before it evaluates and saves.
    assert 0 < int(stopped[1]) <= newest_step(model_dir)
    assert alive(tmp_path) == []
