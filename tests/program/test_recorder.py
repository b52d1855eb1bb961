"""The file with the calls of a program."""

import fcntl
import json
import threading
from contextlib import nullcontext

import pytest
import tensorflow as tf
from random_calls import Hook

from tfmts_compat import MonitoredTrainingSession, TfmtsCompatWarning
from tfmts_compat._program import recorder
from tfmts_compat._program.report import format_report


@pytest.fixture
def report(tmp_path):
    path = str(tmp_path / "report.json")
    recorder.create(path, program=["train.py"])
    return path


def add(path, call):
    """Adds a call as `record_calls` does: when it begins, and again when it has returned."""
    begun = recorder._encode({**call, "returned": False})
    recorder._write(path, begun)
    recorder._write(path, recorder._encode({**call, "returned": True}), begun)


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


def test_a_new_report_waits_until_a_call_is_written(report):
    with open(report, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # as another run does while it writes
        thread = threading.Thread(target=recorder.create, args=(report,), kwargs={"program": []})
        thread.start()
        thread.join(0.5)  # it would replace the report at once
        assert json.load(file)["program"] == ["train.py"]
    thread.join()
    with open(report, encoding="utf-8") as file:
        assert json.load(file) == {"program": [], "calls": []}


def test_a_call_is_recorded_with_its_place_and_its_error(report, graph):
    opens = recorder.record_calls(MonitoredTrainingSession, "tfmts_compat", report, "/")
    opens(hooks=[Hook()]).close()
    with pytest.raises(TypeError, match=r"hooks\[0\]=3"):
        opens(hooks=[3])
    works, fails = calls(report)
    assert works["file"] == __file__
    assert works["function"] == "test_a_call_is_recorded_with_its_place_and_its_error"
    assert works["error"] is None
    assert fails["error"]["type"] == "TypeError"
    assert fails["rejected"] == fails["error"]["message"]


def test_what_a_session_reports_after_its_call_is_added_to_the_call(report, train_op):
    opens = recorder.record_calls(MonitoredTrainingSession, "tfmts_compat", report, "/")
    weight = tf.compat.v1.get_variable("weight", initializer=1.0)
    train_op = tf.group(train_op, tf.compat.v1.assign_add(weight, 1.0))
    data = tf.data.Dataset.from_tensor_slices([1.0, 2.0, 3.0])
    element = tf.compat.v1.data.make_one_shot_iterator(data).get_next(name="element")
    evaluation = tf.multiply(weight, element, name="evaluation")
    for fetches in ([train_op], [evaluation], [train_op]):
        expects = pytest.warns(TfmtsCompatWarning) if fetches == [evaluation] else nullcontext()
        with expects, opens() as session:
            for _ in range(2):
                session.run(train_op)
            for _ in range(4):
                session.run(fetches)
    assert [call["returned"] for call in calls(report)] == [True, True, True]
    (call,) = [call for call in calls(report) if call["notes"] or call["warnings"]]
    (warning,), (note,) = call["warnings"], call["notes"]
    assert warning.startswith("the run of evaluation:0 ends the training at global step 2, ")
    assert note.startswith("OutOfRangeError of element ends the `with` block of the session")
    assert "  note: OutOfRangeError of element ends" in format_report(report)


class BrokenBegin(Hook):
    def begin(self):
        raise TypeError("begin")


@pytest.mark.parametrize(
    ("arguments", "is_rejected"),
    [
        ({"hooks": [3]}, True),
        ({"checkpoint_dir": "d"}, True),  # no global step
        pytest.param({"hooks": [BrokenBegin()]}, False, id="begin"),
        ({"is_chief": False, "max_wait_secs": "x"}, False),  # reported after the first poll
    ],
    ids=str,
)
def test_a_call_is_rejected_if_a_check_raised_the_error(report, graph, arguments, is_rejected):
    tf.compat.v1.get_variable("weight", initializer=0.0)
    opens = recorder.record_calls(MonitoredTrainingSession, "tfmts_compat", report, "/")
    with pytest.raises((TypeError, RuntimeError)):
        opens(**arguments)
    (call,) = calls(report)
    assert call["rejected"] == (call["error"]["message"] if is_rejected else None)


def test_a_report_that_cannot_be_written_does_not_end_the_program(tmp_path, graph, capsys):
    opens = recorder.record_calls(MonitoredTrainingSession, "tfmts_compat", str(tmp_path), "/")
    opens().close()
    assert "cannot write the report: " in capsys.readouterr().err
