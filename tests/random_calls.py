"""Random calls over all 16 arguments, and the outcome of a call, upstream and here.

Values are drawn by name, so that a failing call is readable and each function gets
objects of its own. Every call runs in an empty working directory with relative
directories, so that the files of two calls can be compared by name.
"""

import contextlib
import os
import pathlib
import shutil
import tempfile

import numpy as np
import tensorflow as tf
from hypothesis import strategies as st

from tfmts_compat._rules.call import Call
from tfmts_compat._upstream.names import UPSTREAM_NAMES

v1 = tf.compat.v1
train = v1.train

ARGUMENTS = list(Call.__dataclass_fields__)[:16]


class Hook(train.SessionRunHook):
    """A hook that does nothing."""


class MakesGlobalStep(train.SessionRunHook):
    def begin(self):
        train.get_or_create_global_step()


class RecordingHook:
    """A hook that is not a SessionRunHook, but has the five methods."""

    def begin(self): ...
    def after_create_session(self, session, coord): ...
    def before_run(self, run_context): ...
    def after_run(self, run_context, run_values): ...
    def end(self, session): ...


class StaticHook:
    """A class that works as a hook without an instance."""

    begin = after_create_session = before_run = after_run = end = staticmethod(lambda *_: None)


NUMBERS = {
    name: (lambda value=value: value)
    for name, value in {
        "None": None,
        "0": 0,
        "-1": -1,
        "1": 1,
        "7": 7,
        "1.5": 1.5,
        "inf": float("inf"),
        "True": True,
        "int64(5)": np.int64(5),
        "float32(2)": np.float32(2),
        "array([5])": np.array([5]),
    }.items()
}
ODD_NUMBERS = {
    name: (lambda value=value: value)
    for name, value in {
        "nan": float("nan"),
        "False": False,
        "'9'": "9",
        "''": "",
        "[]": [],
        "[1]": [1],
        "{}": {},
        "1j": 1j,
        "object": object(),
        "array([1, 2])": np.array([1, 2]),
    }.items()
}
DIRECTORIES = {
    "None": lambda: None,
    "''": lambda: "",
    "ckpt": lambda: "ckpt",
    "nested": lambda: "a/b/c",
    "Path": lambda: pathlib.Path("ckpt"),
    "trained": lambda: "trained",
}
ODD_DIRECTORIES = {
    "str_": lambda: np.str_("ckpt"),
    "file": lambda: "file",
    "under file": lambda: "file/sub",
    "bytes": lambda: b"ckpt",
    "3": lambda: 3,
    "0": lambda: 0,
    "True": lambda: True,
    "['x']": lambda: ["x"],
    # TensorFlow 2.4 has no list of the schemes that it knows
    **({"foo://": lambda: "foo://b/x"} if hasattr(tf.io.gfile, "get_registered_schemes") else {}),
}
HOOKS = {
    "None": lambda: None,
    "[]": list,
    "[Hook()]": lambda: [Hook()],
    "(Hook(), Hook())": lambda: (Hook(), Hook()),
    "generator": lambda: (hook for hook in [Hook()]),
    "[RecordingHook()]": lambda: [RecordingHook()],
    "[StopAtStepHook]": lambda: [train.StopAtStepHook(last_step=5)],
    "[CheckpointSaverHook]": lambda: [train.CheckpointSaverHook("other", save_steps=2)],
    "[MakesGlobalStep()]": lambda: [MakesGlobalStep()],
}
ODD_HOOKS = {
    "Hook()": Hook,
    "[Hook]": lambda: [Hook],
    "[None]": lambda: [None],
    "[Hook(), None]": lambda: [Hook(), None],
    "[StaticHook]": lambda: [StaticHook],
    "'x'": lambda: "x",
    "''": lambda: "",
    "3": lambda: 3,
    "dict": lambda: {"a": Hook()},
    "set": lambda: {Hook()},
}

# argument -> (plain values, odd and wrong values)
VALUES = {
    "master": (
        {"''": lambda: "", "None": lambda: None, "b''": lambda: b"", "server": None},
        {
            "foo://": lambda: "foo://x",
            "localhost:1": lambda: "localhost:1",
            "b'local'": lambda: b"local",
            "3": lambda: 3,
            "[]": list,
            "False": lambda: False,
        },
    ),
    "is_chief": (
        {"True": lambda: True, "False": lambda: False},
        {
            "None": lambda: None,
            "1": lambda: 1,
            "'False'": lambda: "False",
            "[]": list,
            "bool_(False)": lambda: np.bool_(False),
            "array([1, 2])": lambda: np.array([1, 2]),
        },
    ),
    "checkpoint_dir": (DIRECTORIES, ODD_DIRECTORIES),
    "scaffold": (
        {
            "None": lambda: None,
            "Scaffold()": train.Scaffold,
            "init_fn": lambda: train.Scaffold(init_fn=lambda scaffold, session: None),
        },
        {
            "0": lambda: 0,
            "{}": dict,
            "'x'": lambda: "x",
            "Scaffold": lambda: train.Scaffold,
            "object": object,
        },
    ),
    "hooks": (HOOKS, ODD_HOOKS),
    "chief_only_hooks": (HOOKS, ODD_HOOKS),
    "config": (
        {"None": lambda: None, "ConfigProto": v1.ConfigProto},
        {"{}": dict, "0": lambda: 0, "''": lambda: "", "class": lambda: v1.ConfigProto},
    ),
    "stop_grace_period_secs": ({"120": lambda: 120, "-1": lambda: -1}, {"'x'": lambda: "x"}),
    "max_wait_secs": ({"0": lambda: 0, "-1": lambda: -1, "0.01": lambda: 0.01}, {"'x'": str}),
    "summary_dir": ({**DIRECTORIES, "sum": lambda: "sum"}, ODD_DIRECTORIES),
    "save_graph_def": (
        {"True": lambda: True, "False": lambda: False},
        {"None": lambda: None, "'x'": lambda: "x", "array([1, 2])": lambda: np.array([1, 2])},
    ),
    **{
        name: (NUMBERS, ODD_NUMBERS)
        for name in ARGUMENTS
        if (name.startswith("save_") and name != "save_graph_def") or name.startswith("log_")
    },
}
GRAPHS = ["global step", "global step", "global step", "no global step", "finalized", "reopened"]


@st.composite
def calls(draw):
    """Draws a call: {argument: name of its value}, the number of positional ones, the graph."""
    chosen = draw(st.lists(st.sampled_from(ARGUMENTS), unique=True, max_size=7))
    if "is_chief" not in chosen and draw(st.integers(0, 4)):
        chosen.append("checkpoint_dir")  # without a directory most arguments have no effect
    picked = {}
    for name in chosen:
        plain, odd = VALUES[name]
        picked[name] = draw(st.sampled_from(sorted(plain)))
        if not draw(st.integers(0, 3)):
            picked[name] = draw(st.sampled_from(sorted(odd)))
    last = max((ARGUMENTS.index(name) for name in picked), default=-1)
    return picked, draw(st.sampled_from([0, 0, 1, 3, last + 1])), draw(st.sampled_from(GRAPHS))


class Ambiguous:
    """A value without a truth value, as an array of several numbers, but comparable by ==."""

    def __bool__(self):
        raise ValueError


def as_documented(values):
    """Returns the arguments with which upstream does what the table of departures describes."""
    values = dict(values)
    is_on = {}
    for name in ("save_checkpoint_secs", "save_checkpoint_steps"):
        value = values.get(name)
        try:
            is_on[name] = bool(value and value > 0)
        except (TypeError, ValueError):
            is_on[name] = None  # upstream raises its own error
    if values.get("save_checkpoint_secs") is not None and is_on["save_checkpoint_secs"]:
        if is_on["save_checkpoint_steps"] is not None and "save_checkpoint_steps" in values:
            values["save_checkpoint_steps"] = None  # D1
    elif is_on["save_checkpoint_steps"] and is_on["save_checkpoint_secs"] is False:
        values["save_checkpoint_secs"] = None  # D1
    for name in ("checkpoint_dir", "summary_dir"):
        if isinstance(values.get(name), pathlib.Path):
            values[name] = str(values[name])  # D3
    for name, value in values.items():
        if name.startswith("save_") and isinstance(value, np.ndarray) and value.size > 1:
            values[name] = Ambiguous()  # D5
    chief = values.get("is_chief", True)
    if not isinstance(chief, np.ndarray) and not chief and hasattr(values.get("hooks"), "send"):
        values["hooks"] = list(values["hooks"])  # D6
    return values


class Stage:
    """What the calls use: a server whose model is initialized, and a trained directory."""

    def __init__(self, directory):
        self.trained = os.path.join(directory, "trained")
        # An in-process server keeps variables alive, so that a worker finds them ready.
        self.server = train.Server.create_local_server()
        self._initialize(self.server.target)
        self._initialize("", self.trained)

    def _initialize(self, master, where=None):
        with self.graph("global step"), train.MonitoredTrainingSession(master, True, where):
            pass

    @contextlib.contextmanager
    def graph(self, kind):
        """Enters a new default graph; yields the op of a training step."""
        with tf.Graph().as_default() as graph:
            step = tf.no_op()
            if kind != "no global step":
                step = v1.assign_add(train.get_or_create_global_step(), 1)
            if kind == "reopened":
                with train.MonitoredSession(hooks=[train.StepCounterHook()]):
                    pass
            if kind in ("finalized", "reopened"):
                graph.finalize()
            yield step

    def values(self, picked):
        """Creates new objects for {argument: name of its value}."""
        return {
            name: self.server.target
            if value == "server"
            else {**VALUES[name][0], **VALUES[name][1]}[value]()
            for name, value in picked.items()
        }

    def outcome(self, function, picked, positional, kind, change=lambda values: values):
        """Calls the function, runs a step and closes the session.

        Returns what was built or raised, and the files that a rejected call wrote.
        """
        if "server" in picked.values():  # otherwise its global step continues from the last call
            self._initialize(self.server.target)
        values = change(self.values(picked))
        if not isinstance(values.get("is_chief", True), np.ndarray):
            # a worker without a chief would only wait
            values.setdefault("max_wait_secs", 0)
        names = ARGUMENTS[:positional]
        if any(name not in values for name in names):
            names = names[: next(i for i, name in enumerate(names) if name not in values)]
        args = [values.pop(name) for name in names]
        with tempfile.TemporaryDirectory() as directory, _inside(directory):
            pathlib.Path("file").touch()
            shutil.copytree(self.trained, "trained")
            before, built = _files(), None
            try:
                with self.graph(kind) as step:
                    session = function(*args, **values)
                    built = _described(session)
                    with session:
                        session.run(step)
                return {"built": built, "files": _files()}, set()
            except Exception as error:
                rejected = not built and not isinstance(error, tf.errors.DeadlineExceededError)
                return {"raised": type(error)}, _files() - before if rejected else set()
            finally:
                v1.summary.FileWriterCache.clear()


@contextlib.contextmanager
def _inside(directory):
    old = os.getcwd()
    os.chdir(directory)
    try:
        yield
    finally:
        os.chdir(old)


def _files():
    """Lists the files below the working directory, without the times in their names."""
    return {
        os.path.join(where, "events" if ".tfevents." in name else name)
        for where, _, names in os.walk(".")
        for name in names
    }


def upstream_class(value):
    """Returns the nearest class that upstream exports: the base class of a class of the shim."""
    exported = [getattr(train, name) for name in UPSTREAM_NAMES]
    return next((c for c in type(value).__mro__ if c in exported), type(value)).__name__


def _described(session):
    creator = session._coordinated_creator._session_creator
    return {
        "session": type(session),
        "grace": session._coordinated_creator._stop_grace_period_secs,
        "creator": (upstream_class(creator), _plain(vars(creator))),
        "hooks": [(upstream_class(hook), _plain(vars(hook))) for hook in session._hooks],
    }


def _plain(attributes):
    """Returns the attributes with plain values, and those of a timer."""
    plain = {}
    for name, value in attributes.items():
        if isinstance(value, train.SecondOrStepTimer):
            plain[name] = _plain(vars(value))
        elif isinstance(value, (str, bytes, int, float, bool, type(None), np.ndarray, np.generic)):
            plain[name] = repr(value)
    for name in ("_last_triggered_time", "_session_manager"):  # a time; created on first use
        plain.pop(name, None)
    # arguments that only the shim has, and what its saver hook stores about runs and saves
    for own in (
        *("_cache_runs", "_recovery_wait_secs", "_skipped", "_late_since"),
        *("_saved_before", "_state_watch"),
    ):
        plain.pop(own, None)
    return plain
