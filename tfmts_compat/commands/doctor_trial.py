"""A small training in a separate process, for `tfmts-compat doctor`.

`run(FILE)` appends one line of JSON to FILE for each stage that worked, and one for the error if a
stage failed.
"""

from __future__ import annotations

import json
import tempfile
import warnings
from typing import Any, Iterator

import tfmts_compat
from tfmts_compat._upstream import loading

STAGES = (
    "import tensorflow",
    "opens a session",
    "trains ten steps",
    "saves a checkpoint",
    "restores it",
)
_STEPS = 10


def _run_stages() -> Iterator[None]:
    """Yields after each of STAGES."""
    tf = loading.quiet_tensorflow()
    yield
    with tempfile.TemporaryDirectory() as directory:
        steps = []
        with tf.Graph().as_default():
            train_op = _build_model(tf)
            with _open_session(directory) as session:
                yield
                while not session.should_stop():
                    steps.append(int(session.run(train_op)))
                _expect("global steps", steps, list(range(1, _STEPS + 1)))
                yield
        newest = tf.train.latest_checkpoint(directory)
        _expect("newest checkpoint", newest, f"{directory}/model.ckpt-{_STEPS}")
        yield
        with tf.Graph().as_default():
            _build_model(tf)
            step = tf.compat.v1.train.get_global_step()
            with tfmts_compat.MonitoredTrainingSession(checkpoint_dir=directory) as session:
                _expect("restored global step", int(session.run(step)), _STEPS)
        yield


def _build_model(tf: Any) -> Any:
    step = tf.compat.v1.train.get_or_create_global_step()
    weights = tf.compat.v1.get_variable("weights", [10])
    with tf.control_dependencies([tf.compat.v1.assign_add(weights, tf.ones([10]))]):
        return tf.compat.v1.assign_add(step, 1)


def _open_session(directory: str) -> Any:
    return tfmts_compat.MonitoredTrainingSession(
        checkpoint_dir=directory,
        save_checkpoint_steps=_STEPS,
        hooks=[tfmts_compat.StopAtStepHook(last_step=_STEPS)],
    )


def _expect(what: str, value: object, expected: object) -> None:
    if value != expected:
        raise RuntimeError(f"the {what} should be {expected}; it is {value}")


def run(path: str) -> None:
    """Runs the stages.

    Args:
      path: the file that gets the lines.
    """
    warnings.simplefilter("ignore")
    with open(path, "a", encoding="utf-8", buffering=1) as file:
        try:
            for _ in _run_stages():
                file.write(json.dumps({}) + "\n")
        except Exception as problem:
            why = str(problem)
            if not isinstance(problem, loading.TensorFlowUnavailableError):
                why = f"{type(problem).__name__}: {why}"
            file.write(json.dumps({"error": why.splitlines()[0]}) + "\n")
