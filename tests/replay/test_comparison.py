"""What the replay takes for equal, for another, and for a line of an order; and how the shop's states are spelt."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.replay import calls
from tests.replay.cases import Write, load_negatives, load_tasks
from tests.replay.comparison import Shop, differences, unequal, untouched
from tests.tools import retail_back

LINE = {"title": "Mug", "product_id": "p", "unit_price": 1050, "options": {"size": "S"}, "quantity": 1}
ADDRESS = {
    "name": None,
    "address1": "1 Elm Street",
    "address2": None,
    "city": "Reno",
    "province": "NV",
    "country_code": "US",
    "postal_code": "89501",
}
CHANGE = {"lines": list[Any](), "swaps": list[Any](), "payment_method_id": None, "difference": None}


def an_order(**more: Any) -> dict[str, Any]:
    return {
        "id": "W1",
        "number": "#W1",
        "customer_id": "mia_1",
        "status": "delivered",
        "lines": [LINE | {"id": f"W1-{place}", "variant_id": item} for place, item in enumerate(["9", "5", "9"], 1)],
        "shipping_address": dict(ADDRESS),
        "shipments": [],
        "payments": [{"id": "W1-payment-1", "payment_method_id": "card_1", "amount": 3150, "place": 0}],
        "refunds": [],
        "payouts": [],
        "changes": [],
        **more,
    }


def an_export(*orders: dict[str, Any], **more: Any) -> dict[str, Any]:
    customer = {
        "id": "mia_1",
        "name": "Mia Brandt",
        "email": "mia@example.com",
        "addresses": [dict(ADDRESS)],
        "payment_methods": [{"id": "gift_1", "kind": "gift_card", "label": "Gift card", "balance": 1000}],
    }
    return {"customers": [customer], "products": [], "orders": list(orders), "labels": [], "settings": {}, **more}


def back(**more: Any) -> dict[str, Any]:
    return retail_back.restore(an_export(an_order(**more)))["orders"]["#W1"]


# ---- how states are spelt ---------------------------------------------------------------------------------------


def test_an_order_with_swapped_items_is_pending_and_says_so() -> None:
    assert back(status="pending", items_changed=True)["status"] == "pending (item modified)"
    assert back(status="pending", payment_changed=True)["status"] == "pending"


def test_a_return_tells_its_items_by_variant_and_where_the_money_goes() -> None:
    lines = [{"line_id": line, "quantity": 1, "reason": None} for line in ("W1-3", "W1-2")]
    change = {**CHANGE, "kind": "open_return", "lines": lines}
    asked = back(return_requested=True, changes=[{**change, "payment_method_id": "gift_1"}])
    assert (asked["status"], asked["return_items"], asked["return_payment_method_id"]) == (
        "return requested",
        ["5", "9"],
        "gift_1",
    )
    assert back(return_requested=True, changes=[change])["return_payment_method_id"] == "card_1"


def test_an_exchange_tells_old_and_new_items_the_method_and_the_difference() -> None:
    swaps = [
        {"line_id": "W1-1", "variant_id": "7", "quantity": 1},
        {"line_id": "W1-2", "variant_id": "6", "quantity": 1},
        {"line_id": "W1-3", "variant_id": "8", "quantity": 1},
    ]
    change = {**CHANGE, "kind": "open_exchange", "swaps": swaps, "payment_method_id": "card_1", "difference": -1663}
    asked = back(exchange_requested=True, changes=[change])
    assert asked["status"] == "exchange requested"
    assert {name: value for name, value in asked.items() if name.startswith("exchange")} == {
        "exchange_items": ["5", "9", "9"],
        "exchange_new_items": ["6", "7", "8"],
        "exchange_payment_method_id": "card_1",
        "exchange_price_difference": -16.63,
    }


def test_money_is_told_in_the_order_in_which_it_moved() -> None:
    told = back(
        payments=[
            {"id": "one", "payment_method_id": "gift_1", "amount": 3150, "place": 0},
            {"id": "two", "payment_method_id": "card_1", "amount": 3150, "place": 1},
        ],
        refunds=[{"payment_id": "one", "amount": 3150, "place": 2, "status": "succeeded"}],
        payouts=[{"payment_method_id": "paypal_1", "amount": 5, "place": 3, "status": "succeeded"}],
    )["payment_history"]
    assert [(row["transaction_type"], row["amount"], row["payment_method_id"]) for row in told] == [
        ("payment", 31.5, "gift_1"),
        ("payment", 31.5, "card_1"),
        ("refund", 31.5, "gift_1"),
        ("refund", 0.05, "paypal_1"),
    ]


def test_a_refund_that_failed_did_not_move() -> None:
    refunds = [{"payment_id": "W1-payment-1", "amount": 3150, "place": 1, "status": "failed"}]
    assert len(back(refunds=refunds)["payment_history"]) == 1


def test_an_address_without_a_second_line_has_an_empty_one() -> None:
    assert back()["address"]["address2"] == ""


# ---- what differs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 2), (1, True), (0, False), ("1", 1), (None, ""), ([1], [1, 1]), ({"a": 1}, {"a": 1, "b": None}), (0.1, 0.11)],
)
def test_two_values_that_differ_are_told_apart_both_ways(one: Any, other: Any) -> None:
    assert list(unequal({"x": [one]}, {"x": [other]}))
    assert list(unequal({"x": [other]}, {"x": [one]}))


def test_a_whole_number_is_equal_to_itself_as_a_float() -> None:
    assert (
        list(unequal({"amount": 1464.0, "of": {"b": 1, "a": [None]}}, {"of": {"a": [None], "b": 1}, "amount": 1464}))
        == []
    )


def changed_shop() -> tuple[Shop, Shop]:
    """The shop before, and with its first order's address changed."""
    before = an_export(an_order(), an_order(id="W2", number="#W2"))
    after = copy.deepcopy(before)
    after["orders"][0]["shipping_address"]["city"] = "Sparks"
    return Shop(before), Shop(after)


def test_a_change_is_right_only_where_it_is_expected_and_as_it_is_expected() -> None:
    before, after = changed_shop()
    expected = retail_back.restore(after.export)["orders"]
    assert list(differences(before, after, {"orders": {"#W1": expected["#W1"]}})) == []
    assert list(differences(before, after, {})) == [
        "orders #W1/shipping_address/city: 'Sparks', wanted 'Reno' (must not change)"
    ]
    assert list(differences(before, before, {"orders": {"#W1": expected["#W1"]}}))
    assert list(differences(before, after, {"orders": {"#W3": expected["#W1"]}}))
    assert list(differences(before, after, {"ghosts": {"#W1": expected["#W1"]}}))
    # What is expected and was so before is no difference.
    assert list(differences(before, after, {"orders": expected})) == []


def test_what_the_data_set_does_not_spell_must_not_change_either() -> None:
    before, _ = changed_shop()
    for place, name, value in (
        ("orders", "tags", ["late"]),
        ("customers", "locale", "fr"),
        ("orders", "email", "x@y.z"),
    ):
        export = copy.deepcopy(before.export)
        export[place][0][name] = value
        assert list(differences(before, Shop(export), {})), name
    export = copy.deepcopy(before.export) | {"settings": {"ceiling": False}}
    assert list(differences(before, Shop(export), {}))
    assert list(differences(before, Shop({**before.export, "orders": before.export["orders"][:1]}), {}))


def test_a_return_label_is_a_change_only_where_nothing_may_change() -> None:
    before, _ = changed_shop()
    after = Shop({**before.export, "labels": [{"id": "label"}]})
    assert list(differences(before, after, {})) == []
    assert list(untouched(before, after))


def test_what_was_changed_and_changed_back_is_a_change_only_where_nothing_may_change() -> None:
    before, _ = changed_shop()
    export = copy.deepcopy(before.export)
    export["orders"][0]["changes"] = [{**CHANGE, "kind": "change_address"}]
    assert list(differences(before, Shop(export), {})) == []
    assert list(untouched(before, Shop(export)))


# ---- what is sent -----------------------------------------------------------------------------------------------


def line(line_id: str, variant_id: str, quantity: int = 1) -> dict[str, Any]:
    return {"id": line_id, "variant_id": variant_id, "quantity": quantity}


@pytest.mark.parametrize(
    ("items", "lines"),
    [
        (["9", "5"], ["l1", "l2"]),
        (["9", "9"], ["l1", "l3"]),  # the same variant twice are two lines
        (["5", "5"], ["l2", "l2"]),  # one more than there are: the last again
        (["4"], ["4"]),  # not in the order: as it is
        (["6", "6"], ["l4", "l4"]),  # two of one line
        ([], []),
    ],
)
def test_items_are_named_by_the_lines_that_they_stand_on(items: list[str], lines: list[str]) -> None:
    order = [line("l1", "9"), line("l2", "5"), line("l3", "9"), line("l4", "6", 2)]
    assert calls.line_ids(items, order) == lines


def test_lists_of_unequal_length_stay_unequal() -> None:
    arguments = {"order_id": "#W1", "item_ids": ["9", "5"], "new_item_ids": ["8"], "payment_method_id": "card_1"}
    (call,) = calls.calls_of(
        Write("modify_pending_order_items", arguments, "mia_1"), [line("l1", "9"), line("l2", "5")]
    )
    assert call.body["lines"] == [{"line_id": "l1", "variant_id": "8"}, {"line_id": "l2"}]
    assert call.path == "/v1/orders/%23W1/items"


def test_who_acts_is_who_speaks_and_else_who_owns_it(tmp_path: Any) -> None:
    shop = {"orders": {"#W1": {"user_id": "owner"}}}
    write = {"name": "cancel_pending_order", "arguments": {"order_id": "#W1", "reason": "no longer needed"}}
    tasks = [{"id": str(place), "writes": [write], "user_ids": people} for place, people in enumerate(
        ([], ["owner"], ["other"], ["other", "owner"])
    )]  # fmt: skip
    path = tmp_path / "tasks.jsonl"
    for text in ("\n".join(map(json.dumps, tasks)), json.dumps(tasks)):
        path.write_text(text)
        assert [case.writes[0].actor for case in load_tasks(path, shop)] == ["owner", "owner", "other", "owner"]


def test_a_forbidden_attempt_takes_the_codes_and_the_status_of_the_file(tmp_path: Any) -> None:
    write = {"name": "cancel_pending_order", "arguments": {"order_id": "#W1", "reason": "x"}}
    row = {"id": "n", "acting_customer": {"user_id": "mia_1"}, "setup": [write], "action": write}
    forbidden = {**row, "accept_codes": ["a", "b"], "expected_http": 409, "db_must_be_unchanged": True}
    path = tmp_path / "negatives.json"
    path.write_text(json.dumps({"cases": [forbidden], "controls": [{**row, "id": "c", "expected": {"orders": {}}}]}))
    negative, control = load_negatives(path)
    assert (negative.writes[0].accepts, negative.writes[0].status, negative.unchanged) == (("a", "b"), 409, True)
    assert len(negative.setup) == 1
    assert (control.kind, len(control.writes), control.unchanged) == ("controls", 2, False)
