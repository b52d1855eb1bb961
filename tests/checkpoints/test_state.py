"""The file named `checkpoint`."""

import os

import pytest
import tensorflow as tf
from damaged_checkpoints import train_up_to

from tfmts_compat._checkpoints.state import read_state, rewrite_state


def write(directory, content):
    with open(os.path.join(directory, "checkpoint"), "wb") as file:
        file.write(content)


def test_relative_paths_are_relative_to_the_directory(directory):
    write(directory, b'model_checkpoint_path: "model.ckpt-4"')
    state = read_state(directory)
    assert state.newest == f"{directory}/model.ckpt-4"
    assert state.paths == (state.newest,)
    assert train_up_to(6, directory) == [5, 6]


def test_a_missing_file_is_no_problem(tmp_path):
    state = read_state(str(tmp_path))
    assert (state.exists, state.newest, state.problem) == (False, None, None)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(b"", "names no checkpoint", id="empty"),
        pytest.param(b'all_model_checkpoint_paths: "a"\n', "names no checkpoint", id="no newest"),
        pytest.param(b'model_checkpoint_path: "\xff', "is not text", id="binary"),
        pytest.param(b'model_checkpoint_path: "mod', "is truncated", id="truncated"),
        pytest.param(b"unknown: 3", "is truncated", id="unknown field"),
    ],
)
def test_a_damaged_file_is_read_as_upstream_reads_it(directory, content, problem):
    write(directory, content)
    state = read_state(directory)
    assert state.problem.startswith(problem)
    if state.fails:
        with pytest.raises(ValueError):  # noqa: PT011 (UnicodeDecodeError is one, too)
            tf.train.get_checkpoint_state(directory)
    else:
        assert tf.train.get_checkpoint_state(directory) is None


def test_rewrite_keeps_each_earlier_file(directory):
    file = os.path.join(directory, "checkpoint")
    for number, step in ((1, 4), (2, 2)):
        with open(file) as opened:
            before = opened.read()
        kept = rewrite_state(
            directory, f"{directory}/model.ckpt-{step}", [f"{directory}/model.ckpt-0"]
        )
        assert kept == f"{file}.old-{number}"
        with open(kept) as opened:
            assert opened.read() == before
        state = read_state(directory)
        assert state.newest == f"{directory}/model.ckpt-{step}"
        assert state.paths == (f"{directory}/model.ckpt-0", state.newest)


def test_rewrite_does_not_follow_symbolic_links(directory, tmp_path):
    file = os.path.join(directory, "checkpoint")
    (tmp_path / "precious").write_text("kept")
    os.symlink(tmp_path / "missing", f"{file}.old-1")
    os.symlink(tmp_path / "precious", f"{file}.old-2")
    assert rewrite_state(directory, f"{directory}/model.ckpt-4", []) == f"{file}.old-3"
    assert not (tmp_path / "missing").exists()
    assert (tmp_path / "precious").read_text() == "kept"


def test_rewrite_without_an_earlier_file_keeps_none(directory):
    os.remove(os.path.join(directory, "checkpoint"))
    assert rewrite_state(directory, f"{directory}/model.ckpt-2", []) is None
    assert train_up_to(4, directory) == [3, 4]
