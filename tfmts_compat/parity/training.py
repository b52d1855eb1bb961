"""The small models that scenarios train, and the loops that train them.

Values are sums of halves, which every machine gets exactly alike. A step waits
for the hooks' read of the global step, as the two would race otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from tfmts_compat import upstream

if TYPE_CHECKING:
    from tfmts_compat.parity.bench import Bench


def counter(bench: Bench, advance: int = 1) -> None:
    """A weight with a summary, and a global step that counts."""
    step = bench.train.get_or_create_global_step()
    weight = bench.v1.get_variable("weight", initializer=0.0)
    bench.v1.summary.scalar("weight", weight)
    with bench.tf.control_dependencies(
        [upstream.global_step_read(), bench.v1.assign_add(weight, 0.5)]
    ):
        bench.train_op = bench.v1.assign_add(step, advance)


def by_fours(bench: Bench) -> None:
    """The same, its global step advanced by a batch size of 4."""
    counter(bench, advance=4)


def no_global_step(bench: Bench) -> None:
    """A weight alone."""
    weight = bench.v1.get_variable("weight", initializer=0.0)
    bench.train_op = bench.v1.assign_add(weight, 0.5)


def no_variables(bench: Bench) -> None:
    """A constant alone: a worker finds it ready at once."""
    bench.train_op = bench.tf.constant(0.5)


def no_summaries(bench: Bench) -> None:
    """A global step alone."""
    step = bench.train.get_or_create_global_step()
    with bench.tf.control_dependencies([upstream.global_step_read()]):
        bench.train_op = bench.v1.assign_add(step, 1)


def placeholder(bench: Bench) -> None:
    """A step that has to be fed."""
    counter(bench)
    value = bench.v1.placeholder(bench.tf.float32, [], name="value")
    bench.feed = {value: 2.5}
    bench.train_op = {"step": bench.train_op, "value": value * 2.0}


def fed_by_hook(bench: Bench) -> None:
    """The same, fed by a hook rather than by the loop."""
    placeholder(bench)
    bench.fed_by_hook, bench.feed = bench.feed, None


def three_records(bench: Bench) -> None:
    """An input pipeline that ends after three records."""
    counter(bench)
    records = bench.v1.data.make_one_shot_iterator(bench.v1.data.Dataset.range(3))
    bench.train_op = [bench.train_op, records.get_next()]


def loss_turns_nan(bench: Bench) -> None:
    """A loss that is NaN from the third step on."""
    counter(bench)
    weight = bench.v1.global_variables()[-1]
    with bench.tf.control_dependencies([bench.train_op]):
        bench.v1.where(bench.tf.less(weight.read_value(), 1.5), 1.0, float("nan"), name="loss")


def steps(count: int) -> Callable[[Bench, Any], None]:
    """A loop of `count` steps, or fewer once the session says stop."""

    def loop(bench: Bench, session: Any) -> None:
        with session:
            for _ in range(count):
                if session.should_stop():
                    bench.note("stopped")
                    return
                bench.step(session)

    return loop
