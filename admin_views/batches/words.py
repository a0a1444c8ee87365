"""What people read of a batch: its act, before and after, how far it is, and what comes of a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext, pgettext

from models import BatchKind, BatchState, RowOutcome
from services.bases import deciding

TITLES: Mapping[BatchKind, Any] = {
    BatchKind.ASSIGN: _l("Assign licenses"),
    BatchKind.CHANGE: _l("Change licenses"),
    BatchKind.RELEASE: _l("Release licenses"),
    BatchKind.TRANSFER: _l("Transfer licenses"),
    BatchKind.RESEND: _l("Send the activation again"),
    BatchKind.DEACTIVATE: _l("Deactivate users"),
    BatchKind.PEOPLE: _l("Import users"),
    BatchKind.BASE: _l("Import an existing base"),
}
# What is shown by what a file holds, and not by what its people hold.
OF_FILES = frozenset({BatchKind.PEOPLE, BatchKind.BASE})
# The names of a file's fields for readers. An import says its own (`name_fields`); what is not said is called by its name.
_FIELDS: dict[str, Any] = {}

# Words and the class of the dot beside them.
STATES: Mapping[BatchState, tuple[Any, str]] = {
    BatchState.DRAFT: (_l("To be completed"), "available"),
    BatchState.QUEUED: (_l("Being prepared"), "assigned"),
    BatchState.PREPARING: (_l("Being prepared"), "assigned"),
    BatchState.READY: (_l("To be confirmed"), "suspended"),
    BatchState.CONFIRMED: (_l("Being applied"), "assigned"),
    BatchState.APPLYING: (_l("Being applied"), "assigned"),
    BatchState.DONE: (_l("Done"), "activated"),
    BatchState.FAILED: (_l("Not done"), "expired"),
    BatchState.DISCARDED: (_l("Put away"), "available"),
}
# The tabs of its rows, first the whole: what will come of each, or what came of it.
_TABS: Mapping[RowOutcome, Any] = {
    RowOutcome.READY: _l("Will be done"),
    RowOutcome.LEFT: _l("Left out"),
    RowOutcome.MOVED: _l("Changed meanwhile"),
    RowOutcome.SAME: _l("No change"),
    RowOutcome.WAITING: _l("Waiting"),
}
_FILE_TABS: Mapping[RowOutcome, Any] = {
    RowOutcome.LEFT: _l("In error"),
    RowOutcome.READY: _l("To be added"),
    RowOutcome.MOVED: _l("Changed meanwhile"),
    RowOutcome.SAME: _l("Already in the list"),
    RowOutcome.WAITING: _l("Waiting"),
}


def number(no: int) -> int:
    """A row's own number in its file: those of the second of several stand above those of the first."""
    return deciding.place_of(no)[1]


def name_fields(words: Mapping[str, Any]) -> None:
    """Say what the fields of a file are called, lazily translated."""
    _FIELDS.update(words)


def field(name: str) -> str:
    return str(_FIELDS.get(name, name))


def tabs(kind: BatchKind, *, done: bool) -> Mapping[RowOutcome, str]:
    """The words of each outcome, in the order of the tabs."""
    words = _FILE_TABS if kind in OF_FILES else _TABS
    came = {RowOutcome.READY: _("Added") if kind in OF_FILES else pgettext("rows", "Done")} if done else {}
    return {outcome: str(came.get(outcome, text)) for outcome, text in words.items()}


def result(outcome: RowOutcome, *, done: bool) -> str:
    """What comes of one row of which nothing more is to be said."""
    match outcome:
        case RowOutcome.READY:
            return pgettext("row", "Done") if done else _("Will be done")
        case RowOutcome.SAME:
            return _("No change")
    return str(_TABS[outcome])


def chosen(kind: BatchKind, count: int) -> str:
    """« 12 personnes sélectionnées »."""
    if kind in OF_FILES:
        return ngettext("%(num)s row", "%(num)s rows", count)
    if kind in {BatchKind.ASSIGN, BatchKind.DEACTIVATE}:
        return ngettext("%(num)s person chosen", "%(num)s people chosen", count)
    return ngettext("%(num)s row chosen", "%(num)s rows chosen", count)


_ACTS: Mapping[BatchKind, Callable[[int], str]] = {
    BatchKind.ASSIGN: lambda count: ngettext("Assign %(num)s license", "Assign %(num)s licenses", count),
    BatchKind.CHANGE: lambda count: ngettext("Change %(num)s license", "Change %(num)s licenses", count),
    BatchKind.RELEASE: lambda count: ngettext("Release %(num)s license", "Release %(num)s licenses", count),
    BatchKind.TRANSFER: lambda count: ngettext(
        "Transfer %(num)s license", "Transfer %(num)s licenses", count
    ),
    BatchKind.RESEND: lambda count: ngettext(
        "Send %(num)s activation again", "Send %(num)s activations again", count
    ),
    BatchKind.DEACTIVATE: lambda count: ngettext(
        "Deactivate %(num)s person", "Deactivate %(num)s people", count
    ),
    BatchKind.PEOPLE: lambda count: ngettext("Import %(num)s person", "Import %(num)s people", count),
    BatchKind.BASE: lambda count: ngettext("Import %(num)s row", "Import %(num)s rows", count),
}
_CAME: Mapping[BatchKind, Callable[[int], str]] = {
    BatchKind.ASSIGN: lambda count: ngettext(
        "%(num)s license was assigned.", "%(num)s licenses were assigned.", count
    ),
    BatchKind.CHANGE: lambda count: ngettext(
        "%(num)s license was changed.", "%(num)s licenses were changed.", count
    ),
    BatchKind.RELEASE: lambda count: ngettext(
        "%(num)s license was released.", "%(num)s licenses were released.", count
    ),
    BatchKind.TRANSFER: lambda count: ngettext(
        "%(num)s license was transferred.", "%(num)s licenses were transferred.", count
    ),
    BatchKind.RESEND: lambda count: ngettext(
        "%(num)s activation was sent again.", "%(num)s activations were sent again.", count
    ),
    BatchKind.DEACTIVATE: lambda count: ngettext(
        "%(num)s person was deactivated.", "%(num)s people were deactivated.", count
    ),
    BatchKind.PEOPLE: lambda count: ngettext(
        "%(num)s person was imported.", "%(num)s people were imported.", count
    ),
    BatchKind.BASE: lambda count: ngettext("%(num)s row was imported.", "%(num)s rows were imported.", count),
}


def act(kind: BatchKind, count: int) -> str:
    """What the button does, exactly: « Assigner 28 licences »."""
    return _ACTS[kind](count)


def came(kind: BatchKind, count: int) -> str:
    """What was done, in a sentence."""
    return _CAME[kind](count)


def state(member: BatchState) -> str:
    return str(STATES[member][0])


def dot(member: BatchState) -> str:
    """The class of the dot beside a state."""
    return STATES[member][1]
