"""Operations, try by try: asked before sent again, leased to one worker, and ended by evidence or by a person."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from app import clock
from app.database import Database
from app.errors import ActorRequired, OperationNotFound, OperationRunning, OperationSettled
from app.models.operations import Operation, OperationTry
from app.models.orders import OrderPayment
from app.models.records import AuditRow
from app.models.refunds import Allocation, Refund
from app.services import audit, operation_views, operations, tries
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


async def refund_of(book: Book, amount: int = 1000):
    caller = await book.store()
    order = await book.order(caller)
    refund = await book.refund(caller, order, amount=money(amount))
    return caller, order, refund, await book.operation(refund.id)


async def attempts(book: Book, operation: Operation) -> list[OperationTry]:
    return await book.read(operation_views.tries, operation.id)


async def status(book: Book, refund: Refund) -> str:
    return (await book.read(lambda s: s.get_one(Refund, refund.id))).status


async def test_a_yes_settles_operation_allocation_and_refund_in_one_go(book):
    _, order, refund, operation = await refund_of(book)
    assert (operation.status, operation.tries, operation.provider_key) == ("pending", 0, operation.id)
    done = await book.run(operation)
    assert (done.status, done.tries) == ("succeeded", 1)
    assert (done.leased_by, done.leased_until, done.dead_at) == (None, None, None)
    assert operation_views.view(done)["next_try_at"] is None, "it is looked at again, not tried"
    assert done.external_id == book.bank.moved[0].id
    assert done.evidence == {"id": done.external_id}
    assert done.settled_at is not None
    assert await status(book, refund) == "succeeded"
    assert book.bank.asked == ["refund"]
    (only,) = await attempts(book, operation)
    assert (only.number, only.outcome, only.detail["detail"]) == (1, "succeeded", "answered")
    assert only.ended_at is not None
    assert await book.events(operation.id) == ["operation.created", "operation.succeeded"]
    assert await book.events(refund.id) == ["refund.created", "refund.succeeded"]
    assert book.bank.given(order.accounts[0]) == 1000


@pytest.mark.parametrize("plan", ["lose", "drop"])
async def test_a_lost_answer_is_looked_up_at_once_and_never_sent_again_blindly(book, plan):
    _, order, refund, operation = await refund_of(book)
    book.bank.plans.extend([plan])
    done = await book.run(operation)
    if plan == "lose":
        assert done.status == "succeeded"
        assert book.bank.asked == ["refund", "find"]
        return
    assert (done.status, done.uncertain, await status(book, refund)) == ("unknown", True, "unknown")
    done = await book.run(operation)
    assert book.bank.asked == ["refund", "find", "find", "refund"], "asked before it was sent again"
    assert (done.status, await status(book, refund)) == ("succeeded", "succeeded")
    assert book.bank.given(order.accounts[0]) == 1000
    assert await book.events(refund.id) == ["refund.created", "refund.unknown", "refund.succeeded"]


async def test_while_the_provider_cannot_be_asked_nothing_is_sent_again(book):
    _, order, refund, operation = await refund_of(book)
    book.bank.plans.extend(["lose"])
    book.bank.lookups.extend(["down", "down"])
    await book.run(operation)
    done = await book.run(operation)
    assert (done.status, await status(book, refund)) == ("unknown", "unknown")
    assert book.bank.asked == ["refund", "find", "find"]
    assert [row.detail["detail"] for row in await attempts(book, operation)] == ["no answer", "look-up failed"]
    done = await book.run(operation)
    assert (done.status, done.tries) == ("succeeded", 3)
    assert (await attempts(book, operation))[2].detail["detail"] == "found by look-up"
    assert book.bank.given(order.accounts[0]) == 1000


async def test_a_refusal_is_a_no_only_when_the_ledger_has_nothing(book):
    _, order, refund, operation = await refund_of(book)
    book.bank.plans.append("refuse")
    done = await book.run(operation)
    assert (done.status, done.error_code, done.error_detail) == ("failed", "refund_refused", "The bank says no.")
    assert (await attempts(book, operation))[0].detail["detail"] == "refused"
    found = await book.read(lambda s: s.get_one(Refund, refund.id))
    assert (found.status, found.failure_code) == ("failed", "refund_refused")
    assert book.bank.given(order.accounts[0]) == 0


async def test_a_refusal_that_cannot_be_looked_up_stays_unknown(book):
    _, _, refund, operation = await refund_of(book)
    book.bank.plans.append("refuse")
    book.bank.lookups.append("down")
    done = await book.run(operation)
    assert (done.status, await status(book, refund)) == ("unknown", "unknown")
    assert (await attempts(book, operation))[0].detail["detail"] == "refused, look-up failed"


async def test_what_was_certainly_not_sent_stays_pending_and_waits_as_long_as_it_was_told(book):
    _, _, refund, operation = await refund_of(book)
    book.bank.plans.append("throttle")
    done = await book.run(operation)
    assert (done.status, done.uncertain, await status(book, refund)) == ("pending", False, "pending")
    assert (await attempts(book, operation))[0].outcome == "not_executed"
    assert done.next_try_at - clock.now() > timedelta(seconds=6), "Retry-After: 7"
    await book.run(operation)
    assert book.bank.asked == ["refund", "refund"], "nothing was sent, so there is nothing to look up"


async def test_not_sent_this_time_says_nothing_about_the_time_before(book):
    _, _, refund, operation = await refund_of(book)
    book.bank.plans.extend(["drop", "throttle"])
    await book.run(operation)
    done = await book.run(operation)
    assert (done.status, done.uncertain, await status(book, refund)) == ("unknown", True, "unknown")


async def test_a_yes_about_another_amount_is_not_a_yes(book):
    _, order, refund, operation = await refund_of(book)
    book.bank.plans.append("garble")
    book.bank.lookups.append("down")
    done = await book.run(operation)
    assert (done.status, await status(book, refund)) == ("unknown", "unknown")
    assert done.evidence["mismatch"] == [1001, "EUR"]
    done = await book.run(operation)
    assert done.status == "succeeded", "the provider's ledger has the right amount"
    assert book.bank.given(order.accounts[0]) == 1000


async def test_an_unclear_answer_is_looked_up_at_once(book):
    _, _, _, operation = await refund_of(book)
    book.bank.plans.append("garble")
    done = await book.run(operation)
    assert (done.status, book.bank.asked) == ("succeeded", ["refund", "find"])


async def test_the_providers_own_pending_is_looked_up_until_it_ends(book):
    _, _, refund, operation = await refund_of(book)
    book.bank.plans.append("pend")
    done = await book.run(operation)
    assert (done.status, done.tries, done.rechecks, done.dead_at) == ("pending", 1, 1, None)
    for _ in range(6):
        done = await book.run(operation)
    assert done.dead_at is None, "a provider that takes its time is not given up"
    assert done.next_try_at - clock.now() > timedelta(seconds=50), "at the longest wait"
    book.bank.moved[0].status = "succeeded"
    done = await book.run(operation)
    assert (done.status, await status(book, refund)) == ("succeeded", "succeeded")
    assert (done.rechecks, book.bank.asked.count("refund")) == (1, 1), "the look-ups after a success begin anew"


async def test_a_pending_without_end_is_left_to_a_person(book):
    _, _, refund, operation = await refund_of(book)
    await book.set(Operation, operation.id, rechecks=operations.PATIENCE)
    book.bank.plans.append("pend")
    done = await book.run(operation)
    assert done.dead_at is not None
    assert (done.status, done.next_try_at, await status(book, refund)) == ("pending", None, "pending")


async def test_waits_grow_and_after_the_last_one_a_person_decides(book):
    caller, _, refund, operation = await refund_of(book)
    book.bank.plans.extend(["drop"] * 4)
    waits = []
    for _ in range(3):
        done = await book.run(operation)
        waits.append((done.next_try_at - clock.now()).total_seconds())
    assert 0 < waits[0] < 1.2 < 4 < waits[1] < 5.6 < 53 < waits[2] < 66.1
    done = await book.run(operation)
    assert (done.tries, done.next_try_at, done.status) == (4, None, "unknown")
    assert done.dead_at is not None
    assert (await book.events(operation.id))[-1] == "operation.dead_lettered"
    row = (await book.audit(operation.id))[-1]
    assert (row.action, row.evidence) == ("operation.dead_lettered", {"tries": 4, "status": "unknown"})
    assert operation_views.view(done)["needs_person"] is True
    schedule = done.schedule
    done = await book.run(operation)
    assert (done.schedule, done.tries, len(book.bank.asked)) == (schedule, 4, 4 * 2 + 3), "nobody tries it by itself"
    assert await status(book, refund) == "unknown"
    assert (await book.ledgers(caller, await book.order(caller))) is not None


BROKE = [{"event": "try_broke", "log_level": "warning", "error": "KeyError"}]
"""What the log says of an adapter that fails: the kind of its error, and nothing that it held."""


async def test_an_adapter_that_breaks_leaves_a_doubt_and_in_the_end_a_person_decides(book):
    caller, order, refund, operation = await refund_of(book)
    book.bank.plans.append("break")
    book.bank.lookups.extend(["break"] * 3)
    with capture_logs() as said:
        done = await book.run(operation)
    assert [row for row in said if row["event"] == "try_broke"] == BROKE
    assert (done.status, done.leased_until, await status(book, refund)) == ("unknown", None, "unknown")
    assert done.next_try_at > clock.now()
    for _ in range(3):
        done = await book.run(operation)
    assert (done.status, done.tries, done.next_try_at) == ("unknown", 4, None)
    assert done.dead_at is not None
    assert book.bank.asked == ["refund", "find", "find", "find"], "nothing was sent again"
    kept = [(row.outcome, row.detail) for row in await attempts(book, operation)]
    assert kept == [("unknown", {"detail": "broke", "error": "KeyError"})] * 4, "its kind and no text"
    await resolve(book, person(caller), operation, "replay")
    assert (await book.run(operation)).status == "succeeded"
    assert book.bank.given(order.accounts[0]) == 1000


async def test_a_command_that_is_not_understood_was_not_sent_and_ends_with_a_person(book):
    _, _, refund, operation = await refund_of(book)
    await book.set(Operation, operation.id, command={"of": "another version"})
    with capture_logs() as said:
        for _ in range(4):
            done = await book.run(operation)
    assert [row for row in said if row["event"] == "try_broke"] == [{**BROKE[0], "error": "ValidationError"}] * 4
    assert (done.status, done.uncertain, await status(book, refund)) == ("pending", False, "pending")
    assert (done.tries, done.next_try_at, book.bank.asked) == (4, None, [])
    assert done.dead_at is not None
    assert [row.outcome for row in await attempts(book, operation)] == ["not_executed"] * 4
    assert (await attempts(book, operation))[0].detail == {"detail": "ValidationError"}


async def test_a_try_that_sends_nothing_leaves_open_what_became_of_the_one_before(book):
    _, _, refund, operation = await refund_of(book)
    book.bank.plans.append("drop")
    await book.run(operation)
    await book.set(Operation, operation.id, command={"of": "another version"})
    done = await book.run(operation)
    assert (done.status, done.uncertain, await status(book, refund)) == ("unknown", True, "unknown")
    second = (await attempts(book, operation))[1]
    assert (second.outcome, second.detail) == ("unknown", {"detail": "ValidationError", "error": "ValidationError"})
    assert done.evidence == {"error": "ValidationError"}
    assert book.bank.asked == ["refund", "find"], "the second try asked nobody"


async def test_a_call_that_kills_its_worker_each_time_is_left_to_a_person(book):
    _, _, refund, operation = await refund_of(book)
    for _ in range(3 + tries.KILLED + 1):
        assert await book.write(tries._claim, operation.id, operation.schedule, book.runtime, 8.0) is not None
    assert await book.write(tries._claim, operation.id, operation.schedule, book.runtime, 8.0) is None
    done = await book.read(lambda s: s.get_one(Operation, operation.id))
    assert (done.status, done.tries, done.leased_until, done.next_try_at) == ("unknown", 7, None, None)
    assert (done.evidence, done.leased_by) == ({"error": "every try was cut off"}, None)
    assert done.dead_at is not None
    assert await status(book, refund) == "unknown"
    assert (await book.events(operation.id))[-1] == "operation.dead_lettered"


@dataclass
class Slow:
    """A database whose commits take longer than a try may."""

    db: Database
    shared: bool = False

    async def write(self, work, *args):
        done = await self.db.write(work, *args)
        await asyncio.sleep(0.35)
        return done


async def test_a_claim_whose_commit_outlasts_the_try_sends_nothing_any_more(book):
    """The lease runs from the claim's transaction on: by the answer to its commit another worker may be near."""
    _, _, _, operation = await refund_of(book)
    quick = book.runtime.settings.model_copy(update={"call_seconds": 0.1})
    slow = replace(book.runtime, db=Slow(book.db, book.db.shared), settings=quick)
    await tries.run(slow, operation.id, operation.schedule)
    assert book.bank.asked == []
    done = await book.read(lambda s: s.get_one(Operation, operation.id))
    assert (done.status, done.uncertain, done.schedule) == ("pending", False, operation.schedule + 1)
    (only,) = await attempts(book, operation)
    assert (only.outcome, only.detail) == ("not_executed", {"detail": "late"})
    assert (await book.run(operation)).status == "succeeded"


async def test_an_older_job_does_nothing(book):
    _, _, _, operation = await refund_of(book)
    await tries.run(book.runtime, operation.id, operation.schedule - 1)
    await tries.run(book.runtime, operation.id, operation.schedule + 1)
    await tries.run(book.runtime, "opr_of_nobody", 1)
    assert book.bank.asked == []
    await book.run(operation)
    await tries.run(book.runtime, operation.id, operation.schedule)
    assert book.bank.asked == ["refund"], "what has ended is not tried"


async def test_a_job_that_runs_again_after_a_kill_looks_up_before_it_sends(book):
    """The killed process had claimed the operation and moved the money; nothing of the end was written."""
    _, order, _, operation = await refund_of(book)
    await book.write(tries._claim, operation.id, operation.schedule, book.runtime, 8.0)
    await book.runtime.connections.of("demo", livemode=False).payments.refund(command_of(operation))
    book.bank.asked.clear()
    done = await book.run(operation)
    assert (done.status, done.tries, book.bank.asked) == ("succeeded", 2, ["find"])
    assert [row.outcome for row in await attempts(book, operation)] == [None, "succeeded"]
    assert book.bank.given(order.accounts[0]) == 1000


def command_of(operation: Operation):
    return operations.EFFECTS[operation.kind].command.model_validate(operation.command)


async def test_a_command_carries_the_key_that_was_committed_before(book):
    _, order, _, operation = await refund_of(book)
    command = command_of(operation)
    assert (command.key, command.payment_id) == (operation.provider_key, order.accounts[0])
    assert (command.amount, command.currency) == (1000, "EUR")


async def test_a_living_workers_lease_is_respected(book):
    _, _, _, operation = await refund_of(book)
    claim = await book.write(tries._claim, operation.id, operation.schedule, book.runtime, 8.0)
    assert claim is not None
    held = await book.read(lambda s: s.get_one(Operation, operation.id))
    assert held.leased_by == book.runtime.executor
    assert timedelta(seconds=7) < held.leased_until - clock.now() <= timedelta(seconds=8)
    after = await book.run(operation, executor="another-worker")
    if not book.db.shared:  # one process per file: an older process's lease is a dead one's
        assert after.status == "succeeded"
        return
    assert book.bank.asked == []
    assert (after.schedule, after.tries) == (held.schedule + 1, 1), "looked at again when the lease is over"
    assert timedelta(seconds=7) < after.next_try_at - clock.now() < timedelta(seconds=8.2)
    await book.set(Operation, operation.id, leased_until=clock.now() - timedelta(seconds=1))
    after = await book.run(operation, executor="another-worker")
    assert (after.status, book.bank.asked) == ("succeeded", ["find", "refund"])


@pytest.mark.parametrize("late", ["refuse", "drop", "throttle", "succeed"])
async def test_a_worker_that_slept_past_its_lease_changes_nothing_by_waking_up(book, late):
    """It asked, stood still, and another worker has settled: its old no is no late failure, its doubt no new try."""
    _, order, refund, operation = await refund_of(book)
    claim = await book.write(tries._claim, operation.id, operation.schedule, book.runtime, 8.0)
    book.bank.plans.append(late)
    providers = book.runtime.connections.of("demo", livemode=False)
    effect = operations.EFFECTS["refund"]
    ending = await tries._ask_or_send(effect, providers, command_of(operation), begun_before=False)
    await book.set(Operation, operation.id, leased_until=clock.now() - timedelta(seconds=1))
    done = await book.run(operation, executor="another-worker")
    assert done.status == "succeeded"
    await book.write(tries._conclude, operation.id, claim, ending, book.runtime)
    after = await book.read(lambda s: s.get_one(Operation, operation.id))
    assert (after.status, await status(book, refund)) == ("succeeded", "succeeded")
    assert (after.schedule, after.rechecks, after.next_try_at) == (done.schedule, 1, done.next_try_at)
    assert book.bank.given(order.accounts[0]) == 1000
    assert all(row.ended_at is not None for row in await attempts(book, operation))


async def test_what_a_worker_has_taken_since_it_was_read_is_not_canceled(book):
    *_, operation = await refund_of(book)

    def cancel(session):
        read = session.get_one(Operation, operation.id)
        taken = update(Operation).where(Operation.id == read.id).values(tries=1)
        session.execute(taken, execution_options={"synchronize_session": False})  # as a worker commits meanwhile
        operations.cancel(session, read)

    with pytest.raises(OperationRunning):
        await book.write(cancel)
    assert (await book.operation(operation.subject_id)).status == "pending"


async def test_a_worker_that_wakes_up_leaves_the_next_ones_lease_alone(book):
    _, _, refund, operation = await refund_of(book)
    first = await book.write(tries._claim, operation.id, operation.schedule, book.runtime, 8.0)
    ending = tries._Ending(None, 0.0, "later")
    await book.set(Operation, operation.id, leased_until=clock.now() - timedelta(seconds=1), leased_by="gone")
    second = await book.write(tries._claim, operation.id, operation.schedule, book.runtime, 8.0)
    await book.write(tries._conclude, operation.id, first, ending, book.runtime)
    held = await book.read(lambda s: s.get_one(Operation, operation.id))
    assert (held.leased_by, held.schedule, held.uncertain) == (book.runtime.executor, operation.schedule, True)
    assert held.leased_until is not None
    await book.write(tries._conclude, operation.id, second, ending, book.runtime)
    held = await book.read(lambda s: s.get_one(Operation, operation.id))
    assert (held.leased_by, held.schedule, await status(book, refund)) == (None, operation.schedule + 1, "pending")


async def test_a_late_yes_of_a_worker_that_slept_still_counts(book):
    """Evidence is evidence: the money moved, whoever saw it."""
    _, _, refund, operation = await refund_of(book)
    first = await book.write(tries._claim, operation.id, operation.schedule, book.runtime, 8.0)
    providers = book.runtime.connections.of("demo", livemode=False)
    effect = operations.EFFECTS["refund"]
    ending = await tries._ask_or_send(effect, providers, command_of(operation), begun_before=False)
    await book.set(Operation, operation.id, leased_by="another-worker")
    await book.write(tries._conclude, operation.id, first, ending, book.runtime)
    assert await status(book, refund) == "succeeded"


# ---- lost operations ------------------------------------------------------------------------------------------------


async def test_an_operation_that_fell_out_of_the_engine_is_enqueued_again(book):
    _, _, _, operation = await refund_of(book)
    await book.write(tries.revive)
    await book.set(Operation, operation.id, next_try_at=clock.now() - timedelta(seconds=61))
    assert await book.write(tries.revive) == 1
    again = await book.read(lambda s: s.get_one(Operation, operation.id))
    assert again.schedule == operation.schedule + 1
    assert await book.write(tries.revive) == 0
    assert (await book.run(operation)).status == "succeeded"
    await book.set(Operation, operation.id, next_try_at=clock.now() - timedelta(days=1), status="canceled")
    assert await book.write(tries.revive) == 0, "what has ended stays ended"


@pytest.mark.parametrize("field", ["dead_at", "leased_until"])
async def test_what_waits_for_a_person_or_is_being_tried_is_not_revived(book, field):
    _, _, _, operation = await refund_of(book)
    late = clock.now() - timedelta(minutes=5)
    await book.set(Operation, operation.id, next_try_at=late, **{field: clock.now() - timedelta(seconds=50)})
    assert await book.write(tries.revive) == 0
    await book.set(Operation, operation.id, leased_until=late, dead_at=None)
    assert await book.write(tries.revive) == 1


# ---- late failures --------------------------------------------------------------------------------------------------


async def recheck(book: Book, operation: Operation) -> Operation:
    now = await book.read(lambda s: s.get_one(Operation, operation.id))
    await tries.recheck(book.runtime, operation.id, now.rechecks)
    return await book.read(lambda s: s.get_one(Operation, operation.id))


async def test_a_success_is_looked_up_again_and_fails_late_exactly_once(book):
    caller, order, refund, operation = await refund_of(book)
    done = await book.run(operation)
    assert done.rechecks == 1, "the first look is enqueued with the success"
    done = await recheck(book, operation)
    assert (done.status, done.rechecks) == ("succeeded", 2)
    await tries.recheck(book.runtime, operation.id, 1)
    assert (await book.read(lambda s: s.get_one(Operation, operation.id))).rechecks == 2, "an older look does nothing"
    book.bank.fail(operation.id)
    done = await recheck(book, operation)
    assert (done.status, done.error_code) == ("failed", "account_closed")
    shown = await book.view(caller, refund)
    assert (shown["status"], shown["failure_code"]) == ("failed", "account_closed")
    assert shown["summary"] == "€10.00 was sent back by the bank."
    assert (await book.refund(caller, order, amount=money(5000))).status == "pending", "all of it is free again"
    await recheck(book, operation)
    assert (await book.events(refund.id))[-1] == "refund.failed"
    assert (await book.events(refund.id)).count("refund.failed") == 1


async def test_the_looks_after_a_success_come_to_an_end(book):
    _, _, _, operation = await refund_of(book)
    await book.run(operation)
    assert (await recheck(book, operation)).rechecks == 2
    done = await recheck(book, operation)
    assert (done.rechecks, done.next_try_at) == (2, None), "recheck_seconds has two entries"
    assert book.bank.asked.count("find") == 2
    await tries.recheck(book.runtime, "opr_of_nobody", 1)


@pytest.mark.parametrize("silence", ["down", "break"])
async def test_the_last_look_is_not_lost_on_a_provider_that_does_not_answer(book, silence):
    _, _, refund, operation = await refund_of(book)
    await book.run(operation)
    await recheck(book, operation)
    book.bank.fail(operation.id)
    book.bank.lookups.extend([silence] * 2)
    for looks in (3, 4):
        owed = await recheck(book, operation)
        assert (owed.status, owed.rechecks) == ("succeeded", looks)
        assert owed.next_try_at - clock.now() > timedelta(hours=23), "again after the last wait"
    assert (await recheck(book, operation)).status == await status(book, refund) == "failed"


async def test_a_look_whose_job_was_lost_is_enqueued_again(book):
    _, _, refund, operation = await refund_of(book)
    await book.run(operation)
    await book.write(tries.revive)
    await book.set(Operation, operation.id, rechecks=2, next_try_at=clock.now() - timedelta(seconds=61))
    book.bank.fail(operation.id)
    assert await book.write(tries.revive) == 1
    await recheck(book, operation)
    assert await status(book, refund) == "failed"


async def test_an_older_yes_that_comes_late_does_not_bring_a_failed_refund_back(book):
    _, _, refund, operation = await refund_of(book)
    await book.run(operation)
    yes = book.bank.receipt(book.bank.moved[0])
    book.bank.fail(operation.id)
    await recheck(book, operation)

    def again(session):
        operations.settle(session, session.get_one(Operation, operation.id), yes)

    await book.write(again)
    assert await status(book, refund) == "failed"
    row = (await book.audit(operation.id))[-1]
    assert (row.action, row.evidence["status"]) == ("operation.contradicted", "failed")
    assert (row.actor, row.evidence["receipt"]["status"]) == ({"type": "provider", "id": "sandbox"}, "succeeded")


@pytest.mark.parametrize("word", ["pending", "unknown", "failed"])
async def test_news_that_says_nothing_new_leaves_no_trace(book, word):
    _, _, refund, operation = await refund_of(book)
    book.bank.plans.append("refuse")
    await book.run(operation)
    before = len(await book.audit(operation.id))
    receipt = book.bank.receipt(book.bank.move(command_of(operation), word))

    def again(session):
        operations.settle(session, session.get_one(Operation, operation.id), receipt)

    await book.write(again)
    assert await status(book, refund) == "failed"
    assert len(await book.audit(operation.id)) == before


async def test_pending_does_not_make_an_unknown_one_look_safer(book):
    _, _, refund, operation = await refund_of(book)
    book.bank.plans.append("drop")
    await book.run(operation)
    book.bank.plans.append("pend")
    done = await book.run(operation)
    assert (done.status, await status(book, refund)) == ("unknown", "unknown")
    assert done.external_id == book.bank.moved[0].id, "the evidence is kept all the same"


# ---- a person decides -----------------------------------------------------------------------------------------------


async def dead(book: Book):
    caller, order, refund, operation = await refund_of(book)
    book.bank.plans.extend(["drop"] * 4)
    for _ in range(4):
        operation = await book.run(operation)
    assert operation.dead_at is not None
    return caller, order, refund, operation


async def resolve(book: Book, caller, operation: Operation, outcome: str, external_id: str | None = None):
    return await book.write(
        operations.resolve, caller, operation.id, outcome=outcome, note="seen in the bank", external_id=external_id
    )


async def test_a_named_person_says_that_it_succeeded(book):
    caller, _, refund, operation = await dead(book)
    done = await resolve(book, person(caller), operation, "succeeded", "bank-7")
    assert (done.status, done.external_id, done.error_code, done.dead_at) == ("succeeded", "bank-7", None, None)
    assert done.evidence["resolved_by"] == "ana"
    assert done.evidence["note"] == "seen in the bank"
    assert await status(book, refund) == "succeeded"
    assert (done.rechecks, done.next_try_at is None) == (1, False), "what a person saw may not last either"
    row = next(row for row in await book.audit(operation.id) if row.action == "operation.resolved")
    assert row.actor == {"type": "agent", "id": "ana", "key": "key_1"}
    assert row.evidence == {
        "outcome": "succeeded",
        "note": "seen in the bank",
        "external_id": "bank-7",
        "before": "unknown",
    }
    assert row.request_id == "req_1"


async def test_a_named_person_says_that_it_failed_and_the_money_is_free_again(book):
    caller, order, refund, operation = await dead(book)
    done = await resolve(book, person(caller), operation, "failed")
    assert (done.status, done.error_code, done.error_detail) == ("failed", "resolved_by_person", "seen in the bank")
    assert await status(book, refund) == "failed"
    assert (await book.refund(caller, order, amount=money(5000))).status == "pending"


async def test_a_named_person_has_it_tried_again_from_the_beginning(book):
    caller, _, refund, operation = await dead(book)
    again = await resolve(book, person(caller), operation, "replay")
    assert (again.dead_at, again.tries, again.schedule) == (None, 0, operation.schedule + 1)
    book.bank.asked.clear()
    done = await book.run(operation)
    assert (done.status, await status(book, refund)) == ("succeeded", "succeeded")
    assert book.bank.asked == ["find", "refund"], "a replay looks up first, too"
    assert len(await attempts(book, operation)) == 5


async def test_nobody_in_particular_resolves_nothing(book):
    caller, _, refund, operation = await dead(book)
    with pytest.raises(ActorRequired):
        await resolve(book, caller, operation, "succeeded")
    assert await status(book, refund) == "unknown"


async def test_what_has_ended_or_is_being_tried_cannot_be_resolved(book):
    caller, _, _, operation = await refund_of(book)
    await book.write(tries._claim, operation.id, operation.schedule, book.runtime, 8.0)
    with pytest.raises(OperationRunning):
        await resolve(book, person(caller), operation, "failed")
    await book.set(Operation, operation.id, leased_until=clock.now() - timedelta(seconds=1))
    await resolve(book, person(caller), operation, "failed")
    with pytest.raises(OperationSettled):
        await resolve(book, person(caller), operation, "succeeded")


async def test_a_person_resolves_in_their_own_store_and_mode_only(book):
    caller, _, _, operation = await dead(book)
    stranger = person(await book.store())
    for other in (stranger, replace(person(caller), livemode=True)):
        with pytest.raises(OperationNotFound):
            await resolve(book, other, operation, "failed")


async def test_a_worker_that_slept_does_not_overrule_a_person(book):
    caller, _, refund, operation = await refund_of(book)
    claim = await book.write(tries._claim, operation.id, operation.schedule, book.runtime, 8.0)
    await book.set(Operation, operation.id, leased_until=clock.now() - timedelta(seconds=1))
    await resolve(book, person(caller), operation, "succeeded", "bank-7")
    no = operations.Receipt(status="failed", failure_code="refund_refused")
    await book.write(tries._conclude, operation.id, claim, tries._Ending(no), book.runtime)
    assert await status(book, refund) == "succeeded"


async def test_an_operation_that_waits_for_another_is_not_started_by_hand(book):
    """The money waits for the shop to cancel the order; a replay would pay it back before."""
    caller = await book.store()
    order = await book.order(caller, status="pending")
    cancellation = await book.cancel(caller, order)
    operation = await book.operation(cancellation.refund_id)
    for outcome in ("replay", "succeeded", "failed"):
        with pytest.raises(OperationRunning):
            await resolve(book, person(caller), operation, outcome)
    assert (await book.operation(cancellation.refund_id)).schedule == 0


# ---- what hangs together --------------------------------------------------------------------------------------------


async def test_a_refund_over_two_payments_tells_what_is_open_first(book):
    caller = await book.store()
    order = await book.order(caller, paid=[Paid(2000, kind="gift_card"), Paid(3000)])
    refund = await book.refund(caller, order, amount=money(1000))
    first, second = await book.operations(refund.id)
    book.bank.plans.append("drop")
    await book.run(first)
    assert await status(book, refund) == "unknown"
    await book.run(second)
    assert await status(book, refund) == "unknown"
    shown = await book.view(caller, refund)
    assert (shown["operation"]["id"], shown["amount_refunded"]["amount"]) == (first.id, 600)
    assert "has not told the outcome" in shown["summary"]
    book.bank.plans.append("refuse")
    await book.run(first)
    shown = await book.view(caller, refund)
    assert (shown["status"], shown["summary"]) == ("failed", "€6.00 went back; €4.00 could not be paid back.")
    assert {row["status"] for row in shown["allocations"]} == {"failed", "succeeded"}
    kinds = await book.events(refund.id)
    assert kinds == ["refund.created", "refund.unknown", "refund.updated", "refund.failed"]


async def test_two_workers_with_the_same_job_move_the_money_once(book):
    """Both run it at the same moment; the lease lets one through, or, in one process, the key does."""
    _, order, refund, operation = await refund_of(book)
    await asyncio.gather(*(book.run(operation, executor=f"worker-{n}") for n in range(4)))
    assert book.bank.given(order.accounts[0]) == 1000
    for _ in range(3):
        if await status(book, refund) == "succeeded":
            break
        await book.set(Operation, operation.id, leased_until=None)
        await book.run(operation)
    assert await status(book, refund) == "succeeded"
    rows = await book.read(lambda s: s.query(Allocation).filter_by(refund_id=refund.id).all())
    assert [row.status for row in rows] == ["succeeded"]
    assert (await book.read(lambda s: s.get_one(OrderPayment, order.payments[0]))).captured == 5000


async def test_sealers_at_the_same_moment_make_one_chain(book):
    for _ in range(3):
        _, _, refund, operation = await refund_of(book)
        await book.run(operation)
        await asyncio.gather(*(book.write(audit.seal, 4) for _ in range(4)))
    while await book.write(audit.seal):
        pass
    count, broken = await book.read(audit.verify)
    assert (broken, await book.read(audit.unsealed)) == (None, 0)
    assert count >= 9
    row = (await book.audit(refund.id))[-1]
    await book.set(AuditRow, row.id, evidence={**row.evidence, "amount": 1})
    assert (await book.read(audit.verify))[1] == row.number
    await book.set(AuditRow, row.id, evidence=row.evidence)
