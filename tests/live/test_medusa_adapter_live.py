"""What else Medusa's adapter does, at a real Medusa: what is read, set, swapped, exchanged, and what is left open."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from app.integrations.addresses import Addresses
from app.integrations.commerce.contract import (
    Address,
    CancelOrder,
    ChangeAddress,
    ChangeCustomer,
    ChangedQuery,
    CloseReturn,
    LineBack,
    LineSwap,
    OpenExchange,
    OpenReturn,
    OrderQuery,
    SwapItems,
)
from app.integrations.commerce.medusa import Config, Credentials, connect
from app.integrations.connecting import Account
from app.integrations.errors import NotExecuted, Refused
from app.integrations.http import load
from app.integrations.payments.contract import RefundCommand
from tests.live.medusa import SHOPPER, Medusa

HOME = Address(name="Jane Roe", address1="3 Elm", city="Albany", province="NY", country_code="US", postal_code="12084")
pytestmark = pytest.mark.usefixtures("npm")


@pytest.fixture
async def connected(medusa_shop: Medusa) -> AsyncIterator[Mapping[Any, Any]]:
    load()
    account = Account(
        "con_1",
        livemode=False,
        config=Config(url=medusa_shop.url),
        credentials=Credentials(secret_key=medusa_shop.key),
        seconds=20,
        addresses=Addresses(loopback=True),
    )
    yield connect(account)
    await account.close()


@pytest.fixture
def shop(connected):
    return connected["commerce"]


def open_changes(medusa: Medusa, order: Mapping[str, Any]) -> list[Any]:
    path = f"/admin/orders/{order['id']}/changes?fields=id&status[]=pending&status[]=requested"
    return medusa.ask("GET", path)["order_changes"]


async def line_of(shop: Any, order: Mapping[str, Any], variant: str) -> str:
    lines = (await shop.get_order(order["id"])).lines
    return next(line.external_id for line in lines if line.variant_id == variant)


async def test_orders_customers_and_products_are_found(medusa_shop: Medusa, shop):
    order = medusa_shop.order(S=2, M=1, email="found@example.com")
    number = f"#{order['display_id']}"
    for query in (OrderQuery(number=number), OrderQuery(email="Found@Example.com")):
        found = await shop.find_orders(query)
        assert [one.external_id for one in found.orders] == [order["id"]]
    assert order["id"] in {
        one.external_id for one in (await shop.find_orders(OrderQuery(phone="+1 212 5550100"))).orders
    }
    assert await shop.get_order("order_nope") is None
    [customer] = await shop.find_customers(email="FOUND@example.com")
    change = ChangeCustomer(key="opr_c", customer_id=customer.external_id, address=HOME, name="Jane Roe")
    for _ in range(2):
        assert (await shop.apply(change)).status == "succeeded"
    told = await shop.get_customer(customer.external_id)
    assert (told.name, told.addresses) == ("Jane Roe", (HOME,))
    prices = {variant.options["Size"]: variant.price for variant in await shop.get_variants(medusa_shop.product)}
    assert prices == {"S": 2550, "M": 3000}
    assert (await shop.find_variant(medusa_shop.variants["M"])).available
    assert (await shop.find_variant("variant_nope"), await shop.get_variants("prod_nope")) == (None, None)

    seen: list[str] = []
    query = ChangedQuery(limit=2)
    while True:
        page = await shop.changed_orders(query)
        assert page.unreadable == ()
        seen += [one.external_id for one in page.orders]
        if page.next_cursor is None:
            break
        query = ChangedQuery(limit=2, cursor=page.next_cursor)
    listed = medusa_shop.ask("GET", "/admin/orders?fields=id&limit=200")["orders"]
    assert set(seen) == {one["id"] for one in listed}


async def test_an_address_and_items_are_changed_once_and_nothing_stays_open(medusa_shop: Medusa, shop):
    order = medusa_shop.order(S=2, email=SHOPPER)
    address = ChangeAddress(key="opr_a", order_id=order["id"], address=HOME)
    for _ in range(2):
        assert (await shop.apply(address)).status == "succeeded"
    abroad = HOME.model_copy(update={"country_code": "DE"})
    with pytest.raises(Refused) as caught:
        await shop.apply(ChangeAddress(key="opr_b", order_id=order["id"], address=abroad))
    assert caught.value.code == "address_invalid"
    line = await line_of(shop, order, medusa_shop.variants["S"])
    swap = LineSwap(line_id=line, variant_id=medusa_shop.variants["M"], quantity=1)
    command = SwapItems(key="opr_s", order_id=order["id"], swaps=(swap,))
    assert await shop.find_applied(command) is None
    made = await shop.apply(command)
    assert (made.status, await shop.apply(command)) == ("succeeded", made)
    told = await shop.get_order(order["id"])
    assert made.line_ids == (await line_of(shop, order, medusa_shop.variants["M"]),)
    assert (sorted(one.quantity for one in told.lines), told.items_changed) == ([1, 1], True)
    assert (told.payment_status, told.shipping_address) == ("paid", HOME)
    nothing = swap.model_copy(update={"variant_id": "variant_nope"})
    with pytest.raises(Refused) as caught:
        await shop.apply(SwapItems(key="opr_t", order_id=order["id"], swaps=(nothing,)))
    assert caught.value.code == "new_item_not_found"
    assert open_changes(medusa_shop, order) == []


async def test_returns_and_exchanges_are_requested_once_and_canceled(medusa_shop: Medusa, shop):
    order = medusa_shop.order(S=2)
    medusa_shop.sent(order)
    line = await line_of(shop, order, medusa_shop.variants["S"])
    back = LineBack(line_id=line, quantity=1, reason="too small")
    opened = OpenReturn(key="opr_r", order_id=order["id"], rma="RMA-1", lines=(back,))
    swap = LineSwap(line_id=line, variant_id=medusa_shop.variants["M"], quantity=1)
    exchange = OpenExchange(
        key="opr_x", order_id=order["id"], rma="RMA-2", swaps=(swap,), payment_method_id=None, difference=450,
        currency="USD",
    )  # fmt: skip
    nothing = swap.model_copy(update={"variant_id": "variant_nope"})
    for refused, code in (
        (
            opened.model_copy(update={"key": "opr_m", "lines": (LineBack(line_id=line, quantity=5),)}),
            "item_not_returnable",
        ),
        (exchange.model_copy(update={"key": "opr_y", "swaps": (nothing,)}), "new_item_not_found"),
    ):
        with pytest.raises(Refused) as caught:
            await shop.apply(refused)
        assert caught.value.code == code
        assert (open_changes(medusa_shop, order), await shop.find_applied(refused)) == ([], None)
    for command, flag in ((opened, "return_requested"), (exchange, "exchange_requested")):
        made = await shop.apply(command)
        assert (made.status, await shop.apply(command), await shop.find_applied(command)) == ("succeeded", made, made)
        assert getattr(await shop.get_order(order["id"]), flag)
        close = CloseReturn(key="opr_" + command.rma, order_id=order["id"], rma=command.rma)
        assert (await shop.apply(close)).status == "succeeded"
        assert not getattr(await shop.get_order(order["id"]), flag)


async def test_nothing_is_begun_by_half_while_an_edit_is_open(medusa_shop: Medusa, shop, connected):
    order = medusa_shop.order(S=2)
    medusa_shop.ask("POST", "/admin/order-edits", {"order_id": order["id"]})
    with pytest.raises(NotExecuted):
        await shop.cancel_order(CancelOrder(key="opr_c", order_id=order["id"], reason="x"))
    assert medusa_shop.ledger(order["payment"]) == (Decimal(61), [])
    refund = RefundCommand(key="opr_r", payment_id=order["payment"], amount=1, currency="USD")
    assert (await connected["payments"].refund(refund)).status == "succeeded"
    assert medusa_shop.ledger(order["payment"]) == (Decimal(61), [Decimal("0.01")])
    medusa_shop.ask("POST", f"/admin/orders/{order['id']}/cancel", {}, wanted=400)
    assert medusa_shop.ledger(order["payment"])[1] == [Decimal("0.01"), Decimal("60.99")], "what is avoided here"
    assert medusa_shop.seen(order["id"])["status"] == "pending"
