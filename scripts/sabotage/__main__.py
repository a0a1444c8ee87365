"""If somebody deletes a guard by mistake, does a test notice?

python -m scripts.sabotage map                            # once per commit: which test runs which line
python -m scripts.sabotage --room buying --count 50 --seed 1
python -m scripts.sabotage --room buying --seed 1 --survivors    # those that survived, on more tests
python -m scripts.sabotage --only services/buying/cart.py:47:check-call:8fd92485
"""

from __future__ import annotations

import argparse
import queue
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from scripts.sabotage import covermap, report
from scripts.sabotage.draw import UnknownRoom, by_room, draw, find
from scripts.sabotage.record import make_map
from scripts.sabotage.source import Mutation
from scripts.sabotage.workers import Result, Worker, workers


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    if asked.verb == "map":
        return make_map(asked.workers)
    try:
        drawn, budget = _drawn(asked)
    except (UnknownRoom, LookupError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    if asked.list:
        _list(drawn)
        return 0
    if not covermap.FILE.is_file():
        print("There is no map yet: python -m scripts.sabotage map", file=sys.stderr)
        return 2
    known = covermap.load()
    _warn(known)
    # `kill` ends a run as tidily as Ctrl-C: copies, servers and browsers go with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    results = _attempt_all(drawn, known, budget if asked.budget is None else asked.budget, asked.workers)
    _finish(results, asked, round((time.monotonic() - began) / 60))
    return 0


def _drawn(asked: argparse.Namespace) -> tuple[list[Mutation], float]:
    """The mutations to try, and how many seconds of tests each may have where nothing else is said."""
    if asked.only:
        return [find(asked.only)], 0
    if asked.survivors:
        return list(_found(report.survivors(_name(asked)))), 300
    return draw(by_room(asked.room), asked.count, asked.seed), 40


def _found(ids: Sequence[str]) -> Iterator[Mutation]:
    for one in ids:
        try:
            yield find(one)
        except LookupError as error:
            print(error, file=sys.stderr)  # its line was rewritten since


def _name(asked: argparse.Namespace) -> str:
    """What the report of a draw is called."""
    return f"{(asked.room or 'all').strip('/').replace('/', '-')}-{asked.seed}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "sabotage", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("verb", nargs="?", choices=("run", "map"), default="run")
    parser.add_argument("--count", type=int, default=50, help="how many mutations (50)")
    parser.add_argument("--seed", type=int, default=1, help="another seed draws others (1)")
    parser.add_argument("--room", default="", help="one room: its folder's path or last name, such as buying")
    parser.add_argument(
        "--only", default="", help="the one mutation of this id, on every test that may notice"
    )
    parser.add_argument(
        "--survivors", action="store_true", help="try the survivors of this room and seed again"
    )
    parser.add_argument("--list", action="store_true", help="show the mutations and run nothing")
    parser.add_argument("--workers", type=int, default=2, help="how many at a time (2)")
    parser.add_argument(
        "--budget",
        type=float,
        help="seconds of tests for one mutation; 0 is no limit\n(40; with --survivors 300, with --only 0)",
    )
    return parser


def _list(drawn: Sequence[Mutation]) -> None:
    for one in drawn:
        print(one.id, one.diff(), "", sep="\n")


def _warn(known: covermap.Map) -> None:
    if changed := known.changed():
        print(
            f"The map was made at {known.commit}, before {', '.join(changed)} changed: lines are found wrongly there."
            " Make it again: python -m scripts.sabotage map",
            file=sys.stderr,
        )


def _attempt_all(drawn: Sequence[Mutation], known: covermap.Map, budget: float, count: int) -> list[Result]:
    """Every mutation, on whichever worker is free. An interrupt ends the run with what is known by then."""
    results: list[Result] = []
    with workers(min(count, len(drawn)) or 1) as made:
        free: queue.Queue[Worker] = queue.Queue()
        for worker in made:
            free.put(worker)

        def attempt(mutation: Mutation) -> Result:
            worker = free.get()
            try:
                return worker.attempt(mutation, known, budget)
            finally:
                free.put(worker)

        pool = ThreadPoolExecutor(len(made))
        futures = [pool.submit(attempt, mutation) for mutation in drawn]
        try:
            for number, future in enumerate(as_completed(futures), 1):
                results.append(future.result())
                print(f"{number:3}/{len(drawn)} {report.line(results[-1])}", flush=True)
            results = _believed(results, made[0], known)
        except KeyboardInterrupt:
            print("Stopped: what was under way is not counted.", file=sys.stderr)
        finally:
            for worker in made:
                worker.stop()
            pool.shutdown(cancel_futures=True)
    return results


def _believed(results: Sequence[Result], worker: Worker, known: covermap.Map) -> list[Result]:
    """The results, less what was caught by tests that fail without any mutation as well."""
    catchers = {one.caught_by for one in results if one.caught_by in known.seconds}
    failing = worker.failing(sorted(filter(None, catchers)), known) if catchers else set()
    for test in sorted(failing):
        print(f"{test} fails here by itself: what it caught is not counted.", file=sys.stderr)
    return [one for one in results if one.caught_by not in failing]


def _finish(results: Sequence[Result], asked: argparse.Namespace, minutes: int) -> None:
    what = asked.only or (asked.room or "every room") + (", survivors again" if asked.survivors else "")
    title = f"Sabotage of {what}, seed {asked.seed}, {minutes} min"
    name = "only" if asked.only else _name(asked) + ("-again" if asked.survivors else "")
    path = report.write(results, title, name)
    print("", path.read_text(), f"Kept in {path} and .json", sep="\n")


if __name__ == "__main__":
    sys.exit(main())
