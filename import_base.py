"""`flask import-base`: customers, people and licences of before the desk, from files of any size."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import click
import sqlalchemy as sa
from flask.cli import with_appcontext
from flask_babel import force_locale

import access
from models import Batch, BatchRow, BatchState, Post, RowOutcome, db
from services.bases import base, deciding
from services.batches import applying, choosing, preparing
from services.foundation.errors import Refused
from services.text.dates import DayOrder
from services.text.inert import inert

_WRONG = (RowOutcome.LEFT, RowOutcome.MOVED)


@click.command("import-base")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--confirm", is_flag=True, help="Bring it over without asking.")
@click.option("--mail", is_flag=True, help="Invite people and mail their licenses, ten minutes after.")
@click.option("--skip-wrong", is_flag=True, help="Leave wrong rows out and bring the others over.")
@click.option(
    "--day-first/--month-first",
    default=None,
    help="How 03/04/2026 is read where no date of its column says it.",
)
@click.option(
    "--wrong",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("wrong-rows.csv"),
    show_default=True,
    help="Where the wrong rows are written, with why.",
)
@with_appcontext
def import_base(
    *,
    files: tuple[Path, ...],
    confirm: bool,
    mail: bool,
    skip_wrong: bool,
    day_first: bool | None,
    wrong: Path,
) -> None:
    """Bring over an existing base from one file, or from up to three: customers, people, licenses.

    Status 1 with wrong rows, unless they are skipped; nothing is then brought over.
    """
    order = None if day_first is None else DayOrder.DAY_FIRST if day_first else DayOrder.MONTH_FIRST
    options = {"post": Post.HELD if mail else Post.NONE, "order": order}
    with access.everything(), force_locale("en_CA"):
        try:
            batch_id = _begin(files, options)
            _wait(batch_id, "Checked", {BatchState.QUEUED, BatchState.PREPARING})
            _check(batch_id, wrong, skip_wrong=skip_wrong)
            _bring(batch_id, wrong, confirm=confirm)
        except Refused as refused:
            raise click.ClickException(refused.sentence) from refused


def _begin(files: tuple[Path, ...], options: dict[str, object]) -> int:
    read = [(path.name, path.read_bytes()) for path in files]
    batch = base.begin(read, access.SYSTEM, most=None)
    for file in batch.options["files"]:
        click.echo(f"{file['name']}: {', '.join(file['columns']) or 'no column is recognised'}.")
    base.proceed(batch, base.chosen(batch), options, access.SYSTEM)
    return batch.id


def _wait(batch_id: int, said: str, states: set[BatchState]) -> None:
    """Work on the batch until it is out of these states. A worker may do so as well: then it is waited for."""
    while (batch := _fresh(batch_id)).state in states:
        applying.work_on([batch.id], most=None)
        batch = _fresh(batch_id)
        if batch.state in states:
            done = sa.select(sa.func.count()).where(
                BatchRow.batch_id == batch_id, BatchRow.company_id.is_not(None)
            )
            count = batch.prepared if BatchState.QUEUED in states else db.session.scalar(done)
            click.echo(f"{said}: {count} of {batch.total} rows.")
            db.session.rollback()
            time.sleep(1)


def _fresh(batch_id: int) -> Batch:
    db.session.rollback()
    return db.session.get_one(Batch, batch_id, populate_existing=True)


def _check(batch_id: int, wrong: Path, *, skip_wrong: bool) -> None:
    """Print what will come of the rows; put the batch away and end where some are wrong and none is to be skipped."""
    batch = _fresh(batch_id)
    if batch.state == BatchState.FAILED:
        raise click.ClickException(batch.problem or "The files could not be prepared.")
    counts = preparing.counts(batch_id)
    click.echo(
        f"{counts[RowOutcome.READY]} rows to bring over, {counts[RowOutcome.SAME]} in the desk already, "
        f"{counts[RowOutcome.LEFT]} wrong."
    )
    if counts[RowOutcome.LEFT]:
        _write_wrong(batch, wrong)
        if not skip_wrong:
            choosing.discard(_fresh(batch_id))
            raise click.ClickException(
                f"Nothing was changed. Correct the rows of {wrong}, or leave them out with --skip-wrong."
            )


def _bring(batch_id: int, wrong: Path, *, confirm: bool) -> None:
    if not preparing.counts(batch_id)[RowOutcome.READY]:
        choosing.discard(_fresh(batch_id))
        click.echo("There is nothing to bring over.")
        return
    if not confirm and not click.confirm("Bring them over? It cannot be taken back."):
        choosing.discard(_fresh(batch_id))
        click.echo("Nothing was changed.")
        return
    applying.confirm(_fresh(batch_id), access.SYSTEM)
    _wait(batch_id, "Brought over", {BatchState.CONFIRMED, BatchState.APPLYING})
    counts = preparing.counts(batch_id)
    click.echo(f"{counts[RowOutcome.READY]} rows were brought over.")
    if counts[RowOutcome.MOVED]:
        _write_wrong(_fresh(batch_id), wrong)
        raise click.ClickException(f"{counts[RowOutcome.MOVED]} rows were left: {wrong} says why.")


def _write_wrong(batch: Batch, path: Path) -> None:
    """Every row that is left: its file and number, what it says, and why."""
    files = [file["name"] for file in batch.options["files"]]
    fields = [name for name in batch.options["fields"] if name != "file"]
    left = sa.select(BatchRow.no, BatchRow.raw, BatchRow.problem).where(
        BatchRow.batch_id == batch.id, BatchRow.outcome.in_(_WRONG)
    )
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["File", "Row", *fields, "Why"])
        for no, raw, problem in db.session.execute(
            left.order_by(BatchRow.no).execution_options(yield_per=1_000)
        ):
            place, number = deciding.place_of(no)
            cells = [str(raw.get(name, "")) for name in fields]
            writer.writerow([inert(text) for text in [files[place], str(number), *cells, problem or ""]])
    click.echo(f"The wrong rows are in {path}.")
