"""The causes of errors in a session that TensorFlow's messages do not name.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import contextlib
from typing import Any

from tfmts_compat._checkpoints import advice, coverage
from tfmts_compat._rules import checks
from tfmts_compat._upstream import graphs, loading, runs
from tfmts_compat._upstream.parts import get_part

_tf: Any = loading.tensorflow()
_v1: Any = loading.v1()
# The type of an operation starts with -> what it needs, and what initializes that.
_IN_EVERY_SESSION = (
    ("IteratorGetNext", "iterator", "iterator.initializer"),
    ("LookupTable", "table", "tf.compat.v1.tables_initializer()"),
)
# The message of a RuntimeError starts with -> what to do instead.
_MISUSES = (
    (
        "Graph is finalized",
        "Opening a session makes its graph read-only. Create all operations before, also those of "
        "assign, tf.summary, tf.train.Saver and arithmetic with tensors, and feed the values that "
        "change. See docs/recipes.md#graph-is-finalized.",
    ),
    (
        "Run called even after should_stop",
        "A hook or a thread has requested a stop. Check session.should_stop() before each run. To "
        "run the session after the stop, e.g. for an evaluation, call tfmts_compat."
        "run_without_hooks(session, fetches). See "
        "docs/recipes.md#evaluate-every-n-steps-and-after-the-loop.",
    ),
)


def explain(graph: Any, error: Exception, fetches: Any, feed_dict: Any) -> None:
    """Adds the cause to the message of an error that session.run raised, if it is known.

    Args:
      graph: the session's graph.
      error: the error; it stays TensorFlow's object.
      fetches: what was fetched; a monitored session passes a dict of the caller's and the
        hooks' fetches.
      feed_dict: what was fed, or None.
    """
    with contextlib.suppress(Exception):  # the caller gets TensorFlow's error in any case
        cause = _find_cause(graph, error, fetches, feed_dict or {})
        if cause:
            runs.extend_message(error, cause)


def explain_misuse(error: BaseException) -> None:
    """Adds to the message of an error what to do instead, if it is one of `_MISUSES`.

    Args:
      error: an error with which a session is opened or closed; it stays TensorFlow's object.
    """
    if type(error) is not RuntimeError:
        return
    text = str(error)
    for start, remedy in _MISUSES:
        if text.startswith(start) and remedy not in text:  # an inner session may have added it
            runs.extend_message(error, remedy)


def _find_cause(graph: Any, error: Exception, fetches: Any, feeds: Any) -> str | None:
    if isinstance(error, (ValueError, TypeError)):
        return _explain_another_graph(graph, fetches, feeds)
    op = error.op if isinstance(error, _tf.errors.OpError) else None
    if op is None:
        return None
    if isinstance(fetches, str) and op.type.startswith(("Restore", "Assign")):
        return _explain_restore(graph, error, fetches, feeds)
    if isinstance(error, _tf.errors.InvalidArgumentError):
        return _explain_missing_feed(graph, op, fetches, feeds)
    if isinstance(error, _tf.errors.FailedPreconditionError):
        return _explain_missing_initialization(graph, op)
    return None


def _group_by_owner(fetches: Any) -> list[tuple[Any, Any]]:
    """The hooks with their fetches, and None with the caller's."""
    if not isinstance(fetches, dict) or "caller" not in fetches:
        return [(None, fetches)]
    return [(None if type(key) is str else key, value) for key, value in fetches.items()]


def _name_hook(hook: Any) -> str:
    named = next(c for c in type(hook).__mro__ if not c.__module__.startswith("tfmts_compat."))
    return f"The hook {named.__name__}"


def _explain_another_graph(graph: Any, fetches: Any, feeds: Any) -> str | None:
    """Names what the caller or a hook passed that is in another graph than the session's."""
    for owner, value in [*_group_by_owner(fetches), (None, list(feeds))]:
        for leaf in _tf.nest.flatten(value, expand_composites=True):
            if getattr(leaf, "graph", graph) is graph:
                continue
            if owner is not None:
                return (
                    f"{_name_hook(owner)} was created for another graph: it fetches {leaf.name}. "
                    "Create the hooks and the Scaffold again for each graph."
                )
            return (
                f"{leaf.name} is in another graph than the session, whose graph has "
                f"{len(graph.get_operations())} operations. A session is for the graph that is the "
                "default graph when it is opened: build the model and open the session in the same "
                "`with graph.as_default():`. A new thread has to enter it, too. See "
                "docs/recipes.md#open-a-session-in-a-thread."
            )
    return None


def _explain_restore(graph: Any, error: Exception, restore_op: str, feeds: Any) -> str | None:
    """Explains why a Saver of the program, e.g. in a hook, cannot restore a checkpoint.

    It runs an operation by its name, and feeds the path.
    """
    if len(feeds) != 1 or not coverage.list_restored(restore_op, graph):
        return None
    (path,) = map(_tf.compat.as_text, feeds.values())
    return advice.explain_restore(restore_op, path, graph, None, error)


def _explain_missing_feed(graph: Any, op: Any, fetches: Any, feeds: Any) -> str | None:
    """Names the hook that fetched what needs a placeholder, if the caller's fetches do not."""
    if not op.type.startswith("Placeholder"):
        return None
    fed = {feed.name for feed in graphs.list_elements(graph, list(feeds))}

    def is_needed_by(fetch: Any) -> bool:
        return op in graphs.list_ops(graph, [fetch], fed=fed)

    needing = {
        owner: list(filter(is_needed_by, graphs.list_elements(graph, value)))
        for owner, value in _group_by_owner(fetches)
    }
    if needing.get(None):
        return None
    remedy = f"feed {op.name} in every run, or create it with tf.compat.v1.placeholder_with_default"
    for hook, needed in needing.items():
        merged = [tensor for fetch in needed if _is_merged(fetch) for tensor in fetch.op.inputs]
        if isinstance(hook, get_part("SummarySaverHook")) and merged:
            names = checks.join_names(tensor.name for tensor in filter(is_needed_by, merged))
            return (
                f"The caller's fetches do not need {op.name}. The summary saver fetched, as "
                f"summaries were due, these summaries that need it: {names}. Either {remedy}, or "
                "create these summaries with collections=[], so that it does not fetch them. See "
                "docs/recipes.md#a-summary-needs-a-feed."
            )
        if needed:
            names = checks.join_names(fetch.name for fetch in needed)
            return (
                f"The caller's fetches do not need {op.name}. {_name_hook(hook)} fetched what "
                f"needs it: {names}. Either {remedy}."
            )
    return None


def _is_merged(fetch: Any) -> bool:
    return isinstance(fetch, _tf.Tensor) and fetch.op.type == "MergeSummary"


def _explain_missing_initialization(graph: Any, op: Any) -> str | None:
    """Names what no init op of this session initializes."""
    names = [operation.name for operation in graph.get_operations()]  # in the order of creation
    for needed in [op, *(tensor.op for tensor in op.inputs)]:
        for key in (_v1.GraphKeys.INIT_OP, _v1.GraphKeys.LOCAL_INIT_OP):
            for earlier in graph.get_collection(key) if _is_initialized_by_default(needed) else ():
                if names.index(needed.name) > names.index(earlier.name):
                    return (
                        f"{needed.name} was created after an earlier session had finalized this "
                        "graph. The graph keeps the init ops and the Saver of that session, which "
                        "do not include it. Build each model in a graph of its own: in `with "
                        "tf.Graph().as_default():`, or after tf.compat.v1.reset_default_graph(). "
                        "See docs/recipes.md#graph-is-finalized."
                    )
    for prefix, what, initializer in _IN_EVERY_SESSION:
        if op.type.startswith(prefix):
            return (
                f"This session has not initialized the {what}. init_op and init_fn do not run if "
                f"a checkpoint is restored. Run {initializer} in local_init_op, which runs in "
                "every session: Scaffold(local_init_op=tf.group("
                f"Scaffold.default_local_init_op(), {initializer})). See "
                "docs/recipes.md#what-runs-when-a-session-starts."
            )
    return None


def _is_initialized_by_default(op: Any) -> bool:
    return bool(op.type.startswith(("Variable", "VarHandle", "HashTable")))
