"""The demo trains, resumes and reaches its accuracy, and TensorBoard shows its summaries."""

import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import urllib.request

import pytest

pytest.importorskip("sklearn", reason="needs the demo extra")

EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Returns the directory in which the demo trained, and its output."""
    model_dir = tmp_path_factory.mktemp("digits")
    return model_dir, run(model_dir)


def run(model_dir):
    command = [sys.executable, EXAMPLES / "digits.py", f"--model_dir={model_dir}"]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


@pytest.fixture(scope="module")
def tensorboard(demo):
    """Starts TensorBoard as the demo says; yields a function that requests a path."""
    pytest.importorskip("tensorboard")
    _, printed = demo
    command = shlex.split(re.search(r"^TensorBoard: +(.*)$", printed, re.M)[1])
    process = subprocess.Popen(
        [*command, "--host=127.0.0.1", "--port=0", "--load_fast=false"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    with process:
        try:
            output = []
            for line in process.stderr:
                output.append(line)
                address = re.search(r"http://127\.0\.0\.1:\d+/", line)
                if address:
                    break
            else:
                pytest.fail("TensorBoard did not start:\n" + "".join(output))

            def ask(path):
                with urllib.request.urlopen(address.group() + path, timeout=1200) as answer:
                    return json.load(answer)

            yield ask
        finally:
            process.kill()


def test_training_continues_from_the_checkpoint_and_improves(demo):
    model_dir, printed = demo
    lines = printed.splitlines()
    assert lines[0].startswith("importing TensorFlow")
    assert [line for line in lines if line.startswith("training")] == [
        "training from step 0",
        "training from step 60",
    ]
    stops = re.findall(r"stopped at step (\d+): test loss ([\d.]+), accuracy ([\d.]+)", printed)
    (first, first_loss, first_accuracy), (last, loss, accuracy) = stops
    assert (first, last) == ("60", "600")
    assert float(loss) < 0.5 * float(first_loss)
    assert float(accuracy) > max(0.9, float(first_accuracy))
    assert f"checkpoint:   {model_dir / 'model.ckpt-600'}" in lines


def test_the_seconds_determine_when_it_saves(demo):
    model_dir, _ = demo
    assert saved_steps(model_dir) == {0, 60, 600}  # each start and each end; 60 seconds never pass


def saved_steps(model_dir):
    return {int(path.stem.split("-")[1]) for path in model_dir.glob("model.ckpt-*.index")}


def test_a_trained_directory_is_not_trained_further(demo):
    model_dir, _ = demo
    before = {path: path.stat().st_mtime_ns for path in model_dir.iterdir()}
    assert f"nothing to train: {model_dir} has a checkpoint of step 600" in run(model_dir)
    assert {path: path.stat().st_mtime_ns for path in model_dir.iterdir()} == before


def test_ctrl_c_saves_a_checkpoint_and_ends_without_a_traceback(tmp_path):
    command = [sys.executable, EXAMPLES / "digits.py", "--steps=1000000000"]
    with subprocess.Popen(
        [*command, f"--model_dir={tmp_path}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            for line in process.stdout:
                if line.startswith("training"):
                    break
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=1200)
        finally:
            process.kill()
    assert process.returncode == 128 + signal.SIGINT
    assert "Traceback" not in errors
    stopped = int(re.search(r"stopped at step (\d+)", output)[1])
    assert max(saved_steps(tmp_path)) == stopped > 0
    assert f"to continue, pass --model_dir={tmp_path}" in output


def are_apart(steps, number):
    """Returns whether each two successive steps are a number of steps apart, or one less.

    A hook fetches the step beside the train op. If it reads the step after it, which is rare,
    TensorFlow writes the next value one step early.
    """
    return {later - step for step, later in zip(steps, steps[1:])} <= {number, number - 1}


@pytest.mark.parametrize("tag", ["loss", "accuracy"])
def test_tensorboard_shows_the_scalars_of_both_runs(tensorboard, tag):
    scalars = tensorboard(f"data/plugin/scalars/scalars?run=.&tag={tag}")
    steps = [step for _, step, _ in scalars]
    second = steps.index(61)  # the first run of each session writes its step
    for part, end in ((steps[:second], 60), (steps[second:], 600)):
        assert end - 20 < part[-1] <= end
        assert are_apart(part, 20)
    assert steps[0] == 1


def test_tensorboard_shows_the_steps_per_second(tensorboard):
    scalars = tensorboard("data/plugin/scalars/scalars?run=.&tag=global_step%2Fsec")
    steps = [step for _, step, _ in scalars]
    assert are_apart([61, *steps], 100)
    assert len(steps) == 5
