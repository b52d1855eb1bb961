"""The reports of the parity suite."""

import re
from xml.etree import ElementTree

from tfmts_compat.parity import report
from tfmts_compat.parity.comparison import Outcome, Verdict
from tfmts_compat.parity.suite import Result

STRANGE = "\x1b[31m \ud800 \ufffe\nred"
SHOWN = r"\x1b[31m \ud800 \ufffe\nred"


def test_reports_with_control_characters_can_be_read(tmp_path):
    outcome = Outcome("name", "topic", Verdict.DIFFERS, findings=(STRANGE,), notes=(STRANGE,))
    result = Result({"tensorflow": "2.21.0"}, "upstream", [outcome])
    assert report.text(result).splitlines()[1:3] == [f"  ! {SHOWN}", f"  . {SHOWN}"]

    report.write_junit(result, tmp_path / "junit.xml")
    (case,) = ElementTree.parse(tmp_path / "junit.xml").getroot().iter("testcase")
    assert case.find("failure").get("message") == case.findtext("failure") == SHOWN
    assert case.findtext("system-out") == f"differs\n{SHOWN}"

    page = report.html(result).encode().decode()
    assert page.count(SHOWN) == 4  # once in the list of findings, once in its topic
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", page)
