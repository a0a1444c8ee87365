"""No file over 400 lines, no function over 40 without its docstring; functions that are tests may be longer."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 40
# Files that may be longer.
LONG_FILES = {"models.py"}
KINDS = {".py", ".html", ".css", ".js", ".md"}


def main() -> int:
    tracked = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True, text=True).stdout  # noqa: S607
    paths = [Path(name) for name in tracked.split("\0") if name]
    kept = [path for path in paths if path.is_file() and path.suffix in KINDS]
    problems = [problem for path in kept for problem in _problems(path)]
    print("\n".join(problems) or "Sizes: no file and no function is too long.")
    return 1 if problems else 0


def _problems(path: Path) -> Iterator[str]:
    if path.parts[:2] == ("migrations", "versions"):
        return
    text = path.read_text()
    lines = text.count("\n")
    if lines > MAX_FILE_LINES and path.name not in LONG_FILES:
        yield f"{path}: {lines} lines"
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("test_"):
                length = (node.end_lineno or 0) - node.lineno + 1 - len(_docstring(node).splitlines())
                if length > MAX_FUNCTION_LINES:
                    yield f"{path}:{node.lineno}: {node.name} has {length} lines"


def _docstring(node: ast.FunctionDef) -> str:
    """The function's docstring, which does not count; "" when it has none."""
    return ast.get_docstring(node, clean=False) or ""


if __name__ == "__main__":
    sys.exit(main())
