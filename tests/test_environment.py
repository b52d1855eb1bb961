"""Installed versions, and the combinations that are known not to work."""

import tensorflow as tf

from tfmts_compat import _environment


def test_the_installed_tensorflow_is_among_the_builds():
    assert tf.__version__ in _environment.tensorflow_builds().values()


def test_one_pin_is_found_for_each_package(monkeypatch):
    versions = {"numpy": "2.1.0", "protobuf": "7.36.2"}
    monkeypatch.setattr(_environment, "version", versions.get)

    def pins(minor):
        return [entry.pin for entry in _environment.found(minor)]

    assert pins((2, 21)) == []
    assert pins((2, 20)) == ["protobuf<7"]
    assert pins((2, 17)) == ["numpy<2", "protobuf<7"]
    assert pins((2, 4)) == pins(None) == ["numpy<2", "protobuf<3.21"]
    both = _environment.remedy(_environment.found(None))
    assert both == "pip install 'numpy<2' 'protobuf<3.21'"


def test_a_package_that_is_not_installed_has_no_version():
    assert _environment.version("no such distribution") is None
    assert _environment.major("no such distribution") == 0


def test_minors_of_releases_and_nightlies():
    assert _environment.minor_of("2.21.0") == (2, 21)
    assert _environment.minor_of("2.22.0-dev20260101") == (2, 22)
