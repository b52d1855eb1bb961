"""The session against live upstream: what is rejected, what runs, what departs, what warns.

`test_differential` draws the breadth; here each rule stands by name.
"""

import os
import pathlib
import warnings

import numpy as np
import pytest
import tensorflow as tf
from calls import ClassDuck, Duck, Hook, MakesGlobalStep, upstream_class
from tensorflow.python.training import monitored_session

import tfmts_compat
from tfmts_compat import MonitoredTrainingSession, TfmtsCompatWarning

tf1 = tf.compat.v1
train = tf1.train
upstream = train.MonitoredTrainingSession
errors = tf.errors
MINOR = tuple(int(part) for part in tf.__version__.split(".")[:2])
NAN = float("nan")


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    """An empty working directory, with one file in it; directories in calls are relative."""
    monkeypatch.chdir(tmp_path)
    pathlib.Path("file").touch()
    yield tmp_path
    tf1.summary.FileWriterCache.clear()


def files():
    return sorted(str(path) for path in pathlib.Path().rglob("*") if path.is_file())


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
    "summary steps beside 0 seconds": (
        {"summary_dir": "d", "save_summaries_secs": 0, "save_summaries_steps": 1},
        ValueError,
        ValueError,
        "leave save_summaries_secs out, or pass None",
    ),
    "checkpoint_dir is a file": (
        {"checkpoint_dir": "file"},
        errors.FailedPreconditionError,
        errors.FailedPreconditionError,
        r"^checkpoint_dir='file' \(str\): must be a directory, and .*file is not one",
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
    "one hook, no list": (
        {"hooks": train.StopAtStepHook(1)},
        TypeError,
        TypeError,
        r"^hooks=.*StopAtStepHook.*must be a list .*; pass \[StopAtStepHook\(...\)\]",
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
        r"^is_chief=array\(\[1, 2\]\) \(ndarray\): is neither true nor false",
    ),
}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", REJECTED)
def test_what_upstream_rejects_is_rejected_first_and_by_name(train_op, name):
    arguments, upstreams, ours, says = REJECTED[name]
    ops = len(train_op.graph.get_operations())
    with pytest.raises(ours, match=says) as raised:
        MonitoredTrainingSession(**arguments)
    assert raised.type is ours
    assert files() == ["file"]
    assert len(train_op.graph.get_operations()) == ops
    with pytest.raises(upstreams):
        upstream(**arguments)


@pytest.mark.parametrize("method", ["after_create_session", "before_run", "after_run", "end"])
def test_a_hook_that_would_fail_later_is_rejected_first(train_op, method):
    hook = Duck()
    setattr(hook, method, None)
    with pytest.raises(TypeError, match=rf"hooks\[0\]=.*has no {method}\(\)"):
        MonitoredTrainingSession(hooks=[hook])
    with pytest.raises(TypeError), upstream(hooks=[hook]) as session:  # at the latest in end()
        session.run(train_op)


@pytest.mark.parametrize(
    "arguments",
    [
        {"checkpoint_dir": "d"},
        {"summary_dir": "d", "chief_only_hooks": [train.LoggingTensorHook([], 1)]},
        {"hooks": [train.StopAtStepHook(1)]},
        {"checkpoint_dir": "d", "hooks": [MakesGlobalStep()]},
    ],
    ids=["checkpoint_dir", "summary_dir", "a hook that needs it", "a hook too late"],
)
def test_a_missing_global_step_is_said_first(graph, arguments):
    with pytest.raises(RuntimeError, match="get_or_create_global_step"):
        MonitoredTrainingSession(**arguments)
    assert files() == ["file"]
    with pytest.raises(RuntimeError):
        upstream(**arguments)


def test_a_chief_only_hook_that_makes_no_global_step_leaves_no_file(graph):
    with pytest.raises(RuntimeError, match="the checkpoint saver"):
        MonitoredTrainingSession(checkpoint_dir="d", chief_only_hooks=[Hook()])
    assert files() == ["file"]


@pytest.mark.parametrize("open_session", [upstream, MonitoredTrainingSession])
def test_a_chief_only_hook_may_make_the_global_step(graph, open_session):
    with open_session(checkpoint_dir="d", chief_only_hooks=[MakesGlobalStep()]):
        pass
    assert "d/model.ckpt-0.index" in files()


@pytest.mark.parametrize("open_session", [upstream, MonitoredTrainingSession])
@pytest.mark.parametrize("arguments", [{}, {"checkpoint_dir": "d"}, {"is_chief": False}], ids=str)
def test_eager_execution_is_a_runtime_error(open_session, arguments):
    with pytest.raises(RuntimeError, match="eager"):
        open_session(**arguments)
    assert files() == ["file"]


def test_a_graph_finalized_too_early_is_said_first(train_op):
    train_op.graph.finalize()
    with pytest.raises(RuntimeError, match=r"before graph.finalize\(\)"):
        MonitoredTrainingSession(checkpoint_dir="d")
    assert files() == ["file"]
    with pytest.raises(RuntimeError):
        upstream(checkpoint_dir="d")


@pytest.mark.skipif(not hasattr(tf.io.gfile, "get_registered_schemes"), reason="cannot tell")
def test_an_unknown_file_system_is_said_first(train_op):
    with pytest.raises(errors.UnimplementedError, match=r"^checkpoint_dir='foo://x' \(str\)"):
        MonitoredTrainingSession(checkpoint_dir="foo://x", summary_dir="d")
    assert files() == ["file"]
    with pytest.raises(errors.UnimplementedError):
        upstream(checkpoint_dir="foo://x", summary_dir="d")


@pytest.fixture
def unprivileged():
    """Not root for the test's duration: root may write everywhere."""
    if os.getuid() == 0:
        os.setresuid(65534, 65534, 0)
        yield
        os.setresuid(0, 0, 0)
    else:
        yield


@pytest.mark.parametrize("open_session", [MonitoredTrainingSession, upstream])
def test_an_unwritable_directory_is_said(train_op, unprivileged, open_session):
    with pytest.raises(errors.PermissionDeniedError) as raised:
        open_session(checkpoint_dir="/usr/d")
    if open_session is MonitoredTrainingSession:
        assert "checkpoint_dir='/usr/d' (str): must be writable" in str(raised.value)


# id: (arguments, the default hooks upstream and the shim build)
RUNS = {
    "nothing given": ({"checkpoint_dir": "d"}, "StepCounter SummarySaver CheckpointSaver"),
    "no directory": ({}, ""),
    "an empty directory": ({"checkpoint_dir": ""}, ""),
    "a nested directory": ({"checkpoint_dir": "a/b"}, "StepCounter SummarySaver CheckpointSaver"),
    "summary_dir alone": ({"summary_dir": "d"}, "StepCounter SummarySaver"),
    "secs=0": ({"checkpoint_dir": "d", "save_checkpoint_secs": 0}, "StepCounter SummarySaver"),
    "True": (
        {"checkpoint_dir": "d", "save_checkpoint_steps": True, "summary_dir": "s"},
        "StepCounter SummarySaver CheckpointSaver",
    ),
    "no step counter": (
        {"checkpoint_dir": "d", "log_step_count_steps": 0},
        "SummarySaver CheckpointSaver",
    ),
    "no directory, odd cadences": ({"save_checkpoint_secs": "x", "log_step_count_steps": "x"}, ""),
    "master None": ({"master": None}, ""),
    "odd grace": ({"stop_grace_period_secs": "x"}, ""),
    "hooks: a tuple": ({"hooks": (Hook(),)}, "SessionRunHook"),
    "hooks: another kind": ({"hooks": [Duck(), ClassDuck]}, "Duck type"),
    "hooks: an empty str": ({"hooks": "", "chief_only_hooks": {}}, ""),
    "hooks in order": (
        {"summary_dir": "d", "hooks": [Hook()], "chief_only_hooks": [Duck()]},
        "Duck StepCounter SummarySaver SessionRunHook",
    ),
}


@pytest.mark.parametrize("open_session", [upstream, MonitoredTrainingSession])
@pytest.mark.parametrize("name", RUNS)
def test_what_runs_upstream_builds_the_same_hooks(train_op, open_session, name):
    arguments, hooks = RUNS[name]
    session = open_session(**arguments)
    assert type(session) is train.MonitoredSession
    built = " ".join(upstream_class(hook) for hook in session._hooks)
    assert built.replace("SaverHook", "Saver").replace("CounterHook", "Counter") == hooks
    if not arguments.get("stop_grace_period_secs"):  # an odd one fails in close()
        with session:
            assert session.run(train_op) == 1


@pytest.mark.parametrize("open_session", [upstream, MonitoredTrainingSession])
def test_a_graph_that_an_earlier_session_finalized_works_again(train_op, open_session):
    with train.MonitoredSession(hooks=[train.StepCounterHook()]):
        train_op.graph.finalize()
        with open_session(checkpoint_dir="d") as session:
            assert session.run(train_op) == 1


@pytest.mark.parametrize(
    ("secs", "steps", "saved"),
    [(600, 2, [0, 5]), (600, 0, [0, 5]), (0, 2, [0, 2, 4, 5]), (-1, 2, [0, 2, 4, 5])],
)
def test_d1_of_both_checkpoint_cadences_the_documented_one_is_used(train_op, secs, steps, saved):
    cadences = {"save_checkpoint_secs": secs, "save_checkpoint_steps": steps}
    with MonitoredTrainingSession(checkpoint_dir="d", **cadences) as session:
        for _ in range(5):
            session.run(train_op)
    assert sorted(int(path.stem[11:]) for path in pathlib.Path("d").glob("*.index")) == saved
    with pytest.raises(ValueError, match="both every_secs and every_steps"):  # else retire D1
        upstream(checkpoint_dir="d", **cadences)


def test_d3_a_path_works_on_every_tensorflow(train_op):
    with MonitoredTrainingSession(
        checkpoint_dir=pathlib.Path("d"), summary_dir=pathlib.Path("s")
    ) as session:
        session.run(train_op)
    assert "d/model.ckpt-1.index" in files()
    if MINOR > (2, 5):  # on 2.4 and 2.5 upstream agrees
        with pytest.raises(AttributeError, match="startswith"):  # else retire D3
            upstream(checkpoint_dir=pathlib.Path("e"))


def test_d5_an_array_that_is_not_used_is_not_looked_at(train_op):
    with MonitoredTrainingSession(save_checkpoint_secs=np.array([1, 2])):
        pass
    with pytest.raises(ValueError, match="ambiguous"):  # else retire D5
        upstream(save_checkpoint_secs=np.array([1, 2]))


class CountsRuns(Hook):
    def __init__(self):
        self.runs = 0

    def after_run(self, run_context, run_values):
        self.runs += 1


@pytest.mark.parametrize(("open_session", "runs"), [(MonitoredTrainingSession, 1), (upstream, 0)])
def test_d6_a_workers_generator_of_hooks_is_not_used_up_in_begin(open_session, runs):
    server = train.Server.create_local_server()
    hook = CountsRuns()
    for is_chief, hooks in ((True, []), (False, (each for each in [hook]))):
        with tf.Graph().as_default():
            step = tf1.assign_add(train.get_or_create_global_step(), 1)
            with open_session(server.target, is_chief, hooks=hooks) as session:
                session.run(step)
    assert hook.runs == runs  # 0 upstream; else retire D6


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"checkpoint_dir": "d", "save_checkpoint_steps": None}, "checkpoints are off"),
        ({"checkpoint_dir": "d", "save_checkpoint_steps": -1}, "checkpoints are off"),
        ({"checkpoint_dir": "d", "save_checkpoint_secs": NAN}, "save_checkpoint_secs=nan"),
        ({"summary_dir": "d", "log_step_count_steps": NAN}, "log_step_count_steps=nan"),
        ({"is_chief": "False"}, r"is_chief='False' \(str\) counts as true"),
        ({"summary_dir": b"d"}, r"""summary_dir=b'd' \(bytes\).*named "b'd'"."""),
        (
            {"checkpoint_dir": "d", "hooks": [train.CheckpointSaverHook("./d", save_steps=1)]},
            "and so does the default saver",
        ),
    ],
    ids=str,
)
def test_a_silent_trap_warns_at_the_callers_line(train_op, arguments, says):
    with pytest.warns(TfmtsCompatWarning, match=says) as caught:
        session = MonitoredTrainingSession(**arguments)
    session.close()
    assert [warning.filename for warning in caught] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        upstream(**arguments).close()  # silent; else the trap is upstream's to tell


@pytest.mark.parametrize(
    "arguments",
    [
        {"checkpoint_dir": "d", "save_checkpoint_secs": 0},
        {"checkpoint_dir": "d", "save_checkpoint_secs": None},
        {"checkpoint_dir": "d", "save_checkpoint_secs": None, "save_checkpoint_steps": None},
        {"save_checkpoint_steps": None},
        {"checkpoint_dir": "d", "hooks": [train.CheckpointSaverHook("e", save_steps=1)]},
    ],
    ids=str,
)
def test_a_deliberate_idiom_stays_quiet(train_op, arguments):
    MonitoredTrainingSession(**arguments).close()  # warnings are errors here


def test_upstreams_own_use_default_is_understood(train_op):
    default = monitored_session.USE_DEFAULT
    session = MonitoredTrainingSession(
        checkpoint_dir="d", save_checkpoint_secs=default, save_checkpoint_steps=3
    )
    assert session._hooks[-1]._timer._every_steps == 3
    session.close()


def test_the_plan_is_logged(train_op, caplog):
    tf1.logging.set_verbosity("INFO")
    try:
        with caplog.at_level("INFO", logger="absl"):
            MonitoredTrainingSession(checkpoint_dir="d").close()
    finally:
        tf1.logging.set_verbosity("ERROR")
    plan = tfmts_compat.explain(checkpoint_dir="d")
    assert f"MonitoredTrainingSession:\n{plan}" in [
        record.getMessage() for record in caplog.records if record.name == "absl"
    ]


def test_a_worker_context_gets_the_resolved_call_whole(train_op):
    from tensorflow.python.distribute.distribute_coordinator import _WorkerContext

    arguments = {"checkpoint_dir": pathlib.Path("d"), "save_checkpoint_secs": 60}
    with _WorkerContext(tf.distribute.OneDeviceStrategy("/cpu:0"), None, None, None):
        session = MonitoredTrainingSession(**arguments, save_checkpoint_steps=2, hooks=[Hook()])
        # Upstream's own order there: the user's hooks begin before the default ones.
        assert [type(hook).__name__ for hook in session._hooks] == [
            "Hook",
            "StepCounterHook",
            "SummarySaverHook",
            "CheckpointSaverHook",
        ]
        timer = session._hooks[-1]._timer
        assert (timer._every_secs, timer._every_steps) == (60, None)
        session.close()


def test_a_worker_gets_its_hooks_alone():
    server = train.Server.create_local_server()
    for is_chief in (True, False):
        with tf.Graph().as_default():
            train.get_or_create_global_step()
            session = MonitoredTrainingSession(
                server.target, is_chief, "d", hooks=[Hook()], chief_only_hooks=[Duck()]
            )
            built = [type(hook).__name__ for hook in session._hooks]
            session.close()
    assert built == ["Hook"]
    assert isinstance(session._coordinated_creator._session_creator, train.WorkerSessionCreator)
