"""Medusa's adapter keeps the contracts against a shop of the recorded shapes, whatever goes wrong there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app.integrations import connecting
from app.integrations.addresses import Addresses
from app.integrations.commerce import medusa_payments
from app.integrations.commerce.contract import (
    Address,
    CancelOrder,
    ChangeAddress,
    ChangeCustomer,
    ChangedQuery,
    ChangePaymentMethod,
    CloseReturn,
    LineBack,
    OpenReturn,
    OrderQuery,
)
from app.integrations.commerce.medusa import KIND, Config, Credentials, Medusa, check, shop_of
from app.integrations.commerce.medusa_payments import MedusaPayments
from app.integrations.commerce.medusa_wire import major, minor, rounded, written
from app.integrations.connecting import Account
from app.integrations.errors import NotExecuted, OutcomeUnknown, Refused
from app.integrations.http import load
from app.integrations.payments.contract import ChargeCommand, PayoutCommand, RefundCommand
from tests.integrations.faulty import AFTER, BEFORE, PATIENCE, served
from tests.integrations.medusa_server import KEY, MedusaServer, price

REFUND = RefundCommand(key="opr_1", payment_id="pay_1", amount=1050, currency="USD", reason="goodwill")
CANCEL = CancelOrder(key="opr_1", order_id="order_1", reason="no longer needed")
HOME = Address(name="Jane Roe", address1="3 Elm", city="Albany", province="NY", country_code="US", postal_code="12084")
ADDRESS = ChangeAddress(key="opr_1", order_id="order_1", address=HOME)


def account(url: str, key: str = KEY, **config: Any) -> Account[Any, Any]:
    return Account(
        "con_1",
        livemode=False,
        config=Config(url=url, **config),
        credentials=Credentials(secret_key=key),
        seconds=PATIENCE,
        addresses=Addresses(loopback=True),
    )


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
async def server(specs: Path) -> AsyncIterator[MedusaServer]:
    load()
    made = MedusaServer(specs)
    async with served(made.app()) as made.url:
        yield made


@pytest.fixture
async def connected(server: MedusaServer) -> AsyncIterator[Account[Any, Any]]:
    made = account(server.url)
    yield made
    await made.close()


@pytest.fixture
def shop(connected) -> Medusa:
    return Medusa(shop_of(connected))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def payments(connected, clock: Clock) -> MedusaPayments:
    return MedusaPayments(shop_of(connected), now=clock)


def back(server: MedusaServer, quantity: int = 1, key: str = "opr_1", rma: str = "RMA-1") -> OpenReturn:
    line = next(item for item in server.orders["order_1"]["items"] if item["variant_id"] == "variant_S")
    return OpenReturn(
        key=key,
        order_id="order_1",
        rma=rma,
        lines=(LineBack(line_id=line["id"], quantity=quantity, reason="too small"),),
    )


# ---- money ---------------------------------------------------------------------------------------------------------


def test_amounts_are_decimals_and_never_floats():
    assert (minor(Decimal("25.5"), "USD"), minor(Decimal(91), "USD"), minor(Decimal(1000), "JPY")) == (2550, 9100, 1000)
    assert (minor(Decimal("1.234"), "KWD"), minor(Decimal("0.1") + Decimal("0.2"), "EUR")) == (1234, 30)
    assert written({"amount": major(1050, "USD"), "note": "é"}) == '{"amount":10.50,"note":"é"}'.encode()
    assert (major(5, "JPY"), major(5, "KWD")) == (Decimal(5), Decimal("0.005"))
    for amount, currency in ((Decimal("0.001"), "USD"), (Decimal("0.5"), "JPY"), (Decimal("1e20"), "USD")):
        with pytest.raises(OutcomeUnknown):
            minor(amount, currency)
    for amount, currency in ((0, "USD"), (-1, "USD"), (1, "XXX"), (10**16, "USD")):
        with pytest.raises(Refused) as caught:
            major(amount, currency)
        assert caught.value.code == "amount_invalid"
    assert [rounded(Decimal("2.005"), "USD", way) for way in ("down", "up", "nearest")] == [200, 201, 200]


async def test_a_refund_is_sent_to_the_last_digit_and_found_by_its_note(server, payments):
    order = server.order()
    assert await payments.find_refund(REFUND) is None
    made = await payments.refund(REFUND)
    assert (made.status, made.amount, made.currency) == ("succeeded", 1050, "USD")
    assert await payments.find_refund(REFUND) == made == await payments.refund(REFUND)
    [(_, path, headers, body)] = server.faults.asked("POST", "/admin/payments")
    assert (path, body) == ("/admin/payments/pay_1/refund", b'{"amount":10.50,"note":"goodwill [aftersale:opr_1]"}')
    assert headers["Content-Type"] == "application/json"
    assert server.refunds(order) == [Decimal("10.50")]
    ledger = await payments.payment("pay_1")
    assert (ledger.state, ledger.captured, ledger.currency) == ("captured", 9100, "USD")
    assert [(one.key, one.amount) for one in ledger.refunds] == [("opr_1", 1050)]


async def test_a_400_after_the_money_has_moved_is_a_yes_and_moves_it_once(server, payments):
    order = server.order(sent=True)
    server.open_change(order)
    assert (await payments.refund(REFUND)).status == "succeeded"
    assert (await payments.refund(REFUND)).status == "succeeded"
    assert server.refunds(order) == [Decimal("10.50")]


async def test_a_400_whose_look_up_fails_is_no_no(server, payments):
    order = server.order(sent=True)
    server.open_change(order)
    server.faults.plan("GET", "/admin/payments/pay_1", (200, {"payment": {}}, {}))
    with pytest.raises(OutcomeUnknown):
        await payments.refund(REFUND)
    server.faults.plan("POST", "/admin/payments", "reset_before")
    assert server.refunds(order) == []


@pytest.mark.parametrize("fault", AFTER)
async def test_a_lost_answer_is_pending_until_the_refund_has_stood_and_is_made_once(server, payments, clock, fault):
    order = server.order()
    server.faults.plan("POST", "/admin/payments", fault)
    with pytest.raises(OutcomeUnknown):
        await payments.refund(REFUND)
    assert (await payments.find_refund(REFUND)).status == "pending"
    assert (await payments.refund(REFUND)).status == "pending"
    clock.at += medusa_payments.SETTLES
    assert (await payments.find_refund(REFUND)).status == "succeeded"
    assert server.refunds(order) == [Decimal("10.50")]


@pytest.mark.parametrize("fault", BEFORE)
async def test_a_lost_request_may_still_arrive_and_is_not_sent_again_before(server, payments, clock, fault):
    order = server.order()
    server.faults.plan("POST", "/admin/payments", fault)
    with pytest.raises(OutcomeUnknown):
        await payments.refund(REFUND)
    with pytest.raises(OutcomeUnknown):
        await payments.find_refund(REFUND)
    clock.at += medusa_payments.ARRIVES
    assert await payments.find_refund(REFUND) is None
    assert (await payments.refund(REFUND)).status == "succeeded"
    assert server.refunds(order) == [Decimal("10.50")]


async def test_a_refund_made_elsewhere_counts_and_is_not_ours(server, payments):
    order = server.order()
    server.refunded(order, Decimal("10.5"))
    server.refunded(order, Decimal("0.001"), "by hand")
    assert await payments.find_refund(REFUND) is None
    ledger = await payments.payment("pay_1")
    assert [(one.key, one.amount) for one in ledger.refunds] == [(None, 1050), (None, 1)], "against us, where it is cut"
    too_much = REFUND.model_copy(update={"amount": 8050})
    with pytest.raises(Refused) as caught:
        await payments.refund(too_much)
    assert caught.value.code == "refund_exceeds_captured"
    assert server.faults.asked("POST", "/admin/payments") == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"currency": "EUR"}, "currency_mismatch"),
        ({"amount": 0}, "amount_invalid"),
        ({"amount": 9101}, "refund_exceeds_captured"),
        ({"payment_id": "pay_nope"}, "payment_not_found"),
        ({"payment_id": "../orders"}, "payment_not_found"),
    ],
)
async def test_what_cannot_be_given_back_is_refused_and_nothing_is_sent(server, payments, changed, code):
    server.order()
    with pytest.raises(Refused) as caught:
        await payments.refund(REFUND.model_copy(update=changed))
    assert caught.value.code == code
    assert server.faults.asked("POST", "/admin/payments") == []


async def test_ten_at_once_under_ten_keys_are_each_made_once_and_never_more_than_there_is(server, payments):
    order = server.order(sent=True)
    server.open_change(order)  # each is answered with an error
    asked = [REFUND.model_copy(update={"key": f"opr_{number}", "amount": 1000}) for number in range(10)]
    ended = await asyncio.gather(*(payments.refund(one) for one in asked), return_exceptions=True)
    made = [one for one in ended if not isinstance(one, BaseException)]
    assert ({one.status for one in made}, len(made)) == ({"succeeded"}, 9)
    assert [one.code for one in ended if isinstance(one, Refused)] == ["refund_exceeds_captured"]
    assert server.refunds(order) == [Decimal(10)] * 9


@pytest.mark.parametrize("odd", [Decimal("10.501"), Decimal("1.05")])
async def test_another_amount_under_our_key_is_unknown(server, payments, odd):
    server.refunded(server.order(), odd, "[aftersale:opr_1]")
    assert (await payments.find_refund(REFUND)).status == "unknown"


async def test_it_takes_no_payments_and_pays_out_to_nobody_else(server, payments):
    charge = ChargeCommand(key="k", order_id="order_1", payment_method_id="pm", amount=1, currency="USD")
    payout = PayoutCommand(key="k", order_id=None, customer_id="c", payment_method_id=None, amount=1, currency="USD")
    for asked in (payments.charge(charge), payments.pay_out(payout)):
        with pytest.raises(Refused) as caught:
            await asked
        assert caught.value.code == "unsupported"
    assert (await payments.find_charge(charge), await payments.find_payout(payout)) == (None, None)
    assert server.faults.heard == []


# ---- cancellations -------------------------------------------------------------------------------------------------


async def test_a_cancellation_gives_the_money_back_and_the_refund_that_waited_is_that_one(server, shop, payments):
    order = server.order()
    server.refunded(order, Decimal(5), "[aftersale:opr_0]")
    assert await shop.find_cancellation(CANCEL) is None
    assert (await shop.cancel_order(CANCEL)).status == (await shop.find_cancellation(CANCEL)).status == "succeeded"
    rest = REFUND.model_copy(update={"key": "opr_2", "amount": 8600})
    made = await payments.refund(rest)
    assert (made.status, made.amount, await payments.find_refund(rest)) == ("succeeded", 8600, made)
    assert server.refunds(order) == [Decimal(5), Decimal(86)]
    assert await shop.find_cancellation(CANCEL.model_copy(update={"key": "opr_9"})) is None
    with pytest.raises(Refused) as caught:
        await shop.cancel_order(CANCEL.model_copy(update={"key": "opr_9"}))
    assert caught.value.code == "order_not_pending"


async def test_what_somebody_else_canceled_settles_no_refund_of_ours(server, payments):
    order = server.order(status="canceled")
    server.refunded(order, Decimal(91))
    assert await payments.find_refund(REFUND) is None
    with pytest.raises(Refused):
        await payments.refund(REFUND)


async def test_nothing_is_canceled_or_returned_while_somebody_has_a_change_open(server, shop):
    order = server.order()
    server.open_change(order)
    for asked in (shop.cancel_order(CANCEL), shop.apply(back(server))):
        with pytest.raises(NotExecuted):
            await asked
    assert (server.refunds(order), order["status"], server.returns) == ([], "pending", {})


async def test_what_has_shipped_is_neither_canceled_nor_sent_elsewhere(server, shop):
    order = server.order(sent=True)
    for asked in (shop.cancel_order(CANCEL), shop.apply(ADDRESS)):
        with pytest.raises(Refused) as caught:
            await asked
        assert caught.value.code == "order_not_pending"
    assert server.refunds(order) == []


@pytest.mark.parametrize("fault", ["reset_after", "error_after", "truncated"])
async def test_a_cancellation_whose_answer_is_lost_is_found(server, shop, fault):
    order = server.order()
    server.faults.plan("POST", "/admin/orders/order_1/cancel", fault)
    with pytest.raises(OutcomeUnknown):
        await shop.cancel_order(CANCEL)
    assert (await shop.find_cancellation(CANCEL)).status == "succeeded"
    assert (await shop.cancel_order(CANCEL)).status == "succeeded"
    assert server.refunds(order) == [Decimal(91)]


# ---- what is set ---------------------------------------------------------------------------------------------------


async def test_an_address_is_set_with_our_key_in_one_request(server, shop):
    order = server.order()
    assert await shop.find_applied(ADDRESS) is None
    assert (await shop.apply(ADDRESS)).status == (await shop.apply(ADDRESS)).status == "succeeded"
    assert len(server.faults.asked("POST", "/admin/orders/order_1")) == 1
    assert (order["shipping_address"]["province"], order["shipping_address"]["last_name"]) == ("us-ny", "Roe")
    assert (await shop.get_order("order_1")).shipping_address == HOME
    elsewhere = ADDRESS.model_copy(update={"key": "opr_2", "address": HOME.model_copy(update={"country_code": "DE"})})
    with pytest.raises(Refused) as caught:
        await shop.apply(elsewhere)
    assert caught.value.code == "address_invalid"


async def test_a_customer_is_found_in_any_case_and_changed_once(server, shop):
    server.customers["cus_1"] = {"id": "cus_1", "email": "jane@example.com", "phone": None, "addresses": []}
    [found] = await shop.find_customers(email="Jane@Example.com")
    assert (found.external_id, await shop.find_customers(), await shop.get_customer("cus_x")) == ("cus_1", (), None)
    change = ChangeCustomer(key="opr_1", customer_id="cus_1", address=HOME, phone="+12125550111", name="Jane Roe")
    for _ in range(2):
        assert (await shop.apply(change)).status == "succeeded"
    assert (await shop.find_applied(change)).status == "succeeded"
    assert len(server.faults.asked("POST", "/admin/customers")) == 2
    found = await shop.get_customer("cus_1")
    assert (found.name, found.phone, found.addresses) == ("Jane Roe", "+12125550111", (HOME,))
    with pytest.raises(Refused) as caught:
        await shop.apply(ChangeCustomer(key="opr_2", customer_id="cus_1", email="nobody"))
    assert caught.value.code == "email_invalid"


async def test_what_it_cannot_be_told_is_unsupported(server, shop):
    command = ChangePaymentMethod(key="opr_1", order_id="order_1", payment_method_id="pm")
    with pytest.raises(Refused) as caught:
        await shop.apply(command)
    assert (caught.value.code, await shop.find_applied(command)) == ("unsupported", None)
    assert (await shop.get_subscription("sub"), await shop.find_subscriptions("cus_1")) == (None, ())


# ---- returns -------------------------------------------------------------------------------------------------------


async def test_a_return_is_opened_once_confirmed_and_closed(server, shop):
    order = server.order(sent=True)
    command = back(server)
    assert await shop.find_applied(command) is None
    assert (await shop.apply(command)).status == (await shop.apply(command)).status == "succeeded"
    assert ([one["status"] for one in server.returns.values()], server.busy(order)) == (["requested"], False)
    assert (await shop.get_order("order_1")).return_requested
    close = CloseReturn(key="opr_2", order_id="order_1", rma="RMA-1")
    assert await shop.find_applied(close) is None
    assert (await shop.apply(close)).status == (await shop.apply(close)).status == "succeeded"
    assert not (await shop.get_order("order_1")).return_requested
    with pytest.raises(Refused) as caught:
        await shop.apply(close.model_copy(update={"rma": "RMA-2"}))
    assert caught.value.code == "return_not_found"


async def test_a_return_that_is_refused_leaves_no_draft_open(server, shop):
    order = server.order(sent=True)
    with pytest.raises(Refused) as caught:
        await shop.apply(back(server, quantity=5))
    assert caught.value.code == "item_not_returnable"
    assert (server.busy(order), server.returns) == (False, {})


@pytest.mark.parametrize("step", ["", "/request-items", "/request"])
@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "error_after"])
async def test_a_return_that_breaks_off_leaves_no_draft_open_and_is_opened_once(server, shop, step, fault):
    order = server.order(sent=True)
    path = f"/admin/returns/return_1{step}" if step else "/admin/returns"
    server.faults.plan("POST", path, fault)
    ended = await asyncio.gather(shop.apply(back(server)), return_exceptions=True)
    assert not server.busy(order)
    assert isinstance(ended[0], OutcomeUnknown) or ended[0].status == "succeeded"
    assert (await shop.apply(back(server))).status == "succeeded"
    assert [one["status"] for one in server.returns.values()] == ["requested"]


async def test_a_draft_of_ours_that_a_kill_left_open_is_taken_away_first(server, shop):
    order = server.order(sent=True)
    server.returns["return_0"] = {
        "id": "return_0", "order_id": "order_1", "status": "open", "items": [],
        "metadata": {"aftersale_opr_1": "RMA-1"},
    }  # fmt: skip
    server.open_change(order, "[aftersale:opr_1]", return_id="return_0")
    assert await shop.find_applied(back(server)) is None
    assert (await shop.apply(back(server))).status == "succeeded"
    assert ([one["status"] for one in server.returns.values()], server.busy(order)) == (["requested"], False)


# ---- reads ---------------------------------------------------------------------------------------------------------


async def test_an_order_is_told_from_its_lines_and_captures_and_not_from_its_sums(server, shop):
    order = server.order(7, sent=True)
    order |= {"total": 0, "summary": {"paid_total": 0}, "custom_display_id": None}
    order["items"][0] |= {"tax_lines": [{"rate": Decimal("8.875")}], "adjustments": [{"amount": Decimal("1.5")}]}
    server.refunded(order, Decimal("2.5"), "[aftersale:opr_7]")
    told = await shop.get_order("order_7")
    assert (told.number, told.status, told.payment_status, told.fulfillment_status) == (
        "#7",
        "delivered",
        "paid",
        "fulfilled",
    )
    by_size = {line.options.get("Size") or line.variant_id: line for line in told.lines}
    taxed = next(line for line in told.lines if line.discount)
    assert (taxed.discount, taxed.tax) == (150, round(taxed.unit_price * taxed.quantity * 0.08875 - 150 * 0.08875))
    assert taxed.total == taxed.unit_price * taxed.quantity - 150 + taxed.tax
    assert {line.fulfilled_quantity for line in by_size.values()} == {1, 2}
    assert told.totals.total == sum(line.total for line in told.lines) + 1000
    assert (told.payments[0].captured, told.payments[0].refunded, told.refunds[0].key) == (9100, 250, "opr_7")
    assert told.shipments[0].tracking_number == "1Z999AA10123456784"
    assert told == await shop.get_order("order_7"), "whatever order its items come in"


@pytest.mark.parametrize(
    "query",
    [{"number": "#11"}, {"number": "11"}, {"email": "Eleven@Example.com"}, {"phone": "+1 (212) 555-0111"}],
)
async def test_an_order_is_found_by_what_it_is_known_by_and_by_nothing_else(server, shop, query):
    for number in range(1, 15):
        server.order(number)
    order = server.orders["order_11"]
    order["email"] = "eleven@example.com"
    order["shipping_address"]["phone"] = "+12125550111"
    found = await shop.find_orders(OrderQuery(**query))
    assert [one.external_id for one in found.orders] == ["order_11"]
    assert (await shop.find_orders(OrderQuery(number="99"))).orders == ()
    assert await shop.get_order("order_99") is None


async def test_changed_orders_are_all_told_although_they_change_meanwhile(server, shop):
    for number in range(1, 8):
        server.order(number)
    for number in (2, 3, 4):
        server.orders[f"order_{number}"]["updated_at"] = "2026-11-21T17:20:02.000Z"  # in one moment
    server.orders["order_6"]["items"][0]["unit_price"] = Decimal("0.001")
    seen, unreadable, query = [], [], ChangedQuery(limit=2)
    for page in range(10):
        told = await shop.changed_orders(query)
        assert (told.total == 7) == (page == 0)
        seen += [order.external_id for order in told.orders]
        unreadable += told.unreadable
        if page == 0:
            server.orders["order_1"]["updated_at"] = "2026-11-21T17:59:00.000Z"
        if told.next_cursor is None:
            break
        query = ChangedQuery(limit=2, cursor=told.next_cursor)
    assert (set(seen), seen[-1], unreadable) == ({f"order_{one}" for one in (1, 2, 3, 4, 5, 7)}, "order_1", ["order_6"])
    with pytest.raises(Refused) as caught:
        await shop.changed_orders(ChangedQuery(cursor="nonsense"))
    assert caught.value.code == "cursor_invalid"


async def test_prices_are_those_of_the_shops_currency_and_no_others(server, shop, connected):
    server.prices["variant_M"].insert(0, price(Decimal(20), "eur"))
    server.prices["variant_S"] = [price(Decimal("25.5"), "eur"), price(Decimal(1), price_list_id="plist_1")]
    assert [(one.external_id, one.price, one.currency) for one in await shop.get_variants("prod_1")] == [
        ("variant_M", 3000, "USD")
    ]
    assert (await shop.find_variant("variant_S"), await shop.get_variants("prod_x")) == (None, None)
    euros = Medusa(shop_of(connected), "EUR")
    assert (await euros.find_variant("variant_S")).price == 2550
    server.prices["variant_M"] = [price(Decimal("0.001"))]
    with pytest.raises(OutcomeUnknown):
        await shop.find_variant("variant_M")


async def test_a_currency_or_a_word_that_nobody_knows_is_not_taken_for_another(server, shop):
    server.order(1, currency_code="xxx")
    with pytest.raises(OutcomeUnknown):
        await shop.get_order("order_1")
    server.order(2, payment_status="vibrant", fulfillment_status="teleported", status="dreaming")
    told = await shop.get_order("order_2")
    assert (told.status, told.payment_status, told.fulfillment_status) == ("processing", "pending", "unfulfilled")


# ---- the connection ------------------------------------------------------------------------------------------------


async def test_a_check_tells_what_the_key_may_do_and_moves_nothing(server, connected):
    order = server.order()
    assert {one.ok for one in await check(connected)} == {True}
    server.forbidden = {"/admin/returns", f"/admin/payments/{'pay_' + '0' * 26}/refund"}
    missing = {one.name: one.missing for one in await check(connected) if not one.ok}
    assert missing == {"returns": "return:read", "refunds": "payment:update"}
    assert server.refunds(order) == []


async def test_wrong_credentials_are_a_clear_no(server):
    wrong = account(server.url, "sk_" + "1" * 32)
    with pytest.raises(Refused) as caught:
        await check(wrong)
    assert caught.value.code == "provider_unauthorized"
    await wrong.close()


@pytest.mark.parametrize(
    "url",
    ["http://shop.example.com", "https://user@shop.example.com", "https://localhost", "https://10.0.0.1", "https://shop",
     "https://shop.example.com/path", "https://shop.example.com:22", "ftp://shop.example.com", ""],
)  # fmt: skip
def test_an_address_that_may_not_be_called_is_no_configuration(url):
    with pytest.raises(ValidationError):
        Config(url=url)


def test_the_kind_is_found_and_says_what_it_can():
    assert connecting.every()["medusa"] is KIND
    assert {"orders", "cancel", "returns", "exchanges", "refunds", "ledger"} <= set(KIND.capabilities(None))
    assert KIND.inbound is None
    for key in ("pk_0000000000000000000", "sk_short", "sk_00000000 0000000000"):
        with pytest.raises(ValidationError):
            Credentials(secret_key=key)


async def test_another_customer_than_was_asked_for_is_neither_told_nor_changed(server, shop):
    server.customers["cus_1"] = {"id": "cus_2", "email": "mia@example.com", "metadata": None, "addresses": []}
    for ask in (
        shop.get_customer("cus_1"),
        shop.apply(ChangeCustomer(key="opr_1", customer_id="cus_1", email="new@example.com")),
    ):
        with pytest.raises(OutcomeUnknown):
            await ask
    assert server.customers["cus_1"]["email"] == "mia@example.com"
