"""Judges what `measure_killing` has seen: is each accepted request there, and how long did the others take?"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from tests.faults.history import Violation
from tests.tools.killing_load import Shot

TARGET_MS = 1000.0
"""Of the 99th percentile of the requests that no kill has cut."""
PATHS = {"ticket": "/v1/tickets/", "message": "/v1/tickets/", "refund": "/v1/refunds/", "label": "/v1/return-labels/"}
ENDS = {"succeeded", "failed", "canceled", "active", "voided"}
AT_ONCE = 8


def percentile(values: Iterable[float], part: float) -> float:
    """The value below which `part` of them are (nearest rank); 0 where there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


def stands_at(shot: Shot) -> str:
    """The path at which what an accepted request has made is to be found."""
    made = shot.view["ticket"]["id"] if shot.kind == "message" else shot.view["id"]
    return PATHS[shot.kind] + made


def amiss(shot: Shot, status: int, found: dict[str, Any]) -> str | None:
    """What is wrong with what was found of an accepted request; None where it stands as it was told, or further."""
    told = shot.view
    if status != 200:
        return f"was accepted, and GET answers {status}"
    if shot.kind == "message":
        if told["message"]["id"] not in {message["id"] for message in found["messages"]}:
            return "was accepted, and its ticket does not have it"
        return None
    if found["id"] != told["id"]:
        return f"is shown as {found['id']}"
    if shot.kind == "ticket":
        return None if found["subject"] == told["subject"] else "has another subject than was told"
    if told["status"] in ENDS and found["status"] != told["status"]:
        return f"was told as {told['status']} and is {found['status']}"
    return None if found["status"] in ENDS else f"is still {found['status']}"


async def lost(shots: Sequence[Shot]) -> list[Violation]:
    """Every accepted request whose effect is not found, or not in the state that was told or a later one."""
    at_once, missing = asyncio.Semaphore(AT_ONCE), list[Violation]()

    async def look(shot: Shot) -> None:
        async with at_once:
            status, found = await shot.front.look(stands_at(shot))
        if (wrong := amiss(shot, status, found)) is not None:
            missing.append(Violation("lost", f"{shot.front.shop}/{shot.key}", wrong))

    await asyncio.gather(*(look(shot) for shot in shots if shot.accepted and shot.kind != "read"))
    return missing


def unexpected(shots: Sequence[Shot]) -> list[Violation]:
    """Requests that were never answered, or refused although nothing was wrong with them."""
    found = list[Violation]()
    for shot in shots:
        if shot.ended is None:
            found.append(Violation("stuck", f"{shot.front.shop}/{shot.key}", "was never answered"))
        elif not shot.accepted:
            found.append(Violation("clear", f"{shot.front.shop}/{shot.key}", f"was answered {shot.status} {shot.code}"))
    return found


def figures(shots: Sequence[Shot], kills: Sequence[float]) -> dict[str, Any]:
    """Counts, and milliseconds of those that were not cut, from when they were due to their last answer."""
    others = [shot for shot in shots if not shot.cut]
    took = [shot.seconds * 1000 for shot in others]
    kinds = sorted({shot.kind for shot in shots})
    slowest = sorted(others, key=lambda shot: shot.seconds, reverse=True)[:5]
    return {
        "requests": len(shots),
        "accepted": sum(shot.accepted for shot in shots),
        "cut": len(shots) - len(others),
        "turned_away": sum(shot.turned_away > 0 for shot in shots),
        "hung": sum(shot.hung > 0 for shot in shots),
        "kills": len(kills),
        "p50_ms": round(percentile(took, 0.5), 1),
        "p95_ms": round(percentile(took, 0.95), 1),
        "p99_ms": round(percentile(took, 0.99), 1),
        "max_ms": round(max(took, default=0.0), 1),
        "p99_ms_of": {
            kind: round(percentile([shot.seconds * 1000 for shot in others if shot.kind == kind], 0.99), 1)
            for kind in kinds
        },
        "accepted_of": dict(Counter(shot.kind for shot in shots if shot.accepted)),
        "slowest": [
            f"{shot.kind} {shot.path.partition('?')[0][:16]}: {shot.seconds * 1000:.0f} ms, due "
            f"{shot.due - max((at for at in kills if at <= shot.due), default=shot.due):.2f} s after a kill"
            for shot in slowest
        ],
    }


def above(told: dict[str, Any], violations: Sequence[Violation]) -> list[str]:
    """What does not hold."""
    broken: list[str] = []
    if told["p99_ms"] >= TARGET_MS:
        broken.append("p99_ms")
    if told["requests"] == 0 or told["kills"] == 0:
        broken.append("nothing was measured")
    return broken + (["violations"] if violations else [])
