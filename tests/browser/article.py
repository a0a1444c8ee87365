"""The user's article, step by step, as a person follows it in a browser. Tests walk it, `make screenshots` pictures it.

Every label is the one on the screen, letter for letter, in both languages.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from playwright.sync_api import FrameLocator, Locator, Page, expect

NBSP = "\u00a0"


@dataclasses.dataclass(frozen=True)
class Words:
    """What the screen says in one language."""

    email: str
    password: str
    sign_in: str
    options: str
    purchases: str
    plans: str
    quantity: str
    add: str
    cart: str
    added_by: str
    validate: str
    window: str
    confirm: str
    close: str
    proceed: str
    holder: str
    card: str
    expiry: str
    cvc: str
    pay: str
    added: str
    people: str
    manage: str
    save: str
    mail_subject: str
    mail_body: str
    activate: str
    activated: str


FRENCH = Words(
    email="Courriel",
    password="Mot de passe",
    sign_in="Se connecter",
    options="Options",
    purchases="Gestion des licences et achats",
    plans="Forfaits",
    quantity="Nombre de licences",
    add="Ajouter",
    cart="Panier",
    added_by="Ajouté par {name}",
    validate="Valider mes achats",
    window="Confirmez votre achat",
    confirm=(
        f"Je confirme l’ajout de {{count}} licences à mon compte entreprise et le paiement de {{total}}{NBSP}$, "
        "taxes comprises."
    ),
    close="Fermer sans rien changer",
    proceed="Procéder à l’achat",
    holder="Nom du titulaire",
    card="Numéro de carte",
    expiry="Date d’expiration (MM/AA)",
    cvc="Code de sécurité (CVC)",
    pay=f"Payer {{total}}{NBSP}$",
    added="{count} licences ajoutées à votre compte",
    people="Gestion des utilisateurs",
    manage=f"Gestion de licence{NBSP}: {{name}}",
    save="Sauvegarder",
    mail_subject="Votre licence {plan} est prête",
    mail_body="Contenu du courriel",
    activate="Activer ma licence",
    activated="Votre licence est activée",
)
ENGLISH = Words(
    email="Email",
    password="Password",
    sign_in="Sign in",
    options="Options",
    purchases="License management and purchases",
    plans="Plans",
    quantity="Number of licenses",
    add="Add",
    cart="Cart",
    added_by="Added by {name}",
    validate="Validate my purchases",
    window="Confirm your purchase",
    confirm="I confirm adding {count} licenses to my business account and paying ${total}, taxes included.",
    close="Close without changes",
    proceed="Proceed to purchase",
    holder="Name of the holder",
    card="Card number",
    expiry="Expiry date (MM/YY)",
    cvc="Security code (CVC)",
    pay="Pay ${total}",
    added="{count} licenses added to your account",
    people="User management",
    manage="Manage license: {name}",
    save="Save",
    mail_subject="Your {plan} license is ready",
    mail_body="Mail content",
    activate="Activate my license",
    activated="Your license is activated",
)


def nothing(_step: str) -> None:
    """No picture is taken."""


@dataclasses.dataclass
class Article:
    """A person at `page`, on the desk at `url`. Each step ends once its page is there; `picture(step)` is called then."""

    page: Page
    url: str
    words: Words
    picture: Callable[[str], None] = nothing

    # 1. Se connecter au portail en ligne

    def sign_in(self, email: str, password: str) -> None:
        page, words = self.page, self.words
        page.goto(self.url)
        expect(page.get_by_role("button", name=words.sign_in, exact=True)).to_be_visible()
        page.get_by_label(words.email).fill(email)
        page.get_by_label(words.password).fill(password)
        self.picture("sign-in")
        page.get_by_role("button", name=words.sign_in, exact=True).click()
        expect(page.locator(".side").get_by_role("navigation")).to_be_visible()
        self.picture("home")

    # 2. Accéder à la gestion des licences

    def choose_in_menu(self, entry: str, menu: str | None = None) -> None:
        """Click `menu`, which leads to the page of its entries, then the entry, which stands below it in the menu too."""
        bar = self.page.locator(".side").get_by_role("navigation")
        if menu:
            bar.get_by_role("link", name=menu, exact=True).click()
            expect(self.title(menu)).to_be_visible()
            if entry == self.words.purchases:
                self.picture("options")
        bar.get_by_role("link", name=entry, exact=True).click()

    def open_purchases(self) -> None:
        self.choose_in_menu(self.words.purchases, self.words.options)
        expect(self.title(self.words.purchases)).to_be_visible()
        expect(self.page.get_by_role("heading", name=self.words.plans, exact=True)).to_be_visible()
        self.picture("plans")

    # 3. Ajouter des licences à votre compte

    def add(self, plan: str, count: int, buyer: str) -> Locator:
        """Returns the cart, at the bottom of the page."""
        card = self.page.get_by_role("article", name=plan, exact=True)
        card.get_by_label(self.words.quantity).fill(str(count))
        card.get_by_role("button", name=self.words.add).click()
        cart = self.page.get_by_role("region", name=self.words.cart, exact=True)
        expect(cart.get_by_text(self.words.added_by.format(name=buyer))).to_be_visible()
        return cart

    # 4. Valider et finaliser l’achat

    def validate(self) -> Locator:
        """Returns the confirmation window."""
        self.page.get_by_role("link", name=self.words.validate, exact=True).click()
        window = self.page.get_by_role("dialog", name=self.words.window, exact=True)
        expect(window).to_be_visible()
        return window

    def proceed(self, window: Locator, count: int, total: str) -> None:
        """Tick the box and go to the payment page."""
        window.get_by_label(self.words.confirm.format(count=count, total=total)).check()
        self.picture("confirmation")
        window.get_by_role("button", name=self.words.proceed, exact=True).click()
        expect(self.page.get_by_label(self.words.holder)).to_be_visible()
        self.picture("payment")

    def pay(self, card: str, total: str) -> None:
        page, words = self.page, self.words
        page.get_by_label(words.holder).fill("Mélanie Gagnon")
        page.get_by_label(words.card).fill(card)
        page.get_by_label(words.expiry).fill("12 / 34")
        page.get_by_label(words.cvc).fill("123")
        page.get_by_role("button", name=words.pay.format(total=total), exact=True).click()

    def see_delivered(self, count: int, plan: str) -> None:
        expect(self.title(self.words.added.format(count=count))).to_be_visible()
        expect(self.page.get_by_role("main").get_by_text(plan).first).to_be_visible()
        self.picture("delivered")

    # 5. Assigner une licence à un utilisateur

    def find_person(self, name: str) -> Locator:
        """Returns the person's row in the list of users."""
        page, words = self.page, self.words
        self.choose_in_menu(words.people)
        expect(self.title(words.people)).to_be_visible()
        search = page.locator("#list").get_by_role("searchbox")
        search.fill(name.rsplit(maxsplit=1)[-1])
        search.press("Enter")
        icon = page.get_by_role("link", name=words.manage.format(name=name), exact=True)
        row = page.get_by_role("row").filter(has=icon)
        expect(row).to_be_visible()
        self.picture("people")
        return row

    def assign(self, row: Locator, name: str, plan: str) -> None:
        page, words = self.page, self.words
        at_the_end = row.get_by_role("cell").last
        icon = at_the_end.get_by_role("link", name=words.manage.format(name=name), exact=True)
        icon.click()
        # Beside the list where there is room, else a page of its own.
        expect(page.get_by_role("heading", name=words.manage.format(name=name), exact=True)).to_be_visible()
        page.get_by_role("radio", name=plan).check()
        self.picture("assign")
        page.get_by_role("button", name=words.save, exact=True).click()
        expect(page.get_by_role("status").filter(has_text=name)).to_contain_text(plan)
        self.picture("assigned")

    # What the person does with the mail

    def open_mail(self, inbox: str, to: str, plan: str) -> FrameLocator:
        """Returns the mail as the person sees it."""
        return self.open_letter(inbox, to, self.words.mail_subject.format(plan=plan))

    def open_letter(self, inbox: str, to: str, subject: str) -> FrameLocator:
        """Returns the mail of that subject as the person sees it."""
        self._wait_for_mail(f"{inbox}?to={to}", subject)
        self.picture("inbox")
        self.page.get_by_role("link", name=subject, exact=True).click()
        expect(self.title(subject)).to_be_visible()
        mail = self.page.frame_locator("iframe")
        expect(mail.get_by_role("heading", name=subject)).to_be_visible()
        self.picture("mail")
        return mail

    def _wait_for_mail(self, url: str, subject: str) -> None:
        for _ in range(100):
            self.page.goto(url)
            if self.page.get_by_role("link", name=subject, exact=True).count():
                return
            self.page.wait_for_timeout(200)
        raise AssertionError(f"no mail “{subject}” came within 20 s")

    def activate(self, mail: FrameLocator) -> Page:
        """Follow the mail's link, and press its button; returns the window it opened."""
        with self.page.expect_popup() as popup:
            mail.get_by_role("link", name=self.words.activate, exact=True).click()
        page = popup.value
        page.get_by_role("button", name=self.words.activate, exact=True).click()
        expect(page.get_by_role("heading", level=1, name=self.words.activated)).to_be_visible()
        return page

    def title(self, text: str) -> Locator:
        return self.page.get_by_role("heading", level=1, name=text, exact=True)
