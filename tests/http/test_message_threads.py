"""A message is in exactly one ticket, once, however often and on however many channels it comes."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.models.tickets import Message
from tests.http.talk import ANNA, EMMA, LUC, someone, tell, ticket
from tests.support.app import Tenant

STATUS = "Where is my order #1001?"


def _at_once(store: Tenant, bodies: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """Send them at the same moment from as many threads; the answers in order of arrival."""
    start, answers = threading.Barrier(len(bodies)), list[tuple[int, dict[str, Any]]]()

    def send(body: dict[str, Any]) -> None:
        key = body.pop("key", None)
        start.wait(10)
        answer = store.post("/v1/messages", body, key=key, Prefer="wait=15")
        answers.append((answer.status_code, answer.json()))

    threads = [threading.Thread(target=send, args=(dict(body),)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == len(bodies)
    return answers


def test_the_same_external_id_gets_the_first_answer(store: Tenant) -> None:
    first = tell(store, STATUS, customer=dict(ANNA), external_id="wamid.1", channel="whatsapp")
    again = tell(store, STATUS, customer=dict(ANNA), external_id="wamid.1", channel="whatsapp", status=200)
    assert again == first
    changed = tell(store, "Something else", customer=someone(), external_id="wamid.1", channel="whatsapp", status=200)
    assert changed == first
    other_channel = tell(store, STATUS, customer=dict(ANNA), external_id="wamid.1")
    assert other_channel["message"]["id"] != first["message"]["id"]
    assert len(ticket(store, first)["messages"]) == 4


def test_the_same_external_id_is_another_message_in_another_store(store: Tenant, other: Tenant) -> None:
    mine = tell(store, STATUS, customer=dict(ANNA), external_id="m-1")
    theirs = tell(other, STATUS, customer=dict(ANNA), external_id="m-1")
    assert mine["message"]["id"] != theirs["message"]["id"]


def test_twenty_deliveries_at_once_are_one_message_with_one_effect(store: Tenant) -> None:
    body = {
        "channel": "chat",
        "text": "Please cancel my order #1016",
        "identity": "session",
        "customer": {"external_id": "cust-ines"},
        "external_id": "one",
    }
    answers = _at_once(store, [body] * 20)
    assert sorted(status for status, _ in answers) == [200] * 19 + [201]
    first = next(answer for status, answer in answers if status == 201)
    assert first["outcome"] == "acted"
    assert {answer["message"]["id"] for _, answer in answers} == {first["message"]["id"]}
    assert {answer["reply"]["text"] for _, answer in answers} == {first["reply"]["text"]}
    assert [row["direction"] for row in ticket(store, first)["messages"]] == ["inbound", "outbound"]
    assert len(store.get("/v1/tickets").json()["data"]) == 1
    assert len(store.sandbox.effects("cancel")) == len(store.sandbox.effects("refund")) == 1
    late = tell(store, body["text"], external_id="one", status=200)
    assert late == first


def test_twenty_messages_of_one_customer_at_once_open_one_ticket(store: Tenant) -> None:
    body = {"channel": "chat", "text": STATUS, "customer": dict(ANNA)}
    answers = _at_once(store, [{**body, "external_id": f"m-{number}"} for number in range(20)])
    assert {status for status, _ in answers} == {201}
    tickets = {answer["ticket"]["id"] for _, answer in answers}
    assert len(tickets) == 1
    whole = ticket(store, answers[0][1])
    assert len([row for row in whole["messages"] if row["direction"] == "inbound"]) == 20
    assert len([row for row in whole["messages"] if row["direction"] == "outbound"]) == 20
    assert [row["sequence"] for row in whole["timeline"]] == list(range(1, len(whole["timeline"]) + 1))


def test_twenty_unproved_messages_of_one_address_at_once_open_one_ticket(store: Tenant) -> None:
    sender = someone()
    answers = _at_once(store, [{"channel": "email", "text": "Hello, I have a question", "customer": sender}] * 20)
    assert len({answer["ticket"]["id"] for _, answer in answers}) == 1


def test_an_idempotency_key_gets_the_stored_answer(store: Tenant) -> None:
    body = {"channel": "chat", "text": STATUS, "customer": dict(ANNA)}
    first = store.post("/v1/messages", body, key="k-1")
    again = store.post("/v1/messages", body, key="k-1")
    assert (first.status_code, again.status_code, again.headers["idempotent-replayed"]) == (201, 201, "true")
    assert again.content == first.content
    reused = store.post("/v1/messages", {**body, "text": "Other"}, key="k-1")
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
    assert len(ticket(store, first.json())["messages"]) == 2


def test_one_key_at_once_is_one_message(store: Tenant) -> None:
    body = {"channel": "chat", "text": STATUS, "customer": dict(ANNA), "key": "k-2"}
    answers = _at_once(store, [body] * 10)
    done = [answer for status, answer in answers if status == 201]
    assert {status for status, _ in answers} <= {201, 409}
    assert len({answer["message"]["id"] for answer in done}) == 1
    assert len(ticket(store, done[0])["messages"]) == 2


def test_the_first_answer_after_a_crash_stays_the_answer(store: Tenant) -> None:
    first = tell(store, STATUS, customer=dict(ANNA), external_id="m-9")

    def unanswered(session: Session) -> None:  # as if the process had died between the commit and the answer
        session.get_one(Message, first["message"]["id"]).answer = None

    store.app.write(unanswered)
    again = tell(store, STATUS, customer=dict(ANNA), external_id="m-9", status=200)
    store.send("PATCH", f"/v1/tickets/{first['ticket']['id']}", {"status": "solved"})
    assert tell(store, STATUS, customer=dict(ANNA), external_id="m-9", status=200) == again


def test_a_proved_customer_s_conversation_goes_on_across_channels(store: Tenant) -> None:
    chat = tell(store, STATUS, customer=dict(ANNA))
    mail = tell(store, STATUS, customer=dict(ANNA), channel="email")
    app = tell(store, STATUS, shopper="cust-anna", channel="api")
    called = tell(store, STATUS, identity="channel_verified", customer={"phone": "+4930901820"}, channel="sms")
    assert {answer["ticket"]["id"] for answer in (mail, app, called)} == {chat["ticket"]["id"]}
    whole = ticket(store, chat)
    assert whole["proof"] == 2
    assert [row["channel"] for row in whole["messages"] if row["direction"] == "inbound"] == [
        "chat",
        "email",
        "api",
        "sms",
    ]


def test_another_order_is_another_conversation(store: Tenant) -> None:
    first = tell(store, STATUS, customer=dict(ANNA))
    second = tell(store, "Where is my order #1015?", customer=dict(ANNA))
    assert first["ticket"]["id"] != second["ticket"]["id"]


def test_an_unproved_sender_does_not_join_a_proved_conversation(store: Tenant) -> None:
    proved = tell(store, STATUS, customer=dict(ANNA), channel="email")
    claimed = tell(store, "Hello, please tell me more", customer=dict(ANNA), channel="email")
    stranger = tell(store, STATUS, customer=someone(), channel="email")
    assert len({answer["ticket"]["id"] for answer in (proved, claimed, stranger)}) == 3
    assert claimed["ticket"]["customer"] is None


def test_an_unproved_sender_s_next_message_finds_the_ticket_on_the_same_channel_only(store: Tenant) -> None:
    sender = someone()
    first = tell(store, "Hello, I have a question about sizes", customer=sender, channel="email")
    next_ = tell(store, "Are you there?", customer={"email": sender["email"].upper()}, channel="email")
    elsewhere = tell(store, "Are you there?", customer=sender, channel="sms")
    assert next_["ticket"]["id"] == first["ticket"]["id"] != elsewhere["ticket"]["id"]


def test_nameless_messages_share_no_ticket(store: Tenant) -> None:
    assert tell(store, "Hello")["ticket"]["id"] != tell(store, "Hello")["ticket"]["id"]


def test_a_solved_ticket_is_opened_again_and_a_closed_one_is_followed_by_another(store: Tenant) -> None:
    first = tell(store, STATUS, customer=dict(ANNA))
    path = f"/v1/tickets/{first['ticket']['id']}"
    assert store.send("PATCH", path, {"status": "solved"}).json()["status"] == "solved"
    again = tell(store, STATUS, customer=dict(ANNA))
    assert (again["ticket"]["id"], again["ticket"]["status"]) == (first["ticket"]["id"], "pending_customer")
    assert store.send("PATCH", path, {"status": "closed"}).json()["status"] == "closed"
    by_customer = tell(store, STATUS, customer=dict(ANNA))
    by_name = tell(store, STATUS, customer=dict(EMMA), ticket_id=first["ticket"]["id"])
    assert first["ticket"]["id"] not in {by_customer["ticket"]["id"], by_name["ticket"]["id"]}
    assert store.get(path).json()["status"] == "closed"


@pytest.mark.parametrize("channel", ["chat", "email"])
def test_a_person_who_solved_a_ticket_leaves_it_to_automation_again(store: Tenant, channel: str) -> None:
    asked = tell(store, "I want to talk to a person, please", customer=dict(LUC), identity="session", channel=channel)
    assert asked["outcome"] == "handed_off"
    path = f"/v1/tickets/{asked['ticket']['id']}"
    quiet = tell(store, "Where is my order #1002?", customer=dict(LUC), identity="session", channel=channel)
    assert (quiet["outcome"], quiet["reply"], quiet["ticket"]["id"]) == ("acknowledged", None, asked["ticket"]["id"])
    assert store.send("PATCH", path, {"status": "solved"}).status_code == 200
    for _ in range(2):
        later = tell(store, "Where is my order #1002?", customer=dict(LUC), identity="session", channel=channel)
        assert (later["outcome"], later["ticket"]["id"]) == ("answered", asked["ticket"]["id"])
        assert later["ticket"]["handoff"] is None
