"""Statements that are left out before LibCST parses a module."""

import pytest

from tfmts_compat.migrate.edits import split_lines
from tfmts_compat.migrate.excerpt import excerpt

BEFORE = """\
'''Docstring with tf.train.Scaffold.'''
import numpy
import tensorflow as tf

def other():
    return numpy.zeros(1)

class Model:
    size = 3

    def build(self):
        x = numpy.ones(2)
        return tf.train.Scaffold()
"""
AFTER = """\
'''Docstring with tf.train.Scaffold.'''
import tensorflow as tf
class Model:
    pass
    def build(self):
        pass
        return tf.train.Scaffold()
"""


def test_statements_that_cannot_use_a_name_are_left_out():
    assert excerpt(BEFORE, split_lines(BEFORE)) == (AFTER, [1, 3, 8, 9, 11, 12, 13])


@pytest.mark.parametrize(
    "source",
    [
        "import numpy\nx = numpy.zeros(1)\n",
        "@export('train.Scaffold')\nclass Scaffold:\n    pass\n",
        "# tf.train.Scaffold\nx = 1\n",
    ],
)
def test_a_module_that_cannot_have_a_finding_is_left_out(source):
    assert excerpt(source, split_lines(source)) is None
