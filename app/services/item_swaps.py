"""Swapping items of an order before it ships, all at once: what may become what, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from app import errors
from app.integrations.commerce.contract import LineSwap, SwapItems, Variant
from app.integrations.payments.contract import ChargeCommand
from app.models.changes import Change
from app.models.orders import Order, OrderLine, OrderPayment
from app.money import Money
from app.services import order_changes, orders, payment_methods, refunds
from app.services.callers import Caller
from app.services.catalogs import Catalog
from app.services.entitlements import money_left
from app.services.ledgers import Ledger
from app.services.line_prices import price_of
from app.services.order_changes import Wish
from app.services.order_views import lines_of, named
from app.services.orders import Ledgers
from app.services.refund_quotes import RefundSpec
from app.services.return_specs import LineSpec

ACTION = "swap_items"


@dataclass(frozen=True, slots=True)
class SwapSpec:
    """So many of a line for as many of another variant; `quantity` None: the whole line."""

    line_id: str
    variant_id: str
    quantity: int | None = None


def request(
    session: Session,
    caller: Caller,
    order_id: str,
    said: Ledgers,
    catalog: Catalog,
    swaps: Sequence[SwapSpec],
    payment_method_id: str | None,
) -> Change:
    """Decide, check and price the swaps, and write them with the charge before or the refund after them.

    `said` is the provider's truth about the payments, `catalog` what the shop sells; both read a moment ago.
    """
    order = orders.get(session, caller, order_id, lock=True)
    order_changes.decide(session, caller, order, ACTION, _meant(session, order, swaps))
    if not swaps:
        raise errors.NoItems("Name at least one line.")
    planned = _plan(session, order, catalog, swaps)
    method = payment_methods.of_order(session, order, payment_method_id)
    difference = sum(swap["difference"] for swap in planned)
    order, payments = refunds.hold(session, caller, order_id, said)
    if difference > 0:
        if method is None:
            raise errors.PaymentMethodNotFound("Name the payment method that pays the difference.")
        payment_methods.must_hold(method, difference, order.currency)
    back = _give_back(session, caller, order, payments, -difference, method) if difference < 0 else None
    wish = _wish(order, planned, difference, method)
    return order_changes.begin(session, caller, wish, order=order, refund_id=back)


def _meant(session: Session, order: Order, swaps: Sequence[SwapSpec]) -> list[LineSpec] | None:
    """Which of the order's lines the guard looks at; what is not among them is told after the order's state is."""
    known = {ref: line for line in lines_of(session, order) for ref in (line.external_id, line.id)}
    found: dict[str, LineSpec] = {}
    for swap in swaps:
        line = known.get(swap.line_id)
        if line is not None:
            found[line.id] = LineSpec(line.id, min(swap.quantity or line.quantity, line.quantity))
    return list(found.values()) or None


def _wish(order: Order, planned: list[dict[str, Any]], difference: int, method: dict[str, Any] | None) -> Wish:
    external_id, currency = order.external_id, order.currency
    swaps = tuple(
        LineSwap(line_id=swap["line"], variant_id=swap["variant_id"], quantity=swap["quantity"]) for swap in planned
    )

    def charge(key: str) -> ChargeCommand:
        assert method is not None
        return ChargeCommand(
            key=key, order_id=external_id, payment_method_id=method["id"], amount=difference, currency=currency
        )

    return Wish(
        kind="items",
        command=lambda key: SwapItems(key=key, order_id=external_id, swaps=swaps),
        plan={"swaps": planned, "method": method, "charged": max(0, difference)},
        difference=difference,
        currency=currency,
        charge=charge if difference > 0 else None,
        evidence={"swaps": [[swap["line"], swap["variant_id"], swap["quantity"]] for swap in planned]},
    )


# ---- what may become what ---------------------------------------------------------------------------------------


def _plan(session: Session, order: Order, catalog: Catalog, swaps: Sequence[SwapSpec]) -> list[dict[str, Any]]:
    """Each swap checked and priced, in the order in which they were named."""
    lines = lines_of(session, order)
    known = {line.id: line for line in lines}
    ours = named(lines, [swap.line_id for swap in swaps])
    if any(line_id not in known for line_id in ours):
        raise errors.ItemNotInOrder
    ledger = Ledger.of(session, order)
    return [_checked(order, known[line_id], swap, catalog, ledger) for line_id, swap in zip(ours, swaps, strict=True)]


def _checked(order: Order, line: OrderLine, swap: SwapSpec, catalog: Catalog, ledger: Ledger) -> dict[str, Any]:
    quantity = line.quantity if swap.quantity is None else swap.quantity
    if quantity > line.quantity:
        raise errors.ItemCountMismatch
    if swap.variant_id == line.data["variant_id"]:
        raise errors.SameItem
    variant = catalog.variant(line.data["product_id"], swap.variant_id)
    if variant is None:
        raise errors.DifferentProduct if catalog.knows(swap.variant_id) else errors.NewItemNotFound
    if not variant.available:
        raise errors.NewItemUnavailable
    if variant.currency != order.currency:
        raise errors.CurrencyMismatch("The new item is not sold in the order's currency.")
    if ledger.gone(line) or ledger.returned.get(line.id):
        raise errors.AlreadyReturned("The line was refunded or is coming back.")
    return priced(line, variant, quantity, inclusive=bool(order.snapshot["prices_include_tax"]))


def priced(line: OrderLine, variant: Variant, quantity: int, *, inclusive: bool) -> dict[str, Any]:
    """What the line becomes and what that costs more than was paid for it, in minor units.

    The new item is bought at its price, tax in; the discount stays with what is kept of the old one.
    """
    rest = line.quantity - quantity
    new = price_of(line, variant.price, quantity, prices_include_tax=inclusive)
    discount, tax = (whole * rest // line.quantity for whole in (line.discount, line.tax))
    kept = rest * line.unit_price - discount + (0 if inclusive else tax) if rest else 0
    return {
        "line": line.external_id,
        "line_id": line.id,
        "old_variant_id": line.data["variant_id"],
        "of": line.quantity,
        "quantity": quantity,
        "variant_id": variant.external_id,
        "title": line.title,
        "options": variant.options,
        "price": variant.price,
        "tax": new.tax,
        "total": new.total,
        "kept_total": kept,
        "kept_discount": discount,
        "kept_tax": tax,
        "difference": new.total + kept - line.total,
    }


# ---- what goes back ---------------------------------------------------------------------------------------------


def _give_back(
    session: Session,
    caller: Caller,
    order: Order,
    payments: list[OrderPayment],
    amount: int,
    method: dict[str, Any] | None,
) -> str | None:
    """Reserve what the new items cost less, until the shop has swapped them; None where nothing was captured of it."""
    ledger = Ledger.of(session, order)
    amount = min(amount, money_left(payments, ledger, order.currency))
    if amount == 0:
        return None
    spec = RefundSpec(amount=Money(amount, order.currency), owed=True)
    if method is not None:
        spec = replace(spec, destination="payment_method", payment_method_id=method["id"])
    priced_now = refunds.price(session, order, payments, spec)
    refund = refunds.write(session, caller, order, payments, spec, priced_now, decided=ACTION, waits=True)
    return refund.id
