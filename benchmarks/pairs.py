"""Compares the times of several implementations: medians, and a ratio with its interval.

A shared machine is slow for seconds at a time. Therefore one round runs every side once,
in an order that changes from round to round, so that all sides of a round run at about
the same speed. The ratio is computed within each round, and its median is reported.
pyperf completes one benchmark before it starts the next, so it cannot do this.
"""

import gc
import time

import numpy as np

MOST_ROUNDS_WITHOUT_AN_INTERVAL = 4


def rounds(sides, count, warm_up=2):
    """Runs every side once per round.

    Args:
      sides: {name: function without parameters}. The function returns the measured
        value, or None if the duration of the call in seconds is the value.
      count: how many rounds are kept.
      warm_up: how many earlier rounds are discarded.

    Returns:
      {name: list of values, one per round}.
    """
    values = {name: [] for name in sides}
    names = list(sides)
    for number in range(-warm_up, count):
        turn = number % len(names)
        order = names[turn:] + names[:turn]
        for name in order if number % 2 else reversed(order):
            gc.collect(0)
            gc.disable()
            try:
                start = time.perf_counter()
                value = sides[name]()
                end = time.perf_counter()
            finally:
                gc.enable()
            if number >= 0:
                values[name].append(end - start if value is None else value)
    return values


def median(values):
    """Returns the median and its 95 % bootstrap interval, as (median, low, high).

    low and high are None if there are too few values.
    """
    middle = float(np.median(values))
    if len(values) <= MOST_ROUNDS_WITHOUT_AN_INTERVAL:
        return middle, None, None
    draws = np.random.default_rng(0).choice(values, (4000, len(values)))
    low, high = np.percentile(np.median(draws, axis=1), [2.5, 97.5])
    return middle, float(low), float(high)


def case(unit, values, target=None, of=("shim", "upstream")):
    """Builds one line of the results.

    Args:
      unit: the unit of the values.
      values: {side: list of values, one per round}.
      target: the upper limit for the result, or None.
      of: the two sides whose ratio is the result. If there are no values of the second
        side, the result is the value of the first side.

    Returns:
      A dict of JSON values. `result` is [median, low, high] of the ratio or value.
    """
    above, below = of
    result = values[above]
    if below in values:
        if len(result) != len(values[below]):  # not measured in rounds
            values = {side: [float(np.median(each))] for side, each in values.items()}
        result = np.divide(values[above], values[below])
    return {
        "unit": unit,
        "medians": {side: float(np.median(each)) for side, each in values.items()},
        "ratio_of": f"{above}/{below}" if below in values else None,
        "result": list(median(result)),
        "rounds": len(result),
        "target": target,
    }
