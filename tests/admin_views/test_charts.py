"""Charts as numbers: nothing to draw, one month, a great many, and what cannot be drawn."""

from __future__ import annotations

import pytest

from admin_views import charts


def test_an_axis_has_a_few_ticks_in_round_numbers():
    for top in [*range(1, 300), 999, 1_000, 36_200, 123_456_789]:
        distance = charts.step(top)
        assert str(distance).rstrip("0") in ("1", "2", "5"), top
        assert 1 <= -(-top // distance) <= 4, top
    assert charts.step(0) == 1
    with pytest.raises(ValueError, match="begins at 0"):
        charts.step(-1)


@pytest.mark.parametrize(
    ("value", "french", "english"),
    [
        (0, "0", "0"),
        (950, "950", "950"),
        (1_000, "1 k", "1 k"),
        (18_312, "18,3 k", "18.3 k"),
        (20_000, "20 k", "20 k"),
        (999_949, "999,9 k", "999.9 k"),
        (999_960, "1 M", "1 M"),
        (2_000_000, "2 M", "2 M"),
        (3_450_000_000, "3,4 G", "3.4 G"),
    ],
)
def test_a_number_is_written_in_as_few_characters_as_an_axis_has_room_for(value, french, english):
    assert charts.short(value, "fr").replace("\xa0", " ") == french
    assert charts.short(value, "en").replace("\xa0", " ") == english


def test_columns_stand_on_the_floor_one_above_the_other_and_within_the_picture():
    chart = charts.columns([[12_000, 0, 5], [24_200, 0, 0], [0, 0, 35_000]])
    assert [tick.value for tick in chart.ticks] == [0, 10_000, 20_000, 30_000, 40_000]
    assert (chart.ticks[0].y, chart.ticks[-1].y) == (charts.FLOOR, charts.TOP)
    first, nothing, last = chart.columns
    assert [shape.kind for shape in first.shapes] == ["c1", "c2"]
    below, above = first.shapes
    assert below.y + below.height == pytest.approx(charts.FLOOR)
    assert above.y + above.height <= below.y
    assert (nothing.total, nothing.shapes) == (0, ())
    # What is very small is still there to be seen, in its own colour.
    assert [shape.kind for shape in last.shapes] == ["c1", "c3"]
    assert all(
        shape.x >= charts.LEFT and shape.x + shape.width <= charts.WIDTH
        for one in chart.columns
        for shape in one.shapes
    )
    assert all(shape.height >= 0 for one in chart.columns for shape in one.shapes)


@pytest.mark.parametrize("series", [[], [[]], [[0]], [[0] * 12], [[0], [0], [0]]])
def test_a_chart_of_nothing_is_an_axis_alone(series):
    chart = charts.columns(series)
    assert [tick.value for tick in chart.ticks] == [0, 1]
    assert not any(column.shapes for column in chart.columns)


def test_one_month_and_a_huge_one_are_drawn():
    for value in (1, 10**15):
        (column,) = charts.columns([[value]]).columns
        assert column.total == value
        assert charts.TOP <= column.shapes[0].y < charts.FLOOR


def test_what_cannot_be_drawn_is_refused():
    for draw in (
        lambda: charts.columns([[1, -1]]),
        lambda: charts.columns([[1], [2, 3]]),
        lambda: charts.columns([[1]] * 4),
        lambda: charts.parts([(1, 2)]),
        lambda: charts.parts([(-1, -2)]),
        lambda: charts.beside([(1, -2)]),
        lambda: charts.spark_columns([-1]),
    ):
        with pytest.raises(ValueError):
            draw()


def test_bars_are_as_long_as_their_numbers_and_leave_room_for_them():
    whole = charts.parts([(528, 378), (1_904, 1_622), (0, 0)])
    assert [[shape.kind for shape in bar.shapes] for bar in whole] == [["c0", "c1"], ["c0", "c1"], []]
    assert whole[1].shapes[0].width == charts.LONGEST
    assert whole[0].shapes[1].width == pytest.approx(378 * charts.LONGEST / 1_904, abs=0.1)
    assert [bar.baseline for bar in whole] == [19, 49, 79]
    pairs = charts.beside([(150, 64), (0, 7), (0, 0)])
    one, other = pairs[0].shapes
    assert other.x == pytest.approx(one.x + one.width + charts.GAP, abs=0.2)
    assert pairs[1].shapes[0].x == charts.NAMES
    assert (pairs[2].shapes, pairs[2].end) == ((), charts.NAMES + 8)
    assert charts.parts([]) == charts.beside([]) == ()


def test_small_pictures_bear_nothing_one_value_and_a_level_line():
    assert charts.spark_columns([]) == charts.spark_line([]) == ()
    assert charts.spark_line([5]) == ((1, charts.SPARK_HEIGHT / 2),)
    assert {y for _x, y in charts.spark_line([7, 7, 7])} == {charts.SPARK_HEIGHT / 2}
    line = charts.spark_line([1, 3, 2])
    assert [x for x, _y in line] == [1, 40, 79]
    assert line[1][1] < line[2][1] < line[0][1]
    assert [shape.height for shape in charts.spark_columns([0, 0])] == [0, 0]
