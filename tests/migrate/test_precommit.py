"""The pre-commit hooks, run by pre-commit from a clone of this repository."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.precommit,
    pytest.mark.skipif(
        not (ROOT / ".git").exists() or not shutil.which("pre-commit", path=os.pathsep.join(
            [str(Path(sys.executable).parent), os.environ.get("PATH", "")])),
        reason="needs pre-commit and a checkout",
    ),
]  # fmt: skip
OLD = "import tensorflow as tf\nx = tf.train.Scaffold()\n"


def run(*command, cwd, **more):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        command, cwd=cwd, env={**os.environ, "PATH": path, **more}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def hooks(tmp_path_factory):
    """A repository with this working tree's files, committed."""
    clone = tmp_path_factory.mktemp("hooks")
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    for name in names:
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, clone / name)
    commit(clone)
    return clone


def commit(directory):
    run("git", "init", "-q", cwd=directory)
    run("git", "add", "-A", cwd=directory)
    who = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    assert run("git", *who, "commit", "-qm", "x", cwd=directory).returncode == 0


def test_the_hooks_check_and_change_files(hooks, tmp_path):
    (tmp_path / "a.py").write_text(OLD)
    revision = run("git", "rev-parse", "HEAD", cwd=hooks).stdout.strip()
    ids = "".join(f"  - id: tfmts-compat-{name}\n" for name in ("check", "migrate"))
    (tmp_path / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {hooks}\n  rev: {revision}\n  hooks:\n{ids}"
    )
    commit(tmp_path)
    home = hooks.parent / "pre-commit-home"

    def ran(hook):
        return run("pre-commit", "run", f"tfmts-compat-{hook}", "--all-files", "--verbose",
                   cwd=tmp_path, PRE_COMMIT_HOME=str(home))  # fmt: skip

    checked = ran("check")
    assert checked.returncode == 1, checked.stdout
    assert "a.py:2:5: TFM101" in checked.stdout
    assert (tmp_path / "a.py").read_text() == OLD

    changed = ran("migrate")
    assert changed.returncode == 1, changed.stdout
    assert "files were modified by this hook" in changed.stdout
    assert (tmp_path / "a.py").read_text() == "import tfmts_compat\nx = tfmts_compat.Scaffold()\n"

    checked = ran("check")
    assert checked.returncode == 0, checked.stdout
    assert list(home.rglob("pathspec/__init__.py"))
    assert not list(home.rglob("tensorflow/__init__.py"))
