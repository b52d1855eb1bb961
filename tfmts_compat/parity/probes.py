"""Hooks that note what is asked of them, and hooks that get in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfmts_compat.parity.bench import Bench


class Duck:
    """The five methods of a hook, and no base class; notes each call."""

    def __init__(self, bench: Bench, name: str) -> None:
        self.bench, self.name = bench, name

    def _note(self, method: str) -> None:
        self.bench.calls.append(f"{self.name}.{method}")

    def begin(self) -> None:
        """Notes the call, as the others do."""
        self._note("begin")

    def after_create_session(self, session: Any, coord: Any) -> None:  # noqa: ARG002, D102
        self._note("after_create_session")

    def before_run(self, run_context: Any) -> Any:  # noqa: ARG002, D102
        self._note("before_run")

    def after_run(self, run_context: Any, run_values: Any) -> None:  # noqa: ARG002, D102
        self._note("after_run")

    def end(self, session: Any) -> None:  # noqa: ARG002, D102
        self._note("end")


class StepMaker(Duck):
    """Creates the global step in begin(): in time for the default hooks if chief-only."""

    def begin(self) -> None:
        """Creates it."""
        super().begin()
        self.bench.train.get_or_create_global_step()


class Feeder(Duck):
    """Adds a fetch and a feed to every run."""

    def begin(self) -> None:
        """Adds the placeholder."""
        self.fed = self.bench.v1.placeholder(self.bench.tf.float32, [])
        self.doubled = self.fed * 2.0

    def before_run(self, run_context: Any) -> Any:  # noqa: ARG002
        """Asks for twice what it feeds."""
        return self.bench.train.SessionRunArgs(self.doubled, feed_dict={self.fed: 1.5})

    def after_run(self, run_context: Any, run_values: Any) -> None:  # noqa: ARG002
        """Notes the result."""
        self.bench.note(run_values.results)


class BrokenBegin(Duck):
    """Fails before there is a session."""

    def begin(self) -> None:
        """Fails."""
        raise KeyError("begin")


class Stopper(Duck):
    """Asks for a stop after the second run."""

    runs = 0

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Counts, and asks."""
        super().after_run(run_context, run_values)
        self.runs += 1
        if self.runs == 2:
            run_context.request_stop()


class Fault(Duck):
    """Fails once, in the run after the second step, as a lost or preempted server does."""

    def __init__(self, bench: Bench, error: Any) -> None:
        super().__init__(bench, "fault")
        self.error, self.runs = error, 0

    def before_run(self, run_context: Any) -> None:
        """Counts, and fails."""
        super().before_run(run_context)
        self.runs += 1
        if self.runs == 3:
            raise self.error(None, None, "made up")
