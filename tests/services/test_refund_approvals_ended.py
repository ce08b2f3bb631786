"""Refunds that wait for a person and get no yes: refused by the day's facts, rejected, or out of time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from app import clock
from app.models.records import Decision
from app.models.refunds import Refund
from app.services import approvals, refund_settlements, refund_views
from tests.services.approval_fixtures import ask, asking, log, now, question, say
from tests.services.money_fixtures import Book, money, one_database, open_book
from tests.support.spread import KINDS


@pytest.fixture(scope="module", params=KINDS)
async def shared(request, databases, tmp_path_factory):
    with one_database(request.param, databases, tmp_path_factory) as url:
        async with open_book(url) as opened:
            yield opened


@pytest.fixture
def book(shared: Book) -> Book:
    return shared.cleared()


async def test_what_today_s_facts_refuse_ends_it_and_says_why(book):
    caller, order, shopper = await asking(book)
    refund = await ask(book, shopper, order, amount=money(100))
    book.bank.outside(order.accounts[0], 4950)
    answered = await say(book, caller, refund)
    assert (answered.status, answered.code, answered.result_id) == ("refused", "refund_exceeds_captured", None)
    assert (await now(book, refund)).status == "canceled"
    assert await book.operations(refund.id) == []
    assert (await book.events(refund.id)) == ["refund.created", "refund.canceled"]
    kept = await book.read(lambda s: s.get_one(Decision, answered.decision_id))
    assert (kept.outcome, kept.code, kept.actor["type"]) == ("refuse", "refund_exceeds_captured", "automation")


async def test_a_no_and_the_end_of_its_time_cancel_what_waits(book):
    told: list[tuple[str, str]] = []

    def note(_: Any, refund: Refund) -> None:
        told.append((refund.id, refund.status))

    refund_settlements.FOLLOWERS.append(note)
    try:
        caller, order, shopper = await asking(book)
        first = await ask(book, shopper, order, amount=money(100))
        second = await ask(book, shopper, order, amount=money(200))
        assert (await say(book, caller, first, yes=False)).status == "rejected"
        asked = await question(book, second)
        with time_machine.travel(asked.expires_at + timedelta(seconds=1), tick=True):
            await book.write(approvals.tend, 10**6)
            ended_at = clock.now()
        assert (await question(book, second)).status == "expired"
    finally:
        refund_settlements.FOLLOWERS.remove(note)
    assert [row for row in told if row[0] in {first.id, second.id}] == [
        (first.id, "canceled"),
        (second.id, "canceled"),
    ]
    for refund, moment in ((first, clock.now()), (second, ended_at)):
        row = await now(book, refund)
        assert row.status == "canceled"
        assert abs(moment - row.settled_at) < timedelta(minutes=5)
        last = (await log(book, refund))[-1]
        assert (last.type, last.previous) == ("refund.canceled", {"status": "awaiting_approval"})
        assert last.object == await book.view(caller, refund)
        assert last.object["summary"].endswith("was not paid back: nobody at the store said yes to it.")
    assert await book.read(lambda s: refund_views.allocations_of(s, first)) == []
    assert book.bank.moved == []
