"""How long a waiting worker stands idle after the chief's first step, and what looking costs.

Upstream and the shim wait side by side on one real cluster: a ps, a chief, and workers
of both that began to wait at different moments. A look's cost is CPU time of the ps
(Linux), with one worker looking as fast as it can.

python benchmarks/worker_join.py
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time

UPSTREAM_PHASES_SECS = (0, 12)  # upstream looks every 30 s: when its workers begin to wait
LOOKING_SECS = 10
VARIABLES = (2, 200)


def measure():
    """Runs the benchmark; about two minutes.

    Returns:
      A dict, ready for JSON:
      tensorflow: its version.
      join_secs: {"upstream": [...], "shim": [...]}, for each worker the seconds from
        the chief's first step to its own.
      looks: a list of dicts with variables (in the model), looks (taken), ps_cpu_ms
        (milliseconds of the ps's CPU time for each look).
    """
    joined, version = _join()
    return {
        "tensorflow": version,
        "join_secs": joined,
        "looks": [_look(variables) for variables in VARIABLES],
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


def _look(variables):
    with _Cluster(workers=1) as cluster:
        ps = cluster.start("ps")
        ps.event("up")
        worker = cluster.start(
            "worker", variables=variables, recovery_wait_secs=1e-3, max_wait_secs=LOOKING_SECS
        )
        worker.event("waiting")
        before = _cpu_secs(ps.process.pid)
        looks = worker.event("gave up")["looks"] - 1
        cpu_ms = 1000 * (_cpu_secs(ps.process.pid) - before) / looks
        return {"variables": variables, "looks": looks, "ps_cpu_ms": round(cpu_ms, 2)}


def _cpu_secs(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        user, system = file.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class _Cluster:
    """Processes of this file on free ports; all are killed at the end."""

    def __init__(self, workers):
        with contextlib.ExitStack() as stack:
            sockets = [stack.enter_context(socket.socket()) for _ in range(2 + workers)]
            for each in sockets:
                each.bind(("127.0.0.1", 0))
            addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
        self._spec = {"ps": addresses[:1], "chief": addresses[1:2], "worker": addresses[2:]}
        self._processes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in self._processes:
            each.process.kill()
            each.process.communicate()

    def start(self, job, index=0, **arguments):
        self._processes.append(
            _Process({"spec": self._spec, "job": job, "index": index, **arguments})
        )
        return self._processes[-1]


class _Process:
    """This file as a program, telling what happens in lines of JSON."""

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
        raise RuntimeError(f"a process ended before it told of {name!r}")


def _run(spec, job, index, implementation="shim", variables=2, **arguments):
    """One process of the cluster."""
    import logging

    import tensorflow as tf

    import tfmts_compat

    def tell(name, **values):
        print(json.dumps({"name": name, "time": time.time(), **values}), flush=True)

    looks = 0

    def count(record):  # each look that finds no model logs one line
        nonlocal looks
        if record.getMessage().startswith("Waiting for model to be ready"):
            looks += 1
            if looks == 1:
                tell("waiting")
        return False

    tf1 = tf.compat.v1
    config = tf1.ConfigProto(device_filters=["/job:ps", f"/job:{job}/task:{index}"])
    server = tf.distribute.Server(
        spec, job_name=job, task_index=index, config=None if job == "ps" else config
    )
    if job == "ps":
        tell("up")
        server.join()
    tf1.logging.set_verbosity("INFO")
    logger = logging.getLogger("tensorflow")
    logger.addFilter(count)
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
            tell("gave up", looks=looks)


def main():
    """Prints what was measured."""
    measured = measure()
    print(f"TensorFlow {measured['tensorflow']}, a ps, a chief and waiting workers on one machine")
    print("seconds from the chief's first step to a waiting worker's first step:")
    for implementation, seconds in measured["join_secs"].items():
        print(f"  {implementation:9}" + "".join(f"{each:8.2f}" for each in seconds))
    print("CPU time of the ps for one look:")
    for look in measured["looks"]:
        print(f"  {look['variables']:4} variables {look['ps_cpu_ms']:8.2f} ms")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _run(**json.loads(sys.argv[1]))
    else:
        main()
