"""tfmts-compat compare: a program with TensorFlow's function and with the shim."""

import json
import textwrap

import pytest

from tfmts_compat import cli

PROGRAM = """
    import inspect, os, sys, time
    import tensorflow as tf
    from tensorflow.compat.v1.train import MonitoredTrainingSession
    tf1 = tf.compat.v1
    directory = sys.argv[1]
    has_shim = "recovery_wait_secs" in inspect.signature(MonitoredTrainingSession).parameters
    start, arguments = 1.5, dict(checkpoint_dir=directory)
    {}
    with tf.Graph().as_default():
        weight = tf1.get_variable("weight", initializer=start)
        with tf.control_dependencies([tf1.assign_add(weight, 1.0)]):
            train = tf1.assign_add(tf1.train.get_or_create_global_step(), 1)
        with tf.control_dependencies([train]):  # so that every run reads the same value
            tf1.summary.scalar("value", weight.read_value())
        arguments = {{"save_summaries_steps": 2, "save_checkpoint_steps": 2, **arguments}}
        with MonitoredTrainingSession(**arguments) as session:
            for _ in range(4):
                print("step", session.run(train))
"""


@pytest.fixture
def compare(tmp_path, capsys, monkeypatch):
    """Compares the program with a line added; returns the exit code and what is printed."""

    def compare(line, *options):
        script = tmp_path / "program.py"
        script.write_text(textwrap.dedent(PROGRAM.format(line)))
        code = cli.main(["compare", *options, str(script), "{dir}"])
        output, errors = capsys.readouterr()
        return code, output or errors

    return compare


def report(result):
    code, output = result
    return code, json.loads(output)


def test_a_deterministic_program_is_the_same(compare):
    code, output = compare("open(os.path.join(directory, 'log'), 'w').write(directory)")
    rows = [line.split() for line in output.splitlines()]
    assert code == 0, output
    assert ["exit", "code", "0", "same"] in rows
    assert ["sessions", "1", "same"] in rows
    assert ["printed", "4", "lines", "same"] in rows
    assert ["checkpoints", "3", "with", "6", "tensors", "same"] in rows
    assert ["files", "5", "others", "same"] in rows
    assert rows[-1] == ["result", "same"]
    assert "not deterministic" not in output


def test_each_seeded_difference_is_found_at_its_place(compare):
    line = (
        "start += has_shim; print('which', has_shim); "
        "arguments['save_checkpoint_steps'] = 4 if has_shim else 2"
    )
    code, found = report(compare(line, "--json", "--runs=1"))
    assert (code, found["result"]) == (1, "differs")
    places = {tuple(row["place"]): (row["upstream"], row["shim"]) for row in found["differences"]}
    assert places["printed", "line 1"] == ("which False", "which True")
    assert places["checkpoints", "model.ckpt-4", "weight", "value"] == ("5.5", "6.5")
    assert places["checkpoints", "model.ckpt-2"][1] is None
    assert places["events", ".", "3 value"] == ("simple_value: 4.5", "simple_value: 5.5")
    assert [shown for place, shown in places.items() if place[-2:] == ("checkpoints", "steps")] == [
        (2, 4)
    ]
    assert {"graph.pbtxt", "model.ckpt-0.meta", "model.ckpt-2.meta"} <= {
        place[1] for place in places if place[0] == "files"
    }


def test_what_differs_between_two_runs_of_upstream_is_named_and_the_rest_is_compared(compare):
    line = (
        "start = time.time() % 1; print(start); print('which', has_shim); "
        "open(os.path.join(directory, 'log-' + str(start)), 'w')"
    )
    code, found = report(compare(line, "--json"))
    assert code == 1
    assert [row["place"] for row in found["differences"]] == [["printed", "line 2"]]
    unstable = [row["place"] for row in found["not_deterministic"]]
    assert ["printed", "line 1"] in unstable
    assert ["checkpoints", "model.ckpt-2", "weight", "value"] in unstable
    assert ["files", "names"] in unstable
    assert not any("global_step" in place for place in unstable)


def test_documented_departures_are_named_and_compared_with_the_documented_call(compare):
    line = (
        "import pathlib; from tfmts_compat import MonitoredTrainingSession; arguments = dict("
        "checkpoint_dir=pathlib.Path(directory), save_checkpoint_secs=60, cache_runs=False)"
    )
    code, found = report(compare(line, "--json", "--runs=1"))
    assert (code, found["result"], found["exit_code"]) == (0, "departs as documented", 0), found
    departures = {row["number"]: row for row in found["departures"]}
    assert departures["D1"]["upstream"].startswith("ValueError: Can not provide both")
    assert departures["D1"]["calls"][0].endswith("program.py:17")
    assert found["compared"]["checkpoints"] == 2


def test_a_rejected_call_departs_as_documented(compare):
    code, output = compare("arguments['hooks'] = [None]", "--runs=1")
    assert code == 0, output
    assert "departure C2" in output
    assert "program.py:17: upstream: fails, too, but later" in output
    assert "TypeError" in output


def test_a_program_that_fails_in_the_same_way_is_the_same(compare):
    code, output = compare(
        "arguments['hooks'] = [type('Hook', (tf1.train.SessionRunHook,), "
        "{'end': lambda *_: 1 / 0})()]",
        "--runs=1",
    )
    assert code == 0, output
    assert "ZeroDivisionError: division by zero" in output
    assert output.splitlines()[0].startswith("program")


def test_a_program_without_a_session_cannot_be_compared(tmp_path, capsys):
    script = tmp_path / "program.py"
    script.write_text("import sys; sys.exit('no data')")
    assert cli.main(["compare", "--runs=1", str(script), "{dir}"]) == 2
    output = capsys.readouterr().err
    assert "did not call MonitoredTrainingSession" in output
    assert output.endswith("its exit code is 1, and its last line is: no data\n")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "give a script, -m module or -c code"),
        (["train.py", "--model_dir=/tmp/x"], "for example --model_dir={dir}"),
        (["--runs=0", "train.py", "{dir}"], "--runs=0 is not above 0; pass 1 or more"),
        (["--runs", "train.py", "{dir}"], "invalid int value"),
        (["-", "{dir}"], "pass the file of the program"),
        (["-u", "train.py", "{dir}"], "options of python come before -m"),
    ],
)
def test_a_usage_error_names_what_to_pass(arguments, text, capsys):
    try:
        code = cli.main(["compare", *arguments])
    except SystemExit as ended:  # of argparse
        code = ended.code
    assert code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert text in line
