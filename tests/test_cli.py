"""The command line: explain, and how every command fails."""

import json
import subprocess
import sys

import pytest

from tfmts_compat import cli, explain


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "tfmts_compat", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


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
    ("arguments", "said"),
    [
        (["--save_checkpoint_secs=often", "--checkpoint_dir=x"], "save_checkpoint_secs='often'"),
        (["--save_summaries_secs=1", "--save_summaries_steps=1", "--summary_dir=x"], "not both"),
        (["--is_chief=maybe"], "is_chief='maybe' (str): must be true or false"),
        (["--chekpoint_dir=x"], "unrecognized arguments: --chekpoint_dir=x"),
        (["--max_wait_secs"], "expected one argument"),
    ],
)
def test_a_bad_value_ends_with_one_line_and_exit_2(arguments, said):
    result = run("explain", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [[], ["unknown"]])
def test_a_missing_or_unknown_command_ends_with_one_line_and_exit_2(arguments):
    result = run(*arguments)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
