"""Random trainings: a model, a call, hooks, and the actions on the session.

A training is plain data, so that a failing one is readable. `scenario` converts it to a
parity scenario, which `tfmts_compat.parity.trace` runs and traces. Tensors that a run can
fetch are computed before the train op, because there would be a race otherwise.
"""

import collections
import dataclasses
import functools
import glob
import os
import pathlib
import re
from typing import Any

import numpy as np
import tensorflow as tf
from hypothesis import strategies as st

from tfmts_compat._upstream import graphs, sessions
from tfmts_compat.parity.probes import RecordingHook
from tfmts_compat.parity.scenario import Scenario

v1 = tf.compat.v1
train = v1.train
errors = tf.errors

Pair = collections.namedtuple("Pair", "first second")
HOUR, ALWAYS = 3600, 1e-9  # seconds


@dataclasses.dataclass(frozen=True)
class Model:
    """A weight, its loss, and a global step.

    Attributes:
      start: the global step's initial value.
      advance: how far a run of the train op advances it.
      records: how many records the input has; None means no input.
      nan_at: the weight from which on the loss is NaN.
    """

    start: int
    advance: int
    records: Any
    nan_at: float


@dataclasses.dataclass(frozen=True)
class Action:
    """An action on the session, done `times` times; its errors end the training unless `caught`."""

    kind: str
    fetches: str
    feed: str
    times: int
    caught: bool


@dataclasses.dataclass(frozen=True)
class Training:
    """One or two sessions with the same directory; the fields contain only names and numbers."""

    model: Model
    arguments: dict
    hooks: tuple
    chief_only_hooks: tuple
    heeds_stop: bool
    sessions: tuple


# The model


def build(run, model):
    """Builds the model in the default graph; its parts are found by name."""
    step = v1.get_variable(
        "global_step",
        initializer=np.int64(model.start),
        trainable=False,
        collections=[v1.GraphKeys.GLOBAL_VARIABLES, v1.GraphKeys.GLOBAL_STEP],
    )
    weight = v1.get_variable("weight", initializer=0.0)
    x = v1.placeholder_with_default(0.5, [], name="x")
    y = v1.placeholder_with_default([1.0, 2.0], [None], name="y")
    total = tf.reduce_sum(y, name="total")
    value = weight.read_value()
    loss = v1.where(tf.less(value, model.nan_at), value * x, float("nan"), name="loss")
    fetched = [graphs.get_global_step_read(), x, y, total, loss]
    fetched += [v1.get_default_graph().as_graph_element(variable) for variable in (step, weight)]
    fetched += [v1.summary.scalar("weight_summary", value), tf.constant("text", name="text")]
    fetched += [v1.summary.histogram("y_summary", y)]
    if model.records is not None:
        records = v1.data.Dataset.range(model.records)
        fetched.append(tf.identity(v1.data.make_one_shot_iterator(records).get_next(), "record"))
    with tf.control_dependencies([*fetched, _sparse().values]), tf.control_dependencies(
        [v1.assign_add(weight, x)]
    ):
        run.train_op = v1.assign_add(step, model.advance)


def _sparse():
    return tf.SparseTensor([[0, 1]], tf.constant([2.0], name="sparse_values"), [1, 2])


def _part(name):
    return v1.get_default_graph().get_tensor_by_name(f"{name}:0")


def _variable(name):
    (found,) = [v for v in v1.global_variables() if v.op.name == name]
    return found


def _slices():
    return tf.IndexedSlices(_part("y"), _part("y"))


# The fetches of a run; `op` is the train op, or the loss if the run evaluates
FETCHES = {
    "op": lambda op: op,
    "list": lambda op: [op, _part("loss")],
    "one in a list": lambda op: [op],
    "tuple": lambda op: (op, _part("x"), _part("x")),
    "dict": lambda op: {"op": op, "y": _part("y"), "total": _part("total")},
    "ordered": lambda op: collections.OrderedDict([("z", op), ("a", [_part("total")])]),
    "named": lambda op: Pair(op, Pair(_part("loss"), [])),
    "nested": lambda op: [{"a": [op, (_part("loss"),)]}, [], _part("text")],
    "operation": lambda op: [getattr(op, "op", op), _part("loss").op],
    "variable": lambda op: [op, _variable("weight"), _variable("global_step")],
    "names": lambda op: [op, "loss:0", "weight"],
    "summary": lambda op: [op, _part("weight_summary")],
    "slices": lambda op: [op, _slices()],
    "none": lambda op: [op, None],
    "unknown": lambda op: [op, "nothing:0"],
}
FEEDS = {
    "nothing": lambda: None,
    "empty": dict,
    "array": lambda: {_part("y"): np.array([3.0, 4.0, 5.0], np.float32)},
    "two": lambda: {_part("x"): np.float32(1.5), _part("y"): np.zeros(0, np.float32)},
    "number": lambda: {_part("x"): 2},
    "list": lambda: {_part("y"): [0.25, 0.5]},
    "float64": lambda: {_part("y"): np.array([0.25, 0.5])},
    "name": lambda: {"x:0": 0.25},
    "loss": lambda: {_part("loss"): np.array(7.0, np.float32)},
    "nan": lambda: {_part("loss"): float("nan")},
    "shape": lambda: {_part("y"): np.ones([2, 2], np.float32)},
    "type": lambda: {_part("x"): "text"},
    "unknown": lambda: {"nothing:0": 1},
    "variable": lambda: {_variable("weight"): 0.75},
    "other graph": lambda: {_elsewhere(): 1.0},
}


def _elsewhere():
    with tf.Graph().as_default():
        return tf.constant(1.0)


# Hooks

ERRORS = {
    "Aborted": lambda: errors.AbortedError(None, None, "made up"),
    "Unavailable": lambda: errors.UnavailableError(None, None, "made up"),
    "OutOfRange": lambda: errors.OutOfRangeError(None, None, "made up"),
    "Internal": lambda: errors.InternalError(None, None, "made up"),
    "ValueError": lambda: ValueError("made up"),
    "StopIteration": lambda: StopIteration("made up"),
}
METHODS = ("begin", "after_create_session", "before_run", "after_run", "end")


class UserHook(RecordingHook):
    """Records all its calls, adds fetches and feeds, and does something in one of the calls.

    Args:
      run: records the calls.
      fetches: a name in FETCHES, or None.
      feed: a name in FEEDS.
      does: "stop", "train", "evaluate", or a name in ERRORS.
      method: the method that does it.
      call: the call of this method that does it; 0 is the first.
      traced: whether it requests a full trace in that run.
    """

    def __init__(self, run, fetches, feed, does, method, call, traced):
        super().__init__(run, "user")
        self.fetches, self.feed, self.traced = fetches, feed, traced
        self.does, self.at, self.counts = does, (method, call), collections.Counter()

    def _called(self, method, session=None, context=None):
        self._note(method)
        self.counts[method] += 1
        if self.at != (method, self.counts[method] - 1):
            return
        if self.does in ERRORS:
            raise ERRORS[self.does]()
        if self.does == "stop" and context:
            context.request_stop()
        elif self.does in ("train", "evaluate") and session:
            fetches = self.run.train_op if self.does == "train" else [_part("loss"), _part("y")]
            note(self.run, session.run(fetches, FEEDS[self.feed]()))

    def begin(self):
        self._called("begin")

    def after_create_session(self, session, coord):
        self._called("after_create_session", session)

    def before_run(self, run_context):
        self._called("before_run", run_context.session, run_context)
        original = run_context.original_args
        self.run.calls.append(f"{type(original.fetches).__name__}, {len(original.feed_dict or ())}")
        if self.fetches is None:
            return None
        traced = self.traced and self.counts["before_run"] - 1 == self.at[1]
        options = v1.RunOptions(trace_level=v1.RunOptions.FULL_TRACE) if traced else None
        return train.SessionRunArgs(
            FETCHES[self.fetches](_part("total")), FEEDS[self.feed](), options
        )

    def after_run(self, run_context, run_values):
        note(self.run, run_values.results)
        traced = run_values.run_metadata.HasField("step_stats")
        self.run.calls.append(f"options {run_values.options}, traced {traced}")
        self._called("after_run", run_context.session, run_context)

    def end(self, session):
        self._called("end", session)


class Listener(train.CheckpointSaverListener):
    def __init__(self, run, stops):
        self.run, self.stops = run, stops

    def __repr__(self):  # is in a log line
        return "Listener()"

    def before_save(self, session, step):
        self.run.calls.append(f"before_save {step} {session.run(_part('loss'))}")

    def after_save(self, session, step):
        self.run.calls.append(f"after_save {step}")
        return self.stops

    def end(self, session, step):
        self.run.calls.append(f"listener ends {step}")


def _final_ops(run, fetches, feed):
    hook = train.FinalOpsHook(FETCHES[fetches](_part("loss")), FEEDS[feed]())

    class Noting(train.SessionRunHook):
        def end(self, session):
            note(run, hook.final_ops_values)

    return [hook, Noting()]


def _profiler(run, save_steps):
    hook = train.ProfilerHook(save_steps=save_steps, output_dir=run.path("own"))
    v1.summary.FileWriterCache.get(run.path("own")).flush()  # otherwise a thread opens the file
    return hook


# name -> (strategies for its arguments, a function that creates the hook or several hooks)
_TIMES = st.sampled_from([1, 2, 3, 7])
_FETCHES = st.sampled_from(["op"] * 10 + sorted(FETCHES))
_FEEDS = st.sampled_from(["nothing", "array", "two"] * 8 + sorted(FEEDS))
_TAME_FETCHES = st.sampled_from(sorted(FETCHES.keys() - {"none", "unknown"}))
HOOKS = {
    "UserHook": (
        {
            "fetches": st.none() | _TAME_FETCHES,
            "feed": st.sampled_from(["nothing"] * 20 + sorted(FEEDS)),
            "does": st.sampled_from(["nothing", "train", "evaluate"] * 3 + ["stop", *ERRORS]),
            "method": st.sampled_from([*METHODS, "before_run", "after_run"]),
            "call": st.integers(0, 6),
            "traced": st.integers(0, 9).map(lambda number: not number),
        },
        UserHook,
    ),
    "StopAtStepHook": (
        {"last_step": st.none() | st.integers(0, 20), "num_steps": st.integers(1, 400)},
        lambda run, last_step, num_steps: train.StopAtStepHook(
            **({"num_steps": num_steps} if last_step is None else {"last_step": last_step})
        ),
    ),
    "CheckpointSaverHook": (
        {"save_steps": st.integers(1, 300), "stops": st.booleans()},
        lambda run, save_steps, stops: train.CheckpointSaverHook(
            run.path("own"), save_steps=save_steps, listeners=[Listener(run, stops)]
        ),
    ),
    "StepCounterHook": (
        {"every_n_steps": st.integers(1, 100)},
        lambda run, **every: train.StepCounterHook(output_dir=run.path("own"), **every),
    ),
    "NanTensorHook": (
        {"fail_on_nan_loss": st.booleans()},
        lambda run, **fail: train.NanTensorHook(_part("loss"), **fail),
    ),
    "SummarySaverHook": (
        {"save_steps": st.integers(1, 100)},
        lambda run, **every: train.SummarySaverHook(
            output_dir=run.path("own"), summary_op=_part("weight_summary"), **every
        ),
    ),
    "LoggingTensorHook": (
        {"every_n_iter": st.none() | _TIMES},
        lambda run, **every: train.LoggingTensorHook(
            {"loss": "loss:0", "y": _part("y")}, at_end=True, formatter=str, **every
        ),
    ),
    "GlobalStepWaiterHook": (
        {"wait_until_step": st.just(0)},
        lambda run, **until: train.GlobalStepWaiterHook(**until),
    ),
    "FinalOpsHook": ({"fetches": _FETCHES, "feed": _FEEDS}, _final_ops),
    "FeedFnHook": (
        {"feed": st.sampled_from(["array", "two", "list", "loss", "shape"])},
        lambda run, feed: train.FeedFnHook(FEEDS[feed]),
    ),
    "ProfilerHook": (
        {"save_steps": st.integers(1, 300)},
        _profiler,
    ),
}


def made(run, hooks):
    """Creates the hooks of [(name, arguments)]."""
    listed = []
    for name, arguments in hooks:
        hook = HOOKS[name][1](run, **arguments)
        listed += hook if isinstance(hook, list) else [hook]
    return listed


# The call

SCAFFOLDS = {
    "Scaffold()": lambda run: train.Scaffold(),
    "keeps all": lambda run: train.Scaffold(saver=train.Saver(max_to_keep=None)),
    "init_fn": lambda run: train.Scaffold(
        init_fn=lambda scaffold, session: note(run, session.run([_part("loss"), _part("y")]))
    ),
    "summary_op": lambda run: train.Scaffold(summary_op=_part("weight_summary")),
}
_STEPS = st.none() | st.integers(1, 300) | st.floats(0.5, 100)
_SECS = st.sampled_from([None, ALWAYS, HOUR])
ARGUMENTS = {
    "checkpoint_dir": st.sampled_from(["", "a", "a", "a", "a", "a/b", pathlib.Path("a")]),
    "summary_dir": st.sampled_from(["a", "sum"]),
    "save_checkpoint_steps": _STEPS,
    "save_checkpoint_secs": _SECS,
    "save_summaries_steps": _STEPS,
    "save_summaries_secs": _SECS,
    "log_step_count_steps": st.sampled_from([None, 1, 2, 5, 40]),
    "save_graph_def": st.booleans(),
    "scaffold": st.sampled_from(sorted(SCAFFOLDS)),
    "master": st.sampled_from(["", "", "", "server"]),
    "stop_grace_period_secs": st.just(1),
}


@functools.lru_cache(maxsize=None)
def _server():
    return train.Server({"local": ["127.0.0.1:0"]}, start=True).target


def arguments_of(training, run):
    """Creates new objects for the arguments of the training's call."""
    arguments = dict(training.arguments)
    for name in ("checkpoint_dir", "summary_dir"):
        if arguments.get(name):
            arguments[name] = type(arguments[name])(run.path(arguments[name]))
    if "scaffold" in arguments:
        arguments["scaffold"] = SCAFFOLDS[arguments["scaffold"]](run)
    if arguments.get("master"):
        arguments["master"] = _server()
        if not run.run_index:
            v1.Session.reset(_server())  # its variables outlive a session
    for name in ("hooks", "chief_only_hooks"):
        arguments[name] = made(run, getattr(training, name))
    return arguments


# The actions on the session


def _train(run, session, fetches, feed):
    return session.run(FETCHES[fetches](run.train_op), FEEDS[feed]())


def _evaluate(run, session, fetches, feed):
    return session.run(FETCHES[fetches](_part("loss")), feed_dict=FEEDS[feed]())


def _raw(run, session, fetches, feed):
    return _train(run, sessions.get_tf_session(session), fetches, feed)


def _step_fn(times, raw=False, stop=False):
    def act(run, session, fetches, feed):
        def step_fn(step_context):
            if raw:
                note(run, _train(run, step_context.session, fetches, feed))
            if stop:
                step_context.request_stop()
            structure = FETCHES[fetches](run.train_op)
            return [step_context.run_with_hooks(structure, FEEDS[feed]()) for _ in range(times)]

        return session.run_step_fn(step_fn)

    return act


def _traced(run, session, fetches, feed):
    metadata = v1.RunMetadata()
    options = v1.RunOptions(trace_level=v1.RunOptions.SOFTWARE_TRACE)
    structure = FETCHES[fetches](run.train_op)
    values = session.run(structure, FEEDS[feed](), options=options, run_metadata=metadata)
    return [values, metadata.HasField("step_stats")]


def _raises(error):
    def act(run, session, fetches, feed):
        raise ERRORS[error]()

    return act


ACTIONS = {
    "train": _train,
    "evaluate": _evaluate,
    "raw": _raw,
    "traced": _traced,
    "step_fn": _step_fn(1),
    "step_fn, twice": _step_fn(2),
    "step_fn, raw": _step_fn(0, raw=True),
    "step_fn, both": _step_fn(1, raw=True),
    "step_fn, stop": _step_fn(1, stop=True),
    "close": lambda run, session, fetches, feed: session.close(),
    "should_stop": lambda run, session, fetches, feed: session.should_stop(),
    **{f"raise {name}": _raises(name) for name in ERRORS},
}
_COMMON = ["train"] * 20 + ["evaluate"] * 6 + ["raw", "step_fn", "step_fn, twice"] * 3


def loop(training, run, session):
    """Does the actions, then records the contents of the files."""
    try:
        with session:
            for action in training.sessions[run.run_index]:
                for _ in range(action.times):
                    if training.heeds_stop and session.should_stop():
                        note(run, "stopped")
                        return
                    _attempt(run, session, action)
    except Exception as error:
        note(run, _said(error))
        raise
    finally:
        v1.summary.FileWriterCache.clear()
        note(run, {"ops": [op.name for op in v1.get_default_graph().get_operations()]})
        note(run, {"checkpoints": _contents(run.root), "summaries": _summaries(run.root)})


def _attempt(run, session, action):
    try:
        note(run, ACTIONS[action.kind](run, session, action.fetches, action.feed))
    except Exception as error:
        if not action.caught:
            raise
        note(run, _said(error))


def note(run, value):
    """Records a value with its types, which JSON does not keep."""
    run.values.append(_shown(value))


def _shown(value):
    if isinstance(value, dict):
        return {type(value).__name__: [[key, _shown(item)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [_shown(item) for item in value]}
    if isinstance(value, (np.ndarray, np.generic)):
        return f"{type(value).__name__} {value.dtype} {value.tolist()}"
    return repr(value) if not isinstance(value, str) else value


# A line of a stack trace that names a file, and the source line below it
_FRAME = re.compile(r'^( *)File "[^\n]*\n?(?:\1 +[^\n]*\n?)?', re.MULTILINE)

# A line that the shim adds to the message of an error; tests/extensions/test_run_errors.py
_CAUSE = re.compile(
    "The caller's fetches do not need |This session has not initialized |"
    ".* (is in|was created for) another graph|.* was created after an earlier session|"
    "Opening a session makes |A hook or a thread has requested a stop"
)


def _said(error):
    """Returns an error's class, op and message, without the stack trace of the op's creation."""
    op = getattr(error, "op", None)
    message = str(error).split("Recent warning and error logs:")[0]  # a server's logs have times
    lines = [line for line in _FRAME.sub("", message).splitlines() if not _CAUSE.match(line)]
    return [type(error).__name__, getattr(op, "name", None), *lines]


def _contents(root):
    """Returns the values of all checkpoints below root."""
    return {
        os.path.relpath(index, root): {
            name: repr(train.load_variable(index[: -len(".index")], name))
            for name, _ in train.list_variables(index[: -len(".index")])
        }
        for index in sorted(glob.glob(os.path.join(root, "**", "*.index"), recursive=True))
    }


def _summaries(root):
    """Returns the values of all summaries except steps per second, in order."""
    return [
        f"{value.tag} @{event.step} {value.simple_value} {value.histo.bucket}"
        for file in sorted(glob.glob(os.path.join(root, "**", "*.tfevents.*"), recursive=True))
        for event in train.summary_iterator(file)
        for value in event.summary.value
        if not value.tag.endswith("/sec")
    ]


def scenario(training):
    """Converts a training to a parity scenario."""
    return Scenario(
        "training",
        functools.partial(arguments_of, training),
        model=functools.partial(build, model=training.model),
        train=functools.partial(loop, training),
        runs=len(training.sessions),
    )


# The strategy


@st.composite
def trainings(draw):
    """Returns a random training."""
    model = Model(
        start=draw(st.sampled_from([0, 0, 1, 99, 2**33]) | st.integers(0, 10**6)),
        advance=draw(st.integers(1, 64)),
        records=draw(st.sampled_from([None, None, 1000]) | st.integers(0, 12)),
        nan_at=draw(st.sampled_from([1000.0, 1000.0, 3.0])),
    )
    names = draw(st.lists(st.sampled_from(sorted(ARGUMENTS)), unique=True, max_size=7))
    if "save_summaries_secs" in names:  # both are rejected; test_differential tests such calls
        names = [name for name in names if name != "save_summaries_steps"]
    arguments = {name: draw(ARGUMENTS[name]) for name in sorted({"checkpoint_dir", *names})}
    return Training(
        model,
        arguments,
        draw(_hooks(model)),
        draw(_hooks(model)),
        draw(st.booleans()),
        tuple(draw(_actions()) for _ in range(draw(st.sampled_from([1, 1, 2])))),
    )


@st.composite
def _hooks(draw, model):
    hooks = []
    for name in draw(st.lists(st.sampled_from(["UserHook", *HOOKS]), max_size=2)):
        arguments = {key: draw(strategy) for key, strategy in HOOKS[name][0].items()}
        if arguments.get("last_step") is not None:
            arguments["last_step"] = model.start + model.advance * arguments["last_step"]
        hooks.append((name, arguments))
    return tuple(hooks)


@st.composite
def _actions(draw):
    return tuple(
        Action(
            kind,
            draw(_FETCHES),
            draw(_FEEDS),
            draw(st.integers(1, 8)),
            draw(st.booleans()),
        )
        for kind in draw(st.lists(st.sampled_from(_COMMON + sorted(ACTIONS)), max_size=6))
    )
