"""The structure of the fetches of Session.run: dicts, lists and tuples of leaves.

A leaf is a tensor, an operation or a variable.
"""

from __future__ import annotations

import collections
from typing import Any, Callable

_DICTS = frozenset([dict, collections.OrderedDict])


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
