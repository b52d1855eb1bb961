"""The tfmts-compat command."""

from __future__ import annotations

import argparse
import ast
import json
import sys
from dataclasses import fields
from typing import Any, NoReturn, Sequence

from tfmts_compat import plan
from tfmts_compat.cadence import USE_DEFAULT
from tfmts_compat.migrate import command as migrate
from tfmts_compat.parity import command as parity
from tfmts_compat.upstream import TensorFlowUnavailableError

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


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
      argv: the arguments; None takes those of the process.

    Returns:
      The exit code: 0, 1 where a subcommand found something, 2 for a bad call.
    """
    parser = _Parser(
        prog="tfmts-compat",
        description="Keep MonitoredTrainingSession code working.",
    )
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    _add_explain(subparsers)
    parity.add_parser(subparsers)
    migrate.add_parser(subparsers)
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except (TypeError, ValueError, TensorFlowUnavailableError) as problem:
        print(f"tfmts-compat: error: {problem}", file=sys.stderr)
        return 2


def _add_explain(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "explain",
        help="say what a call builds, and by which rule",
        description="Say what MonitoredTrainingSession builds for these arguments, and by which "
        "rule. Values are Python literals; an argument left out has its documented default.",
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    for field in fields(plan.Call):
        if field.name not in _NOT_ON_A_COMMAND_LINE:
            parser.add_argument(
                f"--{field.name}",
                type=str if field.name in _TEXTS else _literal,
                default=field.default,
                metavar="VALUE",
                help=f"default {field.default!r}",
            )
    parser.set_defaults(run=_explain)


def _literal(text: str) -> Any:
    word = text if text in _WORDS else text.lower()
    if word in _WORDS:
        return _WORDS[word]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text  # a plain word; the rules say whether the argument takes one


def _explain(arguments: argparse.Namespace) -> int:
    values = {name: value for name, value in vars(arguments).items() if name not in ("run", "json")}
    if isinstance(values["is_chief"], str):
        raise TypeError(f"is_chief={values['is_chief']!r} (str): must be true or false.")
    session_plan = plan.of(plan.Call(**values))
    print(json.dumps(session_plan.to_dict(), indent=2) if arguments.json else session_plan)
    return 0
