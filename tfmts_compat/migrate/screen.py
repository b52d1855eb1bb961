"""Tells files that cannot hold a name apart, from their bytes alone."""

from __future__ import annotations

import re
from typing import Final

from tfmts_compat.migrate.names import MODULES, NAMES, NEW

# Every name has one of these in it; looking for a substring is far cheaper than a pattern.
_STEMS: Final = (b"Session", b"Hook", b"global_step", b"Scaffold", b"CheckpointSaverListener",
                 b"NanLoss", b"SecondOrStepTimer", b"USE_DEFAULT")  # fmt: skip
_NAMES = "|".join(sorted(NAMES))
_MODULES = "|".join(sorted({re.escape(module.split(".", 1)[1]) for module in MODULES}))
_REACHED: Final = re.compile(
    rf"""\.[ \t\\\r\n]*(?:{_NAMES})\b  # tf.train.X
    |["'](?:{_NAMES})\\?["']  # getattr(tf.train, "X")
    |\b(?:from|import)\s+tensorflow\.(?:compat\.v[12]\.)*(?:{_MODULES})\s  # from ... import X
    |\bfrom\s+tensorflow(?:\.compat(?:\.v[12])?)*\s+import\s+\*
    |\bfrom\s+{NEW}\s+import\s  # calls are judged after the move, too
    """.encode(),
    re.VERBOSE,
)
PRIVATE: Final = ("_sess", "_tf_sess", "_coordinated_creator")
_UNWRAPPED: Final = re.compile(
    rb"\._sess\._sess\b|\._tf_sess\b|\._coordinated_creator\b|\b(\w+)\s*=\s*\1\._sess\b"
)
_UNWRAP_STEMS: Final = (b"._sess", b"_tf_sess", b"_coordinated_creator")


def may_hold_a_name(data: bytes) -> bool:
    """False where nothing in the file can be reported; true says nothing."""
    if b"tensorflow" in data or b"tfmts_compat" in data:
        if any(stem in data for stem in _STEMS) and _REACHED.search(data):
            return True
    return any(stem in data for stem in _UNWRAP_STEMS) and bool(_UNWRAPPED.search(data))
