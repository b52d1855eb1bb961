"""Runs at the start of each Python process of `tfmts-compat run`, before its program.

Python's `site` imports a module of this name. This directory is first on PYTHONPATH there, so
that child processes run it, too. It imports nothing that could change the program: tfmts_compat
is imported when the program has imported TensorFlow.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Callable

_HERE = os.path.dirname(os.path.abspath(__file__))


class _Finder:
    """Calls a function once a module has been imported."""

    def __init__(self, name: str, function: Callable[[], None]) -> None:
        self._name = name
        self._function = function

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Finds the module where Python does; its import is followed by the function."""
        if name != self._name:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None:
                self._follow(spec.loader)
                return spec
        return None

    def _follow(self, loader: Any) -> None:
        if not hasattr(loader, "exec_module"):
            return

        def exec_module(module: Any) -> None:
            del loader.exec_module  # its class has the real one
            loader.exec_module(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
                self._function()

        # Python leaves frames of this file's name out of the traceback of a failed import.
        code = exec_module.__code__.replace(co_filename="<frozen importlib._bootstrap>")
        exec_module.__code__ = code
        loader.exec_module = exec_module


def _own(module: str) -> Any:
    """A module of the tfmts_compat that the command belongs to."""
    import importlib

    root = os.path.dirname(os.path.dirname(_HERE))
    sys.path.insert(0, root)
    try:
        return importlib.import_module(module)
    finally:
        sys.path.remove(root)


def _start() -> None:
    report = os.environ.get("TFMTS_COMPAT_REPORT")
    upstream = "TFMTS_COMPAT_UPSTREAM" in os.environ
    cwd = os.getcwd()

    def program() -> Any:
        return _own("tfmts_compat._program").Program(report, upstream, cwd)

    if report or not upstream:
        finder: Any = _Finder("tensorflow", lambda: program().tensorflow_imported())
        sys.meta_path.insert(0, finder)
    if report:
        finder = _Finder("tfmts_compat", lambda: program().package_imported())
        sys.meta_path.insert(0, finder)
        process = os.getpid()
        if os.environ.get("TFMTS_COMPAT_PID") == str(process):
            import atexit

            atexit.register(lambda: os.getpid() == process and program().ended())


def _run_hidden_module() -> None:
    """Imports the sitecustomize that this one hides, if there is one."""
    this = sys.modules.pop(__name__)
    try:
        import sitecustomize  # type: ignore[import-not-found]  # noqa: F401
    except ModuleNotFoundError as problem:
        if problem.name != "sitecustomize":
            raise
    finally:
        sys.modules.setdefault(__name__, this)


sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != _HERE]
if "TFMTS_COMPAT_RUN" in os.environ:
    _start()
if __name__ == "sitecustomize":
    _run_hidden_module()
