"""Helpers of several tests."""

import importlib.metadata
import pathlib

import tensorflow as tf

MINOR = tuple(int(part) for part in tf.__version__.split(".")[:2])
PROTOBUF = int(importlib.metadata.version("protobuf").split(".")[0])
cannot_save_graph = MINOR <= (2, 20) and PROTOBUF >= 7


def files():
    """The files below the working directory."""
    return sorted(str(path) for path in pathlib.Path().rglob("*") if path.is_file())
