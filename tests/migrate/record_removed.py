"""Writes tfmts_compat/migrate/removed.json: python tests/migrate/record_removed.py.

The file lists the names of tf.compat.v1 that the public modules of `tensorflow` do not have, as
the installed TensorFlow defines both. tests/migrate/test_removed.py checks that it is current.

The table of tf_upgrade_v2 of TensorFlow 2.15.1 (1172 symbol_renames; 1100 in 2.21) has no other
module that is missing, except tf.contrib and tf.estimator, which advise/removed.py lists.
"""

from __future__ import annotations

import collections
import json
import pathlib
import types

import tensorflow as tf

FILE = pathlib.Path(__file__).parents[2] / "tfmts_compat" / "migrate" / "removed.json"
# Keras defines its own names. Those below exist if tf-keras is used in place of Keras 3.
KERAS = {"keras"}
KERAS_2 = {"losses.mean_squared_error", "metrics.mean_absolute_error", "metrics.mean_squared_error"}


def is_public(value):
    return isinstance(value, types.ModuleType) and "_api." in f"{value!r}"


def find_removed(old, new, prefix=""):
    """Yields the names of a public module of compat.v1 that the same module of TF 2 lacks."""
    for name in sorted(set(dir(old)) - {"compat"} - KERAS):
        path = f"{prefix}{name}"
        if name.startswith("_") or path in KERAS_2:
            continue
        if not hasattr(new, name):
            yield path
        elif is_public(getattr(old, name)):
            yield from find_removed(getattr(old, name), getattr(new, name), f"{path}.")


def record():
    """Returns the content of the file for the installed TensorFlow."""
    names = collections.defaultdict(list)
    for path in find_removed(tf.compat.v1, tf):
        module, _, name = path.rpartition(".")
        names[module].append(name)
    return {
        "origin": f"TensorFlow {tf.__version__}, tests/migrate/record_removed.py",
        "names": {module: " ".join(found) for module, found in sorted(names.items())},
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(record(), indent=1) + "\n", encoding="utf-8")
