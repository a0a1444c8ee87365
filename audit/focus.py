"""The way of Tab through a page and back: each stop is seen, shows the focus, lies under nothing, and comes in order."""

from __future__ import annotations

from audit.page import Look

SIZES = (375, 1280)
MORE = 5  # stops beyond those counted, before a page is said to hold the focus


def look(look: Look) -> None:
    for width in SIZES:
        look.resize(width)
        _walk(look, f"{width}", "Tab")
        # A bar at the top covers what is reached from below, one at the bottom what is reached from above.
        _walk(look, f"{width} backwards", "Shift+Tab")
        look.ask("targets()", f"{width}")


def _walk(look: Look, where: str, key: str) -> None:
    """Press the key until the page's end."""
    forwards = "true" if key == "Tab" else "false"
    stops = look.tell(f"startWalk({forwards})")
    if not stops:
        return
    for _ in range(stops + MORE):
        look.page.keyboard.press(key)
        found = look.tell(f"focus({forwards})")
        if found is None:
            break
        look.checks += 1
        for one in found:
            look.note(where, one["selector"], one["what"])
    else:
        look.note(where, "html", f"{key} does not come to its end in {stops + MORE} steps")
    look.ask("unreached()", where)
