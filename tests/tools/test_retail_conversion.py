"""The public shop goes into the sandbox and comes out of it again, to the cent."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from app.sandbox import commands
from app.sandbox.checks import problem_of
from app.sandbox.imports import ShopIn, parse
from tests.support import servers
from tests.support.postgres import free_port
from tests.tools import retail, retail_back

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def source(specs: Path) -> Path:
    return specs / "data" / "retail" / "db.json"


@pytest.fixture(scope="module")
def exact(source: Path) -> dict[str, Any]:
    return retail.load(source)


@pytest.fixture(scope="module")
def converted(exact: dict[str, Any]) -> dict[str, Any]:
    return retail.convert(exact)


@pytest.fixture(scope="module")
def shop(converted: dict[str, Any]) -> ShopIn:
    return parse(converted)


def test_the_whole_shop_is_there(converted: dict[str, Any]) -> None:
    assert {name: len(converted[name]) for name in ("customers", "products", "orders")} == {
        "customers": 500,
        "products": 50,
        "orders": 1000,
    }
    states = [order["status"] for order in converted["orders"]]
    assert {state: states.count(state) for state in set(states)} == {
        "pending": 423,
        "processing": 102,
        "delivered": 373,
        "canceled": 102,
    }


def test_the_sandbox_finds_nothing_wrong_with_it(shop: ShopIn) -> None:
    problem = problem_of(shop)
    assert problem is None, problem and problem.args


def test_every_amount_is_the_cents_of_the_decimal(exact: dict[str, Any], converted: dict[str, Any]) -> None:
    for theirs, ours in zip(exact["orders"].values(), converted["orders"], strict=True):
        paid = [e["amount"] for e in theirs["payment_history"] if e["transaction_type"] == "payment"]
        assert [payment["amount"] for payment in ours["payments"]] == [int(amount * 100) for amount in paid]
        assert [line["total"] for line in ours["lines"]] == [int(item["price"] * 100) for item in theirs["items"]]
        assert sum(payment["amount"] for payment in ours["payments"]) == sum(line["total"] for line in ours["lines"])


def test_an_amount_finer_than_a_cent_is_refused(exact: dict[str, Any]) -> None:
    number, order = next(iter(exact["orders"].items()))
    item = {**order["items"][0], "price": Decimal("1.005")}
    broken = {**exact, "orders": {number: {**order, "items": [item]}}}
    with pytest.raises(ValueError, match="not an amount"):
        retail.convert(broken)


def test_a_canceled_order_gave_all_its_money_back(shop: ShopIn) -> None:
    canceled = [order for order in shop.orders if order.status == "canceled"]
    for order in canceled:
        assert [refund.payment_id for refund in order.refunds] == [payment.id for payment in order.payments]
        assert sum(refund.amount for refund in order.refunds) == sum(payment.amount for payment in order.payments)
    assert not any(order.refunds for order in shop.orders if order.status != "canceled")


def test_times_follow_each_other_and_lie_within_any_return_window(shop: ShopIn) -> None:
    for order in shop.orders:
        moments = [order.placed_at, *(scan.at for parcel in order.shipments for scan in parcel.scans)]
        moments += [moment for moment in (order.canceled_at, order.delivered_at) if moment]
        assert moments == sorted(moments), order.number
        if order.status == "delivered":
            assert order.shipments[0].scans[-1].word == "DELIVERED"
            assert order.shipments[0].scans[-1].at == order.delivered_at
            assert all(line.fulfilled_quantity == line.quantity for line in order.lines)


def test_each_line_travels_once(shop: ShopIn) -> None:
    for order in shop.orders:
        travelling = [line_id for parcel in order.shipments for line_id in parcel.line_ids]
        assert len(travelling) == len(set(travelling))
        if order.status == "delivered":
            assert travelling == [line.id for line in order.lines]


def test_countries_are_iso_codes(shop: ShopIn) -> None:
    assert {order.shipping_address.country_code for order in shop.orders if order.shipping_address} == {"US"}
    assert {address.country_code for customer in shop.customers for address in customer.addresses} == {"US"}


def test_the_way_there_and_back_is_exact(source: Path, converted: dict[str, Any]) -> None:
    assert retail_back.restore(converted) == json.loads(source.read_text(encoding="utf-8"))


def test_the_way_through_a_running_sandbox_is_exact(source: Path, converted: dict[str, Any], tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    code = f"from app.sandbox.commands import serve; serve('127.0.0.1', {port}, {str(tmp_path / 'sandbox.db')!r})"
    server = servers.start("-c", code, command=sys.executable, log=tmp_path / "log", url=url, ready="/healthz")
    try:
        document = tmp_path / "import.json"
        document.write_text(json.dumps(converted), encoding="utf-8")
        commands.import_file(url, "retail", document)
        exported = commands.export(url, "retail")
    finally:
        server.stop()
    assert retail_back.restore(exported) == json.loads(source.read_text(encoding="utf-8"))


def test_the_command_writes_the_import(source: Path, converted: dict[str, Any], capsys: Any) -> None:
    assert retail.main([str(source)]) == 0
    assert json.loads(capsys.readouterr().out) == converted
