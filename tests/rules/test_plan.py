"""explain and the plan: what a call builds, and by which rule."""

import json
import pathlib
import re

import numpy as np
import pytest
import tensorflow as tf
from helpers import pitfall
from tensorflow.python.training import monitored_session

from tfmts_compat import explain
from tfmts_compat._rules.call import Call


def test_a_chief_with_a_directory_gets_the_documented_defaults():
    p = explain(checkpoint_dir="/ckpt")
    assert (p.role, p.restore_dir, p.checkpoint_dir, p.summary_dir) == ("chief", *["/ckpt"] * 3)
    assert (p.checkpoints.secs, p.summaries.steps, p.step_counter.steps) == (600, 100, 100)
    assert p.departures == p.warnings == ()


def test_a_worker_writes_nothing_and_waits():
    p = explain("grpc://chief:2222", False, "/ckpt", max_wait_secs=60)
    assert (p.role, p.restore_dir, p.checkpoint_dir, p.summary_dir) == ("worker", *[None] * 3)
    assert [p.checkpoints.on, p.summaries.on, p.step_counter.on] == [False] * 3
    assert p.to_dict()["waits"].startswith("for the chief, up to 60 seconds")


@pytest.mark.parametrize(
    "arguments",
    [
        {"save_checkpoint_secs": "x", "save_summaries_secs": "x", "log_step_count_steps": "x"},
        {"is_chief": False, "checkpoint_dir": 3, "save_checkpoint_steps": "x"},
        {"is_chief": False, "chief_only_hooks": 3},
        {"summary_dir": "/logs", "save_checkpoint_secs": "x"},
        {"checkpoint_dir": "/ckpt", "max_wait_secs": "x", "stop_grace_period_secs": "x"},
    ],
    ids=str,
)
def test_unused_arguments_are_not_validated(arguments):
    explain(**arguments)


def test_upstreams_use_default_means_not_given():
    p = explain(
        checkpoint_dir="/ckpt",
        save_checkpoint_secs=monitored_session.USE_DEFAULT,
        save_checkpoint_steps=10,
    )
    assert (p.checkpoints.secs, p.checkpoints.steps) == (None, 10)


def test_a_path_is_converted_to_a_string():
    p = explain(checkpoint_dir=pathlib.Path("/ckpt"), summary_dir=pathlib.Path("/logs"))
    assert (p.checkpoint_dir, p.summary_dir) == ("/ckpt", "/logs")


@pytest.mark.parametrize("empty", ["", None, 0])
def test_an_empty_directory_name_counts_as_none(empty):
    p = explain(checkpoint_dir=empty, summary_dir=empty)
    assert p.checkpoint_dir is p.summary_dir is p.restore_dir is None


def test_planning_does_not_read_a_generator_of_hooks():
    hooks = (hook for hook in [tf.compat.v1.train.StopAtStepHook(1)])
    explain(hooks=hooks, chief_only_hooks=hooks)
    assert len(list(hooks)) == 1


@pytest.mark.parametrize(
    ("part", "attribute"),
    [
        (explain(), "role"),
        (explain().checkpoints, "secs"),
        (explain().checkpoints.rule, "code"),
        (Call(), "master"),
    ],
    ids=lambda directory: type(directory).__name__,
)
def test_a_plan_cannot_be_changed(part, attribute):
    with pytest.raises(AttributeError):
        setattr(part, attribute, "x")


@pytest.mark.parametrize(
    ("arguments", "rules"),
    [
        ({}, ["no-directory"] * 3),
        ({"is_chief": False}, ["not-chief"] * 3),
        ({"summary_dir": "/logs"}, ["no-directory", "default-steps", "step-count"]),
        (
            {"checkpoint_dir": "/ckpt", "save_checkpoint_secs": 0, "log_step_count_steps": 0},
            ["off", "default-steps", "no-step-count"],
        ),
    ],
    ids=str,
)
def test_each_part_names_the_rule_that_decided_it(arguments, rules):
    plan = explain(**arguments)
    parts = (plan.checkpoints, plan.summaries, plan.step_counter)
    assert [part.rule.code for part in parts] == rules
    assert all(part.rule.says in str(plan) for part in parts)


def test_the_table_shows_each_part_with_its_directory():
    plan = explain("grpc://host:1", checkpoint_dir="/c", summary_dir="/s", log_step_count_steps=0)
    assert str(plan).splitlines() == [
        "role              chief, master grpc://host:1",
        "waits             no; workers wait until the chief has initialized or restored the model",
        "restores from     /c",
        "checkpoint saver  every 600 seconds into /c       "
        "neither is given: the default, in seconds",
        "summary saver     every 100 global steps into /s  neither is given: the default, in steps",
        "step counter      off                             log_step_count_steps is not above 0",
    ]
    assert str(explain()).splitlines()[0] == "role              chief, master in this process"
    assert str(explain()).splitlines()[2] == "restores from     nowhere"


def test_equal_cadences_are_shown_with_their_own_directories():
    plan = explain(
        checkpoint_dir="/c", summary_dir="/s", save_checkpoint_steps=10, save_summaries_steps=10
    )
    assert plan.checkpoints == plan.summaries
    assert "checkpoint saver  every 10 global steps into /c " in str(plan)
    assert "summary saver     every 10 global steps into /s " in str(plan)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({}, "checkpoint_dir=3"),
        ({"save_checkpoint_secs": 60, "save_checkpoint_steps": "x"}, "checkpoint_dir=3"),
        ({"save_checkpoint_steps": "x"}, "save_checkpoint_steps='x'"),
    ],
    ids=str,
)
def test_the_directory_is_checked_before_the_steps_if_the_seconds_are_on(arguments, named):
    with pytest.raises(TypeError, match=f"^{named} "):
        explain(checkpoint_dir=3, **arguments)


def test_the_name_of_a_directory_is_not_checked_if_no_checkpoints_are_saved():
    assert explain(checkpoint_dir=3, save_checkpoint_secs=None).checkpoint_dir is None


@pytest.mark.parametrize("only", ["log_step_count_steps", "save_summaries_steps"])
def test_one_writer_is_enough_for_a_summary_directory(only):
    plan = explain(summary_dir="/s", **{only: 0})
    assert plan.summary_dir == plan.to_dict()["summaries"]["directory"] == "/s"
    assert plan.to_dict()["restore_dir"] is None
    with pytest.raises(TypeError, match=r"must be a str or an os\.PathLike"):
        explain(summary_dir=["/s"], **{only: 0})


def test_a_summary_directory_that_is_not_a_string_has_a_pitfall():
    (warning,) = explain(summary_dir=7).warnings
    assert warning.startswith("summary_dir=7 (int)")
    assert explain(summary_dir="7").warnings == ()


@pytest.mark.parametrize("directory", ["~", "~/ckpt", pathlib.Path("~/ckpt")], ids=str)
@pytest.mark.parametrize("argument", ["checkpoint_dir", "summary_dir"])
def test_a_directory_in_the_home_directory_has_a_pitfall(argument, directory):
    plan = explain(**{argument: directory})
    (warning,) = plan.warnings
    assert re.match(pitfall("home-directory"), warning)
    assert f"\nwarning           {warning}\n" in f"{plan}\n"
    assert explain(is_chief=False, **{argument: directory}).warnings == ()


@pytest.mark.parametrize("directory", ["a~", "./~", "~nobody-has-this-name"], ids=str)
def test_a_directory_that_a_shell_does_not_replace_has_no_such_pitfall(directory):
    assert not any("expanduser" in text for text in explain(checkpoint_dir=directory).warnings)


def test_the_table_names_the_rule_and_what_upstream_would_do():
    table = str(explain(checkpoint_dir="/ckpt", save_checkpoint_secs=60, save_checkpoint_steps=10))
    assert table.splitlines()[3:5] == [
        "checkpoint saver  every 60 seconds into /ckpt"
        "                                             "
        "both cadences are given: as documented, only the seconds are used",
        "                  upstream: ValueError: Can not provide both every_secs and every_steps."
        "  (D1)",
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(np.int64(5), 5), (1.5, 1.5), (float("inf"), "inf"), (True, True)],
)
def test_to_dict_returns_json_values(value, shown):
    p = explain(checkpoint_dir="/ckpt", save_checkpoint_steps=value, master=b"grpc://x:1")
    read = json.loads(json.dumps(p.to_dict(), allow_nan=False))
    assert read["checkpoints"]["steps"] == shown
    assert read["checkpoints"]["rule"] == "steps"
    assert read["master"] == "grpc://x:1"


@pytest.mark.parametrize(
    ("value", "shown"), [("soon", "soon"), (float("nan"), "nan"), (float("-inf"), "-inf")]
)
def test_a_value_that_json_cannot_represent_is_text(value, shown):
    assert explain(is_chief=False, max_wait_secs=value).to_dict()["max_wait_secs"] == shown


def test_an_unknown_argument_is_named_with_the_function():
    with pytest.raises(TypeError, match=r"^explain\(\) got an unexpected keyword argument 'typo'$"):
        explain(typo=1)
