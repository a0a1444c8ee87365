"""The operators: each finds the places in a file where it can do its harm.

An operator gets a node and yields what the text may become; `FAMILIES` names them all. What they look for is in
`patterns.py`, what they leave alone in `boring.py`.
"""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator

from scripts.sabotage import logic, queries, values, verbs
from scripts.sabotage.boring import boring_nodes
from scripts.sabotage.source import Edit, Mutation, Source, fingerprint

Operator = Callable[[Source, ast.AST], Iterator[Edit]]

# By what an engineer would have taken away by mistake. A draw takes from each family in turn.
FAMILIES: dict[str, dict[str, Operator]] = {
    "condition": {"negate": logic.negate, "drop-operand": logic.drop_operand},
    "bound": {"bound": logic.move_comparison, "off-by-one": logic.move_number},
    "lock": {"lock": verbs.unlock, "transaction": verbs.untransact, "row-lock": queries.unlock_rows},
    "guard": {"guard": verbs.unguard, "check-call": verbs.uncheck},
    "flush": {"flush": verbs.unflush},
    "permission": {"permission": values.widen_permission, "role": values.change_role},
    "filter": {"filter": queries.drop_filter},
    "journal": {"journal": verbs.unrecord},
    "mail": {"mail": verbs.unmail},
    "constant": {"number": values.change_number, "flag": values.flip_flag},
}
OPERATORS: dict[str, Operator] = {
    name: operator for family in FAMILIES.values() for name, operator in family.items()
}
FAMILY_OF = {name: family for family, operators in FAMILIES.items() for name in operators}


def mutations(path: str, text: str) -> list[Mutation]:
    """Every mutation of a file, in the order of the text. One that no longer compiles is left to `compiles`."""
    source = Source(path, text)
    boring = boring_nodes(source)
    edits = [
        (edit.start, name, edit)
        for node in source.nodes
        if node not in boring
        for name, operator in OPERATORS.items()
        for edit in operator(source, node)
    ]
    twins: Counter[str] = Counter()
    found = []
    for _start, name, edit in sorted(edits, key=lambda one: (one[0], one[1], one[2].end, one[2].new)):
        change = fingerprint(source, name, edit)
        # The hash is of the change itself, so that an id outlives a move of the line.
        digest = hashlib.sha256(f"{change}{twins[change]}".encode()).hexdigest()[:8]
        twins[change] += 1
        found.append(Mutation(path, name, edit, f"{path}:{edit.line}:{name}:{digest}", text))
    return found


def compiles(mutation: Mutation) -> bool:
    """Whether the file is still Python, and another program than before."""
    try:
        return ast.dump(ast.parse(mutation.after)) != ast.dump(ast.parse(mutation.before))
    except SyntaxError:
        return False
