"""`python -m benchmarks read` measures the pages, `python -m benchmarks beside` the verbs, `python -m benchmarks many` acts on many; each says more with `--help`."""

from __future__ import annotations

import sys

COMMANDS = ("read", "beside", "many")


def main() -> None:
    """Hand the arguments to the benchmark that is named first."""
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(f"{__doc__}\nusage: python -m benchmarks {{{','.join(COMMANDS)}}} …")
    name = sys.argv.pop(1)
    sys.argv[0] = f"python -m benchmarks {name}"
    if name == "read":
        from benchmarks.read.command import main as run  # noqa: PLC0415 - the other one needs none of it
    elif name == "many":
        from benchmarks.many import main as run  # noqa: PLC0415
    else:
        from benchmarks.beside import main as run  # noqa: PLC0415
    run()


if __name__ == "__main__":
    main()
