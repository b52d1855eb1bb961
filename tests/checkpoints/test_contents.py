"""The checkpoints and the leftovers in a directory."""

import os

import pytest
import tensorflow as tf
from damaged_checkpoints import damage, save_model

from tfmts_compat._checkpoints.contents import Checkpoint, find_checkpoint, read_contents
from tfmts_compat._checkpoints.damage import find_damage

v1 = tf.compat.v1


def test_base_names_and_leftovers_are_listed_separately(tmp_path):
    directory = str(tmp_path)
    for step, name in ((2, "model.ckpt"), (10, "model.ckpt"), (10, "best"), (None, "final")):
        save_model(directory, step, name)
    for leftover in (
        "model.ckpt-12.data-00000-of-00001.tempstate17",
        "model.ckpt-12.index.tempstate17",
        "notes.txt",
    ):
        (tmp_path / leftover).touch()
    (tmp_path / "model.ckpt-14_temp").mkdir()
    damage(os.path.join(directory, "best-10.index"), "gone")

    contents = read_contents(directory)

    assert [(found.name, found.step, len(found.files)) for found in contents.checkpoints] == [
        ("model.ckpt-10", 10, 3),
        ("best-10", 10, 2),
        ("model.ckpt-2", 2, 3),
        ("final", None, 3),
    ]
    assert contents.leftovers == (
        "model.ckpt-12.data-00000-of-00001.tempstate17",
        "model.ckpt-12.index.tempstate17",
        "model.ckpt-14_temp",
    )
    assert [found.name for found in contents.find("10")] == ["model.ckpt-10", "best-10"]
    assert [found.name for found in contents.find("final")] == ["final"]


@pytest.mark.parametrize("sharded", [False, True])
def test_checkpoints_of_the_old_format_are_listed_with_their_files(tmp_path, sharded):
    directory = str(tmp_path)
    with tf.Graph().as_default(), v1.Session() as session:
        variable = v1.get_variable("weights", [100])
        session.run(variable.initializer)
        saver = v1.train.Saver(write_version=v1.train.SaverDef.V1, sharded=sharded)
        for step in (1, 2):
            newest = saver.save(session, os.path.join(directory, "model.ckpt"), global_step=step)
    (tmp_path / "notes-2").touch()

    listed = read_contents(directory).checkpoints

    assert [(found.step, len(found.files)) for found in listed] == [(2, 2), (1, 2)]
    assert listed[0].prefix == newest == tf.train.latest_checkpoint(directory)
    assert find_checkpoint(newest) == listed[0]
    assert find_damage(newest) is None
    damage(os.path.join(directory, listed[0].files[0]), "truncated")
    assert f"{newest} (global step 2) is" in find_damage(newest, checksums=False)


@pytest.mark.parametrize(
    ("name", "step"), [("7", 7), ("a-b-7", 7), ("run-3-07", 7), ("x-²", None), ("a-7b", None)]
)
def test_the_step_is_the_number_at_the_end(name, step):
    assert Checkpoint(f"/ckpt-9/{name}").step == step
