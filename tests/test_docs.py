"""The documents say what the code does."""

import pathlib
import re

from tfmts_compat import cadence

ROOT = pathlib.Path(__file__).parent.parent


def departures():
    table = (ROOT / "docs" / "contract.md").read_text()
    return dict(re.findall(r"^\| (D\d+) \|.*`(test_d\d+_)…` in (?:tests/)?\S+ \|$", table, re.M))


def test_every_departure_of_the_rules_has_a_row():
    rules = {*cadence.CHECKPOINTS.values(), *cadence.SUMMARIES.values()}
    assert {rule.departure for rule in rules if rule.departure} <= set(departures())


def test_every_departure_has_the_test_its_row_names():
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    for number, prefix in departures().items():
        assert prefix == f"test_{number.lower()}_"
        assert f"def {prefix}" in tests
