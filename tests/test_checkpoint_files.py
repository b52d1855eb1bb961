"""The checkpoints in a directory, and which of them are intact."""

import os

import pytest
import tensorflow as tf
from checkpoints import damage, train_up_to, use

from tfmts_compat import _checkpoint_files, cli

v1 = tf.compat.v1


def save(directory, step=3, name="model.ckpt", **saver_arguments):
    """Saves variables of several kinds; sharded=True writes two data files."""
    tf.io.gfile.makedirs(directory)
    with tf.Graph().as_default():
        v1.get_variable("parts", [1000, 10], partitioner=v1.fixed_size_partitioner(3))
        v1.get_variable("text", initializer=tf.constant(["abc", "d"]))
        v1.get_variable("half", [3], tf.bfloat16, initializer=v1.zeros_initializer())
        with tf.device("/job:localhost/task:0/cpu:0"):
            v1.get_variable("elsewhere", [10])
        with v1.Session() as session:
            session.run(v1.global_variables_initializer())
            return v1.train.Saver(**saver_arguments).save(
                session, os.path.join(directory, name), global_step=step
            )


@pytest.mark.parametrize("sharded", [False, True])
@pytest.mark.parametrize("checksums", [False, True])
def test_partitioned_text_and_bfloat16_variables_are_intact(tmp_path, sharded, checksums):
    prefix = save(str(tmp_path), sharded=sharded)
    assert _checkpoint_files.damage(prefix, checksums) is None


@pytest.mark.parametrize("shard", [0, 1])
def test_a_missing_shard_is_named(tmp_path, shard):
    prefix = save(str(tmp_path), sharded=True)
    damage(f"{prefix}.data-0000{shard}-of-00002", "gone")
    assert _checkpoint_files.damage(prefix, checksums=False) == (
        f"{prefix}.data-0000{shard}-of-00002 (global step 3) is missing"
    )


def test_a_truncated_shard_is_found_without_reading_a_tensor(tmp_path):
    prefix = save(str(tmp_path), sharded=True)
    damage(f"{prefix}.data-00000-of-00002", "truncated")
    assert f"{prefix}.data-* (global step 3) is truncated (20,048 of 40,046 bytes)" in str(
        _checkpoint_files.damage(prefix, checksums=False)
    )


def test_a_changed_byte_is_found_only_by_its_checksum(directory):
    prefix = os.path.join(directory, "model.ckpt-6")
    damage(f"{prefix}.data-00000-of-00001", "flipped")
    assert _checkpoint_files.damage(prefix, checksums=False) is None
    assert "hecksum" in _checkpoint_files.damage(prefix)


def test_base_names_and_leftovers_are_listed_separately(tmp_path):
    directory = str(tmp_path)
    for step, name in ((2, "model.ckpt"), (10, "model.ckpt"), (10, "best"), (None, "final")):
        save(directory, step, name)
    for leftover in (
        "model.ckpt-12.data-00000-of-00001.tempstate17",
        "model.ckpt-12.index.tempstate17",
        "notes.txt",
    ):
        (tmp_path / leftover).touch()
    (tmp_path / "model.ckpt-14_temp").mkdir()
    damage(os.path.join(directory, "best-10.index"), "gone")

    contents = _checkpoint_files.contents(directory)

    assert [(each.name, each.step, len(each.files)) for each in contents.checkpoints] == [
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
    assert [each.name for each in contents.named("10")] == ["model.ckpt-10", "best-10"]
    assert [each.name for each in contents.named("final")] == ["final"]


def test_a_moved_directory_continues_from_its_own_checkpoints(directory, tmp_path, capsys):
    moved = str(tmp_path / "it's moved")
    os.rename(directory, moved)
    with pytest.raises(ValueError, match=r"newest intact one is model\.ckpt-6") as raised:
        train_up_to(8, moved)
    assert f"{directory}/model.ckpt-6.index (global step 6) is" in str(raised.value)
    assert use(moved, str(raised.value)) == [7, 8]
    assert cli.main(["checkpoints", moved]) == 0


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

    listed = _checkpoint_files.contents(directory).checkpoints

    assert [(each.step, len(each.files)) for each in listed] == [(2, 2), (1, 2)]
    assert listed[0].prefix == newest == tf.train.latest_checkpoint(directory)
    assert _checkpoint_files.find(newest) == listed[0]
    assert _checkpoint_files.damage(newest) is None
    damage(os.path.join(directory, listed[0].files[0]), "truncated")
    assert f"{newest} (global step 2) is" in _checkpoint_files.damage(newest, checksums=False)


@pytest.mark.parametrize(
    ("name", "step"), [("7", 7), ("a-b-7", 7), ("run-3-07", 7), ("x-²", None), ("a-7b", None)]
)
def test_the_step_is_the_number_at_the_end(name, step):
    assert _checkpoint_files.Checkpoint(f"/ckpt-9/{name}").step == step


def test_advice_on_an_intact_directory_is_none(directory):
    assert _checkpoint_files.advice(directory) is None
    assert _checkpoint_files.unread_state(directory) is None
