"""Operators on values: permissions, numbers, flags."""

from __future__ import annotations

import ast
import functools
from collections import Counter
from collections.abc import Iterator

from scripts.sabotage import patterns
from scripts.sabotage.rooms import ROOT, source_files
from scripts.sabotage.source import Edit, Source, called, dotted

# Up to here a number grows by one; a larger one is doubled, as its last digit matters to nobody.
_SMALL = 20


# --- Permissions ----------------------------------------------------------------------------------------------------


def widen_permission(source: Source, node: ast.AST) -> Iterator[Edit]:
    """`permission = Permission.BILLING` becomes a permission that more roles hold."""
    if not isinstance(node, ast.Attribute) or not patterns.PERMISSIONS.fullmatch(dotted(node)):
        return
    if _in_role_table(source, node):
        return
    holders = _holders()
    wider = [name for name in sorted(holders) if holders[name] > holders.get(node.attr, 0)]
    for name in wider:
        yield source.replace(node, f"{source.segment(node.value)}.{name}")


def change_role(source: Source, node: ast.AST) -> Iterator[Edit]:
    """A role loses one of its permissions, or gets one that it does not have."""
    if not isinstance(node, ast.Set) or not _in_role_table(source, node):
        return
    if len(node.elts) > 1:
        for index in range(len(node.elts)):
            yield source.drop_one(node.elts, index)
    held = {one.attr for one in node.elts if isinstance(one, ast.Attribute)}
    for name in sorted(set(_holders()) - held):
        first = node.elts[0]
        yield source.splice(first, source.start(first), source.start(first), f"Permission.{name}, ")


def _in_role_table(source: Source, node: ast.AST) -> bool:
    return any(_is_role_table(above) for _child, above in source.ancestors(node))


def _is_role_table(node: ast.AST) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else []
    targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
    return any(dotted(target) == patterns.ROLE_TABLE for target in targets)


@functools.cache
def _holders() -> Counter[str]:
    """How many roles hold each permission, as the table of roles says."""
    counted: Counter[str] = Counter()
    for path in source_files():
        text = (ROOT / path).read_text()
        if patterns.ROLE_TABLE not in text:
            continue
        for table in filter(_is_role_table, ast.walk(ast.parse(text))):
            names = (dotted(node) for node in ast.walk(table))
            counted.update(name.rpartition(".")[2] for name in names if patterns.PERMISSIONS.fullmatch(name))
    return counted


# --- Constants ------------------------------------------------------------------------------------------------------


def change_number(source: Source, node: ast.AST) -> Iterator[Edit]:
    """A small number grows by one, a larger one is doubled; so are the parts of a timedelta."""
    number = node.value if isinstance(node, ast.Constant) else None
    if not isinstance(number, int | float) or isinstance(number, bool):
        return
    above = source.parent(node)
    # Those are moved by one already (`logic.move_number`); an index would only fall off its end.
    if isinstance(above, ast.Compare | ast.Slice | ast.Subscript) or called(above or node) == "range":
        return
    if called(above or node).endswith(".limit") and number == 1:
        return  # whoever asks for one row takes the first of two as well
    is_small = isinstance(number, int) and number < _SMALL
    yield source.replace(node, repr(number + 1 if is_small else number * 2))  # type: ignore[arg-type]


def flip_flag(source: Source, node: ast.AST) -> Iterator[Edit]:
    """`True` becomes `False` and the other way round."""
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        above = source.parent(node)
        if not (isinstance(above, ast.keyword) and above.arg == "with_for_update"):
            yield source.replace(node, str(not node.value))
