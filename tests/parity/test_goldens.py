"""The goldens, the table that is generated from them, and the tox environments."""

import configparser
import json
import pathlib
import re
import runpy
import shutil

import pytest

from tfmts_compat.parity import golden, scenarios
from tfmts_compat.parity.comparison import Traces, find_differences

REPOSITORY = pathlib.Path(__file__).parents[2]
PUBLISHED = golden.FILE


def test_every_minor_has_a_golden_of_every_scenario():
    assert golden.list_minors() == [(2, minor) for minor in range(4, 22)]
    for minor in golden.list_minors():
        recorded = golden.read(minor)
        assert golden.parse_minor(recorded.header["tensorflow"]) == minor
        assert list(recorded.traces) == list(scenarios.load_all()), minor


def test_every_golden_has_an_environment_of_its_version():
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(REPOSITORY / "tox.ini")
    pins = re.findall(r"^(tf\d+): tensorflow==(\S+)$", tox["testenv"]["deps"], re.MULTILINE)
    recorded = [golden.read(minor).header["tensorflow"] for minor in golden.list_minors()]
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
    assert golden.read_nearest(installed).minor == used


def test_without_an_older_golden_there_is_none():
    assert golden.read_nearest((1, 15)) is None


RUN = {"log": ["a", "b"], "hooks": [{"class": "X", "every": 2}], "values": [0.5, None]}


@pytest.fixture
def new_file(tmp_path, monkeypatch):
    monkeypatch.setattr(golden, "FILE", tmp_path / "goldens.json")
    return golden.FILE


def test_a_golden_reads_back_as_written(new_file):
    traces = {"both": Traces([RUN, {}], [RUN]), "one": Traces([RUN])}
    golden.write(new_file, {"tensorflow": "2.99.0"}, traces)
    assert golden.list_minors() == [(2, 99)]
    assert golden.read((2, 99)).traces == traces


def record_minors(path, letters):
    """Records a scenario on TensorFlow 2.4, 2.5, … with one letter as the trace of each minor."""
    for minor, letter in enumerate(letters, start=4):
        header = {"tensorflow": f"2.{minor}.1"}
        golden.write(path, header, {"scenario": Traces([{"log": [letter]}])})


@pytest.mark.parametrize(
    ("letters", "ranges"),
    [
        ("aaaa", {"2.4 to 2.7": "a"}),
        ("aabb", {"2.4 to 2.5": "a", "2.6 to 2.7": "b"}),
        ("aaba", {"2.4 to 2.5, 2.7": "a", "2.6": "b"}),
        ("abab", {"2.4, 2.6": "a", "2.5, 2.7": "b"}),
    ],
)
def test_equal_traces_are_stored_once_under_the_ranges_of_their_minors(new_file, letters, ranges):
    record_minors(new_file, letters)
    stored = json.loads(new_file.read_text())["scenarios"]["scenario"]
    assert {name: traces["call"][0]["log"][0] for name, traces in stored.items()} == ranges
    recorded = [golden.read(minor).traces["scenario"] for minor in golden.list_minors()]
    assert [traces.call[0]["log"][0] for traces in recorded] == list(letters)


def test_a_recording_changes_only_the_ranges_of_its_minor(new_file):
    shutil.copy(PUBLISHED, new_file)
    before = {minor: golden.read(minor) for minor in golden.list_minors()}
    golden.write(new_file, before[2, 9].header, before[2, 9].traces)
    assert new_file.read_bytes() == PUBLISHED.read_bytes()

    traces = {**before[2, 9].traces, "resume": Traces([RUN])}
    golden.write(new_file, before[2, 9].header, traces)
    assert golden.read((2, 9)).traces == traces
    others = [minor for minor in before if minor != (2, 9)]
    assert [golden.read(minor) for minor in others] == [before[minor] for minor in others]

    golden.write(new_file, before[2, 9].header, before[2, 9].traces)
    assert new_file.read_bytes() == PUBLISHED.read_bytes()


def test_a_scenario_that_no_minor_has_is_removed(new_file):
    golden.write(new_file, {"tensorflow": "2.4.1"}, {"old": Traces([RUN]), "kept": Traces([RUN])})
    golden.write(new_file, {"tensorflow": "2.4.1"}, {"new": Traces([RUN]), "kept": Traces([RUN])})
    assert list(golden.read((2, 4)).traces) == ["new", "kept"]


def test_goldens_contain_no_path_or_host_name():
    text = PUBLISHED.read_text(encoding="utf-8")
    assert not re.search(r'"/|\W/(tmp|home|root|usr)/|localhost|tfevents\.\d', text)


def test_differences_name_the_place():
    left, right = [{"creator": {"class": "A"}, "log": ["x"]}], [{"creator": {"class": "B"}}]
    assert find_differences(left, right) == [
        ("run[0].creator.class", "A", "B"),
        ("run[0].log", ["x"], None),
    ]
