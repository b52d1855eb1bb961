"""Runs at the start of each Python process of `tfmts-compat run`, before its program.

Python's module `site` imports a module named `sitecustomize`. `tfmts-compat run` puts this
directory first on PYTHONPATH, so that child processes import this file, too. It imports only
modules that cannot change the program. It imports tfmts_compat after the program has imported
TensorFlow.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Callable

_HERE = os.path.dirname(os.path.abspath(__file__))


class _Finder:
    """An import hook that calls a function after a module has been imported."""

    def __init__(self, name: str, function: Callable[[], None]) -> None:
        self._name = name
        self._function = function
        self._searching = False

    def find_spec(self, name: str, *_: Any, **__: Any) -> Any:
        """Returns the spec of Python's own finders, and makes its loader call the function."""
        if name != self._name or self._searching:
            return None
        import importlib.util

        self._searching = True  # Python calls the finders; some have no find_spec
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._searching = False
        if spec is not None:
            self._follow(spec.loader)
        return spec

    def _follow(self, loader: Any) -> None:
        if not hasattr(loader, "exec_module"):
            return

        def exec_module(module: Any) -> None:
            del loader.exec_module  # makes the method of the loader's class visible again
            loader.exec_module(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
                self._function()

        # Python omits frames with this file name from the traceback of a failed import.
        code = exec_module.__code__.replace(co_filename="<frozen importlib._bootstrap>")
        exec_module.__code__ = code
        loader.exec_module = exec_module


class _OwnFinder:
    """Finds the tfmts_compat that contains this file, whatever sys.path contains."""

    @staticmethod
    def find_spec(name: str, *_: Any, **__: Any) -> Any:
        if name != "tfmts_compat":
            return None
        from importlib.machinery import PathFinder

        return PathFinder.find_spec(
            name, [os.path.dirname(os.path.dirname(os.path.dirname(_HERE)))]
        )


def _import_own(module: str) -> Any:
    """Imports a module of the tfmts_compat that contains this file."""
    import importlib

    before = [index for index, finder in enumerate(sys.meta_path) if isinstance(finder, _Finder)]
    sys.meta_path.insert(max(before, default=-1) + 1, _OwnFinder)
    try:
        return importlib.import_module(module)
    finally:
        sys.meta_path.remove(_OwnFinder)


def _start() -> None:
    report = os.environ.get("TFMTS_COMPAT_REPORT")
    upstream = os.environ.get("TFMTS_COMPAT_UPSTREAM")
    try:
        cwd = os.getcwd()
    except OSError:  # it was deleted
        cwd = ""

    def program() -> Any:
        return _import_own("tfmts_compat._program.process").Program(report, upstream, cwd)

    if report or not upstream:
        finder: Any = _Finder("tensorflow", lambda: program().on_tensorflow_import())
        sys.meta_path.insert(0, finder)
    if report:
        finder = _Finder("tfmts_compat", lambda: program().on_package_import())
        sys.meta_path.insert(0, finder)
        process = os.getpid()
        if os.environ.get("TFMTS_COMPAT_PID") == str(process):
            import atexit

            atexit.register(lambda: os.getpid() == process and program().on_exit())


def _run_hidden_module() -> None:
    """Imports another `sitecustomize` that would have been imported without this one."""
    this = sys.modules.pop(__name__)
    try:
        import sitecustomize  # type: ignore[import-not-found]  # noqa: F401
    except ModuleNotFoundError as problem:
        if problem.name != "sitecustomize":
            raise
    finally:
        sys.modules.setdefault(__name__, this)


sys.path[:] = [entry for entry in sys.path if entry != _HERE]
if "TFMTS_COMPAT_RUN" in os.environ:
    _start()
if __name__ == "sitecustomize":
    _run_hidden_module()
