"""Writes the files that the command line names: reports and goldens."""

from __future__ import annotations

import contextlib
import os
import pathlib
import tempfile


def check_writable(path: pathlib.Path) -> None:
    """Checks before the run that the file can be written after it. Creates no file.

    Raises:
      ValueError: it cannot be written.
    """
    try:
        if path.exists():
            os.close(os.open(path, os.O_WRONLY))
        else:  # perhaps a link to a file that does not exist yet
            with tempfile.TemporaryFile(dir=os.path.dirname(os.path.realpath(path))):
                pass
    except OSError as problem:
        raise ValueError(
            f"{path}: cannot be written ({problem.strerror}); pass a file in a directory that "
            "exists and is writable."
        ) from problem


def write(path: pathlib.Path, data: bytes) -> None:
    """Replaces a file as a whole, so that processes which write the same file do not mix.

    Follows links. Where it cannot replace the file, it writes to the file itself.
    """
    target = os.path.realpath(path)
    replaceable = os.access(os.path.dirname(target), os.W_OK)
    if path.exists() and not (path.is_file() and replaceable):
        path.write_bytes(data)  # a device, a pipe, or a file in a directory of another user
        return
    temporary = f"{target}.{os.urandom(6).hex()}.tmp"
    try:
        with open(temporary, "xb") as file:
            file.write(data)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
