"""Runs cluster.py as a ps, a chief and two workers on this machine, until all have trained.

Ctrl-C stops the cluster; the chief saves a last checkpoint. A second Ctrl-C ends it at once.

python examples/run_cluster.py --model_dir=/tmp/digits-cluster --steps=2000
"""

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cluster.py")
TASKS = [("ps", 0), ("chief", 0), ("worker", 0), ("worker", 1)]
GRACE_SECS = 60  # for the last checkpoint after Ctrl-C


def free_addresses(count):
    """Returns addresses on this machine with ports that are not in use."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for bound in sockets:
            bound.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{bound.getsockname()[1]}" for bound in sockets]


def start(job, index, cluster, arguments):
    """Starts one process, which does not receive the terminal's Ctrl-C."""
    task = {"cluster": cluster, "task": {"type": job, "index": index}}
    return subprocess.Popen(
        [sys.executable, PROGRAM, *arguments],
        env={"TF_CPP_MIN_LOG_LEVEL": "2", **os.environ, "TF_CONFIG": json.dumps(task)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )


def show(prefix, stream):
    """Prints the output of a process; each line starts with `prefix`."""
    for line in stream:
        print(f"{prefix:10}| {line}", end="", flush=True)


def main(arguments):
    """Starts all processes, waits for the chief and the workers, and ends the ps."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="Other flags are passed to cluster.py.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--model_dir", help="Checkpoints and summaries (default: a new directory).")
    options, flags = parser.parse_known_args(arguments)
    model_dir = options.model_dir or tempfile.mkdtemp(prefix="digits-cluster-")
    print(f"checkpoints and summaries: {model_dir}", flush=True)
    print(f"starting {len(TASKS)} processes, which import TensorFlow", flush=True)
    cluster = {}
    for (job, _), address in zip(TASKS, free_addresses(len(TASKS))):
        cluster.setdefault(job, []).append(address)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    processes, readers = {}, []
    try:
        for job, index in TASKS:
            process = processes[job, index] = start(
                job, index, cluster, [f"--model_dir={model_dir}", *flags]
            )
            reader = threading.Thread(target=show, args=(f"{job} {index}", process.stdout))
            reader.start()
            readers.append(reader)
        trainers = [process for (job, _), process in processes.items() if job != "ps"]
        while any(process.poll() is None for process in trainers):
            failed = [name for name, process in processes.items() if process.poll()]
            if failed:
                print(f"{failed[0][0]} {failed[0][1]} failed; ending the others", flush=True)
                return 1
            time.sleep(0.1)
        return int(any(process.returncode for process in trainers))
    except KeyboardInterrupt:
        print("stopping; press Ctrl-C again to end at once", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            stop([process for (job, _), process in processes.items() if job != "ps"])
        return 130
    finally:
        for process in processes.values():
            process.kill()
        for process in processes.values():
            process.wait()
        for reader in readers:
            reader.join()


def stop(processes):
    """Sends SIGTERM to the processes, and waits while they save."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + GRACE_SECS
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0, deadline - time.monotonic()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
