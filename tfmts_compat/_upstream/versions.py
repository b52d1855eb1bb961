"""The installed versions, and the combinations of them that are known not to work.

This table is the only one: error messages, `tfmts-compat doctor` and docs/versions.md use it.
"""

from __future__ import annotations

import pathlib
from dataclasses import dataclass
from typing import Any, Tuple

Minor = Tuple[int, int]

IMPORT = "`import tensorflow` fails"
GRAPH = "graph.pbtxt cannot be written, so that a chief with a checkpoint_dir fails"


@dataclass(frozen=True)
class KnownBad:
    """A package that does not work with some TensorFlow versions.

    Attributes:
      package: its name on the package index.
      major: the first major version that does not work.
      newest: the newest TensorFlow minor with which it does not work.
      breaks: what fails, IMPORT or GRAPH.
      pin: the requirement that corrects it.
      unpinned: the first and last TensorFlow minor for which a plain pip install picks a
        version that does not work.
    """

    package: str
    major: int
    newest: Minor
    breaks: str
    pin: str
    unpinned: tuple[Minor, Minor]

    def __str__(self) -> str:
        return "TensorFlow up to {}.{} does not work with {} {} or newer: {}".format(
            *self.newest, self.package, self.major, self.breaks
        )


# For each package the strictest pin comes first.
KNOWN_BAD = (
    KnownBad("numpy", 2, (2, 17), IMPORT, "numpy<2", ((2, 7), (2, 11))),
    KnownBad("protobuf", 4, (2, 11), IMPORT, "protobuf<3.21", ((2, 4), (2, 5))),
    KnownBad("protobuf", 7, (2, 20), GRAPH, "protobuf<7", ((2, 20), (2, 20))),
)


def find_known_bad(minor: Minor | None) -> list[KnownBad]:
    """Finds the known-bad combinations that are installed, at most one for each package.

    Args:
      minor: the TensorFlow minor, e.g. (2, 21), or None if it is unknown. With None every
        combination of the installed packages is returned, whatever its TensorFlow minor.
    """
    matching: dict[str, KnownBad] = {}
    for entry in KNOWN_BAD:
        if (minor is None or minor <= entry.newest) and find_installed_major(
            entry.package
        ) >= entry.major:
            matching.setdefault(entry.package, entry)
    return list(matching.values())


def build_pip_command(entries: list[KnownBad]) -> str:
    """Returns the pip command that replaces these versions with ones that work."""
    return "pip install " + " ".join(f"'{entry.pin}'" for entry in entries)


def find_graph_remedy(tensorflow_version: str) -> str | None:
    """Returns the pip command that makes graph.pbtxt writable; None if it is not needed."""
    known = find_known_bad(parse_minor(tensorflow_version))
    known = [entry for entry in known if entry.breaks == GRAPH]
    return build_pip_command(known) if known else None


def find_installed_version(distribution: str) -> str | None:
    """Returns the installed version of a distribution, or None."""
    from importlib import metadata  # takes long to import

    for found in metadata.distributions(name=distribution):
        name_and_version = _read_name_and_version(found)
        if name_and_version:
            return name_and_version[1]
    return None


def find_installed_major(distribution: str) -> int:
    """Returns the installed major version of a distribution; 0 if it is not installed."""
    return int((find_installed_version(distribution) or "0").split(".")[0])


def find_tensorflow_builds() -> dict[str, str]:
    """Returns the installed distributions with the package tensorflow, and their versions.

    The name of the distribution may be tensorflow-cpu, tf-nightly or the name of a vendor build.
    """
    from importlib import metadata

    builds: dict[str, str] = {}
    for distribution in metadata.distributions():
        if "tensorflow" in (distribution.read_text("top_level.txt") or "").split():
            name_and_version = _read_name_and_version(distribution)
            if name_and_version:
                builds.setdefault(*name_and_version)  # the first one is imported
    return builds


def find_ignored_distributions() -> list[str]:
    """Returns the directories of metadata that do not describe an installed distribution."""
    from importlib import metadata

    found = metadata.distributions()
    return sorted({str(_get_path(info)) for info in found if not _read_name_and_version(info)})


def _read_name_and_version(distribution: Any) -> tuple[str, str] | None:
    """Returns the name and the version of a distribution; None for remains of a distribution.

    pip renames a distribution that it removes: the first letter becomes "~". If it is interrupted,
    the renamed directory stays. An interrupted installation leaves a directory without METADATA.
    """
    if _get_path(distribution).name.startswith("~"):
        return None
    try:
        name, version = distribution.metadata["Name"], distribution.version
    except Exception:  # of a class that depends on the Python version
        return None
    return (name, version) if name and version else None


def _get_path(distribution: Any) -> pathlib.Path:
    return pathlib.Path(str(getattr(distribution, "_path", "unknown")))  # no public name has it


def parse_minor(tensorflow_version: str) -> Minor:
    """Returns the minor of a TensorFlow version such as 2.21.0 or 2.22.0-dev20260101."""
    major_part, minor_part = tensorflow_version.split(".")[:2]
    return int(major_part), int(minor_part)
