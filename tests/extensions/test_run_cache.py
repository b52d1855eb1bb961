"""Cached runs return upstream's values, types and errors, and keep no session alive."""

import collections
import copy
import dataclasses
import gc
import itertools
import pickle
import re
import threading
import weakref

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.client.session import register_session_run_conversion_functions

import tfmts_compat
from tfmts_compat import raw_session
from tfmts_compat._extensions import run_cache

v1 = tf.compat.v1
train = v1.train
Pair = collections.namedtuple("Pair", ["first", "second"])


@dataclasses.dataclass
class Record:
    first: object


class Registered:
    """A type with its own conversion for Session.run."""

    def __init__(self, tensor):
        self.tensor = tensor


register_session_run_conversion_functions(
    Registered, lambda fetch: ([fetch.tensor], lambda values: ("registered", values[0]))
)


class Model:
    """Tensors of every kind that a run can fetch or feed."""

    def __init__(self):
        self.step = train.get_or_create_global_step()
        self.reference = v1.get_variable("reference", initializer=2.0, use_resource=False)
        self.resource = v1.get_variable("resource", initializer=3.0, use_resource=True)
        self.matrix = v1.placeholder(tf.float32, [None, 3], name="matrix")
        self.default = v1.placeholder_with_default(np.int32(5), [], name="default")
        self.word = v1.placeholder_with_default("word", [], name="word")
        self.small = v1.placeholder_with_default(np.int8(1), [], name="small")
        self.any_shape = v1.placeholder_with_default(np.float32(0), None, name="any_shape")
        self.sparse_input = v1.sparse_placeholder(tf.float32, name="sparse")
        self.doubled = self.matrix * 2.0
        self.plus_one = self.default + 1
        self.constant = tf.constant([1.0, 2.0])
        self.other = tf.constant(7)
        self.nothing = tf.no_op()
        self.sparse = tf.sparse.SparseTensor([[0, 1]], [4.0], [2, 2])
        self.slices = tf.IndexedSlices(tf.constant([[1.0]]), tf.constant([0]))
        self.ragged = tf.ragged.constant([[1, 2], [3]])
        self.advance = v1.assign_add(self.step, 1)
        self.sum = tf.sparse.reduce_sum(self.sparse_input)
        self.invalid = tf.gather(self.constant, self.default, name="invalid")
        self.fed_never = tf.constant(1, name="fed_never")
        v1.get_default_graph().prevent_feeding(self.fed_never)
        self.same_shape = self.any_shape * 2.0
        self.handle = v1.get_session_handle(self.constant)


@pytest.fixture
def sessions(graph):
    """The model, a session with the cache, and one without it, both with the same graph."""
    model = Model()
    initialize = v1.global_variables_initializer()
    with tfmts_compat.MonitoredTrainingSession() as session, v1.Session() as plain:
        plain.run(initialize)
        yield model, raw_session(session), plain


def outcome(run, *args, **kwargs):
    """Returns what a run returns, in comparable form, or the class, text and op of its error."""
    try:
        return describe(run(*args, **kwargs))
    except Exception as error:
        op, node_def = getattr(error, "op", None), getattr(error, "node_def", None)
        text = re.sub(r"\n\S+ is in another graph than the session, .*", "", str(error))
        return type(error), text, op and op.name, node_def and node_def.name


def describe(value):
    if isinstance(value, dict):
        return type(value), [(key, describe(item)) for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return type(value), [describe(item) for item in value]
    if dataclasses.is_dataclass(value):
        return type(value), describe(list(vars(value).values()))
    if isinstance(value, (np.ndarray, np.generic)):
        return type(value), value.dtype, value.tolist()
    if hasattr(value, "to_list"):
        return type(value), value.to_list()
    return type(value), value


def count_prepared(session):
    """Returns the number of prepared calls that the session keeps."""
    return sum(call is not None for call in session.run.__self__.prepared.values())


def compare_three_calls(cached, plain, *args, **kwargs):
    """Compares three equal calls: the second one is prepared, the third one uses that."""
    for _ in range(3):
        expected = outcome(plain.run, *args, **kwargs)
        assert outcome(cached.run, *args, **kwargs) == expected
    return expected


PREPARED = {
    "tensor": lambda m: m.constant,
    "operation": lambda m: m.nothing,
    "resource variable": lambda m: m.resource,
    "reference variable": lambda m: m.reference,
    "list": lambda m: [m.constant, m.nothing, m.other],
    "tuple": lambda m: (m.constant, m.nothing),
    "one tuple": lambda m: (m.constant,),
    "namedtuple": lambda m: Pair(m.constant, [m.other, m.resource]),
    "dict": lambda m: {"b": m.constant, 1: m.nothing, None: m.other},
    "ordered dict": lambda m: collections.OrderedDict([("z", m.other), ("a", m.constant)]),
    "nested": lambda m: {"a": [m.other, (m.nothing, {"x": m.constant})], "b": Pair(m.other, ())},
    "the same twice": lambda m: [m.other, m.other, m.resource, [m.resource]],
}
UPSTREAMS = {
    "name": lambda m: m.constant.name,
    "name of an operation": lambda m: [m.constant, m.nothing.name],
    "no such name": lambda m: "absent:0",
    "sparse": lambda m: [m.sparse, m.other],
    "slices": lambda m: m.slices,
    "ragged": lambda m: {"ragged": m.ragged},
    "dataclass": lambda m: Record(m.constant),
    "none": lambda m: None,
    "none inside": lambda m: [m.other, None],
    "number": lambda m: 3,
    "empty list": lambda m: [],
    "empty dict": lambda m: {},
    "registered": lambda m: [Registered(m.other), m.constant],
    "default dict": lambda m: collections.defaultdict(list, a=m.other),
    "another graph": lambda m: other_graphs_tensor(),
}


def other_graphs_tensor():
    with tf.Graph().as_default():
        return tf.constant(1, name="other_graphs")


@pytest.mark.parametrize("name", [*PREPARED, *UPSTREAMS])
def test_fetches_give_upstreams_result(sessions, name):
    model, cached, plain = sessions
    fetches = {**PREPARED, **UPSTREAMS}[name](model)
    compare_three_calls(cached, plain, fetches)
    assert count_prepared(cached) == (name in PREPARED)


FED_PREPARED = {
    "array": lambda m: (m.doubled, {m.matrix: np.ones((2, 3), np.float32)}),
    "no rows": lambda m: (m.doubled, {m.matrix: np.ones((0, 3), np.float32)}),
    "two arrays": lambda m: (
        [m.doubled, m.plus_one],
        {m.matrix: np.ones((2, 3), np.float32), m.default: np.array(8, np.int32)},
    ),
    "transposed": lambda m: (m.doubled, {m.matrix: np.ones((3, 2), np.float32).T}),
    "read-only": lambda m: (m.doubled, {m.matrix: np.broadcast_to(np.float32(1), (2, 3))}),
    "any shape": lambda m: (m.same_shape, {m.any_shape: np.ones(4, "f4")}),
    "constant": lambda m: (m.plus_one, {m.default: np.array(1, np.int32)}),
}
FED_BY_UPSTREAM = {
    "scalar": lambda m: (m.plus_one, {m.default: 3}),
    "numpy scalar": lambda m: (m.plus_one, {m.default: np.int32(3)}),
    "list": lambda m: (m.doubled, {m.matrix: [[1, 2, 3]]}),
    "another dtype": lambda m: (m.doubled, {m.matrix: np.ones((2, 3))}),
    "byte order": lambda m: (m.doubled, {m.matrix: np.ones((2, 3), ">f4")}),
    "key by name": lambda m: (m.doubled, {"matrix:0": np.ones((2, 3), np.float32)}),
    "wrong shape": lambda m: (m.doubled, {m.matrix: np.ones((2, 4), np.float32)}),
    "wrong rank": lambda m: (m.doubled, {m.matrix: np.ones(3, np.float32)}),
    "int that does not fit": lambda m: (m.small, {m.small: 300}),
    "fetch of a fed tensor": lambda m: (
        [m.matrix, m.doubled],
        {m.matrix: np.ones((1, 3), np.float32)},
    ),
    "may not be fed": lambda m: (m.other, {m.fed_never: np.array(1)}),
    "word": lambda m: (m.other, {m.word: "other"}),
    "array of words": lambda m: (m.other, {m.word: np.array(b"other", object)}),
    "none": lambda m: (m.plus_one, {m.default: None}),
    "tensor": lambda m: (m.plus_one, {m.default: m.other}),
    "sparse": lambda m: (m.sum, {m.sparse_input: v1.SparseTensorValue([[0]], [2.0], [3])}),
    "operation as key": lambda m: (m.plus_one, {m.nothing: 1}),
    "another graph's key": lambda m: (m.plus_one, {other_graphs_tensor(): np.array(1)}),
    "not fed": lambda m: (m.doubled, {}),
}


@pytest.mark.parametrize("name", [*FED_PREPARED, *FED_BY_UPSTREAM])
def test_feeds_give_upstreams_result(sessions, name):
    model, cached, plain = sessions
    fetches, feed = {**FED_PREPARED, **FED_BY_UPSTREAM}[name](model)
    compare_three_calls(cached, plain, fetches, feed)
    if name in FED_PREPARED:
        assert count_prepared(cached) == 1


def test_a_prepared_call_with_another_kind_of_value_goes_to_upstream(sessions):
    model, cached, plain = sessions
    values = [
        np.ones((2, 3), np.float32),
        np.ones((5, 3), np.float32),
        [[1, 2, 3]],
        np.ones((2, 3)),
        np.ones((2, 4), np.float32),
        np.ones((2, 3), np.float32),
        "text",
    ]
    for value in [*values, *values]:
        compare_three_calls(cached, plain, model.doubled, {model.matrix: value})
    assert count_prepared(cached) == 1


def test_set_shape_of_a_placeholder_applies_to_prepared_calls(sessions):
    model, cached, plain = sessions
    feed = {model.matrix: np.ones((2, 3), np.float32)}
    compare_three_calls(cached, plain, model.doubled, feed)
    model.matrix.set_shape([4, 3])
    error, *_ = compare_three_calls(cached, plain, model.doubled, feed)
    assert error is ValueError


def test_prevent_feeding_and_prevent_fetching_apply_to_prepared_calls(sessions, graph):
    model, cached, plain = sessions
    feed = {model.default: np.array(1, np.int32)}
    compare_three_calls(cached, plain, model.plus_one, feed)
    graph.prevent_feeding(model.default)
    assert compare_three_calls(cached, plain, model.plus_one, feed)[0] is ValueError
    compare_three_calls(cached, plain, model.other)
    graph.prevent_fetching(model.other.op)
    assert isinstance(compare_three_calls(cached, plain, model.other)[0], type)


def test_a_session_handle_is_fetched_and_fed(sessions):
    model, cached, _ = sessions
    cached.graph._unsafe_unfinalize()
    for _ in range(3):
        handle = cached.run(model.handle)
        assert handle.eval().tolist() == [1.0, 2.0]
        holder, read = v1.get_session_tensor(handle.handle, tf.float32)
        assert cached.run(read, {holder: handle.handle}).tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    "options",
    [
        {"trace_level": 3},
        {"timeout_in_ms": 60000},
        {"output_partition_graphs": True},
        {"report_tensor_allocations_upon_oom": True},
    ],
    ids=str,
)
def test_run_options_and_metadata_are_upstreams(sessions, options):
    model, cached, plain = sessions
    filled = []
    for run in (cached.run, plain.run):
        for _ in range(3):
            metadata = v1.RunMetadata()
            run(model.other, options=v1.RunOptions(**options), run_metadata=metadata)
            filled.append({field.name for field, _ in metadata.ListFields()})
    assert filled[:3] == filled[3:]
    assert count_prepared(cached) == 0


def test_a_callers_metadata_is_cleared(sessions):
    model, cached, _ = sessions
    for _ in range(3):
        metadata = v1.RunMetadata()
        cached.run(model.other, options=v1.RunOptions(trace_level=3), run_metadata=metadata)
        assert metadata.ByteSize()
        cached.run(model.other, run_metadata=metadata)
        assert not metadata.ByteSize()


def test_build_cost_model_in_config_collects_the_cost_graph(graph):
    tensor = tf.constant(1) + 1
    config = v1.ConfigProto(graph_options=v1.GraphOptions(build_cost_model=1))
    with tfmts_compat.MonitoredTrainingSession(config=config) as session:
        for _ in range(3):
            metadata = v1.RunMetadata()
            session.run(tensor, run_metadata=metadata)
            assert metadata.HasField("cost_graph")


def test_a_prepared_call_raises_upstreams_error(sessions):
    model, cached, plain = sessions
    feed = {model.default: np.array(9, np.int32)}
    error, message, op, node_def = compare_three_calls(cached, plain, model.invalid, feed)
    assert error is tf.errors.InvalidArgumentError
    assert "invalid" in message
    assert op == node_def == "invalid"
    assert count_prepared(cached) == 1


def test_a_closed_session_raises_upstreams_error(graph):
    tensor = tf.constant(1)
    session = tfmts_compat.MonitoredTrainingSession()
    raw = raw_session(session)
    for _ in range(3):
        raw.run(tensor)
    session.close()
    with v1.Session() as plain:
        pass
    assert outcome(raw.run, tensor) == outcome(plain.run, tensor)


def test_a_graph_extended_later_is_run(sessions, graph):
    model, cached, plain = sessions
    compare_three_calls(cached, plain, model.constant)
    graph._unsafe_unfinalize()
    added = model.constant * 3.0
    compare_three_calls(cached, plain, model.constant)
    compare_three_calls(cached, plain, [model.constant, added])


def test_a_graph_that_became_invalid_is_upstreams_error(sessions, graph):
    model, cached, plain = sessions
    compare_three_calls(cached, plain, model.constant)
    graph._unsafe_unfinalize()
    first = model.constant * 3.0
    first.op._update_input(0, first * 3.0)
    error, message, *_ = compare_three_calls(cached, plain, model.constant)
    assert error is tf.errors.InvalidArgumentError
    assert "cycle" in message


class LosesItsSession(train.SessionRunHook):
    """Fails once, like a run whose parameter server was lost."""

    runs = 0

    def before_run(self, run_context):
        self.runs += 1
        if self.runs == 4:
            raise tf.errors.AbortedError(None, None, "lost")


def test_a_recovered_session_is_cached_too(train_op):
    with tfmts_compat.MonitoredTrainingSession(hooks=[LosesItsSession()]) as session:
        first = raw_session(session)
        assert [session.run(train_op) for _ in range(7)] == [1, 2, 3, 1, 2, 3, 4]
        assert raw_session(session) is not first
        assert count_prepared(raw_session(session)) == 1


@pytest.mark.parametrize("is_chief", [True, False])
def test_a_session_on_a_server_is_cached(graph, is_chief):
    server = train.Server.create_local_server()
    given = v1.placeholder(tf.float32, [])
    doubled = given * 2
    at = v1.placeholder_with_default(0, [])
    invalid = tf.gather([1.0], at, name="invalid")
    opener = tfmts_compat.MonitoredTrainingSession
    with opener(server.target, is_chief) as session, v1.Session(server.target) as plain:
        cached = raw_session(session)
        compare_three_calls(cached, plain, doubled, {given: np.array(2, np.float32)})
        compare_three_calls(cached, plain, [invalid], {at: np.array(0, np.int32)})
        for run in (plain.run, cached.run):  # gRPC adds text to the message
            error, message, op, _ = outcome(run, [invalid], {at: np.array(4, np.int32)})
            assert (error, op) == (tf.errors.InvalidArgumentError, "invalid")
            assert "Detected at node" in message or "defined at" in message
        assert count_prepared(cached) == 2


@pytest.mark.parametrize("owner", [v1.Session, v1.Session.__mro__[1]])
@pytest.mark.parametrize("method", ["run", "_run", "_do_run", "_call_tf_sessionrun"])
def test_a_method_replaced_in_the_class_sees_every_run(train_op, monkeypatch, owner, method):
    seen, original = [], getattr(owner, method)

    def spied(self, *args, **kwargs):
        seen.append(method)
        return original(self, *args, **kwargs)

    with tfmts_compat.MonitoredTrainingSession() as session:
        for _ in range(3):
            session.run(train_op)
        with monkeypatch.context() as patch:
            patch.setattr(owner, method, spied)
            for _ in range(3):
                session.run(train_op)
            assert len(seen) == 3
        session.run(train_op)
        assert len(seen) == 3


def test_a_run_replaced_on_the_session_sees_every_run(train_op):
    with tfmts_compat.MonitoredTrainingSession() as session:
        raw, seen = raw_session(session), []
        cached = raw.run
        raw.run = lambda *args, **kwargs: seen.append(1) or cached(*args, **kwargs)
        for _ in range(3):
            session.run(train_op)
        assert len(seen) == 3
        del raw.run
        assert session.run(train_op) == 4


def test_eval_and_saver_use_the_cached_session(train_op, tmp_path):
    saver = train.Saver()
    with tfmts_compat.MonitoredTrainingSession() as session:
        raw = raw_session(session)
        for _ in range(3):
            with raw.as_default():
                train_op.op.run()
            saver.save(raw, str(tmp_path / "model"), write_meta_graph=False)
        step = train.get_global_step().eval(session=raw)
        assert step == 3
    assert train.load_checkpoint(str(tmp_path)).get_tensor("global_step") == 3


# upstream's Session.__del__ fails for a copy that was never initialized
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_session_keeps_its_class_and_its_name(train_op):
    with tfmts_compat.MonitoredTrainingSession() as session:
        raw = raw_session(session)
        assert type(raw) is v1.Session
        assert session._sess._sess._sess._sess is raw
        assert raw.run.__name__ == "run"
        for call in (pickle.dumps, copy.deepcopy):
            with pytest.raises(TypeError, match="pickle"):
                call(raw)


def test_nothing_keeps_a_closed_session_or_its_graph():
    gc.collect()
    gc.disable()
    try:
        with tf.Graph().as_default() as graph:
            op = tf.constant(1)
            session = tfmts_compat.MonitoredTrainingSession()
            for _ in range(3):
                session.run(op)
            raw = weakref.ref(raw_session(session))
            run = raw().run
            session.close()
        assert raw() is None  # without the garbage collector, as upstream
        with pytest.raises(RuntimeError, match=r"^Attempted to use a closed Session\.$"):
            run(op)
    finally:
        gc.enable()
    graph = weakref.ref(graph)
    del op, session, run
    gc.collect()
    assert graph() is None


def keep_only_run(opens, **arguments):
    """Returns the run method of a raw session that is not closed and not kept."""
    return raw_session(opens(**arguments)).run


def test_a_cached_run_method_does_not_keep_its_session_alive(train_op):
    assert keep_only_run(train.MonitoredTrainingSession)(train_op) == 1
    assert keep_only_run(tfmts_compat.MonitoredTrainingSession, cache_runs=False)(train_op) == 1
    with pytest.raises(RuntimeError, match=r"^Attempted to use a closed Session\.$"):
        keep_only_run(tfmts_compat.MonitoredTrainingSession)(train_op)


def test_a_fetch_list_changed_by_the_caller_is_another_structure(sessions):
    model, cached, plain = sessions
    fetches = [model.constant]
    compare_three_calls(cached, plain, fetches)
    fetches.append(model.other)
    compare_three_calls(cached, plain, fetches)
    fetches[0] = model.nothing
    compare_three_calls(cached, plain, fetches)
    nested = {"a": fetches}
    compare_three_calls(cached, plain, nested)
    del fetches[1]
    compare_three_calls(cached, plain, nested)


def test_the_keys_of_the_call_are_the_keys_of_the_result(sessions):
    model, cached, _ = sessions
    for key in "abc":
        assert list(cached.run({key: model.other, "z": {key: model.other}})["z"]) == [key]
    assert count_prepared(cached) == 1


def test_the_number_of_prepared_calls_is_bounded(sessions, monkeypatch):
    monkeypatch.setattr(run_cache, "_MOST_PREPARED", 5)
    model, cached, _ = sessions
    leaves = [model.constant, model.other, model.nothing]
    structures = [list(structure) for structure in itertools.product(leaves, repeat=3)]
    for fetches in structures:
        for _ in range(3):
            cached.run(fetches)
    cache = cached.run.__self__
    assert len(cache.prepared) == 5
    assert len(cache._seen) <= 5


def test_fetches_that_are_new_in_every_call_are_not_prepared(sessions):
    model, cached, _ = sessions
    leaves = [model.constant, model.other, model.nothing]
    for fetches in itertools.product(leaves, repeat=4):
        cached.run(fetches)
    assert count_prepared(cached) == 0


def test_fetches_that_repeat_after_many_new_ones_are_prepared(sessions):
    model, cached, plain = sessions
    leaves = [model.constant, model.other, model.nothing]
    for fetches in itertools.product(leaves, repeat=5):
        cached.run(fetches)
    assert len(cached.run.__self__._seen) < 3**5  # most were not looked up
    repeated = {"a": model.other}
    for _ in range(3 * 16):
        assert cached.run(repeated) == plain.run(repeated)
    assert count_prepared(cached) == 1
    seen = len(cached.run.__self__._seen)
    for _ in range(100):
        assert cached.run(repeated) == plain.run(repeated)
        cached.run([model.other])
    assert count_prepared(cached) == 2  # every call is looked up again
    assert len(cached.run.__self__._seen) == seen + 1


def test_cache_runs_false_leaves_upstreams_run(train_op):
    with tfmts_compat.MonitoredTrainingSession(cache_runs=False) as session:
        assert "run" not in vars(raw_session(session))
        assert session.run(train_op) == 1


def test_threads_share_a_session_with_all_default_hooks(graph, tmp_path):
    step = train.get_or_create_global_step()
    given = v1.placeholder(tf.int32, [])
    doubled = given * 2
    train_op = v1.assign_add(step, 1)
    v1.summary.scalar("number", tf.constant(1.0))
    keeps_all = train.Scaffold(saver=train.Saver(max_to_keep=None))
    outcomes = []
    with tfmts_compat.MonitoredTrainingSession(
        checkpoint_dir=str(tmp_path),
        scaffold=keeps_all,
        save_checkpoint_steps=100,
        save_summaries_steps=100,
        log_step_count_steps=100,
        save_graph_def=False,
    ) as session:

        def work(first):
            with graph.as_default():  # as Saver.save requires in every thread
                for number in range(first, first + 2500):
                    feed = {given: np.array(number, np.int32)}
                    outcomes.append(session.run([doubled, train_op], feed)[0] == 2 * number)

        threads = [threading.Thread(target=work, args=(2500 * n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(1200)
    assert (len(outcomes), all(outcomes)) == (20_000, True)
    saved = sorted(int(path.stem.rpartition("-")[2]) for path in tmp_path.glob("*.index"))
    assert saved[0] == 0
    assert saved[-1] == 20_000
    assert np.diff(saved).max() < 200  # no save is lost; runs in progress may delay one
