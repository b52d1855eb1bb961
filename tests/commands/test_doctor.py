"""tfmts-compat doctor, on the installed TensorFlow and on ones that do not work."""

import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import pytest
import tensorflow as tf
from helpers import cannot_save_graph

import tfmts_compat
from tfmts_compat import cli
from tfmts_compat.commands import doctor_trial

ROOT = pathlib.Path(__file__).parents[2]


def doctor(*arguments, cwd=None, **environment):
    return subprocess.run(
        [sys.executable, "-m", "tfmts_compat", "doctor", *arguments],
        capture_output=True,
        check=False,
        cwd=cwd,
        env={**os.environ, **environment},
        text=True,
        timeout=1200,
    )


@pytest.fixture
def shadow(tmp_path):
    """Makes a tensorflow module that is found before the real one."""

    def make(code):
        (tmp_path / "tensorflow.py").write_text(code)
        return {"PYTHONPATH": str(tmp_path)}

    return make


@pytest.mark.skipif(cannot_save_graph, reason="this protobuf does not suit this TensorFlow")
def test_a_working_installation_is_exit_0():
    result = doctor("--json")
    assert (result.returncode, result.stderr) == (0, "")
    report = json.loads(result.stdout)
    assert tf.__version__ in report["tensorflow"].values()
    assert report["numpy"] == importlib.metadata.version("numpy")
    assert report["protobuf"] == importlib.metadata.version("protobuf")
    assert report["problems"] == []
    assert [(stage["stage"], stage["works"]) for stage in report["stages"]] == [
        (stage, True) for stage in doctor_trial.STAGES
    ]


@pytest.mark.skipif(not cannot_save_graph, reason="this protobuf suits this TensorFlow")
def test_a_protobuf_that_cannot_write_graphs_is_exit_1_with_the_remedy():
    result = doctor()
    assert (result.returncode, result.stderr) == (1, "")
    assert "  remedy" in result.stdout
    assert "pip install 'protobuf<7'" in result.stdout
    assert "opens a session" in result.stdout.splitlines()[-1]
    assert "cannot write graph.pbtxt" in result.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("raise ImportError('numpy.core failed')", "(ImportError: numpy.core failed)"),
        ("import os; os.kill(os.getpid(), 4)", "the process was ended by SIGILL"),
        ("import os; os._exit(3)", "the process ended with exit code 3"),
        ("", "the tensorflow module is empty"),
    ],
    ids=["exception", "crash", "exit", "empty"],
)
def test_a_failing_import_is_exit_1_with_the_reason(shadow, code, error):
    result = doctor(**shadow(code))
    assert (result.returncode, result.stderr) == (1, "")
    last = result.stdout.splitlines()[-1]
    assert last.startswith("import tensorflow")
    assert "fails: " in last
    assert error in last


def test_the_working_directory_and_remains_of_installations_are_not_used(tmp_path):
    def metadata(name, *files):
        (tmp_path / name).mkdir(parents=True)
        for file in files:
            (tmp_path / name / file).write_text("Name: tensorflow\nVersion: 9.9.9\n")
        (tmp_path / name / "top_level.txt").write_text("tensorflow\n")
        return str(tmp_path / name)

    work = tmp_path / "work"
    metadata("work/tensorflow-9.9.9.dist-info", "METADATA")
    (work / "tensorflow.py").write_text("raise ImportError('of the working directory')")
    remains = [
        metadata("site/tensorflow-9.9.9.dist-info"),
        metadata("site/~ensorflow-9.9.9.dist-info", "METADATA"),
        metadata("site/numpy-9.9.9.dist-info"),
    ]
    paths = [str(tmp_path / "site"), str(pathlib.Path(tfmts_compat.__file__).parents[1])]
    result = doctor("--json", cwd=work, PYTHONPATH=os.pathsep.join(paths))
    assert result.stderr == ""
    report = json.loads(result.stdout)
    assert list(report["tensorflow"].values()) == [tf.__version__]
    assert report["numpy"] == importlib.metadata.version("numpy")
    assert {*remains} <= {*report["ignored"]}
    assert report["stages"][0]["works"], report["stages"]


def test_without_a_temporary_directory_the_versions_are_reported(capsys, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/no/such/directory")
    assert cli.main(["doctor", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert tf.__version__ in report["tensorflow"].values()
    assert [stage["stage"] for stage in report["stages"]] == ["temporary directory"]
    assert "set TMPDIR" in report["stages"][0]["error"]


def test_the_issue_template_asks_for_the_output_of_doctor():
    template = (ROOT / ".github" / "ISSUE_TEMPLATE" / "bug_report.yml").read_text()
    assert template.index("tfmts-compat doctor") < template.index("What happened")
