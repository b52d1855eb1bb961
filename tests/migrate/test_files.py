"""Finding files, and writing a file."""

import os

import pytest

from tfmts_compat.migrate.codebase import files

OLD = "x = 1\n"


def test_gitignore_exclude_and_settings_exclude_files(tree):
    tree(a_py=OLD, ignored__a_py=OLD, sub__b_py=OLD, sub__out__a_py=OLD, gen__a_py=OLD, x__a_py=OLD)
    (tree() / ".gitignore").write_text("ignored/\n")
    (tree() / "sub/.gitignore").write_text("/out\n")
    (tree() / "pyproject.toml").write_text('[tool.tfmts_compat]\nexclude = ["gen"]\n')
    (tree() / "venv").mkdir()
    (tree() / "venv/pyvenv.cfg").touch()
    (tree() / "venv/a.py").write_text(OLD)
    settings = files.Settings.read(".", ["x/"])
    found = files.Discovery(settings, print).find(["."])
    assert list(found) == ["a.py", "sub/b.py"]


def test_a_file_with_the_longest_possible_name_is_written(tree):
    name = "x" * 252 + ".py"
    (tree() / name).write_text(OLD)
    files.write(name, b"new", OLD.encode())
    assert (tree() / name).read_text() == "new"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_the_owner_and_the_mode_bits_are_kept(tree):
    tree(a_py=OLD)
    os.chown("a.py", 1234, 1235)
    os.chmod("a.py", 0o4754)
    files.write("a.py", b"new", OLD.encode())
    status = os.stat("a.py")
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (1234, 1235, 0o4754)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root can read it")
def test_a_directory_that_cannot_be_read_is_reported_unless_it_is_ignored(tree):
    tree(a__x_py=OLD, b__x_py=OLD, _gitignore="b/\n")
    for name in "ab":
        (tree() / name).chmod(0)
    failed = []
    settings = files.Settings.read(".")
    assert not list(files.Discovery(settings, lambda path, why: failed.append(path)).find(["."]))
    for name in "ab":
        (tree() / name).chmod(0o755)
    assert failed == ["a"]
