"""tfmts-compat parity as its users call it."""

import json
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

import tfmts_compat
from tfmts_compat._upstream import loading, parts
from tfmts_compat.cli import main
from tfmts_compat.parity import golden, scenarios, suite


def run_python(code, *arguments, **options):
    return subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}", *arguments],
        capture_output=True,
        check=False,
        text=True,
        timeout=1200,
        **options,
    )


def test_reports_agree_with_the_table(tmp_path, capsys):
    junit, page = tmp_path / "parity.xml", tmp_path / "parity.html"
    only = ["--only", "resume", "--only", "checkpoint-both-*"]
    assert main(["parity", *only, "--junit", str(junit), "--html", str(page)]) == 0
    table = capsys.readouterr().out
    assert re.search(r"^resume +same$", table, re.MULTILINE)
    assert re.search(r"^checkpoint-both-on +departs as documented D1$", table, re.MULTILINE)
    assert "4 scenarios: 3 same, 1 departs as documented, 0 differs" in table

    suite = ElementTree.parse(junit).getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("4", "0")
    verdicts = {case.get("name"): case.findtext("system-out") for case in suite.iter("testcase")}
    assert verdicts["checkpoint-both-on"] == "departs as documented D1"
    versions = {item.get("name"): item.get("value") for item in suite.iter("property")}
    assert versions["tensorflow"] == loading.tensorflow().__version__

    text = page.read_text(encoding="utf-8")
    call = "MonitoredTrainingSession(checkpoint_dir=&#x27;DIR&#x27;, save_checkpoint_secs=3600, "
    assert f"{call}save_checkpoint_steps=2)" in text
    assert 'departs as documented <a href="#D1">D1</a>' in text
    assert '<dt id="D1">D1</dt><dd>upstream: ValueError: Can not provide both' in text
    assert {"platform", "date", "duration"} <= {*re.findall("<dt>([a-z ]+)</dt>", text)}
    assert not re.search(r"src=|href=\"[^#]|url\(|@import", text), "not self-contained"


def test_json_is_on_stdout_and_each_scenario_is_a_line_as_it_ends(capsys, monkeypatch):
    only = ["--only", "no-arguments", "--only", "checkpoint-both-on"]
    shown = []

    def run(scenarios, *_):
        for outcome in run_scenarios(scenarios):
            yield outcome
            shown.append(capsys.readouterr())

    run_scenarios = suite.run
    monkeypatch.setattr(suite, "run", run)
    assert main(["parity", *only, "--json"]) == 0
    assert [(out, err.splitlines()[-1]) for out, err in shown] == [
        ("", "checkpoint-both-on  departs as documented D1"),
        ("", "no-arguments        same"),
    ]
    result = json.loads(capsys.readouterr().out)
    assert [(row["name"], row["departures"]) for row in result["scenarios"]] == [
        ("checkpoint-both-on", ["D1"]),
        ("no-arguments", []),
    ]
    assert result["scenarios"][1]["call"] == "MonitoredTrainingSession()"
    assert result["counts"] == {"same": 1, "departs as documented": 1, "differs": 0}
    assert result["ok"] is True


def test_a_difference_is_named_and_exits_with_1(tmp_path, capsys, monkeypatch):
    def forgetful(**arguments):
        return parts.find_monitored_training_session()(**{**arguments, "save_graph_def": False})

    monkeypatch.setattr(tfmts_compat, "MonitoredTrainingSession", forgetful)
    junit, page = tmp_path / "parity.xml", tmp_path / "parity.html"
    only = ["--only", "resume", "--only", "no-arguments"]
    assert main(["parity", *only, "--junit", str(junit), "--html", str(page)]) == 1
    table = capsys.readouterr().out
    assert re.search(r"^no-arguments +same$", table, re.MULTILINE)
    assert re.search(r"^resume +differs\n  ! run\[0\]", table, re.MULTILINE)
    assert "_save_graph_def: upstream True, the shim False" in table
    assert ElementTree.parse(junit).getroot().get("failures") == "1"
    assert "the shim False" in page.read_text(encoding="utf-8")


def test_the_suite_runs_the_shim_without_cached_runs(capsys, monkeypatch):
    given = []

    def noting(cache_runs=True, **arguments):
        given.append(cache_runs)
        return parts.find_monitored_training_session()(**arguments)

    monkeypatch.setattr(tfmts_compat, "MonitoredTrainingSession", noting)
    assert main(["parity", "--only", "no-arguments"]) == 0
    assert "cache_runs" not in capsys.readouterr().out
    assert main(["parity", "--only", "no-arguments", "--no-cache-runs"]) == 0
    assert "cache_runs False" in capsys.readouterr().out
    assert given == [True, False]


def test_upstream_that_drifted_from_its_golden_exits_with_1(tmp_path, capsys, monkeypatch):
    minor = golden.parse_minor(loading.tensorflow().__version__)
    recorded = golden.read_nearest(minor)
    recorded.traces["no-arguments"].call[0]["values"] = [1, 2, 4]
    monkeypatch.setattr(golden, "FILE", tmp_path / "goldens.json")
    golden.write(golden.FILE, recorded.header, recorded.traces)
    assert main(["parity", "--only", "no-arguments"]) == 1
    table = capsys.readouterr().out
    assert re.search(r"no-arguments +same\n  ! upstream drifted: run\[0\].values", table)


def test_record_writes_the_golden_it_is_compared_with(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(scenarios, "TOPICS", ("rejected",))
    path = tmp_path / "goldens.json"
    assert main(["parity", "--record", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    known = golden.read_nearest(golden.parse_minor(loading.tensorflow().__version__))
    monkeypatch.setattr(golden, "FILE", path)
    again = golden.read(golden.list_minors()[0])
    assert list(again.header) == [
        "tensorflow", "python", "numpy", "protobuf", "tfmts_compat", "date"
    ]  # fmt: skip
    assert again.traces == {name: known.traces[name] for name in again.traces}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--only", "resum"], "--only resum: there is no such scenario; did you mean resume"),
        (["--only", "zzz"], "--only zzz: there is no such scenario; --list names them all."),
        (["--junit", "{}"], "Is a directory"),
        (["--html", "{}/no/such/page.html"], "No such file or directory"),
        (["--record", "{}"], "Is a directory"),
        (["--record", "{}/no/such/goldens.json"], "No such file or directory"),
        (["--record", __file__], "is not a file of goldens"),
        (["--record", "{}", "--only", "resume"], "pass it alone"),
        (["--record", "{}", "--no-cache-runs"], "pass it alone"),
        (["--record", "{}", "--json"], "pass it alone"),
    ],
)
def test_bad_input_prints_one_line_before_anything_runs(tmp_path, capsys, arguments, says):
    assert main(["parity", *(argument.format(tmp_path) for argument in arguments)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("tfmts-compat: error: ")
    assert says in line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("tensorflow", "says"),
    [
        ("raise ModuleNotFoundError('gone', name='tensorflow')", "pip install"),
        ("raise AttributeError('_ARRAY_API not found')", "cannot be imported (AttributeError"),
        ("", "the tensorflow module is empty"),
    ],
)
def test_a_tensorflow_that_does_not_work_prints_one_line(tmp_path, tensorflow, says):
    (tmp_path / "tensorflow.py").write_text(
        f"import sys\nprint('a traceback of numpy', file=sys.stderr)\n{tensorflow}\n"
    )
    code = f"sys.path.insert(0, {str(tmp_path)!r})\nfrom tfmts_compat.cli import main\n"
    run = run_python(code + "sys.exit(main(['parity']))")
    assert run.returncode == 2
    (line,) = run.stderr.splitlines()
    assert says in line


def test_names_are_listed_and_nothing_heavy_is_imported():
    code = """
from tfmts_compat.cli import main
assert not {"tqdm", "tfmts_compat.parity.suite"} & {*sys.modules}
main(["parity", "--list"])
assert "tensorflow" not in sys.modules
"""
    run = run_python(code)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == list(scenarios.load_all())
