"""Reads a file, migrates it, and gives the outcome with its bytes and its diff."""

from __future__ import annotations

import difflib
import hashlib
import os
import re
from typing import Sequence

from tfmts_compat.migrate.change.notebook import migrate_notebook
from tfmts_compat.migrate.change.rewrite import rewrite
from tfmts_compat.migrate.codebase import importers
from tfmts_compat.migrate.findings import Finding, Outcome
from tfmts_compat.migrate.names import NEW
from tfmts_compat.migrate.read.effects import Replaced
from tfmts_compat.migrate.read.source import TOO_DEEP, UnreadableError, decode

_USE = re.compile(rf"(?:\b|\\n)(?:import|from)\s+{NEW}\b")


def process(
    path: str, data: bytes, ignored: Sequence[str], with_diff: bool, trees: Sequence[str] = ()
) -> Outcome:
    """Migrates the bytes of a file. If they cannot be read or parsed, that is a finding.

    Args:
      path: the file, or - for standard input.
      data: its bytes.
      ignored: the codes that are ignored.
      with_diff: whether the outcome has a diff.
      trees: the directories that are migrated.
    """

    def is_imported(name: str) -> bool | None:
        if os.path.basename(path).startswith("__init__."):
            return True
        return None if path == "-" else importers.is_imported(name, path, trees)

    def others() -> Replaced:
        return {} if path == "-" else importers.find_replaced_elsewhere(path, trees)

    migrate = migrate_notebook if path.endswith(".ipynb") else rewrite
    try:
        text, encoding = decode(data)
        result = migrate(text, path, ignored, is_imported=is_imported, others=others)
    except UnreadableError as problem:
        code = "TFM002" if problem.parsed else "TFM001"
        return Outcome(path, [Finding(path, problem.line, 1, code, str(problem))])
    except (RecursionError, MemoryError):
        return Outcome(path, [Finding(path, 1, 1, "TFM002", TOO_DEEP)])
    except Exception as problem:  # an error here; the other files are migrated
        texts = [part for part in problem.args if isinstance(part, str)]  # a node is very long
        why = f"cannot be analyzed: {': '.join([type(problem).__name__, *texts])}"
        return Outcome(path, [Finding(path, 1, 1, "TFM002", why)])
    uses = bool(_USE.search(result.text))
    if result.text == text:
        return Outcome(path, result.found, uses=uses)
    new = result.text.encode(encoding)
    diff = _compare(path, data, new) if with_diff else b""
    return Outcome(
        path, result.found, new, diff, uses, hashlib.sha256(data).digest(), result.shifts
    )


def _compare(path: str, old: bytes, new: bytes) -> bytes:
    lines = [re.findall(rb"[^\n]*\n|[^\n]+", data) for data in (old, new)]
    for part in lines:
        if part and not part[-1].endswith(b"\n"):
            part[-1] += b"\n\\ No newline at end of file\n"
    name = os.fsencode(path.replace(os.sep, "/"))
    before, after = lines
    made = difflib.diff_bytes(difflib.unified_diff, before, after, b"a/" + name, b"b/" + name)
    return b"".join(made)
