"""Hooks for scenarios: they record calls, feed, stop the loop, or fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfmts_compat.parity.run import Run


class RecordingHook:
    """Records each call; it has the five methods of a hook and no base class."""

    def __init__(self, run: Run, name: str) -> None:
        self.run, self.name = run, name

    def _note(self, method: str) -> None:
        self.run.calls.append(f"{self.name}.{method}")

    def begin(self) -> None:
        """Records the call, as the other methods do."""
        self._note("begin")

    def after_create_session(self, session: Any, coord: Any) -> None:  # noqa: ARG002, D102
        self._note("after_create_session")

    def before_run(self, run_context: Any) -> Any:  # noqa: ARG002, D102
        self._note("before_run")

    def after_run(self, run_context: Any, run_values: Any) -> None:  # noqa: ARG002, D102
        self._note("after_run")

    def end(self, session: Any) -> None:  # noqa: ARG002, D102
        self._note("end")


class StepMaker(RecordingHook):
    """Creates the global step in begin(); as a chief-only hook, before the default hooks."""

    def begin(self) -> None:
        """Creates the global step."""
        super().begin()
        self.run.train.get_or_create_global_step()


class Feeder(RecordingHook):
    """Adds a fetch and a feed to every run."""

    def begin(self) -> None:
        """Adds the placeholder."""
        self.fed = self.run.v1.placeholder(self.run.tf.float32, [])
        self.doubled = self.fed * 2.0

    def before_run(self, run_context: Any) -> Any:  # noqa: ARG002
        """Feeds a value and fetches twice that value."""
        return self.run.train.SessionRunArgs(self.doubled, feed_dict={self.fed: 1.5})

    def after_run(self, run_context: Any, run_values: Any) -> None:  # noqa: ARG002
        """Records the result."""
        self.run.note(run_values.results)


class BrokenBegin(RecordingHook):
    """Fails before the session is created."""

    def begin(self) -> None:
        """Fails."""
        raise KeyError("begin")


class Stopper(RecordingHook):
    """Requests a stop after the second run."""

    runs = 0

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Counts the runs, and requests the stop."""
        super().after_run(run_context, run_values)
        self.runs += 1
        if self.runs == 2:
            run_context.request_stop()


class Fault(RecordingHook):
    """Fails once, in the third run, with an error like that of a lost or preempted server."""

    def __init__(self, run: Run, error: Any) -> None:
        super().__init__(run, "fault")
        self.error, self.runs = error, 0

    def before_run(self, run_context: Any) -> None:
        """Counts the runs, and fails in the third."""
        super().before_run(run_context)
        self.runs += 1
        if self.runs == 3:
            raise self.error(None, None, "made up")
