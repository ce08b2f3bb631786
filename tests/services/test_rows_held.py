"""A row that somebody holds for long is waited for anew: who comes for it is late, and not turned away."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.database import connect
from app.errors import StorageUnavailable
from app.models.stores import Store
from app.services import stores
from app.services.policy.plain import Policy

LONGER_THAN_A_LOCK = 2.6
"""Seconds; a statement waits two for a row."""


def _made(session: Session) -> str:
    return stores.create(session, "Held", policy=Policy.model_validate({}), sandbox_shop="held").id


def _named(session: Session, store_id: str, name: str) -> None:
    session.scalars(select(Store).where(Store.id == store_id).with_for_update()).one().name = name


@pytest.mark.parametrize(("seconds", "told"), [(LONGER_THAN_A_LOCK, "Mine"), (8.0, "503")])
async def test_a_write_waits_for_a_row_longer_than_one_statement_may_and_not_for_ever(postgres_url, seconds, told):
    db = connect(url := postgres_url(), pool_size=1)
    await db.start()
    try:
        store_id = await db.write(_made)
        with psycopg.connect(url) as other:
            other.execute("SELECT 1 FROM stores WHERE id = %s FOR UPDATE", (store_id,))
            mine = asyncio.create_task(db.write(_named, store_id, "Mine"))
            await asyncio.sleep(seconds)
            other.rollback()
        try:
            await mine
        except StorageUnavailable:
            assert told == "503"
        else:
            assert told == await db.read(lambda session: session.get_one(Store, store_id).name)
    finally:
        await db.close()
