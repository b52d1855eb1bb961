"""The error for a checkpoint that does not fit the graph: upstream's class, and the names."""

import re

import pytest
import tensorflow as tf

from tfmts_compat import MonitoredTrainingSession
from tfmts_compat._checkpoints.coverage import explain_mismatch

v1 = tf.compat.v1
BOTH = [v1.train.MonitoredTrainingSession, MonitoredTrainingSession]


def build(resource=True, dtype=tf.float32, **shapes):
    v1.train.get_or_create_global_step()
    return {
        name: v1.get_variable(name, shape, dtype, use_resource=resource)
        for name, shape in shapes.items()
    }


def restore_op(saver):
    return saver.saver_def.restore_op_name


def fail(directory, error, **variables):
    """Opens upstream's session, then the shim's, which both fail; returns the shim's message."""
    for session in BOTH:
        with tf.Graph().as_default():
            build(**variables)
            with pytest.raises(error) as raised:
                session(checkpoint_dir=directory)
            assert raised.type is error
    return str(raised.value)


@pytest.mark.parametrize("resource", [True, False])
def test_upstream_checks_the_shapes_of_reference_variables_only(directory, resource):
    # If this fails, TensorFlow reports the shape of a resource variable, too.
    with tf.Graph().as_default():
        weights = build(resource, weights=[100, 5])["weights"]
        if not resource:
            with pytest.raises(tf.errors.InvalidArgumentError):
                BOTH[0](checkpoint_dir=directory)
        else:
            with BOTH[0](checkpoint_dir=directory) as session:
                assert session.run(weights).shape == (100, 10)


@pytest.mark.parametrize(
    ("shapes", "error", "described"),
    [
        pytest.param(
            {"weights": [100, 10], "added": [3]},
            tf.errors.NotFoundError,
            ["the checkpoint does not have: added (3,)\n"],
            id="added",
        ),
        pytest.param(
            {"renamed": [100, 10]},
            tf.errors.NotFoundError,
            ["does not have: renamed (100, 10)\n", "the graph does not have: weights (100, 10)\n"],
            id="renamed",
        ),
        pytest.param(
            {"weights": [100, 5]},
            tf.errors.InvalidArgumentError,
            ["weights ((100, 10) in the checkpoint, (100, 5) in the graph)\n"],
            id="another-shape",
        ),
    ],
)
def test_the_error_names_what_does_not_fit(directory, shapes, error, described):
    message = fail(directory, error, resource=False, **shapes)
    assert f"the checkpoint {directory}/model.ckpt-6 (global step 6) does not fit" in message
    for text in described:
        assert text in message


@pytest.mark.parametrize("resource", [True, False])
def test_the_error_names_a_variable_of_another_dtype(directory, resource):
    wanted = {"weights": [100, 10], "dtype": tf.float64, "resource": resource}
    message = fail(directory, tf.errors.InvalidArgumentError, **wanted)
    differing = "weights (float32 in the checkpoint, float64 in the graph)"
    assert f"\n  the dtype differs: {differing}\n" in message


def test_a_checkpoint_of_objects_is_named_with_its_conversion(tmp_path):
    old, new = str(tmp_path / "old"), str(tmp_path / "new")
    with tf.Graph().as_default(), v1.Session() as session:
        step = v1.train.get_or_create_global_step()
        weights = build(weights=[3])["weights"]
        session.run(v1.global_variables_initializer())
        session.run(step.assign(7))
        tf.train.Checkpoint(any_name=weights, step=step).save(f"{old}/objects")
    # If upstream restores it, remove the explanation.
    message = fail(old, RuntimeError, weights=[3])
    assert f"{old}/objects-1 was saved with tf.train.Checkpoint, which a session" in message
    with tf.Graph().as_default(), v1.Session() as session:
        build(weights=[3])
        v1.train.Saver().restore(session, v1.train.latest_checkpoint(old))
        v1.train.Saver().save(session, f"{new}/model.ckpt", v1.train.get_global_step())
    with tf.Graph().as_default():
        build(weights=[3])
        with MonitoredTrainingSession(checkpoint_dir=new) as session:
            assert session.run(v1.train.get_global_step()) == 7


def test_a_message_lists_at_most_ten_names(directory):
    names = {f"v{number:02}": [1] for number in range(30)}
    message = fail(directory, tf.errors.NotFoundError, **names)
    assert "v09 (1,), and 20 more" in message


def test_the_documented_recipe_starts_from_the_values_that_fit(directory, tmp_path):
    path = f"{directory}/model.ckpt-6"
    expected = v1.train.load_variable(path, "weights")
    with tf.Graph().as_default():
        variables = build(renamed=[100, 10], added=[3])
        saver = v1.train.Saver({"weights": variables["renamed"]})
        scaffold = v1.train.Scaffold(init_fn=lambda _, session: saver.restore(session, path))
        with MonitoredTrainingSession(checkpoint_dir=str(tmp_path), scaffold=scaffold) as session:
            assert (session.run(variables["renamed"]) == expected).all()


def test_the_error_names_the_variables_that_the_saver_leaves_out(directory):
    for session in BOTH:
        with tf.Graph().as_default():
            weights = build(weights=[100, 10], own=[3])["weights"]
            step = v1.train.get_global_step()
            scaffold = v1.train.Scaffold(saver=v1.train.Saver([weights, step]))
            with pytest.raises(RuntimeError, match="Init operations did not make") as raised:
                session(checkpoint_dir=directory, scaffold=scaffold)
    assert re.search(
        r"model\.ckpt-6 \(global step 6\) was restored, and the Saver of the session does not "
        r"restore: own \(3,\)\. init_op and init_fn do not run after a restore",
        str(raised.value),
    )


@pytest.mark.parametrize("sharded", [True, False])
def test_partitioned_variables_are_compared_by_their_full_shape(
    directory, tmp_path, graph, sharded
):
    partitioner = v1.fixed_size_partitioner(3)
    v1.get_variable("weights", [100, 10], partitioner=partitioner)
    saver = v1.train.Saver(sharded=sharded)
    assert explain_mismatch(restore_op(saver), f"{directory}/model.ckpt-6", graph) is None
    with tf.Graph().as_default() as other:
        v1.get_variable("weights", [100, 9], partitioner=partitioner)
        message = explain_mismatch(restore_op(v1.train.Saver()), f"{directory}/model.ckpt-6", other)
    assert "weights ((100, 10) in the checkpoint, (100, 9) in the graph)" in message


def test_a_saver_that_reshapes_requires_no_shape(directory, graph):
    v1.get_variable("weights", [1000])
    saver = v1.train.Saver(reshape=True)
    assert explain_mismatch(restore_op(saver), f"{directory}/model.ckpt-6", graph) is None
