"""Five widths, light and dark: nothing is cut or out of reach, no page scrolls sideways, every act of a row stays."""

from __future__ import annotations

from audit.page import HEIGHTS, Look

WIDE = 1280


def look(look: Look) -> None:
    look.resize(WIDE)
    look.tell("rememberActs()")
    for width in HEIGHTS:
        shapes = set()
        for scheme in ("light", "dark"):
            look.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            look.resize(width)
            shape = look.tell("shape()")
            # Other colours move nothing, as a rule: then what is said of one is said of both.
            if shape not in shapes:
                look.ask("layout()", f"{width} {scheme}")
                look.ask("brokenNames()", f"{width} {scheme}")
            shapes.add(shape)
        look.ask("lostActs()", str(width))
        look.ask("menus()", str(width))
