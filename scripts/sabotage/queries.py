"""Operators on statements of the database: filters and row locks."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from scripts.sabotage import patterns
from scripts.sabotage.source import Edit, Source, called


def drop_filter(source: Source, node: ast.AST) -> Iterator[Edit]:
    """`.where(a, b)` becomes `.where(a)`, `.where(b)` or nothing; `sa.and_` and `sa.or_` lose one of several."""
    name = called(node)
    if not isinstance(node, ast.Call) or not patterns.FILTERS.fullmatch(name):
        return
    arguments: list[ast.expr] = [*node.args]
    if len(arguments) > 1:
        for index in range(len(arguments)):
            yield source.drop_one(arguments, index)
    yield from _drop_keywords(source, node)
    if isinstance(node.func, ast.Attribute) and not name.startswith("sa."):
        yield _without_method(source, node, node.func)


def _drop_keywords(source: Source, node: ast.Call) -> Iterator[Edit]:
    if len(node.keywords) > 1:
        for index, keyword in enumerate(node.keywords):
            if index + 1 < len(node.keywords):
                end = source.start(node.keywords[index + 1])
                yield source.splice(keyword.value, source.start(keyword), end, "")
            else:
                start = source.end(node.keywords[index - 1])
                yield source.splice(keyword.value, start, source.end(keyword), "")


def unlock_rows(source: Source, node: ast.AST) -> Iterator[Edit]:
    """`.with_for_update()` goes, and so does `with_for_update=True`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "with_for_update":
            yield _without_method(source, node, node.func)
    elif isinstance(node, ast.keyword) and node.arg == "with_for_update":
        yield source.replace(node, "with_for_update=None")


def _without_method(source: Source, call: ast.Call, method: ast.Attribute) -> Edit:
    """`x.where(y)` becomes `x`."""
    return source.splice(call, source.end(method.value), source.end(call), "")
