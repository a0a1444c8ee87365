"""A cell that came from somebody else runs nowhere, and comes back as it was."""

from __future__ import annotations

import pytest

from services.text.inert import inert, plain

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠a"])
def test_a_cell_that_a_spreadsheet_would_run_is_only_text(text):
    assert inert(text) == "'" + text
    assert inert("1" + text) == "1" + text
    assert plain(inert(text)) == text


@pytest.mark.parametrize("text", ["", "'", "''", "'tis", "a=1", "l'été"])
def test_any_other_stays_as_it_is(text):
    assert inert(text) == plain(text) == text
