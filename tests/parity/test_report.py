"""The reports of the parity suite."""

import re
from xml.etree import ElementTree

from tfmts_compat.parity import report
from tfmts_compat.parity.comparison import Outcome, Verdict
from tfmts_compat.parity.suite import Result

STRANGE = "\x1b[31m \ud800 \ufffe\nred"
SHOWN = r"\x1b[31m \ud800 \ufffe\nred"


def test_reports_with_control_characters_can_be_read():
    outcome = Outcome("name", "topic", Verdict.DIFFERS, findings=(STRANGE,), notes=(STRANGE,))
    result = Result({"tensorflow": "2.21.0"}, "upstream", [outcome])
    assert report.format_outcome(outcome, 6) == f"name    differs\n  ! {SHOWN}\n  . {SHOWN}"

    (case,) = ElementTree.fromstring(report.format_junit(result)).iter("testcase")
    assert case.find("failure").get("message") == case.findtext("failure") == SHOWN
    assert case.findtext("system-out") == f"differs\n{SHOWN}"

    page = report.format_html(result)
    assert page.count(SHOWN) == 4  # once in the list of findings, once in its topic
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", page)


def test_the_header_fits_into_80_columns():
    names = ("tensorflow", "python", "numpy", "protobuf", "tfmts_compat")
    reference = ", ".join(["upstream as installed"] * 3)
    lines = report.format_header(Result(dict.fromkeys(names, "22.10.10"), reference, []), 158)
    assert max(map(len, lines.splitlines())) <= 80
    assert lines.startswith("tensorflow 22.10.10, python 22.10.10, numpy 22.10.10, protobuf ")
    assert "\n  tfmts_compat 22.10.10\n" in lines
