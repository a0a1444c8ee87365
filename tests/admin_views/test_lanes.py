"""Lanes as numbers: nobody, one holder of a day, thirty, a lapse, many years; all of it within the picture."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest

from admin_views import lanes
from admin_views.lanes import Span

ZONE = zoneinfo.ZoneInfo("America/Toronto")
DAY = dt.timedelta(days=1)
START = dt.datetime(2025, 7, 7, 15, tzinfo=dt.UTC)


def drawn(*spans, now=START + 400 * DAY):
    return lanes.draw(spans, now, ZONE, lambda day: f"{day:%Y-%m}")


def period(first, last, words="Achat"):
    return Span(0, START + first * DAY, START + last * DAY, "g0", words, "t0")


def holder(first, last, words="Bob Tremblay"):
    return Span(1, START + first * DAY, START + last * DAY, "g1", words, "t1")


@pytest.mark.parametrize(
    "spans",
    [
        [],
        [period(0, 365)],
        [period(0, 365), period(365, 730), period(800, 1165)],
        [period(0, 365), *(holder(12 * at, 12 * at + 11) for at in range(30))],
        [period(0, 365), holder(3, 4), holder(364.9, 365)],
        [period(0, 1)],
        [period(0, 9_000)],
        [holder(0, 0)],
    ],
)
def test_everything_lies_within_the_picture_and_can_be_seen(spans):
    found = drawn(*spans)
    assert len(found.bars) == len(spans)
    for bar in found.bars:
        assert bar.width >= lanes.LEAST
        assert bar.x >= lanes.LEFT
        assert bar.x + bar.width <= lanes.WIDTH
        # A text is never wider than its bar.
        assert len(bar.text) * lanes.LETTER <= bar.width
    assert lanes.LEFT <= found.now <= lanes.WIDTH
    assert len(found.ticks) <= lanes.MOST_TICKS
    assert [tick.x for tick in found.ticks] == sorted({tick.x for tick in found.ticks})


def test_what_follows_comes_after_and_a_lapse_is_a_gap():
    first, second, third = drawn(period(0, 365), period(365, 730), period(800, 1165)).bars
    assert 0 < second.x - (first.x + first.width) < 5
    assert third.x - (second.x + second.width) > 20


def test_today_stands_between_what_was_and_what_will_be():
    found = drawn(period(0, 365), period(365, 730))
    assert found.bars[1].x < found.now < found.bars[1].x + found.bars[1].width
    assert found.anchor == "middle"
    # Of what ended long ago, today is the end of the lanes.
    over = drawn(period(0, 100))
    assert (over.now, over.anchor) == (lanes.WIDTH, "end")


def test_a_name_that_has_no_room_is_shortened_or_left_out():
    wide, narrow, day = drawn(
        holder(0, 300), holder(300, 340, "Anne-Sophie de la Bruère-Terreault"), holder(350, 351)
    ).bars
    assert wide.text == "Bob Tremblay"
    assert narrow.text.endswith("…")
    assert (day.text, day.words) == ("", "Bob Tremblay")


def test_no_word_crosses_today():
    """What is written on what is still to come has an ink of its own: white would not be read there."""
    found = drawn(holder(0, 300), holder(390, 900, "Maria Fernández"), holder(350, 402, "Ana Roy"))
    for bar in found.bars:
        end = bar.text_x + len(bar.text) * lanes.LETTER
        assert bar.text_x >= found.now or end <= found.now or not bar.text
    assert [bar.ink for bar in found.bars[:2]] == ["t1", "later"]
