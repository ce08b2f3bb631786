"""The short way to the hot endpoints answers what the long way answers, and leaves behind what that leaves."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from app.models.records import Answer, Event
from app.models.stores import ApiKey, Store
from app.models.tickets import Ticket, TicketTag, TicketWord
from tests.support.app import App, Tenant

LONG_WAY = {"Aftersale_Actor": "agent:lane"}
"""A named person is not plain: such a request goes the long way."""
WHOLE = {"subject": "Ćma z lampą", "text": "The lamp, the lamp: broken. 4111 1111 1111 1111", "channel": "chat"}
PER_REQUEST = ("x-request-id", "ratelimit-remaining", "ratelimit-reset", "date")


def told(answer: Any) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and the headers that do not change from request to request."""
    headers = {name: value for name, value in answer.headers.items() if name not in PER_REQUEST}
    return answer.status_code, re.sub(rb'"age_seconds":\d+', b'"age_seconds":0', answer.content), headers


def without_ids(value: Any) -> Any:
    """What stands in an answer or a row, ids and times aside."""
    if isinstance(value, dict):
        return {name: without_ids(part) for name, part in value.items() if not name.endswith("_at")}
    if isinstance(value, list):
        return [without_ids(part) for part in value]
    return re.sub(r"[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}", "id", value) if isinstance(value, str) else value


def test_a_ticket_is_read_the_same_both_ways(store: Tenant) -> None:
    plain = store.post("/v1/tickets", WHOLE).json()["id"]
    full = store.post(
        "/v1/tickets", {**WHOLE, "tags": ["b", "a"], "email": "a@example.com", "name": "A", "priority": "high"}
    ).json()["id"]
    assert store.post(f"/v1/tickets/{full}/ratings", {"csat": 5, "comment": "well"}).status_code < 300
    assert store.post(f"/v1/tickets/{full}/messages", {"text": "Noted.", "internal": True}).status_code == 201
    for ticket in (plain, full):
        short = told(store.get(f"/v1/tickets/{ticket}"))
        assert short == told(store.get(f"/v1/tickets/{ticket}", **LONG_WAY))
        assert short[0] == 200
    assert told(store.get("/v1/tickets?limit=50")) == told(store.get("/v1/tickets?limit=50", **LONG_WAY))


def test_pages_go_on_from_either_way(store: Tenant) -> None:
    made = [store.post("/v1/tickets", {**WHOLE, "subject": f"Number {at}"}).json()["id"] for at in range(5)]
    first = store.get("/v1/tickets?limit=2").json()
    assert [row["id"] for row in first["data"]] == made[:2:-1]
    path = f"/v1/tickets?limit=2&cursor={first['next_cursor']}"
    assert told(store.get(path)) == told(store.get(path, **LONG_WAY))
    assert [row["id"] for row in store.get(path).json()["data"]] == made[2:0:-1]
    last = store.get("/v1/tickets?limit=2&cursor=" + store.get(path).json()["next_cursor"]).json()
    assert [row["id"] for row in last["data"]] == made[:1]
    assert last["next_cursor"] is None


def test_clocks_stand_in_the_short_answers(app: App, store: Tenant) -> None:
    promised = {
        "targets": {"normal": {"first_answer": 30, "resolution": 60}, "low": {"next_answer": 10, "resolution": 60}}
    }
    app.write(lambda session: setattr(session.get_one(Store, store.id), "service_levels", promised))
    for priority in ("normal", "low"):
        made = store.post("/v1/tickets", {**WHOLE, "priority": priority}).json()
        assert {"resolution"} <= set(made["clocks"])
        assert made["due_at"] is not None
        short = told(store.get(f"/v1/tickets/{made['id']}"))
        assert short == told(store.get(f"/v1/tickets/{made['id']}", **LONG_WAY))
        assert store.get("/v1/tickets?limit=1").json()["data"][0] == made
    assert made["clocks"]["next_answer"]["status"] == "running", "its first message waits for an answer"


def left(app: App, ticket_id: str) -> dict[str, Any]:
    """All that was stored with a ticket, its ids and times aside."""

    def work(session: Any) -> dict[str, Any]:
        events = session.scalars(select(Event).where(Event.resource_id == ticket_id).order_by(Event.sequence)).all()
        words = session.execute(select(TicketWord.word, TicketWord.weight).where(TicketWord.ticket_id == ticket_id))
        answer = session.scalars(select(Answer).where(Answer.resource_id == ticket_id)).one()
        return {
            "counted": session.get_one(Ticket, ticket_id).event_sequence,
            "events": [(row.type, row.sequence, row.resource_type, without_ids(row.object)) for row in events],
            "in order": [row.position for row in events] == sorted(row.position for row in events),
            "words": sorted(tuple(row) for row in words),
            "tags": sorted(session.scalars(select(TicketTag.tag).where(TicketTag.ticket_id == ticket_id))),
            "answer": (answer.status, answer.resource_type, answer.expires_at, answer.shopper),
        }

    return app.read(work)


@pytest.mark.parametrize("more", [{}, {"tags": ["b", "a"], "email": "a@example.com"}, {"text": None, "subject": None}])
def test_a_ticket_leaves_the_same_both_ways(app: App, store: Tenant, more: dict[str, Any]) -> None:
    body = {**WHOLE, **more}
    short, long = store.post("/v1/tickets", body), store.post("/v1/tickets", body, **LONG_WAY)
    assert (short.status_code, without_ids(short.json())) == (long.status_code, without_ids(long.json()))
    assert "4111" not in store.get(f"/v1/tickets/{short.json()['id']}").text
    one, other = left(app, short.json()["id"]), left(app, long.json()["id"])
    for found in (one, other):  # who wrote it differs: the store, and a person of the store's
        for _, _, _, shown in found["events"]:
            shown.pop("author", None)
    assert one == other
    assert store.get(f"/v1/tickets/{short.json()['id']}").json()["created_at"] == short.json()["created_at"]


def test_a_key_is_replayed_and_not_reused(app: App, store: Tenant) -> None:
    first = store.post("/v1/tickets", WHOLE, key="lane")
    again = store.post("/v1/tickets", WHOLE, key="lane")
    assert (again.status_code, again.content, again.headers["idempotent-replayed"]) == (201, first.content, "true")
    other = store.post("/v1/tickets", {**WHOLE, "subject": "Another"}, key="lane")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    found = app.read(lambda session: session.scalars(select(Ticket.id).where(Ticket.store_id == store.id)).all())
    assert list(found) == [first.json()["id"]]


ASKED = ("/v1/tickets?limit=5", "/v1/tickets/{ticket}", "/v1/orders/1001/status")


def test_a_key_that_is_revoked_or_loses_a_scope_is_refused_with_the_next_request(app: App, store: Tenant) -> None:
    ticket = store.post("/v1/tickets", WHOLE).json()["id"]
    for fields, expected in (({"scopes": ["events:read"]}, 403), ({"revoked_at": app.read(_created)}, 401)):
        key_id, shown = store.issue()
        client = app.client(shown)
        paths = [path.format(ticket=ticket) for path in ASKED]
        assert [client.get(path).status_code for path in paths * 2] == [200] * 6
        assert client.post("/v1/tickets", json=WHOLE).status_code == 201
        store.change_key(key_id, **fields)
        assert [client.get(path).status_code for path in paths] == [expected] * 3
        assert client.post("/v1/tickets", json=WHOLE).status_code == expected


def _created(session: Any) -> Any:
    return session.scalars(select(ApiKey.created_at).limit(1)).one()


def test_what_is_anothers_does_not_exist_on_the_short_way(store: Tenant, other: Tenant) -> None:
    ticket = store.post("/v1/tickets", WHOLE).json()["id"]
    assert store.get(f"/v1/tickets/{ticket}").status_code == 200
    assert other.get("/v1/tickets?limit=50").json()["data"] == []
    refused = [other.get(f"/v1/tickets/{named}") for named in (ticket, "tkt_00000000000000000000000000")]
    assert {answer.json()["code"] for answer in refused} == {"ticket_not_found"}
    cursor = "A" * 60
    assert other.get(f"/v1/tickets?limit=50&cursor={cursor}").json()["code"] == "invalid_cursor"


def test_a_status_is_told_the_same_both_ways(store: Tenant) -> None:
    for ref in ("1001", "%231002", store.get("/v1/orders/1003").json()["id"]):
        path = f"/v1/orders/{ref}/status"
        assert store.get(path, **LONG_WAY).status_code == 200, "the mirror has it now"
        assert told(store.get(path)) == told(store.get(path, **LONG_WAY))
    refund = {"order": "1001", "amount": {"amount": 100, "currency": "EUR"}, "reason": "damaged"}
    assert store.post("/v1/refunds", refund).status_code in {201, 202}
    store.rest()
    after = store.get("/v1/orders/1001/status")
    assert len(after.json()["refunds"]) == 1
    assert told(after) == told(store.get("/v1/orders/1001/status", **LONG_WAY))
