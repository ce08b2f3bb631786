"""Chats by a publishable key: nobody is proved, nothing of an order is told, and only the same browser goes on."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from app import ids
from app.models.stores import Store
from app.models.tickets import Ticket
from app.services.wording import say
from tests.http.storefront import ANNAS, Page, vouched
from tests.http.talk import ANNA, tell
from tests.support.app import DEMO, App, Tenant

SIGN_IN = say("ask.sign_in", "en")
CARD = "4111 1111 1111 1111"


@pytest.fixture
def page(store: Tenant) -> Page:
    return Page.of(store)


def chat(page: Page, text: str, *, token: str = "", status: int = 201, headers: Any = None, **more: Any) -> Any:
    body = {"channel": "chat", "text": text, "locale": "en", **more}
    answer = page.post("/v1/messages", body, token=token, **(headers or {}))
    assert answer.status_code == status, answer.text
    return answer.json()


def test_whatever_is_claimed_nothing_is_told_of_an_order_and_the_shop_is_not_asked(page: Page) -> None:
    tell(page.store, "Where is my order #1001?", customer=dict(ANNA))  # warm
    page.store.sandbox.fault("*", "slow", delay_ms=0, rate=1.0)
    before = len(page.store.sandbox.ledger())
    guesses: list[dict[str, Any]] = [
        {"text": "Where is my order #1001?", "customer": dict(ANNA)},
        {"text": "Where is my order #1001? 10969", "order_number": "#1001"},
        {"text": "Where is my order #9999? 10969"},
        {"text": "Please cancel my order #1001, anna.keller@example.com", "customer": {"external_id": "cust-anna"}},
    ]
    answers = [chat(page, **guess) for guess in guesses]
    for answer in answers:
        assert (answer["reply"]["text"], answer["outcome"]) == (SIGN_IN, "awaiting_customer")
        assert (answer["reply"]["cards"], answer["operations"], answer["decisions"]) == ([], [], [])
        ticket = answer["ticket"]
        assert (ticket["order"], ticket["customer"], ticket["proof"], ticket["handoff"]) == (None, None, 0, None)
        assert answer["message"]["author"]["id"] is None
    assert len({answer["ticket"]["id"] for answer in answers}) == len(answers)
    assert len(page.store.sandbox.ledger()) == before


@pytest.mark.parametrize(
    "more",
    [
        {"channel": "email"},
        {"channel": "web"},
        {"channel": "api"},
        {"identity": "session", "customer": dict(ANNA)},
        {"identity": "channel_verified", "customer": dict(ANNA)},
        {"external_id": "m-1"},
        {"ticket_id": ids.new("tkt")},
    ],
)
def test_a_publishable_key_speaks_for_nobody_else(page: Page, more: dict[str, Any]) -> None:
    answer = chat(page, "Hello", status=403, **more)
    assert answer["code"] == "forbidden"


def test_a_chat_goes_on_for_the_browser_that_it_was_with(page: Page, other: Tenant) -> None:
    first = chat(page, "Hello", customer={"email": "x@example.com"})
    token = first["conversation_token"]
    again = chat(page, "Do you deliver to Austria?", conversation_token=token)
    assert again["ticket"]["id"] == first["ticket"]["id"]
    assert again["conversation_token"] == token
    fresh = chat(page, "Hello", customer={"email": "x@example.com"})
    assert fresh["ticket"]["id"] != first["ticket"]["id"], "to name the same address is not to be the same browser"
    forged = [
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token.replace(first["ticket"]["id"][4:], fresh["ticket"]["id"][4:]),
        first["ticket"]["id"],
        "cvt_",
    ]
    for wrong in forged:
        assert chat(page, "Hello", conversation_token=wrong, status=404)["code"] == "ticket_not_found"
    for stranger in (Page.of(page.store), Page.of(other)):
        assert chat(stranger, "Hello", conversation_token=token, status=404)["code"] == "ticket_not_found"


def test_nobody_joins_an_anonymous_chat_by_its_address(page: Page) -> None:
    first = chat(page, "Hello", customer={"email": "x@example.com"})
    said = tell(page.store, "Hello", customer={"email": "x@example.com"})
    assert said["ticket"]["id"] != first["ticket"]["id"]


def test_who_signs_in_takes_the_chat_along_and_the_key_alone_goes_on_in_another(page: Page) -> None:
    first = chat(page, "Where is my order #1001?")
    st = page.token(ANNAS)
    signed_in = chat(page, "Where is my order #1001?", token=st, conversation_token=first["conversation_token"])
    assert signed_in["ticket"]["id"] == first["ticket"]["id"]
    assert signed_in["outcome"] == "answered"
    assert "1001" in signed_in["reply"]["text"]
    after = chat(page, "Where is my order #1001?", conversation_token=first["conversation_token"])
    assert after["ticket"]["id"] != first["ticket"]["id"]
    assert (after["reply"]["text"], after["ticket"]["customer"]) == (SIGN_IN, None)
    lucs = vouched(page.store, "cust-luc")
    for who in (lucs, page.key):
        refused = chat(page, "Hello", token=who, conversation_token=signed_in["conversation_token"] + "x", status=404)
        assert refused["code"] == "ticket_not_found"
    luc = chat(page, "Hello", token=page.token({"order_number": "#1002", "email": "luc.moreau@example.com"}),
               conversation_token=first["conversation_token"])  # fmt: skip
    assert luc["ticket"]["id"] != first["ticket"]["id"]


def test_a_shopper_by_token_names_no_ticket_of_another_s_and_no_message_of_the_store_s(page: Page) -> None:
    told = tell(page.store, "Where is my order #1002?", shopper="cust-luc", external_id="m-1")
    anna = vouched(page.store, "cust-anna")
    refused = chat(page, "Hello", token=anna, ticket_id=told["ticket"]["id"], status=404)
    assert refused["code"] == "ticket_not_found"
    assert chat(page, "Hello", token=anna, external_id="m-1", status=403)["code"] == "forbidden"
    assert chat(page, "Hello", token=anna, channel="email", status=403)["code"] == "forbidden"
    mine = chat(page, "Where is my order #1002?", token=anna)
    assert (mine["reply"]["text"], mine["ticket"]["order"]) == (say("ask.proof", "en"), None)


def test_what_the_store_s_people_write_on_a_chat_is_not_shown_to_the_browser(page: Page, app: App) -> None:
    first = chat(page, "I want to speak to a person")
    assert (first["outcome"], first["ticket"]["handoff"]) == ("handed_off", None)
    order = page.store.get("/v1/orders/1001").json()["id"]

    def write(session: Any) -> None:
        row = session.get_one(Ticket, first["ticket"]["id"])
        row.order_id, row.assignee, row.tags, row.proof = order, "kim", ["vip"], 1

    app.write(write)
    again = chat(page, "Hello?", conversation_token=first["conversation_token"])["ticket"]
    assert again["id"] == first["ticket"]["id"]
    shown = {name: again[name] for name in ("order", "assignee", "tags", "proof", "handoff", "department", "team")}
    assert shown == {"order": None, "assignee": None, "tags": [], "proof": 0, "handoff": None, "department": None,
                     "team": None}  # fmt: skip
    assert page.store.get(f"/v1/tickets/{again['id']}").json()["handoff"] is not None


def test_a_chat_that_the_store_has_merged_tells_the_browser_nothing_of_who_wrote_the_other(page: Page) -> None:
    first = chat(page, "Hello")
    mail = tell(
        page.store, "Hello", channel="email", subject="My divorce", customer={"email": "eve@example.org", "name": "Eve"}
    )
    merged = page.store.post(f"/v1/tickets/{first['ticket']['id']}/merge", {"into": mail["ticket"]["id"]})
    assert merged.status_code == 200
    after = chat(page, "Hello?", conversation_token=first["conversation_token"])
    assert after["ticket"]["id"] == mail["ticket"]["id"]
    assert (after["ticket"]["contact"], after["ticket"]["subject"]) == ({}, None)
    assert "eve@example.org" not in str(after)
    assert "divorce" not in str(after)


def test_why_and_by_when_a_message_is_urgent_is_not_for_a_browser(page: Page, app: App) -> None:
    def promise(session: Any) -> None:
        session.get_one(Store, page.store.id).service_levels = {"targets": {"urgent": {"first_answer": 30}}}

    app.write(promise)
    for token in ("", vouched(page.store, "cust-anna")):
        shown = chat(page, "My lawyer will sue you, this is fraud!", token=token)["ticket"]
        seen = page.store.get(f"/v1/tickets/{shown['id']}").json()
        assert seen["priority_reasons"]
        assert seen["clocks"]
        hidden = [shown[name] for name in ("priority_reasons", "snoozed_until", "due_at", "breached", "clocks")]
        assert hidden == [[], None, None, False, {}]


def test_a_number_that_looks_like_a_card_tells_nobody_whether_it_is_an_order_s(store: Tenant) -> None:
    document = copy.deepcopy(DEMO)
    order = next(order for order in document["orders"] if order["number"] == "#1001")
    order["number"] = "4111111111111111"
    known = store.app.store(document)
    assert known.get("/v1/orders/4111111111111111").status_code == 200
    page = Page.of(known)
    assert "4111" not in chat(page, f"Where is {CARD}?")["message"]["text"]
    lucs, annas = (vouched(known, who) for who in ("cust-luc", "cust-anna"))
    assert "4111" not in chat(page, f"Where is {CARD}?", token=lucs)["message"]["text"]
    assert "4111" in chat(page, f"Where is {CARD}?", token=annas)["message"]["text"]


def test_the_idempotency_keys_of_a_page_and_of_the_store_are_different_ones(page: Page) -> None:
    body = {"channel": "chat", "text": "Hello", "locale": "en"}
    mine = page.store.post("/v1/messages", body, key="same").json()
    theirs = chat(page, "Hello", headers={"Idempotency_Key": "same"})
    assert theirs["ticket"]["id"] != mine["ticket"]["id"]
    again = page.post("/v1/messages", body, Idempotency_Key="same")
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == theirs
