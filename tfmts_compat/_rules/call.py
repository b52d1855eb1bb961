"""The arguments of one call. Imports no TensorFlow."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from typing import Any

from tfmts_compat._rules import cadence
from tfmts_compat._rules.cadence import Cadence
from tfmts_compat._rules.precedence import USE_DEFAULT

_UPSTREAM = "tensorflow.python.training.monitored_session"


def is_use_default(value: object) -> bool:
    """Returns whether value is the USE_DEFAULT of tfmts_compat, or upstream's private one."""
    if value is USE_DEFAULT:
        return True
    module = sys.modules.get(_UPSTREAM)  # imported, if a caller passes upstream's
    return module is not None and value is getattr(module, "USE_DEFAULT", USE_DEFAULT)


@dataclass(frozen=True)
class Call:
    """The arguments of one call, in the documented order with the documented defaults."""

    master: Any = ""
    is_chief: Any = True
    checkpoint_dir: Any = None
    scaffold: Any = None
    hooks: Any = None
    chief_only_hooks: Any = None
    save_checkpoint_secs: Any = USE_DEFAULT
    save_summaries_steps: Any = USE_DEFAULT
    save_summaries_secs: Any = USE_DEFAULT
    config: Any = None
    stop_grace_period_secs: Any = 120
    log_step_count_steps: Any = 100
    max_wait_secs: Any = 7200
    save_checkpoint_steps: Any = USE_DEFAULT
    summary_dir: Any = None
    save_graph_def: Any = True
    recovery_wait_secs: Any = 1.0
    cache_runs: Any = True

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if is_use_default(getattr(self, field.name)):
                object.__setattr__(self, field.name, USE_DEFAULT)

    def resolve_checkpoints(self) -> Cadence:
        """Resolves how often checkpoints are saved, if the role and the directories allow it."""
        return cadence.resolve_checkpoints(self.save_checkpoint_secs, self.save_checkpoint_steps)

    def resolve_summaries(self) -> Cadence:
        """Resolves how often summaries are saved, if the role and the directories allow it."""
        return cadence.resolve_summaries(self.save_summaries_secs, self.save_summaries_steps)
