"""Each refund ends in one true state, the provider's ledger agrees, and `explanation` says it in a sentence."""

from __future__ import annotations

import re
from itertools import combinations
from string import Formatter
from typing import Any

import pytest

from app.services.wording import LANGUAGES
from app.services.wording.refunds import explanations, told
from tests.http.test_approvals import obey
from tests.services.durable_fixtures import until
from tests.services.test_refund_over_http import SHOP, cancel, eur, given_back, order, refund
from tests.support.app import App, Tenant

SETTINGS = {"retry_seconds": (0.1,) * 4, "recheck_seconds": (0.4,) * 3}
CAPS = {"refund": 100_000, "order": 100_000, "customer": 100_000, "day": 100_000}
CARD = [{"id": "c-7", "kind": "card", "label": "Visa", "amount": 1500, "state": "captured"}]
PEOPLE = [{"id": "cust-1", "email": "mia@example.com", "locale": "de-DE"}]
HERE = {
    **SHOP,
    "customers": PEOPLE,
    "orders": [*SHOP["orders"], order(7, payments=CARD), order(8, presentment_currency="USD")],
}


@pytest.fixture
def store(app: App) -> Tenant:
    return app.store(HERE, policy={"caps": {"EUR": CAPS}, "instant_refund": True})


def read(store: Tenant, made: dict[str, Any], locale: str = "en") -> dict[str, Any]:
    return store.get(f"/v1/refunds/{made['id']}?locale={locale}").json()


def ended(store: Tenant, made: dict[str, Any], *states: str) -> dict[str, Any]:
    return until(lambda: (found := read(store, made))["status"] in states and found, 15)


# ---- what was asked for ------------------------------------------------------------------------------------------


def test_lines_and_shipping_less_a_fee(store: Tenant) -> None:
    lines = [{"line_id": "l-1", "quantity": 1}]
    made = refund(store, 1, lines=lines, shipping=True, amount=eur(700)).json()
    shown = read(store, made)
    assert shown["explanation"] == (
        "Your refund of €7.00 for order #1 has been paid back the way you paid. "
        "€5.00 of it is for shipping. €1.33 was kept back as a fee."
    )
    assert (shown["breakdown"]["shipping"], shown["breakdown"]["fee"]) == (eur(500), eur(133))
    assert sum(given_back(store, "g-1", "c-1")) == 700
    again = refund(store, 1, shipping=True)
    assert again.status_code in {409, 422}, "shipping goes back once"


def test_an_order_that_was_shown_in_another_currency_is_paid_back_in_the_shop_s(store: Tenant) -> None:
    made = refund(store, 8, amount=eur(600)).json()
    assert read(store, made)["explanation"] == (
        "Your refund of €6.00 for order #8 has been paid back the way you paid. "
        "You paid in USD: your bank converts the amount at its own rate."
    )
    assert {row["currency"] for row in store.sandbox.effects("refund")} == {"EUR"}
    other = refund(store, 8, amount=eur(600, "USD"))
    assert (other.status_code, other.json()["code"]) == (422, "currency_mismatch")
    assert sum(given_back(store, "g-8", "c-8")) == 600


def test_store_credit_is_given_and_nothing_goes_back_to_the_card(store: Tenant) -> None:
    made = refund(store, 1, amount=eur(500), destination={"type": "store_credit"}).json()
    shown = ended(store, made, "succeeded")
    assert shown["explanation"] == "Your refund of €5.00 for order #1 has been given to you as store credit."
    assert sum(row["amount"] for row in store.sandbox.effects("payout")) == 500
    assert given_back(store, "g-1", "c-1") == [0, 0]


@pytest.mark.parametrize(("number", "currency", "written"), [(2, "JPY", "¥600"), (3, "KWD", "KWD0.600")])
def test_each_currency_has_its_own_decimals(store: Tenant, number: int, currency: str, written: str) -> None:
    made = refund(store, number, amount=eur(600, currency)).json()
    assert written in read(store, made)["explanation"].replace("\xa0", "")


# ---- what goes wrong ---------------------------------------------------------------------------------------------


def test_a_part_that_is_refused_is_told_apart_from_the_part_that_was_paid(store: Tenant) -> None:
    store.sandbox.fault("refund", "refuse", code="account_closed", status=409)
    made = refund(store, 1, amount=eur(1500)).json()
    shown = ended(store, made, "failed")
    paid, lost = sum(given_back(store, "g-1", "c-1")), 1500 - sum(given_back(store, "g-1", "c-1"))
    assert (paid, lost) in {(600, 900), (900, 600)}
    assert shown["amount_refunded"] == eur(paid)
    assert shown["explanation"] == (
        f"Of your refund of €15.00 for order #1, €{paid // 100}.00 has been paid; €{lost // 100}.00 could not be paid."
    )
    assert refund(store, 1, amount=eur(lost + 1)).status_code == 409
    assert refund(store, 1, amount=eur(lost)).status_code == 201, "what was not paid is free again"


def test_all_of_it_refused(store: Tenant) -> None:
    store.sandbox.fault("refund", "refuse", code="account_closed", status=409, times=2)
    shown = ended(store, refund(store, 1, amount=eur(1500)).json(), "failed")
    assert shown["explanation"] == "Your refund of €15.00 for order #1 could not be paid."
    assert given_back(store, "g-1", "c-1") == [0, 0]


def test_a_refund_made_elsewhere_in_the_middle_is_not_paid_a_second_time(store: Tenant) -> None:
    store.sandbox.fault("refund", "throttle", retry_after=1)
    made = refund(store, 7, wait=0, amount=eur(1500)).json()
    until(lambda: read(store, made)["operation"]["tries"] >= 1, 10)
    store.sandbox.post("/sandbox/v1/outside-refunds", {"payment_id": "c-7", "amount": 1500, "currency": "EUR"})
    shown = ended(store, made, "failed", "succeeded")
    assert (shown["status"], shown["failure_code"]) == ("failed", "refund_exceeds_captured")
    assert shown["explanation"] == (
        "Your refund of €15.00 for order #7 was not paid again, "
        "because the money had already been refunded another way."
    )
    assert given_back(store, "c-7") == [1500]
    assert refund(store, 7, amount=eur(1)).status_code == 409


def test_a_bank_that_sends_it_back_weeks_later(store: Tenant) -> None:
    made = refund(store, 7, amount=eur(1500)).json()
    assert read(store, made)["reversed_at"] is None
    [paid] = store.sandbox.get("/payments/v1/payments/c-7")["refunds"]
    store.sandbox.post(f"/sandbox/v1/refunds/{paid['id']}/fail", {"failure_code": "account_closed"})
    shown = ended(store, made, "failed")
    assert re.fullmatch(
        r"Your refund of €15\.00 for order #7 had been paid, but on \w+ \d+, \d{4} the bank sent it back\.",
        shown["explanation"],
    )
    assert shown["reversed_at"] is not None
    assert (shown["amount_refunded"], given_back(store, "c-7")) == (eur(0), [0])
    assert refund(store, 7, amount=eur(1500)).json()["explanation"].endswith("auf dem Sie bezahlt haben.")


def test_a_bank_that_sends_a_part_back(store: Tenant) -> None:
    made = refund(store, 1, amount=eur(1500)).json()
    [paid] = store.sandbox.get("/payments/v1/payments/c-1")["refunds"]
    store.sandbox.post(f"/sandbox/v1/refunds/{paid['id']}/fail", {"failure_code": "account_closed"})
    shown = ended(store, made, "failed")
    assert shown["explanation"].startswith("Of your refund of €15.00 for order #1, €6.00 has been paid; the bank sent")
    assert shown["amount_refunded"] == eur(600)


def test_an_outcome_that_nobody_knows_is_never_told_as_failed(store: Tenant) -> None:
    store.sandbox.fault("refund", "timeout_before_effect", rate=1, delay_ms=10)
    store.sandbox.fault("lookup", "error_after_effect", rate=1)
    shown = ended(store, refund(store, 7, wait=0, amount=eur(1500)).json(), "unknown")
    assert shown["explanation"] == (
        "Your refund of €15.00 for order #7 has been requested; the payment provider has not confirmed it yet, "
        "and the amount stays reserved for you until then."
    )
    assert refund(store, 7, amount=eur(1)).status_code == 409


# ---- who has to say yes ------------------------------------------------------------------------------------------


def test_a_question_to_a_person_and_their_no(store: Tenant) -> None:
    obey(store, {"caps": {"EUR": CAPS}, "instant_refund": True, "auto_approve": {"refund": False}})
    asked = store.post("/v1/refunds", {"order": "#1", "amount": eur(500)}, Aftersale_Customer="cust-1")
    assert asked.status_code == 202, asked.text
    made = asked.json()
    assert read(store, made)["explanation"] == (
        "Your refund of €5.00 for order #1 waits for a colleague to approve it."
    )
    path = f"/v1/approvals/{made['approval']['id']}/reject"
    assert store.post(path, {"note": "no"}, Aftersale_Actor="agent:kim").status_code == 200
    shown = read(store, made)
    assert (shown["status"], shown["explanation"]) == (
        "canceled",
        "Your refund of €5.00 for order #1 was not approved.",
    )
    assert given_back(store, "g-1", "c-1") == [0, 0]


def test_a_refund_that_waits_for_the_shop_and_the_shop_s_no(store: Tenant) -> None:
    store.sandbox.fault("cancel", "timeout_before_effect", delay_ms=1500)
    waiting = {"id": cancel(store, 4, wait=0).json()["refund"]}
    assert read(store, waiting)["explanation"].startswith(
        "Your refund of €15.00 for order #4 will be paid once the shop has confirmed the change to the order."
    )
    shipped = {"order_id": "o-4", "state": "shipped", "carrier": "NordPost", "tracking_number": "T1"}
    store.sandbox.post("/sandbox/v1/fulfill", shipped)
    shown = ended(store, waiting, "canceled")
    assert (
        shown["explanation"] == "Your refund of €15.00 for order #4 was not paid, because the order stayed as it was."
    )


# ---- in whose language -------------------------------------------------------------------------------------------


def test_it_is_told_in_the_shopper_s_language_and_in_the_caller_s_if_they_name_one(store: Tenant) -> None:
    made = refund(store, 7, amount=eur(1500)).json()
    german = (
        "Ihre Erstattung von 15,00 € für die Bestellung #7 wurde auf dem Weg zurückgezahlt, auf dem Sie bezahlt haben."
    )
    assert store.get(f"/v1/refunds/{made['id']}").json()["explanation"].replace("\xa0", " ") == german
    [listed] = store.get("/v1/refunds?order=%237").json()["data"]
    assert listed["explanation"].replace("\xa0", " ") == german
    assert "返金されました" in read(store, made, "ja-JP")["explanation"]
    assert read(store, made, "xx")["explanation"].replace("\xa0", " ") == german
    assert store.get(f"/v1/refunds/{made['id']}?locale={'x' * 36}").status_code == 422


def placeholders(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_tells_every_state_with_the_same_facts(language: str) -> None:
    english = {key: placeholders(text) for key, text in explanations("en").items()}
    assert {key: placeholders(text) for key, text in explanations(language).items()} == english
    assert len(set(explanations(language).values())) == len(english)
    facts = {name: f"<{name}>" for names in english.values() for name in names}
    for key, names in english.items():
        said = told(key, language, **facts)
        assert all(f"<{name}>" in said for name in names), said
        assert said.endswith((".", "。")), said
        assert "  " not in said


def test_no_language_was_left_in_another() -> None:
    for one, other in combinations(LANGUAGES, 2):
        assert [key for key, text in explanations(one).items() if text == explanations(other)[key]] == []
