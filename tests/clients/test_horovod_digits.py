"""The Horovod example: after one process was killed, a new job resumes from the checkpoint."""

import pathlib
import re
import subprocess
import sys
import time

import pytest

pytest.importorskip("horovod", reason="runs in tox -e horovod")
pytest.importorskip("sklearn", reason="needs the demo extra")

EXAMPLE = pathlib.Path(__file__).parents[2] / "examples" / "horovod_digits.py"
PATIENCE_SECS = 1200


def command(model_dir, steps):
    starter = [str(pathlib.Path(sys.executable).with_name("horovodrun")), "-np", "2", "--gloo"]
    return [*starter, sys.executable, str(EXAMPLE), f"--model_dir={model_dir}", f"--steps={steps}"]


def process_of_rank(job, rank):
    import psutil

    for process in psutil.Process(job.pid).children(recursive=True):
        if process.cmdline()[1:2] == [str(EXAMPLE)] and process.environ()["HOROVOD_RANK"] == rank:
            return process
    raise AssertionError(f"no process of rank {rank}")


def test_after_a_process_was_killed_the_job_resumes_from_rank_0s_checkpoint(tmp_path):
    with open(tmp_path / "log", "wb") as log, subprocess.Popen(
        command(tmp_path / "model", 10**9), stdout=log, stderr=log
    ) as job:
        try:
            deadline = time.monotonic() + PATIENCE_SECS
            while not (tmp_path / "model" / "model.ckpt-200.index").exists():
                assert job.poll() is None, (tmp_path / "log").read_text()
                assert time.monotonic() < deadline, (tmp_path / "log").read_text()
                time.sleep(0.02)
            process_of_rank(job, "1").kill()
            assert job.wait(PATIENCE_SECS) != 0
        finally:
            job.terminate()
    checkpoints = (tmp_path / "model" / "checkpoint").read_text()
    newest = int(re.match(r'model_checkpoint_path: ".*model\.ckpt-(\d+)"', checkpoints).group(1))
    assert newest >= 200
    resumed = subprocess.run(
        command(tmp_path / "model", 2 * (newest + 300)),
        check=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECS,
    )
    found = re.findall(
        r"rank (\d) of 2: steps (\d+) to (\d+): test accuracy ([\d.]+)", resumed.stdout
    )
    first, second = sorted(found)
    assert first[:3] == ("0", str(newest), str(newest + 300))
    assert second == ("1", *first[1:])  # the same variables, so the same accuracy
    assert float(first[3]) > 0.9
