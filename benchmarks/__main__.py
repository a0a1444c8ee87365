"""How fast the desk is: `python -m benchmarks NAME`, each of which says more with `--help`.

read     every page, beside a floor and Flask-Admin as it comes
search   finding people, licences, customers and orders by any text
verbs    assigning, releasing, delivering, sending mail, beside the least of the same
mixed    sixteen people at once, who read, search and change
many     what is done to many at once
beside   the verbs and lists of another checkout, beside these
all      read, search, verbs and mixed, one after the other; with `--quick` over ten thousand licences
"""

from __future__ import annotations

import importlib
import sys

MODULES = {
    "read": "benchmarks.read.command",
    "search": "benchmarks.search",
    "verbs": "benchmarks.verbs",
    "mixed": "benchmarks.mixed",
    "many": "benchmarks.many",
    "beside": "benchmarks.beside",
}
ALL = ("read", "search", "verbs", "mixed")
QUICK = ["--large", "10000"]


def main() -> None:
    """Hand the arguments to the benchmark that is named first."""
    name, arguments = (sys.argv[1] if len(sys.argv) > 1 else ""), sys.argv[2:]
    if name in MODULES:
        _run(name, arguments)
    elif name == "all":
        quick = "--quick" in arguments
        rest = [one for one in arguments if one != "--quick"]
        for each in ALL:
            _run(each, [*rest, *(["--quick"] if quick and each == "read" else QUICK if quick else [])])
    else:
        sys.exit(__doc__)


def _run(name: str, arguments: list[str]) -> None:
    sys.argv = [f"python -m benchmarks {name}", *arguments]
    importlib.import_module(MODULES[name]).main()


if __name__ == "__main__":
    main()
