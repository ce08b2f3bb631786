"""A label that was used puts its return on its way; one that was not expires; one that is voided is credited."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app import clock
from app.models.returns import Label, Return
from app.services import label_watch, return_overdue
from tests.http.test_housekeeping import back, kinds, label_of, now
from tests.support.app import App, Tenant


def look(app: App, label: dict[str, Any], **fields: Any) -> None:
    """It is time to look at this label, and it is looked at."""

    def due(session: Any) -> None:
        row = session.get_one(Label, label["id"])
        for name, value in {"next_look_at": clock.now() - timedelta(seconds=1), **fields}.items():
            setattr(row, name, value)

    app.write(due)
    app.wait(label_watch.look(app.runtime))


def scan(store: Tenant, label: dict[str, Any], word: str = "PICKED_UP") -> None:
    store.sandbox.post("/sandbox/v1/scans", {"tracking_number": label["tracking_number"], "word": word})


def read(store: Tenant, label: dict[str, Any]) -> dict[str, Any]:
    return store.get(f"/v1/return-labels/{label['id']}").json()


def test_a_parcel_that_was_scanned_is_on_its_way_and_said_so_once(app: App, store: Tenant) -> None:
    made = back(store)
    label = label_of(store, made)
    look(app, label)
    assert (now(store, made)["status"], read(store, label)["used_at"]) == ("label_issued", None)
    scan(store, label)
    for _ in range(2):
        look(app, label)
    shown = now(store, made)
    assert (shown["status"], shown["expires_at"]) == ("in_transit", None)
    assert read(store, label)["used_at"] is not None
    assert (kinds(store, made["id"]).count("return.in_transit"), kinds(store, label["id"]).count("label.used")) == (
        1,
        1,
    )
    done = store.post(f"/v1/returns/{made['id']}/receive", {}, Prefer="wait=10")
    assert done.json()["status"] == "received"


def test_a_parcel_that_was_sent_and_does_not_arrive_is_raised_to_a_person_once(app: App, store: Tenant) -> None:
    made = back(store)
    label = label_of(store, made)
    scan(store, label)
    look(app, label)

    def late(session: Any) -> None:
        session.get_one(Return, made["id"]).due_at = clock.now() - timedelta(seconds=1)

    app.write(late)
    for _ in range(2):
        app.write(return_overdue.tend)
    shown = now(store, made)
    assert (shown["status"], shown["overdue_reason"]) == ("in_transit", "not_arrived")
    assert kinds(store, made["id"]).count("return.overdue") == 1
    ticket = store.get(f"/v1/tickets/{shown['ticket']}").json()
    assert ticket["handoff"]["reason"] == "return_not_arrived"


def test_a_return_told_as_never_sent_may_still_be_told_as_never_arrived(app: App, store: Tenant) -> None:
    made = back(store)
    label = label_of(store, made)

    def late(session: Any) -> None:
        session.get_one(Return, made["id"]).due_at = clock.now() - timedelta(seconds=1)

    app.write(late)
    app.write(return_overdue.tend)
    scan(store, label)
    look(app, label)
    shown = now(store, made)
    assert (shown["overdue_at"], shown["due_at"] is not None) == (None, True)
    app.write(late)
    app.write(return_overdue.tend)
    assert now(store, made)["overdue_reason"] == "not_arrived"
    assert len(store.get("/v1/tickets?tag=return-overdue").json()["data"]) == 1, "the same ticket"


def test_a_label_that_nobody_used_in_time_expires_and_another_can_be_bought(app: App, store: Tenant) -> None:
    made = back(store)
    label = label_of(store, made)
    look(app, label, expires_at=clock.now() - timedelta(seconds=1))
    shown = read(store, label)
    assert (shown["status"], shown["file"]) == ("expired", None)
    assert (now(store, made)["status"], now(store, made)["label"]) == ("approved", None)
    assert store.get(f"/v1/return-labels/{label['id']}/file").json()["code"] == "label_not_active"
    assert "label.expired" in kinds(store, label["id"])
    another = label_of(store, made)
    assert (another["status"], another["id"] != label["id"]) == ("active", True)


def test_a_label_that_was_used_does_not_expire(app: App, store: Tenant) -> None:
    made = back(store)
    label = label_of(store, made)
    scan(store, label)
    look(app, label, expires_at=clock.now() - timedelta(seconds=1))
    assert (read(store, label)["status"], now(store, made)["status"]) == ("active", "in_transit")


def test_a_carrier_that_is_away_or_speaks_in_riddles_changes_nothing_and_is_asked_again(
    app: App, store: Tenant
) -> None:
    made = back(store)
    label = label_of(store, made)
    scan(store, label)
    for fault in ({"fault": "error_after_effect"}, {"fault": "malformed", "variant": "not_json"}):
        store.sandbox.fault("tracking", **fault)
        look(app, label)
        assert now(store, made)["status"] == "label_issued"
    look(app, label)
    assert now(store, made)["status"] == "in_transit"


def test_words_that_nobody_knows_put_nothing_on_its_way(app: App, store: Tenant) -> None:
    made = back(store)
    label = label_of(store, made)
    scan(store, label, "TELEPORTED")
    look(app, label)
    assert now(store, made)["status"] == "label_issued"


def test_each_label_is_looked_at_when_its_time_has_come_and_no_longer_than_it_matters(app: App, store: Tenant) -> None:
    made = back(store)
    label = label_of(store, made)

    def next_look(session: Any) -> Any:
        return session.get_one(Label, label["id"]).next_look_at

    first = app.read(next_look)
    assert timedelta(hours=3) < first - clock.now() < timedelta(hours=5)
    app.wait(label_watch.look(app.runtime))
    assert app.read(next_look) == first, "not its time"
    store.post(f"/v1/returns/{made['id']}/receive", {}, Prefer="wait=10")
    look(app, label)
    assert app.read(next_look) is None


def test_what_the_carrier_gives_back_for_a_voided_label_is_noted(store: Tenant) -> None:
    made = back(store)
    label = label_of(store, made)
    assert label["cost_credited"] is None
    voided = store.send("DELETE", f"/v1/return-labels/{label['id']}", Prefer="wait=10").json()
    assert (voided["status"], voided["cost"], voided["cost_credited"]) == ("voided", label["cost"], label["cost"])
    [given] = store.sandbox.effects("label_void")
    assert (given["amount"], given["currency"]) == (label["cost"]["amount"], label["cost"]["currency"])


def test_a_void_whose_answer_was_lost_is_credited_as_well(store: Tenant) -> None:
    made = back(store)
    label = label_of(store, made)
    store.sandbox.fault("label_void", "error_after_effect")
    voided = store.send("DELETE", f"/v1/return-labels/{label['id']}", Prefer="wait=15").json()
    assert (voided["status"], voided["cost_credited"]) == ("voided", label["cost"])
