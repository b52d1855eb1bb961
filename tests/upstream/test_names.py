"""The exported names: one list, and no name with two meanings."""

import ast
import importlib
import inspect
import pathlib
import pickle

import pytest
import tensorflow as tf

import tfmts_compat
from tfmts_compat._extensions import checkpoint_saver, chief, summary_saver, worker
from tfmts_compat._upstream.names import NAMES_BY_MODULE, UPSTREAM_NAMES

PACKAGE = pathlib.Path(tfmts_compat.__file__).parent
OWN_NAMES = [name for name in tfmts_compat.__all__ if name not in UPSTREAM_NAMES]
OWN_SUBCLASSES = [
    found
    for module in (checkpoint_saver, chief, summary_saver, worker)
    for name, found in inspect.getmembers(module, inspect.isclass)
    if found.__module__ == module.__name__ and found.__mro__[-2].__module__.startswith("tensorflow")
]


def test_type_checkers_see_every_name_of_upstream():
    tree = ast.parse((PACKAGE / "_upstream" / "names.py").read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    assert {
        node.module: tuple(alias.asname for alias in node.names) for node in block.body
    } == NAMES_BY_MODULE


@pytest.mark.parametrize(
    ("module", "name"),
    [(module, name) for module, names in NAMES_BY_MODULE.items() for name in names],
)
def test_the_module_of_a_name_defines_the_public_object(module, name):
    found = getattr(importlib.import_module(module), name)
    assert found is getattr(tf.compat.v1.train, name)
    assert found.__module__ == module


@pytest.mark.parametrize("name", OWN_NAMES)
def test_public_classes_have_the_package_as_their_module(name):
    found = getattr(tfmts_compat, name)
    if callable(found):
        assert found.__module__ == "tfmts_compat"
        assert pickle.loads(pickle.dumps(found)) is found


def test_a_plan_can_be_pickled():
    plan = tfmts_compat.explain(checkpoint_dir="/ckpt", save_checkpoint_steps=10)
    assert pickle.loads(pickle.dumps(plan)) == plan
    assert isinstance(plan.checkpoints, tfmts_compat.Cadence)
    assert isinstance(plan.checkpoints.rule, tfmts_compat.Rule)
    assert repr(plan).startswith("SessionPlan(")


@pytest.mark.parametrize("own", OWN_SUBCLASSES, ids=lambda own: own.__name__)
def test_a_subclass_of_upstream_has_its_own_name_and_upstreams_positional_order(own):
    assert own.__name__ not in UPSTREAM_NAMES
    upstreams = next(base for base in own.__mro__ if base.__module__.startswith("tensorflow"))
    assert _positional(own) == _positional(upstreams)


def _positional(a_class):
    """Returns the positional parameters of the first constructor without *args."""
    for base in a_class.__mro__:
        parameters = inspect.signature(base.__init__).parameters.values()
        if not any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
            return [
                parameter.name
                for parameter in parameters
                if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
            ]
    raise AssertionError(a_class)


def test_the_sentinel_survives_a_pickle():
    assert pickle.loads(pickle.dumps(tfmts_compat.USE_DEFAULT)) is tfmts_compat.USE_DEFAULT
