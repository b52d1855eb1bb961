"""`tfmts-compat doctor`."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
from typing import Any, Iterator

import tfmts_compat
from tfmts_compat._rules import table
from tfmts_compat._upstream import loading, versions
from tfmts_compat.commands import doctor_trial

_LIBRARIES = ("numpy", "protobuf", "keras", "absl-py")
_TIMEOUT_SECS = 600  # the import and the training take about ten seconds
# The working directory is not searched for modules, except for this package.
_TRIAL = """
import sys
if sys.path[0] == "":
    del sys.path[0]
sys.path.insert(0, sys.argv[1])
import tfmts_compat
del sys.path[0]
from tfmts_compat.commands import doctor_trial
doctor_trial.run(sys.argv[2])
"""


def add_parser(subparsers: Any) -> None:
    """Adds the `doctor` subcommand."""
    parser = subparsers.add_parser(
        "doctor",
        help="check the installed versions, and train ten steps with them",
        description="Report the installed versions and the combinations of them that are known not "
        "to work, each with the pip command that corrects it. Then import TensorFlow, open a "
        "session, train ten steps, save and restore, on the CPU in a temporary directory. "
        "Exit code 0: everything works; 1: something does not work.",
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    loading.announce_import()
    with _without_working_directory():
        report = _collect()
    if arguments.json:
        print(json.dumps(report, indent=2))
    else:
        print(table.text(_make_rows(report), table.terminal_width()))
    return 0 if report["ok"] else 1


@contextlib.contextmanager
def _without_working_directory() -> Iterator[None]:
    """Removes the working directory from the paths of modules, where `python -m` has put it."""
    before = sys.path[:]
    with contextlib.suppress(OSError):  # the directory was deleted
        if sys.path[0] in ("", os.getcwd()) and not getattr(sys.flags, "safe_path", False):
            del sys.path[0]
    try:
        yield
    finally:
        sys.path[:] = before


def _collect() -> dict[str, Any]:
    """Collects the report, as --json prints it."""
    builds = versions.find_tensorflow_builds()
    problems = _find_problems(builds)
    try:
        stages = _run_trial()
    except OSError as problem:
        why = f"{problem}; set TMPDIR to a directory that can be written"
        stages = [{"stage": "temporary directory", "works": False, "error": why}]
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "tfmts_compat": tfmts_compat.__version__,
        "tensorflow": builds,
        **{name: versions.find_installed_version(name) for name in _LIBRARIES},
        "ignored": versions.find_ignored_distributions(),
        "problems": problems,
        "notes": _find_keras_notes(builds),
        "stages": stages,
        "ok": not problems and all(stage["works"] for stage in stages),
    }


def _find_keras_notes(builds: dict[str, str]) -> list[str]:
    """Describes why tf.compat.v1.layers, and with it rnn_cell, do not work here.

    Most programs do not use them, so the exit code does not change.
    """
    # TensorFlow compares the variable with these values.
    is_set = os.environ.get("TF_USE_LEGACY_KERAS") in ("1", "true", "True")
    notes = []
    for major, minor in sorted({versions.parse_minor(version) for version in builds.values()}):
        # TensorFlow reads the variable since 2.15, and brings Keras 3 since 2.16.
        needs, reads = (major, minor) >= (2, 16), (major, minor) >= (2, 15)
        steps = []
        if versions.find_installed_version("tf-keras") is None and (needs or (reads and is_set)):
            steps.append(f"pip install 'tf-keras=={major}.{minor}.*'")
        if needs and not is_set:
            steps.append("set TF_USE_LEGACY_KERAS=1 before TensorFlow is imported")
        if steps and not needs:
            steps = [f"unset TF_USE_LEGACY_KERAS, or {steps[0]}"]
        if steps:
            why = "they need Keras 2" if needs else "TF_USE_LEGACY_KERAS is set without tf-keras"
            notes.append(
                f"tf.compat.v1.layers and rnn_cell do not work here, because {why}. If your "
                f"program uses them: {'; and '.join(steps)}"
            )
    return notes


def _find_problems(builds: dict[str, str]) -> list[dict[str, str]]:
    """Finds known-bad combinations, each with the command that corrects it."""
    found = []
    for version in sorted(set(builds.values())):
        for entry in versions.find_known_bad(versions.parse_minor(version)):
            found.append({"problem": str(entry), "remedy": versions.build_pip_command([entry])})
    if len(set(builds.values())) > 1:
        names = " ".join(sorted(builds))
        found.append(
            {
                "problem": "several builds of TensorFlow write to the same directory",
                "remedy": f"pip uninstall {names}, then install one of them again",
            }
        )
    return found


def _run_trial() -> list[dict[str, Any]]:
    """Runs a small training in a process, which may crash, and returns each stage's result."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(tfmts_compat.__file__)))
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "stages")
        try:
            ended = subprocess.run(
                [sys.executable, "-c", _TRIAL, root, path],
                capture_output=True,
                check=False,
                errors="replace",
                stdin=subprocess.DEVNULL,
                text=True,
                timeout=_TIMEOUT_SECS,
            )
            error = _describe_end(ended)
        except subprocess.TimeoutExpired:
            error = f"the process did not end within {_TIMEOUT_SECS} seconds"
        lines = []
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                lines = [json.loads(line) for line in file]
    stages = []
    for index, stage in enumerate(doctor_trial.STAGES):
        works = index < len(lines) and "error" not in lines[index]
        why = None
        if not works and index <= len(lines):
            why = lines[index]["error"] if index < len(lines) else error
        stages.append({"stage": stage, "works": works, "error": why})
        if why:
            break
    return stages


def _describe_end(ended: subprocess.CompletedProcess[str]) -> str:
    """Describes how the process ended if it reported no error itself."""
    if ended.returncode < 0:
        return f"the process was ended by {signal.Signals(-ended.returncode).name}"
    lines = ended.stderr.strip().splitlines() or ["nothing was printed"]
    return f"the process ended with exit code {ended.returncode}: {lines[-1]}"


def _make_rows(report: dict[str, Any]) -> list[table.Row]:
    rows = [
        ("Python", f"{report['python']} ({report['platform']})", ""),
        ("tfmts_compat", report["tfmts_compat"], ""),
    ]
    for name, version in report["tensorflow"].items() or {"": "not installed"}.items():
        rows.append(("TensorFlow", f"{version} ({name})" if name else version, ""))
    rows += [(name, report[name] or "not installed", "") for name in _LIBRARIES]
    for path in report["ignored"]:
        rows.append(("ignored", f"{path}: remains of an installation, which can be deleted", ""))
    for found in report["problems"]:
        rows.append(("known problem", found["problem"], ""))
        rows.append(("  remedy", found["remedy"], ""))
    rows += [("note", text, "") for text in report["notes"]]
    for stage in report["stages"]:
        rows.append((stage["stage"], "works" if stage["works"] else f"fails: {stage['error']}", ""))
    return rows
