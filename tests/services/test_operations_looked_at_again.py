"""Operations that have ended are looked at again: what the provider says then, and who hears of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, ids
from app.integrations.errors import OutcomeUnknown, ProviderError, Refused
from app.integrations.payments.contract import RefundCommand
from app.integrations.receipts import Receipt
from app.models.operations import Operation
from app.models.records import Event
from app.services import operations, tries
from app.services.callers import Caller
from app.services.operations import Effect
from app.services.providers import SANDBOX, Providers
from tests.services.money_fixtures import Book, money, one_database, open_book, person
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


# ---- an effect at a provider without keys ---------------------------------------------------------------------------


@dataclass
class Maker:
    """A provider that knows no keys: `plans` are the ends of the next calls, `holds` is what a look-up finds."""

    plans: deque[Receipt | ProviderError] = field(default_factory=deque)
    holds: Receipt | None = None
    settled: list[str] = field(default_factory=list)
    found: list[tuple[str, str, str | None]] = field(default_factory=list)
    """What was told of an ended operation: its own status, the receipt's and its external id."""
    meanwhile: Callable[[], Awaitable[None]] | None = None
    """What happens while the answer of a call is on its way."""

    async def send(self, _: Providers, command: RefundCommand) -> Receipt:
        assert command.amount == 100
        end = self.plans.popleft()
        if self.meanwhile is not None:
            await self.meanwhile()
        if isinstance(end, ProviderError):
            raise end
        return end

    async def find(self, _: Providers, command: RefundCommand) -> Receipt | None:
        assert command.amount == 100
        return self.holds

    def settle(self, session: Session, operation: Operation, receipt: Receipt) -> None:
        assert session.get(Operation, operation.id) is operation
        self.settled.append(receipt.status)

    def tell(self, session: Session, operation: Operation, receipt: Receipt) -> None:
        assert session.get(Operation, operation.id) is operation
        self.found.append((operation.status, receipt.status, receipt.external_id))


@contextmanager
def made_by(maker: Maker, *, told: bool = True):
    effect = Effect(
        "of_a_test", RefundCommand, maker.send, maker.find, maker.settle, found=maker.tell if told else None
    )
    operations.register(effect)
    try:
        yield maker
    finally:
        del operations.EFFECTS["of_a_test"]


@pytest.fixture
def maker():
    with made_by(Maker()) as made:
        yield made


async def start(book: Book, caller: Caller | None = None) -> tuple[Caller, Operation]:
    caller = caller or await book.store()
    key = ids.new("opr")
    command = RefundCommand(key=key, payment_id="p", amount=100, currency="EUR")
    named: dict[str, Any] = {
        "operation_id": key,
        "kind": "of_a_test",
        "provider": SANDBOX,
        "subject": ("order", "o"),
    }
    made = await book.write(lambda s: operations.request(s, caller=caller, command=command, **named).id)
    return caller, await book.read(lambda s: s.get_one(Operation, made))


def receipt(status: Any, name: str | None = None) -> Receipt:
    return Receipt(status=status, external_id=name)


async def made_on_the_second_try(book: Book, maker: Maker) -> Operation:
    """The first try ended in a doubt: it may land after the second, which succeeded."""
    _, operation = await start(book)
    maker.plans.extend([OutcomeUnknown("no answer"), receipt("succeeded", "made-1")])
    doubt = await book.run(operation)
    assert (doubt.status, doubt.rechecks) == ("unknown", 0), "what has not ended is tried, not looked at again"
    return await book.run(operation)


async def test_what_may_have_been_made_twice_is_looked_for_again_and_the_owner_told(book, maker):
    done = await made_on_the_second_try(book, maker)
    assert (done.status, done.external_id, done.rechecks) == ("succeeded", "made-1", 1)
    assert maker.found == [("succeeded", "succeeded", "made-1")]
    for holds, name in ((receipt("succeeded", "made-2"), "made-2"), (receipt("failed", "made-3"), "made-3")):
        maker.found.clear()
        maker.settled.clear()
        maker.holds = holds
        done = await look(book, done)
        assert maker.found == [("succeeded", holds.status, name)]
        assert (maker.settled, done.status, done.external_id) == ([], "succeeded", "made-1"), "no word on this one"
    assert done.rechecks == 2, "recheck_seconds has two entries"
    assert done.next_try_at is None


async def test_a_look_that_finds_nothing_tells_nobody(book, maker):
    done = await made_on_the_second_try(book, maker)
    maker.found.clear()
    done = await look(book, done)
    assert (maker.found, done.rechecks) == ([], 2)
    assert done.next_try_at - clock.now() > timedelta(hours=23)


async def test_what_was_made_in_one_certain_try_is_not_looked_for(book, maker):
    _, operation = await start(book)
    maker.plans.append(receipt("succeeded", "made-1"))
    done = await book.run(operation)
    assert (done.status, done.rechecks, done.next_try_at) == ("succeeded", 0, None)


async def test_what_nobody_would_undo_is_not_looked_for(book):
    with made_by(Maker(), told=False) as maker:
        done = await made_on_the_second_try(book, maker)
        assert (done.rechecks, done.next_try_at) == (0, None)
        caller, operation = await start(book)
        maker.plans.append(OutcomeUnknown("no answer"))
        await book.run(operation)
        done = await called_failed(book, caller, operation)
        assert done.rechecks == 1, "a person can be wrong about anything"
        maker.holds = receipt("succeeded", "late")
        done = await look(book, done)
        assert (done.status, done.evidence["contradicted"]) == ("failed", "succeeded")


async def test_a_try_that_was_cut_off_may_land_later_too(book, maker):
    _, operation = await start(book)
    await book.write(tries._claim, operation.id, 1, book.runtime, 8.0)
    maker.plans.append(receipt("succeeded", "made-1"))
    done = await book.run(operation)
    assert (done.status, done.rechecks) == ("succeeded", 1)


# ---- where the provider says otherwise ------------------------------------------------------------------------------


async def called_failed(book: Book, caller: Caller, operation: Operation) -> Operation:
    said = {"outcome": "failed", "note": "nothing is there", "external_id": None}
    return await book.write(operations.resolve, person(caller), operation.id, **said)


async def test_what_a_person_called_failed_and_was_made_is_told_once(book, maker):
    followed: list[tuple[str, str]] = []

    def follow(session: Session, operation: Operation) -> None:
        followed.append((session.get_one(Operation, operation.id).status, operation.evidence.get("contradicted")))

    caller, operation = await start(book)
    maker.plans.append(OutcomeUnknown("no answer"))
    await book.run(operation)
    done = await called_failed(book, caller, operation)
    assert (done.status, done.rechecks) == ("failed", 1)
    operations.FOLLOW_UPS.append(follow)
    try:
        maker.holds = receipt("succeeded", "late")
        done = await look(book, done)
        done = await look(book, done)
    finally:
        operations.FOLLOW_UPS.remove(follow)
    assert (done.status, done.rechecks) == ("failed", 2)
    assert done.evidence == {"resolved_by": "ana", "note": "nothing is there", "contradicted": "succeeded"}
    assert followed == [("failed", "succeeded")]
    assert maker.found[-2:] == [("failed", "succeeded", "late")] * 2, "each look tells whoever undoes it"
    kinds = await book.events(operation.id)
    assert kinds == ["operation.created", "operation.unknown", "operation.failed", "operation.contradicted"]
    rows = [row for row in await book.audit(operation.id) if row.action == "operation.contradicted"]
    assert [row.evidence["receipt"]["external_id"] for row in rows] == ["late"]
    query = select(Event).where(Event.type == "operation.contradicted", Event.resource_id == done.id)
    shown = await book.read(lambda s: s.scalars(query).one())
    assert (shown.object["status"], shown.object["evidence"]["contradicted"]) == ("failed", "succeeded")


async def test_a_no_that_the_provider_itself_gave_is_not_looked_at_again(book, maker):
    _, operation = await start(book)
    maker.plans.append(Refused("refused", "No."))
    done = await book.run(operation)
    assert (done.status, done.rechecks, done.next_try_at) == ("failed", 0, None)


# ---- where two answers of the provider cross ------------------------------------------------------------------------


@pytest.mark.parametrize("again", ["failed", "succeeded"])
async def test_a_yes_that_a_later_no_has_overtaken_is_asked_about_once_more(book, again):
    with made_by(maker := Maker(), told=False):
        _, operation = await start(book)

        def another_look(session: Session) -> None:
            found = session.get_one(Operation, operation.id, with_for_update=True)
            for said in ("succeeded", "failed"):
                operations.hear(session, found, receipt(said, "made-1"), clock.now())

        async def meanwhile() -> None:
            await book.write(another_look)

        maker.plans.append(receipt("succeeded", "made-1"))
        maker.meanwhile = meanwhile
        done = await book.run(operation)
        assert (done.status, done.evidence.get("contradicted")) == ("failed", None)
        maker.holds = receipt(again, "made-1")
        done = await look(book, done)
    assert (done.status, done.evidence.get("contradicted")) == ("failed", None if again == "failed" else again)
    assert "asked_again" not in done.evidence
