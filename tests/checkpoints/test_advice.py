"""What to do about a checkpoint that cannot be restored; see also test_chief."""

import glob
import os
import shutil

import pytest
import tensorflow as tf
from damaged_checkpoints import damage, train_up_to, use

from tfmts_compat import cli
from tfmts_compat._checkpoints.advice import explain_damage, explain_state


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
