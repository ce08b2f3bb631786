"""Withdrawals over HTTP: two steps, no reason, one acknowledgement, and the clocks that run."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app import clock
from app.models.withdrawals import Withdrawal
from app.services import withdrawal_outcomes
from tests.services.durable_fixtures import one_database, until
from tests.services.test_returns_and_labels import SHOP, order
from tests.support.app import App, Tenant, running, sandbox
from tests.support.spread import KINDS


def delivered(number: int, status: str = "delivered") -> dict[str, Any]:
    """The same order with 4.90 paid for its delivery."""
    made = order(number, status)
    return made | {"shipping": 490, "payments": [made["payments"][0] | {"amount": 1990}]}


DOCUMENT = {
    **SHOP,
    "orders": [
        *SHOP["orders"],
        order(6, delivered_at="-13d"),
        order(7, delivered_at="-18d"),
        delivered(8),
        delivered(9, "processing"),
    ],
}


@pytest.fixture(scope="module", params=KINDS)
def app(request, databases, tmp_path_factory):
    with (
        one_database(request.param, databases, tmp_path_factory) as url,
        sandbox(tmp_path_factory.mktemp("sandbox") / "sandbox.db") as sandbox_url,
        running(url, sandbox_url, retry_seconds=(0.1, 0.1, 0.1, 0.1)) as served,
    ):
        yield served


@pytest.fixture
def store(app: App) -> Tenant:
    return app.store(DOCUMENT)


def declare(store: Tenant, number: int = 1, line: str | None = "a", quantity: int = 1, **headers: str) -> Any:
    body: dict[str, Any] = {"order": f"#{number}"}
    if line is not None:
        body["lines"] = [{"line_id": f"{line}-{number}", "quantity": quantity}]
    return store.post("/v1/withdrawals", body, **headers)


def confirm(store: Tenant, made: dict[str, Any], **headers: str) -> Any:
    return store.post(f"/v1/withdrawals/{made['id']}/confirm", {}, **{"Prefer": "wait=10", **headers})


def again(store: Tenant, made: dict[str, Any]) -> dict[str, Any]:
    return store.get(f"/v1/withdrawals/{made['id']}").json()


def mails(store: Tenant) -> list[dict[str, Any]]:
    return store.sandbox.get("/mail/v1/messages")["data"]


def kinds(store: Tenant, made: dict[str, Any]) -> list[str]:
    return [event["type"] for event in store.get(f"/v1/events?resource={made['id']}").json()["data"]]


def test_what_arrived_comes_back_whatever_the_return_policy_says(store):
    step = declare(store, line="b", Aftersale_Customer="cust-1")
    made = step.json()
    assert (step.status_code, made["status"], made["effects"][0]["kind"]) == (201, "requested", "return")
    assert made["confirmation"]["path"] == f"/v1/withdrawals/{made['id']}/confirm"
    assert (mails(store), store.get("/v1/returns").json()["data"]) == ([], []), "step one binds nobody"
    done = confirm(store, made, Aftersale_Customer="cust-1").json()
    assert (done["status"], done["acknowledgement"]["status"]) == ("confirmed", "succeeded")
    back = store.get(f"/v1/returns/{done['return']}").json()
    assert (back["status"], back["lines"][0]["quantity"]) == ("approved", 1)
    assert back["rma"] in done["acknowledgement"]["text"]
    assert "Voucher" in done["acknowledgement"]["text"]
    declared, due = (datetime.fromisoformat(done[name]) for name in ("declared_at", "refund_due_at"))
    assert due - declared == timedelta(days=14)
    assert len(mails(store)) == 1


def test_confirming_again_changes_nothing_and_mails_once(store):
    made = declare(store).json()
    first, second = confirm(store, made).json(), confirm(store, made).json()
    assert (first["return"], first["declared_at"]) == (second["return"], second["declared_at"])
    assert declare(store).json()["id"] == made["id"], "declared again it is the same withdrawal"
    assert (len(mails(store)), len(store.get("/v1/returns").json()["data"])) == (1, 1)


def test_what_has_not_shipped_is_canceled_and_paid_back(store):
    made = declare(store, 4, None).json()
    assert (made["effects"][0]["kind"], made["deadline_at"]) == ("cancel", None)
    confirm(store, made)
    done = until(lambda: (w := again(store, made))["status"] == "completed" and w)
    assert [row["amount"] for row in store.sandbox.effects("refund")] == [1500]
    assert store.get("/v1/orders/4").json()["status"] == "canceled"
    assert done["refund"] is not None
    assert {"withdrawal.confirmed", "withdrawal.acknowledged", "withdrawal.completed"} <= set(kinds(store, made))


def test_a_part_that_has_not_shipped_is_paid_back_without_coming_back(store):
    made = declare(store, 4, quantity=2).json()
    confirm(store, made)
    until(lambda: again(store, made)["status"] == "completed")
    assert [row["amount"] for row in store.sandbox.effects("refund")] == [666]


def come_back(store: Tenant, made: dict[str, Any]) -> list[int]:
    """Goods of a confirmed withdrawal arrive and are paid: all that was ever paid back, by effect."""
    back = f"/v1/returns/{confirm(store, made).json()['return']}"
    assert store.post(f"{back}/receive", {}).json()["status"] == "received"
    done = store.post(f"{back}/complete", {}, Prefer="wait=10").json()
    until(lambda: store.get(f"/v1/refunds/{done['refund']}").json()["status"] == "succeeded")
    return [row["amount"] for row in store.sandbox.effects("refund")]


def test_delivery_goes_back_once_with_all_of_what_arrived(store):
    made = declare(store, 8, None).json()
    assert come_back(store, made) == [1990]
    until(lambda: again(store, made)["status"] == "completed")
    rest = store.post("/v1/refunds", {"order": "#8", "shipping": True})
    assert (rest.status_code, rest.json()["code"]) == (422, "no_items")


def test_delivery_stays_paid_for_a_part_and_goes_back_with_the_last_one(store):
    assert come_back(store, declare(store, 8, quantity=2).json()) == [666]
    assert come_back(store, declare(store, 8, "b").json()) == [666, 500]
    assert come_back(store, declare(store, 8).json()) == [666, 500, 334 + 490]


def test_delivery_that_the_store_has_paid_back_elsewhere_is_not_paid_twice(store):
    made = declare(store, 8, None).json()
    store.sandbox.post("/sandbox/v1/outside-refunds", {"payment_id": "p-8", "amount": 490, "currency": "EUR"})
    assert come_back(store, made) == [1500]


def test_delivery_goes_back_with_what_is_not_sent_any_more(store):
    some = declare(store, 9, quantity=3).json()
    confirm(store, some)
    until(lambda: again(store, some)["status"] == "completed")
    confirm(store, rest := declare(store, 9, None).json())
    until(lambda: again(store, rest)["status"] == "completed")
    assert [row["amount"] for row in store.sandbox.effects("refund")] == [1000, 990]


def test_what_is_on_its_way_can_be_withdrawn_from(store):
    made = declare(store, 3).json()
    assert (made["effects"][0]["kind"], made["deadline_at"]) == ("return", None)
    assert confirm(store, made).json()["return"] is not None


def test_the_period_ends_with_its_last_day(store):
    made = declare(store, 6).json()
    ends = datetime.fromisoformat(made["deadline_at"]).astimezone(ZoneInfo("UTC"))
    assert (ends.hour, ends.minute, ends.second) == (23, 59, 59)
    late = declare(store, 7)
    assert (late.status_code, late.json()["code"]) == (409, "return_window_closed")


def test_a_lost_answer_of_the_mailbox_mails_once(store):
    store.sandbox.fault("mail", "error_after_effect")
    made = declare(store).json()
    confirm(store, made, Prefer="wait=0")
    until(lambda: again(store, made)["acknowledgement"]["status"] == "succeeded")
    assert len(mails(store)) == 1


def test_above_the_caps_it_is_binding_and_waits_for_a_person(app):
    caps = {"refund": 1000, "order": 1000, "customer": 1000, "day": 1000}
    store = app.store(DOCUMENT, policy={"caps": {"EUR": caps}})
    made = declare(store, 4, None, Aftersale_Customer="cust-1").json()
    done = confirm(store, made, Aftersale_Customer="cust-1").json()
    assert (done["status"], done["approval"]) == ("confirmed", {"status": "pending"})
    assert store.sandbox.effects("refund") == []
    assert confirm(store, made).json()["approval"] is None, "the store carries it out"
    until(lambda: again(store, made)["status"] == "completed")


def test_a_return_that_a_person_makes_of_it_later_is_told_by_a_mail_of_its_own(store):
    made = declare(store, 5, Aftersale_Customer="cust-1").json()
    assert confirm(store, made, Aftersale_Customer="cust-1").json()["approval"] == {"status": "pending"}
    back = confirm(store, made).json()["return"]
    until(lambda: len(mails(store)) == 2)
    assert [mail["key"] == f"{back}.started" for mail in mails(store)] == [False, True]


def test_money_that_is_late_is_told_once(app, store):
    made = declare(store).json()
    confirm(store, made)

    def late(session: Any) -> None:
        session.get_one(Withdrawal, made["id"]).refund_due_at = clock.now() - timedelta(seconds=1)

    app.write(late)
    app.write(withdrawal_outcomes.note_overdue)
    app.write(withdrawal_outcomes.note_overdue)
    assert kinds(store, made).count("withdrawal.refund_overdue") == 1
    assert again(store, made)["refund_overdue"] is True


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"order": "#1", "reason": "too big"}, 422, "validation_failed"),
        ({"order": "#1", "lines": []}, 422, "validation_failed"),
        ({"order": "#1", "lines": [{"line_id": "a-1", "quantity": 4}]}, 422, "item_not_in_order"),
        ({"order": "#1", "lines": [{"line_id": "a-2", "quantity": 1}]}, 422, "item_not_in_order"),
        ({"order": "#99"}, 404, "order_not_found"),
    ],
)
def test_rubbish_is_refused_and_leaves_nothing(store, body, status, code):
    answer = store.post("/v1/withdrawals", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert store.get("/v1/withdrawals").json()["data"] == []
