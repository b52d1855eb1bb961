"""Walks the routes of docs/migrating.md with real TF 1 programs: `tox -e road`.

Each route starts from the programs in the folder programs/, which run on TensorFlow 1.15. It uses
the tools that the document names, and the edits by hand that it lists. Then the programs train on
the newest TensorFlow.

The folder tf115/ contains the checkpoint of step 100 that TensorFlow 1.15.5 on Python 3.7 wrote
with `python programs/digits_cnn.py --model_dir=tf115`. The files that a session does not need in
order to continue were deleted: events, graph.pbtxt, *.meta, and the checkpoint of step 0.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
import tensorflow as tf
from worker_join import free_addresses

from tfmts_compat.migrate.findings import REWRITES

HERE = pathlib.Path(__file__).parent
DOCUMENT = (HERE.parent.parent / "docs" / "migrating.md").read_text(encoding="utf-8")
UPGRADE_215 = os.environ["TFMTS_UPGRADE_215"]  # tf_upgrade_v2 of TensorFlow 2.15
TF1_PYTHON = os.environ.get("TFMTS_TF1_PYTHON")  # a Python with TensorFlow 1.15

CNN, PS, NOTEBOOK = "digits_cnn.py", "ps_worker.py", "digits_rnn.ipynb"
SCALARS = {CNN: {"loss", "accuracy"}, PS: {"loss"}, NOTEBOOK: {"loss"}}

# The edits by hand. The document names each of them.
V1_IMPORT = (
    "import tensorflow as tf\n",
    "import tensorflow.compat.v1 as tf\n\ntf.disable_v2_behavior()\n",
)
GRAPH_MODE = (
    "import tensorflow as tf\n",
    "import tensorflow as tf\n\ntf.compat.v1.disable_v2_behavior()\n",
)
MODE_KEYS = ("tf.estimator.ModeKeys.TRAIN", '"train"')
FLATTEN = ("tf.contrib.layers.flatten", "tf.layers.flatten")
FLATTEN_V1 = ("tf.contrib.layers.flatten", "tf.compat.v1.layers.flatten")
REGULARIZER = ("tf.contrib.layers.l2_regularizer(1e-4)", "tf.keras.regularizers.l2(0.5 * 1e-4)")
INITIALIZER = ("tf.contrib.layers.xavier_initializer()", "tf.glorot_uniform_initializer()")
DEVICE = ("with tf.device(", "with tf.compat.v1.device(")
CELL_MAGIC = ("%%time\n", "")
LEGACY_KERAS = ("import numpy as np\n", "%env TF_USE_LEGACY_KERAS=1\nimport numpy as np\n")

BY_IMPORT = {
    CNN: [V1_IMPORT, MODE_KEYS, FLATTEN, REGULARIZER, INITIALIZER],
    PS: [V1_IMPORT],
    NOTEBOOK: [V1_IMPORT, LEGACY_KERAS],
}
AFTER_UPGRADE = {
    CNN: [GRAPH_MODE, MODE_KEYS, FLATTEN_V1],
    PS: [GRAPH_MODE, DEVICE],
    NOTEBOOK: [GRAPH_MODE, LEGACY_KERAS],
}

# This turns the programs into programs that use TensorFlow's modules.
FROM_MODULES = [
    (
        "import tensorflow as tf\n",
        "import tensorflow as tf\n"
        "from tensorflow.python.training import basic_session_run_hooks, monitored_session\n",
    ),
    ("tf.train.MonitoredTrainingSession", "monitored_session.MonitoredTrainingSession"),
    ("tf.train.StopAtStepHook", "basic_session_run_hooks.StopAtStepHook"),
]


def replace(text, edits):
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return text


def edit(path, edits):
    """Replaces texts in a program. In a notebook, all texts are in the cell of the imports."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        notebook = json.loads(text)
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        divider = "# next cell\n"
        whole = replace(divider.join("".join(cell["source"]) + "\n" for cell in cells), edits)
        for cell, source in zip(cells, whole.split(divider)):
            cell["source"] = source.rstrip("\n").splitlines(keepends=True)
        text = json.dumps(notebook, indent=1)
    else:
        text = replace(text, edits)
    path.write_text(text, encoding="utf-8")


def migrate(program, *flags):
    """Runs migrate on a program, and returns the codes that it reports, with their names."""
    command = [sys.executable, "-m", "tfmts_compat", "migrate", *flags, "--json", program.name]
    result = subprocess.run(
        command, cwd=program.parent, stdout=subprocess.PIPE, text=True, timeout=120, check=False
    )
    found = json.loads(result.stdout)
    left = {(item["code"], item["message"].split()[0]) for item in found}
    left = {item for item in left if item[0] not in REWRITES}
    assert result.returncode == bool(left and "--strict" in flags)
    return left


def upgrade(program, tool=UPGRADE_215, mode="DEFAULT"):
    """Upgrades one file; --intree leaves notebooks out. The tool does not change `%%` cells."""
    if program.suffix == ".ipynb":
        edit(program, [CELL_MAGIC])
    new = program.with_name("upgraded" + program.suffix)
    files = ["--infile", program.name, "--outfile", new.name]
    command = [tool, "--mode", mode, *files]
    subprocess.run(command, cwd=program.parent, check=True, timeout=300, env=environment())
    new.replace(program)


def environment(**variables):
    """Returns the environment of a program.

    TensorFlow 2 sets TF2_BEHAVIOR=1, with which TensorFlow 1.15 would execute eagerly.
    """
    inherited = {name: value for name, value in os.environ.items() if name != "TF2_BEHAVIOR"}
    return {**inherited, "TF_CPP_MIN_LOG_LEVEL": "3", **variables}


def run(command, directory):
    """Runs a program in a directory, and returns its output."""
    result = subprocess.run(
        [str(part) for part in command],
        cwd=directory,
        env=environment(TF_USE_LEGACY_KERAS="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-5000:]
    return result.stdout


def train(program):
    """Trains with a program into the directory `model` beside it, and returns what it prints."""
    directory = program.parent
    if program.suffix == ".ipynb":
        # The notebook sets TF_USE_LEGACY_KERAS itself.
        command = [sys.executable, "-m", "IPython", "--colors=NoColor", program.name]
        return subprocess.run(
            command,
            cwd=directory,
            env=environment(),
            stdout=subprocess.PIPE,
            text=True,
            timeout=300,
            check=True,
        ).stdout
    if program.name == CNN:
        return run([sys.executable, program, "--model_dir=model"], directory)
    server, *workers = free_addresses(3)
    hosts = [f"--ps_hosts={server}", f"--worker_hosts={','.join(workers)}", "--model_dir=model"]
    command = [sys.executable, program, *hosts]
    with open(directory / "log", "w", encoding="utf-8") as log:
        others = [
            subprocess.Popen([*command, *task], cwd=directory, stdout=log, stderr=log)
            for task in (["--job_name=ps"], ["--task_index=1"])
        ]
        try:
            output = run(command, directory)
            assert others[1].wait(timeout=300) == 0, (directory / "log").read_text()
        finally:
            for process in others:
                process.kill()
                process.wait()
    return output


def losses(output):
    first, last = re.findall(r"loss ([\d.]+) to ([\d.]+)", output)[-1]
    return float(first), float(last)


def scalars(directory):
    """Returns the scalar tags of the events files in a directory, with their steps."""
    found = {}
    for path in sorted(directory.glob("events.out.tfevents.*")):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                if value.HasField("simple_value"):
                    found.setdefault(value.tag, []).append(event.step)
    return found


def by_import(program):
    migrate(program, "--write")
    edit(program, BY_IMPORT[program.name])


def by_upgrade(program):
    migrate(program, "--write")
    upgrade(program)
    edit(program, AFTER_UPGRADE[program.name])


def from_compat_v1(program):
    edit(program, BY_IMPORT[program.name])
    migrate(program, "--write")


def from_upgraded(program):
    upgrade(program)
    migrate(program, "--write")
    edit(program, AFTER_UPGRADE[program.name])


def from_modules(program):
    edit(program, FROM_MODULES)
    migrate(program, "--write")
    edit(program, BY_IMPORT[program.name])


ROUTES = [by_import, by_upgrade, from_compat_v1, from_upgraded, from_modules]


def converted(name, route, tmp_path):
    """Returns a copy of the program that has taken a route."""
    program = tmp_path / name
    shutil.copy(HERE / "programs" / name, program)
    route(program)
    return program


@pytest.mark.parametrize("name", SCALARS)
@pytest.mark.parametrize("route", ROUTES)
def test_the_program_trains_and_writes_its_scalars(route, name, tmp_path):
    program = converted(name, route, tmp_path)
    # Its environment sets TF_USE_LEGACY_KERAS.
    assert not migrate(program, "--check", "--strict", "--ignore=TFM503")
    first, last = losses(train(program))
    assert last < first / 2
    steps = scalars(tmp_path / "model")
    assert SCALARS[name] <= set(steps)
    assert all(len(steps[tag]) >= 5 for tag in SCALARS[name])
    assert tf.train.latest_checkpoint(str(tmp_path / "model"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            CNN,
            {
                ("TFM501", "tf.app"),
                ("TFM501", "tf.losses.get_regularization_loss"),
                ("TFM501", "tf.losses.sparse_softmax_cross_entropy"),
                ("TFM501", "tf.placeholder"),
                ("TFM501", "tf.set_random_seed"),
                ("TFM501", "tf.to_float"),
                ("TFM501", "tf.train.AdamOptimizer"),
                ("TFM502", "tf.contrib.layers"),
                ("TFM502", "tf.estimator.ModeKeys"),
                ("TFM503", "tf.layers"),
                ("TFM504", "tf.summary.histogram"),
                ("TFM504", "tf.summary.scalar"),
            },
        ),
        (
            PS,
            {
                ("TFM501", "tf.ConfigProto"),
                ("TFM501", "tf.app"),
                ("TFM501", "tf.get_variable"),
                ("TFM501", "tf.placeholder"),
                ("TFM501", "tf.train.GradientDescentOptimizer"),
                ("TFM501", "tf.train.Server"),
                ("TFM501", "tf.train.replica_device_setter"),
                ("TFM501", "tf.variable_scope"),
                ("TFM504", "tf.summary.scalar"),
            },
        ),
        (
            NOTEBOOK,
            {
                ("TFM501", "tf.losses.sparse_softmax_cross_entropy"),
                ("TFM501", "tf.nn.dynamic_rnn"),
                ("TFM501", "tf.placeholder"),
                ("TFM501", "tf.train.AdamOptimizer"),
                ("TFM503", "tf.layers"),
                ("TFM503", "tf.nn.rnn_cell"),
                ("TFM504", "tf.summary.scalar"),
            },
        ),
    ],
)
def test_migrate_reports_what_still_stops_the_program(name, expected, tmp_path):
    program = converted(name, lambda program: migrate(program, "--write"), tmp_path)
    assert migrate(program, "--check", "--strict") == expected


def test_the_document_names_every_edit():
    for edits in [*BY_IMPORT.values(), *AFTER_UPGRADE.values(), [CELL_MAGIC]]:
        for old, new in edits:
            for line in set(old.split("\n")) ^ set(new.split("\n")):
                assert line.strip().rstrip("(") in DOCUMENT


def test_newer_upgrade_tools_leave_layers_and_summaries(tmp_path):
    newest = str(pathlib.Path(sys.executable).parent / "tf_upgrade_v2")
    program = converted(CNN, lambda program: upgrade(program, newest), tmp_path)
    text = program.read_text(encoding="utf-8")
    assert "net = tf.layers.conv2d(" in text
    assert "    tf.summary.scalar(" in text
    assert "tf.compat.v1.train.AdamOptimizer" in text


def test_the_safety_mode_writes_the_import_only(tmp_path):
    program = converted(PS, lambda program: upgrade(program, mode="SAFETY"), tmp_path)
    old = (HERE / "programs" / PS).read_text(encoding="utf-8")
    new = old.replace("import tensorflow as tf", "import tensorflow.compat.v1 as tf")
    assert program.read_text(encoding="utf-8") == new


@pytest.fixture(scope="module")
def continued(tmp_path_factory):
    """Returns a directory in which the newest TensorFlow continued 1.15's checkpoint."""
    directory = tmp_path_factory.mktemp("tf115")
    shutil.copytree(HERE / "tf115", directory / "model")
    program = converted(CNN, by_import, directory)
    output = run([sys.executable, program, "--model_dir=model", "--steps=200"], directory)
    return directory, output


def test_training_continues_from_a_checkpoint_of_tensorflow_1(continued):
    directory, output = continued
    assert "Restoring parameters from model/model.ckpt-100" in output
    assert "at step 200" in output
    assert losses(output)[0] < 1  # 2.3 without the checkpoint
    assert min(scalars(directory / "model")["loss"]) == 101
    old, new = (
        tf.train.list_variables(str(path))
        for path in (HERE / "tf115" / "model.ckpt-100", directory / "model" / "model.ckpt-200")
    )
    assert old == new


def test_the_way_back_is_open(continued):
    directory, _ = continued
    program = directory / "upstream.py"
    shutil.copy(HERE / "programs" / CNN, program)
    own_step = ("tf.contrib.framework.get_or_create", "tf.train.get_or_create")
    edit(program, [*BY_IMPORT[CNN], own_step])
    assert "tfmts_compat" not in program.read_text(encoding="utf-8")
    output = run([sys.executable, program, "--model_dir=model", "--steps=300"], directory)
    assert "Restoring parameters from model/model.ckpt-200" in output
    if not (TF1_PYTHON and pathlib.Path(TF1_PYTHON).exists()):
        pytest.skip("TensorFlow 1.15 needs Python 3.7")
    program = HERE / "programs" / CNN
    output = run([TF1_PYTHON, program, "--model_dir=model", "--steps=400"], directory)
    assert "Restoring parameters from model/model.ckpt-300" in output
    assert "at step 400" in output


V1 = "import tensorflow.compat.v1 as tf\n"
V2 = "import tensorflow as tf\n"
INPUT = "x = tf.placeholder(tf.float32, [None, 8, 8])\n"
SETTER = "tf.compat.v1.train.replica_device_setter(2)"


@pytest.mark.parametrize(
    ("message", "program"),
    [
        (
            "module 'tensorflow._api.v2.train' has no attribute 'SessionRunHook'",
            V2 + "tf.train.SessionRunHook",
        ),
        ("module 'tensorflow' has no attribute 'placeholder'", V2 + "tf.placeholder"),
        (
            "module 'keras._tf_keras.keras.losses' has no attribute 'sparse_softmax_cross_entropy'",
            V2 + "tf.losses.sparse_softmax_cross_entropy",
        ),
        ("`dense` is not available with Keras 3.", V1 + INPUT + "tf.layers.dense(x, 3)"),
        (
            "module 'tensorflow.compat.v1' has no attribute 'estimator'",
            V1 + "tf.estimator.ModeKeys",
        ),
        ("module 'tensorflow.compat.v1' has no attribute 'contrib'", V1 + "tf.contrib"),
        ("No module named 'tensorflow.contrib'", "from tensorflow.contrib import slim"),
        ("No module named 'tensorflow.examples'", "import tensorflow.examples.tutorials"),
        ("tf.device does not support functions.", V2 + f"with tf.device({SETTER}): pass"),
        (
            "module 'tensorflow._api.v2.summary' has no attribute 'merge_all'",
            V2 + "tf.summary.merge_all()",
        ),
    ],
)
def test_the_document_names_the_message(message, program):
    assert message in DOCUMENT
    with tf.Graph().as_default(), pytest.raises(Exception, match=re.escape(message)):
        exec(program, {})


@pytest.mark.parametrize(
    ("message", "program"),
    [
        (
            "tf.placeholder() is not compatible with eager execution.",
            V1 + "tf.placeholder(tf.float32)",
        ),
        (
            "`loss` passed to Optimizer.compute_gradients should be a function when eager "
            "execution is enabled.",
            V1 + "v = tf.Variable(1.0)\ntf.train.GradientDescentOptimizer(0.1).minimize(v * v)",
        ),
        (
            "The Session graph is empty. Add operations to the graph before calling run().",
            V1 + "x = tf.constant(1)\nwith tf.Session() as session: session.run(x)",
        ),
    ],
)
def test_the_document_names_the_message_of_eager_execution(message, program):
    assert message in DOCUMENT
    with pytest.raises(RuntimeError, match=re.escape(message)):
        exec(program, {})


def test_the_variable_without_tf_keras_is_the_documented_error(tmp_path):
    # This module hides the installed package.
    tmp_path.joinpath("tf_keras.py").write_text("raise ImportError\n")
    program = V1 + "tf.disable_v2_behavior()\n" + INPUT + "tf.layers.dense(x, 3)"
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment(TF_USE_LEGACY_KERAS="1"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    message = "ImportError: Keras cannot be imported. Check that it is installed."
    assert message in result.stderr
    assert message in DOCUMENT
