"""Requirements files that list TensorFlow, but not tfmts_compat."""

import json

import pytest

from tfmts_compat import cli

OLD = "import tensorflow as tf\nx = tf.train.Scaffold()\n"
LINE = "tfmts_compat @ git+URL"
LISTS = {
    "requirements.txt": ("# x\nnumpy\ntensorflow>=2.4  # y\n", "3:1", LINE),
    "requirements-dev.in": ("tensorflow_probability\ntensorflow-gpu\n", "2:1", LINE),
    "requirements/base.txt": ("tf-nightly\n", "1:1", LINE),
    "setup.cfg": (
        "[metadata]\nname = tensorflow\n[options]\ninstall_requires =\n    numpy\n    tensorflow\n",
        "6:5",
        LINE,
    ),
    "setup.py": (
        'setup(name="x", keywords=["tensorflow"],\n      install_requires=["tensorflow>=1"])\n',
        "2:26",
        f'"{LINE}"',
    ),
    "pyproject.toml": (
        '[project]\nkeywords = ["tensorflow"]\ndependencies = [\n  "x",\n  "tensorflow",\n]\n'
        "[tool.tfmts_compat]\nignore = []\n",
        "5:4",
        f'"{LINE}"',
    ),
    "Dockerfile": (
        "FROM python\nRUN pip install --no-cache-dir numpy tensorflow-cpu\n",
        "2:38",
        f'pip install "{LINE}"',
    ),
    "environment.yml": (
        "dependencies:\n  - conda-forge::tensorflow=2.4\n", "2:18", f"- pip: [{LINE}]"
    ),
}  # fmt: skip


def write(directory, name, text):
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def found(capsys, *arguments):
    cli.main(["migrate", "--check", "--select=TFM4,TFM1", *arguments])
    return [line for line in capsys.readouterr().out.splitlines() if "TFM401" in line]


@pytest.mark.parametrize("paths", [["."], ["pkg/a.py"]])
@pytest.mark.parametrize("name", LISTS)
def test_a_file_that_lists_only_tensorflow_is_reported(tree, capsys, name, paths):
    tree(pkg__a_py=OLD)
    text, place, addition = LISTS[name]
    write(tree(), name, text)
    packages = {
        "Dockerfile": "tensorflow-cpu",
        "requirements-dev.in": "tensorflow-gpu",
        "requirements/base.txt": "tf-nightly",
    }
    package = packages.get(name, "tensorflow")
    assert found(capsys, *paths) == [
        f"{name}:{place}: TFM401 lists {package} but not tfmts_compat; add {addition}, "
        "where URL is the address of the repository of tfmts_compat"
    ]
    assert cli.main(["migrate", "--write", *paths]) == 0
    capsys.readouterr()
    assert len(found(capsys, *paths)) == 1
    write(tree(), name, f"{text}\n {'RUN pip install ' * (name == 'Dockerfile')}tfmts-compat")
    assert found(capsys, *paths) == []


PINS = {
    "tensorflow==1.15.0\n": "1.15",
    "tensorflow-gpu<2.0": "2.0",
    "tensorflow ~= 2.3.1": "2.3",
    "tensorflow==2.4.0": None,
    "tensorflow>=1.15": None,
    "tensorflow": None,
}


@pytest.mark.parametrize(("line", "version"), PINS.items())
def test_a_pinned_tensorflow_that_is_too_old_is_reported(tree, capsys, line, version):
    tree(a_py=OLD)
    write(tree(), "requirements.txt", line)
    (message,) = found(capsys, ".")
    end = f"; it pins TensorFlow {version}, and tfmts_compat needs 2.4"
    assert message.endswith(end if version else "the repository of tfmts_compat")


def test_a_notebook_that_installs_tensorflow_and_uses_tfmts_compat_is_reported(tree, capsys):
    def notebook(code):
        cells = [["!pip install -q tensorflow==2.15\n"], code]
        return json.dumps(
            {"cells": [{"cell_type": "code", "source": cell} for cell in cells]}, indent=1
        )

    tree(a_ipynb=notebook(OLD), b_ipynb=notebook("x = 1"))
    (message,) = found(capsys, ".")
    assert message.startswith(
        "a.ipynb:6:22: TFM401 lists tensorflow but not tfmts_compat; add !pip "
    )


def test_a_poetry_file_is_reported(tree, capsys):
    tree(a_py=OLD)
    write(tree(), "pyproject.toml", '[tool.poetry.dependencies]\nnumpy = "1"\ntensorflow = "^2"\n')
    assert [line.split()[0] for line in found(capsys, ".")] == ["pyproject.toml:3:1:"]


NOT_MISSING = {
    "without-tensorflow": ("numpy\n", OLD),
    "another-package": ("tensorflow-datasets\ntensorflow_hub\n", OLD),
    "silenced": ("tensorflow  # tfmts: ignore[TFM401]\n", OLD),
    "nothing-uses-it": ("tensorflow\n", "import tensorflow as tf\n"),
    "listed": ("tensorflow\ntfmts_compat @ git+x\n", OLD),
}


@pytest.mark.parametrize(("text", "source"), NOT_MISSING.values(), ids=NOT_MISSING)
def test_other_files_are_not_reported(tree, capsys, text, source):
    tree(a_py=source)
    write(tree(), "requirements.txt", text)
    assert found(capsys, ".") == []


def test_the_nearest_files_are_checked(tree, capsys):
    tree(a__a_py=OLD, b__a_py=OLD, c__a_py=OLD)
    write(tree(), "c/requirements.txt", "tensorflow\ntfmts_compat\n")
    assert found(capsys, "c") == []
    write(tree(), "requirements.txt", "tensorflow\n")
    write(tree(), "a/requirements.txt", "tensorflow\n")
    assert [line.split(":")[0] for line in found(capsys, "a")] == ["a/requirements.txt"]
    assert [line.split(":")[0] for line in found(capsys, ".")] == [
        "a/requirements.txt", "requirements.txt",
    ]  # fmt: skip
