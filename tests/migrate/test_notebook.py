"""Notebooks: only the sources of code cells change, and only where they have to."""

import json

import pytest

from tfmts_compat.migrate.notebook import migrated
from tfmts_compat.migrate.source import UnreadableError

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
def test_cells_are_one_module_and_all_else_stays(indent, ascii_only, end):
    def dumped(value):
        return json.dumps(value, indent=indent, ensure_ascii=ascii_only) + end

    new_use = [line.replace("tf.train.", "tfmts_compat.") for line in USE]
    new_head = [*HEAD[:2], HEAD[2] + "\n", "import tfmts_compat"]
    result = migrated(dumped(notebook(HEAD, USE)), "n.ipynb")
    assert result.text == dumped(notebook(new_head, new_use))
    assert [str(it)[:26] for it in result.found] == [
        "n.ipynb:cell 1:3:1: TFM102",
        "n.ipynb:cell 2:1:5: TFM101",
        "n.ipynb:cell 2:4:6: TFM101",
    ]
    assert migrated(result.text, "n.ipynb").text == result.text


def test_a_source_may_be_one_string():
    text = json.dumps(notebook("import tensorflow as tf\ntf.train.Scaffold()"))
    expected = json.dumps(notebook("import tfmts_compat\ntfmts_compat.Scaffold()"))
    assert migrated(text, "n.ipynb").text == expected


def test_an_import_alone_in_its_cell_is_replaced_there():
    text = json.dumps(notebook(["import tensorflow as tf"], ["tf.train.Scaffold()\n"]))
    expected = json.dumps(notebook(["import tfmts_compat"], ["tfmts_compat.Scaffold()\n"]))
    assert migrated(text, "n.ipynb").text == expected


ALONE = {
    "cell-magic": ["%%time\n", "import tensorflow as tf\n", "tf.train.Scaffold()"],
    "bash": ["%%bash\n", "for x in 1; do tf.train.Scaffold; done"],
    "empty": [],
    "string-with-percent": ["x = '''\n", "%d\n", "''' % tf.train.Scaffold"],
}


@pytest.mark.parametrize("source", ALONE.values(), ids=ALONE)
def test_a_cell_stays_as_it_is(source):
    text = json.dumps(notebook(source))
    assert migrated(text, "n.ipynb").text == text


@pytest.mark.parametrize("magic", ["%timeit tf.x()\n", "%%time\ntf.x()\n"])
def test_an_import_that_a_magic_uses_stays(magic):
    text = json.dumps(notebook("import tensorflow as tf\ntf.train.Scaffold()", magic))
    expected = json.dumps(
        notebook("import tensorflow as tf\nimport tfmts_compat\ntfmts_compat.Scaffold()", magic)
    )
    assert migrated(text, "n.ipynb").text == expected


def test_text_cells_stay_as_they_are():
    text = json.dumps(
        notebook(["import tensorflow as tf\n", "tf.train.Scaffold()"], kind="markdown")
    )
    assert migrated(text, "n.ipynb").text == text


def test_await_outside_of_a_function_is_read():
    text = json.dumps(notebook(["import tensorflow as tf\n", "await tf.train.Scaffold(tf.x)"]))
    assert "await tfmts_compat.Scaffold(tf.x)" in migrated(text, "n.ipynb").text


def test_a_cell_that_cannot_be_parsed_is_named():
    text = json.dumps(notebook(["import tensorflow as tf"], ["x = 1\n", "tf.train.Scaffold(((\n"]))
    with pytest.raises(UnreadableError, match="cell 2"):
        migrated(text, "n.ipynb")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"cells": 3}', '{"cells": [3]}'])
def test_what_is_no_notebook_is_an_error(text):
    with pytest.raises(UnreadableError, match="is no notebook"):
        migrated(text, "n.ipynb")
