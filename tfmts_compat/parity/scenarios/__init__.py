"""The table of scenarios, by topic."""

from __future__ import annotations

import dataclasses
import importlib
from typing import Final

from tfmts_compat.parity.scenario import Scenario

TOPICS: Final = (
    "checkpoints",
    "summaries",
    "directories",
    "hooks",
    "scaffolds",
    "stopping",
    "sessions",
    "rejected",
)


def table() -> dict[str, Scenario]:
    """All scenarios by name, in order."""
    found: dict[str, Scenario] = {}
    for topic in TOPICS:
        module = importlib.import_module(f"{__name__}.{topic}")
        for scenario in module.SCENARIOS:
            found[scenario.name] = dataclasses.replace(scenario, topic=topic)
    return found
