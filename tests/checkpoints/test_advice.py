"""What to do about a checkpoint that cannot be restored; see also test_chief."""

import glob
import os
import shutil

import pytest
import tensorflow as tf
from damaged_checkpoints import damage, train_up_to, use

from tfmts_compat import MonitoredTrainingSession, cli
from tfmts_compat._checkpoints.advice import explain_damage, explain_state

v1 = tf.compat.v1
BOTH = [v1.train.MonitoredTrainingSession, MonitoredTrainingSession]


def fail(path, **added):
    """Restores a path in init_fn with upstream's session, then the shim's; returns its message."""
    raised = []
    for open_session in BOTH:
        with tf.Graph().as_default():
            v1.train.get_or_create_global_step()
            v1.get_variable("weights", [100, 10])
            for name, shape in added.items():
                v1.get_variable(name, shape)
            saver = v1.train.Saver()
            scaffold = v1.train.Scaffold(init_fn=lambda _, session: saver.restore(session, path))  # noqa: B023
            with pytest.raises((tf.errors.OpError, ValueError)) as error:
                open_session(scaffold=scaffold)
            raised.append(error.value)
    assert type(raised[0]) is type(raised[1])
    return getattr(raised[1], "message", str(raised[1]))


def test_a_moved_directory_continues_from_its_own_checkpoints(directory, tmp_path, capsys):
    moved = str(tmp_path / "it's moved")
    os.rename(directory, moved)
    with pytest.raises(ValueError, match=r"newest intact one is model\.ckpt-6") as raised:
        train_up_to(8, moved)
    assert f"{directory}/model.ckpt-6.index (global step 6) is" in str(raised.value)
    assert use(moved, str(raised.value)) == [7, 8]
    assert cli.main(["checkpoints", moved]) == 0


def test_the_command_names_a_checkpoint_whose_step_another_one_has(directory):
    for file in glob.glob(f"{directory}/model.ckpt-4.*"):
        shutil.copy(file, file.replace("model.ckpt", "best"))
    damage(f"{directory}/model.ckpt-6.data-00000-of-00001", "truncated")
    with pytest.raises(tf.errors.OutOfRangeError) as raised:
        train_up_to(8, directory)
    assert use(directory, str(raised.value)) == [5, 6, 7, 8]


def test_advice_on_an_intact_directory_is_none(directory):
    assert explain_state(directory) is None
    assert explain_damage(f"{directory}/model.ckpt-6", directory, checksums=True) is None


@pytest.mark.parametrize("ending", ["data-00000-of-00001", "index", "meta"])
def test_the_path_of_one_file_is_not_called_a_damaged_checkpoint(directory, ending):
    prefix = f"{directory}/model.ckpt-6"
    named = f"{prefix}.{ending} is one file of a checkpoint; pass the path without the ending"
    assert fail(f"{prefix}.{ending}") == f"{named}: {prefix}."


def test_the_path_of_a_directory_is_not_called_a_damaged_checkpoint(directory):
    assert f"{directory} is a directory; pass the path of a checkpoint in it" in fail(directory)


def test_a_path_without_a_checkpoint_stays_upstreams_error():
    assert fail(None) == "Can't load save_path when it is None."


def test_a_relative_path_in_the_working_directory(directory, monkeypatch):
    monkeypatch.chdir(directory)
    message = fail("model.ckpt-6", added=[3])
    assert "the checkpoint model.ckpt-6 (global step 6) does not fit the graph" in message
    damage("model.ckpt-6.data-00000-of-00001", "truncated")
    assert "model.ckpt-6.data-00000-of-00001 (global step 6) is truncated (" in fail("model.ckpt-6")
