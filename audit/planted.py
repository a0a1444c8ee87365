"""A page full of faults, which every audit looks at before it looks at the desk: a checker that does not start, or one
whose answer is read wrongly, would otherwise find nothing and be believed.

What our own scripts look for is planted one by one in `tests/audit/test_planted_faults.py`; here it is enough that each part
sees. The HTML checker, IBM's engine and Lighthouse are no part of the tests and are tried here alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Flask

from audit.desk import NOBODY, SANDBOX, Site
from audit.findings import Finding
from audit.page import HERE
from tests.servers import WebServer, free_port

# Of each part, parts of the sentences that it owes about `planted.html`.
EXPECTED = {
    "html": (
        "Duplicate attribute",
        "A fraction of a second",
        "Section lacks heading",
        "“required” attribute",
    ),
    "axe": ("image-alt", "color-contrast", "label"),
    "ibm": ("img_alt_", "input_label_", "html_lang_"),
    "widths": ("wider than the window",),
    "focus": ("nothing shows that it has the focus", "a target of less than"),
    "reading": ("not seen in forced colours", "is printed on each sheet"),
    "lighthouse": ("performance is", "accessibility is", "best-practices is", "seo is"),
}


def missed(look: Callable[[Site], list[Finding]], agent: str, parts: tuple[str, ...]) -> list[str]:
    """What these parts do not find in the page when `look` takes them there: "html: Duplicate attribute"."""
    log = logging.getLogger("werkzeug")
    before = log.level
    log.setLevel(logging.ERROR)
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/", view_func=(HERE / "planted.html").read_text, endpoint="page")
    with WebServer(app, free_port()) as server:
        url = f"{server.url}/"
        found = look(Site(server.url, {SANDBOX: [url]}, {SANDBOX: NOBODY}, agent, [(SANDBOX, url)]))
    log.setLevel(before)
    return [
        f"{part}: {sentence}"
        for part in parts
        for sentence in EXPECTED[part]
        if not any(finding.part == part and sentence in finding.what for finding in found)
    ]
