"""What somebody asks to send back, and what for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LineSpec:
    """So many of one line, and why."""

    line_id: str
    quantity: int
    reason: str | None = None
    note: str | None = None
    resolution: str = "refund"
    files: tuple[str, ...] = ()
    """Ids of its photos."""
    variant_id: str | None = None
    """What is wanted for it, where the resolution is an exchange."""


@dataclass(frozen=True, slots=True)
class ReturnSpec:
    """What is to come back and how."""

    lines: tuple[LineSpec, ...]
    destination: str = "original"
    payment_method_id: str | None = None
    method: str = "label"

    @property
    def files(self) -> list[str]:
        """Ids of the photos of all lines."""
        return [file for line in self.lines for file in line.files]
