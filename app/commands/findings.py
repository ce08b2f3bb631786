"""What the doctor says of one thing: fine, worth a look, or wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the doctor looked at; only what is `bad` makes it end with 1."""

    name: str
    level: Literal["ok", "warn", "bad"]
    text: str


def ok(name: str, text: str) -> Finding:
    """As it should be."""
    return Finding(name, "ok", text)


def warn(name: str, text: str) -> Finding:
    """It works, and somebody should know."""
    return Finding(name, "warn", text)


def bad(name: str, text: str) -> Finding:
    """It does not work, or will not for long."""
    return Finding(name, "bad", text)


def duration(seconds: float) -> str:
    """Seconds in words that a person reads at a glance."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
