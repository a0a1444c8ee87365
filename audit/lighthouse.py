"""Lighthouse, as a phone. One page at a time: it measures speed."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from audit.desk import Site
from audit.findings import Finding
from audit.page import HERE
from tests.chromium import find_chromium

CLI = HERE / "node_modules" / "lighthouse" / "cli" / "index.js"
LEAST = {"performance": 95, "accessibility": 98, "best-practices": 98, "seo": 98}
# The desk asks search engines to stay away, as it should; Lighthouse takes that for a mistake.
NOT_ASKED = ("is-crawlable",)
SECONDS = 180


class NotMeasuredError(Exception):
    """Lighthouse gave no scores for the page; says why."""


@dataclasses.dataclass(frozen=True)
class Scores:
    """A page's scores, of 100, and what took points away."""

    page: str
    scores: dict[str, int]
    findings: list[Finding]


def measure(site: Site) -> Iterator[Scores]:
    """Yields the scores of each page that is to be measured."""
    for audience, url in site.measured:
        page = site.name(audience, url)
        try:
            yield judged(page, _run(site, audience, url))
        except (NotMeasuredError, subprocess.TimeoutExpired) as error:
            # One page that cannot be measured is a fault, and no reason to forget the others.
            scores = dict.fromkeys(LEAST, 0)
            yield Scores(page, scores, [Finding("lighthouse", page, "phone", "html", str(error))])


def _run(site: Site, audience: str, url: str) -> dict[str, Any]:
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in site.signed_in[audience]["cookies"])
    with tempfile.TemporaryDirectory(prefix="trousseau-lighthouse-") as folder:
        headers = Path(folder) / "headers.json"
        headers.write_text(json.dumps({"Cookie": cookies, "Accept-Language": "fr-CA"} if cookies else {}))
        command = [
            *(
                "node",
                str(CLI),
                url,
                "--quiet",
                "--no-enable-error-reporting",
                "--output=json",
                f"--output-path={folder}/report.json",
            ),
            f"--extra-headers={headers}",
            f"--emulatedUserAgent={site.agent}",  # a session belongs to the browser that it was given to
            f"--only-categories={','.join(LEAST)}",
            f"--skip-audits={','.join(NOT_ASKED)}",
            "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
        ]
        environ = os.environ | {"CHROME_PATH": find_chromium() or ""}
        answer = subprocess.run(
            command, env=environ, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        if answer.returncode:
            raise NotMeasuredError(f"Lighthouse did not run: {answer.stderr.strip()[-500:]}")
        report: dict[str, Any] = json.loads((Path(folder) / "report.json").read_text())
    if report["finalDisplayedUrl"] != url:
        raise NotMeasuredError(f"Lighthouse was led on to {report['finalDisplayedUrl']}")
    return report


def judged(page: str, report: dict[str, Any]) -> Scores:
    """The scores of a report, with a finding for each that is too low, which names what it lost points by."""
    scores, found = {}, []
    for category, least in LEAST.items():
        answer = report["categories"][category]
        scores[category] = round(100 * (answer["score"] or 0))
        if scores[category] < least:
            lost = [
                report["audits"][one["id"]]["title"]
                for one in answer["auditRefs"]
                if one["weight"] and (report["audits"][one["id"]]["score"] or 0) < 0.9
            ]
            what = f"{category} is {scores[category]}, less than {least}: {'; '.join(lost)}"
            found.append(Finding("lighthouse", page, "phone", category, what))
    return Scores(page, scores, found)
