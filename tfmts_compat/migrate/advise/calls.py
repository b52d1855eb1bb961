"""Calls of the session, and their literal arguments, checked by the rules of the session."""

from __future__ import annotations

import ast
import inspect
from typing import Any, Dict, Iterator, List, Optional, Tuple

from tfmts_compat._rules import cadence
from tfmts_compat._rules.precedence import USE_DEFAULT
from tfmts_compat._session import MonitoredTrainingSession
from tfmts_compat.migrate.names import NEW, SESSION, TABLE, plain
from tfmts_compat.migrate.read.module import Module, last_name
from tfmts_compat.migrate.read.resolver import Resolver

Arguments = Dict[Optional[str], ast.expr]
Sessions = List[Tuple[ast.Call, Arguments]]
_SIGNATURE = inspect.getfullargspec(MonitoredTrainingSession)
_UNKNOWN = object()
_PAIRS = (
    (cadence.resolve_checkpoints, "save_checkpoint_secs", "save_checkpoint_steps"),
    (cadence.resolve_summaries, "save_summaries_secs", "save_summaries_steps"),
)


def find_sessions(module: Module, resolver: Resolver) -> Sessions:
    """Returns each call of MonitoredTrainingSession, with its arguments by name.

    The argument None is one of *arguments or **arguments, which can have any name.
    """
    found: Sessions = []
    for call in module.nodes[ast.Call]:
        paths = resolver.reach(call.func).paths
        if {TABLE.get(plain(path), path) for path in paths} == {f"{NEW}.{SESSION}"}:
            given = {keyword.arg: keyword.value for keyword in call.keywords}
            if any(isinstance(value, ast.Starred) for value in call.args):
                found.append((call, {None: call, **given}))
            else:
                found.append((call, {**dict(zip(_SIGNATURE.args, call.args)), **given}))
    return found


def report(module: Module, sessions: Sessions) -> None:
    """Reports arguments with a wrong name and cadences that are literals, not computed ones."""
    for call, given in sessions:
        for name in given.keys() - {None, *_SIGNATURE.args, *_SIGNATURE.kwonlyargs}:
            text = f"{SESSION} has no argument {name} in any version"
            module.report(given[name], "TFM304", text)
        values = {name: _evaluate(value) for name, value in given.items()}
        default = _UNKNOWN if None in given else USE_DEFAULT
        for resolve, secs_name, steps_name in _PAIRS:
            pair = values.get(secs_name, default), values.get(steps_name, default)
            if _UNKNOWN not in pair:
                for code, text in _check_pair(resolve, *pair):
                    module.report(call, code, text)


def _check_pair(resolve: Any, secs: Any, steps: Any) -> Iterator[tuple[str, str]]:
    """Yields the codes and messages for the two values of a cadence."""
    try:
        resolved: cadence.Cadence = resolve(secs, steps)
    except (TypeError, ValueError) as problem:
        is_number = not isinstance(problem, TypeError) and str not in (type(secs), type(steps))
        yield "TFM303" if is_number else "TFM305", str(problem)
        return
    rule = resolved.rule
    if rule.departure:
        unused = "save_checkpoint_secs" if resolved.secs is None else "save_checkpoint_steps"
        text = f"{rule.says}; upstream: {rule.upstream} ({rule.departure}); remove {unused}"
        yield "TFM301", text
    for warning in resolved.warnings:
        yield "TFM302", warning


def _evaluate(node: ast.expr) -> Any:
    """Returns the value of a literal, or _UNKNOWN."""
    if last_name(node) == "USE_DEFAULT":
        return USE_DEFAULT
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        return _UNKNOWN
