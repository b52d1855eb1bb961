"""The results as a table, a plot, a comparison, and the page in docs/."""

import json
import re

BEGIN, END = "<!-- figures: made by `python benchmarks --render` -->", "<!-- end of figures -->"


def verdict(case):
    """Whether the target is reached; the interval of a median above it may still contain it."""
    if case["target"] is None:
        return ""
    middle, low, _ = case["result"]
    if middle <= case["target"]:
        return "yes"
    return "within the interval" if low is not None and low <= case["target"] else "no"


def _number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _result(case):
    def shown(value):
        return f"{value:.3f}" if case["ratio_of"] else _number(value)

    middle, low, high = case["result"]
    text = shown(middle) if low is None else f"{shown(middle)} ({shown(low)} to {shown(high)})"
    return text if case["ratio_of"] else f"{text} {case['unit']}"


def _target(case):
    if case["target"] is None:
        return ""
    return f"{case['target']:.2f}" if case["ratio_of"] else f"{case['target']} {case['unit']}"


def _markdown(header, rows):
    widths = [max(map(len, column)) for column in zip(header, *rows)]

    def line(cells):
        return "| " + " | ".join(f"{c:{w}}" for c, w in zip(cells, widths)) + " |"

    return "\n".join([line(header), line(["-" * w for w in widths]), *map(line, rows)])


def table(results):
    """The cases as a Markdown table."""
    rows = []
    for name, case in results["cases"].items():
        sides = [case["medians"].get(side) for side in ("raw", "upstream", "shim")]
        cells = [f"{_number(value)} {case['unit']}" if value else "" for value in sides]
        rows.append([name, *cells, _result(case), _target(case), verdict(case)])
    header = ["what", "raw", "upstream", "shim", "result (95 % interval)", "at most", "reached"]
    return _markdown(header, rows)


def environment(results):
    """One sentence on the machine and the versions."""
    where = results["environment"]
    return (
        f"{where['cpu']}, {where['cores']} cores, load {where['load']}; {where['system']}; "
        f"Python {where['python']}, TensorFlow {where['tensorflow']}, NumPy {where['numpy']}, "
        f"tfmts_compat {where['tfmts_compat']}; {where['date']}."
    )


def _earlier(results):
    """Sentences on the cases that were measured before the others."""
    dates = {}
    for name, case in results["cases"].items():
        if "date" in case:
            dates.setdefault(case["date"], []).append(f"*{name}*")
    return [f"Measured on {date}: {'; '.join(names)}." for date, names in dates.items()]


def comparison(earlier, now):
    """The changes since earlier results; a change counts if the intervals do not overlap."""
    rows = []
    for name, case in now["cases"].items():
        before = earlier["cases"].get(name)
        if before is None:
            rows.append([name, "", _result(case), "new"])
            continue
        (_, old_low, old_high), (_, low, high) = before["result"], case["result"]
        if None in (old_low, low):
            moved = "too few rounds"
        elif high < old_low or low > old_high:
            moved = "faster" if high < old_low else "SLOWER"
        else:
            moved = "same"
        rows.append([name, _result(before), _result(case), moved])
    return _markdown(["what", "earlier", "now", "moved"], rows)


def versions(steps):
    """How the steps compare on several TensorFlow versions, as a Markdown table."""
    names = [name for name, case in steps[0]["cases"].items() if name.startswith("step, ")]
    rows = [[name, *(_result(results["cases"][name]) for results in steps)] for name in names]
    tensorflow = [f"TensorFlow {results['environment']['tensorflow']}" for results in steps]
    return _markdown(["what", *tensorflow], rows)


def rendered(page, directory):
    """The page, with new figures between its two markers from the results in a directory."""

    def read(path):
        return json.loads(path.read_text(encoding="utf-8"))

    results = read(directory / "published.json")
    figures = [environment(results), *_earlier(results), table(results)]
    steps = [read(path) for path in directory.glob("steps-*.json")]
    if steps:
        steps.sort(key=lambda each: [int(n) for n in each["environment"]["tensorflow"].split(".")])
        figures += ["The steps on other versions:", *map(environment, steps), versions(steps)]
    text = "\n\n".join([BEGIN, *figures, END])
    return re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: text, page, flags=re.DOTALL)


def plot(results, path):
    """Draws the step times, and every ratio with its interval."""
    import matplotlib

    matplotlib.use("agg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "tfmts_compat"})
    from matplotlib import pyplot

    ratios = {
        name: case for name, case in results["cases"].items() if case["ratio_of"] == "shim/upstream"
    }
    steps = {name: case for name, case in ratios.items() if name.startswith("step, ")}
    figure, (left, right) = pyplot.subplots(
        1, 2, figsize=(13, 0.38 * len(ratios) + 1.2), layout="constrained"
    )
    for offset, side, color in (
        (-0.27, "raw", "0.8"),
        (0, "upstream", "0.5"),
        (0.27, "shim", "C0"),
    ):
        places = [place + offset for place in range(len(steps))]
        bars = left.barh(
            places,
            [case["medians"][side] for case in steps.values()],
            height=0.25,
            color=color,
            label="raw Session.run" if side == "raw" else side,
        )
        left.bar_label(bars, fmt="%.0f", padding=2, fontsize=8)
    left.set_yticks(range(len(steps)), [name.replace("step, ", "") for name in steps])
    left.set_title("time of a step of one tiny op, µs")
    left.legend(loc="upper right", fontsize=8)

    for place, case in enumerate(ratios.values()):
        middle, low, high = case["result"]
        if low is not None:
            right.plot([low, high], [place, place], color="C0", linewidth=3, alpha=0.5)
        right.plot(middle, place, "o", color="C0")
        right.annotate(f"{middle:.2f}", (middle, place), (0, 5), textcoords="offset points")
    right.axvline(1, color="0.5", linewidth=1)
    right.set_yticks(range(len(ratios)), list(ratios))
    right.set_title("shim / upstream, with 95 % interval")
    for axes in (left, right):
        axes.invert_yaxis()
        axes.spines[["top", "right"]].set_visible(False)
        axes.margins(x=0.1)
    figure.savefig(path, metadata={"Date": None})
