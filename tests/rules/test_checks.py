"""Argument checks: what upstream rejects is rejected earlier, with the argument's name."""

import functools

import numpy as np
import pytest
import tensorflow as tf
from helpers import files
from random_calls import Hook, RecordingHook

from tfmts_compat import MonitoredTrainingSession
from tfmts_compat._rules import checks

v1 = tf.compat.v1
train = v1.train
upstream = train.MonitoredTrainingSession
errors = tf.errors
pytestmark = pytest.mark.usefixtures("working_directory")


@functools.wraps(lambda session: None)
def decorated(scaffold, session):
    """A function whose signature, as inspect reports it, is that of another function."""


# id: (arguments, what upstream raises, what the shim raises, what its message says)
REJECTED = {
    "secs that are a str": (
        {"checkpoint_dir": "d", "save_checkpoint_secs": "9"},
        TypeError,
        TypeError,
        r"^save_checkpoint_secs='9' \(str\): must be one number of seconds.*pass the number 9",
    ),
    "steps that are a list": (
        {"checkpoint_dir": "d", "save_checkpoint_steps": [1]},
        TypeError,
        TypeError,
        r"^save_checkpoint_steps=\[1\] \(list\): must be one number of global steps",
    ),
    "log steps that are a str": (
        {"summary_dir": "d", "log_step_count_steps": "9"},
        TypeError,
        TypeError,
        r"^log_step_count_steps='9' \(str\)",
    ),
    "an array of several": (
        {"checkpoint_dir": "d", "save_checkpoint_secs": np.array([1, 2])},
        ValueError,
        ValueError,
        r"^save_checkpoint_secs=array\(\[1, 2\]\) \(ndarray\)",
    ),
    "both summary cadences": (
        {"summary_dir": "d", "save_summaries_secs": 1, "save_summaries_steps": 1},
        ValueError,
        ValueError,
        "^save_summaries_secs=1 and save_summaries_steps=1: give the seconds or the steps",
    ),
    "summary steps with 0 seconds": (
        {"summary_dir": "d", "save_summaries_secs": 0, "save_summaries_steps": 1},
        ValueError,
        ValueError,
        "leave save_summaries_secs out, or pass None",
    ),
    "checkpoint_dir is a file": (
        {"checkpoint_dir": "file"},
        errors.FailedPreconditionError,
        errors.FailedPreconditionError,
        r"^checkpoint_dir='file' \(str\): must be a directory, but .*file is not a directory",
    ),
    "summary_dir is below a file": (
        {"checkpoint_dir": "d", "summary_dir": "file/sub"},
        errors.FailedPreconditionError,
        errors.FailedPreconditionError,
        r"^summary_dir='file/sub' \(str\)",
    ),
    "checkpoint_dir is bytes": (
        {"checkpoint_dir": b"d"},
        TypeError,
        TypeError,
        r"^checkpoint_dir=b'd' \(bytes\): must be a str or an os.PathLike; pass os.fsdecode",
    ),
    "checkpoint_dir is an int": (
        {"checkpoint_dir": 3},
        TypeError,
        TypeError,
        r"^checkpoint_dir=3 \(int\)",
    ),
    "summary_dir is a list": (
        {"summary_dir": ["d"]},
        TypeError,
        TypeError,
        r"^summary_dir=\['d'\] \(list\): must be a str or an os.PathLike; pass a str",
    ),
    "one hook, no list": (
        {"hooks": train.StopAtStepHook(1)},
        TypeError,
        TypeError,
        r"^hooks=.*StopAtStepHook.*must be a list .*; pass \[StopAtStepHook\(...\)\]",
    ),
    "one hook of a worker, no list": (
        {"is_chief": False, "hooks": train.StopAtStepHook(1)},
        TypeError,
        TypeError,
        r"^hooks=.*StopAtStepHook.*must be a list",
    ),
    "one chief-only hook, no list": (
        {"chief_only_hooks": train.StopAtStepHook(1)},
        TypeError,
        TypeError,
        r"^chief_only_hooks=.*StopAtStepHook.*must be a list",
    ),
    "None as a hook": (
        {"checkpoint_dir": "d", "hooks": [Hook(), None]},
        AttributeError,
        TypeError,
        r"^hooks\[1\]=None \(NoneType\): must be a SessionRunHook",
    ),
    "a str for hooks": (
        {"checkpoint_dir": "d", "hooks": ["x"]},
        AttributeError,
        TypeError,
        r"^hooks\[0\]='x' \(str\): must be a SessionRunHook",
    ),
    "a dict of hooks": (
        {"checkpoint_dir": "d", "chief_only_hooks": {"a": Hook()}},
        AttributeError,
        TypeError,
        r"^chief_only_hooks\[0\]='a' \(str\)",
    ),
    "the class of a hook": (
        {"checkpoint_dir": "d", "hooks": [Hook]},
        TypeError,
        TypeError,
        r"^hooks\[0\]=.*must be a hook object, not its class; pass Hook\(...\)",
    ),
    "scaffold": (
        {"checkpoint_dir": "d", "scaffold": "x"},
        AttributeError,
        TypeError,
        r"^scaffold='x' \(str\): must be a Scaffold",
    ),
    "the class of a scaffold": (
        {"checkpoint_dir": "d", "scaffold": train.Scaffold},
        TypeError,
        TypeError,
        r"^scaffold=.*must be an object, not its class",
    ),
    "config": (
        {"checkpoint_dir": "d", "config": {}},
        TypeError,
        TypeError,
        r"^config=\{\} \(dict\): must be a tf.compat.v1.ConfigProto",
    ),
    "master": (
        {"checkpoint_dir": "d", "master": 3},
        TypeError,
        TypeError,
        r"^master=3 \(int\): must be a str",
    ),
    "the scheme of the master": (
        {"checkpoint_dir": "d", "master": "http://x"},
        errors.NotFoundError,
        errors.NotFoundError,
        r"^master='http://x' \(str\): TensorFlow has no session",
    ),
    "is_chief is neither": (
        {"is_chief": np.array([1, 2])},
        ValueError,
        ValueError,
        r"^is_chief=array\(\[1, 2\]\) \(ndarray\): has no truth value",
    ),
}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", REJECTED)
def test_a_call_that_upstream_rejects_is_rejected_with_the_arguments_name(train_op, name):
    arguments, upstreams, ours, says = REJECTED[name]
    ops = len(train_op.graph.get_operations())
    with pytest.raises(ours, match=says) as raised:
        MonitoredTrainingSession(**arguments)
    assert raised.type is ours
    assert checks.is_rejection(raised.value)
    assert files() == ["file"]
    assert len(train_op.graph.get_operations()) == ops
    with pytest.raises(upstreams):
        upstream(**arguments)


class NoRepr:
    def __repr__(self):
        raise RuntimeError


def test_a_value_whose_repr_fails_is_shown_by_its_class():
    assert checks.describe_argument("master", NoRepr()).startswith("master=<NoRepr")
    assert checks.describe_argument("master", NoRepr()).endswith("(NoRepr)")


@pytest.mark.parametrize(
    ("path", "scheme"),
    [("gs://bucket/d", "gs"), ("s3.x://d", "s3.x"), ("/a/gs://d", None), ("1x://d", None)],
)
def test_the_scheme_of_a_path_is_before_the_separator(path, scheme):
    assert checks.find_scheme(path) == scheme


@pytest.mark.parametrize("method", ["after_create_session", "before_run", "after_run", "end"])
def test_a_hook_without_one_of_the_five_methods_is_rejected(train_op, method):
    hook = RecordingHook()
    setattr(hook, method, None)
    with pytest.raises(TypeError, match=rf"hooks\[0\]=.*has no {method}\(\)"):
        MonitoredTrainingSession(hooks=[hook])
    with pytest.raises(TypeError), upstream(hooks=[hook]) as session:  # at the latest in end()
        session.run(train_op)


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (lambda session: None, "too many positional arguments"),
        (lambda scaffold, session, path: None, "missing a required argument: 'path'"),
        (lambda scaffold, *, session: None, "too many positional arguments"),
        (functools.partial(lambda scaffold, session: None, 1), "too many positional arguments"),
        (Hook().begin, "too many positional arguments"),
        ("init", "it cannot be called"),
        (lambda scaffold, session: None, None),
        (lambda *arguments: None, None),
        (lambda a, b, c=1: None, None),
        (functools.partial(lambda session, scaffold, path: None, path=1), None),
        (Hook().end, "too many positional arguments"),
        (decorated, None),
        (print, None),
    ],
)
def test_a_function_is_rejected_only_if_it_cannot_take_two_arguments(function, problem):
    found = checks.find_call_problem(function, None, None)
    assert found is None if problem is None else problem in found
    if problem is None:
        function(None, None)
    else:
        with pytest.raises(TypeError):
            function(None, None)
