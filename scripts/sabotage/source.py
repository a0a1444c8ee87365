"""One file of source: its tree with parents, where each node stands in the text, and one change to that text."""

from __future__ import annotations

import ast
import dataclasses
import difflib
from collections.abc import Iterator
from functools import cached_property

Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclasses.dataclass(frozen=True)
class Edit:
    """The bytes from `start` to `end` become `new`.

    Attributes:
        line: Where that is, for people.
        lines: The lines that run when the changed code runs.
        at_import: Whether it runs when the module is imported.
        names: What an assignment that runs at import assigns: `MAX_QUANTITY`, `permission`.
    """

    start: int
    end: int
    new: str
    line: int
    lines: tuple[int, int]
    at_import: bool
    names: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Mutation:
    """One edit of one file, by one operator."""

    path: str
    operator: str
    edit: Edit
    id: str
    before: str

    @property
    def after(self) -> str:
        raw = self.before.encode()
        return (raw[: self.edit.start] + self.edit.new.encode() + raw[self.edit.end :]).decode()

    def diff(self) -> str:
        """The change as a short diff, without file headers."""
        lines = difflib.unified_diff(self.before.splitlines(), self.after.splitlines(), lineterm="", n=1)
        return "\n".join(list(lines)[2:])


class Source:
    """A parsed file. Positions are counted in bytes, as `ast` counts columns."""

    def __init__(self, path: str, text: str) -> None:
        self.path, self.text = path, text
        self.raw = text.encode()
        self.tree = ast.parse(text)
        self._starts = [0]
        for line in self.raw.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node, in the order of the text."""
        return list(ast.walk(self.tree))

    def parent(self, node: ast.AST) -> ast.AST | None:
        return self._parents.get(node)

    def ancestors(self, node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
        """(child, parent), from the node to the module."""
        while (above := self._parents.get(node)) is not None:
            yield node, above
            node = above

    def start(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        return self._starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        # The parser says of every node where it ends; only nodes made by hand may not know.
        return self._starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)

    def segment(self, node: ast.expr | ast.stmt | ast.keyword) -> str:
        return self.raw[self.start(node) : self.end(node)].decode()

    # --- Edits ----------------------------------------------------------------------------------------------------

    def replace(self, node: ast.expr | ast.stmt | ast.keyword, new: str) -> Edit:
        return self.splice(node, self.start(node), self.end(node), new)

    def splice(self, node: ast.expr | ast.stmt | ast.keyword, start: int, end: int, new: str) -> Edit:
        """An edit of any stretch of the text that belongs to `node`."""
        at_import = self._is_import_time(node)
        names = self._assigned(node) if at_import else ()
        return Edit(start, end, new, node.lineno, self._running_lines(node), at_import, names)

    def drop_one(self, siblings: list[ast.expr], index: int) -> Edit:
        """Take one of several comma-separated (or `and`-ed) nodes away, with what separates it from the next."""
        node = siblings[index]
        if index + 1 < len(siblings):
            return self.splice(node, self._outer_start(node), self._outer_start(siblings[index + 1]), "")
        return self.splice(node, self._outer_end(siblings[index - 1]), self._outer_end(node), "")

    def _outer_start(self, node: ast.expr) -> int:
        return self._with_brackets(node)[0]

    def _outer_end(self, node: ast.expr) -> int:
        return self._with_brackets(node)[1]

    def _with_brackets(self, node: ast.expr) -> tuple[int, int]:
        """Where the node begins and ends with the parentheses that stand around it alone: `a and (b or c)`."""
        start, end = self.start(node), self.end(node)
        floor, ceiling = 0, len(self.raw)
        if isinstance(above := self._parents.get(node), ast.expr):
            floor, ceiling = self.start(above), self.end(above)
        while True:
            left, right = start, end
            while left > floor and self.raw[left - 1 : left].isspace():
                left -= 1
            while right < ceiling and self.raw[right : right + 1].isspace():
                right += 1
            if self.raw[left - 1 : left] != b"(" or self.raw[right : right + 1] != b")" or left <= floor:
                return start, end
            if isinstance(above, ast.Call) and self._is_only_argument(above, node):
                return start, end
            start, end = left - 1, right + 1

    @staticmethod
    def _is_only_argument(call: ast.Call, node: ast.expr) -> bool:
        return call.args == [node] and not call.keywords

    # --- When it runs ---------------------------------------------------------------------------------------------

    def _running_lines(self, node: ast.AST) -> tuple[int, int]:
        """The lines of the innermost statement (its head, when it has a body) or lambda around the node."""
        for child, above in [(node, node), *self.ancestors(node)]:
            if isinstance(above, ast.Lambda) and child is above.body:
                return child.lineno, child.end_lineno or child.lineno
            if isinstance(above, ast.stmt):
                return _head(above)
        return 1, 1

    def _is_import_time(self, node: ast.AST) -> bool:
        """Whether the node runs when the module is imported: no body of a function or lambda is around it."""
        for child, above in self.ancestors(node):
            if isinstance(above, ast.Lambda) and child is above.body:
                return False
            if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef) and child in above.body:
                return False
        return True

    def _assigned(self, node: ast.AST) -> tuple[str, ...]:
        for _child, above in [(node, node), *self.ancestors(node)]:
            if isinstance(above, ast.Assign | ast.AnnAssign):
                targets = above.targets if isinstance(above, ast.Assign) else [above.target]
                return tuple(
                    one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)
                )
        return ()


def _head(statement: ast.stmt) -> tuple[int, int]:
    last = statement.end_lineno or statement.lineno
    body = getattr(statement, "body", None)
    if isinstance(body, list) and body:
        last = max(statement.lineno, body[0].lineno - 1)
    return statement.lineno, last


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a name or attribute; a call or anything else in front of the last dot is `*`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value) or '*'}.{node.attr}"
    return ""


def called(node: ast.AST) -> str:
    """The dotted name of what a call calls; empty for anything else."""
    return dotted(node.func) if isinstance(node, ast.Call) else ""


def fingerprint(source: Source, operator: str, edit: Edit) -> str:
    """What an edit does to its line, without where that line is: two equal lines have the same."""
    first, last = source.raw.rfind(b"\n", 0, edit.start) + 1, source.raw.find(b"\n", edit.end)
    before, after = source.raw[first : edit.start], source.raw[edit.end : last if last >= 0 else None]
    return repr((operator, before.strip(), source.raw[edit.start : edit.end], edit.new, after.strip()))
