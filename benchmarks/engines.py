"""What several benchmarks share: the arguments that each takes, and going through the databases, each filled when its turn comes."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from benchmarks.read import databases


def parser(about: str | None) -> argparse.ArgumentParser:
    """The arguments of `each`; a benchmark adds its own."""
    made = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--database", choices=databases.ENGINES)
    made.add_argument("--postgresql", help="the address of a server to use instead of a private one")
    made.add_argument("--large", type=int, default=1_000_000, help="licences")
    return made


def each(asked: argparse.Namespace, run: Callable[[str, str], str]) -> None:
    """Print what `run` says of each database: it is given its name and its address."""
    for engine in [asked.database] if asked.database else databases.ENGINES:
        with databases.server(engine, asked.postgresql) as postgresql:
            url = databases.filled(asked.large, postgresql, lambda said: print(said, flush=True))
            print(run(engine, url), flush=True)
