"""Other ways of reading a page: forced colours, paper, text twice as large, text set loosely (WCAG 2.2, 1.4.4 and 1.4.12)."""

from __future__ import annotations

from audit.page import Look
from tests.chromium import settled

PAPER = {"width": 718, "height": 1047}  # A4 with margins of 1 cm, at 96 px an inch
SIZES = (375, 1280)


def look(look: Look) -> None:
    # Whether a name of the menu breaks is asked at the usual size alone (`widths.py`): a larger one may go on below.
    _loose(look)
    _large(look)
    _forced(look)
    _printed(look)


def _loose(look: Look) -> None:
    for width in SIZES:
        look.resize(width)
        look.tell("loosen(true)")
        settled(look.page)
        look.ask("layout()", f"{width} text spacing")
        look.tell("loosen(false)")


def _large(look: Look) -> None:
    # Twice as large on a phone is not asked for: 1280 px at 400 % is 320 px, which `widths` looks at.
    # By the browser's own setting, as a reader does: a page also folds by it.
    chromium = look.page.context.new_cdp_session(look.page)
    chromium.send("Page.setFontSizes", {"fontSizes": {"standard": 32}})
    settled(look.page)
    look.ask("layout()", "1280 text of 200 %")
    chromium.send("Page.setFontSizes", {"fontSizes": {"standard": 16}})


def _forced(look: Look) -> None:
    for width in SIZES:
        look.resize(width)
        look.tell("rememberPaint()")
        look.page.emulate_media(forced_colors="active")
        settled(look.page)
        where = f"{width} forced colours"
        look.ask("vanished()", where)
        look.ask("untold()", where)
        look.ask("layout()", where)
        # The browser shows the focus that a script gives only to somebody who uses the keyboard.
        look.page.keyboard.press("Tab")
        look.ask("unfocused()", where)
        look.page.emulate_media(forced_colors="none")


def _printed(look: Look) -> None:
    look.page.set_viewport_size(PAPER)  # type: ignore[arg-type]
    for scheme in ("light", "dark"):
        look.page.emulate_media(media="print", color_scheme=scheme)  # type: ignore[arg-type]
        settled(look.page)
        look.ask("onPaper()", f"print {scheme}")
        look.ask("layout()", f"print {scheme}")
