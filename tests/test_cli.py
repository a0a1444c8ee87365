"""The commands an operator types: what they do, and what they say when they cannot."""

from __future__ import annotations

import datetime as dt
import http.server
import os
import ssl
import threading

import click
import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import access
import cli
import config
import serve
from models import Conditions, JournalEntry, OutgoingMail, Role, TaxRate, User, Vendor, db
from services.events import stripe_events
from services.people import oneself, setup
from tests.factories import make_company, make_tax_rates, make_user, make_vendor
from tests.sandbox_process import SandboxProcess

ANSWERS = ["--vendor", "Boréal", "--email", "Sam@Boreal.example", "--first-name", "Sam", "--last-name", "Roy"]
PASSWORD = "a password of some length"


@pytest.fixture
def run(app):
    """`run("setup", …, typed="…")`: the command's result."""

    def run(*arguments, typed=""):
        return app.test_cli_runner().invoke(args=arguments, input=typed)

    return run


def _people() -> list[User]:
    return list(db.session.scalars(sa.select(User)))


def test_setup_makes_a_desk_that_staff_can_open(run, app):
    result = run("setup", *ANSWERS, typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert f"{app.config['BASE_URL']}/support/" in result.output
    assert PASSWORD not in result.output
    with app.app_context(), access.everything():
        (person,) = _people()
        assert (person.role, person.name) == (Role.SUPPORT, "Sam Roy")
        assert oneself.authenticate("sam@boreal.example", PASSWORD).id == person.id
        assert db.session.get(Vendor, 1).name == "Boréal"
        assert db.session.scalar(sa.select(sa.func.count(Conditions.id))) == 1
        assert db.session.scalar(sa.select(sa.func.count(TaxRate.place.distinct()))) == 13


def test_setup_journals_all_it_makes_as_one_operation(run, app):
    assert run("setup", *ANSWERS, typed=f"{PASSWORD}\n{PASSWORD}\n").exit_code == 0
    with app.app_context(), access.everything():
        entries = db.session.scalars(sa.select(JournalEntry).order_by(JournalEntry.id)).all()
        rates = db.session.scalar(sa.select(sa.func.count(TaxRate.id)))
        assert [entry.verb for entry in entries] == [
            "vendor_added",
            "conditions_published",
            *["tax_rate_added"] * rates,
            "staff_added",
        ]
        assert len({entry.operation for entry in entries}) == 1
        assert {entry.actor_id for entry in entries} == {None}
        assert entries[0].after == {"name": "Boréal", "legal_name": "Boréal"}
        # Whose address the vendor has at first is a person's: it stays apart.
        assert entries[0].personal.after == {"support_email": "sam@boreal.example"}
        assert {entry.subject_id for entry in entries if entry.verb == "tax_rate_added"} == set(
            db.session.scalars(sa.select(TaxRate.id))
        )


def test_setup_journals_nothing_that_was_there_before(run, app):
    with app.app_context(), access.everything():
        make_vendor()
        make_tax_rates()
    assert run("setup", *ANSWERS, typed=f"{PASSWORD}\n{PASSWORD}\n").exit_code == 0
    with app.app_context(), access.everything():
        assert db.session.scalars(sa.select(JournalEntry.verb)).all() == ["staff_added"]


def test_setup_can_mail_a_link_instead_of_asking_for_a_password(run, app):
    result = run("setup", *ANSWERS, "--mail-link")
    assert result.exit_code == 0, result.output
    with app.app_context(), access.everything():
        (person,) = _people()
        mail = db.session.scalars(sa.select(OutgoingMail)).one()
        assert person.password is None
        assert (mail.user_id, mail.template) == (person.id, "invitation")


@pytest.mark.parametrize("vendor_is_known", [False, True])
def test_setup_run_by_several_at_once_makes_one_account(app, together, vendor_is_known):
    if vendor_is_known:
        with app.app_context():
            make_vendor()

    def run(number):
        return setup.first_staff(
            setup.Staff(f"sam{number}@boreal.example", "Sam", "Roy"), "Boréal", PASSWORD
        ).id

    outcomes = together(6, run)
    assert [outcome.value for outcome in outcomes if outcome.value] == [1]
    assert {getattr(outcome.error, "code", outcome.error) for outcome in outcomes} == {None, "has_staff"}


def test_setup_makes_the_first_staff_also_where_customers_were_brought_over_before(run, app):
    with app.app_context(), access.everything():
        make_user(make_company("Acme"), "Alice")
    assert run("setup", *ANSWERS, typed=f"{PASSWORD}\n{PASSWORD}\n").exit_code == 0
    with app.app_context(), access.everything():
        assert sorted(person.role for person in _people()) == ["member", "support"]


def test_setup_refuses_a_desk_that_has_staff(run, cast):
    before = len(_people())
    result = run("setup", *ANSWERS, typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 1
    assert "There is a staff account already" in result.output
    db.session.rollback()
    assert len(_people()) == before


@pytest.mark.parametrize(
    ("answers", "typed", "said"),
    [
        (["--email", "nobody"], PASSWORD, "nobody is not an email address"),
        (["--first-name", " "], PASSWORD, "A name has 1 to 100"),
        (["--last-name", " "], PASSWORD, "A name has 1 to 100"),
        (["--vendor", " "], PASSWORD, "A mandatory field is empty"),
        ([], "short", "at least 10\u00a0characters"),
    ],
)
def test_setup_refuses_nonsense_and_makes_nothing(run, app, answers, typed, said):
    result = run("setup", *ANSWERS, *answers, typed=f"{typed}\n{typed}\n")
    assert result.exit_code == 1
    assert said in result.output
    with app.app_context(), access.everything():
        assert _people() == []
        assert db.session.get(Vendor, 1) is None


TEXT_OPTIONS = [item.opts[0] for item in cli.setup_desk.params if item.type is click.STRING]


def test_setup_keeps_what_was_pasted_as_it_is_read(run, app):
    pasted = dict.fromkeys(TEXT_OPTIONS, " \ufeffRené\u200b ")
    pasted["--email"] = "\u200eSam@E\u0301cole.example\u200b"
    answers = [part for pair in pasted.items() for part in pair]
    result = run("setup", *answers, typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    with app.app_context(), access.everything():
        (person,) = _people()
        assert (person.email, person.first_name, person.last_name) == ("sam@école.example", "René", "René")
        assert db.session.get(Vendor, 1).name == "René"
        assert db.session.scalar(sa.text("SELECT email FROM users")) == "sam@xn--cole-9oa.example"


@pytest.mark.parametrize("text", ["\u202eEve", "\u2060", "\u3164", "a\x07b"])
@pytest.mark.parametrize("option", TEXT_OPTIONS)
def test_setup_takes_no_text_that_nobody_sees_or_that_turns_a_line_around(run, app, option, text):
    email = f"{text}@boreal.example" if option == "--email" and "\u202e" not in text else text
    result = run("setup", *ANSWERS, option, email, typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 1
    with app.app_context(), access.everything():
        assert _people() == []


def test_check_mail_sends_to_no_address_that_is_none(run, app, smtp):
    result = run("check-mail", "rené@acme.example")
    assert result.exit_code == 1
    assert "cannot be mailed: before the @" in result.output
    assert smtp.messages == []


def test_demo_refuses_production(run, app):
    app.config["PRODUCTION"] = True
    result = run("demo")
    assert result.exit_code == 1
    assert "in production" in result.output


def test_check_stripe_says_whose_account_answers(run, listed):
    result = run("check-stripe")
    assert result.exit_code == 0, result.output
    assert "(test)" in result.output


def test_check_stripe_says_what_is_wrong(run, app, sandbox):
    app.config["STRIPE_SECRET_KEY"] = "sk_test_unknown"
    result = run("check-stripe")
    assert result.exit_code == 1
    assert "Stripe refuses STRIPE_SECRET_KEY (key)" in result.output


def test_check_stripe_says_that_nothing_answers(run, app):
    app.config["STRIPE_API_BASE"] = "http://127.0.0.1:9"
    result = run("check-stripe")
    assert result.exit_code == 1
    assert "http://127.0.0.1:9 does not answer as Stripe" in result.output


def test_check_stripe_names_a_certificate_that_is_not_trusted_and_the_log_says_that_it_could_not_ask(
    run, app, tls_server, caplog
):
    app.config["STRIPE_API_BASE"] = tls_server
    result = run("check-stripe")
    assert result.exit_code == 1
    assert "has a certificate that is not trusted" in result.output
    assert "stripe cannot be asked: certificate" in caplog.text


@pytest.fixture
def tls_server(tmp_path):
    """The address of a server whose certificate nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, SHA256())
    )
    file = tmp_path / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server = http.server.ThreadingHTTPServer(("localhost", 0), http.server.BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_setup_asks_for_a_password_again_and_for_nothing_else(run, app):
    result = run("setup", *ANSWERS, typed=f"short\nshort\n{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert "at least 10" in result.output
    assert result.output.count("Your email address") == 0


def test_setup_before_the_tables_are_made_says_what_to_do_first(make_app, database):
    empty = make_app(database.another())
    result = empty.test_cli_runner().invoke(args=["setup", *ANSWERS, "--mail-link"])
    assert result.exit_code == 1
    assert "run flask db upgrade first" in result.output
    with empty.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def listed(app, sandbox):
    """Let the account's webhook endpoint be this desk's."""
    app.config["BASE_URL"] = sandbox.settings()["webhook_url"].removesuffix("/stripe/webhook")
    return sandbox


def test_check_stripe_lists_the_endpoints_with_their_events(run, listed):
    result = run("check-stripe")
    assert result.exit_code == 0, result.output
    assert "/stripe/webhook (enabled, API 2026-10-28.endive) is sent all events." in result.output


def test_check_stripe_says_which_events_an_endpoint_is_not_sent(run, listed):
    listed.settings(endpoint_events=",".join(stripe_events.EVENTS - {"charge.refunded"}) + ",invoice.paid")
    result = run("check-stripe")
    assert result.exit_code == 1
    assert "invoice.paid" in result.output
    assert "is not sent charge.refunded: change it in Stripe’s dashboard." in result.output


def test_check_stripe_says_that_no_endpoint_is_this_desks(run, app, listed):
    app.config["BASE_URL"] = "https://desk.example"
    result = run("check-stripe")
    assert result.exit_code == 1
    assert "No webhook endpoint of the account is https://desk.example/stripe/webhook" in result.output


def test_check_stripe_names_each_permission_that_the_key_lacks(run, listed):
    listed.settings(lacks="rak_checkout_session_write,rak_dispute_read")
    result = run("check-stripe")
    assert result.exit_code == 1
    for said in (
        "“Checkout Sessions: Write” (rak_checkout_session_write)",
        "“Disputes: Read” (rak_dispute_read)",
    ):
        assert f"The key lacks the permission {said}" in result.output


def test_check_stripe_does_without_what_nothing_needs(run, listed):
    listed.settings(lacks="rak_accounts_kyc_basic_read")
    result = run("check-stripe")
    assert result.exit_code == 0, result.output
    assert "(test)" in result.output


def test_check_stripe_acts_for_the_account_that_an_organizations_key_is_told(run, app, tmp_path):
    key = "sk_org_test_sandbox"
    app.config |= {"STRIPE_SECRET_KEY": key}
    with SandboxProcess(tmp_path, env={"SANDBOX_SECRET_KEY": key}) as one:
        app.config |= {"STRIPE_API_BASE": one.url, "BASE_URL": "http://127.0.0.1:9"}
        assert "Stripe refuses" in run("check-stripe").output
        app.config["STRIPE_CONTEXT"] = "acct_1"
        assert "Stripe answers for the account" in run("check-stripe").output


def test_check_stripe_says_that_webhooks_would_not_be_believed(run, app, listed):
    app.config["STRIPE_WEBHOOK_SECRET"] = ""
    result = run("check-stripe")
    assert result.exit_code == 1
    assert "STRIPE_WEBHOOK_SECRET is not set" in result.output


def test_reconcile_says_what_it_looked_at(run, cast):
    result = run("reconcile")
    assert result.exit_code == 0, result.output
    assert "0 orders and 0 events" in result.output


def test_reindex_writes_anew_what_is_not_as_it_should_be(run, cast):
    wrong = sa.update(User).where(User.id == cast.bob.id).values(search_text="")
    db.session.execute(wrong, execution_options={"synchronize_session": False})
    db.session.commit()
    result = run("reindex")
    assert result.exit_code == 0, result.output
    assert "Done: 1 rows were written anew." in result.output
    assert "0 rows" in run("reindex").output


def test_a_folder_that_cannot_be_used_is_a_sentence_and_so_is_a_file_that_cannot_be_read(monkeypatch, capsys):
    with pytest.raises(config.SettingsError, match="TROUSSEAU_ENV=production"):
        config.load({"INSTANCE": "/proc/nowhere"})

    def unreadable(_path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(serve, "load_dotenv", unreadable)
    monkeypatch.setattr(os, "chdir", lambda _path: None)
    assert serve.main() == 1
    assert ".env cannot be read: Permission denied" in capsys.readouterr().err
