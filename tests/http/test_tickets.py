"""Tickets over HTTP: opened, found by every filter, changed by version, answered, handed to a person."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.http.talk import ANNA, LUC, tell
from tests.support.app import Tenant

AGENT = {"Aftersale_Actor": "agent:kim"}


def _open(store: Tenant, **fields: Any) -> dict[str, Any]:
    answer = store.post("/v1/tickets", fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


def _found(store: Tenant, query: str) -> set[str]:
    answer = store.get(f"/v1/tickets?{query}")
    assert answer.status_code == 200, answer.text
    return {row["id"] for row in answer.json()["data"]}


def test_a_ticket_is_opened_with_what_is_known(store: Tenant) -> None:
    made = _open(
        store,
        subject="Lamp",
        text="The lamp hums.",
        customer="cust-emma",
        order="1004",
        tags=["b", "a", "b"],
        assignee="kim",
        team="care",
        priority="high",
        channel="phone",
        name="Emma",
    )
    assert (made["status"], made["version"], made["tags"], made["livemode"]) == ("open", 1, ["a", "b"], False)
    whole = store.get(f"/v1/tickets/{made['id']}").json()
    assert [row["text"] for row in whole["messages"]] == ["The lamp hums."]
    assert [row["type"] for row in whole["timeline"]] == ["ticket.created", "message.received"]
    assert whole["customer"].startswith("cus_")
    assert whole["order"].startswith("ord_")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"customer": "cust-nobody"}, "customer_not_found"),
        ({"order": "9999"}, "order_not_found"),
        ({"status": "closed"}, "validation_failed"),
        ({"priority": "asap"}, "validation_failed"),
        ({"tags": "vip"}, "validation_failed"),
        ({"subject": "a\r\nBcc: x@example.com"}, "validation_failed"),
    ],
)
def test_a_ticket_that_cannot_be_is_not_opened(store: Tenant, body: dict[str, Any], code: str) -> None:
    answer = store.post("/v1/tickets", body)
    assert answer.json()["code"] == code
    assert _found(store, "") == set()


def test_every_filter_finds_its_tickets_and_no_others(store: Tenant) -> None:
    before = datetime.now(UTC)
    plain = _open(store, subject="Plain question about 100% wool", channel="web")
    full = _open(
        store,
        subject="Broken lamp",
        text="The shade_is cracked",
        channel="phone",
        priority="urgent",
        tags=["vip", "lamp"],
        assignee="kim",
        team="care",
        customer="cust-emma",
        order="1004",
    )
    asked = tell(store, "Where is my order #1002?", customer=dict(LUC))["ticket"]
    every = {plain["id"], full["id"], asked["id"]}
    later = (before + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    earlier = (before - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    expected = {
        "status=open": {plain["id"], full["id"]},
        "status=pending_customer": {asked["id"]},
        "channel=chat": {asked["id"]},
        "tag=vip": {full["id"]},
        "tag=nothing": set(),
        "intent=order.status": {asked["id"]},
        "priority=urgent": {full["id"]},
        "assignee=kim": {full["id"]},
        "team=care": {full["id"]},
        "customer=cust-emma": {full["id"]},
        f"customer={full['customer']}": {full["id"]},
        "order=1004": {full["id"]},
        f"order={full['order']}": {full["id"]},
        f"created_after={earlier}": every,
        f"created_after={later}": set(),
        f"created_before={later}": every,
        f"created_before={earlier}": set(),
        "q=lamp": {full["id"]},
        "q=CRACKED%20lamp": {full["id"]},
        "q=100%25": {plain["id"]},
        "q=shade_is": {full["id"]},
        "q=shadeXis": set(),
        "status=open&team=care&q=broken": {full["id"]},
        "status=open&channel=chat": set(),
    }
    assert {query: _found(store, query) for query in expected} == expected
    assert store.get("/v1/tickets?status=done").status_code == 422
    assert store.get("/v1/tickets?order=9999").json()["code"] == "order_not_found"


def test_a_list_goes_on_by_its_cursor_newest_first(store: Tenant) -> None:
    made = [_open(store, subject=f"Number {number}")["id"] for number in range(5)]
    seen: list[str] = []
    path = "/v1/tickets?limit=2"
    while True:
        page = store.get(path).json()
        seen += [row["id"] for row in page["data"]]
        if page["next_cursor"] is None:
            break
        path = f"/v1/tickets?limit=2&cursor={page['next_cursor']}"
    assert seen == made[::-1]
    first = store.get("/v1/tickets?limit=2").json()["next_cursor"]
    assert store.get(f"/v1/tickets?limit=2&status=open&cursor={first}").json()["code"] == "invalid_cursor"


def test_a_change_counts_the_version_and_a_stale_one_is_refused(store: Tenant) -> None:
    path = f"/v1/tickets/{_open(store, subject='One')['id']}"
    changed = store.send("PATCH", path, {"priority": "low", "tags": ["x"]}, If_Match='"1"')
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    stale = store.send("PATCH", path, {"priority": "urgent"}, If_Match="1")
    assert (stale.status_code, stale.json()["code"]) == (412, "version_stale")
    assert store.get(path).json()["priority"] == "low"
    same = store.send("PATCH", path, {"priority": "low"}, If_Match="2")
    assert same.json()["version"] == 2
    any_ = store.send("PATCH", path, {"assignee": "kim"}, If_Match="*")
    assert any_.json()["version"] == 3
    assert store.send("PATCH", path, {"subject": "Two"}, If_Match="three").status_code == 400
    gone = store.send("PATCH", path, {"assignee": None})
    assert (gone.json()["assignee"], gone.json()["version"]) == (None, 4)
    for name in ("status", "priority", "tags"):
        assert store.send("PATCH", path, {name: None}).status_code == 422


def test_a_closed_ticket_takes_nothing_more(store: Tenant) -> None:
    made = _open(store, subject="Over")
    path = f"/v1/tickets/{made['id']}"
    assert store.send("PATCH", path, {"status": "closed"}).json()["status"] == "closed"
    refused = [
        store.send("PATCH", path, {"status": "open"}),
        store.post(f"{path}/messages", {"text": "One more"}),
        store.post(f"{path}/messages", {"text": "A note", "internal": True}),
        store.post(f"{path}/handoff", {"reason": "late"}),
    ]
    assert [answer.status_code for answer in refused] == [409] * 4
    whole = store.get(path).json()
    assert (whole["status"], whole["messages"], whole["handoff"]) == ("closed", [], None)
    assert "ticket.closed" in [row["type"] for row in whole["timeline"]]


def test_notes_are_for_the_store_s_eyes_alone(store: Tenant) -> None:
    asked = tell(store, "Where is my order #1002?", shopper="cust-luc")
    path = f"/v1/tickets/{asked['ticket']['id']}"
    note = store.post(f"{path}/messages", {"text": "A difficult one", "internal": True}, **AGENT)
    assert (note.status_code, note.json()["direction"], note.json()["delivery"]) == (201, "internal", None)
    assert "A difficult one" in store.get(path).text
    assert "A difficult one" not in store.get(path, Aftersale_Customer="cust-luc").text
    assert "message.noted" in store.get(path).text
    assert "message.noted" not in store.get(path, Aftersale_Customer="cust-luc").text
    assert _found(store, "q=difficult") == set()
    forbidden = store.post(f"{path}/messages", {"text": "x", "internal": True}, Aftersale_Customer="cust-luc")
    assert forbidden.status_code == 403
    assert store.get(path, Aftersale_Customer="cust-anna").status_code == 404
    changed = store.send("PATCH", path, {"status": "solved"}, Aftersale_Customer="cust-luc")
    assert changed.status_code == 403


def test_what_a_hand_over_says_is_for_the_store_s_people(store: Tenant) -> None:
    asked = tell(store, "I want to talk to a person about #1002", shopper="cust-luc")
    path = f"/v1/tickets/{asked['ticket']['id']}"
    assert store.get(path).json()["handoff"]["next_step"]
    assert store.get(path, Aftersale_Customer="cust-luc").json()["handoff"] is None
    rows = store.get("/v1/tickets", Aftersale_Customer="cust-luc").json()["data"]
    assert [row["handoff"] for row in rows] == [None]


def test_a_person_s_reply_reaches_the_mailbox_once_and_waits_for_the_shopper(store: Tenant) -> None:
    asked = tell(store, "I want to talk to a person", customer=dict(ANNA), channel="email", subject="Hello")
    path = f"/v1/tickets/{asked['ticket']['id']}"
    sent = store.post(f"{path}/messages", {"text": "Kim here, how can I help?"}, key="reply-1", **AGENT)
    again = store.post(f"{path}/messages", {"text": "Kim here, how can I help?"}, key="reply-1", **AGENT)
    assert (sent.status_code, again.status_code, again.json()["id"]) == (201, 201, sent.json()["id"])
    assert sent.json()["author"]["id"] == "kim"
    give_up = time.monotonic() + 15
    while store.get(path).json()["messages"][-1]["delivery"] != "succeeded":
        assert time.monotonic() < give_up
        time.sleep(0.1)
    mails = [mail["text"] for mail in store.sandbox.get("/mail/v1/messages")["data"]]
    assert mails.count("Kim here, how can I help?") == 1
    assert store.get(path).json()["status"] == "pending_customer"
    answered = tell(store, "Thanks, it is about my jacket", customer=dict(ANNA), channel="email")
    assert (answered["outcome"], answered["ticket"]["id"]) == ("acknowledged", asked["ticket"]["id"])
    assert answered["ticket"]["status"] == "open"


def test_a_person_s_reply_takes_the_ticket_out_of_automation_s_hands(store: Tenant) -> None:
    asked = tell(store, "Where is my order #1002?", customer=dict(LUC))
    path = f"/v1/tickets/{asked['ticket']['id']}"
    assert store.post(f"{path}/messages", {"text": "A note", "internal": True}, **AGENT).status_code == 201
    assert tell(store, "Where is my order #1002?", customer=dict(LUC))["outcome"] == "answered"
    assert store.post(f"{path}/messages", {"text": "Kim here, I look into it"}, **AGENT).status_code == 201
    taken = store.get(path).json()
    assert (taken["handoff"]["reason"], taken["handoff"]["by"]["id"]) == ("answered_by_person", "kim")
    assert taken["status"] == "pending_customer"
    later = tell(store, "Where is my order #1002?", customer=dict(LUC))
    assert (later["outcome"], later["reply"], later["ticket"]["id"]) == ("acknowledged", None, asked["ticket"]["id"])


def test_a_shopper_writes_into_their_own_ticket(store: Tenant) -> None:
    asked = tell(store, "Where is my order #1002?", shopper="cust-luc")
    path = f"/v1/tickets/{asked['ticket']['id']}/messages"
    mine = store.post(path, {"text": "And my address?"}, Aftersale_Customer="cust-luc")
    assert (mine.status_code, mine.json()["direction"]) == (201, "inbound")
    assert store.get(f"/v1/tickets/{asked['ticket']['id']}").json()["status"] == "open"


def test_a_ticket_is_handed_over_by_hand(store: Tenant) -> None:
    asked = tell(store, "Where is my order #1002?", customer=dict(LUC))
    body = {"reason": "goodwill", "team": "returns", "priority": "high", "summary": "Wants a voucher"}
    handed = store.post(f"/v1/tickets/{asked['ticket']['id']}/handoff", body, **AGENT)
    assert handed.status_code == 200, handed.text
    pack = handed.json()["handoff"]
    assert (pack["reason"], pack["summary"], pack["by"]["id"]) == ("goodwill", "Wants a voucher", "kim")
    assert (pack["order"]["number"], pack["asked"]["text"]) == ("#1002", "Where is my order #1002?")
    assert (handed.json()["team"], handed.json()["priority"], handed.json()["status"]) == ("returns", "high", "open")
    assert tell(store, "Hello?", customer=dict(LUC), ticket_id=asked["ticket"]["id"])["outcome"] == "acknowledged"


def test_each_change_is_one_event_without_gaps(store: Tenant) -> None:
    asked = tell(store, "Where is my order #1002?", customer=dict(LUC))
    path = f"/v1/tickets/{asked['ticket']['id']}"
    store.send("PATCH", path, {"priority": "high"})
    store.post(f"{path}/messages", {"text": "note", "internal": True})
    store.send("PATCH", path, {"status": "solved"})
    events = store.get(f"/v1/events?resource={asked['ticket']['id']}&limit=200").json()["data"]
    assert [row["sequence"] for row in events] == list(range(1, len(events) + 1))
    assert [row["type"] for row in events][-3:] == ["ticket.updated", "message.noted", "ticket.solved"]
    assert events[-1]["data"]["previous"] == {"status": "pending_customer"}


def test_another_store_s_ticket_is_not_there(store: Tenant, other: Tenant) -> None:
    path = f"/v1/tickets/{_open(store, subject='Mine')['id']}"
    answers = [
        other.get(path),
        other.send("PATCH", path, {"status": "solved"}),
        other.post(f"{path}/messages", {"text": "x"}),
        other.post(f"{path}/handoff", {"reason": "x"}),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "ticket_not_found")] * 4
    assert _found(other, "") == set()
