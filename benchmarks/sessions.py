"""Sessions in this process: the time to open a session, and the time of a short training."""

import tempfile
import time

import model
import pairs
import tensorflow as tf

import tfmts_compat

v1 = tf.compat.v1
OPENERS = {
    "upstream": v1.train.MonitoredTrainingSession,
    "shim": tfmts_compat.MonitoredTrainingSession,
}


def measure(quick):
    """Yields (name, `pairs.case`)."""
    yield from _construction(5 if quick else 150)  # its target is 1 %, its noise 5 %
    yield from _training(5 if quick else 60)


def _construction(rounds):
    """Opens a session for a model of 20 variables, without the time to build the model."""

    def timed(opener, in_directory):
        def milliseconds():
            with tempfile.TemporaryDirectory() as directory, tf.Graph().as_default():
                model.classifier(layers=10)
                start = time.perf_counter()
                session = opener(checkpoint_dir=directory if in_directory else None)
                took = time.perf_counter() - start
                session.close()
                v1.summary.FileWriterCache.clear()
            return took * 1e3

        return milliseconds

    for name, in_directory in (
        ("construction, no directory", False),
        ("construction, fresh directory", True),
    ):
        sides = {side: timed(opener, in_directory) for side, opener in OPENERS.items()}
        yield name, pairs.case("ms", pairs.rounds(sides, rounds), 1.01)


def _training(rounds):
    """Opens a session, runs 200 steps of a small model and closes it, with all checkpoints."""

    def timed(opener, **cadence):
        def milliseconds():
            with tempfile.TemporaryDirectory() as directory, tf.Graph().as_default():
                train_op = model.classifier(layers=2)
                start = time.perf_counter()
                with opener(checkpoint_dir=directory, **cadence) as session:
                    for _ in range(200):
                        session.run(train_op)
                took = time.perf_counter() - start
                v1.summary.FileWriterCache.clear()
            return took * 1e3

        return milliseconds

    for name, cadence in (
        ("training, default cadence", {}),
        ("training, save_checkpoint_steps=100", {"save_checkpoint_steps": 100}),
    ):
        sides = {side: timed(opener, **cadence) for side, opener in OPENERS.items()}
        yield name, pairs.case("ms", pairs.rounds(sides, rounds), 1.0)
