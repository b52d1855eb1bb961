"""`tfmts-compat checkpoints`."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import shutil
import sys
import time
from typing import TYPE_CHECKING, Any, Collection, Iterable

from tfmts_compat._rules import table
from tfmts_compat._upstream import loading

if TYPE_CHECKING:
    from tfmts_compat._checkpoints.contents import Checkpoint, Contents
    from tfmts_compat._checkpoints.state import State

_DESCRIPTION = """\
List the checkpoints in a directory, what is wrong with them, and which one a session restores.

A checkpoint is complete if its index can be read and its data files have the size of its
tensors; it is intact if each tensor's checksum is right, too (--verify).

--use STEP makes a session restore that checkpoint. Stop the training first. The checkpoint must
be intact. The file named `checkpoint` is replaced atomically; the earlier file is kept in the same
directory as checkpoint.old-1, checkpoint.old-2 and so on. No checkpoint is deleted; newer
checkpoints stay until the training reaches their step again.
"""
_EXIT = """\
exit codes:
  0  a session restores a checkpoint, or there is none to restore
  1  a session fails, ignores a damaged file named `checkpoint` and starts at global step 0, or
     uses the checkpoints of the directory of which this one is a copy
  2  a usage error, a directory that cannot be read, or a step that cannot be used
"""
_MOST = 10  # an error lists at most this many checkpoints
_UNITS = ((86400, "days"), (3600, "hours"), (60, "minutes"), (1, "seconds"))


def add_parser(subparsers: Any) -> None:
    """Adds the `checkpoints` subcommand."""
    parser = subparsers.add_parser(
        "checkpoints",
        help="list a directory's checkpoints, and choose the one that a session restores",
        description=_DESCRIPTION,
        epilog=_EXIT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "directory", metavar="DIR", help="the checkpoint_dir; any path that tf.io.gfile reads"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--verify", action="store_true", help="read the checksum of each tensor")
    parser.add_argument(
        "--use", metavar="STEP", help="restore this global step, or the checkpoint of this name"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    tf = loading.quiet_tensorflow()
    try:
        report = _build_report(arguments, tf)
    except (tf.errors.OpError, OSError) as problem:
        why = getattr(problem, "message", "") or str(problem) or type(problem).__name__
        raise ValueError(f"{arguments.directory}: {why}") from problem
    print(json.dumps(report, indent=2) if arguments.json else _format_report(report))
    return 0 if report["ok"] else 1


def _build_report(arguments: argparse.Namespace, tf: Any) -> dict[str, Any]:
    """Builds the report, as --json prints it."""
    from tfmts_compat._checkpoints.contents import read_contents
    from tfmts_compat._checkpoints.state import read_state

    directory = arguments.directory
    if not tf.io.gfile.isdir(directory):
        what = "is a file" if tf.io.gfile.exists(directory) else "does not exist"
        raise ValueError(f"{directory}: {what}; pass a directory of checkpoints.")
    used = {}
    if arguments.use is not None:
        used = _use(read_contents(directory), arguments.use)
    contents = read_contents(directory)
    state = read_state(directory)
    return {**_collect(contents, state, arguments.verify, tf), **used}


def _use(contents: Contents, word: str) -> dict[str, Any]:
    """Makes a session restore the checkpoint with this step or name."""
    from tfmts_compat._checkpoints.advice import list_own_paths
    from tfmts_compat._checkpoints.contents import Checkpoint, make_absolute
    from tfmts_compat._checkpoints.state import read_state, rewrite_state

    state = read_state(contents.directory)
    found = contents.find(word)
    found = found or [Checkpoint(path) for path in state.paths if path == word]
    if len(found) != 1:
        rule = "several checkpoints have this step; pass a name" if found else "no such checkpoint"
        candidates = _describe(found or contents.checkpoints)
        raise ValueError(f"--use {word}: {rule}; {contents.directory} has {candidates}.")
    prefix = found[0].prefix
    damage = _find_damage(prefix)
    if damage:
        intact = (
            checkpoint
            for checkpoint in contents.checkpoints
            if checkpoint.prefix != prefix and not _find_damage(checkpoint.prefix)
        )
        raise ValueError(f"--use {word}: {damage}; intact are {_describe(intact)}.")
    own = list_own_paths(contents.directory, state.paths)
    paths = [make_absolute(path) for path in own]
    chosen = make_absolute(prefix)
    position = paths.index(chosen) if chosen in paths else 0
    kept = rewrite_state(contents.directory, prefix, own[:position])
    return {"used": prefix, "kept": kept}


def _describe(checkpoints: Iterable[Checkpoint]) -> str:
    """Lists the first checkpoints; to check thousands of them for damage would take too long."""
    first = list(itertools.islice(checkpoints, _MOST + 1))
    words = [
        checkpoint.name if checkpoint.step is None else f"{checkpoint.step} ({checkpoint.name})"
        for checkpoint in first[:_MOST]
    ]
    return ", ".join(words + ["…"] * (len(first) > _MOST)) or "none"


def _collect(contents: Contents, state: State, verify: bool, tf: Any) -> dict[str, Any]:
    from tfmts_compat._checkpoints.contents import find_checkpoint, make_absolute
    from tfmts_compat._checkpoints.directory import describe_copy

    rows = [_make_row(checkpoint, verify, tf) for checkpoint in contents.checkpoints]
    rows = [row for row in rows if row["files"]]
    listed = {make_absolute(row["path"]): row for row in rows}
    for path in reversed(state.paths):
        if make_absolute(path) not in listed:  # in another directory, or deleted
            row = _make_row(find_checkpoint(path), verify, tf)
            rows.append({**row, "name": path})
    restored = make_absolute(state.newest) if state.newest else None
    named = {make_absolute(path) for path in state.paths}
    for row in rows:
        row["restored"] = make_absolute(row["path"]) == restored
        row["named"] = make_absolute(row["path"]) in named
    copy = describe_copy(contents.directory, state)
    target = next((row for row in rows if row["restored"]), None)
    return {
        "directory": contents.directory,
        "checkpoints": rows,
        "leftovers": list(contents.leftovers),
        "checkpoint_file": {
            "path": state.file if state.exists else None,
            "problem": state.problem,
            "newest": state.newest,
            "all": list(state.paths),
        },
        "restores": state.newest if target and not target["damage"] else None,
        "why": _explain_restore(contents.directory, state, target, copy),
        "ok": not (state.problem or copy or (target and target["damage"])),
    }


def _make_row(checkpoint: Checkpoint, verify: bool, tf: Any) -> dict[str, Any]:
    place = os.path.dirname(checkpoint.prefix)
    files = {}
    for name in checkpoint.files:
        with contextlib.suppress(tf.errors.NotFoundError):  # a training has just deleted it
            files[name] = tf.io.gfile.stat(os.path.join(place, name))
    times = [stat.mtime_nsec / 1e9 for stat in files.values() if stat.mtime_nsec > 0]
    damage = _find_damage(checkpoint.prefix, verify, checkpoint.files)
    return {
        "name": checkpoint.name,
        "path": checkpoint.prefix,
        "step": checkpoint.step,
        "written": max(times, default=None),  # some file systems record no times
        "bytes": sum(stat.length for stat in files.values()),
        "files": list(files),
        "damage": damage,
        "verified": verify,
    }


def _find_damage(
    prefix: str, checksums: bool = True, names: Collection[str] | None = None
) -> str | None:
    """Finds the damage of a checkpoint. Shows on a terminal which tensors are read."""
    from tfmts_compat._checkpoints.damage import find_damage

    shows = checksums and sys.stderr.isatty()
    name = table.escape_control(os.path.basename(prefix))

    def show(text: str) -> None:
        if shows:
            line = text[: shutil.get_terminal_size().columns - 1]
            print(f"\r{line}\x1b[K", end="", file=sys.stderr, flush=True)

    try:
        return find_damage(
            prefix,
            checksums,
            names,
            lambda read, count: show(f"verifying {name}: {read} of {count} tensors"),
        )
    finally:
        show("")


def _explain_restore(
    directory: str, state: State, target: dict[str, Any] | None, copy: str | None
) -> str:
    """Explains which checkpoint a session restores, and why."""
    from tfmts_compat._checkpoints import advice

    if target and not target["damage"]:
        why = f"a session restores {target['name']}: {state.file} names it"
        return f"{why}; {copy}" if copy else why
    if target:
        why = f"fails: {state.file} names {target['name']}, and {target['damage']}"
    elif state.problem and state.fails:
        why = f"fails: {state.file} {state.problem}"
    else:
        problem = (
            f"{state.file} {state.problem}" if state.problem else f"no file is named {state.file}"
        )
        why = f"starts at global step 0: {problem}"
    usable = advice.find_intact(advice.list_candidates(directory, state))
    if usable:
        why += f"; {advice.build_use_option(directory, usable)} makes it restore that one"
    return f"a session {why}"


def _format_report(report: dict[str, Any]) -> str:
    place = report["directory"].rstrip("/") + "/"
    named = bool(report["checkpoint_file"]["all"])
    rows: list[tuple[str, ...]]
    rows = [("", "step", "checkpoint", "age", "size", "files", "state")]
    for row in report["checkpoints"]:
        rows.append(
            (
                "->" if row["restored"] else "",
                "?" if row["step"] is None else str(row["step"]),
                row["name"],
                _format_age(row["written"]),
                _format_size(row["bytes"]),
                str(len(row["files"])),
                (row["damage"] or ("intact" if row["verified"] else "complete")).replace(place, "")
                + (", not named in `checkpoint`" if named and not row["named"] else ""),
            )
        )
    rows = [tuple(map(table.escape_control, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows)]
    limit = table.terminal_width()
    lines = []
    for row in rows if len(rows) > 1 else ():
        *cells, state = (cell.ljust(width) for cell, width in zip(row, widths))
        line = "  ".join((*cells, state)).rstrip()
        if limit is None or len(line) <= limit:
            lines.append(line)
        else:
            lines.append("  ".join(cells).rstrip())
            lines += table.wrapped(row[-1], limit, " " * 10, " " * 10)
    text = [] if len(rows) > 1 else ["no checkpoints"]
    if report["leftovers"]:
        text.append(
            "files of interrupted saves, which can be deleted when no training is running: "
            f"{', '.join(report['leftovers'])}"
        )
    if report.get("used"):
        kept = report["kept"]
        text.append(
            "replaced the file named `checkpoint`"
            + (f"; the earlier one is {kept}" if kept else "")
        )
    text.append(report["why"])
    for paragraph in map(table.escape_control, text):
        lines += table.wrapped(paragraph, limit)
    return "\n".join(lines)


def _format_age(written: float | None) -> str:
    if written is None:
        return "-"
    seconds = max(0, int(time.time() - written))
    for length, unit in _UNITS:
        if seconds >= 2 * length or length == 1:
            return f"{seconds // length} {unit}"
    return ""


def _format_size(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
