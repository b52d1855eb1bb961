"""A faster Session.run, which prepares each kind of call once.

Session.run resolves its fetches and feeds again in every call. The sessions that the
shim's creators return keep the result as a prepared call. Later calls with the same
fetches and the same keys in the feed only call TensorFlow's runtime. If it is not certain
that a prepared call gives the same result, upstream's Session.run gets the call unchanged.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import collections
import inspect
import threading
import traceback
import weakref
from typing import Any, Callable, NamedTuple

import numpy as np

from tfmts_compat._extensions import run_errors
from tfmts_compat._upstream import loading, runs
from tfmts_compat._upstream.parts import get_part

_MOST_PREPARED = 1000  # per session
# After this many new structures, most calls go to upstream's run without a lookup, so that a
# program whose fetches are new in every run does not pay for it. A call that was
# prepared saves about as much time as the lookups of eight new structures take.
_MOST_NEW = 100
_NEW_PER_REUSE = 8
_CALLS_WITHOUT_LOOKUP = 15  # between two calls that are looked up

_DICTS = frozenset([dict, collections.OrderedDict])
_tf = loading.tensorflow()
_RunOptions: Any = get_part("RunOptions")
_RunMetadata: Any = get_part("RunMetadata")


def cache_runs(session: Any) -> None:
    """Gives a session a `run` that prepares a repeated call once.

    The session keeps its class. A session of a subclass of tf.compat.v1.Session keeps
    its `run`, and so does every session if TensorFlow lacks a part that a prepared call needs.

    Args:
      session: a tf.compat.v1.Session.
    """
    internals = runs.find_run_internals(session)
    if internals is not None:
        session.run = _RunCache(session, internals).run


def list_prepared(session: Any) -> list[Any]:
    """Returns the tensors and operations that a session has fetched in repeated calls."""
    cache = getattr(session.run, "__self__", None)
    if not isinstance(cache, _RunCache):
        return []
    calls = list(cache.prepared.values())
    return [element for call in calls if call is not None for element in call.elements]


def find_failed_run(error: BaseException) -> tuple[Any, Any] | None:
    """Returns the graph and the fetches of the Session.run that raised an error, or None."""
    found = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        name = _SESSION_IN.get(frame.f_code)
        if name is not None:
            found = frame.f_locals[name].graph, frame.f_locals["fetches"]
    return found


class _Feed:
    """A tensor that a prepared call feeds."""

    __slots__ = ("dtype", "output", "shape", "static_shape")

    def __init__(self, tensor: Any, output: Any) -> None:
        self.output = output
        self.dtype = np.dtype(tensor.dtype.as_numpy_dtype)
        self.static_shape = tensor.shape
        self.shape: Any = None  # the last one that was compatible

    def takes(self, value: Any) -> bool:
        """Returns whether Session.run would pass the value to TensorFlow's runtime as it is."""
        if type(value) is not np.ndarray or value.dtype is not self.dtype:
            return False
        shape = value.shape
        if shape != self.shape:
            if not self.static_shape.is_compatible_with(shape):
                return False
            self.shape = shape
        return True


class _PreparedCall(NamedTuple):
    """What to run for one structure of fetches and one set of feed keys.

    Attributes:
      elements: the tensors and operations of the caller's fetches.
      fetches: the tensors to fetch, each once, in the form that TensorFlow's runtime takes.
      targets: the operations to run that have no value.
      feeds: the tensors to feed, in the order of the feed's keys.
      build_result: builds the result from the fetched values and the caller's fetches. The
        list of values ends with None, which is the result of an operation.
      kept: the objects whose ids are in the key, so that Python does not reuse the ids.
    """

    elements: list[Any]
    fetches: list[Any]
    targets: list[Any]
    feeds: list[_Feed]
    build_result: Callable[[list[Any], Any], Any]
    kept: list[Any]


class _RunCache:
    """The prepared calls of one session."""

    def __init__(self, session: Any, internals: runs.RunInternals) -> None:
        # Session.__del__ releases the session's memory. A strong reference would be a cycle, and
        # the memory would be freed only by the garbage collector; see docs/contract.md.
        self._session = weakref.ref(session)
        self._internals = internals
        # None for a call that needs upstream's run.
        self.prepared: dict[tuple[Any, ...], _PreparedCall | None] = {}
        self._seen: set[tuple[Any, ...]] = set()
        self._lock = threading.Lock()
        self._new = 0  # +1 for a new structure, -_NEW_PER_REUSE for a reuse, never below 0
        self._calls_without_lookup = 0

    def run(
        self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None
    ) -> Any:
        """Runs as tf.compat.v1.Session.run does; an error may also name its cause."""
        session = self._session()
        if session is None:  # the session was deleted; the caller kept only this method
            raise RuntimeError("Attempted to use a closed Session.")
        internals = self._internals
        key: list[Any] | None = None
        try:
            if self._calls_without_lookup > 0:  # two threads may bring it below 0
                self._calls_without_lookup -= 1
            elif (
                internals.may_skip_run(session)
                and (options is None or (type(options) is _RunOptions and not options.ByteSize()))
                and (
                    run_metadata is None
                    or (type(run_metadata) is _RunMetadata and not run_metadata.ByteSize())
                )
            ):
                key = self._make_key(session, fetches, feed_dict)
            if key is not None:
                prepared = self._find_or_prepare(session, tuple(key), fetches, feed_dict)
                if prepared is not None:
                    feeds = {}
                    if feed_dict:
                        for feed, value in zip(prepared.feeds, feed_dict.values()):
                            if not feed.takes(value):
                                break
                            feeds[feed.output] = value
                    if len(feeds) == len(prepared.feeds):
                        values = internals.run(session, feeds, prepared.fetches, prepared.targets)
                        return prepared.build_result([*values, None], fetches)
            return internals.session_class.run(
                session, fetches, feed_dict=feed_dict, options=options, run_metadata=run_metadata
            )
        except Exception as error:
            run_errors.explain(session.graph, error, fetches, feed_dict)
            raise

    def _make_key(self, session: Any, fetches: Any, feed_dict: Any) -> list[Any] | None:
        """Returns the key of a call; None if the call cannot be prepared."""
        internals = self._internals
        key = internals.state(session.graph)
        if not add_structure(fetches, key, internals.leaf_classes):
            return None
        if feed_dict:
            if type(feed_dict) is not dict:
                return None
            key.append(None)
            for feed in feed_dict:
                if type(feed) not in internals.tensor_classes:
                    return None
                key.append(id(feed))
                key.append(id(feed.shape))  # set_shape replaces it
        return key

    def _find_or_prepare(
        self, session: Any, key: tuple[Any, ...], fetches: Any, feed_dict: Any
    ) -> _PreparedCall | None:
        """Returns the prepared call; None the first time, when upstream's run checks the call."""
        try:
            prepared = self.prepared[key]
        except KeyError:
            pass
        else:
            if self._new:
                self._new = max(0, self._new - _NEW_PER_REUSE)
            return prepared
        with self._lock:
            if key not in self._seen:
                if len(self._seen) >= _MOST_PREPARED:
                    self._seen.clear()
                self._seen.add(key)
                self._new = min(self._new + 1, _MOST_NEW)
                if self._new == _MOST_NEW:
                    self._calls_without_lookup = _CALLS_WITHOUT_LOOKUP
                return None
            prepared = self._prepare(session.graph, fetches, list(feed_dict or ()))
            if len(self.prepared) >= _MOST_PREPARED:
                del self.prepared[next(iter(self.prepared))]
            self.prepared[key] = prepared
            return prepared

    def _prepare(self, graph: Any, fetches: Any, feeds: list[Any]) -> _PreparedCall | None:
        internals = self._internals
        leaves = list_leaves(fetches)
        elements = [self._find_element(graph, leaf, feeds) for leaf in leaves]
        if not (elements and all(element is not None for element in elements)):
            return None
        if not all(self._may_feed(graph, feed) for feed in feeds):
            return None
        tensors: list[Any] = []
        targets: list[Any] = []
        places: dict[int, int] = {}
        for element in elements:
            if id(element) in places:
                continue
            if isinstance(element, _tf.Operation):
                places[id(element)] = -1  # the None after the values
                targets.append(internals.runtime_operation(element))
            else:
                places[id(element)] = len(tensors)
                tensors.append(internals.runtime_output(element))
        part = make_builder(fetches, lambda fetch: places[id(graph.as_graph_element(fetch))])
        return _PreparedCall(
            elements,
            tensors,
            targets,
            [_Feed(feed, internals.runtime_output(feed)) for feed in feeds],
            part if callable(part) else lambda values, _: values[part],
            [*leaves, *feeds, *(feed.shape for feed in feeds)],
        )

    def _may_feed(self, graph: Any, tensor: Any) -> bool:
        return (
            tensor.graph is graph
            and graph.is_feedable(tensor)
            and self._internals.is_leaf(tensor)
            and not np.dtype(tensor.dtype.as_numpy_dtype).hasobject  # strings, handles
        )

    def _find_element(self, graph: Any, fetch: Any, feeds: list[Any]) -> Any:
        """Returns what a leaf fetches, a tensor or operation; None if upstream's run is needed."""
        try:
            element = graph.as_graph_element(fetch)
        except (TypeError, ValueError, KeyError):
            return None  # upstream's run reports it
        operation = getattr(element, "op", element)
        may_fetch = (
            self._internals.is_leaf(fetch)
            and graph.is_fetchable(operation)
            and not any(element is feed for feed in feeds)
            and not operation.type.startswith("GetSessionHandle")
        )
        return element if may_fetch else None


def add_structure(fetches: Any, key: list[Any], leaf_classes: frozenset[type]) -> bool:
    """Adds classes, lengths and the ids of the leaves to a key.

    Returns:
      False if a leaf is of another class.
    """
    kind = type(fetches)
    if kind in leaf_classes:
        key.append(id(fetches))
        return True
    if kind in _DICTS:
        key.append(kind)
        key.append(len(fetches))
        fetches = fetches.values()
    elif kind is list or issubclass(kind, tuple):
        key.append(kind)
        key.append(len(fetches))
    else:
        return False
    for fetch in fetches:
        if type(fetch) in leaf_classes:
            key.append(id(fetch))
        elif not add_structure(fetch, key, leaf_classes):
            return False
    return True


# The variable of the session, in the frame of a function that runs one.
_SESSION_IN = {
    _RunCache.run.__code__: "session",
    getattr(inspect.unwrap(get_part("Session").run), "__code__", None): "self",
}


def list_leaves(fetches: Any) -> list[Any]:
    """Returns the leaves of the fetches, in the order of the structure."""
    if isinstance(fetches, dict):
        fetches = fetches.values()
    elif not isinstance(fetches, (list, tuple)):
        return [fetches]
    return [leaf for fetch in fetches for leaf in list_leaves(fetch)]


def make_builder(fetches: Any, place: Callable[[Any], int]) -> Any:
    """Returns an index for a leaf, and for a list, tuple or dict a function that builds it.

    The index is that of the leaf's value. The function takes all values and the fetches of the
    call; a dict that it builds has the keys of these fetches.
    """
    kind: Any = type(fetches)
    if kind in _DICTS:
        parts = [make_builder(fetch, place) for fetch in fetches.values()]

        def build_dict(values: list[Any], given: Any) -> Any:
            result = kind()
            for (key, fetch), part in zip(given.items(), parts):
                result[key] = values[part] if type(part) is int else part(values, fetch)
            return result

        return build_dict
    if kind is list or issubclass(kind, tuple):
        parts = [make_builder(fetch, place) for fetch in fetches]

        def build_sequence(values: list[Any], given: Any) -> Any:
            results = [
                values[part] if type(part) is int else part(values, fetch)
                for fetch, part in zip(given, parts)
            ]
            if kind is list:
                return results
            return tuple(results) if kind is tuple else kind(*results)

        return build_sequence
    return place(fetches)
