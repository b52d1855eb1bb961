"""Session.run that does its Python work only once for each structure of fetches and feeds.

Session.run resolves its fetches and feeds again in every call. The sessions that the
shim's creators return keep the result as a plan, and later calls with the same fetches
and the same keys in the feed only call TensorFlow's runtime. If it is not certain that
a plan gives the same result, the call is passed unchanged to upstream's Session.run.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

import collections
import threading
import weakref
from typing import Any, Callable, NamedTuple

import numpy as np

from tfmts_compat._upstream import loading, runs
from tfmts_compat._upstream.parts import part

_MOST_PLANS = 1000  # per session
# After this many new structures, most calls go to upstream's run without a lookup, so that a
# program whose fetches are new in every run does not pay for it. A call that uses a plan
# saves about as much time as the lookups of eight new structures take.
_MOST_NEW = 100
_NEW_PER_REUSE = 8
_CALLS_WITHOUT_LOOKUP = 15  # between two calls that are looked up

_DICTS = frozenset([dict, collections.OrderedDict])
_tf = loading.tensorflow()
_RunOptions: Any = part("RunOptions")
_RunMetadata: Any = part("RunMetadata")


def cache_runs(session: Any) -> None:
    """Gives a session a `run` that prepares a repeated call once.

    The session keeps its class. A session of a subclass of tf.compat.v1.Session keeps
    its `run`, and so does every session if TensorFlow lacks a part that a plan needs.

    Args:
      session: a tf.compat.v1.Session.
    """
    internals = runs.run_internals(session)
    if internals is not None:
        session.run = _RunCache(session, internals).run


class _Feed:
    """A tensor that a plan feeds."""

    __slots__ = ("dtype", "output", "shape", "static_shape")

    def __init__(self, tensor: Any, output: Any) -> None:
        self.output = output
        self.dtype = np.dtype(tensor.dtype.as_numpy_dtype)
        self.static_shape = tensor.shape
        self.shape: Any = None  # the last one that was compatible

    def takes(self, value: Any) -> bool:
        """Whether Session.run would pass the value to TensorFlow's runtime as it is."""
        if type(value) is not np.ndarray or value.dtype is not self.dtype:
            return False
        shape = value.shape
        if shape != self.shape:
            if not self.static_shape.is_compatible_with(shape):
                return False
            self.shape = shape
        return True


class _Plan(NamedTuple):
    """A prepared call, for one structure of fetches and one set of feed keys.

    Attributes:
      fetches: the tensors to fetch, each once, in the form that TensorFlow's runtime takes.
      targets: the operations to run that have no value.
      feeds: the tensors to feed, in the order of the feed's keys.
      result: makes the result from the fetched values, with None after them, and the
        caller's fetches.
      kept: the objects whose ids are in the plan's key, so that Python does not reuse the ids.
    """

    fetches: list[Any]
    targets: list[Any]
    feeds: list[_Feed]
    result: Callable[[list[Any], Any], Any]
    kept: list[Any]


class _RunCache:
    """The plans of one session."""

    def __init__(self, session: Any, internals: runs.RunInternals) -> None:
        # Session.__del__ releases the session, so this object must not keep it alive.
        self._session = weakref.ref(session)
        self._internals = internals
        self._plans: dict[tuple[Any, ...], _Plan | None] = {}  # None: upstream's run is needed
        self._seen: set[tuple[Any, ...]] = set()
        self._lock = threading.Lock()
        self._new = 0  # new structures, less those that calls with a plan make up for
        self._calls_without_lookup = 0

    def run(
        self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None
    ) -> Any:
        """See tf.compat.v1.Session.run."""
        session = self._session()
        if session is None:  # the session was deleted; the caller kept only this method
            raise RuntimeError("Attempted to use a closed Session.")
        internals = self._internals
        key: list[Any] | None = None
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
            key = self._key(session, fetches, feed_dict)
        if key is not None:
            plan = self._plan(session, tuple(key), fetches, feed_dict)
            if plan is not None:
                feeds = {}
                if feed_dict:
                    for feed, value in zip(plan.feeds, feed_dict.values()):
                        if not feed.takes(value):
                            break
                        feeds[feed.output] = value
                if len(feeds) == len(plan.feeds):
                    values = internals.run(session, feeds, plan.fetches, plan.targets)
                    return plan.result([*values, None], fetches)
        return internals.session_class.run(
            session, fetches, feed_dict=feed_dict, options=options, run_metadata=run_metadata
        )

    def _key(self, session: Any, fetches: Any, feed_dict: Any) -> list[Any] | None:
        """The key of the plan for a call; None if the call cannot have a plan."""
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

    def _plan(
        self, session: Any, key: tuple[Any, ...], fetches: Any, feed_dict: Any
    ) -> _Plan | None:
        """The plan for a call; None in the first call, which upstream's run checks."""
        try:
            plan = self._plans[key]
        except KeyError:
            pass
        else:
            if self._new:
                self._new = max(0, self._new - _NEW_PER_REUSE)
            return plan
        with self._lock:
            if key not in self._seen:
                if len(self._seen) >= _MOST_PLANS:
                    self._seen.clear()
                self._seen.add(key)
                self._new = min(self._new + 1, _MOST_NEW)
                if self._new == _MOST_NEW:
                    self._calls_without_lookup = _CALLS_WITHOUT_LOOKUP
                return None
            plan = self._made(session.graph, fetches, list(feed_dict or ()))
            if len(self._plans) >= _MOST_PLANS:
                del self._plans[next(iter(self._plans))]
            self._plans[key] = plan
            return plan

    def _made(self, graph: Any, fetches: Any, feeds: list[Any]) -> _Plan | None:
        internals = self._internals
        leaves = leaves_of(fetches)
        elements = [self._element(graph, leaf, feeds) for leaf in leaves]
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
        part = result_part(fetches, lambda fetch: places[id(graph.as_graph_element(fetch))])
        return _Plan(
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

    def _element(self, graph: Any, fetch: Any, feeds: list[Any]) -> Any:
        """The tensor or operation that a leaf fetches; None if a plan must not fetch it."""
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


def leaves_of(fetches: Any) -> list[Any]:
    """The leaves of the fetches, in the order of the structure."""
    if isinstance(fetches, dict):
        fetches = fetches.values()
    elif not isinstance(fetches, (list, tuple)):
        return [fetches]
    return [leaf for fetch in fetches for leaf in leaves_of(fetch)]


def result_part(fetches: Any, place: Callable[[Any], int]) -> Any:
    """Returns how to make a part of the result.

    For a leaf it is the index of its value; for a structure, a function of all values and
    the fetches of the call. The result of a dict has the keys of these fetches.
    """
    kind: Any = type(fetches)
    if kind in _DICTS:
        parts = [result_part(fetch, place) for fetch in fetches.values()]

        def mapping(values: list[Any], given: Any) -> Any:
            result = kind()
            for (key, fetch), part in zip(given.items(), parts):
                result[key] = values[part] if type(part) is int else part(values, fetch)
            return result

        return mapping
    if kind is list or issubclass(kind, tuple):
        parts = [result_part(fetch, place) for fetch in fetches]

        def sequence(values: list[Any], given: Any) -> Any:
            results = [
                values[part] if type(part) is int else part(values, fetch)
                for fetch, part in zip(given, parts)
            ]
            if kind is list:
                return results
            return tuple(results) if kind is tuple else kind(*results)

        return sequence
    return place(fetches)
