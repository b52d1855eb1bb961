"""The part of `tfmts-compat run` that works inside the processes of the program."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import tfmts_compat
from tfmts_compat import _install, _session
from tfmts_compat._program import recorder, report
from tfmts_compat._upstream import parts


@dataclass(frozen=True)
class Program:
    """A process of the program.

    Attributes:
      report: the file to which the calls of MonitoredTrainingSession are written, or None.
      upstream: whether the program calls TensorFlow's own function.
      cwd: the working directory at the start of the program.
    """

    report: str | None
    upstream: bool
    cwd: str

    def tensorflow_imported(self) -> None:
        """Installs the function that the program is to call."""
        target = _session.MonitoredTrainingSession
        if self.upstream:
            own = parts.monitored_training_session()
            if own is None:
                raise RuntimeError(
                    "tfmts-compat run --upstream: this TensorFlow has no MonitoredTrainingSession "
                    "of its own; run the program without --upstream."
                )
            target = own
        if self.report is not None:
            built_by = "tensorflow" if self.upstream else "tfmts_compat"
            target = recorder.record_calls(target, built_by, self.report, self.cwd)
        _install.install_for_program(target)

    def package_imported(self) -> None:
        """Records the calls of a program that imports the shim from tfmts_compat."""
        assert self.report is not None
        tfmts_compat.MonitoredTrainingSession = recorder.record_calls(
            _session.MonitoredTrainingSession, "tfmts_compat", self.report, self.cwd
        )

    def ended(self) -> None:
        """Prints the table of the report."""
        assert self.report is not None
        print(report.format_report(self.report), file=sys.stderr)
