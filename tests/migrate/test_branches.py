"""Branches that become identical."""

import pytest

from tfmts_compat.migrate.rewrite import rewritten

from .helpers import dedented, found_to_change_by_hand

BRANCHES = {
    "try": """
        import tensorflow as tf
        import tfmts_compat
        try:
            Hook = tf.train.SessionRunHook
        except AttributeError:
            Hook = tf.estimator.SessionRunHook
        """,
    "if": """
        import tensorflow as tf
        import tfmts_compat
        if hasattr(tf.train, "Saver"):
            Hook = tf.train.SessionRunHook
        else:
            Hook = tf.estimator.SessionRunHook
        """,
    "expression": """
        import tensorflow as tf
        import tfmts_compat
        Hook = tf.train.SessionRunHook if tf.x else tf.estimator.SessionRunHook
        """,
    "imports": """
        import tensorflow
        import other
        try:
            from tensorflow.train import SessionRunHook
        except ImportError:
            from tensorflow.estimator import SessionRunHook
        """,
}


@pytest.mark.parametrize("source", BRANCHES.values(), ids=BRANCHES)
def test_branches_that_become_identical_are_reported(source):
    assert found_to_change_by_hand(source) == [(3, 1, "TFM211")]
    moved = rewritten(dedented(source), "module.py").text
    assert [code for _, _, code in found_to_change_by_hand(moved)] == ["TFM211"]


def test_branches_that_differ_are_not_reported():
    for other in ("Hook = None", "Hook = tf.train.SessionRunHook; x = 1"):
        source = BRANCHES["try"].replace("Hook = tf.estimator.SessionRunHook", other)
        assert found_to_change_by_hand(source) == []


def test_a_comment_ignores_identical_branches():
    source = BRANCHES["try"].replace("try:", "try:  # tfmts: ignore[TFM211]")
    assert found_to_change_by_hand(source) == []
