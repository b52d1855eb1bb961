"""Notebooks: only the sources of code cells change."""

import json

import pytest

from tfmts_compat import cli
from tfmts_compat.migrate.change.notebook import migrate_notebook
from tfmts_compat.migrate.read.source import UnreadableError

HEAD = ["%matplotlib inline\n", "!pip install x\n", "import tensorflow as tf"]
USE = ["x = tf.train.Scaffold()\n", "out = !ls\n", "tf.x?\n", "with tf.train.MonitoredSession() as s:\n",  # noqa: E501
       "    print('ü', tf.x)"]  # fmt: skip


def notebook(*sources, kind="code"):
    cells = [
        {
            "cell_type": kind,
            "execution_count": 3,
            "metadata": {"z": 1, "a": 2},
            "outputs": [{"text": ["tf.train.Scaffold()\n"]}],
            "source": source,
        }
        for source in sources
    ]
    return {"nbformat": 4, "cells": cells, "metadata": {}}


@pytest.mark.parametrize("end", ["", "\n"])
@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("indent", [1, 2, 4, "\t", None])
def test_cells_are_one_module_and_nothing_else_changes(indent, ascii_only, end):
    def dumped(value):
        return json.dumps(value, indent=indent, ensure_ascii=ascii_only) + end

    new_use = [line.replace("tf.train.", "tfmts_compat.") for line in USE]
    new_head = [*HEAD[:2], HEAD[2] + "\n", "import tfmts_compat"]
    result = migrate_notebook(dumped(notebook(HEAD, USE)), "n.ipynb")
    assert result.text == dumped(notebook(new_head, new_use))
    assert [str(finding)[:26] for finding in result.found] == [
        "n.ipynb:cell 1:3:1: TFM102",
        "n.ipynb:cell 2:1:5: TFM101",
        "n.ipynb:cell 2:4:6: TFM101",
    ]
    assert migrate_notebook(result.text, "n.ipynb").text == result.text


def test_a_source_may_be_one_string():
    text = json.dumps(notebook("import tensorflow as tf\ntf.train.Scaffold()"))
    expected = json.dumps(notebook("import tfmts_compat\ntfmts_compat.Scaffold()"))
    assert migrate_notebook(text, "n.ipynb").text == expected


def test_an_import_that_is_alone_in_its_cell_is_replaced():
    text = json.dumps(notebook(["import tensorflow as tf"], ["tf.train.Scaffold()\n"]))
    expected = json.dumps(notebook(["import tfmts_compat"], ["tfmts_compat.Scaffold()\n"]))
    assert migrate_notebook(text, "n.ipynb").text == expected


ALONE = {
    "html": ["%%html\n", "import tensorflow as tf\n", "tf.train.Scaffold()"],
    "timeit-imports": ["%%timeit\n", "import tensorflow as tf\n", "tf.train.Scaffold()"],
    "bash": ["%%bash\n", "for x in 1; do tf.train.Scaffold; done"],
    "empty": [],
    "string-with-percent": ["x = '''\n", "%d\n", "''' % tf.train.Scaffold"],
}


@pytest.mark.parametrize("source", ALONE.values(), ids=ALONE)
def test_a_cell_that_is_not_python_does_not_change(source):
    text = json.dumps(notebook(source))
    assert migrate_notebook(text, "n.ipynb").text == text


@pytest.mark.parametrize("magic", ["%timeit tf.x()\n", "%%time\ntf.x()\n"])
def test_an_import_that_a_magic_uses_is_kept(magic):
    text = json.dumps(notebook("import tensorflow as tf\ntf.train.Scaffold()", magic))
    expected = json.dumps(
        notebook("import tensorflow as tf\nimport tfmts_compat\ntfmts_compat.Scaffold()", magic)
    )
    assert migrate_notebook(text, "n.ipynb").text == expected


NAMED = {
    "writefile": ["%%writefile train.py\n", "import tensorflow as tf\n", "s = tf.train.Scaffold()"],
    "python": ["%%python\n", "\n", "from tensorflow.train import Scaffold"],
    "bash": ["%%bash\n", "echo\n", "python -c 'import tensorflow as tf; tf.train.Scaffold()'"],
    "shell": ["x = 1\n", "\n", "!python -c 'import tensorflow as tf; tf.train.Scaffold()'"],
    "prun": ["x = 1\n", "\n", "%prun tf.train.Scaffold()"],
    "time": ["x = 1\n", "\n", "%time x = tf.train.Scaffold()"],
    "timeit-of-a-value": ["x = 1\n", "\n", "r = %timeit -o tf.train.Scaffold()"],
}


@pytest.mark.parametrize("source", NAMED.values(), ids=NAMED)
def test_a_name_in_a_magic_is_reported_and_not_changed(source):
    text = json.dumps(notebook("import tensorflow as tf", source))
    result = migrate_notebook(text, "n.ipynb")
    assert result.text == text
    ((place, line, code, message),) = (
        (finding.path, finding.line, finding.code, finding.message) for finding in result.found
    )
    assert (place, line, code) == ("n.ipynb:cell 2", 3, "TFM209")
    assert message.endswith(
        " is named in a magic or shell command, which is not changed; if it is TensorFlow's, write "
        "tfmts_compat.Scaffold and import tfmts_compat"
    )
    source[2] += "  # tfmts: ignore"
    assert not migrate_notebook(json.dumps(notebook(source)), "n.ipynb").found


def test_a_text_in_a_magic_is_not_reported():
    text = json.dumps(notebook(["%%html\n", "<b>Scaffold</b>"], "%%bash\nls", "!ls"))
    assert not migrate_notebook(text, "n.ipynb").found


def test_the_last_of_two_sources_is_migrated():
    text = json.dumps(notebook(f"{TF}\n{USED}"))
    twice = text.replace('"source"', '"source": "y = 1", "source"')
    expected = twice.replace("tf\\n", "tf\\nimport tfmts_compat\\n").replace(
        USED, USED.replace("tf.train", "tfmts_compat")
    )
    assert migrate_notebook(twice, "n.ipynb").text == expected


def test_a_cell_that_cannot_be_encoded_is_reported():
    text = json.dumps(notebook("s = '\ud83d'", f"{TF}\n{USED}"))
    result = migrate_notebook(text, "n.ipynb")
    assert "tfmts_compat.Scaffold(tf.x)" in result.text
    assert [finding.code for finding in result.found] == ["TFM002", "TFM102", "TFM101"]
    assert "surrogates not allowed; this cell is not changed" in str(result.found[0])


def test_text_cells_do_not_change():
    text = json.dumps(
        notebook(["import tensorflow as tf\n", "tf.train.Scaffold()"], kind="markdown")
    )
    assert migrate_notebook(text, "n.ipynb").text == text


def test_await_outside_a_function_is_parsed():
    text = json.dumps(notebook(["import tensorflow as tf\n", "await tf.train.Scaffold(tf.x)"]))
    assert "await tfmts_compat.Scaffold(tf.x)" in migrate_notebook(text, "n.ipynb").text


TF, USED = "import tensorflow as tf", "tf.train.Scaffold(tf.x)"
MAGICS = {
    "continued": ["!pip install \\\n", "    x \\\n", "    y\n", USED],
    "cell-time": ["%%time\n", USED],
    "cell-timeit": ["%%timeit -n 10\n", USED],
    "cell-capture": ["%%capture out\n", "\n", USED],
    "indented": ["    if y:\n", "\n", "        x = 1  \n", "  \n", f"    {USED}"],
}


@pytest.mark.parametrize("source", MAGICS.values(), ids=MAGICS)
def test_python_in_magics_is_migrated(source):
    new = [line.replace("tf.train.", "tfmts_compat.") for line in source]
    result = migrate_notebook(json.dumps(notebook(TF, source)), "n.ipynb")
    assert result.text == json.dumps(notebook(f"{TF}\nimport tfmts_compat", new))
    assert [finding.code for finding in result.found] == ["TFM102", "TFM101"]


ALL_IN_ONE = {
    "cell-time": (
        ["%%time\n", f"{TF}\n", USED],
        ["%%time\n", f"{TF}\n", "import tfmts_compat\n", "tfmts_compat.Scaffold(tf.x)"],
    ),
    "cell-time-first": (
        ["%%time\n", "def f():\n", f"    {TF}\n", f"    {USED}"],
        ["%%time\n", "def f():\n", f"    {TF}\n", "    import tfmts_compat\n",
         "    tfmts_compat.Scaffold(tf.x)"],
    ),
    "indented": (
        [f"    {TF}\n", f"    {USED}\n", "    z = 1"],
        [f"    {TF}\n", "    import tfmts_compat\n", "    tfmts_compat.Scaffold(tf.x)\n",
         "    z = 1"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), ALL_IN_ONE.values(), ids=ALL_IN_ONE)
def test_an_import_in_a_magic_is_migrated(before, after):
    text = json.dumps(notebook(before))
    assert migrate_notebook(text, "n.ipynb").text == json.dumps(notebook(after))


def test_a_cell_that_cannot_be_parsed_is_reported_and_not_changed():
    bad = ["x = 1\n", "tf.train.Scaffold(((\n"]
    text = json.dumps(notebook(TF, bad, USED))
    expected = json.dumps(notebook(f"{TF}\nimport tfmts_compat", bad, USED.replace(
        "tf.train.", "tfmts_compat.")))  # fmt: skip
    result = migrate_notebook(text, "n.ipynb")
    assert result.text == expected
    (found,) = (str(finding) for finding in result.found if finding.code == "TFM002")
    assert found.startswith("n.ipynb:cell 2:2:1: TFM002 ")
    assert found.endswith("; this cell is not changed, the other cells are")


def test_an_import_that_a_cell_that_cannot_be_parsed_uses_is_kept():
    text = json.dumps(notebook(f"{TF}\ntf.train.Scaffold()", "tf.x((("))
    expected = notebook(f"{TF}\nimport tfmts_compat\ntfmts_compat.Scaffold()", "tf.x(((")
    assert migrate_notebook(text, "n.ipynb").text == json.dumps(expected)


def test_a_cell_that_is_nested_too_deeply_is_reported_and_not_changed():
    text = json.dumps(notebook(f"{TF}\ntf.train.Scaffold(tf.x)", f"y = {'-' * 6000}1"))
    result = migrate_notebook(text, "n.ipynb")
    assert "import tfmts_compat\\ntfmts_compat.Scaffold(tf.x)" in result.text
    (found,) = (str(finding) for finding in result.found if finding.code == "TFM002")
    assert found.startswith("n.ipynb:cell 2:1:1: TFM002 ")
    assert found.endswith("; this cell is not changed, the other cells are")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"cells": 3}', '{"cells": [3]}', '{"worksheets": []}']
)
def test_a_file_that_is_not_a_notebook_is_an_error(text):
    with pytest.raises(UnreadableError, match="is not a notebook"):
        migrate_notebook(text, "n.ipynb")


def test_after_write_a_finding_has_its_cell_and_its_line_in_the_new_text(tree, capsys):
    asks = 'getattr(tf.train, "Scaffold")'
    sources = [[f"{TF}\n", f"{USED}\n", asks], "# text", ["y = 1\n", asks]]
    tree(n_ipynb=json.dumps(notebook(*sources)))
    lines = {}
    for mode in ("--check", "--write"):
        cli.main(["migrate", mode, "--format=json", "n.ipynb"])
        found = json.loads(capsys.readouterr().out)
        lines[mode] = [
            (finding["path"], finding["line"]) for finding in found if finding["code"] == "TFM201"
        ]
    assert lines["--check"] == [("n.ipynb:cell 1", 3), ("n.ipynb:cell 3", 2)]
    assert lines["--write"] == [("n.ipynb:cell 1", 4), ("n.ipynb:cell 3", 2)]
    cells = json.loads((tree() / "n.ipynb").read_text())["cells"]
    assert (cells[0]["source"][3], cells[2]["source"][1]) == (asks, asks)
