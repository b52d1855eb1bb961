"""What the tests of the codemod share."""

import textwrap
from unittest import mock

from tfmts_compat.migrate.findings import REWRITES
from tfmts_compat.migrate.rewrite import rewritten


def dedented(source):
    return textwrap.dedent(source).lstrip("\n")


def rewritten_whole(text, path):
    """The result where LibCST has all of the module, and not only what the prefilter keeps."""
    with mock.patch("tfmts_compat.migrate.rewrite.slimmed", side_effect=ValueError):
        return rewritten(text, path)


def left_to_a_person(source, path="module.py"):
    """Line, column and code of each finding that is no rewrite."""
    found = rewritten(dedented(source), path).found
    assert found == rewritten_whole(dedented(source), path).found
    return [(it.line, it.column, it.code) for it in found if it.code not in REWRITES]


def check_noop(source):
    result = rewritten(dedented(source), "module.py")
    assert result == rewritten_whole(dedented(source), "module.py")
    assert result.text == dedented(source)
    assert result.found == []


def check_transformed(before, after):
    """Exact output, which is a module, and in which a second run finds nothing to do."""
    result = rewritten(dedented(before), "module.py")
    assert result == rewritten_whole(dedented(before), "module.py")
    assert result.text == dedented(after)
    compile(result.text, "module.py", "exec")
    again = rewritten(result.text, "module.py")
    assert again.text == result.text
    assert not [it for it in again.found if it.code in REWRITES]
