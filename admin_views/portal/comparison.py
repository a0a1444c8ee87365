"""What the plans on sale allow, side by side: a line for each limit that any of them has."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from models import Plan

# What a vendor writes in the table of limits for a plain yes and a plain no, in either language.
YES = frozenset({"oui", "yes", "✓"})
NO = frozenset({"non", "no", "–", "—", "-", "✗"})


@dataclasses.dataclass(frozen=True)
class Feature:
    """One line of a plan's card. `value` is empty where it would only say yes or no."""

    label: str
    value: str
    included: bool


def features(plans: Sequence[Plan], language: str) -> dict[int, list[Feature]]:
    """By plan, the same lines in the same order; none for a plan of which the vendor has said nothing."""
    labels: dict[str, str] = {}
    for plan in plans:
        for row in plan.limits:
            labels.setdefault(row["code"], row[f"label_{language}"])
    return {plan.id: _of(plan, labels, language) if plan.limits else [] for plan in plans}


def _of(plan: Plan, labels: dict[str, str], language: str) -> list[Feature]:
    own = {row["code"]: row for row in plan.limits}
    return [
        _feature(own[code][f"label_{language}"], own[code][f"value_{language}"])
        if code in own
        else Feature(label, "", included=False)
        for code, label in labels.items()
    ]


def _feature(label: str, value: str) -> Feature:
    plain = value.strip().lower()
    return Feature(label, "" if plain in YES | NO else value, included=plain not in NO)
