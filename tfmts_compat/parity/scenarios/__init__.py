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


def load_topic(topic: str) -> tuple[Scenario, ...]:
    """Returns the scenarios of one topic."""
    module = importlib.import_module(f"{__name__}.{topic}")
    listed: tuple[Scenario, ...] = module.SCENARIOS
    return listed


def load_all() -> dict[str, Scenario]:
    """Returns all scenarios by name, in order."""
    return {
        scenario.name: dataclasses.replace(scenario, topic=topic)
        for topic in TOPICS
        for scenario in load_topic(topic)
    }
