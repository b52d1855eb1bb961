"""The session compared with the installed upstream: valid calls, departures and warnings.

`test_differential` tests random calls; here each rule has a test of its own.
"""

import functools
import pathlib
import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pytest
import tensorflow as tf
from helpers import MINOR, files, pitfall
from random_calls import Hook, RecordingHook, StaticHook, upstream_class
from tensorflow.python.training import monitored_session

import tfmts_compat
from tfmts_compat import MonitoredTrainingSession, TfmtsCompatWarning

v1 = tf.compat.v1
train = v1.train
upstream = train.MonitoredTrainingSession
NAN = float("nan")


pytestmark = pytest.mark.usefixtures("working_directory")


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
    "hooks: another kind": ({"hooks": [RecordingHook(), StaticHook]}, "RecordingHook type"),
    "hooks: an empty str": ({"hooks": "", "chief_only_hooks": {}}, ""),
    "hooks in order": (
        {"summary_dir": "d", "hooks": [Hook()], "chief_only_hooks": [RecordingHook()]},
        "RecordingHook StepCounter SummarySaver SessionRunHook",
    ),
}


@pytest.mark.parametrize("open_session", [upstream, MonitoredTrainingSession])
@pytest.mark.parametrize("name", RUNS)
def test_a_call_that_runs_upstream_builds_the_same_hooks(train_op, open_session, name):
    arguments, hooks = RUNS[name]
    session = open_session(**arguments)
    assert type(session) is train.MonitoredSession
    built = " ".join(upstream_class(hook) for hook in session._hooks)
    assert built.replace("SaverHook", "Saver").replace("CounterHook", "Counter") == hooks
    if not arguments.get("stop_grace_period_secs"):  # an invalid one fails in close()
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
def test_d1_with_both_checkpoint_cadences_the_documented_one_is_used(train_op, secs, steps, saved):
    cadences = {"save_checkpoint_secs": secs, "save_checkpoint_steps": steps}
    with MonitoredTrainingSession(checkpoint_dir="d", **cadences) as session:
        for _ in range(5):
            session.run(train_op)
    assert sorted(int(path.stem[11:]) for path in pathlib.Path("d").glob("*.index")) == saved
    with pytest.raises(ValueError, match="both every_secs and every_steps"):  # otherwise remove D1
        upstream(checkpoint_dir="d", **cadences)


def test_d3_a_path_works_on_every_tensorflow(train_op):
    with MonitoredTrainingSession(
        checkpoint_dir=pathlib.Path("d"), summary_dir=pathlib.Path("s")
    ) as session:
        session.run(train_op)
    assert "d/model.ckpt-1.index" in files()
    if MINOR > (2, 5):  # on 2.4 and 2.5 upstream agrees
        with pytest.raises(AttributeError, match="startswith"):  # otherwise remove D3
            upstream(checkpoint_dir=pathlib.Path("e"))


def test_d5_an_unused_array_is_not_validated(train_op):
    with MonitoredTrainingSession(save_checkpoint_secs=np.array([1, 2])):
        pass
    with pytest.raises(ValueError, match="ambiguous"):  # otherwise remove D5
        upstream(save_checkpoint_secs=np.array([1, 2]))


class CountsRuns(Hook):
    def __init__(self):
        self.runs = 0

    def after_run(self, run_context, run_values):
        self.runs += 1


@pytest.mark.parametrize(("open_session", "runs"), [(MonitoredTrainingSession, 1), (upstream, 0)])
def test_d6_a_workers_generator_of_hooks_is_read_once(open_session, runs):
    server = train.Server.create_local_server()
    hook = CountsRuns()
    for is_chief, hooks in ((True, []), (False, (item for item in [hook]))):
        with tf.Graph().as_default():
            step = v1.assign_add(train.get_or_create_global_step(), 1)
            with open_session(server.target, is_chief, hooks=hooks) as session:
                session.run(step)
    assert hook.runs == runs  # 0 with upstream; otherwise remove D6


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"checkpoint_dir": "d", "save_checkpoint_steps": None}, pitfall("steps-turn-off")),
        ({"checkpoint_dir": "d", "save_checkpoint_steps": -1}, pitfall("steps-turn-off")),
        ({"checkpoint_dir": "d", "save_checkpoint_secs": NAN}, "save_checkpoint_secs=nan"),
        ({"summary_dir": "d", "log_step_count_steps": NAN}, pitfall("nan")),
        ({"is_chief": "False"}, pitfall("is-chief-str")),
        ({"is_chief": "False"}, r"is_chief='False' \(str\) is true"),
        ({"summary_dir": b"d"}, pitfall("summary-dir-not-str")),
        ({"summary_dir": b"d"}, r"""summary_dir=b'd' \(bytes\).*named "b'd'"."""),
        pytest.param(
            {
                "checkpoint_dir": "d",
                "summary_dir": "s",
                "hooks": [train.CheckpointSaverHook("./d", save_steps=1)],
            },
            pitfall("two-savers"),
            id="two-savers",
        ),
        ({"checkpoint_dir": "~/d"}, pitfall("home-directory")),
    ],
    ids=str,
)
def test_a_silent_pitfall_warns_at_the_callers_line(train_op, arguments, says):
    with pytest.warns(TfmtsCompatWarning, match=says) as caught:
        session = MonitoredTrainingSession(**arguments)
    session.close()
    assert [warning.filename for warning in caught] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        upstream(**arguments).close()  # if upstream warns, remove the shim's warning


@pytest.mark.parametrize(
    "arguments",
    [
        {"checkpoint_dir": "d", "save_checkpoint_secs": 0},
        {"checkpoint_dir": "d", "save_checkpoint_secs": None},
        {"checkpoint_dir": "d", "save_checkpoint_secs": None, "save_checkpoint_steps": None},
        {"save_checkpoint_steps": None},
        pytest.param(
            {"checkpoint_dir": "d", "hooks": [train.CheckpointSaverHook("e", save_steps=1)]},
            id="another-directory",
        ),
    ],
    ids=str,
)
def test_common_idioms_raise_no_warning(train_op, arguments):
    MonitoredTrainingSession(**arguments).close()  # warnings are errors here


def test_upstreams_use_default_means_not_given(train_op):
    default = monitored_session.USE_DEFAULT
    session = MonitoredTrainingSession(
        checkpoint_dir="d", save_checkpoint_secs=default, save_checkpoint_steps=3
    )
    assert session._hooks[-1]._timer._every_steps == 3
    session.close()


def test_tensorflows_log_lines_appear_once(tmp_path):
    # absl would add a handler to the root logger, beside TensorFlow's own.
    program = f"""
        import logging
        import tensorflow as tf
        import tfmts_compat
        with tf.Graph().as_default():
            tf.compat.v1.train.create_global_step()
            with tfmts_compat.MonitoredTrainingSession(checkpoint_dir={str(tmp_path)!r}):
                tf.compat.v1.logging.warning("a line of TensorFlow")
        assert not logging.root.handlers
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    process = subprocess.run(command, capture_output=True, text=True, timeout=1200, check=True)
    assert process.stderr.count("a line of TensorFlow") == 1


def test_the_plan_is_logged(train_op, caplog):
    v1.logging.set_verbosity("INFO")
    try:
        with caplog.at_level("INFO", logger="absl"):
            MonitoredTrainingSession(checkpoint_dir="d").close()
    finally:
        v1.logging.set_verbosity("ERROR")
    plan = tfmts_compat.explain(checkpoint_dir="d")
    assert f"MonitoredTrainingSession:\n{plan}" in [
        record.getMessage() for record in caplog.records if record.name == "absl"
    ]


def test_a_worker_context_passes_the_resolved_call_to_upstream(train_op):
    from tensorflow.python.distribute.distribute_coordinator import _WorkerContext

    arguments = {"checkpoint_dir": pathlib.Path("d"), "save_checkpoint_secs": 60}
    with _WorkerContext(tf.distribute.OneDeviceStrategy("/cpu:0"), None, None, None):
        session = MonitoredTrainingSession(**arguments, save_checkpoint_steps=2, hooks=[Hook()])
        # In a worker context upstream's order is: first the user's hooks, then the default hooks.
        assert [type(hook).__name__ for hook in session._hooks] == [
            "Hook",
            "StepCounterHook",
            "SummarySaverHook",
            "CheckpointSaverHook",
        ]
        timer = session._hooks[-1]._timer
        assert (timer._every_secs, timer._every_steps) == (60, None)
        session.close()


@pytest.mark.parametrize("places", [[train], [monitored_session], [train, monitored_session]])
@pytest.mark.parametrize(
    "replacement",
    [
        MonitoredTrainingSession,
        functools.wraps(upstream)(functools.partial(MonitoredTrainingSession)),
    ],
    ids=["the shim", "a wrapper of it"],
)
def test_a_worker_context_reaches_tensorflows_function_when_it_is_replaced(
    train_op, monkeypatch, places, replacement
):
    from tensorflow.python.distribute.distribute_coordinator import _WorkerContext

    for place in places:
        monkeypatch.setattr(place, "MonitoredTrainingSession", replacement)
    worker = _WorkerContext(tf.distribute.OneDeviceStrategy("/cpu:0"), None, None, None)
    with worker, train.MonitoredTrainingSession(checkpoint_dir="d") as session:
        assert session.run(train_op) == 1


def test_a_worker_context_without_tensorflows_function_is_an_error(train_op, monkeypatch):
    from tensorflow.python.distribute.distribute_coordinator import _WorkerContext

    monkeypatch.delattr(monitored_session, "MonitoredTrainingSession")
    worker = _WorkerContext(tf.distribute.OneDeviceStrategy("/cpu:0"), None, None, None)
    with worker, pytest.raises(RuntimeError, match="calls TensorFlow's own"):
        MonitoredTrainingSession(checkpoint_dir="d")
    assert files() == ["file"]


def test_a_worker_gets_only_its_own_hooks():
    server = train.Server.create_local_server()
    for is_chief in (True, False):
        with tf.Graph().as_default():
            train.get_or_create_global_step()
            session = MonitoredTrainingSession(
                server.target, is_chief, "d", hooks=[Hook()], chief_only_hooks=[RecordingHook()]
            )
            built = [type(hook).__name__ for hook in session._hooks]
            session.close()
    assert built == ["Hook"]
    assert isinstance(session._coordinated_creator._session_creator, train.WorkerSessionCreator)


class AppendsAHook(train.SessionRunHook):
    def __init__(self, hooks, other):
        self.hooks, self.other = hooks, other

    def begin(self):
        if self.other not in self.hooks:
            self.hooks.append(self.other)


@pytest.mark.parametrize("open_session", [upstream, MonitoredTrainingSession])
def test_a_worker_calls_a_hook_that_a_begin_appends_to_the_list(open_session):
    server = train.Server.create_local_server()
    hook, hooks = CountsRuns(), []
    hooks.append(AppendsAHook(hooks, hook))
    for is_chief, given in ((True, []), (False, hooks)):
        with tf.Graph().as_default():
            step = v1.assign_add(train.get_or_create_global_step(), 1)
            with open_session(server.target, is_chief, hooks=given) as session:
                session.run(step)
    assert hook.runs == 1


HOOK_FOR_EXEC = """
class Hook:
    def begin(self): pass
    after_create_session = before_run = after_run = end = lambda self, *given: None
"""


def begin_made_by_exec():
    names = {}
    exec(HOOK_FOR_EXEC, names)
    names["Hook"].begin.__module__ = None
    return names["Hook"]()


class BuiltinBegin(RecordingHook):
    begin = [].copy


class NoInitSaver(train.CheckpointSaverHook):
    def __init__(self): ...
    def begin(self): ...
    def after_create_session(self, session, coord): ...
    def before_run(self, run_context): ...
    def after_run(self, run_context, run_values): ...
    def end(self, session): ...


@pytest.mark.parametrize("make", [begin_made_by_exec, BuiltinBegin, NoInitSaver])
@pytest.mark.parametrize("open_session", [upstream, MonitoredTrainingSession])
def test_any_kind_of_hook_trains(tmp_path, train_op, open_session, make):
    with open_session(
        checkpoint_dir=str(tmp_path), hooks=[make()], chief_only_hooks=[make()]
    ) as session:
        assert session.run(train_op) == 1


class OwnFinalize(train.Scaffold):
    """Adds its ops to a graph that the program has finalized."""

    def finalize(self):
        v1.get_default_graph()._unsafe_unfinalize()
        return super().finalize()


@pytest.mark.parametrize("open_session", [upstream, MonitoredTrainingSession])
def test_a_scaffold_may_add_its_ops_to_a_finalized_graph(train_op, open_session):
    v1.get_default_graph().finalize()
    with open_session(scaffold=OwnFinalize()) as session:
        assert session.run(train_op) == 1


@pytest.mark.parametrize("argument", ["is_chief", "checkpoint_dir"])
def test_a_tensor_as_a_truth_value_raises_upstreams_class(train_op, argument):
    raised = []
    for open_session in (upstream, MonitoredTrainingSession):
        with pytest.raises(TypeError) as error:
            open_session(**{argument: tf.constant(True)})
        raised.append(error.type)
    assert raised[0] is raised[1]
