"""Errors of session.run: TensorFlow's own object, whose message also names the cause."""

import pytest
import tensorflow as tf
from damaged_checkpoints import damage

from tfmts_compat import MonitoredTrainingSession, run_without_hooks
from tfmts_compat._extensions import run_errors

v1 = tf.compat.v1
BOTH = [v1.train.MonitoredTrainingSession, MonitoredTrainingSession]
errors = tf.errors


def raised_by(program, directory, error):
    """Runs a program with upstream's session and the shim's; returns the shim's message.

    The error is of the same class, for the same operation, and starts with the same message.
    """
    found = []
    for number, open_session in enumerate(BOTH):
        with tf.Graph().as_default(), pytest.raises(error) as raised:
            program(open_session, str(directory / str(number)))
        found.append(raised.value)
    upstream, shim = found
    assert type(shim) is type(upstream)
    if isinstance(shim, errors.OpError):
        assert (shim.op.name, shim.node_def) == (upstream.op.name, upstream.node_def)
        assert shim.message in str(shim)
    # The first line, up to an id of an object.
    assert str(shim).startswith(str(upstream).partition("\n")[0].partition("0x")[0])
    return getattr(shim, "message", str(shim))  # str() of an OpError has lines of this file


def needs_a_feed(open_session, directory, **arguments):
    step = v1.train.get_or_create_global_step()
    fed = v1.placeholder(tf.float32, [], name="fed")
    v1.summary.scalar("loss", fed * 2)
    v1.summary.scalar("step", step)
    train_op = v1.assign_add(step, 1)
    with open_session(checkpoint_dir=directory, save_summaries_steps=3, **arguments) as session:
        run_without_hooks(session, train_op)
        session.run(train_op, {fed: 1.0})
        for _ in range(5):
            session.run(train_op)


def test_a_summary_that_needs_a_feed_is_named(tmp_path):
    message = raised_by(needs_a_feed, tmp_path, errors.InvalidArgumentError)
    assert (
        "The caller's fetches do not need fed. The summary saver fetched, as summaries" in message
    )
    assert "summaries that need it: loss:0. Either feed fed in every run, or create it" in message
    assert "placeholder_with_default, or create these summaries with collections=[]" in message


@pytest.mark.parametrize("remedy", ["default", "collections"])
def test_the_two_remedies_for_such_a_summary(tmp_path, remedy):
    with tf.Graph().as_default():
        step = v1.train.get_or_create_global_step()
        fed = v1.placeholder(tf.float32, [])
        if remedy == "default":
            fed = v1.placeholder_with_default(0.0, [])
        v1.summary.scalar("loss", fed, collections=[] if remedy == "collections" else None)
        train_op = v1.assign_add(step, 1)
        with MonitoredTrainingSession(checkpoint_dir=str(tmp_path), save_summaries_steps=1) as s:
            assert [s.run(train_op) for _ in range(3)] == [1, 2, 3]


def test_a_hook_that_needs_a_feed_is_named(tmp_path):
    def program(open_session, directory):
        fed = v1.placeholder(tf.float32, [], name="fed")
        one = tf.constant(1)
        hook = v1.train.LoggingTensorHook({"twice": tf.multiply(fed, 2, "twice")}, 2)
        with open_session(hooks=[hook]) as session:
            for _ in range(3):
                session.run(one)

    message = raised_by(program, tmp_path, errors.InvalidArgumentError)
    assert "The hook LoggingTensorHook fetched what needs it: twice:0. Either feed" in message


def test_a_placeholder_that_the_caller_needs_is_not_explained(tmp_path):
    def program(open_session, directory):
        v1.train.get_or_create_global_step()
        fed = v1.placeholder(tf.float32, [], name="fed")
        v1.summary.scalar("loss", fed)
        twice = fed * 2
        with open_session(checkpoint_dir=directory) as session:
            session.run(twice)

    text = raised_by(program, tmp_path, errors.InvalidArgumentError)
    assert "summary saver" not in text


@pytest.mark.parametrize("as_feed", [False, True])
def test_a_session_for_another_graph_than_the_models_is_named(tmp_path, as_feed):
    def program(open_session, directory):
        with tf.Graph().as_default():
            mine = v1.placeholder(tf.float32, [], name="mine")
        with open_session() as session:
            session.run([], {mine: 1.0}) if as_feed else session.run(mine)

    message = raised_by(program, tmp_path, TypeError if as_feed else ValueError)
    assert "mine:0 is in another graph than the session, whose graph has" in message
    assert "with graph.as_default():" in message


def test_a_hook_of_another_graph_is_named(tmp_path):
    def program(open_session, directory):
        with tf.Graph().as_default():
            hook = v1.train.NanTensorHook(tf.constant(1.0, name="loss"))
        one = tf.constant(1)
        with open_session(hooks=[hook]) as session:
            session.run(one)

    message = raised_by(program, tmp_path, ValueError)
    assert "The hook NanTensorHook was created for another graph: it fetches loss:0." in message


class Restore(v1.train.SessionRunHook):
    """Restores a checkpoint with a Saver of its own."""

    def __init__(self, path):
        self._path = path

    def begin(self):
        self._saver = v1.train.Saver()

    def after_create_session(self, session, coord):
        self._saver.restore(session, self._path)


@pytest.mark.parametrize("damaged", [True, False])
def test_a_checkpoint_that_a_hook_cannot_restore_is_explained(tmp_path, directory, damaged):
    path = f"{directory}/model.ckpt-6"
    if damaged:
        damage(f"{path}.data-00000-of-00001", "truncated")

    def program(open_session, _):
        v1.get_variable("weights" if damaged else "renamed", [100, 10])
        open_session(hooks=[Restore(path)])

    error = errors.OutOfRangeError if damaged else errors.NotFoundError
    message = raised_by(program, tmp_path, error)
    if damaged:
        assert f"{path}.data-00000-of-00001 (global step 6) is truncated (" in message
    else:
        assert "the Saver restores, but the checkpoint does not have: renamed (100, 10)" in message


def test_a_run_that_reads_another_file_is_not_explained_as_a_restore(tmp_path):
    def program(open_session, directory):
        tf.io.read_file(v1.placeholder(tf.string, [], name="path"), name="content")
        with open_session() as session:
            session.run("content:0", {"path:0": "/no/such/file"})

    message = raised_by(program, tmp_path, errors.NotFoundError)
    assert "cannot be restored" not in message  # its lines of this file have the call above


@pytest.mark.parametrize("resource", [True, False])
def test_a_variable_that_is_created_after_an_earlier_session_is_named(tmp_path, resource):
    def program(open_session, directory):
        v1.train.get_or_create_global_step()
        with open_session(checkpoint_dir=directory):
            pass
        later = v1.get_variable("later", [], use_resource=resource)
        twice = later * 2
        with open_session(checkpoint_dir=directory) as session:
            session.run(twice)

    message = raised_by(program, tmp_path, errors.FailedPreconditionError)
    assert "later was created after an earlier session had finalized this graph" in message
    assert "keeps the init ops and the Saver of that session" in message


def test_a_table_that_is_created_after_an_earlier_session_is_named(tmp_path):
    def program(open_session, directory):
        with open_session():
            pass
        fetch, _ = table()
        with open_session() as session:
            session.run(fetch)

    message = raised_by(program, tmp_path, errors.FailedPreconditionError)
    assert "was created after an earlier session had finalized this graph" in message
    assert "init_op and init_fn do not run" not in message


def test_a_variable_that_is_not_initialized_otherwise_is_not_explained(tmp_path):
    def program(open_session, directory):
        own = v1.get_variable("own", [], collections=[])
        with open_session() as session:
            session.run(own)

    text = raised_by(program, tmp_path, errors.FailedPreconditionError)
    assert "earlier session" not in text


def restored(build):
    """A program that opens a session, with `build()` in init_op, in a new directory, then again."""

    def program(open_session, directory):
        for _ in range(2):
            with tf.Graph().as_default():
                v1.train.get_or_create_global_step()
                fetch, initializer = build()
                init_op = tf.group(v1.global_variables_initializer(), initializer)
                scaffold = v1.train.Scaffold(init_op=init_op, local_init_op=tf.no_op())
                with open_session(checkpoint_dir=directory, scaffold=scaffold) as session:
                    session.run(fetch)

    return program


def iterator():
    made = v1.data.make_initializable_iterator(tf.data.Dataset.from_tensors(1))
    return made.get_next(), made.initializer


def table():
    values = tf.lookup.KeyValueTensorInitializer(["a"], [1])
    made = tf.lookup.StaticHashTable(values, -1)
    return made.lookup(tf.constant(["a"])), v1.tables_initializer()


@pytest.mark.parametrize("build", [iterator, table])
def test_what_only_init_op_initializes_is_named_after_a_restore(tmp_path, build):
    message = raised_by(restored(build), tmp_path, errors.FailedPreconditionError)
    assert f"This session has not initialized the {build.__name__}." in message
    assert "init_op and init_fn do not run if a checkpoint is restored" in message


class AddsAnOperation(v1.train.SessionRunHook):
    def __init__(self, method):
        setattr(self, method, lambda *_: tf.constant(1))


ADD = {
    "arithmetic": lambda session: v1.train.get_global_step() * 2,
    "assign": lambda session: v1.assign(v1.train.get_global_step(), 2),
    "variable": lambda session: v1.get_variable("other", []),
    "saver": lambda session: v1.train.Saver(),
    "summary": lambda session: v1.summary.scalar("two", 2.0),
    "dataset": lambda session: v1.data.make_one_shot_iterator(tf.data.Dataset.range(3)),
}


@pytest.mark.parametrize("add", ADD.values(), ids=ADD)
def test_an_operation_that_is_added_in_the_block_gets_the_remedy(tmp_path, add):
    def program(open_session, directory):
        v1.train.get_or_create_global_step()
        with open_session(checkpoint_dir=directory) as session:
            add(session)

    message = raised_by(program, tmp_path, RuntimeError)
    assert message.startswith("Graph is finalized and cannot be modified.\nOpening a session makes")
    assert message.endswith("See docs/recipes.md#graph-is-finalized.")


@pytest.mark.parametrize("method", ["after_create_session", "before_run", "after_run", "end"])
def test_a_hook_that_adds_an_operation_gets_the_remedy(tmp_path, method):
    def program(open_session, directory):
        one = tf.constant(1)
        with open_session(hooks=[AddsAnOperation(method)]) as session:
            session.run(one)

    message = raised_by(program, tmp_path, RuntimeError)
    assert "\nOpening a session makes its graph read-only. Create all operations before" in message


@pytest.mark.parametrize(
    "run",
    [
        lambda session, fetch: session.run(fetch),
        lambda session, fetch: session.run_step_fn(
            lambda step_context: step_context.run_with_hooks(fetch)
        ),
    ],
)
def test_a_run_after_the_stop_gets_the_remedy(tmp_path, run):
    def program(open_session, directory):
        train_op = v1.assign_add(v1.train.get_or_create_global_step(), 1)
        with open_session(hooks=[v1.train.StopAtStepHook(num_steps=1)]) as session:
            for _ in range(2):
                run(session, train_op)

    message = raised_by(program, tmp_path, RuntimeError)
    assert "\nA hook or a thread has requested a stop. Check session.should_stop()" in message
    assert "tfmts_compat.run_without_hooks(session, fetches)" in message


def test_an_error_after_which_the_program_closes_the_session_gets_the_remedy(tmp_path):
    def program(open_session, directory):
        one = tf.constant(1)
        session = open_session()
        try:
            one + 1
        finally:
            session.close()

    message = raised_by(program, tmp_path, RuntimeError)
    assert "\nOpening a session makes its graph read-only." in message


def test_the_blocks_of_two_sessions_add_the_remedy_once(tmp_path):
    def program(open_session, directory):
        one = tf.constant(1)
        with open_session(), open_session():
            one + 1

    assert raised_by(program, tmp_path, RuntimeError).count("\n") == 1


def test_an_error_of_the_program_with_such_a_message_stays_as_it_is(tmp_path):
    class MyError(RuntimeError):
        pass

    def program(open_session, directory):
        with open_session():
            raise MyError("Graph is finalized by me")

    assert raised_by(program, tmp_path, MyError) == "Graph is finalized by me"


def test_an_explanation_that_fails_leaves_the_error(train_op, monkeypatch):
    def fail(*_):
        raise RuntimeError("mine")

    monkeypatch.setattr(run_errors, "_find_cause", fail)
    with tf.Graph().as_default():
        other = tf.constant(1)
    with MonitoredTrainingSession() as session, pytest.raises(ValueError, match="not an element"):
        session.run(other)
