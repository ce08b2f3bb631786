"""What money leaves behind: each event with what changed, each audit row with who and why, each view in full."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import LimitReached, OperationNotFound, OperationRunning
from app.integrations.receipts import Receipt
from app.models.operations import IllegalMove, Operation, OperationTry
from app.models.orders import Order
from app.models.records import AuditRow, Decision, Event
from app.models.refunds import Allocation, Cancellation, Refund, RefundLine, SpendCounter
from app.services import audit, operation_views, operations, refund_views, refunds, returns, spending, tries
from app.services.operations import Effect
from app.services.policy.plain import Caps
from app.services.return_specs import LineSpec, ReturnSpec
from tests.services.money_fixtures import Book, Line, Paid, Placed, money, one_database, open_book, person

WIDE = {"refund": 10**6, "order": 10**6, "customer": 10**6, "day": 10**6}


@pytest.fixture(scope="module")
async def shared(databases, tmp_path_factory):
    with one_database("sqlite", databases, tmp_path_factory) as url:
        async with open_book(url) as opened:
            yield opened


@pytest.fixture
def book(shared: Book) -> Book:
    return shared.cleared()


async def trail(book: Book, subject: str) -> list[dict[str, Any]]:
    names = ("action", "subject_type", "actor", "store_id", "livemode", "evidence", "request_id")
    return [{name: getattr(row, name) for name in names} for row in await book.audit(subject)]


async def log(book: Book, resource: str) -> list[tuple[str, Any, Any]]:
    """Each event of a resource: its type, the status that it shows and what was before."""
    query = select(Event).where(Event.resource_id == resource).order_by(Event.sequence)
    rows = await book.read(lambda s: list(s.scalars(query)))
    return [(row.type, row.object["status"], row.previous) for row in rows]


async def made(book: Book, *, automated: bool = False, **spec: Any) -> tuple[Any, Placed, Refund]:
    caller = await book.store(caps={"EUR": Caps(**WIDE)})
    order = await book.order(caller, Line(3, 3000, tax=300), paid=[Paid(1000, kind="gift_card"), Paid(2000)])
    asking = await book.shopper(caller, order) if automated else caller
    return caller, order, await book.refund(asking, order, **(spec or {"amount": money(900)}))


# ---- events and audit rows ------------------------------------------------------------------------------------------


async def test_a_refund_that_is_paid_and_fails_late_leaves_each_step(book):
    caller, _, refund = await made(book)
    await book.settle(refund)
    first, second = await book.operations(refund.id)
    book.bank.fail(first.id)
    await tries.recheck(book.runtime, first.id, 1)
    assert await log(book, refund.id) == [
        ("refund.created", "pending", None),
        ("refund.updated", "pending", {"status": "pending"}),
        ("refund.succeeded", "succeeded", {"status": "pending"}),
        ("refund.failed", "failed", {"status": "succeeded"}),
    ]
    assert await log(book, first.id) == [
        ("operation.created", "pending", None),
        ("operation.succeeded", "succeeded", {"status": "pending"}),
        ("operation.failed", "failed", {"status": "succeeded"}),
    ]
    provider = {"type": "provider", "id": "sandbox"}
    rows = await trail(book, first.id)
    yes, no = (dict(row) for row in rows)
    assert (yes["action"], no["action"]) == ("operation.succeeded", "operation.failed")
    for row, before, status in ((yes, "pending", "succeeded"), (no, "succeeded", "failed")):
        assert (row["subject_type"], row["actor"], row["request_id"]) == ("operation", provider, None)
        assert (row["store_id"], row["livemode"]) == (caller.store_id, False)
        assert row["evidence"]["before"] == before
        assert row["evidence"]["receipt"]["status"] == status
    found = await book.read(lambda s: s.get_one(Refund, refund.id))
    assert (found.failure_code, found.settled_at is not None) == ("account_closed", True)
    parts = await book.read(lambda s: refund_views.allocations_of(s, found))
    assert [(row.operation_id, row.status, row.failure_code) for row in parts] == [
        (first.id, "failed", "account_closed"),
        (second.id, "succeeded", None),
    ]


async def test_an_open_refund_has_no_end_and_no_failure(book):
    _, _, refund = await made(book)
    book.bank.plans.append("refuse")
    first, second = await book.operations(refund.id)
    await book.run(first)
    found = await book.read(lambda s: s.get_one(Refund, refund.id))
    assert (found.status, found.failure_code, found.settled_at) == ("pending", None, None)
    await book.run(second)
    found = await book.read(lambda s: s.get_one(Refund, refund.id))
    assert (found.status, found.failure_code) == ("failed", None), "the last word was a yes: no code of its own"
    assert found.settled_at is not None


async def test_a_contradiction_is_written_whole(book):
    caller, _, refund = await made(book, amount=money(300), destination="original")
    operation = (await book.operations(refund.id))[0]
    book.bank.plans.append("refuse")
    await book.run(operation)
    yes = Receipt(status="succeeded", external_id="late", evidence={"id": "late"})
    await book.write(lambda s: operations.settle(s, s.get_one(Operation, operation.id), yes))
    row = (await trail(book, operation.id))[-1]
    assert row == {
        "action": "operation.contradicted",
        "subject_type": "operation",
        "actor": {"type": "provider", "id": "sandbox"},
        "store_id": caller.store_id,
        "livemode": False,
        "evidence": {"status": "failed", "receipt": yes.model_dump(mode="json")},
        "request_id": None,
    }


async def test_receipts_are_stored_as_json(book):
    """A time in what a carrier said is text in the trail: it must survive the database and the hash."""
    from datetime import UTC, datetime

    from app.integrations.carriers.contract import LabelReceipt

    _, _, refund = await made(book)
    first, second = await book.operations(refund.id)
    for operation, before in ((first, False), (second, True)):
        if before:
            book.bank.plans.append("refuse")
            await book.run(operation)
        receipt = LabelReceipt(status="succeeded", external_id="x", expires_at=datetime(2026, 1, 1, tzinfo=UTC))
        await book.write(lambda s, o=operation, r=receipt: operations.settle(s, s.get_one(Operation, o.id), r))
        row = (await trail(book, operation.id))[-1]
        assert row["evidence"]["receipt"]["expires_at"] == "2026-01-01T00:00:00Z"


async def test_what_waited_for_a_cancellation_ends_with_it(book):
    caller = await book.store()
    order = await book.order(caller, status="pending")
    cancellation = await book.cancel(caller, order)
    operation = await book.operation(cancellation.refund_id)
    book.shop.plans.append("refuse")
    await book.run(await book.operation(cancellation.id))
    assert await log(book, operation.id) == [
        ("operation.created", "pending", None),
        ("operation.canceled", "canceled", None),
    ]
    assert await log(book, cancellation.refund_id) == [
        ("refund.created", "pending", None),
        ("refund.canceled", "canceled", {"status": "pending"}),
    ]
    ended = await book.operation(cancellation.refund_id)
    assert (ended.status, ended.next_try_at, ended.settled_at is not None) == ("canceled", None, True)
    shown = (
        await book.read(lambda s: s.scalars(select(Event).where(Event.type == "operation.canceled")).first())
    ).object
    assert shown["settled_at"] is not None
    decided = await book.read(lambda s: s.query(Decision).filter_by(subject_id=cancellation.refund_id).one())
    assert (decided.action, decided.facts["order_status"], decided.facts["amount"]) == ("cancel", "pending", 5000)


async def test_an_operation_that_was_tried_is_not_canceled(book):
    _, _, refund = await made(book)
    operation = (await book.operations(refund.id))[0]
    book.bank.plans.append("drop")
    await book.run(operation)
    with pytest.raises(OperationRunning):
        await book.write(lambda s: operations.cancel(s, s.get_one(Operation, operation.id)))


async def test_a_dead_letter_is_told_once_with_its_tries(book):
    told: list[tuple[str, str]] = []

    def note(_: Any, operation: Operation) -> None:
        told.append((operation.id, operation.status))

    operations.FOLLOW_UPS.append(note)
    try:
        caller, _, refund = await made(book)
        operation, other = await book.operations(refund.id)
        book.bank.plans.extend(["drop"] * 4)
        for _ in range(4):
            await book.run(operation)
        book.bank.plans.append("refuse")
        await book.run(other)
    finally:
        operations.FOLLOW_UPS.remove(note)
    assert told == [(operation.id, "unknown"), (other.id, "failed")]
    row = (await trail(book, operation.id))[-1]
    assert row == {
        "action": "operation.dead_lettered",
        "subject_type": "operation",
        "actor": {"type": "system", "id": "engine"},
        "store_id": caller.store_id,
        "livemode": False,
        "evidence": {"tries": 4, "status": "unknown"},
        "request_id": None,
    }
    assert (await log(book, operation.id))[-1] == ("operation.dead_lettered", "unknown", None)


async def test_a_persons_word_is_written_with_their_name(book):
    caller, _, refund = await made(book)
    operation, other = await book.operations(refund.id)
    given = {"outcome": "failed", "note": "nothing there", "external_id": None}
    done = await book.write(operations.resolve, person(caller), operation.id, **given)
    assert done.schedule == operation.schedule + 1, "the job that still waits is void"
    row = next(row for row in await trail(book, operation.id) if row["action"] == "operation.resolved")
    assert row == {
        "action": "operation.resolved",
        "subject_type": "operation",
        "actor": {"type": "agent", "id": "ana", "key": "key_1"},
        "store_id": caller.store_id,
        "livemode": False,
        "evidence": {**given, "before": "pending"},
        "request_id": "req_1",
    }
    assert done.evidence == {"resolved_by": "ana", "note": "nothing there"}
    yes = await book.write(
        operations.resolve, person(caller), other.id, outcome="succeeded", note="seen", external_id="b-1"
    )
    assert (yes.error_code, yes.error_detail, yes.external_id) == (None, None, "b-1")
    waiting = await book.cancel(caller, await book.order(caller, status="pending"))
    held = await book.operation(waiting.refund_id)
    with pytest.raises(
        OperationRunning, match=r"^operation_running: The operation waits for another one: resolve that\.$"
    ):
        await book.write(operations.resolve, person(caller), held.id, **given)


# ---- views ----------------------------------------------------------------------------------------------------------


async def test_an_operation_is_shown_in_full_but_for_its_command(book):
    _, order, refund = await made(book, amount=money(300), destination="payment_method", payment_method_id=None)
    operation = (await book.operations(refund.id))[0]
    book.bank.plans.append("refuse")
    done = await book.run(operation)
    attempts = await book.read(operation_views.tries, operation.id)
    assert operation_views.view(done, attempts) == {
        "id": operation.id,
        "livemode": False,
        "kind": "refund",
        "provider": "sandbox",
        "key": operation.id,
        "subject": {"type": "refund", "id": refund.id},
        "status": "failed",
        "tries": 1,
        "needs_person": False,
        "external_id": None,
        "error": {"code": "refund_refused", "detail": "The bank says no."},
        "evidence": {"status": 409},
        "next_try_at": None,
        "created_at": clock.rfc3339(done.created_at),
        "settled_at": clock.rfc3339(done.settled_at),
        "attempts": [
            {
                "number": 1,
                "started_at": clock.rfc3339(attempts[0].started_at),
                "ended_at": clock.rfc3339(attempts[0].ended_at),
                "outcome": "failed",
                "detail": {"detail": "refused", "status": 409},
            }
        ],
    }
    assert "attempts" not in operation_views.view(done)
    assert order.accounts
    other = operation_views.view(operation)
    assert (other["error"], other["settled_at"]) == (None, None)
    assert other["next_try_at"] == clock.rfc3339(operation.next_try_at)
    fresh = OperationTry(operation_id="o", number=2, started_at=clock.now(), executor="e", detail={})
    assert operation_views.view(done, [fresh])["attempts"][0]["ended_at"] is None


async def test_progress_tells_of_the_named_operations_only(book):
    caller, _, refund = await made(book)
    await made(book)
    first, second = await book.operations(refund.id)
    rows = await book.read(operation_views.progress, [second.id, first.id])
    assert [tuple(row) for row in rows] == [
        (first.id, "pending", first.next_try_at, None),
        (second.id, "pending", second.next_try_at, None),
    ]
    given_up = clock.now()
    await book.set(Operation, first.id, dead_at=given_up)
    assert (await book.read(operation_views.progress, [first.id]))[0].dead_at == given_up
    assert await book.read(operation_views.progress, []) == []
    assert caller


async def test_a_shopper_sees_the_operations_about_what_is_theirs(book):
    caller = await book.store()
    mine = await book.order(caller, customer="cust-1", status="pending")
    theirs = await book.order(caller, customer="cust-2", status="pending")
    shopper = replace(await book.shopper(caller, mine), automation=False)
    stranger = replace(await book.shopper(caller, theirs), automation=False)
    refund = await book.refund(caller, mine, amount=money(100))
    cancellation = await book.cancel(caller, mine)
    for subject in (refund.id, cancellation.id):
        operation = await book.operation(subject)
        assert (await book.read(operation_views.get, shopper, operation.id)).id == operation.id
        assert (await book.read(operation_views.get, caller, operation.id)).id == operation.id
        with pytest.raises(OperationNotFound):
            await book.read(operation_views.get, stranger, operation.id)


@pytest.mark.parametrize("kind", ["label", "message", "something_else"])
async def test_a_shopper_sees_nothing_about_what_belongs_to_nobody(book, kind):
    caller = await book.store()
    order = await book.order(caller)
    refund = await book.refund(caller, order, amount=money(100))
    operation = await book.operation(refund.id)
    await book.set(Operation, operation.id, subject_type=kind)
    shopper = replace(await book.shopper(caller, order), automation=False)
    with pytest.raises(OperationNotFound):
        await book.read(operation_views.get, shopper, operation.id)


async def test_a_shopper_sees_the_purchase_of_their_label_and_the_delivery_of_their_message(book):
    from app.models.returns import Label
    from app.models.tickets import Message, Ticket

    caller = await book.store()
    order = await book.order(caller)
    shopper = replace(await book.shopper(caller, order), automation=False)
    refund = await book.refund(caller, order, amount=money(100))
    operation = await book.operation(refund.id)
    spec = ReturnSpec(lines=(LineSpec(order.lines[0], 1),))
    return_ = await book.write(returns.request, caller, order.id, spec)
    owned = {"store_id": caller.store_id, "livemode": False, "created_at": clock.now()}

    def label(session: Any) -> str:
        row = Label(
            id=ids.new("lbl"),
            return_id=return_.id,
            order_id=order.id,
            customer_id=shopper.shopper,
            operation_id=operation.id,
            carrier="sandbox",
            **owned,
        )
        session.add(row)
        return row.id

    def message(session: Any) -> str:
        ticket = Ticket(id=ids.new("tkt"), channel="chat", customer_id=shopper.shopper, **owned)
        session.add(ticket)
        session.flush()
        row = Message(
            id=ids.new("msg"),
            ticket_id=ticket.id,
            channel="chat",
            direction="outbound",
            author={},
            text="x",
            occurred_at=clock.now(),
            **owned,
        )
        session.add(row)
        return row.id

    for kind, subject in (("label", await book.write(label)), ("message", await book.write(message))):
        await book.set(Operation, operation.id, subject_type=kind, subject_id=subject)
        assert (await book.read(operation_views.get, shopper, operation.id)).id == operation.id
        with pytest.raises(OperationNotFound):
            await book.read(operation_views.get, replace(shopper, shopper="cus_other"), operation.id)


async def test_each_kind_of_operation_has_one_way_to_end():
    effect = Effect(kind="of_a_test", command=Receipt, send=None, find=None, settle=None)  # pyright: ignore[reportArgumentType]
    operations.register(effect)
    try:
        assert operations.EFFECTS["of_a_test"] is effect
        assert effect.rechecked is False
        assert operations.EFFECTS["refund"].rechecked is True
    finally:
        del operations.EFFECTS["of_a_test"]


async def test_operations_of_a_subject_come_oldest_first_and_no_others(book):
    _, _, refund = await made(book)
    await made(book)
    found = await book.read(operation_views.of_subject, "refund", refund.id)
    assert [row.id for row in found] == sorted(row.id for row in found)
    assert len(found) == 2
    assert await book.read(operation_views.of_subject, "label", refund.id) == []


# ---- rows -----------------------------------------------------------------------------------------------------------


async def test_an_automatic_refund_says_so_in_its_row(book):
    caller, order, refund = await made(book, automated=True, lines=(), amount=money(900), reason="late", note="n")
    row = await book.read(lambda s: s.get_one(Refund, refund.id))
    assert (row.store_id, row.livemode, row.order_id) == (caller.store_id, False, order.id)
    assert (row.items, row.tax, row.discount, row.shipping, row.fee) == (900, 0, 0, 0, 0)
    assert (row.destination, row.payment_method_id, row.return_id, row.cancellation_id) == (
        "original",
        None,
        None,
        None,
    )
    assert (row.reason, row.note, row.automated, row.currency) == ("late", "n", True, "EUR")
    assert row.actor == {"type": "automation", "id": row.customer_id, "key": "key_1", "proof": 2}
    decision = await book.read(lambda s: s.query(Decision).filter_by(subject_id=refund.id).one())
    assert (decision.actor, decision.message_id, decision.livemode) == (row.actor, None, False)


async def test_lines_are_kept_with_what_was_paid_for_them(book):
    caller, order, refund = await made(book, automated=False)
    del refund
    again = await book.refund(caller, order, lines=((order.lines[0], 2),), amount=money(1500))
    (row,) = await book.read(lambda s: s.query(RefundLine).filter_by(refund_id=again.id).all())
    assert (row.line_id, row.quantity, row.amount) == (order.lines[0], 2, 2000)
    assert (again.fee, again.tax, again.items) == (500, 200, 1800)
    shown = await book.view(caller, again)
    assert shown["lines"][0]["amount"] == {"amount": 2000, "currency": "EUR"}


async def test_a_refund_of_a_return_or_a_message_says_which(book):
    caller = await book.store()
    order = await book.order(caller)
    said = await book.ledgers(caller, order)

    def ask(session: Any) -> Refund:
        session.info["message_id"] = "msg_7"
        session.info["payment_provider"] = "acme"
        return refunds.request(session, caller, order.id, said, refunds.RefundSpec(amount=money(5)), return_id="ret_7")

    refund = await book.write(ask)
    operation = await book.operation(refund.id)
    assert (refund.return_id, operation.message_id, operation.provider) == ("ret_7", "msg_7", "acme")
    assert (operation.livemode, operation.store_id, operation.evidence) == (False, caller.store_id, {})
    assert (await book.view(caller, refund))["return"] == "ret_7"


async def test_a_state_goes_only_where_its_table_leads(book):
    _, _, refund = await made(book)
    rows = await book.read(lambda s: s.query(Allocation).filter_by(refund_id=refund.id).all())
    for row in (rows[0], refund, (await book.operations(refund.id))[0]):
        row.move("failed")
        row.move("failed")
        with pytest.raises(IllegalMove, match="failed -> succeeded"):
            row.move("succeeded")


# ---- the queue of the lost ------------------------------------------------------------------------------------------


async def test_revival_takes_the_late_ones_up_to_its_limit(book):
    late = clock.now() - timedelta(seconds=90)
    await book.write(tries.revive, 10**6)
    chosen = []
    for _ in range(3):
        _, _, refund = await made(book, amount=money(300), destination="original")
        for operation in await book.operations(refund.id):
            await book.set(Operation, operation.id, next_try_at=late)
            chosen.append(operation.id)
    assert await book.write(tries.revive, 4) == 4
    assert await book.write(tries.revive) == 2
    assert await book.write(tries.revive) == 0
    rows = [await book.read(lambda s, key=key: s.get_one(Operation, key)) for key in chosen]
    assert {row.schedule for row in rows} == {2}


@pytest.mark.parametrize(
    ("fields", "revived"),
    [
        ({"status": "unknown"}, 1),
        ({"status": "succeeded"}, 1),
        ({"status": "failed"}, 1),  # a person called it so: the provider is asked again
        ({"status": "canceled"}, 0),
        ({"next_try_at": None}, 0),
        ({"dead_at": timedelta(seconds=1)}, 0),
        ({"leased_until": timedelta(seconds=30)}, 0),
        ({"leased_until": timedelta(seconds=-30)}, 0),
        ({"leased_until": timedelta(seconds=-61)}, 1),
        ({"next_try_at": timedelta(seconds=-59)}, 0),
        ({"next_try_at": timedelta(seconds=-61)}, 1),
    ],
)
async def test_only_what_was_left_alone_for_a_minute_is_revived(book, fields, revived):
    await book.write(tries.revive, 10**6)
    caller = await book.store()
    refund = await book.refund(caller, await book.order(caller), amount=money(1))
    operation = await book.operation(refund.id)
    moved = {
        name: clock.now() + value if isinstance(value, timedelta) else value
        for name, value in {"next_try_at": timedelta(seconds=-90), **fields}.items()
    }
    await book.set(Operation, operation.id, **moved)
    assert await book.write(tries.revive) == revived
    await book.set(Operation, operation.id, next_try_at=None)


async def test_a_recheck_reads_the_operations_own_store_and_kind(book):
    _, _, refund = await made(book)
    await book.settle(refund)
    operation = (await book.operations(refund.id))[0]
    claim = await book.read(tries._ended, operation.id)
    assert (claim.store.id, claim.store.sandbox_shop) == (operation.store_id, "demo")
    assert claim == tries._Claim(0, "refund", operation.command, claim.store, False, True, None)
    await book.write(tries._rechecked, operation.id, 0, None, answered=True)
    assert (await book.read(lambda s: s.get_one(Operation, operation.id))).rechecks == 1, "an older look"
    await book.set(Operation, operation.id, status="failed")
    assert await book.read(tries._ended, operation.id) is None
    before = await book.read(lambda s: s.get_one(Operation, operation.id))
    await book.write(tries._rechecked, operation.id, before.rechecks, Receipt(status="failed"), answered=True)
    after = await book.read(lambda s: s.get_one(Operation, operation.id))
    assert (after.rechecks, after.event_sequence) == (before.rechecks, before.event_sequence)


async def test_a_claim_carries_what_the_try_needs_and_notes_it(book):
    _, _, refund = await made(book)
    operation = (await book.operations(refund.id))[0]
    claim = await book.write(tries._claim, operation.id, 1, book.runtime, 8.0)
    assert (claim.store.id, claim.store.sandbox_shop) == (operation.store_id, "demo")
    assert claim == tries._Claim(1, "refund", operation.command, claim.store, False, False, None)
    again = await book.write(tries._claim, operation.id, 1, book.runtime, 8.0)
    assert (again.number, again.begun_before) == (2, True)
    rows = await book.read(operation_views.tries, operation.id)
    assert [(row.number, row.executor, row.outcome, row.ended_at, row.detail) for row in rows] == [
        (1, book.runtime.executor, None, None, {}),
        (2, book.runtime.executor, None, None, {}),
    ]
    held = await book.read(lambda s: s.get_one(Operation, operation.id))
    assert (held.tries, held.uncertain) == (2, True)


async def test_the_deadline_of_a_try_ends_before_its_lease(book):
    """A provider that holds the line is cut off: what it did is unknown, and asked for next time."""
    import asyncio

    from app.services.providers import Providers

    _, _, refund = await made(book)
    operation = (await book.operations(refund.id))[0]

    leases: list[float] = []

    class Silent:
        name = "sandbox"

        async def refund(self, command: Any) -> Receipt:
            held = await book.read(lambda s: s.get_one(Operation, operation.id))
            leases.append((held.leased_until - clock.now()).total_seconds())
            await asyncio.sleep(60)
            raise AssertionError(command)

    class Held:
        def of(self, store: Any, *, livemode: bool) -> Providers:
            assert (store.sandbox_shop, livemode) == ("demo", False)
            return Providers(payments=Silent(), commerce=None, carrier=None, channel=None)  # pyright: ignore[reportArgumentType]

    settings = book.runtime.settings.model_copy(update={"call_seconds": 0.05})
    runtime = replace(book.runtime, connections=Held(), settings=settings)  # pyright: ignore[reportArgumentType]
    await asyncio.wait_for(tries.run(runtime, operation.id, 1), 5)
    after = await book.read(lambda s: s.get_one(Operation, operation.id))
    assert (after.status, after.evidence, after.uncertain) == ("unknown", {"error": "deadline"}, True)
    (lease,) = leases
    assert 1.5 < lease <= 2.15, "three calls and two seconds"


# ---- how a try ends, and what is enqueued after it -------------------------------------------------------------------


@dataclass(frozen=True)
class Job:
    """A job as the engine keeps it."""

    inputs: list[Any]
    queue: str
    seconds: float | None


async def job(book: Book, name: str) -> Job | None:
    """The job of that name, with the seconds until it may run (None: at once)."""

    def found(session: Session) -> Any:
        query = "SELECT queue_name, delay_until_epoch_ms, inputs FROM workflow_status WHERE workflow_uuid = :name"
        row = session.execute(text(query), {"name": name}).one_or_none()
        kept = "SELECT inputs FROM workflow_input WHERE workflow_uuid = :name"
        return row, session.scalar(text(kept), {"name": name})

    row, inputs = await book.read(found)
    if row is None:
        return None
    until = row.delay_until_epoch_ms
    seconds = None if until is None else until / 1000 - clock.now().timestamp()
    return Job(json.loads(inputs or row.inputs)["positionalArgs"], row.queue_name, seconds)


async def one(book: Book) -> Operation:
    caller = await book.store()
    refund = await book.refund(caller, await book.order(caller), amount=money(100))
    return await book.operation(refund.id)


async def test_the_first_job_runs_at_once_under_the_operations_name_and_number(book):
    operation = await one(book)
    name = f"operation:{operation.id}:1"
    assert await job(book, name) == Job(["operation", operation.id, 1], "operations", None)
    assert abs((operation.next_try_at - clock.now()).total_seconds()) < 5


@pytest.mark.parametrize(
    ("plan", "at_least", "at_most"), [("drop", 0.8, 1.2), ("busy", 8.5, 9.1), ("throttle", 6.5, 7.1)]
)
async def test_the_next_job_waits_as_long_as_it_should(book, plan, at_least, at_most):
    operation = await one(book)
    book.bank.plans.append(plan)
    started = clock.now()
    done = await book.run(operation)
    lag = (clock.now() - started).total_seconds()
    after = await job(book, f"operation:{operation.id}:2")
    assert after.inputs == ["operation", operation.id, 2]
    assert at_least - lag <= after.seconds <= at_most
    assert at_least - lag <= (done.next_try_at - clock.now()).total_seconds() <= at_most
    assert await job(book, f"operation:{operation.id}:3") is None


@pytest.mark.parametrize(
    ("plan", "lookup", "status", "detail"),
    [
        ("drop", "up", "unknown", {"detail": "no answer", "error": "timeout"}),
        ("busy", "up", "unknown", {"detail": "busy", "status": 503}),
        ("refuse", "up", "failed", {"detail": "refused", "status": 409}),
        ("refuse", "down", "unknown", {"detail": "refused, look-up failed", "error": "reset"}),
        ("lose", "down", "unknown", {"detail": "no answer"}),
        ("garble", "down", "unknown", {"detail": "unclear answer"}),
    ],
)
async def test_each_end_of_a_try_is_written_with_what_was_seen(book, plan, lookup, status, detail):
    operation = await one(book)
    book.bank.plans.append(plan)
    book.bank.lookups.append(lookup)
    done = await book.run(operation)
    (row,) = await book.read(operation_views.tries, operation.id)
    assert (row.outcome, done.status) == (status, status)
    assert detail.items() <= row.detail.items()
    assert {name: value for name, value in detail.items() if name != "detail"}.items() <= done.evidence.items()


async def test_a_no_after_the_effect_is_a_yes(book):
    """The provider refuses and its ledger has the refund all the same: the ledger is believed."""
    operation = await one(book)
    book.bank.plans.append("deny")
    done = await book.run(operation)
    (row,) = await book.read(operation_views.tries, operation.id)
    assert (done.status, row.outcome, row.detail["detail"]) == ("succeeded", "succeeded", "refused, yet found")


async def test_a_look_up_that_fails_before_a_second_try_says_so_and_waits(book):
    operation = await one(book)
    book.bank.plans.append("drop")
    await book.run(operation)
    book.bank.lookups.append("down")
    started = clock.now()
    done = await book.run(operation)
    lag = (clock.now() - started).total_seconds()
    second = (await book.read(operation_views.tries, operation.id))[1]
    assert (second.outcome, second.detail) == ("unknown", {"detail": "look-up failed", "error": "reset"})
    assert done.evidence == {"error": "reset"}
    assert 7.5 - lag < (await job(book, f"operation:{operation.id}:3")).seconds <= 8.1, "Retry-After of the look-up"


async def test_what_was_not_sent_leaves_no_evidence_of_an_effect(book):
    operation = await one(book)
    book.bank.plans.append("throttle")
    done = await book.run(operation)
    (row,) = await book.read(operation_views.tries, operation.id)
    assert (row.outcome, row.detail, done.evidence) == ("not_executed", {"detail": "later"}, {})
    book.bank.plans.extend(["drop", "throttle"])
    await book.run(operation)
    done = await book.run(operation)
    last = (await book.read(operation_views.tries, operation.id))[2]
    assert (last.outcome, last.detail) == ("unknown", {"detail": "later", "status": 429})
    assert done.evidence == {"error": "timeout", "status": 429}


async def test_looks_after_a_success_are_enqueued_one_after_another(book):
    operation = await one(book)
    started = clock.now()
    await book.run(operation)
    for number, wait in ((1, 3600.0), (2, 86400.0)):
        lag = (clock.now() - started).total_seconds()
        look = await job(book, f"recheck:{operation.id}:{number}")
        assert look.inputs == ["recheck", operation.id, number]
        assert wait - lag <= look.seconds <= wait * 1.05 + 1
        await tries.recheck(book.runtime, operation.id, number)
    assert await job(book, f"recheck:{operation.id}:3") is None


async def test_whoever_follows_up_may_write_in_the_same_transaction(book):
    def note(session: Session, operation: Operation) -> None:
        session.get_one(Operation, operation.id).external_id = "followed"

    operation = await one(book)
    operations.FOLLOW_UPS.append(note)
    try:
        book.bank.plans.append("refuse")
        done = await book.run(operation)
        dead = await one(book)
        await book.set(Operation, dead.id, tries=9)
        book.bank.plans.append("drop")
        left = await book.run(dead)
    finally:
        operations.FOLLOW_UPS.remove(note)
    assert (done.external_id, left.external_id) == ("followed", "followed")


@dataclass(frozen=True)
class AmongMany:
    """The same database, written to by other processes too."""

    db: Any
    shared: bool = True

    async def write(self, work: Any, *args: Any) -> Any:
        return await self.db.write(work, *args)

    async def read(self, work: Any, *args: Any) -> Any:
        return await self.db.read(work, *args)


async def test_among_many_workers_a_living_ones_lease_is_waited_for(book):
    operation = await one(book)
    other = replace(book.runtime, db=AmongMany(book.db), executor="other")  # pyright: ignore[reportArgumentType]
    await book.write(tries._claim, operation.id, 1, replace(other, executor="first"), 8.0)
    await tries.run(other, operation.id, 1)
    held = await book.read(lambda s: s.get_one(Operation, operation.id))
    assert (book.bank.asked, held.schedule, held.tries, held.leased_by) == ([], 2, 1, "first")
    after = await job(book, f"operation:{operation.id}:2")
    left = (held.leased_until - clock.now()).total_seconds()
    assert left < after.seconds < left + 0.3, "as soon as the lease is over"
    await tries.run(replace(other, executor="first"), operation.id, 2)
    assert book.bank.asked == ["find", "refund"], "its own lease stops nobody"


async def test_a_lease_that_is_over_stops_nobody(book):
    operation = await one(book)
    other = replace(book.runtime, db=AmongMany(book.db), executor="other")  # pyright: ignore[reportArgumentType]
    await book.write(tries._claim, operation.id, 1, replace(other, executor="first"), -1.0)
    await tries.run(other, operation.id, 1)
    assert book.bank.asked == ["find", "refund"]


async def test_a_second_yes_changes_nothing(book):
    operation = await one(book)
    claim = await book.write(tries._claim, operation.id, 1, book.runtime, 8.0)
    done = await book.run(operation)
    await tries.recheck(book.runtime, operation.id, 1)
    again = Receipt(status="succeeded", external_id="other", evidence={"other": 1})
    await book.write(tries._conclude, operation.id, claim, tries._Ending(again), book.runtime)
    after = await book.read(lambda s: s.get_one(Operation, operation.id))
    assert (after.external_id, after.evidence, after.settled_at) == (done.external_id, done.evidence, done.settled_at)
    assert after.rechecks == 2, "the looks go on where they were"


async def test_a_second_no_changes_nothing(book):
    operation = await one(book)
    book.bank.plans.append("refuse")
    done = await book.run(operation)
    again = Receipt(status="failed", failure_code="other", evidence={"other": 1})
    await book.write(lambda s: operations.settle(s, s.get_one(Operation, operation.id), again))
    after = await book.read(lambda s: s.get_one(Operation, operation.id))
    assert (after.error_code, after.evidence) == ("refund_refused", done.evidence)
    assert [row["action"] for row in await trail(book, operation.id)] == ["operation.failed"]


@pytest.mark.parametrize(("looks", "given_up"), [(operations.PATIENCE - 1, False), (operations.PATIENCE, True)])
async def test_patience_with_a_pending_one_has_its_number(book, looks, given_up):
    operation = await one(book)
    await book.set(Operation, operation.id, rechecks=looks)
    book.bank.plans.append("pend")
    done = await book.run(operation)
    assert (done.dead_at is not None) is given_up
    assert done.tries == (4 if given_up else 1)


# ---- counters and the seal ------------------------------------------------------------------------------------------


async def test_counters_of_other_stores_modes_and_currencies_are_others(book):
    caller, order, refund = await made(book, automated=True)
    stranger = await book.store()
    placed = await book.read(lambda s: s.get_one(Order, order.id))
    scopes = spending.scopes(caller.store, placed, clock.now())
    own = {"store_id": caller.store_id, "livemode": False, "currency": "EUR"}
    others = [{**own, "livemode": True}, {**own, "currency": "USD"}, {**own, "store_id": stranger.store_id}]

    def beside(session: Any) -> None:
        for key in others:
            for scope, name in scopes.items():
                session.add(SpendCounter(**key, scope=scope, scope_id=name, spent=7))
        for scope in scopes:
            session.add(SpendCounter(**own, scope=scope, scope_id="another", spent=7))
            session.add(SpendCounter(**own, scope="year", scope_id=scopes[scope], spent=7))

    await book.write(beside)
    assert await book.read(spending.spent, placed, "EUR", scopes) == {"customer": 900, "day": 900, "order": 900}
    assert await book.read(spending.spent, placed, "USD", scopes) == {"customer": 7, "day": 7, "order": 7}
    assert await book.read(spending.spent, placed, "JPY", scopes) == {"customer": 0, "day": 0, "order": 0}
    live = Order(id=placed.id, store_id=placed.store_id, livemode=True, customer_id=placed.customer_id)
    assert set((await book.read(spending.spent, live, "EUR", scopes)).values()) == {7}
    foreign = Order(id=placed.id, store_id=stranger.store_id, livemode=False, customer_id=placed.customer_id)
    assert set((await book.read(spending.spent, foreign, "EUR", scopes)).values()) == {7}
    caps = Caps(**WIDE)
    await book.write(spending.reserve, placed, "EUR", 50, caps, scopes)
    await book.write(spending.release, refund, 200)
    assert await book.read(spending.spent, placed, "EUR", scopes) == {"customer": 750, "day": 750, "order": 750}
    rows = await book.read(lambda s: s.query(SpendCounter).filter(SpendCounter.spent != 750).all())
    mine = [row for row in rows if row.store_id in {caller.store_id, stranger.store_id}]
    assert len(mine) == 15
    assert {row.spent for row in mine} == {7}


@pytest.mark.parametrize("scope", ["refund", "order", "customer", "day"])
async def test_a_reservation_checks_each_cap_by_itself_in_the_update(book, scope):
    """The guard has read what was spent a moment ago; only the update knows what is spent now."""
    caller = await book.store()
    order = await book.order(caller)
    placed = await book.read(lambda s: s.get_one(Order, order.id))
    scopes = spending.scopes(caller.store, placed, clock.now())
    caps = Caps(**{**WIDE, scope: 500})
    if scope != "refund":
        await book.write(spending.reserve, placed, "EUR", 300, caps, scopes)
        with pytest.raises(LimitReached):
            await book.write(spending.reserve, placed, "EUR", 201, caps, scopes)
        assert set((await book.spent(caller)).values()) == {300}, "a refusal takes back what it had counted"
        await book.write(spending.reserve, placed, "EUR", 200, caps, scopes)
        assert set((await book.spent(caller)).values()) == {500}
        return
    with pytest.raises(LimitReached):
        await book.write(spending.reserve, placed, "EUR", 501, caps, scopes)
    await book.write(spending.reserve, placed, "EUR", 500, caps, scopes)


async def test_reservations_are_taken_in_one_order_whoever_asks():
    assert spending.SCOPES == ("customer", "day", "order")


async def test_sealed_rows_are_a_chain_that_shows_a_changed_row(book):
    await made(book)
    while await book.write(audit.seal, 50):
        pass
    count, broken = await book.read(audit.verify)
    assert (broken, await book.read(audit.unsealed)) == (None, 0)
    assert count == await book.read(lambda s: s.query(AuditRow).count())
    caller = await book.store()
    await book.write(audit.seal)
    assert (await book.read(audit.verify))[0] == count + 1
    row = await book.read(lambda s: s.query(AuditRow).filter_by(subject_id=caller.store_id).one())
    for name, value in (("evidence", {"name": "other"}), ("actor", {"type": "nobody"}), ("action", "store.changed")):
        kept = getattr(row, name)
        await book.set(AuditRow, row.id, **{name: value})
        assert (await book.read(audit.verify))[1] == row.number, name
        await book.set(AuditRow, row.id, **{name: kept})
    assert (await book.read(audit.verify))[1] is None
    first = await book.read(lambda s: s.query(AuditRow).filter_by(number=1).one())
    await book.set(AuditRow, first.id, number=-1)
    assert (await book.read(audit.verify))[1] is not None, "a row that is missing shows"
    await book.set(AuditRow, first.id, number=1)


async def test_a_cancellation_that_is_settled_twice_does_its_work_once(book):
    caller = await book.store()
    order = await book.order(caller, status="pending")
    cancellation = await book.cancel(caller, order)
    operation = await book.run(await book.operation(cancellation.id))
    schedule = (await book.operation(cancellation.refund_id)).schedule
    again = Receipt(status="succeeded", external_id=order.external_id)
    await book.write(lambda s: operations.settle(s, s.get_one(Operation, operation.id), again))
    assert (await book.operation(cancellation.refund_id)).schedule == schedule
    paid = (await book.operation(cancellation.refund_id)).status
    late = Receipt(status="failed", failure_code="order_not_pending")
    await book.write(lambda s: operations.settle(s, s.get_one(Operation, operation.id), late))
    kept = await book.read(lambda s: s.get_one(Cancellation, cancellation.id))
    assert (kept.status, (await book.operation(cancellation.refund_id)).status) == ("succeeded", paid)
    assert [kind for kind, *_ in await log(book, cancellation.id)] == ["cancellation.created", "cancellation.succeeded"]
    with pytest.raises(IllegalMove, match="succeeded -> failed"):
        kept.move("failed")
