"""tfmts-compat run: a program as python runs it, with the shim in place."""

import json
import os
import re
import signal
import subprocess
import sys
import textwrap

import pytest
from helpers import MINOR

import tfmts_compat

TRAINS = """
import sys
import tensorflow as tf
def train(directory):
    with tf.Graph().as_default():
        step = tf.compat.v1.train.get_or_create_global_step()
        op = tf.compat.v1.assign_add(step, 1)
        with tf.compat.v1.train.MonitoredTrainingSession(  # line 8
            checkpoint_dir=directory, save_checkpoint_secs=60, save_checkpoint_steps=10
        ) as session:
            return int(session.run(op))
if __name__ == "__main__":
    print("step", train(sys.argv[1]))
"""
SHOWS = """
import sys
print(__name__, __file__, sys.argv, sys.path[0], __spec__ and __spec__.name)
"""
PRINTS = "import sys; print(sys.argv)"
FORMS = [  # of a command line; Python reads each, and not argparse
    ("program.py", "--", "x"),
    ("program.py", "--upstream", "--report=x"),
    ("program.py", ""),
    ("--", "program.py", "a"),
    ("--", "program.py", "--", "a"),
    ("--", "-m"),
    ("--",),
    (".", "--", "a"),
    ("-", "a", "--"),
    ("-m", "program", "--", "x", "y"),
    ("-m", "program", "--n=3", "--", "x"),
    ("-m", "program", "-h"),
    ("-m", "program", "-m", "other"),
    ("-m", "--", "x"),
    ("-m", ""),
    ("-m",),
    ("-mprogram", "a", "b"),
    ("-mprogram", "--", "b"),
    ("-c", PRINTS, "a", "--", "b"),
    ("-c", PRINTS, "--report", "x"),
    ("-c", "--", "x"),
    ("-c",),
    (f"-c{PRINTS}", "--", "b"),
    ("", "a"),
]


def run(*arguments, command=("-m", "tfmts_compat", "run"), **options):
    return subprocess.run(
        [sys.executable, *command, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=1200,
        **options,
    )


@pytest.fixture
def program(tmp_path):
    """Writes a script in a directory of its own, and returns its path."""

    def write(text, name="program.py"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize(
    "arguments",
    [
        ("program.py", "--report", "x"),
        ("./program.py", "-m"),
        ("-m", "program", "-c"),
        ("-c", "import sys; print(sys.argv, sys.path[0], __name__)", "a"),
        ("-c", "import sys; sys.exit(3)"),
        ("-c", "import sys; sys.exit('why')"),
        ("-c", "raise SystemExit"),
        ("-c", "def f():\n  raise KeyError('x')\nf()"),
        ("-c", "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"),
        ("missing.py",),
        ("-m", "missing"),
        ("-c", "import sys; print(sys.stdin.read())"),
        (".",),
        *FORMS,
    ],
    ids=str,
)
def test_a_program_runs_as_python_runs_it(program, tmp_path, arguments):
    program(SHOWS)
    program(SHOWS, "__main__.py")
    expected, found = (
        run(*arguments, command=command, cwd=tmp_path, input="print('typed')")
        for command in ((), ("-m", "tfmts_compat", "run"))
    )
    assert (found.returncode, found.stdout) == (expected.returncode, expected.stdout)
    assert found.stderr == expected.stderr  # tracebacks too


def test_the_program_gets_the_options_of_python(program, tmp_path):
    shows = "import sys; print(sys.flags, sys._xoptions, sys.warnoptions, sys.stdout.write_through)"
    options = ("-O", "-u", "-W", "error::ImportWarning", "-X", "utf8", "-X", "mine=1")
    expected, found = (
        run("-c", shows, command=(*options, *command))
        for command in ((), ("-m", "tfmts_compat", "run"))
    )
    assert found.stdout == expected.stdout
    assert "'mine': '1'" in found.stdout


def test_the_program_gets_the_option_i_of_python():
    result = run(
        "-c", "found = 3", command=("-i", "-m", "tfmts_compat", "run"), input="found + 4\n"
    )
    assert (result.returncode, result.stdout) == (0, "7\n")


@pytest.mark.parametrize(
    "text", ["raise KeyError", "import missing_module", "from os import missing", "def f(:"]
)
def test_a_failed_import_of_tensorflow_has_the_traceback_of_python(program, tmp_path, text):
    (tmp_path / "tensorflow").mkdir()
    program(text, "tensorflow/__init__.py")
    script = program("import tensorflow")
    expected, found = (
        run(str(script), command=command) for command in ((), ("-m", "tfmts_compat", "run"))
    )
    assert (found.returncode, found.stderr) == (expected.returncode, expected.stderr)
    assert found.stderr.count("File") == 2


@pytest.mark.parametrize("upstream", [False, True])
def test_the_report_shows_what_was_built_and_what_upstream_does(program, tmp_path, upstream):
    script, report = program(TRAINS), tmp_path / "report.json"
    options = ["--upstream"] if upstream else []
    result = run("--report", str(report), *options, str(script), str(tmp_path / "ckpt"))
    (call,) = json.loads(report.read_text())["calls"]
    assert (call["file"], call["line"], call["function"]) == (str(script), 8, "train")
    assert call["plan"]["checkpoints"]["secs"] == 60
    assert call["upstream"] == ["ValueError: Can not provide both every_secs and every_steps. (D1)"]
    failed = 1 if upstream else 0
    assert f"calls of MonitoredTrainingSession: 1, failed: {failed}; see {report}" in result.stderr
    if upstream:
        assert call["built_by"] == "tensorflow"
        assert call["error"]["type"] == "ValueError"
        assert result.returncode == 1
    else:
        assert (call["built_by"], call["error"]) == ("tfmts_compat", None)
        assert (result.returncode, result.stdout) == (0, "step 1\n")


KILLED = """
import os, signal, threading
import tensorflow as tf
train = tf.compat.v1.train
tf.compat.v1.disable_eager_execution()
tf.compat.v1.get_variable("weights", [3])
if os.fork():
    os.wait()
    train.MonitoredTrainingSession()
else:
    threading.Timer(2, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
    train.MonitoredTrainingSession(is_chief=False)
"""


def test_a_worker_killed_while_it_waits_is_in_the_report(program, tmp_path):
    script, report = program(KILLED), tmp_path / "report.json"
    result = run(f"--json={report}", str(script))
    assert result.returncode == 0
    calls = json.loads(report.read_text())["calls"]
    roles = [(call["plan"]["role"], call["returned"], call["error"]) for call in calls]
    assert roles == [("worker", False, None), ("chief", True, None)]
    assert "calls of MonitoredTrainingSession: 2, failed: 0" in result.stderr
    assert result.stderr.count("has not returned: its process was killed") == 1


CALLS = """
import pathlib, sys
import numpy as np
import tensorflow as tf
train = tf.compat.v1.train
d = sys.argv[1]
for arguments in (
    dict(checkpoint_dir=d, save_checkpoint_secs=60, save_checkpoint_steps=0),
    dict(is_chief=False, hooks=(hook for hook in [])),
    dict(checkpoint_dir=pathlib.Path(d), save_checkpoint_secs=60),
    dict(checkpoint_dir=d, save_checkpoint_steps=10),
    dict(save_checkpoint_secs=np.array([1, 2])),
    dict(hooks=[None]),
    dict(checkpoint_dir=d, save_summaries_secs=1, save_summaries_steps=1),
    dict(master="nothing://here", hooks=3),
):
    with tf.Graph().as_default():
        if arguments.get("is_chief", True):  # a worker would wait for the variable
            train.create_global_step()
        try:
            train.MonitoredTrainingSession(**arguments).close()
        except Exception as error:
            print(type(error).__name__)
"""


def test_the_report_has_the_departures_of_each_call_and_the_rejected_ones(program, tmp_path):
    script, report = program(CALLS), tmp_path / "report.json"
    result = run("--report", str(report), str(script), str(tmp_path / "ckpt"))
    assert result.stdout.split() == ["TypeError", "ValueError", "TypeError"], result.stderr
    calls = json.loads(report.read_text())["calls"]
    assert [call["departures"] for call in calls] == [
        ["D1"],
        ["D2", "D6"],
        ["D3"] if MINOR >= (2, 6) else [],
        ["D4"] if MINOR >= (2, 8) else [],
        ["D5"],
        [],
        [],
        [],
    ]
    assert [call["upstream"][0][-4:] for call in calls[:2]] == ["(D1)", "(D2)"]
    for call in calls[-3:]:
        assert call["rejected"] == call["error"]["message"]
        assert call["upstream"] == ["fails, too, but later: it may have written files by then"]
    assert "  upstream: fails, too, but later" in result.stderr


def test_spawned_children_have_the_shim_and_are_in_the_report(program, tmp_path):
    spawns = TRAINS.replace(
        'print("step", train(sys.argv[1]))',
        """
    import multiprocessing
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        print(pool.map(train, [sys.argv[1] + "1", sys.argv[1] + "2"]))
""",
    )
    script, report = program(spawns), tmp_path / "report.json"
    result = run("--report", str(report), str(script), str(tmp_path / "ckpt"))
    assert (result.returncode, result.stdout) == (0, "[1, 1]\n"), result.stderr
    calls = json.loads(report.read_text())["calls"]
    assert [call["error"] for call in calls] == [None, None]
    assert all(call["built_by"] == "tfmts_compat" for call in calls)


def test_tensorflow_is_not_imported_before_the_program_does():
    result = run(
        "-c", "import sys; print([m for m in ('tensorflow', 'tfmts_compat') if m in sys.modules])"
    )
    assert result.stdout == "[]\n"


def test_an_interrupt_reaches_the_program(program):
    script = program("print('up', flush=True)\nimport time\ntime.sleep(600)\n")
    with subprocess.Popen(
        [sys.executable, "-m", "tfmts_compat", "run", str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=1200)
    assert process.returncode == -signal.SIGINT
    assert errors.splitlines()[-1] == "KeyboardInterrupt"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--report", "/no/such/directory/x", "program.py"),
        ("--report",),
        ("--json", "program.py"),
        ("-u", "program.py"),
        ("--repot=x", "program.py"),
    ],
)
def test_a_usage_error_prints_one_line_and_exits_with_2(arguments):
    result = run(*arguments)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert re.match("tfmts-compat( run)?: error: ", result.stderr)


def test_a_sitecustomize_of_the_user_still_runs(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("print('mine')\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    assert run("-c", "pass", env=environment).stdout.splitlines()[-1] == "mine"


FINDER = """
import sys
class Finder:  # as of an old import hook
    pass
sys.meta_path.insert(0, Finder())
import tensorflow
print(tensorflow.compat.v1.train.MonitoredTrainingSession.__module__, flush=True)
print(any(type(finder).__name__ == "_Finder" for finder in sys.meta_path))
"""


def test_a_finder_without_find_spec_breaks_no_import(program):
    script = program(FINDER)
    expected, found = (
        run(str(script), command=command) for command in ((), ("-m", "tfmts_compat", "run"))
    )
    assert (found.returncode, found.stdout) == (expected.returncode, expected.stdout), found.stderr


@pytest.mark.parametrize("report", [False, True])
def test_a_program_runs_in_a_deleted_directory(tmp_path, report):
    gone = tmp_path / "gone"
    gone.mkdir()
    options = ["--report", str(tmp_path / "report.json")] if report else []
    code = (
        f"import os, sys; os.rmdir({str(gone)!r}); os.execv(sys.executable, "
        f"[sys.executable, '-m', 'tfmts_compat', 'run', *{options}, '-c', 'print(3)'])"
    )
    package = os.path.dirname(os.path.dirname(os.path.abspath(tfmts_compat.__file__)))
    result = run("-c", code, command=(), cwd=gone, env={**os.environ, "PYTHONPATH": package})
    assert (result.returncode, result.stdout) == (0, "3\n"), result.stderr
    assert "sitecustomize" not in result.stderr


@pytest.mark.parametrize("report", [False, True])
def test_modules_are_searched_in_the_order_of_the_program(program, tmp_path, report):
    program("", "tensorflow.py")  # so that the shim is imported, too
    shows = """
        import sys
        class Spy:
            def find_spec(self, name, path=None, target=None):
                if name.startswith("tfmts_compat"):
                    orders.append(list(sys.path))
        orders, before = [], list(sys.path)
        sys.meta_path.insert(0, Spy())
        try:
            import tensorflow
        except Exception:
            pass  # this one has no MonitoredTrainingSession
        print(bool(orders), all(order == before for order in orders), sys.path == before)
    """
    script = program(textwrap.dedent(shows))
    options = ["--report", str(tmp_path / "report.json")] if report else []
    assert run(*options, str(script)).stdout == "True True True\n"


def test_the_program_gets_the_shim_of_the_command(program, tmp_path):
    program("raise ImportError('the one of the program')", "tfmts_compat.py")
    script = program(TRAINS)
    result = run(str(script), str(tmp_path / "ckpt"))
    assert (result.returncode, result.stdout) == (0, "step 1\n"), result.stderr


def test_a_program_that_uses_a_name_of_tf_1_is_told_the_import(program):
    script = program("import tensorflow as tf\nclass Hook(tf.train.SessionRunHook): pass\n")
    result = run(str(script))
    assert result.returncode == 1
    error, remedy = result.stderr.splitlines()[-2:]
    assert error.startswith("AttributeError")
    assert remedy.startswith("tfmts-compat run: tf.train.SessionRunHook is a name of TF 1")
