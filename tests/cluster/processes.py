"""Processes for the cluster tests, forked from a server that has already imported TensorFlow.

A process runs one of the functions of `tasks`, and sends events through a pipe.
"""

import contextlib
import multiprocessing
import os
import queue
import signal
import sys
import tempfile
import threading
import time

from cluster import tasks
from worker_join import free_addresses

ENDED = "process ended"  # the last event of each process
TIMEOUT_SECS = 1200  # for an event; far more than any test needs

_forkserver = multiprocessing.get_context("forkserver")
_forkserver.set_forkserver_preload(["tensorflow"])


class Process:
    """A process that runs `function(emit, **arguments)`, with its output in a file."""

    def __init__(self, function, **arguments):
        self._pipe, child_end = _forkserver.Pipe(duplex=False)
        self._log = tempfile.NamedTemporaryFile("r", errors="replace")  # noqa: SIM115
        self._process = _forkserver.Process(
            target=_run, args=(function, arguments, child_end, self._log.name), daemon=True
        )
        self._process.start()
        child_end.close()
        self.pid = self._process.pid
        self.seen = []
        self._events = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        """Reads events as they arrive, so that the process never waits for the test."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                self._events.put(self._pipe.recv())
        self._events.put({"name": ENDED})

    def wait_for(self, name, when=lambda event: True):
        """Waits for the next event with this name for which `when` returns True."""
        deadline = time.monotonic() + TIMEOUT_SECS
        event = {"name": None}
        while event["name"] != ENDED:
            try:
                event = self._events.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                break
            self.seen.append(event)
            if event["name"] == name and when(event):
                return event
        raise AssertionError(
            f"no {name!r} from process {self.pid} (exit code {self._process.exitcode}); "
            f"last events {self.seen[-5:]}; its output ends with:\n{self.output()[-3000:]}"
        )

    def wait_for_output(self, text, times=1, secs=TIMEOUT_SECS):
        """Waits until the output contains the text `times` times."""
        deadline = time.monotonic() + secs
        while self.output().count(text) < times:
            assert time.monotonic() < deadline, f"no {text!r} in:\n{self.output()[-3000:]}"
            time.sleep(0.02)

    def events(self):
        """Returns the events that the process has sent and the test has not read."""
        found = []
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(self._events.get_nowait())
        return found

    def send(self, number):
        os.kill(self.pid, number)

    def kill(self):
        """Sends SIGKILL, and waits until the process has ended."""
        if self._process.is_alive():
            with contextlib.suppress(ProcessLookupError):
                self.send(signal.SIGKILL)
        self._process.join()
        self._reader.join()

    def forget(self):
        """Closes the files of the process."""
        self._log.close()
        self._pipe.close()
        self._process.close()

    def wait(self):
        """Waits for the exit code; it is negative if a signal ended the process."""
        self._process.join(TIMEOUT_SECS)
        assert self._process.exitcode is not None, f"process {self.pid} did not end"
        self._reader.join()
        return self._process.exitcode

    def output(self):
        self._log.seek(0)
        return self._log.read()


def _run(function, arguments, events, log):
    with open(log, "ab", buffering=0) as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    sys.stderr.reconfigure(line_buffering=True)  # the default since Python 3.9
    function(lambda name, **values: events.send({"name": name, **values}), **arguments)


class Cluster:
    """The addresses of a cluster, and its processes; all are killed at the end.

    Args:
      ps: the number of parameter servers.
      workers: the number of workers; there is also one chief.
      training: the arguments of every training that `train` starts.
    """

    def __init__(self, ps=1, workers=2, **training):
        addresses = free_addresses(ps + 1 + workers)
        self.spec = {"ps": addresses[:ps], "chief": addresses[ps : ps + 1]}
        if workers:
            self.spec["worker"] = addresses[ps + 1 :]
        self._training = training
        self._processes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self._processes:
            process.kill()
            process.forget()

    def start(self, function, job, index=0, **arguments):
        """Starts a process of the cluster, and passes it the ClusterSpec, its job and index."""
        return self.start_alone(function, spec=self.spec, job=job, index=index, **arguments)

    def train(self, job, index=0, **arguments):
        """Starts a process of the cluster that trains."""
        return self.start(tasks.train_on_cluster, job, index, **self._training, **arguments)

    def start_alone(self, function, **arguments):
        """Starts a process outside the cluster."""
        process = Process(function, **arguments)
        self._processes.append(process)
        return process
