"""A reset brings back what the last import left, however often and whatever happened since."""

import copy

import pytest

from tests.sandbox.served import SHOP, Served


def _happenings(shop: Served, key: str) -> None:
    shop.post("/payments/v1/refunds", {"payment_id": "pay-2", "amount": 300, "currency": "EUR"}, key=key)
    shop.post("/shop/v1/orders/ord-2/cancel", {"reason": "late"}, key=f"{key} cancel")
    shop.call("PUT", "/sandbox/v1/settings", {"ceiling": False})
    shop.fault("effects", "error_after_effect", every=3)


def _state(shop: Served) -> dict:
    export = shop.get("/sandbox/v1/export")
    return {**export, "faults": shop.get("/sandbox/v1/faults")["data"], "ledger": shop.ledger()}


def test_the_first_reset_and_every_other_bring_back_the_same_shop(shop):
    before = _state(shop)
    for number in range(3):
        _happenings(shop, "the same key")
        epoch = shop.get("/sandbox/v1/ledger")["epoch"]
        assert shop.post("/sandbox/v1/reset")["epoch"] == epoch + 1, number
        assert _state(shop) == before, number


def test_what_a_key_did_before_a_reset_is_forgotten(shop):
    for _ in range(3):
        _happenings(shop, "k")
        assert len(shop.effects("refund")) == 1
        shop.post("/sandbox/v1/reset")


def test_after_another_import_a_reset_brings_back_that_one(shop):
    shop.post("/sandbox/v1/reset")
    shop.post("/sandbox/v1/reset")
    other = copy.deepcopy(SHOP)
    other["customers"][0]["name"] = "Mia Neumann"
    other["settings"] = {"refund_mode": "pending"}
    shop.post("/sandbox/v1/import", other)
    for _ in range(2):
        _happenings(shop, "k")
        shop.post("/sandbox/v1/reset")
        export = shop.get("/sandbox/v1/export")
        assert export["customers"][0]["name"] == "Mia Neumann"
        assert export["settings"] == {"ceiling": True, "refund_mode": "pending"}


def test_times_that_are_relative_are_counted_anew_at_each_reset(shop):
    moving = copy.deepcopy(SHOP) | {"relative_to_now": True}
    moving["orders"][1]["placed_at"] = "-1h"
    shop.post("/sandbox/v1/import", moving)
    seen = set()
    for _ in range(3):
        shop.post("/sandbox/v1/reset")
        seen.add(shop.get("/shop/v1/orders/ord-2")["placed_at"])
    assert len(seen) == 3


def test_no_request_reaches_what_is_kept_for_a_reset(shop):
    shop.post("/sandbox/v1/reset")
    status, _ = shop.call("GET", "/sandbox/v1/export", headers={"X-Sandbox-Shop": f"{shop.shop}/imported"})
    assert status == 400


def test_a_shop_that_was_never_imported_is_empty_after_a_reset(sandbox_url):
    nobody = Served(sandbox_url, "never-imported")
    for _ in range(2):
        nobody.post("/sandbox/v1/reset")
        assert nobody.get("/sandbox/v1/export")["orders"] == []


@pytest.mark.parametrize(("seed", "struck"), [(0, [3, 6]), (1, [2, 5]), (2, [1, 4])])
def test_every_third_effect_is_struck_from_where_the_count_begins(shop, seed, struck):
    shop.fault("effects", "error_after_effect", every=3, seed=seed)
    wanted = {"payment_id": "pay-1", "amount": 1, "currency": "EUR"}
    statuses = [
        shop.call("POST", "/payments/v1/refunds", wanted, {"Idempotency-Key": f"k{number}"})[0]
        for number in range(1, 7)
    ]
    assert [number for number, status in enumerate(statuses, 1) if status == 500] == struck
