"""The private parts of TensorFlow's sessions, hooks and graphs, compared with what they do."""

import pytest
import tensorflow as tf
from random_calls import Hook, MakesGlobalStep, RecordingHook

from tfmts_compat._upstream import sessions

train = tf.compat.v1.train
HOOKS = {
    "CheckpointSaverHook": lambda: train.CheckpointSaverHook("d", save_steps=1),
    "FeedFnHook": lambda: train.FeedFnHook(dict),
    "FinalOpsHook": lambda: train.FinalOpsHook(None),
    "GlobalStepWaiterHook": lambda: train.GlobalStepWaiterHook(0),
    "LoggingTensorHook": lambda: train.LoggingTensorHook([], every_n_iter=1),
    "NanTensorHook": lambda: train.NanTensorHook(None),
    "ProfilerHook": lambda: train.ProfilerHook(save_steps=1),
    "StepCounterHook": lambda: train.StepCounterHook(output_dir="d"),
    "StopAtStepHook": lambda: train.StopAtStepHook(last_step=1),
    "SummarySaverHook": lambda: train.SummarySaverHook(1, output_dir="d", summary_op=tf.no_op()),
    "a subclass": lambda: type("Own", (train.StopAtStepHook,), {})(last_step=1),
    "a hook of a user": Hook,
    "a hook without the base class": RecordingHook,
}
pytestmark = pytest.mark.usefixtures("working_directory", "graph")


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_needs_a_global_step_if_its_begin_fails_without_one(name):
    hook = HOOKS[name]()
    try:
        hook.begin()
    except RuntimeError:
        needs = True
    else:
        needs = False
    assert sessions.needs_global_step(hook) is needs


@pytest.mark.parametrize(
    ("hook", "own"),
    [(HOOKS["a subclass"], False), (Hook, False), (RecordingHook, True), (MakesGlobalStep, True)],
)
def test_only_a_begin_that_a_user_wrote_may_do_anything(hook, own):
    assert sessions.has_own_begin(hook()) is own


@pytest.mark.parametrize(
    ("name", "directory"), [("CheckpointSaverHook", "d"), ("a subclass", None)]
)
def test_only_a_saver_hook_has_a_directory_for_checkpoints(name, directory):
    assert sessions.find_saver_directory(HOOKS[name]()) == directory


@pytest.mark.parametrize("master", [None, "", b"", "grpc://localhost:1"])
def test_a_master_that_tensorflow_accepts_has_no_scheme_error(master):
    assert sessions.find_scheme_error(master) is None


@pytest.mark.parametrize("master", ["local", b"local", "http://x"])
def test_an_unknown_scheme_of_a_master_is_tensorflows_error(master):
    assert isinstance(sessions.find_scheme_error(master), tf.errors.NotFoundError)


class Unreadable:
    @property
    def __dict__(self):
        raise RuntimeError("mine")


@pytest.mark.parametrize(
    ("held", "may"), [([1] * 20_000, True), (Unreadable(), True), ([1], False)]
)
def test_a_hook_whose_objects_cannot_all_be_read_may_synchronize(held, may):
    hook = HOOKS["a subclass"]()
    hook.held = held
    assert sessions.synchronizes(hook, is_chief=True) is may
