"""Timing implementations against each other: taken in turns, medians, a ratio with its interval.

A machine that others use is slow for seconds at a time. So one round runs every
implementation once, in an order that turns from round to round; a ratio is taken
within each round, where both sides met the same machine, and the median over the
rounds is reported. pyperf runs one benchmark to its end before the next starts,
so it cannot do this.
"""

import gc
import time

import numpy as np


def rounds(sides, count, clock=time.perf_counter):
    """Runs every side once per round.

    Args:
      sides: name to a function of no arguments. What it returns is the value
        measured; where that is None, it is the seconds it took.
      count: how many rounds; two more come first and are thrown away.
      clock: a function that returns seconds.

    Returns:
      name to a list of values, one per round.
    """
    values = {name: [] for name in sides}
    names = list(sides)
    for number in range(count + 2):
        turn = number % len(names)
        order = names[turn:] + names[:turn]
        for name in order if number % 2 else reversed(order):
            gc.collect(0)
            gc.disable()
            try:
                start = clock()
                value = sides[name]()
                end = clock()
            finally:
                gc.enable()
            if number >= 2:
                values[name].append(end - start if value is None else value)
    return values


def ratio(values, base):
    """The median of the ratios round by round, and its 95 % bootstrap interval.

    Args:
      values: one value per round.
      base: as many values, to divide by.

    Returns:
      (ratio, low, high); low and high are None below five rounds.
    """
    each = np.divide(values, base)
    if len(each) < 5:
        return float(np.median(each)), None, None
    draws = np.random.default_rng(0).choice(each, (4000, len(each)))
    low, high = np.percentile(np.median(draws, axis=1), [2.5, 97.5])
    return float(np.median(each)), float(low), float(high)
