"""Measures the shim and upstream in the same process: `python benchmarks`, or `tox -e bench`."""

import argparse
import datetime
import importlib
import json
import os
import pathlib
import platform
import sys

import pairs
import report

HERE = pathlib.Path(__file__).parent
RESULTS = HERE / "results"  # published.json, and the steps on other TensorFlow versions
PUBLISHED = RESULTS / "published.json"
PAGE = HERE.parent / "docs" / "performance.md"
PLOT = HERE.parent / "docs" / "performance.svg"

# The modules to run, in this order. Each has measure(quick), which yields (name, pairs.case(...)).
MODULES = ("steps", "sessions", "processes")
# Slow modules, which --quick omits. Their measure() returns a dict. Each entry such as
# {"join_secs": {"upstream": [...], "shim": [...]}} becomes a case; its name ends in the unit.
SLOW_MODULES = ("worker_join", "migrate")
UNITS = {"secs": "s", "ms": "ms", "mb": "MB"}


def main(argv=None):
    """Measures, prints the results, and writes the requested files; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a few minutes")
    parser.add_argument("--only", metavar="MODULE", choices=(*MODULES, *SLOW_MODULES))
    parser.add_argument("--json", metavar="FILE", type=pathlib.Path, help="write the results")
    parser.add_argument(
        "--plot", metavar="FILE", type=pathlib.Path, help="plot the steps (SVG or PNG)"
    )
    parser.add_argument(
        "--compare", metavar="FILE", type=pathlib.Path, help="compare with earlier results"
    )
    parser.add_argument(
        "--publish",
        action="store_true",
        help="write the committed results, page and plots; with --only, keep the other results",
    )
    parser.add_argument(
        "--publish-steps",
        action="store_true",
        help="measure the steps on this TensorFlow, write its committed results and the page",
    )
    parser.add_argument(
        "--render", action="store_true", help="write page and plots from the committed results"
    )
    arguments = parser.parse_args(argv)
    if arguments.publish_steps:
        arguments.only = "steps"

    if arguments.render:
        results = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    else:
        results = _measured(arguments.quick, arguments.only)
        print(f"\n{report.environment(results)}\n\n{report.table(results)}")
    if arguments.publish and arguments.only:
        results = merged(json.loads(PUBLISHED.read_text(encoding="utf-8")), results)
    if arguments.json:
        _write(arguments.json, json.dumps(results, indent=1))
    if arguments.publish:
        _write(PUBLISHED, json.dumps(results, indent=1))
        report.plot(results, PLOT)
    if arguments.publish_steps:
        version = results["environment"]["tensorflow"]
        _write(RESULTS / f"steps-{version}.json", json.dumps(results, indent=1))
    if arguments.publish or arguments.publish_steps or arguments.render:
        _write(PAGE, report.rendered(PAGE.read_text(encoding="utf-8"), RESULTS))
    if arguments.render:
        report.plot(results, PLOT)
    if arguments.plot:
        report.plot(results, arguments.plot)
    if arguments.compare:
        earlier = json.loads(arguments.compare.read_text(encoding="utf-8"))
        print(f"\n{report.comparison(earlier, results)}")
    return 0


def merged(earlier, now):
    """Returns the new results, and the earlier ones that were not measured again."""
    date = earlier["environment"]["date"]
    cases = {**earlier["cases"], **now["cases"]}  # in the earlier order
    if date != now["environment"]["date"]:
        for name in earlier["cases"].keys() - now["cases"].keys():
            cases[name] = {"date": date, **cases[name]}
    return {**now, "cases": cases}


def _write(path, text):
    path.write_text(text.rstrip() + "\n", encoding="utf-8")


def _measured(quick, only):
    cases = {}
    load = _load()
    for module in (only,) if only else MODULES if quick else (*MODULES, *SLOW_MODULES):
        for name, case in _cases_of(module, quick):
            cases[name] = case
            print(f"{name}: {case['result'][0]:.4g}", file=sys.stderr, flush=True)
    return {"environment": _environment(f"{load} to {_load()}"), "quick": quick, "cases": cases}


def _cases_of(module, quick):
    if module in MODULES:
        yield from importlib.import_module(module).measure(quick)
        return
    try:
        slow = importlib.import_module(module)
        measured = slow.measure()
    except ModuleNotFoundError as problem:
        print(f"{module}: skipped, {problem}", file=sys.stderr)
        return
    yield from cases_in(module, measured, getattr(slow, "TARGET", None))


def cases_in(module, measured, target=None):
    """Returns the cases in the dict that the measure() of a slow module returned.

    Only cases with values of upstream have the target.
    """
    for key, values in measured.items():
        name, _, unit = key.rpartition("_")
        if unit in UNITS and isinstance(values, dict) and "shim" in values:
            aim = target if "upstream" in values else None
            yield f"{module}: {name.replace('_', ' ')}", pairs.case(UNITS[unit], values, aim)


def _load():
    return f"{os.getloadavg()[0]:.1f}"


def _environment(load):
    import numpy as np
    import tensorflow as tf

    import tfmts_compat

    cpu = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            models = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
            cpu = models[0] if models else cpu
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "load": load,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
        "tfmts_compat": tfmts_compat.__version__,
        "date": datetime.date.today().isoformat(),
    }


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main())
