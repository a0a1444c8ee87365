"""What the Nu HTML checker, the one of the W3C, says of every page in both languages."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import requests

from audit.desk import SANDBOX, Site, speak
from audit.findings import Finding
from audit.page import HERE
from models import Language

JAR = HERE / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
SECONDS = 30
# The standard has had `rel=expect` since 2024 (HTML, 4.6.8, "Link type expect"); the checker does not know it yet.
UNKNOWN = (
    "A “link” element with a “blocking” attribute must have a “rel” attribute whose value is “stylesheet”."
)
EXPECTS = '<link rel="expect" '
WORDS = {Language.FR: "fr-CA", Language.EN: "en-CA"}


def check(site: Site) -> tuple[list[Finding], int]:
    """Returns what is wrong, and how many pages were read."""
    with tempfile.TemporaryDirectory(prefix="trousseau-html-") as name:
        folder = Path(name)
        names: dict[str, tuple[str, str]] = {}
        found: list[Finding] = []
        for language in (Language.EN, Language.FR):
            speak(language)
            for audience, urls in site.pages.items():
                for url in urls:
                    path = folder / f"{len(names):04}.html"
                    answer = _read(site, audience, url, language)
                    path.write_bytes(answer.content)
                    names[path.name] = (site.name(audience, url), language.value)
                    # A payment page speaks the language of its order.
                    if audience != SANDBOX and f'<html lang="{language.value}' not in answer.text:
                        wrong = f"answers {answer.status_code} in another language"
                        found.append(Finding("html", *names[path.name], "html", wrong))
        return found + judged(_ask(folder), names), len(names)


def _read(site: Site, audience: str, url: str, language: Language) -> requests.Response:
    cookies = {one["name"]: one["value"] for one in site.signed_in[audience]["cookies"]}
    headers = {"User-Agent": site.agent, "Accept-Language": WORDS[language]}
    return requests.get(url, cookies=cookies, headers=headers, timeout=SECONDS)


def _ask(folder: Path) -> list[dict[str, Any]]:
    command = ["java", "-jar", str(JAR), "--format", "json", "--exit-zero-always", str(folder)]
    answer = subprocess.run(command, capture_output=True, check=False, text=True)
    try:
        messages: list[dict[str, Any]] = json.loads(answer.stderr)["messages"]
    except ValueError:
        raise SystemExit(f"The Nu HTML checker did not run: {answer.stderr[-500:]}") from None
    return messages


def judged(messages: list[dict[str, Any]], names: dict[str, tuple[str, str]]) -> list[Finding]:
    """The checker's messages, errors and warnings, as findings; `names`: (page, language) of each file."""
    found = []
    for message in messages:
        page, language = names[message["url"].rpartition("/")[2]]
        extract = " ".join(message.get("extract", "").split())
        if message["message"] == UNKNOWN and EXPECTS in extract:
            continue
        line = f"line {message.get('lastLine', '?')}: {extract}"
        found.append(Finding("html", page, language, line, message["message"]))
    return found
