"""The small training of tfmts-compat doctor, in this process."""

import json
import tempfile

import pytest
from helpers import cannot_save_graph

from tfmts_compat.commands import doctor_trial


@pytest.fixture
def stages(tmp_path, monkeypatch):
    """Runs the training and returns the lines that it wrote."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")

    def run():
        doctor_trial.run(str(tmp_path / "stages"))
        return [json.loads(line) for line in (tmp_path / "stages").read_text().splitlines()]

    return run


@pytest.mark.skipif(cannot_save_graph, reason="this protobuf does not suit this TensorFlow")
def test_each_stage_that_works_is_a_line(stages):
    assert stages() == [{}] * len(doctor_trial.STAGES)


def test_the_line_of_a_failed_stage_has_the_error_and_is_the_last(stages, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/no/such/directory")
    works, failed = stages()
    assert works == {}
    assert failed["error"].startswith("FileNotFoundError: ")
