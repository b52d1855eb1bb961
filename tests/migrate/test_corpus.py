"""Real packages: the result can be parsed, and differs only at the reported places."""

import ast
import difflib
import random
import sysconfig
import warnings
from pathlib import Path

from tfmts_compat.migrate.codebase.files import may_matter
from tfmts_compat.migrate.codebase.modules import process
from tfmts_compat.migrate.findings import ERRORS, REWRITES
from tfmts_compat.migrate.read.source import decode, split_lines

IMPORTS = (ast.Import, ast.ImportFrom)
PACKAGES = Path(sysconfig.get_paths()["purelib"])


def parsed(data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(data)


def candidates(largest):
    files = sorted(path for path in PACKAGES.rglob("*.py") if not path.is_symlink())
    small = [path for path in files if path.stat().st_size < largest]
    return [path for path in small if may_matter(path.read_bytes())]


def check(path):
    data = path.read_bytes()
    outcome = process(str(path), data)
    if [finding for finding in outcome.found if finding.code in ERRORS]:
        return False  # an invalid file, such as the test data of a package
    places = [finding for finding in outcome.found if finding.code in REWRITES]
    if outcome.data is None:
        assert not places
        return False
    parsed(outcome.data)
    old, new = (split_lines(decode(text)[0]) for text in (data, outcome.data))
    reported = {finding.line for finding in places}
    for node in ast.walk(parsed(data)):  # an import is changed as a whole
        lines = range(node.lineno, node.end_lineno + 1) if isinstance(node, IMPORTS) else ()
        if reported.intersection(lines):
            reported.update(lines)
    for tag, first, last, _, _ in difflib.SequenceMatcher(None, old, new, False).get_opcodes():
        if tag == "insert":  # next to a reported import
            assert reported & set(range(first - 12, first + 2))
        elif tag != "equal":
            assert set(range(first + 1, last + 1)) <= reported
    again = process(str(path), outcome.data)
    assert again.data is None
    assert not [finding for finding in again.found if finding.code in REWRITES]
    return True


def test_installed_packages_change_only_at_the_reported_places():
    found = candidates(150_000)
    chosen = random.Random(0).sample(found, min(60, len(found)))
    changed = sum(map(check, chosen))
    assert changed >= 5  # TensorFlow's own training modules are among them


def test_skipped_files_have_nothing_to_move():
    skipped = 0
    for path in sorted(PACKAGES.joinpath("tensorflow/python/training").rglob("*.py")):
        data = path.read_bytes()
        if not may_matter(data):
            skipped += 1
            assert process(str(path), data).data is None
    assert skipped >= 10
