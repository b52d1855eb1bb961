"""Measurements in separate processes: imports, the command, and the memory of a training."""

import pathlib
import subprocess
import sys
import time

import pairs

MODULES = {"upstream": "tensorflow.compat.v1.train", "shim": "tfmts_compat"}
HERE = pathlib.Path(__file__).parent  # the working directory: from here the source is not found

IMPORT = """
import time
start = time.perf_counter()
import tfmts_compat
print((time.perf_counter() - start) * 1e3)
"""
IMPORT_WITH_TENSORFLOW = """
import time
start = time.perf_counter()
import tensorflow
between = time.perf_counter()
import tfmts_compat
end = time.perf_counter()
print((between - start) * 1e3, (end - start) * 1e3)
"""
TRAINING = """
import importlib, resource, sys, tempfile
import tensorflow as tf
import model
train = importlib.import_module(sys.argv[1])
with tempfile.TemporaryDirectory() as directory, tf.Graph().as_default():
    train_op = model.classifier(layers=10)
    with train.MonitoredTrainingSession(checkpoint_dir=directory) as session:
        for _ in range(200):
            session.run(train_op)
unit = 2**20 if sys.platform == "darwin" else 2**10
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)
"""

STRUCTURES = """
import importlib, itertools, os, sys
import tensorflow as tf
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
train = importlib.import_module(sys.argv[1])
with tf.Graph().as_default():
    tensors = [tf.constant(float(number)) for number in range(22)]
    structures = map(list, itertools.product(tensors, repeat=3))
    with train.MonitoredTrainingSession() as session:
        def run(count):
            for fetches in itertools.islice(structures, count):
                for _ in range(3):
                    session.run(fetches)
        run(100)
        before = resident()
        run(10_000)
        print(resident() - before)
"""


def measure(quick):
    """Yields (name, `pairs.case`)."""
    yield from _imports(5 if quick else 20, 1 if quick else 3)
    yield from _commands(5 if quick else 20)
    yield from _memory(1 if quick else 3)


def _run(*arguments):
    """Runs Python and returns the numbers on the last line it prints."""
    process = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=True, cwd=HERE
    )
    return [float(word) for word in process.stdout.splitlines()[-1].split()]


def _imports(rounds, rounds_with_tensorflow):
    values = pairs.rounds({"shim": lambda: _run("-c", IMPORT)[0]}, rounds)
    yield "import tfmts_compat", pairs.case("ms", values, 100)
    both = [_run("-c", IMPORT_WITH_TENSORFLOW) for _ in range(rounds_with_tensorflow)]
    upstream, shim = map(list, zip(*both))
    yield (
        "import tensorflow (and tfmts_compat)",
        pairs.case("ms", {"upstream": upstream, "shim": shim}),
    )


def _commands(rounds):
    def timed(*words):
        def milliseconds():
            start = time.perf_counter()
            subprocess.run([sys.executable, *words], capture_output=True, check=True, cwd=HERE)
            return (time.perf_counter() - start) * 1e3

        return milliseconds

    raw = timed("-c", "pass")
    explain = ["explain", "--checkpoint_dir=/ckpt", "--save_checkpoint_steps=10"]
    for words in (["--help"], explain):
        sides = {"shim": timed("-m", "tfmts_compat", *words), "raw": raw}
        yield f"tfmts-compat {words[0]}", pairs.case("ms", pairs.rounds(sides, rounds), 200)


def _memory(rounds):
    def peak(module):
        return lambda: _run("-c", TRAINING, module)[0]

    sides = {side: peak(module) for side, module in MODULES.items()}
    values = pairs.rounds(sides, rounds, warm_up=0)
    yield "peak memory of a training", pairs.case("MB", values, 1.01)
    if pathlib.Path("/proc/self/statm").exists():
        values = {side: [_run("-c", STRUCTURES, module)[0]] for side, module in MODULES.items()}
        yield "memory growth over 10,000 structures", pairs.case("MB", values, 1.05)
