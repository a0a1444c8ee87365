"""Operators on conditions and bounds."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from scripts.sabotage.source import Edit, Source, called

_MOVED = {ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">"}
_WRITTEN = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


def negate(source: Source, node: ast.AST) -> Iterator[Edit]:
    """`if a:` becomes `if not (a):`; so do `while`, `x if a else y` and the `if` of a comprehension."""
    tests: list[ast.expr] = []
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        tests = [node.test]
    elif isinstance(node, ast.comprehension):
        tests = node.ifs
    for test in tests:
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            yield source.replace(test, f"({source.segment(test.operand)})")
        else:
            yield source.replace(test, f"not ({source.segment(test)})")


def drop_operand(source: Source, node: ast.AST) -> Iterator[Edit]:
    """`a and b` becomes `a`, or `b`."""
    if isinstance(node, ast.BoolOp):
        for index in range(len(node.values)):
            yield source.drop_one(node.values, index)


def move_comparison(source: Source, node: ast.AST) -> Iterator[Edit]:
    """`a < b` becomes `a <= b`."""
    if not isinstance(node, ast.Compare):
        return
    sides = [node.left, *node.comparators]
    for left, operator, right in zip(sides, node.ops, sides[1:], strict=False):
        if type(operator) not in _MOVED:
            continue
        between = source.raw[source.end(left) : source.start(right)]
        at = source.end(left) + between.index(_WRITTEN[type(operator)].encode())
        end = at + len(_WRITTEN[type(operator)])
        yield source.splice(node, at, end, _MOVED[type(operator)])


def move_number(source: Source, node: ast.AST) -> Iterator[Edit]:
    """A whole number that is compared, or bounds a range or a slice, grows or shrinks by one."""
    for side in _bounds(node):
        if (
            isinstance(side, ast.Constant)
            and isinstance(side.value, int)
            and not isinstance(side.value, bool)
        ):
            yield source.replace(side, str(side.value + 1))
            yield source.replace(side, str(side.value - 1) if side.value else "(-1)")


def _bounds(node: ast.AST) -> list[ast.expr | None]:
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    if isinstance(node, ast.Call) and called(node) == "range":
        return [*node.args]
    return [node.lower, node.upper] if isinstance(node, ast.Slice) else []
