"""What the default graph has, and what can still be added to it."""

from __future__ import annotations

import importlib
from typing import Any

from tfmts_compat._upstream.loading import v1
from tfmts_compat._upstream.parts import is_from_tensorflow, part


def has_global_step() -> bool:
    """Whether the default graph has a global step."""
    return part("get_global_step")() is not None


def global_step_read() -> Any:
    """The tensor by which hooks read the global step; a train op that waits for it has no race."""
    training_util = importlib.import_module("tensorflow.python.training.training_util")
    return training_util._get_or_create_global_step_read()


def can_read_global_step() -> bool:
    """Whether the graph has the op by which hooks read the step, or it can still be added."""
    graph = v1().get_default_graph()
    return not graph.finalized or bool(graph.get_collection("global_step_read_op_cache"))


def can_be_initialized(scaffold: Any) -> bool:
    """Whether the graph has the ops that a scaffold creates, or they can still be added.

    A scaffold with a finalize() of its own may make the graph able to take new ops.
    """
    if scaffold is not None and not is_from_tensorflow(scaffold, "finalize"):
        return True
    graph = v1().get_default_graph()
    has_init_op = graph.get_collection("init_op") or getattr(scaffold, "init_op", None) is not None
    return not graph.finalized or bool(has_init_op)
