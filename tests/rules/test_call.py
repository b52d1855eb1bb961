"""The arguments of a call are upstream's, with upstream's defaults."""

import inspect

import pytest
import tensorflow as tf
from tensorflow.python.training import monitored_session

import tfmts_compat
from tfmts_compat import USE_DEFAULT, _session, explain
from tfmts_compat._rules.call import Call, is_use_default


def test_the_arguments_are_upstreams_in_order_with_their_defaults():
    upstream = inspect.signature(tf.compat.v1.train.MonitoredTrainingSession).parameters
    ours = inspect.signature(tfmts_compat.MonitoredTrainingSession).parameters
    positional = [name for name, p in ours.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert positional == list(upstream)
    assert {name: _default(p) for name, p in ours.items() if name in upstream} == {
        name: _default(p) for name, p in upstream.items()
    }


def _default(parameter):
    if parameter.default is monitored_session.USE_DEFAULT:
        return USE_DEFAULT
    return parameter.default


def test_explain_and_a_call_take_the_same_arguments():
    ours = inspect.signature(tfmts_compat.MonitoredTrainingSession).parameters
    assert inspect.signature(explain).parameters == ours
    assert {f.name: f.default for f in Call.__dataclass_fields__.values()} == {
        name: p.default for name, p in ours.items()
    }
    with pytest.raises(TypeError, match="'checkpoint_path'"):
        explain(checkpoint_path="x")


def test_every_argument_reaches_the_call(monkeypatch):
    def raise_arguments(**arguments):
        raise LookupError(arguments)

    monkeypatch.setattr(_session, "Call", raise_arguments)
    names = inspect.signature(tfmts_compat.MonitoredTrainingSession).parameters
    given = {name: object() for name in names}
    with pytest.raises(LookupError) as problem:
        tfmts_compat.MonitoredTrainingSession(**given)
    assert problem.value.args == (given,)


def test_the_default_is_compared_by_identity_with_both_sentinels():
    assert is_use_default(USE_DEFAULT)
    assert is_use_default(monitored_session.USE_DEFAULT)
    assert not is_use_default(object())
