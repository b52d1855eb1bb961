"""The files that the command line of the parity suite names."""

import os
import pathlib
import sys

import pytest

from tfmts_compat.parity import files


def test_a_check_creates_nothing_and_keeps_a_dangling_link(tmp_path):
    link, target = tmp_path / "link", tmp_path / "target"
    link.symlink_to(target)
    files.check_writable(link)
    files.check_writable(tmp_path / "new")
    assert os.listdir(tmp_path) == ["link"]
    files.write(link, b"report")
    assert (link.is_symlink(), target.read_bytes()) == (True, b"report")


def test_a_link_to_nowhere_cannot_be_written(tmp_path):
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "no" / "directory")
    with pytest.raises(ValueError, match="link: cannot be written"):
        files.check_writable(link)


def test_a_reader_has_the_whole_file_before_or_after(tmp_path):
    path = tmp_path / "report"
    path.write_bytes(b"earlier")
    with path.open("rb") as reader:
        files.write(path, b"new")
        assert reader.read() == b"earlier"
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["report"]


def test_devices_and_pipes_are_written_to(tmp_path):
    files.write(pathlib.Path(os.devnull), b"report")
    assert not pathlib.Path(os.devnull).is_file()
    reader, writer = os.pipe()
    if sys.platform == "linux":
        files.write(pathlib.Path(f"/dev/fd/{writer}"), b"report")
        assert os.read(reader, 10) == b"report"
    os.close(writer)
    os.close(reader)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to every directory")
def test_a_file_in_a_directory_that_is_not_writable_is_written(tmp_path):
    path = tmp_path / "report"
    path.touch()
    tmp_path.chmod(0o500)
    files.write(path, b"report")
    tmp_path.chmod(0o700)
    assert path.read_bytes() == b"report"
