"""Writes docs/versions.md from the goldens: python docs/versions.py."""

from __future__ import annotations

import pathlib

from tfmts_compat.parity import golden, scenarios

_PAGE = pathlib.Path(__file__).with_suffix(".md")
_INTRODUCTION = """\
# Supported versions

Written by `python docs/versions.py` from the goldens in `tfmts_compat/parity/goldens`; a test
holds the two together. On each minor upstream's behaviour was recorded with the versions below,
and `tfmts-compat parity` holds the shim to it. The last column lists the departures
([contract](contract.md)) that show there.

| TensorFlow | Python | numpy | protobuf | scenarios | recorded | departures |
|---|---|---|---|---|---|---|
"""
_ENDING = """
Fresh installs of some of these need a pin today: `protobuf<3.21` for 2.4 and 2.5, `numpy<2` for
2.7 to 2.11, `protobuf<7` for 2.20.
"""


def page() -> str:
    """The whole page."""
    return _INTRODUCTION + "".join(map(_row, reversed(golden.minors()))) + _ENDING


def _row(minor: tuple[int, int]) -> str:
    recorded = golden.read(minor)
    header = recorded.header
    table = scenarios.table()
    departures = {
        departure.number
        for name in recorded.traces
        for departure in table[name].departs
        if departure.on(minor)
    }
    cells = [header[name] for name in ("tensorflow", "python", "numpy", "protobuf")]
    cells += [str(len(recorded.traces)), header["date"], ", ".join(sorted(departures))]
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    _PAGE.write_text(page(), encoding="utf-8")
