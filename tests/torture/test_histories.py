"""Random histories: whatever people do to a company's seats, cents add up, and the past reads as it was.

`make torture` lives more of them; a failure names its seed, and `TORTURE_SEED=17 make torture` lives that one again.
"""

from __future__ import annotations

import os

import pytest

from tests.databases import ENGINES
from tests.factories import make_user
from tests.torture.history import Life

STEPS = 200
# Each history is lived on one database, in turn; one that is asked for, on both.
SEEDS = (
    [int(os.environ["TORTURE_SEED"])]
    if "TORTURE_SEED" in os.environ
    else [
        pytest.param(seed, marks=pytest.mark.one_database(ENGINES[seed % len(ENGINES)]))
        for seed in range(int(os.environ.get("TORTURE", "20")))
    ]
)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_history_adds_up_and_reads_the_same_afterwards(cast, time_machine, seed):
    for _ in range(4):
        make_user(cast.acme)
    life = Life(cast, time_machine, seed)
    time_machine.move_to(life.now, tick=False)
    life.live(STEPS)
    try:
        life.check()
    except AssertionError as error:
        error.add_note("\n".join(life.told))
        raise
    done = [act for act in life.told if ":" not in act]
    assert len(set(done)) > 6, "it was a quiet life"
