"""The table of pitfalls: each has a row in the contract, and a test that raises it."""

import pathlib
import re

from tfmts_compat._rules.pitfalls import PITFALLS

ROOT = pathlib.Path(__file__).parents[2]


def test_the_contract_has_a_row_for_every_pitfall():
    contract = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
    section = contract.partition("\n## Warnings\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([\w-]+)` \|[^|]*\|[^|]*\| ([^|]*) \|$", section, re.M)
    assert rows == [
        (pitfall.name, " and ".join(when.value for when in pitfall.when))
        for pitfall in PITFALLS.values()
    ]


def test_every_pitfall_has_a_test_that_raises_it():
    raised = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        raised.update(re.findall(r'\bpitfall\(\s*"([\w-]+)"', path.read_text(encoding="utf-8")))
    assert raised == set(PITFALLS)
