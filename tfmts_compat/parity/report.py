"""The result as text for a terminal, and as JUnit XML for CI."""

from __future__ import annotations

import pathlib
from typing import Mapping
from xml.etree import ElementTree

from tfmts_compat.parity.comparison import Verdict
from tfmts_compat.parity.suite import Result


def header(environment: Mapping[str, str], reference: str) -> str:
    """What is compared with what, in two lines."""
    versions = ", ".join(f"{name} {version}" for name, version in environment.items())
    return f"{versions}\ncompared with {reference}\n"


def text(result: Result) -> str:
    """A table of scenarios, what was found below each, and a summary."""
    width = max((len(outcome.name) for outcome in result.outcomes), default=0)
    lines = []
    for outcome in result.outcomes:
        lines.append(f"{outcome.name:{width}}  {outcome.said}")
        lines += [f"  ! {finding}" for finding in outcome.findings]
        lines += [f"  . {note}" for note in outcome.notes]
    return "\n".join([*lines, "", summary(result)])


def summary(result: Result) -> str:
    """One line: how many of which verdict, and how long it took."""
    counts = ", ".join(f"{result.count(verdict)} {verdict.value}" for verdict in Verdict)
    found = sum(bool(outcome.findings) for outcome in result.outcomes)
    also = f"; {found} with findings (!)" if found else ""
    return f"{len(result.outcomes)} scenarios: {counts}{also}. {result.seconds:.0f} s"


def write_junit(result: Result, path: pathlib.Path) -> None:
    """Writes JUnit XML: a test case per scenario, a failure for each with findings."""
    suite = ElementTree.Element(
        "testsuite",
        name=f"tfmts-compat parity, TensorFlow {result.environment['tensorflow']}",
        tests=str(len(result.outcomes)),
        failures=str(sum(bool(outcome.findings) for outcome in result.outcomes)),
        errors="0",
        skipped="0",
        time=f"{result.seconds:.3f}",
    )
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in {**result.environment, "reference": result.reference}.items():
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
            failure = ElementTree.SubElement(case, "failure", message=outcome.findings[0])
            failure.text = "\n".join(outcome.findings)
        ElementTree.SubElement(case, "system-out").text = "\n".join((outcome.said, *outcome.notes))
    tree = ElementTree.ElementTree(suite)
    tree.write(str(path), encoding="utf-8", xml_declaration=True)
