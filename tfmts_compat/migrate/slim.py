"""Leaves out the statements that cannot matter, so that LibCST has little to analyse.

LibCST's scope analysis takes about 0.3 s for 1,000 lines, the standard library's
parser 5 ms. So the imports and aliases that lead to a name are looked for first.
A statement in which none of their words occurs can neither use nor rebind them,
and is left out. Lines are kept or left out whole, so columns stay as they are.
"""

from __future__ import annotations

import ast
import bisect
import re
import warnings
from typing import Iterator

from tfmts_compat.migrate.names import NEW, is_on_the_way
from tfmts_compat.migrate.screen import UNWRAPS


def slimmed(text: str, lines: list[str]) -> tuple[str, list[int]] | None:
    """The statements of a module that may matter.

    Args:
      text: the module.
      lines: its lines with their ends.

    Returns:
      What is left of the text, and for each line of that its number in the whole;
      None if nothing in the module can matter.

    Raises:
      SyntaxError, ValueError, RecursionError: this Python cannot parse it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of invalid escapes, say: none of our business
        tree = ast.parse(text)
    statements = list(_statements(tree.body))
    words = _roots(statements)
    if not words and not _unwraps(text):
        return None
    aliases = list(_aliases(tree, text, statements))
    grown = True
    while grown:
        grown = False
        for names, value in aliases:
            if value & words and not names <= words:
                words |= names
                grown = True
    return _without(tree.body, lines, words)


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
    """The local names of imports on the way to a name of the table, or of ours."""
    words = set()
    for statement in statements:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                if alias.name.split(".")[0] in ("tensorflow", NEW) and (
                    is_on_the_way(alias.name) or not alias.asname
                ):
                    words.add(alias.asname or alias.name.split(".")[0])
        elif isinstance(statement, ast.ImportFrom) and not statement.level:
            module = statement.module or ""
            for alias in statement.names:
                if alias.name == "*" and is_on_the_way(module):
                    words.add(module.split(".")[0])
                elif module == NEW or is_on_the_way(f"{module}.{alias.name}"):
                    words.add(alias.asname or alias.name)
    return words | {NEW} if words else words


def _aliases(
    tree: ast.Module, text: str, statements: list[ast.stmt]
) -> Iterator[tuple[set[str], set[str]]]:
    """For each assignment of dotted names: what they are named, and the first of the dots."""
    # Only := can stand inside a statement; going through all nodes takes far longer.
    for node in ast.walk(tree) if ":=" in text else statements:
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and node.value:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            parts = [part for target in targets for part in _parts(target)]
            names = {part.id for part in parts if isinstance(part, ast.Name)}
            names |= {part.attr for part in parts if isinstance(part, ast.Attribute)}
            firsts = {first.id for first in map(_first, _parts(node.value))
                      if isinstance(first, ast.Name)}  # fmt: skip
            if names and firsts:
                yield names, firsts


def _first(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    """The parts of a tuple and both values of a conditional."""
    if isinstance(node, ast.Tuple):
        for part in node.elts:
            yield from _parts(part)
    elif isinstance(node, ast.IfExp):
        yield from _parts(node.body)
        yield from _parts(node.orelse)
    else:
        yield node


def _without(body: list[ast.stmt], lines: list[str], words: set[str]) -> tuple[str, list[int]]:
    """Leaves out every statement in whose lines none of the words occurs."""
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(words))) or '(?!)'})\b")
    mentions = [number for number, line in enumerate(lines, 1)
                if pattern.search(line) or ("._" in line and _unwraps(line))]  # fmt: skip
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
            return  # several statements share a line
        kept = False
        for index, (statement, (first, last)) in enumerate(zip(block, spans)):
            if mentioned(first, last):
                kept = True
                if not (top and isinstance(statement, (ast.If, ast.Try))):
                    header = first
                    for inner in _blocks(statement):
                        start = _span(inner[0])[0]
                        if start > max(header, statement.lineno) and _alone(inner[0], lines):
                            drop(inner)
                        header = _span(inner[-1])[1]
            else:
                dropped.update(range(first, last + 1))
            if index:  # between two statements of a block there are only comments
                dropped.update(range(spans[index - 1][1] + 1, first))
        if not kept:
            first = spans[0][0]
            line = lines[first - 1]
            placeholders[first] = f"{line[: len(line) - len(line.lstrip())]}pass\n"

    drop(body, top=True)
    # Around the statements there are only comments, which LibCST would take long for.
    dropped.update(range(1, _span(body[0])[0]), range(_span(body[-1])[1] + 1, len(lines) + 1))
    kept_lines, numbers = [], []
    for number, line in enumerate(lines, 1):
        if number not in dropped or number in placeholders:
            kept_lines.append(placeholders.get(number, line))
            numbers.append(number)
    return "".join(kept_lines), numbers


def _unwraps(text: str) -> bool:
    return all(pattern.search(text) for pattern in UNWRAPS)


def _span(statement: ast.stmt) -> tuple[int, int]:
    decorators = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
    return first, statement.end_lineno or first


def _alone(statement: ast.stmt, lines: list[str]) -> bool:
    """Whether nothing but white space is before a statement on its line."""
    line = lines[_span(statement)[0] - 1]
    decorators = getattr(statement, "decorator_list", [])
    column = statement.col_offset if not decorators else decorators[0].col_offset - 1
    return not line.encode()[:column].strip()
