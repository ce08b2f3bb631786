"""Chores beside the requests: one that fails keeps none of the others, and what nobody has sent ends by the clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from app import clock
from app.models.returns import Return
from app.models.stores import Store
from app.services import approvals, jobs, return_expiry, return_overdue
from tests.http.test_approvals import ANNA, change, kinds, obey
from tests.services.durable_fixtures import until
from tests.support.app import App, Tenant


def test_a_chore_that_fails_leaves_the_next_one_its_turn(app: App) -> None:
    done: list[Store | None] = []

    def broken(session):
        session.add(Store(id="sto_half", name="never"))
        session.flush()
        raise RuntimeError("one bad row")

    for chore in (broken, lambda session: done.append(session.get(Store, "sto_half"))):
        app.wait(jobs.tidy(app.runtime, chore))
    assert done == [None], "the second had its turn, and of the first nothing stayed"


# ---- returns whose goods were never sent -----------------------------------------------------------------------


def back(store: Tenant, quantity: int = 1) -> dict[str, Any]:
    lines = [{"line_id": "ln-1001-1", "quantity": quantity}]
    made = store.post("/v1/returns", {"order": "#1001", "lines": lines}, Prefer="wait=10")
    assert made.status_code == 201, made.text
    return made.json()


def label_of(store: Tenant, made: dict[str, Any]) -> dict[str, Any]:
    return store.post("/v1/return-labels", {"return_id": made["id"]}, Prefer="wait=10").json()


def verb(store: Tenant, made: dict[str, Any], word: str) -> Any:
    return store.post(f"/v1/returns/{made['id']}/{word}", {}, Prefer="wait=10")


def now(store: Tenant, made: dict[str, Any]) -> dict[str, Any]:
    return store.get(f"/v1/returns/{made['id']}").json()


def pass_time(app: App, made: dict[str, Any]) -> None:
    """Its goods are not waited for any longer, and the chores have their turn."""

    def late(session: Any) -> None:
        session.get_one(Return, made["id"]).expires_at = clock.now() - timedelta(seconds=1)

    app.write(late)
    app.write(return_expiry.tend)


def days_left(made: dict[str, Any]) -> int:
    return round((datetime.fromisoformat(made["expires_at"]) - clock.now()) / timedelta(days=1))


def test_a_return_that_was_never_sent_expires_and_its_items_are_free_again(app: App, store: Tenant) -> None:
    made = back(store)
    assert days_left(made) == 30
    app.write(return_expiry.tend)
    assert now(store, made)["status"] == "approved", "not before its day"
    pass_time(app, made)
    assert (now(store, made)["status"], now(store, made)["expires_at"]) == ("expired", None)
    assert kinds(store, made["id"])[-1] == "return.expired"
    store.rest()
    assert len(store.sandbox.effects("close_return")) == 1, "the shop does not wait for it either"
    assert back(store)["status"] == "approved"


def test_a_late_parcel_of_an_expired_return_is_received_and_paid_once(app: App, store: Tenant) -> None:
    made = back(store)
    pass_time(app, made)
    assert verb(store, made, "receive").json()["status"] == "received"
    assert verb(store, made, "complete").json()["status"] == "completed"
    store.rest()
    assert len(store.sandbox.effects("refund")) == 1


def test_a_late_parcel_whose_items_are_in_another_return_belongs_to_that(app: App, store: Tenant) -> None:
    made = back(store)
    pass_time(app, made)
    assert verb(store, back(store), "receive").status_code == 200
    answer = verb(store, made, "receive")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_returned")
    assert now(store, made)["status"] == "expired"


def test_what_nobody_said_yes_to_is_not_received_once_its_question_has_expired(app: App, store: Tenant) -> None:
    obey(store, {"auto_approve": {"return": False}})
    lines = [{"line_id": "ln-1001-1", "quantity": 1}]
    made = store.post("/v1/returns", {"order": "#1001", "lines": lines}, **ANNA).json()
    change(app, made["approval"]["id"], expires_at=clock.now() - timedelta(seconds=1))
    app.write(approvals.tend)
    assert now(store, made)["status"] == "expired"
    assert verb(store, made, "receive").json()["code"] == "return_not_in_state"


def test_a_label_that_was_not_used_is_voided_before_its_return_expires(app: App, store: Tenant) -> None:
    obey(store, {"return_expires_after_days": 10})
    made = back(store)
    label = label_of(store, made)
    assert (label["status"], days_left(now(store, made))) == ("active", 10)
    pass_time(app, made)
    until(lambda: store.get(f"/v1/return-labels/{label['id']}").json()["status"] == "voided")
    app.write(return_expiry.tend)
    assert now(store, made)["status"] == "expired"
    assert len(store.sandbox.effects("label_void")) == 1


def test_a_return_whose_label_was_used_is_on_its_way_and_does_not_expire(app: App, store: Tenant) -> None:
    made = back(store)
    label = label_of(store, made)
    scan = {"tracking_number": label["tracking_number"], "word": "PICKED_UP"}
    store.sandbox.post("/sandbox/v1/scans", scan)
    pass_time(app, made)
    store.rest()
    app.write(return_expiry.tend)
    shown = now(store, made)
    assert (shown["status"], shown["label"], shown["expires_at"]) == ("label_issued", label["id"], None)


def test_a_store_may_wait_for_ever(store: Tenant) -> None:
    obey(store, {"return_expires_after_days": None})
    assert back(store)["expires_at"] is None


# ---- returns that should be here -------------------------------------------------------------------------------


def get_late(app: App, made: dict[str, Any]) -> None:
    """What was waited for is late, and the chores have their turn."""

    def late(session: Any) -> None:
        session.get_one(Return, made["id"]).due_at = clock.now() - timedelta(seconds=1)
        session.flush()
        return_overdue.tend(session)  # in the same transaction: the server's own chore may come between

    app.write(late)


def test_a_return_that_is_never_sent_is_raised_to_a_person_once(app: App, store: Tenant) -> None:
    made = back(store)
    days = datetime.fromisoformat(now(store, made)["due_at"]) - datetime.fromisoformat(now(store, made)["approved_at"])
    assert days.days == 14
    get_late(app, made)
    late = now(store, made)
    assert (late["status"], late["due_at"], late["overdue_reason"]) == ("approved", None, "not_sent")
    ticket = store.get(f"/v1/tickets/{late['ticket']}").json()
    assert (ticket["status"], ticket["handoff"]["reason"], ticket["tags"]) == (
        "open",
        "return_not_sent",
        ["return-overdue"],
    )
    assert made["rma"] in ticket["handoff"]["summary"]
    label_of(store, made)  # a label now buys no second telling
    app.write(return_overdue.tend)
    assert kinds(store, made["id"]).count("return.overdue") == 1
    assert len(store.get("/v1/tickets?tag=return-overdue").json()["data"]) == 1
    verb(store, made, "receive")
    assert now(store, made)["overdue_at"] is not None, "that it was late stays told"


def test_a_return_that_arrives_or_ends_in_time_is_no_person_s_matter(app: App, store: Tenant) -> None:
    dropped = back(store)
    verb(store, dropped, "cancel")
    arrived = back(store)
    verb(store, arrived, "receive")
    assert [now(store, made)["due_at"] for made in (arrived, dropped)] == [None, None]
    app.write(return_overdue.tend)
    assert store.get("/v1/tickets?tag=return-overdue").json()["data"] == []


def test_the_ticket_that_asked_for_the_return_is_the_one_that_is_handed_over(app: App, store: Tenant) -> None:
    opened = store.post("/v1/tickets", {"channel": "web", "subject": "Too small", "order": "#1001", "text": "x"})
    made = back(store)

    def belongs(session: Any) -> None:
        session.get_one(Return, made["id"]).ticket_id = opened.json()["id"]

    app.write(belongs)
    get_late(app, made)
    ticket = store.get(f"/v1/tickets/{opened.json()['id']}").json()
    assert ticket["handoff"]["reason"] == "return_not_sent"
    assert store.get("/v1/tickets?tag=return-overdue").json()["data"] == []


def test_a_store_that_wants_no_such_word_gets_none(app: App, store: Tenant) -> None:
    obey(store, {"auto_approve": {"return": True}, "return_overdue_after_days": None})
    assert back(store)["due_at"] is None
