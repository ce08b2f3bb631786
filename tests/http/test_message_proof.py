"""Who is told about an order: nobody unproved, and a proved shopper about their own only."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import ids
from app.models.guesses import WrongGuess
from app.services import steps
from app.services.conversation import lockouts
from app.services.wording import say
from tests.http.talk import ANNA, EMMA, LUC, shape, someone, tell, ticket
from tests.support.app import DEMO, Tenant

ASK = say("ask.proof", "en")
QUESTION = "Where is my order {}?"


@pytest.mark.parametrize("channel", ["chat", "email"])
def test_every_guess_that_proves_nothing_gets_the_same_answer(store: Tenant, channel: str) -> None:
    guesses: list[dict[str, Any]] = [
        {"text": QUESTION.format("#1001"), "customer": someone()},
        {"text": QUESTION.format("#9999"), "customer": someone()},
        {"text": QUESTION.format("#9999"), "customer": dict(ANNA)},
        {"text": QUESTION.format("#1002"), "customer": dict(ANNA)},
        {"text": QUESTION.format("#1001"), "customer": {}},
        {"text": QUESTION.format("#1001 (postal code 10968)"), "customer": {}},
        {"text": QUESTION.format("#1001"), "customer": {"external_id": "cust-anna", "name": "Anna Keller"}},
        {"text": QUESTION.format("#1001"), "customer": {"handle": "anna.keller@example.com"}},
    ]
    answers = [tell(store, channel=channel, locale="en", **guess) for guess in guesses]
    assert {answer["reply"]["text"] for answer in answers} == {ASK}
    assert {answer["outcome"] for answer in answers} == {"awaiting_customer"}
    for answer in answers:
        own = {name: part for name, part in answer.items() if name not in {"operations", "message", "ticket"}}
        first = {name: part for name, part in answers[0].items() if name in own}
        assert shape(own["reply"]) == shape(first["reply"])
        assert answer["decisions"] == []
        assert [row["kind"] for row in answer["operations"]] in ([], ["message_delivery"])
        assert (answer["reply"]["cards"], answer["reply"]["buttons"]) == ([], answers[0]["reply"]["buttons"])
        assert (answer["ticket"]["order"], answer["ticket"]["customer"], answer["ticket"]["proof"]) == (None, None, 0)
        assert answer["message"]["author"]["proof"] == 0
        assert answer["message"]["author"]["id"] is None


def test_a_button_with_another_s_order_tells_nothing_either(store: Tenant) -> None:
    order = store.get("/v1/orders/1001").json()
    for button in (
        f"status:{order['id']}",
        f"cancel:{order['id']}",
        f"return:{order['id']}:all",
        f"refund:{ids.new('ord')}",
    ):
        answer = tell(store, "Status", customer=dict(LUC), button=button, locale="en")
        assert answer["reply"]["text"] == ASK
    mine = tell(store, "Status", shopper="cust-luc", button=f"status:{order['id']}", locale="en")
    assert (mine["reply"]["text"], mine["reply"]["cards"]) == (ASK, [])


@pytest.mark.parametrize(
    ("text", "customer"),
    [
        ("Where is my order #1001?", {"email": " Anna.Keller@EXAMPLE.com "}),
        ("Where is my order 1001?", {"phone": "030 901820"}),
        ("Where is my order #1001? My e-mail address is anna.keller@example.com", {}),
        ("Where is my order #1001? Phone: +49 30 901820", {}),
        ("Where is my order #1001? My postal code is 10969.", {}),
        ("Where is my order #1001? I live in D-10969 Berlin", {}),
    ],
)
def test_an_order_number_with_its_contact_is_level_1(store: Tenant, text: str, customer: dict[str, str]) -> None:
    answer = tell(store, text, customer=customer, locale="en")
    assert answer["outcome"] == "answered"
    assert "1001" in answer["reply"]["text"]
    assert answer["ticket"]["proof"] == 1
    assert answer["reply"]["cards"] == [{"type": "order", "id": answer["ticket"]["order"]}]


def test_a_postal_code_of_two_words_counts_and_a_number_is_no_postal_code(store: Tenant) -> None:
    assert tell(store, "Where is my order #1003? LS1 4AP", locale="en")["outcome"] == "answered"
    document = {**DEMO, "orders": [{**order} for order in DEMO["orders"]]}
    ten = next(order for order in document["orders"] if order["number"] == "#1001")
    ten["number"] = "#10969"  # the number is its own postal code: saying it once proves nothing
    again = store.app.store(document)
    assert tell(again, "Where is my order #10969?", locale="en")["reply"]["text"] == ASK


@pytest.mark.parametrize(
    ("claim", "proof"),
    [
        ({"identity": "channel_verified", "customer": dict(EMMA)}, 1),
        ({"identity": "channel_verified", "customer": {"phone": "+44 113 200 0222"}}, 1),
        ({"identity": "session", "customer": dict(EMMA)}, 2),
        ({"identity": "session", "customer": {"external_id": "cust-emma"}}, 2),
        ({"shopper": "cust-emma"}, 2),
    ],
)
def test_channel_session_and_header_prove_the_sender(store: Tenant, claim: dict[str, Any], proof: int) -> None:
    answer = tell(store, "Where is my order #1003?", locale="en", **claim)
    assert (answer["outcome"], answer["ticket"]["proof"]) == ("answered", proof)
    canceled = tell(store, "Please cancel my order #1003", locale="en", **claim)
    wanted = "acted" if proof == 2 else "awaiting_customer"
    assert canceled["outcome"] == wanted
    if proof == 1:
        assert canceled["reply"]["text"] == say("ask.sign_in", "en")
        assert store.sandbox.effects("cancel") == []


def test_a_verified_channel_does_not_vouch_for_a_claimed_customer_id(store: Tenant) -> None:
    answer = tell(store, "Where is my order #1003?", identity="channel_verified", customer={"external_id": "cust-emma"})
    assert answer["reply"]["text"] == ASK


def test_a_proved_shopper_reaches_no_other_s_order(store: Tenant) -> None:
    for claim in ({"shopper": "cust-luc"}, {"identity": "session", "customer": dict(LUC)}):
        for wish in ("Where is my order #1001?", "Please cancel my order #1003", "I want to return order #1001"):
            answer = tell(store, wish, locale="en", **claim)
            assert (answer["reply"]["text"], answer["reply"]["cards"]) == (ASK, [])
    assert store.sandbox.effects("cancel") == []
    assert store.sandbox.effects("label") == []


def test_a_chat_carries_its_proof_for_the_same_order_at_level_1(store: Tenant) -> None:
    first = tell(store, "Where is my order #1003?", customer=dict(EMMA), locale="en")
    running = {"ticket_id": first["ticket"]["id"], "locale": "en"}
    again = tell(store, "Where is my order?", **running)
    assert (again["outcome"], again["ticket"]["id"]) == ("answered", first["ticket"]["id"])
    assert again["reply"]["text"] == first["reply"]["text"]
    assert tell(store, "Where is my order #1014?", **running)["reply"]["text"] == ASK
    assert tell(store, "Please cancel my order #1003", **running)["reply"]["text"] == say("ask.sign_in", "en")
    assert store.sandbox.effects("cancel") == []


def test_a_level_2_proof_is_carried_as_level_1_only(store: Tenant) -> None:
    first = tell(store, "Where is my order #1003?", shopper="cust-emma", locale="en")
    later = tell(store, "Please cancel my order #1003", ticket_id=first["ticket"]["id"], locale="en")
    assert later["reply"]["text"] == say("ask.sign_in", "en")


def test_a_chat_carries_the_proof_of_several_orders(store: Tenant) -> None:
    first = tell(store, "Where are my orders #1004 and #1014? LS1 4AP", locale="en")
    for number in ("#1004", "#1014", "#1004"):
        again = tell(store, f"Where is my order {number}?", ticket_id=first["ticket"]["id"], locale="en")
        assert number in again["reply"]["text"]


def test_who_holds_a_ticket_s_id_reaches_only_what_everybody_in_it_has_proved(store: Tenant) -> None:
    guessed = tell(store, "Where are my orders #1001 and #1005? 10969", customer=someone(), locale="en")
    assert (guessed["ticket"]["proof"], guessed["ticket"]["order"]) == (1, None)
    anna = tell(store, "Where is my order #1015?", shopper="cust-anna", locale="en")
    assert (anna["ticket"]["id"], anna["ticket"]["proof"]) == (guessed["ticket"]["id"], 2)
    for text in ("Where is my order #1015?", "Where is my order?"):
        assert tell(store, text, ticket_id=guessed["ticket"]["id"], locale="en")["reply"]["text"] == ASK


@pytest.mark.parametrize("channel", ["email", "sms", "whatsapp"])
def test_no_other_channel_carries_a_proof(store: Tenant, channel: str) -> None:
    first = tell(store, "Where is my order #1003?", customer=dict(EMMA), channel=channel, locale="en")
    assert first["outcome"] == "answered"
    for sender in ({}, someone(), dict(EMMA)):
        forged = tell(
            store, "Where is my order?", ticket_id=first["ticket"]["id"], channel=channel, customer=sender, locale="en"
        )
        assert forged["reply"]["text"] == ASK
    chat = tell(store, "Where is my order?", ticket_id=first["ticket"]["id"], locale="en")
    assert chat["reply"]["text"] == ASK


def test_a_message_with_another_store_s_ticket_is_not_found(store: Tenant, other: Tenant) -> None:
    first = tell(store, "Where is my order #1003?", customer=dict(EMMA))
    answer = tell(other, "Hello?", ticket_id=first["ticket"]["id"], status=404)
    assert answer["code"] == "ticket_not_found"
    assert ticket(store, first)["messages"][-1]["direction"] == "outbound"


def test_a_proved_customer_does_not_write_into_another_customer_s_ticket(store: Tenant) -> None:
    emma = tell(store, "Where is my order #1003?", customer=dict(EMMA), channel="email")
    luc = tell(store, "Where is my order #1002?", customer=dict(LUC), channel="email", ticket_id=emma["ticket"]["id"])
    assert luc["outcome"] == "answered"
    assert luc["ticket"]["id"] != emma["ticket"]["id"]
    mails = store.sandbox.get("/mail/v1/messages")["data"]
    assert all("1002" not in mail["text"] for mail in mails if mail["to"] != LUC["email"])


# ---- guessing ------------------------------------------------------------------------------------------------------


def _guess(store: Tenant, codes: str, number: str = "#1001", **more: Any) -> str:
    return tell(store, f"Where is my order {number}? {codes}", locale="en", **more)["reply"]["text"]


def _codes(count: int, start: int = 10900) -> str:
    return " ".join(str(code) for code in range(start, start + count))


def test_a_message_that_tries_many_codes_proves_nothing(store: Tenant) -> None:
    assert _guess(store, _codes(199)) == ASK
    assert _guess(store, " ".join(f"mail{number}@example.com" for number in range(6)) + f" {ANNA['email']}") == ASK
    assert _guess(store, "I moved from 10999 to 10969 in Berlin, house 12, call 030 901820 7") != ASK


@pytest.mark.parametrize("number", ["#1001", "1001"])
def test_after_five_wrong_guesses_at_an_order_a_right_one_gets_the_same_answer(store: Tenant, number: str) -> None:
    for code in range(10900, 10905):
        assert _guess(store, str(code), customer=someone()) == ASK
    right: list[dict[str, Any]] = [{"codes": "10969"}, {"codes": "", "customer": dict(ANNA)}]
    for guess in right:
        assert _guess(store, number=number, **guess) == ASK
    assert _guess(store, "10969", number="#1005") != ASK, "another order is another matter"
    for claim in ({"identity": "channel_verified", "customer": dict(ANNA)}, {"shopper": "cust-anna"}):
        assert _guess(store, "", **claim) != ASK


def test_many_guesses_at_once_are_no_more_than_as_many_after_each_other(store: Tenant) -> None:
    start = threading.Barrier(12)

    def send(code: int) -> None:
        start.wait(10)
        _guess(store, str(code))

    threads = [threading.Thread(target=send, args=(10900 + number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    counts = select(WrongGuess.count).where(WrongGuess.store_id == store.id)
    assert store.app.read(lambda session: list(session.scalars(counts))) == [lockouts.AT_ORDER]
    assert _guess(store, "10969") == ASK


def test_an_hour_later_guesses_are_listened_to_again(store: Tenant) -> None:
    assert _guess(store, _codes(5)) == ASK
    assert _guess(store, "10969") == ASK

    def an_hour_ago(session: Session) -> None:
        for row in session.scalars(select(WrongGuess).where(WrongGuess.store_id == store.id)):
            row.since -= lockouts.LASTS

    store.app.write(an_hour_ago)
    assert _guess(store, "10969") != ASK


def test_an_address_that_guesses_at_many_orders_is_not_listened_to(store: Tenant) -> None:
    sender = someone()
    for number in range(3):
        assert _guess(store, _codes(5), number=f"#10{number + 10}", customer=sender) == ASK
    assert _guess(store, "10969", customer=sender) == ASK
    assert _guess(store, "10969", customer=someone()) != ASK


def test_a_guess_that_proves_nothing_is_answered_after_a_whole_step(store: Tenant) -> None:
    for number, code in (("#1001", "10900"), ("#9999", "10969")):
        began = time.monotonic()
        assert _guess(store, code, number=number) == ASK
        assert time.monotonic() - began >= steps.STEP


def test_the_shop_is_asked_as_often_for_a_wrong_guess_as_for_a_number_that_is_none(store: Tenant) -> None:
    tell(store, "Where is my order #1001?", shopper="cust-anna")  # warm, with a parcel that a carrier tracks
    store.sandbox.fault("*", "slow", delay_ms=0, rate=1.0)

    def calls(text: str, **more: Any) -> list[str]:
        before = len(store.sandbox.ledger())
        assert _guess(store, text, **more) == ASK
        return sorted(row["kind"] for row in store.sandbox.ledger()[before:] if row["fault"])

    warm = calls("10900")
    assert warm == ["order", "order"]
    assert calls("10900", number="#9999") == warm
    assert calls("69000", number="#1002") == warm, "cold, and it stays so"
    assert calls("69000", number="#1002") == warm
    calls(_codes(5))
    assert calls("10969") == warm, "right, and not listened to"
    assert calls("", number="#1001") == calls("", number="#9999") == []
