"""Withdrawals over HTTP: two steps, no reason, one acknowledgement, and the clocks that run."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app import clock
from app.models.approvals import Approval
from app.models.withdrawals import Withdrawal
from app.services import approvals, withdrawal_outcomes
from tests.http.test_approvals import change, obey, word
from tests.services.durable_fixtures import until
from tests.services.test_returns_and_labels import SHOP, order
from tests.support.app import App, Tenant


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


SETTINGS = {"retry_seconds": (0.1,) * 4}


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
    assert "What you have paid for these items goes back" in done["acknowledgement"]["text"], "a part of the order"
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
    assert "What you have paid goes back" in done["acknowledgement"]["text"], "all of it"
    assert {"withdrawal.confirmed", "withdrawal.acknowledged", "withdrawal.completed"} <= set(kinds(store, made))


def taken_out(store: Tenant, made: dict[str, Any]) -> None:
    """Confirmed, and a person has seen to it that what is paid back does not go out."""
    done = confirm(store, made).json()
    assert (done["status"], done["approval"]["status"], done["refund"]) == ("confirmed", "pending", None)
    paid = len(store.sandbox.effects("refund"))
    assert word(store, done["approval"]["id"]).json()["status"] == "approved"
    until(lambda: again(store, made)["status"] == "completed")
    assert len(store.sandbox.effects("refund")) == paid + 1


def test_a_part_that_has_not_shipped_is_paid_back_once_a_person_has_stopped_it(store):
    """Else it would be paid back and sent: the shop knows nothing of it."""
    made = declare(store, 4, quantity=2).json()
    taken_out(store, made)
    assert [row["amount"] for row in store.sandbox.effects("refund")] == [666]


def test_what_is_being_packed_is_not_paid_back_before_a_person_has_stopped_it(store):
    made = declare(store, 9, None, Aftersale_Customer="cust-1").json()
    done = confirm(store, made, Aftersale_Customer="cust-1").json()
    assert (done["status"], done["approval"]["status"], done["refund"]) == ("confirmed", "pending", None)
    assert done["declared_at"] is not None, "it is binding all the same"
    store.rest()
    assert store.sandbox.effects("refund") == []


def test_a_longer_return_window_does_not_lengthen_the_law_s(store):
    """The period of order 7 is over; what a person grants is a return under the policy, with its fees."""
    assert declare(store, 7).json()["code"] == "return_window_closed"
    far = (datetime.now(ZoneInfo("UTC")) + timedelta(days=30)).isoformat()
    granted = store.post("/v1/actions/extend_window", {"order": "#7", "until": far}, Aftersale_Actor="agent:kim")
    assert granted.status_code == 201, granted.text
    assert declare(store, 7).json()["code"] == "return_window_closed"


def test_the_law_s_period_is_never_shorter_than_when_it_was_bought(store):
    obey(store, {"withdrawal": {"days": 60}})
    assert declare(store, 7).status_code == 201
    obey(store, {"withdrawal": {"days": 14}})
    assert declare(store, 6, "b").status_code == 201
    made = store.get("/v1/withdrawals").json()["data"]
    assert all(row["deadline_at"] > clock.rfc3339(clock.now() + timedelta(days=30)) for row in made)


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
    taken_out(store, declare(store, 9, quantity=3).json())
    taken_out(store, declare(store, 9, None).json())
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


SMALL = {"caps": {"EUR": dict.fromkeys(("refund", "order", "customer", "day"), 1000)}}
MIA = {"Aftersale_Customer": "cust-1"}


def waiting(store: Tenant, number: int = 4, **headers: str) -> dict[str, Any]:
    """A binding withdrawal that a person has to carry out."""
    who = headers or MIA
    answer = confirm(store, declare(store, number, None, **who).json(), **who)
    assert (answer.status_code, answer.json()["status"]) == (202, "confirmed"), answer.text
    assert answer.json()["approval"]["status"] == "pending"
    return answer.json()


def question(store: Tenant, made: dict[str, Any]) -> dict[str, Any]:
    return store.get(f"/v1/approvals/{again(store, made)['approval']['id']}").json()


def test_above_the_caps_it_is_binding_and_waits_for_a_person(app):
    store = app.store(DOCUMENT, policy=SMALL)
    made = waiting(store)
    assert store.sandbox.effects("refund") == []
    [listed] = store.get("/v1/approvals?status=pending&action=confirm_withdrawal&order=4").json()["data"]
    assert (listed["id"], listed["subject"]) == (made["approval"]["id"], {"type": "withdrawal", "id": made["id"]})
    assert (listed["reasons"] != [], store.get(f"/v1/decisions/{listed['decision_id']}").status_code) == (True, 200)
    assert confirm(store, made).json()["approval"]["status"] == "approved", "the store carries it out"
    until(lambda: again(store, made)["status"] == "completed")


def test_a_yes_among_the_approvals_carries_it_out_once(app):
    store = app.store(DOCUMENT, policy=SMALL)
    made = waiting(store)
    done = word(store, made["approval"]["id"]).json()
    assert (done["status"], done["result"]) == ("approved", {"type": "withdrawal", "id": made["id"]})
    until(lambda: again(store, made)["status"] == "completed")
    assert word(store, made["approval"]["id"]).json()["code"] == "approval_not_pending"
    assert (len(store.sandbox.effects("cancel")), len(store.sandbox.effects("refund"))) == (1, 1)


def test_what_has_waited_since_before_there_was_a_question_is_carried_out_all_the_same(app):
    store = app.store(DOCUMENT, policy=SMALL)
    made = waiting(store)
    app.write(lambda session: session.delete(session.get_one(Approval, made["approval"]["id"])))
    assert confirm(store, made, Aftersale_Actor="agent:kim").json()["approval"]["status"] == "approved"
    until(lambda: again(store, made)["status"] == "completed")


def test_above_an_amount_two_persons_carry_it_out_and_nobody_their_own(store):
    obey(store, {"two_persons_above": {"EUR": 1000}})
    made = waiting(store, Aftersale_Actor="agent:ann")
    by_route = confirm(store, made, Aftersale_Actor="agent:ann")
    for answer in (by_route, word(store, made["approval"]["id"], by="ann")):
        assert (answer.status_code, answer.json()["code"]) == (403, "self_approval")
    assert confirm(store, made).json()["code"] == "actor_required"
    assert confirm(store, made, Aftersale_Actor="agent:kim").status_code == 202
    assert confirm(store, made, Aftersale_Actor="agent:kim").json()["code"] == "already_approved"
    assert store.sandbox.effects("cancel") == []
    assert word(store, made["approval"]["id"], by="lee").json()["status"] == "approved"
    until(lambda: again(store, made)["status"] == "completed")


def test_nobody_s_silence_ends_a_binding_withdrawal_and_a_person_s_no_does(app):
    store = app.store(DOCUMENT, policy=SMALL)
    made = waiting(store)
    change(app, made["approval"]["id"], expires_at=clock.now() - timedelta(seconds=1))
    app.write(approvals.tend)
    asked = question(store, made)
    assert (again(store, made)["status"], asked["status"], asked["id"] != made["approval"]["id"]) == (
        "confirmed",
        "pending",
        True,
    )
    assert word(store, asked["id"], "reject").json()["status"] == "rejected"
    ended = again(store, made)
    assert (ended["status"], ended["approval"]["status"]) == ("canceled", "rejected")
    assert kinds(store, made).count("withdrawal.canceled") == 1
    assert declare(store, 4, None).json()["id"] != made["id"], "it may be declared again"


def test_what_today_s_facts_refuse_at_the_yes_is_asked_anew(app):
    store = app.store(DOCUMENT, policy=SMALL)
    made = waiting(store)
    paid = store.post("/v1/refunds", {"order": "#4", "lines": [{"line_id": "b-4", "quantity": 1}]}, Prefer="wait=10")
    assert paid.status_code == 201
    obey(store, {"rules": [{"id": "no-cancel", "actions": ["cancel"], "outcome": "refuse", "code": "limit_reached"}]})
    refused = confirm(store, made)
    assert (refused.status_code, refused.json()["code"]) == (409, "limit_reached")
    assert question(store, made)["id"] == made["approval"]["id"], "a refused write changes nothing"
    done = word(store, made["approval"]["id"]).json()
    assert (done["status"], done["code"]) == ("refused", "limit_reached")
    assert (question(store, made)["status"], len(store.sandbox.effects("refund"))) == ("pending", 1)
    obey(store, {})
    assert word(store, question(store, made)["id"]).json()["status"] == "approved"
    until(lambda: again(store, made)["status"] == "completed")
    amounts = [row["amount"] for row in store.sandbox.effects("refund")]
    assert amounts == [500, 1000], "what was paid back meanwhile is not paid again"


def test_a_cancellation_that_the_shop_refuses_is_asked_about(store):
    store.sandbox.fault("cancel", "refuse", code="order_not_pending", status=409)
    made = declare(store, 4, None, **MIA).json()
    confirm(store, made, **MIA)
    until(lambda: again(store, made)["approval"])
    assert question(store, made)["requested_by"]["type"] == "automation"
    assert word(store, question(store, made)["id"]).json()["status"] == "approved"
    until(lambda: again(store, made)["status"] == "completed")


def test_a_return_that_a_person_makes_of_it_later_is_told_by_a_mail_of_its_own(store):
    back = confirm(store, waiting(store, 5)).json()["return"]
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
