"""`make screenshots`: start the demonstration, follow the article in Chromium, save a picture of each step in docs/images.

The pictures are WebP, made by Chromium; `walk.webp` is a moving one of buying, assigning and the mail. The desk is a new one in
a temporary folder, on free ports, and looks as in production: without the ways in and the bar of the demonstration.
"""

from __future__ import annotations

import base64
import contextlib
import io
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from demo.fill import PASSWORD
from tests.browser.article import FRENCH, Article
from tests.browser.checks import DESKTOP, PHONE
from tests.chromium import TIMEOUT, launch, settled
from tests.sandbox_process import SUCCESS
from tests.servers import free_port

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
QUALITY = 88  # of 100: letters stay sharp
START_SECONDS = 60
# The moving picture: how wide, and for how many milliseconds each of its steps is shown, in the order of the article.
FILM, FILM_WIDTH, FILM_QUALITY, FILM_BYTES = "walk.webp", 900, 80, 1_500_000
SHOWN_FOR = {
    "home": 1_800,
    "plans": 2_000,
    "cart": 2_200,
    "confirmation": 2_200,
    "payment": 1_800,
    "delivered": 2_200,
    "people": 1_800,
    "assign": 2_200,
    "assigned": 2_000,
    "inbox": 1_600,
    "mail": 2_600,
    "activated": 2_600,
}
# The administrator of whose company each language's pictures of a year are.
YEAR = {"fr": "admin@acme.example", "en": "admin@globex.example"}
WORDS = {
    "fr": "Je dois signer les contrats de l’agence à partir de lundi.",
    "en": "I have to sign the agency’s contracts from Monday on.",
}
# What human resources send, a row of it wrong.
PASTED = {
    "fr": """Prénom\tNom\tCourriel\tRôle
Noémie\tCôté\tnoemie.cote@acme.example\tUtilisateur
Zoé\tBélanger\tzoe.belanger@acme.example\tAdministrateur
Hugo\tRoy\thugo.roy@acme\tUtilisateur
""",
    "en": """First name\tLast name\tEmail\tRole
Noah\tMartin\tnoah.martin@globex.example\tUser
Zoe\tFraser\tzoe.fraser@globex.example\tAdministrator
Hugo\tSmith\thugo.smith@globex\tUser
""",
}
ADMIN, MEMBER, SUPPORT = "admin@acme.example", "user@acme.example", "support@trousseau.example"


def main() -> int:
    """Take every picture again; returns the exit status."""
    shutil.rmtree(IMAGES, ignore_errors=True)
    IMAGES.mkdir(parents=True)
    with _desk() as (url, sandbox), sync_playwright() as playwright:
        browser = launch(playwright)
        _article(browser, url, sandbox)
        _others(browser, url)
        for language, administrator in YEAR.items():
            _year(browser, url, language, administrator)
            _many(browser, url, language, administrator)
        browser.close()
    pictures = sorted(IMAGES.iterdir())
    size = sum(picture.stat().st_size for picture in pictures)
    print(f"{len(pictures)} pictures in {IMAGES.relative_to(ROOT)}, {size / 1e6:.1f} MB")
    return 0


@contextlib.contextmanager
def _desk() -> Iterator[tuple[str, str]]:
    """Run what `make run` runs, on demonstration data of its own; yields the desk's address and the sandbox's."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="trousseau-screenshots-") as folder:
        environ = {"PATH": os.environ["PATH"], "INSTANCE": folder, "PORT": str(port), "LOG_LEVEL": "WARNING"}
        environ["DEMONSTRATION"] = "0"
        subprocess.run([sys.executable, "-m", "flask", "demo"], cwd=ROOT, env=environ, check=True)
        process = subprocess.Popen(
            [sys.executable, "run.py"], cwd=ROOT, env=environ, stdout=subprocess.DEVNULL
        )
        try:
            for number in (port, port + 1):
                _wait_for(f"http://127.0.0.1:{number}/", process)
            yield f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}"
        finally:
            process.terminate()
            process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own
            return
        time.sleep(0.1)
    raise SystemExit(f"The demonstration did not start: nothing answers at {url}.")


# --- Pictures -------------------------------------------------------------------------------------------------------


def _page(browser: Browser, *, scheme: str = "light", phone: bool = False, locale: str = "fr-CA") -> Page:
    context = browser.new_context(
        locale=locale,
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport=PHONE if phone else DESKTOP,  # type: ignore[arg-type]
        reduced_motion="reduce",
        timezone_id="America/Toronto",
    )
    context.set_default_timeout(TIMEOUT)
    return context.new_page()


def _picture(page: Page, name: str) -> None:
    settled(page)
    # Playwright's own pictures are PNG, three times as large, or JPEG, which is blurred.
    session = page.context.new_cdp_session(page)
    answer = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    (IMAGES / f"{name}.webp").write_bytes(base64.b64decode(answer["data"]))
    session.detach()


def _article(browser: Browser, url: str, sandbox: str) -> None:
    """Picture the whole article, in French on a desktop; and put its steps together to a moving picture."""
    page, hers = _page(browser), _page(browser)
    steps = itertools.count(1)
    film: list[tuple[bytes, int]] = []

    def take(shown: Page, step: str) -> None:
        _picture(shown, f"{next(steps):02}-{step}")
        if step in SHOWN_FOR:
            film.append((shown.screenshot(), SHOWN_FOR[step]))

    article = Article(page, url, FRENCH, partial(take, page))
    article.sign_in(ADMIN, PASSWORD)
    article.open_purchases()
    cart = article.add("Avancé", 5, "Mélanie Gagnon")
    cart.scroll_into_view_if_needed()
    article.picture("cart")
    article.proceed(article.validate(), 5, "574,88")
    article.pay(SUCCESS, "574,88")
    article.see_delivered(5, "5 licences Avancé")
    article.assign(article.find_person("Sophie Paquette"), "Sophie Paquette", "Avancé")
    sophie = Article(hers, url, FRENCH, partial(take, hers))
    mail = sophie.open_mail(f"{sandbox}/inbox", "sophie.paquette@acme.example", "Avancé")
    take(sophie.activate(mail), "activated")
    _put_together(film, IMAGES / FILM)


def _put_together(film: list[tuple[bytes, int]], path: Path) -> None:
    """Save the pictures, each with its milliseconds, as one that moves, over and over.

    Raises:
        SystemExit: it is too large for a page that people read.
    """
    frames = [Image.open(io.BytesIO(png)).convert("RGB") for png, _shown in film]
    size = (FILM_WIDTH, FILM_WIDTH * DESKTOP["height"] // DESKTOP["width"])
    first, *others = [frame.resize(size, Image.Resampling.LANCZOS) for frame in frames]
    durations = [shown for _png, shown in film]
    first.save(
        path,
        save_all=True,
        append_images=others,
        duration=durations,
        loop=0,
        quality=FILM_QUALITY,
        method=6,
    )
    if path.stat().st_size > FILM_BYTES:
        raise SystemExit(f"{path.name} has {path.stat().st_size} bytes: lower FILM_QUALITY.")


def _others(browser: Browser, url: str) -> None:
    """Picture the back office, and a few pages in English, in dark mode and on a phone."""
    page = _page(browser)
    _sign_in(page, url, SUPPORT)
    for name, address in (
        ("home", ""),
        ("orders", "orders/"),
        ("licenses", "licenses/"),
        ("journal", "journal/"),
    ):
        page.goto(f"{url}/support/{address}")
        _picture(page, f"support-{name}")
    page = _page(browser, scheme="dark")
    _sign_in(page, url, ADMIN)
    for name, address in (("home", "/portal/"), ("plans", "/portal/plans/"), ("people", "/portal/users/")):
        page.goto(url + address)
        _picture(page, f"dark-{name}")
    page = _page(browser, phone=True)
    _sign_in(page, url, ADMIN)
    for name, address in (("home", "/portal/"), ("plans", "/portal/plans/"), ("people", "/portal/users/")):
        page.goto(url + address)
        _picture(page, f"phone-{name}")
    page = _page(browser, scheme="dark", phone=True)
    _sign_in(page, url, MEMBER)
    _picture(page, "phone-dark-my-license")
    page = _page(browser, locale="en-CA")
    page.goto(url)
    _picture(page, "english-sign-in")


def _year(browser: Browser, url: str, language: str, administrator: str) -> None:
    """Picture what comes after the first day: a seat that moves, leaves, is asked for, and is accounted for."""
    page = _page(browser)
    _sign_in(page, url, administrator)

    def take(step: str, address: str) -> None:
        page.goto(url + address)
        _picture(page, f"year-{language}-{step}")

    page.goto(f"{url}/portal/users/?license=with")
    person = str(page.locator("table.list tbody a").first.evaluate("a => a.href")).removeprefix(url)
    page.goto(url + person)
    license = re.findall(r"/portal/licenses/transfer/\?id=(\d+)", page.content())[0]
    holder = re.findall(r"/users/(\d+)/", person)[0]
    take("person", person)
    take("transfer", f"/portal/licenses/transfer/?id={license}")
    take("change", f"/portal/licenses/change/?id={license}")
    take("leave", f"/portal/users/deactivate/?id={holder}")
    take("remove", f"/portal/licenses/remove/?id={license}")
    take("invitation", "/portal/invitation-links/new/")
    take("license", f"/portal/licenses/details/?id={license}")
    take("journal", "/portal/journal/")
    take("as-of", "/portal/as-of/")
    page.goto(f"{url}/portal/users/?license=without")
    hers = _page(browser)
    _sign_in(hers, url, page.locator("table.list tbody small", has_text="@").last.inner_text())
    hers.locator("textarea").fill(WORDS[language])
    _picture(hers, f"year-{language}-ask")
    hers.locator("main form:has(textarea) button[type=submit]").click()
    take("asked", "/portal/requests/")


def _many(browser: Browser, url: str, language: str, administrator: str) -> None:
    """Picture many at once: rows chosen, what would come of each, all of it put back; and a spreadsheet on its way in."""
    page = _page(browser)
    _sign_in(page, url, administrator)

    def take(step: str) -> None:
        _picture(page, f"many-{language}-{step}")

    page.goto(f"{url}/portal/users/?license=without")
    page.locator("[data-all]").click()
    take("chosen")
    page.locator("button[data-act=assign]").first.click()
    page.locator("#options input[name=plan]").first.check()
    take("options")
    page.locator("#options button.btn-primary").click()
    page.locator("button[form=confirm]").wait_for()
    take("preview")
    page.goto(f"{url}/portal/imports/")
    page.locator("textarea").fill(PASTED[language])
    page.locator("main button.btn-primary").click()
    take("columns")
    page.locator("button[name=go]").click()
    page.locator("button[form=confirm]").wait_for()
    take("rows")


def _sign_in(page: Page, url: str, email: str) -> None:
    page.goto(url)
    page.get_by_label(FRENCH.email).fill(email)
    page.get_by_label(FRENCH.password).fill(PASSWORD)
    page.get_by_role("button", name=FRENCH.sign_in, exact=True).click()
    page.wait_for_url(lambda address: "sign-in" not in address)


if __name__ == "__main__":
    sys.exit(main())
