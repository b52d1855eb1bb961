"""What the README shows is what happens: its program, its samples, its numbers, its commands."""

import ast
import configparser
import contextlib
import itertools
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

import pytest
from helpers import MINOR

import tfmts_compat
from tfmts_compat import cli
from tfmts_compat._rules.departures import DEPARTURES
from tfmts_compat.commands import checkpoints, compare, doctor, explain, run
from tfmts_compat.migrate import command as migrate
from tfmts_compat.parity import command as parity, scenarios

ROOT = pathlib.Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(text, language):
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)
    return [block for name, block in found if name == language]


def sample(command):
    """Returns the README's command line that starts with this, and the lines that it prints."""
    (block,) = [b for b in blocks(README, "console") if b.startswith(f"$ tfmts-compat {command} ")]
    first, *printed = block.splitlines()
    return first[2:], printed


@pytest.fixture
def path(tmp_path):
    """A PATH on which `tfmts-compat` and `python3` are those of this test."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, options in (("tfmts-compat", "-m tfmts_compat"), ("python3", "")):
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {options} "$@"\n')
        program.chmod(0o755)
    return os.pathsep.join([str(folder), os.environ["PATH"]])


def test_the_readme_has_at_most_110_lines():
    assert len(README.splitlines()) <= 110


def test_the_program_trains_and_resumes_with_both_functions(tmp_path, path):
    """The report of `run` is the one that the README shows."""
    (program,) = blocks(README, "python")
    ast.parse(program)
    place = tmp_path / "ann"
    place.mkdir()
    (place / "train.py").write_text(program)
    subprocess.run([sys.executable, "train.py"], cwd=place, check=True)
    assert (place / "model" / "model.ckpt-1000.index").exists()

    before = program.replace("from tfmts_compat import MonitoredTrainingSession\n", "")
    before = before.replace("with Mon", "with tf.train.Mon")
    (place / "train.py").write_text(before)
    command, shown = sample("run")
    ended = subprocess.run(
        ["bash", "-c", command],
        cwd=place,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (place / "model" / "model.ckpt-2000.index").exists()
    loss, *report = shown
    for line in (loss, *ended.stdout.splitlines()):
        assert re.fullmatch(r"loss 0\.\d{6}", line)
    if MINOR < (2, 8):  # where TensorFlow does not run the session a second time
        report.pop()
    # TensorFlow's own log lines come before the report.
    lines = ended.stderr.replace(str(place), "/home/ann").splitlines()
    assert lines[-len(report) :] == report


@pytest.mark.skipif(os.name != "posix", reason="needs a terminal")
def test_explain_prints_the_sample_on_a_terminal_of_80_columns(path):
    command, shown = sample("explain")
    terminal, end = os.openpty()
    with os.fdopen(terminal, "rb", buffering=0) as output:
        process = subprocess.Popen(
            ["bash", "-c", command], stdout=end, env={**os.environ, "PATH": path, "COLUMNS": "80"}
        )
        os.close(end)
        printed = b""
        with contextlib.suppress(OSError):  # the other end is closed
            for part in iter(lambda: output.read(4096), b""):
                printed += part
        assert process.wait() == 0
    assert printed.decode().splitlines() == shown


def test_the_error_is_the_one_that_the_session_raises():
    with pytest.raises(TypeError) as raised:
        tfmts_compat.explain(checkpoint_dir="c", save_checkpoint_secs="600")
    assert f"`{raised.value}`" in README.replace("\n  ", " ")


def test_the_numbers_are_those_of_the_suite_and_of_the_benchmarks():
    versions = (ROOT / "docs" / "versions.md").read_text(encoding="utf-8")
    minors = len(re.findall(r"^\| 2\.\d+\.\d+ \|", versions, re.M))
    text = " ".join(README.split())
    assert f"{len(scenarios.load_all())} scenarios on {minors} minor versions" in text
    assert f"the {len(scenarios.load_all())} scenarios" in text
    assert f"in [{len(DEPARTURES)} cases]" in text
    published = (ROOT / "benchmarks" / "results" / "published.json").read_text(encoding="utf-8")
    cases = json.loads(published)["cases"]
    *tiny, classifier = (
        cases[f"step, {name}"]["result"][0]
        for name in (
            "no directory",
            "default cadence",
            "default cadence, one array fed",
            "digits classifier, batch of 64 fed",
        )
    )
    assert (
        f"takes {min(tiny):.2f} to {max(tiny):.2f} of TensorFlow's time, "
        f"one of a small classifier {classifier:.2f}" in text
    )


@pytest.mark.network
def test_the_commands_of_migrate_work_in_a_new_environment(tmp_path, path):
    (tmp_path / "train.py").write_text("import tensorflow as tf\nx = tf.train.Scaffold()\n")
    venv, *_ = blocks(README, "sh")[0].splitlines()
    commands = (ROOT / "docs" / "migrating.md").read_text(encoding="utf-8")
    (block,) = [b for b in blocks(commands, "") if b.startswith("pip install '/path/to/")]
    script = "\n".join(["set -e", venv, block.replace("/path/to/tfmts_compat", str(ROOT))])
    environment = {**os.environ, "PATH": path}
    environment.pop("PYTHONPATH", None)
    result = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    assert (tmp_path / "train.py").read_text().endswith("x = tfmts_compat.Scaffold()\n")


def commands():
    """Returns the commands of the pages: (page, words), without comments."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for language in ("sh", "console", ""):
            for block in blocks(text, language):
                for line in block.replace("\\\n", " ").splitlines():
                    if language == "console" and not line.startswith("$ "):
                        continue
                    words = shlex.split(line.replace("$ ", "", 1), comments=True)
                    for separator, part in itertools.groupby(words, lambda word: word == "&&"):
                        if not separator:
                            yield page.name, [word for word in part if not is_variable(word)]


def is_variable(word):
    return re.match(r"[A-Z_]+=", word)


@pytest.fixture
def parse_only(monkeypatch):
    for module in (checkpoints, compare, doctor, explain, run, migrate, parity):
        monkeypatch.setattr(module, "_run", lambda arguments: 0)


def test_every_command_of_the_pages_has_its_options_and_environments(parse_only):
    checks = {"pip": check_pip, "tox": check_tox, "tfmts-compat": check_own}
    counts = dict.fromkeys(checks, 0)
    for page, words in commands():
        if words and words[0] in checks:
            counts[words[0]] += 1
            assert checks[words[0]](words[1:]), (page, words)
        elif page == "README.md":
            assert words[0] in (".", "python3"), words
    assert min(counts.values()) >= 5, counts


def check_own(words):
    if any(word.startswith("[--") for word in words):  # a summary of the options
        return True
    try:
        return cli.main(words) == 0
    except SystemExit as end:
        return end.code == 0


def check_pip(words):
    extras = re.findall(r"\[(\w+)\]$", " ".join(words))
    known = re.findall(r"^(\w+) = \[", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M)
    return words[0] in ("install", "uninstall") and set(extras) <= set(known)


def check_tox(words):
    settings = configparser.ConfigParser(interpolation=None, allow_no_value=True)
    settings.read(ROOT / "tox.ini", encoding="utf-8")
    labels = re.findall(r"^(\w+) =", settings["tox"]["labels"], re.M)
    names = {name for section in settings for name in environments(section)}
    own, _, rest = " ".join(words).partition(" -- ")
    chosen = re.findall(r"-e (\S+)", own)
    return (
        all(label in labels for label in re.findall(r"-m (\S+)", own))
        and all(is_environment(name, names) for name in ",".join(chosen).split(",") if name)
        and all(
            (ROOT / word.partition("::")[0]).exists() for word in re.findall(r"tests/\S+", rest)
        )
        and (own.split()[:1] in ([], ["-e"], ["-m"], ["list"]))
        and (chosen[:1] != ["bench"] or all(map(is_option_of_bench, rest.split())))
    )


def environments(section):
    """Returns the names in the header of a section such as testenv:bench{,-oldest,-middle}."""
    pattern = section.partition("testenv:")[2]
    parts = [part.split(",") for part in re.split(r"[{}]", pattern)]
    return ["".join(chosen) for chosen in itertools.product(*parts)]


def is_environment(name, names):
    """Returns whether tox.ini describes it: under its name, or by the factors of [testenv]."""
    factors = set((ROOT / "tox.ini").read_text(encoding="utf-8").replace(":", " ").split())
    return name in names or all(
        re.fullmatch(r"py3\d+|tests|protobuf7", factor)
        or (re.match(r"tf\d", factor) and factor in factors)
        for factor in name.split("-")
    )


def is_option_of_bench(word):
    source = (ROOT / "benchmarks" / "__main__.py").read_text(encoding="utf-8")
    return not word.startswith("--") or f'"{word}"' in source


@pytest.mark.parametrize(
    ("check", "command"),
    [
        (check_own, "parity --no-such-option"),
        (check_own, "no-such-command"),
        (check_pip, "install .[no_such_extra]"),
        (check_tox, "-e no-such-environment"),
        (check_tox, "-m nosuchlabel"),
        (check_tox, "-e py38-tf99"),
        (check_tox, "-e tests -- tests/no_such_test.py"),
        (check_tox, "-e bench -- --no-such-option"),
    ],
)
def test_a_command_that_does_not_exist_is_found(parse_only, check, command):
    assert not check(command.split())
