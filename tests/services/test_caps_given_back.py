"""What a failed automated refund gives back goes to the counters that it was taken from."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app import clock, ids
from app.database import connect
from app.models.customers import Customer
from app.models.orders import Order
from app.models.refunds import Refund, SpendCounter
from app.models.stores import Store
from app.services import spending
from app.services.policy.plain import Caps

CAPS = Caps(refund=10_000, order=10_000, customer=10_000, day=10_000)
PLACED = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
async def db(database_url):
    database = connect(database_url)
    await database.start()
    yield database
    await database.close()


def make_order(session, *, customer):
    store = Store(id=ids.new("sto"), name="Shop")
    session.add(store)
    session.flush()
    person = (
        Customer(id=ids.new("cus"), store_id=store.id, livemode=False, updated_at=clock.now()) if customer else None
    )
    if person is not None:
        session.add(person)
        session.flush()
    order = Order(
        id=ids.new("ord"),
        store_id=store.id,
        livemode=False,
        external_id="1",
        number="#1001",
        number_key="1001",
        customer_id=None if person is None else person.id,
        status="delivered",
        currency="EUR",
        placed_at=PLACED,
        snapshot={},
        fetched_at=clock.now(),
    )
    session.add(order)
    return order.id


def take(session, order_id, amount):
    order = session.get_one(Order, order_id)
    store = session.get_one(Store, order.store_id)
    refund = Refund(
        id=ids.new("rfd"),
        store_id=store.id,
        livemode=False,
        created_at=clock.now(),
        order_id=order.id,
        customer_id=order.customer_id,
        currency="EUR",
        amount=amount,
        items=amount,
        tax=0,
        discount=0,
        shipping=0,
        fee=0,
        actor={},
        automated=True,
    )
    session.add(refund)
    scopes = spending.scopes(store, order, refund.created_at)
    refund.spending_day = scopes["day"]
    spending.reserve(session, order, "EUR", amount, CAPS, scopes)
    return refund.id


def give_back(session, refund_id, amount):
    spending.release(session, session.get_one(Refund, refund_id), amount)


def move_the_store(session, order_id):
    """The store settles where it is another day: of these two zones one is on any moment's other date."""
    store = session.get_one(Store, session.get_one(Order, order_id).store_id)
    today = clock.now().astimezone(ZoneInfo(store.timezone)).date()
    zones = ("Pacific/Kiritimati", "Pacific/Niue")
    store.timezone = next(zone for zone in zones if clock.now().astimezone(ZoneInfo(zone)).date() != today)


def counters(session):
    rows = session.execute(select(SpendCounter.scope, SpendCounter.scope_id, SpendCounter.spent)).all()
    return {(scope, scope_id): spent for scope, scope_id, spent in rows}


def hand_over(session, order_id):
    """The shop says that the order is another customer's, as when it merges two."""
    order = session.get_one(Order, order_id)
    person = Customer(
        id=ids.new("cus"), store_id=order.store_id, livemode=False, external_id="2", updated_at=clock.now()
    )
    session.add(person)
    session.flush()
    order.customer_id = person.id


@pytest.mark.parametrize("customer", [True, False])
async def test_a_part_that_fails_gives_back_its_own_amount_in_every_scope(db, customer):
    order = await db.write(lambda session: make_order(session, customer=customer))
    refund = await db.write(take, order, 3000)
    await db.write(give_back, refund, 1000)
    assert set((await db.read(counters)).values()) == {2000}
    assert len(await db.read(counters)) == 3


@pytest.mark.parametrize("customer", [True, False])
async def test_an_order_that_changed_hands_gives_back_to_the_customer_it_was_taken_from(db, customer):
    order = await db.write(lambda session: make_order(session, customer=customer))
    refund = await db.write(take, order, 3000)
    await db.write(hand_over, order)
    second = await db.write(take, order, 500)
    await db.write(give_back, refund, 3000)
    left = await db.read(counters)
    assert sorted(left.values()) == [0, 500, 500, 500]
    await db.write(give_back, second, 500)
    assert set((await db.read(counters)).values()) == {0}


async def test_a_store_that_changed_its_time_zone_gives_back_to_the_day_it_was_taken_from(db):
    order = await db.write(lambda session: make_order(session, customer=True))
    refund = await db.write(take, order, 3000)
    taken = await db.read(counters)
    await db.write(move_the_store, order)
    await db.write(give_back, refund, 3000)
    assert await db.read(counters) == dict.fromkeys(taken, 0)
