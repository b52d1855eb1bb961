"""The pitfalls that a checkpoint directory shows before a training in it."""

import os
import pathlib
import re
import shutil
import warnings

import pytest
import tensorflow as tf
from damaged_checkpoints import train_up_to, use
from helpers import pitfall

from tfmts_compat import MonitoredTrainingSession, TfmtsCompatWarning
from tfmts_compat._checkpoints.directory import find_pitfalls
from tfmts_compat._checkpoints.state import read_state

upstream = tf.compat.v1.train.MonitoredTrainingSession


@pytest.fixture
def copy(directory, tmp_path):
    return shutil.copytree(directory, str(tmp_path / "copy"))


def names(directory):
    return {name for name in os.listdir(directory) if name.startswith("model.ckpt")}


def test_a_training_in_a_copied_directory_warns_that_it_uses_the_original(directory, copy):
    with pytest.warns(TfmtsCompatWarning, match=pitfall("copied-directory")) as warned:
        assert train_up_to(10, copy) == [7, 8, 9, 10]
    assert [warning.filename for warning in warned] == [train_up_to.__code__.co_filename]
    assert "model.ckpt-0.index" not in names(directory)
    assert train_up_to(16, copy, upstream) == list(range(11, 17))
    assert names(directory) == set()  # else remove the warning


def test_the_command_in_the_warning_makes_the_copy_use_its_own_checkpoints(directory, copy):
    before = names(directory)
    (text,) = find_pitfalls(copy)
    assert use(copy, text) == [7, 8]  # warnings are errors
    assert train_up_to(20, copy) == list(range(9, 21))
    assert names(directory) == before
    assert find_pitfalls(copy) == []


def test_a_copy_that_was_trained_in_still_has_the_originals_older_checkpoints(directory, copy):
    train_up_to(7, copy, upstream)
    assert train_up_to(7, directory) == [7]
    (text,) = find_pitfalls(copy)
    assert "To continue from the copy model.ckpt-7, run " in text
    assert use(copy, text) == [8]
    assert find_pitfalls(copy) == []


@pytest.mark.parametrize("link", [os.link, os.symlink], ids=["hard links", "symbolic links"])
def test_a_copy_of_links_is_a_copy(directory, tmp_path, link):
    copy = str(tmp_path / "copy")
    shutil.copytree(directory, copy, copy_function=link)
    (text,) = find_pitfalls(copy)
    assert re.match(pitfall("copied-directory"), text)
    train_up_to(12, str(copy), upstream)
    assert "model.ckpt-0.index" not in names(directory)  # else remove the warning


def test_the_warning_names_the_checkpoint_that_the_file_names_as_the_newest(directory, copy):
    file = pathlib.Path(copy, "checkpoint")
    first, others = file.read_text().split("\n", 1)
    file.write_text(first.replace("ckpt-6", "ckpt-4") + "\n" + others)  # by hand
    (text,) = find_pitfalls(copy)
    assert "To continue from the copy model.ckpt-4, run " in text
    assert use(copy, text) == [5, 6, 7, 8]


def test_a_directory_with_two_paths_is_no_copy(directory, tmp_path):
    link = str(tmp_path / "link")
    os.symlink(directory, link)
    assert find_pitfalls(link) == find_pitfalls(f"{directory}/../ckpt/") == []
    assert find_pitfalls(f"file://{directory}") == []
    assert train_up_to(8, link) == [7, 8]


def test_a_file_that_names_a_checkpoint_elsewhere_is_no_copy(directory, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(os.path.join(directory, "checkpoint"), other)
    assert find_pitfalls(str(other)) == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert train_up_to(7, str(other)) == [7]


def test_a_directory_that_shares_its_saver_with_another_is_no_copy(tmp_path):
    directory = str(tmp_path / "ckpt")
    for last in (3, 5):
        with tf.Graph().as_default(), warnings.catch_warnings():
            warnings.simplefilter("error")
            step = tf.compat.v1.train.get_or_create_global_step()
            advance = tf.compat.v1.assign_add(step, 1)
            other = tf.compat.v1.train.CheckpointSaverHook(str(tmp_path / "own"), save_steps=1)
            with MonitoredTrainingSession(
                checkpoint_dir=directory, chief_only_hooks=[other]
            ) as session:
                while session.run(advance) < last:
                    pass
    assert "own" in read_state(directory).paths[0]


def test_an_intact_directory_reads_only_the_state_file(directory, monkeypatch):
    opened, exists = [], tf.io.gfile.exists
    monkeypatch.setattr(tf.io.gfile, "exists", lambda path: opened.append(path) or exists(path))
    monkeypatch.setattr(tf.io.gfile, "listdir", opened.append)
    assert find_pitfalls(directory) == []
    assert opened == [f"{directory}/checkpoint"]
