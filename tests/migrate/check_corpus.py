"""Runs migrate on real packages and checks each file that it changes: `tox -e corpus`.

The packages are pinned in corpus/sdists.txt and corpus/wheels.txt. They are unpacked, not built.
For each package, `tfmts-compat migrate --write` runs once on all of its files. Then each changed
file has to be parsable, to have no new pyflakes message, and to differ from the old one only at
the reported places. All other files have to be unchanged, and a second run has to change nothing.
Files that Python cannot parse are printed.
"""

from __future__ import annotations

import ast
import collections
import difflib
import json
import shutil
import subprocess
import sys
import tempfile
import textwrap
import warnings
from pathlib import Path

from pyflakes.checker import Checker

from tfmts_compat.migrate.codebase.files import SUFFIXES
from tfmts_compat.migrate.findings import CODES, REWRITES
from tfmts_compat.migrate.read.source import decode, split_lines

IMPORTS = (ast.Import, ast.ImportFrom)


def migrate(directory: Path, mode: str) -> list[dict[str, object]]:
    """Runs migrate in a directory and returns its findings."""
    command = [sys.executable, "-m", "tfmts_compat", "migrate", mode, "--format=json", "."]
    run = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    assert run.returncode in (0, 1, 2), run.stderr
    return json.loads(run.stdout)


def parsed(data: bytes) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(data)


def flaws(data: bytes) -> collections.Counter[tuple[str, str]]:
    """The messages of pyflakes, without the positions and the modules of the names."""
    messages = Checker(parsed(data)).messages
    return collections.Counter(
        (type(message).__name__, str((*message.message_args, "")[0]).rpartition(".")[2])
        for message in messages
    )


def reported_lines(data: bytes, places: list[dict[str, object]]) -> set[int]:
    """The lines with a finding, and all lines of an import that has one."""
    lines = {int(str(finding["line"])) for finding in places}
    for node in ast.walk(parsed(data)):
        if isinstance(node, IMPORTS):
            whole = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            if lines.intersection(whole):
                lines.update(whole)
    return lines


def is_our_import(lines: list[str]) -> bool:
    """Whether all lines are imports of tfmts_compat."""
    body = ast.parse(textwrap.dedent("".join(lines))).body
    return all(
        (isinstance(node, ast.Import) and [alias.name for alias in node.names] == ["tfmts_compat"])
        or (isinstance(node, ast.ImportFrom) and node.module == "tfmts_compat")
        for node in body
    )


def check_change(old: bytes, new: bytes, found: list[dict[str, object]]) -> None:
    """Compares a changed file with the old one. An import that is reported may be unused."""
    parsed(new)
    kept = [str(finding["message"]).split()[0] for finding in found if finding["code"] == "TFM104"]
    more = flaws(new) - flaws(old) - collections.Counter(("UnusedImport", name) for name in kept)
    assert not more, f"new pyflakes messages: {dict(more)}"
    reported = reported_lines(old, [finding for finding in found if finding["code"] in REWRITES])
    before, after = (split_lines(decode(data)[0]) for data in (old, new))
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for tag, first, last, start, end in matcher.get_opcodes():
        if tag == "insert":
            assert is_our_import(after[start:end]), f"inserted: {after[start:end]}"
        elif tag != "equal":
            away = set(range(first + 1, last + 1)) - reported
            assert not away, f"changed, but not reported: lines {sorted(away)}"


def check(package: Path, row: collections.Counter[str]) -> None:
    """Migrates an unpacked package, checks the result and counts the findings."""
    files = {
        path.relative_to(package): path.read_bytes()
        for path in sorted(package.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
    found = migrate(package, "--check")  # with the lines of the old text
    migrate(package, "--write")
    by_file = collections.defaultdict(list)
    for finding in found:
        by_file[str(finding["path"]).partition(":cell ")[0]].append(finding)
        row[str(finding["code"])] += 1
    for path, old in files.items():
        new = (package / path).read_bytes()
        places = [finding for finding in by_file[str(path)] if finding["code"] in REWRITES]
        row["files"] += path.suffix in SUFFIXES
        if new == old:
            assert not places, f"{path}: reported, and not changed"
            continue
        assert places, f"{path}: changed, and not reported"
        row["changed"] += 1
        try:
            if path.suffix == ".ipynb":
                json.loads(new)
            else:
                check_change(old, new, by_file[str(path)])
        except (AssertionError, SyntaxError) as problem:
            raise AssertionError(f"{path}: {problem}") from problem
    for finding in found:
        if finding["code"] == "TFM002":
            print(f"  {package.name}/{finding['path']}:{finding['line']} {finding['message']}")
    again = migrate(package, "--write")
    # An unused import is only reported by the run that replaces its last use.
    left = [finding["code"] for finding in found if finding["code"] not in (*REWRITES, "TFM104")]
    assert sorted(str(finding["code"]) for finding in again) == sorted(map(str, left)), (
        "a second run differs"
    )


def main(downloads: str) -> int:
    """Checks every package in a directory and returns the number of failures."""
    rows: dict[str, collections.Counter[str]] = {}
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        for archive in sorted(Path(downloads).iterdir()):
            package = Path(directory, archive.name)
            kind = {"format": "zip"} if archive.suffix == ".whl" else {}
            shutil.unpack_archive(archive, package, **kind)
            rows[archive.name] = collections.Counter()
            try:
                check(package, rows[archive.name])
                assert rows[archive.name]["TFM101"], "no name replaced"
            except AssertionError as problem:
                failed += 1
                print(f"FAILED {archive.name}: {problem}")
    columns = [
        "files",
        "changed",
        *(code for code in CODES if any(row[code] for row in rows.values())),
    ]
    widths = [max(len(column), 5) for column in columns]
    total: collections.Counter[str] = sum(rows.values(), collections.Counter())
    print(f"{'':48}", *(f"{column:>{width}}" for column, width in zip(columns, widths)))
    for name, row in [*rows.items(), ("all", total)]:
        print(f"{name:48}", *(f"{row[column]:{width}}" for column, width in zip(columns, widths)))
    for code in columns[2:]:
        print(f"{code} {CODES[code]}")
    print(f"{len(rows) - failed} packages passed, {failed} failed")
    return failed + (len(rows) < 10)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
