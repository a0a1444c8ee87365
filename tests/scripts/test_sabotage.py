"""`scripts/sabotage`: what it changes in a source, what it leaves alone, and that a draw can be repeated.

Nothing here runs a mutation; `make sabotage` does.
"""

from __future__ import annotations

import contextlib
import textwrap

import pytest

from scripts.sabotage import __main__ as command
from scripts.sabotage import covermap, report
from scripts.sabotage.covermap import Map, in_order, plan
from scripts.sabotage.draw import by_room, draw, shares
from scripts.sabotage.operators import OPERATORS, compiles, mutations
from scripts.sabotage.rooms import START, folders_of_tests, is_named, room_of
from scripts.sabotage.source import Mutation
from scripts.sabotage.unlocked import unlocked
from scripts.sabotage.workers import Result


def found(text: str, operator: str = "") -> list[Mutation]:
    everything = mutations("services/x.py", textwrap.dedent(text))
    return [one for one in everything if compiles(one) and operator in {"", one.operator}]


def afters(text: str, operator: str) -> list[str]:
    """What one line of source may become."""
    return [one.after.strip() for one in found(text, operator)]


# --- What is changed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operator", "before", "after"),
    [
        ("negate", "if a:\n    b()", ["if not (a):\n    b()"]),
        ("negate", "if not a:\n    b()", ["if (a):\n    b()"]),
        ("negate", "x = [y for y in z if y]", ["x = [y for y in z if not (y)]"]),
        ("negate", "x = y if z else 0", ["x = y if not (z) else 0"]),
        ("drop-operand", "x = a and b", ["x = b", "x = a"]),
        ("drop-operand", "x = a and (b or c)", ["x = (b or c)", "x = a", "x = a and (c)", "x = a and (b)"]),
        ("bound", "x = 0 < y <= z", ["x = 0 <= y <= z", "x = 0 < y < z"]),
        ("off-by-one", "x = y == 1", ["x = y == 2", "x = y == 0"]),
        ("off-by-one", "x = y[:5]", ["x = y[:6]", "x = y[:4]"]),
        ("row-lock", "q(A, 1, with_for_update=True)", ["q(A, 1, with_for_update=None)"]),
        ("row-lock", "q.with_for_update(skip_locked=True)", ["q"]),
        ("guard", "if a:\n    raise B('c')", ["pass"]),
        ("guard", "if a:\n    abort(404)", ["pass"]),
        ("check-call", "_require_range(a)", ["pass"]),
        ("check-call", "checks.filled(a, 'b')", ["pass"]),
        ("flush", "db.session.flush()", ["pass"]),
        ("journal", "journal.record('a', by=b)", ["pass"]),
        ("journal", "_record(a)", ["pass"]),
        ("mail", "mail.receipt(order)", ["pass"]),
        ("mail", "letters.receipt(order)", ["pass"]),
        ("filter", "s.where(a, b)", ["s", "s.where(b)", "s.where(a)"]),
        ("filter", "sa.and_(a, b)", ["sa.and_(b)", "sa.and_(a)"]),
        ("number", "MAX = 500", ["MAX = 1000"]),
        ("number", "dt.timedelta(days=3)", ["dt.timedelta(days=4)"]),
        ("flag", "f(told=False)", ["f(told=True)"]),
    ],
)
def test_an_operator_makes_these_changes_and_no_other(operator, before, after):
    assert sorted(afters(before, operator)) == sorted(after)


def test_a_lock_without_its_turn_still_runs():
    [one] = found("with company_lock(x) as company:\n    f(company)", "lock")
    assert "unlocked(company_lock)(x) as company:" in one.after
    taken = []

    def take_turn(company_id):
        taken.append(company_id)

    @contextlib.contextmanager
    def company_lock(company_id):
        _take_turn(company_id)  # noqa: F821 - a global, below
        yield company_id + 1

    company_lock.__wrapped__.__globals__["_take_turn"] = take_turn
    with company_lock(1) as company:
        assert (company, taken) == (2, [1])
    with unlocked(company_lock)(1) as company:
        assert (company, taken) == (2, [1])


def test_a_permission_becomes_one_that_more_roles_hold():
    assert afters("permission = Permission.PURCHASE", "permission") == [
        "permission = Permission.OWN_LICENSES"
    ]
    assert afters("permission = Permission.OWN_LICENSES", "permission") == []


def test_a_role_loses_and_gains_permissions():
    changed = afters("ROLE_PERMISSIONS = {R.A: {Permission.PURCHASE, Permission.BILLING}}", "role")
    assert "ROLE_PERMISSIONS = {R.A: {Permission.BILLING}}" in changed
    assert (
        "ROLE_PERMISSIONS = {R.A: {Permission.SUPPORT, Permission.PURCHASE, Permission.BILLING}}" in changed
    )


def test_a_change_is_one_stretch_of_the_text_and_nothing_else():
    text = "# Où est-ce ?\nx = 'é' if a and b else 'ü'  # ici\n"
    for one in found(text):
        assert one.after.startswith("# Où est-ce ?\nx = 'é' if ")
        assert one.after.endswith(" else 'ü'  # ici\n")


# --- What is left alone -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        '"""A docstring, 1 < 2 and True."""',
        "log.warning('%s', 1 if a else 2)",
        "current_app.logger.info(a or b)",
        "x: Literal[1, 2]",
        "def f(a: Literal[1, 2]) -> Literal[3, 4]: ...",
        "__all__ = ['a', 'b']",
        "x = _('%(count)s of them', count=a or 1)",
        "x = ngettext('one', 'many', 2)",
        "raise NotImplementedError",
        "if TYPE_CHECKING:\n    import a",
        "@dataclasses.dataclass(frozen=True)\nclass A:\n    b: int",
        "columns = (Column('a', 1), Column('b', 2))",
        "WORDS = {'a': _l('A'), 'b': _l('B')}",
        "zip(a, b, strict=True)",
        "f(tone='danger', kind='money', render_kw={'rows': 3})",
    ],
)
def test_what_no_test_should_notice_is_left_alone(text):
    assert found(text) == []


def test_code_inside_a_list_of_columns_is_changed_all_the_same():
    assert afters("columns = (Column('a', 1, value=lambda row: row.b or None),)", "drop-operand")


# --- When the changed code runs -----------------------------------------------------------------------------------


def test_a_change_knows_the_lines_that_run_with_it():
    [one] = found("def f():\n    g(\n        a,\n        told=True,\n    )\n", "flag")
    assert (one.edit.lines, one.edit.at_import) == ((2, 5), False)
    [one] = found("x = f(\n    1,\n    lambda a:\n        g(told=a, other=True),\n)\n", "flag")
    assert (one.edit.lines, one.edit.at_import) == ((4, 4), False)
    [one] = found("class A:\n    can_edit = True\n", "flag")
    assert (one.edit.lines, one.edit.at_import) == ((2, 2), True)
    [one] = found("def f(a=True):\n    return a\n", "flag")
    assert one.edit.at_import


# --- The draw -----------------------------------------------------------------------------------------------------


def test_the_same_seed_draws_the_same_and_another_draws_others():
    rooms = by_room("access")
    ids = [[one.id for one in draw(rooms, 12, seed)] for seed in (1, 1, 2)]
    assert len(ids[0]) == len(set(ids[0])) == 12
    assert ids[0] == ids[1] != ids[2]


def test_a_rare_operator_is_drawn_before_a_common_one_comes_twice_more():
    text = "def f():\n    flush()\n" + "".join(f"    if a{n}:\n        b()\n" for n in range(50))
    drawn = draw({"room": {"services/x.py": text}}, 4, 1)
    assert sorted(one.operator for one in drawn) == ["flush", "negate", "negate", "negate"]


def test_rooms_get_their_share_by_size():
    assert shares({"a": 300, "b": 100, "c": 100}, 10) == {"a": 6, "b": 2, "c": 2}
    assert sum(shares({"a": 7, "b": 7, "c": 7}, 10).values()) == 10


def test_every_mutation_has_an_id_of_its_own_that_outlives_a_move():
    text = "def f():\n    if a:\n        return 1\n    if a:\n        return 1\n"
    ids = [one.id for one in found(text)]
    assert len(ids) == len(set(ids))
    moved = [one.id.split(":")[2:] for one in found("# one line more\n" + text)]
    assert [one.split(":")[2:] for one in ids] == moved


def test_every_operator_finds_something_in_this_code():
    files = [file for files in by_room().values() for file in files.items()]
    assert {one.operator for path, text in files for one in mutations(path, text)} == set(OPERATORS)


def test_rooms_are_named_by_path_or_last_name():
    assert room_of("services/buying/cart.py") == "services/buying"
    assert room_of("access/rows.py") == "access"
    assert is_named("services/buying", "buying")
    assert is_named("services/buying", "services/")
    assert not is_named("services/buying", "licenses")


def test_the_tests_of_a_room_are_in_the_nearest_folder(tmp_path):
    for folder in ("tests/services", "tests/faults"):
        (tmp_path / folder).mkdir(parents=True)
    assert folders_of_tests("services/buying", tmp_path) == ("tests/services", "tests/faults")
    assert folders_of_tests("access", tmp_path) == ()


# --- The tests of a mutation --------------------------------------------------------------------------------------

ROOM, OTHER, PROCESS = (
    "tests/services/test_a.py::test_a",
    "tests/web/test_b.py::test_b",
    "tests/test_run.py::test_c",
)


def a_map(lines: dict[int, set[str]]) -> Map:
    seconds = {ROOM: 2.0, OTHER: 1.0, PROCESS: 5.0}
    return Map("abc", {}, {"services/x.py": lines}, seconds, {PROCESS})


def test_a_mutation_is_tried_on_the_tests_that_ran_it_the_room_s_own_first():
    [one] = found("def f():\n    g(told=True)\n", "flag")
    known = a_map({2: {OTHER, ROOM}})
    assert plan(one, known, 60) == ([[ROOM], [OTHER]], 1)
    assert plan(one, known, 0) == ([[ROOM], [OTHER, PROCESS]], 0)
    assert plan(one, known, 2.5) == ([[ROOM]], 2)


def test_what_no_test_reaches_is_tried_on_those_that_start_processes():
    [one] = found("def f():\n    g(told=True)\n", "flag")
    assert plan(one, a_map({1: {OTHER}}), 60) == ([[PROCESS]], 0)


def test_what_runs_at_import_is_tried_on_whoever_runs_the_module_then_on_all():
    [one] = found("def g():\n    pass\nX = f(told=True)\n", "flag")
    known = a_map({2: {OTHER}, 3: {START}})
    assert plan(one, known, 60) == ([[OTHER]], 2)
    assert plan(one, known, 0) == ([[ROOM], [OTHER, PROCESS]], 0)


def test_what_runs_at_import_is_tried_first_on_the_files_that_import_the_module(tmp_path, monkeypatch):
    monkeypatch.setattr(covermap, "ROOT", tmp_path)
    for test, text in (
        (ROOM, "from services import (\n    w,\n    x,\n)\n"),
        (OTHER, "from services import w\n"),
        (PROCESS, "x\n"),
    ):
        file = tmp_path / test.partition("::")[0]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    [one] = found("X = f(told=True)\n", "flag")
    assert plan(one, a_map({1: {START}}), 60) == ([[ROOM]], 2)


def test_a_test_of_all_modules_of_a_package_is_among_those_that_read_a_constant(tmp_path, monkeypatch):
    monkeypatch.setattr(covermap, "ROOT", tmp_path)
    for test, text in (
        (ROOM, "from services import buying\n"),
        (OTHER, "from services.buying import cart\n"),
    ):
        file = tmp_path / test.partition("::")[0]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    [one] = [
        one for one in mutations("services/buying/orders.py", "X = f(told=True)\n") if one.operator == "flag"
    ]
    assert plan(one, a_map({1: {START}}), 60) == ([[ROOM]], 2)


def test_a_lambda_of_a_class_is_tried_on_the_tests_that_called_it():
    [one] = found("class A:\n    b = f(lambda: g(told=True))\n", "flag")
    assert plan(one, a_map({1: {OTHER}, 2: {START, ROOM}}), 60) == ([[ROOM]], 1)


def test_cheap_tests_come_first_and_more_parameters_of_the_same_test_later():
    seconds = {"a[sqlite]": 1, "a[sqlite-2]": 2, "a[postgresql]": 4, "b": 3, "browser": 9}
    assert in_order(seconds, seconds) == ["a[sqlite]", "b", "a[postgresql]", "a[sqlite-2]", "browser"]


def test_a_map_is_read_as_it_was_written(tmp_path):
    made = a_map({2: {ROOM, START}})
    covermap.save(made, tmp_path / "map.json")
    assert covermap.load(tmp_path / "map.json") == made


# --- The command --------------------------------------------------------------------------------------------------


def test_the_report_counts_and_shows_survivors():
    survivor, caught = found("def f():\n    if a or b:\n        g()\n", "drop-operand")
    results = [Result(survivor, None, 3, 0, 1.0), Result(caught, ROOM, 3, 0, 1.0)]
    text = report.markdown(results, "Sabotage")
    assert "2 mutations, 1 survived (50 %)" in text
    assert "services/x.py:2" in text
    assert "+    if b:" in text
    assert report.line(results[1]).endswith(f"by {ROOM}")


def test_it_lists_without_running(capsys):
    assert command.main(["--room", "access", "--count", "3", "--list"]) == 0
    assert capsys.readouterr().out.count("access/") >= 3


def test_an_unknown_room_is_an_error_of_whoever_asks(capsys):
    assert command.main(["--room", "nowhere", "--list"]) == 2
    assert "nowhere" in capsys.readouterr().err
