"""The command line: what every subcommand has in common."""

import os
import re
import subprocess
import sys

import pytest

import tfmts_compat


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "tfmts_compat", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_version_is_printed():
    result = run("--version")
    assert (result.returncode, result.stdout) == (0, f"tfmts-compat {tfmts_compat.__version__}\n")


@pytest.mark.parametrize(
    "arguments", [["--help"], ["explain"], ["explain", "--json"], ["explain", "--help"]]
)
def test_a_broken_pipe_ends_without_a_traceback(arguments):
    reader, writer = os.pipe()
    os.close(reader)  # as if `head` had ended
    command = [sys.executable, "-m", "tfmts_compat", *arguments]
    result = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert result.stderr == b""
    assert result.returncode in (0, 2)  # argparse ignores the error when it prints the help


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("buffered", ["", "1"])
@pytest.mark.parametrize(
    "arguments", [["explain"], ["explain", "--json"], ["checkpoints", "."], ["parity", "--list"]]
)
def test_a_full_disk_prints_one_line_and_exits_with_2(arguments, buffered):
    command = [sys.executable, "-m", "tfmts_compat", *arguments]
    environment = {**os.environ, "PYTHONUNBUFFERED": buffered}
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            command, env=environment, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert result.returncode == 2
    assert re.fullmatch(r"tfmts-compat: error: .*No space left on device\n", result.stderr)


def test_an_interrupt_prints_one_line_and_exits_with_130():
    code = (
        "import os, signal, sys\n"
        "from tfmts_compat import cli\n"
        "cli.explain._run = lambda _: os.kill(os.getpid(), signal.SIGINT)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "sys.exit(cli.main(['explain']))"
    )
    result = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, check=False)
    assert (result.returncode, result.stderr) == (130, b"tfmts-compat: interrupted\n")


def test_an_unknown_command_prints_one_line_and_exits_with_2():
    result = run("unknown")
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1


def test_the_command_alone_prints_its_usage_and_its_subcommands():
    result = run()
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == run("--help").stdout
    assert re.search("^    doctor +check the installed versions", result.stderr, re.MULTILINE)
