"""The benchmarks' arithmetic, and the published page, which is generated from the results."""

import importlib.util
import json
import pathlib
import re

import numpy as np
import pairs
import processes
import pytest
import report
import tensorflow as tf

ROOT = pathlib.Path(__file__).parent.parent
PUBLISHED = ROOT / "benchmarks" / "results" / "published.json"


@pytest.fixture
def published():
    return json.loads(PUBLISHED.read_text(encoding="utf-8"))


def test_the_order_of_the_sides_changes_from_round_to_round():
    calls = []
    sides = {name: (lambda name=name: calls.append(name) or 1.0) for name in "abc"}
    values = pairs.rounds(sides, 6)
    assert values == {name: [1.0] * 6 for name in "abc"}
    rounds = [calls[first : first + 3] for first in range(0, len(calls), 3)]
    assert all(sorted(names) == ["a", "b", "c"] for names in rounds)
    assert {names[0] for names in rounds} == {"a", "b", "c"}


def test_the_ratio_is_computed_per_round_so_that_a_slow_machine_does_not_change_it():
    slowness = np.random.default_rng(1).uniform(1, 10, size=200)
    noise = np.random.default_rng(2).normal(1, 0.01, size=200)
    case = pairs.case("ms", {"shim": 0.6 * slowness * noise, "upstream": slowness})
    _, low, high = case["result"]
    assert low < 0.6 < high
    assert high - low < 0.01


@pytest.fixture
def command():
    spec = importlib.util.spec_from_file_location("command", ROOT / "benchmarks" / "__main__.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_results_of_a_slow_module_become_cases_with_the_unit_in_their_names(command):
    measured = {
        "join_secs": {"upstream": [16.0, 8.0], "shim": [0.5, 0.5]},
        "whole_tree_ms": {"upstream": [8.0, 9.0, 10.0], "shim": [3.0]},
        "tensorflow": "2.21.0",
    }
    cases = dict(command.cases_in("slow", measured))
    assert {name: (case["result"][0], case["unit"]) for name, case in cases.items()} == {
        "slow: join": (0.046875, "s"),
        "slow: whole tree": (1 / 3, "ms"),
    }


@pytest.mark.parametrize("date", ["2020-01-01", "the same"])
def test_results_that_are_not_measured_again_keep_their_order_and_date(command, published, date):
    name = list(published["cases"])[1]
    environment = {**published["environment"]}
    if date != "the same":
        environment["date"] = date
    now = {"environment": environment, "cases": {name: {"unit": "µs"}}}
    cases = command.merged(published, now)["cases"]
    assert list(cases) == list(published["cases"])
    assert cases.pop(name) == {"unit": "µs"}
    earlier = {} if date == "the same" else {"date": published["environment"]["date"]}
    for other, case in cases.items():
        assert case == {**earlier, **published["cases"][other]}


def test_too_few_rounds_give_no_interval():
    assert pairs.case("ms", {"shim": [1.0] * 4})["result"] == [1.0, None, None]


@pytest.mark.parametrize(
    ("result", "reached"),
    [
        ([0.99, 0.98, 1.00], "yes"),
        ([1.01, 0.99, 1.03], "within the interval"),
        ([1.02, 1.01, 1.03], "no"),
        ([1.02, None, None], "no"),
    ],
)
def test_the_verdict_compares_the_result_with_the_target(result, reached):
    assert report.verdict({"result": result, "target": 1.0}) == reached


@pytest.mark.parametrize(
    ("change", "moved"), [(0.5, "faster"), (1.0, "same"), (2.0, "SLOWER"), (None, "new")]
)
def test_a_comparison_shows_what_changed(published, change, moved):
    name, now = "step, default cadence", json.loads(json.dumps(published))
    if change is None:
        del published["cases"][name]
    else:
        now["cases"][name]["result"] = [change * value for value in now["cases"][name]["result"]]
    rows = [row.split("|") for row in report.comparison(published, now).splitlines()]
    assert [row[-2].strip() for row in rows if row[1].strip() == name] == [moved]


def test_the_page_shows_the_published_results(published):
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    assert report.rendered(page, PUBLISHED.parent) == page
    assert report.table(published) in page


def test_the_plots_show_the_published_steps(published):
    ratios = (ROOT / "docs" / "performance.svg").read_text(encoding="utf-8")
    times = (ROOT / "docs" / "performance-times.svg").read_text(encoding="utf-8")
    steps = {
        name.replace("step, ", ""): case
        for name, case in published["cases"].items()
        if name.startswith("step, ") and case["ratio_of"] == "shim/upstream"
    }
    assert len(steps) == 9
    for name, case in steps.items():
        assert f">{name}<" in ratios
        assert f">{case['result'][0]:.2f}<" in ratios
        assert (f">{name}<" in times) == ("parameter server" not in name)
        if "parameter server" not in name:
            assert {f">{value:.0f}<" for value in case["medians"].values()} <= set(
                re.findall(">[0-9]+<", times)
            )


@pytest.mark.skipif(not tf.__version__.startswith("2.21."), reason="published for TF 2.21")
def test_one_command_measures_and_writes_json(command, tmp_path, monkeypatch):
    """Measures the imports and commands only; `tox -e bench -- --quick` measures the rest."""
    monkeypatch.setattr(processes, "_memory", lambda rounds: iter(()))
    path = tmp_path / "now.json"
    command.main(["--quick", "--only=processes", f"--json={path}", f"--compare={PUBLISHED}"])
    results = json.loads(path.read_text(encoding="utf-8"))
    assert results["quick"]
    assert results["cases"]["import tfmts_compat"]["rounds"] == 5
    assert results["cases"]["tfmts-compat explain"]["medians"]["shim"] > 0
