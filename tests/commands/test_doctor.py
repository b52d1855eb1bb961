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
from tfmts_compat._upstream import versions
from tfmts_compat._upstream.versions import find_tensorflow_builds
from tfmts_compat.commands import doctor_trial
from tfmts_compat.commands.doctor import _find_keras_notes

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
def test_a_working_installation_exits_with_0():
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
def test_a_protobuf_that_cannot_write_graphs_exits_with_1_and_the_remedy():
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
def test_a_failing_import_exits_with_1_and_the_reason(shadow, code, error):
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


LAYERS = """
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
tf.layers.dense(tf.zeros([2, 3]), 3)
"""


@pytest.mark.parametrize("value", ["", "1"])
def test_a_note_says_whether_layers_work(value, monkeypatch):
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", value)
    result = subprocess.run([sys.executable, "-c", LAYERS], capture_output=True, check=False)
    notes = _find_keras_notes(find_tensorflow_builds())
    assert [result.returncode == 0] == [not notes], result.stderr


@pytest.mark.parametrize(
    ("version", "keras", "value", "advice"),
    [
        ("2.14.1", None, "1", None),
        ("2.15.1", None, None, None),
        ("2.15.1", None, "1", "unset TF_USE_LEGACY_KERAS, or pip install 'tf-keras==2.15.*'"),
        ("2.15.1", "2.15.1", "1", None),
        ("2.16.2", None, None, "pip install 'tf-keras==2.16.*'; and set TF_USE_LEGACY_KERAS=1"),
        ("2.16.2", None, "true", "pip install 'tf-keras==2.16.*'"),
        ("2.21.0", "2.21.0", None, "set TF_USE_LEGACY_KERAS=1 before TensorFlow is imported"),
        ("2.21.0", "2.21.0", "0", "set TF_USE_LEGACY_KERAS=1 before TensorFlow is imported"),
        ("2.21.0", "2.21.0", "True", None),
    ],
)
def test_the_note_names_the_commands(version, keras, value, advice, monkeypatch):
    if value is None:
        monkeypatch.delenv("TF_USE_LEGACY_KERAS", raising=False)
    else:
        monkeypatch.setenv("TF_USE_LEGACY_KERAS", value)
    monkeypatch.setattr(versions, "find_installed_version", {"tf-keras": keras}.get)
    notes = _find_keras_notes({"tensorflow": version})
    assert [note.partition("uses them: ")[2].startswith(advice or "-") for note in notes] == (
        [True] if advice else []
    )
