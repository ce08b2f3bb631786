"""Shopify's payments keep the contract: one key, one refund, whatever is lost on the way; store credit the same."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.integrations.commerce.shopify import connect, shop_of
from app.integrations.commerce.shopify_payments import ShopifyPayments
from app.integrations.errors import NotExecuted, OutcomeUnknown, Refused
from app.integrations.payments.contract import ChargeCommand, PayoutCommand, RefundCommand
from tests.integrations.faulty import AFTER, BEFORE
from tests.integrations.shopify_basics import Money, new_id
from tests.integrations.shopify_connected import tail
from tests.integrations.shopify_things import Order, Refund


@pytest.fixture
def server(shopify_server):
    return shopify_server


@pytest.fixture
def connection(shopify_account):
    return shopify_account()


@pytest.fixture
def payments(connection) -> ShopifyPayments:
    return connect(connection)["payments"]


def refund_of(order: Order, amount: int = 700, key: str = "opr_1", **more) -> RefundCommand:
    fields = {"key": key, "payment_id": tail(order.paid[0].id), "amount": amount, "currency": "EUR"}
    return RefundCommand(**fields | more)


# ---- refunds -----------------------------------------------------------------------------------------------------


async def test_a_refund_is_made_once_for_a_key_and_found_again(server, payments):
    order = server.order()
    command = refund_of(order, reason="damaged")
    assert await payments.find_refund(command) is None
    made = await payments.refund(command)
    assert (made.status, made.amount, made.currency) == ("succeeded", 700, "EUR")
    again, found = await payments.refund(command), await payments.find_refund(command)
    assert (again.external_id, found.status, found.amount) == (made.external_id, "succeeded", 700)
    assert (server.moved(order), len(server.mutations.effects("refund"))) == (700, 1)
    [sent] = [json.loads(body) for _, _, _, body in server.faults.asked("POST", "refundCreate")]
    assert sent["variables"]["key"] == "opr_1"
    assert sent["variables"]["input"]["note"] == "damaged [aftersale:opr_1]"
    assert sent["variables"]["input"]["transactions"] == [
        {"amount": "7.00", "gateway": "shopify_payments", "kind": "REFUND", "orderId": order.id,
         "parentId": order.paid[0].id}
    ]  # fmt: skip


async def test_one_key_at_the_same_time_is_one_refund(server, connection):
    order = server.order()
    rivals = [ShopifyPayments(shop_of(connection)) for _ in range(8)]
    made = await asyncio.gather(*(rival.refund(refund_of(order)) for rival in rivals))
    assert {(one.status, one.external_id) for one in made} == {("succeeded", made[0].external_id)}
    assert server.moved(order) == 700


async def test_keys_at_the_same_time_stay_under_what_was_paid(server, payments):
    order = server.order()  # 150.00
    tried = [payments.refund(refund_of(order, 4000, f"opr_{at}")) for at in range(6)]
    ended = await asyncio.gather(*tried, return_exceptions=True)
    refused = [one for one in ended if isinstance(one, Refused)]
    assert ({one.code for one in refused}, len(refused)) == ({"refund_exceeds_captured"}, 3)
    assert server.moved(order) == 12_000


@pytest.mark.parametrize("keeps_keys", [True, False])
@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
async def test_a_lost_answer_is_looked_up_and_one_refund_is_made(server, payments, fault, keeps_keys):
    """Also by a shop that has forgotten the key, and that does not mind how much goes back."""
    server.limits, server.mutations.keeps_keys = False, keeps_keys
    order = server.order()
    server.faults.plan("POST", "refundCreate", fault)
    with pytest.raises(OutcomeUnknown) as caught:
        await payments.refund(refund_of(order))
    assert type(caught.value) is OutcomeUnknown
    found = await payments.find_refund(refund_of(order))
    assert (found is None) is (fault in BEFORE)
    assert (await payments.refund(refund_of(order))).status == "succeeded"
    assert (server.moved(order), len(server.mutations.effects("refund"))) == (700, 1)


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
async def test_a_payment_that_cannot_be_read_is_not_refunded(server, payments, fault):
    order = server.order()
    server.faults.plan("POST", "node", fault)
    with pytest.raises(OutcomeUnknown):
        await payments.refund(refund_of(order))
    assert server.mutations.ledger == []


@pytest.mark.parametrize(
    ("word", "status"),
    [("PENDING", "pending"), ("AWAITING_RESPONSE", "pending"), ("FAILURE", "failed"), ("ERROR", "failed"),
     ("UNKNOWN", "unknown")],
)  # fmt: skip
async def test_a_refund_is_what_its_transaction_says(server, payments, word, status):
    order, server.mutations.refund_status = server.order(), word
    assert (await payments.refund(refund_of(order))).status == status
    assert (await payments.find_refund(refund_of(order))).status == status


async def test_a_refund_that_fails_late_is_told(server, payments):
    order = server.order()
    await payments.refund(refund_of(order))
    order.paid[-1].status, order.paid[-1].errorCode = "FAILURE", "INSUFFICIENT_FUNDS"
    found = await payments.find_refund(refund_of(order))
    assert (found.status, found.failure_code) == ("failed", "insufficient_funds")


async def test_a_refund_that_was_made_elsewhere_is_in_the_ledger(server, payments):
    order = server.order()
    part = server.paid(order, 2000, "REFUND", parentTransaction=order.paid[0])
    order.given.append(Refund(new_id("Refund"), "by hand", order, [part]))
    await payments.refund(refund_of(order))
    ledger = await payments.payment(tail(order.paid[0].id))
    assert (ledger.state, ledger.captured, ledger.currency) == ("captured", 15_000, "EUR")
    assert [(one.amount, one.key, one.status) for one in ledger.refunds] == [
        (2000, None, "succeeded"), (700, "opr_1", "succeeded"),
    ]  # fmt: skip


async def test_a_refund_that_names_no_payment_counts_all_the_same(server, payments):
    order = server.order()
    order.paid.clear()
    held = server.paid(order, 10_000, "AUTHORIZATION")
    taken = server.paid(order, 10_000, "CAPTURE", parentTransaction=held)
    gift = server.paid(order, 5000, gateway="gift_card")
    server.paid(order, 100, "REFUND", parentTransaction=held)
    server.paid(order, 200, "REFUND", gateway="gift_card")
    server.paid(order, 400, "REFUND", gateway="cash")
    found = {one.id: await payments.payment(tail(one.id)) for one in (taken, gift)}
    assert [[refund.amount for refund in found[one.id].refunds] for one in (taken, gift)] == [[100, 400], [200]]


async def test_the_payments_of_an_order_are_told_apart(server, payments):
    order = server.order()
    order.paid.clear()
    held = server.paid(order, 15_000, "AUTHORIZATION")
    assert (await payments.payment(tail(held.id))).state == "authorized"
    taken = [server.paid(order, amount, "CAPTURE", parentTransaction=held) for amount in (10_000, 5000)]
    gift = server.paid(order, 1000, gateway="gift_card")
    failed = server.paid(order, 1000, status="FAILURE")
    states = {one.id: await payments.payment(tail(one.id)) for one in order.paid}
    assert [states[one.id].captured for one in (*taken, gift)] == [10_000, 5000, 1000]
    assert (states[held.id].captured, states[failed.id].state) == (0, "voided")
    made = await payments.refund(refund_of(order, 1000, payment_id=tail(gift.id)))
    assert (made.status, order.paid[-1].gateway) == ("succeeded", "gift_card")
    assert (await payments.payment(tail(taken[0].id))).refunds == ()


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"amount": 15_001}, "refund_exceeds_captured"),
        ({"currency": "USD"}, "currency_mismatch"),
        ({"payment_id": "1"}, "payment_not_found"),
        ({"payment_id": "pi_1"}, "payment_not_found"),
    ],
)
async def test_what_shopify_refuses_is_a_no_with_our_code(server, payments, more, code):
    order = server.order()
    with pytest.raises(Refused) as caught:
        await payments.refund(refund_of(order, **more))
    assert (caught.value.code, server.mutations.ledger) == (code, [])


async def test_another_amount_under_the_same_key_is_unknown_and_moves_nothing(server, payments):
    order = server.order()
    await payments.refund(refund_of(order))
    assert (await payments.refund(refund_of(order, 800))).status == "unknown"
    other = order.paid[0]
    server.paid(order, 500)
    with pytest.raises(OutcomeUnknown):  # the same key for another payment: Shopify says that it has it
        await payments.refund(refund_of(order, payment_id=tail(order.paid[-1].id)))
    assert (server.moved(order), other.kind) == (700, "SALE")


@pytest.mark.parametrize(
    ("currency", "decimals", "amount", "sent"),
    [("JPY", 0, 700, "700"), ("KWD", 3, 700, "0.700"), ("USD", 2, 700, "7.00")],
)
async def test_money_is_sent_in_the_shopper_s_currency(server, payments, currency, decimals, amount, sent):
    order = server.order(money=Money(5000, currency, "EUR", Decimal("0.5"), decimals))
    made = await payments.refund(refund_of(order, amount, currency=currency))
    [asked] = [json.loads(body)["variables"]["input"] for *_, body in server.faults.asked("POST", "refundCreate")]
    assert (made.amount, made.currency, made.evidence["shop_money"].endswith("EUR")) == (amount, currency, True)
    assert (asked["currency"], asked["transactions"][0]["amount"]) == (currency, sent)


async def test_a_document_without_its_key_is_refused_by_the_shop(server, payments, monkeypatch):
    from app.integrations.commerce import shopify_effect_documents as documents

    bare = documents.CREATE_REFUND.replace("@idempotent(key: $key)", "").replace(", $key: String!", "")
    monkeypatch.setattr(documents, "CREATE_REFUND", bare)
    order = server.order()
    with pytest.raises(OutcomeUnknown):
        await payments.refund(refund_of(order))
    assert server.mutations.ledger == []


# ---- store credit ------------------------------------------------------------------------------------------------

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def payout(server, amount: int = 1500, key: str = "opr_1", **more) -> PayoutCommand:
    customer = next(iter(server.customers.values()), None) or server.customer()
    fields = {"key": key, "order_id": None, "customer_id": tail(customer.id), "payment_method_id": None,
              "amount": amount, "currency": "EUR"}  # fmt: skip
    return PayoutCommand(**fields | more)


def credited(server) -> list[str]:
    return [told["amount"] for told in server.mutations.effects("store_credit")]


async def test_store_credit_is_given_once_for_a_key(server, payments):
    command = payout(server)
    assert await payments.find_payout(command) is None
    made = await payments.pay_out(command)
    assert (made.status, made.amount, made.currency) == ("succeeded", 1500, "EUR")
    assert (await payments.pay_out(command)).external_id == made.external_id
    assert (await payments.find_payout(command)).status == "succeeded"
    second = await payments.pay_out(payout(server, key="opr_2"))
    assert (second.external_id != made.external_id, credited(server)) == (True, ["15.00", "15.00"])


@pytest.mark.parametrize("fault", AFTER)
async def test_a_credit_whose_answer_is_lost_is_found_and_not_given_again(server, payments, fault):
    await payments.pay_out(payout(server, key="opr_0"))  # one of the same amount, before
    server.faults.plan("POST", "storeCreditAccountCredit", fault)
    with pytest.raises(OutcomeUnknown):
        await payments.pay_out(payout(server))
    assert (await payments.find_payout(payout(server))).status == "succeeded"
    assert (await payments.pay_out(payout(server))).status == "succeeded"
    assert credited(server) == ["15.00", "15.00"]


@pytest.mark.parametrize("fault", BEFORE)
async def test_a_credit_that_never_arrived_waits_before_it_is_given_again(server, connection, fault):
    clock = [NOW]
    payments = ShopifyPayments(shop_of(connection), now=lambda: clock[0])
    server.faults.plan("POST", "storeCreditAccountCredit", fault)
    with pytest.raises(OutcomeUnknown):
        await payments.pay_out(payout(server))
    for tried in (payments.find_payout, payments.pay_out):
        with pytest.raises(OutcomeUnknown):
            await tried(payout(server))
    assert credited(server) == []
    clock[0] += timedelta(minutes=11)
    assert await payments.find_payout(payout(server)) is None
    assert (await payments.pay_out(payout(server))).status == "succeeded"
    assert credited(server) == ["15.00"]


async def test_of_two_credits_that_cannot_be_told_apart_nothing_is_said(server, connection):
    """Both were sent at once, and both answers were lost: each note says that nothing was there before."""
    rivals = [(ShopifyPayments(shop_of(connection)), payout(server, key=key)) for key in ("opr_1", "opr_2")]
    for _ in rivals:
        server.faults.plan("POST", "storeCreditAccountCredit", "timeout_after")
    ended = await asyncio.gather(*(rival.pay_out(command) for rival, command in rivals), return_exceptions=True)
    assert {type(one) for one in ended} == {OutcomeUnknown}
    for rival, command in rivals:
        for tried in (rival.find_payout, rival.pay_out):
            with pytest.raises(OutcomeUnknown):
                await tried(command)
    assert credited(server) == ["15.00", "15.00"]


async def test_a_throttled_credit_did_not_happen_and_need_not_wait(server, payments):
    body = {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}
    for _ in range(3):
        server.faults.plan("POST", "storeCreditAccountCredit", (200, body, {}))
    with pytest.raises(NotExecuted):
        await payments.pay_out(payout(server))
    assert (await payments.pay_out(payout(server))).status == "succeeded"
    assert credited(server) == ["15.00"]


async def test_what_is_not_paid_out_or_charged_is_unsupported(server, payments):
    charge = ChargeCommand(key="opr_1", order_id="1", payment_method_id="card-1", amount=1, currency="EUR")
    for tried in (payments.charge(charge), payments.pay_out(payout(server, payment_method_id="gift-1"))):
        with pytest.raises(Refused) as caught:
            await tried
        assert caught.value.code == "unsupported"
    assert await payments.find_charge(charge) is None
    assert await payments.find_payout(payout(server, payment_method_id="gift-1")) is None
    with pytest.raises(Refused) as caught:
        await payments.pay_out(payout(server, customer_id="1"))
    assert (caught.value.code, server.mutations.ledger) == ("customer_not_found", [])
