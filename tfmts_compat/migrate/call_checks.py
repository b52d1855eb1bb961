"""Checks of the literal arguments of a call, by the same rules as the session applies."""

from __future__ import annotations

import ast
import inspect
from typing import Any, Iterator

import libcst as cst

from tfmts_compat._rules import cadence
from tfmts_compat._rules.cadence import Cadence
from tfmts_compat._rules.precedence import USE_DEFAULT
from tfmts_compat._session import MonitoredTrainingSession

_PARAMETERS = inspect.signature(MonitoredTrainingSession).parameters
_POSITIONAL = [name for name, it in _PARAMETERS.items() if it.kind is it.POSITIONAL_OR_KEYWORD]
_UNKNOWN = object()
_ARITHMETIC = (ast.Constant, ast.UnaryOp, ast.USub, ast.UAdd, ast.BinOp,
               ast.Add, ast.Sub, ast.Mult, ast.Div)  # fmt: skip
_PAIRS = (
    (cadence.checkpoints, "save_checkpoint_secs", "save_checkpoint_steps"),
    (cadence.summaries, "save_summaries_secs", "save_summaries_steps"),
)


def check_call(call: cst.Call) -> Iterator[tuple[cst.CSTNode, str, str]]:
    """Checks the arguments that are literals. Computed arguments are not checked.

    Args:
      call: a call of MonitoredTrainingSession.

    Yields:
      The node, the code and the message of each finding.
    """
    given: dict[str, Any] = {}
    complete = True
    for index, argument in enumerate(call.args):
        if argument.star == "*":
            complete = False
            break
        if not argument.star and argument.keyword is None and index >= len(_POSITIONAL):
            yield (
                argument,
                "TFM304",
                f"MonitoredTrainingSession takes at most {len(_POSITIONAL)} positional arguments",
            )
        elif not argument.star:
            name = argument.keyword.value if argument.keyword else _POSITIONAL[index]
            given[name] = _literal(argument.value)
            yield from _unknown(argument, name)
    for argument in call.args:
        if argument.star == "**":
            entries = _entries(argument.value)
            complete = complete and entries is not None
            for node, name, value in entries or ():
                given[name] = _literal(value)
                yield from _unknown(node, name)
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
        both = resolve is cadence.summaries and not text
        yield "TFM303" if both else "TFM305", str(problem)
        return
    rule = resolved.rule
    if rule.departure:
        unused = "save_checkpoint_secs" if resolved.secs is None else "save_checkpoint_steps"
        yield (
            "TFM301",
            f"{rule.says}; upstream: {rule.upstream} ({rule.departure}); remove {unused}",
        )
    for pitfall in resolved.pitfalls:
        yield "TFM302", pitfall


def _unknown(node: cst.CSTNode, name: str) -> Iterator[tuple[cst.CSTNode, str, str]]:
    if name not in _PARAMETERS:
        yield node, "TFM304", f"MonitoredTrainingSession has no argument {name} in any version"


def _entries(node: cst.BaseExpression) -> list[tuple[cst.CSTNode, str, cst.BaseExpression]] | None:
    """Returns the entries of **{...} or **dict(...), or None if a key is not a literal."""
    found: list[tuple[cst.CSTNode, str, cst.BaseExpression]] = []
    if isinstance(node, cst.Dict):
        for element in node.elements:
            if not isinstance(element, cst.DictElement):
                return None
            key = _literal(element.key)
            if not isinstance(key, str):
                return None
            found.append((element, key, element.value))
        return found
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "dict":
        for argument in node.args:
            if argument.keyword is None:
                return None
            found.append((argument, argument.keyword.value, argument.value))
        return found
    return None


def _literal(node: cst.BaseExpression) -> Any:
    """Returns the value of a literal or of arithmetic such as 10 * 60, else _UNKNOWN."""
    if isinstance(node, (cst.Name, cst.Attribute)):
        last = node if isinstance(node, cst.Name) else node.attr
        if last.value == "USE_DEFAULT":
            return USE_DEFAULT
    code = cst.Module([]).code_for_node(node)
    try:
        tree = ast.parse(code.strip(), mode="eval")
        if isinstance(tree.body, ast.Constant):
            return tree.body.value
        parts = list(ast.walk(tree.body))
        numbers = [part.value for part in parts if isinstance(part, ast.Constant)]
        if all(isinstance(part, _ARITHMETIC) for part in parts) and all(
            isinstance(number, (int, float)) for number in numbers
        ):
            return eval(compile(tree, "", "eval"), {"__builtins__": {}})
    except (SyntaxError, ValueError, ArithmeticError):
        pass
    return _UNKNOWN
