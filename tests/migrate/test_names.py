"""The table of old and new names agrees with TensorFlow and with the package."""

import importlib

import pytest
import tensorflow as tf

import tfmts_compat
from tfmts_compat._upstream.names import UPSTREAM_NAMES
from tfmts_compat.migrate.names import MODULES, NAMES, TABLE, plain

HERE = {
    name: new
    for name, new in TABLE.items()
    if name.startswith(("tensorflow.train", "tensorflow.python")) and "USE_DEFAULT" not in name
}


@pytest.mark.parametrize(("old", "new"), HERE.items())
def test_old_and_new_name_are_the_same_object(old, new):
    module, _, name = old.rpartition(".")
    holder = tf.compat.v1.train if module == "tensorflow.train" else importlib.import_module(module)
    if name == "MonitoredTrainingSession":
        assert new == "tfmts_compat.MonitoredTrainingSession"
        assert getattr(holder, name) is tf.compat.v1.train.MonitoredTrainingSession
    else:
        assert getattr(holder, name) is getattr(tfmts_compat, new.split(".")[1])


def test_every_exported_name_of_upstream_is_in_the_table():
    assert {"MonitoredTrainingSession", "USE_DEFAULT", *UPSTREAM_NAMES} == NAMES


@pytest.mark.skipif(not hasattr(tf, "estimator"), reason="tf.estimator does not exist since 2.16")
def test_estimator_has_the_names_of_the_table():
    for name in MODULES["tensorflow.estimator"]:
        assert getattr(tf.estimator, name) is getattr(tfmts_compat, name)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tensorflow.compat.v1.train", "tensorflow.train"),
        ("tensorflow.compat.v1.compat.v1.train", "tensorflow.train"),
        ("tensorflow.compat.v2.train", "tensorflow.train"),
        ("tensorflow.compat.v10.train", "tensorflow.compat.v10.train"),
        ("tensorflow.compat", "tensorflow.compat"),
    ],
)
def test_plain_removes_versions(path, expected):
    assert plain(path) == expected
