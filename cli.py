"""The commands: `flask setup`, `demo`, `worker`, `reconcile`, `reindex`, `health`, `check-mail`, `check-stripe`, `import-base`.

Each prints sentences in English, for operators, and ends with status 1 when something is wrong.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

import click
import flask_migrate
import sqlalchemy as sa
from flask import Flask, current_app
from flask.cli import with_appcontext
from flask_babel import force_locale

import access
from import_base import import_base
from models import db
from services import licenses
from services.batches import applying
from services.batches import keeping as batches
from services.events import account, reconciliation
from services.forms import kept_forms, once
from services.foundation import urls
from services.foundation.errors import Refused
from services.joining import firm_links
from services.links import tokens
from services.mail import outbox
from services.payments import gateway
from services.people import oneself, setup
from services.privacy import keeping
from services.search import following, words
from services.smtp import check as mail_check
from services.waiting import queue
from services.worker import periodic
from services.worker.periodic import Periodic
from web import health as health_page

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Register the commands."""
    for command in (
        setup_desk,
        fill_demo,
        worker,
        reconcile,
        reindex,
        health,
        check_mail,
        check_stripe,
        import_base,
    ):
        app.cli.add_command(command)


@click.command("setup")
@click.option("--vendor", prompt="Vendor's name, as customers will see it")
@click.option("--email", prompt="Your email address")
@click.option("--first-name", prompt="First name")
@click.option("--last-name", prompt="Last name")
@click.option("--language", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
@click.option(
    "--mail-link", is_flag=True, help="Mail a link to choose the password instead of asking for it."
)
@with_appcontext
def setup_desk(
    *, vendor: str, email: str, first_name: str, last_name: str, language: str, mail_link: bool
) -> None:
    """Make the first staff account of an empty desk."""
    password = None if mail_link else _ask_password()
    person = setup.Staff(email.strip(), first_name.strip(), last_name.strip(), setup.Language(language))
    with access.everything(), force_locale("en_CA"):
        try:
            made = setup.first_staff(person, vendor.strip(), password).email
        except Refused as refusal:
            raise click.ClickException(refusal.sentence) from refusal
        except (sa.exc.ProgrammingError, sa.exc.OperationalError) as error:
            if sa.inspect(db.engine).has_table("vendor"):
                raise
            raise click.ClickException(
                "The database has no tables yet: run flask db upgrade first."
            ) from error
    if mail_link:
        click.echo(f"The account of {made} is made; `flask worker` mails the link to choose a password.")
    else:
        click.echo(f"The account of {made} is made.")
    click.echo(f"Sign in at {current_app.config['BASE_URL']}/support/ and complete the vendor's identity.")


def _ask_password() -> str:
    """A password that is long enough: only it is asked for again, and nothing that was typed before."""

    def checked(text: str) -> str:
        with force_locale("en_CA"):
            try:
                oneself.hashed(text)
            except Refused as refusal:
                raise click.UsageError(refusal.sentence) from refusal
        return text

    found: str = click.prompt(
        "Password", hide_input=True, confirmation_prompt="The same again", value_proc=checked
    )
    return found


@click.command("demo")
@with_appcontext
def fill_demo() -> None:
    """Bring the database up to date and fill it with fictional data. A second time changes nothing."""
    from demo.fill import fill  # noqa: PLC0415 - production never needs it

    if current_app.config["PRODUCTION"]:
        raise click.ClickException("Demonstration data is for development: this desk is in production.")
    flask_migrate.upgrade()
    with access.everything():
        made = fill()
    click.echo("The demonstration data is made." if made else "The demonstration data is there already.")


def periodic_works() -> tuple[Periodic, ...]:
    """What every worker sees to, beside mail: production needs no timer of its own."""
    return (
        Periodic("reconcile", dt.timedelta(minutes=10), reconciliation.reconcile),
        Periodic("follow the days of grace", dt.timedelta(minutes=5), licenses.follow_grace),
        Periodic("forget expired links", dt.timedelta(days=1), tokens.forget_expired),
        Periodic("forget forms that were done", dt.timedelta(days=1), once.forget_old),
        Periodic("forget kept forms", dt.timedelta(hours=1), kept_forms.forget_old),
        Periodic("forget what is personal in old entries", dt.timedelta(days=1), keeping.forget_old),
        Periodic("forget who never answered", dt.timedelta(hours=1), firm_links.forget_unanswered),
        Periodic("forget old jobs", dt.timedelta(days=1), periodic.forget_done),
        Periodic("follow renamed companies", dt.timedelta(minutes=1), following.follow_names),
        Periodic("gather words", dt.timedelta(hours=1), words.gather),
        Periodic("forget old files and rows", dt.timedelta(days=1), batches.forget_old),
        Periodic("measure tables", dt.timedelta(days=1), periodic.measure_tables),
    )


@click.command("worker")
@click.option("--once", is_flag=True, help="Do what is due, then stop.")
@click.option("--seconds", type=float, default=float("inf"), help="Stop after that many seconds.")
@with_appcontext
def worker(once: bool, seconds: float) -> None:
    """Send the mail that waits, do the periodic work and what was confirmed for many at once, until stopped. Any number may run."""
    stopping, deadline = _asked_to_stop(), time.monotonic() + seconds

    def stopped() -> bool:
        return stopping.is_set() or time.monotonic() > deadline

    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's own way to it
    broken = threading.Event()

    def beside(do_due: Callable[[], object]) -> None:
        try:
            _work_beside(app, do_due, stopped, once)
        except BaseException:
            # Half a worker looks alive: whoever watches the process has to see it end.
            log.exception("the work beside the mail has ended")
            broken.set()
            stopping.set()

    works: dict[str, Callable[[], object]] = {
        "periodic": lambda: periodic.do_due(periodic_works(), stopped),
        "many at once": lambda: applying.do_due(stopped),
    }
    # Beside the mail: neither asking Stripe about many orders nor an import may hold up a sign-in link. Daemons: they do not
    # keep the process alive when the mail's part breaks.
    threads = [
        threading.Thread(target=beside, args=(do_due,), name=name, daemon=True)
        for name, do_due in works.items()
    ]
    for thread in threads:
        thread.start()
    outbox.run(stopped, once)
    for thread in threads:
        thread.join()
    if broken.is_set():
        raise SystemExit(1)
    if stopping.is_set():
        # All is committed and closed; Python's own clean-up may outlast the timer on a busy machine.
        os._exit(0)


def _asked_to_stop() -> threading.Event:
    """What is set once the process is told to end."""
    stopping = threading.Event()

    def stop(*_: object) -> None:
        stopping.set()
        # Do not wait for a mail server that hangs: a mail cut short is sent again, under the same Message-ID.
        signal.setitimer(signal.ITIMER_REAL, 0.8)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
    return stopping


def _work_beside(app: Flask, do_due: Callable[[], object], stop: Callable[[], bool], once: bool) -> None:
    """Do all that is due again and again, in a context of its own."""

    def done() -> bool:
        do_due()
        return True

    with app.app_context(), access.everything():
        queue.work(done, stop, once)


@click.command("reindex")
@with_appcontext
def reindex() -> None:
    """Write anew what everybody is found and put in order by. The desk may serve meanwhile; nothing else changes."""
    count = following.reindex(
        lambda seen: click.echo(f"{seen} rows looked at") if seen % 50_000 == 0 else None
    )
    click.echo(f"Done: {count} rows were written anew.")


@click.command("reconcile")
@with_appcontext
def reconcile() -> None:
    """Ask Stripe about the payments that wait, now. The worker does so every ten minutes by itself."""
    with access.everything():
        counts = reconciliation.reconcile()
    click.echo("Looked at {orders} orders and {events} events; {unsettled} wait for later.".format(**counts))
    if counts["unsettled"]:
        raise SystemExit(1)


@click.command("health")
@with_appcontext
def health() -> None:
    """Say how the database, its schema and the waiting mail are, as JSON for a monitor; status 1 unless all is well."""
    found = health_page.report()
    click.echo(json.dumps(found))
    if found["status"] != "ok":
        raise SystemExit(1)


@click.command("check-mail")
@click.argument("address")
@with_appcontext
def check_mail(address: str) -> None:
    """Send a test mail to ADDRESS through the real server, and say what is in the way."""
    with force_locale("en_CA"):
        problems = mail_check.check(address)
    if problems:
        raise click.ClickException(" ".join(problems))
    click.echo(f"The mail server took the test mail for {address}.")


@click.command("check-stripe")
@with_appcontext
def check_stripe() -> None:
    """Try the Stripe key, and say whose account it opens, what the key may not do, and where Stripe sends its events."""
    settings = current_app.config
    try:
        found = account.look()
    except gateway.Unavailable as error:
        where = settings["STRIPE_API_BASE"] or "https://api.stripe.com"
        if str(error) == "certificate":
            said = "has a certificate that is not trusted: Stripe's library knows the world's authorities, not this machine's."
        else:
            said = "does not answer as Stripe: check the network, or try again later."
        raise click.ClickException(f"{where} {said}") from error
    except (gateway.Rejected, gateway.NotFound) as error:
        raise click.ClickException(
            f"Stripe refuses STRIPE_SECRET_KEY ({error or 'not found'}): copy it anew from Stripe’s dashboard."
        ) from error
    name = found.name or "that the key may not name"
    click.echo(f"Stripe answers for the account {name} ({'live' if found.live else 'test'}).")
    for endpoint in found.endpoints or []:
        what = "all events" if "*" in endpoint.events else ", ".join(endpoint.events)
        click.echo(f"{endpoint.url} ({endpoint.status}, API {endpoint.api_version}) is sent {what}.")
    if problems := list(_stripe_problems(found)):
        raise click.ClickException("\n".join(problems))


def _stripe_problems(found: account.Account) -> Iterator[str]:
    """A sentence for each thing that has to be put right."""
    for permission, name in found.lacks.items():
        yield f"The key lacks the permission “{permission}” ({name}): add it in Stripe’s dashboard, under API keys."
    ours = [endpoint for endpoint in found.endpoints or [] if endpoint.is_ours]
    if found.endpoints is not None and not ours:
        yield f"No webhook endpoint of the account is {urls.webhook_url()}: add it in Stripe’s dashboard."
    if ours and not any(endpoint.works for endpoint in ours):
        best = min(ours, key=lambda endpoint: (endpoint.status != "enabled", len(endpoint.lacks)))
        missing = f"is not sent {', '.join(best.lacks)}" if best.lacks else f"is {best.status}"
        yield f"{best.url} {missing}: change it in Stripe’s dashboard."
    if not current_app.config["STRIPE_WEBHOOK_SECRET"]:
        yield (
            "STRIPE_WEBHOOK_SECRET is not set: no event of Stripe can be believed. It is shown beside the webhook endpoint "
            f"{urls.webhook_url()} in Stripe’s dashboard."
        )
