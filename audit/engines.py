"""What two accessibility engines say of a page: axe, which the tests ask too, and IBM's.

The second is IBM's `accessibility-checker-engine` and not HTML_CodeSniffer, which came into question too: both install as one file
without fetching anything more, but HTML_CodeSniffer was last released in 2020 and knows WCAG 2.1, and it reports most
of what it cannot decide as a warning on every element; IBM's is kept, knows WCAG 2.2, and tells what is wrong from what may be.
"""

from __future__ import annotations

import functools
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT

from audit.page import HERE, Look

ACE = HERE / "node_modules" / "accessibility-checker-engine" / "ace.js"
IBM_RULES = ["WCAG_2_2", "IBM_Accessibility"]
SIZES = (375, 1280)
RUN_AXE = "(options) => axe.run(document, options)"
# Rules of IBM's that are not followed, and why.
NOT_ASKED = {
    "aria_form_label_unique": "a <form> without a name is no landmark (HTML-AAM); IBM takes it for one",
    "element_tabbable_role_valid": "a box of text that scrolls is reached by Tab, as axe and WCAG 2.1.1 ask",
}
# The same, where only some elements are meant: rule, CSS selector.
NOT_ASKED_OF = {
    "aria_landmark_name_unique": "form:not([aria-label], [aria-labelledby])",  # no landmark either
    "aria_content_in_landmark": "a[href='#main']",  # the way past everything comes before everything
    "input_autocomplete_valid": "[type=email][autocomplete=username]",  # the HTML Standard allows it since 2020
    "table_headers_exists": "table:has(thead th)",  # on a phone they are for screen readers only, and IBM misses them
}
# What is wrong, and nothing that only may be. IBM takes what is in a closed <details> for visible.
RUN_IBM = """
async ({rules, notAsked, notAskedOf}) => {
  const report = await new ace.Checker().check(document, rules);
  return report.results
    .filter((result) => result.value[0] === "VIOLATION" && result.value[1] === "FAIL" && !notAsked.includes(result.ruleId))
    .map((result) => [result, document.evaluate(result.path.dom, document, null, 9).singleNodeValue])
    .filter(([, element]) => !element || element.closest("head") || element.checkVisibility())
    .filter(([result, element]) => !element?.matches(notAskedOf[result.ruleId] ?? "nothing"))
    .map(([result, element]) => ({selector: element ? audit.selectorOf(element) : result.snippet, what: `${result.ruleId}: ${result.message}`}));
}
"""


def axe(look: Look) -> None:
    """Every rule and best practice, on a phone and on a desktop, in both colours."""
    look.page.evaluate(AXE_SCRIPT)
    for width in SIZES:
        for scheme in ("light", "dark"):
            look.page.emulate_media(color_scheme=scheme)
            look.resize(width)
            # Of the same page in other colours only the contrast can differ.
            only = {"runOnly": ["color-contrast"]} if scheme == "dark" else {}
            # A mail in its frame runs no script, so axe would wait for an answer in vain.
            answer = look.page.evaluate(
                RUN_AXE, {"resultTypes": ["violations"], "preload": False, "iframes": False, **only}
            )
            look.checks += 1
            _note_axe(look, answer, f"{width} {scheme}")


def _note_axe(look: Look, answer: dict[str, Any], where: str) -> None:
    for violation in answer["violations"]:
        for node in violation["nodes"]:
            look.note(where, str(node["target"][0]), f"{violation['id']}: {violation['help']}")


def ibm(look: Look) -> None:
    """What IBM's engine is sure of, on a phone and on a desktop."""
    look.page.evaluate(_ace())
    for width in SIZES:
        look.resize(width)
        look.checks += 1
        asked = {"rules": IBM_RULES, "notAsked": [*NOT_ASKED], "notAskedOf": NOT_ASKED_OF}
        for found in look.page.evaluate(RUN_IBM, asked):
            look.note(str(width), found["selector"], found["what"])


@functools.cache
def _ace() -> str:
    return ACE.read_text()
