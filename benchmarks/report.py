"""The results as a table, a plot, a comparison, and the page in docs/."""

import json
import re

BEGIN, END = "<!-- figures: made by `python benchmarks --render` -->", "<!-- end of figures -->"


def verdict(case):
    """Returns whether the target is reached, or whether the interval contains it."""
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
    """Returns the cases as a Markdown table."""
    rows = []
    for name, case in results["cases"].items():
        sides = [case["medians"].get(side) for side in ("raw", "upstream", "shim")]
        cells = [f"{_number(value)} {case['unit']}" if value else "" for value in sides]
        rows.append([name, *cells, _result(case), _target(case), verdict(case)])
    header = ["what", "raw", "upstream", "shim", "result (95 % interval)", "at most", "reached"]
    return _markdown(header, rows)


def environment(results):
    """Describes the machine and the versions in one sentence."""
    where = results["environment"]
    return (
        f"{where['cpu']}, {where['cores']} cores, load {where['load']}; {where['system']}; "
        f"Python {where['python']}, TensorFlow {where['tensorflow']}, NumPy {where['numpy']}, "
        f"tfmts_compat {where['tfmts_compat']}; {where['date']}."
    )


def _earlier(results):
    """Describes the cases that were measured before the others."""
    dates = {}
    for name, case in results["cases"].items():
        if "date" in case:
            dates.setdefault(case["date"], []).append(f"*{name}*")
    return [f"Measured on {date}: {'; '.join(names)}." for date, names in dates.items()]


def comparison(earlier, now):
    """Lists the changes since earlier results whose intervals do not overlap."""
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
    """Describes how the steps compare on several TensorFlow versions, as a Markdown table."""
    names = [name for name, case in steps[0]["cases"].items() if name.startswith("step, ")]
    rows = [[name, *(_result(results["cases"][name]) for results in steps)] for name in names]
    tensorflow = [f"TensorFlow {results['environment']['tensorflow']}" for results in steps]
    return _markdown(["what", *tensorflow], rows)


def rendered(page, directory):
    """Renders the page with new figures from the results in a directory."""

    def read(path):
        return json.loads(path.read_text(encoding="utf-8"))

    results = read(directory / "published.json")
    figures = [environment(results), *_earlier(results), table(results)]
    steps = [read(path) for path in directory.glob("steps-*.json")]
    if steps:
        steps.sort(
            key=lambda result: [int(n) for n in result["environment"]["tensorflow"].split(".")]
        )
        figures += ["The steps on other versions:", *map(environment, steps), versions(steps)]
    text = "\n\n".join([BEGIN, *figures, END])
    return re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: text, page, flags=re.DOTALL)


def plot(results, path):
    """Draws the ratios of the steps, and their times in a second file: plot.svg, plot-times.svg."""
    import matplotlib

    matplotlib.use("agg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "tfmts_compat"})
    steps = {
        name.replace("step, ", ""): case
        for name, case in results["cases"].items()
        if name.startswith("step, ") and case["ratio_of"] == "shim/upstream"
    }
    _save(_draw_ratios, 0.38, steps, path)
    # A step with a parameter server takes so long that the bars of the others would be short.
    local = {name: case for name, case in steps.items() if "parameter server" not in name}
    _save(_draw_times, 0.65, local, path.with_name(f"{path.stem}-times{path.suffix}"))


def _draw_ratios(axes, steps):
    """Draws the ratio of each step, with its 95 % interval."""
    for place, case in enumerate(steps.values()):
        middle, low, high = case["result"]
        if low is not None:
            axes.plot([low, high], [place, place], color="C0", linewidth=6, alpha=0.4)
        axes.plot(middle, place, "o", color="C0", markersize=5)
        axes.annotate(
            f"{middle:.2f}", (low or middle, place), (-8, 0),
            textcoords="offset points", ha="right", va="center",
        )  # fmt: skip
    axes.axvline(1, color="0.5", linewidth=1)
    axes.annotate(
        "← faster than TensorFlow", (1, -0.8), (-6, 0), textcoords="offset points", ha="right"
    )
    axes.set_ylim(-1, len(steps) - 0.5)
    axes.set_xlim(0, 1.1)
    axes.set_title("Time of a step: tfmts_compat / TensorFlow, with 95 % interval", loc="left")


def _draw_times(axes, steps):
    """Draws the time of each step: raw, with TensorFlow and with the shim."""
    for offset, side, color, label in (
        (-0.27, "raw", "0.8", "tf.compat.v1.Session.run alone"),
        (0, "upstream", "0.5", "TensorFlow's MonitoredTrainingSession"),
        (0.27, "shim", "C0", "tfmts_compat"),
    ):
        bars = axes.barh(
            [place + offset for place in range(len(steps))],
            [case["medians"][side] for case in steps.values()],
            height=0.25,
            color=color,
            label=label,
        )
        axes.bar_label(bars, fmt="%.0f", padding=3)
    axes.legend(loc="upper right", frameon=False)
    axes.set_title("Time of a step in µs", loc="left")


def _save(draw, row_height, steps, path):
    """Saves a plot of 8.3 inches, to be read at a width of 830 pixels, with a row for each step."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        figsize=(8.3, row_height * len(steps) + 1), dpi=100, layout="constrained"
    )
    draw(axes, steps)
    axes.set_yticks(range(len(steps)), list(steps))
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.spines[["top", "right", "left"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    pyplot.close(figure)
