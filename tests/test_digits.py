"""The demo trains, resumes and reaches its accuracy, and TensorBoard shows its summaries."""

import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.request

import pytest

pytest.importorskip("sklearn", reason="needs the demo extra")

EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The directory in which the demo trained, and its output."""
    model_dir = tmp_path_factory.mktemp("digits")
    result = subprocess.run(
        [sys.executable, EXAMPLES / "digits.py", f"--model_dir={model_dir}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return model_dir, result.stdout


@pytest.fixture(scope="module")
def tensorboard(demo):
    """Starts TensorBoard with the demo's summaries; yields a function that requests a path."""
    pytest.importorskip("tensorboard")
    model_dir, _ = demo
    process = subprocess.Popen(
        f"{sys.executable} -m tensorboard.main --logdir {model_dir} "
        "--host 127.0.0.1 --port 0 --load_fast false".split(),
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


def test_training_continues_from_the_checkpoint_and_reaches_its_accuracy(demo):
    model_dir, printed = demo
    parts = re.findall(r"steps (\d+) to (\d+): test accuracy ([\d.]+)", printed)
    assert [(first, last) for first, last, _ in parts] == [("0", "300"), ("300", "600")]
    assert float(parts[-1][-1]) > 0.9
    assert f"checkpoints:  {model_dir / 'model.ckpt-600'}" in printed
    assert f"tensorboard --logdir {model_dir}" in printed


def test_the_seconds_determine_when_it_saves(demo):
    model_dir, _ = demo
    steps = {int(path.stem.split("-")[1]) for path in model_dir.glob("model.ckpt-*.index")}
    assert steps == {0, 300, 600}  # each start and each end; 60 seconds never pass


@pytest.mark.parametrize("tag", ["loss", "accuracy"])
def test_tensorboard_shows_the_scalars_of_both_runs(tensorboard, tag):
    scalars = tensorboard(f"data/plugin/scalars/scalars?run=.&tag={tag}")
    assert [step for _, step, _ in scalars] == [1, *range(21, 301, 20), 301, *range(321, 601, 20)]


def test_tensorboard_shows_the_steps_per_second(tensorboard):
    scalars = tensorboard("data/plugin/scalars/scalars?run=.&tag=global_step%2Fsec")
    assert [step for _, step, _ in scalars] == [101, 201, 401, 501]
