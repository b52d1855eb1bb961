"""Explains the error of a program that uses a name of TF 1 with TensorFlow 2."""

from __future__ import annotations

import re
from typing import Any

from tfmts_compat._upstream import loading

_ERRORS = (
    re.compile(r"module '(?P<module>[\w.]+)' has no attribute '(?P<name>\w+)'"),
    re.compile(r"cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)'"),
)
# tf.losses, tf.metrics and tf.summary are modules of these packages.
_PACKAGES = ("tensorflow", "keras", "tf_keras", "tensorboard")


def describe_tf1_name(error: BaseException | None) -> str | None:
    """Returns which import helps, if an error is about a name that only tf.compat.v1 has."""
    if not isinstance(error, (AttributeError, ImportError)):
        return None
    matches = [pattern.match(str(error)) for pattern in _ERRORS]
    match = next(filter(None, matches), None)
    if match is None:
        return None
    module, name = match["module"], match["name"]
    path = re.sub(r"^tensorflow(\._api\.v2)?\.?", "", module)
    if path.startswith("compat.v1") or module.split(".")[0] not in _PACKAGES:
        return None
    # The module of tf.losses is named tensorflow.keras.losses.
    if not _is_in_v1(path, name):
        path = path.rpartition(".")[2]
        if not _is_in_v1(path, name):
            return None
    shown = ".".join(filter(None, ["tf", path, name]))
    return (
        f"{shown} is a name of TF 1, which TensorFlow 2 has in tf.compat.v1 only. Write "
        "`import tensorflow.compat.v1 as tf` and `tf.disable_v2_behavior()` instead of "
        '`import tensorflow as tf`; see "TF 1 code" in docs/migrating.md'
    )


def _is_in_v1(path: str, name: str) -> bool:
    holder: Any = loading.v1()
    try:
        for part in [*filter(None, path.split(".")), name]:
            holder = getattr(holder, part)
    except Exception:  # a lazy module can raise anything
        return False
    return True
