"""What `tfmts-compat run` does within the program's processes."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import tfmts_compat
from tfmts_compat import _install, _recording, _session, _upstream


@dataclass(frozen=True)
class Program:
    """A process of the program.

    Attributes:
      report: the file for the calls of MonitoredTrainingSession, or None.
      upstream: whether TensorFlow's function stays in place.
      cwd: the working directory at the start.
    """

    report: str | None
    upstream: bool
    cwd: str

    def tensorflow_imported(self) -> None:
        """Puts in place what the program is to call."""
        target = _session.MonitoredTrainingSession
        if self.upstream:
            own = _upstream.monitored_training_session()
            if own is None:
                raise RuntimeError(
                    "tfmts-compat run --upstream: this TensorFlow has no MonitoredTrainingSession "
                    "of its own; run the program without --upstream."
                )
            target = own
        if self.report is not None:
            built_by = "tensorflow" if self.upstream else "tfmts_compat"
            target = _recording.recorded(target, built_by, self.report, self.cwd)
        _install.install_for_program(target)

    def package_imported(self) -> None:
        """Records calls of the shim by programs that use tfmts_compat themselves."""
        assert self.report is not None
        tfmts_compat.MonitoredTrainingSession = _recording.recorded(
            _session.MonitoredTrainingSession, "tfmts_compat", self.report, self.cwd
        )

    def ended(self) -> None:
        """Prints the table of the report."""
        assert self.report is not None
        print(_recording.table(self.report), file=sys.stderr)
