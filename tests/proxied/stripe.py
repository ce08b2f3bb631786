"""Stripe's rows: every operation of its adapter."""

from __future__ import annotations

from typing import Any

from app.integrations.payments import stripe as adapter
from app.integrations.payments.contract import ChargeCommand, PayoutCommand, RefundCommand
from tests.integrations.stripe_server import StripeServer
from tests.integrations.test_stripe import account
from tests.proxied.proxy import Answer, Speech, rest_names
from tests.proxied.table import Asked, Effecting, Provider, Reading, Unsupported

KEY = "opr_1"
NAMED, NAMES = rest_names(StripeServer().app())


def _no(status: int, **error: str) -> Answer:
    return status, {"error": {"type": "invalid_request_error", "message": "Refused by a fault.", **error}}, {}


def _throttled(retry_after: int | None) -> Answer:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return 429, {"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "Slow down."}}, headers


def _refund(payment_id: str) -> Any:
    def stock(server: StripeServer) -> RefundCommand:
        server.intent()
        server.charge()
        return RefundCommand(key=KEY, payment_id=payment_id, amount=700, currency="EUR", reason="damaged")

    return stock


def _given(server: StripeServer) -> Any:
    return [(one["payment_intent"] or one["charge"], one["amount"], one["status"]) for one in server.refunds]


def _payment(payment_id: str) -> Any:
    def stock(server: StripeServer) -> Asked:
        server.intent()
        server.charge()
        for number in range(101):  # in two pages
            server.made(payment_id, 1, metadata={"aftersale_key": f"opr_{number}"})
        return lambda ask: ask.payments.payment(payment_id)

    return stock


def _check(server: StripeServer) -> Asked:
    del server
    return lambda ask: adapter.check(ask.account)


CHARGE = ChargeCommand(key=KEY, order_id="1", payment_method_id="pm_1", amount=100, currency="EUR")


def _payout(method: str | None) -> PayoutCommand:
    return PayoutCommand(key=KEY, order_id="1", customer_id="1", payment_method_id=method, amount=100, currency="EUR")


STRIPE = Provider(
    kind=adapter.KIND,
    server=lambda _: StripeServer(),
    account=account,
    speech=Speech(NAMED, lambda call, body: _no(400), _throttled),
    names=NAMES,
    clocks=lambda adapters, clock: None,
    forget=lambda server: server.keys.clear(),
    keyed=frozenset({"POST /v1/refunds"}),
    rows=(
        Effecting(kind="refund", stock=_refund("pi_1"), ledger=_given),
        Effecting(kind="refund", name="refund, of a charge", stock=_refund("ch_1"), ledger=_given),
        Unsupported(kind="credit", command=_payout(None)),
        Unsupported(kind="payout", command=_payout("gift")),
        Unsupported(kind="exchange_charge", command=CHARGE),
        Reading(name="payment", stock=_payment("pi_1"), lies=("wrong_currency",)),
        Reading(name="payment, a charge", stock=_payment("ch_1")),
        Reading(
            name="check",
            stock=_check,
            tolerates=lambda found: any(not one.ok for one in found),
        ),
    ),
)
