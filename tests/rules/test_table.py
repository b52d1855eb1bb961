"""Text for the terminal."""

import os

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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x7f\x9b", "\\x7f\\x9b"),
        (os.fsdecode(b"\xff"), "\\udcff"),
        ("\ufffe\uffff", "\\ufffe\\uffff"),
        ("a\\x1b é \U0001f600", "a\\x1b é \U0001f600"),
    ],
)
def test_unprintable_characters_are_escaped_also_in_a_table(text, shown):
    assert table.escape_control(text) == shown
    assert table.text([(text, text, text)]) == "  ".join([shown] * 3)


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


def test_a_row_as_wide_as_the_terminal_is_not_wrapped():
    width = len(
        "checkpoint saver  every 60 seconds into /a/long/directory  only the seconds are given"
    )
    assert table.text(ROWS, width) == table.text(ROWS)
    assert table.text(ROWS, width - 1) != table.text(ROWS)


def test_a_path_with_hyphens_or_longer_than_the_terminal_is_not_divided():
    path = "/a/directory-with-hyphens/" + 30 * "x"
    (_, line) = table.text([("saver", f"into {path}", "")], 25).splitlines()
    assert line.strip() == path


@pytest.mark.parametrize("width", [0, 1, 10])
def test_a_width_too_small_for_the_names_still_gives_a_table(width):
    text = table.text(ROWS, width)
    assert " ".join(text.split()) == " ".join(table.text(ROWS).split())
