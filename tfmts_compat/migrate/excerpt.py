"""Saves time: leaves out the statements of a module that cannot use a name of the tables.

LibCST's scope analysis takes about 0.3 s for 1,000 lines, the standard library's parser 5 ms. So
the standard parser first finds the imports and aliases through which a name can be accessed. A
statement that contains none of their words can neither use nor rebind them, and is left out. Only
whole lines are left out, so the columns do not change.
"""

from __future__ import annotations

import ast
import bisect
import itertools
import re
from typing import Final, Iterator

from tfmts_compat.migrate.edits import parsed
from tfmts_compat.migrate.names import HOLDERS, NEW, is_known, is_on_the_way
from tfmts_compat.migrate.prefilter import (
    ANY_NAME,
    ANY_UNIQUE,
    INITIALS,
    TRAINING,
    UNWRAP_STEM,
    UNWRAPPED,
)

_HELD: Final = tuple(
    re.compile(pattern)
    for pattern in (
        # "train.X" is not a name, but may be the argument of many decorators.
        rf"(?<![\"'])\b(?:{'|'.join(HOLDERS)})\s*(?:\.[\s\\]*|,\s*[\"'])(?:{ANY_NAME})\b",
        rf"(?<![\"']train)\.[\s\\]*(?=[{INITIALS}])(?:{ANY_UNIQUE}|Supervisor)\b",
        rf",\s*[\"'](?:{ANY_UNIQUE}|Supervisor)[\"']",
        TRAINING,
        r"\"tensorflow[\w.]*\"",  # import_module("tensorflow")
        r"'tensorflow[\w.]*'",
    )
)
_LITERAL: Final = "import_module"  # stands for TensorFlow in the steps from name to name
_TYPE_COMMENT: Final = re.compile(r"\s*#\s*type:")
_BEFORE: Final = re.compile(r"[A-Za-z_][\w.]*\Z")
_TEXT_UNWRAPS: Final = re.compile(UNWRAP_STEM), re.compile(UNWRAPPED)


def excerpt(text: str, lines: list[str]) -> tuple[str, list[int]] | None:
    """Removes the statements of a module that cannot matter.

    Args:
      text: the module.
      lines: its lines with their line ends.

    Returns:
      The remaining text, and the original number of each of its lines; None if no statement
      of the module can matter.

    Raises:
      SyntaxError, ValueError, RecursionError: this Python version cannot parse the module.
    """
    tree = parsed(text)
    statements = list(_statements(tree.body))
    words = _roots(statements)
    aliases = list(_aliases(tree, text, statements))
    held = [match for pattern in _HELD for match in pattern.finditer(text)]
    words |= _held_by(held, statements, aliases)
    words |= {_LITERAL} if any(_LITERAL in values for _, values in aliases) else set()
    if words:
        words.add(NEW)
    elif not held and not _unwraps(text):
        return None
    _grow(words, [(value, names) for names, value in aliases])
    mentions = _mentions(text, lines, words, held)
    mentions.difference_update(_docstrings(statements))
    comments = {n for n in mentions if lines[n - 1].lstrip().startswith("#")}
    mentions -= {n for n in comments if not _TYPE_COMMENT.match(lines[n - 1])}
    return _without(tree.body, lines, sorted(mentions)) if mentions else None


def _statements(block: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in block:
        yield statement
        for inner in _blocks(statement):
            yield from _statements(inner)


def _blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    blocks = [getattr(statement, "body", [])]
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        blocks.append(part.body)
    blocks += [getattr(statement, name, []) for name in ("orelse", "finalbody")]
    return [block for block in blocks if block]


def _roots(statements: list[ast.stmt]) -> set[str]:
    """Returns the local names of imports through which a name can be accessed."""
    words = set()
    for statement in statements:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                if alias.name == NEW or (
                    is_known(alias.name) and (is_on_the_way(alias.name) or not alias.asname)
                ):
                    words.add(alias.asname or alias.name.split(".")[0])
        elif isinstance(statement, ast.ImportFrom) and not statement.level:
            module = statement.module or ""
            for alias in statement.names:
                if alias.name == "*" and is_on_the_way(module):
                    words.add(module.split(".")[0])
                elif module == NEW or is_on_the_way(f"{module}.{alias.name}"):
                    words.add(alias.asname or alias.name)
    return words


def _held_by(
    held: list[re.Match[str]], statements: list[ast.stmt], aliases: list[tuple[set[str], set[str]]]
) -> set[str]:
    """Returns the local names such as tf in tf.train.X, and those they are assigned from."""
    words = set()
    for each in held:
        before = _BEFORE.search(each.string, max(0, each.start() - 100), each.start())
        words.add(before.group().split(".")[0] if before else each.group().split(".")[0].strip())
    if not words:
        return words
    _grow(words, aliases)
    bound = {
        (alias.asname or alias.name).split(".")[0]
        for statement in statements
        if isinstance(statement, (ast.Import, ast.ImportFrom))
        for alias in statement.names
    }
    return words & bound.union(*(names for names, _ in aliases))


def _grow(words: set[str], steps: list[tuple[set[str], set[str]]]) -> None:
    """Adds the end of each step whose start has one of the words, until none is left."""
    before = 0
    while len(words) > before:
        before = len(words)
        for start, end in steps:
            if start & words:
                words |= end


def _docstrings(statements: list[ast.stmt]) -> set[int]:
    """Returns the lines with only a docstring or another unused string."""
    found: set[int] = set()
    for statement in statements:
        if (
            isinstance(statement, ast.Expr)
            and isinstance(statement.value, ast.Constant)
            and isinstance(statement.value.value, str)
        ):
            found.update(range(statement.lineno, (statement.end_lineno or statement.lineno) + 1))
        else:
            found.discard(statement.lineno)
    return found


def _aliases(
    tree: ast.Module, text: str, statements: list[ast.stmt]
) -> Iterator[tuple[set[str], set[str]]]:
    """Yields for each assignment of dotted names the targets, and the first parts of the values."""
    reflects = any(each in text for each in ("getattr(", '"tensorflow', "'tensorflow"))
    # Only := occurs inside a statement. Visiting all nodes takes much longer.
    for node in ast.walk(tree) if ":=" in text else statements:
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and node.value:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            parts = [part for target in targets for part in _parts(target)]
            names = {part.id for part in parts if isinstance(part, ast.Name)}
            names |= {part.attr for part in parts if isinstance(part, ast.Attribute)}
            firsts: set[str] = set()
            for first in map(_first, _parts(node.value)):
                if reflects or isinstance(first, ast.Name):
                    firsts.update(_reflected(first))
            if names and firsts:
                yield names, firsts


def _reflected(node: ast.expr) -> Iterator[str]:
    """Yields the names in getattr(tf, "train"), and _LITERAL for import_module("tensorflow")."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "getattr":
        for value in node.args:
            yield from _reflected(_first(value))
    elif isinstance(node, (ast.Call, ast.Subscript)):
        for part in node.args if isinstance(node, ast.Call) else [node.slice]:
            if any(is_known(str(getattr(it, "value", ""))) for it in ast.walk(part)):
                yield _LITERAL


def _first(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    """Yields the parts of a tuple and both values of a conditional expression."""
    if isinstance(node, ast.Tuple):
        for part in node.elts:
            yield from _parts(part)
    elif isinstance(node, ast.IfExp):
        yield from _parts(node.body)
        yield from _parts(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for part in node.values:
            yield from _parts(part)
    else:
        yield node


def _mentions(text: str, lines: list[str], words: set[str], held: list[re.Match[str]]) -> set[int]:
    """Returns the lines that contain one of the words, or a use that matters without them."""
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(words))) or '(?!)'})\b")
    starts = [0, *itertools.accumulate(map(len, lines))]
    found = {bisect.bisect(starts, it.start()) for it in (*pattern.finditer(text), *held)}
    return found.union(n for n, line in enumerate(lines, 1) if "._" in line and _unwraps(line))


def _without(body: list[ast.stmt], lines: list[str], mentions: list[int]) -> tuple[str, list[int]]:
    """Removes each statement that has none of the lines."""
    dropped: set[int] = set()
    placeholders: dict[int, str] = {}

    def mentioned(first: int, last: int) -> bool:
        at = bisect.bisect_left(mentions, first)
        return at < len(mentions) and mentions[at] <= last

    def drop(block: list[ast.stmt], top: bool = False) -> None:
        spans = [_span(statement) for statement in block]
        if any(after[0] <= before[1] for before, after in zip(spans, spans[1:])) or any(
            lines[last - 1].rstrip().endswith("\\") for _, last in spans
        ):
            return  # several statements are on one line
        kept = False
        for index, (statement, (first, last)) in enumerate(zip(block, spans)):
            if mentioned(first, last):
                kept = True
                if not (top and isinstance(statement, (ast.If, ast.Try))):
                    for inner in _blocks(statement):
                        if _starts_its_line(inner[0], lines):
                            drop(inner)
            else:
                dropped.update(range(first, last + 1))
            if index:  # only comments are between two statements
                dropped.update(range(spans[index - 1][1] + 1, first))
        left_out = [first for first, _ in spans if first in dropped]
        if left_out and not (kept and top):  # shows that the block is not empty
            line = lines[left_out[0] - 1]
            placeholders[left_out[0]] = f"{line[: len(line) - len(line.lstrip())]}pass\n"

    drop(body, top=True)
    for first, last in _leading(body):
        dropped.difference_update(range(first, last + 1))
    # Only comments are before and after the statements. LibCST is slow for comments.
    dropped.update(range(1, _span(body[0])[0]), range(_span(body[-1])[1] + 1, len(lines) + 1))
    numbers = [it for it in range(1, len(lines) + 1) if it not in dropped or it in placeholders]
    return "".join(placeholders.get(it, lines[it - 1]) for it in numbers), numbers


def _leading(body: list[ast.stmt]) -> list[tuple[int, int]]:
    """Returns the docstring or first import, and the last of the imports at the start of a module.

    imports.py may add an import below the last one.
    """
    spans: list[tuple[int, int]] = []
    for index, statement in enumerate(body):
        span = _span(statement)
        if not isinstance(statement, (ast.Import, ast.ImportFrom)) and (
            index or not isinstance(statement, ast.Expr)
        ):
            if spans and span[0] <= spans[-1][1]:
                return spans  # it is on the line of the last import
            break
        spans.append(span)
    return spans[:1] + spans[-1:]


def _unwraps(text: str) -> bool:
    return all(pattern.search(text) for pattern in _TEXT_UNWRAPS)


def _span(statement: ast.stmt) -> tuple[int, int]:
    decorators = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
    return first, statement.end_lineno or first


def _starts_its_line(statement: ast.stmt, lines: list[str]) -> bool:
    return not lines[statement.lineno - 1].encode()[: statement.col_offset].strip()
