"""Shopify's rows: every operation of its adapter, at the tests' shop that executes Shopify's own schema."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from app.integrations.commerce import (
    shopify,
    shopify_documents,
    shopify_effect_documents,
    shopify_return_documents,
)
from app.integrations.commerce.contract import (
    Address,
    AnnounceLabel,
    ChangeAddress,
    ChangeCustomer,
    ChangedQuery,
    ChangePaymentMethod,
    CloseReturn,
    LineSwap,
    OpenExchange,
    OrderQuery,
    SendExchange,
)
from app.integrations.commerce.shopify_returns import ENDED
from app.integrations.commerce.shopify_wire import note
from app.integrations.commerce.subscription_contract import ChangeSubscription
from app.integrations.payments.contract import ChargeCommand, PayoutCommand, RefundCommand
from tests.integrations.shopify_basics import new_id
from tests.integrations.shopify_connected import account, back, cancel, swap_of, tail
from tests.integrations.shopify_shop import ShopifyShop
from tests.integrations.shopify_things import Order, Refund
from tests.proxied.proxy import Answer, Speech, graphql_name
from tests.proxied.table import Asked, Asking, Clock, Effecting, Provider, Reading, Unsupported

KEY, NUMBER = "opr_1", "1ZRETURN01"
HOME = Address(
    name="Anna Maria Keller", address1="Nebenstraße 2", city="Potsdam", country_code="DE", postal_code="14467"
)


# ---- how it speaks --------------------------------------------------------------------------------------------------


def _refusal(call: str, body: bytes) -> Answer:
    """Of a mutation a user error, of a query that the token may not."""
    text = json.loads(body)["query"]
    if not text.lstrip().startswith("mutation") and "\nmutation " not in text:
        extensions = {"code": "ACCESS_DENIED", "requiredAccess": "`read_orders` access scope."}
        return 200, {"data": None, "errors": [{"message": "Access denied", "extensions": extensions}]}, {}
    errors = [{"message": "Refused by a fault", "field": None, "code": None}]
    name = MUTATIONS[call]
    return 200, {"data": {name: {"orderCancelUserErrors" if name == "orderCancel" else "userErrors": errors}}}, {}


def _throttled(retry_after: int | None) -> Answer:
    """By its bucket, or, in front of the API, by a 429."""
    if retry_after is not None:
        return 429, {"errors": "Too many requests"}, {"Retry-After": str(retry_after)}
    status = {"maximumAvailable": 1000.0, "currentlyAvailable": 990, "restoreRate": 1000.0}
    cost = {"requestedQueryCost": 10, "actualQueryCost": None, "throttleStatus": status}
    errors = [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]
    return 200, {"errors": errors, "extensions": {"cost": cost}}, {}


def _documents() -> dict[str, str]:
    """Every GraphQL document of the adapter by its name."""
    texts = [
        text
        for module in (shopify_documents, shopify_effect_documents, shopify_return_documents)
        for name, text in vars(module).items()
        if name.isupper() and isinstance(text, str) and ("query " in text or "mutation " in text)
    ]
    return {graphql_name("POST", "", json.dumps({"query": text}).encode()): text for text in texts}


def _field(text: str) -> str:
    """The one field of a mutation."""
    return text.split("{", 1)[1].split("(", 1)[0].strip()


DOCUMENTS = _documents()
MUTATIONS = {name: _field(text[text.index("mutation ") :]) for name, text in DOCUMENTS.items() if "mutation " in text}


def _clocks(adapters: Asking, clock: Clock) -> None:
    adapters.payments._adapter._credit._now = clock.now


# ---- what there is --------------------------------------------------------------------------------------------------


def waiting(server: ShopifyShop) -> Order:
    return server.order()


def delivered(server: ShopifyShop) -> Order:
    order = server.order()
    server.sent(order, delivered=True)
    return order


def _refund(server: ShopifyShop) -> RefundCommand:
    order = delivered(server)
    return RefundCommand(key=KEY, payment_id=tail(order.paid[0].id), amount=700, currency="EUR", reason="damaged")


def _credit(server: ShopifyShop) -> PayoutCommand:
    order = delivered(server)
    server.mutations.storeCreditAccountCredit(
        order.customer.id, {"creditAmount": {"amount": "5.00", "currencyCode": "EUR"}}
    )
    return PayoutCommand(
        key=KEY, order_id=tail(order.id), customer_id=tail(order.customer.id), payment_method_id=None, amount=2000,
        currency="EUR",
    )  # fmt: skip


def _exchange(server: ShopifyShop) -> OpenExchange:
    order = delivered(server)
    [product] = server.products.values()
    swap = LineSwap(line_id=tail(order.lines[0].id), variant_id=tail(product.variants[1].id), quantity=1)
    return OpenExchange(
        key=KEY, order_id=tail(order.id), rma="RMA-1", swaps=(swap,), payment_method_id=None, difference=0,
        currency="EUR",
    )  # fmt: skip


def _swap(server: ShopifyShop) -> Any:
    order = waiting(server)
    swaps = swap_of(server, order)
    second = LineSwap(line_id=tail(order.lines[1].id), variant_id=swaps.swaps[0].variant_id, quantity=1)
    return swaps.model_copy(update={"swaps": (*swaps.swaps, second)})


def _close(server: ShopifyShop, *, begun: bool = False) -> CloseReturn:
    order = delivered(server)
    part = order.parcels[0].lines[0]
    [reason, *_] = server.reasons
    line = {
        "fulfillmentLineItemId": part.id, "quantity": 1, "returnReasonDefinitionId": reason,
        "returnReasonNote": note("opr_0", None, "RMA-1"),
    }  # fmt: skip
    server.mutations.returnCreate({"orderId": order.id, "returnLineItems": [line]})
    order.back[0].begun = begun
    return CloseReturn(key=KEY, order_id=tail(order.id), rma="RMA-1")


def _labeled(server: ShopifyShop) -> AnnounceLabel:
    _close(server)  # a return that stands
    [order] = server.orders.values()
    return AnnounceLabel(key=KEY, order_id=tail(order.id), rma="RMA-1", tracking_number=NUMBER, label_id="lbl")


def _labeled_anew(server: ShopifyShop) -> AnnounceLabel:
    command = _labeled(server)
    [order] = server.orders.values()
    [group] = order.back[0].groups
    server.mutations.reverseDeliveryCreateWithShipping(group.id, [], False, {"number": "1ZOLD"})
    return command.model_copy(update={"replaces": ("1ZOLD",)})


def _sending(server: ShopifyShop) -> SendExchange:
    order = delivered(server)
    [product] = server.products.values()
    part, [reason, *_] = order.parcels[0].lines[0], server.reasons
    line = {
        "fulfillmentLineItemId": part.id, "quantity": 1, "returnReasonDefinitionId": reason,
        "returnReasonNote": note("opr_0", None, "RMA-1"),
    }  # fmt: skip
    other = {"variantId": product.variants[1].id, "quantity": 1}
    server.mutations.returnCreate({"orderId": order.id, "returnLineItems": [line], "exchangeLineItems": [other]})
    return SendExchange(key=KEY, order_id=tail(order.id), rma="RMA-1")


class _Papers:
    """A carrier's connection, of which only the label's file is wanted."""

    async def label_file(self, label_id: str, file_format: str) -> bytes:
        return f"{label_id} as {file_format}".encode()


def _customer(server: ShopifyShop, *, address: bool = True) -> ChangeCustomer:
    customer = waiting(server).customer
    if not address:
        customer.defaultAddress = None
    return ChangeCustomer(
        key=KEY, customer_id=tail(customer.id), address=HOME, email="new@example.com", name="Anna Maria Keller"
    )


def _cancel_by_job(server: ShopifyShop) -> Any:
    server.mutations.job_looks = 2
    return cancel(waiting(server))


def _kinds(server: ShopifyShop) -> list[str]:
    return [kind for kind, _ in server.mutations.ledger]


def _money(server: ShopifyShop) -> list[Any]:
    return [(kind, told["amount"]) for kind, told in server.mutations.ledger]


def _lines(server: ShopifyShop) -> Any:
    [order] = server.orders.values()
    there = Counter((tail(line.variant.id) if line.variant else "", line.currentQuantity) for line in order.lines)
    return _kinds(server), sorted(there.values()), sum(line.currentQuantity for line in order.lines)


def _returned(server: ShopifyShop) -> Any:
    [order] = server.orders.values()
    return [(one.status in ENDED, len(one.swaps), sum(line.quantity for line in one.lines)) for one in order.back]


def _told(server: ShopifyShop) -> Any:
    """The numbers and labels of what comes back."""
    [order] = server.orders.values()
    groups = [group for one in order.back for group in one.groups]
    shown = [(one.deliverable.tracking or {}, one.deliverable.label) for group in groups for one in group.deliveries]
    return [(tracking["number"], label is not None) for tracking, label in shown]


def _sent(server: ShopifyShop) -> Any:
    """What goes out for what comes back, and whether it is held."""
    [order] = server.orders.values()
    return [(len(work.lines), work.status) for work in order.works]


def _person(server: ShopifyShop) -> Any:
    """Set twice it is the same: what counts is what is there."""
    [customer] = server.customers.values()
    return customer.email, customer.displayName, (customer.defaultAddress or {}).get("zip")


def _address(server: ShopifyShop) -> Any:
    [order] = server.orders.values()
    return (order.shippingAddress or {})["zip"]


# ---- what is asked --------------------------------------------------------------------------------------------------


def _long(server: ShopifyShop) -> Asked:
    """An order of which one query does not tell all."""
    order = server.order(quantities=(1,) * 14, unit=100)
    for number in range(7):
        parcel = server.sent(order, f"1Z204W4R03080718{number:02}")
        parcel.lines = parcel.lines[2 * number : 2 * number + 2]
        refund = Refund(new_id("Refund"), f"by hand {number}", order)
        refund.parts.append(server.paid(order, 1, "REFUND", parentTransaction=order.paid[0]))
        order.given.append(refund)
        server.paid(order, 100, "SALE", status="FAILURE")
    return lambda ask: ask.commerce.get_order(tail(order.id))


def _one(server: ShopifyShop) -> Asked:
    order = delivered(server)
    return lambda ask: ask.commerce.get_order(tail(order.id))


def _found(**query: Any) -> Any:
    def stock(server: ShopifyShop) -> Asked:
        delivered(server).customer.phone = "+49301234567"
        return lambda ask: ask.commerce.find_orders(OrderQuery(**query))

    return stock


def _changed(server: ShopifyShop) -> Asked:
    server.order()
    return lambda ask: ask.commerce.changed_orders(ChangedQuery())


def _product(server: ShopifyShop) -> Asked:
    product = server.product()
    return lambda ask: ask.commerce.get_variants(tail(product.id))


def _variant(server: ShopifyShop) -> Asked:
    product = server.product()
    return lambda ask: ask.commerce.find_variant(tail(product.variants[1].id))


def _who(server: ShopifyShop) -> Asked:
    customer = server.customer()
    return lambda ask: ask.commerce.get_customer(tail(customer.id))


def _whoever(server: ShopifyShop) -> Asked:
    server.customer(phone="+49301234567")
    return lambda ask: ask.commerce.find_customers(email="anna@example.com")


def _payment(server: ShopifyShop) -> Asked:
    order = delivered(server)
    return lambda ask: ask.payments.payment(tail(order.paid[0].id))


def _check(server: ShopifyShop) -> Asked:
    del server
    return lambda ask: shopify.check(ask.account)


ID = ("wrong_id",)
NOBODY = "Shopify has nothing of the kind."
CHARGE = ChargeCommand(key=KEY, order_id="1", payment_method_id="1", amount=100, currency="EUR")
PAYOUT = PayoutCommand(key=KEY, order_id="1", customer_id="1", payment_method_id="gift", amount=100, currency="EUR")
LATER = "Shopify has no key for a return and shows none that is on its way: the next try waits, and no longer."

SHOPIFY = Provider(
    kind=shopify.KIND,
    server=ShopifyShop,
    account=account,
    speech=Speech(graphql_name, _refusal, _throttled),
    names=frozenset(DOCUMENTS),
    clocks=_clocks,
    beside={"carrier": _Papers()},
    forget=lambda server: server.mutations.keys.clear(),
    keyed=frozenset({"CreateRefund"}),
    never_sent=frozenset({"commerce.get_subscription", "commerce.find_subscriptions"}),
    rows=(
        Effecting(kind="refund", stock=_refund, ledger=_money),
        Effecting(kind="credit", stock=_credit, ledger=_money),
        Effecting(kind="order_cancel", stock=lambda server: cancel(waiting(server)), ledger=_kinds),
        Effecting(
            kind="order_cancel", name="order_cancel, by a job", stock=_cancel_by_job, ledger=_kinds, gives_way=True
        ),
        Effecting(
            kind="change_address",
            stock=lambda server: ChangeAddress(key=KEY, order_id=tail(waiting(server).id), address=HOME),
            ledger=_address,
        ),
        Effecting(kind="swap_items", stock=_swap, ledger=_lines),
        Effecting(kind="return_open", stock=lambda server: back(delivered(server)), ledger=_returned, late=LATER),
        Effecting(kind="exchange_open", stock=_exchange, ledger=_returned, late=LATER),
        Effecting(kind="return_close", stock=_close, ledger=_returned, gives_way=True),
        Effecting(
            kind="return_close",
            name="return_close, begun",
            stock=lambda server: _close(server, begun=True),
            ledger=_returned,
        ),
        Effecting(kind="label_announce", stock=_labeled, ledger=_told, late=LATER),
        Effecting(kind="label_announce", name="label_announce, another", stock=_labeled_anew, ledger=_told),
        Effecting(kind="exchange_send", stock=_sending, ledger=_sent),
        Effecting(kind="change_customer", stock=_customer, ledger=_person),
        Effecting(
            kind="change_customer",
            name="change_customer, first address",
            stock=lambda server: _customer(server, address=False),
            ledger=_person,
        ),
        Unsupported(kind="payout", command=PAYOUT),
        Unsupported(kind="exchange_charge", command=CHARGE),
        Unsupported(kind="order_charge", command=CHARGE),
        Unsupported(
            kind="change_payment_method",
            command=ChangePaymentMethod(key=KEY, order_id="1", payment_method_id="1"),
        ),
        Unsupported(
            kind="change_subscription",
            command=ChangeSubscription(key=KEY, customer_id="1", subscription_id="1", change="pause"),
        ),
        Reading(name="get_order", stock=_one, lies=ID),
        Reading(name="get_order, a long one", stock=_long),
        Reading(name="find_orders", stock=_found(number="1001")),
        Reading(name="find_orders, many", stock=_found(email="anna@example.com")),
        Reading(name="find_orders, by phone", stock=_found(phone="+49301234567", limit=1)),
        Reading(name="changed_orders", stock=_changed),
        Reading(name="get_customer", stock=_who, lies=ID),
        Reading(name="find_customers", stock=_whoever),
        Reading(name="get_variants", stock=_product),
        Reading(name="find_variant", stock=_variant, lies=ID),
        Reading(name="payment", stock=_payment, lies=ID),
        Reading(name="check", stock=_check),
    ),
)
