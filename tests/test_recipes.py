"""The recipes in docs/recipes.md do what they say, and TensorFlow raises the errors they name."""

import pathlib
import re
import threading
import types

import pytest
import tensorflow as tf

PAGE = (pathlib.Path(__file__).parent.parent / "docs" / "recipes.md").read_text(encoding="utf-8")
START, *SECTIONS = PAGE.split("\n## ")
TITLES = [section.partition("\n")[0] for section in SECTIONS]
CODE = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
tf1 = tf.compat.v1


def code(title):
    text = START if title is None else SECTIONS[TITLES.index(title)]
    (block,) = CODE.findall(text)
    return block


def execute(title, **variables):
    """Runs a recipe in a new graph, and returns its variables."""
    with tf.Graph().as_default():
        exec(code(None), variables)
        exec(code(title), variables)
    return variables


@pytest.fixture
def model_dir(tmp_path):
    return str(tmp_path / "model")


def steps(directory):
    """Returns the global steps of the checkpoints in a directory."""
    return sorted(int(path.stem.split("-")[1]) for path in pathlib.Path(directory).glob("*.index"))


def value(directory, name):
    return tf.train.load_variable(tf.train.latest_checkpoint(directory), name)


def train(directory):
    """Trains ten steps into a directory, and returns the newest checkpoint."""
    execute("Continue with another learning rate", model_dir=directory)
    return tf.train.latest_checkpoint(directory)


@pytest.mark.parametrize("title", TITLES)
def test_a_recipe_has_at_most_ten_lines(title):
    assert len([line for line in code(title).splitlines() if line]) <= 10  # of code


def test_more_checkpoints_are_kept(model_dir):
    execute("Keep more checkpoints", model_dir=model_dir)
    assert steps(model_dir) == list(range(11))


def test_the_best_checkpoint_is_kept_in_its_own_directory(model_dir, tmp_path):
    best_dir = str(tmp_path / "best")
    execute("Keep the best checkpoint", model_dir=model_dir, best_dir=best_dir)
    assert steps(best_dir) == [20]
    assert steps(model_dir) == [0, 20]


def test_a_hook_stops_when_the_loss_is_low(model_dir):
    execute("Stop early, or from outside", model_dir=model_dir, stop=threading.Event())
    assert (value(model_dir, "w") - 1) ** 2 < 0.01
    assert steps(model_dir)[-1] < 20


def test_a_hook_stops_from_outside(model_dir):
    stop = threading.Event()
    stop.set()
    execute("Stop early, or from outside", model_dir=model_dir, stop=stop)
    assert steps(model_dir) == [0, 1]


def test_a_resumed_training_uses_the_fed_learning_rate(model_dir):
    train(model_dir)
    assert value(model_dir, "w") == pytest.approx(1 - 0.98**10)
    assert value(train(model_dir) and model_dir, "w") == pytest.approx(1 - 0.98**20)


def test_a_model_starts_from_a_checkpoint_without_its_new_variable(model_dir, tmp_path):
    old_checkpoint = train(str(tmp_path / "old"))
    for last_step in (20, 30):  # the second time it continues from its own checkpoint
        execute(
            "Start from another model's checkpoint",
            model_dir=model_dir,
            old_checkpoint=old_checkpoint,
        )
        assert steps(model_dir)[-1] == last_step
        assert value(model_dir, "extra") == 1


def test_the_local_init_op_runs_in_every_session(model_dir):
    for last_step in (1, 2):
        variables = execute("What runs when a session starts", model_dir=model_dir)
        assert variables["value"] == 5
        assert steps(model_dir)[-1] == last_step


def test_init_op_and_init_fn_do_not_run_after_a_restore(model_dir):
    calls = []
    for _ in range(2):
        with tf.Graph().as_default():
            variables = {}
            exec(code(None), variables)
            scaffold = variables["Scaffold"](
                init_op=tf.group(tf1.global_variables_initializer(), variables["w"].initializer),
                init_fn=lambda *_: calls.append("init_fn"),
            )
            with variables["MonitoredTrainingSession"](
                checkpoint_dir=model_dir, scaffold=scaffold
            ) as session:
                before = variables["run_without_hooks"](session, variables["w"])
                session.run(variables["train_op"])
    assert calls == ["init_fn"]
    assert before == pytest.approx(0.2)


def test_the_iterator_starts_in_every_session(model_dir):
    for last_step in (3, 6):
        execute("Read a tf.data iterator", model_dir=model_dir)
        assert steps(model_dir)[-1] == last_step


def test_evaluations_do_not_count_as_steps(model_dir):
    variables = execute("Evaluate every N steps and after the loop", model_dir=model_dir)
    assert len(variables["values"]) == 4
    assert variables["values"] == sorted(variables["values"], reverse=True)
    assert variables["last"] == [20, variables["values"][-1]]


def test_operations_are_created_before_the_session(model_dir):
    assert execute("Graph is finalized", model_dir=model_dir)["result"] == 8


def test_a_summary_of_a_placeholder_with_a_default_needs_no_feed(model_dir):
    execute("A summary needs a feed", model_dir=model_dir)
    assert steps(model_dir)[-1] == 20


def test_a_thread_enters_the_graph_of_the_model(model_dir):
    before = set(threading.enumerate())
    execute("Open a session in a thread", model_dir=model_dir, threading=threading)
    for thread in set(threading.enumerate()) - before:
        if not thread.daemon:  # a daemon thread of TensorFlow writes the events
            thread.join(1200)
    assert steps(model_dir) == [0, 10]


@pytest.mark.parametrize("rank", [0, 1])
def test_only_rank_0_has_a_directory(rank, model_dir):
    # `tox -e horovod` runs the same lines in examples/horovod_digits.py on two processes.
    hvd = types.SimpleNamespace(
        rank=lambda: rank, BroadcastGlobalVariablesHook=lambda _: tf1.train.SessionRunHook()
    )
    execute("One directory for Horovod's ranks", model_dir=model_dir, hvd=hvd)
    assert steps(model_dir) == ([] if rank else [0, 10])


@pytest.fixture(scope="module")
def server():
    return tf.distribute.Server({"worker": ["127.0.0.1:0"]}, "worker", 0)


def test_a_worker_stops_waiting(server):
    short = code("A worker hangs").replace("max_wait_secs=600", "max_wait_secs=2")
    with tf.Graph().as_default():
        variables = {"server": server, "task_index": 0}
        exec(code(None), variables)
        with pytest.raises(tf.errors.DeadlineExceededError, match="waited for the chief"):
            exec(short, variables)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.usefixtures("queue_threads")
@pytest.mark.parametrize(("num_tokens", "waits"), [("-1", False), ("0", True)])
def test_fewer_processes_than_replicas_to_aggregate_wait_only_without_tokens(
    model_dir, num_tokens, waits
):
    title = "SyncReplicasOptimizer hangs"
    changed = code(title).replace("hook(is_chief)", f"hook(is_chief, {num_tokens})")
    if waits:
        config = "config=tf.ConfigProto(operation_timeout_in_ms=2000), hooks="
        changed = changed.replace("model_dir, hooks=", f"model_dir, {config}")
    with tf.Graph().as_default():
        this_process = types.SimpleNamespace(target="")  # a server keeps a closed queue
        variables = {"server": this_process, "workers": 2, "is_chief": True}
        variables["model_dir"] = model_dir
        exec(code(None), variables)
        if waits:
            with pytest.raises(tf.errors.DeadlineExceededError):
                exec(changed, variables)
        else:
            exec(changed, variables)
    assert (10 in steps(model_dir)) is not waits


OPEN = "with MonitoredTrainingSession(checkpoint_dir=model_dir) as session:\n    "
# TensorFlow's own session: the shim explains this error by the variables that are missing.
RESTORED = "tf.get_variable('extra', [])\n" + OPEN.replace("with M", "with tf.train.M") + "pass"
SAVED = "saver = tf.train.Saver()\n" + OPEN + "saver.save(session, model_dir)"
ITERATOR = """
iterator = tf.data.make_initializable_iterator(tf.data.Dataset.range(3))
element = iterator.get_next()
with MonitoredTrainingSession() as session:
    session.run(element)
"""
STOPPED = """
with MonitoredTrainingSession(hooks=[StopAtStepHook(num_steps=1)]) as session:
    session.run(train_op)
    session.run(train_op)
"""


@pytest.mark.parametrize(
    ("message", "program"),
    [
        ("Graph is finalized and cannot be modified.", OPEN + "loss * 2"),
        ("Run called even after should_stop requested.", STOPPED),
        (
            "'MonitoredSession' object has no attribute 'request_stop'",
            OPEN + "session.request_stop()",
        ),
        ("'sess' must be a Session; <", SAVED),
        ("Key extra not found in checkpoint", RESTORED),
        ("GetNext() failed because the iterator has not been initialized.", ITERATOR),
        (
            "Init operations did not make model ready",
            "with MonitoredTrainingSession(scaffold=Scaffold(init_op=tf.no_op())) as session: pass",
        ),
        ("No variables to save", "with tf.Graph().as_default():\n    tf.train.Saver()"),
    ],
)
def test_tensorflow_raises_the_message_of_the_page(message, program, model_dir):
    assert message in PAGE
    train(model_dir)
    with tf.Graph().as_default():
        variables = {"model_dir": model_dir}
        exec(code(None), variables)
        with pytest.raises(Exception, match=re.escape(message)):
            exec(program, variables)
