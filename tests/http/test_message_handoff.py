"""What automation may not do goes to a person with everything filled in, and nothing that came in is lost."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest

from app.services.wording import say
from tests.http.talk import ANNA, EMMA, LUC, someone, tell, ticket
from tests.support.app import DEMO, POLICY, App, Tenant

PERSON = "I want to talk to a person about order #1001"


def test_a_hand_over_is_filled_in(store: Tenant) -> None:
    answer = tell(store, PERSON, customer=dict(ANNA), locale="en", department="returns", subject="Help")
    assert (answer["outcome"], answer["reply"]["text"]) == ("handed_off", say("handoff", "en"))
    pack = answer["ticket"]["handoff"]
    assert pack["reason"] == "shopper_asked"
    assert pack["asked"]["intent"] == "human.request"
    assert pack["asked"]["text"] == PERSON
    assert pack["asked"]["message"] == answer["message"]["id"]
    assert (pack["order"]["number"], pack["order"]["status"]) == ("#1001", "delivered")
    assert [parcel["tracking_number"] for parcel in pack["parcels"]] == ["NP100100001DE"]
    assert pack["customer"] == {"id": answer["ticket"]["customer"], **ANNA}
    assert (pack["proof"], pack["language"], pack["department"]) == (1, "en", "returns")
    assert (pack["tried"], pack["decided"]) == ([], [])
    assert pack["next_step"]
    assert pack["summary"].endswith("handed over because: shopper_asked.")
    assert (answer["ticket"]["status"], answer["ticket"]["department"]) == ("open", "returns")


def test_an_unproved_sender_s_hand_over_names_no_order(store: Tenant) -> None:
    pack = tell(store, PERSON, customer=someone())["ticket"]["handoff"]
    assert (pack["order"], pack["parcels"], pack["proof"], pack["customer"]["id"]) == (None, [], 0, None)


@pytest.mark.parametrize(
    "text",
    [
        "Where is my order #1001? I want to talk to a human being.",
        "Wo ist meine Bestellung #1001? Ich möchte mit einem Mitarbeiter sprechen.",
        "Cancel order #1001 or let me speak to an agent, I need a real person",
    ],
)
def test_a_wish_for_a_person_beside_another_is_granted(store: Tenant, text: str) -> None:
    answer = tell(store, text, shopper="cust-anna")
    assert (answer["outcome"], answer["ticket"]["handoff"]["reason"]) == ("handed_off", "shopper_asked")


def test_what_is_not_clear_goes_to_a_person_with_the_text(store: Tenant) -> None:
    answer = tell(store, "The thing with the zipper, you know, like last time", customer=dict(ANNA))
    assert (answer["outcome"], answer["ticket"]["handoff"]["reason"]) == ("handed_off", "unsure")


def test_a_hand_over_by_mail_lists_no_mail_among_what_was_tried(store: Tenant) -> None:
    answer = tell(store, PERSON, customer=dict(ANNA), channel="email")
    assert [row["kind"] for row in answer["operations"]] == ["message_delivery"]
    assert answer["ticket"]["handoff"]["tried"] == []


def test_what_was_decided_stands_in_the_hand_over(app: App) -> None:
    store = app.store(policy={**POLICY, "auto_approve_returns": False})
    answer = tell(store, "I want to return order #1005", customer=dict(ANNA), locale="en")
    assert answer["outcome"] == "handed_off"
    pack = answer["ticket"]["handoff"]
    assert [(row["action"], row["outcome"]) for row in pack["decided"]] == [("return", "ask")]
    assert pack["order"]["number"] == "#1005"
    made = store.get("/v1/returns").json()["data"]
    assert [row["status"] for row in made] == ["awaiting_approval"]
    assert made[0]["rma"] in answer["reply"]["text"]
    assert store.sandbox.effects("label") == []


def _said(pack: dict[str, Any]) -> tuple[list[str], list[tuple[str, str]]]:
    """What a hand-over tells of what was tried and decided."""
    return sorted(row["kind"] for row in pack["tried"]), [(row["action"], row["outcome"]) for row in pack["decided"]]


def test_a_hand_over_tells_of_everything_in_the_ticket(store: Tenant) -> None:
    done = tell(store, "Cancelar mi pedido #1016, por favor", shopper="cust-ines")
    refused = tell(store, "Quiero devolver mi pedido #1016", shopper="cust-ines")
    decided = [(row["action"], row["outcome"]) for row in (*done["decisions"], *refused["decisions"])]
    assert decided[-1] == ("return", "refuse")
    path = f"/v1/tickets/{done['ticket']['id']}"
    by_hand = store.post(f"{path}/handoff", {"reason": "goodwill"}).json()["handoff"]
    store.send("PATCH", path, {"status": "solved"})
    asked = tell(store, "Quiero hablar con una persona", shopper="cust-ines", ticket_id=done["ticket"]["id"])
    assert asked["ticket"]["handoff"]["reason"] == "shopper_asked"
    for pack in (by_hand, asked["ticket"]["handoff"]):
        assert _said(pack) == (["order_cancel", "refund"], decided)
        assert pack["order"]["number"] == "#1016"


def test_what_did_not_come_true_is_handed_over_with_the_parcels_and_what_was_decided(store: Tenant) -> None:
    store.sandbox.fault("label", "refuse")
    answer = tell(store, "Ich möchte Bestellung #1005 zurücksenden", customer=dict(ANNA))
    store.rest()
    pack = ticket(store, answer)["handoff"]
    assert pack["reason"] == "return_label_failed"
    assert "return_label" in _said(pack)[0]
    assert ("return", "allow") in _said(pack)[1]
    tracked = store.get("/v1/orders/1005").json()["shipments"]
    assert [parcel["id"] for parcel in pack["parcels"]] == [parcel["id"] for parcel in tracked] != []


def test_in_a_person_s_hands_automation_keeps_quiet(store: Tenant) -> None:
    handed = tell(store, PERSON, shopper="cust-emma")
    for text in ("Please cancel my order #1003", "Where is my order #1003?", "Hello?"):
        quiet = tell(store, text, shopper="cust-emma", ticket_id=handed["ticket"]["id"])
        assert (quiet["outcome"], quiet["reply"], quiet["operations"]) == ("acknowledged", None, [])
        assert quiet["ticket"]["status"] == "open"
    assert store.sandbox.effects("cancel") == []
    directions = Counter(row["direction"] for row in ticket(store, handed)["messages"])
    assert directions == {"inbound": 4, "outbound": 1}


@pytest.mark.parametrize("fault", ["timeout_before_effect", "reset", "malformed", "throttle"])
def test_a_shop_that_does_not_answer_loses_no_message(store: Tenant, fault: str) -> None:
    options: dict[str, Any] = {"delay_ms": 3000} if "timeout" in fault else {}
    store.sandbox.fault("order", fault, rate=1.0, times=50, **options)
    answer = tell(store, "Where is my order #1002?", customer=dict(LUC), locale="en", external_id="m-1")
    assert (answer["outcome"], answer["reply"]["text"]) == ("handed_off", say("handoff", "en"))
    assert answer["ticket"]["handoff"]["reason"] == "shop_unreachable"
    assert ticket(store, answer)["messages"][0]["text"] == "Where is my order #1002?"
    store.sandbox.call("DELETE", "/sandbox/v1/faults")
    assert tell(store, "x", external_id="m-1", status=200) == answer


def test_a_shop_that_does_not_answer_cancels_nothing(store: Tenant) -> None:
    tell(store, "Where is my order #1003?", shopper="cust-emma")
    store.sandbox.fault("order", "reset", rate=1.0, times=50)
    answer = tell(store, "Please cancel my order #1003", shopper="cust-emma", locale="en")
    assert (answer["outcome"], answer["operations"]) == ("handed_off", [])
    assert store.sandbox.effects("cancel") == []


def test_a_payment_provider_that_does_not_answer_cancels_nothing(store: Tenant) -> None:
    store.sandbox.fault("payment", "reset", rate=1.0, times=50)
    answer = tell(store, "Please cancel my order #1016", shopper="cust-ines", locale="en")
    assert (answer["outcome"], answer["ticket"]["handoff"]["reason"]) == ("handed_off", "shop_unreachable")
    assert store.sandbox.effects("cancel") == store.sandbox.effects("refund") == []


def test_an_urgent_message_goes_to_a_person_first(store: Tenant) -> None:
    text = "Cancel my order #1003 NOW or my lawyer will sue you, I am filing a lawsuit today!"
    answer = tell(store, text, shopper="cust-emma", locale="en")
    assert answer["outcome"] == "handed_off"
    assert answer["ticket"]["priority"] == "urgent"
    assert store.sandbox.effects("cancel") == []


# ---- mail ------------------------------------------------------------------------------------------------------------


def _mails(store: Tenant, count: int, seconds: float = 20) -> list[dict[str, Any]]:
    """The mailbox once every reply has settled."""
    give_up = time.monotonic() + seconds
    while True:
        mails = store.sandbox.get("/mail/v1/messages")["data"]
        if len(mails) >= count or time.monotonic() > give_up:
            return mails
        time.sleep(0.1)


def test_a_reply_by_mail_is_delivered_once_into_the_thread(store: Tenant) -> None:
    answer = tell(store, "Where is my order #1002?", customer=dict(LUC), channel="email", subject="Ma commande")
    (mail,) = _mails(store, 1)
    assert (mail["to"], mail["text"]) == (LUC["email"], answer["reply"]["text"])
    assert mail["subject"] == "Re: Ma commande"
    assert ticket(store, answer)["messages"][-1]["delivery"] == "succeeded"


@pytest.mark.parametrize(
    "fault", ["timeout_before_effect", "timeout_after_effect", "error_after_effect", "reset", "malformed", "throttle"]
)
def test_a_fault_of_the_mail_makes_no_second_mail(store: Tenant, fault: str) -> None:
    options: dict[str, Any] = {"delay_ms": 2500} if "timeout" in fault else {}
    store.sandbox.fault("mail", fault, times=1, **options)
    answer = tell(store, "Where is my order #1002?", customer=dict(LUC), channel="email")
    assert answer["outcome"] == "answered"
    (mail,) = _mails(store, 1)
    assert mail["text"] == answer["reply"]["text"]
    give_up = time.monotonic() + 15
    while ticket(store, answer)["messages"][-1]["delivery"] != "succeeded":
        assert time.monotonic() < give_up
        time.sleep(0.1)
    assert len(_mails(store, 1)) == 1
    assert {row["fault"] for row in store.sandbox.ledger() if row["fault"]} == {fault}


def _tell_each(store: Tenant, count: int) -> set[tuple[str, str]]:
    """Who was mailed what."""
    return {(mail["to"], mail["text"]) for mail in _mails(store, count)}


def test_a_reply_goes_to_whoever_wrote_what_it_answers(store: Tenant) -> None:
    guessed = tell(store, "Where is my order #1001? 10969", customer={"email": "x@evil.example"}, locale="en")
    assert guessed["outcome"] == "answered"
    assert "email" not in guessed["ticket"]["contact"]
    proved: dict[str, Any] = {"customer": dict(ANNA), "identity": "channel_verified", "channel": "email"}
    mail = tell(store, "Where is my order #1001?", **proved, locale="en", subject="My jacket")
    assert mail["ticket"]["id"] == guessed["ticket"]["id"]
    assert mail["ticket"]["contact"] == ANNA
    assert _tell_each(store, 1) == {(ANNA["email"], mail["reply"]["text"])}
    store.post(f"/v1/tickets/{mail['ticket']['id']}/messages", {"text": "It hangs in the staircase."})
    assert _tell_each(store, 2) == {
        (ANNA["email"], mail["reply"]["text"]),
        (ANNA["email"], "It hangs in the staircase."),
    }
    assert {mail["subject"] for mail in _mails(store, 2)} == {"Re: My jacket"}


def test_what_tells_of_an_order_is_mailed_to_the_address_on_it(store: Tenant) -> None:
    sender = {"email": "somewhere@else.example"}
    told = tell(store, "Where is my order #1001? 10969", customer=sender, channel="email", locale="en")
    assert "1001" in told["reply"]["text"]
    assert _tell_each(store, 1) == {(ANNA["email"], told["reply"]["text"])}
    untold = tell(store, "Where is my order #1002?", customer=sender, channel="email", subject="Hello", locale="en")
    assert _tell_each(store, 2) - {(ANNA["email"], told["reply"]["text"])} == {
        (sender["email"], untold["reply"]["text"])
    }


def test_a_stranger_in_a_customer_s_ticket_gets_neither_its_subject_nor_a_person_s_reply(store: Tenant) -> None:
    proved: dict[str, Any] = {"customer": dict(ANNA), "identity": "channel_verified", "channel": "email"}
    mine = tell(store, PERSON, **proved, subject="About my divorce")
    sender = {"email": "x@evil.example"}
    tell(store, "What was that?", customer=sender, channel="email", ticket_id=mine["ticket"]["id"])
    store.post(f"/v1/tickets/{mine['ticket']['id']}/messages", {"text": "We keep it for you."})
    assert {mail["to"] for mail in _mails(store, 2)} == {ANNA["email"]}
    store.send("PATCH", f"/v1/tickets/{mine['ticket']['id']}", {"status": "solved"})
    asked = tell(store, "Where is my order?", customer=sender, channel="email", ticket_id=mine["ticket"]["id"])
    assert asked["ticket"]["id"] == mine["ticket"]["id"]
    (mail,) = [mail for mail in _mails(store, 3) if mail["to"] == sender["email"]]
    assert (mail["subject"], mail["text"]) == (None, asked["reply"]["text"])


def test_a_mail_into_a_conversation_by_phone_is_answered_by_mail(store: Tenant) -> None:
    called = tell(store, PERSON, customer={"phone": "+4930901820"}, identity="channel_verified", channel="phone")
    store.send("PATCH", f"/v1/tickets/{called['ticket']['id']}", {"status": "solved"})
    mail = tell(store, "Where is my order #1001?", customer=dict(ANNA), identity="channel_verified", channel="email")
    assert mail["ticket"]["id"] == called["ticket"]["id"]
    assert _tell_each(store, 1) == {(ANNA["email"], mail["reply"]["text"])}


def test_a_ticket_opened_by_hand_is_answered_at_the_customer_s_address(store: Tenant) -> None:
    given: list[dict[str, Any]] = [{"customer": "cust-luc"}, {"order": "#1001"}, {"email": "third@person.example"}]
    for fields in given:
        opened = store.post("/v1/tickets", {"channel": "email", "subject": "By hand", **fields}).json()
        store.post(f"/v1/tickets/{opened['id']}/messages", {"text": "Good news."})
    assert {mail["to"] for mail in _mails(store, 3)} == {LUC["email"], ANNA["email"], "third@person.example"}


def test_what_cannot_be_mailed_is_told_and_goes_to_a_person(app: App) -> None:
    orders = [{**order, "email": None} if order["number"] == "#1001" else order for order in DEMO["orders"]]
    customers = [{**row, "email": None} if row["id"] == "cust-anna" else row for row in DEMO["customers"]]
    store = app.store({**DEMO, "orders": orders, "customers": customers})
    answer = tell(store, "Where is my order #1001? 10969", customer=someone(), channel="email", locale="en")
    assert (answer["outcome"], answer["ticket"]["handoff"]["reason"]) == ("handed_off", "no_address")
    assert ticket(store, answer)["messages"][-1]["delivery"] == "failed"
    assert store.sandbox.get("/mail/v1/messages")["data"] == []


def test_no_other_channel_s_reply_is_mailed(store: Tenant) -> None:
    for channel in ("chat", "whatsapp", "sms", "web", "api"):
        tell(store, "Where is my order #1002?", customer=dict(LUC), channel=channel)
    assert store.sandbox.get("/mail/v1/messages")["data"] == []


def test_an_address_that_is_none_gets_no_mail(store: Tenant) -> None:
    for address in ("not an address", "a@b", "x@example.com\u2028Bcc: y@example.com"):
        answer = store.post("/v1/messages", {"channel": "email", "text": "Hello", "customer": {"email": address}})
        assert answer.status_code in {201, 422}
    assert store.sandbox.get("/mail/v1/messages")["data"] == []


def test_a_refund_that_the_shop_made_is_told_as_paid(store: Tenant) -> None:
    answer = tell(store, "Where is my refund for order #1014?", customer=dict(EMMA), locale="en")
    assert answer["outcome"] == "answered"
    assert "125.90" in answer["reply"]["text"]
    order = next(order for order in DEMO["orders"] if order["number"] == "#1014")
    assert sum(refund["amount"] for refund in order["refunds"]) == 12590
