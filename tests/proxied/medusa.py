"""Medusa's rows: every operation of its adapter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.integrations.commerce import medusa as adapter
from app.integrations.commerce.contract import (
    AnnounceLabel,
    ChangeCustomer,
    ChangedQuery,
    ChangePaymentMethod,
    CloseReturn,
    LineBack,
    OpenReturn,
    OrderQuery,
    SendExchange,
)
from app.integrations.commerce.subscription_contract import ChangeSubscription
from app.integrations.payments.contract import ChargeCommand, PayoutCommand
from tests.integrations.medusa_changes import MedusaChanges
from tests.integrations.test_medusa import ADDRESS, CANCEL, HOME, REFUND, account
from tests.integrations.test_medusa_changes import exchange, line, swap
from tests.proxied.proxy import Answer, Speech, rest_names
from tests.proxied.table import Asked, Asking, Clock, Effecting, Provider, Reading, Unsupported

KEY = "opr_1"


class _Bare(MedusaChanges):
    """Its routes alone."""

    def __init__(self) -> None:
        self.exchanges = {}
        self.faults: Any = type("None", (), {"middleware": staticmethod(lambda: None)})


NAMED, NAMES = rest_names(_Bare().app())


def _refusal(call: str, body: bytes) -> Answer:
    del call, body
    return 400, {"type": "invalid_data", "message": "Refused by a fault."}, {}


def _throttled(retry_after: int | None) -> Answer:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return 429, {"type": "too_many_requests", "message": "Slow down."}, headers


def _clocks(adapters: Asking, clock: Clock) -> None:
    adapters.payments._adapter._now = clock


def _with(command: Any, *, sent: bool = False) -> Any:
    """That command, and its order waiting or sent."""

    def stock(server: MedusaChanges) -> Any:
        server.order(sent=sent)
        return command(server) if callable(command) else command

    return stock


def _back(server: MedusaChanges) -> OpenReturn:
    back = LineBack(line_id=line(server, "variant_S"), quantity=1, reason="damaged")
    return OpenReturn(key=KEY, order_id="order_1", rma="RMA-1", lines=(back,))


def _registered(server: MedusaChanges, *, swapped: bool = False) -> CloseReturn:
    made = {"id": "return_1", "order_id": "order_1", "status": "requested", "items": [], "exchange_id": None}
    metadata = {"aftersale_opr_0": "RMA-1"}
    if swapped:
        given = {"id": "oexc_1", "order_id": "order_1", "canceled_at": None, "additional_items": []}
        server.exchanges["oexc_1"] = {**given, "metadata": metadata}
        made |= {"id": "return_of_oexc_1", "exchange_id": "oexc_1"}
    server.returns[made["id"]] = {**made, "metadata": None if swapped else metadata}
    return CloseReturn(key=KEY, order_id="order_1", rma="RMA-1")


def _customer(server: MedusaChanges, *, address: bool = False) -> ChangeCustomer:
    _known(server)
    if address:
        server.customers["cus_1"]["addresses"] = [{"id": "cuaddr_1", "postal_code": "10002"}]
    return ChangeCustomer(key=KEY, customer_id="cus_1", address=HOME, email="new@example.com", name="Jane Roe")


def _known(server: MedusaChanges) -> None:
    server.customers["cus_1"] = {
        "id": "cus_1", "email": "jane@example.com", "phone": "+12125550100", "first_name": "Jane", "last_name": "Doe",
        "metadata": None, "addresses": [],
    }  # fmt: skip


# ---- its ledger ------------------------------------------------------------------------------------------------------


def _order(server: MedusaChanges) -> Any:
    """What stands of the order, and that nothing of ours is left open."""
    [order] = server.orders.values()
    lines = sorted((item["variant_id"], int(item["detail"]["quantity"])) for item in order["items"])
    return order["status"], lines, server.refunds(order), server.busy(order)


def _home(server: MedusaChanges) -> Any:
    [order] = server.orders.values()
    return order["shipping_address"]["postal_code"]


def _returned(server: MedusaChanges) -> Any:
    [order] = server.orders.values()
    back = sorted(
        (one["status"], sum(int(item["quantity"]) for item in one["items"])) for one in server.returns.values()
    )
    out = [(one["canceled_at"], len(one["additional_items"])) for one in server.exchanges.values()]
    return back, out, server.busy(order)


def _person(server: MedusaChanges) -> Any:
    """Set twice it is the same: what counts is what is there."""
    customer = server.customers["cus_1"]
    return customer["email"], customer["last_name"], [one["postal_code"] for one in customer["addresses"]]


# ---- what is asked ---------------------------------------------------------------------------------------------------


def _asked(ask: Asked) -> Any:
    def stock(server: MedusaChanges) -> Asked:
        server.refunded(server.order(sent=True), REFUND.amount // 100)  # type: ignore[arg-type]
        _known(server)
        return ask

    return stock


ID = ("wrong_id",)
CHARGE = ChargeCommand(key=KEY, order_id="1", payment_method_id="1", amount=100, currency="USD")
LATER = "Medusa has no keys and shows none that is on its way: the next try waits, and no longer."


def _payout(method: str | None) -> PayoutCommand:
    return PayoutCommand(key=KEY, order_id="1", customer_id="1", payment_method_id=method, amount=100, currency="USD")


def _server(specs: Path) -> MedusaChanges:
    made = MedusaChanges(specs)
    made.exchanges = {}
    return made


MEDUSA = Provider(
    kind=adapter.KIND,
    server=_server,
    account=account,
    speech=Speech(NAMED, _refusal, _throttled),
    names=NAMES,
    clocks=_clocks,
    never_sent=frozenset({"commerce.get_subscription", "commerce.find_subscriptions"}),
    rows=(
        Effecting(kind="refund", stock=_with(REFUND, sent=True), ledger=_order),
        Effecting(kind="order_cancel", stock=_with(CANCEL), ledger=_order),
        Effecting(kind="change_address", stock=_with(ADDRESS), ledger=_home),
        Effecting(kind="swap_items", stock=_with(swap), ledger=_order, late=LATER),
        Effecting(kind="return_open", stock=_with(_back, sent=True), ledger=_returned, late=LATER),
        Effecting(kind="exchange_open", stock=_with(exchange, sent=True), ledger=_returned, late=LATER),
        Effecting(kind="return_close", stock=_with(_registered, sent=True), ledger=_returned),
        Effecting(
            kind="return_close",
            name="return_close, of an exchange",
            stock=_with(lambda server: _registered(server, swapped=True), sent=True),
            ledger=_returned,
        ),
        Effecting(kind="change_customer", stock=_with(_customer), ledger=_person),
        Effecting(
            kind="change_customer",
            name="change_customer, another address",
            stock=_with(lambda server: _customer(server, address=True)),
            ledger=_person,
        ),
        Unsupported(kind="credit", command=_payout(None)),
        Unsupported(kind="payout", command=_payout("gift")),
        Unsupported(kind="exchange_charge", command=CHARGE),
        Unsupported(kind="order_charge", command=CHARGE),
        Unsupported(
            kind="label_announce",
            command=AnnounceLabel(key=KEY, order_id="1", rma="RMA-1", tracking_number="1Z"),
        ),
        Unsupported(kind="exchange_send", command=SendExchange(key=KEY, order_id="1", rma="RMA-1")),
        Unsupported(
            kind="change_payment_method",
            command=ChangePaymentMethod(key=KEY, order_id="1", payment_method_id="1"),
        ),
        Unsupported(
            kind="change_subscription",
            command=ChangeSubscription(key=KEY, customer_id="1", subscription_id="1", change="pause"),
        ),
        Reading(name="get_order", stock=_asked(lambda ask: ask.commerce.get_order("order_1")), lies=ID),
        Reading(name="find_orders", stock=_asked(lambda ask: ask.commerce.find_orders(OrderQuery(number="1")))),
        Reading(
            name="find_orders, by e-mail",
            stock=_asked(lambda ask: ask.commerce.find_orders(OrderQuery(email="jane@example.com"))),
        ),
        Reading(name="changed_orders", stock=_asked(lambda ask: ask.commerce.changed_orders(ChangedQuery()))),
        Reading(name="get_customer", stock=_asked(lambda ask: ask.commerce.get_customer("cus_1")), lies=ID),
        Reading(name="find_customers", stock=_asked(lambda ask: ask.commerce.find_customers(email="jane@example.com"))),
        Reading(name="get_variants", stock=_asked(lambda ask: ask.commerce.get_variants("prod_1")), lies=ID),
        Reading(name="find_variant", stock=_asked(lambda ask: ask.commerce.find_variant("variant_S"))),
        Reading(name="payment", stock=_asked(lambda ask: ask.payments.payment("pay_1")), lies=ID),
        Reading(name="check", stock=_asked(lambda ask: adapter.check(ask.account))),
    ),
)
