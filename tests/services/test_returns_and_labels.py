"""Returns and their labels over HTTP: what may come back, in which order, with one label at a time."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from tests.http.test_approvals import obey, word
from tests.services.durable_fixtures import ADDRESS, until
from tests.support.app import App, Tenant

PARCEL = {"weight_grams": 900, "length_mm": 300, "width_mm": 200, "height_mm": 100}


def order(number: int, status: str = "delivered", delivered_at: str | None = "-2d") -> dict[str, Any]:
    """Two lines: three for 10.00, and one sold without a right to return."""
    done = status in {"delivered", "shipped"}
    return {
        "id": f"o-{number}",
        "number": f"#{number}",
        "customer_id": "cust-1",
        "status": status,
        "placed_at": "-60d",
        **({"delivered_at": delivered_at} if status == "delivered" and delivered_at else {}),
        "currency": "EUR",
        "prices_include_tax": True,
        "shipping_address": {**ADDRESS, "name": "Mia Brandt"},
        "lines": [
            {
                "id": f"a-{number}",
                "title": "Mug",
                "quantity": 3,
                "unit_price": 334,
                "discount": 2,
                "total": 1000,
                "fulfilled_quantity": 3 if done else 0,
            },
            {
                "id": f"b-{number}",
                "title": "Voucher",
                "quantity": 1,
                "unit_price": 500,
                "total": 500,
                "fulfilled_quantity": 1 if done else 0,
                "final_sale": True,
            },
        ],
        "payments": [{"id": f"p-{number}", "kind": "card", "label": "Visa", "amount": 1500}],
    }


def of_two(number: int) -> dict[str, Any]:
    """Mugs and a spoon for 1.00 more, paid by a gift card and a card."""
    made = order(number)
    spoon = {"id": f"c-{number}", "title": "Spoon", "quantity": 1, "unit_price": 100, "total": 100}
    made["lines"].append({**spoon, "fulfilled_quantity": 1})
    gift = {"id": f"g-{number}", "kind": "gift_card", "label": "Gift", "payment_method_id": "pm-gift", "amount": 600}
    made["payments"] = [gift, {**made["payments"][0], "amount": 1000}]
    return made


SHOP: dict[str, Any] = {
    "relative_to_now": True,
    "customers": [{"id": "cust-1", "email": "mia@example.com"}],
    "orders": [
        order(1),
        order(2, delivered_at="-40d"),
        order(3, "shipped"),
        order(4, "pending"),
        order(5, delivered_at=None),
    ],
}


SETTINGS = {"retry_seconds": (0.1,) * 4}


@pytest.fixture
def store(app: App) -> Tenant:
    return app.store(SHOP)


@pytest.fixture
def mixed(app: App) -> Tenant:
    """A store whose customer has paid order #6 by a gift card and a card."""
    gift = {"id": "pm-gift", "kind": "gift_card", "label": "Gift", "balance": 0, "currency": "EUR"}
    customer = {**SHOP["customers"][0], "payment_methods": [gift]}
    return app.store({**SHOP, "customers": [customer], "orders": [of_two(6)]})


def send_back(store: Tenant, number: int = 1, quantity: int = 1, line: str = "a", **headers: str) -> Any:
    body = {"order": f"#{number}", "lines": [{"line_id": f"{line}-{number}", "quantity": quantity}]}
    return store.post("/v1/returns", body, **headers)


def put_in_force(store: Tenant, document: dict[str, Any]) -> None:
    made = store.post("/v1/policies", {"document": document}).json()
    assert store.post(f"/v1/policies/{made['id']}/activate").status_code == 200


def change(store: Tenant, made: dict[str, Any], verb: str, body: Any = None) -> Any:
    return store.post(f"/v1/returns/{made['id']}/{verb}", body or {}, Prefer="wait=10")


def label_for(store: Tenant, made: dict[str, Any], wait: int = 10, **body: Any) -> Any:
    return store.post("/v1/return-labels", {"return_id": made["id"], **body}, Prefer=f"wait={wait}")


def settled(store: Tenant, label: dict[str, Any]) -> dict[str, Any]:
    path = f"/v1/return-labels/{label['id']}"
    open_words = {"pending", "unknown", "voiding"}
    return until(lambda: (found := store.get(path).json())["status"] not in open_words and found, 15)


# ---- what may come back ---------------------------------------------------------------------------------------------


def test_a_return_goes_its_way_and_what_arrived_is_paid_back(store):
    made = send_back(store, quantity=3).json()
    assert (made["status"], made["approved_at"] is not None) == ("approved", True)
    assert made["rma"].startswith("RMA-")
    label = label_for(store, made).json()
    assert (label["status"], label["rma"]) == ("active", made["rma"])
    assert store.get(f"/v1/returns/{made['id']}").json()["status"] == "label_issued"
    received = change(store, made, "receive", {"lines": [{"line_id": made["lines"][0]["line_id"], "quantity": 2}]})
    assert (received.json()["status"], received.json()["lines"][0]["received_quantity"]) == ("received", 2)
    condition = {"lines": [{"line_id": made["lines"][0]["line_id"], "condition": "as_described"}]}
    inspected = change(store, made, "inspect", condition).json()
    assert (inspected["status"], inspected["lines"][0]["condition"]) == ("inspected", "as_described")
    done = change(store, made, "complete", {"refund": True}).json()
    assert done["status"] == "completed"
    refund = until(lambda: (f := store.get(f"/v1/refunds/{done['refund']}").json())["status"] == "succeeded" and f)
    assert (refund["amount"]["amount"], refund["return"]) == (666, made["id"]), "two of three for 10.00"
    assert [row["amount"] for row in store.sandbox.effects("refund")] == [666]
    kinds = [event["type"] for event in store.get(f"/v1/events?resource={made['id']}").json()["data"]]
    assert kinds == [f"return.{word}" for word in KINDS]


def test_what_arrived_is_counted_by_the_shop_s_own_line_ids_too(store):
    made = send_back(store, quantity=3).json()
    received = change(store, made, "receive", {"lines": [{"line_id": "a-1", "quantity": 1}]}).json()
    assert received["lines"][0]["received_quantity"] == 1
    inspected = change(store, made, "inspect", {"lines": [{"line_id": "a-1", "condition": "damaged"}]}).json()
    assert inspected["lines"][0]["condition"] == "damaged"


def test_a_line_that_is_named_twice_by_two_ids_is_refused(store):
    made = send_back(store, quantity=3).json()
    ours = made["lines"][0]["line_id"]
    twice = {"lines": [{"line_id": "a-1", "quantity": 1}, {"line_id": ours, "quantity": 1}]}
    assert change(store, made, "receive", twice).json()["code"] == "validation_failed"
    assert change(store, made, "receive", {"lines": [{"line_id": "b-1", "quantity": 1}]}).status_code == 422
    assert store.get(f"/v1/returns/{made['id']}").json()["status"] == "approved"


def test_a_store_that_lists_its_reasons_still_pays_returns_back(app):
    store = app.store(SHOP, policy={"return_window_days": 30, "reasons": ["too small"]})
    made = send_back(store, quantity=1).json()
    change(store, made, "receive")
    done = change(store, made, "complete")
    assert (done.status_code, done.json()["status"]) == (200, "completed")
    assert done.json()["refund"].startswith("rfd_")


KINDS = ("requested", "approved", "label_issued", "received", "inspected", "completed")


def test_a_return_may_end_without_money(store):
    made = send_back(store).json()
    change(store, made, "receive")
    done = change(store, made, "complete", {"refund": False}).json()
    assert (done["status"], done["refund"]) == ("completed", None)
    assert store.sandbox.effects("refund") == []


def paid_for(store: Tenant, made: dict[str, Any], *counts: tuple[str, int]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The return completed with what has arrived (all of it where nothing is named), and its first refund, settled."""
    lines = [{"line_id": line, "quantity": quantity} for line, quantity in counts]
    assert change(store, made, "receive", {"lines": lines}).status_code == 200
    done = change(store, made, "complete")
    assert done.status_code in {200, 202}, done.text
    path = f"/v1/refunds/{done.json()['refund']}"
    return done.json(), until(lambda: (f := store.get(path).json())["status"] == "succeeded" and f, 15)


def test_what_the_chosen_method_did_not_pay_is_paid_out_to_it(mixed):
    to = {"type": "payment_method", "payment_method_id": "pm-gift"}
    body = {"order": "#6", "lines": [{"line_id": "a-6", "quantity": 3}], "destination": to}
    made = mixed.post("/v1/returns", body, Aftersale_Customer="cust-1").json()
    refund = paid_for(mixed, made)[1]
    assert [row["amount"]["amount"] for row in refund["allocations"]] == [600, 400]
    assert [row["amount"] for row in mixed.sandbox.effects("refund")] == [600]
    assert [row["amount"] for row in mixed.sandbox.effects("payout")] == [400]


def test_of_a_part_that_comes_back_its_share_and_what_is_fixed_are_kept_back(mixed):
    put_in_force(mixed, {"fees": [{"id": "restocking", "percent": 10, "fixed": {"EUR": 50}}]})
    lines = [{"line_id": "a-6", "quantity": 3}, {"line_id": "c-6", "quantity": 1}]
    made = mixed.post("/v1/returns", {"order": "#6", "lines": lines}).json()
    assert made["fee"]["amount"] == 150 + 60
    refund = paid_for(mixed, made, ("a-6", 2))[1]
    assert refund["breakdown"]["fee"]["amount"] == 66 + 50, "the spoon has not come back"
    assert refund["amount"]["amount"] == 666 - 116


def test_a_label_that_the_shopper_pays_is_kept_back_of_what_is_paid_whatever_it_is_paid_as(mixed):
    put_in_force(mixed, {"label": {"payer": "shopper"}})
    lines = [{"line_id": "a-6", "quantity": 3, "resolution": "store_credit"}, {"line_id": "c-6", "quantity": 1}]
    made = mixed.post("/v1/returns", {"order": "#6", "lines": lines}).json()
    cost = label_for(mixed, made).json()["cost"]["amount"]
    assert (made["label_payer"], cost > 100) == ("shopper", True)
    done, credit = paid_for(mixed, made)
    assert done["credit_refund"] is None, "the label has taken all that the spoon was worth"
    assert credit["destination"]["type"] == "store_credit"
    assert (credit["amount"]["amount"], credit["breakdown"]["fee"]["amount"]) == (1100 - cost, cost - 100)


@pytest.mark.parametrize(
    ("number", "line", "quantity", "status", "code"),
    [
        (1, "b", 1, 409, "item_not_returnable"),
        (1, "a", 4, 422, "item_not_in_order"),
        (1, "z", 1, 422, "item_not_in_order"),
        (2, "a", 1, 409, "return_window_closed"),
        (3, "a", 1, 409, "order_not_delivered"),
        (4, "a", 1, 409, "order_not_delivered"),
    ],
)
def test_what_may_not_come_back_is_refused_and_leaves_nothing(store, number, line, quantity, status, code):
    answer = send_back(store, number, quantity, line)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert store.get("/v1/returns").json()["data"] == []


def test_nobody_returns_the_same_item_twice(store):
    first = send_back(store, quantity=2).json()
    assert send_back(store, quantity=2).json()["code"] == "already_returned"
    assert send_back(store, quantity=1).status_code == 201
    assert send_back(store, quantity=1).json()["code"] == "already_returned"
    assert change(store, first, "cancel").json()["status"] == "canceled"
    assert send_back(store, quantity=2).status_code == 201, "what was canceled is free again"


def test_what_was_refunded_without_coming_back_does_not_come_back(store):
    body = {"order": "#1", "lines": [{"line_id": "a-1", "quantity": 2}]}
    assert store.post("/v1/refunds", body, Prefer="wait=10").status_code == 201
    assert send_back(store, quantity=2).json()["code"] == "already_returned"
    assert send_back(store, quantity=1).status_code == 201


def test_a_delivery_day_that_nobody_knows_waits_for_a_person(store):
    answer = send_back(store, 5, Aftersale_Customer="cust-1")
    assert (answer.status_code, answer.json()["status"]) == (202, "awaiting_approval")
    made = answer.json()
    assert made["approval"]["status"] == "pending"
    assert label_for(store, made).json()["code"] == "return_not_in_state"
    assert change(store, made, "approve").json()["status"] == "approved"
    declined = send_back(store, 5, Aftersale_Customer="cust-1").json()
    assert change(store, declined, "decline", {"reason": "worn"}).json()["status"] == "declined"


@pytest.mark.parametrize("verb", ["inspect", "complete", "approve", "decline"])
def test_a_state_is_not_skipped(store, verb):
    made = send_back(store).json()
    if verb == "complete":
        assert change(store, made, "receive").status_code == 200
        assert change(store, made, "complete").status_code == 200
    answer = change(store, made, verb)
    assert (answer.status_code, answer.json()["code"]) == (409, "return_not_in_state")


def test_more_than_was_sent_cannot_arrive(store):
    made = send_back(store, quantity=1).json()
    body = {"lines": [{"line_id": made["lines"][0]["line_id"], "quantity": 2}]}
    assert change(store, made, "receive", body).json()["code"] == "item_not_in_order"


def test_a_shopper_cancels_their_own_return_and_nothing_else(store):
    made = send_back(store, Aftersale_Customer="cust-1").json()
    for verb in ("approve", "receive", "inspect", "complete", "decline"):
        answer = store.post(f"/v1/returns/{made['id']}/{verb}", {}, Aftersale_Customer="cust-1")
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    answer = store.post(f"/v1/returns/{made['id']}/cancel", {}, Aftersale_Customer="cust-1")
    assert answer.json()["status"] == "canceled"


# ---- goods that stay with the shopper -------------------------------------------------------------------------------


def kept(store: Tenant, **headers: str) -> Any:
    line = {"line_id": "a-1", "quantity": 1}
    return store.post("/v1/returns", {"order": "#1", "lines": [line], "method": "keep"}, **headers)


def test_a_shopper_keeps_nothing_that_the_policy_does_not_leave_with_them(store):
    refused = kept(store, Aftersale_Customer="cust-1")
    assert (refused.status_code, refused.json()["code"]) == (422, "refund_method_not_allowed")
    decided = store.get(f"/v1/decisions/{refused.json()['decision_id']}").json()
    assert (decided["rules"], decided["facts"]["method"]) == (["keep_items"], "keep")
    assert store.get("/v1/returns").json()["data"] == []


@pytest.mark.parametrize("who", ["shopper", "store"])
def test_goods_that_stay_are_neither_expected_nor_given_a_label_and_are_paid(store, who):
    """By the policy for a shopper, by the store's own word without one."""
    if who == "shopper":
        put_in_force(store, {"keep_items": {"below": {"EUR": 400}}})
    headers = {"Aftersale_Customer": "cust-1"} if who == "shopper" else {}
    made = kept(store, **headers).json()
    assert (made["status"], made["method"], made["operation"]) == ("approved", "keep", None)
    assert label_for(store, made).json()["code"] == "return_not_in_state"
    done = change(store, made, "complete").json()
    refund = until(lambda: (f := store.get(f"/v1/refunds/{done['refund']}").json())["status"] == "succeeded" and f)
    assert refund["amount"]["amount"] == 333
    assert store.sandbox.effects("label") == store.sandbox.effects("open_return") == []


@pytest.mark.parametrize("completed", [False, True])
def test_what_is_too_dear_to_be_kept_is_not_kept_in_parts(store, completed):
    """Three mugs are worth 10.00; what was let keep counts as long as its return stands, paid or not."""
    put_in_force(store, {"keep_items": {"below": {"EUR": 1000}}})
    told = []
    for _ in range(3):
        made = send_back(store, quantity=1, Aftersale_Customer="cust-1").json()
        told.append((made["status"], made["method"]))
        if completed and made["method"] == "keep":
            assert change(store, made, "complete").json()["status"] == "completed"
            store.rest()
    assert told == [("approved", "keep"), ("approved", "keep"), ("approved", "label")]
    assert send_back(store, quantity=1, Aftersale_Customer="cust-1").json()["code"] == "already_returned"


def test_what_was_let_keep_and_is_canceled_no_longer_counts(store):
    put_in_force(store, {"keep_items": {"below": {"EUR": 700}}})
    first = send_back(store, quantity=2, Aftersale_Customer="cust-1").json()
    assert first["method"] == "keep"
    assert change(store, first, "cancel").json()["status"] == "canceled"
    assert send_back(store, quantity=2, Aftersale_Customer="cust-1").json()["method"] == "keep"
    refused = kept(store, Aftersale_Customer="cust-1")
    assert (refused.status_code, refused.json()["code"]) == (422, "refund_method_not_allowed")


def test_a_person_s_yes_does_not_count_the_return_that_it_is_about_among_what_was_let_keep(store):
    put_in_force(store, {"auto_approve": {"return": False}, "keep_items": {"below": {"EUR": 1000}}})
    made = send_back(store, quantity=2, Aftersale_Customer="cust-1").json()
    assert (made["status"], made["method"]) == ("awaiting_approval", "keep")
    assert change(store, made, "approve").json()["method"] == "keep"


def test_a_return_that_the_policy_no_longer_leaves_with_the_shopper_comes_back_after_all(store):
    put_in_force(store, {"auto_approve": {"return": False}, "keep_items": {"below": {"EUR": 400}}})
    made = send_back(store, Aftersale_Customer="cust-1").json()
    assert (made["status"], made["method"]) == ("awaiting_approval", "keep")
    put_in_force(store, {"auto_approve": {"return": False}})
    approved = change(store, made, "approve").json()
    assert (approved["status"], approved["method"]) == ("approved", "label")


# ---- labels ---------------------------------------------------------------------------------------------------------


def test_one_label_at_a_time_and_a_new_one_after_a_void(store):
    made = send_back(store).json()
    first = label_for(store, made, parcel=PARCEL).json()
    assert first["cost"]["amount"] > 0
    again = label_for(store, made)
    assert (again.status_code, again.json()["code"]) == (409, "label_exists")
    assert change(store, made, "cancel").json()["code"] == "return_not_in_state", "its label stands"
    voided = store.send("DELETE", f"/v1/return-labels/{first['id']}", Prefer="wait=10")
    assert (voided.status_code, voided.json()["status"]) == (200, "voided")
    assert store.get(f"/v1/returns/{made['id']}").json()["status"] == "approved"
    assert store.get(f"/v1/return-labels/{first['id']}").json()["file"] is None
    second = label_for(store, made).json()
    assert (second["status"], second["tracking_number"] != first["tracking_number"]) == ("active", True)
    assert len(store.sandbox.effects("label")) == 2
    assert len(store.sandbox.effects("label_void")) == 1


def test_six_requests_at_once_buy_one_label(store):
    made = send_back(store).json()
    with ThreadPoolExecutor(6) as pool:
        codes = sorted(answer.status_code for answer in pool.map(lambda _: label_for(store, made), range(6)))
    assert codes == [201] + [409] * 5
    assert len(store.sandbox.effects("label")) == 1


def test_a_label_that_the_carrier_refuses_frees_the_return_for_another(store):
    made = send_back(store).json()
    store.sandbox.fault("label", "refuse", code="parcel_too_heavy", status=422)
    failed = label_for(store, made).json()
    assert (failed["status"], failed["failure_code"], failed["file"]) == ("failed", "parcel_too_heavy", None)
    assert label_for(store, made).json()["status"] == "active"
    assert len(store.sandbox.effects("label")) == 1


@pytest.mark.parametrize("fault", ["timeout_after_effect", "error_after_effect", "reset", "malformed"])
def test_a_lost_answer_of_the_carrier_buys_nothing_twice(store, fault):
    made = send_back(store).json()
    store.sandbox.fault("label", fault, **({"delay_ms": 2500} if fault.startswith("timeout") else {}))
    label = settled(store, label_for(store, made, wait=0).json())
    assert label["status"] == "active"
    (bought,) = store.sandbox.effects("label")
    assert bought["reference"] == label["operation"]["key"] or bought["subject"]


def test_a_void_whose_answer_was_lost_ends_voided(store):
    made = send_back(store).json()
    label = label_for(store, made).json()
    store.sandbox.fault("label_void", "error_after_effect")
    store.send("DELETE", f"/v1/return-labels/{label['id']}", Prefer="wait=0")
    assert settled(store, label)["status"] == "voided"


def test_a_label_that_was_used_cannot_be_voided(store):
    made = send_back(store).json()
    label = label_for(store, made).json()
    scan = {"tracking_number": label["tracking_number"], "word": "PICKED_UP"}
    store.sandbox.post("/sandbox/v1/scans", scan)
    store.send("DELETE", f"/v1/return-labels/{label['id']}", Prefer="wait=0")
    shown = settled(store, label)
    assert (shown["status"], shown["failure_code"]) == ("active", "label_used")
    assert store.get(f"/v1/returns/{made['id']}").json()["status"] == "label_issued"


@pytest.mark.parametrize("form", ["pdf", "png"])
def test_the_bytes_of_a_label_are_read_by_a_scanner(store, form):
    made = send_back(store).json()
    label = label_for(store, made, format=form, qr=True, parcel=PARCEL).json()
    answer = store.get(label["file"])
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (
        200,
        {"pdf": "application/pdf", "png": "image/png"}[form],
    )
    picture = (
        Image.open(io.BytesIO(answer.content))
        if form == "png"
        else pypdfium2.PdfDocument(answer.content)[0].render(scale=300 / 72).to_pil()
    )
    read = {code.text for code in zxingcpp.read_barcodes(picture)}
    assert label["tracking_number"] in read
    assert len(read) >= 1
    store.sandbox.fault("file", "error_after_effect", rate=1)
    assert store.get(label["file"]).content == answer.content, "kept, so that the carrier is asked once"


def test_a_label_that_two_download_for_the_first_time_is_given_to_both(store):
    """On PostgreSQL the other one has written the file, and not committed yet, when this one wants to keep it."""
    label = label_for(store, send_back(store).json()).json()
    if store.app.settings.embedded:  # one writer: they come one after the other
        assert [store.get(label["file"]).status_code for _ in range(2)] == [200, 200]
        return
    with psycopg.connect(store.app.settings.database) as rival, ThreadPoolExecutor(1) as pool:
        kept = "INSERT INTO return_label_files (label_id, format, content) VALUES (%s, 'pdf', 'theirs')"
        rival.execute(kept, (label["id"],))
        answer = pool.submit(store.get, label["file"])
        waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        until(lambda: answer.done() or rival.execute(waiting).fetchone())
        rival.commit()
        assert answer.result().status_code == 200
    assert store.get(label["file"]).content == b"theirs"


def test_lines_of_an_order_get_a_return_and_its_label_in_one_step(store):
    body = {"order": "#1", "lines": [{"line_id": "a-1", "quantity": 1}]}
    answer = store.post("/v1/return-labels", body, Prefer="wait=10")
    assert (answer.status_code, answer.json()["status"]) == (201, "active")
    assert store.get(f"/v1/returns/{answer.json()['return_id']}").json()["status"] == "label_issued"
    refused = store.post("/v1/return-labels", {"order": "#2", "lines": [{"line_id": "a-2", "quantity": 1}]})
    assert refused.json()["code"] == "return_window_closed"
    assert len(store.get("/v1/returns").json()["data"]) == 1


def test_a_label_with_its_return_waits_for_a_person_where_the_return_does(store):
    obey(store, {"auto_approve": {"return": False}})
    body = {"order": "#1", "lines": [{"line_id": "a-1", "quantity": 1}]}
    asked = store.post("/v1/return-labels", body, Aftersale_Customer="cust-1")
    assert asked.status_code == 202, asked.text
    approval = asked.json()["approval"]["id"]
    assert (store.get("/v1/returns").json()["data"], store.sandbox.effects("label")) == ([], [])
    done = word(store, approval).json()
    assert (done["status"], done["result"]["type"]) == ("approved", "label")
    store.rest()
    [made] = store.get("/v1/returns").json()["data"]
    assert made["status"] == "label_issued"
    assert len(store.sandbox.effects("label")) == 1
    assert word(store, approval).json()["code"] == "approval_not_pending"
