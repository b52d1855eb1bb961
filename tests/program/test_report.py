"""The report of tfmts-compat run as text."""

import json

from tfmts_compat._program.report import format_report

SHOWN = {
    "file": "train.py",
    "line": 8,
    "function": "train",
    "built_by": "tfmts_compat",
    "plan": None,
    "handed_over": False,
    "rejected": None,
    "error": None,
    "upstream": [],
    "warnings": ["a pitfall"],
    "notes": ["the end of the input"],
    "returned": True,
}


def test_the_table_counts_equal_calls(tmp_path):
    report = str(tmp_path / "report.json")
    failed = {**SHOWN, "error": {"type": "ValueError", "message": "why"}}
    (tmp_path / "report.json").write_text(json.dumps({"calls": [SHOWN, SHOWN, failed]}))
    assert format_report(report).splitlines() == [
        f"tfmts-compat run: calls of MonitoredTrainingSession: 3, failed: 1; see {report}",
        "train.py:8 in train, built by tfmts_compat (2 times)",
        "  warning: a pitfall",
        "  note: the end of the input",
        "train.py:8 in train, built by tfmts_compat",
        "  ValueError: why",
        "  warning: a pitfall",
        "  note: the end of the input",
    ]


def test_control_characters_are_escaped_and_the_lines_of_a_message_are_kept(tmp_path):
    path = tmp_path / "report.json"
    error = {"type": "ValueError", "message": "\x1b[31mwhy\n  and how"}
    path.write_text(json.dumps({"calls": [{**SHOWN, "file": "a\n\x1b.py", "error": error}]}))
    assert format_report(str(path)).splitlines()[1:] == [
        "a\\n\\x1b.py:8 in train, built by tfmts_compat",
        "  ValueError: \\x1b[31mwhy",
        "  and how",
        "  warning: a pitfall",
        "  note: the end of the input",
    ]


def test_the_table_of_a_damaged_report_is_a_message(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("{")
    assert format_report(str(path)).startswith("tfmts-compat run: cannot read the report: ")
