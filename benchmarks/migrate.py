"""`tfmts-compat migrate` compared with `tf_upgrade_v2`, and on trees of up to 100,000 files.

Both run as processes of this Python, on the same copy of the installed TensorFlow's own
sources (ops, training and framework). tf_upgrade_v2 ends at the first file that it cannot
parse (3 of these files on Python 3.11, 129 on 3.13, which has different syntax trees for
f-strings). Here it is patched to skip such files and to continue, which makes it faster.
"""

from __future__ import annotations

import importlib.util
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PARTS = ("ops", "training", "framework")
TARGET = 0.1  # ten times faster
RUNS = 5
SIZES = (1_000, 10_000, 100_000)
# One file in a hundred has to be changed; the others are typical files of a code base.
KINDS = (
    "import os\n\n\ndef f{0}(path):\n    return os.path.join(path, '{0}')\n" * 20,
    "import tensorflow as tf\n\n\ndef f{0}(x):\n    return tf.nn.relu(x) + {0}\n" * 20,
)
WORK = """import tensorflow as tf

step = tf.train.get_or_create_global_step()
with tf.train.MonitoredTrainingSession(hooks=[tf.train.StopAtStepHook({0})]) as session:
    session.run(step)
"""
TIMED = """
import resource, subprocess, sys, time

begin = time.perf_counter()
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
seconds = time.perf_counter() - begin
print(seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
UPGRADE = """
import sys
from tensorflow.tools.compatibility import ast_edits, tf_upgrade_v2_main

process_file = ast_edits.ASTCodeUpgrader.process_file
left_out = []

def skipping(self, name, *rest, **more):
    try:
        return process_file(self, name, *rest, **more)
    except Exception:
        left_out.append(name)
        return 1, "", []

ast_edits.ASTCodeUpgrader.process_file = skipping
tf_upgrade_v2_main.main()
open(sys.argv[-1] + ".left_out", "w").write(str(len(left_out)))
"""


def run(command: list[str], *codes: int) -> tuple[float, float]:
    """Measures the seconds and peak MB of a whole run; the peak is of its largest process."""
    # A small process measures, because a forked process counts its parent's memory as its own.
    timed = subprocess.run(
        [sys.executable, "-c", TIMED, *command], capture_output=True, text=True, check=False
    )
    if timed.returncode not in codes:
        raise RuntimeError(f"{command[0]} exited with {timed.returncode}: {timed.stderr}")
    seconds, peak = map(float, timed.stdout.split())
    return seconds, peak * 1024 / 1e6


def command(name: str) -> str:
    """Returns the path of a command in the directory of this Python."""
    return str(Path(sys.executable).with_name(name))


def sources(target: Path) -> tuple[int, int]:
    """Copies TensorFlow's own sources; returns the number of files and of lines."""
    spec = importlib.util.find_spec("tensorflow")
    assert spec is not None
    assert spec.origin is not None
    files = lines = 0
    for part in PARTS:
        root = Path(spec.origin).parent / "python"
        for file in sorted((root / part).rglob("*.py")):
            copy = target / file.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
            files += 1
            lines += file.read_bytes().count(b"\n")
    return files, lines


def grow(target: Path, start: int, end: int) -> None:
    """Adds generated files, a hundred per directory."""
    for number in range(start, end):
        directory = target / f"d{number // 10_000}" / f"d{number // 100}"
        if number % 100 == 0:
            directory.mkdir(parents=True)
        text = WORK if number % 100 == 0 else KINDS[number % len(KINDS)]
        (directory / f"f{number}.py").write_text(text.format(number))


def measure(sizes: tuple[int, ...] = SIZES) -> dict[str, dict[str, list[float]]]:
    """Measures both commands: {case: {side: values}}."""
    results: dict[str, dict[str, list[float]]] = {}
    migrate = [command("tfmts-compat"), "migrate", "--check"]
    with tempfile.TemporaryDirectory() as directory:
        tree = Path(directory, "tensorflow")
        files, lines = sources(tree)
        upgrade = [sys.executable, "-c", UPGRADE, "--intree", str(tree), "--outtree",
                   f"{directory}/out", "--reportfile", f"{directory}/report.txt"]  # fmt: skip
        ours = [run([*migrate, str(tree)], 1)[0] for _ in range(RUNS)]
        upstream = [run(upgrade, 0)[0]]
        left_out = int(Path(f"{directory}/report.txt.left_out").read_text())
        ours += [run([*migrate, str(tree)], 1)[0] for _ in range(RUNS)]
        case = f"{files}_files_{lines}_lines_{left_out}_left_out_by_upstream_secs"
        results[case] = {"upstream": upstream, "shim": ours}

        tree, made = Path(directory, "large"), 0
        for size in sizes:
            grow(tree, made, size)
            made = size
            seconds, peak = run([*migrate, str(tree)], 1)
            results[f"{size}_files_secs"] = {"shim": [seconds]}
            results[f"each_of_{size}_files_ms"] = {"shim": [seconds / size * 1000]}
            results[f"memory_for_{size}_files_mb"] = {"shim": [peak]}
    return results


def main() -> None:
    """Prints a table."""
    for name, sides in measure().items():
        shown = {side: statistics.median(values) for side, values in sides.items()}
        print(f"{name:36}", *(f"{side} {value:10.3f}" for side, value in shown.items()), end="")
        if "upstream" in shown:
            fastest = shown["upstream"] / min(sides["shim"])
            print(f"  {shown['upstream'] / shown['shim']:.0f} times (best {fastest:.0f})", end="")
        print()


if __name__ == "__main__":
    main()
