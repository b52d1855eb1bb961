"""What a graph has, and what can still be added to it."""

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
        ops = graphs.ops_of(graph, fetches, known)
        return {variable.name for op in ops for variable in graphs.list_written_variables(op)}

    known = set()
    assert written(loss, "other", "unknown:0", None) == set()
    assert {"weight", "weight/Adam"} <= written(op) <= {
        "weight", "weight/Adam", "weight/Adam_1", "beta1_power", "beta2_power"
    }  # fmt: skip
    assert written(op) == set()
    assert written(other.initializer) == {"other"}


def test_a_call_of_tf_summary_without_a_writer_is_found(graph):
    assert graphs.find_disabled_summary() is None
    tf.summary.histogram("loss", tf.constant([1.0]))
    assert graphs.find_disabled_summary() == "loss/write_summary/Const"
    v1.summary.histogram("loss", tf.constant([1.0]), collections=[])
    assert graphs.find_disabled_summary() is None
