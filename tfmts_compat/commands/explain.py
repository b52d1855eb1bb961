"""`tfmts-compat explain`: what a call builds, and by which rule."""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import re
from dataclasses import fields
from typing import Any

from tfmts_compat._rules import table
from tfmts_compat._rules.call import Call
from tfmts_compat._rules.plan import plan_session
from tfmts_compat._rules.precedence import USE_DEFAULT
from tfmts_compat._session import MonitoredTrainingSession

_WORDS = {
    "USE_DEFAULT": USE_DEFAULT,
    "nan": float("nan"),
    "inf": float("inf"),
    "true": True,
    "false": False,
    "none": None,
}
_TEXTS = ("master", "checkpoint_dir", "summary_dir")
_NOT_ON_A_COMMAND_LINE = ("scaffold", "hooks", "chief_only_hooks", "config")


def add_parser(subparsers: Any) -> None:
    """Adds the `explain` subcommand."""
    parser = subparsers.add_parser(
        "explain",
        help="show what a call builds, and by which rule",
        description="Show what MonitoredTrainingSession builds for these arguments, and by which "
        "rule. Values are Python literals such as None, 60 or 1.5. An argument that is left out "
        "has its documented default. For a directory whose name is None, pass ./None.",
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    documented = _read_argument_docs()
    for field in fields(Call):
        if field.name not in _NOT_ON_A_COMMAND_LINE:
            about = documented.get(field.name, "").replace("%", "%%")
            parser.add_argument(
                f"--{field.name}",
                type=_parse_text if field.name in _TEXTS else _parse_literal,
                default=field.default,
                metavar="VALUE",
                help=f"{about} (default: {field.default!r})",
            )
    parser.set_defaults(run=_run)


def _read_argument_docs() -> dict[str, str]:
    """Returns the description of each argument in the session's docstring."""
    docstring = inspect.getdoc(MonitoredTrainingSession) or ""  # None under python -OO
    _, _, after = docstring.partition("Args:\n")
    section = re.match(r"(?: .*\n)*", after)
    entries = re.findall(r"^  (\w+): (.*(?:\n    .*)*)", section[0] if section else "", re.M)
    return {name: " ".join(text.split()).rstrip(".") for name, text in entries}


def _parse_text(text: str) -> str | None:
    return None if text == "None" else text


def _parse_literal(text: str) -> Any:
    word = text if text in _WORDS else text.lower()
    if word in _WORDS:
        return _WORDS[word]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text  # a word; the checks decide whether the argument accepts it


def _run(arguments: argparse.Namespace) -> int:
    values = {field.name: getattr(arguments, field.name, field.default) for field in fields(Call)}
    if isinstance(values["is_chief"], str):
        raise TypeError(f"is_chief={values['is_chief']!r} (str): must be true or false.")
    session_plan = plan_session(Call(**values))
    print(
        json.dumps(session_plan.to_dict(), indent=2)
        if arguments.json
        else session_plan.table(table.terminal_width())
    )
    return 0
