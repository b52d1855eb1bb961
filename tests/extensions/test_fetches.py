"""A structure is compared by its classes, its lengths and the identity of its leaves."""

import collections

import pytest

from tfmts_compat._extensions.run_cache import add_structure, list_leaves, make_builder

Pair = collections.namedtuple("Pair", ["first", "second"])


class Leaf:
    """Takes the place of a tensor."""


A, B, C = Leaf(), Leaf(), Leaf()


def key(fetches):
    found = []
    return add_structure(fetches, found, frozenset([Leaf])) and found


@pytest.mark.parametrize(
    ("fetches", "result"),
    [
        (B, 1),
        ([A, B, A], [0, 1, 0]),
        ((C,), (2,)),
        (Pair(A, [B, ()]), Pair(0, [1, ()])),
        ({"a": A, 1: {"b": [C]}}, {"a": 0, 1: {"b": [2]}}),
        (collections.OrderedDict(z=A, a=B), collections.OrderedDict(z=0, a=1)),
    ],
)
def test_a_result_has_the_structure_and_classes_of_the_fetches(fetches, result):
    part = make_builder(fetches, [A, B, C].index)
    made = part([0, 1, 2], fetches) if callable(part) else part
    assert (made, type(made)) == (result, type(result))
    assert key(fetches)
    assert key(fetches) == key(fetches)
    assert set(list_leaves(fetches)) <= {A, B, C}


def test_structures_with_other_leaves_classes_or_lengths_have_other_keys():
    structures = [A, B, [A], (A,), [A, A], [[A], A], [A, [A]], [[A, A]], Pair(A, A), (A, A), [], {}]
    structures += [{"a": A}, collections.OrderedDict(a=A), {"a": [A]}, [{"a": A}]]
    keys = [key(structure) for structure in structures]
    assert len({tuple(found) for found in keys}) == len(structures)


@pytest.mark.parametrize("fetches", ["name", None, [A, 3], {"a": None}, {A}, [[object()]]])
def test_fetches_with_an_unknown_leaf_have_no_key(fetches):
    assert key(fetches) is False


def test_a_subclass_of_dict_or_list_has_no_key():
    assert key(collections.defaultdict(list, a=A)) is False
    assert key(type("Numbers", (list,), {})([A])) is False
