"""The time from the chief's first step to a waiting worker's first step, and the cost of polls.

Workers of upstream and of the shim wait in the same cluster: a ps, a chief, and workers
that began to wait at different times. The cost of a poll is the CPU time of the ps (on
Linux) while one worker polls as fast as it can, and the memory growth of the worker and
the ps over 5,000 polls.

python benchmarks/worker_join.py
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time

UPSTREAM_PHASES_SECS = (0, 12)  # when the workers start; upstream polls every 30 seconds
POLLING_SECS = 10
VARIABLES = (2, 200)
WARM_POLLS = 500  # polls before the memory growth over POLLS more polls is measured
POLLS = 5000


def measure():
    """Runs the benchmark, which takes a few minutes.

    Returns:
      A dict of JSON values:
      tensorflow: its version.
      join_secs: {"upstream": [...], "shim": [...]}, for each worker the seconds from
        the chief's first step to its own.
      polls: a list of dicts with variables (in the model), polls (taken), ps_cpu_ms
        (milliseconds of the ps's CPU time for each poll).
      resident: {"worker": [before, after], "ps": [before, after]}, MB of resident memory.
      growth_of_a_worker_over_5000_polls_mb, growth_of_its_ps_over_5000_polls_mb: {"shim": [MB]}.
    """
    joined, version = _join()
    return {
        "tensorflow": version,
        "join_secs": joined,
        "polls": [_poll_cost(variables) for variables in VARIABLES],
        **_memory(),
    }


def _join():
    with _Cluster(workers=2 * len(UPSTREAM_PHASES_SECS)) as cluster:
        cluster.start("ps").event("up")
        waiting = []
        begun = 0
        for phase in UPSTREAM_PHASES_SECS:
            time.sleep(phase - begun)
            begun = phase
            for implementation in ("upstream", "shim"):
                worker = cluster.start("worker", len(waiting), implementation=implementation)
                waiting.append((implementation, worker))
        for _, worker in waiting:
            worker.event("waiting")
        chief = cluster.start("chief")
        first = chief.event("step")
        joined = {"upstream": [], "shim": []}
        for implementation, worker in waiting:
            joined[implementation].append(round(worker.event("step")["time"] - first["time"], 3))
        return joined, first["tensorflow"]


def _poll_cost(variables):
    with _Cluster(workers=1) as cluster:
        ps = cluster.start("ps")
        ps.event("up")
        worker = cluster.start(
            "worker", variables=variables, recovery_wait_secs=1e-3, max_wait_secs=POLLING_SECS
        )
        worker.event("waiting")
        before = _cpu_secs(ps.process.pid)
        polls = worker.event("timed out")["polls"] - 1
        cpu_ms = 1000 * (_cpu_secs(ps.process.pid) - before) / polls
        return {"variables": variables, "polls": polls, "ps_cpu_ms": round(cpu_ms, 2)}


def _memory():
    with _Cluster(workers=1) as cluster:
        ps = cluster.start("ps")
        ps.event("up")
        worker = cluster.start(
            "worker", recovery_wait_secs=1e-4, tell_polls=(WARM_POLLS, WARM_POLLS + POLLS)
        )
        resident = {"worker": [], "ps": []}
        for _ in range(2):
            worker.event("polls")
            for name, process in (("worker", worker), ("ps", ps)):
                resident[name].append(_resident_mb(process.process.pid))
        of_worker, of_ps = (round(after - before, 1) for before, after in resident.values())
        return {
            "resident": resident,
            f"growth_of_a_worker_over_{POLLS}_polls_mb": {"shim": [of_worker]},
            f"growth_of_its_ps_over_{POLLS}_polls_mb": {"shim": [of_ps]},
        }


def _resident_mb(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return round(int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def _cpu_secs(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        user, system = file.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def free_addresses(count):
    """Returns addresses on this machine with ports that are not in use."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for listener in sockets:
            listener.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{listener.getsockname()[1]}" for listener in sockets]


class _Cluster:
    """Processes of this file on free ports; all are killed at the end."""

    def __init__(self, workers):
        addresses = free_addresses(2 + workers)
        self._spec = {"ps": addresses[:1], "chief": addresses[1:2], "worker": addresses[2:]}
        self._processes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self._processes:
            process.process.kill()
            process.process.communicate()

    def start(self, job, index=0, **arguments):
        self._processes.append(
            _Process({"spec": self._spec, "job": job, "index": index, **arguments})
        )
        return self._processes[-1]


class _Process:
    """A process that runs this file and prints events as lines of JSON."""

    def __init__(self, arguments):
        self.process = subprocess.Popen(
            [sys.executable, __file__, json.dumps(arguments)],
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def event(self, name):
        for line in self.process.stdout:
            event = json.loads(line)
            if event["name"] == name:
                return event
        raise RuntimeError(f"a process ended before its event {name!r}")


def _run(spec, job, index, implementation="shim", variables=2, tell_polls=(), **arguments):
    """Runs one process of the cluster."""
    import logging

    import tensorflow as tf

    import tfmts_compat

    def tell(name, **values):
        print(json.dumps({"name": name, "time": time.time(), **values}), flush=True)

    polls = 0
    waiting = False

    def tell_waiting(record):
        nonlocal waiting
        if not waiting and record.getMessage().startswith("Waiting for model to be ready"):
            waiting = True
            tell("waiting")
        return False

    class CountedSession(tf.compat.v1.Session):  # the shim opens one for each poll
        def __init__(self, *args, **kwargs):
            nonlocal polls
            polls += 1
            if polls in tell_polls:
                tell("polls")
            super().__init__(*args, **kwargs)

    tf1 = tf.compat.v1
    tf1.Session = CountedSession
    config = tf1.ConfigProto(device_filters=["/job:ps", f"/job:{job}/task:{index}"])
    server = tf.distribute.Server(
        spec, job_name=job, task_index=index, config=None if job == "ps" else config
    )
    if job == "ps":
        tell("up")
        server.join()
    tf1.logging.set_verbosity("INFO")
    logger = logging.getLogger("tensorflow")
    logger.addFilter(tell_waiting)
    sessions = {
        "upstream": tf1.train.MonitoredTrainingSession,
        "shim": tfmts_compat.MonitoredTrainingSession,
    }
    device = tf1.train.replica_device_setter(
        worker_device=f"/job:{job}/task:{index}", cluster=tf.train.ClusterSpec(spec)
    )
    with tf.Graph().as_default(), tf1.device(device):
        for number in range(variables - 1):
            tf1.get_variable(f"weights_{number}", [10])
        train_op = tf1.assign_add(tf1.train.get_or_create_global_step(), 1)
        try:
            with sessions[implementation](
                server.target, is_chief=job == "chief", config=config, **arguments
            ) as session:
                session.run(train_op)
                tell("step", tensorflow=tf.__version__)
                time.sleep(600)  # until it is killed: the chief must not end before the workers
        except tf.errors.DeadlineExceededError:
            tell("timed out", polls=polls)


def main():
    """Prints the measured values."""
    measured = measure()
    print(f"TensorFlow {measured['tensorflow']}, a ps, a chief and waiting workers on one machine")
    print("seconds from the chief's first step to a waiting worker's first step:")
    for implementation, seconds in measured["join_secs"].items():
        print(f"  {implementation:9}" + "".join(f"{number:8.2f}" for number in seconds))
    print("CPU time of the ps for one poll:")
    for poll in measured["polls"]:
        print(f"  {poll['variables']:4} variables {poll['ps_cpu_ms']:8.2f} ms")
    print(f"resident memory before and after {POLLS} polls:")
    for process, (before, after) in measured["resident"].items():
        print(f"  {process:9} {before:8.1f} MB {after:8.1f} MB")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _run(**json.loads(sys.argv[1]))
    else:
        main()
