"""Streams of events: at once, in order, whole after a break, and to each only what is theirs."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
import time_machine

from app import clock
from app.services import event_streams
from tests.http.storefront import SHOP, Page, vouched, waits
from tests.http.talk import ANNA, tell
from tests.support.app import App, Tenant

STREAM = "/v1/events/stream"
TICKETS = "/v1/events/stream-tickets"
Json = dict[str, Any]


@dataclass
class Heard:
    """What one listener has been told so far."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict[str, str])
    refusal: Json = field(default_factory=dict[str, Any])
    events: list[Json] = field(default_factory=list[Json])
    at: list[float] = field(default_factory=list[float])
    ended: bool = False

    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    def wait(self, count: int) -> list[Json]:
        waits(lambda: len(self.events) >= count, f"no {count} events")
        return self.events


@contextmanager
def listening(app: App, path: str, headers: dict[str, str] | None = None) -> Iterator[Heard]:
    """Listen on a thread until the block ends; it begins once the stream stands, or was refused."""
    heard, stop = Heard(), threading.Event()
    client = httpx.Client(base_url=app.url, timeout=30, trust_env=False)

    def listen() -> None:
        with client.stream("GET", path, headers=headers) as answer:
            heard.headers = dict(answer.headers)
            if answer.status_code != 200:
                heard.refusal = json.loads(answer.read())
                heard.status = answer.status_code
                return
            frame: dict[str, str] = {}
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if line == "" and "data" in frame:
                    told = json.loads(frame["data"])
                    assert (frame["id"], frame["event"]) == (told["id"], told["type"])
                    heard.at.append(time.monotonic())
                    heard.events.append(told)
                if line == "":
                    frame = {}
                elif name:
                    frame[name] = value
                heard.status = 200
                if stop.is_set():
                    return
        heard.ended = True

    def until_stopped() -> None:
        try:
            listen()
        except (httpx.HTTPError, OSError):
            assert stop.is_set(), "the stream broke off"  # else it is us who have closed it

    thread = threading.Thread(target=until_stopped)
    thread.start()
    waits(lambda: heard.status != 0, "no answer")
    try:
        yield heard
    finally:
        stop.set()
        client.close()
        thread.join(10)


def by_key(store: Tenant) -> dict[str, str]:
    return {"Authorization": f"Bearer {store.key}"}


def a_ticket(store: Tenant, subject: str = "A lamp", **more: Any) -> str:
    return store.post("/v1/tickets", {"subject": subject, **more}).json()["id"]


def asked(answer: httpx.Response) -> str:
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["path"] == f"{STREAM}?ticket={told['ticket']}"
    return told["path"]


def now_there(app: App, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
    """What a stream of no seconds tells."""
    with httpx.Client(base_url=app.url, timeout=30, trust_env=False) as client:
        return client.get(path, params={**httpx.URL(path).params, "seconds": "0"}, headers=headers)


def test_the_store_hears_of_every_change_at_once_and_in_order(app: App, store: Tenant, other: Tenant) -> None:
    app.let_others_end()
    with listening(app, STREAM, by_key(store)) as heard:
        assert heard.headers["content-type"].startswith("text/event-stream")
        assert heard.headers["cache-control"] == "no-store"
        began = time.monotonic()
        first = a_ticket(store)
        a_ticket(other)
        heard.wait(1)
        assert heard.at[0] - began < 5
        store.send("PATCH", f"/v1/tickets/{first}", {"priority": "high"})
        second = a_ticket(store)
        heard.wait(3)
        time.sleep(0.5)
    assert [(event["type"], event["data"]["object"]["id"]) for event in heard.events] == [
        ("ticket.created", first),
        ("ticket.updated", first),
        ("ticket.created", second),
    ]
    log = store.get("/v1/events").json()["data"]
    assert heard.events == log[-3:], "the log's own, whole"


def test_only_of_some_types_and_of_one_resource(app: App, store: Tenant) -> None:
    app.let_others_end()
    with (
        listening(app, f"{STREAM}?type=ticket.updated&type=message.*", by_key(store)) as some,
        listening(app, STREAM, by_key(store)) as every,
    ):
        first, second = a_ticket(store, text="Hello"), a_ticket(store)
        with listening(app, f"{STREAM}?resource={second}", by_key(store)) as one:
            for ticket in (first, second):
                store.send("PATCH", f"/v1/tickets/{ticket}", {"priority": "high"})
            every.wait(5)
            some.wait(3)
            one.wait(1)
            time.sleep(0.5)
    assert sorted(some.types()) == ["message.received", "ticket.updated", "ticket.updated"]
    assert [event["data"]["object"]["id"] for event in one.events] == [second] * len(one.events)
    assert one.types()[-1] == "ticket.updated"


def test_whoever_comes_back_has_missed_nothing_and_hears_nothing_twice(app: App, store: Tenant) -> None:
    app.let_others_end()
    with listening(app, STREAM, by_key(store)) as heard:
        a_ticket(store, "1")
        last = heard.wait(1)[0]["id"]
    missed = [a_ticket(store, str(number)) for number in range(2, 8)]
    app.let_others_end()
    with listening(app, STREAM, {**by_key(store), "Last-Event-ID": last}) as again:
        missed.append(a_ticket(store, "8"))
        again.wait(7)
        time.sleep(0.5)
    assert [event["data"]["object"]["id"] for event in again.events] == missed
    told = now_there(app, f"{STREAM}?after={last}", by_key(store)).text
    assert told.count("event: ticket.created") == 7
    assert "retry: 1000" in told
    with listening(app, f"{STREAM}?after=evt_01m7zskg3kes4tpxfpb1m0gd05", by_key(store)) as nothing:
        assert (nothing.status, nothing.refusal["code"]) == (404, "event_not_found")


def test_many_pages_that_were_missed_come_in_order_while_more_come(
    app: App, store: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_streams, "PAGE", 3)
    first = a_ticket(store, "0")
    start = store.get(f"/v1/events?resource={first}").json()["data"][0]["id"]
    made = [a_ticket(store, str(number)) for number in range(1, 9)]
    app.let_others_end()
    with listening(app, f"{STREAM}?after={start}", by_key(store)) as heard:
        made += [a_ticket(store, str(number)) for number in range(9, 15)]
        heard.wait(14)
        time.sleep(0.5)
    assert [event["data"]["object"]["id"] for event in heard.events] == made


def test_a_listener_who_is_too_slow_is_sent_away_and_loses_nothing(
    app: App, store: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_streams, "MOST_WAITING", 0)
    app.let_others_end()
    with listening(app, STREAM, by_key(store)) as heard:
        made = a_ticket(store)
        waits(lambda: heard.ended, "it goes on")
    assert heard.events == []
    assert store.get("/v1/events").json()["data"][-1]["data"]["object"]["id"] == made


def test_a_shopper_hears_of_their_conversations_alone_and_never_of_notes(app: App, store: Tenant) -> None:
    anna, luc = (vouched(store, f"cust-{name}") for name in ("anna", "luc"))
    page = Page.of(store)
    early = tell(store, "Where is my order #1001?", customer=dict(ANNA))["ticket"]["id"]
    app.let_others_end()
    with (
        listening(app, asked(page.post(TICKETS, {}, token=anna)), {"Origin": SHOP}) as hers,
        listening(app, asked(page.post(TICKETS, {}, token=luc)), {"Origin": SHOP}) as his,
        listening(app, asked(store.post(TICKETS, {}, Aftersale_Customer="cust-anna"))) as through_the_store,
    ):
        assert hers.headers["access-control-allow-origin"] == SHOP
        store.post(f"/v1/tickets/{early}/messages", {"text": "A note: she is cross.", "internal": True})
        said = store.post(f"/v1/tickets/{early}/messages", {"text": "It comes on Monday."}, Aftersale_Actor="agent:kim")
        assert said.status_code == 201, said.text
        store.post("/v1/refunds", {"order": "#1001", "amount": {"amount": 1, "currency": "EUR"}})
        waits(lambda: "message.sent" in hers.types(), "no reply is heard")
        late = store.post("/v1/tickets", {"text": "Another thing", "customer": "cust-anna"}).json()["id"]
        waits(lambda: late in {of(event) for event in hers.events}, "a new conversation is not heard")
        waits(lambda: through_the_store.events == hers.events, "the same by both ways")
        time.sleep(0.5)
    assert {of(event) for event in hers.events} == {early, late}
    assert {kind.partition(".")[0] for kind in hers.types()} == {"message", "ticket"}
    assert "cross" not in json.dumps(hers.events)
    sent = [event for event in hers.events if event["type"] == "message.sent"]
    assert sent[0]["data"]["object"]["text"] == "It comes on Monday."
    assert sent[0]["data"]["object"]["author"] == {"type": "agent"}
    tickets = [event["data"]["object"] for event in hers.events if event["type"].startswith("ticket.")]
    assert all(set(ticket) == {"id", "status", "updated_at"} for ticket in tickets)
    assert his.events == []


def of(event: Json) -> str:
    shown = event["data"]["object"]
    return shown.get("ticket") or shown["id"]


def test_an_anonymous_chat_hears_its_own_answer(app: App, store: Tenant) -> None:
    page = Page.of(store)
    first = page.post("/v1/messages", {"channel": "chat", "text": "Hello?", "locale": "en"}).json()
    another = page.post("/v1/messages", {"channel": "chat", "text": "Hello, too", "locale": "en"}).json()
    path = asked(page.post(TICKETS, {"conversation_token": first["conversation_token"]}))
    app.let_others_end()
    with listening(app, path, {"Origin": SHOP}) as heard:
        for answer in (another, first):
            store.post(f"/v1/tickets/{answer['ticket']['id']}/messages", {"text": "I am Kim."},
                       Aftersale_Actor="agent:kim")  # fmt: skip
        waits(lambda: "message.sent" in heard.types(), "no reply is heard")
        time.sleep(0.5)
    assert {of(event) for event in heard.events} == {first["ticket"]["id"]}


def test_a_ticket_opens_only_what_it_was_made_for_and_not_for_long(app: App, store: Tenant, other: Tenant) -> None:
    page = Page.of(store)
    path = asked(page.post(TICKETS, {}, token=vouched(store, "cust-anna")))
    told = now_there(app, path, {"Origin": "https://evil.example"})
    assert (told.status_code, told.json()["code"]) == (403, "origin_not_allowed")
    ticket = httpx.URL(path).params["ticket"]
    body, _, mark = ticket.partition(".")
    theirs = httpx.URL(asked(other.post(TICKETS, {}))).params["ticket"]
    wrong = [
        "", "x", "est_", "est_.", f"{body}.", f"{body}.{mark[::-1]}", f"{body[:-4]}AAAA.{mark}", ticket[4:],
        f"{theirs.partition('.')[0]}.{mark}", "est_" + "A" * 590, "est_W10.W10",
    ]  # fmt: skip
    for text in wrong:
        refused = now_there(app, f"{STREAM}?ticket={text}")
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized"), text
    assert now_there(app, path).status_code == 200
    with time_machine.travel(clock.now() + timedelta(minutes=16), tick=True):
        assert now_there(app, path).status_code == 401, "it is over"
    store.change_key(page.key_id, revoked_at=clock.now())
    assert now_there(app, path).status_code == 200, "the shopper's session was opened by the store's own key"


def test_with_the_key_that_asked_for_it_a_ticket_ends(app: App, store: Tenant) -> None:
    page = Page.of(store)
    chat = page.post("/v1/messages", {"channel": "chat", "text": "Hello?", "locale": "en"}).json()
    path = asked(page.post(TICKETS, {"conversation_token": chat["conversation_token"]}))
    assert now_there(app, path).status_code == 200
    store.change_key(page.key_id, revoked_at=clock.now())
    assert now_there(app, path).status_code == 401


Ask = Callable[[Tenant, Page], httpx.Response]


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda _, page: page.post(TICKETS, {}), (422, "validation_failed")),
        (lambda _, page: page.post(TICKETS, {"conversation_token": "cvt_x"}), (404, "ticket_not_found")),
        (lambda store, _: store.post(TICKETS, {"conversation_token": "cvt_x"}), (404, "ticket_not_found")),
        (lambda store, _: store.post(TICKETS, {"more": 1}), (422, "validation_failed")),
        (lambda store, _: store.get(STREAM, Aftersale_Customer="cust-anna"), (403, "forbidden")),
        (lambda _, page: page.send("GET", STREAM), (403, "scope_missing")),
        (lambda store, page: page.send("GET", STREAM, token=vouched(store, "cust-anna")), (403, "forbidden")),
        (lambda store, _: store.app.client().get(STREAM), (401, "unauthorized")),
        (lambda store, _: store.get(f"{STREAM}?seconds=3601"), (422, "validation_failed")),
    ],
    ids=range(9),
)
def test_who_may_not_listen_is_told_why(store: Tenant, ask: Ask, told: tuple[int, str]) -> None:
    answer = ask(store, Page.of(store))
    assert (answer.status_code, answer.json()["code"]) == told


def test_a_key_without_the_scope_makes_no_ticket_for_the_store(app: App, store: Tenant) -> None:
    key = store.issue(scopes=("messages:write",))[1]
    answer = app.client(key).post(TICKETS, json={})
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


def test_too_many_streams_are_refused(app: App, store: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_streams, "MOST_PER_STORE", 1)
    with (
        listening(app, STREAM, by_key(store)) as first,
        listening(app, STREAM, by_key(store)) as second,
    ):
        assert first.status == 200
        assert (second.status, second.refusal["code"]) == (429, "rate_limited")
        assert second.headers["retry-after"] == "5"
