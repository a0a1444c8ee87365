"""Operators on what a verb does beside its work: lock, guard, flush, write the journal, send mail."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from scripts.sabotage import patterns
from scripts.sabotage.source import Edit, Source, called

_UNLOCKED = '__import__("scripts.sabotage.unlocked").sabotage.unlocked.unlocked'
_NOTHING = '__import__("contextlib").nullcontext()'
# More statements than this are the work itself, not a guard.
_MAX_GUARD = 3


def unlock(source: Source, node: ast.AST) -> Iterator[Edit]:
    """`with company_lock(x):` becomes the same block without its turn; a call that takes a turn goes."""
    yield from _without_call(source, node, patterns.TURNS)
    for item in _managers(node, patterns.LOCKS):
        yield source.replace(item.func, f"{_UNLOCKED}({source.segment(item.func)})")


def untransact(source: Source, node: ast.AST) -> Iterator[Edit]:
    """`with transaction():` becomes a block that begins and commits nothing."""
    for item in _managers(node, patterns.TRANSACTIONS):
        yield source.replace(item, _NOTHING)


def unguard(source: Source, node: ast.AST) -> Iterator[Edit]:
    """`if …: raise …` becomes `pass`; so do guards that return, continue or abort."""
    if not isinstance(node, ast.If) or node.orelse or len(node.body) > _MAX_GUARD:
        return
    last = node.body[-1]
    leaves = isinstance(last, ast.Raise | ast.Return | ast.Continue) or (
        isinstance(last, ast.Expr) and bool(patterns.ABORTS.fullmatch(called(last.value)))
    )
    if leaves and source.raw[source.start(node) :].startswith(b"if"):
        yield source.replace(node, "pass")


def uncheck(source: Source, node: ast.AST) -> Iterator[Edit]:
    """`_require_range(quantity)` becomes `pass`."""
    yield from _without_call(source, node, patterns.GUARDS)


def unflush(source: Source, node: ast.AST) -> Iterator[Edit]:
    """`db.session.flush()` becomes `pass`."""
    yield from _without_call(source, node, patterns.FLUSHES)


def unrecord(source: Source, node: ast.AST) -> Iterator[Edit]:
    """`journal.record(…)` becomes `pass`."""
    yield from _without_call(source, node, patterns.JOURNAL)


def unmail(source: Source, node: ast.AST) -> Iterator[Edit]:
    """`mail.receipt(order)` becomes `pass`."""
    yield from _without_call(source, node, patterns.MAIL)


def _without_call(source: Source, node: ast.AST, wanted: re.Pattern[str]) -> Iterator[Edit]:
    """A statement that is a call, and nothing but a call."""
    if isinstance(node, ast.Expr) and wanted.fullmatch(called(node.value)):
        yield source.replace(node, "pass")


def _managers(node: ast.AST, wanted: re.Pattern[str]) -> Iterator[ast.Call]:
    if isinstance(node, ast.With):
        for item in node.items:
            if isinstance(item.context_expr, ast.Call) and wanted.fullmatch(called(item.context_expr)):
                yield item.context_expr
