"""The result as text for a terminal, as JSON, as JUnit XML for CI, and as an HTML page."""

from __future__ import annotations

import itertools
from html import escape
from typing import Any
from xml.etree import ElementTree

from tfmts_compat._rules.departures import DEPARTURES
from tfmts_compat._rules.table import escape_control, wrapped
from tfmts_compat.parity import departures
from tfmts_compat.parity.comparison import Outcome, Verdict
from tfmts_compat.parity.suite import Result

_STYLE = """
:root { color-scheme: light dark; --same: #1a7f37; --departs: #9a6700; --differs: #cf222e;
  --line: #8884; }
@media (prefers-color-scheme: dark) {
  :root { --same: #4ac26b; --departs: #d4a72c; --differs: #ff7b72; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.4rem; margin: 0 0 .5rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .25rem; } h2::first-letter { text-transform: uppercase; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: 0 0 1rem; }
dt { opacity: .7; } dd { margin: 0; overflow-wrap: anywhere; }
ul { list-style: none; margin: 0; padding: 0; }
.counts { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0; }
.counts li { border: 1px solid var(--line); border-left: 4px solid var(--c);
  border-radius: 4px; padding: .25rem .75rem; }
.counts b { font-size: 1.3rem; margin-right: .3rem; }
.scenario { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem;
  border-bottom: 1px solid var(--line); padding: .3rem 0; }
.scenario code { overflow-wrap: anywhere; }
.verdict { color: var(--c); font-weight: 600; }
.more { flex-basis: 100%; font-size: .9rem; overflow-wrap: anywhere; }
.found { color: var(--differs); }
.call { font-family: monospace; opacity: .7; }
.same { --c: var(--same); } .departs { --c: var(--departs); } .differs { --c: var(--differs); }
"""


def format_header(result: Result, count: int) -> str:
    """Formats the versions, what the shim is compared with, and the number of scenarios."""
    # With no-break spaces, so that a name and its version are on one line.
    versions = ", ".join(f"{name}\xa0{version}" for name, version in result.environment.items())
    reference = f"compared with {result.reference}, in {_number(count)}"
    lines = [*wrapped(versions, 80), *wrapped(reference, 80), ""]
    return "\n".join(lines).replace("\xa0", " ")


def format_outcome(outcome: Outcome, width: int) -> str:
    """Formats a scenario's verdict, with the findings below it.

    Args:
      outcome: the scenario's outcome.
      width: the columns of the scenario's name.
    """
    findings = [f"  ! {escape_control(finding)}" for finding in outcome.findings]
    notes = [f"  . {escape_control(note)}" for note in outcome.notes]
    return "\n".join([f"{outcome.name:{width}}  {outcome.verdict_text}", *findings, *notes])


def format_summary(result: Result) -> str:
    """Formats one line: how many scenarios have which verdict, and the time."""
    counts = ", ".join(f"{result.count(verdict)} {verdict.value}" for verdict in Verdict)
    found = sum(bool(outcome.findings) for outcome in result.outcomes)
    also = f"; {found} with findings (!)" if found else ""
    return f"{_number(len(result.outcomes))}: {counts}{also}. {result.seconds:.0f} s"


def _number(scenarios: int) -> str:
    return f"{scenarios} scenario{'' if scenarios == 1 else 's'}"


def to_dict(result: Result) -> dict[str, Any]:
    """Returns the result as values that the json module can write."""
    return {
        "environment": result.environment,
        "platform": result.platform,
        "reference": result.reference,
        "date": result.date,
        "seconds": round(result.seconds, 3),
        "scenarios": [
            {
                **vars(outcome),
                "verdict": outcome.verdict.value,
                "seconds": round(outcome.seconds, 3),
            }
            for outcome in result.outcomes
        ],
        "counts": {verdict.value: result.count(verdict) for verdict in Verdict},
        "ok": result.ok,
    }


def format_junit(result: Result) -> bytes:
    """Formats JUnit XML: a test case for each scenario, a failure for each with findings."""
    suite = ElementTree.Element(
        "testsuite",
        name=f"tfmts-compat parity, TensorFlow {result.environment['tensorflow']}",
        tests=str(len(result.outcomes)),
        failures=str(sum(bool(outcome.findings) for outcome in result.outcomes)),
        errors="0",
        skipped="0",
        time=f"{result.seconds:.3f}",
        timestamp=result.date.rstrip("Z"),
    )
    properties = ElementTree.SubElement(suite, "properties")
    facts = {"platform": result.platform, "reference": result.reference}
    for name, value in {**result.environment, **facts}.items():
        ElementTree.SubElement(properties, "property", name=name, value=value)
    for outcome in result.outcomes:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=f"parity.{outcome.topic}",
            name=outcome.name,
            time=f"{outcome.seconds:.3f}",
        )
        if outcome.findings:
            failure = ElementTree.SubElement(
                case, "failure", message=escape_control(outcome.findings[0])
            )
            failure.text = "\n".join(map(escape_control, outcome.findings))
        ElementTree.SubElement(case, "system-out").text = "\n".join(
            map(escape_control, (outcome.verdict_text, *outcome.notes))
        )
    xml: bytes = ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True)
    return xml


def format_html(result: Result) -> str:
    """Formats the result as one HTML page that needs no other files."""
    tensorflow = escape(result.environment["tensorflow"])
    title = f"tfmts_compat on TensorFlow {tensorflow}"
    facts = {
        **result.environment,
        "platform": result.platform,
        "compared with": result.reference,
        "date": result.date,
        "duration": f"{result.seconds:.0f} s",
    }
    found = [outcome for outcome in result.outcomes if outcome.findings]
    topics = itertools.groupby(result.outcomes, key=lambda outcome: outcome.topic)
    used = {number for outcome in result.outcomes for number in outcome.departures}
    return "\n".join(
        (
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title><style>{_STYLE}</style></head><body>",
            f"<h1>{title}</h1>",
            "<dl>",
            *(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in facts.items()),
            "</dl>",
            '<ul class="counts">',
            *(
                f'<li class="{v.name.lower()}"><b>{result.count(v)}</b>{v.value}</li>'
                for v in Verdict
            ),
            "</ul>",
            *(_format_topic("findings", found) if found else ()),
            *(part for topic, outcomes in topics for part in _format_topic(topic, list(outcomes))),
            "<h2>Departures</h2><dl>" if used else "<dl>",
            *(
                f'<dt id="{known.number}">{known.number}</dt>'
                f"<dd>{escape(_explain_departure(known))}</dd>"
                for known in departures.ALL
                if known.number in used
            ),
            "</dl></body></html>\n",
        )
    )


def _format_topic(topic: str, outcomes: list[Outcome]) -> list[str]:
    return [f"<h2>{escape(topic)}</h2><ul>", *(_format_scenario(o) for o in outcomes), "</ul>"]


def _explain_departure(known: departures.ObservedDeparture) -> str:
    """Returns the text of a departure in the table that docs/contract.md describes."""
    if known.number not in DEPARTURES:
        return known.says
    return (
        f"upstream: {DEPARTURES[known.number].describe().rstrip('.')}; tfmts_compat: {known.says}"
    )


def _format_scenario(outcome: Outcome) -> str:
    kind = outcome.verdict.name.lower()
    below = [("more found", line) for line in outcome.findings]
    below += [("more", line) for line in outcome.notes]
    below += [("more call", outcome.call)]
    more = "".join(
        f'<div class="{style}">{escape(escape_control(line))}</div>' for style, line in below
    )
    links = [f'<a href="#{number}">{number}</a>' for number in outcome.departures]
    return (
        f'<li class="scenario {kind}"><code>{escape(outcome.name)}</code>'
        f'<span class="verdict">{" ".join((outcome.verdict.value, *links))}</span>{more}</li>'
    )
