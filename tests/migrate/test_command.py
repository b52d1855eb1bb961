"""The command `tfmts-compat migrate`: flags, formats, exit codes, files."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from tfmts_compat import cli
from tfmts_compat.migrate.codebase import files

OLD = "import tensorflow as tf\nx = tf.train.Scaffold()\n"
NEW = "import tfmts_compat\nx = tfmts_compat.Scaffold()\n"
ASKS = 'import tensorflow as tf\ngetattr(tf.train, "Scaffold")\n'


def migrate(*arguments):
    return cli.main(["migrate", *map(str, arguments)])


def test_without_a_flag_it_shows_the_diff_and_writes_nothing(tree, capfd):
    tree(a_py=OLD)
    assert migrate("a.py") == 0
    out, err = capfd.readouterr()
    assert out == (
        "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n-import tensorflow as tf\n"
        "-x = tf.train.Scaffold()\n+import tfmts_compat\n+x = tfmts_compat.Scaffold()\n"
    )
    assert err == (
        "tfmts-compat: would change 1 file (1 name), read 1 file\n"
        "       1 TFM101 a name that tfmts_compat replaces\n"
        "       1 TFM102 an import of tfmts_compat is needed\n"
        "       1 TFM103 an import is no longer used\n"
    )
    assert (tree() / "a.py").read_text() == OLD


def test_diff_can_be_applied(tree, capfdbinary):
    texts = [OLD, OLD.replace("\n", "\r\n"), OLD.rstrip("\n"), "\ufeff" + OLD]
    encoded = [text.encode() for text in texts]
    encoded.append("# coding: latin-1\nü = 1\n".encode("latin-1") + OLD.encode())
    tree(**{f"f{index}_py": data for index, data in enumerate(encoded)})
    assert migrate("--diff", ".") == 1
    patch = capfdbinary.readouterr().out
    subprocess.run(["git", "apply", "-p1", "-"], input=patch, check=True, cwd=tree())
    for index, data in enumerate(encoded):
        newline = b"\r\n" if b"\r\n" in data else b"\n"
        expected = data.replace(OLD.rstrip("\n").encode().replace(b"\n", newline),
                                NEW.rstrip("\n").encode().replace(b"\n", newline))  # fmt: skip
        assert (tree() / f"f{index}.py").read_bytes() == expected


def test_write_changes_the_files_once(tree, capsys):
    tree(a_py=OLD, d__b_pyi=OLD, d__c_txt=OLD)
    (tree() / "a.py").chmod(0o754)
    assert migrate("--write", ".") == 0
    assert (tree() / "a.py").read_text() == (tree() / "d/b.pyi").read_text() == NEW
    assert (tree() / "d/c.txt").read_text() == OLD
    assert (tree() / "a.py").stat().st_mode & 0o777 == 0o754
    out, err = capsys.readouterr()
    assert out == "a.py: replaced 1 name\nd/b.pyi: replaced 1 name\n"
    assert err == (
        "tfmts-compat: changed 2 files (2 names), read 2 files\n"
        "       2 TFM101 a name that tfmts_compat replaces\n"
        "       2 TFM102 an import of tfmts_compat is needed\n"
        "       2 TFM103 an import is no longer used\n"
    )
    assert migrate("--write", ".") == migrate("--check", ".") == migrate("--diff", ".") == 0


def test_check_lists_every_place(tree, capsys):
    tree(a_py=OLD)
    assert migrate("--check", "a.py") == 1
    assert [line.split()[:2] for line in capsys.readouterr().out.splitlines()] == [
        ["a.py:1:1:", "TFM102"],
        ["a.py:1:8:", "TFM103"],
        ["a.py:2:5:", "TFM101"],
    ]


@pytest.mark.parametrize(("flags", "code"), [([], 0), (["--strict"], 1)])
def test_strict_fails_if_a_place_has_to_be_changed_by_hand(tree, flags, code):
    tree(a_py=ASKS)
    assert migrate("--check", *flags, ".") == code


PYTHON_2 = {
    'print "x"': "Missing parentheses in call to 'print'",
    'exec "x"': "Missing parentheses in call to 'exec'",
    "x = `y`": "invalid syntax",
    'raise X, "y"': "",  # the message depends on the version
    "def f(x, (y, z)): pass": "",
    "x = 0777": "",
}


@pytest.mark.parametrize(("line", "message"), PYTHON_2.items(), ids=PYTHON_2)
def test_a_syntax_error_is_reported_on_its_line_and_other_files_are_migrated(
    tree, capsys, line, message
):
    text = f"{OLD}\n{line}\n"
    tree(a_py=text, b_py=OLD)
    assert migrate("--write", ".") == 2
    assert capsys.readouterr().err.startswith(f"a.py:4:1: TFM002 {message}")
    assert ((tree() / "a.py").read_text(), (tree() / "b.py").read_text()) == (text, NEW)


@pytest.mark.parametrize(
    "data",
    [b"# coding: nowhere\n" + OLD.encode(), OLD.encode() + b"# \xff\n"],
    ids=["unknown-encoding", "not-utf-8"],
)
def test_a_file_that_cannot_be_read_is_reported(tree, capsys, data):
    tree(a_py=data)
    assert migrate("--check", "a.py", "missing.py") == 2
    err = capsys.readouterr().err
    assert "a.py:" in err
    assert err.count(":1: TFM001 ") == 2
    assert "missing.py:1:1: TFM001 does not exist" in err


@pytest.mark.parametrize(
    "arguments", [[], ["--check", "--write", "a"], ["-", "a"], ["--format=xml", "a"], ["--nope"]]
)
def test_a_usage_error_exits_with_2(arguments, capsys):
    try:
        code = migrate(*arguments)
    except SystemExit as problem:
        code = problem.code
    assert code == 2
    assert "error" in capsys.readouterr().err


def test_json_has_every_finding(tree, capsys):
    tree(a_py=OLD, b_py="import tensorflow as tf; tf.train.Scaffold(\n")
    assert migrate("--check", "--format=json", ".") == 2
    found = json.loads(capsys.readouterr().out)
    assert [(finding["path"], finding["line"], finding["code"]) for finding in found] == [
        ("a.py", 1, "TFM102"),
        ("a.py", 1, "TFM103"),
        ("a.py", 2, "TFM101"),
        ("b.py", 1, "TFM002"),
    ]
    assert migrate("--check", "--json", ".") == 2  # another name of --format=json
    assert json.loads(capsys.readouterr().out) == found
    assert migrate("--check", "--json", "missing") == 2
    json.loads(capsys.readouterr().out)


def test_diff_with_json_is_valid_json(tree, capsys):
    tree(a_py=OLD)
    assert migrate("--diff", "--format=json", ".") == 1
    out, err = capsys.readouterr()
    assert [finding["code"] for finding in json.loads(out)] == ["TFM102", "TFM103", "TFM101"]
    assert not err


@pytest.mark.parametrize("mode", ["--check", "--diff", "--write"])
def test_json_without_findings_is_an_empty_array(tree, capsys, mode):
    tree(a_py="x = 1\n")
    assert migrate(mode, "--format=json", ".") == 0
    assert json.loads(capsys.readouterr().out) == []


SELECTED = {
    "select": (["--select=TFM201"], ["TFM201"], OLD),
    "select-group": (["--select", "TFM2"], ["TFM201"], OLD),
    "select-several": (["--select=TFM201,TFM3", "--select=TFM303"], ["TFM201", "TFM303"], OLD),
    "ignore": (["--ignore=TFM1"], ["TFM201", "TFM303"], OLD),
    "ignore-several": (["--ignore=TFM1,TFM201"], ["TFM303"], OLD),
    "both": (["--select=TFM2,TFM3", "--ignore=TFM3"], ["TFM201"], OLD),
    "select-replacements": (["--select=TFM101"], ["TFM101"], f"import tensorflow as tf\n{NEW}"),
}


@pytest.mark.parametrize(("flags", "codes", "text"), SELECTED.values(), ids=SELECTED)
def test_select_and_ignore_limit_the_codes(tree, capsys, flags, codes, text):
    more = (
        'getattr(tf.train, "Scaffold")\n'
        "tfmts_compat.MonitoredTrainingSession(save_summaries_secs=1, save_summaries_steps=2)\n"
    )
    tree(a_py=OLD + more + "import tfmts_compat\n")
    migrate("--check", "--format=json", *flags, ".")
    assert sorted(finding["code"] for finding in json.loads(capsys.readouterr().out)) == codes
    tree(a_py=OLD)
    migrate("--write", *flags, ".")
    assert (tree() / "a.py").read_text() == text


@pytest.mark.parametrize("flag", ["--select", "--ignore"])
@pytest.mark.parametrize("codes", ["", "T", "TFM", "TFM9", "TFM2011", "TFM201,", "X", "TFM002"])
def test_an_unknown_code_is_a_usage_error(tree, capsys, flag, codes):
    tree(a_py=OLD)
    assert migrate("--check", f"{flag}={codes}", ".") == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith(f"tfmts-compat: error: {flag}: ")
    assert err.count("\n") == 1


def test_a_github_annotation_names_the_place_and_the_code(tree, capsys):
    tree(a_py=OLD)
    assert migrate("--check", "--format=github", "a.py") == 1
    assert capsys.readouterr().out.splitlines()[-1] == (
        "::warning file=a.py,line=2,col=5,title=TFM101::"
        "replace tensorflow.train.Scaffold with tfmts_compat.Scaffold"
    )


@pytest.mark.parametrize("text", [OLD, "x = 1\n"])
def test_stdin_is_migrated_to_stdout(text, monkeypatch, capfd):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert migrate("-") == 0
    kept = "import tensorflow as tf\n" + NEW  # it is not known whether another file imports it
    assert capfd.readouterr().out == (kept if text == OLD else text)


def test_settings_ignore_codes(tree):
    tree(a_py=ASKS)
    (tree() / "pyproject.toml").write_text('[tool.tfmts_compat]\nignore = ["TFM201"]\n')
    assert migrate("--check", "--strict", ".") == 0


@pytest.mark.parametrize(
    "setting",
    [
        'ignore = "TFM201"', 'ignore = [""]', 'ignore = ["TFM999"]', "ignor = []", "ignore = [",
    ],
)  # fmt: skip
def test_a_wrong_setting_is_an_error(tree, capsys, setting):
    tree(a_py=ASKS)
    (tree() / "pyproject.toml").write_text(f"[tool.tfmts_compat]\n{setting}\n")
    assert migrate("--check", ".") == 2
    assert "pyproject.toml" in capsys.readouterr().err


def test_an_invalid_pattern_is_an_error(tree, capsys):
    tree(a_py=OLD, _gitignore="!\n")
    assert migrate("--check", ".") == 2
    out, err = capsys.readouterr()
    assert "a.py:2:5: TFM101" in out
    assert ".gitignore:1:1: TFM001 Invalid git pattern: '!'" in err
    (tree() / ".gitignore").unlink()
    assert migrate("--check", "--exclude", "!", ".") == 2
    assert capsys.readouterr().err == (
        "tfmts-compat: error: exclude (--exclude, pyproject.toml): Invalid git pattern: '!'; "
        "use patterns as in .gitignore\n"
    )


def test_symlinks_out_of_the_tree_are_not_followed(tree, tmp_path_factory, capsys):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "a.py").write_text(OLD)
    tree(real_py=OLD)
    (tree() / "link.py").symlink_to(outside / "a.py")
    (tree() / "directory").symlink_to(outside)
    (tree() / "inside.py").symlink_to("real.py")
    assert migrate("--write", ".") == 0
    assert migrate("--write", "link.py") == 2
    assert "link.py:1:1: TFM001 is a symbolic link; pass its target" in capsys.readouterr().err
    assert (outside / "a.py").read_text() == OLD
    assert (tree() / "real.py").read_text() == NEW
    assert (tree() / "inside.py").is_symlink()


def test_an_interrupted_write_keeps_the_file_and_leaves_no_temporary_file(tree, monkeypatch):
    tree(a_py=OLD)

    def interrupted(*paths):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    assert migrate("--write", "a.py") == 130
    assert sorted(os.listdir()) == [".git", "a.py"]
    assert (tree() / "a.py").read_text() == OLD


def test_a_file_that_cannot_be_written_is_reported_and_other_files_are_migrated(tree, capsys):
    tree(a_py=OLD, b_py=OLD + 'getattr(tf.train, "Scaffold")\n', c_py=OLD)
    (tree() / "a.py").chmod(0o444)
    os.link("b.py", "b.txt")
    assert migrate("--write", ".") == 2
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "c.py: replaced 1 name",
        "b.py:3:1: TFM201 tensorflow.train.Scaffold is looked up by a string; replace the call "
        "with tfmts_compat.Scaffold, and import tfmts_compat",
    ]
    assert err.splitlines()[:2] == [
        "a.py:1:1: TFM005 cannot be written: it is read-only; make it writable or exclude it "
        "with --exclude",
        "b.py:1:1: TFM005 cannot be written: it has 2 hard links, and the other paths would "
        "keep the old text; replace it with a copy, and run again",
    ]
    assert [(tree() / f"{name}.py").read_text() for name in "ac"] == [OLD, NEW]


def test_a_file_that_changed_after_it_was_read_is_not_overwritten(tree, monkeypatch, capsys):
    tree(a_py=OLD)
    write = files.write

    def late(*arguments):
        tree(a_py="mine\n")
        write(*arguments)

    monkeypatch.setattr(files, "write", late)
    assert migrate("--write", ".") == 2
    assert capsys.readouterr().err.splitlines()[0] == (
        "a.py:1:1: TFM004 changed after it was read, and is not overwritten; run again"
    )
    assert sorted(os.listdir()) == [".git", "a.py"]
    assert (tree() / "a.py").read_text() == "mine\n"


DEEP = {
    "elif": OLD + "if tf == 0: pass\n" + "elif tf.x: pass\n" * 300,
    "calls": f"{OLD}y = tf{'.x()' * 200}\n",
    "sum": f"{OLD}y = {' + '.join(['tf.x'] * 200)}\n",
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_deep_syntax_is_migrated(tree, text):
    tree(a_py=text)
    assert migrate("--write", ".") == 0
    assert "tfmts_compat.Scaffold" in (tree() / "a.py").read_text()


TOO_DEEP = {
    "elif": OLD + "if tf == 0: pass\n" + "elif tf.x: pass\n" * 3000,
    "sum": f"{OLD}y = {' + '.join(['tf.x'] * 5000)}\n",
    "brackets": f"{OLD}y = {'(' * 5000}tf.x{')' * 5000}\n",
}


@pytest.mark.parametrize("text", TOO_DEEP.values(), ids=TOO_DEEP)
def test_too_deep_syntax_is_reported_and_other_files_are_migrated(tree, capsys, text):
    tree(a_py=text, b_py=OLD)
    assert migrate("--write", ".") == 2
    first, summary, *_ = capsys.readouterr().err.splitlines()
    message = "is nested too deeply to be analyzed; split the expression or the chain of elif"
    # Python itself may know the line, which depends on the version.
    assert re.fullmatch(rf"a\.py:(1:1: TFM002 {message}|3:1: TFM002 too many nested .*)", first)
    assert summary.startswith("tfmts-compat: changed 1 file (1 name), could not migrate 1 file")
    assert ((tree() / "a.py").read_text(), (tree() / "b.py").read_text()) == (text, NEW)


def test_an_interrupt_leaves_no_partly_written_file(tree):
    big = OLD + "y = tf.train.Scaffold(tf.x)\n" * 1000
    for index in range(60):
        (tree() / f"f{index:02}.py").write_text(big)
    # a process in the background of a shell ignores SIGINT, and so do those that it starts
    run = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from tfmts_compat import cli; sys.exit(cli.main())"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", run, "migrate", "--write", "."],
        stderr=subprocess.PIPE, start_new_session=True, text=True,
    )  # fmt: skip
    while process.poll() is None and (tree() / "f00.py").read_text() == big:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=1200)
    assert "Traceback" not in err
    assert process.returncode == 130
    texts = {path.read_text() for path in tree().glob("*.py")}
    assert len(texts) == 2
    assert {big} < texts
    assert not [name for name in os.listdir() if name.endswith(".tmp")]


def test_findings_are_in_the_order_of_the_files(tree, capsys):
    for index in range(100):
        (tree() / f"f{index:03}.py").write_text(OLD + "# x\n" * (index % 7) * 500)
    assert migrate("--check", ".") == 1
    paths = [line.split(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert paths == sorted(paths)
    assert len(set(paths)) == 100


def test_changes_come_before_findings_and_same_findings_are_one(tree, capsys):
    tree(b_py=OLD, a_py=OLD + 'getattr(tf.train, "Scaffold")\n' * 3)
    assert migrate("--write", ".") == 0
    assert capsys.readouterr().out.splitlines() == [
        "a.py: replaced 1 name",
        "b.py: replaced 1 name",
        "a.py:4:1: TFM201 tensorflow.train.Scaffold is looked up by a string; replace the call "
        "with tfmts_compat.Scaffold, and import tfmts_compat (also on lines 5, 6)",
    ]


@pytest.mark.parametrize(
    ("file", "text", "command"),
    [
        ("pyproject.toml", "[tool.isort]\n[tool.black]\n", "isort"),
        ("pyproject.toml", "[tool.ruff.lint]\n", "ruff check --select I --fix"),
        ("setup.cfg", "[isort]\n", "isort"),
    ],
)
def test_the_summary_names_the_formatters_to_run(tree, capsys, file, text, command):
    tree(a_py=OLD, b_py=OLD, c_py="")
    (tree() / file).write_text(text)
    assert migrate("--write", ".") == 0
    assert f"tfmts-compat: next, run: {command} a.py b.py\n" in capsys.readouterr().err
    assert migrate("--write", ".") == 0
    assert "next" not in capsys.readouterr().err


def test_control_characters_of_file_names_do_not_reach_the_terminal(tree, capsys):
    name = "\x1b[31m a\n\udcff.py"
    (tree() / "pyproject.toml").write_text("[tool.black]\n")
    (tree() / name).write_text(OLD + ASKS)
    (tree() / f"b{name}").write_text(OLD + "(")
    modes = (("text", "--check"), ("github", "--check"), ("text", "--diff"), ("text", "--write"))
    for form, mode in modes:
        assert migrate(mode, f"--format={form}", ".") == 2
        output = "".join(capsys.readouterr())
        assert "\\x1b[31m a" in output
        assert "\x1b" not in output
        assert " a\n" not in output
    assert "next, run: black '\\x1b[31m a\\n\\udcff.py'\n" in output


def test_git_applies_a_diff_of_a_name_with_quotes_and_letters_that_are_not_ascii(tree, capfdbinary):
    name = '"é" .py'
    (tree() / name).write_text(OLD)
    assert migrate("--diff", name) == 1
    subprocess.run(["git", "apply"], input=capfdbinary.readouterr().out, check=True)
    assert "tfmts_compat.Scaffold()" in (tree() / name).read_text()


def test_a_fifo_is_not_read(tree, capsys):
    tree(a_py=OLD)
    os.mkfifo("b.py")
    assert migrate("--check", ".") == 1
    assert migrate("--check", "b.py") == 2
    assert (
        "b.py:1:1: TFM001 is not a regular file; pipe it to standard input, and pass -"
        in capsys.readouterr().err
    )


def test_without_the_extra_the_error_says_what_to_install(tmp_path):
    code = (
        "import sys; sys.modules['pathspec'] = None\n"
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name: None if name == 'pathspec' else find(name)\n"
        "from tfmts_compat import cli; sys.exit(cli.main(['migrate', '.']))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert result.returncode == 2
    assert result.stderr == (
        "tfmts-compat: error: migrate needs pathspec; in a clone of tfmts_compat: "
        "pip install '.[migrate]'\n"
    )


def test_tensorflow_is_not_imported(tree):
    tree(a_py=NEW)
    code = (
        "import sys; from tfmts_compat import cli\n"
        "assert cli.main(['migrate', '--check', '.']) == 0\n"
        "print([name for name in ('tensorflow', 'absl') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"


def test_a_broken_pipe_prints_no_traceback(tree):
    for index in range(200):
        (tree() / f"f{index}.py").write_text(OLD * 20)
    process = subprocess.Popen(
        [sys.executable, "-m", "tfmts_compat", "migrate", "."],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    process.stdout.readline()
    process.stdout.close()
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=1200) == 2


def _read(terminal):
    try:
        return os.read(terminal, 1000)
    except OSError:  # the other end is closed
        return b""
