"""Which mutations a run tries: spread over rooms by their size, and within a room evenly over the families of operators."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from scripts.sabotage.operators import FAMILY_OF, compiles, mutations
from scripts.sabotage.rooms import ROOT, is_named, room_of, source_files
from scripts.sabotage.source import Mutation


class UnknownRoom(ValueError):
    """`--room` names none of them."""


def by_room(wanted: str = "", root: Path = ROOT) -> dict[str, dict[str, str]]:
    """{room: {path: text}}, of every room or of those that `wanted` names."""
    rooms: dict[str, dict[str, str]] = defaultdict(dict)
    for path in source_files(root):
        room = room_of(path)
        if not wanted or is_named(room, wanted):
            rooms[room][path] = (root / path).read_text()
    if not rooms:
        raise UnknownRoom(f"no room is called {wanted}")
    return dict(sorted(rooms.items()))


def draw(rooms: dict[str, dict[str, str]], count: int, seed: int) -> list[Mutation]:
    """`count` mutations, the same ones for the same text and seed; fewer where there are no more."""
    sizes = {room: sum(map(_size, files.values())) for room, files in rooms.items()}
    drawn: list[Mutation] = []
    for room, share in shares(sizes, count).items():
        found = [one for path, text in sorted(rooms[room].items()) for one in mutations(path, text)]
        chance = random.Random(f"{seed}:{room}")  # noqa: S311 - a draw that can be repeated, no secret
        drawn += [one for one, _ in zip(_evenly(found, chance), range(share), strict=False)]
    return drawn


def shares(sizes: dict[str, int], count: int) -> dict[str, int]:
    """`count` divided in proportion to `sizes`, the largest remainders rounded up."""
    total = sum(sizes.values()) or 1
    exact = {room: count * size / total for room, size in sizes.items()}
    given = {room: int(share) for room, share in exact.items()}
    by_remainder = sorted(exact, key=lambda room: (given[room] - exact[room], room))
    for room in by_remainder[: count - sum(given.values())]:
        given[room] += 1
    return given


def _size(text: str) -> int:
    """Lines that hold something."""
    return sum(1 for line in text.splitlines() if line.strip())


def _evenly(found: list[Mutation], chance: random.Random) -> Iterator[Mutation]:
    """One of each family in turn, so that the rare ones are drawn too, as long as any is left."""
    piles: dict[str, list[Mutation]] = defaultdict(list)
    for one in found:
        piles[FAMILY_OF[one.operator]].append(one)
    order = sorted(piles)
    chance.shuffle(order)
    for name in order:
        chance.shuffle(piles[name])
    while any(piles.values()):
        for name in order:
            while piles[name]:
                one = piles[name].pop()
                if compiles(one):
                    yield one
                    break


def find(wanted: str) -> Mutation:
    """The mutation of that id; its line may have moved since.

    Raises:
        LookupError: there is none in today's source.
    """
    path, _line, operator, digest = wanted.rsplit(":", 3)
    if (ROOT / path).is_file():
        for one in mutations(path, (ROOT / path).read_text()):
            if one.operator == operator and one.id.endswith(f":{digest}"):
                return one
    raise LookupError(f"no mutation has the id {wanted}")
