"""Charges and payouts: balances, refusals, and an export from which every movement can be told in its order."""

import sqlite3

import pytest

from app.sandbox import exports
from app.sandbox.store import ADDED_COLUMNS, Store
from tests.sandbox.served import Served

CHARGE = {"order_id": "ord-2", "payment_method_id": "pm-gift", "amount": 60, "currency": "EUR"}
PAYOUT = {"customer_id": "cust-1", "payment_method_id": "pm-gift", "amount": 40, "currency": "EUR"}


def methods(shop: Served) -> dict[str, dict]:
    return {method["id"]: method for method in shop.get("/shop/v1/customers/cust-1")["payment_methods"]}


def refused(shop: Served, path: str, body: dict) -> str:
    before = shop.get("/sandbox/v1/export")
    status, answer = shop.call("POST", path, body, {"Idempotency-Key": "refused"})
    assert status in {404, 409, 422}
    assert shop.get("/sandbox/v1/export") == before
    return answer["code"]


def test_a_charge_is_a_captured_payment_more_on_the_order_and_lowers_the_balance(shop):
    made = shop.post("/payments/v1/charges", CHARGE, key="c1")
    order = shop.get("/shop/v1/orders/ord-2")
    assert [
        (payment["id"], payment["kind"], payment["label"], payment["captured"]) for payment in order["payments"]
    ] == [
        ("pay-3", "card", "Visa", 0),
        (made["id"], "gift_card", "Gift card", 60),
    ]
    assert methods(shop)["pm-gift"]["balance"] == 40
    assert shop.get("/payments/v1/charges?key=c1")["data"] == [made]
    assert [(row["subject"], row["amount"], row["currency"]) for row in shop.effects("charge")] == [
        (made["id"], 60, "EUR")
    ]
    refund = {"payment_id": made["id"], "amount": 10, "currency": "EUR"}
    shop.post("/payments/v1/refunds", refund, key="r1")
    assert methods(shop)["pm-gift"]["balance"] == 50


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"amount": 101}, "insufficient_funds"),
        ({"payment_method_id": "pm-none"}, "payment_method_not_found"),
        ({"order_id": "none"}, "order_not_found"),
        ({"currency": "USD"}, "currency_mismatch"),
        ({"amount": 0}, "validation_failed"),
        ({"amount": "60"}, "validation_failed"),
        ({"amount": 60.0}, "validation_failed"),
    ],
)
def test_a_charge_that_cannot_be_is_refused(shop, changed, code):
    assert refused(shop, "/payments/v1/charges", CHARGE | changed) == code


def test_the_whole_of_a_balance_can_be_charged_once(shop):
    shop.post("/payments/v1/charges", CHARGE | {"amount": 100}, key="c1")
    assert refused(shop, "/payments/v1/charges", CHARGE | {"amount": 1}) == "insufficient_funds"
    shop.post("/payments/v1/charges", CHARGE | {"payment_method_id": "pm-card", "amount": 10**12}, key="c2")


def test_a_payout_raises_the_balance_of_a_gift_card_and_of_a_card_only_is_recorded(shop):
    shop.post("/payments/v1/payouts", PAYOUT, key="p1")
    made = shop.post("/payments/v1/payouts", PAYOUT | {"payment_method_id": "pm-card"}, key="p2")
    assert methods(shop)["pm-gift"]["balance"] == 140
    assert methods(shop)["pm-card"]["balance"] is None
    assert shop.get("/payments/v1/payouts?key=p2")["data"] == [made]
    assert [(row["reference"], row["amount"]) for row in shop.effects("payout")] == [("p1", 40), ("p2", 40)]


def test_a_payout_to_no_method_is_store_credit_made_once(shop):
    credit = {**PAYOUT, "payment_method_id": None, "order_id": "ord-1"}
    first = shop.post("/payments/v1/payouts", credit, key="p1")
    second = shop.post("/payments/v1/payouts", credit, key="p2")
    method = methods(shop)[first["payment_method_id"]]
    assert (method["kind"], method["balance"], method["currency"]) == ("store_credit", 80, "EUR")
    assert second["payment_method_id"] == first["payment_method_id"]
    dollars = shop.post("/payments/v1/payouts", credit | {"order_id": None, "currency": "USD"}, key="p3")
    assert dollars["payment_method_id"] != first["payment_method_id"]
    assert methods(shop)[dollars["payment_method_id"]]["currency"] == "USD"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"payment_method_id": "pm-none"}, "payment_method_not_found"),
        ({"customer_id": "none"}, "customer_not_found"),
        ({"order_id": "none"}, "order_not_found"),
        ({"currency": "USD"}, "currency_mismatch"),
        ({"currency": "USD", "payment_method_id": None, "order_id": "ord-1"}, "currency_mismatch"),
        ({"amount": -1}, "validation_failed"),
    ],
)
def test_a_payout_that_cannot_be_is_refused(shop, changed, code):
    assert refused(shop, "/payments/v1/payouts", PAYOUT | changed) == code


def test_an_order_s_money_does_not_go_to_another_customer(shop):
    document = shop.get("/sandbox/v1/export")
    document["customers"].append(document["customers"][0] | {"id": "cust-2", "email": "b@example.com"})
    shop.post("/sandbox/v1/import", document)
    body = PAYOUT | {"customer_id": "cust-2", "order_id": "ord-1"}
    assert refused(shop, "/payments/v1/payouts", body) == "customer_mismatch"


def history(order: dict) -> list[tuple[str, int]]:
    """Every movement of the order's money, oldest first."""
    moved = [(entry["place"], kind, entry["amount"]) for kind in KINDS for entry in order[kind]]
    places, kinds, amounts = zip(*sorted(moved), strict=True)
    assert places == tuple(range(len(places)))
    return list(zip(kinds, amounts, strict=True))


KINDS = ("payments", "refunds", "payouts")


def test_an_export_tells_charges_refunds_and_payouts_in_their_order(shop, sandbox_url):
    card = CHARGE | {"payment_method_id": "pm-card", "order_id": "ord-1"}
    shop.post("/payments/v1/charges", card, key="1")
    shop.post("/payments/v1/refunds", {"payment_id": "pay-1", "amount": 300, "currency": "EUR"}, key="2")
    shop.post("/payments/v1/payouts", PAYOUT | {"order_id": "ord-1"}, key="3")
    shop.post("/payments/v1/charges", card | {"amount": 70}, key="4")
    shop.post("/payments/v1/refunds", {"payment_id": "pay-2", "amount": 5, "currency": "EUR"}, key="5")
    shop.post("/payments/v1/payouts", PAYOUT, key="6")
    first = shop.get("/sandbox/v1/export")
    assert history(first["orders"][0]) == [
        ("payments", 2500),
        ("payments", 1000),
        ("payments", 60),
        ("refunds", 300),
        ("payouts", 40),
        ("payments", 70),
        ("refunds", 5),
    ]
    assert [payout["key"] for payout in first["customers"][0]["payouts"]] == ["6"]
    twin = Served(sandbox_url, f"{shop.shop}-twin")
    twin.post("/sandbox/v1/import", first)
    assert twin.get("/sandbox/v1/export") == first
    for path, key in (("charges", "4"), ("payouts", "3"), ("payouts", "6")):
        here, there = (at.get(f"/payments/v1/{path}?key={key}")["data"] for at in (shop, twin))
        assert len(here) == 1
        assert there == here
    twin.post("/payments/v1/charges", card | {"amount": 1}, key="7")
    assert history(twin.get("/sandbox/v1/export")["orders"][0])[-1] == ("payments", 1)


def test_places_of_an_import_are_kept_and_what_has_none_comes_last(shop):
    document = shop.get("/sandbox/v1/export")
    order = document["orders"][0]
    order["payments"][0]["place"], order["payments"][1]["place"] = None, 4
    order["refunds"] = [
        {"id": "rf", "payment_id": "pay-2", "amount": 1, "at": "2026-01-20T00:00:00Z", "place": 2},
        {"id": "rf2", "payment_id": "pay-2", "amount": 2, "at": "2026-01-20T00:00:00Z"},
    ]
    shop.post("/sandbox/v1/import", document)
    after = history(shop.get("/sandbox/v1/export")["orders"][0])
    assert after == [("refunds", 1), ("payments", 1000), ("payments", 2500), ("refunds", 2)]


@pytest.mark.parametrize(
    ("where", "value", "pointer"),
    [
        ("payouts", {"payment_method_id": "pm-none"}, "/orders/0/payouts/0/payment_method_id"),
        ("payouts", {"customer_id": "none"}, "/orders/0/payouts/0/customer_id"),
        ("payouts", {"amount": 0}, "/orders/0/payouts/0/amount"),
        ("payouts", {"id": "twice"}, "/customers/0/payouts/0/id"),
        ("changes", {"kind": "swap_items"}, "/orders/0/changes/0/kind"),
        ("changes", {"lines": [{"line_id": "ln-9", "quantity": 1}]}, "/orders/0/changes/0/lines/0/line_id"),
    ],
)
def test_an_import_of_payouts_and_changes_that_cannot_be_is_refused(shop, where, value, pointer):
    payout = PAYOUT | {"id": "po-1", "at": "2026-01-20T00:00:00Z"}
    change = {"id": "ch-1", "kind": "change_address", "at": "2026-01-20T00:00:00Z"}
    document = shop.get("/sandbox/v1/export")
    document["orders"][0] |= {"payouts": [payout], "changes": [change]}
    document["customers"][0]["payouts"] = [payout | {"id": "twice"}]
    document["orders"][0][where][0] |= value
    status, answer = shop.call("POST", "/sandbox/v1/import", document)
    assert (status, answer["code"]) == (422, "validation_failed")
    assert pointer in [entry["pointer"] for entry in answer["errors"]]


def test_a_database_of_an_earlier_version_is_taken_over(tmp_path):
    path = tmp_path / "old.db"
    Store(path).close()
    with sqlite3.connect(path) as old:
        old.execute("DROP INDEX payments_key")
        old.execute("DROP INDEX orders_changed")
        for (name,) in old.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            old.execute(f"DROP TRIGGER {name}")
        for table, columns in ADDED_COLUMNS.items():
            for name in columns:
                old.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
        old.execute(
            "INSERT INTO orders (shop, id, position, number, placed_us, body) VALUES ('s', 'o', 0, '1', 0, ?)",
            ('{"id": "o", "number": "1", "shipments": [], "lines": []}',),
        )
        old.execute(
            "INSERT INTO payments (shop, id, order_id, position, kind, label, amount, currency, state)"
            " VALUES ('s', 'p', 'o', 0, 'card', 'Visa', 100, 'EUR', 'captured'),"
            " ('s', 'q', 'o', 1, 'card', 'Visa', 200, 'EUR', 'captured')"
        )
    old.close()
    store = Store(path)
    (order,) = exports.export(store.connection, "s")["orders"]
    store.close()
    assert history(order) == [("payments", 100), ("payments", 200)]
    assert (order["items_changed"], order["changes"], order["payments"][0]["origin"]) == (False, [], "import")


# ---- what fails late ------------------------------------------------------------------------------------------------


def test_a_charge_that_fails_late_counts_for_nothing_and_gives_the_card_its_balance_back(shop):
    made = shop.post("/payments/v1/charges", CHARGE, key="c1")
    shop.post(f"/sandbox/v1/charges/{made['id']}/fail", {"failure_code": "dispute_lost"})
    assert methods(shop)["pm-gift"]["balance"] == 100
    (told,) = shop.get("/payments/v1/charges?key=c1")["data"]
    assert (told["status"], told["failure_code"]) == ("failed", "dispute_lost")
    assert shop.get(f"/payments/v1/payments/{made['id']}")["captured"] == 0
    assert refused(shop, f"/sandbox/v1/charges/{made['id']}/fail", {}) == "charge_final", "it has failed already"
    assert refused(shop, "/sandbox/v1/charges/pay-1/fail", {}) == "charge_final", "the order's own payment"
    document = shop.get("/sandbox/v1/export")
    shop.post("/sandbox/v1/import", document)
    assert shop.get("/sandbox/v1/export") == document
    assert shop.get("/payments/v1/charges?key=c1")["data"] == [told]


def test_a_charge_of_which_some_went_back_does_not_fail_any_more(shop):
    made = shop.post("/payments/v1/charges", CHARGE, key="c1")
    shop.post("/payments/v1/refunds", {"payment_id": made["id"], "amount": 10, "currency": "EUR"}, key="r1")
    assert refused(shop, f"/sandbox/v1/charges/{made['id']}/fail", {}) == "charge_final"


def test_a_payout_that_fails_late_is_taken_off_the_balance(shop):
    made = shop.post("/payments/v1/payouts", PAYOUT, key="p1")
    shop.post(f"/sandbox/v1/payouts/{made['id']}/fail", {})
    assert methods(shop)["pm-gift"]["balance"] == 100
    (told,) = shop.get("/payments/v1/payouts?key=p1")["data"]
    assert (told["status"], told["failure_code"]) == ("failed", "account_closed")
    assert refused(shop, f"/sandbox/v1/payouts/{made['id']}/fail", {}) == "payout_final"
    assert refused(shop, "/sandbox/v1/payouts/none/fail", {}) == "payout_not_found"
    document = shop.get("/sandbox/v1/export")
    shop.post("/sandbox/v1/import", document)
    assert shop.get("/sandbox/v1/export") == document
