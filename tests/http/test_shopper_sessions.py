"""Shopper sessions: started by anybody, opened by the code that the order's own contact got, or by the store's word."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import ids
from app.models.operations import Operation
from app.models.records import Event
from app.models.storefronts import ShopperSession
from app.services import session_claims, session_codes, shopper_sessions, steps
from app.services.stores import digest
from tests.http.storefront import ANNAS, EMMAS, Page, notices, sessions, vouched
from tests.support.app import App, Tenant

WRONG = [
    {"order_number": "#1001", "email": "nobody@example.com"},
    {"order_number": "#9999", "email": "anna.keller@example.com"},
    {"order_number": "#1002", "email": "anna.keller@example.com"},
    {"order_number": "#1001", "postal_code": "10968"},
    {"order_number": "#1001", "phone": "+49 30 901821"},
    {"order_number": "#1001", "phone": "no number at all"},
    {"order_number": "4111 1111 1111 1111", "postal_code": "10969"},
]


@pytest.fixture
def page(store: Tenant) -> Page:
    return Page.of(store)


@pytest.mark.parametrize(
    "claim",
    [
        {"order_number": "#1001", "email": " Anna.Keller@EXAMPLE.com "},
        {"order_number": "1001", "phone": "030 901820"},
        {"order_number": "ord-1001", "postal_code": "D-10969"},
    ],
)
def test_the_code_goes_to_the_contact_on_the_order_and_opens_the_shopper_s_own_orders(
    page: Page, claim: dict[str, str]
) -> None:
    session_id = page.start(claim)
    code = page.code(session_id)
    (mail,) = page.store.sandbox.get("/mail/v1/messages")["data"]
    assert (mail["to"], mail["language"]) == ("anna.keller@example.com", "de")
    answer = page.verify(session_id, code)
    told = answer.json()
    assert (answer.status_code, told["id"], told["status"]) == (200, session_id, "active")
    assert told["token"].startswith("st_")
    order = page.send("GET", "/v1/orders/1001", token=told["token"])
    assert order.status_code == 200
    assert order.json()["customer"]["id"] == told["customer"]
    assert page.send("GET", "/v1/orders/1002", token=told["token"]).json()["code"] == "order_not_found"


@pytest.mark.parametrize("claim", WRONG)
def test_what_fits_no_order_is_answered_the_same_and_nothing_is_sent(page: Page, claim: dict[str, str]) -> None:
    session_id = page.start(claim)
    row = page.looked_for(session_id)
    assert (row.order_ref, row.contact_kind, row.contact_key, row.order_id, row.code_hash) == (None,) * 5
    assert notices(page.store) == []
    right = page.start(ANNAS)
    page.code(right)
    for _ in range(shopper_sessions.TRIES):
        wrong = [page.verify(which, "000000") for which in (session_id, right)]
        assert [told.json()["code"] for told in wrong] == ["code_incorrect"] * 2
    locked = [page.verify(which, "000000") for which in (session_id, right)]
    assert [told.json()["code"] for told in locked] == ["session_locked"] * 2


def test_how_long_a_number_like_a_card_s_was_looked_for_shows_in_whole_steps_alone(app: App, store: Tenant) -> None:
    took: list[float] = []
    for _ in range(5):
        began = time.perf_counter()
        asked = session_claims.read(app.runtime, store.merchant(), "4111 1111 1111 1111", "postal_code", "10969")
        assert app.wait(asked).order_ref is None
        took.append(time.perf_counter() - began)
    assert min(took) >= steps.STEP


def test_neither_code_nor_token_nor_what_was_claimed_is_kept(page: Page) -> None:
    session_id = page.start(ANNAS)
    code = page.code(session_id)
    page.store.rest()
    token = page.verify(session_id, code).json()["token"]
    (row,) = sessions(page.store)
    assert row.token_hash == digest(token)
    mine = select(Operation).where(Operation.store_id == page.store.id)
    (operation,) = page.store.app.read(lambda session: list(session.scalars(mine)))
    assert (operation.status, operation.command["text"]) == ("succeeded", "")
    assert (row.order_ref, row.contact_key, row.code_hash) == (None, None, None)
    told = page.store.get("/v1/events?limit=200").text
    assert code not in told
    assert token not in told


def test_a_code_is_good_once_and_by_the_key_that_asked(page: Page, other: Tenant) -> None:
    session_id = page.start(ANNAS)
    code = page.code(session_id)
    for stranger in (Page.of(page.store), Page.of(other)):
        assert stranger.verify(session_id, code).json()["code"] == "session_not_found"
    assert page.verify(ids.new("ses"), code).json()["code"] == "session_not_found"
    assert page.verify(session_id, code).status_code == 200
    again = page.verify(session_id, code)
    assert (again.status_code, again.json()["code"]) == (409, "session_verified")


def test_five_tries_at_once_are_five_and_the_right_code_comes_too_late(page: Page) -> None:
    session_id = page.start(ANNAS)
    code = page.code(session_id)
    start, answers = threading.Barrier(20), list[str]()
    wrong = [f"{number:06d}" for number in range(21) if f"{number:06d}" != code][:20]

    def guess(digits: str) -> None:
        start.wait(10)
        answers.append(page.verify(session_id, digits).json()["code"])

    threads = [threading.Thread(target=guess, args=(digits,)) for digits in wrong]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == ["code_incorrect"] * 5 + ["session_locked"] * 15
    (row,) = sessions(page.store)
    assert (row.tries, row.status, row.token_hash) == (5, "locked", None)
    late = page.verify(session_id, code)
    assert (late.status_code, late.json()["code"]) == (409, "session_locked")


def test_the_right_code_sent_at_once_gives_one_token(page: Page) -> None:
    session_id = page.start(ANNAS)
    code = page.code(session_id)
    start, answers = threading.Barrier(8), list[int]()

    def send() -> None:
        start.wait(10)
        answers.append(page.verify(session_id, code).status_code)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == [200] + [409] * 7


def _ago(app: App, session_id: str, by: timedelta) -> None:
    def work(session: Any) -> None:
        session.get_one(ShopperSession, session_id).expires_at -= by

    app.write(work)


def test_a_code_ends_after_ten_minutes_and_a_token_after_thirty(page: Page) -> None:
    session_id = page.start(ANNAS)
    code = page.code(session_id)
    _ago(page.store.app, session_id, shopper_sessions.CODE_LIVES)
    expired = page.verify(session_id, code)
    assert (expired.status_code, expired.json()["code"]) == (409, "session_expired")

    token = page.token(ANNAS)
    (row,) = [row for row in sessions(page.store) if row.status == "active"]
    assert page.send("GET", "/v1/orders/1001", token=token).status_code == 200
    _ago(page.store.app, row.id, shopper_sessions.TOKEN_LIVES)
    assert page.send("GET", "/v1/orders/1001", token=token).json()["code"] == "unauthorized"


def test_an_order_s_contact_is_sent_five_codes_an_hour_whoever_asks(page: Page) -> None:
    for _ in range(session_codes.MOST + 2):
        page.looked_for(page.start(ANNAS))
    assert len(notices(page.store)) == session_codes.MOST
    assert page.code(page.start(EMMAS)), "another order is another matter"


def test_a_shop_that_does_not_answer_is_asked_again_behind_the_same_answer(page: Page) -> None:
    page.store.sandbox.fault("order", "timeout_before_effect", times=2)
    session_id = page.start(ANNAS)
    assert page.verify(session_id, page.code(session_id)).status_code == 200


def test_a_mail_that_comes_too_late_is_not_sent(page: Page, app: App) -> None:
    page.store.sandbox.fault("mail", "throttle", rate=1.0)
    page.looked_for(page.start(ANNAS))
    mine = select(Operation).where(Operation.store_id == page.store.id)

    def late(session: Any) -> None:
        (row,) = session.scalars(mine)
        row.command = {**row.command, "until": "2020-01-01T00:00:00Z"}

    app.write(late)
    page.store.rest()
    (row,) = app.read(lambda session: list(session.scalars(mine)))
    assert (row.status, row.error_code, row.command["text"]) == ("failed", "too_late", "")
    assert page.store.sandbox.get("/mail/v1/messages")["data"] == []


def test_a_secret_key_opens_a_session_at_once(store: Tenant) -> None:
    page = Page.of(store)
    for ref in ("cust-anna", store.get("/v1/orders/1001").json()["customer"]["id"]):
        token = vouched(store, ref)
        assert page.send("GET", "/v1/orders/1001", token=token).status_code == 200
    assert store.post("/v1/shopper-sessions", {"customer": "cust-nobody"}).json()["code"] == "customer_not_found"
    refused = page.post("/v1/shopper-sessions", {"customer": "cust-anna"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def test_a_secret_key_without_the_scope_opens_none(store: Tenant) -> None:
    _, narrow = store.issue(scopes=("orders:read",))
    answer = store.app.client(narrow).post("/v1/shopper-sessions", json={"customer": "cust-anna"})
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


def test_a_revoked_key_takes_its_sessions_with_it(page: Page) -> None:
    token = page.token(ANNAS)
    page.store.change_key(page.key_id, revoked_at=sessions(page.store)[0].created_at)
    for credential in (token, page.key):
        answer = page.send("GET", "/v1/orders/1001", token=credential)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


def test_the_same_request_with_its_key_is_the_same_session_and_no_token_is_kept(store: Tenant, app: App) -> None:
    page = Page.of(store)
    first, again = (page.start(ANNAS, Idempotency_Key="once") for _ in "ab")
    assert first == again
    assert len(sessions(store)) == 1
    other = page.post("/v1/shopper-sessions", EMMAS, Idempotency_Key="once")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    told = [store.post("/v1/shopper-sessions", {"customer": "cust-anna"}, key="vouch").json() for _ in "ab"]
    assert told[0]["id"] == told[1]["id"]
    statuses = [page.send("GET", "/v1/orders/1001", token=one["token"]).status_code for one in told]
    assert statuses == [401, 200], "the answer that was lost is worth nothing any more"


def test_what_happens_to_a_session_is_an_event_and_tells_nothing_of_the_claim(page: Page) -> None:
    opened, locked = page.start(ANNAS), page.start(WRONG[0])
    page.verify(opened, page.code(opened))
    for _ in range(5):
        page.verify(locked, "123456")
    rows = select(Event).where(Event.resource_type == "shopper_session", Event.store_id == page.store.id)
    events = page.store.app.read(
        lambda session: list(session.scalars(rows.order_by(Event.resource_id, Event.sequence)))
    )
    told = {(event.resource_id, event.sequence): event.type.partition(".")[2] for event in events}
    assert told == {
        (opened, 1): "created",
        (opened, 2): "verified",
        (locked, 1): "created",
        (locked, 2): "locked",
    }
    assert [event.object["customer"] for event in events if event.resource_id == locked] == [None, None]


def test_a_claim_that_is_never_looked_for_is_forgotten_with_its_session(page: Page, app: App) -> None:
    page.store.sandbox.fault("order", "throttle", rate=1.0)
    page.store.sandbox.fault("lookup", "throttle", rate=1.0)
    over, locked = page.start(ANNAS), page.start(EMMAS)
    for _ in range(shopper_sessions.TRIES):
        page.verify(locked, "000000")
    _ago(app, over, shopper_sessions.CODE_LIVES)
    app.write(shopper_sessions.purge)
    kept = {row.id: (row.order_ref, row.contact_kind, row.contact_key) for row in sessions(page.store)}
    assert kept == {over: (None, None, None), locked: (None, None, None)}


def test_what_has_ended_is_forgotten_a_day_later(page: Page, app: App) -> None:
    session_id = page.start(WRONG[0])
    page.looked_for(session_id)
    app.write(shopper_sessions.purge)
    assert [row.id for row in sessions(page.store)] == [session_id]
    _ago(app, session_id, shopper_sessions.CODE_LIVES + shopper_sessions.KEPT)
    app.write(shopper_sessions.purge)
    assert sessions(page.store) == []
