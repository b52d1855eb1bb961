"""explain and the plan: what a call builds, and by which rule."""

import inspect
import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.training import monitored_session

import tfmts_compat
from tfmts_compat import USE_DEFAULT, explain, plan


def test_the_arguments_are_upstreams_in_order_with_their_defaults():
    upstream = inspect.signature(tf.compat.v1.train.MonitoredTrainingSession).parameters
    ours = inspect.signature(tfmts_compat.MonitoredTrainingSession).parameters
    positional = [name for name, p in ours.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert positional == list(upstream)
    assert {name: _default(p) for name, p in ours.items() if name in upstream} == {
        name: _default(p) for name, p in upstream.items()
    }


def _default(parameter):
    if parameter.default is monitored_session.USE_DEFAULT:
        return USE_DEFAULT
    return parameter.default


def test_explain_and_a_call_take_the_same_arguments():
    ours = inspect.signature(tfmts_compat.MonitoredTrainingSession).parameters
    assert inspect.signature(explain).parameters == ours
    assert {f.name: f.default for f in plan.Call.__dataclass_fields__.values()} == {
        name: p.default for name, p in ours.items()
    }
    with pytest.raises(TypeError, match="'checkpoint_path'"):
        explain(checkpoint_path="x")


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
def test_an_argument_that_the_call_does_not_use_is_not_judged(arguments):
    explain(**arguments)


def test_upstreams_own_use_default_is_understood():
    p = explain(
        checkpoint_dir="/ckpt",
        save_checkpoint_secs=monitored_session.USE_DEFAULT,
        save_checkpoint_steps=10,
    )
    assert (p.checkpoints.secs, p.checkpoints.steps) == (None, 10)


def test_a_path_is_taken_as_its_string():
    p = explain(checkpoint_dir=pathlib.Path("/ckpt"), summary_dir=pathlib.Path("/logs"))
    assert (p.checkpoint_dir, p.summary_dir) == ("/ckpt", "/logs")


@pytest.mark.parametrize("empty", ["", None, 0])
def test_an_empty_directory_is_none(empty):
    p = explain(checkpoint_dir=empty, summary_dir=empty)
    assert p.checkpoint_dir is p.summary_dir is p.restore_dir is None


def test_a_generator_of_hooks_is_left_unread():
    hooks = (hook for hook in [tf.compat.v1.train.StopAtStepHook(1)])
    explain(hooks=hooks, chief_only_hooks=hooks)
    assert len(list(hooks)) == 1


def test_a_plan_cannot_be_changed():
    with pytest.raises(AttributeError):
        explain().role = "worker"


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
def test_the_dict_is_ready_for_json(value, shown):
    p = explain(checkpoint_dir="/ckpt", save_checkpoint_steps=value, master=b"grpc://x:1")
    read = json.loads(json.dumps(p.to_dict(), allow_nan=False))
    assert read["checkpoints"]["steps"] == shown
    assert read["checkpoints"]["rule"] == "steps"
    assert read["master"] == "grpc://x:1"
