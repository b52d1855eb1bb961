"""What the default graph has, and what can still be added to it."""

from __future__ import annotations

import importlib
import re
from typing import Any, Container, Iterable, Iterator

from tfmts_compat._upstream.loading import tensorflow, v1
from tfmts_compat._upstream.parts import get_part, is_from_tensorflow

# Types of the ops that write to the variables among their inputs, e.g. AssignAddVariableOp.
_WRITES = re.compile(r"(Resource)?(Sparse)?(Assign|Apply|Scatter(?!Nd$))")
# Types of the ops that only read the resource variables among their inputs, or pass them on.
_READS = re.compile(
    r"ReadVariable|ResourceGather|VarIsInitialized|VariableShape"
    r"|(Ref)?(Switch|Merge|Enter|Exit|NextIteration|Identity)$"
)

# Types of the ops that write to what another run may train with: a queue, an accumulator, a table.
_KEEPS = re.compile(r"Enqueue|AccumulatorApply|Table(Insert|Import)")

_STEP_READ = "global_step_read_op_cache"  # TensorFlow's collection of the hooks' read

_SUMMARY_OP = re.compile(r"Summary(V2|Writer)?$")  # e.g. ScalarSummary, WriteSummary
_WRITE = "/write_summary"
_DISABLED_SUMMARY = re.compile(rf"{_WRITE}(_\d+)?/Const(_\d+)?$")


def has_global_step() -> bool:
    """Returns whether the default graph has a global step."""
    return get_part("get_global_step")() is not None


def get_global_step_read() -> Any:
    """Returns the tensor by which hooks read the step; a train op has to depend on it."""
    training_util = importlib.import_module("tensorflow.python.training.training_util")
    return training_util._get_or_create_global_step_read()


def is_in_another_graph(value: Any) -> bool:
    """Returns whether a tensor or an operation is in another graph than the default graph."""
    tf = tensorflow()
    is_element = isinstance(value, (tf.Tensor, tf.Operation)) and hasattr(value, "graph")
    return is_element and value.graph is not v1().get_default_graph()


def has_ops_of(saver: Any) -> bool:
    """Returns whether the default graph has the operations of a Saver, or can get them.

    A Saver finds its operations by name. One that is not built yet adds them; one with methods of
    its own may do anything.
    """
    if not (is_from_tensorflow(saver, "restore") and is_from_tensorflow(saver, "save")):
        return True
    if saver.saver_def is None:
        return True
    name = saver.saver_def.filename_tensor_name.partition(":")[0]
    return not name or _find_op(v1().get_default_graph(), name) is not None


def is_empty() -> bool:
    """Returns whether the default graph has no operations."""
    return not v1().get_default_graph().get_operations()


def can_read_global_step() -> bool:
    """Returns whether the op by which hooks read the step exists or can be added."""
    graph = v1().get_default_graph()
    return not graph.finalized or bool(graph.get_collection(_STEP_READ))


def can_be_initialized(scaffold: Any) -> bool:
    """Returns whether the ops that a scaffold creates exist or can be added.

    A scaffold with a finalize() of its own may make the graph able to take new ops.
    """
    if scaffold is not None and not is_from_tensorflow(scaffold, "finalize"):
        return True
    graph = v1().get_default_graph()
    has_init_op = graph.get_collection("init_op") or getattr(scaffold, "init_op", None) is not None
    return not graph.finalized or bool(has_init_op)


def find_disabled_summary() -> str | None:
    """Finds a call of TF 2's tf.summary that writes nothing, in a graph without other summaries.

    Without a default writer, tf.summary.write adds only the constant that it returns.

    Returns:
      The name of its op, or None.
    """
    graph = v1().get_default_graph()
    if graph.get_collection("summaries") or graph.get_collection("summary_op"):
        return None
    names = getattr(graph, "_names_in_use", (_WRITE,))  # to read them from the ops takes long
    if _WRITE not in "\n".join(names):
        return None
    found = None
    for op in graph.get_operations():
        if _SUMMARY_OP.search(op.type):
            return None
        if found is None and op.type == "Const" and _DISABLED_SUMMARY.search(op.name):
            found = str(op.name)
    return found


def has_unserved_tokens() -> bool:
    """Returns whether only the hook of a SyncReplicasOptimizer can fill its queue of tokens.

    Instead, a program may have put the queue runner into its collection, or have created an op for
    the first tokens.
    """
    graph = v1().get_default_graph()
    queue = _find_op(graph, "sync_token_q")  # TensorFlow adds no name scope
    if queue is None or _find_op(graph, "no_init_tokens") is not None:
        return False
    tokens = queue.outputs[0].consumers() if queue.outputs else []
    filling = [op for op in tokens if op.type.startswith("QueueEnqueueMany")]
    served: set[Any] = set()
    for runner in graph.get_collection(v1().GraphKeys.QUEUE_RUNNERS):
        served.update(list_ops(graph, runner.enqueue_ops))
    return len(filling) == 1 and served.isdisjoint(filling)


def _find_op(graph: Any, name: str) -> Any | None:
    try:
        return graph.get_operation_by_name(name)
    except KeyError:
        return None


def has_local_init_op(scaffold: Any) -> bool:
    """Returns whether a scaffold or the default graph has a local_init_op, before it is opened."""
    if getattr(scaffold, "local_init_op", None) is not None:
        return True
    return bool(v1().get_default_graph().get_collection("local_init_op"))


def list_elements(graph: Any, fetches: Any) -> list[Any]:
    """Returns the tensors and ops that a run of some fetches fetches.

    Raises:
      TypeError, ValueError, KeyError: a fetch is not in the graph, or of an unknown kind.
    """
    # A monitored session fetches a dict whose keys are hooks; TensorFlow cannot sort them.
    structure = list(fetches.values()) if isinstance(fetches, dict) else fetches
    leaves = tensorflow().nest.flatten(structure, expand_composites=True)
    return [graph.as_graph_element(leaf) for leaf in leaves if leaf is not None]


def list_ops(
    graph: Any, fetches: Iterable[Any], known: set[Any] | None = None, fed: Container[str] = ()
) -> Iterator[Any]:
    """Returns the ops that a run of some fetches executes, without the bodies of functions.

    Args:
      graph: their graph.
      fetches: tensors, ops, variables or their names; what is none of these is left out.
      known: ops that are left out with all that they need; the ops found are added.
      fed: the names of the tensors that are fed.
    """
    waiting = []
    known = set() if known is None else known
    for fetch in fetches:
        try:
            element = graph.as_graph_element(fetch)
        except (TypeError, ValueError, KeyError):
            continue
        if element.name not in fed:
            waiting.append(getattr(element, "op", element))
    while waiting:
        op = waiting.pop()
        if op not in known:
            known.add(op)
            waiting += [tensor.op for tensor in op.inputs if tensor.name not in fed]
            waiting += op.control_inputs
            yield op


def list_written_variables(op: Any) -> list[Any]:
    """Returns the ops of the variables to which an op writes."""
    if not _WRITES.match(op.type):
        return []
    tensors = [tensor for tensor in op.inputs if tensor.dtype._is_ref_dtype or _is_handle(tensor)]
    return [tensor.op for tensor in tensors]


def may_advance_step(graph: Any) -> bool:
    """Returns whether an op of a graph may change the global step, except at its initialization."""
    step = get_part("get_global_step")(graph)
    variable = step.op.outputs[0]
    skipped = {getattr(step, "initializer", None), *_list_step_read(graph)}
    for op in variable.consumers():
        if op in skipped:
            continue
        if step.op in list_written_variables(op):
            if not any(source.type.startswith("Restore") for source in list_ops(graph, op.inputs)):
                return True
        elif _is_handle(variable) and not _READS.match(op.type):  # e.g. the call of a function
            return True
    return False


def may_train(graph: Any, fetches: Iterable[Any]) -> bool:
    """Returns whether a run of some fetches may write more than local variables.

    Args:
      graph: their graph.
      fetches: tensors or ops.
    """
    local = {getattr(v, "op", None) for v in graph.get_collection(v1().GraphKeys.LOCAL_VARIABLES)}
    for op in list_ops(graph, fetches, _list_step_read(graph)):
        written = list_written_variables(op)
        if not written and not _READS.match(op.type):  # e.g. the call of a function
            handles = [tensor.op for tensor in op.inputs if _is_handle(tensor)]
            written = [handle for handle in handles if handle.type == "VarHandleOp"]
        if _KEEPS.search(op.type) or any(variable not in local for variable in written):
            return True
    return False


def _list_step_read(graph: Any) -> set[Any]:
    """Returns the ops by which the hooks read the step; one is the call of a function."""
    return set(list_ops(graph, graph.get_collection(_STEP_READ)))


def _is_handle(tensor: Any) -> bool:
    return bool(tensor.dtype.base_dtype == v1().resource)
