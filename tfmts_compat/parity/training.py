"""The small models that scenarios train, and the loops that train them.

Values are sums of halves, which are exact on every machine. The train op depends on the op by
which the hooks read the global step. Otherwise, the order of the two would be undefined.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from tfmts_compat._upstream import graphs

if TYPE_CHECKING:
    from tfmts_compat.parity.run import Run


def counter(run: Run, advance: int = 1) -> None:
    """Builds a weight with a summary, and a global step."""
    step = run.train.get_or_create_global_step()
    weight = run.v1.get_variable("weight", initializer=0.0)
    run.v1.summary.scalar("weight", weight)
    with run.tf.control_dependencies(
        [graphs.get_global_step_read(), run.v1.assign_add(weight, 0.5)]
    ):
        run.train_op = run.v1.assign_add(step, advance)


def by_fours(run: Run) -> None:
    """Builds the same model; a step advances the global step by 4."""
    counter(run, advance=4)


def no_global_step(run: Run) -> None:
    """Builds a weight and no global step."""
    weight = run.v1.get_variable("weight", initializer=0.0)
    run.train_op = run.v1.assign_add(weight, 0.5)


def no_variables(run: Run) -> None:
    """Builds a constant: a worker does not have to wait for it."""
    run.train_op = run.tf.constant(0.5)


def no_summaries(run: Run) -> None:
    """Builds a global step and no summaries."""
    step = run.train.get_or_create_global_step()
    with run.tf.control_dependencies([graphs.get_global_step_read()]):
        run.train_op = run.v1.assign_add(step, 1)


def placeholder(run: Run) -> None:
    """Builds a model whose step needs a feed."""
    counter(run)
    value = run.v1.placeholder(run.tf.float32, [], name="value")
    run.feed = {value: 2.5}
    run.train_op = {"step": run.train_op, "value": value * 2.0}


def fed_by_hook(run: Run) -> None:
    """Builds the same model, fed by a hook and not by the loop."""
    placeholder(run)
    run.fed_by_hook, run.feed = run.feed, None


def three_records(run: Run) -> None:
    """Builds an input pipeline that ends after three records."""
    counter(run)
    records = run.v1.data.make_one_shot_iterator(run.v1.data.Dataset.range(3))
    run.train_op = [run.train_op, records.get_next()]


def loss_turns_nan(run: Run) -> None:
    """Builds a loss that is NaN from the third step on."""
    counter(run)
    weight = run.v1.global_variables()[-1]
    with run.tf.control_dependencies([run.train_op]):
        run.v1.where(run.tf.less(weight.read_value(), 1.5), 1.0, float("nan"), name="loss")


def steps(count: int) -> Callable[[Run, Any], None]:
    """Returns a loop of `count` steps, or fewer if the session requests a stop."""

    def loop(run: Run, session: Any) -> None:
        with session:
            for _ in range(count):
                if session.should_stop():
                    run.note("stopped")
                    return
                run.step(session)

    return loop
