"""The pitfalls, as one pure table; docs/contract.md has a row for each under Warnings.

The rules that find a pitfall are next to the code that they check; its text is here.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any, Final


class When(enum.Enum):
    """When a pitfall is reported."""

    CALL = "at the call"
    TRAINING = "during training"
    END = "at the end"


@dataclass(frozen=True)
class Pitfall:
    """A valid call or program that does something other than it suggests.

    Attributes:
      name: its name in docs/contract.md and in the tests.
      when: when it is reported.
      text: the text of the report, with fields of str.format.
    """

    name: str
    when: tuple[When, ...]
    text: str


_CALL = (When.CALL,)

_ALL = (
    Pitfall(
        "steps-turn-off",
        _CALL,
        "checkpoints are off: save_checkpoint_steps={value} also switches off the default of "
        "{default} seconds, although save_checkpoint_secs is documented to have that default. "
        "Leave save_checkpoint_steps out to save every {default} seconds, or also pass "
        "save_checkpoint_secs=None if you want no checkpoints",
    ),
    Pitfall(
        "nan",
        _CALL,
        "{argument}=nan counts as off, because nan > 0 is false: nothing is written for it. "
        "Pass a number above 0, or None to switch it off",
    ),
    Pitfall(
        "is-chief-str",
        _CALL,
        "{given} is true, like every string that is not empty, so this process is a chief. "
        "Pass a bool, e.g. task_index == 0",
    ),
    Pitfall(
        "summary-dir-not-str",
        _CALL,
        "{given} is not a str, so summaries go to a directory named {directory!r}. Pass a str",
    ),
    Pitfall(
        "two-savers",
        _CALL,
        "{hook} and the default saver ({cadence}) both save checkpoints to {directory}, and they "
        "delete each other's old checkpoints. Pass save_checkpoint_secs=None to use only your hook",
    ),
    Pitfall(
        "unread-state",
        _CALL,
        "{file} {problem}, so the training starts again at global step 0 and replaces the "
        "checkpoints in this directory; {remedy}",
    ),
    Pitfall(
        "copied-directory",
        _CALL,
        "{directory} is a copy: {file} names the checkpoints in {original}. A training here "
        "continues from those, and its saver deletes them. To continue from the copy {name}, run "
        "`{command}` once and start again",
    ),
    Pitfall(
        "home-directory",
        _CALL,
        "{given} starts with ~, which TensorFlow does not replace with the home directory: it "
        "uses a directory named {first}. Pass os.path.expanduser({directory!r})",
    ),
    Pitfall(
        "nothing-left",
        _CALL,
        "a {hook} has nothing left to train: the session starts at global step {step}, and "
        "last_step is {last_step}. The first run still trains a step, and the saver may then "
        "delete its oldest checkpoint. Raise last_step, or do not start a training that has ended",
    ),
    Pitfall(
        "checkpoint-elsewhere",
        _CALL,
        "the checkpoint {prefix} is not on this machine: the parameter servers have saved it to "
        "their own disk, below their working directory if {directory} is relative. A restart "
        "cannot restore it. Pass an absolute checkpoint_dir that all machines share",
    ),
    Pitfall(
        "two-chiefs",
        (When.TRAINING,),
        "{who} saves into {directory}, too: since the last save here, {file} was replaced and "
        "names {name}. Two chiefs in one directory delete each other's checkpoints. Pass another "
        "checkpoint_dir to each; with Horovod, pass one to rank 0 only",
    ),
    Pitfall(
        "use-during-training",
        (When.TRAINING,),
        "{file} was replaced with tfmts-compat checkpoints --use during the training, which "
        "continues from its own values and has now replaced it again. Stop the training before "
        "you choose a checkpoint",
    ),
    Pitfall(
        "step-unchanged",
        (When.TRAINING, When.END),
        "{runs} runs left the global step at {step}, although they change the variable {variable}. "
        "The default saver saves only when the step has changed, so nothing has been saved since "
        "step {saved}. Pass global_step=tf.compat.v1.train.get_global_step() to minimize() or "
        "apply_gradients(). If the optimizer takes no global_step, e.g. one of Keras, also run "
        "tf.compat.v1.assign_add(tf.compat.v1.train.get_global_step(), 1)",
    ),
    Pitfall(
        "step-goes-back",
        (When.TRAINING,),
        "the global step went back from {highest} to {step} during the training, e.g. because an "
        "initializer was run in the session. A saver with a cadence in steps saves nothing until "
        "the step exceeds that of its last save, {saved}, and checkpoints of the same step are "
        "replaced. Unless this is intended, initialize with Scaffold(init_op=…), which runs before "
        "the training",
    ),
    Pitfall(
        "summary-api",
        _CALL,
        "the graph has no summaries of TF 1, but calls of tf.summary of TF 2, such as {op}. These "
        "write nothing in a session, and {cadence} has nothing to save. Call "
        "tf.compat.v1.summary.scalar, tf.compat.v1.summary.histogram and so on instead",
    ),
    Pitfall(
        "sync-hook",
        _CALL,
        "the graph has a SyncReplicasOptimizer, and none of the hooks is its "
        "make_session_run_hook(is_chief={is_chief}): {effect}. Add "
        "optimizer.make_session_run_hook(is_chief={is_chief}) to hooks. See "
        "docs/recipes.md#syncreplicasoptimizer-hangs",
    ),
    Pitfall(
        "input-ends",
        (When.END,),
        "the run of {fetches} ends the training at {step}, although it does not train: it raised "
        "{error}, with which the `with` block ends without an error. Catch "
        "tf.errors.OutOfRangeError around this run, also if the training is to end there, or "
        "repeat the input of this run",
    ),
)

PITFALLS: Final = {pitfall.name: pitfall for pitfall in _ALL}


def describe(name: str, /, **fields: Any) -> str:
    """Returns the text of a pitfall.

    Args:
      name: its name in the table.
      fields: the fields of its text.
    """
    return PITFALLS[name].text.format(**fields)
