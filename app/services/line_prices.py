"""What a variant costs in the place of an order's line: swapped before it ships or exchanged after. Exact, no I/O."""

from __future__ import annotations

from dataclasses import dataclass

from app.models.orders import OrderLine


@dataclass(frozen=True, slots=True)
class Price:
    """Minor units for all of a quantity."""

    total: int
    """Tax in, whether the shop shows its prices with tax or not."""
    tax: int


def price_of(line: OrderLine, unit: int, quantity: int, *, prices_include_tax: bool) -> Price:
    """What `quantity` at `unit` cost in the place of the line, taxed at the rate that the line itself was."""
    shown, before_tax = unit * quantity, line.total - line.tax
    if prices_include_tax:
        return Price(shown, line.tax * shown // line.total if line.total else 0)
    tax = (2 * shown * line.tax + before_tax) // (2 * before_tax) if line.tax > 0 and before_tax > 0 else 0
    return Price(shown + tax, tax)
