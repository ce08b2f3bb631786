"""Started, arrived and paid reach the shopper by mail: once each, in their language, whatever the mailbox answers."""

from __future__ import annotations

import re
from itertools import combinations
from string import Formatter
from typing import Any

import pytest
from sqlalchemy import select

from app.models.operations import Operation
from app.models.refunds import Refund
from app.models.returns import Return
from app.services import refund_settlements, state_mails
from app.services.wording import LANGUAGES
from app.services.wording.notices import notices
from tests.services.durable_fixtures import until
from tests.services.test_returns_and_labels import SHOP, change, label_for, send_back
from tests.support.app import App, Tenant

MIA = {"id": "cust-1", "email": "mia@example.com", "locale": "de-DE"}


SETTINGS = {"retry_seconds": (0.1,) * 6, "recheck_seconds": (0.3,) * 5, "call_seconds": 1.0}


@pytest.fixture
def store(app: App) -> Tenant:
    return app.store({**SHOP, "customers": [MIA]})


def mails(store: Tenant) -> list[dict[str, Any]]:
    return store.sandbox.get("/mail/v1/messages")["data"]


def settled(store: Tenant, keys: list[str]) -> list[dict[str, Any]]:
    """The mailbox once the mails under these keys are known to be there, in their order."""

    def rows(session: Any) -> list[str]:
        return list(session.scalars(select(Operation.status).where(Operation.provider_key.in_(keys))))

    until(lambda: store.app.read(rows) == ["succeeded"] * len(keys), 20)
    return sorted(mails(store), key=lambda mail: [*keys, mail["key"]].index(mail["key"]))


def go_all_the_way(store: Tenant) -> list[str]:
    """A return that is sent, received and paid back; the keys of the mails that are due."""
    return finish(store, send_back(store, quantity=2).json())


def finish(store: Tenant, made: dict[str, Any]) -> list[str]:
    """It is received and paid back."""
    change(store, made, "receive")
    refund = change(store, made, "complete").json()["refund"]
    return [f"{made['id']}.started", f"{made['id']}.arrived", f"{refund}.paid"]


def test_started_arrived_and_paid_are_told_once_each_in_the_shopper_s_language(store):
    keys = go_all_the_way(store)
    started, arrived, paid = settled(store, keys)
    assert [mail["key"] for mail in (started, arrived, paid)] == keys
    assert {mail["to"] for mail in (started, arrived, paid)} == {"mia@example.com"}
    assert {mail["language"] for mail in (started, arrived, paid)} == {"de"}
    assert started["message_id"] == f"<{keys[0]}@sandbox.example>"
    assert (started["subject"], paid["subject"]) == (
        "Ihre Retoure zur Bestellung #1 hat begonnen",
        "Ihre Erstattung zur Bestellung #1 ist ausgezahlt",
    )
    rma = store.get(f"/v1/returns/{keys[0].removesuffix('.started')}").json()["rma"]
    assert all(rma in mail["text"] and "- 2 × Mug" in mail["text"] for mail in (started, arrived))
    assert re.search(r"6,66\s€ zur Bestellung #1", paid["text"])


@pytest.mark.parametrize("fault", ["timeout_after_effect", "error_after_effect", "reset"])
def test_a_lost_answer_of_the_mailbox_sends_nothing_twice(store, fault):
    delay = {"delay_ms": 1500} if fault.startswith("timeout") else {}
    store.sandbox.fault("mail", fault, times=3, **delay)
    keys = go_all_the_way(store)
    assert [mail["key"] for mail in settled(store, keys)] == keys
    assert len(store.sandbox.effects("mail")) == 3


def test_a_state_that_comes_again_is_not_told_again(store):
    made = send_back(store).json()
    label = label_for(store, made).json()
    store.send("DELETE", f"/v1/return-labels/{label['id']}", Prefer="wait=10")  # and the return is approved again
    keys = finish(store, made)

    def once_more(session: Any) -> None:
        back = session.get_one(Return, made["id"])
        state_mails.return_started(session, back)
        state_mails._moved(session, back, "approved")
        refund_settlements.tell(session, session.scalars(select(Refund).where(Refund.return_id == back.id)).one())

    settled(store, keys)
    store.app.write(once_more)
    assert [mail["key"] for mail in settled(store, keys)] == keys
    every = store.get("/v1/operations?kind=notice").json()["data"]
    assert len(every) == 3


def test_a_return_that_the_shop_does_not_take_has_not_started(store):
    store.sandbox.fault("open_return", "refuse", code="already_returned", status=409)
    assert send_back(store).json()["code"] == "already_returned"
    (mail,) = store.get("/v1/operations?kind=notice").json()["data"]
    assert (mail["status"], mails(store)) == ("canceled", [])


def test_what_waits_for_the_shop_and_is_canceled_is_never_told(store):
    store.sandbox.fault("open_return", "slow", delay_ms=700)
    made = send_back(store, Prefer="wait=0").json()
    assert change(store, made, "cancel").json()["status"] == "canceled"
    until(lambda: not store.get("/v1/operations?status=pending").json()["data"], 15)
    assert mails(store) == []


def test_a_return_that_waits_for_a_person_has_started_once_they_say_yes(store):
    made = send_back(store, 5, Aftersale_Customer="cust-1").json()
    assert store.get("/v1/operations?kind=notice").json()["data"] == []
    change(store, made, "approve")
    (mail,) = settled(store, [f"{made['id']}.started"])
    assert made["rma"] in mail["text"]


def test_what_a_message_asked_for_is_told_by_its_answer_alone(store):
    body = {
        "channel": "email",
        "text": "I want to return my order",
        "order_number": "#1",
        "locale": "en",
        "customer": {"email": "mia@example.com"},
    }
    told = store.post("/v1/messages", body, Prefer="wait=15").json()
    assert told["outcome"] == "acted", told
    (made,) = store.get("/v1/returns").json()["data"]
    change(store, made, "receive")
    settled(store, [f"{made['id']}.arrived"])
    answer, arrived = until(lambda: len(found := mails(store)) == 2 and found)
    assert (answer["text"], arrived["key"]) == (told["reply"]["text"], f"{made['id']}.arrived")


def test_a_refund_that_the_bank_sends_back_was_told_of_once(store):
    body = {"order": "#1", "amount": {"amount": 500, "currency": "EUR"}, "destination": {"type": "store_credit"}}
    credited = store.post("/v1/refunds", body, Prefer="wait=15").json()
    body["destination"] = {"type": "original"}
    paid = store.post("/v1/refunds", body, Prefer="wait=15").json()
    keys = [f"{credited['id']}.paid", f"{paid['id']}.paid"]
    as_credit, as_money = settled(store, keys)
    assert "als Guthaben" in as_credit["text"]
    assert "auf demselben Weg" in as_money["text"]
    provider = store.get(f"/v1/operations/{paid['operation']['id']}").json()["external_id"]
    store.sandbox.post(f"/sandbox/v1/refunds/{provider}/fail", {})
    until(lambda: store.get(f"/v1/refunds/{paid['id']}").json()["status"] == "failed", 15)
    assert len(mails(store)) == 2


def test_nobody_is_written_to_where_no_address_is_known(app):
    store = app.store({**SHOP, "customers": [{"id": "cust-1"}]})
    made = send_back(store).json()
    assert change(store, made, "receive").json()["status"] == "received"
    assert store.get("/v1/operations?kind=notice").json()["data"] == []


def test_the_mail_is_no_effect_of_the_refund_that_it_tells_of(store):
    refund = store.post("/v1/refunds", {"order": "#1", "amount": {"amount": 500, "currency": "EUR"}}).json()
    settled(store, [f"{refund['id']}.paid"])
    shown = store.get(f"/v1/refunds/{refund['id']}").json()
    assert shown["operations"] == [shown["operation"]["id"]]
    (mail,) = store.get("/v1/operations?kind=notice").json()["data"]
    assert mail["subject"] == {"type": "refund", "id": refund["id"]}


# ---- the sentences ------------------------------------------------------------------------------------------------


def placeholders(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_sentence_with_its_placeholders(language):
    assert {key: placeholders(text) for key, text in notices(language).items()} == {
        key: placeholders(text) for key, text in notices("en").items()
    }
    assert len(set(notices(language).values())) >= len(notices(language)) - 2, "two plans of a withdrawal end alike"


def test_no_sentence_was_left_in_another_language():
    for one, other in combinations(LANGUAGES, 2):
        assert [key for key, text in notices(one).items() if text == notices(other)[key]] == []
