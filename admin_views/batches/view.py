"""The page of what is done to many at once, from how it is to be treated to what was done; and the list by which it is found again.

What stands under one number is one customer's batch, or in support those of several: each is confirmed and applied as a whole.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.orm import joinedload

import access
from access import Permission, current_actor
from admin_views import moves, said, undo
from admin_views.base import DeskModelView
from admin_views.batches import files, options, shown, words
from admin_views.columns import PERSON, who
from admin_views.guard import local_url
from admin_views.lists.columns import Column, Empty
from admin_views.lists.rows import parse_id
from admin_views.pickers import Lookup
from models import Batch, BatchKind, BatchState, Company, User, db, utcnow
from services.batches import applying, choosing
from services.foundation.errors import Refused

LONG_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)


def _what(kind: BatchKind, total: int) -> str:
    return _("%(act)s (%(chosen)s)", act=str(words.TITLES[kind]), chosen=words.chosen(kind, total))


WHEN = Column("created_at", _l("When"), kind="moment", to=(".show", Batch.together, "together"), phone="line")
WHAT = Column("kind", _l("What"), (Batch.kind, Batch.total), _what, to=(".show", Batch.together, "together"))
STATE = Column("state", _l("State"), kind="state", words=words.state, tone=words.dot, phone="line")
BY = Column("made_by", _l("By"), (Batch.made_as, *PERSON), who)


class Batches(DeskModelView):
    """Declared by each site: who may, and what stands in its list."""

    model = Batch
    title = _l("Recent acts on many")
    slug = "batches"
    in_menu = False
    has_export = False
    columns = (WHAT, WHEN, STATE, BY)
    joins = (Batch.made_by,)
    form_ajax_refs: ClassVar[dict[str, Lookup]] = moves.Moves.lookups
    empty = Empty(_l("Nothing was done to many at once yet."), _l("Choose rows in a list to begin."))
    # Where one goes who came from no list.
    people: ClassVar[str]

    def person_url(self, person: User) -> str:
        raise NotImplementedError

    def buy_url(self, batch: Batch, seats: Any = None) -> str | None:
        """Where what is lacking can be bought, of one plan or of any; None for whoever may not."""
        raise NotImplementedError

    def scope(self, query: Any) -> Any:
        return super().scope(query).where(Batch.state != BatchState.DISCARDED)

    # --- The page -----------------------------------------------------------------------------------------------------

    @expose("/<together>/")
    def show(self, together: str) -> ResponseReturnValue:
        """What stands under this number; `?batch=` one customer's of several, `?options=1` how it is to be treated."""
        group = self._group(together)
        if request.args.get("part") == "progress":
            return self.render("admin/batch/progress.html", **self._context(together, group))
        return self._answer(together, group)

    def _answer(
        self,
        together: str,
        group: Sequence[Batch],
        form: options.Form | None = None,
        error: str | None = None,
    ) -> ResponseReturnValue:
        context = self._context(together, group)
        one = context["one"]
        open_ones = [part.batch for part in context["sections"] if part.batch.is_open]
        drafts = [batch for batch in open_ones if batch.state == BatchState.DRAFT]
        if group[0].kind in words.OF_FILES and open_ones and (drafts or "options" in request.args):
            site = (request.blueprint or "").partition("_")[0]
            page = "base" if group[0].kind == BatchKind.BASE else "imports"
            return redirect(url_for(f"{site}_{page}.columns", together=together))
        if open_ones and (drafts or form or "options" in request.args):
            batches = open_ones if form or "options" in request.args else drafts
            context |= {"form": form or options.of(batches), "error": error}
            return self.render("admin/batch/options.html", **context), 422 if form else 200
        if one is None:
            return self.render("admin/batch/several.html", **context)
        return self.render("admin/batch/one.html", found=shown.rows_of(one.batch, request.args), **context)

    def _context(self, together: str, group: Sequence[Batch]) -> dict[str, Any]:
        now = utcnow()
        wanted = parse_id(Batch, request.values.get("batch", ""))
        chosen = [batch for batch in group if batch.id == wanted] if "batch" in request.values else group
        if not chosen:
            abort(404)
        sections = [shown.section(batch, now) for batch in chosen]
        kind = group[0].kind
        return {
            "together": together,
            "group": group,
            "sections": sections,
            "one": sections[0] if len(sections) == 1 else None,
            "several": len(group) > 1,
            "kind": kind,
            "heading": words.TITLES[kind],
            "words": words,
            "letters": shown.letters,
            "back_url": local_url(request.values.get("url")) or url_for(self.people),
        }

    def _group(self, together: str) -> list[Batch]:
        """The batches of that number that one may see, by customer; the same 404 for a stranger's and a missing one."""
        if not re.fullmatch(r"[0-9a-f]{32}", together):
            abort(404)
        found = super().scope(sa.select(Batch)).where(Batch.together == together)
        everything = (joinedload(Batch.company), joinedload(Batch.made_by), joinedload(Batch.confirmed_by))
        group = list(db.session.scalars(found.options(*everything)))
        if not group:
            abort(404)
        return sorted(group, key=lambda batch: (batch.company.sort_key if batch.company else "", batch.id))

    # --- What is done with it -----------------------------------------------------------------------------------------

    @expose("/<together>/", methods=("POST",))
    def settle(self, together: str) -> ResponseReturnValue:
        """Say how the rows are to be treated, and have them prepared."""
        group = self._asked(together)
        open_ones = [batch for batch in group if batch.is_open]
        if not open_ones:
            raise choosing.settled()
        form = options.of(open_ones)
        if not form.validate():
            return self._answer(together, group, form)
        wanted = {batch.id: form.of_batch(batch) for batch in open_ones}
        by = current_actor()
        try:
            self._each(open_ones, lambda batch: choosing.settle(batch, wanted[batch.id], by))
        except Refused as refused:
            db.session.rollback()
            return self._answer(together, self._asked(together), form, refused.sentence)
        return self._to(together)

    @expose("/<together>/again", methods=("POST",))
    def again(self, together: str) -> ResponseReturnValue:
        """Prepare anew, as it was settled before: what could not be done, and what is too old to be confirmed."""
        now, by = utcnow(), current_actor()
        stuck = [batch for batch in self._asked(together) if shown.section(batch, now).is_stuck]
        settled = {batch.id: dict(batch.options) for batch in stuck}
        self._each(stuck, lambda batch: choosing.settle(batch, settled[batch.id], by))
        return self._to(together)

    @expose("/<together>/confirm", methods=("POST",))
    def confirm_batch(self, together: str) -> ResponseReturnValue:
        """Do what was shown: each customer's whole or not at all. What was prepared anew since is left, and said."""
        # A form that says no such thing has shown nothing.
        by, until = current_actor(), _instant(request.form.get("shown", "")) or LONG_AGO
        ready = [batch for batch in self._asked(together) if batch.state == BatchState.READY]
        for sentence in self._each(ready, lambda batch: applying.confirm(batch, by, shown=until), say=True):
            flash(sentence, "danger")
        self._say_done(together, [batch.id for batch in ready])
        return self._to(together)

    @expose("/<together>/discard", methods=("POST",))
    def discard(self, together: str) -> ResponseReturnValue:
        """Put it away; nothing was changed by it."""
        group = [batch for batch in self._asked(together) if batch.is_open]
        self._each(group, choosing.discard, work=False)
        said.done(_("It is put away. Nothing was changed."))
        return redirect(local_url(request.form.get("url")) or url_for(self.people), 303)

    def _asked(self, together: str) -> list[Batch]:
        """The group, or the one of it that the form names."""
        group = self._group(together)
        if "batch" not in request.form:
            return group
        wanted = parse_id(Batch, request.form["batch"])
        return [batch for batch in group if batch.id == wanted] or abort(404)

    def _each(
        self, batches: Sequence[Batch], verb: Callable[[Batch], None], *, say: bool = False, work: bool = True
    ) -> list[str]:
        """Do `verb` to each, then have few rows worked on at once; with `say`, one that is refused stops no other."""
        refusals = []
        named = [(batch.id, batch.company.name if batch.company else "") for batch in batches]
        for batch_id, name in named:
            try:
                verb(db.session.get_one(Batch, batch_id))
            except Refused as refused:
                if not say:
                    raise
                db.session.rollback()
                alone = len(named) == 1
                refusals.append(
                    refused.sentence
                    if alone
                    else _("%(row)s: %(sentence)s", row=name, sentence=refused.sentence)
                )
        if work:
            applying.work_on([batch_id for batch_id, _name in named])
        return refusals

    def _say_done(self, together: str, ids: Sequence[int]) -> None:
        """What was done at once is said with the button that takes it back; the page says the rest."""
        parts = [shown.section(db.session.get_one(Batch, one), utcnow()) for one in ids]
        done = [part for part in parts if part.batch.state == BatchState.DONE and part.ready]
        if done:
            undo.done(words.came(done[0].batch.kind, sum(part.ready for part in done)))

    def _to(self, together: str) -> ResponseReturnValue:
        """The page, as it now stands."""
        kept = {name: value for name in ("batch", "url") if (value := request.form.get(name))}
        return redirect(url_for(".show", together=together, **kept), 303)

    # --- A file -------------------------------------------------------------------------------------------------------

    @expose("/<together>/rows.csv")
    def rows_file(self, together: str) -> Response:
        """Every row with what came of it, or will; `?show=` those of one outcome."""
        group = self._group(together)
        wanted = parse_id(Batch, request.args.get("batch", ""))
        chosen = [batch for batch in group if batch.id == wanted] if "batch" in request.args else group
        return files.download(self.endpoint, chosen or abort(404), request.args.get("show", ""))


def _instant(text: str) -> dt.datetime | None:
    """Until when what the page showed could be confirmed: what is prepared later can be longer."""
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else None


class PortalBatches(Batches):
    permission = Permission.MANAGE_USERS
    people = "portal_users.index_view"

    def person_url(self, person: User) -> str:
        return url_for("portal_users.license", user_id=person.id)

    def buy_url(self, batch: Batch, seats: Any = None) -> str | None:
        if not access.can(current_user, Permission.PURCHASE):
            return None
        if seats is None:
            return url_for("portal_plans.index_view")
        anchor = f"plan-{seats.plan.id}"
        return url_for("portal_plans.index_view", plan=seats.plan.id, quantity=seats.lacking, _anchor=anchor)


class SupportBatches(Batches):
    permission = Permission.SUPPORT
    dense = True
    columns = (
        WHAT,
        Column(
            "company", _l("Customer"), Company.name, to=("support_customers.details_view", Batch.company_id)
        ),
        WHEN,
        STATE,
        BY,
    )
    joins = (Batch.company, Batch.made_by)
    people = "support_people.index_view"

    def person_url(self, person: User) -> str:
        return url_for("support_people.details_view", id=person.id)

    def buy_url(self, batch: Batch, seats: Any = None) -> str | None:
        """Support buys nothing for a customer: their page says whom to ask."""
        return url_for("support_customers.details_view", id=batch.company_id)
