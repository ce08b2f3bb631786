"""Merges: two tickets about one thing go on as one, of the same customer, and in no circle."""

from __future__ import annotations

import threading
from typing import Any

from tests.http.talk import ANNA, tell
from tests.support.app import Tenant

AGENT = {"Aftersale_Actor": "agent:kim"}
Json = dict[str, Any]


def open_ticket(store: Tenant, **fields: Any) -> str:
    answer = store.post("/v1/tickets", fields)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def merge(store: Tenant, source: str, into: str, **headers: str) -> Any:
    return store.post(f"/v1/tickets/{source}/merge", {"into": into}, **{**AGENT, **headers})


def whole(store: Tenant, ticket: str) -> Json:
    return store.get(f"/v1/tickets/{ticket}").json()


def test_what_was_said_goes_on_in_the_other_ticket(store: Tenant) -> None:
    first = open_ticket(store, subject="Lamp", text="The lamp hums", customer="cust-emma", tags=["a"])
    second = open_ticket(
        store, subject="Still the lamp", text="Now it flickers", customer="cust-emma", tags=["b"], priority="high"
    )
    assert store.post(f"/v1/tickets/{second}/messages", {"text": "A note", "internal": True}).status_code == 201
    answer = merge(store, second, first)
    assert (answer.status_code, answer.json()["status"], answer.json()["merged_into"]) == (200, "closed", first)
    target = whole(store, first)
    assert [row["text"] for row in target["messages"]] == ["The lamp hums", "Now it flickers", "A note"]
    assert {row["ticket"] for row in target["messages"]} == {first}
    assert (target["priority"], target["tags"], target["status"]) == ("high", ["a", "b"], "open")
    assert "ticket.absorbed" in [row["type"] for row in target["timeline"]]
    source = whole(store, second)
    assert source["messages"] == []
    assert "ticket.merged" in [row["type"] for row in source["timeline"]]


def test_the_words_are_found_where_they_stand_now(store: Tenant) -> None:
    first = open_ticket(store, subject="Lamp", text="It hums", customer="cust-emma")
    second = open_ticket(store, subject="Second", text="It flickers", customer="cust-emma")
    assert merge(store, second, first).status_code == 200

    def found(q: str) -> list[str]:
        return [row["id"] for row in store.get(f"/v1/tickets?q={q}").json()["data"]]

    assert (found("flickers"), found("lamp flickers"), found("second")) == ([first], [first], [second])


def test_a_later_message_to_the_merged_ticket_goes_where_it_went(store: Tenant) -> None:
    asked = tell(store, "I want to talk to a person", shopper="cust-luc")["ticket"]["id"]
    middle, last = (open_ticket(store, text="About that", customer="cust-luc") for _ in range(2))
    assert merge(store, asked, middle).status_code == 200
    assert merge(store, middle, last).status_code == 200
    later = tell(store, "Anybody there?", shopper="cust-luc", ticket_id=asked)
    assert later["ticket"]["id"] == last
    reply = store.post(f"/v1/tickets/{asked}/messages", {"text": "Kim here"}, **AGENT)
    assert (reply.status_code, reply.json()["ticket"]) == (201, last)
    own = store.post(f"/v1/tickets/{asked}/messages", {"text": "Thanks"}, Aftersale_Customer="cust-luc")
    assert own.json()["ticket"] == last
    assert tell(store, "Hello again", shopper="cust-luc")["ticket"]["id"] == last
    assert whole(store, last)["handoff"] is not None, "the person who had it has it still"


def test_no_ticket_is_merged_in_a_circle_into_itself_or_into_what_is_over(store: Tenant) -> None:
    first, second, third = (open_ticket(store, text=text, customer="cust-emma") for text in "abc")
    itself = merge(store, first, first)
    assert (itself.status_code, itself.json()["errors"][0]["pointer"]) == (422, "/into")
    assert merge(store, first, second).status_code == 200
    circle = merge(store, second, first)
    assert (circle.status_code, circle.json()["code"]) == (409, "ticket_merged")
    twice = merge(store, first, third)
    assert (twice.status_code, twice.json()["code"]) == (409, "ticket_merged")
    assert store.send("PATCH", f"/v1/tickets/{third}", {"status": "closed"}).status_code == 200
    for source, into in ((second, third), (third, second)):
        assert merge(store, source, into).json()["code"] == "ticket_closed"
    assert whole(store, second)["status"] == "open"
    assert [row["text"] for row in whole(store, second)["messages"]] == ["a", "b"]


def test_what_one_shopper_wrote_is_not_moved_to_another_s(store: Tenant, other: Tenant) -> None:
    emma = open_ticket(store, text="emma", customer="cust-emma")
    luc = open_ticket(store, text="luc", customer="cust-luc")
    nobody = open_ticket(store, text="nobody")
    for source, into in ((emma, luc), (luc, emma), (emma, nobody)):
        refused = merge(store, source, into)
        assert (refused.status_code, refused.json()["code"]) == (409, "customers_differ")
    senders = [open_ticket(store, text="x", email=f"{name}@example.org", channel="email") for name in ("a", "b")]
    assert merge(store, *senders).json()["code"] == "customers_differ"
    foreign = open_ticket(other, text="theirs", customer="cust-emma")
    assert merge(store, emma, foreign).json()["code"] == "ticket_not_found"
    assert merge(other, emma, foreign).json()["code"] == "ticket_not_found"
    assert merge(store, emma, luc, Aftersale_Customer="cust-emma").status_code == 403
    assert merge(store, nobody, emma).status_code == 200, "the store knows who wrote without a name"
    assert [row["text"] for row in whole(store, emma)["messages"]] == ["emma", "nobody"]


def test_a_merge_is_done_once_and_rivals_lose_nothing(store: Tenant) -> None:
    tickets = [open_ticket(store, text=f"number {number}", customer="cust-emma") for number in range(4)]
    once = store.post(f"/v1/tickets/{tickets[0]}/merge", {"into": tickets[1]}, key="once")
    again = store.post(f"/v1/tickets/{tickets[0]}/merge", {"into": tickets[1]}, key="once")
    assert (once.status_code, again.status_code) == (200, 200)
    assert again.headers["idempotent-replayed"] == "true"
    answers: list[int] = []

    def rival(source: str, into: str) -> None:
        answers.append(merge(store, source, into).status_code)

    pair = (tickets[1], tickets[2]), (tickets[2], tickets[1]), (tickets[3], tickets[1])
    threads = [threading.Thread(target=rival, args=each) for each in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) <= {200, 409}
    texts = [row["text"] for ticket in tickets for row in whole(store, ticket)["messages"]]
    assert sorted(texts) == [f"number {number}" for number in range(4)]
    merged = [ticket for ticket in tickets if whole(store, ticket)["merged_into"]]
    assert len(merged) == 1 + answers.count(200)


def test_the_mail_of_a_moved_message_arrives_and_is_told_where_it_stands(store: Tenant) -> None:
    asked = tell(store, "I want to talk to a person", customer=dict(ANNA), channel="email")["ticket"]["id"]
    into = open_ticket(store, text="Another", customer="cust-anna", channel="email")
    reply = store.post(f"/v1/tickets/{asked}/messages", {"text": "On its way"}, **AGENT).json()
    assert merge(store, asked, into).status_code == 200
    store.rest()
    moved = next(row for row in whole(store, into)["messages"] if row["id"] == reply["id"])
    assert moved["delivery"] == "succeeded"
