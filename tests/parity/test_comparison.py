"""Verdicts on real and on altered traces."""

import dataclasses

import pytest

from tfmts_compat.parity import comparison, golden, scenarios
from tfmts_compat.parity.comparison import Traces, Verdict
from tfmts_compat.parity.departures import C2, D1, D4
from tfmts_compat.parity.scenario import Scenario

NEWEST = (2, 21)
RUN = {"session_runs": [3, 1], "log": ["a", "b"], "files": ["DIR/x"]}
SLOW = {**RUN, "session_runs": [4, 2]}
OTHER = {**RUN, "log": ["a"]}
REFUSED = {"error": "AttributeError opening", "log": ["a"], "files": ["DIR/x"]}


def scenario(**options):
    return Scenario("made-up", lambda run: {}, **options)


@pytest.mark.parametrize(
    ("options", "upstream", "shim", "verdict", "shown", "found"),
    [
        pytest.param({}, Traces([RUN]), [RUN], Verdict.SAME, (), None, id="same"),
        pytest.param({}, Traces([RUN]), [OTHER], Verdict.DIFFERS, (), "['b']", id="differs"),
        pytest.param({}, Traces([RUN]), [RUN, RUN], Verdict.DIFFERS, (), "run[1]", id="one-more"),
        pytest.param(
            {"departs": (D4,)}, Traces([SLOW]), [RUN], Verdict.DEPARTS, ("D4",), None, id="place"
        ),
        pytest.param(
            {"departs": (D4,)}, Traces([SLOW]), [OTHER], Verdict.DIFFERS, ("D4",), "log",
            id="more-than-the-departure",
        ),
        pytest.param(
            {"departs": (D4,)}, Traces([RUN]), [RUN], Verdict.SAME, (), "D4 was not observed",
            id="upstream-agrees-now",
        ),
        pytest.param(
            {"departs": (D1,)}, Traces([REFUSED], [RUN]), [RUN], Verdict.DEPARTS, ("D1",), None,
            id="as-documented",
        ),
        pytest.param(
            {"departs": (D1,)}, Traces([REFUSED], [RUN]), [OTHER], Verdict.DIFFERS, ("D1",), "log",
            id="not-as-documented",
        ),
        pytest.param(
            {"departs": (D1, D4)}, Traces([REFUSED], [SLOW]), [RUN], Verdict.DEPARTS,
            ("D1", "D4"), None, id="two-departures",
        ),
        pytest.param(
            {"departs": (dataclasses.replace(D4, since=(2, 22)),)}, Traces([RUN]), [RUN],
            Verdict.SAME, (), None, id="departure-of-another-minor",
        ),
        pytest.param(
            {"departs": (C2,), "rejected": True}, Traces([REFUSED]),
            [{"error": "TypeError opening"}], Verdict.DEPARTS, ("C2",), None, id="rejected-first",
        ),
        pytest.param(
            {"departs": (C2,), "rejected": True}, Traces([REFUSED]),
            [{"error": "TypeError opening", "files": ["DIR/y"]}], Verdict.DIFFERS, ("C2",),
            "left ['DIR/y']", id="rejected-with-files",
        ),
        pytest.param(
            {"departs": (C2,), "rejected": True}, Traces([REFUSED]),
            [{"error": "ValueError opening"}], Verdict.DIFFERS, ("C2",), "ValueError",
            id="rejected-with-another-class",
        ),
        pytest.param(
            {"departs": (C2,), "rejected": True}, Traces([RUN]), [RUN], Verdict.DIFFERS, (),
            "no longer rejects", id="rejected-no-more",
        ),
    ],
)  # fmt: skip
def test_two_traces_get_their_verdict_departures_and_findings(
    options, upstream, shim, verdict, shown, found
):
    outcome = comparison.compare(scenario(**options), NEWEST, upstream, shim)
    assert (outcome.verdict, outcome.departures) == (verdict, shown)
    assert (not outcome.findings) if found is None else found in "\n".join(outcome.findings)


def test_a_change_anywhere_in_a_real_trace_is_found():
    known = golden.read(NEWEST).traces["resume"]
    resume = scenarios.load_all()["resume"]
    assert [len(run) > 5 for run in known.call] == [True, True]
    assert comparison.compare(resume, NEWEST, known, known.call).verdict is Verdict.SAME
    for index, run in enumerate(known.call):
        for part in run:
            altered = [dict(run) for run in known.call]
            del altered[index][part]
            outcome = comparison.compare(resume, NEWEST, known, altered)
            assert outcome.verdict is Verdict.DIFFERS, part


def test_names_are_unique_and_departures_have_their_documented_call():
    table = scenarios.load_all()
    listed = sum(len(scenarios.load_topic(topic)) for topic in scenarios.TOPICS)
    assert len(table) == listed >= 60
    for found in table.values():
        by_document = [d.number for d in found.departs if not d.may_differ]
        assert bool(by_document) == (found.documented is not None), found.name
        assert dataclasses.replace(found, topic="") in scenarios.load_topic(found.topic)
