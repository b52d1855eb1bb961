"""Helpers of several tests."""

import importlib.metadata
import pathlib
import re
import string

import tensorflow as tf

from tfmts_compat._rules.pitfalls import PITFALLS

MINOR = tuple(int(part) for part in tf.__version__.split(".")[:2])
PROTOBUF = int(importlib.metadata.version("protobuf").split(".")[0])
cannot_save_graph = MINOR <= (2, 20) and PROTOBUF >= 7


def pitfall(name):
    """Returns a pattern for the text of a pitfall, with any values in its fields."""
    parts = string.Formatter().parse(PITFALLS[name].text)
    texts = [re.escape(text) + (".*" if field else "") for text, field, _, _ in parts]
    return f"(?s)^{''.join(texts)}$"


def files():
    """Returns the files below the working directory."""
    return sorted(str(path) for path in pathlib.Path().rglob("*") if path.is_file())
