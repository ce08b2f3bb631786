"""Shopify's adapter keeps the contract, over the real schema executed on loopback, whatever goes wrong on the way."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from pydantic import ValidationError

from app.integrations import connecting
from app.integrations.commerce.contract import (
    OrderQuery,
)
from app.integrations.commerce.shopify import KIND, Config, Credentials, Shopify, check, connect
from app.integrations.errors import NotExecuted, OutcomeUnknown, Refused
from tests.integrations.faulty import AFTER, BEFORE, PATIENCE
from tests.integrations.shopify_basics import Money, new_id
from tests.integrations.shopify_connected import account, cancel, tail
from tests.integrations.shopify_shop import DOMAIN, TOKEN
from tests.integrations.shopify_things import Refund


@pytest.fixture
def server(shopify_server):
    return shopify_server


@pytest.fixture
def connected(shopify_account):
    return shopify_account


@pytest.fixture
def shop(connected) -> Shopify:
    return connect(connected())["commerce"]


# ---- reading -----------------------------------------------------------------------------------------------------


async def test_an_order_is_read_in_one_query_in_our_words(server, shop):
    order = server.order(shipping=490)
    order.lines[0].discount, order.lines[0].tax = 1000, 1437
    server.sent(order, delivered=True)
    read = await shop.get_order(tail(order.id))
    assert read is not None
    assert (read.number, read.status, read.payment_status, read.fulfillment_status) == (
        "#1001", "delivered", "paid", "fulfilled",
    )  # fmt: skip
    assert (read.currency, read.presentment_currency, read.totals.total) == ("EUR", "EUR", 14_490)
    assert (read.totals.items, read.totals.discount, read.totals.shipping) == (15_000, 1000, 490)
    first = read.lines[0]
    assert (first.quantity, first.unit_price, first.discount, first.tax, first.total) == (2, 5000, 1000, 1437, 9000)
    assert (first.fulfilled_quantity, first.options, first.tags) == (2, {"Color": "c0"}, ("light",))
    [payment] = read.payments
    assert (payment.kind, payment.captured, payment.refunded, payment.currency) == ("card", 15_490, 0, "EUR")
    [parcel] = read.shipments
    assert (parcel.carrier, parcel.tracking_number, len(parcel.line_ids)) == ("UPS", "1Z204W4R0308071865", 2)
    assert read.customer is not None
    assert (read.customer.email, read.customer.addresses[0].city) == ("anna@example.com", "Berlin")
    assert read.shipping_address is not None
    assert (read.shipping_address.country_code, read.shipping_address.postal_code) == ("DE", "10115")
    assert read.delivered_at is not None
    assert [name for name, _ in server.asked] == ["order"]


async def test_an_order_that_is_not_there_is_none_and_what_cannot_be_an_id_is_not_asked(server, shop):
    assert await shop.get_order("123") is None
    for odd in ("#1001", "", "gid://shopify/Order/1", "1/2", "ordre-1"):
        assert await shop.get_order(odd) is None
    assert [name for name, _ in server.asked] == ["order"]


async def test_prices_without_tax_have_it_in_their_total(server, shop):
    order = server.order(taxesIncluded=False)
    order.lines[0].tax = 1900
    read = await shop.get_order(tail(order.id))
    assert (read.prices_include_tax, read.lines[0].total, read.lines[1].total) == (False, 11_900, 5000)


async def test_money_is_in_the_currency_that_the_shopper_paid_in(server, shop):
    order = server.order(money=Money(5000, "JPY", "EUR", Decimal("0.006"), 0))
    read = await shop.get_order(tail(order.id))
    assert (read.currency, read.lines[0].unit_price, read.totals.total) == ("JPY", 5000, 15_000)
    assert read.payments[0].currency == "JPY"


@pytest.mark.parametrize(
    ("word", "status", "fulfillment"),
    [
        ("UNFULFILLED", "pending", "unfulfilled"), ("ON_HOLD", "pending", "unfulfilled"),
        ("SCHEDULED", "pending", "unfulfilled"), ("PARTIALLY_FULFILLED", "processing", "partial"),
        ("IN_PROGRESS", "processing", "unfulfilled"), ("RESTOCKED", "processing", "unfulfilled"),
    ],
)  # fmt: skip
async def test_words_of_shopify_s_are_ours_and_others_permit_least(server, shop, word, status, fulfillment):
    order = server.order(held=word)
    read = await shop.get_order(tail(order.id))
    assert (read.status, read.fulfillment_status) == (status, fulfillment)


async def test_a_long_order_is_read_to_its_end(server, shop):
    order = server.order(quantities=(1,) * 70)
    for _ in range(7):
        server.sent(order)
        order.parcels[-1].lines = order.parcels[-1].lines[:15]
    read = await shop.get_order(tail(order.id))
    assert (len(read.lines), len(read.shipments)) == (70, 7)
    assert all(len(parcel.line_ids) == 15 for parcel in read.shipments)


async def test_orders_are_found_by_number_email_phone_and_customer(server, shop):
    anna = server.customer(phone="+49 30 123")
    ben = server.customer("ben@example.com")
    first, second = server.order("#1001", customer=anna), server.order("#11001", customer=ben)
    found = await shop.find_orders(OrderQuery(number="1001", limit=3))
    assert [order.external_id for order in found.orders] == [tail(first.id)]  # Shopify's search found both
    assert [name for name, _ in server.asked] == ["orders"]
    found = await shop.find_orders(OrderQuery(number="#11001"))
    assert [order.external_id for order in found.orders] == [tail(second.id)]
    found = await shop.find_orders(OrderQuery(email="ANNA@example.com"))
    assert [order.external_id for order in found.orders] == [tail(first.id)]
    found = await shop.find_orders(OrderQuery(customer_id=tail(ben.id), limit=10))
    assert [order.external_id for order in found.orders] == [tail(second.id)]
    found = await shop.find_orders(OrderQuery(phone="+4930123"))
    assert found.orders == ()  # written otherwise: Shopify's search is by what stands there
    found = await shop.find_orders(OrderQuery(phone="+49 30 123"))
    assert [order.external_id for order in found.orders] == [tail(first.id)]
    assert (await shop.find_orders(OrderQuery(customer_id="x OR id:1"))).orders == ()


async def test_a_number_with_quotes_searches_for_nothing_else(server, shop):
    server.order()
    found = await shop.find_orders(OrderQuery(number='x" OR name:"1001'))
    assert found.orders == ()


async def test_orders_come_in_pages_newest_first(server, shop):
    orders = [server.order(f"#{1000 + at}", createdAt=f"2026-11-{at + 1:02}T00:00:00Z") for at in range(12)]
    first = await shop.find_orders(OrderQuery(limit=5))
    assert [order.number for order in first.orders] == ["#1011", "#1010", "#1009", "#1008", "#1007"]
    second = await shop.find_orders(OrderQuery(limit=10, cursor=first.next_cursor))
    assert (len(second.orders), second.next_cursor) == (7, None)
    assert {order.external_id for page in (first, second) for order in page.orders} == {tail(one.id) for one in orders}


async def test_customers_and_variants_are_read(server, shop):
    anna, product = server.customer(), server.product(prices=("50.00",) * 120)
    product.variants[3].availableForSale = False
    assert (await shop.get_customer(tail(anna.id))).name == "Anna Keller"
    assert await shop.get_customer("1") is None
    assert [one.external_id for one in await shop.find_customers(email="Anna@Example.com")] == [tail(anna.id)]
    assert await shop.find_customers() == ()
    variants = await shop.get_variants(tail(product.id))
    assert (len(variants), variants[0].price, variants[0].currency) == (120, 5000, "EUR")
    assert [one.available for one in variants[:5]] == [True, True, True, False, True]
    assert await shop.get_variants("1") is None
    assert await shop.find_variant(tail(product.variants[119].id)) == variants[119]
    assert await shop.find_variant("1") is None
    assert (await shop.get_subscription("1"), await shop.find_subscriptions("1")) == (None, ())


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
async def test_a_read_that_fails_is_no_answer(server, shop, fault):
    order = server.order()
    server.faults.plan("POST", "order", fault)
    with pytest.raises(OutcomeUnknown):
        await shop.get_order(tail(order.id))
    assert (await shop.get_order(tail(order.id))).number == "#1001"


# ---- manners -----------------------------------------------------------------------------------------------------


async def test_a_throttled_query_waits_as_long_as_it_must_and_no_longer(server, shop):
    order = server.order()
    server.level, server.rate = 900.0, 1000.0
    for _ in range(3):  # each costs most of the bucket
        assert (await shop.get_order(tail(order.id))).number == "#1001"
    server.level, server.rate = 0.0, 1.0
    with pytest.raises(NotExecuted) as caught:
        await shop.get_order(tail(order.id))
    assert caught.value.retry_after is not None
    assert caught.value.retry_after > PATIENCE


async def test_a_throttled_effect_was_not_executed(server, shop):
    order = server.order()
    body = {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}
    for _ in range(3):
        server.faults.plan("POST", "orderCancel", (200, body, {}))
    with pytest.raises(NotExecuted):
        await shop.cancel_order(cancel(order))
    server.faults.plan("POST", "order", (429, {"errors": "Exceeded"}, {"Retry-After": "0"}))
    with pytest.raises(NotExecuted) as caught:
        await shop.cancel_order(cancel(order))
    assert (caught.value.retry_after, server.mutations.ledger) == (0.0, [])


WRONG = [
    (200, {"errors": [{"message": "x", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}, OutcomeUnknown, None),
    (200, {"errors": [{"message": "x"}]}, OutcomeUnknown, None),
    (200, {"errors": "x"}, OutcomeUnknown, None),
    (200, {"errors": [{"message": "x", "extensions": {"code": "TIMEOUT"}}]}, OutcomeUnknown, None),
    (200, {"errors": [{"message": "x", "extensions": {"code": "undefinedField"}}]}, Refused, "request_invalid"),
    (200, {"errors": [{"message": "x", "extensions": {"code": "INVALID_VARIABLE"}}]}, Refused, "request_invalid"),
    (200, {"errors": [{"message": "x", "extensions": {"code": "MAX_COST_EXCEEDED"}}]}, Refused, "request_invalid"),
    (200, {"data": None, "errors": [{"message": "x"}]}, OutcomeUnknown, None),
    (200, {"data": {"order": {"id": "gid://shopify/Order/1"}}}, OutcomeUnknown, None),
    (200, {"data": []}, OutcomeUnknown, None),
    (402, {"errors": "Unavailable Shop"}, Refused, "shop_unavailable"),
    (404, {"errors": "Not Found"}, Refused, "shop_not_found"),
    (423, {"errors": "Locked"}, Refused, "shop_unavailable"),
    (403, {"errors": "[API] This action requires merchant approval"}, Refused, "provider_unauthorized"),
    (503, {"errors": "x"}, OutcomeUnknown, None),
    (302, {}, OutcomeUnknown, None),
]


@pytest.mark.parametrize(("status", "body", "kind", "code"), WRONG)
async def test_what_is_no_answer_is_told_apart(server, shop, status, body, kind, code):
    server.faults.plan("POST", "order", (status, body, {}))
    with pytest.raises(kind) as caught:
        await shop.get_order("1")
    assert getattr(caught.value, "code", None) == code
    assert TOKEN not in str(caught.value.evidence) + str(caught.value)


async def test_another_thing_than_was_asked_for_is_no_answer(server, shop):
    order, other = server.order(), server.order("#1002")
    server.orders[order.id] = other
    with pytest.raises(OutcomeUnknown):
        await shop.get_order(tail(order.id))


async def test_many_at_once_are_one_order_each(server, shop):
    orders = [server.order(f"#{at}") for at in range(20)]
    read = await asyncio.gather(*(shop.get_order(tail(order.id)) for order in orders))
    assert [one.number for one in read] == [f"#{at}" for at in range(20)]


# ---- connecting --------------------------------------------------------------------------------------------------


async def test_a_check_tells_each_missing_scope(server, connected):
    assert all(one.ok for one in await check(connected()))
    server.scopes = ("read_orders", "write_order_edits")
    missing = {one.name: one.missing for one in await check(connected()) if not one.ok}
    assert missing["orders older than 60 days"] == "read_all_orders"
    assert missing["returns and exchanges"] == "read_returns, write_returns"
    assert not {"orders", "swap items"} & set(missing)


async def test_a_real_shop_in_test_mode_is_told(server, connected):
    server.development = False
    found = [one for one in await check(connected()) if not one.ok]
    assert [one.name for one in found] == ["mode"]


async def test_a_token_of_another_shop_or_none_is_told(server, connected):
    server.domain = "other.myshopify.com"
    [found] = await check(connected())
    assert (found.ok, found.name) == (False, "shop")
    with pytest.raises(Refused) as caught:
        await check(connected(token="shpat_" + "x" * 32))
    assert caught.value.code == "provider_unauthorized"


async def test_a_scope_that_is_missing_is_a_no_and_nothing_else(server, shop):
    order = server.order()
    server.denied.add("order")
    with pytest.raises(Refused) as caught:
        await shop.get_order(tail(order.id))
    assert (caught.value.code, "order" in caught.value.evidence["missing"]) == ("provider_unauthorized", True)


@pytest.mark.parametrize(
    "shop",
    ["evil.example", "lamps.myshopify.com.evil.example", "evil.example/lamps.myshopify.com", "lamps.myshopify.com/x",
     "https://lamps.myshopify.com", "-a.myshopify.com", ".myshopify.com", "myshopify.com", "LAMPS.myshopify.com",
     "lamps.myshopify.com\n", "a@lamps.myshopify.com", "127.0.0.1", "lämps.myshopify.com", ""],
)  # fmt: skip
def test_only_a_shop_s_own_domain_is_one(shop):
    with pytest.raises(ValidationError):
        Config(shop=shop)


@pytest.mark.parametrize("token", ["short", "shpat with spaces in it", "shpat_ä234567890123456", ""])
def test_what_cannot_be_a_token_is_refused(token):
    with pytest.raises(ValidationError):
        Credentials(access_token=token)


def test_the_kind_is_found_and_tells_nothing():
    assert connecting.every()["shopify"] is KIND
    assert not KIND.test_only
    assert set(KIND.families) == {"commerce", "payments"}
    assert TOKEN not in repr(account())
    assert {"cancel", "returns", "exchanges", "refunds", "store_credit"} <= set(KIND.capabilities(Config(shop=DOMAIN)))


async def test_refunds_in_shopify_s_own_words_are_read(server, shop):
    order = server.order()
    part = server.paid(order, 2000, "REFUND", parentTransaction=order.paid[0])
    money = order.lines[0].unit
    lines = [{"quantity": 1, "lineItem": order.lines[0], "subtotalSet": Money(2000), "totalTaxSet": Money(0)}]
    order.given.append(Refund(new_id("Refund"), "damaged [aftersale:opr_7]", order, [part], lines))
    order.given.append(Refund(new_id("Refund"), "restocked", order, [], lines))
    order.lines[0].currentQuantity = 1
    read = await shop.get_order(tail(order.id))
    [refund] = read.refunds  # what was only restocked is none
    assert (refund.key, refund.status, refund.lines[0].amount) == ("opr_7", "succeeded", 2000)
    assert (read.payments[0].refunded, read.payment_status, read.lines[0].quantity) == (2000, "partially_refunded", 2)
    assert money.currency == read.currency
