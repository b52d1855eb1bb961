import os
import subprocess
import sys

import pytest


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent.name == "cluster":
            item.add_marker(pytest.mark.cluster)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Runs a test that mounts a file system as root of a user namespace of its own."""
    if pyfuncitem.get_closest_marker("mounts") is None or os.geteuid() == 0:
        return None
    as_root = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*as_root, "true"], capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a file system here: there are no user namespaces")
    test = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", pyfuncitem.nodeid]
    inner = subprocess.run(
        [*as_root, *test],
        capture_output=True,
        check=False,
        cwd=pyfuncitem.config.rootpath,
        text=True,
        timeout=1200,
    )
    assert "1 passed" in inner.stdout, inner.stdout + inner.stderr
    return True
