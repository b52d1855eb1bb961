"""Random programs with a stub of tensorflow: migrated programs have the same output.

TFMTS_PROGRAMS sets the number of programs, by default 500.
"""

import builtins
import collections
import contextlib
import importlib.abc
import importlib.util
import os
import sys
import types
from importlib.machinery import PathFinder
from unittest import mock

from hypothesis import HealthCheck, given, settings

from tfmts_compat.migrate.change.rewrite import rewrite
from tfmts_compat.migrate.codebase import modules
from tfmts_compat.migrate.read import resolver

from .programs import code_bases, programs

PROGRAMS = int(os.environ.get("TFMTS_PROGRAMS", "500"))
TRAIN = {name: f"<{name}>" for name in ("Scaffold", "StopAtStepHook", "Saver", "x")}
MONITORED = {"Scaffold": TRAIN["Scaffold"]}
MODULES = {
    "tensorflow": {"x": "<x>"},
    "tensorflow.train": TRAIN,
    "tensorflow.sub": {"y": "<y>"},
    "tensorflow.compat": {},
    "tensorflow.compat.v1": {"x": "<x>"},
    "tensorflow.compat.v1.train": TRAIN,
    "tensorflow.python": {},
    "tensorflow.python.training": {},
    "tensorflow.python.training.monitored_session": MONITORED,
    "tfmts_compat": TRAIN,
    "other": {"x": "<other>"},
    "other.train": {name: f"<other {name}>" for name in TRAIN},
}
FILES = {"compat", "user", "patcher", "main"}
MISSING = ("tensorflow", "tfmts_compat")
LAZY = ("tensorflow.sub", "tensorflow.python")  # attributes only after they are imported


class Stubs(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds and loads the modules of the table, except those of the missing packages."""

    def __init__(self, missing, directory):
        self.missing = missing
        self.directory = directory

    def find_spec(self, name, path=None, target=None):
        if name in FILES and self.directory:
            return PathFinder.find_spec(name, [self.directory])
        package = any(module.startswith(f"{name}.") for module in MODULES)
        if name not in MODULES or name.partition(".")[0] in self.missing:
            return None
        return importlib.util.spec_from_loader(name, self, is_package=package)

    def exec_module(self, module):
        vars(module).update(MODULES[module.__name__])
        for name in MODULES:
            if name.rpartition(".")[0] == module.__name__ and not name.startswith(LAZY):
                importlib.import_module(name)
        if module.__name__ == "tensorflow.compat.v1":  # contains compat again
            module.compat = importlib.import_module("tensorflow.compat")


def called(coroutine):
    """Runs a coroutine that waits for nothing."""
    with contextlib.suppress(StopIteration):
        coroutine.send(None)


def outcome(program, missing=(), directory=""):
    """The output of a program, and the error with which it ends, without the missing packages."""
    given = []
    other = types.SimpleNamespace(**MODULES["other.train"])
    names = {
        "out": lambda value: given.append(str(value)), "on": bool, "called": called,
        "lib": types.SimpleNamespace(train=other, x="<lib>"), "keep": contextlib.nullcontext,
        "decorated": lambda value: lambda function: function if value else None,
    }  # fmt: skip
    roots = {name.partition(".")[0] for name in MODULES} | FILES
    kept = {name: it for name, it in sys.modules.items() if name.partition(".")[0] not in roots}
    with mock.patch.dict(sys.modules, kept, clear=True), mock.patch(
        "sys.meta_path", [Stubs(missing, directory)]
    ), mock.patch.dict(vars(builtins), names):
        importlib.invalidate_caches()
        try:
            code = compile(program, "program", "exec")
            exec(code, {"__name__": "m"})
        except Exception as problem:
            return given, repr(problem)
    return given, None


def test_a_migrated_program_has_the_same_output():
    counts = collections.Counter()

    @settings(
        max_examples=PROGRAMS, deadline=None, database=None, derandomize=PROGRAMS == 500,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )  # fmt: skip
    @given(programs())
    def check(program):
        counts["programs"] += 1
        before = outcome(program)
        if "SyntaxError" in str(before[1]):
            return
        result = rewrite(program, "program.py")
        if "TFM003" in [finding.code for finding in result.found]:
            counts["unverified"] += 1
            assert result.text == program
            return
        if before[1] is None:
            counts["ran"] += 1
            counts["changed"] += result.text != program
            assert outcome(result.text) == before, result.text
        alone = outcome(program, MISSING)  # a program may work without TensorFlow
        if alone[1] is None:
            counts["ran alone"] += 1
            assert outcome(result.text, MISSING) == alone, result.text
        if "TFM212" not in [finding.code for finding in result.found]:
            assert rewrite(result.text, "program.py").text == result.text

    check()
    if PROGRAMS != 500:
        return  # only the default programs are the same in each run
    assert counts["ran"] >= 0.5 * counts["programs"]
    assert counts["changed"] >= 0.1 * counts["programs"] > 0
    assert counts["unverified"] <= 0.02 * counts["programs"]


def write(directory, files):
    for name, text in files.items():
        (directory / name).write_text(text, encoding="utf-8")


def migrate(directory, files):
    """Migrates the files of a code base, and returns their new texts."""
    for cached in (
        modules._list_files, modules._find_replaced,
        resolver.load, resolver.find_module,
    ):  # fmt: skip
        cached.cache_clear()
    outcomes = {
        name: modules.process(str(directory / name), text.encode(), (), [str(directory)])
        for name, text in files.items()
    }
    return {
        name: text if outcomes[name].data is None else outcomes[name].data.decode()
        for name, text in files.items()
    }


def test_a_migrated_code_base_has_the_same_output(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    counts = collections.Counter()

    @settings(
        max_examples=max(PROGRAMS // 5, 200), deadline=None, database=None,
        derandomize=PROGRAMS == 500,
        suppress_health_check=[
            HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture,
        ],
    )  # fmt: skip
    @given(code_bases())
    def check(files):
        counts["programs"] += 1
        write(tmp_path, files)
        runs = [outcome(files["main.py"], missing, str(tmp_path)) for missing in ((), MISSING)]
        migrated = migrate(tmp_path, files)
        write(tmp_path, migrated)
        for missing, before in zip(((), MISSING), runs):
            if before[1] is None:
                after = outcome(migrated["main.py"], missing, str(tmp_path))
                assert after == before, "\n".join(f"# {k}\n{v}" for k, v in migrated.items())
        counts["ran"] += runs[0][1] is None
        counts["changed"] += migrated != files and runs[0][1] is None
        counts["ran alone"] += runs[1][1] is None

    check()
    if PROGRAMS != 500:
        return  # only the default programs are the same in each run
    assert counts["ran"] >= 0.2 * counts["programs"]
    assert counts["changed"] >= 0.01 * counts["programs"] > 0
