"""What the types cannot say of an import: sums, references, ids that are there once."""

from collections.abc import Iterable

from app.sandbox.imports import CustomerIn, OrderIn, PayoutRecordIn, ShopIn
from app.sandbox.subscription_records import problems
from app.sandbox.wire import Problem, invalid

Found = tuple[str, str, str]
CHANGE_FLAGS = {
    "swap_items": "items_changed",
    "change_payment_method": "payment_changed",
    "open_return": "return_requested",
    "open_exchange": "exchange_requested",
}


def problem_of(shop: ShopIn) -> Problem | None:
    """All that is wrong with the shop as one Problem 422; None where it is sound."""
    found: list[Found] = []
    found += _twice("/products", "id", (product.id for product in shop.products))
    found += _twice("/customers", "id", (customer.id for customer in shop.customers))
    found += _twice("/orders", "id", (order.id for order in shop.orders))
    found += _twice("/labels", "id", (label.id for label in shop.labels))
    found += _twice("/subscriptions", "id", (subscription.id for subscription in shop.subscriptions))
    found += _everywhere_once(shop)
    variants: dict[str, set[str]] = {}
    for number, product in enumerate(shop.products):
        variants[product.id] = {variant.id for variant in product.variants}
        found += _twice(f"/products/{number}/variants", "id", (variant.id for variant in product.variants))
    customers: dict[str, CustomerIn] = {}
    for number, customer in enumerate(shop.customers):
        customers[customer.id] = customer
        found += _customer(f"/customers/{number}", customer)
        found += _payouts(f"/customers/{number}", customer.payouts, customer.id, {customer.id: customer})
    for number, order in enumerate(shop.orders):
        at = f"/orders/{number}"
        if order.customer_id is not None and order.customer_id not in customers:
            found.append((f"{at}/customer_id", "customer_not_found", "no such customer in this document"))
        found += _lines(at, order, variants)
        found += _shipments(at, order)
        found += _payments(at, order, customers.get(order.customer_id or ""))
        found += _refunds(at, order)
        found += _payouts(at, order.payouts, order.customer_id, customers)
        found += _changes(at, order, customers.get(order.customer_id or ""))
        found += _state(at, order)
    found += problems(shop.subscriptions, customers, variants)
    return invalid(found) if found else None


def _twice(at: str, name: str, ids: Iterable[str]) -> list[Found]:
    seen: set[str] = set()
    found: list[Found] = []
    for number, value in enumerate(ids):
        if value in seen:
            found.append((f"{at}/{number}/{name}", "id_not_unique", f"{value!r} stands twice"))
        seen.add(value)
    return found


def _everywhere_once(shop: ShopIn) -> list[Found]:
    """Payments, refunds and parcels are looked up without their order: their ids must be the shop's only ones."""
    found: list[Found] = []
    seen: set[tuple[str, str]] = set()

    def once(kind: str, value: str, at: str) -> None:
        if (kind, value) in seen:
            found.append((at, "id_not_unique", f"{value!r} stands twice"))
        seen.add((kind, value))

    for number, order in enumerate(shop.orders):
        for index, payment in enumerate(order.payments):
            once("payment", payment.id, f"/orders/{number}/payments/{index}/id")
        for index, refund in enumerate(order.refunds):
            once("refund", refund.id, f"/orders/{number}/refunds/{index}/id")
        for index, payout in enumerate(order.payouts):
            once("payout", payout.id, f"/orders/{number}/payouts/{index}/id")
        for index, change in enumerate(order.changes):
            once("change", change.id, f"/orders/{number}/changes/{index}/id")
        for index, shipment in enumerate(order.shipments):
            once("parcel", shipment.tracking_number, f"/orders/{number}/shipments/{index}/tracking_number")
    for number, customer in enumerate(shop.customers):
        for index, payout in enumerate(customer.payouts):
            once("payout", payout.id, f"/customers/{number}/payouts/{index}/id")
        for index, change in enumerate(customer.changes):
            once("change", change.id, f"/customers/{number}/changes/{index}/id")
    for number, label in enumerate(shop.labels):
        once("parcel", label.tracking_number, f"/labels/{number}/tracking_number")
    return found


def _customer(at: str, customer: CustomerIn) -> list[Found]:
    found = _twice(f"{at}/payment_methods", "id", (method.id for method in customer.payment_methods))
    for index, method in enumerate(customer.payment_methods):
        if method.balance is not None and method.currency is None:
            found.append((f"{at}/payment_methods/{index}/currency", "currency_missing", "a balance needs its currency"))
    return found


def _lines(at: str, order: OrderIn, variants: dict[str, set[str]]) -> list[Found]:
    found = _twice(f"{at}/lines", "id", (line.id for line in order.lines))
    for index, line in enumerate(order.lines):
        here = f"{at}/lines/{index}"
        total = line.quantity * line.unit_price - line.discount + (0 if order.prices_include_tax else line.tax)
        if line.total != total:
            found.append((f"{here}/total", "sum_mismatch", f"quantity, price, discount and tax give {total}"))
        if line.tax > line.total:
            found.append((f"{here}/tax", "sum_mismatch", "the tax is more than the total"))
        if line.fulfilled_quantity > line.quantity:
            found.append((f"{here}/fulfilled_quantity", "sum_mismatch", "more was fulfilled than ordered"))
        if line.product_id is not None and line.product_id not in variants:
            found.append((f"{here}/product_id", "product_not_found", "no such product in this document"))
        if line.variant_id is not None and line.variant_id not in variants.get(line.product_id or "", set()):
            found.append((f"{here}/variant_id", "variant_not_found", "the product has no such variant"))
    return found


def _shipments(at: str, order: OrderIn) -> list[Found]:
    lines = {line.id for line in order.lines}
    found = _twice(f"{at}/shipments", "id", (shipment.id for shipment in order.shipments))
    for index, shipment in enumerate(order.shipments):
        for place, line_id in enumerate(shipment.line_ids):
            if line_id not in lines:
                found.append(
                    (f"{at}/shipments/{index}/line_ids/{place}", "line_not_found", "no such line in the order")
                )
    return found


def _payments(at: str, order: OrderIn, customer: CustomerIn | None) -> list[Found]:
    found: list[Found] = []
    methods = {method.id: method for method in customer.payment_methods} if customer else {}
    for index, payment in enumerate(order.payments):
        here = f"{at}/payments/{index}/payment_method_id"
        if payment.payment_method_id is None:
            continue
        method = methods.get(payment.payment_method_id)
        if method is None:
            found.append((here, "payment_method_not_found", "the customer has no such payment method"))
        elif method.currency is not None and method.currency != order.currency:
            found.append((here, "currency_mismatch", f"the method holds {method.currency}"))
    # What the sandbox itself charged and swapped came later: written history is held against the first total.
    swapped = sum(change.difference or 0 for change in order.changes if change.kind == "swap_items")
    total = sum(line.total for line in order.lines) + order.shipping + order.duties - swapped
    captured = sum(
        payment.amount for payment in order.payments if payment.state == "captured" and payment.origin == "import"
    )
    waiting = any(payment.state in {"authorized", "pending"} for payment in order.payments)
    if captured > total or (captured and not waiting and captured != total):
        found.append((f"{at}/payments", "sum_mismatch", f"{captured} was captured of a total of {total}"))
    return found


def _refunds(at: str, order: OrderIn) -> list[Found]:
    found: list[Found] = []
    left = {payment.id: payment.amount if payment.state == "captured" else 0 for payment in order.payments}
    ordered = {line.id: line.quantity for line in order.lines}
    for index, refund in enumerate(order.refunds):
        here = f"{at}/refunds/{index}"
        for place, back in enumerate(refund.lines):
            if back.line_id not in ordered:
                found.append((f"{here}/lines/{place}/line_id", "line_not_found", "no such line in the order"))
            elif back.quantity > ordered[back.line_id]:
                found.append((f"{here}/lines/{place}/quantity", "quantity_exceeded", "more than was ordered"))
        if refund.payment_id not in left:
            found.append((f"{here}/payment_id", "payment_not_found", "the order has no such payment"))
        elif refund.origin == "import" and refund.status != "failed":
            # What the sandbox itself made may exceed the capture: its ceiling can be off. Written history may not.
            left[refund.payment_id] -= refund.amount
            if left[refund.payment_id] < 0:
                found.append((f"{here}/amount", "refund_exceeds_captured", "more was given back than captured"))
    return found


def _payouts(
    at: str, payouts: list[PayoutRecordIn], owner: str | None, customers: dict[str, CustomerIn]
) -> list[Found]:
    found: list[Found] = []
    for index, payout in enumerate(payouts):
        here = f"{at}/payouts/{index}"
        customer = customers.get(payout.customer_id)
        if customer is None or owner not in {None, payout.customer_id}:
            found.append((f"{here}/customer_id", "customer_not_found", "no such customer in this place"))
        elif payout.payment_method_id not in {method.id for method in customer.payment_methods}:
            code = "payment_method_not_found"
            found.append((f"{here}/payment_method_id", code, "the customer has no such payment method"))
    return found


def _changes(at: str, order: OrderIn, customer: CustomerIn | None) -> list[Found]:
    found: list[Found] = []
    methods = {method.id for method in customer.payment_methods} if customer else set[str]()
    if order.payment_method_id is not None and order.payment_method_id not in methods:
        code = "payment_method_not_found"
        found.append((f"{at}/payment_method_id", code, "the customer has no such payment method"))
    lines = {line.id for line in order.lines}
    for index, change in enumerate(order.changes):
        for name, parts in (("lines", change.lines), ("swaps", change.swaps)):
            for place, part in enumerate(parts):
                if part.line_id not in lines:
                    pointer = f"{at}/changes/{index}/{name}/{place}/line_id"
                    found.append((pointer, "line_not_found", "no such line in the order"))
    return found


def _state(at: str, order: OrderIn) -> list[Found]:
    found: list[Found] = []
    fulfilled = sum(line.fulfilled_quantity for line in order.lines)
    if order.status in {"shipped", "delivered"} and fulfilled == 0:
        found.append((f"{at}/status", "state_mismatch", f"{order.status}, yet nothing is fulfilled"))
    for index, change in enumerate(order.changes):
        flag = CHANGE_FLAGS.get(change.kind)
        if flag is not None and not getattr(order, flag):
            found.append((f"{at}/changes/{index}/kind", "state_mismatch", f"{change.kind}, yet {flag} is not set"))
    if order.status == "pending" and fulfilled:
        found.append((f"{at}/status", "state_mismatch", f"{order.status}, yet something is fulfilled"))
    if order.delivered_at is not None and order.status != "delivered":
        found.append((f"{at}/delivered_at", "state_mismatch", f"delivered, yet the status is {order.status}"))
    if order.canceled_at is not None and order.status != "canceled":
        found.append((f"{at}/canceled_at", "state_mismatch", f"canceled, yet the status is {order.status}"))
    return found
