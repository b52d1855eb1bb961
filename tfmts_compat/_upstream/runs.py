"""The private parts of TensorFlow's Session.run."""

from __future__ import annotations

import importlib
from typing import Any

from tfmts_compat._upstream.loading import tensorflow
from tfmts_compat._upstream.parts import get_part


class RunInternals:
    """The parts of Session.run, by which `_extensions.run_cache` runs a prepared call.

    Attributes:
      session_class: tf.compat.v1.Session.
      tensor_classes: the classes of a graph's tensors.
      leaf_classes: tensor_classes, Operation, and the classes of variables with one tensor.

    Raises:
      AttributeError: TensorFlow lacks a part, or another library replaced one.
    """

    def __init__(self, session: Any) -> None:
        tf = tensorflow()
        module = importlib.import_module("tensorflow.python.client.session")
        self.session_class = module.Session
        self._expansions = module._REGISTERED_EXPANSIONS
        for name in ("_do_call", "_extend_graph", "_call_tf_sessionrun", "_run", "_do_run", "run"):
            if getattr(self.session_class, name).__globals__ is not vars(module):
                raise AttributeError(name)
        self._run, self._do_run = self.session_class._run, self.session_class._do_run
        self._public_run = self.session_class.run
        ops = importlib.import_module("tensorflow.python.framework.ops")
        resources = importlib.import_module("tensorflow.python.ops.resource_variable_ops")
        # Since TensorFlow 2.14 the tensors of a graph have their own class.
        self.tensor_classes = frozenset([tf.Tensor, getattr(ops, "SymbolicTensor", tf.Tensor)])
        references = importlib.import_module("tensorflow.python.ops.variables")
        if not hasattr(references, "RefVariable"):  # TensorFlow 2.12 moved it
            references = importlib.import_module("tensorflow.python.ops.ref_variable")
        variables = {
            resources.ResourceVariable,
            resources._UnreadVariable,
            references.RefVariable,
        }
        self.leaf_classes = self.tensor_classes | variables | {tf.Operation}
        self.state(session.graph)
        config = session._config
        if (  # these make every run write RunMetadata
            session._closed
            or config.graph_options.build_cost_model
            or config.experimental.HasField("session_metadata")
        ):
            raise AttributeError("RunMetadata")
        self.runtime_output, self.runtime_operation = _runtime_output, _runtime_operation
        self._extended_to: int | None = None  # the graph's version that the session has

    def may_skip_run(self, session: Any) -> bool:
        """Returns whether the session is open, and nobody replaced run, _run or _do_run."""
        cls = self.session_class
        return (
            cls.run is self._public_run
            and cls._run is self._run
            and cls._do_run is self._do_run
            and not session._closed
        )

    def is_leaf(self, fetch: Any) -> bool:
        """Returns whether the class of a leaf has no registered conversion."""
        return object is next(known for known, *_ in self._expansions if isinstance(fetch, known))

    def state(self, graph: Any) -> list[Any]:
        """Returns numbers that change when an earlier preparation is no longer valid."""
        return [
            len(self._expansions),
            len(graph._unfetchable_ops),
            len(graph._unfeedable_tensors),
        ]

    def run(self, session: Any, feeds: Any, fetches: Any, targets: Any) -> list[Any]:
        """Runs a prepared call; raises the same errors as Session.run."""
        values: list[Any] = session._do_call(self._run_in_runtime, session, feeds, fetches, targets)
        return values

    def _run_in_runtime(self, session: Any, feeds: Any, fetches: Any, targets: Any) -> list[Any]:
        version = session.graph.version  # grows with every op; read first, as threads may add some
        if version != self._extended_to:
            session._extend_graph()
            self._extended_to = version
        values: list[Any] = session._call_tf_sessionrun(None, feeds, fetches, targets, None)
        return values


def extend_message(error: Exception, text: str) -> None:
    """Appends a text to the message of an error, which stays the same object."""
    message = getattr(error, "_message", None)
    if message is not None:  # of a tf.errors.OpError
        error._message = f"{message}\n{text}"  # type: ignore[attr-defined]
    else:
        error.args = (f"{error}\n{text}",)


def _runtime_output(tensor: Any) -> Any:
    return tensor._as_tf_output()


def _runtime_operation(operation: Any) -> Any:
    return operation._c_op


def find_run_internals(session: Any) -> RunInternals | None:
    """Returns the parts of Session.run, or None if the session has to use upstream's run."""
    if type(session) is not get_part("Session"):
        return None
    try:
        return RunInternals(session)
    except (AttributeError, ImportError):
        return None
