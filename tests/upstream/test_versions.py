"""Installed versions, and the combinations that are known not to work."""

import tensorflow as tf

from tfmts_compat._upstream import versions


def test_the_installed_tensorflow_is_among_the_builds():
    assert tf.__version__ in versions.find_tensorflow_builds().values()


def test_one_pin_is_found_for_each_package(monkeypatch):
    installed = {"numpy": "2.1.0", "protobuf": "7.36.2"}
    monkeypatch.setattr(versions, "find_installed_version", installed.get)

    def pins(minor):
        return [entry.pin for entry in versions.find_known_bad(minor)]

    assert pins((2, 21)) == []
    assert pins((2, 20)) == ["protobuf<7"]
    assert pins((2, 17)) == ["numpy<2", "protobuf<7"]
    assert pins((2, 4)) == pins(None) == ["numpy<2", "protobuf<3.21"]
    both = versions.build_pip_command(versions.find_known_bad(None))
    assert both == "pip install 'numpy<2' 'protobuf<3.21'"


def test_only_a_version_that_cannot_write_graphs_has_a_remedy_for_it(monkeypatch):
    monkeypatch.setattr(versions, "find_installed_version", {"protobuf": "7.36.2"}.get)
    assert versions.find_graph_remedy("2.20.0") == "pip install 'protobuf<7'"
    assert versions.find_graph_remedy("2.21.0") is None
    assert versions.find_graph_remedy("2.4.4") is None  # its import fails


def test_a_package_that_is_not_installed_has_no_version():
    assert versions.find_installed_version("no such distribution") is None
    assert versions.find_installed_major("no such distribution") == 0


def test_a_minor_is_read_from_a_release_and_a_nightly():
    assert versions.parse_minor("2.21.0") == (2, 21)
    assert versions.parse_minor("2.22.0-dev20260101") == (2, 22)
