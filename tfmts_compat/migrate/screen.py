"""Tells files that cannot hold a name apart, from their bytes alone."""

from __future__ import annotations

import re
from typing import Final

from tfmts_compat.migrate.names import MODULES, NAMES, NEW, is_on_the_way

# Every name has one of these in it; looking for a substring is far cheaper than a pattern.
_STEMS: Final = (b"Session", b"Hook", b"global_step", b"Scaffold", b"CheckpointSaverListener",
                 b"NanLoss", b"SecondOrStepTimer", b"USE_DEFAULT")  # fmt: skip
_INITIALS = "".join(sorted({name[0] for name in NAMES}))  # looked at before thirty names are
_NAMES = rf"(?=[{_INITIALS}])(?:{'|'.join(sorted(NAMES))})"
_MODULES = "|".join(sorted({re.escape(module.split(".", 1)[1]) for module in MODULES}))
_REACHED: Final = re.compile(
    rf"""\.[ \t\\\r\n]*(?:{_NAMES})\b  # tf.train.X
    |["'](?:{_NAMES})\\?["']  # getattr(tf.train, "X"); in a notebook \"X\"
    |\bfrom\s+tensorflow\.(?:compat\.v[12]\.)*(?:{_MODULES})\s  # from ... import X
    |\bfrom\s+tensorflow(?:\.compat(?:\.v[12])?)*\s+import\s+\*
    |\bfrom\s+{NEW}\s+import\s  # calls are judged after the move, too
    """.encode(),
    re.VERBOSE,
)
_IMPORTED: Final = re.compile(
    rb"\bfrom\s+(tensorflow[\w.]*|tfmts_compat)\s+import\s*(\([^)]*|[^\n\\]*\\?)"
    rb"|\bimport\s+[^\n;]*\b(?:tensorflow|tfmts_compat)\b"
)
_WORD: Final = re.compile(rb"\w+|[*\\]")
_UNWRAPPED: Final = (
    r"\._sess\._sess\b|\._tf_sess\b|\._coordinated_creator\b|\b(\w+)\s*=\s*\1\._sess\b"
)
_UNWRAP_STEM: Final = r"\._(?:tf_)?(?:sess|coordinated_creator)\b"  # far cheaper
UNWRAPS: Final = re.compile(_UNWRAP_STEM), re.compile(_UNWRAPPED)
_UNWRAPS: Final = re.compile(_UNWRAP_STEM.encode()), re.compile(_UNWRAPPED.encode())


def may_hold_a_name(data: bytes) -> bool:
    """False where nothing in the file can be reported; true says nothing."""
    if (
        (b"tensorflow" in data or b"tfmts_compat" in data)
        and any(stem in data for stem in _STEMS)
        and any(map(_leads, _IMPORTED.finditer(data)))
        and _REACHED.search(data)
    ):
        return True
    return all(pattern.search(data) for pattern in _UNWRAPS)


def _leads(imported: re.Match[bytes]) -> bool:
    """Whether what looks like an import brings something in that a name is reached by."""
    if imported.group(1) is None:
        return True
    module = imported.group(1).decode(errors="replace")
    if module == NEW:
        return True
    return any(
        word in (b"*", b"\\") or is_on_the_way(f"{module}.{word.decode(errors='replace')}")
        for word in _WORD.findall(imported.group(2))
    )
