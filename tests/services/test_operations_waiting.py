"""Operations that wait: how long until the next try or look, what of it was lost, and who hears how it went on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from app import clock
from app.models.operations import Operation
from app.services import operation_views, operations, refund_settlements, tries
from app.services.callers import Caller
from tests.services.money_fixtures import Book, Paid, money, one_database, open_book, person
from tests.support.spread import KINDS


@pytest.fixture(scope="module", params=KINDS)
async def shared(request, databases, tmp_path_factory):
    with one_database(request.param, databases, tmp_path_factory) as url:
        async with open_book(url) as opened:
            yield opened


@pytest.fixture
def book(shared: Book) -> Book:
    return shared.cleared()


async def refund_of(book: Book):
    caller = await book.store()
    order = await book.order(caller)
    refund = await book.refund(caller, order, amount=money(1000))
    return caller, refund, await book.operation(refund.id)


async def now(book: Book, operation: Operation) -> Operation:
    return await book.read(lambda s: s.get_one(Operation, operation.id))


async def look(book: Book, operation: Operation) -> Operation:
    await tries.recheck(book.runtime, operation.id, (await now(book, operation)).rechecks)
    return await now(book, operation)


async def called_failed(book: Book, caller: Caller, operation: Operation) -> Operation:
    said = {"outcome": "failed", "note": "nothing is there", "external_id": None}
    return await book.write(operations.resolve, person(caller), operation.id, **said)


# ---- lost looks and lost tries --------------------------------------------------------------------------------------


async def test_a_lost_look_is_made_at_once_and_beyond_the_last_wait(book):
    _, _, operation = await refund_of(book)
    done = await book.run(operation)
    await book.write(tries.revive, 10**6)
    await book.set(Operation, operation.id, rechecks=2, next_try_at=clock.now() - timedelta(seconds=61))
    begun = clock.now()
    with capture_logs() as said:
        assert await book.write(tries.revive) == 1
    looked = await now(book, done)
    assert (looked.status, looked.rechecks, looked.schedule) == ("succeeded", 3, done.schedule)
    assert begun <= looked.next_try_at <= clock.now(), "it has waited long enough"
    assert [line for line in said if line["event"] == "operation_revived"] == [
        {"event": "operation_revived", "log_level": "warning", "operation": operation.id}
    ]


async def test_the_next_look_waits_where_none_was_lost(book):
    _, _, operation = await refund_of(book)
    begun = clock.now()
    done = await book.run(operation)
    assert timedelta(hours=1) <= done.next_try_at - begun
    assert done.next_try_at - clock.now() <= timedelta(hours=1.05)


async def test_a_minute_is_a_minute_for_lost_tries_and_dead_leases(book):
    _, _, operation = await refund_of(book)
    await book.write(tries.revive, 10**6)
    moment = clock.now()
    minute = moment - tries.ORPHANED_AFTER
    with time_machine.travel(moment, tick=False):
        await book.set(Operation, operation.id, next_try_at=minute)
        assert await book.write(tries.revive) == 0
        earlier = minute - timedelta(microseconds=1)
        await book.set(Operation, operation.id, next_try_at=earlier, leased_until=minute)
        assert await book.write(tries.revive) == 0
        await book.set(Operation, operation.id, leased_until=earlier)
        assert await book.write(tries.revive) == 1


async def test_a_look_without_an_answer_says_so_in_the_log_and_keeps_its_text_to_itself(book):
    _, _, operation = await refund_of(book)
    await book.run(operation)
    book.bank.lookups.append("break")
    with capture_logs() as said:
        await look(book, operation)
    (line,) = [line for line in said if line["event"] == "recheck_without_answer"]
    assert line == {"event": "recheck_without_answer", "log_level": "warning", "error": "KeyError"}


# ---- how long it waits ----------------------------------------------------------------------------------------------


def impatient(book: Book) -> Book:
    settings = book.runtime.settings.model_copy(update={"retry_seconds": (0.01,) * 3})
    return replace(book, runtime=replace(book.runtime, settings=settings))


@pytest.mark.parametrize(("plan", "lookups"), [("drop", []), ("pend", []), ("refuse", ["down"])])
async def test_who_names_no_time_is_asked_after_the_store_s_own_wait(book, plan, lookups):
    _, _, operation = await refund_of(book)
    book.bank.plans.append(plan)
    book.bank.lookups.extend(lookups)
    done = await impatient(book).run(operation)
    assert done.next_try_at - clock.now() < timedelta(seconds=0.5)


async def test_a_look_up_that_is_refused_is_no_answer_and_names_no_time(book):
    caller, refund, operation = await refund_of(book)
    book.bank.plans.append("drop")
    await book.run(operation)
    book.bank.lookups.append("refuse")
    done = await impatient(book).run(operation)
    assert (done.status, book.bank.asked) == ("unknown", ["refund", "find", "find"]), "nothing is sent again on it"
    second = (await book.read(operation_views.tries, operation.id))[1]
    assert (second.outcome, second.detail) == ("unknown", {"detail": "look-up failed", "status": 403})
    assert done.next_try_at - clock.now() < timedelta(seconds=0.5)
    assert (await book.view(caller, refund))["status"] == "unknown"


async def test_a_lease_ends_with_its_last_moment(book):
    """A person may decide in the very moment in which the lease is over."""
    caller, refund, operation = await refund_of(book)
    moment = clock.now()
    await book.set(Operation, operation.id, leased_until=moment)
    with time_machine.travel(moment, tick=False):
        done = await called_failed(book, caller, operation)
    assert (done.status, done.leased_until) == ("failed", None)
    assert refund.id == done.subject_id


# ---- who follows a refund -------------------------------------------------------------------------------------------


async def test_whoever_follows_refunds_hears_of_each_new_status_once(book):
    told: list[str] = []
    caller = await book.store()
    order = await book.order(caller, paid=[Paid(2000, kind="gift_card"), Paid(3000)])
    refund = await book.refund(caller, order, amount=money(1000))

    def note(session: Session, row: Any) -> None:
        assert session.get(type(row), row.id) is row
        if row.id == refund.id:
            told.append(row.status)

    first, second = await book.operations(refund.id)
    refund_settlements.FOLLOWERS.append(note)
    try:
        await book.run(first)
        assert told == [], "one part is paid, the refund is as it was"
        await book.run(second)
        assert told == ["succeeded"]
        book.bank.fail(second.id)
        await tries.recheck(book.runtime, second.id, 1)
        await tries.recheck(book.runtime, first.id, 1)
    finally:
        refund_settlements.FOLLOWERS.remove(note)
    assert told == ["succeeded", "failed"]
