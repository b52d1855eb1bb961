"""tfmts-compat explain."""

import dataclasses
import json
import os
import pty
import subprocess
import sys

import pytest

from tfmts_compat import cli, explain
from tfmts_compat._rules.call import Call


def test_explain_prints_the_plan(capsys):
    arguments = [
        "--save_checkpoint_secs=60",
        "--save_checkpoint_steps=10",
        "--checkpoint_dir=/ckpt",
    ]
    assert cli.main(["explain", *arguments]) == 0
    plan = explain(save_checkpoint_secs=60, save_checkpoint_steps=10, checkpoint_dir="/ckpt")
    assert capsys.readouterr().out == f"{plan}\n"


def test_explain_prints_json(capsys):
    assert cli.main(["explain", "--json", "--is_chief=false", "--max_wait_secs=None"]) == 0
    assert (
        json.loads(capsys.readouterr().out) == explain(is_chief=False, max_wait_secs=None).to_dict()
    )


@pytest.mark.parametrize(
    ("argument", "cadence"),
    [
        ("None", (None, None)),
        ("0", (None, None)),
        ("1.5", (None, 1.5)),
        ("inf", (None, "inf")),
        ("USE_DEFAULT", (600, None)),
    ],
)
def test_values_are_read_as_python_reads_them(capsys, argument, cadence):
    cli.main(["explain", "--json", "--checkpoint_dir=3", f"--save_checkpoint_steps={argument}"])
    printed = json.loads(capsys.readouterr().out)["checkpoints"]
    assert (printed["secs"], printed["steps"]) == cadence


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--save_checkpoint_secs=often", "--checkpoint_dir=x"], "save_checkpoint_secs='often'"),
        (["--save_summaries_secs=1", "--save_summaries_steps=1", "--summary_dir=x"], "not both"),
        (["--is_chief=maybe"], "is_chief='maybe' (str): must be true or false"),
        (["--chekpoint_dir=x"], "unrecognized arguments: --chekpoint_dir=x"),
        (["--max_wait_secs"], "expected one argument"),
        (["\x1b[31m\n"], "unrecognized arguments: \\x1b[31m\\n"),
        (["--save_summaries_secs=\x1b\n", "--summary_dir=x"], "save_summaries_secs='\\x1b\\n'"),
    ],
)
def test_a_bad_value_prints_one_line_and_exits_with_2(arguments, message):
    result = subprocess.run(
        [sys.executable, "-m", "tfmts_compat", "explain", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_directory_given_as_None_is_none(capsys):
    assert cli.main(["explain", "--json", "--checkpoint_dir=None"]) == 0
    assert json.loads(capsys.readouterr().out) == explain(checkpoint_dir=None).to_dict()


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_unprintable_characters_of_arguments_are_escaped(encoding):
    result = subprocess.run(
        [sys.executable, "-m", "tfmts_compat", "explain", "--checkpoint_dir=\x1b[31m\n\udcffé"],
        stdout=subprocess.PIPE,
        check=True,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )
    shown = "é" if encoding == "utf-8" else "\\xe9"
    text = result.stdout.decode(encoding)
    assert f"restores from     \\x1b[31m\\n\\udcff{shown}\n" in text
    assert "\x1b" not in text


def test_the_help_explains_each_argument():
    result = subprocess.run(
        [sys.executable, "-m", "tfmts_compat", "explain", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    text = " ".join(result.stdout.split())
    not_there = {"scaffold", "hooks", "chief_only_hooks", "config"}
    for field in dataclasses.fields(Call):
        explained = f"--{field.name} VALUE " in text and f"(default: {field.default!r})" in text
        assert explained == (field.name not in not_there), field.name
    assert "--save_checkpoint_secs VALUE seconds between checkpoints." in text
    assert "VALUE (default" not in text


@pytest.mark.parametrize("columns", [60, 100, 300])
def test_the_table_fits_the_terminal(columns):
    arguments = [
        "--save_checkpoint_secs=60",
        "--save_checkpoint_steps=10",
        "--checkpoint_dir=/ckpt",
    ]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "tfmts_compat", "explain", *arguments],
        stdout=theirs,
        env={**os.environ, "COLUMNS": str(columns)},
    ) as process:
        os.close(theirs)
        printed = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the process has closed the terminal
                break
            printed += part
            if not part:
                break
        assert process.wait() == 0
    os.close(ours)
    lines = printed.decode().splitlines()
    plan = explain(save_checkpoint_secs=60, save_checkpoint_steps=10, checkpoint_dir="/ckpt")
    assert max(map(len, lines)) <= columns
    assert " ".join(" ".join(lines).split()) == " ".join(str(plan).split())
    if columns == 300:
        assert lines == str(plan).splitlines()
    else:  # the rule is on separate lines
        assert "checkpoint saver  every 60 seconds into /ckpt" in lines
