"""The end of the input: an error that ends the block of a session and is not raised again.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import contextlib
from typing import Any, Callable

from tfmts_compat import _warnings
from tfmts_compat._extensions import run_cache
from tfmts_compat._rules import checks, pitfalls
from tfmts_compat._upstream import graphs, sessions
from tfmts_compat._upstream.parts import get_part


def make_report() -> Callable[[Any, BaseException], None]:
    """Returns a function that reports the end of the input when it ends the `with` block.

    It is logged. If the run that found the end of the input does not train, although others do,
    it is also a pitfall: the training may end too early.

    Returns:
      A function that takes upstream's MonitoredSession and the error. Its warnings name the line
      that opened the session.
    """
    warn, note = _warnings.warn_later(), _warnings.note_later()

    def report(session: Any, error: BaseException) -> None:
        raw = sessions.get_tf_session(session)
        name, number = _describe(error), None
        with contextlib.suppress(Exception):  # e.g. a server does not answer
            number = sessions.read_global_step(raw)
        step = "an unknown global step" if number is None else f"global step {number}"
        note(f"{name} ends the `with` block of the session at {step}")
        fetches = None
        with contextlib.suppress(Exception):  # without an answer there is no warning
            if not sessions.is_stop_requested(session):
                fetches = _find_fetches_without_training(raw, error)
        if fetches is not None:
            warn(pitfalls.describe("input-ends", error=name, fetches=fetches, step=step))

    return report


def _describe(error: BaseException) -> str:
    operation = getattr(error, "op", None) or getattr(error, "node_def", None)
    return type(error).__name__ + (f" of {operation.name}" if operation is not None else "")


def _find_fetches_without_training(raw: Any, error: BaseException) -> str | None:
    """Names what the failed run fetched, if it does not train and others advance the step.

    The failed run must also read a variable that the others train. A run that only reads the
    input, which the program then feeds to a training run, is meant to end the training.
    """
    failed = run_cache.find_failed_run(error)
    if failed is None:
        return None
    graph, fetches = failed
    elements = graphs.list_elements(graph, fetches)
    if graphs.may_train(graph, elements):
        return None
    if isinstance(fetches, dict) and "caller" in fetches:  # a monitored session's
        elements = graphs.list_elements(graph, fetches["caller"])
    step = get_part("get_global_step")(raw.graph).op.name
    trained = {
        variable.name
        for op in graphs.list_ops(raw.graph, run_cache.list_prepared(raw))
        for variable in graphs.list_written_variables(op)
    }
    read = {op.name for op in graphs.list_ops(graph, elements)}
    if step not in trained or read.isdisjoint(trained - {step}):
        return None
    return checks.join_names(element.name for element in elements)
