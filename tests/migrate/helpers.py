"""Functions that several tests of migrate use."""

import textwrap

from tfmts_compat.migrate.change.rewrite import rewrite
from tfmts_compat.migrate.findings import REWRITES


def dedented(source):
    return textwrap.dedent(source).lstrip("\n")


def found_to_change_by_hand(source, path="module.py"):
    """The line, column and code of each finding that is not a replacement.

    test_removed.py has the findings about names that the newest TensorFlow lacks.
    """
    found = rewrite(dedented(source), path, ["TFM5"]).found
    return [
        (finding.line, finding.column, finding.code)
        for finding in found
        if finding.code not in REWRITES
    ]


def check_noop(source):
    result = rewrite(dedented(source), "module.py", ["TFM5"])
    assert result.text == dedented(source)
    assert result.found == []


def check_transformed(before, after):
    """Checks the exact output, that it compiles, and that a second run does not change it."""
    result = rewrite(dedented(before), "module.py")
    assert result.text == dedented(after)
    compile(result.text, "module.py", "exec")
    again = rewrite(result.text, "module.py")
    assert again.text == result.text
    assert not [finding for finding in again.found if finding.code in REWRITES]
