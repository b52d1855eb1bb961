"""Rows of text as a table for the terminal."""

import pytest

from tfmts_compat._rules import table

ROWS = [
    ("role", "chief", ""),
    ("checkpoint saver", "every 60 seconds into /a/long/directory", "only the seconds are given"),
    ("", "upstream: the same", "(D1)"),
]


def test_without_a_width_the_columns_are_aligned():
    assert table.text(ROWS).splitlines() == [
        "role              chief",
        "checkpoint saver  every 60 seconds into /a/long/directory  only the seconds are given",
        "                  upstream: the same                       (D1)",
    ]


def test_a_column_may_be_empty():  # a width of 0 is no format for text before Python 3.10
    assert table.text([("role", "chief", ""), ("waits", "", "")]) == "role   chief\nwaits"
    assert table.text([("", "chief", "x")]) == "  chief  x"


def test_a_remark_that_does_not_fit_is_on_a_line_of_its_own():
    assert table.text(ROWS, 70).splitlines() == [
        "role              chief",
        "checkpoint saver  every 60 seconds into /a/long/directory",
        "                  only the seconds are given",
        "                  upstream: the same                       (D1)",
    ]


def test_a_value_that_does_not_fit_is_wrapped_and_a_path_is_not_divided():
    assert table.text(ROWS, 40).splitlines()[1:4] == [
        "checkpoint saver  every 60 seconds into",
        "                    /a/long/directory",
        "                  only the seconds are",
    ]


@pytest.mark.parametrize("width", [0, 1, 10])
def test_a_width_too_small_for_the_names_still_gives_a_table(width):
    text = table.text(ROWS, width)
    assert " ".join(text.split()) == " ".join(table.text(ROWS).split())
