"""What a run of a program leaves in its directory, as values that can be compared.

Placeholders replace text that differs between any two runs: times, process ids, host names and
random names.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
from typing import Any, Iterator

from tfmts_compat._upstream import loading

DIRECTORY = "{dir}"
_VARIABLE_TEXT = [
    (re.compile(r"events\.out\.tfevents\.[^\s/]+"), "events.out.tfevents.TIME.HOST"),
    (re.compile(r"_temp_[0-9a-f]{32}"), "_temp_RANDOM"),
    # The graph contains the directory.
    (re.compile(r"_tfdbg_graph_hash\d+"), "_tfdbg_graph_hash"),
    (re.compile(r"(?<=_)\d{16}(?!\d)"), "TIME"),
    (re.compile(r"(?<!\d)\d{8}_\d{6}(?!\d)"), "TIME"),
    (re.compile(r"(127\.0\.0\.1|localhost):\d+"), "HOST:PORT"),
]
_SHARD = re.compile(r"\.data-\d{5}-of-\d{5}$")


def read_outcome(directory: str) -> dict[str, dict[str, Any]]:
    """Returns the checkpoints, events and other files in a directory. Needs TensorFlow.

    Returns:
      `checkpoints`: for each checkpoint its tensors, each with its type, shape and value; for each
      file named `checkpoint` the checkpoints that it lists. `events`: for each directory the
      events by step and tag. `files`: the digest of each file that is neither.
    """
    names = sorted(
        name
        for name in glob.glob(f"{glob.escape(directory)}/**", recursive=True)
        if os.path.isfile(name)
    )
    prefixes = {_SHARD.sub("", name) for name in names if _SHARD.search(name)}
    outcome: dict[str, dict[str, Any]] = {"checkpoints": {}, "events": {}, "files": {}}
    for name in names:
        short = normalize(os.path.relpath(name, directory), directory)
        stem, extension = os.path.splitext(name)
        if extension == ".index" and stem in prefixes:
            outcome["checkpoints"][os.path.splitext(short)[0]] = dict(_read_tensors(stem))
        elif os.path.basename(name) == "checkpoint":
            outcome["checkpoints"][short] = _read_state(name)
        elif "events.out.tfevents." in os.path.basename(name):
            events = outcome["events"].setdefault(os.path.dirname(short) or ".", {})
            for key, value in _read_events(name, directory):
                events[make_unique(key, events)] = value
        elif not _SHARD.search(name):
            outcome["files"][short] = _digest_file(name, directory)
    return outcome


def normalize(text: str, directory: str) -> str:
    """Returns a text with placeholders for what differs between any two runs."""
    text = text.replace(directory, DIRECTORY)
    for pattern, name in _VARIABLE_TEXT:
        text = pattern.sub(name, text)
    return text


def _read_tensors(prefix: str) -> Iterator[tuple[str, Any]]:
    import numpy  # a dependency of TensorFlow

    tf = loading.tensorflow()
    try:
        reader = tf.train.load_checkpoint(prefix)
        for name in sorted(reader.get_variable_to_shape_map()):
            value = numpy.asarray(reader.get_tensor(name))
            yield name, {"type": f"{value.dtype} {list(value.shape)}", "value": _show(value)}
    except tf.errors.OpError as problem:
        yield "(cannot be read)", type(problem).__name__


def _show(value: Any) -> str:
    """Returns the value if it is small, otherwise its digest."""
    if value.size <= 4:
        return repr(value.tolist())
    data = repr(value.tolist()).encode() if value.dtype == object else value.tobytes()
    return f"digest {_digest(data)}"


def _read_state(file: str) -> list[str]:
    tf = loading.tensorflow()
    state = tf.train.get_checkpoint_state(os.path.dirname(file))
    return [os.path.basename(path) for path in state.all_model_checkpoint_paths] if state else []


def _read_events(file: str, directory: str) -> Iterator[tuple[str, str]]:
    """Reads the events of a file: the step with the tag, and the value; of a rate only the tag."""
    tf = loading.tensorflow()
    try:
        for event in tf.compat.v1.train.summary_iterator(file):
            kind = event.WhichOneof("what")
            if kind == "summary":
                for value in event.summary.value:
                    key = f"{event.step} {value.tag}"
                    value.ClearField("tag")
                    yield key, "RATE" if key.endswith("/sec") else " ".join(str(value).split())
            elif kind == "graph_def":
                yield (
                    f"{event.step} graph",
                    _digest_graph(tf.compat.v1.GraphDef, event.graph_def, directory),
                )
            elif kind == "meta_graph_def":
                content = event.meta_graph_def
                yield (
                    f"{event.step} meta graph",
                    _digest_graph(tf.compat.v1.MetaGraphDef, content, directory),
                )
            # The saver writes the last session_log after the last flush: it is lost if the process
            # ends first.
            elif kind not in ("file_version", "session_log", None):
                shown = normalize(str(getattr(event, kind)), directory)
                yield f"{event.step} {kind}", " ".join(shown.split())
    except tf.errors.OpError as problem:  # for example a file whose writer was killed
        yield "(cannot be read)", type(problem).__name__


def _digest_graph(message: Any, content: bytes, directory: str) -> str:
    """Returns the digest of the lines of a graph, without their order.

    Estimator creates the variables of its metrics in a different order in every process.
    """
    lines = sorted(normalize(str(message.FromString(content)), directory).splitlines())
    return f"digest {_digest(chr(10).join(lines).encode())}"


def _digest_file(name: str, directory: str) -> str:
    with open(name, "rb") as file:
        data = file.read()
    if name.endswith(".meta"):
        try:
            return _digest_graph(loading.v1().MetaGraphDef, data, directory)
        except Exception:  # protobuf's DecodeError: another program's file
            return _digest(data)
    try:
        return _digest(normalize(data.decode(), directory).encode())
    except UnicodeDecodeError:
        return _digest(data)


def _digest(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()[:12]


def make_unique(key: str, used: dict[str, Any]) -> str:
    """Returns the key, with a number if it is used."""
    number, name = 2, key
    while name in used:
        number, name = number + 1, f"{key} ({number})"
    return name
