"""The report of tfmts-compat run: its file, and its table."""

import json
import threading

import pytest
from strategies import Hook

from tfmts_compat import MonitoredTrainingSession, _recording

SHOWN = {
    "file": "train.py",
    "line": 8,
    "function": "train",
    "built_by": "tfmts_compat",
    "plan": None,
    "handed_over": False,
    "rejected": None,
    "error": None,
    "upstream": [],
    "warnings": ["a pitfall"],
}


@pytest.fixture
def report(tmp_path):
    path = str(tmp_path / "report.json")
    _recording.create(path, program=["train.py"])
    return path


def add(path, call):
    """Adds a call as `recorded` does: when it begins, and again when it has returned."""
    begun = _recording._encoded({**call, "returned": False})
    _recording._write(path, begun)
    _recording._write(path, _recording._encoded({**call, "returned": True}), begun)


def calls(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)["calls"]


def test_a_report_is_valid_json_after_every_call(report):
    assert calls(report) == []
    for number in range(3):
        add(report, {"number": number})
        assert [call["number"] for call in calls(report)] == [*range(number + 1)]
    assert all(call["returned"] for call in calls(report))


def test_calls_of_several_threads_are_not_lost(report):
    def work():
        for number in range(50):
            add(report, {"number": number})

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(call["number"] for call in calls(report)) == sorted([*range(50)] * 4)


def test_a_call_is_recorded_with_its_place_and_its_error(report, graph):
    opens = _recording.recorded(MonitoredTrainingSession, "tfmts_compat", report, "/")
    opens(hooks=[Hook()]).close()
    with pytest.raises(TypeError, match=r"hooks\[0\]=3"):
        opens(hooks=[3])
    works, fails = calls(report)
    assert works["file"] == __file__
    assert works["function"] == "test_a_call_is_recorded_with_its_place_and_its_error"
    assert works["error"] is None
    assert fails["error"]["type"] == "TypeError"
    assert fails["rejected"] == fails["error"]["message"]


def test_a_report_that_cannot_be_written_does_not_end_the_program(tmp_path, graph, capsys):
    opens = _recording.recorded(MonitoredTrainingSession, "tfmts_compat", str(tmp_path), "/")
    opens().close()
    assert "cannot write the report: " in capsys.readouterr().err


def test_the_table_counts_equal_calls(report):
    failed = {**SHOWN, "error": {"type": "ValueError", "message": "why"}}
    for call in (SHOWN, SHOWN, failed):
        add(report, call)
    assert _recording.table(report).splitlines() == [
        f"tfmts-compat run: calls of MonitoredTrainingSession: 3, failed: 1; see {report}",
        "train.py:8 in train, built by tfmts_compat (2 times)",
        "  warning: a pitfall",
        "train.py:8 in train, built by tfmts_compat",
        "  ValueError: why",
        "  warning: a pitfall",
    ]


def test_the_table_of_a_damaged_report_is_a_message(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("{")
    assert _recording.table(str(path)).startswith("tfmts-compat run: cannot read the report: ")
