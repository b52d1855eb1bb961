"""Checks that need TensorFlow, the graph or the file system, before anything is created."""

import concurrent.futures
import contextlib
import functools
import inspect
import os
import re
import shutil
import types
import warnings

import pytest
import tensorflow as tf
from damaged_checkpoints import train_up_to
from helpers import files, pitfall
from random_calls import Hook, MakesGlobalStep, RecordingHook

from tfmts_compat import MonitoredTrainingSession, TfmtsCompatWarning
from tfmts_compat._upstream import versions

v1 = tf.compat.v1
train = v1.train
upstream = train.MonitoredTrainingSession
errors = tf.errors
pytestmark = pytest.mark.usefixtures("working_directory")


@pytest.mark.parametrize(
    "arguments",
    [
        {"checkpoint_dir": "d"},
        {"summary_dir": "d", "chief_only_hooks": [train.LoggingTensorHook([], 1)]},
        {"hooks": [train.StopAtStepHook(1)]},
        {"checkpoint_dir": "d", "hooks": [MakesGlobalStep()]},
        {"checkpoint_dir": "d", "hooks": [3]},
    ],
    ids=["checkpoint_dir", "summary_dir", "a hook that needs it", "a hook too late", "no hook"],
)
def test_a_missing_global_step_is_rejected_before_anything_is_written(graph, arguments):
    with pytest.raises(RuntimeError, match="get_or_create_global_step"):
        MonitoredTrainingSession(**arguments)
    assert files() == ["file"]
    with pytest.raises(RuntimeError):
        upstream(**arguments)


@pytest.mark.parametrize(
    ("arguments", "is_rejected"),
    [
        ({"checkpoint_dir": "d"}, True),
        ({"checkpoint_dir": "d", "save_graph_def": False}, False),
        ({"checkpoint_dir": "d", "save_checkpoint_secs": None}, False),
        ({"summary_dir": "d"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_only_a_call_that_writes_a_graph_needs_a_protobuf_that_can(
    train_op, monkeypatch, arguments, is_rejected
):
    monkeypatch.setattr(versions, "find_graph_remedy", lambda _: "pip install 'protobuf<7'")
    if is_rejected:
        with pytest.raises(TypeError, match=r"graph.pbtxt .*; pip install 'protobuf<7', or pass"):
            MonitoredTrainingSession(**arguments)
        assert files() == ["file"]
    else:
        MonitoredTrainingSession(**arguments).close()


@pytest.mark.parametrize("hook", [Hook(), RecordingHook()], ids=["no begin", "own begin"])
def test_a_chief_only_hook_that_creates_no_global_step_leaves_no_file(graph, hook):
    with pytest.raises(RuntimeError, match="the checkpoint saver"):
        MonitoredTrainingSession(checkpoint_dir="d", chief_only_hooks=[hook])
    assert files() == ["file"]


@pytest.mark.parametrize("open_session", [upstream, MonitoredTrainingSession])
def test_a_chief_only_hook_may_create_the_global_step(graph, open_session):
    with open_session(checkpoint_dir="d", chief_only_hooks=[MakesGlobalStep()]):
        pass
    assert "d/model.ckpt-0.index" in files()


@pytest.mark.parametrize("open_session", [upstream, MonitoredTrainingSession])
@pytest.mark.parametrize("arguments", [{}, {"checkpoint_dir": "d"}, {"is_chief": False}], ids=str)
def test_eager_execution_is_a_runtime_error(open_session, arguments):
    with pytest.raises(RuntimeError, match="eager"):
        open_session(**arguments)
    assert files() == ["file"]


@pytest.mark.parametrize("arguments", [{"checkpoint_dir": "d"}, {}], ids=str)
def test_a_graph_finalized_too_early_is_rejected_before_anything_is_written(train_op, arguments):
    train_op.graph.finalize()
    with pytest.raises(RuntimeError, match=r"before graph.finalize\(\)"):
        MonitoredTrainingSession(**arguments)
    assert files() == ["file"]
    with pytest.raises(RuntimeError):
        upstream(**arguments)


@pytest.mark.skipif(not hasattr(tf.io.gfile, "get_registered_schemes"), reason="cannot tell")
def test_an_unknown_file_system_is_rejected_before_anything_is_written(train_op):
    with pytest.raises(errors.UnimplementedError, match=r"^checkpoint_dir='foo://x' \(str\)"):
        MonitoredTrainingSession(checkpoint_dir="foo://x", summary_dir="d")
    assert files() == ["file"]
    with pytest.raises(errors.UnimplementedError):
        upstream(checkpoint_dir="foo://x", summary_dir="d")


@pytest.fixture
def unprivileged():
    """The test does not run as root, because root may write to every directory."""
    if os.getuid() == 0:
        os.setresuid(65534, 65534, 0)
        yield
        os.setresuid(0, 0, 0)
    else:
        yield


@pytest.mark.parametrize("open_session", [MonitoredTrainingSession, upstream])
def test_an_unwritable_directory_is_rejected(train_op, unprivileged, open_session):
    with pytest.raises(errors.PermissionDeniedError) as raised:
        open_session(checkpoint_dir="/usr/d")
    if open_session is MonitoredTrainingSession:
        assert "checkpoint_dir='/usr/d' (str): must be writable" in str(raised.value)


@pytest.fixture
def closed_directory():
    """A directory that may be written but not entered.

    The path is relative, because only root may enter the temporary directory above it.
    """
    os.chmod(".", 0o755)
    os.makedirs("closed/open")
    os.chmod("closed/open", 0o777)
    os.chmod("closed", 0o666)
    yield "closed"
    os.chmod("closed", 0o700)


@pytest.fixture
def below_closed_directory(working_directory, closed_directory):
    """A writable working directory below a directory that may not be entered."""
    os.chmod("closed", 0o777)
    os.chdir("closed/open")
    os.chmod("..", 0o666)
    yield
    os.chdir(working_directory)


@pytest.mark.parametrize("open_session", [MonitoredTrainingSession, upstream])
def test_a_directory_that_cannot_be_entered_is_rejected(
    train_op, closed_directory, unprivileged, open_session
):
    with pytest.raises(errors.PermissionDeniedError) as raised:
        open_session(checkpoint_dir=f"{closed_directory}/d")
    if open_session is MonitoredTrainingSession:
        assert f"may not write to {os.path.abspath(closed_directory)}; " in str(raised.value)


@pytest.mark.parametrize("open_session", [MonitoredTrainingSession, upstream])
def test_a_relative_directory_is_accepted_below_one_that_cannot_be_entered(
    train_op, below_closed_directory, unprivileged, open_session
):
    with open_session(checkpoint_dir="d") as session:
        session.run(train_op)
    assert os.path.isdir("d")


class FreesDirectory(train.SessionRunHook):
    """Removes a file that has the name of a directory."""

    def begin(self):
        os.remove("file")


@pytest.mark.parametrize("open_session", [upstream, MonitoredTrainingSession])
@pytest.mark.parametrize("argument", ["checkpoint_dir", "summary_dir"])
def test_a_chief_only_hook_may_make_the_directory_usable(train_op, open_session, argument):
    with open_session(chief_only_hooks=[FreesDirectory()], **{argument: "file"}) as session:
        session.run(train_op)
    assert os.path.isdir("file")


def test_a_directory_that_chief_only_hooks_leave_unusable_is_rejected(train_op):
    with pytest.raises(errors.FailedPreconditionError, match=r"checkpoint_dir='file/d' \(str\)"):
        MonitoredTrainingSession(checkpoint_dir="file/d", chief_only_hooks=[Hook()])
    assert files() == ["file"]


def test_a_hook_that_begins_after_the_default_hooks_cannot_make_the_directory_usable(train_op):
    for open_session in (upstream, MonitoredTrainingSession):
        with pytest.raises(errors.OpError):
            open_session(checkpoint_dir="file", hooks=[FreesDirectory()])
        assert files() == ["file"]


@pytest.mark.parametrize("open_session", [upstream, MonitoredTrainingSession])
@pytest.mark.parametrize("name", ["runs/lr=1_gs://b", "my-scheme://b", "1gs://b", "a b://c"])
def test_a_local_path_may_contain_the_separator_of_a_scheme(train_op, open_session, name):
    with open_session(checkpoint_dir=name) as session:
        session.run(train_op)
    with open_session(checkpoint_dir=name) as session:
        assert session.run(v1.train.get_global_step()) == 1


@pytest.mark.parametrize("tag", ["loss", "scope/loss"])
def test_summaries_of_tf_2_that_write_nothing_are_a_warning(graph, tmp_path, tag):
    tf.compat.v1.train.create_global_step()
    tf.summary.histogram(tag, tf.constant([1.0]))
    with pytest.warns(TfmtsCompatWarning, match=pitfall("summary-api")):
        MonitoredTrainingSession(checkpoint_dir=str(tmp_path)).close()


@pytest.mark.parametrize("kind", ["a summary of TF 1", "a writer", "off"])
def test_other_summaries_are_no_warning(graph, tmp_path, kind):
    tf.compat.v1.train.create_global_step()
    arguments = {"save_summaries_steps": None} if kind == "off" else {}
    if kind == "a writer":
        with tf.summary.create_file_writer(str(tmp_path)).as_default(step=1):
            tf.summary.histogram("loss", tf.constant([1.0]))
    else:
        tf.summary.histogram("loss", tf.constant([1.0]))
    if kind == "a summary of TF 1":
        # in no collection, as a program's own hook uses it
        tf.compat.v1.summary.scalar("own", 1.0, collections=[])
    MonitoredTrainingSession(checkpoint_dir=str(tmp_path), **arguments).close()


def raised_in_thread(function, **arguments):
    """Returns the error that a function raises in another thread."""
    with concurrent.futures.ThreadPoolExecutor(thread_name_prefix="trainer") as threads:
        return threads.submit(function, **arguments).exception()


@pytest.mark.parametrize("eager", [True, False])
def test_a_thread_without_the_default_graph_is_named(train_op, eager):
    def open_without_eager(open_session):
        with tf.Graph().as_default():  # as in a program that has disabled eager execution
            open_session(checkpoint_dir="d")

    found = []
    for open_session in (MonitoredTrainingSession, upstream):
        if eager:
            found.append(raised_in_thread(open_session, checkpoint_dir="d"))
        else:
            found.append(raised_in_thread(open_without_eager, open_session=open_session))
        if open_session is MonitoredTrainingSession:
            assert files() == ["file"]
    assert type(found[0]) is type(found[1]) is RuntimeError
    assert "thread trainer_0" in str(found[0])
    assert "Open the session inside `with graph.as_default():`" in str(found[0])
    assert "get_or_create" not in str(found[0])


def test_an_empty_graph_in_the_main_thread_is_named(graph):
    with pytest.raises(RuntimeError, match="This graph is empty: if the model is in another"):
        MonitoredTrainingSession(checkpoint_dir="d")


class Init:
    """Functions with the wrong arguments for an init_fn."""

    def method(self, session):
        raise AssertionError

    function = staticmethod(lambda session: 1 / 0)
    partial = functools.partial(lambda session: 1 / 0)


@pytest.mark.parametrize(
    "init_fn", [Init().method, Init.function, Init.partial], ids=["method", "function", "partial"]
)
@pytest.mark.parametrize("arguments", [{"checkpoint_dir": "d"}, {}], ids=str)
def test_an_init_fn_with_other_arguments_is_rejected_before_anything_is_written(
    train_op, init_fn, arguments
):
    arguments = {"scaffold": train.Scaffold(init_fn=init_fn), **arguments}
    with pytest.raises(TypeError, match=r"init_fn\(scaffold, session\), but too many positional"):
        MonitoredTrainingSession(**arguments)
    assert files() == ["file"]
    with pytest.raises(TypeError, match="positional argument"):
        upstream(**arguments)


def needs_the_path(session, path, mode):
    raise AssertionError


@pytest.mark.parametrize(
    ("init_fn", "instead"),
    [
        (Init().method, "method(session)"),
        (Init.function, "saver.restore(session, path)"),
        (needs_the_path, "saver.restore(session, path)"),
    ],
)
def test_the_init_fn_to_pass_instead_can_be_called(train_op, init_fn, instead):
    scaffold = train.Scaffold(init_fn=init_fn)
    with pytest.raises(TypeError) as raised:
        MonitoredTrainingSession(scaffold=scaffold)
    assert str(raised.value).endswith(f"init_fn=lambda scaffold, session: {instead}.")


def finalized_for_another_graph():
    with tf.Graph().as_default():
        train.get_or_create_global_step()
        scaffold = train.Scaffold()
        scaffold.finalize()
    return scaffold


@pytest.mark.parametrize(
    "name", ["the Scaffold", "init_op", "ready_for_local_init_op", "local_init_op", "ready_op"]
)
@pytest.mark.parametrize("arguments", [{"checkpoint_dir": "d"}, {}], ids=str)
def test_a_scaffold_of_another_graph_is_rejected_before_anything_is_written(
    train_op, name, arguments
):
    scaffold = finalized_for_another_graph()
    if name != "the Scaffold":
        scaffold = train.Scaffold(**{name: getattr(scaffold, name)})
    shown = "init_op" if name == "the Scaffold" else name
    with pytest.raises(ValueError, match=rf"^scaffold\.{shown}=.*: must be in the session's graph"):
        MonitoredTrainingSession(scaffold=scaffold, **arguments)
    assert files() == ["file"]
    with pytest.raises(ValueError, match="is not an element of this graph"):
        upstream(scaffold=scaffold, **arguments)


@pytest.mark.parametrize("restored", [True, False])
def test_a_saver_of_another_graph_is_rejected_before_anything_is_written(restored):
    scaffold = train.Scaffold(saver=finalized_for_another_graph().saver)
    if restored:
        train_up_to(2, "d")
    before = files()
    with tf.Graph().as_default():
        train.get_or_create_global_step()
        with pytest.raises(TypeError, match="must be a Saver for the session's graph"):
            MonitoredTrainingSession(checkpoint_dir="d", scaffold=scaffold)
        assert files() == before
        with pytest.raises(TypeError, match="'save/Const', does not exist in the graph"):
            upstream(checkpoint_dir="d", scaffold=scaffold)


@pytest.mark.parametrize("open_session", [upstream, MonitoredTrainingSession])
def test_what_a_session_does_not_run_may_be_in_another_graph(open_session):
    train_up_to(2, "d")
    other = finalized_for_another_graph()
    with tf.Graph().as_default():
        step = train.get_or_create_global_step()
        scaffold = train.Scaffold(init_op=other.init_op)
        with open_session(checkpoint_dir="d", scaffold=scaffold) as session:
            assert session.run(step) == 2
        with open_session(checkpoint_dir="d", scaffold=scaffold) as session:  # a second time
            assert session.run(step) == 2


class RestoresInBegin(train.SessionRunHook):
    """Copies a checkpoint into the directory of the session before it is created."""

    def begin(self):
        shutil.copytree("other", "d", dirs_exist_ok=True)


@pytest.mark.parametrize("open_session", [upstream, MonitoredTrainingSession])
@pytest.mark.parametrize("case", ["a checkpoint", "a hook's checkpoint", "a worker"])
def test_an_init_fn_that_is_not_called_may_take_anything(open_session, case):
    arguments = {"checkpoint_dir": "d", "scaffold": train.Scaffold(init_fn=lambda session: 1 / 0)}
    if case == "a worker":
        arguments = {**arguments, "is_chief": False, "max_wait_secs": 0.1}
    else:
        train_up_to(2, "d" if case == "a checkpoint" else "other")
        if case == "a hook's checkpoint":
            os.makedirs("d")
            arguments["hooks"] = [RestoresInBegin()]
    with tf.Graph().as_default():
        step = train.get_or_create_global_step()
        if case == "a worker":
            with pytest.raises(errors.DeadlineExceededError):  # there is no chief
                open_session(**arguments)
        else:
            with open_session(**arguments) as session:
                assert session.run(step) == 2


def copy_sync_optimizer():
    """Returns a copy of the optimizer with another name, as some libraries have it."""
    source = inspect.getsource(inspect.getmodule(train.SyncReplicasOptimizer))
    source = re.sub("@tf_export.*", "", source).replace("SyncReplicas", "Aggregating")
    module = types.ModuleType("copied")
    exec(compile(source, "copied", "exec"), vars(module))
    return module.AggregatingOptimizer


def build_sync(replicas=1, optimizer_class=train.SyncReplicasOptimizer):
    """Returns a SyncReplicasOptimizer and its train op."""
    step = train.get_or_create_global_step()
    weight = v1.get_variable("weight", [], initializer=v1.ones_initializer())
    optimizer = optimizer_class(
        train.GradientDescentOptimizer(0.1), replicas, total_num_replicas=replicas
    )
    op = optimizer.minimize(tf.square(weight), step)
    optimizer.ready_for_local_init_op.mark_used()  # otherwise TensorFlow logs that it is not used
    return optimizer, op


class Inner(train.SessionRunHook):
    """A hook without a reference to the optimizer."""

    def after_create_session(self, session, coord):
        pass


class Holder(Inner):
    """A hook that passes everything on to others."""

    def __init__(self, hooks):
        self._hooks = hooks

    def __getattribute__(self, name):
        if name not in ("begin", "after_create_session"):
            return super().__getattribute__(name)
        return lambda *values: [getattr(hook, name)(*values) for hook in self._hooks]


class Runs(train.SessionRunHook):
    """A hook that starts the queue runner which it gets from what it holds."""

    def __init__(self, get_runner, held):
        self._get_runner, self._held = get_runner, held

    def after_create_session(self, session, coord):
        self._get_runner(self._held).create_threads(session, coord, True, True)


@pytest.mark.parametrize("open_session", [MonitoredTrainingSession, upstream])
@pytest.mark.parametrize("passed", ["no hook", "a worker's hook", "another hook"])
def test_a_chief_without_the_hook_of_its_sync_optimizer_waits_for_ever(graph, passed, open_session):
    optimizer, op = build_sync()
    hooks = {
        "no hook": [],
        "a worker's hook": [optimizer.make_session_run_hook(is_chief=False)],
        "another hook": [Inner()],
    }[passed]
    config = v1.ConfigProto(operation_timeout_in_ms=2000)
    arguments = {"checkpoint_dir": "d", "hooks": hooks, "config": config}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        # If it does not wait, remove the warning.
        with pytest.raises(errors.DeadlineExceededError), open_session(**arguments) as session:
            session.run(op)
    texts = [str(w.message) for w in caught if issubclass(w.category, TfmtsCompatWarning)]
    if open_session is MonitoredTrainingSession:
        (text,) = texts
        assert re.match(pitfall("sync-hook"), text)
        assert "make_session_run_hook(is_chief=True)" in text
        assert "the first step waits for ever" in text
    else:
        assert texts == []  # otherwise remove the warning


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.usefixtures("queue_threads")
@pytest.mark.parametrize(
    "how",
    ["hook", "copied", "holder", "dict", "model", "runner", "closure", "queue runner", "tokens"],
)
def test_a_sync_optimizer_that_is_served_is_no_warning(graph, how):
    copied = {"optimizer_class": copy_sync_optimizer()} if how == "copied" else {}
    optimizer, op = build_sync(**copied)
    hook = optimizer.make_session_run_hook(is_chief=True)
    runner = optimizer.get_chief_queue_runner()

    class Mine(Inner):
        def after_create_session(self, session, coord):
            optimizer.get_chief_queue_runner().create_threads(session, coord, True, True)

    hooks = {
        "hook": [hook],
        "copied": [hook],
        "holder": [Holder([hook])],
        "dict": [Runs(lambda held: held["runner"], {"runner": runner})],
        "model": [
            Runs(
                lambda held: held.optimizer.get_chief_queue_runner(),
                types.SimpleNamespace(optimizer=optimizer),
            )
        ],
        "runner": [Runs(lambda held: held, runner)],
        "closure": [Mine()],
    }.get(how, [])
    if how == "queue runner":
        train.add_queue_runner(runner)
    tokens = optimizer.get_init_tokens_op() if how == "tokens" else None
    arguments = {"checkpoint_dir": "d", "hooks": hooks, "stop_grace_period_secs": 1}
    with MonitoredTrainingSession(**arguments) as session:
        if how == "tokens":
            session.run(tokens)
        session.run(op)


@pytest.mark.parametrize("is_chief", [True, False])
def test_a_session_that_does_not_train_or_has_its_own_init_op_is_no_warning(graph, is_chief):
    optimizer, _ = build_sync()
    if is_chief:  # an evaluation
        arguments = {"checkpoint_dir": "d", "save_checkpoint_secs": None}
    else:
        local_init_op = tf.group(
            train.Scaffold.default_local_init_op(), optimizer.local_step_init_op
        )
        arguments = {"is_chief": False, "max_wait_secs": 0.1}
        arguments["scaffold"] = train.Scaffold(local_init_op=local_init_op)
    with contextlib.suppress(errors.DeadlineExceededError):  # a worker has no chief here
        MonitoredTrainingSession(**arguments).close()
