"""`make audit`, or `make audit ONLY=html,focus PAGES=/portal/users`: prints a table of figures and what was found; status 1 where
something was, 2 where nothing could be looked for."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import sys
import time
from dataclasses import asdict

from audit import html, lighthouse, planted, visit
from audit.desk import Site, serving
from audit.findings import Finding, grouped, table, told
from config_types import ROOT

PARTS = ("html", *visit.PARTS, "lighthouse")
KEPT = ROOT / ".audit" / "findings.json"


def main(only: str, pages: str) -> int:
    """Run the parts that `only` names, on addresses with `pages` in them; empty means all. Returns the exit status."""
    wanted = tuple(only.split(",")) if only else PARTS
    if unknown := set(wanted) - set(PARTS):
        print(f"There is no part {', '.join(sorted(unknown))}. They are: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    started = time.monotonic()
    with serving(pages) as site:
        tell(f"The desk serves at {site.url}; first a page of planted faults")
        if blind := planted.missed(lambda page: _run(page, wanted)[2], site.agent, wanted):
            print("In a page that has it, the audit does not find", *blind, sep="\n  ", file=sys.stderr)
            return 2
        checks, scores, found = _run(site, wanted)
    _print_figures(site, wanted, checks, found)
    if scores:
        print(table([("page", *lighthouse.LEAST), *scores]), end="\n\n")
    for same in grouped(found):
        print(told(same), end="\n\n")
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps([asdict(finding) for finding in found], indent=1, ensure_ascii=False))
    print(
        f"{len(grouped(found))} faults in {time.monotonic() - started:.0f} s; each place is in {KEPT.relative_to(ROOT)}"
    )
    return 1 if found else 0


def _run(site: Site, wanted: tuple[str, ...]) -> tuple[dict[str, int], list[tuple[str, ...]], list[Finding]]:
    """The checks that each part made, a row for each page that Lighthouse measured, and what was found."""
    checks, scores, found = dict.fromkeys(wanted, 0), [], []
    if "html" in wanted:
        found, checks["html"] = html.check(site)
    if parts := tuple(part for part in visit.PARTS if part in wanted):
        for seen in visit.all_pages(site, parts, tell):
            found += seen.findings
            for part, count in seen.checks.items():
                checks[part] += count
    if "lighthouse" in wanted:
        for measured in lighthouse.measure(site):
            tell(f"Lighthouse measured {measured.page}")
            checks["lighthouse"] += 1
            found += measured.findings
            scores.append((measured.page, *map(str, measured.scores.values())))
    return checks, scores, found


def _print_figures(site: Site, wanted: tuple[str, ...], checks: dict[str, int], found: list[Finding]) -> None:
    pages = sum(map(len, site.pages.values()))
    print(f"\n{pages} pages, {dt.date.today():%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} cores\n")  # noqa: DTZ011 - of here
    rows = [("part", "checks", "findings", "faults")]
    for part in wanted:
        own = [finding for finding in found if finding.part == part]
        rows.append((part, str(checks[part]), str(len(own)), str(len(grouped(own)))))
    print(table(rows), end="\n\n")


def tell(sentence: str) -> None:
    """Say how far it is, where somebody looks on."""
    print(f"\r\033[K{sentence}", end="" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(os.environ.get("ONLY", ""), os.environ.get("PAGES", "")))
