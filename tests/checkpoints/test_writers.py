"""Two trainings that save into one directory."""

import contextlib
import gc
import glob
import os
import re
import subprocess
import sys
import warnings

import pytest
import tensorflow as tf
from damaged_checkpoints import train_up_to
from helpers import pitfall

from tfmts_compat import MonitoredTrainingSession, TfmtsCompatWarning, cli

v1 = tf.compat.v1
train = v1.train
upstream = train.MonitoredTrainingSession
OTHER = """
import os, sys, tensorflow as tf
v1 = tf.compat.v1
for line in sys.stdin:
    directory, advance = line.rsplit(maxsplit=1)
    with tf.Graph().as_default():
        op = v1.assign_add(v1.train.get_or_create_global_step(), int(advance))
        with v1.train.MonitoredTrainingSession(
            checkpoint_dir=directory, save_checkpoint_steps=1, save_summaries_steps=None
        ) as session:
            while sys.stdin.readline().strip():
                session.run(op)
                print(os.getpid(), flush=True)
"""


class Other:
    """A chief of TensorFlow's in another process, which trains when it is told to."""

    def __init__(self):
        command = [sys.executable, "-c", OTHER]
        command = ["sh", "-c", '"$@"; exit', "sh", *command]  # so that it is no child of this one
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(command, text=True, **pipes)

    def _send(self, line):
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    @contextlib.contextmanager
    def train(self, directory, advance):
        """Opens a session, until the end of the block."""
        self._send(f"{directory} {advance}")
        try:
            yield
        finally:
            self._send("")

    def step(self):
        self._send("step")
        self.pid = int(self._process.stdout.readline())

    def end(self):
        self._process.communicate()


@pytest.fixture(scope="module")
def other():
    other = Other()
    yield other
    other.end()


def warned(directory, use, session_function=MonitoredTrainingSession, **arguments):
    """The shim's warnings in a training that saves after every step."""
    with tf.Graph().as_default(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        op = v1.assign_add(train.get_or_create_global_step(), 1)
        arguments = {"save_checkpoint_steps": 1, **arguments}
        with session_function(checkpoint_dir=directory, **arguments) as session:
            use(session, op)
    return [str(w.message) for w in caught if issubclass(w.category, TfmtsCompatWarning)]


@pytest.mark.parametrize("advance", [1, 1000], ids=["the same steps", "other steps"])
@pytest.mark.parametrize("session_function", [MonitoredTrainingSession, upstream])
def test_another_chief_in_the_directory_is_named_once(tmp_path, other, advance, session_function):
    real, directory = str(tmp_path / "real"), str(tmp_path / "link")
    os.mkdir(real)
    os.symlink(real, directory)
    gc.collect()  # Savers of other tests
    with other.train(real if advance == 1000 else directory, advance):
        other.step()

        def use(session, op):
            for _ in range(4):
                session.run(op)
                other.step()

        texts = warned(directory, use, session_function)
    if session_function is upstream:
        assert texts == []  # else remove the warning
        return
    (text,) = texts
    assert re.match(pitfall("two-chiefs"), text)
    assert text.startswith(f"process {other.pid} on this host (")
    assert f" saves into {directory}, too: " in text


@pytest.mark.parametrize("name", ["model.ckpt", "best"])
@pytest.mark.parametrize("own", [True, False], ids=["the session's saver", "another saver"])
def test_a_saver_of_the_same_process_raises_no_warning(tmp_path, name, own):
    with tf.Graph().as_default():
        step = train.get_or_create_global_step()
        op = v1.assign_add(step, 1)
        scaffold = train.Scaffold(saver=train.Saver())
        saver = scaffold.saver if own else train.Saver()
        arguments = {"checkpoint_dir": str(tmp_path), "save_checkpoint_steps": 1}
        with MonitoredTrainingSession(scaffold=scaffold, **arguments) as session:
            for number in range(4):
                session.run(op)
                path = os.path.join(str(tmp_path), name)
                saver.save(session._tf_sess(), path, global_step=number + 100)


@pytest.mark.parametrize("max_to_keep", [5, 0])
def test_a_saver_that_is_gone_raises_no_warning(tmp_path, max_to_keep):
    directory = str(tmp_path)

    def use(session, op):
        saver_def = v1.get_collection(v1.GraphKeys.SAVERS)[0].saver_def
        saver_def.max_to_keep = max_to_keep  # with 0 a Saver does not remember what it saved
        for number in range(4):
            session.run(op)
            path = f"{directory}/model.ckpt"
            train.Saver(saver_def=saver_def).save(session._tf_sess(), path, number + 100)

    assert warned(directory, use) == []


@pytest.mark.parametrize("own", [True, False], ids=["the session's saver", "another saver"])
def test_a_saver_that_keeps_all_beside_a_writer_of_events_raises_no_warning(tmp_path, own):
    directory = str(tmp_path)
    writes = "import sys; file = open(sys.argv[1], 'a'); print(flush=True); input()"
    command = [sys.executable, "-c", writes, f"{directory}/events.out.tfevents.1.evaluation"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with tf.Graph().as_default(), subprocess.Popen(command, **pipes) as process:
        process.stdout.readline()
        step = v1.assign_add(train.get_or_create_global_step(), 1)
        scaffold = train.Scaffold(saver=train.Saver(max_to_keep=None))
        saver = scaffold.saver if own else train.Saver(max_to_keep=None)
        arguments = {"scaffold": scaffold if own else None, "save_checkpoint_steps": 1}
        with MonitoredTrainingSession(checkpoint_dir=directory, **arguments) as session:
            for number in range(3):
                session.run(step)
                saver.save(session._tf_sess(), f"{directory}/model.ckpt", number + 100)
        process.communicate(b"\n")


def test_a_process_that_only_reads_raises_no_warning(tmp_path):
    directory = str(tmp_path)

    def use(session, op):
        for _ in range(3):
            session.run(op)
            assert train.load_checkpoint(directory).has_tensor("global_step")

    assert warned(directory, use) == []


def test_use_during_the_training_is_named_once(directory):
    def use(session, op):
        session.run(op)
        assert cli.main(["checkpoints", directory, "--use", "2"]) == 0
        session.run(op)
        session.run(op)

    (text,) = warned(directory, use)
    assert re.match(pitfall("use-during-training"), text)
    assert train.latest_checkpoint(directory).endswith("model.ckpt-9")


def test_a_directory_that_is_deleted_during_the_training_raises_no_warning(directory):
    def use(session, op):
        os.remove(os.path.join(directory, "checkpoint"))
        session.run(op)

    assert warned(directory, use) == []


def test_a_new_training_after_another_one_raises_no_warning(directory):
    assert train_up_to(7, directory) == [7]
    assert train_up_to(9, directory) == [8, 9]


class OtherDisk(train.Saver):
    """A Saver whose files are on another disk, as if a parameter server had written them."""

    def save(self, session, path, **arguments):
        prefix = super().save(session, path, **arguments)
        for file in glob.glob(f"{prefix}.index") + glob.glob(f"{prefix}.data-*"):
            os.remove(file)
        return prefix


@pytest.mark.parametrize("session_function", [MonitoredTrainingSession, upstream])
@pytest.mark.parametrize("saver", [OtherDisk, train.Saver])
def test_checkpoints_on_another_disk_are_named(tmp_path, session_function, saver, capsys):
    def train_once():
        with tf.Graph().as_default(), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            op = v1.assign_add(train.get_or_create_global_step(), 1)
            scaffold = train.Scaffold(saver=saver())
            with session_function(target, True, directory, scaffold) as session:
                session.run(op)
        return [str(w.message) for w in caught if issubclass(w.category, TfmtsCompatWarning)]

    target, directory = train.Server.create_local_server().target, str(tmp_path)
    is_named = saver is OtherDisk and session_function is MonitoredTrainingSession
    texts = train_once()  # if TensorFlow warns, too, remove the warning
    assert len(texts) == is_named
    if saver is train.Saver:
        return
    assert cli.main(["checkpoints", directory]) == 1
    here = "is missing, and only its .meta is here: another machine wrote the rest to its own disk"
    assert here in capsys.readouterr().out
    with pytest.raises(ValueError, match="checkpoint") as raised:
        train_once()
    if is_named:
        assert re.match(pitfall("checkpoint-elsewhere"), texts[0])
        assert here in str(raised.value)
        assert f"; the checkpoints are in {directory} of the parameter servers" in str(raised.value)
    else:
        assert "machine" not in str(raised.value)
