"""Files that are skipped without being parsed."""

import pytest

from tfmts_compat.migrate.prefilter import may_hold_a_name


@pytest.mark.parametrize(
    "data",
    [
        b"import tensorflow as tf\ntf.train.Saver()  # MonitoredTrainingSession",
        b"def f(global_step): return global_step  # tensorflow",
        b"from other import Scaffold\nx.Scaffold()",
        b"self._sess = 1; self._sess.run()",
        b"",
    ],
)
def test_a_file_that_cannot_have_a_finding_is_skipped(data):
    assert not may_hold_a_name(data)
