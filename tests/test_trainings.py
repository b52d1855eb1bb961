"""Random trainings: the shim's trace is upstream's, except for the numbered departures."""

import os
import re
import warnings

import tensorflow as tf
from helpers import pitfall
from hypothesis import HealthCheck, given, settings
from random_calls import as_documented
from random_trainings import scenario, trainings

import tfmts_compat
from tfmts_compat.parity import comparison, trace

# 150 in CI, see .ci/run; `TFMTS_TRAININGS=3000 tox -e tests -- tests/test_trainings.py`
TRAININGS = int(os.environ.get("TFMTS_TRAININGS", "20"))
train = tf.compat.v1.train
_LIMITED = "It seems that global step (tf.train.get_global_step) has not been increased"


class CheckpointSaverHook(train.CheckpointSaverHook):
    """Upstream's hook with D4: after a run that advances the step far, a save may be a run late.

    "Far" is more than twice the largest recent advance. Advances are differences of the values
    that runs fetched, and the largest one decreases by one percent with each advance.
    """

    def after_create_session(self, session, coord):
        self.fetched, self.advance = None, 0
        super().after_create_session(session, coord)

    def after_run(self, run_context, run_values):
        step, before = int(run_values.results), self.fetched
        self.fetched = step
        if before is not None and step > before:
            self.advance = max(step - before, 0.99 * self.advance)
        expected = step + int(2 * self.advance)
        if expected == step or self._timer.should_trigger_for_step(expected):
            super().after_run(run_context, run_values)


def with_d4(arguments):
    """Returns the call with a saver hook that follows D4 instead of the default saver."""
    scaffold = arguments.get("scaffold") or train.Scaffold()
    saver = CheckpointSaverHook(
        arguments["checkpoint_dir"],
        save_steps=arguments["save_checkpoint_steps"],
        scaffold=scaffold,
        save_graph_def=arguments.get("save_graph_def", True),
    )
    return {
        **arguments,
        "save_checkpoint_secs": None,
        "save_checkpoint_steps": None,
        "scaffold": scaffold,
        "hooks": [saver, *arguments["hooks"]],
    }


def has_d4(arguments):
    return bool(arguments["checkpoint_dir"]) and bool(arguments.get("save_checkpoint_steps"))


def recorded(training, function, change=lambda arguments: arguments):
    """Records the trace without a warning that TensorFlow logs only five times per process."""
    described = scenario(training)
    runs = trace.record(described, function, lambda run: change(described.call(run)))
    return [
        {**run, "log": [line for line in run.get("log", ()) if _LIMITED not in line]}
        for run in runs
    ]


def find_unexpected(training, texts):
    """Returns the warnings of the shim that this training does not deserve."""
    hooks = [*training.hooks, *training.chief_only_hooks]
    stops = any(arguments.get("last_step") is not None for _, arguments in hooks)
    expected = ["steps-turn-off", "nothing-left"] if stops else ["steps-turn-off"]
    return [text for text in texts if not any(re.match(pitfall(name), text) for name in expected)]


@settings(
    max_examples=TRAININGS,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
@given(training=trainings())
def test_a_training_has_upstreams_trace(training):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", tfmts_compat.TfmtsCompatWarning)
        shim = recorded(training, tfmts_compat.MonitoredTrainingSession)
        upstream = recorded(training, train.MonitoredTrainingSession, as_documented)
        if shim != upstream and has_d4(as_documented(training.arguments)):
            upstream = recorded(
                training,
                train.MonitoredTrainingSession,
                lambda given: with_d4(as_documented(given)),
            )
    assert find_unexpected(training, [str(w.message) for w in caught]) == []
    differences = comparison.find_differences(upstream, shim)
    assert not differences, "\n".join(
        comparison.describe_difference(place, ("upstream", value), ("the shim", shims_value))
        for place, value, shims_value in differences
    )
