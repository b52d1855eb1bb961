"""What a run leaves in its directory."""

import os

import pytest
import tensorflow as tf

from tfmts_compat.commands.compare_outcome import normalize, read_outcome

tf1 = tf.compat.v1


@pytest.fixture
def outcome(tmp_path):
    """The outcome of a directory with a checkpoint, an events file and another file."""

    def write(name="run"):
        root = tmp_path / name
        model = root / "model"
        with tf.Graph().as_default(), tf1.Session() as session:
            tf1.get_variable("small", initializer=[1.0, 2.0])
            tf1.get_variable("large", initializer=[[0.0] * 5])
            tf1.get_variable("text", initializer=tf.constant("a"))
            session.run(tf1.global_variables_initializer())
            model.mkdir(parents=True)
            tf1.train.Saver().save(session, str(model / "model.ckpt"), global_step=3)
            with tf1.summary.FileWriter(str(model), session.graph) as writer:
                for _ in range(2):
                    summary = tf1.Summary(value=[tf1.Summary.Value(tag="loss", simple_value=2.5)])
                    writer.add_summary(summary, 3)
                rate = tf1.Summary.Value(tag="global_step/sec", simple_value=9.5)
                writer.add_summary(tf1.Summary(value=[rate]), 3)
        (root / "log").write_text(f"writes to {model}")
        (root / "data.index").write_text("not a checkpoint")
        return root

    return write


def test_checkpoints_have_their_names_shapes_and_values(outcome):
    checkpoints = read_outcome(str(outcome()))["checkpoints"]
    assert checkpoints["model/checkpoint"] == ["model.ckpt-3"]
    tensors = checkpoints["model/model.ckpt-3"]
    assert tensors["small"] == {"type": "float32 [2]", "value": "[1.0, 2.0]"}
    assert tensors["text"]["value"] in ("b'a'", "'a'")
    assert tensors["large"]["type"] == "float32 [1, 5]"
    assert tensors["large"]["value"].startswith("digest ")


def test_events_have_their_steps_tags_and_values(outcome):
    events = read_outcome(str(outcome()))["events"]["model"]
    assert list(events)[:1] == ["0 graph"]
    assert events["3 loss"] == events["3 loss (2)"] == "simple_value: 2.5"
    assert events["3 global_step/sec"] == "RATE"


def test_equal_runs_in_two_directories_have_equal_outcomes(outcome):
    first, second = read_outcome(str(outcome("a"))), read_outcome(str(outcome("b")))
    assert first == second
    assert set(first["files"]) == {"log", "data.index", "model/model.ckpt-3.meta"}


def test_a_damaged_file_is_read_as_far_as_possible(outcome):
    root = outcome()
    (model,) = (root / "model",)
    for name in os.listdir(model):
        if name.endswith(".index") or "tfevents" in name:
            os.truncate(model / name, (model / name).stat().st_size - 5)
    found = read_outcome(str(root))
    assert list(found["checkpoints"]["model/model.ckpt-3"]) == ["(cannot be read)"]
    assert list(found["events"]["model"])[-1] == "(cannot be read)"


def test_times_and_random_names_are_replaced():
    text = "/d/run/events.out.tfevents.123.host /d/run/_temp_" + "0af3" * 8 + " 127.0.0.1:8080"
    assert normalize(text, "/d/run") == (
        "{dir}/events.out.tfevents.TIME.HOST {dir}/_temp_RANDOM HOST:PORT"
    )
