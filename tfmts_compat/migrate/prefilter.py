"""Saves time: finds the files that cannot use a name of the tables, by their bytes."""

from __future__ import annotations

import re
from typing import Final, Iterator

from tfmts_compat.migrate.names import (
    ADVISED,
    HOLDERS,
    HOLDING,
    NAMES,
    NEW,
    UNIQUE,
    is_on_the_way,
)

# Every name contains one of these. Most files contain none, and are skipped the fastest.
_STEMS: Final = (b"Session", b"Hook", b"global_step", b"Scaffold", b"CheckpointSaverListener",
                 b"NanLoss", b"SecondOrStepTimer", b"USE_DEFAULT", b"Supervisor",
                 b"contrib")  # fmt: skip
# These patterns are used for statements, too. The first is faster than trying each of 30 names.
INITIALS: Final = "".join(sorted({name[0] for name in NAMES}))
ANY_NAME: Final = rf"(?=[{INITIALS}])(?:{'|'.join(sorted(NAMES))})"
ANY_UNIQUE: Final = "|".join(sorted(UNIQUE))
TRAINING: Final = rf"contrib\.training\.(?:{'|'.join(sorted(ADVISED))})\b"
UNWRAPPED: Final = (
    r"\._sess\._sess\b|\._tf_sess\b|\._coordinated_creator\b|\b(\w+)\s*=\s*\1\._sess\b"
)
UNWRAP_STEM: Final = r"\._(?:tf_)?(?:sess|coordinated_creator)\b"  # much faster
_ADVISED = rf"(?:{'|'.join(sorted(ADVISED - {'train'}))})\b|(?<=training\.)train\b"
_MODULES = "|".join(sorted({re.escape(path.split(".", 1)[1]) for path in HOLDING}))
_VERSIONS = r"(?:_core|_estimator)?\.(?:_api\.v[12]\.)?(?:compat\.v[12]\.)*"


def _compiled(*patterns: str) -> tuple[re.Pattern[bytes], ...]:
    """Compiles patterns for bytes. One that starts with fixed characters is 5 times faster."""
    return tuple(re.compile(pattern.encode()) for pattern in patterns)


_USED: Final = _compiled(
    rf"\.[ \t\\\r\n]*({ANY_NAME})\b",  # tf.train.X
    rf'"({ANY_NAME})\\?"',  # getattr(tf.train, "X"); in a notebook \"X\"
    rf"'({ANY_NAME})'",
)
_ALSO_USED: Final = _compiled(
    rf"\.(?:{_ADVISED})",
    r"\.multiple\(",  # mock.patch.multiple(tf.train, X=x)
    r"Supervisor\\?[\"']",
    r"contrib(?:\s+import\s+|\.)training\s+as\s",  # ... as t; t.train()
    rf"from\s+tensorflow{_VERSIONS}(?:{_MODULES})\s",  # from ... import X
    rf"from\s+tensorflow[\w.]*\s+import\s*(?:\([^)]*|[^\n]*)\b(?:{ANY_UNIQUE})\b",
    r"from\s+tensorflow(?:\.compat(?:\.v[12])?)*\s+import\s+\*",
    rf"from\s+{NEW}\s+import\s",  # calls are checked in migrated code, too
)
_BYTES_HOLDERS: Final = tuple(holder.encode() for holder in HOLDERS)
_BYTES_UNIQUE: Final = frozenset(name.encode() for name in UNIQUE)
_BYTES_TRAINING: Final = re.compile(TRAINING.encode())
_IMPORTED: Final = _compiled(
    r"from\s+(tensorflow[\w.]*|tfmts_compat)\s+import\s*(\([^)]*|[^\n\\]*\\?)",
    r"import()\s+[^\n;]*\b(?:tensorflow(?:_core|_estimator)?|tfmts_compat)\b",
)
_WORD: Final = re.compile(rb"\w+|[*\\]")
_BYTES_UNWRAPS: Final = re.compile(UNWRAP_STEM.encode()), re.compile(UNWRAPPED.encode())


def may_hold_a_name(data: bytes) -> bool:
    """Returns False if the file cannot have a finding, and True if it may have one."""
    return (any(stem in data for stem in _STEMS) and _may_use_a_name(data)) or all(
        pattern.search(data) for pattern in _BYTES_UNWRAPS
    )


def _may_use_a_name(data: bytes) -> bool:
    leads = (b"tensorflow" in data or b"tfmts_compat" in data) and any(
        map(_leads, _matches(_IMPORTED, data))
    )
    # x.train.X, x.train, "X" and names that only TensorFlow has always matter, because x may be
    # TensorFlow that another module re-exports.
    return (
        any(leads or _is_held(used) or _is_imported(data) for used in _matches(_USED, data))
        or (leads and any(pattern.search(data) for pattern in _ALSO_USED))
        or b"train.Supervisor" in data
        or (b"contrib.training." in data and bool(_BYTES_TRAINING.search(data)))
    )


def _matches(patterns: tuple[re.Pattern[bytes], ...], data: bytes) -> Iterator[re.Match[bytes]]:
    for pattern in patterns:
        yield from pattern.finditer(data)


def _is_held(used: re.Match[bytes]) -> bool:
    """Returns whether a name may be an attribute of a module of TensorFlow."""
    if used.group(1) in _BYTES_UNIQUE:
        return True
    before = used.string[max(0, used.start() - 50) : used.start()]
    return before.rstrip(b", \t\\\r\n").endswith(_BYTES_HOLDERS)


def _is_imported(data: bytes) -> bool:
    """Returns whether TensorFlow may be imported by a string, as in import_module("tensorflow")."""
    return b'"tensorflow' in data or b"'tensorflow" in data


def _leads(imported: re.Match[bytes]) -> bool:
    """Returns whether a possible import imports something through which a name is accessed."""
    module = imported.group(1).decode(errors="replace")
    if module in ("", NEW):
        return True
    return any(
        word in (b"*", b"\\") or is_on_the_way(f"{module}.{word.decode(errors='replace')}")
        for word in _WORD.findall(imported.group(2))
    )
