"""One variant for another: what may be chosen, and what an order's lines are afterwards."""

import sqlite3
from collections.abc import Iterable
from typing import Any

from app.sandbox.imports import SwapIn
from app.sandbox.store import loads, one
from app.sandbox.wire import Problem

Document = dict[str, Any]


def line_of(order: Document, line_id: str) -> Document:
    """The order's line; Problem 422 where it has none."""
    for line in order["lines"]:
        if line["id"] == line_id:
            return line
    raise Problem(422, "line_not_found", "The order has no such line.", subject=order["id"])


def choice(db: sqlite3.Connection, shop: str, order: Document, swap: SwapIn) -> Document:
    """The variant that the swap asks for; Problem where it may not be had for that line."""
    return variant_for(db, shop, line_of(order, swap.line_id), swap.variant_id, order["currency"], order["id"])


def variant_for(
    db: sqlite3.Connection, shop: str, line: Document, variant_id: str, currency: str, subject: str
) -> Document:
    """Another variant of the line's product, on sale in `currency`; Problem about `subject` where it is not."""
    own = one(db, "SELECT body FROM products WHERE shop = ? AND id = ?", shop, line["product_id"])
    variants: list[Document] = loads(own["body"])["variants"] if own is not None else []
    variant = next((entry for entry in variants if entry["id"] == variant_id), None)
    if variant is None:
        if _anywhere(db, shop, variant_id):
            raise Problem(422, "different_product", "That is a variant of another product.", subject=subject)
        raise Problem(422, "new_item_not_found", "The shop has no such variant.", subject=subject)
    if variant["id"] == line["variant_id"]:
        raise Problem(422, "same_item", "That is what the line is already.", subject=subject)
    if not variant["available"]:
        raise Problem(422, "new_item_unavailable", "That variant is not available.", subject=subject)
    if variant["currency"] not in {None, currency}:
        raise Problem(422, "currency_mismatch", f"Its price is in {variant['currency']}.", subject=subject)
    return variant


def _anywhere(db: sqlite3.Connection, shop: str, variant_id: str) -> bool:
    sql = "SELECT 1 FROM products p, json_each(p.body, '$.variants') v WHERE p.shop = ? AND v.value ->> '$.id' = ?"
    return one(db, sql, shop, variant_id) is not None


def swapped(order: Document, choices: Iterable[tuple[SwapIn, Document]]) -> tuple[list[Document], list[str]]:
    """The order's lines after the swaps, and per swap the id of the line that is the new item now.

    A part of a line's quantity becomes a line of its own right after it.
    """
    wanted = list(choices)
    made = [""] * len(wanted)
    taken = {line["id"] for line in order["lines"]}
    lines: list[Document] = []
    for line in order["lines"]:
        picks = [
            (at, swap.quantity, variant) for at, (swap, variant) in enumerate(wanted) if swap.line_id == line["id"]
        ]
        rest = line["quantity"] - sum(quantity for _, quantity, _ in picks)
        if rest < 0:
            raise Problem(422, "quantity_exceeded", "The line has fewer than that.", subject=order["id"])
        parts = [_kept(line, rest, inclusive=order["prices_include_tax"])] if picks and rest else []
        for at, quantity, variant in picks:
            line_id = made[at] = _free(line["id"], taken) if parts else line["id"]
            parts.append(_new(line, line_id, quantity, variant, inclusive=order["prices_include_tax"]))
        lines += parts or [line]
    return lines, made


def _free(line_id: str, taken: set[str]) -> str:
    number = 2
    while f"{line_id}.{number}" in taken:
        number += 1
    taken.add(f"{line_id}.{number}")
    return f"{line_id}.{number}"


def _kept(line: Document, quantity: int, *, inclusive: bool) -> Document:
    """The part that stays what it is, with its share of discount and tax."""
    discount, tax = (line[name] * quantity // line["quantity"] for name in ("discount", "tax"))
    total = quantity * line["unit_price"] - discount + (0 if inclusive else tax)
    return line | {"quantity": quantity, "discount": discount, "tax": tax, "total": total}


def _new(line: Document, line_id: str, quantity: int, variant: Document, *, inclusive: bool) -> Document:
    """The part that is another variant now, at its price and the line's rate of tax; no discount goes over to it."""
    shown = variant["price"] * quantity
    tax = _tax(line, shown, inclusive=inclusive)
    return line | {
        "id": line_id,
        "variant_id": variant["id"],
        "options": variant["options"],
        "quantity": quantity,
        "unit_price": variant["price"],
        "discount": 0,
        "tax": tax,
        "total": shown if inclusive else shown + tax,
    }


def _tax(line: Document, shown: int, *, inclusive: bool) -> int:
    """The tax in what is shown, rounded down; or what comes on top of it, rounded half up."""
    if inclusive:
        return line["tax"] * shown // line["total"] if line["total"] else 0
    net = line["total"] - line["tax"]
    return (2 * shown * line["tax"] + net) // (2 * net) if net > 0 else 0
