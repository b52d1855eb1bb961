"""What a graph has, and what can still be added to it."""

import pytest
import tensorflow as tf

from tfmts_compat._upstream import graphs

v1 = tf.compat.v1
train = v1.train


def test_a_graph_has_a_global_step_once_it_is_created(graph):
    assert not graphs.has_global_step()
    train.create_global_step()
    assert graphs.has_global_step()


def test_a_finalized_graph_can_read_the_step_only_if_a_hook_has_read_it_before():
    for read_before in (False, True):
        with tf.Graph().as_default() as graph:
            train.create_global_step()
            if read_before:
                graphs.get_global_step_read()
            assert graphs.can_read_global_step()
            graph.finalize()
            assert graphs.can_read_global_step() == read_before


def test_a_finalized_graph_needs_an_init_op_in_the_graph_or_the_scaffold(graph):
    init_op = tf.no_op()
    assert graphs.can_be_initialized(None)
    graph.finalize()
    assert not graphs.can_be_initialized(None)
    assert graphs.can_be_initialized(train.Scaffold(init_op=init_op))


def test_the_ops_of_a_run_are_found_once_and_name_the_variables_that_they_write(graph):
    weight = v1.get_variable("weight", initializer=1.0)
    other = v1.get_variable("other", initializer=[1.0])
    loss = tf.square(weight) + tf.gather(other, 0)
    optimizer = train.AdamOptimizer(0.01)
    op = optimizer.minimize(loss, var_list=[weight])

    def written(*fetches):
        ops = graphs.list_ops(graph, fetches, known)
        return {variable.name for op in ops for variable in graphs.list_written_variables(op)}

    known = set()
    assert written(loss, "other", "unknown:0", None) == set()
    assert {"weight", "weight/Adam"} <= written(op) <= {
        "weight", "weight/Adam", "weight/Adam_1", "beta1_power", "beta2_power"
    }  # fmt: skip
    assert written(op) == set()
    assert written(other.initializer) == {"other"}


LOCAL = [v1.GraphKeys.LOCAL_VARIABLES]


def accumulates():
    accumulator = v1.ConditionalAccumulator(tf.float32, [])
    return accumulator.apply_grad(1.0)


def inserts():
    table = tf.lookup.experimental.DenseHashTable(tf.int64, tf.int64, -1, -2, -3)
    return table.insert(tf.constant([1], tf.int64), tf.constant([1], tf.int64))


# What a run does with a variable: (its fetch, whether this may train).
RUNS = {
    "reads": (lambda variable: tf.gather(variable, 0) + tf.square(variable), False),
    "reads a local one": (lambda _: v1.get_variable("v", [], collections=LOCAL) + 1, False),
    "writes a local one": (
        lambda _: v1.get_variable("v", [], collections=LOCAL).assign(1.0),
        False,
    ),
    "reads the step": (lambda _: graphs.get_global_step_read(), False),
    "draws": (lambda variable: tf.random.uniform([]) + variable, False),
    "writes": (lambda variable: variable.assign([1.0]), True),
    "scatters": (lambda variable: v1.scatter_add(variable, [0], [1.0]), True),
    "calls": (lambda variable: tf.function(lambda: variable.assign([1.0]) + 1.0)(), True),
    "enqueues": (lambda variable: v1.FIFOQueue(1, tf.float32).enqueue(variable), True),
    "accumulates": (lambda _: accumulates(), True),
    "inserts": (lambda _: inserts(), True),
}


@pytest.mark.parametrize(
    ("name", "resource"),
    [*((name, True) for name in RUNS), *((name, False) for name in RUNS if name != "calls")],
)
def test_a_run_that_writes_more_than_local_variables_may_train(graph, name, resource):
    fetch, trains = RUNS[name]
    with v1.variable_scope("", use_resource=resource):
        train.create_global_step()
        fetched = fetch(v1.get_variable("weight", initializer=[1.0]))
    elements = graphs.list_elements(graph, {"caller": fetched})
    assert graphs.may_train(graph, elements) is trains


def test_a_call_of_tf_summary_without_a_writer_is_found(graph):
    assert graphs.find_disabled_summary() is None
    tf.summary.histogram("loss", tf.constant([1.0]))
    assert graphs.find_disabled_summary() == "loss/write_summary/Const"
    v1.summary.histogram("loss", tf.constant([1.0]), collections=[])
    assert graphs.find_disabled_summary() is None
