"""What a graph has, and what can still be added to it."""

import tensorflow as tf

from tfmts_compat._upstream import graphs

train = tf.compat.v1.train


def test_a_graph_has_a_global_step_once_it_is_created(graph):
    assert not graphs.has_global_step()
    train.create_global_step()
    assert graphs.has_global_step()


def test_a_finalized_graph_can_read_the_step_only_if_a_hook_has_read_it_before():
    for read_before in (False, True):
        with tf.Graph().as_default() as graph:
            train.create_global_step()
            if read_before:
                graphs.global_step_read()
            assert graphs.can_read_global_step()
            graph.finalize()
            assert graphs.can_read_global_step() == read_before


def test_a_finalized_graph_needs_an_init_op_in_the_graph_or_the_scaffold(graph):
    init_op = tf.no_op()
    assert graphs.can_be_initialized(None)
    graph.finalize()
    assert not graphs.can_be_initialized(None)
    assert graphs.can_be_initialized(train.Scaffold(init_op=init_op))
