"""The goldens, the table that is generated from them, and the tox environments."""

import configparser
import pathlib
import re
import runpy

import pytest

from tfmts_compat.parity import golden, scenarios
from tfmts_compat.parity.comparison import Traces, differences

REPOSITORY = pathlib.Path(__file__).parents[2]


def test_every_minor_has_a_golden_of_every_scenario():
    assert golden.minors() == [(2, minor) for minor in range(4, 22)]
    for minor in golden.minors():
        recorded = golden.read(minor)
        assert golden.minor_of(recorded.header["tensorflow"]) == minor
        assert list(recorded.traces) == list(scenarios.table()), minor


def test_every_golden_has_an_environment_of_its_version():
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(REPOSITORY / "tox.ini")
    pins = re.findall(r"^(tf\d+): tensorflow==(\S+)$", tox["testenv"]["deps"], re.MULTILINE)
    recorded = [golden.read(minor).header["tensorflow"] for minor in golden.minors()]
    assert [version for _, version in pins] == recorded
    label = re.search(r"parity = (.*)", tox["tox"]["labels"])[1]
    for factor, _ in pins:
        assert re.search(rf"[{{,-]{factor}|tf{{[^}}]*\b{factor[2:]}\b", label), factor


def test_the_table_of_versions_is_current():
    page = runpy.run_path(str(REPOSITORY / "docs" / "versions.py"))["page"]()
    assert (REPOSITORY / "docs" / "versions.md").read_text(encoding="utf-8") == page, (
        "run: python docs/versions.py"
    )


@pytest.mark.parametrize(
    ("installed", "used"),
    [((2, 4), (2, 4)), ((2, 21), (2, 21)), ((2, 30), (2, 21)), ((3, 0), (2, 21))],
)
def test_a_minor_without_a_golden_uses_the_nearest_older_one(installed, used):
    assert golden.nearest(installed).minor == used


def test_without_an_older_golden_there_is_none():
    assert golden.nearest((1, 15)) is None


def test_a_golden_reads_back_as_written(tmp_path, monkeypatch):
    run = {"log": ["a", "b"], "hooks": [{"class": "X", "every": 2}], "values": [0.5, None]}
    traces = {"both": Traces([run, {}], [run]), "one": Traces([run])}
    golden.write(tmp_path, {"tensorflow": "2.99.0"}, traces)
    monkeypatch.setattr(golden, "DIRECTORY", tmp_path)
    assert golden.minors() == [(2, 99)]
    assert golden.read((2, 99)).traces == traces


def test_goldens_contain_no_path_or_host_name():
    for path in golden.DIRECTORY.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r'"/|\W/(tmp|home|root|usr)/|localhost|tfevents\.\d', text), path


def test_differences_name_the_place():
    left, right = [{"creator": {"class": "A"}, "log": ["x"]}], [{"creator": {"class": "B"}}]
    assert differences(left, right) == [
        ("run[0].creator.class", "A", "B"),
        ("run[0].log", ["x"], None),
    ]
