"""The default summary saver keeps its cadence if threads share a session (D7)."""

import glob
import threading

import numpy as np
import pytest
import tensorflow as tf

import tfmts_compat

v1 = tf.compat.v1
OPENERS = {
    "upstream": v1.train.MonitoredTrainingSession,
    "shim": tfmts_compat.MonitoredTrainingSession,
}


@pytest.mark.parametrize("opener", OPENERS)
def test_d7_the_summary_cadence_holds_if_threads_share_a_session(tmp_path, train_op, opener):
    v1.summary.scalar("number", tf.constant(1.0))
    with OPENERS[opener](checkpoint_dir=str(tmp_path), save_summaries_steps=5) as session:

        def work():
            for _ in range(250):
                session.run(train_op)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(1200)
    v1.summary.FileWriterCache.clear()
    (events,) = glob.glob(str(tmp_path / "events*"))
    steps = [
        event.step
        for event in v1.train.summary_iterator(events)
        for value in event.summary.value
        if value.tag == "number"
    ]
    cadence_holds = 150 <= len(steps) <= 250 and np.diff(steps).max() <= 30
    assert cadence_holds == (opener == "shim"), steps
