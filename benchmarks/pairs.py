"""Timing implementations against each other: taken in turns, medians, a ratio with its interval.

A machine that others use is slow for seconds at a time. So one round runs every
side once, in an order that turns from round to round; a ratio is taken within each
round, where both sides met the same machine, and the median over the rounds is
reported. pyperf runs one benchmark to its end before the next starts, and cannot.
"""

import gc
import time

import numpy as np

MOST_ROUNDS_WITHOUT_AN_INTERVAL = 4


def rounds(sides, count, warm_up=2):
    """Runs every side once per round.

    Args:
      sides: name to a function of no arguments. What it returns is the value
        measured; where that is None, it is the seconds the call took.
      count: how many rounds are kept.
      warm_up: how many rounds come before and are thrown away.

    Returns:
      name to a list of values, one per round.
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
    """The median and its 95 % bootstrap interval, as (median, low, high).

    low and high are None where there are too few values to say.
    """
    middle = float(np.median(values))
    if len(values) <= MOST_ROUNDS_WITHOUT_AN_INTERVAL:
        return middle, None, None
    draws = np.random.default_rng(0).choice(values, (4000, len(values)))
    low, high = np.percentile(np.median(draws, axis=1), [2.5, 97.5])
    return middle, float(low), float(high)


def case(unit, values, target=None, of=("shim", "upstream")):
    """One line of the results.

    Args:
      unit: of the values.
      values: side to a list of values, one per round.
      target: the most that the result should be; None for none.
      of: the sides of which the result is the ratio. Without the second one among
        the values, it is the first one's value.

    Returns:
      A dict ready for JSON. `result` is [median, low, high] of ratio or value.
    """
    above, below = of
    result = values[above]
    if below in values:
        if len(result) != len(values[below]):  # not taken in rounds
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
