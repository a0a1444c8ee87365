"""What is not sabotaged, because no test should notice: words, logs, types, looks."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from scripts.sabotage import patterns
from scripts.sabotage.source import Source, called, dotted


def boring_nodes(source: Source) -> set[ast.AST]:
    """Every node that no operator may touch."""
    found: set[ast.AST] = set()
    for node in source.nodes:
        for dull in filter(None, _dull_parts(node)):
            found.update(ast.walk(dull))
        if isinstance(node, ast.Assign | ast.AnnAssign) and _is_display(node):
            found.update(_outside_lambdas(node))
    return found


def _dull_parts(node: ast.AST) -> Sequence[ast.AST | None]:
    """The parts of `node`, or itself, that cannot matter."""
    match node:
        case ast.Call():
            dull = _is_dull_call(node)
        case ast.keyword():
            dull = node.arg in patterns.DISPLAY_KEYWORDS | patterns.EQUIVALENT_KEYWORDS
        case ast.Raise():
            dull = node.exc is not None and _name(node.exc) == "NotImplementedError"
        case ast.If():
            dull = dotted(node.test).endswith("TYPE_CHECKING")
        case ast.Dict():
            dull = _is_wordlist(node)
        case ast.Assign():
            dull = _names_a_type(node)
        case _:
            return [getattr(node, "annotation", None), getattr(node, "returns", None)]
    return [node] if dull else []


def _is_dull_call(node: ast.Call) -> bool:
    name = called(node)
    return any(kind.fullmatch(name) for kind in (patterns.WORDS, patterns.LOGS, patterns.DECLARATIONS))


def _names_a_type(node: ast.Assign) -> bool:
    """`Options = Iterable[tuple[str, Any]]`"""
    return isinstance(node.value, ast.Subscript) and all(dotted(one).istitle() for one in node.targets)


def _is_display(node: ast.Assign | ast.AnnAssign) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(dotted(target) in patterns.DISPLAY_NAMES for target in targets)


def _outside_lambdas(node: ast.AST) -> set[ast.AST]:
    """What a column shows or leads to is code all the same: of a list of columns, only the list is dull."""
    lambdas = [one for one in ast.walk(node) if isinstance(one, ast.Lambda)]
    return set(ast.walk(node)) - {part for one in lambdas for part in ast.walk(one)}


def _is_wordlist(node: ast.Dict) -> bool:
    """A table of sentences: every value is one, or holds one."""
    return bool(node.values) and all(
        any(patterns.WORDS.fullmatch(called(part)) for part in ast.walk(value)) for value in node.values
    )


def _name(node: ast.AST) -> str:
    return called(node) or dotted(node)
