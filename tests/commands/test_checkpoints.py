"""tfmts-compat checkpoints as its users call it."""

import json
import os
import pathlib
import pty
import re
import shutil
import subprocess
import sys

import pytest
import tensorflow as tf
from damaged_checkpoints import cut_state, damage, train_up_to

from tfmts_compat import cli
from tfmts_compat._rules import table as terminal

DATA = "model.ckpt-{}.data-00000-of-00001"
SCHEMES = getattr(tf.io.gfile, "get_registered_schemes", list)()


def table(capsys, *arguments):
    code = cli.main(["checkpoints", *arguments])
    return code, capsys.readouterr().out


def report(capsys, *arguments):
    code, text = table(capsys, "--json", *arguments)
    return code, json.loads(text)


def rejected(capsys, *arguments):
    assert cli.main(["checkpoints", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    return err


def test_the_table_marks_the_checkpoint_that_a_session_restores(capsys, directory):
    code, text = table(capsys, directory)
    assert code == 0
    rows = [re.split(r" {2,}", line) for line in text.splitlines()]
    assert rows[0] == ["", "step", "checkpoint", "age", "size", "files", "state"]
    assert [(row[0], row[1], row[2], row[-2:]) for row in rows[1:-1]] == [
        (mark, str(step), f"model.ckpt-{step}", ["3", "complete"])
        for mark, step in (("->", 6), ("", 4), ("", 2), ("", 0))
    ]
    why = f"a session restores model.ckpt-6: {directory}/checkpoint names it"
    assert text.splitlines()[-1] == why


def test_a_row_that_does_not_fit_the_terminal_is_wrapped(capsys, directory, monkeypatch):
    damage(os.path.join(directory, DATA.format(6)), "truncated")
    _, wide = table(capsys, directory)
    monkeypatch.setattr(terminal, "terminal_width", lambda: 75)
    _, narrow = table(capsys, directory)
    assert narrow.split() == wide.split()
    rows = narrow.splitlines()
    assert max(map(len, rows[:6])) <= 75
    assert rows[2].startswith(
        "          model.ckpt-6.data-00000-of-00001 (global step 6) is truncated"
    )
    assert rows[4] == wide.splitlines()[2]


def test_json_has_sizes_times_and_the_checkpoint_files_contents(capsys, directory):
    code, found = report(capsys, directory, "--verify")
    newest = found["checkpoints"][0]
    files = [f"model.ckpt-6.{end}" for end in ("data-00000-of-00001", "index", "meta")]
    assert code == 0
    assert newest["files"] == files
    assert newest["bytes"] == sum(os.path.getsize(os.path.join(directory, name)) for name in files)
    assert newest["written"] == pytest.approx(os.path.getmtime(newest["path"] + ".index"), abs=60)
    assert (newest["damage"], newest["verified"], newest["restored"]) == (None, True, True)
    assert found["restores"] == found["checkpoint_file"]["newest"] == newest["path"]
    assert len(found["checkpoint_file"]["all"]) == 4


def test_the_keys_of_json_are_those_of_the_documentation(capsys, directory):
    page = pathlib.Path(__file__).parents[2].joinpath("docs/operating.md").read_text("utf-8")
    table = page.partition("| key | value |\n")[2].partition("\n\n")[0]
    first_cells = [row.split("|")[1] for row in table.splitlines()[1:]]
    documented = re.findall("`([a-z_]+)`", " ".join(first_cells))
    found = report(capsys, directory, "--use", "6")[1]
    assert list(found) == documented
    assert {f"`{key}`" for key in found["checkpoints"][0]} <= set(re.findall("`[a-z]+`", table))


def test_checksums_are_read_only_with_verify(capsys, directory):
    damage(os.path.join(directory, DATA.format(6)), "flipped")
    assert table(capsys, directory)[0] == 0
    code, found = report(capsys, directory, "--verify")
    assert code == 1
    assert "hecksum" in found["checkpoints"][0]["damage"]
    assert found["restores"] is None
    assert found["why"].startswith("a session fails: ")


def test_a_terminal_shows_what_takes_time(directory):
    command = [sys.executable, "-m", "tfmts_compat", "checkpoints", directory, "--verify"]
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, text=True) as process:
        os.close(theirs)
        table, _ = process.communicate()
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert process.returncode == 0
    assert len(table.splitlines()) == 6
    assert shown.startswith("importing TensorFlow\r\n")
    assert [line.partition("\x1b")[0] for line in shown.split("\r")[2:]] == [
        line
        for step in (6, 4, 2, 0)
        for line in (
            f"verifying model.ckpt-{step}: 0 of 2 tensors",
            f"verifying model.ckpt-{step}: 1 of 2 tensors",
            "",
        )
    ]


def test_a_truncated_newest_checkpoint_exits_with_1_until_another_is_used(capsys, directory):
    damage(os.path.join(directory, DATA.format(6)), "truncated")
    code, text = table(capsys, directory)
    assert code == 1
    assert re.search(r"-> +6 .*is truncated \([\d,]+ of 4,008 bytes\)\n", text)

    code, text = table(capsys, directory, "--use", "4")
    assert code == 0
    assert f"the earlier one is {directory}/checkpoint.old-1\n" in text
    assert re.search(r"^-> +4 ", text, re.MULTILINE)
    assert train_up_to(8, directory) == [5, 6, 7, 8]


def test_use_leaves_older_checkpoints_to_the_saver_and_deletes_none(capsys, directory):
    code, found = report(capsys, directory, "--use", "model.ckpt-2")
    assert code == 0
    assert found["used"] == f"{directory}/model.ckpt-2"
    assert found["checkpoint_file"]["all"] == [f"{directory}/model.ckpt-{step}" for step in (0, 2)]
    assert len(found["checkpoints"]) == 4


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("6", r"6: .*is truncated.*; intact are 4 \(model.ckpt-4\), 0 \(model.ckpt-0\)\."),
        ("5", r"5: no such checkpoint; .* has 6 \(model.ckpt-6\), 4 \(model.ckpt-4\), .*\."),
        ("", r": no such checkpoint; "),
    ],
)
def test_a_damaged_or_unknown_step_cannot_be_used(capsys, directory, step, message):
    damage(os.path.join(directory, DATA.format(6)), "truncated")
    damage(os.path.join(directory, DATA.format(2)), "flipped")
    files = sorted(os.listdir(directory))
    assert re.search(f"--use {message}", rejected(capsys, directory, "--use", step))
    assert sorted(os.listdir(directory)) == files


def test_a_step_of_several_base_names_needs_the_name(capsys, directory):
    for end in ("index", "data-00000-of-00001"):
        source = os.path.join(directory, f"model.ckpt-4.{end}")
        tf.io.gfile.copy(source, source.replace("model.ckpt", "best"))
    message = rejected(capsys, directory, "--use", "4")
    assert "several checkpoints have this step; pass a name" in message
    assert "has 4 (model.ckpt-4), 4 (best-4)." in message
    assert report(capsys, directory, "--use", "best-4")[1]["restores"] == f"{directory}/best-4"
    assert train_up_to(6, directory) == [5, 6]


@pytest.mark.parametrize(
    ("size", "code", "why"),
    [
        pytest.param(0.5, 1, "a session starts at global step 0: ", id="truncated"),
        pytest.param(0, 1, "a session fails: ", id="empty"),
        pytest.param(None, 0, "a session starts at global step 0: no file is named", id="gone"),
    ],
)
def test_a_damaged_checkpoint_file_can_be_rewritten(capsys, directory, size, code, why):
    if size is None:
        os.remove(os.path.join(directory, "checkpoint"))
    else:
        cut_state(directory, size)
    exit_code, found = report(capsys, directory)
    assert (exit_code, found["restores"]) == (code, None)
    assert found["why"].startswith(why)
    assert f"\n{why}" in table(capsys, directory)[1]  # no row is marked
    assert report(capsys, directory, "--use", "6")[0] == 0
    assert train_up_to(8, directory) == [7, 8]


def test_a_deleted_checkpoint_is_listed(capsys, directory):
    for end in ("index", "data-00000-of-00001", "meta"):
        os.remove(os.path.join(directory, f"model.ckpt-6.{end}"))
    code, found = report(capsys, directory)
    assert code == 1
    (gone,) = (row for row in found["checkpoints"] if row["restored"])
    assert gone["name"] == f"{directory}/model.ckpt-6"
    assert gone["files"] == []
    assert gone["damage"] == f"{directory}/model.ckpt-6.index (global step 6) is missing"
    assert found["why"].endswith("; --use model.ckpt-4 makes it restore that one")


def test_a_copied_directory_shows_that_the_original_is_restored(capsys, directory, tmp_path):
    copy = str(tmp_path / "copy")
    tf.io.gfile.makedirs(copy)
    for name in os.listdir(directory):
        tf.io.gfile.copy(os.path.join(directory, name), os.path.join(copy, name))
    code, found = report(capsys, copy)
    (restored,) = (row for row in found["checkpoints"] if row["restored"])
    assert (restored["name"], len(restored["files"])) == (f"{directory}/model.ckpt-6", 3)
    assert (code, found["ok"]) == (1, False)
    assert (
        f"; {copy} is a copy: {copy}/checkpoint names the checkpoints in {directory}. "
        in (found["why"])
    )
    assert not any(row["named"] for row in found["checkpoints"] if row["path"].startswith(copy))
    code, found = report(capsys, copy, "--use", "6")
    assert (code, found["restores"]) == (0, f"{copy}/model.ckpt-6")
    assert found["checkpoint_file"]["all"] == [f"{copy}/model.ckpt-{step}" for step in (0, 2, 4, 6)]


def test_the_command_and_the_session_name_the_same_checkpoint_to_continue_from(capsys, directory):
    assert table(capsys, directory, "--use", "4")[0] == 0
    assert train_up_to(5, directory) == [5]
    damage(os.path.join(directory, DATA.format(5)), "truncated")
    code, text = table(capsys, directory)  # 6 is of the training that was given up
    assert code == 1
    rows = {row.split()[0]: row for row in text.splitlines()}
    assert rows["6"].endswith("complete, not named in `checkpoint`")
    assert text.splitlines()[-1].endswith("; --use model.ckpt-4 makes it restore that one")
    with pytest.raises(tf.errors.OutOfRangeError, match=r"newest intact one is model\.ckpt-4 "):
        train_up_to(8, directory)


def test_a_newest_checkpoint_that_the_list_of_the_file_leaves_out_is_listed(capsys, directory):
    with open(os.path.join(directory, "checkpoint"), "r+") as file:
        text = file.read()
        file.seek(0)
        file.write(text.replace("ckpt-6", "ckpt-8", 1))
    code, found = report(capsys, directory)
    assert (code, found["checkpoint_file"]["newest"]) == (1, f"{directory}/model.ckpt-8")
    assert found["why"].startswith("a session fails: ")
    with pytest.raises(ValueError, match=r"is model\.ckpt-6 "):
        train_up_to(8, directory)


def test_the_option_that_the_command_names_can_be_used(capsys, directory, tmp_path):
    other = str(tmp_path / "other")  # its file names the checkpoints in another directory
    os.mkdir(other)
    shutil.copy(os.path.join(directory, "checkpoint"), other)
    damage(os.path.join(directory, DATA.format(6)), "truncated")
    why = report(capsys, other)[1]["why"]
    option = re.search("(--use .*) makes it restore that one$", why)[1]
    assert report(capsys, other, *option.split())[0] == 0
    assert train_up_to(6, other) == [5, 6]


def test_a_directory_can_be_moved_after_use(capsys, directory, tmp_path):
    assert report(capsys, directory, "--use", f"{directory}/model.ckpt-4")[0] == 0
    os.rename(directory, tmp_path / "moved")
    assert train_up_to(6, str(tmp_path / "moved")) == [5, 6]


def test_a_checkpoint_of_a_relative_directory_can_be_used(capsys, directory, monkeypatch):
    monkeypatch.chdir(os.path.dirname(directory))
    code, found = report(capsys, "ckpt", "--use", "4")
    assert (code, [row["restored"] for row in found["checkpoints"]]) == (
        0,
        [False, True, False, False],
    )
    assert train_up_to(6, "ckpt") == [5, 6]


def test_control_characters_of_file_names_do_not_reach_the_terminal(capsys, tmp_path):
    directory = str(tmp_path / "\x1b]0;title\x07\n")
    train_up_to(2, directory)
    for end in ("index", "data-00000-of-00001"):
        source = os.path.join(directory, f"model.ckpt-2.{end}")
        shutil.copyfile(source, source.replace("model", "\x1b[2J\nmodel"))
    open(os.path.join(directory, "\x9b\n.tempstate17"), "w").close()
    code, text = table(capsys, directory)
    assert code == 0
    assert not set(text.replace("\n", "")) & {*map(chr, range(32)), *map(chr, range(127, 160))}
    assert len(text.splitlines()) == 6  # a heading, three checkpoints, the leftovers, the reason
    assert "  \\x1b[2J\\nmodel.ckpt-2  " in text
    assert "\\x9b\\n.tempstate17" in text
    assert "\\x1b: no such checkpoint" in rejected(capsys, directory, "--use", "\x1b")


def test_an_empty_directory_has_no_checkpoints(capsys, tmp_path):
    (tmp_path / "model.ckpt-2.index.tempstate17").touch()
    code, text = table(capsys, str(tmp_path))
    assert code == 0
    assert text.splitlines()[0] == "no checkpoints"
    assert "files of interrupted saves" in text
    assert "a session starts at global step 0" in text


def test_a_path_that_is_not_a_directory_exits_with_2(capsys, directory):
    assert "does not exist" in rejected(capsys, directory + "-unknown")
    assert "is a file" in rejected(capsys, os.path.join(directory, "checkpoint"))
    assert "foo://x" in rejected(capsys, "foo://x")


@pytest.mark.skipif("ram" not in SCHEMES, reason="this TensorFlow has no ram:// file system")
def test_a_directory_of_another_file_system_is_listed_and_changed(capsys):
    directory = "ram://checkpoints/of-a-test"
    train_up_to(6, directory)
    tf.io.gfile.remove(f"{directory}/{DATA.format(6)}")  # writing does not truncate there
    with tf.io.gfile.GFile(f"{directory}/{DATA.format(6)}", "wb") as file:
        file.write(b"short")
    assert report(capsys, directory)[0] == 1
    code, found = report(capsys, directory, "--use", "4", "--verify")
    assert (code, found["restores"]) == (0, f"{directory}/model.ckpt-4")
    assert found["kept"] == f"{directory}/checkpoint.old-1"
    assert table(capsys, directory)[0] == 0
    assert train_up_to(6, directory) == [5, 6]
