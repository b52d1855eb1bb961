"""Whether a checkpoint has what a Saver restores.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tfmts_compat._checkpoints.contents import Checkpoint
from tfmts_compat._checkpoints.state import read_state
from tfmts_compat._rules import checks
from tfmts_compat._upstream import loading

_tf = loading.tensorflow()
_v1: Any = loading.v1()
_OBJECTS = "_CHECKPOINTABLE_OBJECT_GRAPH"  # the key by which tf.train.Checkpoint differs
_ASSIGN = ("Assign", "AssignVariableOp")


@dataclass(frozen=True)
class Coverage:
    """How the names that a Saver restores differ from those in a checkpoint.

    Attributes:
      missing: the Saver restores them, and the checkpoint does not have them.
      mismatched: the shape in the checkpoint differs from the one in the graph.
      retyped: the dtype in the checkpoint differs from the one in the graph.
      extra: the checkpoint has them, and the Saver does not restore them.
    """

    missing: dict[str, Any]
    mismatched: dict[str, tuple[Any, Any]]
    retyped: dict[str, tuple[Any, Any]]
    extra: dict[str, Any]


def explain_mismatch(restore_op: str, prefix: str, graph: Any) -> str | None:
    """Explains why an undamaged checkpoint cannot be restored; reads only the index.

    Args:
      restore_op: the name of the operation by which a tf.compat.v1.train.Saver restores.
      prefix: the path of the checkpoint.
      graph: the graph of the Saver.

    Returns:
      A message that names the tensors that do not fit, and the remedy; None if all fit.
    """
    coverage = _compare(restore_op, prefix, graph)
    if coverage is None or not (coverage.missing or coverage.mismatched or coverage.retyped):
        return None
    checkpoint = Checkpoint(prefix)
    lines = [f"the checkpoint {prefix} ({checkpoint.step_in_words}) does not fit the graph:"]
    if coverage.missing:
        lines.append(
            "the Saver restores, but the checkpoint does not have: "
            + checks.join_names(_format_tensor(*item) for item in coverage.missing.items())
        )
    for what, differing in (("shape", coverage.mismatched), ("dtype", coverage.retyped)):
        if differing:
            lines.append(
                f"the {what} differs: "
                + checks.join_names(
                    f"{name} ({there} in the checkpoint, {here} in the graph)"
                    for name, (there, here) in differing.items()
                )
            )
    of_graph = {variable.op.name for variable in _list_global_variables(graph)}
    for reason, extra in (
        ("the checkpoint has, but the graph does not have", coverage.extra.keys() - of_graph),
        ("the graph has, but the Saver does not restore", coverage.extra.keys() & of_graph),
    ):
        if extra:
            lines.append(
                f"{reason}: "
                + checks.join_names(
                    _format_tensor(name, coverage.extra[name]) for name in sorted(extra)
                )
            )
    lines.append(
        "To continue from this checkpoint, build the graph that saved it. To start from its "
        "other values, pass another checkpoint_dir and scaffold=Scaffold(init_fn=lambda scaffold, "
        "session: saver.restore(session, path)), where saver is a tf.compat.v1.train.Saver for "
        "the variables that fit, e.g. Saver({name in the checkpoint: variable}). See "
        "docs/recipes.md#start-from-another-models-checkpoint."
    )
    return "\n  ".join(lines)


def explain_objects(prefix: str) -> str | None:
    """Explains why a session cannot restore a checkpoint of tf.train.Checkpoint; else None.

    A Saver adds operations for it, and the graph of a session is read-only.
    """
    if not _v1.train.NewCheckpointReader(prefix).has_tensor(_OBJECTS):
        return None
    return (
        f"the checkpoint {prefix} was saved with tf.train.Checkpoint, which a session cannot "
        "restore: a Saver adds operations to restore it, and the graph of the session is "
        "read-only. Convert it once: in a tf.compat.v1.Session of the same graph call "
        "saver.restore(session, path) and saver.save(session, new_path, global_step), where saver "
        "is a tf.compat.v1.train.Saver(), and pass the directory of new_path as checkpoint_dir."
    )


def _list_global_variables(graph: Any) -> list[Any]:
    with graph.as_default():
        return list(_v1.global_variables())


def list_restored(restore_op: str, graph: Any) -> dict[str, tuple[Any, Any]] | None:
    """Returns the names that a Saver restores, with their shapes and dtypes.

    The shape is None if it is not known, or if the Saver does not require it.

    Args:
      restore_op: the name of the operation by which the Saver restores.
      graph: the graph of the Saver.

    Returns:
      None for a Saver whose names are not constants.
    """
    waiting = [graph.get_operation_by_name(restore_op)]
    seen, found = set(waiting), {}
    while waiting:
        op = waiting.pop()
        if op.type == "RestoreV2":
            names, slices = (_tf.get_static_value(tensor) for tensor in op.inputs[1:])
            if names is None or slices is None:
                return None
            for name, part, tensor in zip(names, slices, op.outputs):
                shape = _parse_full_shape(part.decode())
                found[name.decode()] = (shape or _find_assigned_shape(tensor), tensor.dtype)
            continue
        before = {tensor.op for tensor in op.inputs}.union(op.control_inputs) - seen
        seen |= before
        waiting += before
    return found


def _parse_full_shape(part: str) -> Any:
    """Returns the shape of a partitioned variable, from e.g. '10 4 0,5:0,4'."""
    return _tf.TensorShape([int(size) for size in part.split()[:-1]]) if part else None


def _find_assigned_shape(tensor: Any) -> Any:
    """Returns the shape of the variable to which a restored tensor is assigned as it is."""
    for op in tensor.consumers():
        if op.type == "Identity":
            return _find_assigned_shape(op.outputs[0])
        if op.type in _ASSIGN and (op.type != "Assign" or op.get_attr("validate_shape")):
            try:
                return _tf.TensorShape(op.inputs[0].op.get_attr("shape"))
            except ValueError:  # the variable is an argument of a function
                return None
    return None


def _compare(restore_op: str, prefix: str, graph: Any) -> Coverage | None:
    expected = list_restored(restore_op, graph)
    if not expected:
        return None
    reader = _v1.train.NewCheckpointReader(prefix)
    shapes = reader.get_variable_to_shape_map()
    if _OBJECTS in shapes:
        return None
    there = {name: _tf.TensorShape(shape) for name, shape in shapes.items()}
    dtypes = {name: _tf.as_dtype(kind) for name, kind in reader.get_variable_to_dtype_map().items()}
    common = [(name, *expected[name]) for name in sorted(expected.keys() & there.keys())]
    return Coverage(
        {name: shape for name, (shape, _) in sorted(expected.items()) if name not in there},
        {
            name: (there[name], shape)
            for name, shape, _ in common
            if shape is not None and not shape.is_compatible_with(there[name])
        },
        {
            name: (dtypes[name].name, dtype.name)
            for name, _, dtype in common
            if dtype != dtypes[name]
        },
        {name: shape for name, shape in there.items() if name not in expected},
    )


def _format_tensor(name: str, shape: Any) -> str:
    return name if shape is None else f"{name} {shape}"


def explain_not_restored(scaffold: Any, directory: str, error: str) -> str | None:
    """Explains why variables are not initialized after a checkpoint was restored.

    Args:
      scaffold: the session's Scaffold.
      directory: the directory of the checkpoint.
      error: upstream's message.

    Returns:
      A message that names the checkpoint and the variables; None if nothing was restored.
    """
    prefix = read_state(directory).newest
    graph = _v1.get_default_graph()
    if not prefix or not scaffold.saver:
        return None
    restored = list_restored(scaffold.saver.saver_def.restore_op_name, graph)
    if restored is None:
        return None
    reported = error.rpartition(": ")[2].split(", ")
    left_out = [
        _format_tensor(variable.op.name, variable.shape)
        for variable in _list_global_variables(graph)
        if variable.op.name in reported and variable.op.name not in restored
    ]
    if not left_out:
        return None
    return (
        f"the checkpoint {prefix} ({Checkpoint(prefix).step_in_words}) was restored, and the "
        f"Saver of the session does not restore: {checks.join_names(left_out)}. init_op and "
        "init_fn do not run after a restore. Add these variables to the Saver (scaffold.saver) "
        "and start in another checkpoint_dir, or initialize them in every start: create them with "
        "collections=[tf.compat.v1.GraphKeys.LOCAL_VARIABLES], or pass a Scaffold whose "
        "ready_for_local_init_op does not report them and whose local_init_op initializes them. "
        "See docs/recipes.md#what-runs-when-a-session-starts."
        f"\n{error}"
    )
