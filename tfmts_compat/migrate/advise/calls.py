"""Checks of the literal arguments of a call, by the same rules as the session applies."""

from __future__ import annotations

import ast
import inspect
from typing import Any, Iterator

from tfmts_compat._rules import cadence
from tfmts_compat._rules.cadence import Cadence
from tfmts_compat._rules.precedence import USE_DEFAULT
from tfmts_compat._session import MonitoredTrainingSession

_PARAMETERS = inspect.signature(MonitoredTrainingSession).parameters
_POSITIONAL = [
    name
    for name, parameter in _PARAMETERS.items()
    if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
]
_UNKNOWN = object()
_ARITHMETIC = (ast.Constant, ast.UnaryOp, ast.USub, ast.UAdd, ast.BinOp,
               ast.Add, ast.Sub, ast.Mult, ast.Div)  # fmt: skip
_PAIRS = (
    (cadence.resolve_checkpoints, "save_checkpoint_secs", "save_checkpoint_steps"),
    (cadence.resolve_summaries, "save_summaries_secs", "save_summaries_steps"),
)


def check_call(call: ast.Call) -> Iterator[tuple[ast.AST, str, str]]:
    """Checks the arguments that are literals. Computed arguments are not checked.

    Args:
      call: a call of MonitoredTrainingSession.

    Yields:
      The node, the code and the message of each finding.
    """
    given: dict[str, Any] = {}
    complete = True
    for index, value in enumerate(call.args):
        if isinstance(value, ast.Starred):
            complete = False
            break
        if index >= len(_POSITIONAL):
            yield (
                value,
                "TFM304",
                f"MonitoredTrainingSession takes at most {len(_POSITIONAL)} positional arguments",
            )
        else:
            given[_POSITIONAL[index]] = _evaluate(value)
    for keyword in call.keywords:
        if not keyword.arg:
            complete = False
            continue
        given[keyword.arg] = _evaluate(keyword.value)
        if keyword.arg not in _PARAMETERS:
            text = f"MonitoredTrainingSession has no argument {keyword.arg} in any version"
            yield keyword.value, "TFM304", text
    default = USE_DEFAULT if complete else _UNKNOWN
    for resolve, secs_name, steps_name in _PAIRS:
        secs, steps = given.get(secs_name, default), given.get(steps_name, default)
        if _UNKNOWN not in (secs, steps):
            yield from ((call, code, text) for code, text in _check_pair(resolve, secs, steps))


def _check_pair(resolve: Any, secs: Any, steps: Any) -> Iterator[tuple[str, str]]:
    try:
        resolved: Cadence = resolve(secs, steps)
    except TypeError as problem:
        yield "TFM305", str(problem)
        return
    except ValueError as problem:
        text = isinstance(secs, str) or isinstance(steps, str)
        both = resolve is cadence.resolve_summaries and not text
        yield "TFM303" if both else "TFM305", str(problem)
        return
    rule = resolved.rule
    if rule.departure:
        unused = "save_checkpoint_secs" if resolved.secs is None else "save_checkpoint_steps"
        yield (
            "TFM301",
            f"{rule.says}; upstream: {rule.upstream} ({rule.departure}); remove {unused}",
        )
    for warning in resolved.warnings:
        yield "TFM302", warning


def _evaluate(node: ast.expr) -> Any:
    """Returns the value of a literal or of arithmetic such as 10 * 60, else _UNKNOWN."""
    if "USE_DEFAULT" in (getattr(node, "id", ""), getattr(node, "attr", "")):
        return USE_DEFAULT
    if isinstance(node, ast.Constant):
        return node.value
    parts = list(ast.walk(node))
    numbers = [part.value for part in parts if isinstance(part, ast.Constant)]
    if not all(isinstance(part, _ARITHMETIC) for part in parts):
        return _UNKNOWN
    if not all(isinstance(number, (int, float)) for number in numbers):
        return _UNKNOWN
    try:
        return eval(compile(ast.Expression(node), "", "eval"), {"__builtins__": {}})
    except ArithmeticError:
        return _UNKNOWN
