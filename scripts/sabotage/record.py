"""Makes the map: the whole suite once, traced."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.sabotage.covermap import FILE, merge, save
from scripts.sabotage.rooms import ROOT


def make_map(workers: int) -> int:
    """Run every test under the recorder and keep what it wrote; the exit code is 0 when there is a map."""
    with tempfile.TemporaryDirectory(prefix="sabotage-map-") as folder:
        env = {
            **os.environ,
            "PYTEST_PLUGINS": "scripts.sabotage.recorder",
            "SABOTAGE_RECORD": folder,
        }
        command = [sys.executable, "-m", "pytest", "-n", str(workers)]
        subprocess.run(command, cwd=ROOT, env=env, check=False)
        made = merge(Path(folder), commit())
    if not made.seconds:
        print("No test passed: there is nothing to make a map of.", file=sys.stderr)
        return 1
    save(made)
    total = sum(made.seconds.values())
    print(f"{FILE.relative_to(ROOT)}: {len(made.seconds)} tests, {total:.0f} s, at {made.commit}")
    return 0


def commit() -> str:
    asked = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
